#!/usr/bin/python3
"""Every kind through sagetop list, show and delete, against the engine with 250 stored
documents of each (those of tests/interop/engine_kinds.py): all of them over pages of
100, in order both ways, filtered, one that is not there, tags, and one deleted."""
import concurrent.futures
import functools
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.environ["SAGETOP_SRC"], "tests/interop"))
import engine_kinds
from engine_support import BUILD, done, engine, equal, ok
from sagetop_support import Sagetop

N = engine_kinds.N
# The engine's word -> ours, and the parent by which ours are listed.
WORDS = {"processing": "processing-job", "transform": "transform-job", "tuning": "tuning-job",
         "model-package-group": "model-group", "model-package": "model-version", "monitoring": "monitoring-schedule"}
PARENTS = {"model-package": "group", "pipeline-execution": "pipeline-000", "pipeline-step": None,
           "monitoring-execution": "monitoring-000"}
EXTRA = {"model": 1, "model-package-group": 1}  # documents that the file has besides
ROWS = json.loads(subprocess.run([f"{BUILD}/tests/interop/kinds_dump"], check=True, capture_output=True).stdout)
ROWS = {row["name"]: row for row in ROWS}


class Lists(Sagetop):
    def column(self, field, *words):
        result = self.run(*words, "--columns", field, "--no-header", "--format", "tsv")
        if result.returncode:
            raise AssertionError(f"{words}: {result.stderr}")
        return result.stdout.split("\n")[:-1]


def check_order(s, row, target):
    """What is shown in a column orders by it, both ways; what is unknown stands last.
    Of each kind the name and one more."""
    usual = [f["name"] for f in row["fields"] if f["usual"] and not f["keyed"] and not f["cold"]]
    for field in [name for name in usual if name != "status"][:2]:
        for sort in (field, "-" + field):
            got = s.column(field, "list", target, "--sort", sort)
            known = [v for v in got if v]
            numeric = all(v.replace(".", "", 1).replace("-", "", 1).isdigit() for v in known)
            wanted = sorted(known, key=float if numeric else None, reverse=sort[0] == "-")
            ok(f"{target} --sort {sort}", known == wanted and got[:len(known)] == known, got[:5])


def check_filters(s, row, target, names, kind):
    one = names[7]
    short = one.rsplit("/", 1)[-1] if row["key"] != 1 else one
    got = s.column("name", "list", target, f"name:{short}")
    ok(f"{target} by name", one in got and all(short.lower() in g.lower() for g in got), got[:5])
    if kind.status:
        state = kind.statuses[0]
        got = s.column("status", "list", target, f"status:{state}")
        equal(f"{target} by status", len(got),
              sum(1 for i in range(N) if state in kind.statuses[i % len(kind.statuses)]))
    if any(f["name"] == "created" for f in row["fields"]):
        made = [d["created"] for d in s.json("list", target)]
        middle = sorted(m for m in made if m)[100]
        got = s.column("created", "list", target, f"created>{middle}")
        equal(f"{target} by time", len(got), sum(1 for m in made if m and m > middle))


def check_one(s, row, target, names):
    name = row["name"]
    if "operation" not in row["describe"]:
        return
    page = s.run("show", name, names[3], "--format", "tsv")
    ok(f"show {name}", page.returncode == 0 and names[3] in page.stdout, page.stderr or page.stdout[:300])
    raw = s.json("show", f"{name}/{names[3]}")
    ok(f"show {name} --json is the service's own reply", isinstance(raw, dict) and raw, raw)
    absent = "d-absent" if name == "domain" else "absent-1"
    missing = s.run("show", name, absent)
    ok(f"no such {name}", missing.returncode == 4 and f"no {name.replace('-', ' ')} '{absent}'" in missing.stderr,
       (missing.returncode, missing.stderr))


def check_delete(s, row, target, names):
    name, victim = row["name"], names[11]
    if "operation" not in row["delete"]:
        refused = s.run("delete", f"{name}/{victim}", "--yes")
        ok(f"{name} cannot be deleted, and that is said", refused.returncode == 1 and "no call" in refused.stderr,
           refused.stderr)
        return
    if name == "processing-job":
        ok("delete asks", s.run("delete", f"{name}/{victim}").returncode == 2)
        refused = s.run("delete", f"{name}/{victim}", "--yes", "--read-only")
        ok("delete --read-only", refused.returncode != 0 and victim in s.column("name", "list", target))
    gone = s.run("delete", f"{name}/{victim}", "--yes")
    if gone.returncode == 1 and ("cannot be deleted" in gone.stderr or "in-progress" in gone.stderr or
                                 "still" in gone.stderr or "does not allow" in gone.stderr):
        return  # the service refuses this one, in this state, with its own words
    ok(f"delete {name}", gone.returncode == 0, gone.stderr)
    left = s.json("list", target)
    ok(f"{name} is gone, or being deleted", victim not in [d["name"] for d in left] or
       [d["status"] for d in left if d["name"] == victim] == ["Deleting"])


