"""sagetop-trainer serve and predict against the xgboost package: every content type in
and out, selected outputs, refusals, several models, models of entities, exchange of the
model under load, drift, and the end by SIGTERM."""
import concurrent.futures
import gzip
import struct

from serve_support import *

try:
    import numpy as np
    import xgboost
    from readers_support import field, record, tensor, varint
except ImportError:
    skip_all("python3-xgboost is not installed")

folder = tempfile.TemporaryDirectory(prefix="sagetop-serve-")
tmp = pathlib.Path(folder.name)
rng = np.random.default_rng(11)
X = rng.normal(size=(600, 6)).astype(np.float32)
X[::7, 2] = np.nan
PARAMS = {"nthread": 1, "max_depth": 4, "eta": 0.3}


def model(name, objective, y, rounds=15, file="xgboost-model", seed=0, **params):
    (tmp / name).mkdir(exist_ok=True)
    booster = xgboost.train({**PARAMS, "objective": objective, "seed": seed, **params}, xgboost.DMatrix(X, y), rounds)
    path = tmp / name / f"{file}.json"
    booster.save_model(path)
    path.rename(tmp / name / file)
    return booster


def libsvm_of(rows, label=False):
    return "\n".join(("1 " if label else "") + " ".join(f"{i}:{float(v)!r}" for i, v in enumerate(row) if v == v) for row in rows)


def tensors(data):
    """[{name: values}] of RecordIO records with float32 labels."""
    out = []
    while data:
        magic, n = struct.unpack("<II", data[:8])
        assert magic == 0xCED7230A
        body, data, row = data[8:8 + n], data[8 + n + (-n % 4):], {}
        while body:
            # field 2 (label), entry {1: name, 2: value {2: tensor {1: packed floats}}}; short, so one-byte lengths but the outer
            def chunk(b):
                at, length, shift = 1, 0, 0
                while True:
                    length |= (b[at] & 0x7F) << shift
                    shift += 7
                    at += 1
                    if not b[at - 1] & 0x80:
                        return b[0], b[at:at + length], b[at + length:]
            key, entry, body = chunk(body)
            assert key == 0x12
            _, name, rest = chunk(entry)
            _, value, _ = chunk(rest)
            _, packed, _ = chunk(value)
            _, floats, _ = chunk(packed)
            row[name.decode()] = np.frombuffer(floats, "<f4")
        out.append(row)
    return out


