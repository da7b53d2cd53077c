"""Every kind of job against the xgboost package of the same version: metrics of each
round, predictions, the saved model in both directions."""
from trainer_support import *

try:
    import numpy as np
    import xgboost
except ImportError:
    skip_all("python3-xgboost is not installed")
import warnings

warnings.filterwarnings("ignore")
rng = np.random.default_rng(2024)
N, V, F = 700, 250, 9


def features(n):
    table = rng.normal(size=(n, F)).astype(np.float32)
    table[rng.random((n, F)) < 0.05] = np.nan
    return table


def signal_of(table):
    t = np.nan_to_num(table)
    return t[:, 0] * 1.5 + t[:, 1] * t[:, 2] + np.sin(t[:, 3] * 2)


X, XV = features(N), features(V)
s, sv = signal_of(X) + rng.normal(size=N) * 0.3, signal_of(XV) + rng.normal(size=V) * 0.3


def labels(kind, values):
    values = np.asarray(values)
    if kind == "number":
        return (values * 3 + 10).astype(np.float32)
    if kind == "count":
        return np.floor(np.exp(values * 0.4)).astype(np.float32)
    if kind == "positive":
        return np.exp(values * 0.5).astype(np.float32) + np.float32(0.1)
    if kind == "binary":
        return (values > 0.2).astype(np.float32)
    if kind == "unit":
        return (1 / (1 + np.exp(-values))).astype(np.float32)
    if kind == "class":
        return np.digitize(values, [-1, 0.3, 1.5]).astype(np.float32)
    if kind == "time":
        t = np.exp(values * 0.5) + 0.1
        return np.where(np.arange(len(values)) % 4 == 0, -t, t).astype(np.float32)
    raise ValueError(kind)


# --- metrics by their definitions ---------------------------------------------------------


def own_metrics(names, y, prediction, kind):
    """Values of the metrics that the library does not have; scikit-learn's definitions."""
    y = y.astype(np.int64) if kind in ("binary", "class") else y.astype(np.float64)
    if kind == "binary":
        guess = (prediction > 0.5).astype(np.int64)
    elif kind == "class":
        guess = prediction.argmax(axis=1) if prediction.ndim == 2 else prediction.astype(np.int64)
    out = {}
    for name in names:
        if name in ("mse", "r2"):
            residual = np.sum((y - prediction.astype(np.float64)) ** 2)
            out[name] = residual / len(y) if name == "mse" else 1 - residual / np.sum((y - y.mean()) ** 2)
            continue
        classes = np.union1d(y, guess)
        hit = np.array([np.sum((y == c) & (guess == c)) for c in classes], dtype=float)
        truth = np.array([np.sum(y == c) for c in classes], dtype=float)
        said = np.array([np.sum(guess == c) for c in classes], dtype=float)
        with np.errstate(invalid="ignore", divide="ignore"):
            precision = np.where(said > 0, hit / said, 0)
            recall = np.where(truth > 0, hit / truth, 0)
            f1 = 2 * hit / (said + truth)
        one = list(classes).index(1) if 1 in classes else None
        out[name] = {
            "accuracy": lambda: np.mean(y == guess),
            "balanced_accuracy": lambda: np.mean(recall[truth > 0]),
            "f1": lambda: f1.mean(), "f1_macro": lambda: f1.mean(), "f1_binary": lambda: f1[one],
            "precision": lambda: precision[one], "precision_macro": lambda: precision.mean(),
            "precision_micro": lambda: np.mean(y == guess),
            "recall": lambda: recall[one], "recall_macro": lambda: recall.mean(),
            "recall_micro": lambda: np.mean(y == guess),
        }[name]()
    return out


# --- one case ---------------------------------------------------------------------------------


