"""The trainer against the xgboost package of the same version, in one run on one machine.

SAGETOP_BENCH_RUNS (3) repeats each measurement; SAGETOP_BENCH_SCALE (1) shrinks the
data for a quick look. Data are made here from a seed."""
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

try:
    import numpy as np
    import xgboost
except ImportError:
    print("python3-xgboost is not installed")
    sys.exit(77)

TRAINER = os.path.join(os.environ["SAGETOP_BUILD"], "sagetop-trainer")
RUNS = int(os.environ.get("SAGETOP_BENCH_RUNS", "3"))
SCALE = float(os.environ.get("SAGETOP_BENCH_SCALE", "1"))
CORES = len(os.sched_getaffinity(0))
work = pathlib.Path(tempfile.mkdtemp(prefix="sagetop-bench-"))


def line(what, ours, unit, peer="", theirs="", aim=""):
    print(f"bench\t{what}\t{ours}\t{unit}\t{peer}\t{theirs}\t{aim}", flush=True)


def peak_of(pid, peak):
    """High-water mark of a process; its own from exec on, unlike ru_maxrss."""
    try:
        while True:
            with open(f"/proc/{pid}/status") as status:
                peak[0] = max([peak[0], *(int(l.split()[1]) / 1024 for l in status if l.startswith("VmHWM"))])
            time.sleep(0.005)
    except OSError:
        pass