binary = model("binary", "binary:logistic", (X[:, 0] > 0).astype(int))
expected = binary.predict(xgboost.DMatrix(X))
some = X[:20]
with Server(tmp / "binary") as s:
    equal("GET /ping", s.call("GET", "/ping"), (200, b""))
    status, data = s.call("GET", "/execution-parameters")
    parameters = json.loads(data)
    equal("GET /execution-parameters", (status, parameters["BatchStrategy"], parameters["MaxPayloadInMB"]),
          (200, "MULTI_RECORD", 6))
    equal("an empty body is 204", s.invoke(b"")[0], 204)
    for what, body, content_type in [
        ("CSV", csv_of(some), "text/csv"),
        ("CSV without a content type", csv_of(some), None),
        ("CSV with a character set and a last newline", csv_of(some) + "\n", "text/csv; charset=utf-8"),
        ("CSV with semicolons", csv_of(some).replace(",", ";"), "text/csv"),
        ("libsvm", libsvm_of(some), "text/libsvm"),
        ("libsvm with labels", libsvm_of(some, True), "text/x-libsvm"),
        ("RecordIO", b"".join(record(tensor(row)) for row in some), "application/x-recordio-protobuf"),
        ("sparse RecordIO", b"".join(record(tensor([v for v in row if v == v], shape=6,
                                                  keys=[i for i, v in enumerate(row) if v == v])) for row in some),
         "application/x-recordio-protobuf"),
        ("JSON instances", json.dumps({"instances": [{"features": [None if v != v else float(v) for v in row]} for row in some]}),
         "application/json"),
        ("JSON arrays", json.dumps([[None if v != v else float(v) for v in row] for row in some]), "application/json"),
        ("JSON of SageMaker's long form", json.dumps({"instances": [{"data": {"features": {"values": [
            None if v != v else float(v) for v in row]}}} for row in some]}), "application/json"),
        ("JSON with keys", json.dumps({"instances": [{"data": {"features": {
            "keys": [i for i, v in enumerate(row) if v == v], "shape": [6], "values": [float(v) for v in row if v == v]}}}
            for row in some]}), "application/json"),
        ("JSON lines", "\n".join(json.dumps({"features": [None if v != v else float(v) for v in row]}) for row in some),
         "application/jsonlines"),
        ("gzip", gzip.compress(csv_of(some).encode()), "text/csv"),
    ]:
        status, data = s.invoke(body, content_type)
        if ok(f"{what}: 200", status == 200, data):
            close(f"{what}: the predictions of the package", numbers(data), expected[:20], 1e-6)
    status, data = s.invoke(csv_of(some))
    ok("a row a line, each ended by a newline", data.count(b"\n") == 20 and data.endswith(b"\n") and b"," not in data, data)
    equal("its content type", s.headers["Content-Type"], "text/csv")
    status, data = s.invoke(csv_of(some), accept="application/json")
    close("as JSON", [p["score"] for p in json.loads(data)["predictions"]], expected[:20], 1e-6)
    status, data = s.invoke(csv_of(some), accept="application/jsonlines")
    close("as JSON lines", [json.loads(line)["score"] for line in data.splitlines()], expected[:20], 1e-6)
    status, data = s.invoke(csv_of(some), accept="application/x-recordio-protobuf")
    close("as RecordIO", [r["score"][0] for r in tensors(data)], expected[:20], 1e-6)
    status, data = s.invoke(csv_of(some), accept="text/html, application/json;q=0.4, text/csv;q=0.9")
    close("the best of several Accept types", numbers(data), expected[:20], 1e-6)

    for what, wanted, args in [
        ("an unknown content type", 415, (b"1", "text/html")),
        ("an Accept that cannot be served", 406, (csv_of(some), "text/csv", "image/png")),
        ("a text cell", 400, (b"1,2,x,4,5,6", "text/csv")),
        ("a ragged row", 400, (b"1,2,3,4,5,6\n1,2", "text/csv")),
        ("a column too many", 400, (b"1,2,3,4,5,6,7", "text/csv")),
        ("an index too high", 400, (b"1:2 6:1", "text/libsvm")),
        ("broken JSON", 400, (b'{"instances": [', "application/json")),
        ("JSON of something else", 400, (b'{"a": 1}', "application/json")),
        ("JSON with text", 400, (b'[["a",1,2,3,4,5]]', "application/json")),
        ("JSON with a row too short", 400, (b'[[1,2,3]]', "application/json")),
        ("an infinite number", 400, (b"[[1e300,2,3,4,5,6]]", "application/json")),
        ("broken RecordIO", 400, (b"\n#\xd7\xce\xff\xff\xff\xff", "application/x-recordio-protobuf")),
        ("broken gzip", 400, (b"\x1f\x8bxxxxxxxxxxxxx", "text/csv")),
        ("a body too large", 413, (b"1,2,3,4,5,6\n" * 600000, "text/csv")),
        ("a gzip bomb", 413, (gzip.compress(b"1,2,3,4,5,6\n" * 20000000, 1), "text/csv")),
    ]:
        try:
            status, data = s.invoke(*args)
        except (BrokenPipeError, ConnectionResetError):
            status, data = 413 if wanted == 413 else 0, b"one line\n"
        ok(f"{what} is {wanted}", status == wanted and data.count(b"\n") == 1, f"{status} {data[:300]}")
    match("the reason names the place", s.invoke(b"1,2,3,4,5,6\n1,2,x,4,5,6")[1].decode(), "^body line 2 column 3: 'x' is not a number")
    equal("an unknown path is 404", s.call("GET", "/models")[0], 404)
    equal("GET /invocations is 405", s.call("GET", "/invocations")[0], 405)
    equal("still alive", s.call("GET", "/ping")[0], 200)

