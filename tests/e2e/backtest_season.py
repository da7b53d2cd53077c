"""The shipped NBA specifications from one command on the local engine with the real game logs:
the season by the default recipe, and the end of it by a model for each player. The report's
figures are computed again from the predictions that the run wrote. TAP."""
import csv
import gzip
import hashlib
import json
import math
import os
import shutil
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
BUILD, SRC = os.environ.get("SAGETOP_BUILD", "."), os.environ.get("SAGETOP_SRC", ".")
Z = 1.959963984540054


def near(what, got, expected, tolerance=1e-9):
    ok(what, got is not None and abs(got - expected) <= tolerance, f"expected: {expected}\ngot: {got}")


class Home:
    """A user's folders, an engine of their own and the data beside the specifications."""

    def __init__(self):
        self.path = tempfile.mkdtemp(prefix="sagetop-season-")
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "SAGETOP_", "XDG_"))}
        self.env.update(HOME=self.path, XDG_RUNTIME_DIR=self.path)
        for name in ("nba-default.yaml", "nba-per-player.yaml"):
            shutil.copy(os.path.join(SRC, "share", "backtests", name), self.path)
        shutil.copy(os.path.join(DATA, "nba-gamelogs-2017-18.csv.gz"), self.path)
        self("local", "start", "--port", "0")

    def __call__(self, *args):
        return subprocess.run([os.path.join(BUILD, "sagetop"), *args], cwd=self.path, env=self.env, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=900)

    def close(self):
        self("local", "stop")
        shutil.rmtree(self.path, ignore_errors=True)

    def predictions(self, run):
        with open(os.path.join(self.path, ".local/state/sagetop/backtests", run, "predictions.csv"), newline="") as f:
            return list(csv.DictReader(f))


def numbers(rows, name):
    return np.array([float(r[name]) if r[name] else math.nan for r in rows])


def slates_of(rows):
    return np.array([r["date"] for r in rows])


def ranks(values):
    order = np.argsort(values, kind="stable")
    out = np.empty(len(values))
    out[order] = np.arange(len(values))
    for v in np.unique(values):
        out[values == v] = out[values == v].mean()
    return out


def slate_rank(prediction, actual, slates):
    found = []
    for s in np.unique(slates):
        p, a = prediction[slates == s], actual[slates == s]
        if len(p) >= 3 and p.std() > 0 and a.std() > 0:
            found.append(np.corrcoef(ranks(p), ranks(a))[0, 1])
    return np.mean(found)


def skill(prediction, other, actual, slates):
    """1 - error / error of the other, and the jackknife's interval."""
    mine, theirs = np.abs(prediction - actual), np.abs(other - actual)
    names = np.unique(slates)
    without = np.array([1 - mine[slates != s].sum() / theirs[slates != s].sum() for s in names])
    s = 1 - mine.sum() / theirs.sum()
    se = math.sqrt((len(names) - 1) / len(names) * ((without - without.mean()) ** 2).sum())
    return s, s - Z * se, s + Z * se


def check_report(home, run, headline):
    rows = home.predictions(run)
    report = json.loads(home("backtest", "report", run, "--json").stdout)
    scored = [r for r in rows if r["scored"] == "1"]
    actual, prediction = numbers(scored, "actual"), numbers(scored, "prediction")
    slates = slates_of(scored)
    text = json.dumps(report)
    mae = float(np.abs(prediction - actual).mean())
    found = {}

    def walk(value):
        """Every number of the report by its name, the first of each."""
        if isinstance(value, dict):
            for k, v in value.items():
                if isinstance(v, (int, float)) and not isinstance(v, bool):
                    found.setdefault(k, []).append(v)
                walk(v)
        elif isinstance(value, list):
            for v in value:
                walk(v)

    walk(report)
    ok(f"{run}: the mean absolute error is in the report", any(abs(v - mae) < 1e-9 for v in found.get("mae", [])), text[:400])
    rank = slate_rank(prediction, actual, slates)
    ok(f"{run}: so is the rank correlation", any(abs(v - rank) < 1e-9 for v in found.get("rank", [])), found.get("rank", [])[:3])
    s, low, high = skill(prediction, numbers(scored, "baseline:" + headline), actual, slates)
    for what, value in (("skill", s), ("low", low), ("high", high)):
        ok(f"{run}: so is the {what} against {headline}", any(abs(v - value) < 1e-9 for v in found.get(what, [])),
           f"{value} is not in {found.get(what, [])[:5]}")
    return rows, scored, actual, prediction, low


KNOWN = ["season_date", "game_id", "player_id", "team", "opp", "home", "dk_salary", "dk_pos"]


