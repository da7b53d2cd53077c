"""What the tests of the local engine share: an engine of their own on a free port,
clients for it, and small training jobs. TAP comes from trainer_support."""
import atexit
import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

from trainer_support import close, done, equal, match, ok, skip, skip_all  # noqa: F401

BUILD = os.environ.get("SAGETOP_BUILD", "build")
ENGINE = os.path.join(BUILD, "sagetop-local")
TRAINER = os.path.join(BUILD, "sagetop-trainer")
GROUP = "/aws/sagemaker/TrainingJobs"
ROLE = "arn:aws:iam::000000000000:role/interop"

if not os.access(ENGINE, os.X_OK):
    skip_all("built without the local engine")
try:
    import boto3
    import botocore.config
    import botocore.exceptions
    import botocore.session
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
except ImportError:
    skip_all("no boto3 (python3-boto3)")

for name in list(os.environ):
    if name.startswith("AWS_") or name.lower() in ("http_proxy", "https_proxy", "all_proxy"):
        del os.environ[name]
os.environ.pop("SAGETOP_TRAINER", None)
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"


def until(condition, seconds=180, what="the condition"):
    """Poll for a condition with a deadline; returns its value."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not come true within {seconds} s")
        time.sleep(0.05)


class Engine:
    def __init__(self, folder, options):
        self.state = os.path.join(folder, "engine")
        self.folder = folder
        self.process = None
        self.start(*options)

    def start(self, *options):
        announcement = os.path.join(self.state, "engine.json")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(announcement)
        log = open(os.path.join(self.folder, "engine.log"), "ab")
        home = os.path.join(self.folder, "home")
        environment = dict(os.environ, HOME=home, XDG_STATE_HOME=home + "/state", XDG_CACHE_HOME=home + "/cache",
                           XDG_CONFIG_HOME=home + "/config")
        self.process = subprocess.Popen([ENGINE, "--port", "0", "--open", "--state", self.state, *options], stdout=log,
                                        stderr=log, env=environment)
        log.close()

        def announced():
            if self.process.poll() is not None:
                raise RuntimeError(f"sagetop-local exits with {self.process.returncode}: {self.log()}")
            with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
                return json.load(open(announcement))["endpoint"]

        self.endpoint = until(announced, 120, "the engine's start")

    def log(self):
        return open(os.path.join(self.folder, "engine.log"), errors="replace").read()

    def stop(self, how=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(180)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise
        return self.process.returncode

    def session(self, key="local", secret="local", token=None, region="us-east-1"):
        return boto3.session.Session(aws_access_key_id=key, aws_secret_access_key=secret, aws_session_token=token,
                                     region_name=region)

    def client(self, service, session=None, retries=0, **config):
        """retries 0: what the engine says is what the test sees."""
        return (session or self.session()).client(
            service, endpoint_url=self.endpoint,
            config=botocore.config.Config(retries={"total_max_attempts": retries + 1, "mode": "standard"},
                                          connect_timeout=60, read_timeout=120, **config))

    def raw(self, operation, **members):
        """A request of SageMaker with members that this botocore does not know: the error's code and message, "" without one."""
        request = AWSRequest("POST", self.endpoint + "/", {
            "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"SageMaker.{operation}"}, json.dumps(members))
        SigV4Auth(Credentials("local", "local"), "sagemaker", "us-east-1").add_auth(request)
        try:
            with urllib.request.urlopen(urllib.request.Request(self.endpoint + "/", request.data.encode(), dict(request.headers))):
                return ""
        except urllib.error.HTTPError as x:
            said = json.load(x)
            return said["__type"] + " " + said.get("message", said.get("Message", ""))


@contextlib.contextmanager
def engine(*options):
    with tempfile.TemporaryDirectory(prefix="sagetop-interop-") as folder:
        one = Engine(folder, options)
        try:
            yield one
        finally:
            one.stop()


def own_folder(**programs):
    """A folder with these programs, which is gone when the test ends."""
    folder = tempfile.mkdtemp(prefix="sagetop-own-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name, text in programs.items():
        path = os.path.join(folder, name)
        with open(path, "w") as f:
            f.write(text)
        os.chmod(path, 0o755)
    return folder


def own_settings(folder, more=""):
    """The engine's option for settings by which the image "own" is the folder's programs; more are lines behind that."""
    path = os.path.join(folder, "local.yaml")
    with open(path, "w") as f:
        f.write(f"images:\n  own:\n    folder: {folder}\n{more}")
    return "--settings", path


def failure(call, **arguments):
    """The error that a call ends with: (code, message, HTTP status); None where it succeeds."""
    try:
        call(**arguments)
    except botocore.exceptions.ClientError as e:
        error = e.response["Error"]
        return error["Code"], error.get("Message", ""), e.response["ResponseMetadata"]["HTTPStatusCode"]
    return None


def upload_data(s3, bucket="interop"):
    """A train and a validation set of a few rows."""
    random.seed(4)
    s3.create_bucket(Bucket=bucket)
    for channel, rows in ("train", 120), ("validation", 40):
        lines = []
        for _ in range(rows):
            x, y = random.random(), random.random()
            lines.append(f"{3 * x - y + random.random() / 9:.6f},{x:.6f},{y:.6f}\n")
        s3.put_object(Bucket=bucket, Key=f"data/{channel}/{channel}.csv", Body="".join(lines).encode())


def job_request(name, rounds=20, bucket="interop", **more):
    request = {
        "TrainingJobName": name,
        "RoleArn": ROLE,
        "AlgorithmSpecification": {
            "TrainingImage": "sagetop-trainer", "TrainingInputMode": "File",
            "MetricDefinitions": [{"Name": "validation:rmse", "Regex": "validation-rmse:([0-9.]+)"}]},
        "HyperParameters": {"objective": "reg:squarederror", "num_round": str(rounds), "seed": "3", "nthread": "1"},
        "InputDataConfig": [
            {"ChannelName": channel, "ContentType": "text/csv", "DataSource": {"S3DataSource": {
                "S3DataType": "S3Prefix", "S3Uri": f"s3://{bucket}/data/{channel}/"}}}
            for channel in ("train", "validation")],
        "OutputDataConfig": {"S3OutputPath": f"s3://{bucket}/output/"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
    }
    request.update(more)
    return request


def wait_over(sagemaker, name, seconds=240):
    def over():
        try:
            job = sagemaker.describe_training_job(TrainingJobName=name)
        except botocore.exceptions.ClientError as e:
            if "Throttling" in e.response["Error"]["Code"]:
                return None
            raise
        return job if job["TrainingJobStatus"] in ("Completed", "Failed", "Stopped") else None

    return until(over, seconds, f"the end of {name}")
