"""The engine's jobs: how they run, fail, are stopped, share slots, log, and end."""
import glob
import os
import resource
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from engine_support import Engine, Tap, botocore, secondaries, until  # noqa: E402

tap = Tap()
e = Engine("--slots", "4", "--stop-timeout", "1s")
s3 = e.client("s3")
sm = e.client("sagemaker")
bucket = "sagemaker-us-east-1-000000000000"

# --- an ordinary job ---------------------------------------------------------------
e.create("fine", "ok")
d = e.wait("fine")
tap.equal(d["TrainingJobStatus"], "Completed", "a job completes")
tap.equal(secondaries(d), ["Starting", "Downloading", "Training", "Uploading", "Completed"],
          "it passes through the service's secondary statuses")
tap.ok(all(a["EndTime"] == b["StartTime"] for a, b in
           zip(d["SecondaryStatusTransitions"], d["SecondaryStatusTransitions"][1:])), "transitions follow on each other")
tap.equal([(m["MetricName"], m["Value"]) for m in d["FinalMetricDataList"]], [("loss", 0.25)],
          "its final metric is the last value that the regex found")
keys = [o["Key"] for o in s3.list_objects_v2(Bucket=bucket, Prefix="out/fine/")["Contents"]]
tap.equal(keys, ["out/fine/output/model.tar.gz", "out/fine/output/output.tar.gz"], "model and output lie in S3")
tap.equal(d["ModelArtifacts"]["S3ModelArtifacts"], f"s3://{bucket}/out/fine/output/model.tar.gz", "and Describe says where")
tap.equal(e.lines("fine"), ["epoch=1 loss=0.5", "epoch=2 loss=0.25"], "its output is its log")
cw = e.client("cloudwatch")
names = {(m["MetricName"], m["Dimensions"][0]["Name"], m["Dimensions"][0]["Value"]) for m in cw.list_metrics()["Metrics"]}
tap.ok({("CPUUtilization", "Host", "fine/algo-1"), ("MemoryUtilization", "Host", "fine/algo-1"),
        ("loss", "TrainingJobName", "fine")} <= names, "even a short job has host and algorithm metrics", names)
tap.ok(d["TrainingTimeInSeconds"] >= 1 and d["BillableTimeInSeconds"] >= 1, "times are whole seconds, at least one")

# --- failures -----------------------------------------------------------------------
e.create("crash", "crash", {"reason": "AlgorithmError: bad row 7" + "\u00e9" * 1200})
e.create("bare", "crash", {"reason": "no prefix here"})
e.create("exit", "exit")
e.create("killed", "killed")
d = e.wait("crash")
tap.equal((d["TrainingJobStatus"], d["SecondaryStatus"]), ("Failed", "Failed"), "a crash is Failed")
tap.ok(d["FailureReason"].startswith("AlgorithmError: bad row 7\u00e9"), "the reason is the failure file's text",
       d["FailureReason"])
tap.equal(len(d["FailureReason"]), 1024, "cut at 1024 characters")
tap.equal(e.wait("bare")["FailureReason"], "AlgorithmError: no prefix here", "an unnamed cause is the algorithm's")
tap.equal(e.wait("exit")["FailureReason"], "AlgorithmError: , exit code: 7", "without the file the exit code is given")
tap.ok("memory" in e.wait("killed")["FailureReason"], "a killed process is taken for one without memory")
e.create("nobucket", "ok", OutputDataConfig={"S3OutputPath": "s3://nowhere-at-all/x"})
d = e.wait("nobucket")
tap.ok(d["TrainingJobStatus"] == "Failed" and "nowhere-at-all" in d["FailureReason"],
       "an output bucket that does not exist fails the job and is named", d)

# --- stopping ------------------------------------------------------------------------
e.create("polite", "polite")
e.create("hang", "hang")
until(lambda: e.lines("polite") == ["waiting"] and e.lines("hang") == ["hanging"])
sm.stop_training_job(TrainingJobName="polite")
sm.stop_training_job(TrainingJobName="hang")
d = e.wait("polite")
tap.equal((d["TrainingJobStatus"], secondaries(d)[-3:]), ("Stopped", ["Stopping", "Uploading", "Stopped"]),
          "a stopped job ends as Stopped")
tap.ok(s3.head_object(Bucket=bucket, Key="out/polite/output/model.tar.gz")["ContentLength"] > 0,
       "what it saved on SIGTERM is uploaded")
