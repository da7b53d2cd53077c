#!/usr/bin/python3
"""Endpoints through boto3, with real servers: the trainer's, and scripts of their own by the
/ping and /invocations contract. AWS's model judges every reply."""
import base64
import io
import os
import re
import signal
import tarfile
import tempfile
import threading

from engine_support import *
from engine_judge import Judge
from sagetop_support import Sagetop

judge = Judge()
BUCKET = "sagemaker-us-east-1-000000000000"
SERVE = r'''#!/usr/bin/python3
import http.server, os, signal, sys, time
mode, port = os.environ.get("MODE", "ok"), int(os.environ["SAGEMAKER_BIND_TO_PORT"])
print("serving", mode, sorted(os.listdir("/opt/ml/model")) if os.path.exists("/opt/ml") else "?", flush=True)
if mode == "dies":
    sys.exit(1)
class H(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def answer(self, status, body, **headers):
        self.send_response(status)
        for k, v in headers.items():
            self.send_header(k.replace("_", "-"), v)
        if "Transfer_Encoding" in headers:
            self.end_headers()
            for i in range(0, len(body), 7):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(body[i:i + 7]), body[i:i + 7]))
            self.wfile.write(b"0\r\n\r\n")
            return
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_GET(self):
        gate = os.environ.get("GATE")
        self.answer(503 if mode == "silent" or gate and not os.path.exists(gate) else 200, b"")
    def do_POST(self):
        if int(self.headers["Content-Length"]) == (6 << 20) - 1:  # answers unread, as servers with a limit do
            self.close_connection = True
            return self.answer(413, b"too much")
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if body == b"die":
            os._exit(3)
        if body == b"error":
            return self.answer(500, b"it broke")
        if body == b"slow":
            time.sleep(1)
        if body == b"chunks":
            return self.answer(200, b"in several chunks", Transfer_Encoding="chunked")
        self.answer(200, (mode + ":").encode() + body, Content_Type="text/x-own",
                    X_Amzn_SageMaker_Custom_Attributes=self.headers.get("X-Amzn-SageMaker-Custom-Attributes", "-"))
    def log_message(self, *a):
        pass
class S(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
signal.signal(signal.SIGTERM, signal.SIG_IGN if mode == "lingers" else lambda *a: os._exit(0))
S(("127.0.0.1", port), H).serve_forever()
'''
work = own_folder(serve=SERVE)
OPTIONS = (*own_settings(work), "--stop-timeout", "2s")

