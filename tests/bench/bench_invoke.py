"""InvokeEndpoint of the local engine against the bare server behind it: what the engine adds."""
import http.client
import io
import os
import socket
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "interop"))
import engine_support as support  # noqa: E402
from botocore.auth import SigV4Auth  # noqa: E402
from botocore.awsrequest import AWSRequest  # noqa: E402
from botocore.credentials import Credentials  # noqa: E402

CALLS = 2000
BODY = b"0.5,0.25\n"


def port_of_server(state):
    """The bare server's port: its own variable says it."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as f:
                pairs = f.read().split(b"\0")
        except OSError:
            continue
        if any(p.startswith(b"SAGETOP_JOB_DIR=" + state.encode()) for p in pairs):
            for p in pairs:
                if p.startswith(b"SAGEMAKER_BIND_TO_PORT="):
                    return int(p.split(b"=")[1])
    raise RuntimeError("the server is not there")


def measure(port, path, headers):
    """Milliseconds of each call over one connection; signing is not in them."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    times = []
    for _ in range(CALLS):
        h = headers()
        began = time.perf_counter()
        connection.request("POST", path, BODY, h)
        answer = connection.getresponse()
        answer.read()
        times.append(1000 * (time.perf_counter() - began))
        assert answer.status == 200, answer.status
    return times


def cold_start(name):
    """Milliseconds of a serverless endpoint's first call."""
    sm.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[
        {"VariantName": "v", "ModelName": "m", "ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 1}}])
    sm.create_endpoint(EndpointName=name, EndpointConfigName=name)
    support.until(lambda: sm.describe_endpoint(EndpointName=name)["EndpointStatus"] == "InService")
    support.until(lambda: not os.listdir(os.path.join(e.state, "endpoints", name)))
    began = time.perf_counter()
    rt.invoke_endpoint(EndpointName=name, Body=BODY, ContentType="text/csv")["Body"].read()
    return 1000 * (time.perf_counter() - began)


def bare_start(model):
    """The same of the server by itself, with its model unpacked: until it answers."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    began = time.perf_counter()
    server = subprocess.Popen([support.TRAINER, "serve"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(
        os.environ, SAGETOP_ML_ROOT=model, SAGEMAKER_BIND_TO_PORT=str(port)))
    try:
        while True:
            connection = http.client.HTTPConnection("127.0.0.1", port)
            try:
                connection.request("POST", "/invocations", BODY, {"Content-Type": "text/csv"})
                answer = connection.getresponse()
                answer.read()
                assert answer.status == 200, answer.status
                return 1000 * (time.perf_counter() - began)
            except ConnectionError:
                time.sleep(0.001)
    finally:
        server.kill()
        server.wait()


def percentile(times, share):
    return sorted(times)[int(share * (len(times) - 1))]


with support.engine("--stop-timeout", "5s") as e:
    sm, s3, rt = e.client("sagemaker"), e.client("s3"), e.client("sagemaker-runtime")
    support.upload_data(s3)
    sm.create_training_job(**support.job_request("bench"))
    job = support.wait_over(sm, "bench")
    sm.create_model(ModelName="m", ExecutionRoleArn=support.ROLE, PrimaryContainer={
        "Image": "sagetop-trainer", "ModelDataUrl": job["ModelArtifacts"]["S3ModelArtifacts"]})
    sm.create_endpoint_config(EndpointConfigName="c", ProductionVariants=[
        {"VariantName": "v", "ModelName": "m", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}])
    sm.create_endpoint(EndpointName="e", EndpointConfigName="c")
    support.until(lambda: sm.describe_endpoint(EndpointName="e")["EndpointStatus"] == "InService")
    url = e.endpoint + "/endpoints/e/invocations"

    def signed():
        request = AWSRequest("POST", url, {"Content-Type": "text/csv"}, BODY)
        SigV4Auth(Credentials("local", "local"), "sagemaker", "us-east-1").add_auth(request)
        return dict(request.headers)

    bare = measure(port_of_server(e.state), "/invocations", lambda: {"Content-Type": "text/csv"})
    through = measure(int(e.endpoint.rsplit(":", 1)[1]), "/endpoints/e/invocations", signed)
    for what, of in ("median", statistics.median), ("99 %", lambda t: percentile(t, 0.99)):
        print(f"bench\tInvokeEndpoint, {what}\t{of(through):.3f}\tms\tthe bare server\t{of(bare):.3f}\t"
              f"< {of(bare) + 1:.2f}")
    print(f"bench\tInvokeEndpoint, one connection\t{1000 * CALLS / sum(through):.0f}\tcalls/s\tthe bare server\t"
          f"{1000 * CALLS / sum(bare):.0f}")
    with tempfile.TemporaryDirectory() as folder:
        bucket, key = job["ModelArtifacts"]["S3ModelArtifacts"][5:].split("/", 1)
        tarfile.open(fileobj=io.BytesIO(s3.get_object(Bucket=bucket, Key=key)["Body"].read())).extractall(folder + "/model")
        alone = statistics.median(bare_start(folder) for _ in range(7))
    cold = statistics.median(cold_start(f"cold-{i}") for i in range(7))
    print(f"bench\tcold start of serverless\t{cold:.0f}\tms\tthe bare server's start\t{alone:.0f}")
