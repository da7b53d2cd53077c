"""sagetop backtest run against the local engine: jobs, retries by cause, torn results, changed
specifications; and killed at random moments, with faults on, it ends with every job once and
the same predictions. TAP."""
import json
import os
import random
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from backtest_support import Backtest, until  # noqa: E402
from engine_support import BUILD, done, equal, ok  # noqa: E402
from tap import match  # noqa: E402

SRC = os.environ.get("SAGETOP_SRC", ".")
CHAOS_DAYS = int(os.environ.get("BACKTEST_CHAOS_DAYS", "59"))  # 20 cycles; ten jobs of each


def lines(text):
    return text.decode().splitlines()


def predicted(text):
    """What is predicted of each row: numbers may be written in other ways."""
    return [float(line.split(",")[6]) for line in lines(text)[1:]]


def skill(rows):
    """1 - error / the season mean's, with the jackknife's interval over days, of lines of predictions."""
    days = {}
    for cells in (line.split(",") for line in rows):
        day = days.setdefault(cells[0], [0, 0])
        day[0] += abs(float(cells[6]) - float(cells[5]))
        day[1] += abs(float(cells[11]) - float(cells[5]))
    e, o, n = sum(d[0] for d in days.values()), sum(d[1] for d in days.values()), len(days)
    without = [1 - (e - d[0]) / (o - d[1]) for d in days.values()]
    mean = sum(without) / n
    half = 1.959963984540054 * ((n - 1) / n * sum((s - mean) ** 2 for s in without)) ** 0.5
    return 1 - e / o, 1 - e / o - half, 1 - e / o + half


def close(a, b):
    return all(abs(x - y) < 1e-9 for x, y in zip(a, b))


# --- a specification of what lies there -----------------------------------------------------
b = Backtest()
equal("init looks at data", b.run("init", "games.csv"), 0)
with open(os.path.join(b.dir, "made.yaml"), "w") as f:
    f.write(b.output)
for line in ('entity: "who"', 'date: "day"', 'target: "y"', "test_end: 2020-02-09"):
    ok(f"finds {line}", line in b.output, b.output)
equal("what it writes can be planned", b.run("plan", "made.yaml", "--json"), 0)
equal("with jobs", json.loads(b.output)["planned"]["jobs"], len(json.loads(b.output)["jobs"]))
subprocess.run(["sh", os.path.join(SRC, "share", "make-sample-data"), "--teams", "4", "--days", "60", b.dir], check=True,
               stdout=subprocess.DEVNULL)
equal("so does it at the sample season, whose days are numbers", b.run("init", "boxscores.csv"), 0)
for line in ('entity: "player"', 'date: "day"', 'target: "fantasy_points"', "train_start: 1970-01-04"):
    ok(f"finds {line}", line in b.output, b.output)
with open(os.path.join(b.dir, "made.yaml"), "w") as f:
    f.write(b.output)
equal("which can be planned", b.run("plan", "made.yaml", "--json"), 0)
with open(os.path.join(b.dir, "bad.csv"), "w") as f:
    f.write("a,b\n1,x\n2,y\n")
equal("a file without days is refused", b.run("init", "bad.csv"), 1)
match("and told why", b.output, "bad.csv has no column of days")
b.close()

# --- as it should be ---------------------------------------------------------------------
b = Backtest()
status = b.run("run", "toy.yaml")
ok("a run ends with its verdict", status in (0, 3) and "season mean" in b.output, b.output)
whole = b.read("predictions.csv")
keys = [tuple(line.split(",")[k] for k in (0, 2, 1)) for line in lines(whole)[1:]]
equal("every row of the pool is predicted", len(keys), 21 * 12)
ok("in order of day, group and entity, none twice", keys == sorted(set(keys)), keys[:20])
equal("one job for each pack", sorted(b.jobs()), [(n, "Completed") for n in b.planned()])
equal("two parts for each of eleven cycles", len(b.planned()), 22)
match("cost.json counts them", b.read("cost.json").decode(), r'"jobs": 22,')
match("importances are their mean", b.read("importances.json").decode(), r'"lag": 6\.0')
job = b.engine.describe("toy-c3-p2")
equal("a job is told its cycles and part", {k: job["HyperParameters"][k] for k in ("backtest_cycles", "backtest_part")},
      {"backtest_cycles": "3-3", "backtest_part": "2/2"})
