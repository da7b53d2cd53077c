"""A backtest's season, from rows to predictions: sagetop-trainer beside the loop in Python that
people write (pandas, numpy, xgboost of the same version), on the same rows with the same
features. Features alone; the default recipe; one model for each player, of one cycle and,
with BENCH_FULL=1, of all fifteen; both say the same, and what the reference says. A program of
one's own beside a ridge, through the local engine. The launch queue against the rate of its
requests. Seconds of wall time, medians of three runs (one, of what takes longer than a minute)."""
import collections
import csv
import datetime
import json
import math
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

BUILD, SRC, DATA = os.environ["SAGETOP_BUILD"], os.environ["SAGETOP_SRC"], os.environ.get("SAGETOP_TEST_DATA")
LOGS = "nba-gamelogs-2017-18.csv.gz"
FIRST = datetime.date(2018, 1, 1)
FULL = os.environ.get("BENCH_FULL")
RATE = 50  # launches a second: the service takes a few

if not DATA:
    print("SAGETOP_TEST_DATA is not set")
    sys.exit(77)
try:
    import pandas  # noqa: F401
    import xgboost  # noqa: F401
except ImportError as e:
    print(e)
    sys.exit(77)


SAID = {}  # specification, or "python " and what: mean absolute error of the last time


def mean_error(pairs):
    errors = [abs(said - was) for said, was in pairs]
    return math.fsum(errors) / len(errors)


# --- ours ---------------------------------------------------------------------------------

def job(spec, settings, keep=None):
    """Seconds of a job, of its reading and features, and of its features alone."""
    with tempfile.TemporaryDirectory() as root:
        for folder in ("input/config", "input/data/train", "input/data/backtest", "model", "output"):
            os.makedirs(os.path.join(root, folder))
        shutil.copy(os.path.join(DATA, LOGS), os.path.join(root, "input/data/train"))
        with open(os.path.join(root, "input/data/backtest/spec.yaml"), "w") as f:
            f.write(spec)
        channels = {name: {} for name in ("train", "backtest")}
        for name, value in (("hyperparameters", settings), ("inputdataconfig", channels),
                            ("resourceconfig", {"current_host": "algo-1", "hosts": ["algo-1"]})):
            with open(os.path.join(root, "input/config", name + ".json"), "w") as f:
                json.dump(value, f)
        began = time.monotonic()
        out = subprocess.run([os.path.join(BUILD, "sagetop-trainer"), "train"], check=True, text=True,
                             env={**os.environ, "SAGETOP_ML_ROOT": root}, stdout=subprocess.PIPE).stdout
        seconds = time.monotonic() - began
        if keep:
            shutil.copytree(os.path.join(root, "model"), keep)
        with open(os.path.join(root, "output/data/predictions.csv"), newline="") as f:
            SAID[spec] = mean_error((float(r["prediction"]), float(r["actual"])) for r in csv.DictReader(f)
                                    if r["scored"] == "1")
    line = next(line for line in out.splitlines() if " features, " in line)
    read, features = re.search(r" features, (\d+) ms, the features (\d+)", line).groups()
    return seconds, float(read) / 1000, float(features) / 1000


def shipped(name):
    with open(os.path.join(SRC, "share", "backtests", name)) as f:
        return f.read()


# --- the loop in Python ---------------------------------------------------------------------

def read_rows():
    import pandas as pd
    d = pd.read_csv(os.path.join(DATA, LOGS))
    d = d[d.played == 1].sort_values(["season_date", "game_id", "player_id"]).reset_index(drop=True)
    d["day"] = pd.to_datetime(d.season_date.astype(str))
    return d


