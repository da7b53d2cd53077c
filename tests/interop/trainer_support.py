"""What the trainer's tests share: TAP, a job folder as SageMaker lays it out, the
metric lines of a run. Data sets are made here from seeds; the reference values
come from the xgboost package of the same version."""
import contextlib
import fcntl
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tap import done, equal, match, ok, skip, skip_all  # noqa: E402,F401

# The threads of the Python package spin for each other too: on a busy machine that
# takes minutes. Set before it is imported; the trainer sets its own.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")
TRAINER = os.environ.get("SAGETOP_TRAINER") or os.path.join(os.environ.get("SAGETOP_BUILD", "build"), "sagetop-trainer")
DATA = os.environ.get("SAGETOP_TEST_DATA")


def close(what, got, expected, tolerance):
    """Element by element; NaN only where NaN is expected."""
    import numpy as np

    got, expected = np.asarray(got, dtype=float).ravel(), np.asarray(expected, dtype=float).ravel()
    if got.shape != expected.shape:
        return ok(what, False, f"shape {got.shape}, expected {expected.shape}")
    difference = np.abs(got - expected)
    bad = np.flatnonzero(~(difference <= tolerance) & ~(np.isnan(got) & np.isnan(expected)))
    details = "".join(f"[{i}] got {got[i]!r} expected {expected[i]!r}\n" for i in bad[:5])
    return ok(what, not len(bad), details + f"{len(bad)} of {len(got)} differ by more than {tolerance}")


class Job:
    """A folder laid out as /opt/ml; removed at the end of the with block."""

    def __init__(self, **hyperparameters):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="sagetop-trainer-test-"))
        self.hyper = {k: str(v) for k, v in hyperparameters.items()}
        self.channels = {}
        self.hosts = ["algo-1"]
        self.current_host = "algo-1"
        self.env = {}
        self.prefix = []  # a program that starts the trainer elsewhere
        self.interface = "lo"
        (self.root / "input/config").mkdir(parents=True)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        shutil.rmtree(self.root, ignore_errors=True)

    def channel(self, name, files, content_type="text/csv", **config):
        """files: {name: text or path}"""
        folder = self.root / "input/data" / name
        folder.mkdir(parents=True, exist_ok=True)
        for file, content in files.items():
            target = folder / file
            target.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, pathlib.Path):
                shutil.copyfile(content, target)
            elif isinstance(content, bytes):
                target.write_bytes(content)
            else:
                target.write_text(content)
        self.channels[name] = {"TrainingInputMode": "File", "S3DistributionType": "FullyReplicated", **config}
        if content_type:
            self.channels[name]["ContentType"] = content_type
        return self

    def write_config(self):
        config = self.root / "input/config"
        (config / "hyperparameters.json").write_text(json.dumps(self.hyper))
        (config / "inputdataconfig.json").write_text(json.dumps(self.channels))
        (config / "resourceconfig.json").write_text(
            json.dumps({"current_host": self.current_host, "hosts": self.hosts, "network_interface_name": self.interface}))

    def start(self, **env):
        self.write_config()
        inherited = {k: v for k, v in os.environ.items() if k != "GOMP_SPINCOUNT"}
        environment = {**inherited, "SAGETOP_ML_ROOT": str(self.root), **self.env, **env}
        return subprocess.Popen([*self.prefix, TRAINER, "train"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                text=True, errors="replace")

    def run(self, timeout=300, **env):
        child = self.start(**env)
        try:
            self.out, self.err = child.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            child.kill()
            self.out, self.err = child.communicate()
            self.err += "\n(timed out)"
        self.status = child.returncode
        return self

    def model(self, name="xgboost-model"):
        return self.root / "model" / name

    def failure(self):
        path = self.root / "output/failure"
        return path.read_text() if path.exists() else None

    def output(self, name):
        return self.root / "output/data" / name

    def metrics(self):
        return parse_metrics(self.out)

    def log(self):
        return f"exit {self.status}\n{self.out[-1500:]}\n{self.err[-1500:]}"


def parse_metrics(text):
    """{"train-rmse": [value of round 0, ...], ...}; rounds must follow one another."""
    metrics, expected = {}, 0
    for line in text.splitlines():
        found = re.match(r"\[(\d+)\]\t(.*)$", line)
        if not found:
            continue
        if int(found.group(1)) != expected:
            raise ValueError(f"round {expected} is missing before: {line}")
        expected += 1
        for field in found.group(2).split("\t"):
            name, value = field.rsplit(":", 1)
            metrics.setdefault(name, []).append(float(value))
    return metrics


def csv_text(*columns):
    """Columns (labels first, weights, features ...) as CSV that reads back to the same float32."""
    import numpy as np

    table = np.column_stack(columns)
    lines = []
    for row in table:
        lines.append(",".join("" if v != v else repr(float(np.float32(v))) for v in row))
    return "\n".join(lines) + "\n"


def wait_for(condition, seconds=60, what="condition"):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise TimeoutError(what)


def lines_of(child):
    """The lines of a job as they come, its output held back by a small pipe that is read byte by byte: the job
    cannot be more than 4 KB ahead of its reader, however fast it is."""
    fd, line = child.stdout.fileno(), b""
    fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, 4096)
    while byte := os.read(fd, 1):
        line += byte
        if byte == b"\n":
            yield line.decode(errors="replace")
            line = b""


@contextlib.contextmanager
def running(job, **env):
    child = job.start(**env)
    try:
        yield child
    finally:
        if child.poll() is None:
            child.kill()
        child.communicate()
