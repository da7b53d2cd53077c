#!/usr/bin/python3
"""Batch transform through boto3, with real servers: records, batches, order, filters and joins,
what fails and how it is told. AWS's model judges every reply."""
import gzip as zip
import io
import json
import os
import signal
import struct
import tarfile

from engine_support import *
from engine_judge import Judge
from sagetop_support import Sagetop

judge = Judge()
BUCKET = "sagemaker-us-east-1-000000000000"
GROUP = "/aws/sagemaker/TransformJobs"
VECTORS = os.environ.get("SAGETOP_TEST_VECTORS")

# A server of sockets alone, since each job starts its own. It answers each line with REPLY, or with
# the line's first field, and notes what it was sent.
SERVE = r'''#!/usr/bin/python3 -SE
import _thread, os, signal, socket, time
get = os.environ.get
mode, noted = get("MODE", ""), get("NOTED")
met = []
if mode == "dies":
    os._exit(1)
if mode == "silent":
    time.sleep(600)
def answer(c, status, body, kind="text/csv"):
    c.sendall(b"HTTP/1.1 %d x\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s" % (status, kind.encode(), len(body), body))
def invoke(c, head, body):
    if noted:
        with open(noted, "ab") as f:
            f.write(repr((body, [h for h in head.split("\r\n") if h[:7] in ("Accept:", "Content")])).encode() + b"\n")
    if b"refuse" in body:
        return answer(c, 413, b"too much\nfor me")
    if b"break" in body:
        return answer(c, 500, b"broken")
    if b"hiccup" in body and not os.path.exists(noted + "-2"):
        os.rename(noted + "-1", noted + "-2") if os.path.exists(noted + "-1") else open(noted + "-1", "w").close()
        if not os.path.exists(noted + "-2"):
            return answer(c, 503, b"later")
        os._exit(9)
    if b"hang" in body:
        time.sleep(600)
    if b"meet" in body:
        met.append(body)
        while len(met) < 2:
            time.sleep(.01)
    reply = get("REPLY")
    lines = body.split(b"\n") if get("LINES") else [body]
    answer(c, 200, b"\n".join(reply.encode() if reply else x.split(b",")[0] for x in lines), get("KIND", "text/csv"))
def serve(c):
    data = b""
    while True:
        while b"\r\n\r\n" not in data:
            more = c.recv(1 << 20)
            if not more:
                return
            data += more
        head, _, data = data.partition(b"\r\n\r\n")
        head = head.decode()
        n = int(([h[15:] for h in head.split("\r\n") if h.lower().startswith("content-length:")] or ["0"])[0])
        parts, size = [data], len(data)
        while size < n:
            parts.append(c.recv(1 << 20))
            size += len(parts[-1])
        data = b"".join(parts)
        body, data = data[:n], data[n:]
        if head.startswith("GET /ping"):
            answer(c, 200, b"")
        elif head.startswith("GET /exec"):
            answer(c, 200 if get("PARAMETERS") else 404, get("PARAMETERS", "").encode(), "application/json")
        else:
            invoke(c, head, body)
signal.signal(signal.SIGTERM, lambda *a: os._exit(0))
print("batch", get("SAGEMAKER_BATCH"), get("SAGEMAKER_MAX_PAYLOAD_IN_MB"), get("SAGEMAKER_BATCH_STRATEGY"),
      get("SAGEMAKER_MAX_CONCURRENT_TRANSFORMS"), os.path.exists("/opt/ml/model/model.bin"), flush=True)
l = socket.socket()
l.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
l.bind(("127.0.0.1", int(get("SAGEMAKER_BIND_TO_PORT"))))
l.listen(64)
while True:
    _thread.start_new_thread(serve, (l.accept()[0],))
'''
work = own_folder(serve=SERVE)
OPTIONS = (*own_settings(work), "--stop-timeout", "2s", "--slots", "8")


def archive(**files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as t:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text)
            t.addfile(info, io.BytesIO(text.encode()))
    return out.getvalue()