d = e.wait("hang")
tap.equal(d["TrainingJobStatus"], "Stopped", "a job that ignores SIGTERM is killed")
stopping = [t for t in d["SecondaryStatusTransitions"] if t["Status"] == "Stopping"][0]
tap.ok((stopping["EndTime"] - stopping["StartTime"]).total_seconds() >= 0.9, "after the stop time-out", stopping)
try:
    sm.stop_training_job(TrainingJobName="hang")
    tap.ok(False, "a job that is over cannot be stopped")
except botocore.exceptions.ClientError as err:
    tap.equal(err.response["Error"]["Code"], "ValidationException", "a job that is over cannot be stopped")
e.create("long", "polite", StoppingCondition={"MaxRuntimeInSeconds": 1})
d = e.wait("long")
tap.equal((d["TrainingJobStatus"], d["SecondaryStatus"]), ("Stopped", "MaxRuntimeExceeded"),
          "MaxRuntimeInSeconds ends a job")

# --- output ---------------------------------------------------------------------------
e.create("binary", "binary")
e.create("flood", "flood", {"lines": "60000"})
e.wait("binary")
lines = e.lines("binary")
tap.equal(lines[0], "a#011b#033[31mred#000nul\ufffd\ufffd caf\u00e9", "control bytes are escaped, broken UTF-8 replaced")
tap.ok("".join(lines[1:-1]) == "x" * 600000, "a line longer than an event becomes several")
tap.ok(all(len(x.encode()) <= 262144 for x in lines), "none longer than the service allows")
tap.equal(lines[-1], "no newline", "a last line without its newline is kept")
e.wait("flood")
tap.ok(e.lines("flood") == [f"line {i}" for i in range(1, 60001)], "a flood of 60,000 lines arrives whole and in order")
e.create("linked", "linked")
tap.equal(e.wait("linked")["TrainingJobStatus"], "Failed", "a model folder that is a link is not followed")
e.create("fifo", "fifo")
tap.equal(e.wait("fifo")["TrainingJobStatus"], "Failed", "a failure file that is a FIFO does not hold the engine up")
e.create("daemon", "daemon")
tap.equal(e.wait("daemon")["TrainingJobStatus"], "Completed", "a process left behind does not hold the job up")

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
tap.equal(e.wait("fugitive")["TrainingJobStatus"], "Completed", "processes that left group, parent and environment do not hold a job up")
tap.equal(running(unique + "1"), [], "and are gone when it is over")
for name, after in (("stay", "2"), ("crash", "3")):
    e.create("escape-" + name, "escape", {"seconds": unique + after, "after": "stay"}, RetryStrategy={"MaximumRetryAttempts": 1})
    tap.ok(until(lambda: e.lines("escape-" + name) == ["escaped"] and len(running(unique + after)) >= 4), "they run while the job runs")
    if name == "crash":
        e.kill()
        tap.ok(until(lambda: not running(unique + after)), "they die with a killed engine", running(unique + after))
        e.start()
        until(lambda: len(running(unique + after)) >= 4)
    e.client("sagemaker").stop_training_job(TrainingJobName="escape-" + name)
    tap.equal(e.wait("escape-" + name)["TrainingJobStatus"], "Stopped", "a job that ignores SIGTERM is killed with them")
    tap.equal(running(unique + after), [], "none is left")
s3, sm = e.client("s3"), e.client("sagemaker")

# --- environment and files --------------------------------------------------------------
e.create("env", "environment", {"eta": "0.3"}, Environment={"LD_PRELOAD": "/tmp/x.so", "MINE": "yes", "PATH": "/evil"})
e.wait("env")
env = dict(x.split("=", 1) for x in e.lines("env") if "=" in x)
tap.equal((env.get("MINE"), env.get("LD_PRELOAD"), "/evil" in env["PATH"]), ("yes", None, False),
          "the request's variables arrive, those that would change the program do not")
tap.equal((env["SM_HP_ETA"], env["SM_CURRENT_HOST"], env["TRAINING_JOB_NAME"]), ("0.3", "algo-1", "env"),
          "SM_* variables are set")
tap.ok("AWS_SECRET_ACCESS_KEY" not in env and "SAGETOP_BUILD" not in env, "nothing else of ours leaks into the job")
for key in ("in/a.csv", "in/sub/b.csv", "in/c.csv", "in2/x"):
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode())


def channel(name, uri, **kw):
    return {"ChannelName": name, "ContentType": "text/csv",
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri, **kw}}}


