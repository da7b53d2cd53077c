#!/usr/bin/python3
"""Several profiles and regions as one: two engines stand for two accounts, with jobs of the same names. The command
line's --scope, and the console in a real terminal (tmux): both are seen, each is filtered, read, stopped and cloned in
its own scope, one that is gone or never answers leaves the other live and is named. TAP.

Nothing waits for a fixed time: every step polls until what it expects is there."""
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from engine_support import Engine  # noqa: E402
from dashboard import SAGETOP, Stuck, Terminal, environment  # noqa: E402
from tap import done, equal, ok, skip_all  # noqa: E402

A, B = "a/us-east-1", "b/eu-west-1"


class Silence:
    """Takes connections and never answers."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.held = []
        threading.Thread(target=self.take, daemon=True).start()
        self.endpoint = "http://127.0.0.1:%d" % self.listener.getsockname()[1]

    def take(self):
        while True:
            try:
                self.held.append(self.listener.accept()[0])
            except OSError:
                return

    def close(self):
        self.listener.close()
        for one in self.held:
            one.close()


def write_profiles(work, **profiles):
    """name=(endpoint, region)"""
    os.makedirs(work + "/.aws", exist_ok=True)
    with open(work + "/.aws/config", "w") as f:
        for name, (endpoint, region) in profiles.items():
            f.write(f"[profile {name}]\nregion = {region}\nendpoint_url = {endpoint}\n"
                    "aws_access_key_id = local\naws_secret_access_key = local\n")


class Sagetop:
    def __init__(self, work):
        self.env = environment(work)
        self.env["AWS_PROFILE"] = "a"

    def run(self, *args):
        return subprocess.run([SAGETOP, *args], env=self.env, capture_output=True, text=True, stdin=subprocess.DEVNULL)

    def json(self, *args):
        result = self.run(*args, "--json")
        if result.returncode:
            raise AssertionError(f"{args}: {result.stderr}")
        return json.loads(result.stdout)


def make_jobs(a, b):
    for engine, lines in ((a, 1), (b, 3)):
        engine.create("twin", "polite")
        engine.create("told", "flood", {"LINES": str(lines)})
        engine.wait("told")
        engine.wait("twin", statuses=("Training",))
    b.create("alone", "ok")
    b.wait("alone")


def check_lists(s):
    rows = s.json("--scope", "a,b", "jobs")
    equal("all jobs of both, those of one name twice", sorted((r["name"], r["profile"], r["region"]) for r in rows),
          [("alone", "b", "eu-west-1"), ("told", "a", "us-east-1"), ("told", "b", "eu-west-1"),
           ("twin", "a", "us-east-1"), ("twin", "b", "eu-west-1")])
    rows = s.json("jobs")
    equal("of one scope there is one", {r["region"] for r in rows}, {"us-east-1"})
    table = s.run("--scope", f"{A},{B}", "jobs", "region:eu-west-1", "--sort", "name", "--format", "tsv").stdout
    equal("filtered by region, with the columns", [line.split("\t")[:3] for line in table.splitlines()],
          [["NAME", "PROFILE", "REGION"], ["alone", "b", "eu-west-1"], ["told", "b", "eu-west-1"],
           ["twin", "b", "eu-west-1"]])
    ok("one alone has not the columns", "REGION" not in s.run("--scope", "b", "jobs").stdout)
    rows = s.json("--scope", "us-east-1,us-west-2", "jobs", "name=twin")
    equal("a region alone is of the profile in force", sorted((r["profile"], r["region"]) for r in rows),
          [("a", "us-east-1"), ("a", "us-west-2")])
    rows = s.json("--scope", "a,b", "list")
    equal("counts are those of both", [r["count"] for r in rows if r["kind"] == "training-job"], [5])
    equal("another kind, of which there is none", s.json("--scope", "a,b", "list", "endpoints"), [])


def check_things(s, a, b):
    which = s.run("--scope", "a,b", "logs", "told")
    ok("a name that two have: it is asked which", which.returncode == 1 and f"{A}:told" in which.stderr, which.stderr)
    equal("the log of one", s.run("--scope", "a,b", "logs", f"{A}:told").stdout, "line 1\n")
    equal("and of the other", s.run("--scope", "a,b", "logs", f"{B}:told").stdout, "line 1\nline 2\nline 3\n")
    merged = s.run("--scope", "a,b", "logs", f"{A}:told", f"{B}:told").stdout.splitlines()
    equal("both, each line with its scope", sorted(merged),
          sorted([f"{A}:told line 1"] + [f"{B}:told line {i}" for i in (1, 2, 3)]))
    points = [s.run("--scope", "a,b", "metrics", f"{scope}:alone", "--values") for scope in (A, B)]
    ok("metrics are those of the scope", points[0].returncode == 4 and "0.25" in points[1].stdout,
       (points[0].stderr, points[1].stdout, points[1].stderr))
    shown = s.run("--scope", "a,b", "job", "alone")
    ok("a name that one has is enough", shown.returncode == 0 and "alone" in shown.stdout, shown.stderr)
    missing = s.run("--scope", "a,b", "job", "nobody")
    ok("a name that none has", missing.returncode == 4 and "none of the 2 scopes" in missing.stderr, missing.stderr)
    refused = s.run("--scope", "a,b", "stop", "twin")
    ok("none is stopped by a guess", refused.returncode != 0 and a.describe("twin")["SecondaryStatus"] == "Training" and
       b.describe("twin")["SecondaryStatus"] == "Training", refused.stderr)


def check_errors(s):
    for text, why in (("a,nobody", "'nobody'"), ("a,a/us-east-1", "named twice"), ("a/xx", "is not PROFILE/REGION"),
                      ("", "is not PROFILE/REGION"), (",".join(f"p{i}" for i in range(40)), "too many")):
        result = s.run("--scope", text, "jobs")
        ok(f"--scope {text[:20]!r}: one line that says what is wrong",
           result.returncode != 0 and why in result.stderr and result.stderr.count("\n") == 1, result.stderr)


def check_one(s):
    """What begins something takes one scope, with the settings of its profile."""
    for args in (("launch", "x.yaml"), ("tune", "x.yaml"), ("process", "x.py"), ("deploy", "x"), ("transform", "x"),
                 ("invoke", "x", "-"), ("estimate", "x.yaml"), ("upload", "x", "s3://x/"), ("launches",)):
        result = s.run("--scope", "a,b", *args)
        ok(f"{args[0]} goes to one scope and says so",
           result.returncode == 2 and f"sagetop {args[0]} goes to one scope" in result.stderr and
           result.stderr.count("\n") == 1, result.stderr)
    wrong = s.run("--scope", "b/xx", "estimate", "x.yaml")
    ok("one that is none", wrong.returncode == 2 and "is not PROFILE/REGION" in wrong.stderr, wrong.stderr)
    spec = os.environ["SAGETOP_SRC"] + "/share/examples/player.yaml"
    prices = []
    for scope in ("a", "b"):
        result = s.run("--scope", scope, "launch", spec, "--set", "ResourceConfig.InstanceType=ml.m5.large", "--dry-run")
        prices.append(re.findall(r"\$[0-9.]+", result.stderr))
        ok("a launch is priced where the scope is", result.returncode == 0, result.stderr)
    ok("which costs otherwise there", prices[0] and prices[1] and prices[0] != prices[1], prices)
    config = s.env["XDG_CONFIG_HOME"] + "/sagetop/config.yaml"
    with open(config) as f:
        usual = f.read()
    with open(config, "w") as f:
        f.write(usual + "profiles:\n  b: {read-only: true}\n")
    refused = s.run("--scope", "b", "launch", spec, "--yes")
    with open(config, "w") as f:
        f.write(usual)
    ok("the settings of its profile go for it", refused.returncode != 0 and f"{config}:3" in refused.stderr,
       refused.stderr)


def check_together(s, a, b):
    for engine, reason in ((a, "bad row 7"), (b, "bad row 9")):
        engine.create("broken", "crash", {"REASON": reason})
        engine.wait("broken")
    causes = s.json("--scope", "a,b", "failures")
    equal("a cause is counted in both, the newest says where it is", [(c["jobs"], c["cause"], c["newest"]) for c in causes],
          [(2, "AlgorithmError: bad row \u2039n\u203a", f"{B}:broken")])
    rows = {r["row"]: r["values"] for r in s.json("--scope", "a,b", "compare", f"{A}:told", f"{B}:told")["rows"]}
    equal("jobs of one name are compared", (rows["hp.LINES"], rows["region"]), (["1", "3"], ["us-east-1", "eu-west-1"]))
    csv = s.run("--scope", "a,b", "compare", f"{A}:told", "alone", "--csv").stdout.splitlines()
    equal("each under its scope", csv[0], f"row,{A}:told,{B}:alone")
    waited = s.run("--scope", "a,b", "wait", f"{A}:told", "alone", f"{B}:broken")
    equal("all are waited for, and one has failed", (waited.returncode, sorted(x.split("\t")[0] for x in waited.stdout.splitlines())),
          (3, sorted([f"{A}:told", f"{B}:alone", f"{B}:broken"])))
    page = s.run("--scope", "a,b", "report", "told", "-o", "-").stdout
    ok("a report is of both, each under its scope, with its own log",
       all(f">{scope}:told<" in page for scope in (A, B)) and page.count("line 1\n") == 2 and page.count("line 3\n") == 1, page)
    advice = s.run("--scope", "a,b", "advise", "--format", "table")
    ok("advice is of each", advice.returncode == 0 and all(f"{scope}: " in advice.stderr for scope in (A, B)), advice.stderr)
    which = s.run("--scope", "a,b", "wait", "told")
    ok("none is waited for by a guess", which.returncode == 1 and f"{A}:told" in which.stderr, which.stderr)


def check_cost(s):
    def cost(*args):
        return s.json("--scope", "a,b", "cost", "told or broken", *args)
    whole = cost("--by", "scope")
    rows = {r["key"]: r for r in whole["rows"]}
    alone = {scope: s.json("--scope", scope, "cost", "told or broken")["total"] for scope in (A, B)}
    equal("what each scope cost is what it costs alone", {k: r["usd_micro"] for k, r in rows.items()},
          {k: t["usd_micro"] for k, t in alone.items()})
    ok("both have a price", all(r["usd_micro"] > 0 and not r["unknown"] for r in rows.values()), rows)
    for by in ("scope", "day", "name", "region", "component"):
        got = cost("--by", by)
        equal(f"by {by} it adds up", (sum(r["usd_micro"] for r in got["rows"]), got["total"]["usd_micro"], got["total"]["things"]),
              (whole["total"]["usd_micro"], sum(r["usd_micro"] for r in rows.values()), 4))
    equal("names are those of their scopes", sorted(r["key"] for r in cost("--by", "name")["rows"]),
          sorted(f"{scope}:{name}" for scope in (A, B) for name in ("broken", "told")))
    running = s.json("--scope", "a,b", "cost", "--now")
    equal("what runs, and where", [(r["name"], r["region"]) for r in running["rows"]], [("twin", "us-east-1")])
    refused = s.run("--scope", "a,b", "cost", "--check")
    ok("budgets are one profile's", refused.returncode == 2 and "one profile" in refused.stderr, refused.stderr)


def check_changes(s, a, b):
    cloned = s.run("--scope", "a,b", "clone", "alone", "--name", "again", "--yes")
    equal("a clone is made where the job is", cloned.stdout, f"{B}:again\tlaunched\n")
    waited = s.run("--scope", "a,b", "wait", f"{B}:again")
    equal("and waited for there", (waited.returncode, waited.stdout.split("\t")[:2]), (0, [f"{B}:again", "Completed"]))
    guess = s.run("--scope", "a,b", "delete", "training-job/broken", "--yes")
    ok("none is deleted by a guess", guess.returncode == 1 and a.describe("broken") and b.describe("broken"), guess.stderr)
    gone = s.run("--scope", "a,b", "delete", f"{A}:training-job/broken", "training-job/again", "--yes")
    equal("each is deleted where it is", (gone.returncode, gone.stdout),
          (0, f"{A}:training-job/broken\tdeleted\n{B}:training-job/again\tdeleted\n"))
    equal("and not the other of that name", sorted(r["name"] for r in s.json("--scope", "b", "jobs")),
          ["alone", "broken", "told", "twin"])


def check_left_out(s):
    """One that is gone: the others are told, it is named, and the exit status says so."""
    def partial(*args):
        result = s.run("--scope", "a,b", *args)
        ok(f"{args[0]} leaves out what is gone, and says so",
           result.returncode == 6 and f"sagetop: {B} is left out: " in result.stderr, (result.returncode, result.stderr))
        return result.stdout
    names = partial("jobs", "--columns", "name", "--no-header").split()
    equal("its jobs are not told from memory", (names.count("twin"), "alone" in names), (1, False))
    rows = {r["key"]: r["usd_micro"] for r in json.loads(partial("cost", "told", "--by", "scope", "--json"))["rows"]}
    ok("what it costs is not known", rows[A] > 0 and rows[B] is None, rows)
    table = partial("cost", "told", "--by", "scope", "--format", "tsv").splitlines()
    equal("and is no 0", [line.split("\t")[1] for line in table if line.startswith(B)], [""])
    shown = partial("cost", "told", "--by", "scope", "--format", "table")
    ok("nor is the total whole", re.search(r"^total, .*\+\?", shown, re.M), shown)
    equal("no cause of it is counted", json.loads(partial("failures", "--json")), [])
    none = s.run("--scope", "b,b/us-west-2", "jobs")
    equal("where all are gone each is named", (none.returncode, none.stdout, sorted(x.split(" ")[1].rstrip(":") for x in none.stderr.splitlines())),
          (6, "", [B, "b/us-west-2"]))
    waited = s.run("--scope", "a,b", "wait", f"{A}:told")
    equal("who waits for the other does not hear of it", (waited.returncode, waited.stderr), (0, ""))


def begin_silent(s):
    """One that never answers: begun here, looked at when it has had its time."""
    return {args: subprocess.Popen([SAGETOP, "--scope", "a,b", *args], env=s.env, stdin=subprocess.DEVNULL, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            for args in (("cost", "told", "--by", "scope", "--csv"), ("jobs", "told", "--csv"), ("wait", "told"))}


def check_silent(running):
    for args, process in running.items():
        out, errors = process.communicate(timeout=240)
        if args[0] == "wait":
            ok("who would have to guess says so", process.returncode == 6 and f"{B} cannot be asked" in errors, errors)
            continue
        ok(f"{args[0]}: one that never answers keeps the others for a while only",
           process.returncode == 6 and f"{B} is left out: nothing was heard of it" in errors and "us-east-1" in out,
           (process.returncode, out, errors))


def check_log(term, region, scope, line, absent=()):
    term.type(f"/region:{region} told")
    term.keys("Enter")
    term.wait(f"filtered by {region}", "jobs 1 of 5")
    term.keys("l")
    term.wait("its log is its own scope's", scope.replace("/", " · "), line, absent=absent)
    term.keys("Escape", "Escape")
    term.wait("back", "jobs 5 ")


def check_console(term, a, b):
    term.type(f"{SAGETOP} --profile a")
    term.keys("Enter")
    term.wait("one scope first", "a · us-east-1", "twin", absent=("REGION",))
    term.type(":scope a,b")
    term.keys("Enter")
    term.wait("both as one table", "2 scopes", "PROFILE", "us-east-1", "eu-west-1", "alone", "jobs 5 ")
    check_log(term, "eu-west-1", B, "line 3")
    check_log(term, "us-east-1", A, "line 1", absent=("line 3",))
    term.type("/region:eu-west-1 twin")
    term.keys("Enter")
    term.wait("one of two of the same name", "jobs 1 of 5")
    term.keys("s")
    term.wait("the question says where it is", f"{B}:twin")
    term.keys("Tab", "Enter")
    b.wait("twin")
    equal("it is stopped where it is", b.describe("twin")["TrainingJobStatus"], "Stopped")
    term.wait("and seen to be", "Stopped")
    equal("the one of the same name is left alone", a.describe("twin")["SecondaryStatus"], "Training")
    term.keys("Escape")
    term.wait("all are there", "jobs 5 ")


def check_one_gone(term, a, b):
    port = b.endpoint.rsplit(":", 1)[1]
    b.terminate()
    term.wait("one that is gone is named, and totals are partial", f"{B} fails", "jobs 5+", f"{B}: ")
    a.create("later", "ok")
    a.wait("later")
    term.wait("the other goes on", "later", "jobs 6+")
    b.start("--port", port)
    term.wait("it comes back", "jobs 6 ", absent=(f"{B} fails",))


def check_kept(term, work):
    term.keys("q")
    term.wait("the shell again", absent=("2 scopes",))
    term.type(f"clear; {SAGETOP}")
    term.keys("Enter")
    term.wait("the next start has the scopes of the last", "2 scopes", "jobs 6 ")
    term.type(":scope a,nobody")
    term.keys("Enter")
    term.wait("what cannot be leaves the scopes of before", "2 scopes", "'nobody'", "jobs 6 ")
    term.type(f":scope {B}")
    term.keys("Enter")
    term.wait("back to one", "b · eu-west-1", "jobs 3 ", absent=("REGION",))
    term.keys("q")
    term.wait("out", absent=("b · eu-west-1",))


def check_stalled(term, s, work, a, silence):
    write_profiles(work, a=(a.endpoint, "us-east-1"), b=(silence.endpoint, "eu-west-1"))
    shutil.rmtree(work + "/cache")
    silent = begin_silent(s)
    term.type(f"clear; {SAGETOP} --scope a,b")
    term.keys("Enter")
    term.wait("one that never answers keeps none waiting", "2 scopes", "twin", "later", "jobs 3+")
    term.type("/later")
    term.keys("Enter")
    term.wait("keys work", "jobs 1 of 3+")
    term.keys("Enter")
    term.wait("so does a page", "a · us-east-1", "Completed")
    term.type(":scope a")
    term.keys("Enter")
    term.wait("and leaving it, with the filter", "a · us-east-1", "jobs 1 of 3 ", absent=("REGION",))
    term.keys("q")
    term.wait("the end", absent=("a · us-east-1",))
    check_silent(silent)


def main():
    if not shutil.which("tmux"):
        skip_all("tmux is not installed")
    if not os.access(os.path.join(os.environ["SAGETOP_BUILD"], "sagetop-local"), os.X_OK):
        skip_all("built without sagetop-local")
    work = tempfile.mkdtemp(prefix="sagetop-scope-")
    a, b, silence, term = Engine(), Engine(), Silence(), None
    s = Sagetop(work)
    try:
        write_profiles(work, a=(a.endpoint, "us-east-1"), b=(b.endpoint, "eu-west-1"))
        os.makedirs(work + "/config/sagetop")
        with open(work + "/config/sagetop/config.yaml", "w") as f:
            f.write("own-rates: {us-east-1/ml.m5.large: 0.2, eu-west-1/ml.m5.large: 0.3}\n")
        make_jobs(a, b)
        check_lists(s)
        check_things(s, a, b)
        check_errors(s)
        check_one(s)
        term = Terminal(work, s.env)
        check_console(term, a, b)
        check_one_gone(term, a, b)
        check_kept(term, work)
        check_together(s, a, b)
        check_cost(s)
        check_changes(s, a, b)
        b.terminate()
        check_left_out(s)
        check_stalled(term, s, work, a, silence)
    except Stuck as step:
        print("# the rest was left out after: %s" % step)
    finally:
        if term:
            term.close()
        silence.close()
        a.close()
        b.close()
        shutil.rmtree(work, ignore_errors=True)
    done()


main()