with engine(*OPTIONS) as e:
    def clients():
        global sm, s3, logs, cw
        sm, s3, logs, cw = judge.watch(e.client("sagemaker")), e.client("s3"), e.client("logs"), e.client("cloudwatch")

    clients()

    def model(name, image="own", data=f"s3://{BUCKET}/m/model.tar.gz"):
        sm.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer={"Image": image, "ModelDataUrl": data})

    def request(name, split="Line", assemble="Line", kind="text/csv", instances=1, prefix=None, type="S3Prefix",
                model="own", compression="None", processing=None, accept=None, **more):
        r = {"TransformJobName": name, "ModelName": model, "TransformInput": {
            "DataSource": {"S3DataSource": {"S3DataType": type, "S3Uri": f"s3://{BUCKET}/{prefix or name + '/'}"}},
            "ContentType": kind, "CompressionType": compression, "SplitType": split},
            "TransformOutput": {"S3OutputPath": f"s3://{BUCKET}/out/{name}", "Accept": accept or kind,
                                "AssembleWith": assemble},
            "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": instances}, **more}
        if processing:
            r["DataProcessing"] = processing
        return r

    def put(name, **files):
        for key, body in files.items():
            s3.put_object(Bucket=BUCKET, Key=f"{name}/{key.replace('__', '/')}", Body=body)

    def begin(name, **more):
        sm.create_transform_job(**request(name, **more))

    def over(name, seconds=60):
        return until(lambda: (lambda d: d if d["TransformJobStatus"] in ("Completed", "Failed", "Stopped") else None)(
            sm.describe_transform_job(TransformJobName=name)), seconds, f"{name} to end")

    def ended(name):
        d = over(name)
        return d["TransformJobStatus"], d.get("FailureReason")

    def stored(name):
        listed = s3.list_objects_v2(Bucket=BUCKET, Prefix=f"out/{name}/").get("Contents", [])
        return {o["Key"][len(f"out/{name}/"):]: s3.get_object(Bucket=BUCKET, Key=o["Key"])["Body"].read() for o in listed}

    def said(name, data_log=True):
        streams = logs.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix=name + "/")["logStreams"]
        return [x["message"] for s in streams if s["logStreamName"].endswith("/data-log") == data_log
                for x in logs.get_log_events(logGroupName=GROUP, logStreamName=s["logStreamName"],
                                             startFromHead=True)["events"]]

    def noted(name):
        with open(os.path.join(work, name)) as f:
            return [eval(line) for line in f]

    s3.put_object(Bucket=BUCKET, Key="m/model.tar.gz", Body=archive(**{"model.bin": "x"}))
    model("own")

    # Several files over two instances, in batches of a megabyte, two at a time: all lines, in order.
    rows = {f"d__{i}.csv": "".join(f"{i}-{k},{'x' * 2200}\n" for k in range(1000)) for i in range(3)}
    put("order", **rows)
    begin("order", instances=2, BatchStrategy="MultiRecord", MaxPayloadInMB=1, MaxConcurrentTransforms=2,
          Environment={"LINES": "1", "NOTED": os.path.join(work, "order")}, Tags=[{"Key": "a", "Value": "b"}])
    # Filters and joins, as the vectors have them: all begin now.
    vectors = []
    if VECTORS:
        path = os.path.join(VECTORS, "kinds", "transform-filter.jsonl.gz")
        vectors = [json.loads(line) for line in zip.open(path, "rt")]
    for i, v in enumerate(vectors):
        v["kind"] = {"csv": "text/csv", "jsonlines": "application/jsonlines"}[v["format"]]
        put(f"vector-{i}", data=v["record"] + "\n" + v["record"] + "\n")
        v["refused"] = failure(begin, name=f"vector-{i}", kind=v["kind"], processing={
            x: v[x] for x in ("InputFilter", "JoinSource", "OutputFilter")}, Environment={
                "LINES": "1", "KIND": v["kind"], "REPLY": v["inference"], "NOTED": os.path.join(work, f"vector-{i}")})

    equal("three files over two instances", ended("order"), ("Completed", None))
    d = sm.describe_transform_job(TransformJobName="order")
    ok("with its times", d["CreationTime"] <= d["TransformStartTime"] <= d["TransformEndTime"], d)
    equal("each has its .out under its own sub-prefix, complete and in order", stored("order"),
          {f"d/{i}.csv.out": "".join(f"{i}-{k}\n" for k in range(1000)).encode() for i in range(3)})
    sent = noted("order")
    ok("in batches filled up to the payload", len(sent) == 9 and all(len(b) <= 1 << 20 for b, _ in sent) and
       sum(b.count(b"\n") + 1 for b, _ in sent) == 3000, [len(b) for b, _ in sent])
    equal("its headers are the request's", sorted(sent[0][1])[:1] + sorted(sent[0][1])[-1:],
          ["Accept: text/csv", "Content-Type: text/csv"])
    ok("the data-log begins with what is in force", all(
        x.endswith(":[sagemaker logs]: MaxConcurrentTransforms=2, MaxPayloadInMB=1, BatchStrategy=MULTI_RECORD")
        for x in said("order")) and len(said("order")) == 2, said("order"))
    ok("its servers were told, and had the model", all(x == "batch true 1 MULTI_RECORD 2 True" or "False" in x
                                                       for x in said("order", False)), said("order", False))
    names = {m["MetricName"] for m in cw.list_metrics(Namespace=GROUP)["Metrics"]
             if any(x["Value"].startswith("order/i-") for x in m["Dimensions"])}
    ok("their use was measured", {"CPUUtilization", "MemoryUtilization"} <= names, names)
    for i, v in enumerate(vectors):
        name = f"filter {v['InputFilter']} {v['JoinSource']} {v['OutputFilter']} of {v['record']}"
        if v["sent"] is None:
            ok(name + " is refused", v["refused"] and v["refused"][0] == "ValidationException" and
               "Invalid" in v["refused"][1], v["refused"])
            continue
        equal(name, (v["refused"], ended(f"vector-{i}"), noted(f"vector-{i}")[0][0].decode(), stored(f"vector-{i}")),
              (None, ("Completed", None), v["sent"] + "\n" + v["sent"], {"data.out": (v["stored"] + "\n").encode() * 2}))

    # What else is refused before it begins.
    some = {"JoinSource": "Input", "OutputFilter": "$[0,-1]"}
    for what, want, arguments in (
            ("a range and indices", "Invalid JsonPath: $[0:2,5:]: only single range filters of format (eg: [1:5]) are "
             "supported. Format [0:2,5:] is not supported", {"processing": {"OutputFilter": "$[0:2,5:]"}}),
            ("a name with an underscore", "Invalid OutputFilter: \"$['a_b']\". Unexpected \"_\" in JsonPath. Supported operators "
             "for \"application/jsonlines\" are ['$', '[', ']', '*', '.', ' ', ',', ':', '-', ''']",
             {"processing": {"OutputFilter": "$['a_b']"}, "kind": "application/jsonlines"}),
            ("a join of other types", "ContentType (text/csv) that equals Accept (application/json)",
             {"processing": some, "accept": "application/json"}),
            ("a join with another split", "SplitType that equals AssembleWith (None)", {"processing": some, "assemble": "None"}),
            ("a filter of images", "DataProcessing needs the ContentType", {"processing": some, "kind": "image/png"}),
            ("too much at a time", "must not be larger than 100", {"MaxPayloadInMB": 30, "MaxConcurrentTransforms": 4}),
            ("too large a payload", "MaxPayloadInMB must be from 0 to 100", {"MaxPayloadInMB": 101}),
            ("no instance", "InstanceCount must be from 1 to 100", {"instances": 101}),
            ("a model that is not there", "Could not find model", {"model": "none"})):
        got = failure(begin, name="refused", **arguments)
        ok(f"refused: {what}", got and got[0] == "ValidationException" and want in got[1], got)

    # All of these begin together.
    long = "".join(f"{k},{'y' * 100}\n" for k in range(100))
    put("large", **{"a.csv": long, "b.csv": long + "b," + "z" * (1 << 20) + "\n" + long, "c.csv": long})
    begin("large", MaxPayloadInMB=1, Environment={"LINES": "1"})
    put("single", **{"a.csv": "1,2\n3,4", "empty.csv": ""})
    begin("single", BatchStrategy="SingleRecord", Environment={"NOTED": os.path.join(work, "single")})
    put("zipped", **{"a.csv.gz": zip.compress(b"1,2\n3,4\n"), "empty.gz": zip.compress(b""), "no.gz": b"1,2\n"})
    begin("zipped", compression="Gzip", Environment={"LINES": "1"})
    put("errors", **{"1.csv": "1\n", "2.csv": "refuse\n", "3.csv": "break\n", "4.csv": "4\n"})
    begin("errors", Environment={"NOTED": os.path.join(work, "errors")}, ModelClientConfig={"InvocationsMaxRetries": 1})
    put("hiccup", **{"1.csv": "hiccup,1\n"})
    begin("hiccup", Environment={"NOTED": os.path.join(work, "hiccup")})
    put("late", **{"1.csv": "hang\n"})
    begin("late", ModelClientConfig={"InvocationsTimeoutInSeconds": 1, "InvocationsMaxRetries": 0})
    put("whole", **{"1.png": b"\x89PNG\n\0\n"})
    put("whole", manifest=json.dumps([{"prefix": f"s3://{BUCKET}/whole/"}, "1.png"]))
    begin("whole", kind="image/png", accept="text/csv", split="None", assemble="None", prefix="whole/manifest", type="ManifestFile",
          Environment={"NOTED": os.path.join(work, "whole"),
                       "PARAMETERS": '{"MaxConcurrentTransforms": 3, "MaxPayloadInMB": 7, "BatchStrategy": "SINGLE_RECORD"}'})
    record = lambda b: struct.pack("<II", 0xced7230a, len(b)) + b + b"\0" * (-len(b) % 4)  # noqa: E731
    tf = lambda b: struct.pack("<QI", len(b), 1) + b + struct.pack("<I", 2)  # noqa: E731
    for name, split, frame, strategy in (("recordio", "RecordIO", record, "SingleRecord"),
                                         ("tfrecord", "TFRecord", tf, "MultiRecord")):
        put(name, data=frame(b"one") + frame(b"second"), broken=frame(b"one")[:-1])
        begin(name, split=split, kind="application/octet-stream", accept="text/csv", BatchStrategy=strategy,
              Environment={"NOTED": os.path.join(work, name), "REPLY": "r"})
    put("columns", data="1,2,3\n4,5\n")
    begin("columns", processing={"InputFilter": "$[2]"}, Environment={"LINES": "1"})
    put("fewer", data="1,2\n3,4\n")
    begin("fewer", processing={"JoinSource": "Input"}, Environment={"REPLY": "one"})
    put("asjson", data="1,2\n")
    begin("asjson", processing={"JoinSource": "Input"}, Environment={"REPLY": "{}", "KIND": "application/json"})
    put("dies", data="1\n")
    begin("dies", Environment={"MODE": "dies"})
    begin("nothing")
    model("bare", data=f"s3://{BUCKET}/m/none.tar.gz")
    model("nobody", image="nobody/knows:1")
    begin("bare", prefix="single/", model="bare")
    begin("nobody", prefix="single/", model="nobody")

    algorithm, client = (f"{x}Error: See job logs for more information" for x in ("Algorithm", "Client"))
    ids = "".join(f"{k}\n" for k in range(100)).encode()
    equal("a record over the limit fails its job", ended("large"), ("Failed", client))
    equal("but only its file", stored("large"), {"a.csv.out": ids, "c.csv.out": ids})
    ok("which the data-log names", sum(f"{BUCKET}/large/b.csv: ClientError: a record of {(1 << 20) + 2} bytes" in x
                                       for x in said("large")) == 1 and len(said("large")) == 2, said("large"))
    sagetop = Sagetop(os.path.join(work, "home"), e.endpoint)
    shown = sagetop.run("show", "transform-job/large", "--format", "tsv").stdout
    ok("sagetop tells how far it came, and the first file that failed with its reason", "Progress\t2 of 3 files, " in shown and
       f"\n\tb.csv: ClientError: a record of {(1 << 20) + 2} bytes" in shown, shown)
    equal("its files, with what was made of each", [(f["name"], f["output"], (f["error"] or "")[:11]) for f in
                                                    sagetop.json("files", "transform-job/large")],
          [("a.csv", f"s3://{BUCKET}/out/large/a.csv.out", ""), ("b.csv", None, "ClientError"),
           ("c.csv", f"s3://{BUCKET}/out/large/c.csv.out", "")])
    equal("single records, and an empty file", (ended("single"), stored("single"), sorted(b for b, _ in noted("single"))),
          (("Completed", None), {"a.csv.out": b"1\n3\n", "empty.csv.out": b""}, [b"1,2", b"3,4"]))
    equal("gzip, and what is none", (ended("zipped"), stored("zipped")),
          (("Failed", client), {"a.csv.gz.out": b"1\n3\n", "empty.gz.out": b""}))
    ok("is said", any("zipped/no.gz: it cannot be unpacked as gzip" in x for x in said("zipped")), said("zipped"))
    equal("a model's errors", (ended("errors"), stored("errors")), (("Failed", client), {"1.csv.out": b"1\n", "4.csv.out": b"4\n"}))
    lines = [x.partition("[sagemaker logs]: ")[2] for x in said("errors")]
    equal("are told as the service does", lines[1:], [f"{BUCKET}/errors/{x}" for x in (
        "2.csv: ClientError: 413", "2.csv: ", "2.csv: Message:", "2.csv: too much", "2.csv: for me",
        "3.csv: AlgorithmError: 500", "3.csv: ", "3.csv: Message:", "3.csv: broken")])
    equal("4xx is not sent again, 5xx is", sorted(b for b, _ in noted("errors")), [b"1", b"4", b"break", b"break", b"refuse"])
    equal("a server that dies is started again, and called again", (ended("hiccup"), stored("hiccup")),
          (("Completed", None), {"1.csv.out": b"hiccup\n"}))
    equal("one that does not answer in time", ended("late"), ("Failed", algorithm))
    ok("is told as the service does", said("late")[-1].endswith(f"{BUCKET}/late/1.csv: Unable to get response from algorithm"),
       said("late"))
    equal("whole files of a manifest", (ended("whole"), stored("whole"), noted("whole")[0][0]),
          (("Completed", None), {"1.png.out": b"\x89PNG\n\0\n"}, b"\x89PNG\n\0\n"))
    ok("by the model's own wishes", said("whole")[0].endswith(
        "MaxConcurrentTransforms=3, MaxPayloadInMB=7, BatchStrategy=SINGLE_RECORD"), said("whole"))
    equal("RecordIO, one by one, without its framing", (ended("recordio"), stored("recordio"), [b for b, _ in noted("recordio")]),
          (("Failed", client), {"data.out": b"r\nr\n"}, [b"one", b"second"]))
    equal("TFRecord, together, as it is", (ended("tfrecord"), stored("tfrecord"), noted("tfrecord")[0][0]),
          (("Failed", client), {"data.out": b"r\n"}, tf(b"one") + tf(b"second")))
    ok("a broken one is said", "recordio/broken: it is not RecordIO" in said("recordio")[-1] + said("recordio")[1], said("recordio"))
    for name, why in (("columns", "a record of 2 columns has no column 2"), ("fewer", "gave 1 results for 2 records"),
                      ("asjson", "Failed to parse output from the algorithm as CSV")):
        equal(f"{name} fails", (ended(name)[0], stored(name)), ("Failed", {}))
        ok(f"{name}: {why}", why in said(name)[-1], said(name))
    for name, why in (("dies", "AlgorithmError: Model container failed to respond to ping. Please ensure /ping endpoint"),
                      ("nothing", "ClientError: Data download failed:S3 key: "), ("bare", "ClientError: Could not find model data at "),
                      ("nobody", "ClientError: nothing stands for the image nobody/knows:1")):
        status, reason = ended(name)
        ok(f"{name}: {why}", status == "Failed" and reason.startswith(why), reason)

    # One file's records are sent side by side from the first: neither of these is answered without the other.
    put("meet", **{"1.csv": "meet\nmeet\n"})
    begin("meet", BatchStrategy="SingleRecord", MaxConcurrentTransforms=2)
    equal("two calls at a time", (ended("meet"), stored("meet")), (("Completed", None), {"1.csv.out": b"meet\nmeet\n"}))

    # Stop: nothing of it is stored, whatever was done already.
    put("stop", **{"1.csv": "1\n", "2.csv": "hang\n"})
    begin("stop")
    until(lambda: "1.csv.out" in stored("stop"), 30, "the first file")
    sm.stop_transform_job(TransformJobName="stop")
    equal("a stopped job", (ended("stop"), stored("stop")), (("Stopped", None), {}))
    ok("cannot be stopped", failure(sm.stop_transform_job, TransformJobName="stop") is not None)

    begin("silent", prefix="single/", Environment={"MODE": "silent"})
    until(lambda: "TransformStartTime" in sm.describe_transform_job(TransformJobName="silent"), 30, "its start")
    sm.stop_transform_job(TransformJobName="silent")
    equal("a job whose server never answers /ping stops, too", ended("silent"), ("Stopped", None))

    # The engine is killed: what ran has failed, what waited goes on.
    begin("killed", prefix="stop/", instances=8)
    begin("waits", prefix="single/")
    until(lambda: "1.csv.out" in stored("killed"), 30, "the first file")
    equal("it waits for slots", "TransformStartTime" in sm.describe_transform_job(TransformJobName="waits"), False)
    e.stop(signal.SIGKILL)
    e.start(*OPTIONS)
    clients()
    status, reason = ended("killed")
    ok("a job that ran when the engine was killed", status == "Failed" and reason.startswith("InternalServerError"), reason)
    equal("one that waited runs", (ended("waits"), sorted(stored("waits"))), (("Completed", None), ["a.csv.out", "empty.csv.out"]))
    equal("nothing of them is left", os.listdir(os.path.join(e.state, "transforms")), [])
    equal("the engine ends cleanly", e.stop(), 0)
equal("AWS's model finds nothing wrong in any reply", judge.problems[:5], [])
done()
