#!/usr/bin/python3
"""S3 and SageMaker servers that are not ours judge what sagetop sends: moto, where a
python3 of the machine has it, and s3rver, which npm fetches once into a cache folder
outside the tree. Upload, download, list, empty objects, ETags, odd keys, by address and
by host name. What cannot be had is skipped."""
import hashlib
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from npm_support import NODE, node_lacks, npm_fetched  # noqa: E402
from tap import done, equal, match, ok, skip  # noqa: E402

BUILD = pathlib.Path(os.environ["SAGETOP_BUILD"])
AWS = "/usr/bin/aws"
BIG = 9 << 20  # goes in parts
FILES = {
    "plain.txt": b"hello\n", "empty": b"", "with space.txt": b"1", "plus+and&amp;.txt": b"2", "percent%20.txt": b"3",
    "a=b;c,d'e(f)!*.txt": b"4", "~tilde~": b"5", "\u00fcml\u00e4ut.txt": b"6", "\u65e5\u672c.txt": b"7", "ques?tion#hash": b"8",
    "deep/er/file": b"9", "quote\"and<angle>": b"10", "dots..in.name": b"11", "\U0001f680": b"12", "big.bin": None,
}
# Names that the server itself, or its file system, cannot keep.
BEYOND = {"s3rver": {"quote\"and<angle>"}}


def environment(folder):
    env = {k: v for k, v in os.environ.items() if not k.startswith("AWS_") and not k.lower().endswith("_proxy")}
    env.update(HOME=str(folder), XDG_CACHE_HOME=f"{folder}/cache", XDG_STATE_HOME=f"{folder}/state", XDG_CONFIG_HOME=f"{folder}/config",
               AWS_ACCESS_KEY_ID="S3RVER", AWS_SECRET_ACCESS_KEY="S3RVER", AWS_REGION="us-east-1",
               AWS_EC2_METADATA_DISABLED="true", AWS_MAX_ATTEMPTS="2", LC_ALL="C.UTF-8")
    return env


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """A server of somebody else's, in a session of its own."""

    def __init__(self, folder, make_argv):
        self.port = free_port()
        self.log = open(f"{folder}/server.log", "w+b")
        self.process = subprocess.Popen(make_argv(self.port), cwd=folder, stdin=subprocess.DEVNULL, stdout=self.log,
                                        stderr=subprocess.STDOUT, start_new_session=True, env=environment(folder))

    def answers(self):
        deadline = time.monotonic() + 120
        while self.process.poll() is None and time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return True
            except OSError:
                time.sleep(0.05)
        return False

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


