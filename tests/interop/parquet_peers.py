#!/usr/bin/python3
"""The Parquet reader against files of other writers: DuckDB, Polars, Arrow (Rust) and
hyparquet, in the encodings, codecs and page versions that they offer. Their packages
are fetched by npm once; where that cannot be done the test is skipped."""
import datetime
import json
import pathlib
import tempfile

from npm_support import NODE, node_lacks, npm_fetched
from trainer_support import *

try:
    import numpy as np
    from readers_support import *
except ImportError:
    skip_all("python3-numpy is not installed")

PACKAGES = ["@duckdb/node-api@1.5.6-r.1", "apache-arrow@21.2.0", "hyparquet-writer@0.17.0", "nodejs-polars@0.26.1",
            "nodejs-polars-linux-x64-gnu@0.26.1", "parquet-wasm@0.8.0"]
PEERS = {"duckdb": 18, "polars": 8, "rust": 26, "hyparquet": 7}  # and how many files each must have written
ROWS = 5000
why = node_lacks()
if why:
    skip_all(why)
folder = tempfile.TemporaryDirectory(prefix="sagetop-peers-")
tmp = pathlib.Path(folder.name)
(tmp / "a.parquet").write_bytes(b"x")
try:
    read("parquet", tmp / "a.parquet")
except ReadError as error:
    if "built without Parquet" in str(error):
        skip_all("built without Parquet")
modules = npm_fetched(PACKAGES)
if not modules:
    skip_all("npm cannot fetch the packages")

# --- one table of all types ----------------------------------------------------------------
rng = np.random.default_rng(11)


def holes(values, share=0.15):
    return [None if rng.random() < share else v for v in values]


def decimals(digits, scale, negative=True):
    whole = [int(v) for v in rng.integers(0, 10 ** min(digits, 18), ROWS)]
    if digits > 18:
        whole = [v * 10 ** (digits - 18) + int(w) for v, w in zip(whole, rng.integers(0, 10 ** 9, ROWS))]
    return [f"{'-' if negative and v % 3 == 0 else ''}{v // 10 ** scale}.{v % 10 ** scale:0{scale}d}" for v in whole]


def whole(low, high):
    return [str(int(v)) for v in rng.integers(low, high, ROWS, dtype=np.int64 if low < 0 else np.uint64)]


