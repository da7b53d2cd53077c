"""The contract: hyperparameter rules one by one, channels, failure file, the defects of
SageMaker's own image that must not come back, and hostile input."""
import os
import pathlib

from trainer_support import *

try:
    import numpy as np
except ImportError:
    skip_all("python3-numpy is not installed")

rng = np.random.default_rng(8)
X = rng.normal(size=(120, 3)).astype(np.float32)
number = (X[:, 0] * 3 + rng.normal(size=120)).astype(np.float32)
binary = (X[:, 0] > 0).astype(np.float32)
NUMBER, BINARY = csv_text(number, X), csv_text(binary, X)


def run(hyper, train=NUMBER, validation=None, content_type="text/csv", **channels):
    job = Job(**{"num_round": 3, **hyper})
    for name in [k for k, v in job.hyper.items() if v == "None"]:
        del job.hyper[name]
    job.channel("train", {"a": train} if isinstance(train, (str, bytes)) else train, content_type)
    if validation is not None:
        job.channel("validation", {"b": validation} if isinstance(validation, (str, bytes)) else validation, content_type)
    for name, files in channels.items():
        job.channel(name, files, content_type)
    return job.run()


def refused(what, pattern, hyper, **kwargs):
    """The job fails with one line of cause, first in the failure file and on standard error."""
    with run(hyper, **kwargs) as job:
        reason = job.failure() or ""
        good = (job.status == 1 and re.search(pattern, reason) and reason.startswith(("ClientError: ", "AlgorithmError: "))
                and "\n" not in reason.strip() and len(reason.encode()) <= 1024
                and reason.strip() in job.err and not job.model().exists())
        ok(f"refused: {what}", good, f"wanted /{pattern}/\nreason: {reason}\n{job.log()}")


def accepted(what, hyper, pattern="", **kwargs):
    with run(hyper, **kwargs) as job:
        ok(f"accepted: {what}", job.status == 0 and job.model().exists() and re.search(pattern, job.out), job.log())


# --- hyperparameters: presence, type, range ----------------------------------------------------
refused("no num_round", r"^ClientError: Missing required hyperparameter: num_round$", {"num_round": None})
refused("an unknown name", r"^ClientError: Extraneous hyperparameter found: max_dept; did you mean max_depth\?$", {"max_dept": 3})
refused("an unlike name", r"^ClientError: Extraneous hyperparameter found: zzzzzzzzzz$", {"zzzzzzzzzz": 3})
refused("both names of one", r"eta is given twice \(learning_rate", {"eta": 0.1, "learning_rate": 0.2})
RANGES = {
    "num_round": ("0", "-1", "1.5", "many"), "eta": ("-0.1", "1.1", "x", "nan", "inf", "0x1"), "gamma": ("-1",),
    "max_depth": ("-1", "2.5"), "min_child_weight": ("-1",), "max_delta_step": ("-1",), "subsample": ("0", "1.01"),
    "colsample_bytree": ("0", "2"), "colsample_bylevel": ("0", "2"), "colsample_bynode": ("0", "2"), "lambda": ("-1",),
    "alpha": ("-0.5",), "sketch_eps": ("0", "1"), "scale_pos_weight": ("0", "-1"), "refresh_leaf": ("2", "-1"),
    "max_leaves": ("-1",), "max_bin": ("-1", "1"), "rate_drop": ("-0.1", "1.1"), "one_drop": ("2",), "skip_drop": ("1.5",),
    "lambda_bias": ("1.5",), "tweedie_variance_power": ("1", "2", "0.5"), "num_class": ("1", "0"), "_kfold": ("1",),
    "_num_cv_round": ("0",), "early_stopping_rounds": ("0",), "csv_weights": ("2", "-1"), "verbosity": ("4", "-1"),
    "nthread": ("0",), "num_parallel_tree": ("0",), "seed": ("2147483647", "-2147483648", "1.5"),
    "aft_loss_distribution_scale": ("0",), "prob_buffer_row": ("1",), "base_score": ("low",),
}
for name, values in RANGES.items():
    for value in values:
        refused(f"{name}={value}", rf"^ClientError: Hyperparameter {name}: ({re.escape(value)} is not in [\[(]|could not parse value)",
                {name: value})
