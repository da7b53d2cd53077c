"""Models that others left: trained on behind their best round, of later releases of
XGBoost, pickled; and which of several answer."""
import pickle
import struct
import threading

from serve_support import *

try:
    import numpy as np
    import xgboost
except ImportError:
    skip_all("python3-xgboost is not installed")

folder = tempfile.TemporaryDirectory(prefix="sagetop-models-")
tmp = pathlib.Path(folder.name)
rng = np.random.default_rng(3)
X = rng.normal(size=(400, 4)).astype(np.float32)
noise = rng.random(400) < .25
some = xgboost.DMatrix(X[:30])


def predict(path, *options, rows=X[:30]):
    run = subprocess.run([TRAINER, "predict", *options, str(path), "-"], input=csv_of(rows), capture_output=True, text=True)
    return run, [[float(v) for v in line.split(",")] for line in run.stdout.splitlines()] if not run.returncode else []


# --- trained on behind the best round --------------------------------------------------
for name, objective, y, params in [
    ("a classifier", "binary:logistic", (X[:, 0] > 0).astype(int) ^ noise, {}),
    ("a forest of three trees a round", "binary:logistic", (X[:, 0] > 0).astype(int) ^ noise, {"num_parallel_tree": 3, "subsample": .7}),
    ("three classes", "multi:softprob", np.clip((X[:, 1] + 1).astype(int), 0, 2) * ~noise, {"num_class": 3}),
    ("dart", "reg:squarederror", X[:, 0] + rng.normal(size=400), {"booster": "dart", "rate_drop": .1}),
]:
    train, validation = xgboost.DMatrix(X[:200], y[:200]), xgboost.DMatrix(X[200:], y[200:])
    booster = xgboost.train({"objective": objective, "eta": .6, "nthread": 1, **params}, train, 80, evals=[(validation, "v")],
                            early_stopping_rounds=8, verbose_eval=False)
    path = tmp / (name.replace(" ", "-") + ".ubj")
    booster.save_model(path)
    wanted = booster.predict(some, ntree_limit=booster.best_ntree_limit)
    ok(f"{name}: it was trained on", booster.num_boosted_rounds() > booster.best_iteration + 1)
    run, got = predict(path)
    close(f"{name}: predict uses the best rounds", np.array(got), wanted.reshape(30, -1), 1e-6)
    match(f"{name}: and says so", run.stderr, f"the first {booster.best_iteration + 1} of its {booster.num_boosted_rounds()} rounds")
    with Server(path) as s:
        close(f"{name}: so does serve", numbers(s.invoke(csv_of(X[:30]))[1]), wanted.ravel(), 1e-6)
    booster.set_attr(best_ntree_limit=None)
    booster.save_model(path)
    close(f"{name}: best_iteration alone says it too", np.array(predict(path)[1]), wanted.reshape(30, -1), 1e-6)
    for nonsense in ("100000", "-3", "many"):
        booster.set_attr(best_iteration=nonsense)
        booster.save_model(path)
        close(f"{name}: best_iteration {nonsense} says nothing", np.array(predict(path)[1]),
              booster.predict(some, iteration_range=(0, booster.num_boosted_rounds())).reshape(30, -1), 1e-6)

# --- of later releases ------------------------------------------------------------------
booster = xgboost.train({"nthread": 1, "base_score": 100.0}, xgboost.DMatrix(X, X[:, 0] * 3 + 100), 5)
wanted = booster.predict(some).reshape(-1, 1)
text = bytes(booster.save_raw("json"))
raw = bytes(booster.save_raw("ubj"))


def later(version=(3, 1, 0), **change):
    model = json.loads(text)
    model["version"] = list(version)
    for path, value in change.items():
        at = model
        *above, last = path.split("__")
        for step in above:
            at = at.setdefault(step, {}) if isinstance(at, dict) else at[int(step)]
        at[last] = value
    return model