equal("spot with its waiting", (job["EnableManagedSpotTraining"], job["StoppingCondition"]["MaxWaitTimeInSeconds"]),
      (True, 14400))
equal("and tagged as the run's", b.engine.client("sagemaker").list_tags(ResourceArn=job["TrainingJobArn"])["Tags"],
      [{"Key": "sagetop:backtest", "Value": "toy"}])

s = b.status()["so_far"]
equal("in the end all cycles are judged", (s["cycles"], s["cycles_all"], s["rows"], s["slates"]), (11, 11, 252, 21))
ok("as an independent computation has it", close([s[k] for k in ("skill", "low", "high")], skill(lines(whole)[1:])), s)
ok("entities stand with their own, the worst first", len(s["entities"]) == 12 and
   [e["skill"] for e in s["entities"]] == sorted(e["skill"] for e in s["entities"]), s["entities"])
one = s["entities"][0]
ok("which is theirs", close([one["skill"]], skill([line for line in lines(whole)[1:] if line.split(",")[1] == one["entity"]])), one)
equal("status in words", b.run("status", "toy"), 0)
match("has it too", b.output, r"11 of 11 cycles: .*the season mean \(95 %: .*\), MAE [\d.]+ against [\d.]+")

# --- told, not done twice -----------------------------------------------------------------
equal("a second run of the name is refused", b.run("run", "toy.yaml"), 1)
match("and told that it is done", b.output, r"the run toy is done: sagetop backtest report toy")
b.write_spec(pack=6, concurrency=7)
equal("a changed specification is refused", b.run("run", "toy.yaml"), 1)
match("with the difference", b.output, r"(?s)- run\.concurrency: 8\n\+ run\.concurrency: 7\n.*another specification")
b.write_spec()
b.write_data(seed=4)
equal("changed data are refused", b.run("resume", "toy"), 1)
match("with the file", b.output, r"(?s)sha256.*other data")
b.write_data()
equal("nothing was launched for any of these", len(b.jobs()), 22)

# --- data in S3, and what cannot be had -------------------------------------------------------
s3 = b.engine.client("s3")
s3.create_bucket(Bucket="games")
s3.upload_file(os.path.join(b.dir, "games.csv"), "games", "season/games.csv")
b.write_spec(more=", bucket: 's3://games/runs'")
spec = os.path.join(b.dir, "toy.yaml")
text = open(spec).read().replace("games.csv", "'s3://games/season/'")
open(spec, "w").write(text)
status = b.run("run", "toy.yaml", "--name", "from-s3")
ok("data in S3 give the same predictions", status in (0, 3) and b.read("predictions.csv", "from-s3") == whole, b.output)
match("results lie in the bucket that is named", str(s3.list_objects_v2(Bucket="games", Prefix="runs/from-s3/output/")["KeyCount"]),
      r"^[1-9]")
for where, said in (("s3://games/none/", r"data.files: s3://games/none/: there is no object below it"),
                    ("s3://nowhere/x/", r"data.files: s3://nowhere/x/: .*bucket does not exist"), ("none.csv", r"data.files: cannot read .*none.csv")):
    open(spec, "w").write(text.replace("s3://games/season/", where))
    ok("no data: an error", b.run("plan", "toy.yaml") in (1, 4), b.output)
    match("that names it", b.output, said)
open(spec, "w").write(text.replace("min_rows: 5", "min_rows: 500"))
equal("nobody eligible is an error", b.run("plan", "toy.yaml"), 1)
match("which says so", b.output, r"500 earlier rows")
open(spec, "w").write(text.replace("test_start: 2020-01-20", "test_start: 2021-01-20").replace("test_end: 2020", "test_end: 2022"))
equal("a window without data is one", b.run("plan", "toy.yaml"), 1)
match("which says where to look", b.output, r"windows\.test_start")
b.write_spec()

