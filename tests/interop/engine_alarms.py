#!/usr/bin/python3
"""Alarms on metrics, evaluated by the engine: what missing data mean in each of the four ways, as
CloudWatch's guide has it, operators and statistics, states set by hand, a new model whose own errors
roll its update back."""
import os
import time

from engine_support import *
from engine_judge import Judge

judge = Judge()
KEPT = "kept"

# Five periods, the newest last: X breaches, 0 does not, - is missing. Then of 3 of 3 (the first six) or 2 of
# 3 periods what becomes of it with missing data as missing, ignore, breaching, notBreaching.
CASES = [
    (3, "0-X-X", "OK", "OK", "OK", "OK"),
    (3, "0----", "OK", "OK", "OK", "OK"),
    (3, "-----", "INSUFFICIENT_DATA", KEPT, "ALARM", "OK"),
    (3, "0XX-X", "ALARM", "ALARM", "ALARM", "ALARM"),
    (3, "--X--", "ALARM", KEPT, "ALARM", "OK"),
    (3, "----X", KEPT, KEPT, "ALARM", "OK"),
    (2, "0-X-X", "ALARM", "ALARM", "ALARM", "ALARM"),
    (2, "00X0X", "ALARM", "ALARM", "ALARM", "ALARM"),
    (2, "0-X--", "OK", "OK", "ALARM", "OK"),
    (2, "----0", "OK", "OK", "ALARM", "OK"),
    (2, "---X-", "ALARM", KEPT, "ALARM", "OK"),
]
TREATS = ("missing", "ignore", "breaching", "notBreaching")

# A server that fails every call where MODE says so.
SERVE = r'''#!/usr/bin/python3 -SE
import os, signal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Server(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.answer(200, b"")
    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.answer(500 if os.environ.get("MODE") == "fails" else 200, b"x")
    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *a):
        pass
signal.signal(signal.SIGTERM, lambda *a: os._exit(0))
ThreadingHTTPServer(("127.0.0.1", int(os.environ["SAGEMAKER_BIND_TO_PORT"])), Server).serve_forever()
'''
work = own_folder(serve=SERVE)

