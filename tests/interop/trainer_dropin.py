"""Jobs as users of SageMaker's image send them: hyperparameters that SDKs have encoded,
constraints that name columns, models that carry the header's names, folders with the
image's checkpoints, and what is printed of rounds."""
from trainer_support import *

try:
    import numpy as np
    import xgboost
except ImportError:
    skip_all("python3-xgboost is not installed")

rng = np.random.default_rng(8)
X = rng.normal(size=(300, 3)).astype(np.float32)
y = (X[:, 0] * X[:, 1] - 2 * X[:, 2] + rng.normal(size=300)).astype(np.float32)
NAMED = "y,a,b b,c\n" + csv_text(y, X)
USUAL = {"num_round": 6, "max_depth": 3, "header": "true", "label_column": "y"}


def run(hyper, train=NAMED, validation=None, prepare=None):
    job = Job(**hyper)
    job.channel("train", {"a.csv": train})
    if validation is not None:
        job.channel("validation", {"v.csv": validation})
    if prepare:
        prepare(job)
    return job.run()


# --- constraints by name ------------------------------------------------------------------
for name, forms in {
    "monotone_constraints": ("(1,0,-1)", '{"a": 1, "c": -1}', "{'c': -1, 'a': 1}", json.dumps('{"a": 1, "c": -1}')),
    "interaction_constraints": ("[[0,1],[2]]", '[["a","b b"],["c"]]', "[['a', 'b b'], ['c']]", json.dumps('[["a","b b"],["c"]]')),
}.items():
    for method in ("hist", "exact"):
        models = []
        for form in forms:
            with run({**USUAL, name: form, "tree_method": method}) as job:
                ok(f"{name}={form} with {method}", job.status == 0, job.log())
                models.append(job.model().read_bytes() if job.status == 0 else form)
        ok(f"{name}: one model, however it is spelled ({method})", len(set(models)) == 1)
        with run({**USUAL, "tree_method": method}) as job:
            ok(f"{name} matters ({method})", job.model().read_bytes() != models[0])
for job_text, pattern in [('[["a","zz"]]', "interaction_constraints names column 'zz', which the data do not have")]:
    with run({**USUAL, "interaction_constraints": job_text}) as job:
        match("a name that is not there", job.failure() or "", f"^ClientError: {pattern}")

# --- names in the model --------------------------------------------------------------------
for what, hyper in [("hist", {}), ("exact", {"tree_method": "exact"}), ("early stopping", {"early_stopping_rounds": 2, "num_round": 60, "eta": 0.9}),
                    ("dart", {"booster": "dart"}), ("gblinear", {"booster": "gblinear"}), ("JSON", {"model_format": "json"})]:
    with run({**USUAL, **hyper}, validation=NAMED if "early" in what else None) as job:
        path = job.model()
        if what == "JSON":
            path = path.rename(path.with_suffix(".json"))
        booster = xgboost.Booster(model_file=str(path))
        equal(f"the header's names are the model's: {what}", booster.feature_names, ["a", "b b", "c"])
        named = xgboost.DMatrix(X[:5], feature_names=["a", "b b", "c"])
        ok(f"so that Python checks them: {what}", booster.predict(named).shape == (5,))
        equal(f"importance has them: {what}", set(json.loads(job.output("feature-importance.json").read_text())["weight"]) <= {"a", "b b", "c"}, True)
with run({**USUAL, "_kfold": 2}) as job:
    equal("of a fold too", xgboost.Booster(model_file=str(job.root / "model/xgboost-model-1")).feature_names, ["a", "b b", "c"])
with run(USUAL, train=NAMED.replace("b b", "b<1")) as job:
    equal("names that Python refuses stay out of it", (job.status, xgboost.Booster(model_file=str(job.model())).feature_names), (0, None))
with run({"num_round": 2}, train=csv_text(y, X)) as job:
    equal("no names, none", xgboost.Booster(model_file=str(job.model())).feature_names, None)

# --- checkpoints ------------------------------------------------------------------------------
def of_the_image(job):
    (job.root / "checkpoints").mkdir()
    for name in ("xgboost-checkpoint.5", "xgboost-checkpoint.4"):
        xgboost.train({"nthread": 1}, xgboost.DMatrix(X, y), 6).save_model(job.root / "checkpoints/m.ubj")
        (job.root / "checkpoints/m.ubj").rename(job.root / "checkpoints" / name)


for what, hyper in [("a job", {}), ("a cross-validation", {"_kfold": 2}), ("no checkpoints of its own", {"checkpoint_interval": 0})]:
    with run({**USUAL, **hyper}, prepare=of_the_image) as job:
        match(f"the image's checkpoints are said not to be resumed: {what}", job.out, r"holds xgboost-checkpoint\.5 and others of SageMaker's image, which are not gone on from")
        ok(f"and {what} begins at the beginning", job.status == 0 and re.search(r"^\[0\]\t", job.out, re.M), job.log())
with Job(num_round=30, max_depth=3, subsample=.7) as job:
    job.channel("train", {"a.csv": csv_text(y, X)})
    (job.root / "checkpoints").mkdir()
    job.run()
    kept = sorted(p.name for p in (job.root / "checkpoints").iterdir())
    equal("checkpoints of rounds 10 and 20", [name[-3:] for name in kept], ["010", "020"])
    for rounds, first, passed in [(25, 20, []), (20, 20, []), (15, 10, ["20"]), (10, 10, ["20"]), (7, 0, ["20", "10"])]:
        copy = Job(num_round=rounds, max_depth=3, subsample=.7)
        copy.channel("train", {"a.csv": csv_text(y, X)})
        shutil.copytree(job.root / "checkpoints", copy.root / "checkpoints")
        fresh = Job(num_round=rounds, max_depth=3, subsample=.7)
        fresh.channel("train", {"a.csv": csv_text(y, X)})
        (fresh.root / "checkpoints").mkdir()
        with copy, fresh:
            copy.run()
            fresh.run()
            notes = re.findall(r"passed over: it has (\d+) rounds, num_round is (\d+)", copy.out)
            equal(f"num_round {rounds}: checkpoints beyond it are passed over, with a word", notes, [(p, str(rounds)) for p in passed])
            printed = [int(m) for m in re.findall(r"^\[(\d+)\]\t", copy.out, re.M)]
            equal(f"num_round {rounds}: the rounds that are left are trained", printed, list(range(first, rounds)))
            ok(f"num_round {rounds}: the model of a job that was let run", copy.model().read_bytes() == fresh.model().read_bytes(), copy.log())

# --- rounds of a cross-validation -----------------------------------------------------------------
with run({**USUAL, "_kfold": 3}) as job:
    match("k-fold: the closing line says how many rounds the models have", job.out, r"over all rows:\n\[6\]\ttrain-rmse:")
with run({**USUAL, "_kfold": 3, "num_round": 300, "eta": 1, "max_depth": 6, "early_stopping_rounds": 3, "eval_metric": "rmse"}) as job:
    rounds = [xgboost.Booster(model_file=str(job.root / f"model/xgboost-model-{i}")).num_boosted_rounds() for i in range(3)]
    line = int(re.search(r"over all rows:\n\[(\d+)\]\t", job.out).group(1))
    equal("k-fold, stopped early: the rounds of the longest model, not num_round", line, max(rounds))
    ok("and the range where they differ", len(set(rounds)) == 1 or f"the models have {min(rounds)} to {max(rounds)} rounds" in job.out, job.out)
done()