days = [datetime.date(1960, 1, 1) + datetime.timedelta(days=int(d)) for d in rng.integers(0, 30000, ROWS)]
teams = ["red", "blue", "grün", "a longer name of a team", "red herring"]
COLUMNS = {
    "y": ("f64", [repr(float(v)) for v in rng.normal(size=ROWS)]),
    "f32": ("f32", holes([repr(float(np.float32(v))) for v in rng.normal(size=ROWS)])),
    "f64": ("f64", holes([repr(float(v)) for v in rng.normal(size=ROWS)])),
    "few": ("f64", [repr(float(v) / 8) for v in rng.integers(0, 40, ROWS)]),
    "i8": ("i8", holes(whole(-128, 128))), "i16": ("i16", whole(-32768, 32768)),
    "i32": ("i32", holes(whole(-2**31, 2**31))), "i64": ("i64", holes(whole(-2**62, 2**62))),
    "u8": ("u8", whole(0, 256)), "u16": ("u16", holes(whole(0, 65536))), "u32": ("u32", whole(0, 2**32)),
    "u64": ("u64", holes(whole(0, 2**64 - 1))), "rising": ("i64", [str(1_700_000_000_000 + 37 * i) for i in range(ROWS)]),
    "same": ("i32", ["7"] * ROWS), "runs": ("i32", [str(i // 700) for i in range(ROWS)]),
    "b": ("bool", holes([("false", "true")[int(v)] for v in rng.integers(0, 2, ROWS)])),
    "d9": ("dec9", holes(decimals(9, 2))), "d18": ("dec18", holes(decimals(18, 4))), "d30": ("dec30", holes(decimals(30, 6))),
    "day": ("date", holes([d.isoformat() for d in days], 0)),
    "when": ("time", [f"{d.isoformat()} 23:59:59" for d in days]),
    "half": ("f16", holes([repr(float(v) / 16) for v in rng.integers(-2000, 2000, ROWS)])),
    "team": ("text", holes([teams[int(v)] for v in rng.integers(0, 5, ROWS)])),
    "player": ("text", [f"player-{int(v):04d}" for v in rng.integers(0, 900, ROWS)]),
    "id": ("i64", [str(2**60 + int(v)) for v in rng.integers(0, 50, ROWS)]),
    "rare": ("f64", holes([repr(float(v)) for v in rng.normal(size=ROWS)], 0.99)),
    "never": ("f32", [None] * ROWS),
}
(tmp / "types.json").write_text(json.dumps({n: t for n, (t, _) in COLUMNS.items()}))
(tmp / "data.csv").write_text("\n".join([",".join(COLUMNS)] + [
    ",".join("" if v is None else v for v in row) for row in zip(*(values for _, values in COLUMNS.values()))]) + "\n")
EPOCH = datetime.datetime(1970, 1, 1)


def words(values):
    return list(dict.fromkeys(v for v in values if v is not None))


def number(kind, text, unit):
    if text is None:
        return np.nan
    if kind == "bool":
        return float(text == "true")
    if kind == "date":
        return float((datetime.date.fromisoformat(text) - EPOCH.date()).days)
    if kind == "time":
        return float((datetime.datetime.fromisoformat(text) - EPOCH) // datetime.timedelta(microseconds=1)) / unit
    return float(text)


def expected(name, unit):
    kind, values = COLUMNS[name]
    if name in ("team", "player", "id"):
        codes = {w: i for i, w in enumerate(words(values))}
        return np.array([np.nan if v is None else codes[v] for v in values], dtype=np.float32)
    return np.array([number(kind, v, unit) for v in values], dtype=np.float32)


def compare(peer, file, columns, what):
    """Every cell of the file against the table's; what differs, as text."""
    kinds = [n for n in ("team", "player", "id") if n in columns]
    try:
        got = read("parquet", tmp / file, "label=y", f"categorical={','.join(kinds)}")
    except ReadError as error:
        return str(error)
    features = [n for n in columns if n != "y"]
    if got.schema["names"] != features or got.rows != ROWS:
        return f"{got.rows} rows of {got.schema['names']}"
    bad = [n for i, n in enumerate(features)
           if not np.array_equal(got.dense[:, i], expected(n, 1000 if peer == "hyparquet" else 1), equal_nan=True)]
    if not np.array_equal(got.labels, expected("y", 1)):
        bad.append("y")
    for n in kinds:
        if got.schema["categories"][str(features.index(n))] != words(COLUMNS[n][1]):
            bad.append(f"the words of {n}")
    return f"other values in {', '.join(bad)}" if bad else ""


REFUSALS = {
    "lz4_raw": r"row group 1 column 1 \(y\): compression 7 \(lz4_raw\) is not supported: use snappy, zstd, gzip or none$",
    "brotli": r"row group 1 column 1 \(y\): compression 4 \(brotli\) is not supported: use snappy, zstd, gzip or none$",
    "struct": r"^\S+: column 'pair' is nested or repeated: only flat tables can be read$",
    "list": r"^\S+: column 'list' is nested or repeated: only flat tables can be read$",
    "uuid": r"row 1 column 2 \(id\): bytes of fixed length, not a number: leave the column out$",
}


def refusal(file, what):
    try:
        read("parquet", tmp / file, "label=y", *(["categorical=team,player"] if what in ("lz4_raw", "brotli") else []))
        ok(f"refused: {what}", False, "accepted")
    except ReadError as error:
        match(f"refused in one line: {what}", str(error), REFUSALS[what])


script = pathlib.Path(__file__).with_name("parquet_peers.mjs")
for peer, least in PEERS.items():
    child = subprocess.run([NODE, script, modules, peer, tmp], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                           timeout=120)
    files = [json.loads(line) for line in child.stdout.splitlines() if line.startswith("{")]
    good = [f for f in files if not f["what"].startswith("refused: ")]
    ok(f"{peer} writes its files", child.returncode == 0 and len(good) >= least, f"{len(good)} files\n{child.stderr[-1500:]}")
    for f in good:
        trouble = compare(peer, **{k: f[k] for k in ("file", "columns", "what")})
        ok(f"{peer}: {f['what']}: {len(f['columns'])} columns as they are", not trouble, trouble)
    for f in files:
        if f["what"].startswith("refused: "):
            refusal(f["file"], f["what"].removeprefix("refused: "))
    if peer in ("duckdb", "hyparquet") and good:
        got = read("parquet", tmp / good[0]["file"], "label=y", "categorical=team,player", "entity=id", "date=when")
        equal(f"{peer}: whole numbers of 60 bits as entities", [got.entity_names[e] for e in got.entities], COLUMNS["id"][1])
        ok(f"{peer}: dates out of times", np.array_equal(got.dates, [int(d.strftime("%Y%m%d")) for d in days]))
done()
