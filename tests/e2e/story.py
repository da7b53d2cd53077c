"""A user's whole day on one machine, by the commands as they are typed: prepare data by a script, train, tune,
evaluate by a script, serve, ask, predict in bulk, stop and delete; nothing is left that can be deleted."""
import atexit
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from dashboard import SAGETOP, Terminal  # noqa: E402
from tap import done, equal, match, ok, skip, skip_all  # noqa: E402

BUILD = os.environ["SAGETOP_BUILD"]
BUCKET = "s3://sagemaker-us-east-1-000000000000"
SPLIT = """
import csv, os
rows = list(csv.reader(open("/opt/ml/processing/input/raw/all.csv")))[1:]
for name, part in (("train", rows[:600]), ("validation", rows[600:800]), ("test", rows[800:])):
    with open("/opt/ml/processing/output/%s/%s.csv" % (name, name), "w") as f:
        csv.writer(f, lineterminator="\\n").writerows(part)
print("split", len(rows))
"""
EVALUATE = """
import csv, subprocess, sys, tarfile
base = "/opt/ml/processing/input/"
tarfile.open(base + "model/model.tar.gz").extractall("/tmp/" + sys.argv[2])
rows = [[float(x) for x in r] for r in csv.reader(open(base + "test/test.csv"))]
with open("/tmp/" + sys.argv[2] + "/rows.csv", "w") as f:
    csv.writer(f).writerows(r[1:] for r in rows)
out = subprocess.run([sys.argv[1], "predict", "/tmp/" + sys.argv[2], "/tmp/" + sys.argv[2] + "/rows.csv"],
                     capture_output=True, text=True, check=True).stdout
said = [float(x) for x in out.replace(",", "\\n").split()]
rmse = (sum((r[0] - p) ** 2 for r, p in zip(rows, said, strict=True)) / len(rows)) ** 0.5
open("/opt/ml/processing/output/report/evaluation.json", "w").write('{"rmse": %r}' % rmse)
print("rmse %r" % rmse)
"""

if not all(os.path.exists(os.path.join(BUILD, p)) for p in ("sagetop-local", "sagetop-trainer")):
    skip_all("built without engine or trainer")
if subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode:
    skip_all("no mount namespaces here")
work = tempfile.mkdtemp(prefix="sagetop-story-")
environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
environment |= {"HOME": work, "XDG_CACHE_HOME": work + "/cache", "XDG_STATE_HOME": work + "/state",
                "XDG_CONFIG_HOME": work + "/config", "LC_ALL": "C.UTF-8", "AWS_EC2_METADATA_DISABLED": "true"}


def run(*words, status=0):
    r = subprocess.run([BUILD + "/sagetop", *words], capture_output=True, text=True, env=environment,
                       stdin=subprocess.DEVNULL, timeout=120)
    if r.returncode != status:
        ok("sagetop " + " ".join(words), False, f"status {r.returncode}, not {status}: {r.stdout}{r.stderr}")
    return r.stdout


def sagetop(*words, **more):
    return run("--local", *words, **more)


def leave():
    subprocess.run([BUILD + "/sagetop", "local", "stop", "--timeout", "60s"], env=environment, capture_output=True)
    shutil.rmtree(work, ignore_errors=True)


def write(name, text):
    path = os.path.join(work, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)
    return path


