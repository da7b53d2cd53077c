"""The engine killed without warning: no job is lost, none runs twice; and spot interruptions."""
import os
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from engine_support import Engine, done, equal, ok, secondaries, until  # noqa: E402

e = Engine("--slots", "2", "--stop-timeout", "1s")
marks = os.path.join(e.dir, "marks")
with open(e.trainer, "a") as f:
    f.write(f'case $SM_HP_MODE in mark) echo "$TRAINING_JOB_NAME $$" >>{marks}; echo running; [ "$(grep -c "^$TRAINING_JOB_NAME " {marks})" -gt 1 ] || sleep "$SM_HP_SECONDS" ;; esac\n')


def starts():
    try:
        with open(marks) as f:
            return [line.split()[0] for line in f]
    except FileNotFoundError:
        return []


# --- kill -9 while jobs run and wait ------------------------------------------------------
e.create("run1", "mark", {"seconds": "600"})
e.create("retried", "mark", {"seconds": "600"}, RetryStrategy={"MaximumRetryAttempts": 2})
e.create("wait1", "mark", {"seconds": "0"})
e.create("wait2", "mark", {"seconds": "0"})
until(lambda: sorted(starts()) == ["retried", "run1"])
pids = [int(line.split()[1]) for line in open(marks)]
e.kill()
ok("the jobs' processes die with the engine", until(lambda: not any(os.path.exists(f"/proc/{p}") for p in pids)), pids)
e.start()
d = e.wait("run1")
equal("a job whose process died is Failed", (d["TrainingJobStatus"], d["FailureReason"][:20]),
      ("Failed", "InternalServerError:"))
d = e.wait("retried")
equal("one with a RetryStrategy is run again", d["TrainingJobStatus"], "Completed")
ok("and says so", "Restarting" in secondaries(d), secondaries(d))
equal("those that waited run", [e.wait(n)["TrainingJobStatus"] for n in ("wait1", "wait2")], ["Completed"] * 2)
equal("nothing ran twice but what was to be retried", sorted(starts()),
      ["retried", "retried", "run1", "wait1", "wait2"])

# --- kill -9 at many moments ----------------------------------------------------------------
names = []
for round_number in range(12):
    for i in range(2):
        name = f"k{round_number}-{i}"
        e.create(name, "ok")
        names.append(name)
    until(lambda: False, 0.012 * round_number)
    e.kill()
    e.start()
names.append("undisturbed")
e.create("undisturbed", "ok")
ends = {n: e.wait(n) for n in names}
ok("every job ends in a defined state", all(d["TrainingJobStatus"] in ("Completed", "Failed") for d in ends.values()),
   {n: d["TrainingJobStatus"] for n, d in ends.items()})
bad = [n for n, d in ends.items() if d["TrainingJobStatus"] == "Failed" and
       not d.get("FailureReason", "").startswith("InternalServerError")]
ok("those that failed did so by the engine's death", not bad, bad)
s3 = e.client("s3")
missing = []
for n, d in ends.items():
    if d["TrainingJobStatus"] == "Completed":
        try:
            s3.head_object(Bucket="sagemaker-us-east-1-000000000000", Key=f"out/{n}/output/model.tar.gz")
        except Exception as err:
            missing.append((n, err))
ok("every completed job has its model", not missing, missing)
equal("and the last one, left alone, did complete", ends["undisturbed"]["TrainingJobStatus"], "Completed")
equal("none is lost",
      sorted(j["TrainingJobName"] for p in e.client("sagemaker").get_paginator("list_training_jobs").paginate()
                 for j in p["TrainingJobSummaries"]), sorted(names + ["run1", "retried", "wait1", "wait2"]))

# --- a second engine, a taken port ----------------------------------------------------------
import subprocess  # noqa: E402

local = os.path.join(os.environ.get("SAGETOP_BUILD", "."), "sagetop-local")
second = subprocess.run([local, "--port", "0", "--state", os.path.join(e.dir, "state")], capture_output=True, text=True,
                        timeout=240)
ok("one state folder, one engine", second.returncode == 1 and "another engine uses" in second.stderr, second)
e.create("waiting", "mark", {"seconds": "0"}, RetryStrategy={"MaximumRetryAttempts": 1})
e.wait("waiting")
port = e.endpoint.rsplit(":", 1)[1]
taken = subprocess.run([local, "--port", port, "--state", os.path.join(e.dir, "other")], capture_output=True, text=True,
                       timeout=240)
ok("a taken port is one line that says what to do",
   taken.returncode == 6 and len(taken.stderr.splitlines()) == 1 and "--port" in taken.stderr, taken)

# --- a damaged database ---------------------------------------------------------------------
e.terminate()
with open(os.path.join(e.dir, "state", "engine.db"), "r+b") as f:
    f.write(b"this is no database at all......")
e.start()
ok("a damaged database is moved aside with a notice", "was damaged" in e.output(), e.output())
equal("and a new one begun", e.client("sagemaker").list_training_jobs()["TrainingJobSummaries"], [])

# --- managed spot -----------------------------------------------------------------------------
bucket = "sagemaker-us-east-1-000000000000"
e.create("spot", "spot", EnableManagedSpotTraining=True,
         StoppingCondition={"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 120},
         CheckpointConfig={"S3Uri": f"s3://{bucket}/ckpt/spot"})
e.create("ondemand", "polite")
until(lambda: e.lines("spot") and e.describe("ondemand")["SecondaryStatus"] == "Training" and os.path.exists(
    os.path.join(e.dir, "state/jobs/spot/algo-1/opt/ml/checkpoints/n")))
e.process.send_signal(signal.SIGUSR1)
d = e.wait("spot")
equal("an interrupted spot job completes", d["TrainingJobStatus"], "Completed")
s = secondaries(d)
equal("by way of Interrupted and a new instance", s[:8],
      ["Starting", "Downloading", "Training", "Interrupted", "Starting", "Downloading", "Training", "Uploading"])
lines = e.lines("spot")
ok("it went on from its checkpoint",
   lines[0] == "resumed at 0" and any(x.startswith("resumed at ") and x != "resumed at 0" for x in lines) and
       lines[-1].startswith("done at "), lines)
equal("in a log stream of its own", len(e.streams("spot")), 2)
ok("fewer seconds are billed than trained", d["BillableTimeInSeconds"] < d["TrainingTimeInSeconds"], d)
ok("on-demand jobs are not interrupted", "Interrupted" not in secondaries(e.describe("ondemand")))
e.client("sagemaker").stop_training_job(TrainingJobName="ondemand")
e.wait("ondemand")
e.create("patient", "polite", EnableManagedSpotTraining=True,
         StoppingCondition={"MaxRuntimeInSeconds": 1, "MaxWaitTimeInSeconds": 1})
e.create("blocker", "polite")
d = e.wait("patient")
ok("MaxWaitTimeInSeconds ends a spot job",
   d["TrainingJobStatus"] == "Stopped" and d["SecondaryStatus"] in ("MaxWaitTimeExceeded", "MaxRuntimeExceeded"),
   d["SecondaryStatus"])
equal("the engine leaves cleanly", e.close(), 0)
done()
