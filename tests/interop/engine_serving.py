#!/usr/bin/python3
"""Endpoints that have servers only while there is work, through boto3: serverless ones, and the queue of
asynchronous ones.
AWS's model judges every reply."""
import io
import os
import signal
import tarfile
import threading

from engine_support import *
from engine_judge import Judge

judge = Judge()
BUCKET = "sagemaker-us-east-1-000000000000"
SERVE = r'''#!/usr/bin/python3
import http.server, os, signal, sys, time
mode, port = os.environ.get("MODE", "ok"), int(os.environ["SAGEMAKER_BIND_TO_PORT"])
if mode == "once":  # of all the starts only the first serves
    try:
        os.mkdir(os.environ["MARK"])
    except FileExistsError:
        sys.exit(4)
if mode == "late":
    time.sleep(0.7)
class H(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_GET(self):
        self.answer(200, b"")
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if body == b"die":
            os._exit(3)
        if body.startswith(b"slow"):
            time.sleep(float(body[4:]))
        if body == b"error":
            return self.answer(500, b"it broke")
        self.answer(200, b"%d:%s" % (os.getpid(), body))
    def log_message(self, *a):
        pass
class S(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
signal.signal(signal.SIGTERM, lambda *a: os._exit(0))
S(("127.0.0.1", port), H).serve_forever()
'''
work = own_folder(serve=SERVE)
OPTIONS = (*own_settings(work, "serverless-idle: 1s\n"), "--stop-timeout", "2s")
ONCE = botocore.config.Config(retries={"max_attempts": 0}, max_pool_connections=32)