def read_features(d=None):
    import numpy as np
    import pandas as pd
    d = read_rows() if d is None else d
    who, x = d.player_id, {}

    def past(column):
        return d.groupby("player_id")[column].shift(1)

    def roll(series, n, how):
        return getattr(series.groupby(who).rolling(n, min_periods=1), how)().reset_index(level=0, drop=True)

    def season(series, how):
        return getattr(series.groupby(who).expanding(), how)().reset_index(level=0, drop=True)

    def weighted(series, half):
        return series.groupby(who).ewm(halflife=half).mean().reset_index(level=0, drop=True)

    y, m = past("dk_fpts"), past("min")
    for k in range(1, 6):
        x[f"lag{k}"] = d.groupby("player_id").dk_fpts.shift(k)
    for n in (3, 5, 10):
        for how in ("mean", "std", "min", "max"):
            x[f"{how}{n}"] = roll(y, n, how)
        x[f"ewm{n}"], x[f"minutes{n}"] = weighted(y, n), roll(m, n, "mean")
    for how in ("mean", "std", "min", "max"):
        x[how] = season(y, how)
    x["games"] = d.groupby("player_id").cumcount()
    x["minutes1"], x["minutes"], x["minutes_ewm"] = m, season(m, "mean"), weighted(m, 5)
    x["rate"] = season(y, "sum") / season(m, "sum")
    x["rate10"] = roll(y, 10, "sum") / roll(m, 10, "sum")
    for column in ("pts", "reb", "ast", "stl", "blk", "tov", "fg3m", "fga"):
        x[column] = roll(past(column), 10, "mean")
    x["rest"] = (d.day - d.groupby("player_id").day.shift(1)).dt.days
    x["recent"] = np.empty(len(d))
    x["recent"][np.concatenate(list(d.groupby("player_id").indices.values()))] = (
        d.assign(one=1.0).set_index("day").groupby("player_id").one.rolling("7D", closed="left").sum().fillna(0))
    x["home"] = d.home
    league = d.groupby("day")[["dk_fpts", "min"]].sum().assign(n=d.groupby("day").size()).cumsum().shift(1)
    teams = d.groupby(["opp", "day"])[["dk_fpts", "min"]].sum().assign(n=d.groupby(["opp", "day"]).size())
    teams = teams.groupby(level=0).cumsum().groupby(level=0).shift(1)
    own = teams.reindex(pd.MultiIndex.from_arrays([d.opp, d.day])).reset_index(drop=True)
    all_ = league.reindex(d.day).reset_index(drop=True)
    x["allowed"] = own.dk_fpts / own.n
    x["allowed_minute"] = own.dk_fpts / own["min"] / (all_.dk_fpts / all_["min"])
    x["weekday"], x["since"] = d.day.dt.weekday, (d.day - d.day.min()).dt.days
    return d, pd.DataFrame(x).to_numpy(np.float64)


def cycles(d, wanted):
    for k in wanted:
        cut = FIRST + datetime.timedelta(days=7 * k)
        before = (d.day < str(cut)).to_numpy()
        say = ((d.day >= str(cut)) & (d.day < str(cut + datetime.timedelta(days=7)))).to_numpy()
        yield before, say & (d.groupby("player_id").cumcount() >= 10).to_numpy()


def python_default():
    import numpy as np
    import xgboost
    d, x = read_features()
    y, games = d.dk_fpts.to_numpy(), d.groupby("player_id").cumcount().to_numpy()
    settings = dict(max_depth=4, eta=0.03, min_child_weight=50, subsample=0.7, colsample_bytree=0.3, seed=42,
                    tree_method="hist", nthread=2)
    pairs = []
    for before, say in cycles(d, range(15)):
        learn = before & (games >= 5)
        model = xgboost.train(settings, xgboost.DMatrix(x[learn].astype(np.float32), y[learn]), 200)
        trees = model.predict(xgboost.DMatrix(x[say].astype(np.float32)))
        mean = np.nanmean(x[learn], 0)
        z = np.where(np.isnan(x[learn]), mean, x[learn])
        spread = np.where(z.std(0) == 0, 1, z.std(0))
        z = (z - mean) / spread
        b = np.linalg.solve(z.T @ z + 100 * np.eye(x.shape[1]), z.T @ (y[learn] - y[learn].mean()))
        ridge = y[learn].mean() + np.where(np.isnan(x[say]), 0, (x[say] - mean) / spread) @ b
        pairs += zip((trees + ridge) / 2, y[say])
    SAID["python default"] = mean_error(pairs)


def python_players(wanted):
    import numpy as np
    import xgboost
    d, x = read_features()
    y, who = d.dk_fpts.to_numpy(), d.player_id.to_numpy()
    settings = dict(max_depth=6, eta=0.05, min_child_weight=5, subsample=0.8, colsample_bytree=0.8, seed=42,
                    tree_method="hist", nthread=1)
    x, pairs = x.astype(np.float32), []
    for before, say in cycles(d, wanted):
        for player in np.unique(who[say]):
            own = who == player
            learn, asked = np.where(own & before)[0], np.where(own & say)[0]
            if len(learn) >= 10:
                model = xgboost.train(settings, xgboost.DMatrix(x[learn[1:]], y[learn[1:]]), 200)
                pairs += zip(model.predict(xgboost.DMatrix(x[asked])), y[asked])
            else:
                pairs += ((y[np.where(own[:i])[0]].mean(), y[i]) for i in asked)
    SAID["python players"] = mean_error(pairs)


