"""`sagetop logs` and `sagetop metrics` against a scripted CloudWatch: long logs in
bounded memory, from the end, once; what containers really write; other jobs' lines;
readers that go; numbers that are none. TAP."""
import http.server
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

BIN = pathlib.Path(os.environ["SAGETOP_BUILD"]) / "sagetop"
JSON = "application/x-amz-json-1.1"
NOW = time.time()
count = failed = 0


def check(what, expected, seen):
    global count, failed
    count += 1
    good = expected == seen
    print("ok" if good else "not ok", count, "-", what)
    if not good:
        failed += 1
        print("#   expected %r\n#   saw      %r" % (str(expected)[:600], str(seen)[:600]))


def ms(seconds):
    return int((NOW + seconds) * 1000)


def job(name, status="Completed", hosts=1, definitions=(), age=0, **more):
    j = {"TrainingJobName": name, "TrainingJobArn": "arn:aws:sagemaker:us-east-1:123456789012:training-job/" + name,
         "TrainingJobStatus": status, "SecondaryStatus": "Training" if status == "InProgress" else status,
         "CreationTime": NOW - 630 - age, "TrainingStartTime": NOW - 600 - age, "LastModifiedTime": NOW - 60 - age,
         "AlgorithmSpecification": {"TrainingImage": "i", "TrainingInputMode": "File",
                                    "MetricDefinitions": [{"Name": n, "Regex": r} for n, r in definitions]},
         "RoleArn": "arn:aws:iam::123456789012:role/r", "OutputDataConfig": {"S3OutputPath": "s3://b/o"},
         "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": hosts, "VolumeSizeInGB": 1},
         "StoppingCondition": {"MaxRuntimeInSeconds": 86400}, "HyperParameters": {}, **more}
    if not definitions:
        del j["AlgorithmSpecification"]["MetricDefinitions"]
    if status != "InProgress":
        j.update(TrainingEndTime=NOW - 60 - age, TrainingTimeInSeconds=540, BillableTimeInSeconds=540)
    return j


class World:
    """Jobs, events (stream, ms, text) or a function that makes number i, and how it misbehaves."""
    jobs, events = {}, {}
    generated, length = 0, 0  # events of "long", made as they are asked for
    growing_from, grown = None, None
    deny, foreign, page = set(), False, 1000
    searched = []  # the jobs that Search knows
    calls, queries = [], []


def made(i):
    return "long/algo-1-1700000000", ms(-500) + i // 5, ("line %07d " % i).ljust(World.length, "x")