def ubj(key, value, behind=b""):
    at = raw.index(key.encode(), raw.index(behind)) + len(key)
    old = struct.unpack(">q", raw[at + 2:at + 10])[0]
    return raw[:at + 2] + struct.pack(">q", len(value)) + value.encode() + raw[at + 10 + old:]


SCORE = "learner__learner_model_param__base_score"
for name, data in [
    ("base_score of 3.1", json.dumps(later(**{SCORE: "[1E2]"}))),
    ("without blanks", json.dumps(later(**{SCORE: "[1E2]"}), separators=(",", ":"))),
    ("indented", json.dumps(later(**{SCORE: "[ 1E2 ]"}), indent=2)),
    ("an attribute of that name", json.dumps(later(**{SCORE: "[1E2]", "learner__attributes": {"base_score": "[7E0]", "a": '"base_score":"[7]"'}}))),
    ("equal ones", json.dumps(later(**{SCORE: "[1E2,1E2]"}))),
    ("base_score as before, of 2.1", json.dumps(later((2, 1, 4), learner__learner_model_param__boost_from_average="1"))),
    ("base_score of 3.1 in UBJSON", ubj("base_score", "[1E2]")),
]:
    path = tmp / "later"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    run, got = predict(path)
    close(f"{name}: read", np.array(got), wanted, 1e-4) if got else ok(f"{name}: read", False, run.stderr)
TREE = "learner__gradient_booster__model__trees__0__tree_param__size_leaf_vector"
for name, data, pattern in [
    ("several base_scores", later(**{SCORE: "[1E2,2E2]"}), r"XGBoost 3\.1\.0 and has base_score \"\[1E2,2E2\]\", which"),
    ("a base_score without sense", later(**{SCORE: "[x]"}), r"XGBoost 3\.1\.0 and has base_score"),
    ("leaves of several values", later((2, 0, 3), **{TREE: "3"}), r"XGBoost 2\.0\.3 and has trees of several outputs"),
    ("coded categories", later(learner__gradient_booster__model__cats={"enc": [{"a": 1}], "sorted_idx": []}), r"XGBoost 3\.1\.0 and has categories"),
    ("an objective of later", later((2, 0, 0), learner__objective={"name": "reg:quantileerror"},
                                   learner__learner_train_param={"objective": "reg:quantileerror"}), r"of XGBoost 2\.0\.0: .*reg:quantileerror"),
]:
    path = tmp / "later"
    path.write_text(json.dumps(data))
    run, got = predict(path)
    ok(f"{name}: refused by name and release", run.returncode == 1 and re.search(pattern, run.stderr) and run.stderr.count("\n") == 1, run.stderr)
path.write_bytes(ubj("size_leaf_vector", "3", b"tree_param").replace(b"[#L\0\0\0\0\0\0\0\x03i\x01i\x07i\x04", b"[#L\0\0\0\0\0\0\0\x03i\x03i\x01i\x00"))
match("the same in UBJSON", predict(path)[0].stderr, r"XGBoost 3\.1\.0 and has trees of several outputs")
path.write_text(json.dumps(later(learner__gradient_booster__model__cats={"enc": [], "sorted_idx": []})))
close("no coded categories are none", np.array(predict(path)[1]), wanted, 1e-4)

# --- pickles ----------------------------------------------------------------------------
for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
    path = tmp / "pickled"
    path.write_bytes(pickle.dumps(booster, protocol))
    match(f"a pickle of protocol {protocol} is called one", predict(path)[0].stderr, "pickled: the model is a Python pickle.*save_model")

# --- several models -----------------------------------------------------------------------
(tmp / "folds").mkdir()
folds = []
for i in range(3):
    folds.append(xgboost.train({"nthread": 1, "seed": i, "subsample": .5}, xgboost.DMatrix(X, X[:, 0]), 4))
    folds[-1].save_model(tmp / f"fold.ubj")
    (tmp / "fold.ubj").rename(tmp / "folds" / f"xgboost-model-{i}")