with engine(*OPTIONS) as e:
    def clients():
        global sm, rt, s3, cw
        sm = judge.watch(e.client("sagemaker"))
        rt = e.session().client("sagemaker-runtime", endpoint_url=e.endpoint, config=ONCE)
        s3, cw = e.client("s3"), e.client("cloudwatch")

    clients()

    def model(name, **environment):
        sm.create_model(ModelName=name, ExecutionRoleArn=ROLE,
                        PrimaryContainer={"Image": "own", "Environment": environment})

    def told(name):
        return sm.describe_endpoint(EndpointName=name)

    def settled(name, seconds=30):
        return until(lambda: (lambda d: d if d["EndpointStatus"] in ("InService", "Failed", "OutOfService") else None)(
            told(name)), seconds, f"{name} to settle")

    def says(name, body=b"x", **more):
        return rt.invoke_endpoint(EndpointName=name, Body=body, **more)["Body"].read()

    def servers(name):
        """The servers of an endpoint that run, by their folders."""
        folder, found = b"SAGETOP_JOB_DIR=" + os.path.join(e.state, "endpoints", name).encode() + b"/", set()
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/environ", "rb") as f:
                    pairs = f.read().split(b"\0")
            except OSError:
                continue
            if any(p.startswith(b"SAGEMAKER_BIND_TO_PORT=") for p in pairs):
                found.update(p for p in pairs if p.startswith(folder))
        return found

    def metric(name, endpoint, variant="v", stat="Sum"):
        dimensions = [{"Name": "EndpointName", "Value": endpoint}] + (
            [{"Name": "VariantName", "Value": variant}] if variant else [])
        r = cw.get_metric_data(StartTime=time.time() - 3600, EndTime=time.time() + 60, MetricDataQueries=[{
            "Id": "m", "MetricStat": {"Period": 3600, "Stat": stat, "Metric": {
                "Namespace": "AWS/SageMaker", "MetricName": name, "Dimensions": dimensions}}}])
        return sum(r["MetricDataResults"][0]["Values"])

    raw = e.raw

    # --- serverless
    model("ok")

    # One that served, and then ends at every start: looked at further down, since pauses grow.
    model("flaky", MODE="once", MARK=os.path.join(work, "flaky"))
    sm.create_endpoint_config(EndpointConfigName="flaky", ProductionVariants=[
        {"VariantName": "v", "ModelName": "flaky", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}])
    sm.create_endpoint(EndpointName="flaky", EndpointConfigName="flaky")
    equal("a server that starts once serves", settled("flaky")["EndpointStatus"], "InService")
    failure(says, name="flaky", body=b"die")

    def serverless(name, variants=None, model="ok", **more):
        config = {"MemorySizeInMB": 2048, "MaxConcurrency": 2} | more.pop("config", {})
        return dict(EndpointConfigName=name, ProductionVariants=variants or [
            {"VariantName": "v", "ModelName": model, "ServerlessConfig": config}], **more)
    capture = {"EnableCapture": True, "InitialSamplingPercentage": 100, "DestinationS3Uri": f"s3://{BUCKET}/c",
               "CaptureOptions": [{"CaptureMode": "Input"}]}
    lenient = e.session().client("sagemaker", endpoint_url=e.endpoint, config=botocore.config.Config(parameter_validation=False))
    for what, request, said in (
            ("memory of no such size", serverless("c", config={"MemorySizeInMB": 1500}), "must be 1024, 2048"),
            ("too little memory", serverless("c", config={"MemorySizeInMB": 512}), "greater than or equal to 1024"),
            ("too many at a time", serverless("c", config={"MaxConcurrency": 201}), "less than or equal to 200"),
            ("data capture", serverless("c", DataCaptureConfig=capture), "not supported for serverless"),
            ("two variants", serverless("c", variants=[
                {"VariantName": v, "ModelName": "ok", "ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 1}}
                for v in "vw"]), "one variant only")):
        got = failure(lenient.create_endpoint_config, **request)
        ok(f"serverless with {what} is refused", got and got[0] == "ValidationException" and said in got[1], got)
    match("so is more provisioned than there may be", raw("CreateEndpointConfig", **serverless(
        "c", config={"ProvisionedConcurrency": 3})), "^ValidationException.*must not exceed its MaxConcurrency")
    sm.create_endpoint_config(**serverless("less"))
    sm.create_endpoint(EndpointName="less", EndpointConfigName="less")
    d = settled("less")
    variant = d["ProductionVariants"][0]
    equal("a serverless endpoint is in service", (d["EndpointStatus"], variant["CurrentInstanceCount"],
                                                  variant["CurrentServerlessConfig"]["MaxConcurrency"]), ("InService", 0, 2))
    ok("without a server once its model was seen to start", until(lambda: not servers("less")), servers("less"))
    first = says("less")
    ok("the first call starts one", len(servers("less")) == 1 and first.endswith(b":x"), first)
    equal("which the next one finds", says("less"), first)
    equal("without another", len(servers("less")), 1)
    answers, refused = [], []

    def slow():
        try:
            answers.append(says("less", b"slow0.7"))
        except botocore.exceptions.ClientError as x:
            refused.append((x.response["Error"]["Code"], x.response["ResponseMetadata"]["HTTPStatusCode"]))
    threads = [threading.Thread(target=slow) for _ in range(5)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    equal("of five calls at a time two are answered", len(answers), 2)
    equal("and the others throttled", refused, [("ThrottlingException", 400)] * 3)
    equal("a body of more than 4 MiB is too much", failure(says, name="less", body=b"x" * (4194304 + 1))[0],
          "RequestEntityTooLargeException")
    ok("a server was started for each, and that is counted: ModelSetupTime", until(lambda: metric("ModelSetupTime", "less", stat="SampleCount") == 2, 10),
       metric("ModelSetupTime", "less", stat="SampleCount"))
    ok("and lie in OverheadLatency, not in the model's", until(lambda: metric("Invocations", "less") == 4, 10) and
       metric("OverheadLatency", "less", stat="Maximum") >= metric("ModelSetupTime", "less", stat="Minimum") and
       metric("OverheadLatency", "less", stat="Maximum") > metric("ModelLatency", "less", stat="Minimum"),
       [metric(x, "less", stat=stat) for x, stat in (("OverheadLatency", "Maximum"), ("ModelSetupTime", "Minimum"), ("ModelLatency", "Minimum"))])
    ok("idle ones end", until(lambda: not servers("less"), 10), servers("less"))
    equal("the endpoint stays in service", told("less")["EndpointStatus"], "InService")
    match("a server that dies under a call is a model's error", failure(says, name="less", body=b"die")[0], "ModelError")
    ok("the next call has another one", says("less").endswith(b":x"))

    # A model that starts only once: the call that wants the second start is told, and nothing hangs.
    model("once", MODE="once", MARK=os.path.join(work, "mark"))
    sm.create_endpoint_config(**serverless("once", model="once"))
    sm.create_endpoint(EndpointName="once", EndpointConfigName="once")
    equal("a model that starts once is in service", settled("once")["EndpointStatus"], "InService")
    until(lambda: not servers("once"))
    got = failure(says, name="once")
    ok("a call whose server does not start is a model's error", got and got[0] == "ModelError" and "ping health check" in got[1], got)
    model("dies", MODE="once", MARK="/")
    sm.create_endpoint_config(**serverless("dies", model="dies"))
    sm.create_endpoint(EndpointName="dies", EndpointConfigName="dies")
    d = settled("dies")
    ok("one that never starts fails", d["EndpointStatus"] == "Failed" and "ping health check" in d["FailureReason"], d)
    sm.update_endpoint(EndpointName="less", EndpointConfigName="dies")
    d = settled("less")
    ok("and rolls an update back", d["EndpointConfigName"] == "less" and "ping health check" in d["FailureReason"], d)

    # Provisioned concurrency stands; it can be changed.
    equal("concurrency is changed", raw("UpdateEndpointWeightsAndCapacities", EndpointName="less", DesiredWeightsAndCapacities=[
        {"VariantName": "v", "ServerlessUpdateConfig": {"MaxConcurrency": 3, "ProvisionedConcurrency": 2}}]), "")
    ok("provisioned servers stand without a call", until(lambda: len(servers("less")) == 2, 10), servers("less"))
    equal("and it is told", settled("less")["ProductionVariants"][0]["CurrentServerlessConfig"]["MaxConcurrency"], 3)
    match("instances are not to be had", str(failure(sm.update_endpoint_weights_and_capacities, EndpointName="less",
          DesiredWeightsAndCapacities=[{"VariantName": "v", "DesiredInstanceCount": 2}])), "it is serverless")
    sm.delete_endpoint_config(EndpointConfigName="less")

    # --- asynchronous
    def queued(name, failures="s3://%s/failed" % BUCKET, instances=1, **more):
        out = {"S3OutputPath": f"s3://{BUCKET}/answers/"} | ({"S3FailurePath": failures} if failures else {})
        return dict(EndpointConfigName=name, ProductionVariants=[
            {"VariantName": "v", "ModelName": "ok", "InstanceType": "ml.m5.large", "InitialInstanceCount": instances}],
            AsyncInferenceConfig={"ClientConfig": {"MaxConcurrentInvocationsPerInstance": 2}, "OutputConfig": out | more})
    raw("CreateEndpointConfig", **queued("sns", NotificationConfig={"SuccessTopic": "arn:aws:sns:us-east-1:000000000000:t"}))
    match("notifications are refused with the reason", str(failure(
        sm.create_endpoint, EndpointName="sns", EndpointConfigName="sns")), "ValidationException.*has no SNS")
    raw("CreateEndpointConfig", **queued("queue"))
    sm.create_endpoint(EndpointName="queue", EndpointConfigName="queue")
    d = settled("queue")
    equal("an asynchronous endpoint tells what it is", (d["EndpointStatus"], d["AsyncInferenceConfig"]["ClientConfig"]),
          ("InService", {"MaxConcurrentInvocationsPerInstance": 2}))

    def put(text):
        s3.put_object(Bucket=BUCKET, Key=f"in/{text}", Body=text.encode())
        return f"s3://{BUCKET}/in/{text}"

    def later(text, name="queue", **more):
        r = rt.invoke_endpoint_async(EndpointName=name, InputLocation=put(text), ContentType="text/csv", **more)
        return r | {"FailureLocation": r["ResponseMetadata"]["HTTPHeaders"]["x-amzn-sagemaker-failurelocation"]}

    def with_timeout(params, **_):
        """A member that this botocore does not know."""
        params["headers"]["X-Amzn-SageMaker-InvocationTimeoutSeconds"] = "1"

    def got(uri):
        bucket, key = uri[5:].split("/", 1)
        try:
            return s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        except botocore.exceptions.ClientError:
            return None

    def answer(uri, seconds=15):
        return until(lambda: got(uri), seconds, uri)
    r = later("one", InferenceId="mine-1")
    equal("a call is taken", (r["ResponseMetadata"]["HTTPStatusCode"], r["InferenceId"], r["OutputLocation"], r["FailureLocation"]),
          (202, "mine-1", f"s3://{BUCKET}/answers/mine-1.out", f"s3://{BUCKET}/failed/mine-1-error.out"))
    ok("and its answer stored", answer(r["OutputLocation"]).endswith(b":one"))
    bad = later("error")
    rt.meta.events.register("before-call.sagemaker-runtime.InvokeEndpointAsync", with_timeout)
    slow_one = later("slow5")
    rt.meta.events.unregister("before-call.sagemaker-runtime.InvokeEndpointAsync", with_timeout)
    none = rt.invoke_endpoint_async(EndpointName="queue", InputLocation=f"s3://{BUCKET}/in/none")
    match("a model's error as well", answer(bad["FailureLocation"]).decode(), r'server error \(500\) from v with message "it broke"')
    equal("and no answer", got(bad["OutputLocation"]), None)
    match("an input that is not there", answer(none["ResponseMetadata"]["HTTPHeaders"]["x-amzn-sagemaker-failurelocation"])
          .decode(), "Could not find the input data at s3://.*in/none")
    match("a model that takes too long", answer(slow_one["FailureLocation"]).decode(), "did not answer in time")
    dies = later("die")
    for what, call, said in (
            ("of an endpoint that is not asynchronous", lambda: later("x", name="less"), "is not asynchronous"),
            ("InvokeEndpoint of one that is", lambda: says("queue"), "InvokeEndpointAsync only"),
            ("of no endpoint", lambda: later("x", name="none"), "Endpoint none of account")):
        told_of = failure(call)
        ok(f"a call {what} is refused", told_of and told_of[0] == "ValidationError" and said in told_of[1], told_of)
    match("a server that dies three times", answer(dies["FailureLocation"], 30).decode(), "server error")
    ok("its metrics are the queue's", until(lambda: metric("InvocationsProcesssed", "queue") == 1, 10) and
       metric("InvocationFailures", "queue") == 3 and metric("RequestDownloadFailures", "queue") == 1 and metric("Invocations", "queue") == 0 and
       metric("TotalProcessingTime", "queue", stat="Maximum") >= 1000 and metric("TimeInBacklog", "queue", stat="SampleCount") >= 3,
       [metric(x, "queue") for x in ("InvocationsProcesssed", "InvocationFailures", "Invocations")])

    # Without a server the queue waits; with one it is worked on, two at a time.
    sm.update_endpoint_weights_and_capacities(EndpointName="queue", DesiredWeightsAndCapacities=[
        {"VariantName": "v", "DesiredInstanceCount": 0}])
    settled("queue")
    ok("an asynchronous endpoint may have no instance", until(lambda: not servers("queue"), 10), servers("queue"))
    kept = [later("slow0.3", InferenceId=f"kept-{i}")["OutputLocation"] for i in range(6)]
    ok("its backlog is told", until(lambda: metric("ApproximateBacklogSize", "queue", None, "Maximum") == 6, 10) and
       metric("HasBacklogWithoutCapacity", "queue", None, "Maximum") == 1)
    sm.update_endpoint_weights_and_capacities(EndpointName="queue", DesiredWeightsAndCapacities=[
        {"VariantName": "v", "DesiredInstanceCount": 1}])
    until(lambda: any(map(got, kept)), 15, "an answer")
    equal("and not all at once", all(map(got, kept)), False)

    d = until(lambda: (lambda x: x if x["EndpointStatus"] != "InService" else None)(told("flaky")), 30, "flaky to be given up")
    equal("one that ends at every start is given up", (d["EndpointStatus"], d["ProductionVariants"][0]["CurrentInstanceCount"]),
          ("OutOfService", 0))
    match("with the reason", d["FailureReason"], "ping health check")

    # --- kill -9
    e.stop(signal.SIGKILL)
    e.start(*OPTIONS)
    clients()
    equal("after a crash a serverless endpoint serves, though its configuration is deleted",
          (settled("less")["EndpointStatus"], says("less")[-2:]), ("InService", b":x"))
    ok("with what is provisioned", until(lambda: len(servers("less")) == 2, 10), servers("less"))

    ok("and the queue is answered to its end", until(lambda: all(map(got, kept)), 20), list(map(got, kept)))
    equal("by the endpoint that is asynchronous still", failure(says, name="queue")[0], "ValidationError")

    # A call that waits for its server when the endpoint is deleted.
    model("late", MODE="late")
    sm.create_endpoint_config(**serverless("late", model="late"))
    sm.create_endpoint(EndpointName="late", EndpointConfigName="late")
    settled("late")
    until(lambda: not servers("late"))
    told_of = []
    waits = threading.Thread(target=lambda: told_of.append(failure(says, name="late")))
    waits.start()
    until(lambda: servers("late"))
    sm.delete_endpoint(EndpointName="late")
    waits.join(10)
    later("slow30")
    ok("a call that waits is told that the endpoint was deleted", told_of and "was deleted" in told_of[0][1], told_of)
    for name in [x["EndpointName"] for x in sm.list_endpoints(MaxResults=100)["Endpoints"]]:
        sm.delete_endpoint(EndpointName=name)
    equal("all are deleted", sm.list_endpoints()["Endpoints"], [])
    ok("and no server is left", until(lambda: not servers("less") and not servers("late"), 10))
    equal("the engine ends cleanly", e.stop(), 0)
equal("AWS's model finds nothing wrong in any reply", judge.problems[:5], [])
done()