CHOICES = {
    "booster": "tree", "tree_method": "fast", "dsplit": "both", "process_type": "refresh", "grow_policy": "wide",
    "predictor": "tpu", "sample_type": "some", "normalize_type": "none", "save_model_on_termination": "perhaps",
    "aft_loss_distribution": "cauchy", "deterministic_histogram": "2x", "sampling_method": "all",
    "single_precision_histogram": "half", "use_dask_gpu_training": "maybe",
}
for name, value in CHOICES.items():
    refused(f"{name}={value}", rf"^ClientError: Hyperparameter {name}: '{value}' is not one of ", {name: value})
refused("an unknown objective", r"Hyperparameter objective: 'reg:squarederro' is not known; did you mean reg:squarederror\?", {"objective": "reg:squarederro"})

# --- the rules between them -----------------------------------------------------------------------
refused("multi-class without num_class", "Require input for parameter 'num_class' for multi-classification", {"objective": "multi:softmax"})
refused("num_class without multi-class", "Do not need to setup parameter 'num_class'", {"num_class": 3})
refused("auc of a regression", "Metric 'auc' can only be applied for classification and ranking problems.", {"eval_metric": "rmse,auc"})
refused("aft-nloglik elsewhere", "Metric 'aft-nloglik' can only be applied for 'survival:aft' objective.", {"eval_metric": "aft-nloglik"})
refused("accuracy of a regression", "Metric 'accuracy' can only be applied for classification", {"eval_metric": "accuracy"})
refused("f1_binary of four classes", "Metric 'f1_binary' can only be applied for two classes", {"objective": "multi:softprob", "num_class": 4, "eval_metric": "f1_binary"})
refused("an unknown metric", r"Metric 'rsme' is not supported; did you mean rmse\?", {"eval_metric": "rsme"})
refused("rmse with a threshold", r"Metric 'rmse@2' is not supported. Parameter 'eval_metric' with customized threshold", {"eval_metric": "rmse@2"})
refused("a threshold that is no number", "Threshold value 't' in 'error@t' expects float input", {"objective": "binary:logistic", "eval_metric": "error@high"})
refused("a function as metric", "User defined evaluation metric <function f> is not supported yet", {"eval_metric": "<function f>"})
refused("monotone_constraints with approx", "monotone_constraints can be used only when the tree_method parameter is set to either 'exact' or 'hist'", {"monotone_constraints": "(1,0,0)", "tree_method": "approx"})
refused("monotone_constraints with 2", "monotone_constraints: 2 is not one of -1, 0, 1", {"monotone_constraints": "(2,0,0)"})
refused("monotone_constraints as words", "monotone_constraints: could not parse value 'up'", {"monotone_constraints": "up"})
refused("interaction_constraints with auto", "interaction_constraints can be used only when the tree_method", {"interaction_constraints": "[[0,1]]", "tree_method": "auto"})
refused("interaction_constraints, malformed", "interaction_constraints: could not parse value", {"interaction_constraints": "[0,1"})
refused("a linear updater for trees", "Tree updater should be selected from these options", {"updater": "shotgun"})
refused("a tree updater for a linear model", "Linear updater should be one of these options: 'shotgun', 'coord_descent'", {"booster": "gblinear", "updater": "prune"})
refused("two tree growers", "Only one tree grow plugin can be selected", {"updater": "grow_colmaker,grow_histmaker"})
refused("process_type update with a grower", "process_type 'update' can only be used with updater 'refresh' and 'prune'", {"process_type": "update", "updater": "grow_colmaker"})
refused("process_type update without a model", "process_type update refreshes an existing model", {"process_type": "update", "updater": "refresh"})
refused("base_score of a logistic model", r"base_score: 2 is not in \(0, 1\)", {"objective": "binary:logistic", "base_score": 2}, train=BINARY)
refused("a tuning metric of another channel", "_tuning_objective_metric: 'train:rmse'", {"_tuning_objective_metric": "train:rmse"})
refused("gpu_hist without a GPU", "gpu_hist needs a libxgboost built with CUDA", {"tree_method": "gpu_hist"})
refused("exact without a depth", "max_depth 0 ", {"tree_method": "exact", "max_depth": 0})

