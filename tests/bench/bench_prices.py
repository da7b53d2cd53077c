#!/usr/bin/python3
"""Offer files of the price list, made here: BENCH_MB (500) megabytes as JSON and as CSV, put
into the price table by sagetop prices update --bulk, against Python's json and csv
modules, which only parse them; seconds and peak memory."""
import itertools
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

build, source = pathlib.Path(os.environ["SAGETOP_BUILD"]), pathlib.Path(os.environ["SAGETOP_SRC"])
sys.path.insert(0, str(source / "tests/e2e"))
from price_support import product, traps, write_csv, write_json

megabytes = int(os.environ.get("BENCH_MB", "500"))
runs = int(os.environ.get("BENCH_RUNS", "3"))
COMPONENTS = ["Training", "SpotTraining", "Processing", "Hosting", "BatchTransform", "AsyncInf", "Notebook",
              "Studio-JupyterLab", "Studio-Notebook", "Cluster", "Training Warm Pool"]


def products():
    """Thirty regions, all components of 140 types; then variants that are no prices of
    instances, until the file is as long as it should be."""
    for region in [f"region-{i}" for i in range(30)]:
        for family, size, component in itertools.product(
                [f"f{i}" for i in range(20)], ["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "24xlarge"],
                COMPONENTS):
            yield product(f"ml.{family}.{size}", region, component, "1.2345000000")
        yield from traps(region)
    for i in itertools.count():
        yield product(f"ml.f1.{i}", "region-1", "Training", "0.5", unit="Quantity", usage=f"UpfrontFee:{i}")


class Counting:
    def __init__(self, f):
        self.f, self.bytes = f, 0

    def write(self, text):
        self.bytes += len(text)
        self.f.write(text)


def make(path, write, share):
    """share: of the file that the products are, which JSON lists before their terms."""
    with open(path, "w", newline="") as f:
        counting = Counting(f)

        def until_full():
            start = counting.bytes
            for p in products():
                if counting.bytes - start > megabytes * 1e6 * share(start):
                    return
                yield p
        write(counting, until_full)


def make_json(path):
    """As many terms as products: counted, since both lists must be the same."""
    sample = list(itertools.islice(products(), 2000))
    with open(path, "w") as f:
        counting = Counting(f)
        write_json(counting, lambda: sample)
        n = int(megabytes * 1e6 / counting.bytes * len(sample))
        f.seek(0)
        f.truncate()
        write_json(f, lambda: itertools.islice(products(), n))


def median(command, environment):
    """(seconds, peak MB)"""
    import resource
    import time
    results = []
    for _ in range(runs):
        start = time.perf_counter()
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            sys.exit(f"{command[0]}: status {status}")
        results.append((time.perf_counter() - start, usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime))
    return [statistics.median(r[i] for r in results) for i in range(3)]


PEERS = {"json": "import json, sys\njson.load(open(sys.argv[1]))",
         "csv": "import csv, sys\nfor row in csv.reader(open(sys.argv[1], newline='')): pass"}


def main():
    with tempfile.TemporaryDirectory(prefix="sagetop-bench-") as folder:
        folder = pathlib.Path(folder)
        environment = dict(os.environ, HOME=str(folder), XDG_CACHE_HOME=str(folder / "cache"),
                           XDG_STATE_HOME=str(folder / "state"), XDG_CONFIG_HOME=str(folder / "config"))
        make_json(folder / "index.json")
        make(folder / "index.csv", write_csv, lambda start: 1)
        for kind in ("json", "csv"):
            path = folder / f"index.{kind}"
            ours = median([str(build / "sagetop"), "prices", "update", "--bulk", str(path)], environment)
            peer = median(["/usr/bin/python3", "-c", PEERS[kind], str(path)], environment)
            size = path.stat().st_size / 1e6
            for i, what, unit, aim in ((0, "", "s", f"< {peer[0] / 5:.3g}"), (2, ", processor", "s", ""),
                                       (1, ", peak memory", "MB", "< 64")):
                print("\t".join(["bench", f"offer file {kind.upper()}, {size:.0f} MB, into the table{what}",
                                 f"{ours[i]:.4g}", unit, f"python {kind}, parsed only", f"{peer[i]:.4g}", aim]),
                      flush=True)
            path.unlink()


main()
