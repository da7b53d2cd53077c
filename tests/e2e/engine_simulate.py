"""--simulate: synthetic jobs on a fast clock, the same for the same seed, kept over a restart."""
import datetime
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from engine_support import Engine, done, equal, ok, until  # noqa: E402

options = ("--simulate", "60", "--simulate-hours", "1", "--speed", "900", "--seed", "7")


def jobs(engine):
    out = []
    for page in engine.client("sagemaker").get_paginator("search").paginate(
            Resource="TrainingJob", SortBy="CreationTime", SortOrder="Ascending", MaxResults=100):
        out += [r["TrainingJob"] for r in page["Results"]]
    return out


def over(engine):
    found = jobs(engine)
    return len(found) == 60 and all(j["TrainingJobStatus"] in ("Completed", "Failed", "Stopped") for j in found) and found


def shape(job, base):
    """What must be equal between two runs: everything but the absolute time."""
    return (job["TrainingJobName"], job["SecondaryStatus"], job.get("FailureReason"), job["HyperParameters"],
            [(t["Status"], round((t["StartTime"] - base).total_seconds(), 2)) for t in job["SecondaryStatusTransitions"]],
            [(m["MetricName"], m["Value"]) for m in job.get("FinalMetricDataList", [])])


a, b = Engine(*options), Engine(*options)
first = jobs(a)
ok("half of the jobs are there at once", len(first) >= 30, len(first))
done_a, done_b = until(lambda: over(a), 400), until(lambda: over(b), 400)
ok("all jobs arrive and end on the simulated clock", done_a and done_b)
equal("one seed gives one history", [shape(j, done_a[0]["CreationTime"]) for j in done_a],
      [shape(j, done_b[0]["CreationTime"]) for j in done_b])
now = datetime.datetime.now(datetime.timezone.utc)
ok("no time lies in the future", all(j["LastModifiedTime"] <= now for j in done_a))
states = {j["TrainingJobStatus"] for j in done_a}
ok("some complete, some fail", {"Completed", "Failed"} <= states, states)
completed = [j for j in done_a if j["TrainingJobStatus"] == "Completed"]
job = completed[-1]
lines = a.lines(job["TrainingJobName"])
rounds = [x for x in lines if x.startswith("[")]
equal("a completed job has a line for each round", len(rounds), int(job["HyperParameters"]["num_round"]))
final = {m["MetricName"]: m["Value"] for m in job["FinalMetricDataList"]}
ok("its last is its final metric", abs(float(rounds[-1].split(":")[-1]) - final["validation:rmse"]) < 1e-4)
start, end = job["CreationTime"], job["TrainingEndTime"] + datetime.timedelta(minutes=1)


def values(engine, metric, dimension, value):
    reply = engine.client("cloudwatch").get_metric_data(StartTime=start, EndTime=end, MetricDataQueries=[
        {"Id": "m", "MetricStat": {"Period": 60, "Stat": "Average", "Metric": {
            "Namespace": "/aws/sagemaker/TrainingJobs", "MetricName": metric,
            "Dimensions": [{"Name": dimension, "Value": value}]}}}])
    return reply["MetricDataResults"][0]["Values"]


ok("it has metrics", values(a, "validation:rmse", "TrainingJobName", job["TrainingJobName"]) and
       values(a, "CPUUtilization", "Host", job["TrainingJobName"] + "/algo-1"))
spot = [j for j in completed if j["EnableManagedSpotTraining"]]
ok("spot jobs are billed less", spot and all(j["BillableTimeInSeconds"] < j["TrainingTimeInSeconds"] for j in spot))

# --- over a restart --------------------------------------------------------------------
names = [j["TrainingJobName"] for j in done_a]
before = [a.lines(n) for n in names]
a.terminate()
a.options = []
a.start()
after = jobs(a)
for j in done_a + after:
    j.pop("Tags", None)
equal("a restart keeps the jobs", after, done_a)
equal("and their logs, line by line", [a.lines(n) for n in names], before)
b.terminate()
b.start("--seed", "8", "--speed", "20")
ok("another seed makes another history", [j["TrainingJobName"] for j in jobs(b)] != [] and
       [shape(j, done_b[0]["CreationTime"]) for j in jobs(b)] != [shape(j, done_b[0]["CreationTime"]) for j in done_b])
live = until(lambda: [j for j in jobs(b) if j["TrainingJobStatus"] == "InProgress"])
b.client("sagemaker").stop_training_job(TrainingJobName=live[-1]["TrainingJobName"])
equal("a simulated job can be stopped", b.wait(live[-1]["TrainingJobName"])["TrainingJobStatus"], "Stopped")

# --- what was over before the start: its lines come in what time is left, or when they are asked for --------
c = Engine("--simulate", "8000", "--simulate-hours", "10", "--speed", "3600")
oldest = jobs(c)[0]["TrainingJobName"]
early = c.lines(oldest)
ok("a log is whole from the first question on", any(x.startswith("[") for x in early), early[:3])
c.terminate()
c.start()
equal("and not written again by the next engine", c.lines(oldest), early)
equal("the engines end cleanly", (a.close(), b.close(), c.close()), (0, 0, 0))
done()