def write_evening(home, logs, evening):
    """The season up to a slate, and of the slate what is known before it."""
    for name, columns, wanted in (("games.csv", list(logs[0]), lambda day: day < evening),
                                  ("slate.csv", KNOWN, lambda day: day == evening)):
        with open(os.path.join(home.path, name), "w", newline="") as f:
            out = csv.DictWriter(f, columns, extrasaction="ignore")
            out.writeheader()
            out.writerows(r for r in logs if wanted(r["season_date"]))


def check_slate(home, logs, rows, evening, figures):
    """On its evening a slate is said as the season's backtest says it."""
    write_evening(home, logs, evening)
    run = home("backtest", "predict", "week", "--slate", "slate.csv", "--json")
    said = {r["entity"]: r for r in json.loads(run.stdout or "[]")}
    later = {r["entity"]: r for r in rows if r["date"].replace("-", "") == evening}
    equal(f"{evening}: all of the slate is predicted", sorted(said), sorted(later))
    worst = max((abs(said[e][k] - float(later[e][k])) for e in said for k in figures), default=1)
    ok(f"{evening}: as in the season's backtest", worst < 1e-9, worst)
    return run


def check_slates(home, logs, rows):
    write_evening(home, logs, "20180404")
    with open(os.path.join(home.path, "nba-default.yaml")) as f:
        text = f.read().replace("nba-gamelogs-2017-18.csv.gz", "games.csv").replace("20180411", "20180403")
    with open(os.path.join(home.path, "week.yaml"), "w") as f:
        f.write(text)
    equal("the season so far runs", home("--local", "backtest", "run", "week.yaml").returncode, 0)
    run = check_slate(home, logs, rows, "20180404", ("prediction", "low", "high"))
    match("by the run's own models, without training", run.stderr,
          r"by the kept models of cycle 13 \(2\), which know what was before 2018-04-02")
    check_promoted(home, run)
    # Intervals know the errors of the run, which ended a week ago.
    due = check_slate(home, logs, rows, "20180410", ("prediction",))
    match("where models are due they are trained, and kept", due.stderr,
          r"2 models of cycle 14 trained on what was before 2018-04-09, 0 kept")
    again = home("backtest", "predict", "week", "--slate", "slate.csv", "--json")
    match("for the next slate of the cycle", again.stderr, r"by the kept models of cycle 14 \(2\)")
    equal("which says the same to the last digit", again.stdout, due.stdout)
    run = home("backtest", "predict", "week", "--slate", "games.csv")
    match("what has happened is no slate", run.stderr, r"has two rows on 2017-10-17")
    run = home("backtest", "predict", "week")
    equal("without a slate", (run.returncode, "--slate FILE" in run.stderr), (2, True))
    check_corrected(home)


def check_promoted(home, run):
    place = os.path.join(home.path, "models-of-april")
    promoted = home("backtest", "promote", "week", "--to", place)
    equal("the models are promoted", (promoted.returncode, promoted.stdout), (0, place + "\n"))
    with open(os.path.join(place, "card.json")) as f:
        card = json.load(f)
    report = json.loads(home("backtest", "report", "week", "--json").stdout)
    equal("with what they are worth", (card["verdict"], card["metrics"]["mae"]), (report["verdict"], report["prediction"]["mae"]))
    equal("what they know", (card["trained_before"], card["cycle"], len(card["features"])), ("2018-04-02", 13, 48))
    with open(os.path.join(home.path, "games.csv"), "rb") as f:
        equal("what they have learned from", card["data"], [{"file": "games.csv", "sha256": hashlib.sha256(f.read()).hexdigest()}])
    for name, digest in card["sha256"].items():
        with open(os.path.join(place, name), "rb") as f:
            equal(f"the digest of {name}", hashlib.sha256(f.read()).hexdigest(), digest)
    by_card = home("backtest", "predict", place, "--slate", "slate.csv", "--json")
    equal("what was promoted predicts alike", by_card.stdout, run.stdout)
    equal("to a bucket too", home("--local", "backtest", "promote", "week", "--to", "s3://models/april").stdout,
          "s3://models/april\n")
    with open(os.path.join(place, "predictions.csv"), "a") as f:
        f.write("\n")
    broken = home("backtest", "predict", place, "--slate", "slate.csv")
    match("a file that the card does not know is refused", broken.stderr, r"predictions\.csv is not what card\.json says")