def case(name, kind, rounds=25, metrics=(), own=(), weights=False, **params):
    y, yv = labels(kind, s), labels(kind, sv)
    w = rng.uniform(0.5, 2, N).astype(np.float32) if weights else None
    wv = rng.uniform(0.5, 2, V).astype(np.float32) if weights else None
    train, check = xgboost.DMatrix(X, y, weight=w), xgboost.DMatrix(XV, yv, weight=wv)
    if params.get("objective") == "survival:aft":
        for matrix, t in ((train, y), (check, yv)):
            matrix.set_float_info("label_lower_bound", np.abs(t))
            matrix.set_float_info("label_upper_bound", np.where(t < 0, np.inf, t))
    python = {"nthread": 2, "tree_method": "hist", **params}
    if params.get("booster") == "gblinear":
        python["nthread"] = 1
        del python["tree_method"]
    library = [m.replace("tweedie-nloglik", f"tweedie-nloglik@{params.get('tweedie_variance_power', 1.5)}")
               for m in metrics]
    if library:
        python["eval_metric"] = library
    history, own_history = {}, {"train": [], "validation": []}

    class Own(xgboost.callback.TrainingCallback):
        def after_iteration(self, model, epoch, log):
            for which, matrix, truth in (("train", train, y), ("validation", check, yv)):
                own_history[which].append(own_metrics(own, truth, model.predict(matrix), kind))
            return False

    stopping = params.pop("early_stopping_rounds", None)
    python.pop("early_stopping_rounds", None)
    reference = xgboost.train(python, train, rounds, evals=[(train, "train"), (check, "validation")],
                              evals_result=history, verbose_eval=False, early_stopping_rounds=stopping,
                              callbacks=[Own()] if own else None)
    hyper = dict(num_round=rounds, nthread=2, **params)
    if metrics or own:
        hyper["eval_metric"] = ",".join([*metrics, *own])
    if stopping:
        hyper["early_stopping_rounds"] = stopping
        if own:
            hyper["eval_metric"] = ",".join([*own, *metrics])
    if weights:
        hyper["csv_weights"] = 1
    with Job(**hyper) as job:
        columns = lambda t, weight, table: (t, weight, table) if weights else (t, table)
        job.channel("train", {"a.csv": csv_text(*columns(y, w, X))})
        job.channel("validation", {"b.csv": csv_text(*columns(yv, wv, XV))})
        job.channel("test", {"c.csv": csv_text(XV)})
        job.run()
        if not ok(f"{name}: the job succeeds", job.status == 0, job.log()):
            return
        got = json.loads(job.output("metrics.json").read_text())
        lines = job.metrics()
        for which in ("train", "validation"):
            for metric, expected in history[which].items():
                column = f"{which}-{metric.split('@')[0] if 'tweedie' in metric else metric}"
                close(f"{name}: {column} of each round", nan_list(got["history"].get(column, [])), expected, 1e-6)
                ok(f"{name}: the lines say the same of {column}",
                   [f"{v:.5f}" for v in lines.get(column, [])] == [f"{v:.5f}" for v in expected])
            for metric in own:
                close(f"{name}: {which}-{metric} of each round", nan_list(got["history"].get(f"{which}-{metric}", [])),
                      [h[metric] for h in own_history[which]], 1e-6)
        loaded = xgboost.Booster(model_file=str(job.model()))
        if stopping:
            equal(f"{name}: the best round", got["best_round"], reference.best_iteration)
            equal(f"{name}: the model ends with it", loaded.num_boosted_rounds(), reference.best_iteration + 1)
            equal(f"{name}: Python finds the best round", loaded.attr("best_iteration"), str(reference.best_iteration))
            reference = reference[: reference.best_iteration + 1]
        expected = reference.predict(check)
        close(f"{name}: the model predicts the same in Python", loaded.predict(check), expected, 1e-6)
        own_prediction = np.loadtxt(job.output("predictions-test.csv"), delimiter=",", ndmin=2, dtype=np.float32)
        close(f"{name}: and here", own_prediction, expected, 1e-6 * max(1, np.abs(expected).max()))
        # The other way round: a model that Python saved predicts the same here.
        theirs = job.root / "theirs.ubj"
        reference.save_model(theirs)
        with open(job.root / "test.csv", "w") as f:
            f.write(csv_text(XV))
        run = subprocess.run([TRAINER, "predict", str(theirs), str(job.root / "test.csv")], capture_output=True, text=True)
        if run.returncode == 2 and "unknown command" in run.stderr:
            skip(f"{name}: Python's model predicts the same here", "no predict command")
        else:
            values = [float(v) for v in re.findall(r"[^\s,\[\]]+", run.stdout)]
            close(f"{name}: Python's model predicts the same here", values, expected, 1e-6 * max(1, np.abs(expected).max()))