class Server(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, body, status=200, kind=JSON):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self):
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        action = self.headers.get("X-Amz-Target", "").split(".")[-1]
        body = json.loads(raw) if raw[:1] == b"{" else {}
        World.calls.append((action, body))
        if action in World.deny:
            return self.answer({"__type": "AccessDeniedException", "message": "no"}, 400)
        try:
            getattr(self, "do_" + (action or "Identity"))(body)
        except BrokenPipeError:
            pass

    def do_Identity(self, body):
        self.answer(b"<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/u</Arn>"
                    b"<UserId>U</UserId><Account>123456789012</Account></GetCallerIdentityResult>"
                    b"</GetCallerIdentityResponse>", kind="text/xml")

    def do_DescribeTrainingJob(self, body):
        j = World.jobs.get(body["TrainingJobName"])
        if not j:
            return self.answer({"__type": "ValidationException", "message": "Requested resource not found."}, 400)
        if World.grown and j["TrainingJobName"] == "long" and World.grown() >= World.generated:
            j = job("long")
        self.answer(j)

    def do_ListTags(self, body):
        self.answer({"Tags": []})

    def do_Search(self, body):
        self.answer({"Results": [{"TrainingJob": World.jobs[n]} for n in World.searched]})

    def do_FilterLogEvents(self, body):
        prefix, since, until = body.get("logStreamNamePrefix", ""), body.get("startTime", 0), body.get("endTime", 1 << 60)
        at, size = int(body.get("nextToken") or 0), min(World.page, body.get("limit", 10000))
        name = prefix.rstrip("/")
        if name == "long":
            n = World.grown() if World.grown else World.generated
            # Times go by five events a millisecond: the first that is not too early.
            low = max(at, min(n, max(0, (since - ms(-500)) * 5)))
            events = [(i,) + made(i) for i in range(low, min(n, low + size))]
            events = [e for e in events if e[2] < until]
            more = low + size if low + size < n and (not events or events[-1][2] < until - 1) and len(events) == size else None
        else:
            found = [(i,) + e for i, e in enumerate(World.events.get(name, []))]
            if World.foreign:
                found += [(9000 + i,) + e for i, e in enumerate(World.events["other"])]
            found = [e for e in sorted(found, key=lambda e: e[2]) if since <= e[2] < until]
            events, more = found[at:at + size], at + size if at + size < len(found) else None
        reply = {"events": [{"logStreamName": s, "timestamp": t, "ingestionTime": t, "message": m, "eventId": "e%09d" % i}
                            for i, s, t, m in events]}
        if more:
            reply["nextToken"] = str(more)
        self.answer(reply)

    def do_DescribeLogStreams(self, body):
        name = body.get("logStreamNamePrefix", "").rstrip("/")
        self.answer({"logStreams": [{"logStreamName": s} for s in sorted({e[0] for e in World.events.get(name, [])})]})

    def do_GetLogEvents(self, body):
        stream = body["logStreamName"]
        found = [e for e in World.events.get(stream.split("/")[0], []) if e[0] == stream]
        at = int((body.get("nextToken") or "f/0")[2:])
        page = found[at:at + World.page]
        self.answer({"events": [{"timestamp": t, "ingestionTime": t, "message": m} for _, t, m in page],
                     "nextForwardToken": "f/%d" % (at + len(page)), "nextBackwardToken": "b/0"})

    def do_GetMetricData(self, body):
        World.queries.append(body["MetricDataQueries"])
        self.answer({"MetricDataResults": [
            {"Id": q["Id"], "Label": "l", "StatusCode": "Complete", "Timestamps": [NOW - 120], "Values": [i + 0.5]}
            for i, q in enumerate(body["MetricDataQueries"])], "Messages": []})


def command(work, *args, limit=None):
    n = len(list(pathlib.Path(work).iterdir()))
    env = {**ENV, "XDG_CACHE_HOME": ENV["XDG_CACHE_HOME"] if limit == "cached" else f"{work}/cache{n}"}
    os.makedirs(env["XDG_CACHE_HOME"], exist_ok=True)
    return env, [str(BIN), *args]


def run(work, *args, cached=False):
    env, line = command(work, *args, limit="cached" if cached else None)
    p = subprocess.run(line, env=env, capture_output=True, timeout=120)
    return p.returncode, p.stdout.decode(), p.stderr.decode()


def put(name, texts, host=1, since=-500.0, step=1.0, **how):
    World.jobs[name] = job(name, **how)
    World.events.setdefault(name, []).extend(
        ("%s/algo-%d-1700000000" % (name, host), ms(since + i * step), t) for i, t in enumerate(texts))


def long_logs(work):
    """More than is kept in memory by a screen, and no word lost or twice."""
    World.jobs["long"], World.generated, World.length, World.page = job("long", age=200), 60000, 4000, 500
    env, line = command(work, "logs", "long")
    path = f"{work}/out"
    with open(path, "wb") as out:
        p = subprocess.Popen(line, env=env, stdout=out)
        _, status, used = os.wait4(p.pid, 0)
        p.returncode = os.waitstatus_to_exitcode(status)
    check("a log of 240 MB: status", 0, p.returncode)
    seen = sum(int(l[5:12]) == i for i, l in enumerate(open(path)))
    check("a log of 240 MB: every line in its place", 60000, seen)
    if "asan" not in os.environ.get("ASAN_OPTIONS", "") and not sanitized():
        check("a log of 240 MB: in less than 40 MB of memory", True, used.ru_maxrss < 40 * 1024)
    World.calls.clear()
    out = subprocess.run(line, env=env, capture_output=True, timeout=120).stdout
    check("again, from the cache: the same", open(path, "rb").read(), out)
    check("... without a request for it", 0, sum(a == "FilterLogEvents" for a, _ in World.calls))
    out = subprocess.run(line + ["-n", "2"], env=env, capture_output=True, timeout=120).stdout.decode()
    check("the last lines of a cached log", ["0059998", "0059999"], [l[5:12] for l in out.splitlines()])
    os.remove(path)

    World.calls.clear()
    out = run(work, "logs", "long", "-n", "3")[1]
    check("-n 3 gives the last three", ["0059997", "0059998", "0059999"], [l[5:12] for l in out.splitlines()])
    pages = sum(a == "FilterLogEvents" for a, _ in World.calls)
    check("... and reads a few pages of 120 (%d)" % pages, True, pages <= 30)
    out = run(work, "logs", "long", "-n", "2", "--grep", "line 000000[1-5] ")[1]
    check("-n 2 of what matches, however far back", ["0000004", "0000005"], [l[5:12] for l in out.splitlines()])
    out = run(work, "logs", "long", "-n", "90000")[1]
    check("-n of more than there is", 60000, out.count("\n"))
    check("-n 0 prints nothing", (0, "", ""), run(work, "logs", "long", "-n", "0"))


