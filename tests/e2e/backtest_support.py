"""A backtest of a made-up season against a local engine of its own, with a trainer in Python
whose predictions are as simple as its misbehaviour: a file in the folder `do`, named after a
job, says what that job does instead."""
import datetime
import json
import os
import random
import signal
import subprocess
import sys
import tempfile

from engine_support import BUILD, Engine, until

STAND_IN = r'''#!%s
"""predictions of the cycles and the part that a job is asked for"""
import csv, datetime, json, os, sys

root, do = os.environ["SAGETOP_ML_ROOT"], %r
name = os.environ["TRAINING_JOB_NAME"]
what = open(os.path.join(do, name)).read() if os.path.exists(os.path.join(do, name)) else ""
hyper = json.load(open(root + "/input/config/hyperparameters.json"))
spec = json.load(open(root + "/input/data/backtest/spec.json"))
first, last = map(int, hyper["backtest_cycles"].split("-"))
part, parts = map(int, hyper["backtest_part"].split("/"))
day = datetime.date.fromisoformat
start, end, train = (day(spec["windows"][n]) for n in ("test_start", "test_end", "train_start"))
if what == "killed":
    os.kill(os.getpid(), 9)
if what.startswith("data"):
    open(root + "/output/failure", "w").write("games.csv: line 7: 'n/a' is not a number")
    sys.exit(1)
if what == "sleep":
    import time
    time.sleep(600)
rows = []
for file in spec["data"]["files"]:
    rows += list(csv.DictReader(open(root + "/input/data/train/" + file)))
rows.sort(key=lambda r: (r["day"], r["game"], r["who"]))
who, history, out = sorted({r["who"] for r in rows}), {}, []
for r in rows:
    h, d = history.setdefault(r["who"], []), day(r["day"])
    if start <= d <= end and len(h) >= spec["eligible"]["min_rows"]:
        cycle = (d - start).days // spec["windows"]["recalibrate_days"]
        if first <= cycle <= last and who.index(r["who"]) %% parts == part - 1:
            mean = sum(h) / len(h)
            value = repr(0.3 * h[-1] + 0.7 * mean)
            out.append([r["day"], r["who"], r["game"], cycle, 1, r["y"], value, "", "", "1", value, repr(mean)])
    if d >= train:
        h.append(float(r["y"]))
if what == "missing":
    sys.exit(0)
os.makedirs(root + "/output/data", exist_ok=True)
with open(root + "/output/data/predictions.csv", "w", newline="") as f:
    header = "date,entity,group,cycle,scored,actual,prediction,low,high,scale,model:m,baseline:season_mean"
    w = csv.writer(f, lineterminator="\n")
    w.writerow(header.split(","))
    w.writerows(out[:-1] if what == "torn" else out)
json.dump({"m": {"lag": 1.0 + first}}, open(root + "/output/data/importances.json", "w"))
json.dump({"cycles": list(range(first, last + 1)), "part": hyper["backtest_part"], "rows": len(out),
           "models": last - first + 1, "seconds": {}}, open(root + "/output/data/backtest.json", "w"))
'''

SPEC = """data: {{files: [games.csv]}}
columns: {{entity: who, date: day, target: y, group: game}}
eligible: {{min_rows: 5}}
windows: {{train_start: 2020-01-01, test_start: 2020-01-20, test_end: {end}, recalibrate_days: 2}}
features: ["lag(y, 1..2)"]
model: per-entity
baselines: [season_mean]
run: {{pack_cycles: 1, pack_entities: {pack}, concurrency: {concurrency}, retries: 2{more}}}
"""


