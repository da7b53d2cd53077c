#!/usr/bin/python3
"""How an endpoint goes from one configuration to another, through boto3 with real servers: canary, linear and
rolling deployments, alarms, limits, what is retained, a crash in the middle; and shadow variants. A minute of their waits is a second
here. All the while calls are made, of which none may fail. AWS's model judges every reply."""
import os
import re
import signal
import threading

from engine_support import *
from engine_judge import Judge

judge = Judge()
# By hand: a server of http.server takes five times as long to start.
SERVE = r'''#!/usr/bin/python3 -SE
import os, signal, socket, sys, time, _thread
mode, port = os.environ.get("MODE", "ok"), int(os.environ["SAGEMAKER_BIND_TO_PORT"])
if mode == "dies" or os.path.exists(os.environ.get("BROKEN", "/none/such")):
    sys.exit(1)
if mode == "slow":
    time.sleep(60)
def talk(c):
    f = c.makefile("rb")
    while f.readline():
        n = 0
        for line in iter(f.readline, b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                n = int(line[15:])
        if f.read(n) == b"die" and mode == "fails":
            os._exit(3)
        pings = mode == "fails" and n == 0
        c.sendall(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s" % (
            500 if mode == "fails" and not pings else 200, len(mode), mode.encode()))
signal.signal(signal.SIGTERM, signal.SIG_IGN if mode == "lingers" else lambda *a: os._exit(0))
s = socket.create_server(("127.0.0.1", port), backlog=128)
while True:
    _thread.start_new_thread(talk, (s.accept()[0],))
'''
work = own_folder(serve=SERVE)
OPTIONS = (*own_settings(work, "deployment-minute: 1s\n"), "--stop-timeout", "1s")
BROKEN = os.path.join(work, "broken")

