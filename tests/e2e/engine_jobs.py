"""The engine's jobs: how they run, fail, are stopped, share slots, log, and end."""
import glob
import os
import resource
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from engine_support import Engine, botocore, done, equal, ok, secondaries, until  # noqa: E402

e = Engine("--slots", "4", "--stop-timeout", "1s")
s3 = e.client("s3")
sm = e.client("sagemaker")
bucket = "sagemaker-us-east-1-000000000000"

# --- an ordinary job ---------------------------------------------------------------
e.create("fine", "ok")
d = e.wait("fine")
equal("a job completes", d["TrainingJobStatus"], "Completed")
equal("it passes through the service's secondary statuses", secondaries(d),
      ["Starting", "Downloading", "Training", "Uploading", "Completed"])
ok("transitions follow on each other", all(a["EndTime"] == b["StartTime"] for a, b in
           zip(d["SecondaryStatusTransitions"], d["SecondaryStatusTransitions"][1:])))
equal("its final metric is the last value that the regex found",
      [(m["MetricName"], m["Value"]) for m in d["FinalMetricDataList"]], [("loss", 0.25)])
keys = [o["Key"] for o in s3.list_objects_v2(Bucket=bucket, Prefix="out/fine/")["Contents"]]
equal("model and output lie in S3", keys, ["out/fine/output/model.tar.gz", "out/fine/output/output.tar.gz"])
equal("and Describe says where", d["ModelArtifacts"]["S3ModelArtifacts"], f"s3://{bucket}/out/fine/output/model.tar.gz")
equal("its output is its log", e.lines("fine"), ["epoch=1 loss=0.5", "epoch=2 loss=0.25"])
cw = e.client("cloudwatch")
names = {(m["MetricName"], m["Dimensions"][0]["Name"], m["Dimensions"][0]["Value"]) for m in cw.list_metrics()["Metrics"]}
ok("even a short job has host and algorithm metrics",
   {("CPUUtilization", "Host", "fine/algo-1"), ("MemoryUtilization", "Host", "fine/algo-1"),
        ("loss", "TrainingJobName", "fine")} <= names, names)
ok("times are whole seconds, at least one", d["TrainingTimeInSeconds"] >= 1 and d["BillableTimeInSeconds"] >= 1)

# --- failures -----------------------------------------------------------------------
e.create("crash", "crash", {"reason": "AlgorithmError: bad row 7" + "\u00e9" * 1200})
e.create("bare", "crash", {"reason": "no prefix here"})
e.create("exit", "exit")
e.create("killed", "killed")
d = e.wait("crash")
equal("a crash is Failed", (d["TrainingJobStatus"], d["SecondaryStatus"]), ("Failed", "Failed"))
ok("the reason is the failure file's text", d["FailureReason"].startswith("AlgorithmError: bad row 7\u00e9"),
   d["FailureReason"])
equal("cut at 1024 characters", len(d["FailureReason"]), 1024)
equal("an unnamed cause is the algorithm's", e.wait("bare")["FailureReason"], "AlgorithmError: no prefix here")
equal("without the file the exit code is given", e.wait("exit")["FailureReason"], "AlgorithmError: , exit code: 7")
ok("a killed process is taken for one without memory", "memory" in e.wait("killed")["FailureReason"])
e.create("nobucket", "ok", OutputDataConfig={"S3OutputPath": "s3://nowhere-at-all/x"})
d = e.wait("nobucket")
ok("an output bucket that does not exist fails the job and is named",
   d["TrainingJobStatus"] == "Failed" and "nowhere-at-all" in d["FailureReason"], d)

# --- stopping ------------------------------------------------------------------------
e.create("polite", "polite")
e.create("hang", "hang")
until(lambda: e.lines("polite") == ["waiting"] and e.lines("hang") == ["hanging"])
sm.stop_training_job(TrainingJobName="polite")
sm.stop_training_job(TrainingJobName="hang")
d = e.wait("polite")
equal("a stopped job ends as Stopped", (d["TrainingJobStatus"], secondaries(d)[-3:]),
      ("Stopped", ["Stopping", "Uploading", "Stopped"]))
ok("what it saved on SIGTERM is uploaded",
   s3.head_object(Bucket=bucket, Key="out/polite/output/model.tar.gz")["ContentLength"] > 0)
d = e.wait("hang")
equal("a job that ignores SIGTERM is killed", d["TrainingJobStatus"], "Stopped")
stopping = [t for t in d["SecondaryStatusTransitions"] if t["Status"] == "Stopping"][0]
ok("after the stop time-out", (stopping["EndTime"] - stopping["StartTime"]).total_seconds() >= 0.9, stopping)
try:
    sm.stop_training_job(TrainingJobName="hang")
    ok("a job that is over cannot be stopped", False)