class Backtest:
    """A folder with data and specification, an engine, and sagetop with a state of its own."""

    def __init__(self, *faults, days=40, entities=12, pack=6, concurrency=8, more="", rate=1000, real=False):
        self.dir = tempfile.mkdtemp(prefix="sagetop-backtest-")
        self.do = os.path.join(self.dir, "do")
        os.mkdir(self.do)
        self.days, self.entities = days, entities
        trainer = os.path.join(self.dir, "stand-in")
        with open(trainer, "w") as f:
            f.write(STAND_IN % (sys.executable, self.do))
        os.chmod(trainer, 0o755)
        self.write_data()
        self.write_spec(pack=pack, concurrency=concurrency, more=more)
        # The program itself, where it was built: then what is tested is the jobs' real contract.
        program = os.path.abspath(os.path.join(BUILD, "sagetop-trainer"))
        os.environ["SAGETOP_TRAINER"] = program if real and os.path.exists(program) else trainer
        self.engine = Engine(*faults, trainer=False)
        self.env = {**os.environ, "HOME": self.dir}
        for name in ("CACHE", "STATE", "DATA", "CONFIG"):
            self.env[f"XDG_{name}_HOME"] = os.path.join(self.dir, name.lower())
        os.makedirs(os.path.join(self.dir, "state", "sagetop"))
        os.symlink(os.path.join(self.engine.dir, "state"), os.path.join(self.dir, "state", "sagetop", "local"))
        os.makedirs(os.path.join(self.dir, "config", "sagetop"))
        with open(os.path.join(self.dir, "config", "sagetop", "config.yaml"), "w") as f:
            f.write("rates: {CreateTrainingJob: %d, DescribeTrainingJob: %d, Search: %d}\n" % (rate, rate, rate))

    def write_data(self, seed=3):
        draw = random.Random(seed)
        with open(os.path.join(self.dir, "games.csv"), "w") as f:
            f.write("day,game,who,y\n")
            for n in range(self.days):
                for e in range(self.entities):
                    day = datetime.date(2020, 1, 1) + datetime.timedelta(n)
                    f.write(f"{day},g{e % 4},p{e},{draw.randint(0, 160) / 4}\n")

    def write_spec(self, pack=6, concurrency=8, more=""):
        end = datetime.date(2020, 1, 1) + datetime.timedelta(self.days - 1)
        with open(os.path.join(self.dir, "toy.yaml"), "w") as f:
            f.write(SPEC.format(end=end, pack=pack, concurrency=concurrency, more=more))

    def start(self, *words):
        return subprocess.Popen([os.path.join(BUILD, "sagetop"), "--local", "backtest", *words], cwd=self.dir, env=self.env,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def run(self, *words, seconds=300):
        process = self.start(*words)
        try:
            self.output = process.communicate(timeout=seconds)[0]
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            self.output = process.communicate()[0] + "\n(it did not end)"
        return process.returncode

    def kill_after(self, seconds, *words):
        """Start, and kill it in the middle of whatever it does; None where it had ended before."""
        process = self.start(*words)
        try:
            self.output = process.communicate(timeout=seconds)[0]
            return process.returncode
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            self.output = process.communicate()[0]
            return None

    def tell(self, job, what):
        with open(os.path.join(self.do, job), "w") as f:
            f.write(what)

    def untell(self, job):
        os.unlink(os.path.join(self.do, job))

    def path(self, name, run="toy"):
        return os.path.join(self.dir, "state", "sagetop", "backtests", run, name)

    def read(self, name, run="toy"):
        with open(self.path(name, run), "rb") as f:
            return f.read()

    def status(self, run="toy"):
        assert self.run("status", run, "--json") == 0, self.output
        return json.loads(self.output)

    def jobs(self):
        """Names and states of all training jobs that the engine has."""
        sm = self.engine.client("sagemaker", retries=10)

        def listed():
            try:
                pages = sm.get_paginator("list_training_jobs").paginate()
                return [[(j["TrainingJobName"], j["TrainingJobStatus"]) for p in pages for j in p["TrainingJobSummaries"]]]
            except Exception:  # a fault of the engine, such as half an error, which no client can read
                return None
        return until(listed)[0]

    def planned(self, run="toy"):
        return sorted(j["name"] for j in json.loads(self.read("plan.json", run))["jobs"])

    def close(self):
        import shutil
        status = self.engine.close()
        shutil.rmtree(self.dir, ignore_errors=True)
        return status