def check_kind(s, kind):
    name = WORDS.get(kind.word, kind.word)
    row = ROWS.get(name)
    if not row:
        return  # schedule groups
    target = row["plural"]
    if row["list"]["parent_required"]:
        parent = PARENTS[kind.word]
        if kind.word == "pipeline-step":
            parent = s.column("name", "list", "pipeline-executions/pipeline-000", "--sort", "created")[0]
        target += "/" + parent
    things = s.json("list", target)
    names = [t["name"] for t in things]
    if kind.word != "pipeline-step":
        equal(f"all {target}", (len(names), len(set(names))), (N + EXTRA.get(kind.word, 0),) * 2)
    if len(names) < 20:
        ok(f"some {target}", names)
        return
    check_order(s, row, target)
    check_filters(s, row, target, names, kind)
    check_one(s, row, target, names)
    check_delete(s, row, target, names)


def check_whole(s):
    """What the list does not tell is asked for; by Search where there is one."""
    got = s.column("config", "list", "endpoints", "--limit", "5")
    equal("a column that only the whole thing has", set(got), {"endpointconfig-000"})
    got = s.column("instance", "list", "processing", "instance:m5", "--limit", "3")
    equal("a filter by it", got, ["ml.m5.large"] * 3)
    equal("tags, in Search", s.column("tag.from", "list", "models", "tag.from=load"), ["load"])
    equal("tags, by ARN", s.json("show", "model", "MixedCase")["ModelName"], "MixedCase")
    page = s.run("show", "model", "MixedCase", "--format", "tsv").stdout
    ok("tags on the page", "from" in page and "load" in page, page)


def check_counts(s):
    counts = {c["kind"]: c for c in s.json("list")}
    equal("every kind is counted", sorted(counts), sorted(ROWS))
    ok("more than a page is said to be more", counts["endpoint"]["count"] >= 100, counts["endpoint"])
    equal("every kind is served", [k for k, c in counts.items() if c["error"]], [])
    ok("a kind that needs a parent is not 0", counts["pipeline-step"]["count"] is None, counts["pipeline-step"])


def check_words(s):
    wrong = s.run("list", "endpont")
    ok("a slip is told", wrong.returncode == 2 and 'did you mean "endpoint"' in wrong.stderr, wrong.stderr)
    alone = s.run("list", "pipeline-steps")
    ok("a kind without a list of its own wants its parent", alone.returncode == 2 and "pipeline-steps/NAME" in
       alone.stderr, alone.stderr)
    tuning = s.run("list", "tuning-children/tuning-000", "--columns", "name,hp.eta,objective", "--sort", "objective",
                   "--format", "tsv")
    ok("children have tuned values", "0.1" in tuning.stdout, tuning.stdout or tuning.stderr)
    waited = s.run("wait", "processing-job/processing-000")
    ok("wait takes KIND/NAME", waited.returncode in (0, 3) and "processing-000" in waited.stdout, waited.stderr)
    states = {t["name"]: t["status"] for kind in ("jobs", "processing-jobs") for t in s.json("list", kind)}
    running = [n for n, state in states.items() if state == "InProgress"]
    jobs = [n for n in running if n.startswith("tuning")][:1]
    others = ["processing-job/" + n for n in running if n.startswith("processing")][:2]
    late = s.run("wait", *jobs, *others, "processing-job/processing-000", "--timeout", "1s")
    ok("what still runs is said by kind", late.returncode == 1 and
       "gave up waiting: the job, 2 of 3 processing jobs still run" in late.stderr, late)
    equal("what has no states is not waited for", s.run("wait", "model/MixedCase").returncode, 2)


def kinds_here():
    """All of them; a few where programs are slow to start, since sanitizers are built in."""
    with open(os.path.join(os.environ["SAGETOP_BUILD"], "sagetop"), "rb") as f:
        return engine_kinds.KINDS[::5] if b"__asan_init" in f.read() else engine_kinds.KINDS


def main():
    with tempfile.TemporaryDirectory(prefix="sagetop-kinds-") as folder:
        path = os.path.join(folder, "documents.jsonl")
        engine_kinds.write_documents(path)
        with engine("--load", path) as e:
            s = Lists(os.path.join(folder, "home"), e.endpoint)
            check_counts(s)
            check_words(s)
            check_whole(s)
            # Most of the time is the pace of calls that each command keeps.
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                list(pool.map(functools.partial(check_kind, s), kinds_here()))
    done()


main()
