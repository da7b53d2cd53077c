"""Tuning jobs of the engine by boto3: strategies, children, early stopping, completion, warm
start, stop, bad requests, and a kill in the middle."""
import itertools
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import botocore.exceptions  # noqa: E402
from engine_support import Engine, done, equal, ok, until  # noqa: E402

e = Engine("--slots", "10", "--stop-timeout", "2s")
marks = os.path.join(e.dir, "marks")
# curve: EPOCHS values that come down to a bowl over x and y, with a step for each kind; wait: until a file is there.
with open(e.trainer, "a") as f:
    f.write(r"""
say() { awk -v x="$SM_HP_X" -v y="${SM_HP_Y:-1}" -v k="$SM_HP_KIND" -v n="${SM_HP_EPOCHS:-2}" 'BEGIN {
	v = (x - 7) * (x - 7) / 10 + (log(y) / log(10) + 2) ^ 2 + (k == "b" ? 0 : 1)
	for (i = 1; i <= n; i++) printf "loss=%.6f\n", v + (n - i) * 0.01 }'; }
case $SM_HP_MODE in
curve) say ;;
paced) trap 'exit 0' TERM; say | while read -r line; do echo "$line"; sleep 0.1; done ;;
slow) say; trap 'exit 0' TERM; i=0; while [ $i -lt 400 ] && [ "$SM_HP_X" != "${SM_HP_QUICK:-none}" ]; do sleep 0.02; i=$((i + 1)); done ;;
mark) echo "$TRAINING_JOB_NAME" >>MARKS; say; while [ ! -e MARKS.go ]; do sleep 0.02; done ;;
esac
""".replace("MARKS", marks))


def client():
    """boto3's, with the members that a botocore of 2022 does not know."""
    c = e.client("sagemaker")
    shapes = c.meta.service_model._service_description["shapes"]

    def structure(name, **members):
        shapes.setdefault(name, {"type": "structure", "members": {}})["members"].update(
            {k: {"shape": v} for k, v in members.items()})

    structure("BestObjectiveNotImproving", MaxNumberOfTrainingJobsNotImproving="Integer")
    structure("TuningJobCompletionCriteria", BestObjectiveNotImproving="BestObjectiveNotImproving")
    structure("HyperParameterTuningJobConfig", RandomSeed="Integer")
    structure("HyperParameterTuningJobCompletionDetails", NumberOfTrainingJobsObjectiveNotImproving="Integer")
    structure("HyperParameterTuningJobConsumedResources", RuntimeInSeconds="Integer")
    structure("DescribeHyperParameterTuningJobResponse", ConsumedResources="HyperParameterTuningJobConsumedResources",
              TuningJobCompletionDetails="HyperParameterTuningJobCompletionDetails")
    shapes["TuningJobCompletionCriteria"].pop("required", None)
    shapes["ResourceLimits"]["required"] = ["MaxParallelTrainingJobs"]
    c.meta.service_model._service_description["operations"]["DeleteHyperParameterTuningJob"] = {
        "name": "DeleteHyperParameterTuningJob", "http": {"method": "POST", "requestUri": "/"},
        "input": {"shape": "DescribeHyperParameterTuningJobRequest"}}
    return c


sm = client()
BUCKET = "s3://sagemaker-us-east-1-000000000000/"
DEFINITION = {
    "AlgorithmSpecification": {"TrainingImage": "trainer", "TrainingInputMode": "File",
                               "MetricDefinitions": [{"Name": "loss", "Regex": r"loss=([0-9.]+)"}]},
    "RoleArn": "arn:aws:iam::000000000000:role/local", "OutputDataConfig": {"S3OutputPath": BUCKET + "out/"},
    "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
    "StoppingCondition": {"MaxRuntimeInSeconds": 600}}
X = {"IntegerParameterRanges": [{"Name": "x", "MinValue": "1", "MaxValue": "20"}]}
ALL = {**X, "ContinuousParameterRanges": [{"Name": "y", "MinValue": "0.0001", "MaxValue": "1", "ScalingType": "Logarithmic"}],
       "CategoricalParameterRanges": [{"Name": "kind", "Values": ["a", "b", "c"]}]}


