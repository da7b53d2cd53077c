"""A backtest whose model is a program of the user's own, on the local engine: what its jobs read,
what they must not, and what becomes of predictions that are not what was asked for. TAP."""
import csv
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from backtest_support import Backtest  # noqa: E402
from engine_support import done, equal, ok  # noqa: E402
from tap import match  # noqa: E402

# Half the entity's mean, half its last value. A file in the folder `do` says once what is wrong
# with a cycle's predictions.
MODEL = r'''
import collections, csv, json, os, sys

ml, do = "/opt/ml", sys.argv[1]
about = json.load(open(ml + "/input/data/predict/cycle.json"))
learn = list(csv.DictReader(open(ml + "/input/data/train/train.csv")))
ask = list(csv.DictReader(open(ml + "/input/data/predict/predict.csv")))
assert len(learn) == about["learns"] and len(ask) == about["predicts"] and about["target"] == "y"
assert list(learn[0]) == ["date", "entity", "target"] + about["features"]
assert list(ask[0]) == ["date", "entity"] + about["features"], "what happened must not be there"
assert max(r["date"] for r in learn) < about["cutoff"] <= min(r["date"] for r in ask)
assert max(r["date"] for r in ask) <= about["last_day"]
assert sorted(os.listdir(ml + "/input/data")) == ["code", "predict", "train"]
seen = collections.defaultdict(list)
for r in learn:
    seen[r["entity"]].append(float(r["target"]))
rows = [[r["entity"], r["date"], repr(0.5 * sum(h) / len(h) + 0.5 * float(r["lag(y,1)"])), "ours"]
        for r in reversed(ask) for h in [seen[r["entity"]]]]
said = os.path.join(do, "c%d" % about["cycle"])
what = open(said).read() if os.path.exists(said) else ""
if what:
    os.unlink(said)
if what == "fails":
    sys.exit(3)
if what == "missing":
    rows.pop()
if what == "twice":
    rows[0] = rows[1]
if what == "other":
    rows[0] = ["nobody"] + rows[0][1:]
if what == "word":
    rows[0][2] = "nan"
text = "\n".join(",".join(r) for r in [["entity", "date", "prediction", "note"]] + rows) + "\n"
if what == "column":
    text = text.replace("prediction", "guess", 1)
os.makedirs(ml + "/output/data", exist_ok=True)
if what != "nothing":
    open(ml + "/output/data/predictions.csv", "w").write(text[:-9] if what == "torn" else text)
'''

SPEC = """data: {{files: [games.csv]}}
columns: {{entity: who, date: day, target: y, group: game}}
eligible: {{min_rows: 5}}
windows: {{train_start: 2020-01-01, test_start: 2020-01-20, test_end: {end}, recalibrate_days: 2}}
features: ["lag(y, 1)", "mean(y, 3)"]
model: own
own: {{files: [model.py], command: [python3, /opt/ml/input/data/code/model.py, {do}]}}
baselines: [season_mean]
run: {{concurrency: 1, retries: {retries}}}
"""
DAYS = 34  # 2020-02-03 is the last: eight cycles
WRONG = {"torn": "line 25 has no end", "missing": "1 of 24 rows are missing, such as that of p0 on ",
         "twice": "stands there twice", "other": "nobody on 20.* is no row of predict.csv",
         "word": "has no number as its prediction", "column": "has no column prediction",
         "nothing": "it left no output.tar.gz|predictions.csv is missing or empty"}


def write(b, name, text):
    with open(os.path.join(b.dir, name), "w") as f:
        f.write(text)


def expected(b):
    """The same from the data, by the definitions."""
    with open(os.path.join(b.dir, "games.csv")) as f:
        games = list(csv.DictReader(f))
    days = sorted({g["day"] for g in games})
    first, out = days.index("2020-01-20"), {}
    for who in {g["who"] for g in games}:
        values = {g["day"]: float(g["y"]) for g in games if g["who"] == who}
        for i in range(first, len(days)):
            before = [values[d] for d in days[:first + (i - first) // 2 * 2]]
            out[days[i], who] = 0.5 * sum(before) / len(before) + 0.5 * values[days[i - 1]]
    return out


b = Backtest(days=DAYS)
write(b, "model.py", MODEL)
spec = SPEC.format(end="2020-02-03", do=b.do, retries=1)
write(b, "own.yaml", spec)
for cycle, what in enumerate(WRONG):
    b.tell(f"c{cycle}", what)
status = b.run("run", "own.yaml")
ok("a run of one's own program ends with its verdict", status in (0, 3) and "season mean" in b.output, b.output)
for cycle, (what, why) in enumerate(WRONG.items()):
    match(f"what is wrong is that pack's failure, in a line: {what}", b.output,
          rf"(?m)^.*own-c{cycle}-p1 failed \(output: .*(?:{why}).*\): made again$")
rows = list(csv.DictReader(b.read("predictions.csv", "own").decode().splitlines()))
want = expected(b)
equal("every row of the pool", len(rows), len(want))
ok("what it said, as it said it", all(abs(float(r["prediction"]) - want[r["date"], r["entity"]]) < 1e-9 and
                                     r["model:own"] == r["prediction"] for r in rows), rows[:3])
ok("with what happened and the baselines put to it", all(r["scored"] == "1" and r["actual"] and r["scale"] and
                                                        r["baseline:season_mean"] for r in rows), rows[:3])
equal("a job for each cycle, and one more for each that was wrong", len(b.jobs()), 8 + len(WRONG))
cached = os.path.join(b.dir, "cache", "sagetop", "backtests", "own", "own")
ok("the matrix is not kept here", not os.path.exists(cached), cached)
equal("what is predicted of a slate by nobody but its jobs is refused", b.run("promote", "own"), 1)
match("and said", b.output, "its model is a program of your own|this build has no trainer")

# --- it fails, and its file changes ---
write(b, "again.yaml", SPEC.format(end="2020-01-23", do=b.do, retries=0))
b.tell("c1", "fails")
equal("a program that fails fails the run", b.run("run", "again.yaml"), 1)
match("and the run says how to go on", b.output, "1 of 2 packs failed, .*backtest retry again --failed")
write(b, "model.py", MODEL + "\n# changed\n")
equal("another program is another run", b.run("retry", "again", "--failed"), 1)
match("which is said", b.output, "was begun with other data")
write(b, "model.py", MODEL)
ok("with the same one it goes on", b.run("retry", "again", "--failed") in (0, 3), b.output)

# --- specifications ---
for what, old, new, why in (("no command", "command: [python3, /opt/ml/input/data/code/model.py, %s]" % b.do, "image: x",
                             "own.command: needs the words of a command"),
                            ("another model", "model: own", "model: ridge", 'own: is of model own, and the model is "ridge"'),
                            ("a file that is not there", "model.py]", "other.py]", "own.files: cannot read .*other.py"),
                            ("entities of their own", "concurrency: 1", "pack_entities: 2", "cannot be cut by|pack_entities")):
    write(b, "bad.yaml", spec.replace(old, new))
    ok(f"{what}: refused", b.run("plan", "bad.yaml") != 0, b.output)
    match("and told why", b.output, why)
equal("its features are checked", b.run("check", "own.yaml"), 0)
match("its predictions are not", b.output, "predictions were not looked at: (the model is a program of your own|this build)")
equal("the engine ends well", b.close(), 0)
done()