def nan_list(values):
    return [float("nan") if v is None else v for v in values]


classification = ("accuracy", "balanced_accuracy", "f1", "f1_macro", "precision_macro", "precision_micro",
                  "recall_macro", "recall_micro")
binary_only = ("f1_binary", "precision", "recall")
case("regression", "number", metrics=("rmse", "mae", "mape"), own=("mse", "r2"), objective="reg:squarederror", max_depth=4)
case("default metric", "number", objective="reg:squarederror")
case("exact", "number", objective="reg:squarederror", tree_method="exact", metrics=("rmse",))
case("approx", "number", objective="reg:squarederror", tree_method="approx", metrics=("rmse",))
case("sampled", "number", objective="reg:squarederror", subsample=0.7, colsample_bytree=0.8, colsample_bylevel=0.9,
     colsample_bynode=0.9, seed=99, eta=0.2)
case("lossguide", "number", objective="reg:squarederror", grow_policy="lossguide", max_leaves=9, max_depth=0, max_bin=32)
case("regularised", "number", objective="reg:squarederror", alpha=1.5, reg_lambda=3, gamma=0.5, min_child_weight=4,
     max_delta_step=2)
case("weights", "number", objective="reg:squarederror", weights=True, metrics=("rmse", "mae"))
case("monotone", "number", objective="reg:squarederror", monotone_constraints="(1,0,0,0,0,0,0,0,-1)")
case("interaction", "number", objective="reg:squarederror", interaction_constraints="[[0,1,2],[3,4,5,6,7,8]]")
case("forest", "number", objective="reg:squarederror", num_parallel_tree=3, subsample=0.6, rounds=10)
case("base score", "number", objective="reg:squarederror", base_score=9.5)
case("huber", "number", objective="reg:pseudohubererror", metrics=("mphe",))
case("absolute", "number", objective="reg:absoluteerror", metrics=("mae",))
case("squared log", "positive", objective="reg:squaredlogerror", metrics=("rmsle",))
case("reg:logistic", "unit", objective="reg:logistic", metrics=("rmse",), own=("mse", "r2"))
case("poisson", "count", objective="count:poisson", metrics=("poisson-nloglik", "rmse", "mae"), own=("mse", "r2"))
case("gamma", "positive", objective="reg:gamma", metrics=("gamma-nloglik", "gamma-deviance", "rmse", "mae"), own=("mse", "r2"))
case("tweedie", "count", objective="reg:tweedie", tweedie_variance_power=1.3, metrics=("tweedie-nloglik", "rmse"), own=("r2",))
case("binary", "binary", objective="binary:logistic", metrics=("logloss", "error", "auc", "aucpr", "error@0.3"),
     own=classification + binary_only, scale_pos_weight=1.7)
case("logitraw", "binary", objective="binary:logitraw", metrics=("auc",))
case("hinge", "binary", objective="binary:hinge", metrics=("error",), own=classification)
case("softprob", "class", objective="multi:softprob", num_class=4, metrics=("merror", "mlogloss", "auc"), own=classification)
case("softmax", "class", objective="multi:softmax", num_class=4, metrics=("merror", "mlogloss"), own=classification)
case("multi default metric", "class", objective="multi:softmax", num_class=4)
case("cox", "time", objective="survival:cox", metrics=("cox-nloglik",))
case("aft", "time", objective="survival:aft", aft_loss_distribution="logistic", aft_loss_distribution_scale=1.2,
     metrics=("aft-nloglik", "interval-regression-accuracy"))
