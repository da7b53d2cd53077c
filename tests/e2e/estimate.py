#!/usr/bin/python3
"""sagetop estimate and advise against the engine with simulated jobs and two endpoints: the arithmetic to the cent, bad
input, what is said without history and with it, other types, and advice whose command works."""
import atexit
import json
import os
import re
import shlex
import shutil
import statistics
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from engine_support import Engine, done, equal, ok, until  # noqa: E402
from tap import match, skip  # noqa: E402

sys.path.append(os.path.join(os.environ["SAGETOP_SRC"], "tests/interop"))
from sagetop_support import Sagetop  # noqa: E402

SPEC = """
TrainingJobName: try-one
AlgorithmSpecification: {TrainingImage: "000000000000.dkr.ecr.us-east-1.amazonaws.com/sagetop-trainer:1.0", TrainingInputMode: File}
HyperParameters: {num_round: "40", max_depth: "5", eta: "0.1", subsample: "0.8", objective: "reg:squarederror"}
RoleArn: arn:aws:iam::000000000000:role/simulated
OutputDataConfig: {S3OutputPath: "s3://simulated/output"}
InputDataConfig: [{ChannelName: train, DataSource: {S3DataSource: {S3DataType: S3Prefix, S3Uri: "s3://simulated/data/train/"}}}]
ResourceConfig: {InstanceType: ml.m5.xlarge, InstanceCount: 1, VolumeSizeInGB: 30}
StoppingCondition: {MaxRuntimeInSeconds: 3600, MaxWaitTimeInSeconds: 7200}
EnableManagedSpotTraining: true
CheckpointConfig: {S3Uri: "s3://simulated/checkpoints/try-one"}
"""
work = tempfile.mkdtemp(prefix="sagetop-estimate-")
atexit.register(shutil.rmtree, work, ignore_errors=True)
spec = os.path.join(work, "spec.yaml")
with open(spec, "w") as f:
    f.write(SPEC)
now = int(time.time())


