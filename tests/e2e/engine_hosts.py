"""Several instances in the engine, with the trainer itself: each host its shard, one model; a host
killed, the job stopped, the spot capacity of all hosts taken away."""
import os
import random
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from engine_support import BUILD, Engine, done, equal, ok, secondaries, skip_all, until  # noqa: E402

if not os.access(os.path.join(BUILD, "sagetop-trainer"), os.X_OK):
    skip_all("built without the trainer")
e = Engine("--slots", "4", "--stop-timeout", "20s", trainer=False)
s3, sm = e.client("s3"), e.client("sagemaker")
bucket = "sagemaker-us-east-1-000000000000"
rng = random.Random(5)
for part in range(4):
    rows = [[rng.randrange(-9, 10) for _ in range(4)] for _ in range(500)]
    s3.put_object(Bucket=bucket, Key=f"in/{part}.csv", Body="".join(f"{r[0] * 2 + r[1]},{','.join(map(str, r))}\n" for r in rows).encode())


def train(name, count, num_round, hyper=None, **extra):
    e.create(name, "", HyperParameters={"objective": "reg:squarederror", "num_round": str(num_round), "nthread": "1", **(hyper or {})},
             ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": count, "VolumeSizeInGB": 1},
             InputDataConfig=[{"ChannelName": "train", "ContentType": "text/csv", "DataSource": {"S3DataSource": {
                 "S3DataType": "S3Prefix", "S3Uri": f"s3://{bucket}/in/", "S3DataDistributionType": "ShardedByS3Key"}}}], **extra)


def rounds(name):
    return [line for line in e.lines(name) if line.startswith("[")]


def trainer_pid(name, host):
    """The trainer, not the supervisor above it."""
    wanted = {f"SM_CURRENT_HOST={host}".encode(), f"TRAINING_JOB_NAME={name}".encode()}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as f, open(f"/proc/{pid}/cmdline", "rb") as g:
                if wanted <= set(f.read().split(b"\0")) and b"--supervise" not in g.read():
                    return int(pid)
        except OSError:
            pass
    return None


def final_model(name):
    return s3.get_object(Bucket=bucket, Key=f"out/{name}/output/model.tar.gz")["Body"].read()


for count in (2, 4):
    train(f"hosts{count}", count, 20)
    d = e.wait(f"hosts{count}")
    equal(f"{count} instances train one model", (d["TrainingJobStatus"], d.get("FailureReason")), ("Completed", None))
    equal("each with its stream, one with the rounds", (len(e.streams(f"hosts{count}")), len(rounds(f"hosts{count}"))),
          (count, 20))

train("lost", 3, 1000000)
until(lambda: len(rounds("lost")) > 10)
os.kill(trainer_pid("lost", "algo-2"), signal.SIGKILL)
d = e.wait("lost", 60)
ok("an instance killed fails the job as one without memory",
   d["TrainingJobStatus"] == "Failed" and "exit code: 137" in d["FailureReason"], d)
equal("and the others say whom they lost",
      sum("host algo-2 is lost: its connection ended" in line for line in e.lines("lost")), 2)

train("stopped", 2, 1000000)
until(lambda: len(rounds("stopped")) > 10)
sm.stop_training_job(TrainingJobName="stopped")
equal("a job on two instances is stopped", e.wait("stopped")["TrainingJobStatus"], "Stopped")
ok("both stop after the same round, and the model is kept",
   sum("stopped by a signal after round" in line for line in e.lines("stopped")) == 2 and final_model("stopped"),
   e.lines("stopped"))

spot = {"EnableManagedSpotTraining": True, "StoppingCondition": {"MaxRuntimeInSeconds": 600, "MaxWaitTimeInSeconds": 900}}
train("spot", 2, 20000, {"subsample": "0.7", "checkpoint_interval": "50"}, CheckpointConfig={"S3Uri": f"s3://{bucket}/ckpt/spot"}, **spot)
until(lambda: any(line.startswith("[100]") for line in rounds("spot")))
e.process.send_signal(signal.SIGUSR1)
until(lambda: sum("resumed from the checkpoint of round" in line for line in e.lines("spot")) == 2)
equal("both instances of a spot job go on from the checkpoint",
      sum("resumed from the checkpoint of round" in line for line in e.lines("spot")), 2)
ok("after the interruption", "Interrupted" in secondaries(e.describe("spot")))
sm.stop_training_job(TrainingJobName="spot")
equal("and it can be stopped then", e.wait("spot")["TrainingJobStatus"], "Stopped")
equal("the engine leaves cleanly", e.close(), 0)
done()