def create(name, ranges=X, n=6, parallel=2, mode="curve", hyper=None, strategy="Random", kind="Minimize", warm=None,
           definition=None, **config):
    limits = {"MaxParallelTrainingJobs": parallel}
    if n:
        limits["MaxNumberOfTrainingJobs"] = n
    request = {
        "HyperParameterTuningJobName": name,
        "HyperParameterTuningJobConfig": {
            "Strategy": strategy, "ResourceLimits": limits, "ParameterRanges": ranges,
            "HyperParameterTuningJobObjective": {"Type": kind, "MetricName": "loss"}, **config},
        "TrainingJobDefinition": {**DEFINITION, "StaticHyperParameters": {"mode": mode, **(hyper or {})},
                                  **(definition or {})}}
    if warm:
        request["WarmStartConfig"] = warm
    return sm.create_hyper_parameter_tuning_job(**request)


def describe(name):
    return sm.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)


def wait(name, seconds=120):
    def over():
        d = describe(name)
        return d if d["HyperParameterTuningJobStatus"] in ("Completed", "Failed", "Stopped") else None
    return until(over, seconds) or describe(name)


def children(name, **kw):
    return [c for p in sm.get_paginator("list_training_jobs_for_hyper_parameter_tuning_job").paginate(
        HyperParameterTuningJobName=name, PaginationConfig={"PageSize": 7}, **kw) for c in p["TrainingJobSummaries"]]


