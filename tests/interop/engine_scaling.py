#!/usr/bin/python3
"""Application Auto Scaling of an endpoint's variant through boto3, with a minute of a fifth of a second: target
tracking adds servers under load and takes them away, a scheduled action sets the bounds. AWS's models judge."""
import contextlib
import datetime
import json
import os
import signal
import threading
import time

from engine_support import *
from engine_judge import Judge
from sagetop_support import Sagetop

judge = Judge()
SERVE = r'''#!/usr/bin/python3
import http.server, os, signal
class H(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()
    def log_message(self, *a):
        pass
class S(http.server.ThreadingHTTPServer):
    daemon_threads = True
signal.signal(signal.SIGTERM, lambda *a: os._exit(0))
S(("127.0.0.1", int(os.environ["SAGEMAKER_BIND_TO_PORT"])), H).serve_forever()
'''
work = own_folder(serve=SERVE)
OPTIONS = (*own_settings(work, "scaling-minute: 200ms\n"), "--stop-timeout", "2s")
OF = dict(ServiceNamespace="sagemaker", ResourceId="endpoint/e/variant/v",
          ScalableDimension="sagemaker:variant:DesiredInstanceCount")
# Scheduled actions of a while ago, which are due as soon as their target is there.
with open(os.path.join(work, "actions.jsonl"), "w") as f:
    for name, schedule, zone, bounds in (("by-rate", "rate(1 minute)", "UTC", {"MinCapacity": 1}),
                                         ("by-cron", "cron(* * * * ? *)", "Asia/Kolkata", {"MaxCapacity": 3}),
                                         ("not-yet", "cron(0 0 1 1 ? 2190)", "UTC", {"MaxCapacity": 9})):
        f.write(json.dumps({"kind": "scheduled-action", "document": OF | {
            "ScheduledActionName": name, "Schedule": schedule, "Timezone": zone, "ScalableTargetAction": bounds,
            "CreationTime": time.time() - 100}}) + "\n")
PREDEFINED = {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}