def endpoint(name):
    config = {"EndpointConfigName": name, "EndpointConfigArn": f"arn:aws:sagemaker:us-east-1:000000000000:endpoint-config/{name}",
              "CreationTime": now - 4 * 86400, "ProductionVariants": [{"VariantName": "all", "ModelName": "m",
                                                                      "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 2}]}
    served = {"EndpointName": name, "EndpointArn": f"arn:aws:sagemaker:us-east-1:000000000000:endpoint/{name}", "EndpointConfigName": name,
              "EndpointStatus": "InService", "CreationTime": now - 4 * 86400, "LastModifiedTime": now - 4 * 86400,
              "ProductionVariants": [{"VariantName": "all", "CurrentInstanceCount": 2, "DesiredInstanceCount": 2, "CurrentWeight": 1.0}]}
    return [{"kind": "endpoint-config", "document": config}, {"kind": "endpoint", "document": served}]


with open(os.path.join(work, "load"), "w") as f:
    f.writelines(json.dumps(line) + "\n" for name in ("busy", "idle") for line in endpoint(name))
engine = Engine("--simulate", "240", "--simulate-hours", "4", "--load", os.path.join(work, "load"), trainer=False)
console = Sagetop(work, engine.endpoint)
sagetop, answer = console.run, console.json

# --- many models ----------------------------------------------------------------------------
users = ("estimate", "--entities", "500", "--minutes", "5", "--cycles", "15")
text = sagetop(*users, "--type", "ml.m5.xlarge", "--spot", "--rate", "0.07").stdout
match("a cycle of 500 at 0.07 is $2.92, on demand $9.58", text, r"a cycle +500 .* \$2\.92 +\$9\.58 ")
match("15 of them are $43.75, on demand $143.75", text, r"15 cycles +7,500 .* \$43\.75 +\$143\.75 ")
match("ten minutes at 0.269 are $0.045", sagetop("estimate", "--entities", "1", "--minutes", "10", "--rate", "0.269").stdout,
      r"a cycle +1 .* \$0\.045 ")
packed = answer(*users, "--type", "ml.m5.xlarge", "--pack", "50")
equal("packs are fewer jobs of the same entities", (packed["all"]["jobs"], packed["all"]["units"], packed["unpacked"]["jobs"]), (150, 7500, 7500))
ok("and cost less", packed["all"]["on_demand_usd"] < packed["unpacked"]["on_demand_usd"])
one = answer(*users, "--type", "ml.m5.xlarge", "--pack", "1")
equal("a pack of one is none", one["all"], one["unpacked"])
equal("a type without a price has none", answer(*users, "--type", "ml.x9.huge")["all"]["on_demand_usd"], None)
for words, says in ((("--entities", "-5", "--rate", "1"), "whole number"), (("--entities", "x", "--rate", "1"), "whole number"),
                    (("--entities", "99999999999", "--rate", "1"), "entities cannot be"), (("--entities", "0", "--rate", "1"), "0 entities"),
                    (("--entities", "5", "--rate", "-1"), "--rate needs a number"), (("--entities", "5", "--rate", "nan"), "--rate needs"),
                    (("--entities", "5", "--rate", "1", "--minutes", "0"), "--minutes needs"), (("--entities", "5"), "give --type"),
                    (("--entities", "5", "--rate", "1", "--pack", "0"), "0 entities of a pack"), ((), "estimate a specification or"),
                    (("--entities", "9000000", "--cycles", "9", "--rate", "1"), "pack more"),
                    (("--entities", "5", "--rate", "1", "--compare"), "--compare goes with a specification only"),
                    ((spec, "--cycles", "2"), "--cycles goes with --entities only"), ((spec, "--entities", "2"), "estimate a specification or"),
                    (("no-such-file",), "no-such-file"), ((spec, "--rate", "1e99"), "--rate needs")):
    run = sagetop("estimate", *words)
    ok(f"refused: estimate {' '.join(words)[-60:]}", run.returncode and says in run.stderr and len(run.stderr.splitlines()) == 1 and not run.stdout,
       (run.returncode, run.stderr, run.stdout))

# --- a specification --------------------------------------------------------------------------
before = answer("estimate", spec)
equal("without history figures are assumed and have no range", [(p["basis"], p["low"], p["jobs"]) for p in before["seconds"].values()],
      [("default", None, 0)] * 4)
equal("what it costs at most is known all the same", before["most_usd"], 0.23)
jobs = answer("jobs")
completed = [j for j in jobs if j["status"] == "Completed"]
after = answer("estimate", spec)
billed = after["seconds"]["billed"]
equal("it learns from all that completed", billed["jobs"], len(completed))
match("and says so", billed["why"], rf"^{len(completed)} jobs of this image, \d+ of them on ml\.m5\.xlarge$")
usual = statistics.median(j["training_seconds"] for j in completed)
ok("what is expected is of their size", usual / 2 < billed["expected"] < usual * 2, (usual, billed))
ok("within its range", billed["low"] < billed["expected"] < billed["high"])
ok("spot is cheaper than on demand by what it saved", 0.3 < after["spot"]["saving"] < 0.9 and
   abs(after["usd"] - after["on_demand_usd"] * (1 - after["spot"]["saving"])) < 2e-6, after)
ok("dollars have a range too", after["low_usd"] < after["usd"] < after["high_usd"])
text = sagetop("estimate", spec, "--format", "table").stdout
match("as text: parts, ranges, what they are from", text, r"start-up +\S+ +\S+ - \S+ .*\ndownload .*\ntraining .*\nbilled .* of them on ml\.m5\.xlarge\nspot saves ")
match("and the most", text, r"At most \$0\.230: stopped after 1h00m\.")
guess = answer("estimate", spec, "--set", "ResourceConfig.InstanceType=ml.m5.4xlarge")["seconds"]["billed"]
ok("an unknown type is a guess with a wider range", guess["basis"] == "other_types" and guess["why"].startswith("a guess") and
   guess["high"] / guess["low"] > billed["high"] / billed["low"], guess)
others = answer("estimate", spec, "--compare")
ok("every priced type is compared", len(others) > 20 and len({o["instance_type"] for o in others}) == len(others), len(others))
equal("the cheapest first", [o["usd"] for o in others], sorted(o["usd"] for o in others))
equal("the best are those that none beats", [o["instance_type"] for o in others if o["best"]],
      [o["instance_type"] for i, o in enumerate(others) if all(o["done_in_seconds"] < p["done_in_seconds"] for p in others[:i])])

# --- a backtest's plan ------------------------------------------------------------------------
data = os.environ.get("SAGETOP_TEST_DATA")
if data:
    shutil.copy(os.path.join(data, "nba-gamelogs-2017-18.csv.gz"), work)
    with open(os.path.join(os.environ["SAGETOP_SRC"], "share/backtests/nba-per-player.yaml")) as f:
        text = f.read()
    text = re.sub(r"(?m)^run:\n", "run:\n  image: 000000000000.dkr.ecr.us-east-1.amazonaws.com/sagetop-trainer:1.0\n", text)
    with open(os.path.join(work, "season.yaml"), "w") as f:
        f.write(text)
    plan = answer("backtest", "plan", os.path.join(work, "season.yaml"))
    ok("a plan's seconds are what the account's jobs took beside their training", len(plan["learned"]) == 2 and
       "jobs of this image" in plan["learned"][0], plan.get("learned"))
    ok("and what spot saved is no assumption", plan["spot_rate_assumed"] is False and
       plan["one_unit_a_job"]["spot_usd"] < 0.6 * plan["one_unit_a_job"]["on_demand_usd"], plan["one_unit_a_job"])
    said = answer("backtest", "plan", os.path.join(work, "season.yaml"), "--minutes", "5")
    equal("--minutes is taken as it is", (said["learned"], said["one_unit_a_job"]["billed_seconds"]), ([], 300.0 * said["one_unit_a_job"]["jobs"]))
else:
    skip("a plan of what the account's jobs told", "SAGETOP_TEST_DATA is not set")

# --- advice -----------------------------------------------------------------------------------
cloudwatch = engine.client("cloudwatch")
cloudwatch.put_metric_data(Namespace="AWS/SageMaker", MetricData=[{
    "MetricName": "Invocations", "Value": 3, "Timestamp": now - 7200,
    "Dimensions": [{"Name": "EndpointName", "Value": "busy"}, {"Name": "VariantName", "Value": "all"}]}])
found = answer("advise")
idle = [a for a in found if a["advice"] == "idle-endpoint"]
equal("the endpoint without a call is named, and only that", [(a["name"], a["command"]) for a in idle], [("idle", "sagetop delete endpoint/idle")])
ok("with what it costs a month", idle and abs(idle[0]["saving_usd_a_month"] - 2 * 730 * 0.23) < 0.01, idle)
ok("the largest saving comes first", [a["saving_usd_a_month"] for a in found] == sorted((a["saving_usd_a_month"] for a in found), reverse=True))
standing = {r["name"]: r["idle"] for r in answer("cost", "--now")["rows"] if r["kind"] == "endpoint"}
equal("and what runs now says the same", standing, {"busy": False, "idle": True})
smaller = [a for a in found if a["advice"] == "smaller-type"]
ok("machines that are half idle are named with what was measured", smaller and all("busy, memory at most" in a["evidence"] for a in smaller), found)
ok("jobs on demand could be on spot, as others saved", any(a["advice"] == "spot" and " spot job" in a["evidence"] for a in found), found)
for a in found:
    if a["advice"] not in ("smaller-type", "spot"):
        continue
    words = shlex.split(a["command"])
    run = sagetop(*words[1:], "--dry-run")
    ok(f"its command works: {a['advice']} {a['name']}", run.returncode == 0 and json.loads(run.stdout)["TrainingJobName"], run.stderr)
equal("words choose among the jobs", [a for a in answer("advise", "inst:m5.xlarge") if "ml.m5.xlarge" not in json.dumps(answer("job", a["name"]))], [])
equal("of failed jobs nothing is learned", answer("advise", "status:failed"), [])
run = sagetop("advise", "stauts:failed")
ok("a wrong word is named", run.returncode and "did you mean" in run.stderr, run.stderr)
text = sagetop("advise", "--format", "table").stdout
match("as text", text, r"^\$335\.80 a month  idle: delete the endpoint, or make it serverless \(idle-endpoint\)\n  no call in \d+ hours, 2 x ml\.m5\.xlarge\n  sagetop delete ")

# --- the price table's date -------------------------------------------------------------------
dated = re.compile(r"prices? of " + re.escape(answer("cost")["prices_as_of"]) + r"|\(20\d\d-\d\d-\d\d\)")
member = re.compile(r'"prices?_(as_)?of": "20\d\d-\d\d-\d\d"')
column = re.compile(r"prices_as_of\n(.*,20\d\d-\d\d-\d\d\n)+$")
page = os.path.join(work, "cost.html")
table = ("--format", "table")
totals = [("cost", *table), ("cost", "--format", "tsv"), ("cost", "--md"), ("cost", "--now", *table), ("cost", "--by", "type", *table),
          ("cost", "--explorer", "--yes", *table), ("jobs", "--group", "prefix", *table), ("jobs", "--group", "prefix", "--format", "tsv"),
          ("failures", *table), ("advise", *table), ("advise", "--format", "tsv"), ("estimate", spec, *table),
          ("estimate", spec, "--compare", *table), ("launch", spec, "--name", "dated")]
for words in totals:
    run = sagetop(*words)
    ok(f"the prices' date stands in {' '.join(words).replace(work, '')}", dated.search(run.stdout + run.stderr), run.stdout + run.stderr)
for words in (("cost",), ("cost", "--now"), ("cost", "--explorer", "--yes"), ("jobs", "--group", "prefix"), ("failures",), ("advise",),
              ("estimate", spec), ("estimate", spec, "--compare"), (*users, "--type", "ml.m5.xlarge")):
    run = sagetop(*words, "--json")
    ok(f"and in the JSON of {' '.join(words).replace(work, '')}", member.search(run.stdout), run.stdout + run.stderr)
for words in (("cost", "--csv"), ("jobs", "--group", "prefix", "--csv")):
    run = sagetop(*words)
    ok(f"and in each row of {' '.join(words)}", column.search(run.stdout), run.stdout)
sagetop("cost", "--html", page)
with open(page) as f:
    ok("and in the page", dated.search(f.read()))
match("of many models it is that of the type", sagetop(*users, "--type", "ml.m5.xlarge").stdout, r"on demand \$0\.\d+ an hour of 20\d\d-\d\d-\d\d")
equal("the engine ends cleanly", engine.close(), 0)
done()