accepted("scientific notation", {"eta": "1e-1", "alpha": "1E-05", "num_round": "3.0", "max_depth": "4e0"})
accepted("numbers that are not strings, quoted strings, Python's True", {"eta": '"0.1"', "save_model_on_termination": "True"})
accepted("aliases", {"learning_rate": 0.1, "min_split_loss": 1, "reg_lambda": 2, "reg_alpha": 0.5})
accepted("settings of the incumbent without effect", {"sketch_eps": 0.03, "single_precision_histogram": "true", "prob_buffer_row": 2, "deterministic_histogram": "true", "use_dask_gpu_training": "false"}, r"(?m)^sketch_eps has no effect: .*max_bin")
accepted("dart's settings without dart are said to do nothing", {"rate_drop": 0.5}, r"(?m)^rate_drop has no effect without booster=dart$")
accepted("early stopping without validation is said to do nothing", {"early_stopping_rounds": 5}, r"(?m)^early_stopping_rounds has no effect without a channel validation$")
accepted("several metrics and a tuning objective", {"eval_metric": "rmse, mae", "_tuning_objective_metric": "validation:r2"},
         r"(?m)^\[2\]\ttrain-rmse:\S+\ttrain-mae:\S+\tvalidation-rmse:\S+\tvalidation-mae:\S+\ttrain-r2:\S+\tvalidation-r2:\S+$", validation=NUMBER)
for form in ("json", "deprecated", "ubj"):
    with run({"model_format": form}) as job:
        head = job.model().read_bytes()[:2] if job.model().exists() else b""
        ok(f"model_format {form}", job.status == 0 and {"json": head == b'{"', "ubj": head == b"{L", "deprecated": head[:1] != b"{"}[form], (head, job.log()))
with run({}) as job:
    ok("the default tree_method is said", "tree_method is hist" in job.out, job.out)

# --- the metric lines, as the tuning service reads them --------------------------------------------
with run({"objective": "binary:logistic", "eval_metric": "logloss,accuracy,f1", "_tuning_objective_metric": "validation:auc"}, train=BINARY, validation=BINARY) as job:
    in_cloudwatch = [l.replace("\t", "#011") for l in job.out.splitlines()]
    for metric in ("logloss", "accuracy", "f1", "auc"):
        found = [m.group(1) for l in in_cloudwatch if (m := re.search(rf".*\[[0-9]+\].*#011validation-{metric}:(\S+)", l))]
        number_part = [re.match(r"[-+0-9.eE]+", f).group(0) for f in found]
        ok(f"the service's pattern finds validation:{metric} in every round", len(found) == 3 and [float(n) for n in number_part] == job.metrics()[f"validation-{metric}"], found)
    sdk = [re.search(r".*\[[0-9]+\].*#011validation-auc:([-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?).*", l) for l in in_cloudwatch]
    ok("and the stricter one of the SDK", sum(m is not None for m in sdk) == 3)

# --- channels -----------------------------------------------------------------------------------------
refused("an unknown channel", r"Extraneous channel found: validatoin; did you mean validation\?", {}, validatoin={"x.csv": NUMBER})
with Job(num_round=1) as job:
    job.channel("validation", {"a.csv": NUMBER}).run()
    equal("no channel train", job.failure(), "ClientError: Missing required channel: train")
with Job(num_round=1) as job:
    job.channel("train", {"a.csv": NUMBER})
    shutil.rmtree(job.root / "input/data/train")
    job.run()
    match("the folder of a channel is gone", job.failure() or "", "channel train: its folder .* does not exist")