with engine(*OPTIONS) as e:
    def clients():
        global sm, rt, s3, cw, logs
        sm, rt = judge.watch(e.client("sagemaker")), e.client("sagemaker-runtime", max_pool_connections=32)
        s3, cw, logs = e.client("s3"), e.client("cloudwatch"), e.client("logs")

    clients()

    def archive(**files):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w:gz") as t:
            for name, text in files.items():
                info = tarfile.TarInfo(name)
                info.size = len(text)
                t.addfile(info, io.BytesIO(text.encode()))
        return out.getvalue()

    def model(name, image="own", data=f"s3://{BUCKET}/m/model.tar.gz", **environment):
        container = {"Image": image, "Environment": environment}
        if data:
            container["ModelDataUrl"] = data
        sm.create_model(ModelName=name, PrimaryContainer=container, ExecutionRoleArn=ROLE)

    def config(name, **variants):
        sm.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[
            {"VariantName": v.replace("_", "-"), "ModelName": m, "InstanceType": "ml.m5.large", "InitialInstanceCount": n,
             "InitialVariantWeight": w} for v, (m, n, w) in variants.items()])

    def told(name):
        return sm.describe_endpoint(EndpointName=name)

    def settled(name, seconds=60):
        return until(lambda: (lambda d: d if d["EndpointStatus"] in ("InService", "Failed", "OutOfService") else None)(
            told(name)), seconds, f"{name} to settle")

    def invoke(name, body=b"x", **more):
        return rt.invoke_endpoint(EndpointName=name, Body=body, **more)

    def says(name, body=b"x", **more):
        return invoke(name, body, **more)["Body"].read()

    s3.put_object(Bucket=BUCKET, Key="m/model.tar.gz", Body=archive(**{"model.bin": "x"}))

    # One whose server is not ready until it is let.
    gate = os.path.join(work, "gate")
    model("gated", GATE=gate)
    config("gated", all=("gated", 1, 1.0))
    sm.create_endpoint(EndpointName="gated", EndpointConfigName="gated")
    equal("a new endpoint is Creating", told("gated")["EndpointStatus"], "Creating")
    match("which cannot be deleted", failure(sm.delete_endpoint, EndpointName="gated")[1], "in-progress endpoint")
    match("or invoked", str(failure(invoke, name="gated")[1]), "not found")
    open(gate, "w").close()
    equal("then in service", settled("gated")["EndpointStatus"], "InService")
    sm.delete_endpoint(EndpointName="gated")

    # The trainer's server gives what it was trained to give.
    upload_data(s3)
    sm.create_training_job(**job_request("trained"))
    job = wait_over(sm, "trained")
    model("trained", "sagetop-trainer", job["ModelArtifacts"]["S3ModelArtifacts"])
    config("trained", all=("trained", 1, 1.0))
    sm.create_endpoint(EndpointName="trained", EndpointConfigName="trained")
    d = settled("trained")
    equal("one of the trainer's comes into service", (d["EndpointStatus"], d.get("FailureReason")), ("InService", None))
    variant = d["ProductionVariants"][0]
    equal("with its instance", (variant["CurrentInstanceCount"], variant["CurrentWeight"],
                                variant["DeployedImages"][0]["SpecifiedImage"]), (1, 1.0, "sagetop-trainer"))
    got = invoke("trained", b"0.9,0.1\n0.1,0.9\n", ContentType="text/csv")
    values = [float(x) for x in got["Body"].read().decode().replace("\n", ",").split(",") if x]
    equal("a row each", len(values), 2)
    ok("near what it learned (3 x - y)", abs(values[0] - 2.6) < 0.6 and abs(values[1] + 0.6) < 0.6, values)
    with tempfile.TemporaryDirectory() as folder:
        s3.download_file("interop", job["ModelArtifacts"]["S3ModelArtifacts"].split("/", 3)[3],
                         folder + "/m.tar.gz")
        os.mkdir(folder + "/model")
        tarfile.open(folder + "/m.tar.gz").extractall(folder + "/model")
        with open(folder + "/rows.csv", "w") as f:
            f.write("0.9,0.1\n0.1,0.9\n")
        run = subprocess.run([TRAINER, "predict", folder + "/model", folder + "/rows.csv"], capture_output=True,
                             text=True)
        alone = [float(x) for x in run.stdout.replace("\n", ",").split(",") if x]
        equal("exactly what predict gives on the same rows", values, alone or run.stderr)

    # Two variants, 9:1.
    model("a", MODE="a")
    model("b", MODE="b")
    config("two", a=("a", 1, 9.0), b=("b", 2, 1.0))
    sm.create_endpoint(EndpointName="two", EndpointConfigName="two")
    equal("two variants", settled("two")["EndpointStatus"], "InService")
    answer = invoke("two", b"hello", ContentType="text/plain", TargetVariant="b", CustomAttributes="trace=7")
    equal("TargetVariant pins, headers pass", (answer["Body"].read(), answer["InvokedProductionVariant"],
                                               answer["ContentType"], answer["CustomAttributes"]),
          (b"b:hello", "b", "text/x-own", "trace=7"))
    equal("an answer in chunks", says("two", b"chunks"), b"in several chunks")
    counts = {"a": 0, "b": 0}
    lock = threading.Lock()

    def many(n):
        for _ in range(n):
            v = says("two")[:1].decode()
            with lock:
                counts[v] += 1
    threads = [threading.Thread(target=many, args=(125,)) for _ in range(8)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    equal("1,000 calls are answered", sum(counts.values()), 1000)
    ok("9 : 1 within 3 sigma", abs(counts["a"] - 900) <= 3 * (1000 * .9 * .1) ** .5, counts)

    def metric(name, variant, stat="Sum"):
        r = cw.get_metric_data(StartTime=time.time() - 3600, EndTime=time.time() + 60, MetricDataQueries=[{
            "Id": "m", "MetricStat": {"Period": 3600, "Stat": stat, "Metric": {
                "Namespace": "AWS/SageMaker", "MetricName": name, "Dimensions": [
                    {"Name": "EndpointName", "Value": "two"}, {"Name": "VariantName", "Value": variant}]}}}])
        return sum(r["MetricDataResults"][0]["Values"])
    ok("the metric Invocations counts them", until(
        lambda: metric("Invocations", "a") + metric("Invocations", "b") == 1002, 30))
    ok("ModelLatency is in microseconds", 100 < metric("ModelLatency", "a", "Average") < 5e6, metric("ModelLatency", "a", "Average"))
    error = None
    try:
        invoke("two", b"error", TargetVariant="a")
    except botocore.exceptions.ClientError as x:
        error = x.response
    ok("a container's error is a ModelError", error["Error"]["Code"] == "ModelError" and
       error["ResponseMetadata"]["HTTPStatusCode"] == 424 and error["OriginalStatusCode"] == 500 and
       error["OriginalMessage"] == "it broke" and error["LogStreamArn"].startswith("a/i-"), error)
    ok("counted as such", until(lambda: metric("InvocationModelErrors", "a") == 1, 30))
    equal("a body of 6 MiB passes", len(says("two", b"x" * 6291456)), 6291458)
    match("one byte more does not", str(failure(invoke, name="two", body=b"x" * 6291457)), "6291456 bytes.*413")
    match("an unknown variant", str(failure(invoke, name="two", TargetVariant="c")), "Variant c not found")
    match("an unknown endpoint", str(failure(invoke, name="none")), "Endpoint none of account")

    # Weights and counts while it is called.
    broken, stop = [], threading.Event()

    def load(name):
        while not stop.is_set():
            try:
                says(name)
            except Exception as x:  # noqa: BLE001
                broken.append(repr(x))
    callers = [threading.Thread(target=load, args=("two",)) for _ in range(4)]
    [t.start() for t in callers]
    sm.update_endpoint_weights_and_capacities(EndpointName="two", DesiredWeightsAndCapacities=[
        {"VariantName": "a", "DesiredWeight": 0.0, "DesiredInstanceCount": 2}, {"VariantName": "b", "DesiredInstanceCount": 1}])
    d = settled("two")
    equal("weights and counts are changed", [(v["CurrentWeight"], v["CurrentInstanceCount"]) for v in d["ProductionVariants"]],
          [(0.0, 2), (1.0, 1)])
    equal("a weight of 0 gets nothing", {says("two")[:1] for _ in range(20)}, {b"b"})

    # Blue/green under load: not one call fails.
    model("c", MODE="c")
    config("three", c=("c", 2, 1.0))
    sm.update_endpoint(EndpointName="two", EndpointConfigName="three")
    pending = told("two")
    equal("an update tells what is coming", (pending["EndpointStatus"], pending["EndpointConfigName"],
                                             pending["PendingDeploymentSummary"]["EndpointConfigName"]),
          ("Updating", "two", "three"))
    match("and refuses another one", failure(sm.update_endpoint, EndpointName="two", EndpointConfigName="two")[1], "in-progress")
    d = settled("two")
    equal("the new one serves", (d["EndpointConfigName"], [v["VariantName"] for v in d["ProductionVariants"]],
                                 says("two")), ("three", ["c"], b"c:x"))

    # One whose server dies is rolled back with the reason.
    model("dies", MODE="dies")
    config("bad", c=("dies", 1, 1.0))
    sm.update_endpoint(EndpointName="two", EndpointConfigName="bad")
    d = settled("two")
    equal("a configuration whose server dies is rolled back", (d["EndpointStatus"], d["EndpointConfigName"], says("two")),
          ("InService", "three", b"c:x"))
    match("with the reason", d.get("FailureReason", ""), "variant c did not pass the ping health check")
    stop.set()
    [t.join() for t in callers]
    equal("and all the while not one call failed", broken[:3], [])

    # Bake time: the old fleet is still there when the new one fails.
    sm.update_endpoint(EndpointName="two", EndpointConfigName="two", DeploymentConfig={"BlueGreenUpdatePolicy": {
        "TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}, "TerminationWaitInSeconds": 600}})
    until(lambda: says("two")[:1] in (b"a", b"b"))
    equal("while it bakes it is Updating", told("two")["EndpointStatus"], "Updating")
    failure(invoke, name="two", body=b"die", TargetVariant="a")
    d = settled("two")
    equal("what dies then is rolled back", (d["EndpointConfigName"], says("two")), ("three", b"c:x"))
    match("with the reason", d.get("FailureReason", ""), "variant a did not pass")

    # Data capture: lines parse and pair.
    sm.create_endpoint_config(EndpointConfigName="captured", ProductionVariants=[
        {"VariantName": "v", "ModelName": "a", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}],
        DataCaptureConfig={"EnableCapture": True, "InitialSamplingPercentage": 100, "DestinationS3Uri": f"s3://{BUCKET}/cap",
                           "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
                           "CaptureContentTypeHeader": {"CsvContentTypes": ["text/csv"]}})
    sm.create_endpoint(EndpointName="captured", EndpointConfigName="captured")
    equal("capture is told", settled("captured")["DataCaptureConfig"]["CaptureStatus"], "Started")
    for i in range(5):
        says("captured", f"{i},1\n".encode(), ContentType="text/csv", InferenceId=f"id-{i}")

    def captured():
        found = s3.list_objects_v2(Bucket=BUCKET, Prefix="cap/captured/v/20").get("Contents", [])
        return [json.loads(x) for o in found for x in s3.get_object(Bucket=BUCKET, Key=o["Key"])["Body"].read().splitlines()]
    ok("each call is a line", until(lambda: len(captured()) == 5, 30))
    lines = sorted(captured(), key=lambda x: x["eventMetadata"]["inferenceId"])
    equal("input and output are a pair", [(x["captureData"]["endpointInput"]["data"], x["captureData"]["endpointInput"]["encoding"],
                                           base64.b64decode(x["captureData"]["endpointOutput"]["data"]).decode(),
                                           x["captureData"]["endpointOutput"]["encoding"], x["eventVersion"]) for x in lines],
          [(f"{i},1\n", "CSV", f"a:{i},1\n", "BASE64", "0") for i in range(5)])
    sagetop = Sagetop(os.path.join(work, "home"), e.endpoint)
    files = [f["name"] for f in sagetop.json("files", "endpoint/captured")]
    ok("sagetop lists them below the endpoint", files and all(re.fullmatch(r"v/20[0-9/]+/.*[.]jsonl", f) for f in files), files)
    shown = "".join(sagetop.run("files", "endpoint/captured", f).stdout for f in files)
    equal("and shows what was asked and answered beside each other", sorted(x for x in shown.split("\n") if "\t" in x),
          [f"{i},1\ta:{i},1" for i in range(5)])

    # Failures from the start.
    model("silent", MODE="silent")
    config("silent-bad", v=("silent", 1, 1.0))
    sm.create_endpoint(EndpointName="dies", EndpointConfigName="bad")
    d = settled("dies")
    equal("an endpoint whose server dies fails", d["EndpointStatus"], "Failed")
    match("with the service's words", d["FailureReason"], "^The primary container for production variant c did not pass")
    model("nodata", data=f"s3://{BUCKET}/none.tar.gz")
    config("nodata", v=("nodata", 1, 1.0))
    sm.create_endpoint(EndpointName="nodata", EndpointConfigName="nodata")
    match("so does one without its artefact", settled("nodata")["FailureReason"], "Could not find model data at s3://.*none.tar.gz")
    model("unmapped", image="nobody/knows:1")
    config("unmapped", v=("unmapped", 1, 1.0))
    sm.create_endpoint(EndpointName="unmapped", EndpointConfigName="unmapped")
    match("and one whose image nobody mapped", settled("unmapped")["FailureReason"], "nothing stands for the image")
    lenient = e.session().client("sagemaker", endpoint_url=e.endpoint, config=botocore.config.Config(parameter_validation=False))
    lenient.create_endpoint_config(EndpointConfigName="silent", ProductionVariants=[
        {"VariantName": "v", "ModelName": "silent", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1,
         "ContainerStartupHealthCheckTimeoutInSeconds": 1}])
    sm.create_endpoint(EndpointName="silent", EndpointConfigName="silent")
    match("and one that never answers /ping", settled("silent")["FailureReason"], "did not pass the ping health check")
    stream = logs.describe_log_streams(logGroupName="/aws/sagemaker/Endpoints/dies")["logStreams"][0]["logStreamName"]
    match("logs are by variant and instance", stream, "^c/i-[0-9a-f]+$")
    said = [x["message"] for x in logs.get_log_events(logGroupName="/aws/sagemaker/Endpoints/dies", logStreamName=stream,
                                                      startFromHead=True)["events"]]
    ok("the model lay in /opt/ml/model", any("model.bin" in x or "?" in x for x in said), said)

    # A server may answer before it has read all.
    for i in range(3):
        big = failure(invoke, name="two", body=b"x" * ((6 << 20) - 1))
        ok(f"a large body that the server refuses unread ({i})", big and big[0] == "ModelError" and "413" in big[1] and
           "too much" in big[1], big)
    ok("and it serves on", says("two", body=b"y").endswith(b":y"))

    # The name of a deleted endpoint is free at once, though its server still lives: the new one's is another.
    model("lingers", MODE="lingers")
    config("lingers", v=("lingers", 1, 1.0))
    sm.create_endpoint(EndpointName="again", EndpointConfigName="lingers")
    equal("an endpoint to be deleted serves", (settled("again")["EndpointStatus"], says("again")), ("InService", b"lingers:x"))

    def servers(name):
        folder = os.path.join(e.state, "endpoints", name)
        return sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    first = servers("again")
    sm.delete_endpoint(EndpointName="again")
    config("again", v=("a", 1, 1.0))
    sm.create_endpoint(EndpointName="again", EndpointConfigName="again")
    equal("another one of its name serves", (settled("again")["EndpointStatus"], says("again")), ("InService", b"a:x"))
    ok("and the server of the first ends", len(first) == 1 and until(lambda: first[0] not in servers("again"), 30), servers("again"))
    second = servers("again")
    ok("and takes nothing of the new one's with it", len(second) == 1 and os.path.isdir(
        os.path.join(e.state, "endpoints", "again", second[0], "opt", "ml", "model")), second)
    equal("which serves on", says("again"), b"a:x")

    # One that dies in service is started again; the engine's own death as well.
    failure(invoke, name="two", body=b"die")
    ok("a dead server is started again", until(lambda: told("two")["ProductionVariants"][0]["CurrentInstanceCount"] == 2 and
                                               says("two") == b"c:x"))
    e.stop(signal.SIGKILL)
    e.start(*OPTIONS)
    clients()
    equal("after a crash it serves again", (settled("two")["EndpointStatus"], says("two")), ("InService", b"c:x"))

    for name in [x["EndpointName"] for x in sm.list_endpoints(MaxResults=100)["Endpoints"]]:
        sm.delete_endpoint(EndpointName=name)
    equal("all are deleted", sm.list_endpoints()["Endpoints"], [])

    def left():
        return subprocess.run(["pgrep", "-f", os.path.join(work, "serve")], capture_output=True, text=True).stdout.split()
    ok("and no server is left", until(lambda: not left()), left())
    equal("the engine ends cleanly", e.stop(), 0)
equal("AWS's model finds nothing wrong in any reply", judge.problems[:5], [])
done()
