#!/usr/bin/python3
"""Reading a CSV of a million rows x 30 features (BENCH_ROWS changes that): the trainer's
reader with one thread and with all, pandas, xgboost's own text reader, and what the page
cache gives at most; seconds and peak memory. Then requests a second of serve (wrk)."""
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

build = pathlib.Path(os.environ["SAGETOP_BUILD"])
rows = int(os.environ.get("BENCH_ROWS", "1000000"))
runs = int(os.environ.get("BENCH_RUNS", "3"))
read_data, trainer = build / "tests/bench/read_data", build / "sagetop-trainer"
if not read_data.exists():
    subprocess.run(["make", "-s", "-C", build, "tests/bench/read_data"], check=True, stdout=subprocess.DEVNULL)


def bench(what, ours, unit, peer=None, theirs=None, aim=""):
    line = ["bench", what, f"{ours:.4g}", unit]
    if peer:
        line += [peer, f"{theirs:.4g}"]
    elif aim:
        line += ["", ""]
    print("\t".join(line + ([aim] if aim else [])), flush=True)


def median(command):
    """(seconds, peak MB) that the command prints last, the median of all runs."""
    results = []
    for _ in range(runs):
        out = subprocess.run([str(c) for c in command], check=True, capture_output=True, text=True).stdout.split()
        results.append((float(out[-2]), float(out[-1])))
    return statistics.median(r[0] for r in results), statistics.median(r[1] for r in results)


PEER = """
import resource, sys, time
path = sys.argv[1]
{imports}
start = time.perf_counter()
{read}
print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def peer(imports, read):
    return ["/usr/bin/python3", "-c", PEER.format(imports=imports, read=read), data / "a.csv"]


def has(module):
    return not subprocess.run(["/usr/bin/python3", "-c", f"import {module}"], capture_output=True).returncode


with tempfile.TemporaryDirectory(prefix="sagetop-bench-") as folder:
    data = pathlib.Path(folder) / "data"
    data.mkdir()
    with open(data / "a.csv", "wb") as f:
        subprocess.run([read_data, "make", str(rows), "30"], stdout=f, check=True)
    size = (data / "a.csv").stat().st_size / 1e6
    print(f"# {rows} rows x 30 features, {size:.0f} MB; medians of {runs}")
    cores = len(os.sched_getaffinity(0))
    limit, _ = median(["/usr/bin/python3", "-c", PEER.format(imports="", read=(
        "f = open(path, 'rb', buffering=0)\nb = bytearray(1 << 20)\nwhile f.readinto(b): pass")), data / "a.csv"])
    one, _ = median([read_data, "csv", data, "1"])
    ours, memory = median([read_data, "csv", data, str(cores)])
    bench(f"read CSV, 1 thread, {size:.0f} MB", size / one, "MB/s", "page cache", size / limit)
    bench(f"read CSV, {cores} threads", size / ours, "MB/s", "page cache", size / limit, "> half")
    if has("pandas"):
        seconds, theirs = median(peer("import numpy, pandas", "d = pandas.read_csv(path, header=None, dtype=numpy.float32)"))
        bench(f"read CSV, {cores} threads", ours, "s", "pandas", seconds, "8x")
        bench("read CSV, peak memory", memory, "MB", "pandas", theirs)
    else:
        print("# pandas is not here: apt-get install python3-pandas")
    if has("xgboost"):
        seconds, theirs = median(peer("import xgboost", "d = xgboost.DMatrix(path + '?format=csv&label_column=0')"))
        bench(f"read CSV, {cores} threads", ours, "s", "xgboost's reader", seconds)
        bench("read CSV, peak memory", memory, "MB", "xgboost's reader", theirs)

    # --- serve -----------------------------------------------------------------------------
    if not shutil.which("wrk"):
        print("# wrk is not here: apt-get install wrk")
        sys.exit(0)
    root = pathlib.Path(folder) / "ml"
    (root / "input/config").mkdir(parents=True)
    (root / "input/data/train").mkdir(parents=True)
    (root / "input/config/hyperparameters.json").write_text('{"num_round": "100", "max_depth": "6"}')
    (root / "input/config/inputdataconfig.json").write_text('{"train": {"ContentType": "text/csv"}}')
    (root / "input/config/resourceconfig.json").write_text('{"current_host": "algo-1", "hosts": ["algo-1"]}')
    with open(root / "input/data/train/a.csv", "wb") as f:
        subprocess.run([read_data, "make", "20000", "30"], stdout=f, check=True)
    subprocess.run([trainer, "train"], env={**os.environ, "SAGETOP_ML_ROOT": str(root)}, check=True, stdout=subprocess.DEVNULL)
    row = ",".join((root / "input/data/train/a.csv").read_text().split("\n", 1)[0].split(",")[1:])
    server = subprocess.Popen([trainer, "serve", "--model", root / "model", "--port", "0", "--bind", "127.0.0.1"],
                              stderr=subprocess.PIPE, text=True)
    try:
        port = re.search(r"127.0.0.1:(\d+)", server.stderr.readline()).group(1)
        for n in (1, 100):
            script = pathlib.Path(folder) / "post.lua"
            body = "\\n".join([row] * n)
            script.write_text(f'wrk.method = "POST"\nwrk.body = "{body}"\nwrk.headers["Content-Type"] = "text/csv"\n')
            out = subprocess.run(["wrk", "-t1", "-c16", "-d4s", "--latency", "-s", script, f"http://127.0.0.1:{port}/invocations"],
                                 check=True, capture_output=True, text=True).stdout
            errors = re.search(r"(Non-2xx|Socket errors).*", out)
            rate = float(re.search(r"Requests/sec:\s*([\d.]+)", out).group(1))
            tail = re.search(r"^\s+99%\s+(\S+)", out, re.M).group(1)
            bench(f"serve, 100 trees, {n} row{'s' if n > 1 else ''} a request", rate, "requests/s")
            print(f"# 99 % of them within {tail}; errors: {errors.group(0) if errors else 'none'}")
    finally:
        server.terminate()
        server.communicate()