case("dart", "number", objective="reg:squarederror", booster="dart", rate_drop=0.3, skip_drop=0.4, one_drop=1,
     sample_type="weighted", normalize_type="forest", rounds=15)
case("gblinear", "number", objective="reg:squarederror", booster="gblinear", eta=0.5)
case("gblinear descent", "number", objective="reg:squarederror", booster="gblinear", updater="coord_descent", alpha=0.1)
case("early stopping", "number", rounds=300, objective="reg:squarederror", eta=0.4, max_depth=6, metrics=("mae", "rmse"),
     early_stopping_rounds=7)
case("early stopping, maximised", "binary", rounds=200, objective="binary:logistic", eta=0.4, metrics=("logloss", "auc"),
     early_stopping_rounds=5)

# --- ranking, from libsvm with query ids ------------------------------------------------------------


def ranking_text(table, grades, groups):
    out, row = [], 0
    for q, size in enumerate(groups):
        for _ in range(size):
            cells = " ".join(f"{i}:{float(v)!r}" for i, v in enumerate(table[row]) if v == v)
            out.append(f"{int(grades[row])} qid:{q + 1} {cells}")
            row += 1
    return "\n".join(out) + "\n"


def sparse_matrix(table):
    import scipy.sparse
    keep = table == table
    return scipy.sparse.csr_matrix((table[keep], np.nonzero(keep)), shape=table.shape)