with engine(*OPTIONS, "--load", os.path.join(work, "actions.jsonl")) as e:
    def clients():
        global sm, rt, scaling, cw
        cw = e.client("cloudwatch")
        sm, rt = e.client("sagemaker"), e.client("sagemaker-runtime")
        scaling = judge.watch(e.client("application-autoscaling"))

    clients()
    sm.create_model(ModelName="m", ExecutionRoleArn=ROLE, PrimaryContainer={"Image": "own"})
    sm.create_endpoint_config(EndpointConfigName="c", ProductionVariants=[
        {"VariantName": "v", "ModelName": "m", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}])
    sm.create_endpoint(EndpointName="e", EndpointConfigName="c")

    def policy(name="p", target=2.0, kind="TargetTrackingScaling", **more):
        config = {"TargetValue": target, "PredefinedMetricSpecification": PREDEFINED, "ScaleOutCooldown": 60,
                  "ScaleInCooldown": 60} | more
        return scaling.put_scaling_policy(PolicyName=name, PolicyType=kind, TargetTrackingScalingPolicyConfiguration=config, **OF)

    def customized(cooldown):
        return scaling.put_scaling_policy(PolicyName="own", PolicyType="TargetTrackingScaling", TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 2.0, "ScaleOutCooldown": cooldown, "DisableScaleIn": True, "CustomizedMetricSpecification": {
                "MetricName": "Queue", "Namespace": "Own", "Dimensions": [{"Name": "A", "Value": "b"}], "Statistic": "Average"}}, **OF)

    def steps(name, kind, *rows, **more):
        return scaling.put_scaling_policy(PolicyName=name, PolicyType="StepScaling", StepScalingPolicyConfiguration={
            "AdjustmentType": kind, "Cooldown": 0, "StepAdjustments": [
                {"ScalingAdjustment": by} | ({} if low is None else {"MetricIntervalLowerBound": low}) |
                ({} if high is None else {"MetricIntervalUpperBound": high}) for low, high, by in rows]} | more, **OF)["PolicyARN"]

    def alarm(name, comparison, metric, *actions):
        cw.put_metric_alarm(AlarmName=name, Namespace="Own", MetricName=metric, Dimensions=[{"Name": "A", "Value": "b"}],
                            Statistic="Average", Period=60, EvaluationPeriods=1, Threshold=1.0, ComparisonOperator=comparison,
                            TreatMissingData="ignore", AlarmActions=list(actions))
        cw.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="by hand")

    def action(schedule, zone="UTC", name="s", **bounds):
        return scaling.put_scheduled_action(ScheduledActionName=name, Schedule=schedule, Timezone=zone,
                                            ScalableTargetAction=bounds, **OF)

    def bounds():
        return [(t["MinCapacity"], t["MaxCapacity"]) for t in
                scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]]

    def looks(n=10):
        """So many of the engine's minutes go by."""
        end = time.monotonic() + n * 0.2
        until(lambda: time.monotonic() > end, 30)

    def suspended(**what):
        scaling.register_scalable_target(SuspendedState={x + "Suspended": what.get(x, False) for x in (
            "DynamicScalingIn", "DynamicScalingOut", "ScheduledScaling")}, **OF)

    def count():
        v = sm.describe_endpoint(EndpointName="e")["ProductionVariants"][0]
        return v["DesiredInstanceCount"], v.get("CurrentInstanceCount")

    def activities():
        return scaling.describe_scaling_activities(ServiceNamespace="sagemaker", ResourceId=OF["ResourceId"])["ScalingActivities"]

    equal("a policy wants its target", failure(policy)[0], "ObjectNotFoundException")
    until(lambda: sm.describe_endpoint(EndpointName="e")["EndpointStatus"] == "InService", 30)
    scaling.register_scalable_target(MinCapacity=2, MaxCapacity=2, **OF)
    equal("actions by rate and by cron, in a zone of its own, set the bounds", until(lambda: bounds() == [(1, 3)] and bounds(), 20), [(1, 3)])
    for name in "by-rate", "by-cron", "not-yet":
        scaling.delete_scheduled_action(ScheduledActionName=name, **OF)
    until(lambda: count() == (1, 1), 20)
    known = len(activities())
    for what, call, said in (
            ("steps without their configuration", lambda: policy(kind="StepScaling"), "with the configuration of its name"),
            ("steps that overlap", lambda: steps("x", "ChangeInCapacity", (0, 3, 1), (2, None, 2)), "must not overlap"),
            ("a step that is none", lambda: steps("x", "ChangeInCapacity", (3, 3, 1)), "must be less than"),
            ("a target of nothing", lambda: policy(target=0.0), "TargetValue must be greater than 0"),
            ("another predefined metric", lambda: policy(PredefinedMetricSpecification={
                "PredefinedMetricType": "SageMakerVariantProvisionedConcurrencyUtilization"}), "knows the predefined metric"),
            ("a schedule that is none", lambda: action("rate(5 minute)", MinCapacity=1), "Invalid schedule expression"),
            ("a time of the past", lambda: action("at(2020-01-01T00:00:00)", MinCapacity=1), "must be in the future"),
            ("a cron of five fields", lambda: action("cron(0 8 * * ?)", MinCapacity=1), "Invalid schedule expression"),
            ("a zone that is none", lambda: action("rate(1 day)", zone="Mars/Olympus", MinCapacity=1), "no time zone Mars/Olympus"),
            ("bounds the wrong way", lambda: action("rate(1 day)", MinCapacity=3, MaxCapacity=2), "cannot be less than")):
        got = failure(call)
        ok(f"{what}: refused", got and got[0] == "ValidationException" and said in got[1], got)
    made = policy()
    told = scaling.describe_scaling_policies(ServiceNamespace="sagemaker", PolicyNames=["p"])["ScalingPolicies"]
    equal("a policy is told", [(p["PolicyARN"], p["PolicyType"], p["TargetTrackingScalingPolicyConfiguration"]["TargetValue"])
                               for p in told], [(made["PolicyARN"], "TargetTrackingScaling", 2.0)])
    equal("nothing was scaled yet", (count(), len(activities())), ((1, 1), known))

    stop = threading.Event()
    broken = []

    def load():
        client = e.client("sagemaker-runtime")
        while not stop.is_set():
            try:
                client.invoke_endpoint(EndpointName="e", Body=b"x")["Body"].read()
            except Exception as x:  # noqa: BLE001
                broken.append(repr(x))
    callers = [threading.Thread(target=load) for _ in range(3)]
    [t.start() for t in callers]
    equal("under load servers are added, up to the maximum", until(lambda: count() == (3, 3) and count(), 30, "three servers"), (3, 3))
    up = until(lambda: (lambda a: a[:len(a) - known] if a and all(x["StatusCode"] == "Successful" for x in a) else None)(activities()), 10)
    ok("as activities say, with the reason", all("AlarmHigh in state ALARM triggered policy p" in x["Cause"] and
                                                 x["EndTime"] >= x["StartTime"] for x in up), up)
    equal("the newest first", up[0]["Description"], "Setting desired instance count to 3.")
    shown = Sagetop(work, e.endpoint).run("show", "endpoint/e", "--format", "tsv").stdout
    ok("sagetop tells bounds, policy and what scaling did", "Scaling\tv  1 to 3\n\t  follows SageMakerVariantInvocationsPerInstance at 2\n"
       in shown and "s ago  Setting desired instance count to 3.\n" in shown, shown)
    stop.set()
    [t.join() for t in callers]
    equal("without one call that failed", broken[:3], [])
    equal("without load they are taken away", until(lambda: count() == (1, 1) and count(), 30, "one server"), (1, 1))
    ok("for the reason of the other alarm", "AlarmLow in state ALARM" in activities()[0]["Cause"], activities()[0])

    # A metric of one's own; what is suspended; a cool-down that outlives the engine.
    scaling.delete_scaling_policy(PolicyName="p", **OF)
    stop.clear()

    def feed():
        while not stop.is_set():
            with contextlib.suppress(botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError):
                cw.put_metric_data(Namespace="Own", MetricData=[{
                    "MetricName": "Queue", "Value": 4.0, "Dimensions": [{"Name": "A", "Value": "b"}]}])
            stop.wait(0.1)
    feeder = threading.Thread(target=feed)
    feeder.start()
    suspended(DynamicScalingOut=True)
    scaling.register_scalable_target(MinCapacity=1, MaxCapacity=2, **OF)
    customized(60)
    looks()
    equal("nothing is added while that is suspended", count(), (1, 1))
    suspended()
    equal("a metric of one's own adds servers", until(lambda: count() == (2, 2) and count(), 30), (2, 2))
    customized(3600)
    scaling.register_scalable_target(MinCapacity=1, MaxCapacity=3, **OF)
    e.stop(signal.SIGKILL)
    e.start(*OPTIONS)
    clients()
    until(lambda: count() == (2, 2), 30)
    looks()
    equal("the cool-down outlives an engine that is killed", count(), (2, 2))
    customized(0)
    equal("without it there are more", until(lambda: count() == (3, 3) and count(), 30), (3, 3))
    scaling.delete_scaling_policy(PolicyName="own", **OF)
    scaling.register_scalable_target(MinCapacity=1, MaxCapacity=1, **OF)
    until(lambda: count() == (1, 1), 30)

    # Steps, by how far the alarm's metric is beyond its threshold: 4 is 3 beyond.
    scaling.register_scalable_target(MinCapacity=1, MaxCapacity=5, **OF)
    alarm("high", "GreaterThanOrEqualToThreshold", "Queue", steps(
        "up", "ExactCapacity", (0, 2, 2), (2, 3, 4), (3, None, 3)))
    until(lambda: count() == (3, 3), 30, "the third step")
    cw.delete_alarms(AlarmNames=["high"])
    told = activities()[0]
    equal("a step policy does what its step says", (told["Description"], told["Cause"]), (
        "Setting desired instance count to 3.", "monitor alarm high in state ALARM triggered policy up"))
    stop.set()
    feeder.join()
    alarm("low", "LessThanThreshold", "None", steps("down", "PercentChangeInCapacity", (None, 0, -10),
                                                   MinAdjustmentMagnitude=2))
    until(lambda: count() == (1, 1), 30)
    equal("a share is not less than it may be, where the alarm was set by hand as well", activities()[0]["Description"],
          "Setting desired instance count to 1.")
    cw.set_alarm_state(AlarmName="low", StateValue="OK", StateReason="by hand")
    for name in "up", "down":
        scaling.delete_scaling_policy(PolicyName=name, **OF)
    scaling.register_scalable_target(MinCapacity=1, MaxCapacity=3, **OF)
    policy()

    # Bounds by time, told in another zone.
    when = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=5, minutes=30))) + datetime.timedelta(seconds=2)
    suspended(ScheduledScaling=True)
    soon = when - datetime.timedelta(seconds=1)
    action(soon.strftime("at(%Y-%m-%dT%H:%M:%S)"), "Asia/Kolkata", "never", MaxCapacity=7)
    until(lambda: datetime.datetime.now(datetime.timezone.utc) > soon, 10)
    looks(3)
    suspended()
    when = datetime.datetime.now(when.tzinfo) + datetime.timedelta(seconds=2)
    action(when.strftime("at(%Y-%m-%dT%H:%M:%S)"), "Asia/Kolkata", MinCapacity=2, MaxCapacity=4)
    equal("a scheduled action is told", [(a["ScheduledActionName"], a["ScalableTargetAction"]) for a in
                                         scaling.describe_scheduled_actions(ServiceNamespace="sagemaker")["ScheduledActions"]],
          [("never", {"MaxCapacity": 7}), ("s", {"MinCapacity": 2, "MaxCapacity": 4})])
    e.stop(signal.SIGKILL)
    e.start(*OPTIONS)
    clients()
    equal("and sets the minimum, also of an engine that was killed", until(lambda: count() == (2, 2) and count(), 30), (2, 2))
    equal("which is the target's from now on, and nothing that was due while that was suspended", bounds(), [(2, 4)])
    match("its activity says why", activities()[0]["Cause"], "minimum capacity was set to 2")
    scaling.delete_scaling_policy(PolicyName="p", **OF)
    equal("a policy is deleted once", failure(scaling.delete_scaling_policy, PolicyName="p", **OF)[0], "ObjectNotFoundException")
    scaling.deregister_scalable_target(**OF)
    equal("with the target its actions go", scaling.describe_scheduled_actions(ServiceNamespace="sagemaker")["ScheduledActions"], [])
    sm.delete_endpoint(EndpointName="e")
    equal("the engine ends cleanly", e.stop(), 0)
equal("AWS's model finds nothing wrong in any reply", judge.problems[:5], [])
done()
