#!/usr/bin/python3
"""boto3 on the local engine: real jobs, paginators, waiters, Search, transfers in
parts; every reply is judged by AWS's service models. Then the other way round:
every request that sagetop sends."""
import datetime
import hashlib
import os
import random
import subprocess
import tempfile

from engine_support import *
from engine_judge import Judge

if not os.access(TRAINER, os.X_OK):
    skip_all("built without the trainer")

judge = Judge()


def watched(e, service, **more):
    return judge.watch(e.client(service, **more))


def within(part, whole):
    """Everything in part is in whole, which may have more members."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(k in whole and within(v, whole[k]) for k, v in part.items())
    if isinstance(part, list):
        return isinstance(whole, list) and len(part) == len(whole) and all(map(within, part, whole))
    return part == whole


def names(pages, key="TrainingJobSummaries"):
    return [s["TrainingJobName"] for p in pages for s in p[key]]


def jobs(e):
    sagemaker, s3 = watched(e, "sagemaker"), watched(e, "s3")
    upload_data(s3)
    tags = [{"Key": "project", "Value": "interop"}, {"Key": "team", "Value": "ü +é/=@ ü"}]
    request = job_request("first", 25, Environment={"MODE": "test"}, Tags=tags)
    arn = sagemaker.create_training_job(**request)["TrainingJobArn"]
    for i in range(5):
        sagemaker.create_training_job(**job_request(f"more-{i}", 3 + i))
    sagemaker.create_training_job(**job_request(
        "broken", 3, InputDataConfig=[{"ChannelName": "train", "ContentType": "text/csv", "DataSource": {
            "S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://interop/broken/"}}}]) if s3.put_object(
                Bucket="interop", Key="broken/x.csv", Body=b"1,2\n3,word\n") else {})
    waiter = sagemaker.get_waiter("training_job_completed_or_stopped")
    waiter.wait(TrainingJobName="first", WaiterConfig={"Delay": 1, "MaxAttempts": 240})
    for i in range(5):
        waiter.wait(TrainingJobName=f"more-{i}", WaiterConfig={"Delay": 1, "MaxAttempts": 240})
    job = sagemaker.describe_training_job(TrainingJobName="first")
    told = {k: v for k, v in request.items() if k != "Tags"}
    ok("describe gives back what create was given", within(told, job), job)
    equal("and how it went", (job["TrainingJobStatus"], job["SecondaryStatus"], job["TrainingJobArn"]),
          ("Completed", "Completed", arn))
    ok("times are in order", job["CreationTime"] <= job["TrainingStartTime"] <= job["TrainingEndTime"]
       <= job["LastModifiedTime"], job)
    error = None
    try:
        waiter.wait(TrainingJobName="broken", WaiterConfig={"Delay": 1, "MaxAttempts": 240})
    except botocore.exceptions.WaiterError as e:
        error = str(e)
    ok("the waiter fails with the job", error and "terminal failure" in error, error)
    match("whose reason names the cell", sagemaker.describe_training_job(TrainingJobName="broken")["FailureReason"],
          r"(?s)^(AlgorithmError|ClientError).*x\.csv.*2")

    pages = list(sagemaker.get_paginator("list_training_jobs").paginate(
        SortBy="Name", SortOrder="Ascending", PaginationConfig={"PageSize": 3}))
    equal("list_training_jobs paginator", (len(pages), names(pages)),
          (3, ["broken", "first", "more-0", "more-1", "more-2", "more-3", "more-4"]))
    equal("filters of the list", names(sagemaker.get_paginator("list_training_jobs").paginate(
        StatusEquals="Completed", NameContains="MORE", SortBy="CreationTime", SortOrder="Descending")),
        [f"more-{4 - i}" for i in range(5)])
    hits = [r["TrainingJob"] for p in sagemaker.get_paginator("search").paginate(
        Resource="TrainingJob", SortBy="CreationTime", SortOrder="Ascending", SearchExpression={"Filters": [
            {"Name": "TrainingJobStatus", "Operator": "Equals", "Value": "Completed"}]},
        PaginationConfig={"PageSize": 2}) for r in p["Results"]]
    equal("search paginator", [h["TrainingJobName"] for h in hits], ["first"] + [f"more-{i}" for i in range(5)])
    equal("a search hit is the description, with tags", (
        hits[0]["HyperParameters"], hits[0]["FinalMetricDataList"], hits[0]["Tags"], hits[0]["BillableTimeInSeconds"]),
        (job["HyperParameters"], job["FinalMetricDataList"], tags, job["BillableTimeInSeconds"]))
    equal("list_tags paginator", [t for p in sagemaker.get_paginator("list_tags").paginate(ResourceArn=arn)
                                  for t in p["Tags"]], tags)
    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "more", "Value": ""}, {"Key": "team", "Value": "x"}])
    sagemaker.delete_tags(ResourceArn=arn, TagKeys=["project", "unknown"])
    equal("tags change", {t["Key"]: t["Value"] for t in sagemaker.list_tags(ResourceArn=arn)["Tags"]},
          {"more": "", "team": "x"})
    equal("update of an ended job", failure(sagemaker.update_training_job, TrainingJobName="first",
                                            ProfilerConfig={"DisableProfiler": True})[0], "ValidationException")

    sagemaker.create_training_job(**job_request("endless", 10 ** 8))
    until(lambda: sagemaker.describe_training_job(TrainingJobName="endless")["SecondaryStatus"] == "Training", 240)
    sagemaker.stop_training_job(TrainingJobName="endless")
    waiter.wait(TrainingJobName="endless", WaiterConfig={"Delay": 1, "MaxAttempts": 240})
    equal("a stopped job", sagemaker.describe_training_job(TrainingJobName="endless")["TrainingJobStatus"], "Stopped")


def refusals(e):
    sagemaker, logs, s3, sts = (watched(e, s, parameter_validation=False) for s in ("sagemaker", "logs", "s3", "sts"))
    cases = [
        ("no name", {"TrainingJobName": None}, "Value null at 'trainingJobName' failed to satisfy constraint: Member "
                                               "must not be null"),
        ("a bad name", {"TrainingJobName": "-x"}, "Value '-x' at 'trainingJobName' failed to satisfy constraint"),
        ("a bad role", {"RoleArn": "me"}, "at 'roleArn' failed to satisfy constraint"),
        ("a bad instance type", {"ResourceConfig": {"InstanceType": "ml.huge", "InstanceCount": 1,
                                                    "VolumeSizeInGB": 1}}, "'resourceConfig.instanceType'"),
        ("too long a hyperparameter", {"HyperParameters": {"x": "y" * 2501}}, "hyperParameters"),
        ("spot without a time to wait", {"EnableManagedSpotTraining": True}, "MaxWaitTimeInSeconds"),
        ("no data", {"InputDataConfig": [{"ChannelName": "train", "DataSource": {"S3DataSource": {
            "S3DataType": "S3Prefix", "S3Uri": "s3://interop/nothing/"}}}]}, "No S3 objects found"),
        ("two images", {"AlgorithmSpecification": {"TrainingImage": "a", "AlgorithmName": "b",
                                                   "TrainingInputMode": "File"}}, "AlgorithmName"),
    ]
    for what, change, words in cases:
        request = {k: v for k, v in dict(job_request("bad"), **change).items() if v is not None}
        code, message, status = failure(sagemaker.create_training_job, **request) or ("none", "", 0)
        ok(f"refused: {what}", (code, status) == ("ValidationException", 400) and words in message, f"{code} {message}")
    equal("a name that is taken", failure(sagemaker.create_training_job, **job_request("first"))[0], "ResourceInUse")
    equal("an unknown job", failure(sagemaker.stop_training_job, TrainingJobName="nobody")[0], "ResourceNotFound")
    equal("a token of another operation", failure(sagemaker.list_training_jobs, NextToken="x")[0],
          "ValidationException")
    equal("an unknown stream", failure(logs.get_log_events, logGroupName=GROUP, logStreamName="nobody/algo-1-1")[0],
          "ResourceNotFoundException")
    equal("an unknown bucket", failure(s3.list_objects_v2, Bucket="nowhere-to-be")[0], "NoSuchBucket")
    equal("an unknown key", failure(s3.get_object, Bucket="interop", Key="nothing")[0], "NoSuchKey")
    wrong = e.session(secret="wrong")
    for service, operation, code in [("sagemaker", "list_training_jobs", "InvalidSignatureException"),
                                     ("sts", "get_caller_identity", "SignatureDoesNotMatch"),
                                     ("s3", "list_buckets", "SignatureDoesNotMatch"),
                                     ("cloudwatch", "list_metrics", "SignatureDoesNotMatch")]:
        equal(f"a wrong secret: {service}",
              failure(getattr(judge.watch(e.client(service, wrong)), operation))[0], code)


def keys(e):
    sts = watched(e, "sts")
    role = sts.assume_role(RoleArn=ROLE, RoleSessionName="me", DurationSeconds=900)
    given = role["Credentials"]
    session = e.session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    equal("assumed keys", judge.watch(e.client("sts", session)).get_caller_identity()["Arn"],
          role["AssumedRoleUser"]["Arn"])
    equal("and their use", failure(judge.watch(e.client("sagemaker", session)).list_training_jobs), None)
    other = e.session(given["AccessKeyId"], given["SecretAccessKey"], "another-token")
    equal("a wrong session token", failure(judge.watch(e.client("sagemaker", other)).list_training_jobs)[0],
          "UnrecognizedClientException")


def observe(e):
    logs, cloudwatch = watched(e, "logs"), watched(e, "cloudwatch")
    streams = [s for p in logs.get_paginator("describe_log_streams").paginate(
        logGroupName=GROUP, logStreamNamePrefix="first/", PaginationConfig={"PageSize": 1}) for s in p["logStreams"]]
    equal("describe_log_streams paginator", len(streams), 1)
    equal("by time", len(logs.describe_log_streams(logGroupName=GROUP, orderBy="LastEventTime", descending=True,
                                                   limit=50)["logStreams"]), 8)
    ok("describe_log_groups", any(g["logGroupName"] == GROUP for g in logs.describe_log_groups()["logGroups"]))
    stream = streams[0]["logStreamName"]
    events, token = [], {}
    while True:
        page = logs.get_log_events(logGroupName=GROUP, logStreamName=stream, startFromHead=True, limit=7, **token)
        events += page["events"]
        if token.get("nextToken") == page["nextForwardToken"]:
            break
        token = {"nextToken": page["nextForwardToken"]}
    equal("get_log_events forwards, seven at a time", sum("validation-rmse" in x["message"] for x in events), 25)
    ok("in order", all(a["timestamp"] <= b["timestamp"] for a, b in zip(events, events[1:])))
    back = logs.get_log_events(logGroupName=GROUP, logStreamName=stream, limit=3)
    equal("and from the end", [x["message"] for x in back["events"]], [x["message"] for x in events[-3:]])
    found = [x for p in logs.get_paginator("filter_log_events").paginate(
        logGroupName=GROUP, logStreamNamePrefix="first/", filterPattern='"train-rmse"',
        PaginationConfig={"PageSize": 10}) for x in p["events"]]
    equal("filter_log_events paginator", (len(found), len({x["eventId"] for x in found})), (25, 25))

    now = datetime.datetime.now(datetime.timezone.utc)
    query = [{"Id": "rmse", "MetricStat": {"Metric": {
        "Namespace": GROUP, "MetricName": "validation:rmse",
        "Dimensions": [{"Name": "TrainingJobName", "Value": "first"}]}, "Period": 60, "Stat": stat}, "Label": stat}
        for stat in ("SampleCount",)]
    hour = datetime.timedelta(hours=1)
    results = [r for p in cloudwatch.get_paginator("get_metric_data").paginate(
        MetricDataQueries=query, StartTime=now - hour, EndTime=now + hour) for r in p["MetricDataResults"]]
    equal("get_metric_data: a sample a round", sum(sum(r["Values"]) for r in results), 25)
    statistics = cloudwatch.get_metric_statistics(
        Namespace=GROUP, MetricName="validation:rmse", Dimensions=[{"Name": "TrainingJobName", "Value": "first"}],
        StartTime=now - hour, EndTime=now + hour, Period=60, Statistics=["SampleCount", "Minimum"])
    equal("get_metric_statistics", sum(d["SampleCount"] for d in statistics["Datapoints"]), 25)
    listed = [m for p in cloudwatch.get_paginator("list_metrics").paginate(Namespace=GROUP) for m in p["Metrics"]]
    ok("list_metrics", {"validation:rmse", "CPUUtilization", "MemoryUtilization"} <= {m["MetricName"] for m in listed},
       listed)
    equal("times the wrong way round", failure(
        cloudwatch.get_metric_data, MetricDataQueries=query, StartTime=now, EndTime=now - hour)[0], "ValidationError")


def own_logs_and_metrics(e):
    logs, cloudwatch = watched(e, "logs"), watched(e, "cloudwatch")
    logs.create_log_group(logGroupName="/own/group")
    logs.create_log_stream(logGroupName="/own/group", logStreamName="one")
    now = int(time.time() * 1000)
    said = ["plain", "tab\tand ünïcode \U0001f600", "x" * 5000]
    logs.put_log_events(logGroupName="/own/group", logStreamName="one",
                        logEvents=[{"timestamp": now + i, "message": m} for i, m in enumerate(said)])
    got = logs.get_log_events(logGroupName="/own/group", logStreamName="one", startFromHead=True)["events"]
    equal("put_log_events", [(x["timestamp"], x["message"]) for x in got],
          [(now + i, m) for i, m in enumerate(said)])
    cloudwatch.put_metric_data(Namespace="Own", MetricData=[
        {"MetricName": "m", "Dimensions": [{"Name": "d", "Value": "1"}], "Value": v, "Unit": "Count"} for v in (1, 2, 6)])
    hour = datetime.timedelta(hours=1)
    at = datetime.datetime.now(datetime.timezone.utc)
    result = cloudwatch.get_metric_data(StartTime=at - hour, EndTime=at + hour, MetricDataQueries=[
        {"Id": f"q{i}", "MetricStat": {"Metric": {"Namespace": "Own", "MetricName": "m",
                                                  "Dimensions": [{"Name": "d", "Value": "1"}]},
                                       "Period": 3600, "Stat": stat}}
        for i, stat in enumerate(("Sum", "Average", "Minimum", "Maximum", "SampleCount"))])
    values = [sum(r["Values"]) for r in result["MetricDataResults"]]
    ok("put_metric_data", values == [9, 3, 1, 6, 3] or values[0] == 9 and values[4] == 3, values)


def objects(e, folder):
    s3 = watched(e, "s3")
    big, back = os.path.join(folder, "big"), os.path.join(folder, "back")
    random.seed(9)
    with open(big, "wb") as f:
        f.write(random.randbytes(20 << 20))
    s3.upload_file(big, "interop", "deep/er/big file+ä.bin", ExtraArgs={"Metadata": {"origin": "test"}})
    s3.download_file("interop", "deep/er/big file+ä.bin", back)
    digests = [hashlib.sha256(open(p, "rb").read()).hexdigest() for p in (big, back)]
    equal("20 MB up and down in parts", digests[0], digests[1])
    head = s3.head_object(Bucket="interop", Key="deep/er/big file+ä.bin")
    ok("its metadata and parts", head["Metadata"] == {"origin": "test"} and "-" in head["ETag"], head)
    part = s3.get_object(Bucket="interop", Key="deep/er/big file+ä.bin", Range="bytes=1000-1999")
    equal("a range", (part["Body"].read(), part["ContentRange"]),
          (open(big, "rb").read()[1000:2000], f"bytes 1000-1999/{20 << 20}"))
    for i in range(25):
        s3.put_object(Bucket="interop", Key=f"many/{i % 5}/{i:02d}", Body=b"x" * i)
    listed = list(s3.get_paginator("list_objects_v2").paginate(Bucket="interop", Prefix="many/",
                                                               PaginationConfig={"PageSize": 4}))
    equal("list_objects_v2 paginator", [o["Size"] for p in listed for o in p["Contents"]],
          [i for r in range(5) for i in range(r, 25, 5)])
    folders = [c["Prefix"] for p in s3.get_paginator("list_objects_v2").paginate(
        Bucket="interop", Prefix="many/", Delimiter="/", PaginationConfig={"PageSize": 2})
        for c in p.get("CommonPrefixes", [])]
    equal("folders", folders, [f"many/{i}/" for i in range(5)])
    s3.copy_object(Bucket="interop", Key="copy", CopySource={"Bucket": "interop", "Key": "many/1/21"})
    equal("a copy", s3.get_object(Bucket="interop", Key="copy")["Body"].read(), b"x" * 21)
    upload = s3.create_multipart_upload(Bucket="interop", Key="parts")["UploadId"]
    s3.upload_part(Bucket="interop", Key="parts", UploadId=upload, PartNumber=1, Body=b"too small")
    ok("list_multipart_uploads", any(u["UploadId"] == upload for u in
                                     s3.list_multipart_uploads(Bucket="interop")["Uploads"]))
    equal("list_parts", [p["Size"] for p in s3.list_parts(Bucket="interop", Key="parts", UploadId=upload)["Parts"]],
          [9])
    s3.abort_multipart_upload(Bucket="interop", Key="parts", UploadId=upload)
    equal("aborted", failure(s3.list_parts, Bucket="interop", Key="parts", UploadId=upload)[0], "NoSuchUpload")
    s3.delete_objects(Bucket="interop", Delete={"Objects": [{"Key": f"many/{i % 5}/{i:02d}"} for i in range(25)]})
    equal("delete_objects", s3.list_objects_v2(Bucket="interop", Prefix="many/")["KeyCount"], 0)
    # A key is a name, not a path: nothing of it leads out of the engine's folder.
    for key in "../../escape", "a/../../b", "//x", "a/./b":
        s3.put_object(Bucket="interop", Key=key, Body=key.encode())
        equal(f"the key {key}", s3.get_object(Bucket="interop", Key=key)["Body"].read(), key.encode())
    ok("which leaves nothing outside", not os.path.exists(os.path.join(folder, "escape")))
    equal("a bucket that holds objects stays", failure(s3.delete_bucket, Bucket="interop")[0], "BucketNotEmpty")
    s3.create_bucket(Bucket="short-lived")
    s3.head_bucket(Bucket="short-lived")
    s3.delete_bucket(Bucket="short-lived")
    equal("a bucket goes", failure(s3.head_bucket, Bucket="short-lived")[2], 404)
    s3.delete_object(Bucket="interop", Key="copy")
    equal("an object goes", failure(s3.head_object, Bucket="interop", Key="copy")[2], 404)
    equal("list_objects", [o["Key"] for o in s3.list_objects(Bucket="interop", Prefix="a/")["Contents"]],
          ["a/../../b", "a/./b"])
    equal("get_bucket_location", s3.get_bucket_location(Bucket="interop")["LocationConstraint"], None)


def prices(e):
    pricing = watched(e, "pricing")
    products = [json.loads(p) for page in pricing.get_paginator("get_products").paginate(
        ServiceCode="AmazonSageMaker", Filters=[
            {"Type": "TERM_MATCH", "Field": "regionCode", "Value": "us-east-1"},
            {"Type": "TERM_MATCH", "Field": "instanceName", "Value": "ml.m5.large"}]) for p in page["PriceList"]]
    ok("get_products", any(p["product"]["attributes"]["component"] == "Training" for p in products), products)


def sagetop_requests(e, folder):
    """Everything sagetop sends, as the engine recorded it, against the models."""
    record = os.path.join(folder, "record")
    home = os.path.join(folder, "sagetop")
    environment = dict(os.environ, HOME=home, XDG_STATE_HOME=home + "/state", XDG_CACHE_HOME=home + "/cache",
                       XDG_CONFIG_HOME=home + "/config", AWS_ACCESS_KEY_ID="local", AWS_SECRET_ACCESS_KEY="local",
                       AWS_REGION="us-east-1")
    spec = os.path.join(folder, "spec.json")
    with open(spec, "w") as f:
        json.dump(job_request("by-sagetop", 12, Tags=[{"Key": "a", "Value": "b"}]), f)
    endless = os.path.join(folder, "endless.json")
    with open(endless, "w") as f:
        json.dump(job_request("by-sagetop-2", 10 ** 8), f)
    with open(os.path.join(folder, "upload.csv"), "w") as f:
        f.write("1,2\n" * 100)
    commands = [
        ["jobs"], ["jobs", "--json"], ["job", "first"], ["logs", "first"], ["metrics", "first"],
        ["upload", os.path.join(folder, "upload.csv"), "s3://interop/by-sagetop/"],
        ["upload", os.path.join(folder, "big"), "s3://interop/by-sagetop/"],
        ["launch", spec, "--yes"], ["wait", "by-sagetop", "--timeout", "240s"], ["launch", endless, "--yes"],
        ["stop", "by-sagetop-2"], ["wait", "by-sagetop-2", "--timeout", "240s"],
        ["clone", "by-sagetop", "--name", "by-clone", "--set", "HyperParameters.num_round=4", "--yes"],
        ["wait", "by-clone", "--timeout", "240s"], ["logs", "by-clone"], ["prices"], ["doctor"],
    ]
    for command in commands:
        child = subprocess.run([os.path.join(BUILD, "sagetop"), "--endpoint-url", e.endpoint, *command],
                               stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environment, timeout=300)
        good = child.returncode == 0 or command[0] in ("doctor", "wait") and child.returncode in (1, 3)
        ok(f"sagetop {' '.join(os.path.basename(c) for c in command)}", good,
           f"{child.returncode}: {child.stderr[-500:]}")
    problems, seen = [], set()
    for line in open(record):
        request = json.loads(line)
        service, operation = request["action"].split(":")
        seen.add(request["action"])
        if request["protocol"] == "s3" or operation.startswith("InvokeEndpoint"):
            continue  # their input is no JSON
        found = judge.model(service).check_request(operation, request.get("input") or {})
        problems += [f"{request['action']}: {p}" for p in found]
        # What doctor asks about does not exist, on purpose.
        if "sagetop-doctor-" not in line and request.get("code") in ("ValidationException", "SerializationException", "InvalidParameterException"):
            problems.append(f"{request['action']} was refused: {line}")
    equal("sagetop's requests fit the models", sorted(set(problems)), [])
    wanted = {"sagemaker:Search", "sagemaker:DescribeTrainingJob", "sagemaker:CreateTrainingJob",
              "sagemaker:StopTrainingJob", "logs:GetLogEvents", "cloudwatch:GetMetricData", "s3:PutObject",
              "s3:UploadPart", "s3:CompleteMultipartUpload", "sts:GetCallerIdentity"}
    ok("and they were many kinds", wanted <= seen, f"missing: {sorted(wanted - seen)}; seen: {sorted(seen)}")


with tempfile.TemporaryDirectory(prefix="sagetop-boto3-") as folder:
    record = os.path.join(folder, "record")
    with engine("--slots", "2", "--stop-timeout", "20s", "--record", record) as e:
        jobs(e)
        observe(e)
        own_logs_and_metrics(e)
        objects(e, folder)
        keys(e)
        prices(e)
        refusals(e)
        equal("every reply fits the service models", sorted(set(judge.problems)), [])
        ok("of many operations", len(judge.seen) >= 42, sorted(judge.seen))
        os.truncate(record, 0)
        sagetop_requests(e, folder)
        equal("the engine ends cleanly", e.stop(), 0)
        equal("and had nothing to say", e.log(), "")
done()