with Server(tmp / "binary", SAGEMAKER_BATCH="true", MAX_CONTENT_LENGTH="1000000") as s:
    status, data = s.invoke(csv_of(some))
    ok("batch transform: a line for each row", data.count(b"\n") == 20, data)
    equal("MAX_CONTENT_LENGTH", json.loads(s.call("GET", "/execution-parameters")[1])["MaxPayloadInMB"], 1)

with Server(tmp / "binary", SAGEMAKER_INFERENCE_OUTPUT="predicted_label,labels,probability,probabilities,raw_score,raw_scores,predicted_score") as s:
    match("a field the objective cannot give is announced", "".join(s.lines), "binary:logistic has no predicted_score")
    status, data = s.invoke(csv_of(some), accept="application/json")
    rows = json.loads(data)["predictions"]
    equal("predicted_label", [r["predicted_label"] for r in rows], [int(p > 0.5) for p in expected[:20]])
    close("probability", [r["probability"] for r in rows], expected[:20], 1e-6)
    close("probabilities", [r["probabilities"][0] for r in rows], 1 - expected[:20], 1e-6)
    equal("labels, and null for what is not there", (rows[0]["labels"], rows[0]["predicted_score"]), ([0, 1], None))
    status, data = s.invoke(csv_of(some[:1]))
    match("selected fields as CSV, lists in quotes", data.decode(), r'^[01],"\[0, 1\]",[0-9.e-]+,"\[[0-9.e-]+, [0-9.e-]+\]",')
    status, data = s.invoke(csv_of(some), accept="application/x-recordio-protobuf")
    close("selected fields as RecordIO", [r["probabilities"][1] for r in tensors(data)], expected[:20], 1e-6)

multi = model("multi", "multi:softprob", np.clip((X[:, 1] + 2).astype(int), 0, 3), num_class=4)
expected_multi = multi.predict(xgboost.DMatrix(X))
with Server(tmp / "multi", "--output", "predicted_label,probability") as s:
    rows = [json.loads(line) for line in s.invoke(csv_of(some), accept="application/jsonlines")[1].splitlines()]
    equal("softprob: labels", [r["predicted_label"] for r in rows], expected_multi[:20].argmax(axis=1).tolist())
    close("softprob: probability of the label", [r["probability"] for r in rows], expected_multi[:20].max(axis=1), 1e-6)
with Server(tmp / "multi") as s:
    data = s.invoke(csv_of(some))[1].decode()
    close("softprob: the classes of a row in a line, parted by commas",
          [[float(v) for v in line.split(",")] for line in data.splitlines()], expected_multi[:20], 1e-6)
    ok("softprob: each line is ended", data.count("\n") == 20 and data.endswith("\n"), data)
    data = subprocess.run([TRAINER, "predict", str(tmp / "multi"), "-"], input=csv_of(some), capture_output=True, text=True).stdout
    close("predict writes the same", [[float(v) for v in line.split(",")] for line in data.splitlines()], expected_multi[:20], 1e-6)
with Server(tmp / "multi", SAGEMAKER_BATCH="true") as s:
    data = s.invoke(csv_of(some))[1].decode()
    close("softprob in batch transform: a list a line", [json.loads(line) for line in data.splitlines()], expected_multi[:20], 1e-6)
softmax = model("softmax", "multi:softmax", np.clip((X[:, 1] + 2).astype(int), 0, 3), num_class=4)
with Server(tmp / "softmax") as s:
    data = s.invoke(csv_of(some))[1].decode()
    equal("softmax: classes are written as the image writes them, 2.0", data, "".join(f"{v:.1f}\n" for v in softmax.predict(xgboost.DMatrix(some))))

