"""--runner runc: jobs in the trainer's image, read-only and without privileges."""
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from engine_support import BUILD, Engine, done, equal, ok, secondaries, skip_all, until  # noqa: E402


trainer = os.path.join(BUILD, "sagetop-trainer")
source = os.environ.get("SAGETOP_SRC", ".")
if not shutil.which("runc"):
    skip_all("runc is not installed")
if not os.path.exists(trainer):
    skip_all("sagetop-trainer is not built")
if "libasan" in subprocess.run(["ldd", trainer], capture_output=True, text=True).stdout:
    skip_all("a sanitizer build goes into no image")
image = tempfile.mkdtemp(prefix="sagetop-image-")
os.chmod(image, 0o755)
built = subprocess.run([os.path.join(source, "share/image/build.sh"), "--root", trainer, image], capture_output=True,
                       text=True)
if built.returncode:
    shutil.rmtree(image)
    skip_all("the image's folder cannot be laid out: " + built.stderr.strip()[-100:])
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
        skip_all("runc does not work here: " + (lines or [d.get("FailureReason", "?")])[-1][:150])
    equal("a job trains in its container", d["TrainingJobStatus"], "Completed")
    ok("and its lines arrive", sum(x.startswith("[") for x in lines) == 5, lines)
    ok("and its model",
       e.client("s3").head_object(Bucket=bucket, Key="out/short/output/model.tar.gz")["ContentLength"] > 100)
    create("long", 10000000)
    ok("a long one runs", until(lambda: len(e.lines("long")) > 20))
    e.client("sagemaker").stop_training_job(TrainingJobName="long")
    d = e.wait("long")
    equal("SIGTERM reaches the trainer inside", (d["TrainingJobStatus"], secondaries(d)[-3:]),
          ("Stopped", ["Stopping", "Uploading", "Stopped"]))
    ok("nothing of it is left", until(lambda: not containers("long")))
    create("orphan", 10000000)
    until(lambda: len(e.lines("orphan")) > 20)
    e.kill()
    e.start()
    equal("a container whose engine was killed ends its job", e.wait("orphan")["TrainingJobStatus"], "Failed")
    ok("and is gone", until(lambda: not containers("orphan")), containers("orphan"))
finally:
    status = e.close()
    shutil.rmtree(image, ignore_errors=True)
equal("the engine ends cleanly", status, 0)
done()
