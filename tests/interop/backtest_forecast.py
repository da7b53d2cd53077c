"""The trainer's cycles of the shipped NBA specification against an independent computation in
numpy on the real game logs: features, baselines, the ridge and, where xgboost is there, the
trees; and that neither threads nor the cut into jobs change a byte. TAP."""
import csv
import datetime
import gzip
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.environ.get("SAGETOP_SRC", "."), "tests"))
from tap import done, equal, ok, skip, skip_all  # noqa: E402

try:
    import numpy as np
except ImportError:
    skip_all("numpy is not installed")
DATA = os.environ.get("SAGETOP_TEST_DATA")
if not DATA:
    skip_all("SAGETOP_TEST_DATA is not set")
BUILD, SRC = os.environ.get("SAGETOP_BUILD", "."), os.environ.get("SAGETOP_SRC", ".")
LOGS = "nba-gamelogs-2017-18.csv.gz"
SPEC = os.path.join(SRC, "share", "backtests", "nba-default.yaml")
nan = math.nan
FIRST, LAST, START = (datetime.date(*d).toordinal() for d in ((2018, 1, 1), (2018, 4, 11), (2017, 10, 17)))


def run_job(spec_text, hyperparameters):
    """predictions.csv of one job as bytes."""
    with tempfile.TemporaryDirectory() as root:
        for folder in ("input/config", "input/data/train", "input/data/backtest", "model", "output"):
            os.makedirs(os.path.join(root, folder))
        shutil.copy(os.path.join(DATA, LOGS), os.path.join(root, "input/data/train"))
        with open(os.path.join(root, "input/data/backtest/spec.yaml"), "w") as f:
            f.write(spec_text)
        channels = {name: {"TrainingInputMode": "File"} for name in ("train", "backtest")}
        for name, value in (("hyperparameters", hyperparameters), ("inputdataconfig", channels),
                            ("resourceconfig", {"current_host": "algo-1", "hosts": ["algo-1"]})):
            with open(os.path.join(root, "input/config", name + ".json"), "w") as f:
                json.dump(value, f)
        done_ = subprocess.run([os.path.join(BUILD, "sagetop-trainer"), "train"], env={**os.environ, "SAGETOP_ML_ROOT": root},
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done_.returncode:
            print("# " + done_.stdout.replace("\n", "\n# "))
            return b""
        with open(os.path.join(root, "output/data/predictions.csv"), "rb") as f:
            return f.read()


# --- the same in numpy --------------------------------------------------------------------

def day(text):
    return datetime.date(int(text[:4]), int(text[4:6]), int(text[6:])).toordinal()


def ewm(values, half):
    weights = 0.5 ** (np.arange(len(values))[::-1] / half)
    return (weights * values).sum() / weights.sum()


with gzip.open(os.path.join(DATA, LOGS), "rt", newline="") as f:
    rows = [r for r in csv.DictReader(f) if r["played"] == "1"]
rows.sort(key=lambda r: (r["season_date"], r["game_id"], r["player_id"]))
N = len(rows)
days = np.array([day(r["season_date"]) for r in rows])
col = {c: np.array([float(r[c]) for r in rows])
       for c in ("dk_fpts", "min", "pts", "reb", "ast", "stl", "blk", "tov", "fg3m", "fga", "home")}
y, minutes = col["dk_fpts"], col["min"]
past, earlier = {}, []
for i, r in enumerate(rows):
    own = past.setdefault(r["player_id"], [])
    earlier.append(list(own))
    own.append(i)
games = np.array([len(e) for e in earlier])
test = (days >= FIRST) & (days <= LAST) & (games >= 10)


def allowed():
    """What each row's opponent allowed before its day: a row, and a minute over the league's."""
    out = np.full((N, 2), nan)
    teams, league = {}, np.zeros(3)
    for d in sorted(set(days)):
        today = np.where(days == d)[0]
        for i in today:
            t = teams.get(rows[i]["opp"])
            if t is not None:
                out[i] = t[1] / t[0], t[1] / t[2] / (league[1] / league[2])
        for i in today:
            add = np.array([1, y[i], minutes[i]])
            teams[rows[i]["opp"]] = teams.get(rows[i]["opp"], np.zeros(3)) + add
            league += add
    return out


def features():
    """48 columns, in the order of the specification."""
    by_opponent, table = allowed(), np.full((N, 48), nan)
    for i in range(N):
        h = earlier[i]
        a, m, k = y[h], minutes[h], len(h)
        row = [a[-j] if k >= j else nan for j in range(1, 6)]
        if k:
            for n in (3, 5, 10):
                w = a[-n:]
                row += [w.mean(), w.std(ddof=1) if len(w) > 1 else nan, w.min(), w.max(), ewm(a, n), m[-n:].mean()]
            row += [a.mean(), a.std(ddof=1) if k > 1 else nan, a.min(), a.max(), k, m[-1], m.mean(), ewm(m, 5)]
            row += [a.sum() / m.sum() if m.sum() else nan, a[-10:].sum() / m[-10:].sum() if m[-10:].sum() else nan]
            row += [col[c][h[-10:]].mean() for c in ("pts", "reb", "ast", "stl", "blk", "tov", "fg3m", "fga")]
            row.append(days[i] - days[h[-1]])
        else:
            row += [nan] * 22 + [0] + [nan] * 14
        row.append(sum(days[j] >= days[i] - 7 for j in h))
        row += [col["home"][i], *by_opponent[i], datetime.date.fromordinal(int(days[i])).weekday(), days[i] - START]
        table[i] = row
    return table


X = features()


def ridge(learn, say):
    x = X[learn]
    mean = np.nanmean(x, 0)
    x = np.where(np.isnan(x), mean, x)
    spread = x.std(0)
    spread[spread == 0] = 1
    z, target = (x - mean) / spread, y[learn]
    b = np.linalg.solve(z.T @ z + 100 * np.eye(48), z.T @ (target - target.mean()))
    s = X[say]
    return target.mean() + (np.where(np.isnan(s), mean, s) - mean) / spread @ b


def trees(learn, say):
    import xgboost
    settings = dict(max_depth=4, eta=0.03, min_child_weight=50, subsample=0.7, colsample_bytree=0.3, seed=42,
                    tree_method="hist", nthread=1, objective="reg:squarederror")
    model = xgboost.train(settings, xgboost.DMatrix(X[learn].astype(np.float32), y[learn]), 200)
    return model.predict(xgboost.DMatrix(X[say].astype(np.float32))).astype(float)


def stopped_trees(learn, say):
    """Early stopping: the best number of rounds for the last 28 days of what is learned from, by
    what comes before them; then all of it with that many."""
    import xgboost
    settings = dict(max_depth=4, eta=0.3, seed=42, tree_method="hist", nthread=1, objective="reg:squarederror")
    tail = learn & (days > days[learn].max() - 28)

    def train(rows_, rounds):
        return xgboost.train(settings, xgboost.DMatrix(X[rows_].astype(np.float32), y[rows_]), rounds)
    model, held = train(learn & ~tail, 60), xgboost.DMatrix(X[tail].astype(np.float32))
    best = (math.inf, 0)
    for n in range(60):
        best = min(best, (np.abs(model.predict(held, iteration_range=(0, n + 1)) - y[tail]).mean(), n))
        if n + 1 - best[1] >= 5:
            break
    print(f"# {best[1] + 1} rounds")
    return train(learn, best[1] + 1).predict(xgboost.DMatrix(X[say].astype(np.float32))).astype(float)


def walk(model, cycles):
    said = np.full(N, nan)
    for k in cycles:
        cut = FIRST + 7 * k
        say = test & (days >= cut) & (days < cut + 7)
        said[say] = model((days < cut) & (games >= 5), say)
    return said


# --- held against each other ------------------------------------------------------------------

with open(SPEC) as f:
    text = f.read()
STOPPED = text.replace("model: pooled", """model: listed
models: [{name: early, type: xgboost, early_stopping_rounds: 5,
          hyperparameters: {num_round: 60, max_depth: 4, eta: 0.3, seed: 42, tree_method: hist}}]""")
whole = run_job(text, {})
said = list(csv.DictReader(whole.decode().splitlines()))
scored = [r for r in said if r["scored"] == "1"]
where = {(day(r["season_date"]), r["player_id"]): i for i, r in enumerate(rows)}
place = [where[datetime.date.fromisoformat(r["date"]).toordinal(), r["entity"]] for r in scored]
equal("every player-slate once", sorted(place), list(np.where(test)[0]))
equal("the pool is larger", (len(said), len(scored)), (15804, 13839))


def column(name):
    return np.array([float(r[name]) for r in scored])


def close(what, got, expected, tolerance):
    worst = np.abs(got - expected).max() if len(got) else nan
    ok(f"{what}, to {tolerance:g}", worst <= tolerance, f"largest difference {worst}")


close("what happened", column("actual"), y[place], 0)
for name, function in (("season_mean", np.mean), ("last_1", lambda a: a[-1]), ("last_5", lambda a: a[-5:].mean()),
                       ("last_10", lambda a: a[-10:].mean()), ("ewm_3", lambda a: ewm(a, 3)),
                       ("ewm_5", lambda a: ewm(a, 5)), ("ewm_8", lambda a: ewm(a, 8))):
    close(f"baseline {name}", column("baseline:" + name), np.array([function(y[earlier[i]]) for i in place]), 1e-9)
for name, figure in (("season_mean", 7.555646138152), ("last_10", 7.505477274370), ("ewm_5", 7.364030628066),
                     ("column:dk_salary", 7.677469)):
    got = np.abs(column("baseline:" + name) - y[place]).mean()
    ok(f"mean absolute error of {name} is {figure}", abs(got - figure) < (1e-6 if name[0] == "c" else 1e-9), got)
close("the ridge", column("model:ridge"), walk(ridge, range(15))[place], 1e-8)
for name, figure in (("model:ridge", (7.287693, 9.3693)), ("model:trees", (7.294813, 9.3983)), ("prediction", (7.273974, 9.3648))):
    e = column(name) - y[place]
    equal(f"errors of {name} are the reference's", (round(np.abs(e).mean(), 6), round(math.sqrt((e * e).mean()), 4)), figure)
try:
    import xgboost
    version = xgboost.__version__
except ImportError:
    version = ""
if version.startswith("1.7."):
    cycles = (0, 7, 14)
    expected = walk(trees, cycles)[place]
    at = [k for k, r in enumerate(scored) if int(r["cycle"]) in cycles]
    close("the trees of three cycles", column("model:trees")[at], expected[at], 1e-5)
    early = run_job(STOPPED, {"backtest_cycles": "7-7"})
    of = {(r["date"], r["entity"]): float(r["model:early"]) for r in csv.DictReader(early.decode().splitlines())}
    expected = walk(stopped_trees, (7,))[place]
    at = [k for k, r in enumerate(scored) if r["cycle"] == "7"]
    close("trees that stop early", np.array([of[scored[k]["date"], scored[k]["entity"]] for k in at]), expected[at], 1e-5)
else:
    skip("the trees", "xgboost 1.7 is not installed")

# --- neither threads nor jobs change anything -----------------------------------------------------

one = run_job(text, {"nthread": "1"})
ok("one thread, the same bytes", whole and one == whole)
parts = [run_job(text, {"backtest_cycles": c}) for c in ("0-4", "5-9", "10-14")]
lines = [line for part in parts for line in part.splitlines(True)[1:]]
ok("three jobs, the same rows", sorted(lines) == sorted(whole.splitlines(True)[1:]))
alone = text.replace("model: pooled", """model: listed
models: [{name: own, type: xgboost, per_entity: true, min_rows: 1, hyperparameters: {num_round: 5, max_depth: 2}}]""")
both = run_job(alone, {"backtest_cycles": "3-3"})
halves = [run_job(alone, {"backtest_cycles": "3-3", "backtest_part": p}) for p in ("1/2", "2/2")]
lines = [line for half in halves for line in half.splitlines(True)[1:]]
ok("entities in two jobs, the same rows", both and sorted(lines) == sorted(both.splitlines(True)[1:]))
done()
