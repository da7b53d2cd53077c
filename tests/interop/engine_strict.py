#!/usr/bin/python3
"""--strict and --deny: the service's rates, quotas, paging and refusals, seen
through boto3 with its own retries switched off."""
import json
import subprocess
import time

from engine_support import *


def usage(*options):
    child = subprocess.run([ENGINE, "--port", "0", *options], capture_output=True, text=True, timeout=20)
    return child.returncode, child.stderr.strip()


def burst(call, n, **arguments):
    """Calls until ten were refused, n at most: how many got through, and the codes of the rest."""
    through, refused = 0, []
    for _ in range(n):
        error = failure(call, **arguments)
        through += error is None
        if error:
            refused.append((error[0], error[2]))
        if len(refused) == 10:
            break
    return through, set(refused)


# A job that waits for ever in the queue would hold its instances: one slot, jobs without end.
with engine("--strict", "--slots", "1", "--stop-timeout", "5s", "--rates",
            "CreateTrainingJob=1000,StopTrainingJob=1000,DescribeTrainingJob=1000,ListTags=1000,FilterLogEvents=0.05",
            "--quotas", "ml.m5.xlarge=3,spot:ml.m5.xlarge=1") as e:
    sagemaker, logs, s3, sts = (e.client(s) for s in ("sagemaker", "logs", "s3", "sts"))
    upload_data(s3)

    # rates
    began = time.monotonic()
    through, codes = burst(sagemaker.list_training_jobs, 300)
    most = 2 + 2 * (time.monotonic() - began) + 1
    ok("ListTrainingJobs: two a second get through", 2 <= through <= most, f"{through}, not {most}")
    equal("the rest is throttled in SageMaker's words", codes, {("ThrottlingException", 400)})
    until(lambda: failure(sagemaker.list_training_jobs) is None, 60, "a token")
    ok("and time brings requests back", True)
    through, codes = burst(logs.filter_log_events, 20, logGroupName=GROUP)
    ok("--rates sets another rate", ("ThrottlingException", 400) in codes, codes)
    through, codes = burst(sts.get_caller_identity, 12)
    equal("operations without a rate are free", (through, codes), (12, set()))

    # quotas
    big = {"InstanceType": "ml.m5.xlarge", "InstanceCount": 2, "VolumeSizeInGB": 5}
    sagemaker.create_training_job(**job_request("two", 10 ** 8, ResourceConfig=big))
    error = failure(sagemaker.create_training_job, **job_request("four", ResourceConfig=big))
    equal("a quota in the service's words", error and error[:2], (
        "ResourceLimitExceeded",
        "The account-level service limit 'ml.m5.xlarge for training job usage' is 3 Instances, with current "
        "utilization of 2 Instances and a request delta of 2 Instances. Please use AWS Service Quotas to request an "
        "increase for this quota. If AWS Service Quotas is not available, contact AWS support to request an increase "
        "for this quota."))
    spot = dict(EnableManagedSpotTraining=True, StoppingCondition={"MaxRuntimeInSeconds": 600,
                                                                  "MaxWaitTimeInSeconds": 900})
    one = dict(big, InstanceCount=1)
    error = failure(sagemaker.create_training_job, **job_request("spot-2", ResourceConfig=big, **spot))
    match("spot instances have a quota of their own", error and error[1] or "",
          "'ml.m5.xlarge for spot training job usage' is 1 Instances, with current utilization of 0")
    sagemaker.create_training_job(**job_request("three", 10 ** 8, ResourceConfig=one))
    error = failure(sagemaker.create_training_job,
                    **job_request("huge", ResourceConfig=dict(one, InstanceType="ml.p4d.24xlarge")))
    match("a new account has no large accelerators", error and error[1] or "",
          "'ml.p4d.24xlarge for training job usage' is 0 Instances")
    sagemaker.stop_training_job(TrainingJobName="two")
    wait_over(sagemaker, "two")
    sagemaker.create_training_job(**job_request("after", 10 ** 8, ResourceConfig=big))
    ok("an ended job gives its instances back", True)
    for name in "three", "after":
        sagemaker.stop_training_job(TrainingJobName=name)
        wait_over(sagemaker, name)

    # the page comes first, the status is applied to it afterwards
    for i in range(3):
        sagemaker.create_training_job(**job_request(f"done-{i}", 3))
    for i in range(3):
        wait_over(sagemaker, f"done-{i}")

    def pages(**arguments):
        out, token = [], {}
        while True:
            page = until(lambda: page_or_none(arguments, token), 120, "a page")
            out.append([s["TrainingJobName"] for s in page["TrainingJobSummaries"]])
            if "NextToken" not in page:
                return out
            token = {"NextToken": page["NextToken"]}

    def page_or_none(arguments, token):
        try:
            return sagemaker.list_training_jobs(**arguments, **token)
        except botocore.exceptions.ClientError as throttled:
            if throttled.response["Error"]["Code"] != "ThrottlingException":
                raise

    equal("ListTrainingJobs takes the page first and filters it then",
          pages(StatusEquals="Completed", MaxResults=2, SortBy="Name", SortOrder="Ascending"),
          [["done-0"], ["done-1", "done-2"], []])
    equal("nothing is lost over the pages", sum(pages(MaxResults=4, SortBy="CreationTime"), []),
          ["done-2", "done-1", "done-0", "after", "three", "two"])

    equal("a missing job is a ValidationException, as the service says it",
          failure(sagemaker.describe_training_job, TrainingJobName="nobody")[:2],
          ("ValidationException", "Requested resource not found."))
    equal("names are unique", failure(sagemaker.create_training_job, **job_request("two"))[0], "ResourceInUse")

    # tags
    arn = sagemaker.describe_training_job(TrainingJobName="two")["TrainingJobArn"]
    equal("aws: is reserved", failure(sagemaker.add_tags, ResourceArn=arn, Tags=[{"Key": "aws:x", "Value": "1"}])[0],
          "ValidationException")
    equal("a key is given once",
          failure(sagemaker.add_tags, ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}])[0],
          "ValidationException")
    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": f"k{i}", "Value": str(i)} for i in range(50)])
    error = failure(sagemaker.add_tags, ResourceArn=arn, Tags=[{"Key": "one-more", "Value": ""}])
    equal("fifty tags at most", error and error[0], "ResourceLimitExceeded")
    sagemaker.delete_tags(ResourceArn=arn, TagKeys=["k7"])
    equal("a tag is taken away", len(sagemaker.list_tags(ResourceArn=arn)["Tags"]), 49)

    # Search
    def search(*filters, **more):
        expression = dict(more.get("expression", {}))
        if filters:
            expression["Filters"] = [dict(zip(("Name", "Operator", "Value"), f)) for f in filters]

        def page():
            try:
                return sagemaker.search(Resource="TrainingJob", SearchExpression=expression, MaxResults=100,
                                        SortBy=more.get("sort", "TrainingJobName"),
                                        SortOrder=more.get("order", "Ascending"))
            except botocore.exceptions.ClientError as throttled:
                if throttled.response["Error"]["Code"] != "ThrottlingException":
                    raise
        return until(page, 120, "a search")

    def names(*filters, **more):
        return [r["TrainingJob"]["TrainingJobName"] for r in search(*filters, **more)["Results"]]

    def refusal(*filters, **more):
        try:
            search(*filters, **more)
        except botocore.exceptions.ClientError as e:
            return e.response["Error"]["Code"]

    equal("Search: Contains", names(("TrainingJobName", "Contains", "done")), ["done-0", "done-1", "done-2"])
    equal("Search: In", names(("TrainingJobStatus", "In", "Stopped,Failed")), ["after", "three", "two"])
    equal("Search: a metric, not one name", names(
        ("Metrics.validation:rmse", "GreaterThan", "0"), ("TrainingJobStatus", "Equals", "Completed"),
        ("TrainingJobName", "NotEquals", "done-1")), ["done-0", "done-2"])
    equal("Search: Exists", names(("ModelArtifacts.S3ModelArtifacts", "Exists"), ("Tags.k1", "Exists")), ["two"])
    equal("Search: NotExists", names(("Tags.k1", "NotExists"), ("TrainingJobStatus", "Equals", "Stopped")),
          ["after", "three"])
    equal("Search: numbers of hyperparameters",
          names(("HyperParameters.num_round", "LessThanOrEqualTo", "3")), ["done-0", "done-1", "done-2"])
    equal("Search: Or", names(("TrainingJobName", "Equals", "two"), ("TrainingJobName", "Equals", "done-2"),
                              expression={"Operator": "Or"}), ["done-2", "two"])
    equal("Search: subexpressions", names(("TrainingJobName", "Contains", "done"), expression={"SubExpressions": [
        {"Operator": "Or", "Filters": [{"Name": "TrainingJobName", "Operator": "Equals", "Value": "done-0"},
                                       {"Name": "TrainingJobName", "Operator": "Equals", "Value": "two"}]}]}),
          ["done-0"])
    equal("Search: nested filters", names(("TrainingJobName", "Equals", "two"), expression={"NestedFilters": [
        {"NestedPropertyName": "InputDataConfig", "Filters": [
            {"Name": "InputDataConfig.ChannelName", "Operator": "Equals", "Value": "train"},
            {"Name": "InputDataConfig.DataSource.S3DataSource.S3Uri", "Operator": "Contains", "Value": "/train/"}]}]}),
          ["two"])
    equal("both must hold for one and the same channel", names(
        ("TrainingJobName", "Equals", "two"), expression={"NestedFilters": [
            {"NestedPropertyName": "InputDataConfig", "Filters": [
                {"Name": "InputDataConfig.ChannelName", "Operator": "Equals", "Value": "train"},
                {"Name": "InputDataConfig.DataSource.S3DataSource.S3Uri", "Operator": "Contains",
                 "Value": "/validation/"}]}]}), [])
    equal("Search: times", names(("CreationTime", "GreaterThan", "2020-01-01T00:00:00"),
                                 ("CreationTime", "LessThan", "2021-01-01T00:00:00")), [])
    equal("Search: descending by creation", names(("TrainingJobName", "Exists"), sort="CreationTime",
                                                  order="Descending")[0], "done-2")
    # The client's model may be older than TotalHits: as it stood on the wire.
    replies = []
    sagemaker.meta.events.register("response-received.sagemaker.Search",
                                   lambda response_dict, **_: replies.append(json.loads(response_dict["body"])))
    search(("TrainingJobName", "Contains", "done"))
    equal("Search: TotalHits", replies[-1].get("TotalHits"), {"Value": 3, "Relation": "EqualTo"})
    equal("Search: text has no order", refusal(("TrainingJobStatus", "GreaterThan", "A")), "ValidationException")
    equal("Search: one Contains only", refusal(("TrainingJobName", "Contains", "a"), ("RoleArn", "Contains", "b")),
          "ValidationException")
    equal("Search: a time must be one", refusal(("CreationTime", "GreaterThan", "yesterday")), "ValidationException")
    equal("Search: an expression holds something", refusal(expression={"SubExpressions": [{"Operator": "And"}]}),
          "ValidationException")
    deep = {"SubExpressions": [{"Filters": [{"Name": f"HyperParameters.h{i}", "Operator": "Exists"}
                                            for i in range(18)]} for _ in range(3)]}
    equal("Search: fifty nodes at most", refusal(("TrainingJobName", "Exists"), expression=deep),
          "ValidationException")

