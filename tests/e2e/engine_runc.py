"""--runner runc: jobs in the trainer's image, read-only and without privileges."""
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from engine_support import BUILD, Engine, Tap, secondaries, until  # noqa: E402


def skip(why):
    print(f"1..0 # SKIP {why}")
    sys.exit(77)


trainer = os.path.join(BUILD, "sagetop-trainer")
source = os.environ.get("SAGETOP_SRC", ".")
if not shutil.which("runc"):
    skip("runc is not installed")
if not os.path.exists(trainer):
    skip("sagetop-trainer is not built")
if "libasan" in subprocess.run(["ldd", trainer], capture_output=True, text=True).stdout:
    skip("a sanitizer build goes into no image")
image = tempfile.mkdtemp(prefix="sagetop-image-")
os.chmod(image, 0o755)
built = subprocess.run([os.path.join(source, "share/image/build.sh"), "--root", trainer, image], capture_output=True,
                       text=True)
if built.returncode:
    shutil.rmtree(image)
    skip("the image's folder cannot be laid out: " + built.stderr.strip()[-100:])
tap = Tap()
e = Engine("--stop-timeout", "3s", "--runner", "runc", "--image", image, trainer=False)
bucket = "sagemaker-us-east-1-000000000000"
rows = "".join(f"{i % 7 + i % 3 / 10},{i % 7},{i % 3},{i}\n" for i in range(300))
e.client("s3").put_object(Bucket=bucket, Key="train/a.csv", Body=rows.encode())
train = [{"ChannelName": "train", "ContentType": "text/csv", "DataSource": {
    "S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{bucket}/train/"}}}]


def create(name, rounds):
    e.client("sagemaker").create_training_job(
        TrainingJobName=name, HyperParameters={"num_round": str(rounds), "objective": "reg:squarederror"},
        AlgorithmSpecification={"TrainingImage": "sagetop-trainer", "TrainingInputMode": "File"},
        RoleArn="arn:aws:iam::000000000000:role/local", OutputDataConfig={"S3OutputPath": f"s3://{bucket}/out"},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        StoppingCondition={"MaxRuntimeInSeconds": 600}, InputDataConfig=train)


def containers(name):
    """Processes of the job, in a container or not."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as f:
                if f"SAGETOP_JOB_DIR={e.dir}/state/jobs/{name}\0".encode() in f.read() + b"\0":
                    found.append(pid)
        except OSError:
            pass
    return found


try:
    create("short", 5)
    d = e.wait("short")
    lines = e.lines("short")
    if d["TrainingJobStatus"] == "Failed" and not any(x.startswith("sagetop-trainer ") for x in lines):
        e.close()
        skip("runc does not work here: " + (lines or [d.get("FailureReason", "?")])[-1][:150])
    tap.equal(d["TrainingJobStatus"], "Completed", "a job trains in its container")
    tap.ok(sum(x.startswith("[") for x in lines) == 5, "and its lines arrive", lines)
    tap.ok(e.client("s3").head_object(Bucket=bucket, Key="out/short/output/model.tar.gz")["ContentLength"] > 100,
           "and its model")
    create("long", 10000000)
    tap.ok(until(lambda: len(e.lines("long")) > 20), "a long one runs")
    e.client("sagemaker").stop_training_job(TrainingJobName="long")
    d = e.wait("long")
    tap.equal((d["TrainingJobStatus"], secondaries(d)[-3:]), ("Stopped", ["Stopping", "Uploading", "Stopped"]),
              "SIGTERM reaches the trainer inside")
    tap.ok(until(lambda: not containers("long")), "nothing of it is left")
    create("orphan", 10000000)
    until(lambda: len(e.lines("orphan")) > 20)
    e.kill()
    e.start()
    tap.equal(e.wait("orphan")["TrainingJobStatus"], "Failed", "a container whose engine was killed ends its job")
    tap.ok(until(lambda: not containers("orphan")), "and is gone", containers("orphan"))
finally:
    status = e.close()
    shutil.rmtree(image, ignore_errors=True)
tap.equal(status, 0, "the engine ends cleanly")
tap.done()
