"""`sagetop monitor`: statistics against numpy (moments to 1e-9, counts exactly, ranks within
the sketch's stated error), the files in Model Monitor's format, captures of an endpoint as CSV
and JSON, plain and in base64, every check by data that violate it, constant memory, and input
that is none. TAP."""
import base64
import json
import math
import os
import resource
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.environ.get("SAGETOP_SRC", "."), "tests"))
from tap import done, equal, match, ok, skip, skip_all  # noqa: E402

try:
    import numpy as np
except ImportError:
    skip_all("numpy is not installed")
SAGETOP = os.path.join(os.environ.get("SAGETOP_BUILD", "."), "sagetop")
SKETCH_ERROR = 0.005
ROWS = 40000
TEAMS = ["ATL", "BOS", "CHI, the \"Bulls\"", "Zürich"]


class World:
    def __init__(self, folder):
        self.folder = folder
        self.environment = dict(os.environ, HOME=folder, XDG_CONFIG_HOME=folder, XDG_STATE_HOME=folder,
                                XDG_CACHE_HOME=folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8", newline="") as f:
            f.write(text)
        return self.path(name)

    def run(self, *words, **more):
        return subprocess.run([SAGETOP, "monitor", *words], capture_output=True, text=True, timeout=60,
                              env=self.environment, **more)

    def baseline(self, *words, out="base"):
        result = self.run("baseline", *words, "-o", self.path(out))
        if result.returncode:
            raise AssertionError(result.stderr)
        return result, *(json.load(open(os.path.join(self.path(out), f"{name}.json")))
                         for name in ("statistics", "constraints"))

    def check(self, *words, base="base"):
        """Violations as {(feature, check)}, and the run."""
        result = self.run("check", *words, "--baseline", self.path(base), "-o", self.path("checked"))
        if result.returncode not in (0, 3):
            raise AssertionError(result.stderr)
        written = json.load(open(os.path.join(self.path("checked"), "constraint_violations.json")))["violations"]
        return {(v["feature_name"], v["constraint_check_type"]) for v in written}, result


def quoted(s):
    return '"' + s.replace('"', '""') + '"' if set(s) & set(',"') else s


def close(a, b, scale=0.0):
    return abs(a - b) <= 1e-9 * max(abs(a), abs(b), scale)


def season():
    """Columns of every sort; None is missing."""
    rng = np.random.default_rng(7)
    x = rng.normal(0, 1, ROWS) * 1e-3 + rng.choice([1e9, -1e9], ROWS)  # the sum loses all but its last digits
    return {"minutes": [None if i % 13 == 0 else float(v) for i, v in enumerate(rng.gamma(2, 9, ROWS))],
            "points": [int(v) for v in rng.poisson(11, ROWS)],
            "plus_minus": [None if i % 1000 == 5 else int(v) for i, v in enumerate(rng.integers(-40, 41, ROWS))],
            "balance": [float(v) for v in x],
            "team": [None if v == 0 else TEAMS[v % 4] for v in rng.integers(0, 50, ROWS)],
            "name": [f"player {v}" for v in rng.integers(0, 9000, ROWS)],
            "empty": [None] * ROWS}


def csv_text(columns, header=True, rows=slice(None)):
    lines = [",".join(columns)] if header else []
    cells = [["" if v is None else quoted(v) if isinstance(v, str) else repr(v) for v in c[rows]]
             for c in columns.values()]
    return "\n".join(lines + [",".join(row) for row in zip(*cells)]) + "\n"


def check_numbers(name, feature, values):
    n = feature["numerical_statistics"]
    v = np.array([x for x in values if x is not None], dtype=float)
    scale = float(np.abs(v).max())
    equal(f"{name}: how many are there and missing", n["common"],
          {"num_present": len(v), "num_missing": len(values) - len(v)})
    exact = math.fsum(v)
    mean = exact / len(v)
    deviation = float(np.sqrt(np.mean((v.astype(np.longdouble) - np.longdouble(mean)) ** 2)))
    ok(f"{name}: mean, sum and deviation are numpy's to 1e-9",
       close(n["mean"], mean, scale) and close(n["sum"], exact) and close(n["std_dev"], deviation) and
       close(n["std_dev"], float(np.std(v))), (n["mean"], mean, n["sum"], exact, n["std_dev"], deviation))
    equal(f"{name}: least and greatest", (n["min"], n["max"]), (v.min(), v.max()))
    kll = n["distribution"]["kll"]
    bounds = [kll["buckets"][0]["lower_bound"]] + [b["upper_bound"] for b in kll["buckets"]]
    counts = np.array([b["count"] for b in kll["buckets"]])
    expected = np.histogram(v, bins=bounds)[0]
    ok(f"{name}: ten buckets, whose ranks are within the stated error",
       len(counts) == 10 and counts.sum() == len(v) and
       np.abs(np.cumsum(counts) - np.cumsum(expected)).max() <= SKETCH_ERROR * len(v), (counts, expected))
    sketch = kll["sketch"]
    points = np.array([x for level in sketch["data"] for x in level])
    weights = np.array([2.0**i for i, level in enumerate(sketch["data"]) for _ in level])
    order = np.argsort(points, kind="stable")
    below = np.cumsum(weights[order])
    ranks = np.searchsorted(np.sort(v), points[order], side="right")
    # of equal values only the last has all of them below it
    last = np.append(np.diff(points[order]) > 0, True)
    ok(f"{name}: the sketch has all the weight, and every rank within its error",
       below[-1] == len(v) and np.abs(below - ranks)[last].max() <= SKETCH_ERROR * len(v) and
       sketch["parameters"] == {"c": 0.64, "k": 2048.0}, np.abs(below - ranks)[last].max() / len(v))


def check_statistics(w):
    columns = season()
    data = w.write("season.csv", csv_text(columns))
    result, statistics, constraints = w.baseline(data)
    equal("all rows are counted", statistics["dataset"], {"item_count": ROWS})
    features = {f["name"]: f for f in statistics["features"]}
    equal("features in the file's order, with the service's types",
          [(f["name"], f["inferred_type"]) for f in statistics["features"]],
          [("minutes", "Fractional"), ("points", "Integral"), ("plus_minus", "Integral"), ("balance", "Fractional"),
           ("team", "String"), ("name", "String"), ("empty", "Unknown")])
    for name in ("minutes", "points", "plus_minus", "balance"):
        check_numbers(name, features[name], columns[name])
    team = features["team"]["string_statistics"]
    seen = [t for t in columns["team"] if t]
    equal("texts are counted exactly",
          {b["value"]: b["count"] for b in team["distribution"]["categorical"]["buckets"]},
          {t: seen.count(t) for t in TEAMS})
    equal("so are those that differ", (team["distinct_count"], features["name"]["string_statistics"]["distinct_count"]),
          (4, len(set(columns["name"]))))
    ok("texts that are no enumeration have no distribution", "distribution" not in features["name"]["string_statistics"])
    wanted = {f["name"]: f for f in constraints["features"]}
    ok("completeness is the share that is there", close(wanted["minutes"]["completeness"], 1 - 3077 / ROWS) and
       wanted["empty"]["completeness"] == 0, wanted)
    equal("non-negative where no number is below 0",
          {n: wanted[n]["num_constraints"]["is_non_negative"] for n in ("minutes", "points", "plus_minus")},
          {"minutes": True, "points": True, "plus_minus": False})
    equal("a domain where the texts are an enumeration",
          (sorted(wanted["team"]["string_constraints"]["domains"]), "string_constraints" in wanted["name"]),
          (sorted(TEAMS), False))
    equal("the thresholds are the service's", constraints["monitoring_config"], {
        "evaluate_constraints": "Enabled", "emit_metrics": "Enabled", "datatype_check_threshold": 1.0,
        "domain_content_threshold": 1.0, "distribution_constraints": {
            "perform_comparison": "Enabled", "comparison_threshold": 0.1, "comparison_method": "Robust",
            "categorical_comparison_threshold": 0.1, "categorical_drift_method": "LInfinity"}})
    found, result = w.check(data)
    equal("data do not violate their own baseline", (found, result.returncode, result.stdout), (set(), 0, ""))
    half = {n: c[: ROWS // 2] for n, c in columns.items()}
    rest = {n: c[ROWS // 2:] for n, c in columns.items()}
    _, split, _ = w.baseline(w.write("a.csv", csv_text(half)), w.write("b.csv", csv_text(rest)), out="split")
    equal("two files are one", split, statistics)
    lines = "".join(json.dumps({n: c[i] for n, c in columns.items() if c[i] is not None}) + "\n" for i in range(2000))
    _, from_json, _ = w.baseline(w.write("season.jsonl", lines), out="json")
    _, from_csv, _ = w.baseline(w.write("c.csv", csv_text(columns, rows=slice(2000))), out="csv")
    by_name = [{f["name"]: f for f in s["features"] if f["name"] != "empty"} for s in (from_json, from_csv)]
    equal("JSON lines give what CSV gives", *by_name)
    return columns


def check_drift(w, columns):
    """The distance of two samples against scipy's definition, in numpy."""
    n = 1500  # as they are, no sketch between
    first = {k: v[:n] for k, v in columns.items()}
    w.baseline(w.write("first.csv", csv_text(first)), out="first")
    second = {k: list(v[n: 2 * n]) for k, v in columns.items()}
    second["minutes"] = [None if v is None else v * 1.5 for v in second["minutes"]]
    second["team"] = [None if v is None else TEAMS[0] if i % 3 == 0 else v for i, v in enumerate(second["team"])]
    a, b = (np.sort([v for v in c["minutes"] if v is not None]) for c in (first, second))
    points = np.concatenate([a, b])
    distance = np.abs(np.searchsorted(a, points, side="right") / len(a) -
                      np.searchsorted(b, points, side="right") / len(b)).max()
    robust = distance - 1.8 * np.sqrt((len(a) + len(b)) / (len(a) * len(b)))
    data = w.write("second.csv", csv_text(second))
    found, result = w.check(data, base="first")
    equal("columns that drifted are found, others are not", {f for f in found if f[1] == "baseline_drift_check"},
          {("minutes", "baseline_drift_check"), ("team", "baseline_drift_check")})
    equal("exit status 3", result.returncode, 3)
    match("the distance is that of the distributions, less what chance explains", result.stdout,
          f"minutes\tbaseline_drift_check\tBaseline drift distance: {robust:.6g} exceeds threshold: 0.1\n")
    path = w.path("first/constraints.json")
    settings = json.load(open(path))
    settings["monitoring_config"]["distribution_constraints"].update(comparison_method="Simple",
                                                                     categorical_comparison_threshold=0.9)
    json.dump(settings, open(path, "w"))
    found, result = w.check(data, base="first")
    match("Simple is the distance itself", result.stdout, f"Baseline drift distance: {distance:.6g} exceeds")
    ok("a threshold of its own for texts", ("team", "baseline_drift_check") not in found, found)
    for f in settings["features"]:
        if f["name"] == "minutes":
            f["monitoringConfigOverrides"] = {"distribution_constraints": {"comparison_threshold": 0.95}}
    json.dump(settings, open(path, "w"))
    ok("a feature has settings of its own", ("minutes", "baseline_drift_check") not in w.check(data, base="first")[0])
    settings["monitoring_config"]["evaluate_constraints"] = "Disabled"
    json.dump(settings, open(path, "w"))
    equal("nothing is evaluated where that is off", w.check(data, base="first")[0], set())
    os.remove(w.path("first/statistics.json"))
    settings["monitoring_config"]["evaluate_constraints"] = "Enabled"
    json.dump(settings, open(path, "w"))
    _, result = w.check(data, base="first")
    match("without statistics no distribution is compared, which is said", result.stderr,
          "not compared: minutes: the baseline has no distribution of it")


def check_violations(w):
    rows = ["x,y,team,gone"] + [f"{i},{i / 7},{'AB'[i % 2]},1" for i in range(200)]
    w.baseline(w.write("base.csv", "\n".join(rows)), out="small")
    bad = ["x,y,team,new"] + [f"{i - (i == 9)},{i / 7},{'AB'[i % 2]},1" for i in range(200)]
    bad[1] = "-1,0.5,A,1"
    bad[2] = "none,,C,1"
    found, result = w.check(w.write("bad.csv", "\n".join(bad)), base="small")
    equal("each check finds its violation", found, {
        ("x", "data_type_check"), ("x", "non_negative_check"), ("y", "completeness_check"),
        ("team", "categorical_values_check"), ("gone", "missing_column_check"), ("new", "extra_column_check")})
    equal("a line for each, and a title", len(result.stdout.splitlines()), 7)
    printed = json.loads(w.run("check", w.path("bad.csv"), "--baseline", w.path("small"), "--json").stdout)
    equal("--json is the file", printed, json.load(open(w.path("checked/constraint_violations.json"))))
    found, _ = w.check(w.write("none.csv", "\n".join(r.split(",", 1)[1] for r in rows)), base="small")
    equal("a column that is not there", found, {("x", "missing_column_check")})
    found, _ = w.check(w.write("bare.csv", "\n".join(rows[1:])), base="small")
    equal("data without a header are the baseline's columns in order", found, set())


def side(mode, kind, data, encoding):
    if encoding == "BASE64":
        data = base64.b64encode(data.encode()).decode()
    return {"observedContentType": kind, "mode": mode, "data": data, "encoding": encoding}


def capture(asked, answer, kind="text/csv", encoding="CSV", answer_kind=None):
    data = {}
    if asked is not None:
        data["endpointInput"] = side("INPUT", kind, asked, encoding)
    if answer is not None:
        data["endpointOutput"] = side("OUTPUT", answer_kind or kind, answer, encoding)
    return json.dumps({"captureData": data, "eventMetadata": {"eventId": "1"}, "eventVersion": "0"}) + "\n"


def means(statistics):
    return {f["name"]: (f["numerical_statistics"]["common"]["num_present"], f["numerical_statistics"]["mean"])
            for f in statistics["features"] if "numerical_statistics" in f}


def check_captures(w):
    lines = capture("1,2\n3,4\n", "0.5,1.5\n") + capture("5,6", "2.5\n") + capture("7,8\n9,10", "3\n4\n", encoding="BASE64")
    result, statistics, _ = w.baseline(w.write("capture.jsonl", lines), out="capture")
    equal("answers come first, then what was asked; a row for each",
          means(statistics), {"_c0": (5, 2.3), "_c1": (5, 5.0), "_c2": (5, 6.0)})
    found, _ = w.check(w.write("training.csv", "label,a,b\n0.5,1,2\n1.5,3,4\n"), base="capture")
    equal("names differ: another baseline's columns", {c for _, c in found},
          {"missing_column_check", "extra_column_check"})
    w.baseline(w.write("t.csv", "label,a,b\n0.5,1,2\n1.5,3,4\n2.5,5,6\n3.0,7,8\n4.0,9,10\n"), out="training")
    found, _ = w.check(w.path("capture.jsonl"), base="training")
    equal("a capture is held against the training data by place", found, set())
    found, _ = w.check(w.write("late.jsonl", lines + capture("five,6", "2\n") + capture("1,2,3", "2\n")), base="training")
    equal("a text among numbers, and a column more", {f for f in found if "drift" not in f[1]},
          {("a", "data_type_check"), ("_c3", "extra_column_check")})
    lines = (capture(json.dumps({"age": 30, "team": "A", "deep": {"x": [1, 2.5]}}), json.dumps({"score": 0.25, "age": -1}),
                     "application/json", "JSON") +
             capture(json.dumps({"instances": [{"age": 40, "team": None}, {"age": 50, "team": "B"}]}),
                     json.dumps({"predictions": [{"score": 0.5}, {"score": 0.75}]}), "application/json", "BASE64") +
             capture('{"age": 60}\n{"age": 70}\n', '[1, 1.5]', "application/jsonlines", "JSON", "application/json"))
    result, statistics, _ = w.baseline(w.write("json.jsonl", lines), out="json-capture")
    equal("JSON by its names, what lies deeper by its path", means(statistics),
          {"score": (3, 0.5), "age": (5, 50.0), "deep.x.0": (1, 1.0), "deep.x.1": (1, 2.5), "_c0": (2, 1.25)})
    bad = capture("1,2", "1\n2\n3\n") + capture("%%%", None, "image/png", "BASE64") + capture("1,2", "7\n")
    result, statistics, _ = w.baseline(w.write("some.jsonl", bad), out="some")
    ok("captures that are no rows are left out, and said", statistics["dataset"]["item_count"] == 1 and
       "2 of 3 captures left out, the first: " in result.stderr and "some.jsonl:1: the answer has another number" in
       result.stderr, result.stderr)
    refused = w.run("baseline", w.write("none.jsonl", capture("%%%", None, "image/png", "BASE64")), "-o", w.path("n"))
    ok("none that can be read: said with the reason", refused.returncode == 1 and "no row of data" in refused.stderr and
       "a payload is neither CSV nor JSON" in refused.stderr, refused.stderr)


def check_bad_input(w):
    for what, text, status, words in (
            ("ragged rows", "a,b\n1,2\n3\n", 1, r"x\.csv:3: 1 fields where the first line has 2"),
            ("too many fields", "a,b\n1,2,3\n", 1, r"x\.csv:2: 3 fields"),
            ("an empty file", "", 1, "there is no row of data"),
            ("a header alone", "a,b\n", 1, "there is no row of data"),
            ("a name twice", "a,a\n1,2\n", 1, r"x\.csv:1: two columns are called a"),
            ("a quote that is not closed", 'a,b\n"1,2\n', 1, r"x\.csv:2: a quote is not closed"),
            ("a torn line of JSON", '{"a": 1}\n{"a": ', 1, r"x\.csv:2: not a line of JSON"),
            ("no text", "a,b\n1,\0\n", 1, r"x\.csv:2: this is no text"),
            ("too many columns", ",".join(f"c{i}" for i in range(5000)) + "\n", 1, "more than 4096 columns")):
        result = w.run("baseline", w.write("x.csv", text), "-o", w.path("x"))
        ok(f"{what}: refused", result.returncode == status, result)
        match(f"{what}: where and why", result.stderr, words)
    ok("nothing was written", not os.path.exists(w.path("x")))
    for what, words, status, why in (
            ("a file that is not there", ("baseline", w.path("nothing.csv"), "-o", w.path("x")), 4, "cannot read"),
            ("no -o", ("baseline", w.path("season.csv")), 2, "-o DIR"),
            ("no --baseline", ("check", w.path("season.csv")), 2, "--baseline DIR"),
            ("no such baseline", ("check", w.path("season.csv"), "--baseline", w.path("x")), 4, "monitor baseline FILE -o"),
            ("another verb", ("chekc", w.path("season.csv")), 2, 'did you mean "check"'),
            ("another header", ("check", w.path("season.csv"), "--baseline", w.path("base"), "--header", "maybe"), 2, "yes or no")):
        result = w.run(*words)
        ok(f"{what}: said what to do", result.returncode == status and why in result.stderr, result)
    os.makedirs(w.path("odd"), exist_ok=True)
    for what, text, why in (
            ("no JSON", "{", "constraints.json:1"), ("no features", "{}", "has no features"),
            ("a type that is none", '{"features": [{"name": "a", "inferred_type": "Real"}]}', "inferred_type of a is"),
            ("a threshold beyond 1", '{"features": [], "monitoring_config": {"datatype_check_threshold": 100}}', "from 0 to 1"),
            ("a method that is none", '{"monitoring_config": {"distribution_constraints": {"comparison_method": "Hard"}}}',
             "Simple or Robust"),
            ("a method that is not here", '{"monitoring_config": {"distribution_constraints": '
             '{"categorical_drift_method": "ChiSquared"}}}', "ChiSquared is not computed here")):
        w.write("odd/constraints.json", text)
        result = w.run("check", w.path("season.csv"), "--baseline", w.path("odd"))
        ok(f"a baseline with {what}: refused", result.returncode == 1 and why in result.stderr, result)
    _, statistics, _ = w.baseline(w.write("bom.csv", "\ufeffa,b\r\n1,\"2\"\r\n\r\n3,4"), out="bom")
    equal("a mark of order, carriage returns, blank lines, no last newline", means(statistics),
          {"a": (2, 2.0), "b": (2, 3.0)})
    result, statistics, _ = w.baseline(w.write("mixed.csv", "a\n1\n2\nn/a\n"), out="mixed")
    ok("a text among numbers makes a String, and is shown", statistics["features"][0]["inferred_type"] == "String" and
       '1 of its 3 values are no numbers, the first "n/a" in row 3' in result.stderr, result.stderr)


def check_memory(w):
    """Ten times the rows through a pipe: not more memory."""
    with open(SAGETOP, "rb") as f:
        if b"__asan_init" in f.read():
            skip("memory", "the sanitizer keeps what is freed")
            return

    def peak(rows):
        text = "".join(f"{i * 7919 % rows},{i / 3:.3f},word{i % 90000}\n" for i in range(rows)).encode()
        child = subprocess.Popen([SAGETOP, "monitor", "baseline", "-", "-o", w.path("pipe")], env=w.environment,
                                 stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        child.stdin.write(text)  # returns when all but a pipe's content has been read
        child.stdin.flush()
        with open(f"/proc/{child.pid}/status") as f:
            kib = next(int(line.split()[1]) for line in f if line.startswith("VmHWM:"))
        child.stdin.close()
        return child.wait(60), kib / 1024, len(text) / 1e6
    (a, small, _), (b, large, megabytes) = peak(100000), peak(1000000)
    ok(f"a stream of {megabytes:.0f} MB needs no more memory than a tenth of it ({small:.0f} and {large:.0f} MiB)",
       a == b == 0 and large < small + 4 and large < 64, (a, b, small, large))


def main():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with tempfile.TemporaryDirectory() as folder:
        w = World(folder)
        columns = check_statistics(w)
        check_drift(w, columns)
        check_violations(w)
        check_captures(w)
        check_bad_input(w)
        check_memory(w)
    done()


main()