def moto_python():
    """A python3 of the machine that has moto's server, or None."""
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        python = os.path.join(folder, "python3")
        if os.access(python, os.X_OK) and subprocess.run(
                [python, "-c", "import moto.server"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL).returncode == 0:
            return python


class Drive:
    """Our S3 calls, one after the other."""

    def __init__(self, folder, endpoint):
        self.process = subprocess.Popen([BUILD / "tests/interop/s3_drive", endpoint], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, env=environment(folder))

    def __call__(self, verb, bucket, key="", path=""):
        line = json.dumps({"do": verb, "bucket": bucket, "key": key, "path": str(path)})
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def stop(self):
        self.process.stdin.close()
        self.process.wait(60)
        self.process.stdout.close()


def sagetop(folder, endpoint, *words):
    return subprocess.run([BUILD / "sagetop", *map(str, words), "--endpoint-url", endpoint], env=environment(folder),
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=300)


def storage(name, folder, endpoint, bucket):
    """All that is asked of a server's S3 under one address."""
    where = f"{name} at {endpoint.split('//')[1].split(':')[0]}"
    source, back = folder / f"{bucket}-out", folder / f"{bucket}-back"
    files = {k: v if v is not None else os.urandom(BIG) for k, v in FILES.items() if k not in BEYOND.get(name, ())}
    for key, data in files.items():
        (source / key).parent.mkdir(parents=True, exist_ok=True)
        (source / key).write_bytes(data)
    back.mkdir()
    drive = Drive(folder, endpoint)
    try:
        missing = sagetop(folder, endpoint, "upload", source / "plain.txt", "s3://no-such-bucket-here/x/")
        ok(f"{where}: no such bucket is said", missing.returncode == 4 and b"plain.txt" in missing.stderr and
           b"NoSuchBucket" in missing.stderr, missing)
        equal(f"{where}: a bucket", drive("make", bucket), {})
        run = sagetop(folder, endpoint, "upload", source, f"s3://{bucket}/in/")
        prefix = "in/"
        ok(f"{where}: upload of a folder", run.returncode == 0 and len(run.stdout.splitlines()) == len(files), run)
        listed = drive("list", bucket, prefix)
        keys = {o["key"][len(prefix):]: o for o in listed.get("objects", [])}
        equal(f"{where}: every key is listed", sorted(keys), sorted(files))
        equal(f"{where}: with its size", {k: o["size"] for k, o in keys.items()}, {k: len(v) for k, v in files.items()})
        sums = {k: hashlib.md5(v).hexdigest() for k, v in files.items() if len(v) < BIG}
        equal(f"{where}: with the ETag of its bytes", {k: keys[k]["etag"].strip('"') for k in sums if k in keys}, sums)
        heads = {k: drive("head", bucket, prefix + k) for k in files}
        equal(f"{where}: HEAD says the same", {k: (h.get("object") or h).get("size", h) for k, h in heads.items()},
              {k: len(v) for k, v in files.items()})
        wrong = {}
        for i, (key, data) in enumerate(files.items()):
            result = drive("get", bucket, prefix + key, back / str(i))
            if result or (back / str(i)).read_bytes() != data:
                wrong[key] = result or "other bytes"
        equal(f"{where}: every object comes back", wrong, {})
        gone = drive("get", bucket, prefix + "not-there", back / "gone")
        ok(f"{where}: an object that is not there is an error, and no file", "error" in gone and not (back / "gone").exists(), gone)
        seen_by_aws(where, folder, endpoint, bucket, prefix, files)
    finally:
        drive.stop()


def seen_by_aws(where, folder, endpoint, bucket, prefix, files):
    """What the AWS CLI finds there is what we meant."""
    if not os.access(AWS, os.X_OK):
        return skip(f"{where}: the AWS CLI sees the same", "no awscli")
    target = folder / f"{bucket}-cli"
    run = subprocess.run([AWS, "s3", "cp", "--quiet", "--recursive", "--endpoint-url", endpoint, f"s3://{bucket}/{prefix}", target],
                         env=environment(folder), stdin=subprocess.DEVNULL, capture_output=True, timeout=300)
    found = {str(p.relative_to(target)): p.read_bytes() for p in target.rglob("*") if p.is_file()} if target.exists() else {}
    ok(f"{where}: the AWS CLI sees the same", found == files, (run, sorted(set(files) ^ set(found))))


SPEC = {"TrainingJobName": "peer-1", "RoleArn": "arn:aws:iam::123456789012:role/sagemaker-role",
        "AlgorithmSpecification": {"TrainingImage": "123456789012.dkr.ecr.us-east-1.amazonaws.com/x:1", "TrainingInputMode": "File"},
        "OutputDataConfig": {"S3OutputPath": "s3://b/out"}, "HyperParameters": {"eta": "0.1"},
        "InputDataConfig": [{"ChannelName": "train", "DataSource": {"S3DataSource": {
            "S3DataType": "S3Prefix", "S3Uri": "s3://b/in/", "S3DataDistributionType": "FullyReplicated"}}}],
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600}, "Tags": [{"Key": "team", "Value": "research"}]}


def training(folder, endpoint):
    """Jobs on moto's SageMaker."""
    spec = folder / "spec.json"
    spec.write_text(json.dumps(SPEC))
    run = sagetop(folder, endpoint, "launch", "--yes", spec)
    ok("moto: launch", run.returncode == 0, run)
    run = sagetop(folder, endpoint, "jobs", "--columns", "name,status,instance", "--no-header")
    ok("moto: the job is listed", run.returncode == 0 and run.stdout.startswith(b"peer-1\t"), run)
    run = sagetop(folder, endpoint, "job", "peer-1", "--json")
    equal("moto: its description", json.loads(run.stdout or b"{}").get("HyperParameters"), {"eta": "0.1"})
    run = sagetop(folder, endpoint, "jobs", "tag.team:research", "--columns", "name", "--no-header")
    equal("moto: found by its tag", (run.returncode, run.stdout), (0, b"peer-1\n"))
    run = sagetop(folder, endpoint, "launch", "--yes", spec)
    match("moto: the same name again is warned of", run.stderr.decode(), "there is a job named peer-1 already")
    run = sagetop(folder, endpoint, "job", "nobody")
    equal("moto: no such job", run.returncode, 4)


def main():
    python, why = moto_python(), node_lacks()
    with tempfile.TemporaryDirectory(prefix="sagetop-peers-") as temp:
        if python:
            with_server("moto", pathlib.Path(temp, "moto"), lambda port: [python, "-m", "moto.server", "-p", str(port)], training)
        else:
            skip("moto", "no python3 here has moto's server")
        modules = None if why else npm_fetched(["s3rver@3.7.1"])
        if modules:
            program = modules / "node_modules/s3rver/bin/s3rver.js"
            with_server("s3rver", pathlib.Path(temp, "s3rver"), lambda port: [
                NODE, program, "-d", f"{temp}/s3rver/objects", "-p", str(port), "-a", "127.0.0.1", "--no-vhost-buckets", "--silent"])
        else:
            skip("s3rver", why or "npm cannot fetch it")
    done()


def with_server(name, folder, make_argv, more=None):
    folder.mkdir()
    (folder / "objects").mkdir()
    server = Server(folder, make_argv)
    try:
        if ok(f"{name} answers", server.answers(), (folder / "server.log").read_text()):
            if more:
                more(folder, f"http://127.0.0.1:{server.port}")
            storage(name, folder, f"http://127.0.0.1:{server.port}", "by-address")
            storage(name, folder, f"http://localhost:{server.port}", "by-name")
    finally:
        server.stop()


main()