# --- selected outputs, as the image reads the variable ------------------------------
with Server(tmp / "binary", SAGEMAKER_INFERENCE_OUTPUT=" Predicted_Label, PROBABILITY ,margins") as s:
    match("an unknown output is announced", "".join(s.lines), "binary:logistic has no margins")
    data = s.invoke(csv_of(some))[1].decode()
    equal("letters of any size, blanks, an unknown output as nan; no newline behind the last row",
          [(int(line.split(",")[0]), line.split(",")[2]) for line in data.split("\n")], [(int(p > 0.5), "nan") for p in expected[:20]])
    close("its probabilities", [float(line.split(",")[1]) for line in data.split("\n")], expected[:20], 1e-6)
    rows = json.loads(s.invoke(csv_of(some), accept="application/json")[1])["predictions"]
    equal("and as null in JSON", rows[0]["margins"], None)
with Server(tmp / "softmax", SAGEMAKER_INFERENCE_OUTPUT="predicted_label,labels") as s:
    match("softmax: the label is what was predicted, labels are integers", s.invoke(csv_of(some[:1]))[1].decode(), r'^[0-3]\.0,"\[0, 1, 2, 3\]"$')

# --- several models -----------------------------------------------------------------
y = (X[:, 0] * 3 + rng.normal(size=len(X))).astype(np.float32)
folds = [model("folds", "reg:squarederror", y, file=f"xgboost-model-{i}", seed=i, subsample=0.5) for i in range(3)]
with Server(tmp / "folds") as s:
    mean = np.mean([b.predict(xgboost.DMatrix(some)) for b in folds], axis=0)
    close("three models: their mean", numbers(s.invoke(csv_of(some))[1]), mean, 1e-5)
labels = np.clip((X[:, 3] + 2).astype(int), 0, 3)
votes = [model("votes", "multi:softmax", labels, file=f"xgboost-model-{i}", seed=i, subsample=0.3, rounds=2, num_class=4) for i in range(3)]
with Server(tmp / "votes") as s:
    each = np.array([b.predict(xgboost.DMatrix(X[:200])) for b in votes]).astype(int)
    majority = [np.bincount(column).argmax() for column in each.T]
    equal("three models: their vote", [int(v) for v in numbers(s.invoke(csv_of(X[:200]))[1])], majority)

# --- what the trainer itself leaves: names, categories, entities, drift ---------------
teams = ["red", "blue", "gr,een"]
lines = ["y,age,team,who"]
for i in range(400):
    team, age = teams[i % 3], 20 + i % 17
    lines.append(f'{age * 0.1 + (i % 3) * 5},{age},"{team}",p{i % 4}')
with Job(num_round=10, max_depth=3, objective="reg:squarederror", label_column="y", header="true",
         categorical_columns="team", entity_column="who") as job:
    job.channel("train", {"a.csv": "\n".join(lines) + "\n"}).run()
    if ok("a job with one model for each entity", job.status == 0, job.log()):
        with Server(job.root / "model") as s:
            match("serve says what it serves", s.lines[-1], r"models of entities \(4, reg:squarederror, 2 columns\)")
            body = "p1,30,blue\np0,25,red\np1,22,\"gr,een\"\n"
            status, data = s.invoke(body)
            ok("entities out of the first column", status == 200 and len(numbers(data)) == 3, (status, data))
            first = numbers(data)
            named = [json.loads(line)["score"] for line in s.invoke(
                '{"entity": "p1", "features": {"age": 30, "team": "blue"}}\n{"entity": "p0", "features": [25, "red"]}\n'
                '{"entity": "p1", "features": [22, "gr,een"]}', "application/jsonlines", "application/jsonlines")[1].splitlines()]
            close("the same by JSON lines and names", named, first, 1e-6)
            status, data = s.invoke("team,age\nblue,30", "text/csv; header=present",
                                    headers={"X-Amzn-SageMaker-Custom-Attributes": "a=b,entity=p1"})
            close("the same by a header and the custom attribute", numbers(data), first[:1], 1e-6)
            equal("an entity without a model is 404", s.invoke("p9,30,blue")[0], 404)
            predicted = subprocess.run([TRAINER, "predict", str(job.root / "model"), "-"], input=body, capture_output=True, text=True)
            close("predict gives the same", [float(v) for v in predicted.stdout.split()], first, 1e-6)