with Job(num_round=1) as job:
    job.channel("train", {"a.csv": NUMBER}, TrainingInputMode="Pipe").run()
    match("Pipe mode is refused", job.failure() or "", "channel train: TrainingInputMode Pipe is not supported")
with Job(num_round=1) as job:
    job.channel("train", {"a.csv": NUMBER}, TrainingInputMode="FastFile").run()
    ok("FastFile mode", job.status == 0, job.log())
refused("an unknown content type", "channel train: ContentType 'image/png' is not supported", {}, content_type="image/png")
with Job(num_round=2) as job:
    job.channel("train", {"deep/er/a.csv": NUMBER, "deep/b.csv": NUMBER}).run()
    ok("files in folders below", job.status == 0 and "channel train: 240 rows" in job.out, job.log())
with Job(num_round=2, csv_weights=1) as job:
    job.channel("train", {"a.csv": csv_text(number, np.ones(120), X)}).run()
    ok("csv_weights takes the second column out of the features", job.status == 0 and "120 rows, 3 columns" in job.out, job.log())
with Job(num_round=2) as job:
    job.channel("train", {"a.csv": NUMBER})
    other = job.root / "elsewhere"
    other.mkdir()
    (other / "z.csv").write_text(NUMBER + NUMBER)
    job.run(SM_CHANNEL_TRAIN=str(other), SM_MODEL_DIR=str(job.root / "m2"))
    ok("SM_CHANNEL_TRAIN and SM_MODEL_DIR are followed", "240 rows" in job.out and (job.root / "m2/xgboost-model").exists(), job.log())
with Job(num_round=2) as job:
    job.write_config()
    (job.root / "input/config/hyperparameters.json").write_text('{"num_round": ')
    job.write_config = lambda: None
    job.run()
    match("a damaged hyperparameters.json names file, line and column", job.failure() or "", r"^ClientError: .*hyperparameters\.json:1:\d+")
run_help = subprocess.run([TRAINER, "hyperparameters"], capture_output=True, text=True)
table = (pathlib.Path(os.environ.get("SAGETOP_SRC", ".")) / "trainer/settings/hyperparameters.def").read_text()
names = re.findall(r"(?m)^HP\((\w+)", table)
ok("every hyperparameter is listed", run_help.returncode == 0 and len(names) > 50 and all(re.search(rf"(?m)^{n}\b", run_help.stdout) for n in names))

page = pathlib.Path(os.environ.get("SAGETOP_SRC", ".")) / "man/sagetop-trainer.1"
mdoc = subprocess.run([TRAINER, "hyperparameters", "--mdoc"], capture_output=True, text=True).stdout
ok("the manual has the table as it is (make docs)", len(mdoc) > 5000 and mdoc in page.read_text())

# --- the incumbent's defects ------------------------------------------------------------------------------
big = csv_text(np.tile(number, 20), np.tile(X, (20, 1)) + rng.normal(size=(2400, 3)).astype(np.float32) * 0.01)
with Job(num_round=400, checkpoint_interval=5, nthread=1) as job:  # 1: checkpoints are found again
    job.channel("train", {"a.csv": big})
    (job.root / "checkpoints").mkdir()
    with running(job) as child:
        for line in lines_of(child):
            if line.startswith("[40]"):
                child.kill()
                break
    job.run()
    first = re.search(r"(?m)^\[(\d+)\]", job.out)
    ok("defect 1: a job goes on from its checkpoint", job.status == 0 and first and int(first.group(1)) >= 35, job.log())
with Job(num_round=60, _kfold=4, max_depth=6, eta=0.5) as job:  # 2: no leak in k-fold
    noise = rng.normal(size=400).astype(np.float32)
    job.channel("train", {"a.csv": csv_text(noise, rng.normal(size=(400, 5)))}).run()
    written = np.loadtxt(job.output("predictions.csv"), delimiter=",")
    truth = float(np.sqrt(np.mean((written[:, 0] - written[:, 1]) ** 2)))
    last = float(re.findall(r"(?m)^\[60\]\ttrain-rmse:\S+\tvalidation-rmse:(\S+)$", job.out)[-1])
    ok("defect 2: the k-fold metric is that of the out-of-fold predictions", abs(last - truth) < 1e-4 and last > 0.9, (last, truth))