with engine(*own_settings(work), "--stop-timeout", "2s", "--slots", "8") as e:
    cw, sm, rt = judge.watch(e.client("cloudwatch")), judge.watch(e.client("sagemaker")), e.client("sagemaker-runtime")

    def put(metric, minute, values):
        """Values by how many minutes ago they are."""
        for ago, value in values:
            cw.put_metric_data(Namespace="Own", MetricData=[{"MetricName": metric, "Value": value, "Timestamp": (minute - ago) * 60 + 30}])

    def alarm(name, metric, n, m, treat="missing", comparison="GreaterThanThreshold", threshold=1.0, **statistic):
        cw.put_metric_alarm(AlarmName=name, Namespace="Own", MetricName=metric, Period=60, EvaluationPeriods=n, DatapointsToAlarm=m,
                            Threshold=threshold, ComparisonOperator=comparison, TreatMissingData=treat, **(statistic or {
                                "Statistic": "Maximum"}))

    def states():
        pages = cw.get_paginator("describe_alarms").paginate()
        return {a["AlarmName"]: a for page in pages for a in page["MetricAlarms"]}

    def table(run, minute):
        """All cases, evaluated in one look; a state that is kept is one that was set by hand."""
        for i, (m, pattern, *_) in enumerate(CASES):
            put(f"{run}-{i}", minute, [(9, 0)] + [(5 - k, {"X": 5, "0": 0}[c]) for k, c in enumerate(pattern) if c != "-"])
        put(f"{run}-ops", minute, [(1, 1.0)])
        put(f"{run}-pct", minute, [(1, float(v)) for v in range(101)])
        for i, (m, _, *_) in enumerate(CASES):
            for treat in TREATS:
                alarm(f"{run}-{i}-{treat}", f"{run}-{i}", 3, m, treat)
                cw.set_alarm_state(AlarmName=f"{run}-{i}-{treat}", StateValue=hand(i, treat), StateReason="by hand")
        for comparison in ("GreaterThanThreshold", "GreaterThanOrEqualToThreshold", "LessThanThreshold", "LessThanOrEqualToThreshold"):
            alarm(f"{run}-{comparison}", f"{run}-ops", 1, 1, comparison=comparison)
        alarm(f"{run}-p90", f"{run}-pct", 1, 1, threshold=89.5, ExtendedStatistic="p90")
        alarm(f"{run}-p89", f"{run}-pct", 1, 1, threshold=89.5, ExtendedStatistic="p89")
        alarm(f"{run}-sum", f"{run}-pct", 1, 1, threshold=5049, Statistic="Sum")
        alarm(f"{run}-last", f"{run}-ops", 1, 1, threshold=0.5)
        return until(lambda: (lambda s: s if s[f"{run}-last"]["StateValue"] == "ALARM" else None)(states()), 30, "the last alarm")

    def hand(i, treat):
        """Another state than the one that is expected, where one is."""
        return "OK" if CASES[i][2 + TREATS.index(treat)] != "OK" else "ALARM"

    for run in range(5):  # all within one minute: what was a minute ago is two, else
        minute = int(time.time()) // 60
        found = table(run, minute)
        if int(time.time()) // 60 == minute:
            break
    for i, (m, pattern, *wanted) in enumerate(CASES):
        equal(f"{pattern}, {m} of 3, missing data as {', '.join(TREATS)}", [found[f"{run}-{i}-{t}"]["StateValue"] for t in TREATS],
              [hand(i, t) if w == KEPT else w for t, w in zip(TREATS, wanted)])
    equal("1 against 1", [found[f"{run}-{c}"]["StateValue"] for c in (
        "GreaterThanThreshold", "GreaterThanOrEqualToThreshold", "LessThanThreshold", "LessThanOrEqualToThreshold")],
        ["OK", "ALARM", "OK", "ALARM"])
    equal("percentiles and sums", [found[f"{run}-{c}"]["StateValue"] for c in ("p90", "p89", "sum")], ["ALARM", "OK", "ALARM"])
    told = found[f"{run}-last"]
    match("the reason tells the values", told["StateReason"], r"^Threshold Crossed: 1 out of the last 1 datapoint \[1 \(.*\)\].*\(0\.5\)")
    ok("and when", told["StateUpdatedTimestamp"] > told["AlarmConfigurationUpdatedTimestamp"], told)

    # A state that was set by hand stays where the metric has never had a value.
    alarm("nothing", "no-such-metric", 1, 1)
    cw.set_alarm_state(AlarmName="nothing", StateValue="ALARM", StateReason="by hand")
    alarm("behind", f"{run}-pct", 1, 1, "breaching", threshold=1e9)
    until(lambda: states()["behind"]["StateValue"] != "INSUFFICIENT_DATA", 30, "the next look")
    equal("without any value it stays as it was set", states()["nothing"]["StateValue"], "ALARM")

    # The errors of a new model take its update back.
    for mode in ("works", "fails"):
        sm.create_model(ModelName=mode, ExecutionRoleArn=ROLE, PrimaryContainer={"Image": "own", "Environment": {"MODE": mode}})
        sm.create_endpoint_config(EndpointConfigName=mode, ProductionVariants=[
            {"VariantName": "v", "ModelName": mode, "InstanceType": "ml.m5.large", "InitialInstanceCount": 2}])
    sm.create_endpoint(EndpointName="e", EndpointConfigName="works")

    def endpoint():
        return sm.describe_endpoint(EndpointName="e")

    until(lambda: endpoint()["EndpointStatus"] == "InService", 30, "the endpoint")
    cw.put_metric_alarm(AlarmName="errors", Namespace="AWS/SageMaker", MetricName="Invocation5XXErrors", Statistic="Sum", Period=10,
                        EvaluationPeriods=1, Threshold=0, ComparisonOperator="GreaterThanThreshold", TreatMissingData="notBreaching",
                        Dimensions=[{"Name": "EndpointName", "Value": "e"}, {"Name": "VariantName", "Value": "v"}])
    sm.update_endpoint(EndpointName="e", EndpointConfigName="fails", DeploymentConfig={
        "BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": {
            "Type": "CANARY", "WaitIntervalInSeconds": 3600, "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 50}}},
        "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "errors"}]}})

    def called():
        failure(rt.invoke_endpoint, EndpointName="e", Body=b"x")
        return endpoint()["EndpointStatus"] != "Updating"

    until(called, 60, "the end of the update")
    d = endpoint()
    equal("it goes back to what works", (d["EndpointStatus"], d["EndpointConfigName"]), ("InService", "works"))
    match("for the alarm", d["FailureReason"], r"alarms went into the ALARM state: \[errors\]")
    equal("and serves", {rt.invoke_endpoint(EndpointName="e", Body=b"x")["Body"].read() for _ in range(20)}, {b"x"})
    until(lambda: states()["errors"]["StateValue"] == "OK", 60, "the alarm to be over")
    sm.delete_endpoint(EndpointName="e")
    equal("the engine ends cleanly", e.stop(), 0)

equal("AWS's model finds nothing wrong in any reply", judge.problems[:5], [])
done()