with Job(num_round=10, max_depth=3, objective="reg:squarederror", label_column="y", header="true",
         categorical_columns="team") as job:
    job.channel("train", {"a.csv": "\n".join(line.rsplit(",", 1)[0] for line in lines) + "\n"}).run()
    if ok("a job with names and categories", job.status == 0, job.log()):
        with Server(job.root / "model", "--drift") as s:
            usual = "\n".join(line.split(",", 1)[1].rsplit(",", 1)[0] for line in lines[1:101])
            s.invoke(usual)
            equal("data like the training data has not drifted", s.headers["X-Sagetop-Drift"], None)
            s.invoke("\n".join(f"{90 + i % 9},red" for i in range(60)))
            match("a moved column has", s.headers["X-Sagetop-Drift"] or "", "^age mean 2[78].* -> 9[0-9]")
            s.invoke("\n".join("30," for i in range(60)))
            match("so has one that went missing", s.headers["X-Sagetop-Drift"] or "", "team missing 0.00 -> 1.00")
            for i in range(10):
                s.invoke("\n".join(f"{90 + i % 9},red" for i in range(49)))
            equal("small batches wait for company", s.headers["X-Sagetop-Drift"], None)
            s.invoke("\n".join(f"{90 + i % 9},red" for i in range(10)))
            match("and are judged together", s.headers["X-Sagetop-Drift"] or "", "^age mean")
        predicted = subprocess.run([TRAINER, "predict", "--header", "--label-column", "y", "--ignore", "who", str(job.root / "model"), "-"],
                                   input="\n".join(lines), capture_output=True, text=True)
        ok("predict leaves out the label and what is to be ignored", len(predicted.stdout.split()) == 400, predicted.stderr)

# A category may be a number: its code is its place in the dictionary, not itself.
with Job(num_round=10, max_depth=3, objective="reg:squarederror", categorical_columns="0") as job:
    job.channel("train", {"a.csv": "".join(f"{(i % 3) * 5},{(30, 10, 2.5)[i % 3]}\n" for i in range(300))}).run()
    if ok("a job with numbers for categories", job.status == 0, job.log()):
        with Server(job.root / "model") as s:
            by_csv = numbers(s.invoke("30\n10\n2.5\n7\n")[1])
            ok("they matter", max(by_csv[:3]) - min(by_csv[:3]) > 5, by_csv)
            for what, body in [("numbers", "[[30],[10],[2.5],[7]]"), ("text", '[["30"],["10"],["2.5"],["7"]]')]:
                equal(f"JSON with categories as {what}: as CSV", numbers(s.invoke(body, "application/json")[1]), by_csv)
            equal("and no lists for one", s.invoke("[[[30]]]", "application/json")[0], 400)

# --- predict on the command line --------------------------------------------------------
path = tmp / "data.csv"
path.write_text(csv_of(X))
run = subprocess.run([TRAINER, "predict", str(tmp / "binary/xgboost-model"), str(path)], capture_output=True, text=True)
close("predict: a model file and a data file", [float(v) for v in run.stdout.split()], expected, 1e-6)
margin = subprocess.run([TRAINER, "predict", "--margin", str(tmp / "binary"), str(path)], capture_output=True, text=True)
close("predict --margin", [float(v) for v in margin.stdout.split()], binary.predict(xgboost.DMatrix(X), output_margin=True), 1e-5)
for what, args, message, status in [
    ("no model", [str(tmp / "absent"), str(path)], "absent: there is no such model", 4),
    ("a model that is none", [str(path), str(path)], "data.csv: not an XGBoost model", 1),
    ("an unknown option", ["--labels", "a", "b"], "unknown option '--labels'", 2),
    ("bad data", [str(tmp / "multi"), __file__], "line ", 1),
]:
    run = subprocess.run([TRAINER, "predict", *args], capture_output=True, text=True)
    ok(f"predict: {what}", message in run.stderr and run.stderr.count("\n") == 1 and run.returncode == status,
       f"{run.returncode} {run.stderr}")
