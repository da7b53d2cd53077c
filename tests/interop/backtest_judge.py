"""`sagetop backtest report` and `compare` against an independent computation of every figure,
to 1e-9, on predictions made here from a season of game logs: baselines, two models, one
never recalibrated, intervals, cells that are not known. numpy and plain Python. TAP."""
import csv
import datetime
import gzip
import json
import math
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.environ.get("SAGETOP_SRC", "."), "tests"))
from tap import done, equal, match, ok, skip_all  # noqa: E402

try:
    import numpy as np
except ImportError:
    skip_all("numpy is not installed")
DATA = os.environ.get("SAGETOP_TEST_DATA")
if not DATA:
    skip_all("SAGETOP_TEST_DATA is not set")
SAGETOP = os.path.join(os.environ.get("SAGETOP_BUILD", "."), "sagetop")
FROM, TO, WARM = 20180101, 20180411, 10
HEADLINE = "season_mean"
COVERAGE = 0.8
DRAWS, SEED, Z = 10000, 42, 1.959963984540054
TOLERANCE = 1e-9
nan = math.nan


# --- predictions ------------------------------------------------------------------

def day_of(number):
    return datetime.date(number // 10000, number // 100 % 100, number % 100)


def ewm(values, half):
    weight = 0.5 ** (np.arange(len(values))[::-1] / half)
    return float((weight * values).sum() / weight.sum())


def make_pool():
    """The rows of the pool as dictionaries, in order of date, group, entity."""
    with gzip.open(os.path.join(DATA, "nba-gamelogs-2017-18.csv.gz"), "rt", newline="") as f:
        logs = sorted(csv.DictReader(f), key=lambda r: (r["season_date"], r["game_id"], r["player_id"]))
    history, pool, first, at = {}, [], day_of(FROM), 0
    while at < len(logs):
        date = logs[at]["season_date"]
        day = [r for r in logs[at:at + 1000] if r["season_date"] == date]
        at += len(day)
        for r in day:
            h = np.array(history.get(r["player_id"], []))
            if not FROM <= int(date) <= TO or len(h) < WARM:
                continue
            played = r["played"] == "1"
            pool.append({"day": day_of(int(date)), "entity": r["player_id"], "group": r["game_id"], "h": h,
                         "cycle": (day_of(int(date)) - first).days // 7, "actual": float(r["dk_fpts"]) if played else nan})
        for r in day:
            if r["played"] == "1":
                history.setdefault(r["player_id"], []).append(float(r["dk_fpts"]))
    return pool


def scales(pool):
    """Mean absolute change from row to row before the test window: of each entity's first row there."""
    found = {}
    for r in pool:
        if r["entity"] not in found:
            before = [h for h in r["h"]]
            found[r["entity"]] = before
    # an entity's first row of the pool may stand behind rows of the window: only those before it count
    with gzip.open(os.path.join(DATA, "nba-gamelogs-2017-18.csv.gz"), "rt", newline="") as f:
        early = {}
        for r in csv.DictReader(f):
            if r["played"] == "1" and int(r["season_date"]) < FROM:
                early.setdefault(r["player_id"], []).append(float(r["dk_fpts"]))
    result = {}
    for entity in found:
        changes = np.abs(np.diff(early.get(entity, [])))
        result[entity] = float(changes.mean()) if len(changes) and changes.mean() > 0 else nan
    return result


def fill(pool):
    scale = scales(pool)
    for i, r in enumerate(pool):
        h = r["h"]
        mean, deviation = float(h.mean()), float(h.std(ddof=1))
        r["scale"] = scale[r["entity"]]
        r["baseline:season_mean"] = mean
        r["baseline:last_1"] = float(h[-1])
        for n in (5, 10):
            r[f"baseline:last_{n}"] = float(h[-n:].mean())
        for n in (3, 5, 8):
            r[f"baseline:ewm_{n}"] = ewm(h, n)
        r["baseline:last_20"] = float(h[-20:].mean()) if len(h) >= 20 else nan  # not known everywhere
        r["model:steady"] = 0.7 * r["baseline:ewm_8"] + 0.3 * mean
        r["model:lively, \"quoted\""] = 0.8 * r["baseline:ewm_3"] + 0.2 * r["baseline:last_1"]
        r["never"] = 0.9 * r["model:steady"] + 1
        r["prediction"] = nan if i % 97 == 0 else (r["model:steady"] + r["model:lively, \"quoted\""]) / 2
        known = i > 300 and not math.isnan(r["prediction"])
        r["low"] = mean - 1.2816 * deviation if known else nan
        r["high"] = mean + 1.2816 * deviation if known else nan
    return pool


NUMBERS = ["actual", "prediction", "low", "high", "scale"]


def write(path, pool, columns):
    with open(path, "w", newline="") as f:
        out = csv.writer(f, lineterminator="\n")
        out.writerow(["date", "entity", "group", "cycle", "scored"] + NUMBERS + columns)
        for r in pool:
            cells = ["" if math.isnan(r[c]) else "%.17g" % r[c] for c in NUMBERS + columns]
            out.writerow([r["day"], r["entity"], r["group"], r["cycle"], 0 if math.isnan(r["actual"]) else 1] + cells)


# --- figures, written down once more ----------------------------------------------------

def ranks(values):
    order = sorted(range(len(values)), key=lambda i: values[i])
    result = [0.0] * len(values)
    i = 0
    while i < len(order):
        k = i
        while k < len(order) and values[order[k]] == values[order[i]]:
            k += 1
        for m in range(i, k):
            result[order[m]] = (i + 1 + k) / 2
        i = k
    return result


def by_slate(rows):
    days = {}
    for r in rows:
        days.setdefault(r["day"], []).append(r)
    return [days[d] for d in sorted(days)]


def measures(rows, column):
    rows = [r for r in rows if not math.isnan(r["actual"]) and not math.isnan(r[column])]
    e = np.array([r[column] - r["actual"] for r in rows])
    s = np.array([r["scale"] for r in rows])
    scaled = np.abs(e[s > 0]) / s[s > 0] if len(e) else e
    found = []
    for slate in by_slate(rows):
        a, b = [r[column] for r in slate], [r["actual"] for r in slate]
        if len(slate) >= 3 and len(set(a)) > 1 and len(set(b)) > 1:
            found.append(float(np.corrcoef(ranks(a), ranks(b))[0, 1]))
    return {"rows": len(rows), "mae": np.abs(e).mean() if len(e) else nan, "rmse": math.sqrt((e * e).mean()) if len(e) else nan,
            "bias": e.mean() if len(e) else nan, "mase": scaled.mean() if len(scaled) else nan, "mase_rows": len(scaled),
            "rank": float(np.mean(found)) if found else nan, "rank_slates": len(found)}


def intervals(rows):
    rows = [r for r in rows if not any(math.isnan(r[c]) for c in ("actual", "prediction", "low", "high"))]
    if not rows:
        return {"rows": 0, "coverage": nan, "width": nan, "score": nan}
    y, low, high = (np.array([r[c] for r in rows]) for c in ("actual", "low", "high"))
    score = high - low + 2 / (1 - COVERAGE) * (np.maximum(low - y, 0) + np.maximum(y - high, 0))
    return {"rows": len(rows), "coverage": ((low <= y) & (y <= high)).mean(), "width": (high - low).mean(), "score": score.mean()}


def slate_sums(rows, column):
    rows = [r for r in rows if not any(math.isnan(r[c]) for c in ("actual", "prediction", column))]
    slates = by_slate(rows)
    return (np.array([sum(abs(r["prediction"] - r["actual"]) for r in s) for s in slates]),
            np.array([sum(abs(r[column] - r["actual"]) for r in s) for s in slates]),
            np.array([len(s) for s in slates]))


def skill(rows, column):
    a, q, n = slate_sums(rows, column)
    result = {"rows": int(n.sum()), "slates": len(n), "mae": nan, "other_mae": nan, "skill": nan, "se": nan, "low": nan, "high": nan}
    if len(n):
        result.update(mae=a.sum() / n.sum(), other_mae=q.sum() / n.sum())
    if not len(n) or q.sum() == 0:
        return result
    result["skill"] = 1 - a.sum() / q.sum()
    without = [(sum(a) - a[s], sum(q) - q[s]) for s in range(len(n))]
    if len(n) > 1 and all(w[1] > 0 for w in without):
        j = np.array([1 - w[0] / w[1] for w in without])
        se = math.sqrt((len(n) - 1) / len(n) * ((j - j.mean()) ** 2).sum())
        result.update(se=se, low=result["skill"] - Z * se, high=result["skill"] + Z * se)
    return result


def random_slates(draws, n):
    """splitmix64, as src/model/judge.h has it."""
    with np.errstate(over="ignore"):
        z = np.uint64(SEED) + np.arange(1, draws * n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
        return (((z >> np.uint64(32)) * np.uint64(n)) >> np.uint64(32)).astype(np.int64).reshape(draws, n)


def tests(rows, column):
    a, q, n = slate_sums(rows, column)
    s = len(n)
    pick = random_slates(DRAWS, s)
    drawn = 1 - a[pick].sum(axis=1) / q[pick].sum(axis=1)
    d = (a - q) / n
    lag = math.floor(4 * (s / 100) ** (2 / 9))
    variance = float(np.mean((d - d.mean()) ** 2))
    for k in range(1, lag + 1):
        variance += 2 * (1 - k / (lag + 1)) * float(((d[k:] - d.mean()) * (d[:-k] - d.mean())).sum()) / s
    statistic = d.mean() / math.sqrt(variance / s)
    return {"bootstrap.low": np.quantile(drawn, 0.025), "bootstrap.high": np.quantile(drawn, 0.975),
            "diebold_mariano.statistic": statistic, "diebold_mariano.p": math.erfc(abs(statistic) / math.sqrt(2)),
            "diebold_mariano.lag": lag, "wins": int((a < q).sum()), "losses": int((a > q).sum()), "ties": int((a == q).sum())}


# --- comparing ----------------------------------------------------------------------

def member(o, path):
    for step in path.split("."):
        o = o[step]
    return o


def differences(where, got, expected):
    found = []
    for name, want in expected.items():
        have = member(got, name)
        if isinstance(want, float) and math.isnan(want):
            good = have is None
        else:
            good = have is not None and abs(have - want) <= TOLERANCE * max(1, abs(want))
        if not good:
            found.append(f"{where}.{name}: {have!r}, {want!r} is expected")
    return found


def group_differences(report, by, key, pool, columns):
    groups = {}
    for r in pool:
        label = key(r)
        if label is not None:
            groups.setdefault(label, []).append(r)
    listed = {g[by]: g for g in report["by"][by]}
    if list(groups) != list(listed) and sorted(groups) != sorted(listed):
        return [f"{by}: {sorted(groups)[:9]} are expected, not {sorted(listed)[:9]}"]
    found = []
    for label, rows in groups.items():
        g, where = listed[label], f"{by} {label}"
        counts = {"pool": len(rows), "predicted": sum(not math.isnan(r["prediction"]) for r in rows),
                  "scored": sum(not math.isnan(r["actual"]) for r in rows)}
        found += differences(where, g, counts) + differences(where, g, measures(rows, "prediction"))
        found += differences(where, g["intervals"], intervals(rows))
        for c in columns:
            found += differences(f"{where} against {c}", g["skill"][c], skill(rows, c))
    return found


def report(*args, status=None):
    run = subprocess.run([SAGETOP, "backtest", *args], capture_output=True, text=True)
    if status is not None:
        equal(f"exit status of {' '.join(os.path.basename(a) for a in args)}", run.returncode, status)
    return run


work = tempfile.TemporaryDirectory(prefix="sagetop-judge-")
os.environ.update(HOME=work.name, XDG_STATE_HOME=work.name, XDG_CONFIG_HOME=work.name, XDG_CACHE_HOME=work.name)
pool = fill(make_pool())
baselines = ["season_mean", "last_1", "last_5", "last_10", "last_20", "ewm_3", "ewm_5", "ewm_8"]
models = ["model:steady", "model:lively, \"quoted\""]
columns = models + [f"baseline:{b}" for b in baselines] + ["never"]
folder = os.path.join(work.name, "sagetop", "backtests", "a-run")
os.makedirs(folder)
write(os.path.join(folder, "predictions.csv"), pool, columns)
with open(os.path.join(folder, "spec.json"), "w") as f:
    json.dump({"headline": HEADLINE, "intervals": {"coverage": COVERAGE}}, f)
with open(os.path.join(folder, "cost.json"), "w") as f:
    json.dump({"usd_micro": 43750000, "jobs": 15, "billable_seconds": 5400}, f)

run = report("report", "a-run", "--json")
r = json.loads(run.stdout)
scored = [row for row in pool if not math.isnan(row["actual"])]
equal("rows and slates of the season", (len(scored), r["rows"]["scored"], r["rows"]["slates"]), (13839, 13839, 94))
found = differences("rows", r["rows"], {
    "pool": len(pool), "predicted": sum(not math.isnan(x["prediction"]) for x in pool),
    "judged": sum(not math.isnan(x["prediction"]) for x in scored), "cycles": 15, "entities": len({x["entity"] for x in pool})})
ok("the rows are counted", not found, "\n".join(found))

known = {b["name"]: b for b in r["baselines"]}
for name, mae in (("season_mean", 7.555646138152), ("last_10", 7.505477274370), ("ewm_5", 7.364030628066)):
    ok(f"{name} is the reference's", abs(known[name]["mae"] - mae) < 1e-9, known[name]["mae"])
ok("the season mean's other figures are, too", abs(known["season_mean"]["rmse"] - 9.760044221652) < 1e-9 and
   abs(known["season_mean"]["rank"] - 0.699047789600) < 1e-9, known["season_mean"])
equal("MASE counts the rows of entities with a change before the window", known["season_mean"]["mase_rows"], 13570)

found = differences("prediction", r["prediction"], measures(pool, "prediction")) + differences("intervals", r["intervals"], intervals(pool))
ok("the prediction's measures and intervals", not found, "\n".join(found))
listed = {f"model:{m['name']}": m for m in r["models"]} | {f"baseline:{b['name']}": b for b in r["baselines"]} | {
    "never": r["never_recalibrated"]}
equal("every column is reported", sorted(listed), sorted(columns))
for c in columns:
    found = differences(c, listed[c], measures(pool, c)) + differences(c, listed[c]["skill"], skill(pool, c)) + differences(
        c, listed[c]["skill"], tests(pool, c))
    ok(f"{c}: measures, skill, jackknife, bootstrap, Diebold-Mariano, wins", not found, "\n".join(found))

judged = sorted(x["baseline:season_mean"] for x in scored if not math.isnan(x["prediction"]))
edges = [float(np.quantile(judged, f)) for f in (0.2, 0.4, 0.6, 0.8)]
ok("levels are fifths by season mean", np.allclose(edges, r["levels"]["edges"], rtol=0, atol=1e-9), (edges, r["levels"]))
keys = {"cycle": lambda x: str(x["cycle"]), "week": lambda x: str(x["day"] - datetime.timedelta(days=x["day"].weekday())),
        "slate": lambda x: str(x["day"]), "entity": lambda x: x["entity"],
        "level": lambda x: str(1 + sum(x["baseline:season_mean"] > e for e in r["levels"]["edges"]))}
for by, key in keys.items():
    found = group_differences(r, by, key, pool, columns)
    ok(f"the same by {by}", not found, "\n".join(found))

lost = {}
for x in scored:
    if not math.isnan(x["prediction"]):
        lost[x["entity"]] = lost.get(x["entity"], 0) + abs(x["prediction"] - x["actual"]) - abs(x["baseline:season_mean"] - x["actual"])
worst = sorted((e for e in lost if lost[e] > 1e-9), key=lambda e: -lost[e])
equal("the worst entities, from the worst", [w["entity"] for w in r["worst_entities"] if w["lost"] > 1e-9], worst)
points = 100 * skill(pool, "baseline:season_mean")["skill"]
found = differences("cost", r["cost"], {"usd": 43.75, "usd_per_slate": 43.75 / 94,
                                        "usd_per_point_of_skill": 43.75 / points if points > 0 else nan})
ok("the cost per slate and point of skill", not found, "\n".join(found))

# --- the verdict, and its status -----------------------------------------------------
whole = skill(pool, "baseline:season_mean")
beaten = whole["low"] > 0
equal("the verdict in JSON", (r["beaten"], run.returncode), (beaten, 0 if beaten else 3))
text = report("report", "a-run", status=0 if beaten else 3).stdout
equal("the text begins with it", text.splitlines()[0], r["verdict"])
match("in percent, with its interval", text, rf"^{abs(100 * whole['skill']):.1f} % (better|worse) than the season mean \(95 %: ")
ok("the text fits 80 columns", all(len(line) <= 80 for line in text.splitlines()), max(text.splitlines(), key=len))

with open(os.path.join(folder, "spec.json"), "w") as f:
    json.dump({"headline": "ewm_5", "intervals": {"coverage": 0.8}}, f)
against = skill(pool, "baseline:ewm_5")
r = json.loads(report("report", "a-run", "--json", status=0 if against["low"] > 0 else 3).stdout)
match("another headline, named beforehand", r["verdict"], "than the exponentially weighted mean of 5|not told apart from the")
os.remove(os.path.join(folder, "spec.json"))
bad = report("report", "a-run", "--baseline", "last_1", status=0 if skill(pool, "baseline:last_1")["low"] > 0 else 3)
match("and one that was asked for", bad.stdout.splitlines()[0], "the last value")

# --- the table ------------------------------------------------------------------------
rows = list(csv.DictReader(report("report", "a-run", "--csv").stdout.splitlines()))
for row in rows:
    if row["by"] == "all" and row["column"] == "model:lively, \"quoted\"":
        found = differences("csv", {k: float(v) for k, v in row.items() if v and k.startswith("skill")},
                            {f"skill{'' if k == 'skill' else '_' + k}": v for k, v in skill(pool, row["column"]).items()
                             if k in ("skill", "se", "low", "high")})
        ok("a row of the CSV", not found, "\n".join(found))
equal("the CSV has every group and column", len(rows), (len(columns) + 1) * (1 + 15 + 15 + 94 + len({x["entity"] for x in pool}) + 5))

# --- compare --------------------------------------------------------------------------
others = [dict(x, prediction=x["model:steady"] if i % 50 else nan) for i, x in enumerate(pool) if i % 31]
write(os.path.join(work.name, "other.csv"), others, ["baseline:season_mean"])
joined = [dict(x, other=x["model:steady"] if i % 50 else nan) for i, x in enumerate(pool) if i % 31]
expected = {f"skill.{k}": v for k, v in skill(joined, "other").items()} | {f"skill.{k}": v for k, v in tests(joined, "other").items()}
better = expected["skill.low"] > 0
r = json.loads(report("compare", "a-run", os.path.join(work.name, "other.csv"), "--json", status=0 if better else 3).stdout)
found = differences("compare", r, dict(expected, rows_in_both=len(joined), rows_only_in_a=len(pool) - len(joined), rows_only_in_b=0))
ok("a pair on the rows of both", not found, "\n".join(found))
text = report("compare", "a-run", os.path.join(work.name, "other.csv")).stdout
match("the pair's verdict", text, r"^a-run: .*95 %: ")
ok("the pair's text fits 80 columns", all(len(line) <= 80 for line in text.splitlines()[1:]))
others[5]["actual"] = 99.5 if not math.isnan(others[5]["actual"]) else 0.25
write(os.path.join(work.name, "other.csv"), others, [])
match("runs of other data cannot be compared", report("compare", "a-run", os.path.join(work.name, "other.csv"), status=1).stderr,
      "not of the same data")
done()