# --deny
with engine("--deny", "sagemaker:Search,logs:Get*,s3:PutObject,iam:PassRole,cloudwatch:*,sts:*") as e:
    sagemaker, logs, s3, sts, cloudwatch = (e.client(s) for s in ("sagemaker", "logs", "s3", "sts", "cloudwatch"))
    error = failure(sagemaker.search, Resource="TrainingJob")
    equal("a denied operation", error, (
        "AccessDeniedException", "User: arn:aws:iam::000000000000:user/local is not authorized to perform: "
        "sagemaker:Search because no identity-based policy allows the sagemaker:Search action", 400))
    equal("its neighbour is served", failure(sagemaker.list_training_jobs), None)
    equal("a pattern", failure(logs.get_log_events, logGroupName=GROUP, logStreamName="x")[0], "AccessDeniedException")
    equal("which does not reach further", failure(logs.describe_log_streams, logGroupName=GROUP)[0]
          if failure(logs.describe_log_streams, logGroupName=GROUP) else None,
          "ResourceNotFoundException")
    equal("Query services say it in their way", failure(cloudwatch.list_metrics)[::2], ("AccessDenied", 403))
    s3.create_bucket(Bucket="denied")
    equal("S3: a put", failure(s3.put_object, Bucket="denied", Key="k", Body=b"x")[::2], ("AccessDenied", 403))
    equal("S3: an upload in parts needs the same",
          failure(s3.create_multipart_upload, Bucket="denied", Key="k")[0], "AccessDenied")
    equal("S3: a listing is another permission", failure(s3.list_objects_v2, Bucket="denied"), None)
    match("CreateTrainingJob hands a role on", failure(sagemaker.create_training_job, **job_request("x"))[1],
          f"iam:PassRole on resource: {ROLE} because")
    equal("nobody can deny GetCallerIdentity", sts.get_caller_identity()["Account"], "000000000000")

status, text = usage("--deny", "sagemaker:Serach")
ok("--deny: a slip is named, with the nearest", status == 2 and "did you mean sagemaker:Search?" in text, text)
status, text = usage("--strict", "--rates", "ListTrainingJobs=fast")
ok("--rates: no number", status == 2 and "ListTrainingJobs=fast" in text, text)
status, text = usage("--strict", "--quotas", "ml.m5.large")
ok("--quotas: no number", status == 2 and "ml.m5.large" in text, text)
done()