def value(child):
    return child["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]


def refused(text, code="ValidationException", name="bad", **kw):
    try:
        create(name, **kw)
        ok(f"refused: {text}", False, "it was accepted")
    except botocore.exceptions.ClientError as err:
        said = err.response["Error"]
        ok(f"refused: {text}", said["Code"] == code and text in said["Message"], said)


def overlap(rows):
    """How many ran at once at most."""
    times = sorted([(c["CreationTime"], 1) for c in rows] + [(c["TrainingEndTime"], -1) for c in rows])
    return max(itertools.accumulate(t[1] for t in times))


# --- a search -------------------------------------------------------------------------
create("bayes", ALL, n=20, parallel=5, strategy="Bayesian", RandomSeed=1)
d = wait("bayes")
rows = children("bayes", SortBy="FinalObjectiveMetricValue", SortOrder="Ascending")
equal("a search of 20 jobs, 5 at a time, completes", (d["HyperParameterTuningJobStatus"], len(rows)), ("Completed", 20))
equal("its counters", ({k: v for k, v in d["TrainingJobStatusCounters"].items() if v}, d["ObjectiveStatusCounters"]),
      ({"Completed": 20}, {"Succeeded": 20, "Pending": 0, "Failed": 0}))
ok("never more than 5 at once, and not one after another", 2 <= overlap(rows) <= 5, overlap(rows))
names = sorted(c["TrainingJobName"] for c in rows)
ok("children are named as the service names them",
   all(re.fullmatch(rf"bayes-{i + 1:03d}-[0-9a-f]{{8}}", n) for i, n in enumerate(names)), names)
equal("the best is the best", (d["BestTrainingJob"]["TrainingJobName"], value(d["BestTrainingJob"])),
      (rows[0]["TrainingJobName"], min(value(c) for c in rows)))
ok("and near the optimum", value(rows[0]) < 0.3, value(rows[0]))
points = {tuple(sorted(c["TunedHyperParameters"].items())) for c in rows}
ok("no point twice, all within the ranges", len(points) == 20 and all(
    1 <= int(p["x"]) <= 20 and 1e-4 <= float(p["y"]) <= 1 and p["kind"] in "abc" for p in map(dict, points)), points)
job = e.describe(names[0])
equal("a child is an ordinary training job", (job["TuningJobArn"], job["HyperParameters"]["_tuning_objective_metric"],
                                              job["HyperParameters"]["mode"], job["TrainingJobStatus"]),
      (d["HyperParameterTuningJobArn"], "loss", "curve", "Completed"))
ok("its consumption is told", d["ConsumedResources"]["RuntimeInSeconds"] >= 20, d["ConsumedResources"])
ok("nothing that is kept within is told", not {"Children", "Ending"} & set(d), list(d))

# --- strategies, seeds -------------------------------------------------------------------
create("grid", {"CategoricalParameterRanges": [{"Name": "x", "Values": ["3", "7", "9"]}, {"Name": "kind", "Values": ["a", "b"]}]},
       n=None, strategy="Grid", parallel=3)
for name in ("seed1", "seed2"):
    create(name, ALL, n=5, parallel=1, RandomSeed=7)
create("max", n=4, kind="Maximize", parallel=3, RandomSeed=3)
create("small", {"IntegerParameterRanges": [{"Name": "x", "MinValue": "6", "MaxValue": "8"}]}, n=20, strategy="Bayesian")
d = wait("grid")
equal("the grid is walked once", (d["HyperParameterTuningJobConfig"]["ResourceLimits"]["MaxNumberOfTrainingJobs"], sorted(
    (c["TunedHyperParameters"]["x"], c["TunedHyperParameters"]["kind"]) for c in children("grid"))),
      (6, sorted(itertools.product("379", "ab"))))
wait("seed1"), wait("seed2")
equal("the same seed, the same children", *[[c["TunedHyperParameters"] for c in children(n)] for n in ("seed1", "seed2")])
d = wait("max")
equal("the greatest is best where it is asked for", value(d["BestTrainingJob"]), max(value(c) for c in children("max")))
equal("a space that is used up ends the job", (wait("small")["HyperParameterTuningJobStatus"], sorted(
    c["TunedHyperParameters"]["x"] for c in children("small"))), ("Completed", ["6", "7", "8"]))

# --- early stopping -------------------------------------------------------------------------
create("early", n=8, parallel=4, mode="slow", hyper={"epochs": "5"}, TrainingJobEarlyStoppingType="Auto", RandomSeed=2)
# Three that end by themselves give the others a median: they are stopped by hand here.
first = until(lambda: [c for c in children("early") if e.lines(c["TrainingJobName"])][:4] if len(children("early")) >= 4 else None)
for c in until(lambda: sorted((c for c in children("early") if "FinalHyperParameterTuningJobObjectiveMetric" in c), key=value)
               if len([c for c in children("early") if "FinalHyperParameterTuningJobObjectiveMetric" in c]) >= 4 else None)[:3]:
    sm.stop_training_job(TrainingJobName=c["TrainingJobName"])


def early():
    return [c for c in children("early") for t in e.describe(c["TrainingJobName"])["SecondaryStatusTransitions"]
            if "worse than the median" in t.get("StatusMessage", "")]


found = until(early, 60)
ok("a child worse than the median is stopped, and says why", found, children("early"))
if found:
    last = until(lambda: next((c for c in children("early") if c["TrainingJobName"] == found[0]["TrainingJobName"] and
                               c["TrainingJobStatus"] == "Stopped"), None))
    equal("it is Stopped, its objective Succeeded", (last["TrainingJobStatus"], last["ObjectiveStatus"]), ("Stopped", "Succeeded"))

# --- stop in flight ---------------------------------------------------------------------------
sm.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName="early")
d = wait("early")
equal("a stopped tuning job has stopped its children",
      (d["HyperParameterTuningJobStatus"], d["TrainingJobStatusCounters"]["InProgress"],
       {c["TrainingJobStatus"] for c in children("early")}), ("Stopped", 0, {"Stopped"}))
ok("and says when it ended", d["HyperParameterTuningEndTime"] >= d["CreationTime"])

# Fifty jobs, ten at a time, their values an epoch at a time: nobody helps.
create("fifty", n=50, parallel=10, mode="paced", hyper={"epochs": "3"}, TrainingJobEarlyStoppingType="Auto", RandomSeed=6,
       ranges={"IntegerParameterRanges": [{"Name": "x", "MinValue": "1", "MaxValue": "200"}]})
