#!/usr/bin/python3
"""Processing jobs through boto3: the /opt/ml/processing contract with real processes. AWS's
model judges every reply."""
import json
import signal
import subprocess

from engine_support import *
from engine_judge import Judge

judge = Judge()
BUCKET = "sagemaker-us-east-1-000000000000"
GROUP = "/aws/sagemaker/ProcessingJobs"
SPLIT = """
import csv, json, os, sys
print("arguments", sys.argv[1:])
print("config", json.dumps(json.load(open("/opt/ml/config/processingjobconfig.json")), sort_keys=True))
print("resources", json.dumps(json.load(open("/opt/ml/config/resourceconfig.json"))))
rows = list(csv.reader(open("/opt/ml/processing/input/raw/all.csv")))
share = float(sys.argv[sys.argv.index("--share") + 1])
n = int(len(rows) * share)
for name, part in ("train", rows[:n]), ("test", rows[n:]):
    with open(f"/opt/ml/processing/{name}/{name}.csv", "w", newline="") as f:
        csv.writer(f).writerows(part)
os.symlink("/etc/passwd", "/opt/ml/processing/train/link")
print("extra", open("/opt/ml/processing/input/extra/b/two.txt").read())
open("/opt/ml/output/message", "w").write(f"split {len(rows)} rows")
"""


def s3_input(name, uri, path, **more):
    return {"InputName": name, "S3Input": {"S3Uri": uri, "LocalPath": path, "S3DataType": "S3Prefix",
                                           "S3InputMode": "File", **more}}


def s3_output(name, path, prefix, mode="EndOfJob"):
    return {"OutputName": name, "S3Output": {"S3Uri": f"s3://{BUCKET}/{prefix}", "LocalPath": path, "S3UploadMode": mode}}


if subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode:
    skip_all("no mount namespaces here")

