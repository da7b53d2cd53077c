"""`sagetop backtest check` on the real game logs: twelve planted leaks are caught, each by the
perturbations that must, an honest column and the shipped specifications pass. TAP."""
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.environ.get("SAGETOP_SRC", "."), "tests"))
from tap import done, equal, match, ok, skip_all  # noqa: E402

DATA = os.environ.get("SAGETOP_TEST_DATA")
if not DATA:
    skip_all("SAGETOP_TEST_DATA is not set")
BUILD, SRC = os.environ.get("SAGETOP_BUILD", "."), os.environ.get("SAGETOP_SRC", ".")
LEAKS = {"last_ten_not_shifted": "V", "same_minutes": "V", "team_total": "VS", "season_mean": "VT", "same_starter": "V",
         "team_mates": "S", "opponent_by_row": "VSO", "opponent_season": "VTS", "until_next": "T", "games_left": "T",
         "filled_lag": "VTS", "z_score": "S", "honest": ""}


def shipped(name):
    with open(os.path.join(SRC, "share", "backtests", name)) as f:
        return f.read().replace("nba-gamelogs", os.path.join(DATA, "nba-gamelogs"))


def check(text, *options):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "spec.yaml")
        with open(path, "w") as f:
            f.write(text)
        return subprocess.run([os.path.join(BUILD, "sagetop"), "backtest", "check", path, *options], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def few_models(text):
    """What is looked for is in the features; trees of every player would only take their time."""
    head, tail = text.split("\nmodel: ")
    return head + "\nmodel: ridge\n" + tail[tail.index("baselines:"):]


program = f"/usr/bin/python3 {SRC}/tests/interop/leaky_columns.py"
planted = few_models(shipped("nba-default.yaml")).replace("count: played = 1", f"count: played = 1\n  program: {program}")
run = check(planted, "--json", "-n", "2")
equal("a leak is an exit status", run.returncode, 3)
try:
    report = json.loads(run.stdout)
except ValueError:
    report = {"leaks": []}
    ok("the report is JSON", False, run.stdout + run.stderr)
caught = {name: "" for name in LEAKS}
for leak in report["leaks"]:
    if not leak["predicted"]:
        caught[leak["column"]] = caught.get(leak["column"], "") + leak["way"]
for name, ways in LEAKS.items():
    equal(f"{name} is caught by {ways or 'nothing'}", "".join(sorted(caught[name])), "".join(sorted(ways)))
equal("no other column is", sorted(set(caught) - set(LEAKS)), [])
ok("the predictions show it too", any(leak["predicted"] for leak in report["leaks"]))
ok("each names its first row", all(leak["day"] and leak["entity"] for leak in report["leaks"]))

run = check(shipped("nba-default.yaml"), "-n", "2")
equal("the default specification passes", run.returncode, 0)
match("and says what was looked at", run.stdout, r"no leak found in 48 features and the predictions")
run = check(few_models(shipped("nba-per-player.yaml")), "-n", "2")
equal("so do the features of the other one", run.returncode, 0)
run = check(shipped("nba-default.yaml").replace("model: pooled", """model: listed
models: [{name: early, type: xgboost, early_stopping_rounds: 3,
          hyperparameters: {num_round: 40, max_depth: 3, eta: 0.3, tree_method: hist}}]"""), "-n", "1")
equal("trees that stop early pass: what is predicted has no part in when they stop", run.returncode, 0)
lying = few_models(shipped("nba-default.yaml")).replace("  - rest()", "  - rest()\n  - min")
run = check(lying, "-n", "1")
match("what is not declared cannot be a feature", run.stderr, r"min is not known before the slate")
done()