models = []
for order in (("a", "b", "c", "d"), ("d", "b", "a", "c")):  # 3: order of the files
    with Job(num_round=10, subsample=0.5, seed=1) as job:
        parts = {f"{n}.csv": csv_text(number[30 * i: 30 * i + 30], X[30 * i: 30 * i + 30]) for i, n in enumerate("abcd")}
        job.channel("train", {f"{n}.csv": parts[f"{n}.csv"] for n in order}).run(PYTHONHASHSEED=str(len(models)))
        models.append(job.model().read_bytes())
ok("defect 3: several files give the same model every time", models[0] == models[1])
counts = rng.poisson(np.exp(X[:, 0] + 1)).astype(np.float32)
with Job(num_round=20, objective="count:poisson", eval_metric="rmse,mae") as job:  # 4: log link
    job.channel("train", {"a.csv": csv_text(counts, X)}).channel("test", {"t.csv": csv_text(X)}).run()
    prediction = np.loadtxt(job.output("predictions-test.csv"))
    close("defect 4: rmse of a log-link objective is that of its predictions", job.metrics()["train-rmse"][-1], np.sqrt(np.mean((prediction - counts) ** 2)), 1e-4)
    close("defect 4: mae too", job.metrics()["train-mae"][-1], np.mean(np.abs(prediction - counts)), 1e-4)
for what, bad, where in [  # 5: bad CSV
        ("a header", "y,x0,x1,x2\n" + NUMBER, r"a.*:?1\b"), ("a text cell", NUMBER + "1,2,three,4\n", r"121.*three|three.*121"),
        ("a short row", NUMBER + "1,2\n", r"121"), ("a long row", NUMBER + "1,2,3,4,5\n", r"121"), ("a text label", NUMBER + '"no",1,2,3\n', r"121")]:
    refused(f"defect 5: CSV with {what}", where, {}, train=bad)
refused("defect 5: validation with fewer columns", r"channel validation.*column", {}, validation=csv_text(number, X[:, :2]))
with run({}, train=NUMBER.replace(f"{float(number[0])!r},", f'"{float(number[0])!r}",', 1)) as quoted, run({}) as plain:
    ok("defect 5: a quoted label is the number", quoted.status == 0 and quoted.model().read_bytes() == plain.model().read_bytes(), quoted.log())
with run({"objective": "multi:softmax", "num_class": 3}, train=csv_text(number, X)) as job:  # 6: the cause first
    reason = job.failure()
    ok("defect 6: the failure file begins with the cause", re.match(r"ClientError: channel train: row \d+: label \S+ must be a whole number in \[0, num_class\)", reason) and len(reason) < 300, reason)
wide = rng.normal(size=(3000, 10)).astype(np.float32)
with Job(num_round=4000, nthread=1, max_depth=3, eta=0.01) as job:  # 7: the model on SIGTERM, once
    job.channel("train", {"a.csv": csv_text(wide[:, 0], wide)})
    with running(job) as child:
        for line in lines_of(child):
            if line.startswith("[300]"):
                ok("defect 7: no model is written while training", not job.model().exists())
                child.terminate()
                break
        child.communicate(timeout=60)
        ok("defect 7: SIGTERM leaves the model of the rounds so far", child.returncode == 0 and job.model().stat().st_size > 10000)
        final = json.loads(job.output("metrics.json").read_text())
        ok("defect 7: and says how many", final["interrupted"] and 301 <= final["rounds"] < 4000, final["rounds"])