mean = np.mean([b.predict(some) for b in folds], axis=0)
for value, wanted in [(None, mean), ("true", mean), ("false", folds[0].predict(some)), ("False", folds[0].predict(some))]:
    with Server(tmp / "folds", SAGEMAKER_INFERENCE_ENSEMBLE=value) as s:
        close(f"SAGEMAKER_INFERENCE_ENSEMBLE {value}", numbers(s.invoke(csv_of(X[:30]))[1]), wanted, 1e-5)

# --- many models by name: the multi-model contract -------------------------------------------
(tmp / "large").mkdir()
folds[1].save_model(tmp / "large" / "model.ubj")
(tmp / "large" / "pad").mkdir()
(tmp / "large" / "pad" / "bytes").write_bytes(bytes(1 << 20))
with Server(tmp / "none", SAGEMAKER_MULTI_MODEL="true", SAGETOP_MODEL_MEMORY_MB="1") as s:
    def load(name, url):
        return s.call("POST", "/models", json.dumps({"model_name": name, "url": str(url)}), "application/json")[0]

    def invoke(name, body=csv_of(X[:30])):
        return s.call("POST", f"/models/{name}/invoke", body, "text/csv")
    equal("it pings without a model", s.call("GET", "/ping")[0], 200)
    equal("and has none", json.loads(s.call("GET", "/models")[1]), {"models": []})
    equal("one that is not loaded", (invoke("a")[0], s.call("GET", "/models/a")[0], s.call("DELETE", "/models/a")[0]), (404,) * 3)
    equal("a model is loaded once", (load("a", tmp / "folds" / "xgboost-model-0"), load("a", tmp / "folds" / "xgboost-model-0")), (200, 409))
    equal("and another one", load("b c", tmp / "folds" / "xgboost-model-1"), 200)
    close("each answers", numbers(invoke("a")[1]), folds[0].predict(some), 1e-6)
    close("by its name", numbers(invoke("b%20c")[1]), folds[1].predict(some), 1e-6)
    equal("they are told", sorted(m["modelName"] for m in json.loads(s.call("GET", "/models")[1])["models"]), ["a", "b c"])
    equal("and one of them", json.loads(s.call("GET", "/models/a")[1]), {"modelName": "a", "modelUrl": str(tmp / "folds" / "xgboost-model-0")})
    equal("what has no room", load("l", tmp / "large"), 507)
    equal("what is not there, what is no request", (load("n", tmp / "none"), load("", tmp), s.call("POST", "/models", "{")[0]), (404, 400, 400))
    (tmp / "text").mkdir()
    (tmp / "text" / "xgboost-model").write_text("no model")
    ok("what is no model", load("t", tmp / "text") in (400, 500) and s.call("GET", "/models/t")[0] == 404)
    equal("one is unloaded", (s.call("DELETE", "/models/a")[0], invoke("a")[0], invoke("b%20c")[0]), (200, 404, 200))
    equal("other ways in", (s.call("PUT", "/models")[0], s.call("GET", "/models/b%20c/invoke")[0], s.call("POST", "/models/b%20c/x", "1")[0],
                            s.invoke("1")[0]), (405, 405, 404, 404))
    stop = threading.Event()
    seen = set()

    def calls():
        while not stop.is_set():
            status, body = invoke("a")
            seen.add((status, body if status == 200 else None))
    callers = [threading.Thread(target=calls) for _ in range(3)]
    [c.start() for c in callers]
    for _ in range(40):
        load("a", tmp / "folds" / "xgboost-model-0")
        s.call("DELETE", "/models/a")
    stop.set()
    [c.join() for c in callers]
    wanted = folds[0].predict(some)
    ok("while it comes and goes, calls find it whole or not at all", all(
        status == 404 or (status == 200 and np.allclose(numbers(body), wanted, atol=1e-6)) for status, body in seen), seen)
done()