def job(name, **more):
    channel = lambda c: {"ChannelName": c, "ContentType": "text/csv", "DataSource": {  # noqa: E731
        "S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"{BUCKET}/split/output/{c}/"}}}
    return write(name + ".json", json.dumps({
        "TrainingJobName": name, "RoleArn": "arn:aws:iam::000000000000:role/story",
        "AlgorithmSpecification": {"TrainingImage": "sagetop-trainer:1", "TrainingInputMode": "File"},
        "HyperParameters": {"objective": "reg:squarederror", "num_round": "40", "seed": "7", **more},
        "InputDataConfig": [channel("train"), channel("validation")],
        "OutputDataConfig": {"S3OutputPath": BUCKET + "/out/"},
        "ResourceConfig": {"InstanceType": "ml.c5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 5},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600}}))


atexit.register(leave)
random.seed(5)
lines = []
for _ in range(1000):
    a, b, c = (random.random() for _ in range(3))
    lines.append(f"{3 * a * a + (c if b > .5 else -c) + random.gauss(0, .05):.5f},{a:.5f},{b:.5f},{c:.5f}")
write("raw/all.csv", "y,a,b,c\n" + "\n".join(lines) + "\n")
run("local", "start", "--port", "0")

# Prepare.
outputs = [w for o in ("train", "validation", "test") for w in ("--output", o)]
equal("the split is launched", sagetop("process", write("split.py", SPLIT), "--input", f"raw={work}/raw", *outputs,
                                       "--name", "split"), "processing-job/split\tlaunched\n")
match("and done", sagetop("wait", "processing-job/split", "--timeout", "60s"), "^split\tCompleted")
match("its log", sagetop("logs", "processing-job/split"), "split 1000")

# Train and tune.
sagetop("launch", job("first"))
match("a model is trained", sagetop("wait", "first", "--timeout", "60s"), "^first\tCompleted")
told = sagetop("tune", "first", "max_depth=2..6", "eta=0.1..0.5", "n=4", "parallel=2", "objective=validation:rmse",
               "random_seed=3", "--name", "search", "--wait", "--timeout", "90s")
match("and better ones are looked for", told, r"(?s)search\tCompleted.*\nsearch-00[1-4]-\S+\tvalidation:rmse\t0\.\d+\tmax_depth=")
best = told.splitlines()[-1].split("\t")[0]
artefact = json.loads(sagetop("job", best, "--json"))["ModelArtifacts"]["S3ModelArtifacts"]

# Evaluate the best by a script of its own.
sagetop("process", write("evaluate.py", EVALUATE), "--input", "model=" + artefact,
        "--input", f"test={BUCKET}/split/output/test/", "--output", "report", "--name", "evaluate", "--",
        BUILD + "/sagetop-trainer", os.path.basename(work))
match("the best is evaluated", sagetop("wait", "processing-job/evaluate", "--timeout", "60s"), "^evaluate\tCompleted")
rmse = float(sagetop("logs", "processing-job/evaluate").split("rmse ")[1].split()[0])
ok("and has learned the noise's size", 0.04 < rmse < 0.4, rmse)

# Serve and ask.
match("it is deployed", sagetop("deploy", "tuning-job/search", "--name", "story", "--wait", "--timeout", "60s"),
      rf"(?s)^model/{best}\tcreated.*endpoint/story\tcreating.*story\tInService")
test = [[float(x) for x in line.split(",")] for line in lines[800:]]
rows = write("test.csv", "".join(",".join(map(str, r[1:])) + "\n" for r in test))
answers = [float(x) for x in sagetop("invoke", "story", rows).replace(",", "\n").split()]
asked = (sum((r[0] - p) ** 2 for r, p in zip(test, answers)) / len(test)) ** 0.5
ok("and answers as it was evaluated", len(answers) == 200 and abs(asked - rmse) < 1e-5, (len(answers), asked, rmse))
load = json.loads(sagetop("invoke", "story", rows, "--repeat", "50", "--parallel", "4", "--json"))
ok("also under load", (load["calls"], load["failed"]) == (50, 0) and load["p50_ms"] <= load["p99_ms"], load)

# Predict in bulk, by the model that is there.
match("the same rows in bulk", sagetop("transform", "tuning-job/search", "--input", rows, "--name", "bulk", "--wait",
                                       "--timeout", "60s"),
      rf"^transform-job/bulk\tlaunched\t{BUCKET}/bulk/output\nbulk\tCompleted")
sagetop("process", write("show.sh", "tr '\\n' ' ' </opt/ml/processing/input/bulk/test.csv.out\n"), "--input",
        f"bulk={BUCKET}/bulk/output/", "--name", "show")
sagetop("wait", "processing-job/show", "--timeout", "60s")
bulk = [float(x) for x in sagetop("logs", "processing-job/show").replace(",", " ").split()]
ok("have the endpoint's predictions, in their order", bulk == answers, (len(bulk), bulk[:3], answers[:3]))

# Another instance, from the endpoint's page.
if shutil.which("tmux"):
    term = Terminal(work, environment, 100, 30)
    try:
        term.type(f"clear; {SAGETOP} --local")
        term.keys("Enter")
        term.wait("the dashboard", "jobs 5")
        term.type(":show endpoint/story")
        term.keys("Enter")
        term.wait("the endpoint's page", "1 x ml.m5.large", "w weights")
        term.keys("w")
        term.wait("its weights are asked for", "=AllTraffic=1x1")
        term.keys("C-u")
        term.type("AllTraffic=3x2")
        term.keys("Enter")
        term.wait("with a question", "Change the variants?")
        term.keys("Tab", "Enter")
        term.wait("they are changed, and seen", "x ml.m5.large", "weight 3", deadline=30)
    finally:
        term.close()
    match("the second instance comes", sagetop("wait", "endpoint/story", "--timeout", "30s"), "^story\tInService")
    variant = json.loads(sagetop("show", "endpoint/story", "--json"))["ProductionVariants"][0]
    equal("and serves", (variant["CurrentWeight"], variant["CurrentInstanceCount"]), (3.0, 2))
else:
    skip("the endpoint's page", "tmux is not installed")

# Stop everything.
sagetop("launch", job("long", num_round="1000000"))
sagetop("process", write("sleep.sh", "sleep 600\n"), "--name", "sleep")
sagetop("stop", "long", "processing-job/sleep")
equal("what runs is stopped", sorted(x.split("\t")[1] for x in sagetop(
    "wait", "long", "processing-job/sleep", "--timeout", "60s").splitlines()), ["Stopped", "Stopped"])

# Delete everything.
match("endpoint, configuration and model are deleted together", sagetop("delete", "endpoint", "story", "--all", "--yes"),
      rf"(?s)^endpoint/story\tdeleted\nendpoint-config/story-\w+\tdeleted\nmodel/{best}\tdeleted\n$")
sagetop("delete", "tuning-job/search", "processing-job/split", "processing-job/evaluate", "processing-job/show",
        "processing-job/sleep", "--yes")
names = [j["name"] for j in json.loads(sagetop("jobs", "--json"))]
equal("six training jobs were made", len(names), 6)
sagetop("delete", *["training-job/" + n for n in names], "--yes")
left = {k: sagetop("list", k, "--no-header") for k in
        ("training-jobs", "tuning-jobs", "processing-jobs", "transform-jobs", "models", "endpoint-configs", "endpoints")}
match("transform jobs are kept for good", left.pop("transform-jobs"), r"^bulk\tCompleted\t\S+\t\S+\n$")
equal("every other list is empty", {k: v for k, v in left.items() if v.strip()}, {})
done()
