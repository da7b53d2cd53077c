#!/usr/bin/python3
"""Endpoints of many models through boto3, served by the trainer: models are brought and loaded as they are asked for,
the least recently used ones make room, what is wrong is told. AWS's model judges every reply."""
import io
import os
import random
import signal
import tarfile
import tempfile
import threading

from engine_support import *
from engine_judge import Judge

judge = Judge()
BUCKET = "sagemaker-us-east-1-000000000000"
ROWS = b"0.9,0.1\n0.1,0.9\n0.5,0.5\n"

with engine("--stop-timeout", "2s") as e:
    sm, rt, s3 = judge.watch(e.client("sagemaker")), e.client("sagemaker-runtime", max_pool_connections=32), e.client("s3")
    cw = e.client("cloudwatch")
    upload_data(s3)
    for name, rounds in ("one", 5), ("two", 30):
        sm.create_training_job(**job_request(name, rounds=rounds))

    def trained(name):
        """The files of a job's model by name, and what it says of ROWS."""
        uri = wait_over(sm, name)["ModelArtifacts"]["S3ModelArtifacts"]
        packed = s3.get_object(Bucket="interop", Key=uri.split("/", 3)[3])["Body"].read()
        with tempfile.TemporaryDirectory() as folder, tarfile.open(fileobj=io.BytesIO(packed)) as t:
            t.extractall(folder)
            run = subprocess.run([TRAINER, "predict", folder, "-"], input=ROWS, capture_output=True)
            return {x.name: t.extractfile(x).read() for x in t.getmembers() if x.isfile()}, run.stdout.split()

    def put(key, files, padding=0):
        """padding: bytes in a folder beside the model, which count as its size."""
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w:gz") as t:
            for name, data in {**files, **({"pad/bytes": bytes(padding)} if padding else {})}.items():
                info = tarfile.TarInfo(name)
                info.size = len(data)
                t.addfile(info, io.BytesIO(data))
        s3.put_object(Bucket=BUCKET, Key="many/" + key, Body=out.getvalue())

    one, says_one = trained("one")
    two, says_two = trained("two")
    ok("two models that differ", says_one and says_two and says_one != says_two, (says_one, says_two))
    put("a.tar.gz", one, 600 << 10)
    put("sub/b.tar.gz", two, 600 << 10)

    def deploy(name, **container):
        sm.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer={
            "Image": "sagetop-trainer", "ModelDataUrl": f"s3://{BUCKET}/many/", **container})
        sm.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[
            {"VariantName": "v", "ModelName": name, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}])
        sm.create_endpoint(EndpointName=name, EndpointConfigName=name)
    got = failure(sm.create_model, ModelName="none", ExecutionRoleArn=ROLE, PrimaryContainer={"Image": "x", "Mode": "MultiModel"})
    ok("many models without a prefix: refused", got and "ModelDataUrl must be the prefix" in got[1], got)
    deploy("many", Mode="MultiModel", Environment={"SAGETOP_MODEL_MEMORY_MB": "1"})
    deploy("single", ModelDataUrl=f"s3://{BUCKET}/many/a.tar.gz")
    for name in "many", "single":
        until(lambda: sm.describe_endpoint(EndpointName=name)["EndpointStatus"] == "InService", 60)

    def says(model=None, endpoint="many"):
        return rt.invoke_endpoint(EndpointName=endpoint, Body=ROWS, ContentType="text/csv",
                                  **({"TargetModel": model} if model else {}))["Body"].read().split()

    def metric(name, stat="Sum", space="AWS/SageMaker"):
        r = cw.get_metric_data(StartTime=time.time() - 3600, EndTime=time.time() + 60, MetricDataQueries=[{
            "Id": "m", "MetricStat": {"Period": 3600, "Stat": stat, "Metric": {
                "Namespace": space, "MetricName": name, "Dimensions": [
                    {"Name": "EndpointName", "Value": "many"}, {"Name": "VariantName", "Value": "v"}]}}}])
        return max(r["MetricDataResults"][0]["Values"], default=None)

    equal("a model answers as predict does on the same rows", says("a.tar.gz"), says_one)
    equal("it is loaded once", (says("a.tar.gz"), metric("ModelCacheHit"), metric("ModelCacheHit", "SampleCount")), (says_one, 1, 2))
    equal("another one, in a folder", says("sub/b.tar.gz"), says_two)
    equal("for which there was no room beside the first (507): that was unloaded", metric("ModelUnloadingTime", "SampleCount"), 1)
    equal("so it is loaded again", (says("/a.tar.gz"), metric("ModelLoadingTime", "SampleCount"), metric("ModelUnloadingTime", "SampleCount")),
          (says_one, 3, 2))
    equal("from the files that are there", metric("ModelDownloadingTime", "SampleCount"), 2)
    ok("which takes its time, in microseconds", 100 < metric("ModelLoadingTime", "Average") < 3e7 and
       metric("ModelLoadingWaitTime", "SampleCount") == 3, metric("ModelLoadingTime", "Average"))
    equal("one at a time", metric("LoadedModelCount", "Maximum", "/aws/sagemaker/Endpoints"), 1)
    put("c.tar.gz", two)
    equal("a new key is served at once", says("c.tar.gz"), says_two)
    put("c.tar.gz", one)
    equal("an overwritten one stays as it was loaded", says("c.tar.gz"), says_two)
    equal("small ones fit beside it", metric("LoadedModelCount", "Maximum", "/aws/sagemaker/Endpoints"), 2)

    # What is wrong.
    put("big.tar.gz", one, 2 << 20)
    s3.put_object(Bucket=BUCKET, Key="many/text.tar.gz", Body=b"no archive")
    put("empty.tar.gz", {"readme": b"no model"})
    for what, model, code, said in (
            ("a key that is not there", "none.tar.gz", "ValidationError", f"Failed to download model data from s3://{BUCKET}/many/none.tar.gz"),
            ("a way out of the prefix", "../out/a.tar.gz", "ValidationError", "not a key of a model below"),
            ("a way out from within", "sub/../../a.tar.gz", "ValidationError", "not a key of a model below"),
            ("what is no archive", "text.tar.gz", "ValidationError", "text.tar.gz"),
            ("an archive without a model", "empty.tar.gz", "ModelError", "is not loaded"),
            ("one that is larger than all the room", "big.tar.gz", "ModelError", "no room for")):
        got = failure(says, model=model)
        ok(f"{what}: {code}", got and got[0] == code and said in got[1], got)
    try:
        says("big.tar.gz")
    except botocore.exceptions.ClientError as x:
        equal("with the server's status", x.response["OriginalStatusCode"], 507)
    got = failure(says)
    ok("no model at all", got and got[0] == "ValidationError" and "TargetModel must say" in got[1], got)
    got = failure(says, model="a.tar.gz", endpoint="single")
    ok("one where there is a single one", got and got[0] == "ValidationError" and "takes no TargetModel" in got[1], got)
    equal("which answers", says(endpoint="single"), says_one)

    # Many callers, of which each other one has another model.
    wrong = []

    def call(seed):
        draw = random.Random(seed)
        for _ in range(6):
            model, wanted = draw.choice((("a.tar.gz", says_one), ("sub/b.tar.gz", says_two), ("c.tar.gz", says_two)))
            try:
                if says(model) != wanted:
                    wrong.append(model)
            except Exception as x:  # noqa: BLE001
                wrong.append(repr(x))
    threads = [threading.Thread(target=call, args=(i,)) for i in range(6)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    equal("models that push each other out are served, each by itself", wrong[:3], [])

    # A server that is killed has none of them any more.
    folder = os.path.join(e.state, "endpoints", "many")
    for pid in subprocess.run(["pgrep", "-f", "sagetop-trainer serve"], capture_output=True, text=True).stdout.split():
        try:
            if folder in open(f"/proc/{pid}/environ").read():
                os.kill(int(pid), signal.SIGKILL)
        except OSError:
            pass

    def again():
        try:
            return says("c.tar.gz") == says_two
        except botocore.exceptions.ClientError:
            return False
    ok("one that is started again loads them again", until(again, 30))
    for name in "many", "single":
        sm.delete_endpoint(EndpointName=name)
    ok("and ends", until(lambda: not os.path.isdir(folder) or not os.listdir(folder), 20))
    equal("the engine ends cleanly", e.stop(), 0)
equal("AWS's model finds nothing wrong in any reply", judge.problems[:5], [])
done()