e.create("files", "files", InputDataConfig=[channel("train", f"s3://{bucket}/in/"),
                                            channel("one", f"s3://{bucket}/in/a.csv"),
                                            channel("shard", f"s3://{bucket}/in/", S3DataDistributionType="ShardedByS3Key")])
e.wait("files")
tap.equal([x for x in e.lines("files") if x.startswith("./")],
          ["./one/a.csv", "./shard/a.csv", "./shard/c.csv", "./shard/sub/b.csv", "./train/a.csv", "./train/c.csv",
           "./train/sub/b.csv"], "channels are copied with their folders")
for key in ("evil/../../../escape", "evil/ok"):
    s3.put_object(Bucket=bucket, Key=key, Body=b"x")
e.create("escape", "files", InputDataConfig=[channel("train", f"s3://{bucket}/evil/")])
d = e.wait("escape")
tap.ok(d["TrainingJobStatus"] == "Failed" and "not usable as a file name" in d["FailureReason"],
       "a key that would leave the folder is refused", d)
tap.ok(until(lambda: not os.path.exists(os.path.join(e.dir, "state", "jobs", "escape"))), "and its folder is gone afterwards")

# --- several hosts ------------------------------------------------------------------------
two = {"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 1}
e.create("pair", "host", ResourceConfig=two)
d = e.wait("pair")
streams = e.streams("pair")
tap.ok(len(streams) == 2 and "/algo-1-" in streams[0] and "/algo-2-" in streams[1], "two hosts have two streams", streams)
text = "\n".join(e.lines("pair"))
tap.ok('"current_host": "algo-2"' in text and text.count("tracker 127.0.0.1:") == 2, "each knows who it is and the tracker", text)
e.create("brokenpair", "onefails", ResourceConfig=two)
d = e.wait("brokenpair")
tap.equal((d["TrainingJobStatus"], d["FailureReason"]), ("Failed", "AlgorithmError: host two broke"),
          "one failing host ends the job with its reason")

e.create("follows", "follows", ResourceConfig=two)
tap.equal(e.wait("follows")["FailureReason"], "AlgorithmError: bad row 7", "the cause is the host that failed first, though another ended first")
many = {"InstanceType": "ml.m5.large", "InstanceCount": 20, "VolumeSizeInGB": 1}
descriptors = [int(x) for x in os.listdir(f"/proc/{e.process.pid}/fd")]
before = resource.prlimit(e.process.pid, resource.RLIMIT_NOFILE)
resource.prlimit(e.process.pid, resource.RLIMIT_NOFILE, (max(descriptors) + 20, before[1]))
e.create("crowd", "polite", ResourceConfig=many)
d = e.wait("crowd")
resource.prlimit(e.process.pid, resource.RLIMIT_NOFILE, before)
tap.equal((d["TrainingJobStatus"], d.get("FailureReason")), ("Failed", "InternalServerError: cannot make a pipe: Too many open files"),
          "a later host that cannot be started is the reason, not those that are killed because of it")
with open(e.trainer) as f:
    script = f.read()
with open(e.trainer, "w") as f:
    f.write("#!/nowhere\n")
e.create("noexec", "ok", ResourceConfig=two)
tap.equal(e.wait("noexec").get("FailureReason"), f"InternalServerError: cannot start '{e.trainer}': No such file or directory",
          "a trainer that cannot be executed is the reason")
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
tap.ok(most <= 4, "no more jobs train at a time than there are slots", most)
waiting = [e.create(f"queue{i}", "polite") for i in range(5)]
tap.ok(until(lambda: e.describe("queue4")["SecondaryStatus"] == "Pending"), "a job that waits for a slot is Pending")
sm.stop_training_job(TrainingJobName="queue4")
d = e.wait("queue4")
tap.ok(d["TrainingJobStatus"] == "Stopped" and "TrainingStartTime" not in d, "a waiting job can be stopped; it never started", d)

# --- the end ---------------------------------------------------------------------------------
tap.equal(e.terminate(), 0, "SIGTERM ends the engine")
tap.ok(not os.path.exists(os.path.join(e.dir, "state", "engine.json")), "and takes engine.json away")
e.start()
states = {e.describe(f"queue{i}")["TrainingJobStatus"] for i in range(4)}
tap.equal(states, {"Failed"}, "jobs that ran then are in a defined state")
tap.ok("InternalServerError" in e.describe("queue0")["FailureReason"], "with the reason")
tap.equal(e.close(), 0, "the engine leaves cleanly")
tap.done()