def sanitized():
    try:
        return b"__asan" in open(BIN, "rb").read()
    except OSError:
        return False


def follow(work):
    World.jobs["long"], World.generated, World.length, World.page = job("long", "InProgress"), 30000, 200, 5000
    began = time.monotonic()
    World.grown = lambda: min(World.generated, int(5000 + (time.monotonic() - began) * 5000))
    code, out, err = run(work, "logs", "long", "-f")
    World.grown = None
    numbers = [int(l[5:12]) for l in out.splitlines()]
    check("-f of a growing log: ends with the job", 0, code)
    check("-f of a growing log: every line once", list(range(30000)), sorted(numbers))

    put("quiet", ["only line"], status="InProgress")
    env, line = command(work, "logs", "quiet", "-f")
    p = subprocess.Popen(line, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    check("-f of a quiet log: its line", b"only line\n", p.stdout.readline())
    p.stdout.close()
    try:
        code = p.wait(20)
    except subprocess.TimeoutExpired:
        p.kill()
        code = p.wait()
    check("... and it ends when its reader is gone", -signal.SIGPIPE, code)
    put("tail", ["line %d" % i for i in range(200)], since=-300, status="InProgress")
    env, line = command(work, "logs", "tail", "-f", "-n", "3")
    p = subprocess.Popen(line, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    check("-f -n 3: begins with the last three", ["line %d\n" % i for i in (197, 198, 199)], [p.stdout.readline() for _ in range(3)])
    World.events["tail"].append(("tail/algo-1-1700000000", ms(-10), "new"))
    check("... and goes on with what is new", "new\n", p.stdout.readline())
    p.send_signal(signal.SIGINT)
    check("... until it is interrupted", 130, p.wait(20))
    World.calls.clear()
    env, line = command(work, "logs", "tail", "-f", "-n", "0")
    p = subprocess.Popen(line, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    deadline = time.monotonic() + 60
    while sum(a == "FilterLogEvents" for a, _ in list(World.calls)) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    World.events["tail"].append(("tail/algo-1-1700000000", ms(time.time() - NOW), "newest"))
    check("-f -n 0 prints only what comes", "newest\n", p.stdout.readline())
    p.send_signal(signal.SIGTERM)
    check("... until it is ended", 143, p.wait(20))


def late(work):
    """What was launched just now and is shown late."""
    env, line = command(work, "wait", "late")
    p = subprocess.Popen(line, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    check("wait for what is not there yet says so", "sagetop: late is not known to the service yet: still waiting\n",
          p.stderr.readline())
    put("late", [])
    out = p.communicate(timeout=60)[0]
    check("... and goes on once it is", (0, "late"), (p.returncode, out.split("\t")[0]))
    code, _, err = run(work, "wait", "nobody")
    check("... what never comes is an error", (4, True), (code, "it has not come within 10 s" in err))


def texts(work):
    bars = ["  0%|    |", " 50%|##  |", "100%|####|"]
    put("bars", ["\r" + "\r".join(bars), "#015" + "#015".join(bars), "9/9 0.9" + "#010" * 7 + "9/9 0.1", "#033[31mred#033[0m",
                 "\x1b[31mred\x1b[0m", "a#011b", "a\tb", "\r" + "\r".join(bars * 30) + "Traceback (most recent call last):"])
    out = run(work, "logs", "bars")[1].splitlines()
    check("what was redrawn is shown as it was last", [bars[2], bars[2], "9/9 0.1", "red", "red", "a\tb", "a\tb"], out[:7])
    check("a traceback behind a bar is an error", 1, len(run(work, "logs", "bars", "--errors")[1].splitlines()))
    put("halves", ["half \ud83d and \udc00", "whole \U0001f680"], age=3600, since=-4000)
    for source in ("the service", "the cache"):
        _, out, err = run(work, "logs", "halves", cached=True)
        check("halves of characters are replaced, the rest is kept, from " + source,
              "half \ufffd and \ufffd\nwhole \U0001f680\n", out)
        check("... and their number is said", "sagetop: halves: 2 characters could not be read and were replaced by U+FFFD\n", err)
    put("thirds", ["third \ud83d"], age=3600, since=-3900)
    _, out, err = run(work, "logs", "halves", "thirds")
    check("... of each of several", ["sagetop: halves: 2 characters could not be read and were replaced by U+FFFD",
                                     "sagetop: thirds: 1 character could not be read and was replaced by U+FFFD"],
          err.splitlines())
    check("... where they are shown", "", run(work, "logs", "halves", "--grep", "whole", cached=True)[2])
    put("lines", ["Traceback:\n  File x\nValueError: bad\n", "one"])
    check("lines within an event stay lines", ["Traceback:", "  File x", "ValueError: bad", "one"],
          run(work, "logs", "lines")[1].splitlines())
    rows = [json.loads(l) for l in run(work, "logs", "lines", "--json")[1].splitlines()]
    check("... in JSON too", ["Traceback:\n  File x\nValueError: bad", "one"], [r["text"] for r in rows])
    put("hosts", ["from one\nmore"], host=1, hosts=2)
    put("hosts", ["from two"], host=2, since=-400, hosts=2)
    check("lines of two instances say which", ["algo-1 from one", "algo-1 more", "algo-2 from two"],
          run(work, "logs", "hosts")[1].splitlines())
    check("--prefix never", ["from one", "more", "from two"], run(work, "logs", "hosts", "--prefix", "never")[1].splitlines())
    check("--prefix always", "algo-1 one", run(work, "logs", "lines", "--prefix", "always")[1].splitlines()[-1])
    code, _, err = run(work, "logs", "hosts", "--prefix", "often")
    check("--prefix often is refused", (2, True), (code, "auto, always or never" in err))
    World.deny = {"FilterLogEvents"}
    check("FilterLogEvents denied: merged by time", ["algo-1 from one", "algo-1 more", "algo-2 from two"],
          run(work, "logs", "hosts")[1].splitlines())
    World.deny = set()


def strangers(work):
    put("mine", ["of mine"])
    put("mine-2", ["of another"])
    World.events["other"] = [("mine-2/algo-1-1700000000", ms(-450), "of another"), ("minex/algo-1-1", ms(-440), "of a third")]
    World.foreign = True
    code, out, err = run(work, "logs", "mine")
    check("a server that ignores the prefix: only the job's own", (0, "of mine\n"), (code, out))
    check("... and what was left out is told", True, "2 lines of other streams" in err)
    put("none", [])
    code, out, err = run(work, "logs", "none")
    check("a job without a log says so", (0, "", True), (code, out, "none: it has left no log" in err))
    World.foreign = False
    put("young", [], status="InProgress")
    code, out, err = run(work, "logs", "young")
    check("a young job's as well", (0, "", True), (code, out, "no log stream yet" in err))
    World.events["none"] = [("none/algo-1-1", ms(-450), "late")]
    check("an empty log is asked for again", "late\n", run(work, "logs", "none", cached=True)[1])


def times(work):
    put("since", ["old"], since=-20 * 86400, age=21 * 86400)
    put("since", ["recent"], since=-7200, age=21 * 86400)
    clock = time.strftime("%H:%M:%S", time.gmtime(NOW - 10800)) + ",123"
    day = time.strftime("%Y-%m-%d %H:%M:%S,123", time.gmtime(NOW - 10800))
    for when in ("1w", "1w2d", "15d", clock, clock[:5], day):
        check("--since %s" % when, "recent\n", run(work, "logs", "since", "--since", when)[1])
    for when in ("w", "25:00", "15:61", "15:00:00,", "2026-02-31", "2027-02-29", "2026-11-31T00:00"):
        check("--since %s is refused" % when, 2, run(work, "logs", "since", "--since", when)[0])
    code, out, err = run(work, "logs", "since", "--since", "1m")
    check("nothing since then is said", (0, "", True), (code, out, "no line since 1m" in err))


def over_time(work):
    # Seventy minutes: a bucket has five, and begins where a clock would have it begin.
    put("counted", ["ERROR: no bucket" if i % 10 == 3 else "WARNING: slow" if i % 10 == 5 else "line" for i in range(70)],
        age=9000, since=-9000, step=60)
    put("counted-2", ["late line"] * 3, age=9000, since=-9000, step=60)
    code, out, err = run(work, "logs", "counted", "--histogram", "--no-header")
    rows = [l.split("\t") for l in out.splitlines()]
    check("a log over time: all lines, errors and warnings, in buckets that begin on the clock",
          (0, "", 70, 7, 7, True), (code, err, sum(int(r[1]) for r in rows), sum(int(r[2]) for r in rows),
                                   sum(int(r[3]) for r in rows), all(re.search(r":[0-5][05]:00Z$", r[0]) for r in rows)))
    check("... and no more of them than a screen has", True, 10 < len(rows) <= 20)
    told = json.loads(run(work, "logs", "counted", "counted-2", "--histogram", "--json")[1])
    check("... of two logs together as JSON", (300, 73, 7, 7), (told["seconds"], sum(b["lines"] for b in told["buckets"]),
                                                                sum(b["errors"] for b in told["buckets"]),
                                                                sum(b["warnings"] for b in told["buckets"])))
    out = run(work, "logs", "counted", "--histogram", "--errors", "--format", "table", "--ascii")[1]
    check("... filtered, with bars in ASCII", (7, True), (len(re.findall(r"1 +1 +0 +#+$", out, re.M)), out.isascii()))
    check("... not of what is followed", (2, True), (lambda r: (r[0], "does not go with -f" in r[2]))(
        run(work, "logs", "counted", "--histogram", "-f")))
    check("a log without a line has none", (0, {"seconds": 0, "buckets": []}), (lambda r: (r[0], json.loads(r[1])))(
        run(work, "logs", "counted", "--grep", "no such line", "--histogram", "--json")))
    out = run(work, "logs", "counted", "counted-2", "--elapsed")[1].splitlines()
    check("--elapsed: how long after the first line", ["+0.000s", "+0.000s", "+60.000s"], [l.split()[0] for l in out[:3]])


def metrics(work):
    def values(name, *more):
        rows = [l.split("\t") for l in run(work, "metrics", name, "--values", "--no-header", *more)[1].splitlines()]
        return [(r[0], r[1], r[3]) for r in rows if "Utilization" not in r[0]]
    loss = (("loss", r"loss=(\S+)"),)
    put("nan", ["step %d loss=%s" % v for v in enumerate(["0.9", "0.5", "nan", "inf", "-inf", "NaN"])], definitions=loss)
    check("nan and inf are values", ["0.9", "0.5", "nan", "inf", "-inf", "nan"], [v for _, _, v in values("nan")])
    rows = json.loads(run(work, "metrics", "nan", "--json", "-m", "loss")[1])
    check("... in JSON as AWS spells them", [0.9, 0.5, "NaN", "Infinity", "-Infinity", "NaN"], [p["value"] for p in rows[0]["points"]])
    check("... the best, its step and the last", (0.5, 1, "NaN"), (rows[0]["best"], rows[0]["best_step"], rows[0]["last"]))
    out = run(work, "metrics", "nan", "--chart", "-m", "loss")[1]
    check("... and the chart says both", True, "→ nan, best 0.5 at 1" in out or "-> nan, best 0.5 at 1" in out)
    put("both", ["step 1 loss=1", "step 2 loss=2"], host=1, hosts=2, definitions=loss)
    put("both", ["step 1 loss=3", "step 2 loss=4"], host=2, hosts=2, definitions=loss)
    check("two instances at the same steps and times", [("loss algo-1", "1", "1"), ("loss algo-1", "2", "2"),
                                                        ("loss algo-2", "1", "3"), ("loss algo-2", "2", "4")], sorted(values("both")))
    check("... all by the name, one by its own", (4, 2), (len(values("both", "-m", "loss")), len(values("both", "-m", "loss algo-2"))))
    put("again", ["step %d loss=%d" % v for v in [(1, 9), (2, 8), (3, 1), (1, 7), (2, 6)]], definitions=loss)
    rows = json.loads(run(work, "metrics", "again", "--json", "-m", "loss")[1])
    check("steps that begin again: the newest counts", (6, 2, 6), (rows[0]["best"], rows[0]["best_step"], rows[0]["last"]))
    put("far", ["x" * 200000 + " loss=0.25"], definitions=loss)
    check("a metric at the end of a long line", ["0.25"], [v for _, _, v in values("far")])
    put("expired", [], FinalMetricDataList=[{"MetricName": "validation:auc", "Value": 0.75, "Timestamp": NOW - 90},
                                             {"MetricName": "train:auc", "Value": "NaN", "Timestamp": NOW - 90}])
    check("final metrics where the log is gone", [("train:auc", "", "nan"), ("validation:auc", "", "0.75")], sorted(values("expired")))
    World.queries.clear()
    put("wide", ["x"], hosts=16)
    rows = json.loads(run(work, "metrics", "wide", "--json")[1])
    check("all of sixteen instances", {"algo-%d" % i for i in range(1, 17)}, {r["instance"] for r in rows})
    check("... in one request", (1, 48), (len(World.queries), len(World.queries[0])))
    put("widest", ["x"], hosts=200)
    err = run(work, "metrics", "widest", "--json")[2]
    check("more than one request takes is said", True, "first 166 of 200 instances" in err)


def best(work):
    auc = (("validation:auc", r"auc=(\S+)"),)
    for name, values, how in [("best-95", (0.6, 0.95, 0.7), {}), ("best-80", (0.6, 0.7, 0.8), {}), ("best-none", (), {}),
                              ("best-99", (0.99, 0.1), {"status": "Failed"}), ("best-85", (0.85, 0.2), {"status": "Stopped"})]:
        finals = [{"MetricName": "validation:auc", "Value": values[-1], "Timestamp": NOW - 90}] if values else []
        put(name, ["step %d auc=%g" % v for v in enumerate(values, 1)], definitions=auc, FinalMetricDataList=finals, **how)
        World.searched.append(name)
    def listed(*more):
        line = run(work, "jobs", "^best-", *more, "--columns", "name,objective,round,last", "--no-header", "--sort", "objective",
                   cached=True)[1]
        return [tuple(l.split("\t")) for l in line.splitlines()]
    check("jobs by their objective: their last values, before a curve was read",
          [("best-80", "0.8", "", "0.8"), ("best-95", "0.7", "", "0.7"), ("best-85", "0.2", "", "0.2"), ("best-99", "0.1", "", "0.1"),
           ("best-none", "", "", "")], listed())
    for name in World.searched:
        run(work, "metrics", name, cached=True)
    check("... once it was, the best, its round and the last; what failed is not among the good",
          [("best-95", "0.95", "2", "0.7"), ("best-85", "0.85", "1", "0.2"), ("best-80", "0.8", "3", "0.8"),
           ("best-99", "0.99", "1", "0.1"), ("best-none", "", "", "")], listed())
    check("a filter goes by the best", ["best-85", "best-95"], sorted(r[0] for r in listed("objective>0.8", "!status:failed")))
    row = json.loads(run(work, "jobs", "^best-95$", "--json", cached=True)[1])[0]
    check("... JSON too", (0.95, 2, 0.7), (row["objective_value"], row["objective_round"], row["objective_last"]))
    out = run(work, "job", "best-95", cached=True)[1]
    check("... and the page", True, bool(re.search(r"validation:auc .*0\.7 .*best 0\.9500 at 2", out)))
    World.searched.clear()


def main():
    work = tempfile.mkdtemp(prefix="sagetop-logs-")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    ENV.update({k: v for k, v in os.environ.items() if not re.match("AWS_|HTTPS?_PROXY", k, re.I)})
    ENV.update(HOME=work, XDG_CACHE_HOME=f"{work}/shared", XDG_STATE_HOME=f"{work}/state", XDG_CONFIG_HOME=f"{work}/config",
               AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="s", AWS_REGION="us-east-1", AWS_EC2_METADATA_DISABLED="true",
               AWS_ENDPOINT_URL="http://127.0.0.1:%d" % server.server_port, LC_ALL="C.UTF-8")
    try:
        for part in (texts, strangers, times, over_time, metrics, best, long_logs, follow, late):
            part(work)
    finally:
        server.shutdown()
        shutil.rmtree(work, ignore_errors=True)
    print("1..%d" % count)
    sys.exit(1 if failed else 0)


ENV = {}
main()