d = wait("fifty")
rows = children("fifty")
stopped = [c for c in rows if c["TrainingJobStatus"] == "Stopped"]
equal("a search of 50 jobs, 10 at a time, with early stopping", (d["HyperParameterTuningJobStatus"], len(rows)), ("Completed", 50))
ok("ran up to ten at once", 5 < overlap(rows) <= 10, overlap(rows))
ok("stopped some, not most of the good ones", 5 <= len(stopped) <= 45 and d["BestTrainingJob"]["TrainingJobStatus"] == "Completed",
   (len(stopped), d["BestTrainingJob"]))
equal("of which each is Stopped, its objective Succeeded", {(c["TrainingJobStatus"], c["ObjectiveStatus"]) for c in stopped},
      {("Stopped", "Succeeded")})
equal("and so the counters say", (d["TrainingJobStatusCounters"]["Stopped"], d["TrainingJobStatusCounters"]["Completed"],
                                  d["ObjectiveStatusCounters"]), (len(stopped), 50 - len(stopped),
                                                                  {"Succeeded": 50, "Pending": 0, "Failed": 0}))

create("halving", n=9, parallel=3, hyper={"epochs": "9"}, mode="slow", strategy="Hyperband", RandomSeed=5,
       StrategyConfig={"HyperbandStrategyConfig": {"MinResource": 1, "MaxResource": 9}})
d = wait("halving")
why = [t["StatusMessage"] for c in children("halving") for t in e.describe(c["TrainingJobName"])["SecondaryStatusTransitions"]
       if "Hyperband" in t.get("StatusMessage", "")]
ok("Hyperband stops its children itself", d["HyperParameterTuningJobStatus"] == "Completed" and len(why) == 9 and
   any("better third" in w for w in why), (d["HyperParameterTuningJobStatus"], why))

# --- completion ----------------------------------------------------------------------------------
create("target", n=40, parallel=2, TuningJobCompletionCriteria={"TargetObjectiveMetricValue": 9.0})
create("idle", {"CategoricalParameterRanges": [{"Name": "x", "Values": ["7", "7.001", "7.002", "7.003", "7.004", "7.005", "7.006"]}]},
       n=7, parallel=1, TuningJobCompletionCriteria={"BestObjectiveNotImproving": {"MaxNumberOfTrainingJobsNotImproving": 3}})
d = wait("target")
ok("a target that is reached ends the job", d["HyperParameterTuningJobStatus"] == "Completed" and
   len(children("target")) < 40 and value(d["BestTrainingJob"]) <= 9, (len(children("target")), d))
d = wait("idle")
equal("so do jobs that improve nothing", (len(children("idle")), d.get("TuningJobCompletionDetails")),
      (4, {"NumberOfTrainingJobsObjectiveNotImproving": 3}))
create("broken", n=20, parallel=2, mode="exit")
create("silent", n=20, parallel=2, mode="ok", definition={"AlgorithmSpecification": {
    **DEFINITION["AlgorithmSpecification"], "MetricDefinitions": [{"Name": "loss", "Regex": "never=([0-9]+)"}]}})
d = wait("broken")
ok("five failures and no success end it",
   d["HyperParameterTuningJobStatus"] == "Failed" and "No training job succeeded after" in d["FailureReason"] and
   5 <= d["TrainingJobStatusCounters"]["NonRetryableError"] <= 6, d)
d = wait("silent")
ok("so does a metric that never comes", d["HyperParameterTuningJobStatus"] == "Failed" and
   "No objective metrics found after running" in d["FailureReason"], d.get("FailureReason"))

# --- warm start -------------------------------------------------------------------------------------
parents = {"ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "bayes"}],
           "WarmStartType": "IdenticalDataAndAlgorithm"}
create("warm", ALL, n=4, parallel=2, strategy="Bayesian", warm=parents, RandomSeed=9)
d = wait("warm")
equal("the parents' best counts", value(d["OverallBestTrainingJob"]),
      min(value(d["BestTrainingJob"]), value(describe("bayes")["BestTrainingJob"])))
