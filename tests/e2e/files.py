"""sagetop files of a training job against a service of our own: what lies where, listed in pages, archives that are made
to harm, a download that is watched on a terminal and stopped in its middle."""
import gzip
import http.server
import io
import json
import os
import pathlib
import pty
import signal
import subprocess
import sys
import tarfile
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tap import done, ok  # noqa: E402

BIN = pathlib.Path(os.environ["SAGETOP_BUILD"]) / "sagetop"
HALF = 300000
JOB = {"TrainingJobName": "job", "TrainingJobArn": "arn:aws:sagemaker:eu-west-1:123456789012:training-job/job",
       "TrainingJobStatus": "Completed", "SecondaryStatus": "Completed", "CreationTime": 1796074420.0,
       "OutputDataConfig": {"S3OutputPath": "s3://out/runs"}, "CheckpointConfig": {"S3Uri": "s3://out/ck"},
       "DebugHookConfig": {"S3OutputPath": "s3://out/runs/"}, "ProfilerConfig": {"S3OutputPath": "s3://prof"},
       "AlgorithmSpecification": {"TrainingImage": "i", "TrainingInputMode": "File"},
       "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5}}


def archive(*members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, size in members:
            info = tarfile.TarInfo(name)
            info.size = size
            tar.addfile(info, io.BytesIO(bytes(size)))
    return out.getvalue()


def listing(bucket, query):
    """ListObjectsV2, two keys a page."""
    keys = sorted(k for b, k in Service.objects if b == bucket and k.startswith(query.get("prefix", "")))
    at = int(query.get("continuation-token", 0))
    Service.listed.append((bucket, query.get("prefix", ""), at))
    rows = "".join("<Contents><Key>%s</Key><Size>%d</Size><LastModified>2026-11-30T10:00:00.000Z</LastModified>"
                   "</Contents>" % (k.replace("\033", "%1B"), len(Service.objects[bucket, k])) for k in keys[at:at + 2])
    more = "<IsTruncated>true</IsTruncated><NextContinuationToken>%d</NextContinuationToken>" % (at + 2)
    return ("<ListBucketResult><EncodingType>url</EncodingType>%s%s</ListBucketResult>" %
            (rows, more if at + 2 < len(keys) else "<IsTruncated>false</IsTruncated>")).encode()


class Service(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    objects, listed = {}, []
    go_on = threading.Event()

    def log_message(self, *args):
        pass

    def answer(self, body, kind):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.answer(json.dumps(JOB).encode(), "application/x-amz-json-1.1")

    def do_GET(self):
        path, _, rest = self.path.partition("?")
        query = dict(part.split("=", 1) for part in rest.replace("%2F", "/").split("&") if "=" in part)
        _, bucket, *key = path.split("/", 2)
        if "list-type" in query:
            self.answer(listing(bucket, query), "application/xml")
            return
        body = Service.objects[bucket, key[0].replace("%1B", "\033")]
        if not key[0].endswith("large.bin"):
            self.answer(body, "binary/octet-stream")
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", '"e"')
        self.end_headers()
        self.wfile.write(body[:HALF])
        self.wfile.flush()
        Service.go_on.wait(300)
        try:
            self.wfile.write(body[HALF:])
        except OSError:
            self.close_connection = True


def wait_for(what, condition):
    until = time.monotonic() + 300
    while not condition():
        if time.monotonic() > until:
            raise SystemExit("Bail out! %s did not come" % what)
        time.sleep(0.02)


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Service.objects = {
        ("out", "runs/job/output/model.tar.gz"): archive(("model\033[31m", 10), ("../../etc/cron.d/x", 3), ("a/b", 0)),
        ("out", "runs/job/output/torn.tar.gz"): archive(("whole", 2000000))[:1000],
        ("out", "runs/job/output/bomb.tar.gz"): gzip.compress(b"") + archive(("zeros", 50000000)),
        ("out", "runs/job/output/large.bin"): bytes(2 * HALF),
        ("out", "runs/job/debug-output/000.ts"): b"x", ("out", "runs/job2/output/model.tar.gz"): b"not of this job",
        ("out", "ck/00001"): b"12", ("out", "ck-other/1"): b"not asked for",
        ("prof", "job/profiler-output/system.json"): b"{}"}
    with tempfile.TemporaryDirectory() as temp:
        here = pathlib.Path(temp) / "here"
        here.mkdir()
        env = {"PATH": os.environ["PATH"], "HOME": temp, "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "s",
               "AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "1", "AWS_REGION": "eu-west-1", "LC_ALL": "C.UTF-8"}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
            if name in os.environ:
                env[name] = os.environ[name]
        base = [BIN, "files", "training-job/job", "--endpoint-url", "http://127.0.0.1:%d" % server.server_address[1]]

        def files(*words):
            return subprocess.run([*base, *words], env=env, capture_output=True, text=True, timeout=400, cwd=here,
                                  stdin=subprocess.DEVNULL)

        run = files("--no-header")
        names = [line.split("\t")[0] for line in run.stdout.splitlines()]
        ok("what lies below the job's name, its checkpoints and its profile", names == [
            "debug-output/000.ts", "output/bomb.tar.gz", "output/large.bin", "output/model.tar.gz", "output/torn.tar.gz",
            "profiler-output/system.json", "checkpoints/00001"], (run, names))
        ok("a page after the other", ("out", "runs/job/", 4) in Service.listed, Service.listed)
        ok("an address within another is not asked about again",
           sum(prefix == "runs/job/" and at == 0 for _, prefix, at in Service.listed) == 1, Service.listed)

        run = files("model.tar.gz")
        ok("an archive's members", "3 files, 13 B unpacked" in run.stdout and "../../etc/cron.d/x" in run.stdout, run)
        ok("whose names give the terminal no orders", "\033" not in run.stdout and "  model\n" in run.stdout, run)
        run = files("torn.tar.gz")
        ok("a torn one says so", run.returncode == 0 and "its end is missing" in run.stdout, run)
        run = files("bomb.tar.gz")
        ok("one of several gzip members", "1 file, 50.0 MB unpacked" in run.stdout, run)

        mine, its = pty.openpty()
        child = subprocess.Popen([*base, "large.bin", "-o", "."], env=env, cwd=here, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL, stderr=its)
        os.close(its)
        seen = ""
        while "300 kB of 600 kB" not in seen:
            seen += os.read(mine, 4096).decode()
        ok("a terminal sees how far it is", "/s" in seen, seen)
        names = [p.name for p in here.iterdir()]
        ok("what is not whole does not have its name", len(names) == 1 and names[0].endswith(".part"), names)
        child.send_signal(signal.SIGINT)
        ok("an interrupt ends it", child.wait(300) == 130, child.returncode)
        ok("and nothing is left", not list(here.iterdir()), list(here.iterdir()))
        os.close(mine)
        Service.go_on.set()
        run = files("large.bin", "-o", "all.bin")
        ok("otherwise it is whole", run.stdout == "all.bin\n" and (here / "all.bin").read_bytes() == bytes(2 * HALF), run)
    server.shutdown()
    done()


main()