groups, groups_v = [20] * (N // 20), [25] * (V // 25)
grade, grade_v = labels("class", s), labels("class", sv)
for objective, metrics in [("rank:pairwise", ["ndcg", "map"]), ("rank:ndcg", ["ndcg@5", "ndcg"]), ("rank:map", ["map@3", "auc"])]:
    y, yv = ((grade > 1) * 1.0, (grade_v > 1) * 1.0) if objective == "rank:map" else (grade, grade_v)
    train, check = xgboost.DMatrix(sparse_matrix(X), y), xgboost.DMatrix(sparse_matrix(XV), yv)
    train.set_group(groups)
    check.set_group(groups_v)
    history = {}
    reference = xgboost.train({"objective": objective, "eval_metric": metrics, "nthread": 2, "tree_method": "hist"}, train, 15,
                              evals=[(train, "train"), (check, "validation")], evals_result=history, verbose_eval=False)
    with Job(num_round=15, objective=objective, eval_metric=",".join(metrics), nthread=2) as job:
        job.channel("train", {"a": ranking_text(X, y, groups)}, "text/libsvm")
        job.channel("validation", {"b": ranking_text(XV, yv, groups_v)}, "text/libsvm").run()
        if ok(f"{objective}: the job succeeds", job.status == 0, job.log()):
            got = json.loads(job.output("metrics.json").read_text())["history"]
            for which in history:
                for metric in history[which]:
                    close(f"{objective}: {which}-{metric} of each round", got[f"{which}-{metric}"], history[which][metric], 1e-6)
            close(f"{objective}: predictions", xgboost.Booster(model_file=str(job.model())).predict(check), reference.predict(check), 1e-6)

# --- cross-validation: every number again, from the folds that the job wrote --------------------------

for name, kind, params, extra, own in [
        ("k-fold regression", "number", {"objective": "reg:squarederror", "subsample": 0.8}, "rmse,mae", ("r2",)),
        ("k-fold binary", "binary", {"objective": "binary:logistic"}, "logloss,auc", ("accuracy", "f1_binary")),
        ("k-fold multiclass", "class", {"objective": "multi:softprob", "num_class": 4}, "mlogloss", ("f1_macro",)),
        ("k-fold poisson", "count", {"objective": "count:poisson"}, "rmse,poisson-nloglik", ("mse",))]:
    rounds, k, repeats = 20, 4, 2
    y, yv = labels(kind, s), labels(kind, sv)
    table, truth = np.vstack([X, XV]), np.concatenate([y, yv])
    with Job(num_round=rounds, _kfold=k, _num_cv_round=repeats, nthread=2, eval_metric=",".join([extra, *own]), **params) as job:
        job.channel("train", {"a.csv": csv_text(y, X)}).channel("validation", {"b.csv": csv_text(yv, XV)}).run()
        if not ok(f"{name}: the job succeeds", job.status == 0, job.log()):
            continue
        folds = np.loadtxt(job.output("folds.csv"), delimiter=",", dtype=int)
        expected, parts, train_metrics = 0, [], {}
        for repetition in range(repeats):
            fold_of = np.empty(len(truth), dtype=int)
            mine = folds[folds[:, 0] == repetition]
            fold_of[mine[:, 1]] = mine[:, 2]
            out = None
            for fold in range(k):
                held = fold_of == fold
                train = xgboost.DMatrix(table[~held], truth[~held])
                model = xgboost.train({"tree_method": "hist", "nthread": 2, **params}, train, rounds)
                values = model.predict(xgboost.DMatrix(table[held]))
                out = np.zeros((len(truth), *values.shape[1:]), dtype=np.float32) if out is None else out
                out[held] = values
                mine_again = xgboost.Booster(model_file=str(job.model(f"xgboost-model-{repetition * k + fold}")))
                close(f"{name}: model {repetition * k + fold} is the one trained without its fold",
                      mine_again.predict(xgboost.DMatrix(table)), model.predict(xgboost.DMatrix(table)), 1e-6)
            sizes = np.bincount(fold_of, minlength=k)
            ok(f"{name}: folds of equal size", sizes.max() - sizes.min() <= 1, sizes)
            if kind in ("binary", "class"):
                share = [np.bincount(truth[fold_of == f].astype(int), minlength=int(truth.max()) + 1) for f in range(k)]
                ok(f"{name}: every fold has its share of each class", np.ptp(np.array(share), axis=0).max() <= 1, share)
            parts.append(out)
        mean = np.mean([p.astype(np.float64) for p in parts], axis=0)
        written = np.loadtxt(job.output("predictions.csv"), delimiter=",", ndmin=2)
        close(f"{name}: predictions.csv has the labels", written[:, 0], truth, 1e-6)
        close(f"{name}: predictions.csv has the out-of-fold predictions", written[:, 1:], mean, 1e-5)
        metrics = json.loads(job.output("metrics.json").read_text())["metrics"]
        # The library's metrics of the out-of-fold predictions, by numpy.
        for metric in ("rmse", "mae", "logloss", "mlogloss"):
            if f"validation-{metric}" not in metrics:
                continue
            values = []
            for p in parts:
                p = p.astype(np.float64)
                values.append({"rmse": lambda: np.sqrt(np.mean((p - truth) ** 2)), "mae": lambda: np.mean(np.abs(p - truth)),
                               "logloss": lambda: -np.mean(np.where(truth > 0, np.log(p), np.log(1 - p))),
                               "mlogloss": lambda: -np.mean(np.log(p[np.arange(len(truth)), truth.astype(int)]))}[metric]())
            close(f"{name}: validation-{metric} is out of fold", metrics[f"validation-{metric}"], np.mean(values), 1e-5)
        for metric in own:
            values = [own_metrics([metric], truth, p, kind)[metric] for p in parts]
            close(f"{name}: validation-{metric} is out of fold", metrics[f"validation-{metric}"], np.mean(values), 1e-6)
        last = [l for l in job.out.splitlines() if l.startswith(f"[{rounds}]\t")]
        ok(f"{name}: the closing line has them", len(last) == 1 and f"validation-{own[-1]}:{metrics['validation-' + own[-1]]:.5f}" in last[0], last)
done()
