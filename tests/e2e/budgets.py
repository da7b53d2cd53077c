#!/usr/bin/python3
"""Budgets of the settings: sagetop cost --check with its exit statuses and notices, and
launches that would break a hard one."""
import json
import os
import re
import stat
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.environ["SAGETOP_SRC"], "tests/interop"))
from engine_support import done, engine, equal, ok
from sagetop_support import Sagetop

ROLE = "arn:aws:iam::000000000000:role/cost"


class Judge(Sagetop):
    def check(self, budgets, more=""):
        self.rated("budgets:\n" + "".join(f"  {k}: {v}\n" for k, v in budgets.items()) + more)
        return self.run("cost", "--check", "--json")

    def rated(self, text):
        self.settings("rates: {Search: 1000}\n" + text)


def job(name, start, seconds, type="ml.m5.xlarge", **more):
    return {"TrainingJobName": name, "TrainingJobStatus": "Completed", "RoleArn": ROLE, "CreationTime": start,
            "TrainingStartTime": start, "TrainingEndTime": start + seconds, "TrainingTimeInSeconds": seconds,
            "BillableTimeInSeconds": seconds, "AlgorithmSpecification": {"TrainingImage": "i", "TrainingInputMode": "File"},
            "OutputDataConfig": {"S3OutputPath": "s3://sagemaker-us-east-1-000000000000/o/"},
            "StoppingCondition": {"MaxRuntimeInSeconds": 86400},
            "ResourceConfig": {"InstanceType": type, "InstanceCount": 10, "VolumeSizeInGB": 1}, **more}


def request(name, seconds, **more):
    spec = job(name, 0, 1)
    for member in list(spec):
        if member.startswith(("TrainingJobStatus", "CreationTime", "TrainingStart", "TrainingEnd", "TrainingTime", "Billable")):
            del spec[member]
    spec["StoppingCondition"] = {"MaxRuntimeInSeconds": seconds}
    return {**spec, **more}


def check_states(s):
    """3 x 2.30 $ are spent today."""
    for budgets, status, states in (
            ({"total": "100/day"}, 0, ["ok"]), ({"total": "8/day"}, 8, ["warning"]),
            ({"total": "8/day warn 90%"}, 0, ["ok"]), ({"total": "6/month"}, 9, ["over"]),
            ({"nba": "5/day", "mlb": "100/day"}, 8, ["warning", "ok"]), ({"tag:team=a": "2/day"}, 9, ["over"]),
            ({"kind:training-jobs": "6.90/day"}, 9, ["over"]), ({"kind:endpoints": "1/day"}, 0, ["ok"]),
            ({"total": "1000000/month hard warn 1% 2% 3%"}, 0, ["ok"])):
        got = s.check(budgets)
        rows = json.loads(got.stdout)
        equal(f"{budgets}", (got.returncode, [r["state"] for r in rows]), (status, states))
    checked = s.run("cost", "--check", "--format", "table")
    ok("the prices' date stands below", re.search(r"^prices of 20[\d-]+, us-east-1$", checked.stdout, re.M), checked.stdout)
    ok("and in JSON", all(re.fullmatch(r"20[\d-]+", r["prices_as_of"]) for r in rows), rows)
    equal("to the micro-dollar", json.loads(s.check({"nba": "5/day"}).stdout)[0]["spent_usd_micro"], 4600000)


def check_bad(s):
    for key, value, text in (("total", "500", "with their period"), ("total", "-5/day", "with their period"),
                             ("total", "1e400/day", "with their period"), ("total", "many/day", "with their period"),
                             ("total", "5/week", "with their period"), ("total", "5/day hart", "with their period"),
                             ("total", "5/day warn 80", "with their period"), ("kind:unicorns", "5/day", "no kind"),
                             ("kind:models", "5/day", "no kind that is billed"), ("tag:team", "5/day", "no tag"),
                             ("total", "5/day warn 80% 50%", "with their period")):
        got = s.check({key: value})
        ok(f"{key}: {value} is told", text in got.stderr and got.returncode == 1, got.stderr)
    s.rated("")
    ok("no budgets", "there are no budgets" in s.run("cost", "--check").stderr)


def check_notice(s):
    told = os.path.join(s.folder, "told")
    program = os.path.join(s.folder, "notice")
    with open(program, "w") as f:
        f.write(f'#!/bin/sh\nprintf "%s|%s\\n" "$1" "$2" >>"{told}"\n')
    os.chmod(program, stat.S_IRWXU)
    command = f'notice-command: "{program} first"\n'
    for budget in ("100/day", "8/day", "8/day", "8/day", "6.90/day", "6.90/day"):
        s.check({"told": "1/day", "total": budget}, command)
    lines = open(told).read().splitlines()
    equal("each share is told once", [line.split(": ")[2].split("%")[0] for line in lines if "total" in line],
          ["$6.90 of $8.00/day is spent (86", "$6.90 of $6.90/day is spent (100"])
    ok("as its last argument", all(line.startswith("first|sagetop: the budget total: ") for line in lines), lines)
    failing = s.check({"mlb": "1/day"}, 'notice-command: "/nonexistent/program"\n')
    ok("a program that cannot be started is told", failing.returncode == 9 and "notice-command" in failing.stderr,
       (failing.returncode, failing.stderr))


