"""Synchronise with an engine full of simulated jobs while it misbehaves, then hold
the store against the engine's truth: job by job, log line by log line.

The engine runs with every kind of fault, on a simulated clock; soak_drive keeps a
store in step with it as the dashboard does. Afterwards the engine is started again
on the same state without faults and read with boto3: nothing of ours judges.

SOAK_JOBS, SOAK_HOURS (simulated), SOAK_SPEED, SOAK_RATES (a factor on the default
rates of calls), SOAK_DEADLINE (seconds) and SOAK_SEED change the size; `make soak`
runs it in full. TAP."""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from datetime import datetime

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tap import done, ok, skip, skip_all  # noqa: E402

BUILD = os.environ["SAGETOP_BUILD"]
JOBS = int(os.environ.get("SOAK_JOBS", "120"))
HOURS = float(os.environ.get("SOAK_HOURS", "10"))
SPEED = float(os.environ.get("SOAK_SPEED", "1800"))
RATES = os.environ.get("SOAK_RATES", "3")
DEADLINE = int(os.environ.get("SOAK_DEADLINE", "400"))
SEED = os.environ.get("SOAK_SEED", "11")
FAULTS = os.environ.get(
    "SOAK_FAULTS",
    "throttle=0.05,500=0.05,503=0.05,reset=0.05,slow=0.05:1s,truncate=0.05,empty=0.05,skew=0.05,expired=0.05,"
    "spot=0.05")
GROUP = "/aws/sagemaker/TrainingJobs"
WINDOW_S = 10
SLACK = 4  # sent before the window, and read in it


def sanitized():
    driver = os.path.join(BUILD, "tests/e2e/soak_drive")
    return "libasan" in subprocess.run(["ldd", driver], capture_output=True, text=True).stdout


try:
    import boto3
    from botocore.config import Config
except ImportError:
    skip_all("boto3 is not installed")
if not os.access(f"{BUILD}/sagetop-local", os.X_OK):
    skip_all("built without the local engine")


class Engine:
    def __init__(self, work, env, port, *options):
        argv = [f"{BUILD}/sagetop-local", "--open", "--port", str(port), "--state", f"{work}/engine", *options]
        ready = f"{work}/engine/engine.json"
        if os.path.exists(ready):
            os.unlink(ready)
        self.log = open(f"{work}/engine.log", "ab")
        self.process = subprocess.Popen(argv, env=env, stdout=self.log, stderr=self.log)
        deadline = time.monotonic() + 60
        while True:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the engine does not start: " + open(f"{work}/engine.log").read()[-500:])
            try:
                self.url = re.search(r"http://[^\"]+", open(ready).read()).group(0)
                return
            except (OSError, AttributeError):
                time.sleep(0.05)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()


def client(url, service):
    return boto3.client(service, endpoint_url=url, region_name="us-east-1", aws_access_key_id="local",
                        aws_secret_access_key="local", config=Config(retries={"max_attempts": 10}, read_timeout=120))


def ms(t):
    return 0 if t is None else round(t.timestamp() * 1000)


def true_jobs(url):
    sm = client(url, "sagemaker")
    jobs, token = {}, None
    while True:
        page = sm.search(Resource="TrainingJob", MaxResults=100, **({"NextToken": token} if token else {}))
        for r in page["Results"]:
            j = r["TrainingJob"]
            jobs[j["TrainingJobName"]] = {
                "status": j["TrainingJobStatus"], "secondary": j["SecondaryStatus"],
                "reason": j.get("FailureReason", ""), "created": ms(j.get("CreationTime")),
                "modified": ms(j.get("LastModifiedTime")), "started": ms(j.get("TrainingStartTime")),
                "ended": ms(j.get("TrainingEndTime")), "training_s": j.get("TrainingTimeInSeconds", -1),
                "billable_s": j.get("BillableTimeInSeconds", -1),
                "hyperparameters": len(j.get("HyperParameters", {})),
                "transitions": len(j.get("SecondaryStatusTransitions", []))}
        token = page.get("NextToken")
        if not token:
            return jobs


def true_log(logs, name):
    """Count and digest of a job's whole log, as soak_drive dump makes them."""
    lines, token = [], None
    while True:
        try:
            page = logs.filter_log_events(logGroupName=GROUP, logStreamNamePrefix=name + "/",
                                          **({"nextToken": token} if token else {}))
        except logs.exceptions.ResourceNotFoundException:
            break
        lines += [(e["timestamp"], e["message"]) for e in page["events"]]
        token = page.get("nextToken")
        if not token:
            break
    digest = hashlib.sha256()
    for stamp, text in sorted((t, m.rstrip("\r\n").replace("#011", "\t").encode()) for t, m in lines):
        digest.update(b"%d %s\n" % (stamp, text))
    return len(lines), digest.hexdigest()