ok("it begins where they ended", min(value(c) for c in children("warm")) < 1.2, [value(c) for c in children("warm")])
refused("has not ended", ranges=ALL, warm=parents | {"ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "run"}]}) \
    if create("run", ALL, n=2, parallel=2, mode="slow") else None
sm.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName="run")
refused("can't find a tuning job named none", code="ResourceNotFound", ranges=ALL,
        warm=parents | {"ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "none"}]})
refused("must have as many", warm=parents)
refused("must be the same", ranges=ALL, warm=parents, kind="Maximize")

# --- what is refused ----------------------------------------------------------------------------------
INT = {"Name": "x", "MinValue": "1", "MaxValue": "9"}
refused("already exists", code="ResourceInUse", name="bayes")
refused("is greater than", ranges={"IntegerParameterRanges": [{**INT, "MinValue": "10"}]})
refused("above 0", ranges={"IntegerParameterRanges": [{**INT, "MinValue": "0", "ScalingType": "Logarithmic"}]})
refused("not an integer", ranges={"IntegerParameterRanges": [{**INT, "MinValue": "0.5"}]})
refused("not a number", ranges={"ContinuousParameterRanges": [{**INT, "MinValue": "low"}]})
refused("more than one range", ranges={"IntegerParameterRanges": [INT], "ContinuousParameterRanges": [INT]})
refused("both static and tuned", hyper={"x": "3"})
refused("at least one parameter range".capitalize(), ranges={})
refused("at most 30", ranges={"IntegerParameterRanges": [{**INT, "Name": f"x{i}"} for i in range(31)]})
refused("A metric is required", definition={"AlgorithmSpecification": {"TrainingImage": "trainer", "TrainingInputMode": "File"}})
refused("Only categorical", strategy="Grid", n=None)
refused("the grid has 2 points", strategy="Grid", n=3, ranges={"CategoricalParameterRanges": [{"Name": "x", "Values": ["1", "2"]}]})
refused("must be Off", strategy="Hyperband", TrainingJobEarlyStoppingType="Auto",
        StrategyConfig={"HyperbandStrategyConfig": {"MinResource": 1, "MaxResource": 9}})
refused("needs MaxResource", strategy="Hyperband")
refused("must have MaxNumberOfTrainingJobs", n=None)
refused("at least 3", TuningJobCompletionCriteria={"BestObjectiveNotImproving": {"MaxNumberOfTrainingJobsNotImproving": 2}})
refused("No S3 objects found", definition={"InputDataConfig": [{"ChannelName": "train", "DataSource": {"S3DataSource": {
    "S3DataType": "S3Prefix", "S3Uri": BUCKET + "nothing/"}}}]})
try:
    sm.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName="bayes")
    ok("one that has ended is not stopped", False)
except botocore.exceptions.ClientError as err:
    ok("one that has ended is not stopped", "is in status Completed" in str(err), err)

# --- kill -9 in the middle --------------------------------------------------------------------------------
# However far a child came between two kills, each is another attempt of it.
create("killed", ALL, n=12, parallel=3, mode="mark", strategy="Bayesian", RandomSeed=4,
       definition={"RetryStrategy": {"MaximumRetryAttempts": 5}})


def begun():
    return open(marks).read().split() if os.path.exists(marks) else []


until(lambda: len(begun()) == 3)
for _ in range(3):
    e.kill()
    e.start()
    sm = client()
before = children("killed")
equal("after a kill the same children are there", len(before), 3)
open(marks + ".go", "w").close()
d = wait("killed")
rows = children("killed")
equal("none is lost, none repeated", (d["HyperParameterTuningJobStatus"], len(rows), len({c["TrainingJobName"] for c in rows}),
                                      {c["ObjectiveStatus"] for c in rows}), ("Completed", 12, 12, {"Succeeded"}))
equal("those that ran ran again under their names", sorted(n for n in set(begun()) if begun().count(n) > 1),
      sorted(c["TrainingJobName"] for c in before))

sm._make_api_call("DeleteHyperParameterTuningJob", {"HyperParameterTuningJobName": "killed"})
ok("a deleted tuning job leaves its children", e.describe(rows[0]["TrainingJobName"])["TrainingJobStatus"] == "Completed")
equal("the engine leaves cleanly", e.close(), 0)
done()