def measure(argv, runs=RUNS, env=None, first=None):
    """Median wall seconds and peak MB of a command, and seconds until a line begins with `first`."""
    times, memory, firsts = [], [], []
    for _ in range(runs):
        begun = time.monotonic()
        child = subprocess.Popen(argv, env={**os.environ, **(env or {})}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        peak, output = [0.0], []
        watcher = threading.Thread(target=peak_of, args=(child.pid, peak), daemon=True)
        watcher.start()
        for text in child.stdout:
            if first and text.startswith(first) and len(firsts) <= len(times):
                firsts.append(time.monotonic() - begun)
            output.append(text)
        status = child.wait()
        times.append(time.monotonic() - begun)
        watcher.join()
        memory.append(peak[0])
        if status:
            raise RuntimeError(f"{argv}: {''.join(output)[-2000:]}")
    return statistics.median(times), statistics.median(memory), statistics.median(firsts) if firsts else None


def job(name, hyper, channels, content_type="text/csv"):
    root = work / name
    (root / "input/config").mkdir(parents=True)
    (root / "input/config/hyperparameters.json").write_text(json.dumps({k: str(v) for k, v in hyper.items()}))
    (root / "input/config/inputdataconfig.json").write_text(json.dumps({c: {"ContentType": content_type} for c in channels}))
    for channel, file in channels.items():
        folder = root / "input/data" / channel
        folder.mkdir(parents=True)
        os.link(file, folder / file.name)
    return {"SAGETOP_ML_ROOT": str(root)}


def python(name, source):
    path = work / f"peer_{name}.py" # not "pandas.py", which import would find first
    path.write_text(source)
    return ["/usr/bin/python3", str(path)]


# --- hundreds of small models ------------------------------------------------------------------------
def entities():
    rng = np.random.default_rng(1)
    n = max(int(500 * SCALE), 4)
    file = work / "entities.csv"
    arrays = {}
    with open(file, "w") as out:
        out.write("y,who," + ",".join(f"x{i}" for i in range(40)) + "\n")
        for e in range(n):
            rows = int(rng.integers(60, 81))
            x = np.round(rng.normal(size=(rows, 40)), 4).astype(np.float32)
            y = np.round(20 + 5 * x[:, 0] + 3 * x[:, 1] * x[:, 2] + 3 * rng.normal(size=rows), 4).astype(np.float32)
            arrays[f"x{e}"], arrays[f"y{e}"] = x, y
            out.writelines(f"{y[i]:.4f},p{e:04d}," + ",".join(f"{v:.4f}" for v in x[i]) + "\n" for i in range(rows))
    np.savez(work / "entities.npz", **arrays)
    params = dict(objective="reg:squarederror", max_depth=6, eta=0.05, min_child_weight=5, subsample=0.8, colsample_bytree=0.8,
                  tree_method="hist")
    env = job("entities", {**params, "num_round": 200, "header": "true", "label_column": "y", "entity_column": "who"}, {"train": file})
    ours, ours_mb, _ = measure([TRAINER, "train"], env=env)
    script = """
import sys, numpy as np, xgboost
first, last, threads = map(int, sys.argv[1:4])
data = np.load({data!r})
for e in range(first, last):
    matrix = xgboost.DMatrix(data[f"x{{e}}"], data[f"y{{e}}"], nthread=threads)
    model = xgboost.train({params!r} | {{"nthread": threads}}, matrix, 200)
    model.save_model({out!r} + f"/{{e}}.ubj")
"""
    (work / "models").mkdir()
    argv = python("loop", script.format(data=str(work / "entities.npz"), params=params, out=str(work / "models")))
    loops = {t: measure([*argv, "0", str(n), str(t)], runs=1) for t in (1, CORES)}
    sample = min(10, n)
    begun = time.monotonic()
    for e in range(sample):
        subprocess.run([*argv, str(e), str(e + 1), "1"], check=True)
    single = (time.monotonic() - begun) / sample * n
    best = min(loops, key=lambda t: loops[t][0])
    line(f"{n} models: wall", round(ours, 2), "s", f"Python loop nthread={best}", round(loops[best][0], 2), "2x")
    for t in loops:
        if t != best:
            line(f"{n} models: wall", round(ours, 2), "s", f"Python loop nthread={t}", round(loops[t][0], 2))
    line(f"{n} models: wall", round(ours, 2), "s", f"process/model ({sample} timed)", round(single, 1), "25x")
    line(f"{n} models: peak memory", round(ours_mb, 1), "MB", "Python loop", round(loops[best][1], 1), "< 20")
    for bins in (64, 32):
        env = job(f"entities{bins}", {**params, "max_bin": bins, "num_round": 200, "header": "true", "label_column": "y",
                                      "entity_column": "who"}, {"train": file})
        line(f"{n} models, max_bin {bins}: wall", round(measure([TRAINER, "train"], env=env)[0], 2), "s", "max_bin 256", round(ours, 2))


# --- one small job from start to end -------------------------------------------------------------------
def small():
    rng = np.random.default_rng(2)
    x = np.round(rng.normal(size=(2900, 8)), 3)
    y = np.round(x[:, 0] * 3 + x[:, 1] * x[:, 2] + rng.normal(size=2900), 3)
    file = work / "small.csv"
    np.savetxt(file, np.column_stack([y, x]), fmt="%.4g", delimiter=",")
    params = dict(objective="reg:squarederror", max_depth=5, eta=0.2, tree_method="hist")
    env = job("small", {**params, "num_round": 50}, {"train": file, "validation": file})
    ours, mb, first = measure([TRAINER, "train"], runs=max(RUNS, 5), env=env, first="[0]")
    script = f"""
import numpy as np, xgboost
table = np.loadtxt({str(file)!r}, delimiter=",", dtype=np.float32)
train, check = xgboost.DMatrix(table[:, 1:], table[:, 0]), xgboost.DMatrix(table[:, 1:], table[:, 0])
xgboost.train({params!r}, train, 50, evals=[(train, "train"), (check, "validation")]).save_model({str(work / 'small.ubj')!r})
"""
    theirs, theirs_mb, theirs_first = measure(python("small", script), runs=max(RUNS, 5), first="[0]")
    line("small job (2,900 x 8, 50 rounds): wall", round(ours, 4), "s", "Python", round(theirs, 3), "10x")
    line("small job: start to first round", round(first, 4), "s", "Python", round(theirs_first, 3))
    line("small job: peak memory", round(mb, 1), "MB", "Python", round(theirs_mb, 1))


# --- a million rows ---------------------------------------------------------------------------------------
def million():
    rng = np.random.default_rng(3)
    rows = max(int(1_000_000 * SCALE), 1000)
    file = work / "million.csv"
    with open(file, "w") as out:
        for first in range(0, rows, 10000):
            x = rng.normal(size=(min(10000, rows - first), 30))
            y = x[:, 0] * 3 + x[:, 1] * x[:, 2] + np.sin(x[:, 3]) + rng.normal(size=len(x))
            np.savetxt(out, np.column_stack([y, x]), fmt="%.3f", delimiter=",")
    params = dict(objective="reg:squarederror", max_depth=6, eta=0.3, tree_method="hist")
    env = job("million", {**params, "num_round": 50}, {"train": file})
    ours, ours_mb, ours_first = measure([TRAINER, "train"], env=env, first="[0]")
    reader = f"""
import xgboost
train = xgboost.DMatrix({str(file)!r} + "?format=csv&label_column=0")
"""
    pandas = f"""
import numpy as np, pandas, xgboost
table = pandas.read_csv({str(file)!r}, header=None, dtype=np.float32)
train = xgboost.DMatrix(table.iloc[:, 1:], table.iloc[:, 0])
"""
    rest = f"""
xgboost.train({params!r} | {{"nthread": {CORES}}}, train, 50, evals=[(train, "train")]).save_model({str(work / 'million.ubj')!r})
"""
    peers = {"XGBoost's own reader": measure(python("reader", reader + rest), first="[0]")}
    if subprocess.run(["/usr/bin/python3", "-c", "import pandas"], capture_output=True).returncode == 0:
        peers["pandas"] = measure(python("pandas", pandas + rest), first="[0]")
    for peer, (wall, mb, first) in peers.items():
        line(f"{rows:,} x 30 CSV, 50 rounds: wall", round(ours, 2), "s", peer, round(wall, 2), "1.8x")
        line("  start to first round", round(ours_first, 2), "s", peer, round(first, 2))
        line("  peak memory", round(ours_mb), "MB", peer, round(mb), "2x")


wanted = sys.argv[1:] or os.environ.get("SAGETOP_BENCH_PARTS", "entities small million").split()
try:
    for part in wanted:
        {"entities": entities, "small": small, "million": million}[part]()
finally:
    shutil.rmtree(work, ignore_errors=True)