# --- hostile input: one line of cause each ------------------------------------------------------------------
refused("a label out of range", r"channel train: row 3: label 4 must be a whole number in \[0, num_class\)", {"objective": "multi:softmax", "num_class": 3}, train="0,1\n1,2\n4,3\n")
refused("a negative count", "row 2: label -1 must be 0 or more for count:poisson", {"objective": "count:poisson"}, train="1,1\n-1,2\n")
refused("a zero for gamma", "must be greater than 0 for reg:gamma", {"objective": "reg:gamma"}, train="1,1\n0,2\n")
refused("a label of 2 for logistic", r"label 2 must be in \[0, 1\]", {"objective": "binary:logistic"}, train="1,1\n2,2\n")
refused("an empty label", r"1\b.*label|label.*1\b|row 2", {}, train="1,1\n,2\n")
refused("one class only", "all 2 labels are 1: binary:logistic needs more than one class", {"objective": "binary:logistic"}, train="1,1\n1,2\n")
refused("a number too large for the library", "training failed: Out of range value for min_split_loss, value='1e39'", {"gamma": "1e39"}, train=NUMBER)
refused("an empty file", "empty|no rows|no data", {}, train="")
refused("no file at all", "channel train.*(no file|no data|empty)", {}, train={})
refused("binary rubbish", "channel train", {}, train=bytes(rng.integers(0, 256, 4096, dtype=np.uint8)))
refused("gzip cut short", "channel train", {}, train={"a.csv.gz": __import__("gzip").compress(NUMBER.encode())[:-20]})
refused("libsvm without label", "channel train", {}, train="one 1:1 2:2\n", content_type="text/libsvm")
refused("libsvm with a huge index", r"index|column", {}, train="1 0:1 99999999999:2\n", content_type="text/libsvm")
refused("a negative weight", "line 2 column 2: a weight must be", {"csv_weights": 1}, train="1,1,1\n1,-1,2\n")
refused("queries that do not stand together", "query id 1 do not stand together", {"objective": "rank:pairwise"}, train="1 qid:1 0:1\n0 qid:2 0:2\n1 qid:1 0:3\n", content_type="text/libsvm")
refused("ten million columns in a libsvm index", "line 1 column 3: the index of '10000000:2' is above the limit", {"num_round": 1}, train="1 0:1 10000000:2\n", content_type="text/libsvm")
accepted("a million columns in a libsvm index", {"num_round": 1}, train="1 0:1 999999:2\n0 0:2 999999:1\n" * 20, content_type="text/libsvm")
refused("more folds than rows", "_kfold 9 needs at least as many rows, there are 3", {"_kfold": 9}, train="1,1\n2,2\n3,3\n")
refused("an interaction with a column that is not there", "interaction_constraints names column 7, the data has columns 0 to 2", {"interaction_constraints": "[[0,7]]"})
refused("more constraints than columns", "monotone_constraints has 6 values, the data has 3 columns", {"monotone_constraints": "(1,0,0,1,1,1)"})

# A full disk at the model: a size limit on written files stands in for it.
with Job(num_round=300, max_depth=8) as job:
    job.channel("train", {"a.csv": big})
    job.write_config()
    code = f"ulimit -f 64; exec '{TRAINER}' train"
    child = subprocess.run(["sh", "-c", f"trap '' XFSZ; {code}"], env={**os.environ, "SAGETOP_ML_ROOT": str(job.root)}, capture_output=True, text=True)
    reason = job.failure() or ""
    ok("a full disk at the model", child.returncode == 1 and reason.startswith("AlgorithmError: the model cannot be saved") and "\n" not in reason.strip() and not job.model().exists(), f"{child.returncode} {reason}\n{child.stderr[-500:]}")
    ok("a full disk leaves no temporary file", not [p for p in (job.root / "model").rglob("*") if p.is_file() and "sagetop" not in str(p.relative_to(job.root / "model"))], list((job.root / "model").rglob("*")))
with subprocess.Popen([TRAINER, "train"], env={**os.environ, "SAGETOP_ML_ROOT": "/nonexistent"}, stderr=subprocess.PIPE, text=True) as child:
    match("outside of a container it says so", child.communicate()[1], "set SAGETOP_ML_ROOT")
done()
