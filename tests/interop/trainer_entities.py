"""One model for each entity: the models of a Python loop, windows from a plan, failing entities."""
import tarfile

from trainer_support import *

try:
    import numpy as np
    import xgboost
except ImportError:
    skip_all("python3-xgboost is not installed")

rng = np.random.default_rng(31)
PARAMS = dict(objective="reg:squarederror", max_depth=4, eta=0.1, subsample=0.8, colsample_bytree=0.8, seed=3)
ROUNDS = 30
names = [f"player {i}" if i % 3 == 0 else f"Ünïcode-{i}" if i % 3 == 1 else f"p{i}" for i in range(24)]
tables = {}
for name in names:
    n = int(rng.integers(30, 60))
    x = np.round(rng.normal(size=(n, 5)), 3).astype(np.float32)
    tables[name] = (np.round(x[:, 0] * 3 + rng.normal(size=n), 3).astype(np.float32), x, [20180101 + i // 28 * 100 + i % 28 for i in range(n)])


def text_of(rows):
    return "y,who,day," + ",".join(f"x{i}" for i in range(5)) + "\n" + "".join(rows)


def rows_of(name, keep=lambda day: True):
    y, x, days = tables[name]
    return [f'{y[i]:.3f},"{name}",{days[i]},' + ",".join(f"{v:.3f}" for v in x[i]) + "\n" for i in range(len(y)) if keep(days[i])]


mixed = [row for name in names for row in rows_of(name)]
order = rng.permutation(len(mixed))
# Interleaved, each entity's rows in their own order.
queues = {name: rows_of(name) for name in names}
interleaved = []
while queues:
    name = list(queues)[int(rng.integers(len(queues)))]
    interleaved.append(queues[name].pop(0))
    if not queues[name]:
        del queues[name]


def entity_job(rows, plan=None, **hyper):
    job = Job(**{"num_round": ROUNDS, "header": "true", "label_column": "y", "entity_column": "who", "entity_date_column": "day", **PARAMS, **hyper})
    job.channel("train", {"a.csv": text_of(rows)})
    if plan is not None:
        job.channel("plan", {"plan.json": plan if isinstance(plan, str) else json.dumps(plan)}, None)
    return job


def models(job):
    index = json.loads(job.model("xgboost-models.json").read_text())
    data = job.model("xgboost-models.tar").read_bytes()
    return index, {n: data[e["offset"]: e["offset"] + e["length"]] for n, e in index["models"].items()}


def python_model(y, x, check=None):
    feature_names = [f"x{i}" for i in range(5)]
    matrix = xgboost.DMatrix(x, y, feature_names=feature_names)
    evals, history = [(matrix, "train")], {}
    if check is not None:
        evals.append((xgboost.DMatrix(check[1], check[0], feature_names=feature_names), "validation"))
    model = xgboost.train({**PARAMS, "tree_method": "hist", "nthread": 1}, matrix, ROUNDS, evals=evals, evals_result=history, verbose_eval=False)
    return model, history, xgboost.DMatrix(np.round(x + 0.1, 3), feature_names=feature_names)


with entity_job(interleaved) as job:
    job.run()
    if not ok("the job succeeds", job.status == 0, job.log()):
        done()
    index, found = models(job)
    ok("every entity has a model, in order of its name", list(found) == sorted(names, key=lambda n: n.encode()), list(found))
    for name in names:
        model, history, matrix = python_model(*tables[name][:2])
        mine = xgboost.Booster(model_file=bytearray(found[name]))
        close(f"{name}: the model of a Python loop", mine.predict(matrix), model.predict(matrix), 1e-6)
        close(f"{name}: its metric in the index", index["models"][name]["metrics"]["train-rmse"], history["train"]["rmse"][-1], 1e-6)
        equal(f"{name}: its rows", index["models"][name]["rows"], len(tables[name][0]))
    with tarfile.open(job.model("xgboost-models.tar")) as tar:
        members = tar.getmembers()
        ok("the archive is a tar with a member for each", len(members) == len(names) and sorted(tar.extractfile(m).read() for m in members) == sorted(found.values()))
    lines = [l for l in job.out.splitlines() if re.search(r"\[\d+\]\ttrain-rmse:\d+\.\d{5}$", l)]
    ok("one metric line for each entity and one of totals", len(lines) == len(names) + 1, lines)
    match("it says which, how many rows and rounds", job.out, r"(?m)^player 0 rows=\d+ rounds=30 \[\d+\]\ttrain-rmse:")
    last = re.findall(r"(?m)^\[24\]\ttrain-rmse:(\S+)$", job.out)
    close("the totals are the mean", float(last[0]), np.mean([e["metrics"]["train-rmse"] for e in index["models"].values()]), 1e-5)
    card = json.loads((job.root / "model/sagetop/model-card.json").read_text())
    ok("the model card has data hash, versions and parameters", len(card["data"]["train"]["sha256"]) == 64 and card["libxgboost"] == xgboost.__version__
       and card["hyperparameters"]["max_depth"] == "4", card)
    again = job.model("xgboost-models.tar").read_bytes()
with entity_job(interleaved, nthread=1) as job:
    job.run()
    ok("another number of workers makes the same archive", job.model("xgboost-models.tar").read_bytes() == again)

# A plan: some entities, windows for training and validation, names of its own.
plan = {"train_to": "2018-01-25", "validation_from": 20180126, "validation_to": "20180131",
        "entities": [names[3], {"entity": names[4], "name": "late", "train_from": "2018-01-10"}, {"entity": names[4], "name": "early", "train_to": 20180115}]}
with entity_job(interleaved, plan) as job:
    job.run()
    if ok("a plan: the job succeeds", job.status == 0, job.log()):
        index, found = models(job)
        equal("a plan: its models, in its order", list(found), [names[3], "late", "early"])
        for key, source, low, high in [(names[3], names[3], 0, 20180125), ("late", names[4], 20180110, 20180125), ("early", names[4], 0, 20180115)]:
            y, x, days = tables[source]
            use, check = [low <= d <= high for d in days], [20180126 <= d <= 20180131 for d in days]
            model, history, matrix = python_model(y[use], x[use], (y[check], x[check]))
            close(f"a plan: {key} is trained on its window", xgboost.Booster(model_file=bytearray(found[key])).predict(matrix), model.predict(matrix), 1e-6)
            close(f"a plan: {key} is validated on its window", index["models"][key]["metrics"]["validation-rmse"], history["validation"]["rmse"][-1], 1e-6)
            equal(f"a plan: {key} says its validation rows", index["models"][key]["validation_rows"], sum(check))

# A validation channel whose entities come in another order.
with entity_job(interleaved) as job:
    job.channel("validation", {"v.csv": text_of([r for name in reversed(names) for r in rows_of(name, lambda day: day < 20180111)])})
    job.run()
    index, _ = models(job)
    name = names[7]
    y, x, _ = tables[name]
    _, history, _ = python_model(y, x, (y[:10], x[:10]))
    close("a validation channel is matched by entity", index["models"][name]["metrics"]["validation-rmse"], history["validation"]["rmse"][-1], 1e-6)
    ok("validation metrics close the job", re.search(r"(?m)^\[24\]\ttrain-rmse:\S+\tvalidation-rmse:\S+$", job.out), job.log())

# Entities that cannot be trained.
bad = interleaved + ['1,"few",20180101,1,2,3,4,5\n'] + ['7,"flat",20180101,1,2,3,4,5\n', '7,"flat",20180102,2,2,3,4,5\n'] * 5
with entity_job(bad, entity_min_rows=5) as job:
    job.run()
    index, found = models(job)
    ok("failing entities are skipped and the others trained", job.status == 0 and len(found) == len(names), job.log())
    equal("their reasons stand in the index", index["failed"], {"few": "1 rows, entity_min_rows is 5", "flat": "its target is constant (7 in all 10 rows)"})
    match("and in the log", job.out, r"(?m)^few skipped: 1 rows")
    match("the closing line counts them", job.out, r"(?m)^24 entities trained, 2 skipped, 0 left$")
with entity_job(bad, entity_min_rows=5, entity_on_error="fail") as job:
    job.run()
    ok("entity_on_error=fail ends the job with the entity's name", job.status == 1 and re.match(r"ClientError: entity '(few|flat)': ", job.failure()) and not job.model("xgboost-models.json").exists(), job.log())
    ok("no unfinished archive is left", not list((job.root / "model").glob(".xgb*")))
with entity_job(['1,"few",20180101,1,2,3,4,5\n']) as job:
    job.run()
    ok("no entity can be trained: the job fails", job.status == 1 and "none of the 1 entities could be trained; the first: 'few'" in job.failure(), job.failure())
for what, plan, reason in [("that is no JSON", "{", r"plan\.json:1:\d+"), ("without entities", {"entities": []}, "at least one entity"),
                           ("with an unknown member", {"entitys": ["p2"]}, r"unknown member 'entitys'; did you mean entities\?"),
                           ("with a name twice", ["p2", "p2"], "'p2' stands twice"), ("with a bad date", {"train_to": "soon", "entities": ["p2"]}, "train_to is not a date"),
                           ("with a window upside down", {"train_from": 20180201, "train_to": 20180101, "entities": ["p2"]}, "is after"),
                           ("of strangers", ["nobody"], "'nobody': it has no rows in channel train")]:
    with entity_job(interleaved, plan) as job:
        job.run()
        ok(f"a plan {what} is refused", job.status == 1 and re.search(reason, job.failure() or "") and job.failure().startswith("ClientError: "), job.log())
with Job(num_round=3, entity_column="who") as job:
    job.channel("train", {"a.csv": text_of(interleaved)}).run()
    match("entity_column needs a header", job.failure() or "", "entity_column needs header=true")
with Job(num_round=3, entity_column="team", header="true", label_column="y") as job:
    job.channel("train", {"a.csv": text_of(interleaved)}).run()
    match("an entity column that is not there", job.failure() or "", "team")
done()