(tmp / "empty").mkdir()
run = subprocess.run([TRAINER, "serve", "--model", str(tmp / "empty"), "--port", "0"], capture_output=True, text=True)
ok("serve without a model ends with a reason", run.returncode != 0 and "holds no" in run.stderr, run.stderr)
run = subprocess.run([TRAINER, "serve", "--model", str(tmp / "binary"), "--output", "probabilty"], capture_output=True, text=True)
match("serve: an unknown output names the nearest", run.stderr, "unknown output 'probabilty'; did you mean probability")

# --- exchange under load, and the end -----------------------------------------------------
first = model("swap", "reg:squarederror", y, rounds=5)
second = xgboost.train({**PARAMS, "objective": "reg:squarederror"}, xgboost.DMatrix(X, -y), 25)
second.save_model(tmp / "second.json")
(tmp / "first.json").write_bytes((tmp / "swap/xgboost-model").read_bytes())
answers = [b.predict(xgboost.DMatrix(some)) for b in (first, second)]
with Server(tmp / "swap", "--threads", "4") as s:
    stop = False

    def load(worker):
        seen, wrong, connection = [0, 0], [], s.connect()
        while not stop:
            status, data = s.invoke(csv_of(some), connection=connection)
            got = np.array(numbers(data)) if status == 200 else None
            matching = [i for i, a in enumerate(answers) if got is not None and np.allclose(got, a, atol=1e-5)]
            if matching:
                seen[matching[0]] += 1
            else:
                wrong.append((status, data[:200]))
        connection.close()
        return seen, wrong

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        futures = [pool.submit(load, i) for i in range(6)]
        exchanged = 0
        try:
            for i in range(20):
                # by rename, as the trainer writes models, and now and then by the signal
                spare = tmp / "spare"
                spare.write_bytes((tmp / ("second.json", "first.json")[i % 2]).read_bytes())
                spare.rename(tmp / "swap/xgboost-model")
                s.child.send_signal(signal.SIGHUP)
                exchanged += "is exchanged" in s.wait_line("exchanged")
            spare.write_bytes((tmp / "second.json").read_bytes())
            spare.rename(tmp / "swap/xgboost-model")
            match("new files are taken without a signal", s.wait_line("its files changed"), "is exchanged")
        finally:
            stop = True
        results = [f.result() for f in futures]
    equal("twenty exchanges", exchanged, 20)
    wrong = [w for r in results for w in r[1]]
    ok("no request failed or got a mixture", not wrong, wrong[:3])
    ok("both models answered", all(sum(r[0][i] for r in results) for i in (0, 1)), results)
    (tmp / "swap/xgboost-model").write_text("rubbish")
    s.child.send_signal(signal.SIGHUP)
    match("a broken model is not put in place", s.wait_line("not exchanged"), "not exchanged: .*swap/xgboost-model: not an XGBoost model")
    close("the old one goes on", numbers(s.invoke(csv_of(some))[1]), answers[1], 1e-5)

    slow = s.connect()
    slow.putrequest("POST", "/invocations")
    body = csv_of(some).encode()
    slow.putheader("Content-Length", str(len(body)))
    slow.putheader("Content-Type", "text/csv")
    slow.endheaders()
    slow.send(body[:10])
    wait_for(lambda: s.call("GET", "/ping")[0] == 200, 300)
    s.child.send_signal(signal.SIGTERM)

    def refused():
        try:
            s.connect().connect()
            return False
        except (ConnectionRefusedError, ConnectionResetError): # reset: queued when the listener closed
            return True
    wait_for(refused, 200, "new connections to be refused")
    slow.send(body[10:])
    close("SIGTERM: what has begun is finished", numbers(slow.getresponse().read()), answers[1], 1e-5)
    slow.close()
    equal("then it ends with 0", s.child.wait(timeout=300), 0)
done()