def check_launch(s, folder):
    def launch(name, seconds, *words, **more):
        path = os.path.join(folder, name + ".json")
        with open(path, "w") as f:
            json.dump(request(name, seconds, **more), f)
        return s.run("launch", path, "--yes", *words)
    s.rated("budgets: {total: 10/day hard}\n")
    fits = launch("fits", 3600)
    ok("a launch that fits", fits.returncode == 0, fits.stderr)
    s.run("stop", "fits")
    s.rated("budgets: {total: 8/day hard, other: 1/day hard}\n")
    broken = launch("too-much", 36000)
    ok("one that would break a hard budget is refused", broken.returncode == 1 and "would break the budget total" in
       broken.stderr and "--force" in broken.stderr, (broken.returncode, broken.stderr))
    ok("and was not sent", "too-much" not in s.run("jobs", "--columns", "name").stdout)
    forced = launch("too-much", 36000, "--force")
    ok("--force sends it", forced.returncode == 0, forced.stderr)
    searched = s.run("tune", "fits", "eta=0.1..0.2:log", "n=3", "objective=validation:rmse", "--name", "searched", "--yes")
    ok("so is a search whose jobs together would", searched.returncode == 1 and "would break the budget total" in
       searched.stderr, searched.stderr)
    script = os.path.join(folder, "clean.py")
    with open(script, "w") as f:
        f.write("print(1)\n")
    process = ("process", script, "--image-uri", "i", "--role", ROLE, "--to", "s3://sagemaker-us-east-1-000000000000/p",
               "--type", "ml.m5.xlarge", "--count", "10", "--name", "cleaned", "--yes")
    cleaned = s.run(*process)
    ok("and a processing job", cleaned.returncode == 1 and "would break the budget total" in cleaned.stderr, cleaned.stderr)
    ok("none of them was sent", "searched" not in s.run("list", "tuning-jobs").stdout and
       "cleaned" not in s.run("list", "processing-jobs").stdout)
    unknown = launch("unknown", 60, ResourceConfig={"InstanceType": "ml.trn2.48xlarge", "InstanceCount": 1,
                                                    "VolumeSizeInGB": 1})
    ok("one whose price is not known is refused", unknown.returncode == 1 and "no price" in unknown.stderr,
       unknown.stderr)
    planned = launch("planned", 36000, ResourceConfig={
        "InstanceType": "ml.p5.48xlarge", "InstanceCount": 1, "VolumeSizeInGB": 1,
        "TrainingPlanArn": "arn:aws:sagemaker:us-east-1:000000000000:training-plan/spring"})
    ok("a job of a training plan breaks none", "would break" not in planned.stderr, planned.stderr)
    s.rated("budgets: {tag:team=b: 1/day hard, nobody: 1/day hard, total: 1/day}\n")
    ok("a budget for others, or a soft one, does not", launch("free", 36000).returncode == 0)
    tagged = launch("tagged", 36000, Tags=[{"Key": "team", "Value": "b"}])
    ok("one for its tag does", tagged.returncode == 1 and "tag:team=b" in tagged.stderr, tagged.stderr)


BACKTEST = """data: {files: [rows.csv]}
columns: {entity: who, date: day, target: y}
eligible: {min_rows: 2}
windows: {train_start: 2020-01-01, test_start: 2020-01-05, test_end: 2020-01-10, recalibrate_days: 2}
features: ["lag(y, 1)"]
model: ridge
baselines: [season_mean]
run: {name: season, instance_type: ml.m5.xlarge, image: 1.dkr.ecr.us-east-1.amazonaws.com/x:1, pack_cycles: 1, spot: false,
      max_run: 10h, bucket: s3://sagemaker-us-east-1-000000000000/b, role: "arn:aws:iam::000000000000:role/cost", tags: {team: c}}
"""


def check_backtest(s, folder):
    """Three jobs of at most 10 hours at 0.23 $."""
    with open(os.path.join(folder, "rows.csv"), "w") as f:
        f.write("who,day,y\n" + "".join(f"{who},2020-01-{day:02},{who * day % 7}\n" for day in range(1, 11) for who in range(3)))
    spec = os.path.join(folder, "season.yaml")
    with open(spec, "w") as f:
        f.write(BACKTEST)
    for budget in ("season: 5/day hard", "tag:team=c: 6.89/day hard"):
        s.settings("budgets: {%s}\n" % budget)
        got = s.run("backtest", "run", spec, "--yes")
        ok(f"a backtest that would break {budget} is refused", got.returncode == 1 and
           f"would break the budget {budget.rsplit(': ', 1)[0]}" in got.stderr, (got.returncode, got.stderr))
    ok("none of its jobs was sent", "season" not in s.run("jobs", "--columns", "name").stdout)
    s.settings("budgets: {season: 6.91/day hard}\n")
    asked = s.run("backtest", "run", spec)
    ok("one that fits comes as far as the question", asked.returncode == 2 and "say --yes" in asked.stderr, asked.stderr)


def main():
    now = int(time.time())
    start = now // 86400 * 86400  # the day's beginning: what is billed has been so today
    with tempfile.TemporaryDirectory(prefix="sagetop-budgets-") as folder:
        path = os.path.join(folder, "documents.jsonl")
        with open(path, "w") as f:
            for name, tags in (("nba-1", {"team": "a"}), ("nba-2", {}), ("mlb-1", {})):
                f.write(json.dumps({"kind": "training", "document": job(name, start, 3600), "tags": tags}) + "\n")
        with engine("--load", path) as e:
            s = Judge(os.path.join(folder, "home"), e.endpoint)
            check_states(s)
            check_bad(s)
            check_notice(s)
            check_launch(s, folder)
            check_backtest(s, folder)
    done()


main()