with engine(*OPTIONS) as e:
    def clients():
        global sm, rt, cw
        sm, rt, cw = judge.watch(e.client("sagemaker")), e.client("sagemaker-runtime", max_pool_connections=32), e.client("cloudwatch")

    clients()
    for mode in ("a", "b", "dies", "lingers", "slow", "fails"):
        sm.create_model(ModelName=mode, ExecutionRoleArn=ROLE, PrimaryContainer={"Image": "own", "Environment": {
            "MODE": mode} | ({"BROKEN": BROKEN} if mode == "a" else {})})
        sm.create_endpoint_config(EndpointConfigName=mode, ProductionVariants=[
            {"VariantName": "v", "ModelName": mode, "InstanceType": "ml.m5.large", "InitialInstanceCount": 4}])

    def told():
        return sm.describe_endpoint(EndpointName="e")

    def settled(seconds=30):
        return until(lambda: (lambda d: d if d["EndpointStatus"] != "Updating" else None)(told()), seconds, "the update's end")

    def pending(d):
        """(status names, message, instances) of the variant that is coming."""
        v = d["PendingDeploymentSummary"]["ProductionVariants"][0]
        return [s["Status"] for s in v["VariantStatus"]], v["VariantStatus"][0]["StatusMessage"], v["CurrentInstanceCount"]

    def stage(status, message):
        """Wait for it; the whole description."""
        return until(lambda: (lambda d: d if "PendingDeploymentSummary" in d and pending(d)[:2] == (status, message) else None)(
            told()), 20, f"{status} {message}")

    def size(percent):
        return {"Type": "CAPACITY_PERCENT", "Value": percent}

    def green(kind, wait=0, end=0, alarms=(), limit=None, **sizes):
        policy = {"TrafficRoutingConfiguration": {"Type": kind, "WaitIntervalInSeconds": wait, **sizes},
                  "TerminationWaitInSeconds": end} | ({"MaximumExecutionTimeoutInSeconds": limit} if limit else {})
        return {"BlueGreenUpdatePolicy": policy} | ({"AutoRollbackConfiguration": {"Alarms": [
            {"AlarmName": a} for a in alarms]}} if alarms else {})

    def rolling(percent, wait=0, back=None, alarms=()):
        policy = {"MaximumBatchSize": size(percent), "WaitIntervalInSeconds": wait}
        return {"RollingUpdatePolicy": policy | ({"RollbackMaximumBatchSize": size(back)} if back else {})} | (
            {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": a} for a in alarms]}} if alarms else {})

    def asked(config, deployment=None, **more):
        """"", or why it is refused."""
        return e.raw("UpdateEndpoint", EndpointName="e", EndpointConfigName=config,
                     **({"DeploymentConfig": deployment} if deployment else {}), **more)

    def update(config, deployment=None, **more):
        said = asked(config, deployment, **more)
        if said:
            raise RuntimeError(said)

    def says():
        return rt.invoke_endpoint(EndpointName="e", Body=b"x")["Body"].read()

    def share(n=200):
        return sum(says() == b"b" for _ in range(n)) / n

    def serves(config, letter, reason=None):
        d = settled()
        return (d["EndpointStatus"], d["EndpointConfigName"], d["ProductionVariants"][0]["CurrentInstanceCount"],
                "PendingDeploymentSummary" in d, {says() for _ in range(20)}) == (
            "InService", config, 4, False, {letter}) and bool(re.search(reason or "^$", d.get("FailureReason", ""))), d

    sm.create_endpoint(EndpointName="e", EndpointConfigName="a")
    until(lambda: told()["EndpointStatus"] == "InService", 30)
    broken, stop = [], threading.Event()

    def load():
        """A thread's."""
        client = e.client("sagemaker-runtime")
        while not stop.wait(0.01):
            try:
                client.invoke_endpoint(EndpointName="e", Body=b"x")["Body"].read()
            except Exception as x:  # noqa: BLE001
                broken.append(repr(x))
    callers = [threading.Thread(target=load, daemon=True) for _ in range(2)]
    [t.start() for t in callers]

    # What is refused.
    for what, deployment, said in (
            ("a canary without its size", green("CANARY"), "CanarySize must be given"),
            ("more than half as a canary", green("CANARY", CanarySize=size(51)), "CanarySize must be between 1% and 50%"),
            ("three of four instances", green("CANARY", CanarySize={"Type": "INSTANCE_COUNT", "Value": 3}), "smallest one has 4"),
            ("steps of less than a tenth", green("LINEAR", LinearStepSize=size(9)), "LinearStepSize must be between 10% and 50%"),
            ("a canary's size of another type", green("LINEAR", LinearStepSize=size(10), CanarySize=size(10)), "CanarySize must not"),
            ("batches of all", rolling(100), "MaximumBatchSize must be between 5% and 50%"),
            ("both ways", green("ALL_AT_ONCE") | rolling(50), "must not have both"),
            ("less time than its waits", green("LINEAR", 600, 0, limit=1200, LinearStepSize=size(25)), "which are 1800 seconds"),
            ("an alarm that is not there", green("ALL_AT_ONCE", alarms=["none"]), 'alarm "none"')):
        got = asked("b", deployment)
        ok(f"{what}: refused", got.startswith("ValidationException ") and said in got, got)
    equal("which changes nothing", (told()["EndpointStatus"], "LastDeploymentConfig" in told()), ("InService", False))

    cw.put_metric_alarm(AlarmName="errors", Namespace="AWS/SageMaker", MetricName="Invocation5XXErrors", Statistic="Sum",
                        Period=60, EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold")

    def ring(state="ALARM"):
        cw.set_alarm_state(AlarmName="errors", StateValue=state, StateReason="test")
    LONG = 3600  # a wait that only an alarm ends
    RANG = r"alarms went into the ALARM state: \[errors\]"

    # A canary has its share of the calls; an alarm takes it back.
    update("b", green("CANARY", LONG, alarms=["errors"], CanarySize=size(25)))
    d = told()
    ok("an update is told", (d["EndpointStatus"], d["EndpointConfigName"], d["PendingDeploymentSummary"]["EndpointConfigName"]) ==
       ("Updating", "a", "b") and pending(d)[0] in (["Creating"], ["ActivatingTraffic", "Baking"]), d)
    d = stage(["ActivatingTraffic", "Baking"], "25% of the traffic")
    status = d["PendingDeploymentSummary"]["ProductionVariants"][0]["VariantStatus"][0]
    ok("with its time of beginning and the canary's", d["PendingDeploymentSummary"]["StartTime"] <= status["StartTime"], status)
    got = share()
    ok("a quarter of the calls goes to it, within 4 sigma", abs(got - .25) <= 4 * (.25 * .75 / 200) ** .5, got)
    equal("both fleets stand whole", (pending(d)[2], d["ProductionVariants"][0]["CurrentInstanceCount"]), (4, 4))
    ring()
    ok("an alarm takes it back, with the reason", *serves("a", b"a", RANG))
    ring("OK")
    update("b", green("CANARY", 1, LONG, alarms=["errors"], CanarySize=size(50)))
    stage(["Baking"], "100% of the traffic")
    equal("behind the canary come all calls", (share(30), told()["EndpointConfigName"]), (1, "a"))
    ring()
    ok("and even then it goes back", *serves("a", b"a", RANG))
    ring("OK")

    # Linear, the way of the time before, the limit.
    update("b", green("LINEAR", 5, 10, LinearStepSize={"Type": "INSTANCE_COUNT", "Value": 1}))
    ok("linear in four steps", *serves("b", b"b"))
    update("a", RetainDeploymentConfig=True)
    ok("and once more, retained", *serves("a", b"a"))
    equal("as is told", told()["LastDeploymentConfig"]["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]["LinearStepSize"],
          {"Type": "INSTANCE_COUNT", "Value": 1})
    match("but not along with another one", asked("b", rolling(50), RetainDeploymentConfig=True), "must not be given where RetainDeploymentConfig")


    # Batches.
    update("b", rolling(25, LONG, alarms=["errors"]))
    d = stage(["ActivatingTraffic", "Baking"], "25% of the traffic")
    equal("rolling: of four instances one comes and one goes", (pending(d)[2], d["ProductionVariants"][0]["CurrentInstanceCount"]), (1, 3))
    ring()
    ok("an alarm takes it back", *serves("a", b"a", RANG))
    ring("OK")
    seen = set()

    def watch():
        d = told()
        if "PendingDeploymentSummary" in d and pending(d)[0] in (["Baking"], ["ActivatingTraffic", "Baking"]):
            seen.add((pending(d)[1], pending(d)[2], d["ProductionVariants"][0]["CurrentInstanceCount"]))
        return d["EndpointStatus"] == "InService"
    update("b", rolling(25, 20))
    until(watch, 20, "the batches' end")
    ok("batch by batch", seen and seen <= {(f"{25 * n}% of the traffic", n, 4 - n) for n in (1, 2, 3, 4)}, seen)
    ok("to the end", *serves("b", b"b"))
    update("a", rolling(50, LONG, back=25, alarms=["errors"]))
    stage(["ActivatingTraffic", "Baking"], "50% of the traffic")
    ring()
    ok("and back by batches", *serves("b", b"b", RANG))
    ring("OK")
    update("dies", rolling(50))
    ok("a batch that dies: back as well", *serves("b", b"b", "variant v did not pass the ping health check"))
    update("lingers")
    settled()
    stop.set()
    [t.join() for t in callers]
    equal("of all the calls none failed", broken[:3], [])

    # Servers that end slowly are told.
    update("a")
    d = until(lambda: (lambda d: d if d["EndpointConfigName"] == "a" else None)(told()), 20)
    equal("an old fleet that lingers is Deleting", [s["Status"] for s in d["ProductionVariants"][0].get("VariantStatus", [])], ["Deleting"])
    ok("until it is gone", *serves("a", b"a"))

    # Killed in the middle: it goes on from its beginning, and one of both fleets is left.
    update("b", green("CANARY", 600, CanarySize=size(50)))
    stage(["ActivatingTraffic", "Baking"], "50% of the traffic")
    e.stop(signal.SIGKILL)
    e.start(*own_settings(work, "deployment-minute: 50ms\n"), *OPTIONS[2:])
    clients()
    ok("after a crash it goes on to its end", *serves("b", b"b"))

    def servers():
        folder = os.path.join(e.state, "endpoints", "e")
        return os.listdir(folder) if os.path.isdir(folder) else []
    ok("with the servers of one fleet", until(lambda: len(servers()) == 4, 10), servers())

    update("slow", green("CANARY", 1, limit=600, CanarySize=size(50)))
    ok("one that takes longer than its limit", *serves("b", b"b", r"longer than MaximumExecutionTimeoutInSeconds \(600\)"))

    # What is retained.
    sm.update_endpoint_weights_and_capacities(EndpointName="e", DesiredWeightsAndCapacities=[{"VariantName": "v", "DesiredInstanceCount": 2}])
    settled()
    update("a", RetainAllVariantProperties=True, ExcludeRetainedVariantProperties=[{"VariantPropertyType": "DesiredWeight"}])
    equal("instances stay where they are to", settled()["ProductionVariants"][0]["CurrentInstanceCount"], 2)
    equal("a way that is not retained is forgotten", "LastDeploymentConfig" in told(), False)

    # A rollback that fails, too, leaves both.
    update("b", rolling(50, 3600, alarms=["errors"]))
    stage(["ActivatingTraffic", "Baking"], "50% of the traffic")
    open(BROKEN, "w").close()
    ring("ALARM")
    d = until(lambda: (lambda d: d if d["EndpointStatus"] == "UpdateRollbackFailed" else None)(told()), 20)
    match("a rollback that fails is told with both reasons", d["FailureReason"], r"\[errors\].*The rollback failed: .*ping health check")
    equal("what is left serves", {says() for _ in range(40)}, {b"a", b"b"})
    sm.delete_endpoint(EndpointName="e")
    ok("and is deleted", until(lambda: not servers(), 10), servers())

    os.remove(BROKEN)

    # A shadow gets copies by its weight, and whatever becomes of them hurts nobody.
    def variants(*names):
        return [{"VariantName": n, "ModelName": m, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1, "InitialVariantWeight": w}
                for n, m, w in names]
    got = failure(sm.create_endpoint_config, EndpointConfigName="c", ProductionVariants=variants(("v", "a", 1.0), ("w", "b", 1.0)),
                  ShadowProductionVariants=variants(("s", "fails", 0.5)))
    ok("a shadow of two variants: refused", got and "exactly one production variant" in got[1], got)
    sm.create_endpoint_config(EndpointConfigName="shadow", ProductionVariants=variants(("v", "a", 1.0)),
                              ShadowProductionVariants=variants(("s", "fails", 0.5)))
    sm.create_endpoint(EndpointName="e", EndpointConfigName="shadow")
    until(lambda: told()["EndpointStatus"] == "InService", 30)
    equal("a shadow is told", [(v["VariantName"], v["CurrentInstanceCount"], v["CurrentWeight"]) for v in told()["ShadowProductionVariants"]],
          [("s", 1, 0.5)])
    equal("no call has its answer", {(says(), rt.invoke_endpoint(EndpointName="e", Body=b"x")["InvokedProductionVariant"]) for _ in range(100)},
          {(b"a", "v")})
    match("not even one that asks for it", str(failure(rt.invoke_endpoint, EndpointName="e", Body=b"x", TargetVariant="s")), "Variant s not found")

    def metric(name, variant):
        r = cw.get_metric_data(StartTime=time.time() - 3600, EndTime=time.time() + 60, MetricDataQueries=[{
            "Id": "m", "MetricStat": {"Period": 3600, "Stat": "Sum", "Metric": {
                "Namespace": "AWS/SageMaker", "MetricName": name, "Dimensions": [
                    {"Name": "EndpointName", "Value": "e"}, {"Name": "VariantName", "Value": variant}]}}}])
        return sum(r["MetricDataResults"][0]["Values"])
    errors = metric("Invocation5XXErrors", "v")
    copies = until(lambda: (lambda n: n if abs(n - 100) <= 4 * (200 * .25) ** .5 else 0)(metric("Invocations", "s")), 10, "half of the calls as copies")
    ok("its metrics are under its own name", metric("Invocation5XXErrors", "s") >= copies > 0 and metric("ModelLatency", "s") > 0, copies)
    sm.update_endpoint_weights_and_capacities(EndpointName="e", DesiredWeightsAndCapacities=[{"VariantName": "s", "DesiredWeight": 1.0}])
    settled()
    equal("a shadow that dies hurts nobody", ({rt.invoke_endpoint(EndpointName="e", Body=b"die")["Body"].read() for _ in range(5)},
                                              {says() for _ in range(20)}, told()["EndpointStatus"]), ({b"a"}, {b"a"}, "InService"))
    equal("nor counts", metric("Invocation5XXErrors", "v"), errors)
    update("a")
    equal("an update takes it away", (settled()["EndpointConfigName"], "ShadowProductionVariants" in told()), ("a", False))
    sm.delete_endpoint(EndpointName="e")
    equal("the engine ends cleanly", e.stop(), 0)
equal("AWS's model finds nothing wrong in any reply", judge.problems[:5], [])
done()
