"""Several hosts train one model: processes on this machine with the tracker in the first."""
import os
import socket

from trainer_support import *

try:
    import numpy as np
    import xgboost
except ImportError:
    skip_all("python3-xgboost is not installed")

rng = np.random.default_rng(77)
N = 4000
# Few distinct values, so that the bins of many hosts are exactly those of one.
X = np.round(rng.normal(size=(N, 8)), 1).astype(np.float32)
y = (X[:, 0] * 2 + X[:, 1] * X[:, 2] + rng.normal(size=N) * 0.2).astype(np.float32)
XV, yv = X[:800], y[:800]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Cluster:
    def __init__(self, n, shards, **hyper):
        self.jobs = []
        names = [f"algo-{i + 1}" for i in range(n)]
        address = f"127.0.0.1:{free_port()}"
        for i, name in enumerate(names):
            job = Job(nthread=1, **hyper)
            job.hosts, job.current_host = names, name
            job.env["SAGETOP_TRACKER"] = address
            part = shards[i]
            job.channel("train", {"part.csv": csv_text(y[part], X[part])} if part is not None else {})
            job.channel("validation", {"v.csv": csv_text(yv, XV)})
            self.jobs.append(job)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        for child in getattr(self, "children", []):
            if child.poll() is None:
                child.kill()
                child.communicate()
        for job in self.jobs:
            job.__exit__()

    def start(self):
        self.children = [job.start() for job in self.jobs]
        return self.children

    def finish(self, timeout=120):
        for job, child in zip(self.jobs, self.children):
            try:
                job.out, job.err = child.communicate(timeout=timeout)
            except subprocess.TimeoutExpired:
                child.kill()
                job.out, job.err = child.communicate()
                job.err += "\n(timed out)"
            job.status = child.returncode
        return self

    def log(self):
        return "\n".join(f"{job.current_host}: {job.log()}" for job in self.jobs)