with engine("--stop-timeout", "2s") as e:
    sm, s3, logs = (judge.watch(e.client(x)) if x == "sagemaker" else e.client(x) for x in ("sagemaker", "s3", "logs"))

    def create(name, entrypoint, inputs=(), outputs=(), count=1, image="python:3", arguments=None, **more):
        app = {"ImageUri": image}
        if entrypoint:
            app["ContainerEntrypoint"] = entrypoint
        if arguments:
            app["ContainerArguments"] = arguments
        request = dict(ProcessingJobName=name, RoleArn=ROLE, AppSpecification=app, ProcessingResources={
            "ClusterConfig": {"InstanceCount": count, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 5}}, **more)
        if inputs:
            request["ProcessingInputs"] = list(inputs)
        if outputs:
            request["ProcessingOutputConfig"] = {"Outputs": list(outputs)}
        return request

    def run(name, *arguments, **more):
        sm.create_processing_job(**create(name, *arguments, **more))
        return over(name)

    def told(name):
        return sm.describe_processing_job(ProcessingJobName=name)

    def over(name):
        return until(lambda: (lambda d: d if d["ProcessingJobStatus"] in ("Completed", "Failed", "Stopped") else None)(
            told(name)), 120, f"the end of {name}")

    def lines(name):
        streams = logs.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix=name + "/")["logStreams"]
        return [x["message"] for s in streams for x in logs.get_log_events(
            logGroupName=GROUP, logStreamName=s["logStreamName"], startFromHead=True)["events"]]

    def keys(prefix):
        return sorted(o["Key"] for o in s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", []))

    def get(key):
        return s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()

    rows = "".join(f"{i},{i * i}\n" for i in range(100))
    for key, text in (("code/split.py", SPLIT), ("raw/all.csv", rows), ("extra/a/one.txt", "1"), ("extra/b/two.txt", "2"),
                      ("extra/manifest", json.dumps([{"prefix": f"s3://{BUCKET}/extra/"}, "a/one.txt", "b/two.txt"])),
                      *((f"shards/{i}.txt", str(i)) for i in range(5))):
        s3.put_object(Bucket=BUCKET, Key=key, Body=text.encode())

    # ScriptProcessor's layout: the script is an input, arguments follow it.
    d = run("split", ["python3", "/opt/ml/processing/input/code/split.py"],
            [s3_input("code", f"s3://{BUCKET}/code/split.py", "/opt/ml/processing/input/code"),
             s3_input("raw", f"s3://{BUCKET}/raw/", "/opt/ml/processing/input/raw"),
             s3_input("extra", f"s3://{BUCKET}/extra/manifest", "/opt/ml/processing/input/extra", S3DataType="ManifestFile")],
            [s3_output("train", "/opt/ml/processing/train", "split/train"),
             s3_output("test", "/opt/ml/processing/test", "split/test/")],
            arguments=["--share", "0.8"], Environment={"A": "b"})
    equal("a script splits a table", (d["ProcessingJobStatus"], d.get("FailureReason")), ("Completed", None))
    equal("its outputs are stored, links are not", keys("split/"), ["split/test/test.csv", "split/train/train.csv"])
    equal("with their rows", [get(k).count(b"\n") for k in keys("split/")], [20, 80])
    equal("its message is told", d["ExitMessage"], "split 100 rows")
    ok("times are in order", d["CreationTime"] <= d["ProcessingStartTime"] <= d["ProcessingEndTime"], d)
    equal("nothing of ours is told", [k for k in d if k.startswith("Local")], [])
    said = lines("split")
    ok("the script got its arguments", "arguments ['--share', '0.8']" in said, said)
    ok("a manifest's files lie below their prefix", "extra 2" in said, said)
    config = json.loads([x for x in said if x.startswith("config ")][0][7:])
    equal("processingjobconfig.json: members", sorted(config), sorted([
        "ProcessingJobArn", "ProcessingJobName", "AppSpecification", "Environment", "ProcessingInputs",
        "ProcessingOutputConfig", "ProcessingResources", "RoleArn", "StoppingCondition", "NetworkConfig",
        "ExperimentConfig"]))
    equal("an input", config["ProcessingInputs"][1], {
        "InputName": "raw", "AppManaged": False, "DatasetDefinition": None, "S3Input": {
            "LocalPath": "/opt/ml/processing/input/raw", "S3Uri": f"s3://{BUCKET}/raw/", "S3DataDistributionType": None,
            "S3DataType": "S3Prefix", "S3InputMode": "File", "S3CompressionType": None, "S3DownloadMode": "StartOfJob"}})
    equal("what was resolved", (config["StoppingCondition"], config["NetworkConfig"], config["Environment"],
                                config["ProcessingResources"]["ClusterConfig"]["VolumeKmsKeyId"]),
          ({"MaxRuntimeInSeconds": 86400}, None, {"A": "b"}, None))
    equal("resourceconfig.json", json.loads([x for x in said if x.startswith("resources ")][0][10:]),
          {"current_host": "algo-1", "hosts": ["algo-1"]})

    # Two hosts, sharded; both upload.
    d = run("shards", ["sh", "-c", "h=$(sed -n 's/.*current_host\": \"\\(.*\\)\".*/\\1/p' /opt/ml/config/resourceconfig.json);"
                       "cat /opt/ml/processing/in/* >/opt/ml/processing/out/$h; printf \"$h \" >/opt/ml/output/message"],
            [s3_input("in", f"s3://{BUCKET}/shards/", "/opt/ml/processing/in", S3DataDistributionType="ShardedByS3Key")],
            [s3_output("out", "/opt/ml/processing/out", "shards-out")], count=2)
    equal("two hosts", (d["ProcessingJobStatus"], d.get("FailureReason")), ("Completed", None))
    equal("each has its keys", [get(k) for k in keys("shards-out/")], [b"024", b"13"])
    equal("messages of hosts are joined", d["ExitMessage"], "algo-1 algo-2 ")

    # Ends.
    d = run("three", ["sh", "-c", "echo kept >/opt/ml/processing/c/x; echo lost >/opt/ml/processing/o/y; exit 3"], (),
            [s3_output("c", "/opt/ml/processing/c", "three/c", "Continuous"), s3_output("o", "/opt/ml/processing/o", "three/o")])
    equal("an exit status other than 0 fails", d["ProcessingJobStatus"], "Failed")
    match("with it as the reason", d["FailureReason"], r"^AlgorithmError: .*, exit code: 3$")
    equal("of its outputs the continuous ones are kept", keys("three/"), ["three/c/x"])
    d = run("cut", ["python3", "-c", "open('/opt/ml/output/message', 'w').write('x' * 1023 + 'é' + 'y' * 500)"])
    equal("a message is cut at 1 KB, not within a character", len(d["ExitMessage"].encode()), 1023)
    d = run("latin", ["python3", "-c", "open('/opt/ml/output/message', 'wb').write(b'caf\\xe9')"])
    equal("one that is not UTF-8 fails", (d["ProcessingJobStatus"], d["FailureReason"][:12]), ("Failed", "ClientError:"))
    d = run("swallow", ["python3", "-c", "import traceback\ntry:\n  {}[1]\nexcept KeyError:\n  traceback.print_exc()"])
    equal("a traceback that was swallowed is warned of", (d["ProcessingJobStatus"], d.get("ExitMessage")),
          ("Completed", "warning: its log ends in a traceback: KeyError: 1"))
    d = run("remote", ["python3", f"s3://{BUCKET}/code/split.py"])
    match("an entrypoint on S3 fails", d.get("FailureReason", ""), "^AlgorithmError: the entrypoint names s3://")
    d = run("unmapped", None, image="nobody/knows:1")
    match("so does an image that nobody mapped", d.get("FailureReason", ""), "^ClientError: nothing stands for the image")
    d = run("empty", ["true"], [s3_input("in", f"s3://{BUCKET}/nothing/", "/opt/ml/processing/in")])
    match("and an input without objects", d.get("FailureReason", ""), "^ClientError: .*matched no files")
    d = run("bucket", ["true"], (), [{"OutputName": "o", "S3Output": {
        "S3Uri": "s3://no-such-bucket/x", "LocalPath": "/opt/ml/processing/o", "S3UploadMode": "EndOfJob"}}])
    match("and an output without its bucket", d.get("FailureReason", ""), "^ClientError: .*no-such-bucket/x does not exist")
    d = run("time", ["sleep", "600"], StoppingCondition={"MaxRuntimeInSeconds": 1})
    equal("one that takes too long is stopped", d["ProcessingJobStatus"], "Stopped")

    # Continuous outputs, and a stop.
    sm.create_processing_job(**create("long", ["sh", "-c", "trap 'exit 0' TERM; echo 1 >/opt/ml/processing/c/a;"
                                               "while :; do sleep 0.05; done"], (),
                                      [s3_output("c", "/opt/ml/processing/c", "long/c", "Continuous")]))
    ok("a continuous output is there before the end", until(lambda: keys("long/c/")))
    equal("while it runs", told("long")["ProcessingJobStatus"], "InProgress")
    can_delete = hasattr(sm, "delete_processing_job")  # an older botocore does not know it
    if can_delete:
        match("and it cannot be deleted", failure(sm.delete_processing_job, ProcessingJobName="long")[1], "is in status InProgress")
    sm.stop_processing_job(ProcessingJobName="long")
    d = over("long")
    equal("it stops", (d["ProcessingJobStatus"], keys("long/")), ("Stopped", ["long/c/a"]))
    match("once", failure(sm.stop_processing_job, ProcessingJobName="long")[1], "is in status Stopped")

    # What is refused.
    for what, bad in (
            ("a path elsewhere", dict(inputs=[s3_input("i", f"s3://{BUCKET}/raw/", "/tmp/x")])),
            ("a path that leads out", dict(outputs=[s3_output("o", "/opt/ml/processing/../x", "p")])),
            ("a name given twice", dict(inputs=[s3_input("i", f"s3://{BUCKET}/raw/", "/opt/ml/processing/a")] * 2)),
            ("11 inputs", dict(inputs=[s3_input(f"i{i}", f"s3://{BUCKET}/raw/", f"/opt/ml/processing/{i}")
                                       for i in range(11)])),
            ("pipe mode", dict(inputs=[s3_input("i", f"s3://{BUCKET}/raw/", "/opt/ml/processing/a", S3InputMode="Pipe")])),
            ("another address", dict(inputs=[s3_input("i", "https://x/y", "/opt/ml/processing/a")]))):
        got = failure(sm.create_processing_job, **create("bad", ["true"], **bad))
        ok("refused: " + what, got and got[0] == "ValidationException" and got[2] == 400, got)
    equal("a name that is taken", failure(sm.create_processing_job, **create("long", ["true"]))[0], "ResourceInUse")

    # An engine that is killed loses no job and runs none twice.
    mark = "from-a-killed-engine"
    sm.create_processing_job(**create("killed", ["sh", "-c", f": {mark}; echo begun; sleep 600"]))
    until(lambda: "begun" in lines("killed"))
    e.stop(signal.SIGKILL)
    e.start("--stop-timeout", "2s")
    sm, s3, logs = (judge.watch(e.client(x)) if x == "sagemaker" else e.client(x) for x in ("sagemaker", "s3", "logs"))
    d = over("killed")
    equal("after a crash it has failed", (d["ProcessingJobStatus"], d["FailureReason"][:19]), ("Failed", "InternalServerError"))

    def left():
        return subprocess.run(["pgrep", "-f", mark], capture_output=True).returncode == 0
    ok("and nothing of it is left", until(lambda: not left()))
    for name in can_delete * [x["ProcessingJobName"] for x in sm.list_processing_jobs(MaxResults=100)["ProcessingJobSummaries"]]:
        sm.delete_processing_job(ProcessingJobName=name)
    if can_delete:
        equal("all can be deleted", sm.list_processing_jobs()["ProcessingJobSummaries"], [])
    equal("the engine ends cleanly", e.stop(), 0)
equal("AWS's model finds nothing wrong in any reply", judge.problems[:5], [])
done()