# --- columns of a program ---------------------------------------------------------------------
text = open(spec).read()
open(spec, "w").write(text.replace("data: {", """data: {program: "awk 'NR == 1 { print \\"own\\" } NR > 1 { print NR % 7 }'", """))
status = b.run("run", "toy.yaml", "--name", "program")
ok("a run with columns of its own ends", status in (0, 3), b.output)
equal("and the stand-in, which does not look at them, says the same", predicted(b.read("predictions.csv", "program")), predicted(whole))
equal("goes on without its program", b.run("resume", "program"), 1)
match("the same run", b.output, "the run program is done")
open(spec, "w").write(text)

# --- another cut, the same predictions ------------------------------------------------------
b.write_spec(pack=100, concurrency=3)
status = b.run("run", "toy.yaml", "--name", "other")
ok("the same in other packs", status in (0, 3), b.output)
ok("is the same file", b.read("predictions.csv", "other") == whole)
equal("from fewer jobs", len(b.planned("other")), 11)
equal("of which data were sent once for each run", b.run("status"), 0)
match("status lists both", b.output, r"(?s)other\tdone\t11\t11\t0.*toy\tdone\t22\t22\t0")
b.close()

# --- failures -------------------------------------------------------------------------------
b = Backtest()
b.tell("toy-c0-p1", "killed")
b.tell("toy-c1-p1", "torn")
b.tell("toy-c2-p1", "missing")
b.tell("toy-c4-p2", "data")
status = b.run("run", "toy.yaml")
equal("a pack that failed for good ends the run", status, 1)
match("which is told with its cause", b.output, r"1 of 22 packs failed, one of them: .*'n/a' is not a number")
match("a crash is made again", b.output, r"toy-c0-p1 failed \(crash: .*exit code: 137.*: made again")
match("torn results are, alone", b.output, r"toy-c1-p1 failed \(output: backtest.json tells of 12 rows, predictions.csv has 11\)")
match("and missing ones", b.output, r"toy-c2-p1 failed \(output: it left no output.tar.gz\)")
ok("a data error is not", "toy-c4-p2-r1" not in dict(b.jobs()), b.jobs())
s = b.status()
equal("status says so", (s["state"], s["failed"], s["causes"], s["made_again"]), ("failed", 1, {"data": 1}, 3))
had = [line for line in lines(whole)[1:] if line.split(",")[3] != "4"]
ok("what is there is judged: all cycles but the one that lacks a pack", s["so_far"]["cycles"] == 10 and
   close([s["so_far"][k] for k in ("skill", "low", "high")], skill(had)), s["so_far"])
with open(b.path("standing.json"), "w") as f:
    f.write('{"against": ')
ok("a torn standing.json tells nothing, and is no error", "so_far" not in b.status())
ok("there are no predictions yet", not os.path.exists(b.path("predictions.csv")))
b.untell("toy-c4-p2")
status = b.run("retry", "toy", "--failed")
ok("retry --failed makes it again", status in (0, 3), b.output)
ok("and the predictions are those of the whole run", b.read("predictions.csv") == whole)
equal("each pack once more as its cause asks", sorted(n for n, _ in b.jobs() if "-r" in n),
      ["toy-c0-p1-r1", "toy-c1-p1-r1", "toy-c2-p1-r1", "toy-c4-p2-r1"])
b.close()

# --- held ------------------------------------------------------------------------------------
b = Backtest(concurrency=2)
for name in ("toy-c0-p1", "toy-c0-p2", "toy-c1-p1", "toy-c1-p2", "toy-c2-p1"):
    b.tell(name, "data")
equal("equal failures hold the run", b.run("run", "toy.yaml"), 1)
match("with the reason", b.output, r"paused: [345] jobs in a row failed alike: .*'n/a' is not a number; sagetop backtest resume toy")
ok("before the rest was launched", len(b.jobs()) <= 6, b.jobs())
equal("run says how to go on", b.run("run", "toy.yaml"), 1)
match("by name", b.output, r"there is a run toy already, and it is paused: .*resume toy")
ok("what still ran ends", until(lambda: "InProgress" not in dict(b.jobs()).values()), b.jobs())
for name in os.listdir(b.do):
    b.untell(name)