def check_corrected(home):
    """A row before the cut-off is corrected: models that learned from the wrong one are not used."""
    with open(os.path.join(home.path, "games.csv")) as f:
        games = list(csv.DictReader(f))
    at = next(i for i, r in enumerate(games) if r["played"] == "1" and r["season_date"] == "20180301")
    games[at]["dk_fpts"] = str(float(games[at]["dk_fpts"]) + 5)
    with open(os.path.join(home.path, "games.csv"), "w", newline="") as f:
        out = csv.DictWriter(f, list(games[0]))
        out.writeheader()
        out.writerows(games)
    changed = home("backtest", "predict", "week", "--slate", "slate.csv", "--json")
    match("corrected rows are learned from", changed.stderr, r"have changed since.*\n.* 2 models of cycle 14 trained")


def check_never(home, scored, actual, prediction):
    never = numbers(scored, "never")
    first = np.array([r["cycle"] == "0" for r in scored])
    ok("in the first cycle nothing else is said without recalibrating", np.abs(never - prediction)[first].max() < 1e-9)
    ok("later it is", np.abs(never - prediction)[~first].min() >= 0 and np.abs(never - prediction)[~first].mean() > 0.01)
    text = home("backtest", "report", "nba-default").stdout
    s, low, high = skill(prediction, never, actual, slates_of(scored))
    match("the report says what recalibrating is worth", text,
          rf"recalibrating: {100 * s:.1f} % better than never \(95 %: {100 * low:.1f} to {100 * high:.1f} % better\)")
    match("and what it takes", text, r"15 trainings instead of 1")
    with open(os.path.join(home.path, "nba-default.yaml")) as f:
        ridge = f.read().replace("model: pooled", "model: ridge")
    with open(os.path.join(home.path, "ridge.yaml"), "w") as f:
        f.write(ridge)
    home("--local", "backtest", "run", "ridge.yaml")
    scored = [r for r in home.predictions("ridge") if r["scored"] == "1"]
    near("a ridge that is never trained again errs as in the reference",
         float(np.abs(numbers(scored, "never") - numbers(scored, "actual")).mean()), 7.3266, 5e-5)


home = Home()
try:
    run = home("--local", "backtest", "run", "nba-default.yaml")
    equal("the default season runs from one command", run.returncode, 0)
    match("and says what it is worth first", run.stdout, r"\A\d\.\d % better than the exponentially weighted mean of 5")
    rows, scored, actual, prediction, low = check_report(home, "nba-default", "ewm_5")
    equal("rows and slates", (len(scored), len({r["date"] for r in scored})), (13839, 94))
    near("the season mean is the reference's", float(np.abs(numbers(scored, "baseline:season_mean") - actual).mean()),
         7.555646138152)
    near("so is the default's error", float(np.abs(prediction - actual).mean()), 7.273974, 5e-7)
    near("and its rank correlation", slate_rank(prediction, actual, slates_of(scored)), .7271, 5e-5)
    ok("above the exponentially weighted mean, the interval's lower end too", low > 0, low)
    bottom, top = numbers(scored, "low"), numbers(scored, "high")
    known = ~np.isnan(bottom)
    inside = (bottom <= actual) & (actual <= top)
    ok("80 % intervals cover 78 to 82 %", .78 <= inside[known].mean() <= .82, inside[known].mean())
    level = numbers(scored, "baseline:season_mean")
    edges = np.quantile(level, [.2, .4, .6, .8])
    fifths = np.searchsorted(edges, level)
    shares = [float(inside[known & (fifths == k)].mean()) for k in range(5)]
    ok("and 75 to 85 % in each fifth of players", all(.75 <= s <= .85 for s in shares), shares)

    with gzip.open(os.path.join(home.path, "nba-gamelogs-2017-18.csv.gz"), "rt", newline="") as f:
        logs = list(csv.DictReader(f))
    check_slates(home, logs, rows)
    check_never(home, scored, actual, prediction)

    with open(os.path.join(home.path, "nba-per-player.yaml")) as f:
        text = f.read().replace("test_start: 20180101", "test_start: 20180312")
    with open(os.path.join(home.path, "april.yaml"), "w") as f:
        f.write(text)
    run = home("--local", "backtest", "run", "april.yaml")
    equal("a model for each player does not beat the season mean", run.returncode, 3)
    match("and that is said first", run.stdout, r"\A\d+\.\d % worse than the season mean .*: do not use it")
    check_report(home, "april", "season_mean")
    again = home("--local", "backtest", "run", "april.yaml")
    ok("a run that is done is not made again", "april" in again.stderr, again.stderr)
    equal("its report is the same", home("backtest", "report", "april").stdout, run.stdout)
finally:
    home.close()
done()
