#!/usr/bin/python3
"""Model Monitor's schedules through boto3, with hours of half a second: what an endpoint captured is held against
a baseline that the same analyzer made, by definition and by a definition of its own, at its times and NOW;
a batch, stop, what is refused, and an engine that is killed. AWS's model judges every reply."""
import json
import os
import signal

from engine_support import *
from engine_judge import Judge
from sagetop_support import Sagetop

judge = Judge()
BUCKET = "sagemaker-us-east-1-000000000000"
ANALYZER = "156813124566.dkr.ecr.us-east-1.amazonaws.com/sagemaker-model-monitor-analyzer"
# Answers the sum of a line's numbers.
SERVE = r'''#!/usr/bin/python3
import http.server, os, signal
class H(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Type", "text/csv")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_GET(self):
        self.answer(b"")
    def do_POST(self):
        lines = self.rfile.read(int(self.headers["Content-Length"])).decode().split()
        self.answer("".join("%.3f\n" % sum(map(float, line.split(","))) for line in lines).encode())
    def log_message(self, *a):
        pass
signal.signal(signal.SIGTERM, lambda *a: os._exit(0))
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["SAGEMAKER_BIND_TO_PORT"])), H).serve_forever()
'''
# Another one's analyzer: it notes that it runs, and waits for leave to end.
HELD = """#!/bin/sh
own=$(dirname "$0")
echo run >>"$own/runs"
while [ ! -e "$own/go" ]; do sleep 0.02; done
mkdir -p $SAGETOP_ML_ROOT/output; echo Completed >$SAGETOP_ML_ROOT/output/message
"""
work = own_folder(serve=SERVE, held=HELD)
OPTIONS = (*own_settings(work, f"  held:\n    command: [{work}/held]\nmonitoring-hour: 500ms\n"), "--stop-timeout", "2s", "--slots", "4")
HOURLY = "cron(0 * ? * * *)"
RESOURCES = {"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 5}}
FROM_ENDPOINT = {"EndpointInput": {"EndpointName": "e", "LocalPath": "/opt/ml/processing/input/endpoint"}}
OUTPUTS = {"MonitoringOutputs": [{"S3Output": {"S3Uri": f"s3://{BUCKET}/reports/", "LocalPath": "/opt/ml/processing/output"}}]}
BASELINE = {"ConstraintsResource": {"S3Uri": f"s3://{BUCKET}/baseline/constraints.json"},
            "StatisticsResource": {"S3Uri": f"s3://{BUCKET}/baseline/statistics.json"}}

with engine(*OPTIONS) as e:
    def clients():
        global sm, rt, s3
        sm, rt, s3 = judge.watch(e.client("sagemaker")), e.client("sagemaker-runtime"), e.client("s3")
        # A botocore of 2022 does not know the offsets.
        sm.meta.service_model._service_description["shapes"]["ScheduleConfig"]["members"].update(
            DataAnalysisStartTime={"shape": "String"}, DataAnalysisEndTime={"shape": "String"})

    def own(image=ANALYZER, data=FROM_ENDPOINT, baseline=BASELINE, **more):
        return {"BaselineConfig": baseline, "MonitoringInputs": [data], "MonitoringOutputConfig": OUTPUTS,
                "MonitoringResources": RESOURCES, "MonitoringAppSpecification": {"ImageUri": image}, "RoleArn": ROLE, **more}

    def config(expression, definition=None, own=None, start=None, end=None, **more):
        times = {"ScheduleExpression": expression}
        if start:
            times |= {"DataAnalysisStartTime": start, "DataAnalysisEndTime": end or "-PT0H"}
        return {"ScheduleConfig": times, **({"MonitoringJobDefinition": own} if own else {}),
                **({"MonitoringJobDefinitionName": definition} if definition else {}), **more}

    def schedule(name, *words, **more):
        return sm.create_monitoring_schedule(MonitoringScheduleName=name, MonitoringScheduleConfig=config(*words, **more))

    def told(name):
        return sm.describe_monitoring_schedule(MonitoringScheduleName=name)

    def executions(name, **more):
        pages = sm.get_paginator("list_monitoring_executions").paginate(
            MonitoringScheduleName=name, SortBy="ScheduledTime", SortOrder="Ascending", **more)
        return [x for page in pages for x in page["MonitoringExecutionSummaries"]]

    def ended(name, *statuses, n=1):
        return until(lambda: (lambda l: l if len(l) >= n else None)(
            [x for x in executions(name) if x["MonitoringExecutionStatus"] in statuses]), 40, f"{n} of {statuses} in {name}")

    def job(execution):
        return sm.describe_processing_job(ProcessingJobName=execution["ProcessingJobArn"].rpartition("/")[2])

    def report(execution, file):
        uri = job(execution)["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"]
        return json.load(s3.get_object(Bucket=BUCKET, Key=uri.partition(f"{BUCKET}/")[2] + "/" + file)["Body"])

    def found(execution):
        return {(v["feature_name"], v["constraint_check_type"]) for v in report(execution, "constraint_violations.json")["violations"]}

    def call(*rows):
        for row in rows:
            rt.invoke_endpoint(EndpointName="e", ContentType="text/csv", Body=row)

    def captured():
        objects = s3.list_objects_v2(Bucket=BUCKET, Prefix="captured/e/v/").get("Contents", [])
        return sum(s3.get_object(Bucket=BUCKET, Key=o["Key"])["Body"].read().count(b"\n") for o in objects)

    clients()
    sm.create_model(ModelName="m", ExecutionRoleArn=ROLE, PrimaryContainer={"Image": "own"})
    variants = [{"VariantName": "v", "ModelName": "m", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}]
    sm.create_endpoint_config(EndpointConfigName="c", ProductionVariants=variants, DataCaptureConfig={
        "EnableCapture": True, "InitialSamplingPercentage": 100, "DestinationS3Uri": f"s3://{BUCKET}/captured",
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
        "CaptureContentTypeHeader": {"CsvContentTypes": ["text/csv"]}})
    sm.create_endpoint_config(EndpointConfigName="silent", ProductionVariants=variants)
    sm.create_endpoint(EndpointName="e", EndpointConfigName="c")
    sm.create_endpoint(EndpointName="silent", EndpointConfigName="silent")
    for name in "e", "silent":
        until(lambda: sm.describe_endpoint(EndpointName=name)["EndpointStatus"] == "InService", 30)

    # A baseline, by the container that makes them, from what the endpoint captured.
    call(*("".join(f"{10 + i % 7},{k % 13}.5\n" for k in range(20)) for i in range(5)))
    until(lambda: captured() == 5, 20, "captures")
    sm.create_processing_job(ProcessingJobName="baseline", RoleArn=ROLE, AppSpecification={"ImageUri": ANALYZER}, Environment={
        "dataset_format": '{"sagemakerCaptureJson": {"captureIndexNames": ["endpointInput", "endpointOutput"]}}',
        "dataset_source": "/opt/ml/processing/input/endpoint", "output_path": "/opt/ml/processing/output"},
        ProcessingInputs=[{"InputName": "in", "S3Input": {
            "S3Uri": f"s3://{BUCKET}/captured/e/", "LocalPath": "/opt/ml/processing/input/endpoint", "S3DataType": "S3Prefix",
            "S3InputMode": "File"}}],
        ProcessingOutputConfig={"Outputs": [{"OutputName": "o", "S3Output": {
            "S3Uri": f"s3://{BUCKET}/baseline", "LocalPath": "/opt/ml/processing/output", "S3UploadMode": "EndOfJob"}}]},
        ProcessingResources=RESOURCES)
    d = until(lambda: (lambda d: d if d["ProcessingJobStatus"] != "InProgress" else None)(
        sm.describe_processing_job(ProcessingJobName="baseline")), 40)
    equal("a baseline is made by the analyzer's image", (d["ProcessingJobStatus"], d.get("FailureReason"), d.get("ExitMessage")),
          ("Completed", None, "Completed: Job completed successfully with no violations."))
    constraints = json.load(s3.get_object(Bucket=BUCKET, Key="baseline/constraints.json")["Body"])
    equal("with the answer's column first", [(f["name"], f["inferred_type"]) for f in constraints["features"]],
          [("_c0", "Fractional"), ("_c1", "Integral"), ("_c2", "Fractional")])

    # A definition of its own, and a schedule by its name.
    definition = dict(JobDefinitionName="d", DataQualityBaselineConfig=BASELINE, DataQualityAppSpecification={"ImageUri": ANALYZER},
                      DataQualityJobInput=FROM_ENDPOINT, DataQualityJobOutputConfig=OUTPUTS, JobResources=RESOURCES, RoleArn=ROLE)
    made = sm.create_data_quality_job_definition(**definition)["JobDefinitionArn"]
    equal("a definition is listed", [(r["MonitoringJobDefinitionArn"], r["EndpointName"]) for r in
                                     sm.list_data_quality_job_definitions(EndpointName="e")["JobDefinitionSummaries"]], [(made, "e")])
    for what, want, code, arguments in (
            ("another expression", "must be cron(0 * ? * * *)", "ValidationException", ("cron(30 * ? * * *)", "d")),
            ("an hour that no day has", "must be cron(0 * ? * * *)", "ValidationException", ("cron(0 24 ? * * *)", "d")),
            ("a definition that is not there", "Could not find the data quality job definition", "ValidationException", (HOURLY, "none")),
            ("two definitions", "and not both", "ValidationException", (HOURLY, "d", own())),
            ("no definition", "must have MonitoringJobDefinition", "ValidationException", (HOURLY,)),
            ("NOW without its stretch", "must be given with the ScheduleExpression NOW", "ValidationException", ("NOW", "d")),
            ("a stretch that ends before it begins", "must be before", "ValidationException", ("NOW", "d", None, "-PT1H", "-PT2H")),
            ("an offset that is none", "is no offset", "ValidationException", ("NOW", "d", None, "-5H")),
            ("an endpoint that is not there", "Could not find endpoint", "ValidationException",
             (HOURLY, None, own(data={"EndpointInput": {**FROM_ENDPOINT["EndpointInput"], "EndpointName": "none"}}))),
            ("an endpoint that captures nothing", "captures no data", "ValidationException",
             (HOURLY, None, own(data={"EndpointInput": {**FROM_ENDPOINT["EndpointInput"], "EndpointName": "silent"}}))),
            ("data elsewhere", "must be a folder under", "ValidationException",
             (HOURLY, None, own(data={"EndpointInput": {"EndpointName": "e", "LocalPath": "/tmp"}})))):
        got = failure(lambda: schedule("refused", *arguments))
        ok(f"refused: {what}", got and got[0] == code and want in got[1], got)
    got = failure(lambda: schedule("refused", HOURLY, "d", MonitoringType="ModelBias"))
    ok("refused: another type", got and "DataQuality only" in got[1], got)
    schedule("hourly", HOURLY, "d")
    until(lambda: told("hourly")["MonitoringScheduleStatus"] == "Scheduled", 10)
    equal("a schedule knows its endpoint", (told("hourly")["EndpointName"], told("hourly")["MonitoringType"]), ("e", "DataQuality"))

    # Traffic as it was, then another.
    call(*("".join(f"{10 + i % 7},{k % 13}.5\n" for k in range(20)) for i in range(5)))
    x = ended("hourly", "Completed")[0]
    equal("as the baseline: no violation", (found(x), job(x)["ExitMessage"]),
          (set(), "Completed: Job completed successfully with no violations."))
    equal("the job says whose it is", job(x)["MonitoringScheduleArn"], told("hourly")["MonitoringScheduleArn"])
    env = job(x)["Environment"]
    equal("and its container where all lies", [env[k] for k in ("dataset_source", "baseline_constraints", "sagemaker_endpoint_name")],
          ["/opt/ml/processing/input/endpoint", "/opt/ml/processing/baseline/constraints/constraints.json", "e"])
    call(*("-3,4.5\n" for _ in range(20)))
    x = ended("hourly", "CompletedWithViolations")[0]
    ok("other traffic violates it", {("_c1", "non_negative_check")} <= found(x) <= {
        (f"_c{i}", c) for i in range(3) for c in ("non_negative_check", "baseline_drift_check")}, found(x))
    s = Sagetop(work, e.endpoint)
    name = s.json("list", "monitoring-execution", "hourly", "status:Violations")[0]["name"]
    shown = s.run("show", "monitoring-execution", name)
    ok("sagetop shows what was found", "_c1: non_negative_check: " in shown.stdout and shown.returncode == 0, shown)
    checked = report(x, "statistics.json")
    equal("what was checked is told", (checked["dataset"]["item_count"] > 0, checked["features"][1]["numerical_statistics"]["min"]), (True, -3.0))
    ok("and lies by endpoint, schedule and hour", job(x)["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"].startswith(
        f"s3://{BUCKET}/reports/e/hourly/{x['ScheduledTime']:%Y/%m/%d/%H}"), job(x)["ProcessingOutputConfig"])
    x = ended("hourly", "Failed")[-1]
    equal("an hour without calls", (x["FailureReason"], x.get("ProcessingJobArn")), ("Job inputs had no data", None))
    last = until(lambda: (lambda d: d if d["LastMonitoringExecutionSummary"]["MonitoringExecutionStatus"] == "Failed" else None)(
        told("hourly")), 20)["LastMonitoringExecutionSummary"]
    equal("the schedule tells the last one", (last["FailureReason"], last["MonitoringScheduleName"]), ("Job inputs had no data", "hourly"))

    # NOW, with a stretch that it names; another container; stopped while it runs.
    until(lambda: captured() == 30, 20, "all captures")

    def fresh():
        """A call that lies within the last 24 hours of half a second when this returns."""
        before = captured()
        call("-3,4.5\n")
        until(lambda: captured() > before, 20, "the capture")

    fresh()
    schedule("once", "NOW", own=own(), start="-PT24H")
    x = ended("once", "CompletedWithViolations")[0]
    ok("NOW looks at once, as far back as it is told", ("_c1", "non_negative_check") in found(x) and
       1 <= report(x, "statistics.json")["dataset"]["item_count"] <= 221, report(x, "statistics.json")["dataset"])
    shown = s.run("show", "monitoring-schedule", "once")
    ok("and of a schedule what its last check found", "_c1: non_negative_check: " in shown.stdout, shown)
    fresh()
    schedule("held", "NOW", own=own("held"), start="-PT24H")
    until(lambda: os.path.exists(os.path.join(work, "runs")), 20)
    got = failure(sm.delete_monitoring_schedule, MonitoringScheduleName="held")
    ok("one that runs is not deleted", got and "in progress" in got[1], got)
    sm.stop_monitoring_schedule(MonitoringScheduleName="held")
    x = ended("held", "Stopped")[0]
    equal("a stop ends what runs", (told("held")["MonitoringScheduleStatus"], job(x)["ProcessingJobStatus"]), ("Stopped", "Stopped"))

    # A batch's files, CSV with names, against the same baseline: its columns are others.
    s3.put_object(Bucket=BUCKET, Key="batch/a.csv", Body=b"a,b\n1,2\n3,4\n")
    schedule("batch", "NOW", own=own(data={"BatchTransformInput": {
        "DataCapturedDestinationS3Uri": f"s3://{BUCKET}/batch", "DatasetFormat": {"Csv": {"Header": True}},
        "LocalPath": "/opt/ml/processing/input/batch"}}), start="-PT23H", end="PT1H")
    x = ended("batch", "CompletedWithViolations")[0]
    ok("a batch is checked", {("_c0", "missing_column_check"), ("a", "extra_column_check")} <= found(x), found(x))
    fresh()
    schedule("broken", "NOW", own=own(baseline={"ConstraintsResource": {"S3Uri": f"s3://{BUCKET}/batch/a.csv"}}), start="-PT24H")
    x = ended("broken", "Failed")[0]
    ok("a baseline that is none fails, and is said", "exit code: 1" in x["FailureReason"] and
       job(x)["ExitMessage"].startswith("Error: "), (x["FailureReason"], job(x).get("ExitMessage")))

    # Killed while one runs, and down for some hours.
    fresh()
    sm.start_monitoring_schedule(MonitoringScheduleName="held")
    until(lambda: open(os.path.join(work, "runs")).read().count("run") == 2, 20, "the second run")
    before = len(executions("hourly"))
    e.stop(signal.SIGKILL)
    e.start(*OPTIONS)
    clients()
    until(lambda: open(os.path.join(work, "runs")).read().count("run") == 3, 20, "its run again")
    open(os.path.join(work, "go"), "w").close()
    equal("what ran runs again as the same execution", (len(ended("held", "Completed")), len(executions("held"))), (1, 2))
    ended("hourly", "Failed", "Completed", "CompletedWithViolations", n=before + 2)
    times = [round(x["ScheduledTime"].timestamp() * 1000) for x in executions("hourly")]
    equal("no hour is lost, none runs twice", {b - a for a, b in zip(times, times[1:])}, {500})

    # Changed, stopped, deleted.
    sm.update_monitoring_schedule(MonitoringScheduleName="hourly", MonitoringScheduleConfig=config("cron(0 3/6 ? * * *)", own=own()))
    equal("an update", told("hourly")["MonitoringScheduleConfig"]["ScheduleConfig"]["ScheduleExpression"], "cron(0 3/6 ? * * *)")
    sm.stop_monitoring_schedule(MonitoringScheduleName="hourly")
    equal("a filter by status", {x["MonitoringExecutionStatus"] for x in executions("hourly", StatusEquals="Failed")}, {"Failed"})
    schedule("orphan", "NOW", "d", start="-PT1H")
    ended("orphan", "CompletedWithViolations", "Completed", "Failed")
    sm.delete_data_quality_job_definition(JobDefinitionName="d")
    sm.start_monitoring_schedule(MonitoringScheduleName="orphan")
    x = ended("orphan", "CompletedWithViolations", "Completed", "Failed", n=2)[-1]
    ok("one whose definition is gone says so", "does not exist any more" in x["FailureReason"], x)
    for s in sm.list_monitoring_schedules()["MonitoringScheduleSummaries"]:
        until(lambda: failure(sm.delete_monitoring_schedule, MonitoringScheduleName=s["MonitoringScheduleName"]) is None, 20)
    equal("all are gone", sm.list_monitoring_schedules()["MonitoringScheduleSummaries"], [])
    equal("the engine ends cleanly", e.stop(), 0)
equal("AWS's model finds nothing wrong in any reply", judge.problems[:5], [])
done()
