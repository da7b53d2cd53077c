"""Several hosts of one job: their folders, their shards of the data, their processes; and the
model of one host with all of the data, which is what they must find."""
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
params = dict(objective="reg:squarederror", max_depth=5, eta=0.3)


def train_single():
    """(model of 20 rounds, its history)"""
    history = {}
    model = xgboost.train({**params, "tree_method": "hist", "nthread": 1}, xgboost.DMatrix(X, y), 20,
                          evals=[(xgboost.DMatrix(X, y), "train"), (xgboost.DMatrix(XV, yv), "validation")],
                          evals_result=history, verbose_eval=False)
    return model, history


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def slices(n):
    return [slice(N * i // n, N * (i + 1) // n) for i in range(n)]


class Cluster:
    """Processes on 127.0.0.1, unless a subclass places them elsewhere."""

    def __init__(self, n, shards, **hyper):
        self.jobs, self.children = [], []
        names = [f"algo-{i + 1}" for i in range(n)]
        for i, name in enumerate(names):
            job = Job(nthread=1, **hyper)
            job.hosts, job.current_host = names, name
            part = shards[i]
            job.channel("train", {"part.csv": csv_text(y[part], X[part])} if part is not None else {})
            job.channel("validation", {"v.csv": csv_text(yv, XV)})
            self.jobs.append(job)
        self.folders = list(self.jobs)  # a test may leave jobs out
        self.place()

    def place(self):
        address = f"127.0.0.1:{free_port()}"
        for job in self.jobs:
            job.env["SAGETOP_TRACKER"] = address

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        for child in self.children:
            if child.poll() is None:
                child.kill()
                child.communicate()
        for job in self.folders:
            job.__exit__()

    def start(self):
        self.children = [job.start() for job in self.jobs]
        return self.children

    def wait_round(self, number):
        """Until the first host has printed that round."""
        for line in self.children[0].stdout:
            if line.startswith(f"[{number}]"):
                return
        raise RuntimeError(f"round {number} never came")

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


def check_reason(what, jobs, pattern):
    """Each ends with 1 and one line of cause, the same in its output and its failure file."""
    for job in jobs:
        lines = [line for line in job.err.splitlines() if not line.startswith("libxgboost: ")]
        ok(f"{what}: {job.current_host} ends with 1 and says why",
           job.status == 1 and len(lines) == 1 and re.fullmatch(pattern, lines[0]) and job.failure() == lines[0],
           f"no match of /{pattern}/ in: {job.failure()}\n{job.log()}")


def trees(model):
    """The trees without their leaf values; whether a zero has a sign depends on who saw it first."""
    return [re.sub(r"leaf=\S+", "leaf", tree).replace("<-0]", "<0]") for tree in model.get_dump()]


def check_model(what, path, single):
    """The model is that of one host with all rows: same splits, same predictions."""
    model = xgboost.Booster(model_file=str(path))
    ok(f"{what}: the trees are those of one host with all rows", trees(model) == trees(single))
    close(f"{what}: and so are the predictions", model.predict(xgboost.DMatrix(X)), single.predict(xgboost.DMatrix(X)), 1e-5)
    return model