def compare_jobs(ours, truth):
    missing = sorted(set(truth) - set(ours))
    extra = sorted(set(ours) - set(truth))
    ok("the store has every job of the engine", not missing, f"{len(missing)} missing: {missing[:5]}")
    ok("and no other", not extra, f"{len(extra)}: {extra[:5]}")
    wrong = []
    for name in set(ours) & set(truth):
        for member, value in truth[name].items():
            if ours[name][member] != value:
                wrong.append(f"{name}: {member} is {ours[name][member]!r}, the engine says {value!r}")
    ok(f"each of {len(truth)} jobs is as the engine says", not wrong, f"{len(wrong)}\n" + "\n".join(sorted(wrong)))


def compare_logs(url, ours):
    logs = client(url, "logs")
    wrong, lines = [], 0
    for name, j in sorted(ours.items()):
        n, digest = true_log(logs, name)
        lines += n
        if j["lines"] == -1:
            wrong.append(f"{name}: its log is not in the store")
        elif (j["lines"], j["log"]) != (n, digest):
            wrong.append(f"{name}: {j['lines']} lines, the engine has {n}" + (", texts differ" if j["lines"] == n else ""))
    ok(f"each of {lines} log lines is there once, as it was written", not wrong,
       f"{len(wrong)} jobs\n" + "\n".join(wrong))
    ok("the logs are no empty ones", lines > JOBS, lines)


def arrivals(record):
    """When requests of each operation came to the engine, in seconds, each attempt by itself."""
    times = {}
    with open(record) as f:
        for r in map(json.loads, f):
            times.setdefault(r["action"].split(":")[-1], []).append(datetime.fromisoformat(r["time"]).timestamp())
    return {name: sorted(t) for name, t in times.items()}


def most_within(times, seconds):
    most = first = 0
    for last, t in enumerate(times):
        while times[first] <= t - seconds:
            first += 1
        most = max(most, last - first + 1)
    return most


def hold_rates(text, times):
    """A bucket may give its whole burst at once, and then its rate."""
    rates = re.findall(r"rate \w+:(\w+) ([\d.]+)", text)
    over, n = [], 0
    for name, rate in ((name, float(rate)) for name, rate in rates):
        most, allowed = most_within(times.get(name, []), WINDOW_S), rate * WINDOW_S + max(rate, 1) + SLACK
        n += len(times.get(name, []))
        print(f"# {name}: {len(times.get(name, []))} requests, {most} of {allowed:.0f} within {WINDOW_S} s")
        if most > allowed:
            over.append(f"{name}: {most} of {allowed:.0f}")
    ok("no call went above its rate", rates and n > JOBS and not over, over or text)


def statistics(text):
    numbers = dict((k, int(v)) for k, v in re.findall(r"(\w+) (\d+)(?= |$)", text.replace("\n", " ")))
    # A job that is new since may take 2 kB; what is read of its log may stay nowhere.
    first, last, new = numbers["rss_first_kb"], numbers["rss_last_kb"], numbers["jobs"] - numbers["jobs_first"]
    what = f"memory is flat: {first} kB after a quarter of the logs, {last} kB at the end ({new} jobs more)"
    if sanitized():
        skip(what, "a sanitizer keeps freed memory")
    else:
        ok(what, first > 0 and last < first * 1.05 + 2 * new + 2048)
    ok("the faults were felt", numbers["retries"] > 0, text)
    for line in text.splitlines():
        print(f"# {line}")


def main():
    work = tempfile.mkdtemp(prefix="sagetop-soak-")
    env = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    env.update(XDG_CACHE_HOME=f"{work}/cache", XDG_STATE_HOME=f"{work}/state", XDG_CONFIG_HOME=f"{work}/config", HOME=work,
               AWS_ACCESS_KEY_ID="local", AWS_SECRET_ACCESS_KEY="local", AWS_EC2_METADATA_DISABLED="true")
    drive = f"{BUILD}/tests/e2e/soak_drive"
    engine = None
    try:
        engine = Engine(work, env, 0, "--simulate", str(JOBS), "--simulate-hours", f"{HOURS:g}", "--speed", f"{SPEED:g}",
                        "--seed", SEED, "--faults", FAULTS, "--record", f"{work}/requests")
        url = engine.url
        run = subprocess.run([drive, "run", url, str(JOBS), RATES, str(DEADLINE)], env=env, stdout=subprocess.PIPE,
                             text=True, timeout=DEADLINE + 120)
        ok(f"{JOBS} jobs of {HOURS:g} simulated hours were followed to their end", run.returncode == 0, run.stdout)
        engine.stop()
        hold_rates(run.stdout, arrivals(f"{work}/requests"))
        dump = subprocess.run([drive, "dump", url], env=env, stdout=subprocess.PIPE, text=True, timeout=600)
        ours = {j["name"]: j for j in map(json.loads, dump.stdout.splitlines())}
        engine = Engine(work, env, 0, "--seed", SEED)
        compare_jobs(ours, true_jobs(engine.url))
        compare_logs(engine.url, ours)
        statistics(run.stdout)
    finally:
        if engine:
            engine.stop()
        shutil.rmtree(work, ignore_errors=True)
    done()


main()