except botocore.exceptions.ClientError as err:
    equal("a job that is over cannot be stopped", err.response["Error"]["Code"], "ValidationException")
e.create("long", "polite", StoppingCondition={"MaxRuntimeInSeconds": 1})
d = e.wait("long")
equal("MaxRuntimeInSeconds ends a job", (d["TrainingJobStatus"], d["SecondaryStatus"]),
      ("Stopped", "MaxRuntimeExceeded"))

# --- output ---------------------------------------------------------------------------
e.create("binary", "binary")
e.create("flood", "flood", {"lines": "60000"})
e.wait("binary")
lines = e.lines("binary")
equal("control bytes are escaped, broken UTF-8 replaced", lines[0], "a#011b#033[31mred#000nul\ufffd\ufffd caf\u00e9")
ok("a line longer than an event becomes several", "".join(lines[1:-1]) == "x" * 600000)
ok("none longer than the service allows", all(len(x.encode()) <= 262144 for x in lines))
equal("a last line without its newline is kept", lines[-1], "no newline")
e.wait("flood")
ok("a flood of 60,000 lines arrives whole and in order", e.lines("flood") == [f"line {i}" for i in range(1, 60001)])
e.create("linked", "linked")
equal("a model folder that is a link is not followed", e.wait("linked")["TrainingJobStatus"], "Failed")
e.create("fifo", "fifo")
equal("a failure file that is a FIFO does not hold the engine up", e.wait("fifo")["TrainingJobStatus"], "Failed")
e.create("daemon", "daemon")
equal("a process left behind does not hold the job up", e.wait("daemon")["TrainingJobStatus"], "Completed")

# --- nothing outlives its job --------------------------------------------------------------


def running(seconds):
    """Processes with that argument."""
    found = []
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(path, "rb") as f:
                if seconds.encode() in f.read().split(b"\0"):
                    found.append(path)
        except OSError:
            pass
    return found


unique = f"7{os.getpid()}"  # seconds to sleep: what they are found by
e.create("fugitive", "escape", {"seconds": unique + "1", "after": "end"})
equal("processes that left group, parent and environment do not hold a job up", e.wait("fugitive")["TrainingJobStatus"],
      "Completed")
equal("and are gone when it is over", running(unique + "1"), [])
for name, after in (("stay", "2"), ("crash", "3")):
    e.create("escape-" + name, "escape", {"seconds": unique + after, "after": "stay"}, RetryStrategy={"MaximumRetryAttempts": 1})
    ok("they run while the job runs",
       until(lambda: e.lines("escape-" + name) == ["escaped"] and len(running(unique + after)) >= 4))
    if name == "crash":
        e.kill()
        ok("they die with a killed engine", until(lambda: not running(unique + after)), running(unique + after))
        e.start()
        until(lambda: len(running(unique + after)) >= 4)
    e.client("sagemaker").stop_training_job(TrainingJobName="escape-" + name)
    equal("a job that ignores SIGTERM is killed with them", e.wait("escape-" + name)["TrainingJobStatus"], "Stopped")
    equal("none is left", running(unique + after), [])
s3, sm = e.client("s3"), e.client("sagemaker")

# --- environment and files --------------------------------------------------------------
e.create("env", "environment", {"eta": "0.3"}, Environment={"LD_PRELOAD": "/tmp/x.so", "MINE": "yes", "PATH": "/evil"})
e.wait("env")
env = dict(x.split("=", 1) for x in e.lines("env") if "=" in x)
equal("the request's variables arrive, those that would change the program do not",
      (env.get("MINE"), env.get("LD_PRELOAD"), "/evil" in env["PATH"]), ("yes", None, False))
equal("SM_* variables are set", (env["SM_HP_ETA"], env["SM_CURRENT_HOST"], env["TRAINING_JOB_NAME"]),
      ("0.3", "algo-1", "env"))
ok("nothing else of ours leaks into the job", "AWS_SECRET_ACCESS_KEY" not in env and "SAGETOP_BUILD" not in env)
for key in ("in/a.csv", "in/sub/b.csv", "in/c.csv", "in2/x"):
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode())


def channel(name, uri, **kw):
    return {"ChannelName": name, "ContentType": "text/csv",
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri, **kw}}}


e.create("files", "files", InputDataConfig=[channel("train", f"s3://{bucket}/in/"),
                                            channel("one", f"s3://{bucket}/in/a.csv"),
                                            channel("shard", f"s3://{bucket}/in/", S3DataDistributionType="ShardedByS3Key")])