# --- the archive of a cycle's models -----------------------------------------------------------

def archive():
    """A folder with the models of all players and a cycle, and a file of rows for each of them."""
    root = tempfile.mkdtemp()
    job(shipped("nba-per-player.yaml").replace("run:", "run:\n  keep_models: all"), {"backtest_cycles": "7-9"},
        os.path.join(root, "model"))
    with open(os.path.join(root, "model", "xgboost-models.json")) as f:
        names = list(json.load(f)["models"])
    draw = random.Random(1)
    with open(os.path.join(root, "rows.csv"), "w") as f:
        for name in names:
            for _ in range(3):
                f.write(name + "".join(f",{draw.uniform(0, 40):.2f}" for _ in range(48)) + "\n")
    return root, len(names)


def predict(root, threads):
    """Seconds, and the most memory in MB."""
    began = time.monotonic()
    with open(os.path.join(root, f"out-{threads}"), "w") as out:
        p = subprocess.Popen([os.path.join(BUILD, "sagetop-trainer"), "predict", "--threads", str(threads),
                              os.path.join(root, "model"), os.path.join(root, "rows.csv")], stdout=out)
        _, status, used = os.wait4(p.pid, 0)
    if status:
        sys.exit("sagetop-trainer predict failed")
    return time.monotonic() - began, used.ru_maxrss / 1024


# --- the launch queue, and a program of one's own: what needs an engine ------------------------

class Engine:
    """One of our own, with so many jobs at a time and a program in the trainer's place, or none."""

    def __init__(self, slots, trainer=None):
        self.dir = tempfile.mkdtemp(prefix="sagetop-bench-")
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "XDG_"))}
        self.env = {**kept, "HOME": self.dir, "XDG_RUNTIME_DIR": self.dir, "AWS_ACCESS_KEY_ID": "local",
                    "AWS_SECRET_ACCESS_KEY": "local", "AWS_EC2_METADATA_DISABLED": "true"}
        for name in ("STATE", "CACHE", "CONFIG"):
            self.env[f"XDG_{name}_HOME"] = os.path.join(self.dir, name.lower())
        if trainer:
            self.env["SAGETOP_TRAINER"] = self.write("trainer", trainer, 0o755)
        state, self.record = os.path.join(self.env["XDG_STATE_HOME"], "sagetop", "local"), os.path.join(self.dir, "record")
        self.process = subprocess.Popen([os.path.join(BUILD, "sagetop-local"), "--open", "--port", "0", "--state", state,
                                         "--slots", str(slots), "--stop-timeout", "1s", "--record", self.record], env=self.env)
        deadline = time.monotonic() + 30
        while not os.path.exists(os.path.join(state, "engine.json")):
            if time.monotonic() > deadline or self.process.poll() is not None:
                sys.exit("the engine does not start")
            time.sleep(0.02)
        with open(os.path.join(state, "engine.json")) as f:
            self.url = json.load(f)["endpoint"]

    def write(self, name, text, mode=0o644):
        path = os.path.join(self.dir, name)
        with open(path, "w") as f:
            f.write(text)
        os.chmod(path, mode)
        return path

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(120)
        shutil.rmtree(self.dir, ignore_errors=True)


def launch(jobs, rate):
    """Seconds from the first to the last of so many launches, and the processor's milliseconds for each."""
    one = Engine(1, trainer="#!/bin/sh\nexec sleep 3600\n")  # one job runs, the others wait
    try:
        out = subprocess.run([os.path.join(BUILD, "tests/bench/launch_probe"), one.url, str(jobs), str(rate)], env=one.env,
                             check=True, stdout=subprocess.PIPE, text=True).stdout
        with open(one.record) as f:
            requests = [json.loads(line) for line in f]
    finally:
        one.close()
    found = dict(re.findall(r"(\w+) ([\d.]+)", out))
    created = collections.Counter(r["input"]["TrainingJobName"] for r in requests if r["action"] == "sagemaker:CreateTrainingJob")
    if int(found["accepted"]) != jobs or len(created) != jobs or max(created.values()) != 1:
        sys.exit(f"of {jobs} launches {found['accepted']} were accepted, {len(created)} created, one {max(created.values())} times")
    return float(found["seconds"]), 1000 * float(found["processor"]) / jobs


