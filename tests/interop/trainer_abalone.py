"""The abalone files train to the numbers of the xgboost package of the same version."""
import pathlib

from trainer_support import *

if not DATA:
    skip_all("SAGETOP_TEST_DATA is not set")
try:
    import xgboost
except ImportError:
    skip_all("python3-xgboost is not installed")
import scipy.sparse
import numpy as np

data = pathlib.Path(DATA)
parts = [data / "abalone.train_0.libsvm", data / "abalone.train_1.libsvm"]
validation = data / "abalone.validation.libsvm"
if not all(p.exists() for p in parts + [validation]):
    skip_all("SAGETOP_TEST_DATA has no abalone files")


def read(paths):
    labels, rows, columns, values = [], [], [], []
    for path in paths:
        for line in path.read_text().splitlines():
            cells = line.split()
            for cell in cells[1:]:
                index, value = cell.split(":")
                rows.append(len(labels))
                columns.append(int(index))
                values.append(float(value))
            labels.append(float(cells[0]))
    shape = (len(labels), 9)
    # Explicit zeros stay, as in the file.
    matrix = scipy.sparse.csr_matrix((np.array(values, dtype=np.float32), (rows, columns)), shape=shape)
    return xgboost.DMatrix(matrix, label=np.array(labels, dtype=np.float32))


train, check = read(parts), read([validation])
for method, extra in [("hist", {}), ("exact", {}), ("hist", {"subsample": 0.7, "colsample_bytree": 0.6, "seed": 7})]:
    params = {"objective": "reg:squarederror", "max_depth": 5, "eta": 0.2, "gamma": 4, "min_child_weight": 6,
              "tree_method": method, **extra}
    expected = {}
    reference = xgboost.train({**params, "nthread": 2}, train, 50, [(train, "train"), (check, "validation")],
                              evals_result=expected, verbose_eval=False)
    name = f"abalone {method}{' sampled' if extra else ''}"
    with Job(num_round=50, nthread=2, **params) as job:
        job.channel("train", {p.name: p for p in parts}, "text/libsvm")
        job.channel("validation", {validation.name: validation}, "libsvm")
        job.run()
        if not ok(f"{name}: the job succeeds", job.status == 0 and job.failure() is None, job.log()):
            continue
        got = job.metrics()
        close(f"{name}: train rmse of every round", got["train-rmse"], expected["train"]["rmse"], 1e-5)
        close(f"{name}: validation rmse of every round", got["validation-rmse"], expected["validation"]["rmse"], 1e-5)
        loaded = xgboost.Booster(model_file=str(job.model()))
        close(f"{name}: the model predicts the same in Python", loaded.predict(check), reference.predict(check), 1e-6)
        match(f"{name}: the line has a real tab and five decimals", job.out,
              r"(?m)^\[49\]\ttrain-rmse:\d+\.\d{5}\tvalidation-rmse:\d+\.\d{5}$")
done()