status = b.run("retry", "toy", "--failed")
ok("mended, it goes on to the end", status in (0, 3), b.output)
ok("with the same predictions", b.read("predictions.csv") == whole)
b.close()

b = Backtest(concurrency=2, more=", image: '1.dkr.ecr.us-east-1.amazonaws.com/x:1', bucket: 's3://sagetop-backtests', "
             "role: 'arn:aws:iam::000000000000:role/x'")
b.tell("toy-c0-p1", "sleep")
process = b.start("run", "toy.yaml")
ok("a job runs", until(lambda: dict(b.jobs()).get("toy-c0-p1") == "InProgress"), b.jobs())
equal("it is worked on by one process only", b.run("resume", "toy"), 1)
match("the other is told", b.output, "another sagetop works on the run toy")
equal("pause", b.run("pause", "toy"), 0)
output = process.communicate(timeout=60)[0]
match("the process that runs it ends", output, "the run toy is paused: by hand")
equal("stop ends what runs", b.run("stop", "toy"), 0)
equal("the job is stopped", dict(b.jobs())["toy-c0-p1"], "Stopped")
equal("and the run", b.status()["state"], "stopped")
equal("nothing more was launched", len(b.jobs()) < 6, True)
b.untell("toy-c0-p1")
asked = subprocess.run([os.path.join(BUILD, "sagetop"), "--endpoint-url", b.engine.endpoint, "backtest", "resume", "toy"],
                       cwd=b.dir, env={**b.env, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "local",
                                       "AWS_SECRET_ACCESS_KEY": "local"}, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
equal("where it costs money resume asks", asked.returncode, 2)
match("and says what is left", asked.stderr, r"toy: 2\d of 22 packs are left: about \$\d+\.\d\d on spot, at most \$\d+\.\d\d \(prices of 20[\d-]+\)\n.*say --yes")
status = b.run("resume", "toy")
ok("resume makes again what was stopped", status in (0, 3), b.output)
ok("with the same predictions", b.read("predictions.csv") == whole)
b.close()

b = Backtest("--deny", "s3:PutObject", days=24)
equal("a bucket that refuses is an error", b.run("run", "toy.yaml"), 5)
match("named with its file", b.output, r"s3://sagetop-backtests/toy/.*games\.csv")
equal("nothing was launched", b.jobs(), [])
b.close()

# --- killed at random, faults on ---------------------------------------------------------------
calm = Backtest(days=CHAOS_DAYS, entities=20, pack=100, concurrency=20, real=True) # its packs do not matter
status = calm.run("run", "toy.yaml", seconds=900)
ok("the undisturbed run ends", status in (0, 3), calm.output)
wanted = calm.read("predictions.csv")
calm.close()

seed = int(os.environ.get("BACKTEST_CHAOS_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
draw = random.Random(seed)
print(f"# chaos seed {seed} (BACKTEST_CHAOS_SEED)")
b = Backtest("--faults", "throttle=4%,500=3%,503=2%,reset=4%,truncate=2%", "--seed", str(seed), days=CHAOS_DAYS, entities=20,
             pack=2, concurrency=20, real=True)
# Where the service fails for longer than a call is tried again (6), one begins again as after a kill.
THROTTLED = 6
kills, status, began = 0, None, time.monotonic()
while kills < 25 and status in (None, THROTTLED):
    status = b.kill_after(draw.uniform(0.1, 4), "run", "toy.yaml")
    kills += status is None
print(f"# killed {kills} times in {time.monotonic() - began:.0f} s")
while status in (None, THROTTLED) and time.monotonic() - began < 900:
    status = b.run("run", "toy.yaml", seconds=900)
# A kill between the last prediction and the verdict leaves a run that is done.
said = b.output
ok("killed again and again, it comes to its end", status in (0, 3) or ("is done" in said and b.status()["state"] == "done"), said)
ok("it was killed often enough to mean something", kills >= 8, kills)
equal("200 packs were planned", len(b.planned()), 10 * ((CHAOS_DAYS - 19) // 2))
equal("every job was made once", sorted(b.jobs()), [(n, "Completed") for n in b.planned()])
ok("the predictions are the same, byte for byte", b.read("predictions.csv") == wanted)
b.close()
done()