e.wait("files")
equal("channels are copied with their folders", [x for x in e.lines("files") if x.startswith("./")],
      ["./one/a.csv", "./shard/a.csv", "./shard/c.csv", "./shard/sub/b.csv", "./train/a.csv", "./train/c.csv",
           "./train/sub/b.csv"])
for key in ("evil/../../../escape", "evil/ok"):
    s3.put_object(Bucket=bucket, Key=key, Body=b"x")
e.create("escape", "files", InputDataConfig=[channel("train", f"s3://{bucket}/evil/")])
d = e.wait("escape")
ok("a key that would leave the folder is refused",
   d["TrainingJobStatus"] == "Failed" and "not usable as a file name" in d["FailureReason"], d)
ok("and its folder is gone afterwards",
   until(lambda: not os.path.exists(os.path.join(e.dir, "state", "jobs", "escape"))))

# --- several hosts ------------------------------------------------------------------------
two = {"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 1}
e.create("pair", "host", ResourceConfig=two)
d = e.wait("pair")
streams = e.streams("pair")
ok("two hosts have two streams", len(streams) == 2 and "/algo-1-" in streams[0] and "/algo-2-" in streams[1], streams)
text = "\n".join(e.lines("pair"))
ok("each knows who it is and the tracker", '"current_host": "algo-2"' in text and text.count("tracker 127.0.0.1:") == 2,
   text)
e.create("brokenpair", "onefails", ResourceConfig=two)
d = e.wait("brokenpair")
equal("one failing host ends the job with its reason", (d["TrainingJobStatus"], d["FailureReason"]),
      ("Failed", "AlgorithmError: host two broke"))

e.create("follows", "follows", ResourceConfig=two)
equal("the cause is the host that failed first, though another ended first", e.wait("follows")["FailureReason"],
      "AlgorithmError: bad row 7")
many = {"InstanceType": "ml.m5.large", "InstanceCount": 20, "VolumeSizeInGB": 1}
descriptors = [int(x) for x in os.listdir(f"/proc/{e.process.pid}/fd")]
before = resource.prlimit(e.process.pid, resource.RLIMIT_NOFILE)
resource.prlimit(e.process.pid, resource.RLIMIT_NOFILE, (max(descriptors) + 20, before[1]))
e.create("crowd", "polite", ResourceConfig=many)
d = e.wait("crowd")
resource.prlimit(e.process.pid, resource.RLIMIT_NOFILE, before)
equal("a later host that cannot be started is the reason, not those that are killed because of it",
      (d["TrainingJobStatus"], d.get("FailureReason")),
      ("Failed", "InternalServerError: cannot make a pipe: Too many open files"))
with open(e.trainer) as f:
    script = f.read()
with open(e.trainer, "w") as f:
    f.write("#!/nowhere\n")
e.create("noexec", "ok", ResourceConfig=two)
equal("a trainer that cannot be executed is the reason", e.wait("noexec").get("FailureReason"),
      f"InternalServerError: cannot start '{e.trainer}': No such file or directory")
with open(e.trainer, "w") as f:
    f.write(script)

# --- slots ---------------------------------------------------------------------------------
for i in range(7):
    e.create(f"slot{i}", "sleep", {"seconds": "0.4"})
jobs = [e.wait(f"slot{i}") for i in range(7)]
spans = []
for d in jobs:
    t = [x for x in d["SecondaryStatusTransitions"] if x["Status"] == "Training"][0]
    spans += [(t["StartTime"], 1), (t["EndTime"], -1)]
depth = most = 0
for _, step in sorted(spans):
    depth += step
    most = max(most, depth)
ok("no more jobs train at a time than there are slots", most <= 4, most)
waiting = [e.create(f"queue{i}", "polite") for i in range(5)]
ok("a job that waits for a slot is Pending", until(lambda: e.describe("queue4")["SecondaryStatus"] == "Pending"))
sm.stop_training_job(TrainingJobName="queue4")
d = e.wait("queue4")
ok("a waiting job can be stopped; it never started",
   d["TrainingJobStatus"] == "Stopped" and "TrainingStartTime" not in d, d)

# --- the end ---------------------------------------------------------------------------------
equal("SIGTERM ends the engine", e.terminate(), 0)
ok("and takes engine.json away", not os.path.exists(os.path.join(e.dir, "state", "engine.json")))
e.start()
states = {e.describe(f"queue{i}")["TrainingJobStatus"] for i in range(4)}
equal("jobs that ran then are in a defined state", states, {"Failed"})
ok("with the reason", "InternalServerError" in e.describe("queue0")["FailureReason"])
equal("the engine leaves cleanly", e.close(), 0)
done()