def slices(n):
    return [slice(N * i // n, N * (i + 1) // n) for i in range(n)]


params = dict(objective="reg:squarederror", max_depth=5, eta=0.3)
expected = {}
single = xgboost.train({**params, "tree_method": "hist", "nthread": 1}, xgboost.DMatrix(X, y), 20,
                       evals=[(xgboost.DMatrix(X, y), "train"), (xgboost.DMatrix(XV, yv), "validation")],
                       evals_result=expected, verbose_eval=False)
for n in (2, 3, 4):
    with Cluster(n, slices(n), num_round=20, eval_metric="rmse,mae,r2", **params) as c:
        c.start()
        c.finish()
        if not ok(f"{n} hosts: all end well", all(j.status == 0 for j in c.jobs), c.log()):
            continue
        models = [j.model() for j in c.jobs if j.model().exists()]
        ok(f"{n} hosts: one model, on the first", len(models) == 1 and c.jobs[0].model().exists())
        ok(f"{n} hosts: only the first prints rounds", "[19]\t" in c.jobs[0].out and all("[19]\t" not in j.out for j in c.jobs[1:]))
        got = json.loads(c.jobs[0].output("metrics.json").read_text())["history"]
        close(f"{n} hosts: train rmse is that of one host with all rows", got["train-rmse"], expected["train"]["rmse"], 1e-5)
        model = xgboost.Booster(model_file=str(models[0]))
        prediction = model.predict(xgboost.DMatrix(X)).astype(np.float64)
        close(f"{n} hosts: metrics cover all rows", got["train-rmse"][-1], np.sqrt(np.mean((prediction - y) ** 2)), 1e-5)
        close(f"{n} hosts: our own metrics too", got["train-r2"][-1], 1 - np.sum((prediction - y) ** 2) / np.sum((y - y.mean()) ** 2), 1e-5)

with Cluster(3, [slice(0, 2000), None, slice(2000, N)], num_round=10, **params) as c:
    c.start()
    c.finish()
    ok("a host without data leaves with 0, the others train", all(j.status == 0 for j in c.jobs) and c.jobs[0].model().exists()
       and "no data and is not needed" in c.jobs[1].out, c.log())
with Cluster(2, [None, slice(0, N)], num_round=10, **params) as c:
    c.start()
    c.finish()
    ok("the first host without data still serves the others", all(j.status == 0 for j in c.jobs) and c.jobs[1].model().exists(), c.log())

for lost in (1, 0, 2):
    with Cluster(3, slices(3), num_round=100000, **params) as c:
        children = c.start()
        for line in children[0].stdout:
            if line.startswith("[20]"):
                break
        children[lost].kill()
        begun = time.monotonic()
        c.finish(60)
        others = [j for i, j in enumerate(c.jobs) if i != lost]
        name = f"algo-{lost + 1}"
        ok(f"host {name} killed: the others end with 1", all(j.status == 1 for j in others), c.log())
        ok(f"host {name} killed: and say which host is lost",
           all(re.match(rf"AlgorithmError: host {name} is lost: ", j.failure() or "") for j in others), [j.failure() for j in others])
        ok(f"host {name} killed: at once", time.monotonic() - begun < 20, time.monotonic() - begun)

with Cluster(2, slices(2), num_round=10, **params) as c:
    part = c.jobs[1].root / "input/data/train/part.csv"
    part.write_text(part.read_text() + "1,2,oops\n")
    c.start()
    c.finish()
    ok("bad data on one host: it fails with its reason", c.jobs[1].status == 1 and c.jobs[1].failure().startswith("ClientError: channel train"), c.log())
    ok("bad data on one host: the other says whose fault it is", c.jobs[0].status == 1 and "host algo-2 failed: channel train" in c.jobs[0].failure(), c.log())

with Cluster(2, slices(2), num_round=10, host_timeout=2, **params) as c:
    c.children = [c.jobs[0].start()]
    c.jobs = c.jobs[:1]
    c.finish(60)
    ok("a host that never comes: the job ends in time and names it", c.jobs[0].status == 1 and "not all hosts came within 2 seconds; missing: algo-2" in c.jobs[0].failure(), c.log())
with Cluster(2, slices(2), num_round=10, host_timeout=2, **params) as c:
    c.children = [c.jobs[1].start()]
    c.jobs = c.jobs[1:]
    c.finish(60)
    ok("without the first host the others end in time", c.jobs[0].status == 1 and "cannot reach the first host" in c.jobs[0].failure(), c.log())
for hyper, reason in [(dict(tree_method="exact"), "tree_method exact trains on one instance"), (dict(booster="gblinear"), "gblinear trains on one instance"),
                      (dict(_kfold=3), "_kfold trains on one instance")]:
    with Cluster(2, slices(2), num_round=5, host_timeout=20, **hyper) as c:
        c.start()
        c.finish(60)
        ok(f"{hyper} on two hosts is refused", all(j.status == 1 and reason in (j.failure() or "") for j in c.jobs), c.log())

# SIGTERM stops all in the same round; the job goes on later, and ends the same.
sampled = dict(objective="reg:squarederror", max_depth=5, eta=0.1, subsample=0.7, colsample_bytree=0.7, num_round=120, checkpoint_interval=10)


def with_checkpoints(c):
    for job in c.jobs:
        (job.root / "checkpoints").mkdir()
    return c


with Cluster(2, slices(2), **sampled) as c:
    with_checkpoints(c).start()
    c.finish()
    ok("two hosts with checkpoints", all(j.status == 0 for j in c.jobs), c.log())
    model = c.jobs[0].model().read_bytes()
for kind in (signal.SIGTERM, signal.SIGKILL):
    with Cluster(2, slices(2), **sampled) as c:
        children = with_checkpoints(c).start()
        for line in children[0].stdout:
            if line.startswith("[33]"):
                break
        for child in children:
            child.send_signal(kind)
        c.finish()
        if kind == signal.SIGTERM:
            ok("SIGTERM: both hosts end with 0", all(j.status == 0 for j in c.jobs), c.log())
        for job in c.jobs:
            job.env["SAGETOP_TRACKER"] = f"127.0.0.1:{free_port()}" if job is c.jobs[0] else c.jobs[0].env["SAGETOP_TRACKER"]
        c.start()
        c.finish()
        ok(f"{kind.name}: resumed on both hosts", all("resumed from the checkpoint of round" in j.out for j in c.jobs), c.log())
        ok(f"{kind.name}: the same model to the byte", c.jobs[0].status == 0 and c.jobs[0].model().read_bytes() == model, c.log())
done()