OWN = """import csv
rows = csv.DictReader(open("/opt/ml/input/data/predict/predict.csv"))
with open("/opt/ml/output/data/predictions.csv", "w") as out:
    out.write("date,entity,prediction\\n")
    out.writelines(f"{r['date']},{r['entity']},{r['ewm(dk_fpts,5)']}\\n" for r in rows)
"""


def through_engine(spec):
    """Seconds of `backtest run` from data to report, with an engine that runs already."""
    one = Engine(2)
    try:
        shutil.copy(os.path.join(DATA, LOGS), one.dir)
        one.write("model.py", OWN)
        path = one.write("bench.yaml", spec)
        began = time.monotonic()
        run = subprocess.run([os.path.join(BUILD, "sagetop"), "--local", "backtest", "run", path], cwd=one.dir, env=one.env,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if run.returncode not in (0, 3):
            sys.exit(run.stdout)
        return time.monotonic() - began
    finally:
        one.close()


# --- in turn ----------------------------------------------------------------------------------

def timed(function):
    began = time.monotonic()
    function()
    return time.monotonic() - began


def row(what, aim, ours, theirs, peer_name="pandas and xgboost"):
    mine, peer = [], []
    while len(mine) < 3 and sum(mine) + sum(peer) < 60:
        mine.append(ours())
        peer.append(theirs())
    a, b = statistics.median(mine), statistics.median(peer)
    print("bench", what, a, "s", peer_name, b, aim, sep="\t", flush=True)


def check_said(what, ours, theirs, figure):
    """Both say the same of the season, and what the reference says."""
    for who in (ours, theirs):
        if abs(SAID[who] - figure) > 5e-7:
            sys.exit(f"{what}: mean absolute error {SAID[who]:.9f} of {'Python' if who == theirs else 'ours'}, not {figure}")


default, players = shipped("nba-default.yaml"), shipped("nba-per-player.yaml")
ridge = default.replace("model: pooled", "model: ridge")
short = ridge.replace("test_start: 20180101", "test_start: 20180326")
own = short.replace("model: ridge", "model: own\nown: {files: [model.py], command: [python3, /opt/ml/input/data/code/model.py]}")
PEER_ROWS = read_rows()
row("backtest: 48 features alone", "10x", lambda: job(ridge, {"backtest_cycles": "0-0"})[2], lambda: timed(lambda: read_features(PEER_ROWS)))
row("backtest: rows and 48 features", "", lambda: job(ridge, {"backtest_cycles": "0-0"})[1], lambda: timed(read_features))
row("backtest: the default season, 15 cycles", "< 4", lambda: job(default, {})[0], lambda: timed(python_default))
check_said("the default", default, "python default", 7.273974)
row("backtest: a model for each player, one cycle", "", lambda: job(players, {"backtest_cycles": "7-7"})[0],
    lambda: timed(lambda: python_players([7])))
if FULL:
    row("backtest: a model for each player, the season", "< 45", lambda: job(players, {})[0], lambda: timed(lambda: python_players(range(15))))
    check_said("a model for each player", players, "python players", 8.211155)
folder, models = archive()
row(f"backtest: an archive of {models} models on two threads, beside one", "", lambda: predict(folder, 2)[0],
    lambda: predict(folder, 1)[0], "one thread")
print("bench", f"backtest: memory of that, an archive of {models} models", predict(folder, 2)[1], "MB", "the archive",
      os.path.getsize(os.path.join(folder, "model", "xgboost-models.tar")) / 1e6, "< 200", sep="\t", flush=True)
shutil.rmtree(folder)
row("backtest: a program of one's own, three cycles by the engine", "", lambda: through_engine(own), lambda: through_engine(short), "a ridge")
for n in (500, 5000):
    seconds, each = launch(n, RATE)
    # The first second's requests may be sent at once: the rest take their time.
    print("bench", f"backtest: {n} launches at {RATE} a second", seconds, "s", "the rate alone", (n - RATE) / RATE, "1x", sep="\t", flush=True)
    print(f"{each:.2f} ms of the processor for each of {n} launches")
