"""The Parquet reader against files of tests/interop/parquet_writer.py: every codec,
encoding, page version and type, missing cells, roles of columns, and refusals."""
import datetime
import itertools
import pathlib
import shutil
import tempfile

from trainer_support import *

try:
    import numpy as np
    from readers_support import *
except ImportError:
    skip_all("python3-numpy is not installed")
from parquet_writer import *

folder = tempfile.TemporaryDirectory(prefix="sagetop-parquet-")
tmp = pathlib.Path(folder.name)
path = tmp / "a.parquet"
path.write_bytes(b"x")
try:
    read("parquet", path)
except ReadError as error:
    if "built without Parquet" in str(error):
        match("a build without Parquet says so", str(error), "--with-parquet")
        done()
rng = np.random.default_rng(5)


def same(what, got, expected):
    got, expected = np.asarray(got), np.asarray(expected)
    return ok(what, got.shape == expected.shape and np.array_equal(got, expected, equal_nan=got.dtype.kind == "f"),
              f"shapes {got.shape} {expected.shape}")


def refused(what, expected, *options):
    try:
        read("parquet", path, *options)
        ok(what, False, "accepted")
    except ReadError as error:
        equal(what, str(error), expected)


def holes(values, share=0.2):
    return [None if rng.random() < share else v for v in values]


def as_float(values):
    return np.array([np.nan if v is None else float(v) for v in values], dtype=np.float32)


ROWS = 2500
columns = [
    Column("y", DOUBLE, rng.normal(size=ROWS).tolist()),
    Column("f", FLOAT, [float(np.float32(v)) for v in rng.normal(size=ROWS)]),
    Column("i", INT32, holes(rng.integers(-1000, 1000, ROWS).tolist())),
    Column("l", INT64, holes(rng.integers(-10**12, 10**12, ROWS).tolist())),
    Column("b", BOOLEAN, holes([bool(v) for v in rng.integers(0, 2, ROWS)])),
    Column("d", DOUBLE, holes(rng.normal(size=ROWS).tolist(), 0.9)),
    Column("few", INT32, holes([int(v) * 7 for v in rng.integers(0, 5, ROWS)]), dictionary=True),
    Column("many", DOUBLE, [float(v) / 8 for v in rng.integers(0, 900, ROWS)], dictionary=True),
    Column("runs", INT64, [i // 300 for i in range(ROWS)], dictionary=True),
    Column("one", FLOAT, [2.5] * ROWS, optional=True, dictionary=True),
    Column("delta", INT32, holes(rng.integers(-2**31, 2**31, ROWS).tolist()), encoding=DELTA),
    Column("long", INT64, holes(rng.integers(-2**63, 2**63 - 1, ROWS).tolist()), encoding=DELTA),
    Column("rising", INT64, [10**12 + 60000 * i for i in range(ROWS)], encoding=DELTA),
    Column("split", DOUBLE, holes(rng.normal(size=ROWS).tolist()), encoding=SPLIT),
    Column("parts", INT32, rng.integers(-2**31, 2**31, ROWS).tolist(), encoding=SPLIT),
    Column("yes", BOOLEAN, holes([bool(v) for v in rng.integers(0, 2, ROWS)]), encoding=RLE),
    Column("none", FLOAT, [None] * ROWS),
]
expected = np.column_stack([as_float(c.values) for c in columns[1:]])
codecs = ["none", "snappy", "gzip"] + (["zstd"] if shutil.which("zstd") else [])
for codec, version, (page_rows, group_rows) in itertools.product(codecs, [1, 2], [(10000, 10000), (170, 900)]):
    path.write_bytes(parquet(columns, codec, version, page_rows, group_rows))
    got = read("parquet", path)
    what = f"{codec}, pages of version {version}, {-(-ROWS // group_rows)} row groups of {-(-min(ROWS, group_rows) // page_rows)} pages"
    same(what, got.dense, expected)
    same(f"{what}: labels", got.labels, as_float(columns[0].values))
equal("names", got.schema["names"], [c.name for c in columns[1:]])
players = [f"player {int(v):03d}{'!' * (int(v) % 4)}" for v in rng.integers(0, 300, ROWS)]
for encoding, what in [(PLAIN, "plain"), (DELTA_LENGTH, "delta lengths"), (DELTA_STRINGS, "delta strings")]:
    path.write_bytes(parquet([columns[0], columns[1], Column("who", BYTE_ARRAY, holes(players), encoding=encoding)], "gzip", 2, 170, 900))
    got = read("parquet", path, "categorical=who")
    kinds = got.schema["categories"]["1"]
    path.write_bytes(parquet([columns[0], columns[1], Column("who", BYTE_ARRAY, players, encoding=encoding)], "none", 1, 170, 900))
    got = read("parquet", path, "entity=who")
    equal(f"text in {what}", [got.entity_names[e] for e in got.entities], players)
    ok(f"text in {what}, with gaps", set(kinds) <= set(players) and len(kinds) > 100, len(kinds))
damaged = bytearray(path.read_bytes())
damaged[damaged.index(b"player")] ^= 1
path.write_bytes(damaged)
refused("a page whose checksum does not fit is refused",
        "a.parquet row group 1 column 3 (who): a page is damaged: its checksum does not fit", "entity=who")
two = tmp / "two"
two.mkdir()
(two / "1.parquet").write_bytes(parquet(columns))
(two / "2.parquet").write_bytes(parquet(columns, "snappy", 2))
same("two files", read("parquet", two).dense, np.vstack([expected, expected]))

# --- types with a meaning, and roles ----------------------------------------------------
days = [datetime.date(1969, 12, 31) + datetime.timedelta(days=int(n)) for n in [0, 1, 59, 60, 790, 11016, 17520, 21000]]
n = len(days)
teams = ["red", "blue", None, "red", "grün", "blue", "", "red"]
path.write_bytes(parquet([
    Column("who", BYTE_ARRAY, [f"p{i % 3}" for i in range(n)], dictionary=True),
    Column("day", INT32, [(d - datetime.date(1970, 1, 1)).days for d in days], converted=6),
    Column("team", BYTE_ARRAY, teams, dictionary=True, converted=0),
    Column("w", FLOAT, [0.5] * n),
    Column("price", INT64, [12345, -1, 0, 7, 100, 99, 1, 5], converted=5, scale=2),
    Column("big", INT32, [-1] * n, converted=13),
    Column("kind", INT32, [3, 1, 3, 2, 1, 1, 1, 3]),
    Column("note", BYTE_ARRAY, ["text"] * n),
    Column("y", INT32, list(range(n))),
]))
got = read("parquet", path, "label=y", "entity=who", "date=day", "categorical=team,kind", "ignore=note")
equal("entities", [got.entity_names[e] for e in got.entities], [f"p{i % 3}" for i in range(n)])
same("dates, from days since 1970", got.dates, [int(d.strftime("%Y%m%d")) for d in days])
equal("the features", got.schema["names"], ["team", "w", "price", "big", "kind"])
equal("categories, of text and of numbers", got.schema["categories"], {"0": ["red", "blue", "grün"], "4": ["3", "1", "2"]})
same("their codes", got.dense[:, 0], as_float([0, 1, None, 0, 2, 1, None, 0]))
same("a decimal", got.dense[:, 2], as_float([123.45, -0.01, 0, 0.07, 1, 0.99, 0.01, 0.05]))
same("an unsigned integer", got.dense[:, 3], as_float([4294967295] * n))
refused("text undeclared is refused",
        "a.parquet row 1 column 8 (note): text, not a number: make the column categorical or leave it out",
        "label=y", "entity=who", "date=day", "categorical=team,kind")

# --- the index of a frame, as the file's metadata name it: of each file by itself ------------------
kept = [Column("y", FLOAT, [float(i) for i in range(n)]), Column("a", FLOAT, [1.5] * n), Column("b", INT32, [7] * n)]
index = Column("id", INT64, list(range(100, 100 + n)))


def pandas_file(columns, *names, **more):
    pairs = {"ARROW:schema": "x", "pandas": json.dumps({"index_columns": [*names], "columns": [{"name": "a"}]}), **more}
    return parquet(columns, pairs=pairs, group_rows=3)


path.write_bytes(parquet(kept))
plain_rows = read("parquet", path).dense
numbers_only = {"kind": "range", "name": None, "start": 0, "stop": n, "step": 1}
for what, columns, names in [
    ("last", [*kept, index], ["id"]), ("first", [index, *kept], ["id"]), ("in between", [kept[0], index, *kept[1:]], ["id"]),
    ("of two levels", [index, *kept, Column("__index_level_1__", BYTE_ARRAY, ["x"] * n)], ["id", "__index_level_1__"]),
    ("that is numbers alone", kept, [numbers_only]), ("of a name that no column has", kept, ["gone"]),
]:
    path.write_bytes(pandas_file(columns, *names))
    got = read("parquet", path)
    equal(f"an index {what}: its names", got.schema["names"], ["a", "b"])
    same(f"an index {what}: the rows without it", got.dense, plain_rows)
path.write_bytes(pandas_file([*kept, index], "id"))
equal("an index that the job names is data", read("parquet", path, "entity=id").entity_names, [str(100 + i) for i in range(n)])
path.write_bytes(pandas_file([kept[0], index], "id", "y"))
equal("where all columns are the index they are data", read("parquet", path).schema["names"], ["id"])
for broken in ("", "{", "[]", '{"index_columns": 3}', '{"index_columns": [3, null]}', '{"index_columns": "id"}'):
    path.write_bytes(pandas_file([*kept, index], pandas=broken))
    equal(f"metadata without sense ({broken}) say nothing", read("parquet", path).schema["names"], ["a", "b", "id"])
parts = tmp / "parts"
parts.mkdir()
for order in (1, -1):
    for i, data in enumerate([parquet(kept), pandas_file([*kept, index], "id"), pandas_file([Column(c.name, c.kind, []) for c in [*kept, index]], "id")][::order]):
        (parts / f"{i}.parquet").write_bytes(data)
    same(f"files with an index and without, one empty ({order})", read("parquet", parts).dense, np.vstack([plain_rows] * 2))

# --- decimals of many bytes, half floats, times: as pandas, Spark and DuckDB have them -----------
times = [datetime.datetime(1970, 1, 1) + datetime.timedelta(days=int(d), seconds=86399) for d in [0, -1, 59, 60, 790, 11016, 17520, 21000]]
since = [(t - datetime.datetime(1970, 1, 1)) // datetime.timedelta(microseconds=1) for t in times]
cents = [12345, -1, 0, 7, -10**20, 10**20 + 1, 127, -128]
julian = b"".join(struct.pack("<qi", us % 86400000000 * 1000, us // 86400000000 + 2440588) for us in since)


def logical(number, fields):
    return record({number: record(fields)})


when = {
    "milliseconds": Column("when", INT64, [us // 1000 for us in since], converted=9),
    "microseconds": Column("when", INT64, since, logical=logical(8, {1: boolean(True), 2: record({2: record({})})})),
    "nanoseconds": Column("when", INT64, [us * 1000 for us in since], logical=logical(8, {1: boolean(False), 2: record({3: record({})})})),
    "INT96": Column("when", INT96, [julian[i:i + 12] for i in range(0, len(julian), 12)]),
    "a logical type of a day": Column("when", INT32, [us // 86400000000 for us in since], logical=logical(6, {})),
}
for what, column in when.items():
    path.write_bytes(parquet([
        Column("y", FLOAT, [1.0] * n), Column("who", INT64, [2**60 + i // 4 for i in range(n)]), column,
        Column("bytes", BYTE_ARRAY, [v.to_bytes(10, "big", signed=True) for v in cents], converted=5, scale=2),
        Column("fixed", FIXED, [v.to_bytes(16, "big", signed=True) for v in cents], logical=logical(5, {1: i32(2), 2: i32(38)}), width=16),
        Column("half", FIXED, [np.float16(v).tobytes() for v in [0, -1.5, 65504, 6e-8, 1 / 3, -2, 100, 0.1]], logical=logical(15, {}), width=2),
        Column("wide", INT64, [-1] * n, logical=logical(10, {1: (3, b"\x40"), 2: boolean(False)})),
        Column("__index_level_0__", INT64, list(range(n))),
    ]))
    got = read("parquet", path, "entity=who", "date=when")
    same(f"dates out of {what}", got.dates, [int(t.strftime("%Y%m%d")) for t in times])
    equal(f"entities of 60 bits beside {what}", got.entity_names, [str(2**60), str(2**60 + 1)])
equal("the index that pandas leaves is no feature", got.schema["names"], ["bytes", "fixed", "half", "wide"])
for i in range(2):
    same(f"decimals in {got.schema['names'][i]}", got.dense[:, i], as_float([v / 100 for v in cents]))
same("half floats", got.dense[:, 2], np.float16([0, -1.5, 65504, 6e-8, 1 / 3, -2, 100, 0.1]).astype(np.float32))
same("an unsigned 64-bit number", got.dense[:, 3], as_float([2**64 - 1] * n))
path.write_bytes(parquet([Column("y", FLOAT, [1.0]), Column("id", FIXED, [b"0" * 16], width=16)]))
refused("bytes of fixed length are refused", "a.parquet row 1 column 2 (id): bytes of fixed length, not a number: leave the column out")
refused("as words too", "a.parquet row 1 column 2 (id): bytes of fixed length, neither text nor a number", "categorical=id")

# --- refusals -------------------------------------------------------------------------------
y = Column("y", FLOAT, [1.0, 2.0, 3.0])
x = Column("x", FLOAT, [1.0, 2.0, 3.0])
good = parquet([y, x])
for what, data, message in [
    ("a missing label", parquet([Column("y", FLOAT, [1.0, None, 2.0]), x]), "a.parquet row 2: the label is missing"),
    ("an infinite value", parquet([y, Column("x", DOUBLE, [1.0, 1e300, 2.0])]),
     "a.parquet row 2 column 2 (x): too large for a 32-bit float"),
    ("no rows", parquet([Column("y", FLOAT, []), Column("x", FLOAT, [])]), "a.parquet: the data has no rows"),
    ("brotli", parquet([y, x], "brotli"),
     "a.parquet row group 1 column 1 (y): compression 4 (brotli) is not supported: use snappy, zstd, gzip or none"),
    ("another file", b"y,x\n1,2\n" * 3, "a.parquet: not a Parquet file, or cut short"),
    ("a file cut short", good[:-20], "a.parquet: not a Parquet file, or cut short"),
    ("a footer longer than the file", good[:-8] + b"\xff\xff\xff\x7fPAR1", "a.parquet: the Parquet footer is larger than the file"),
    ("an encrypted file", b"PARE" + good[4:], "a.parquet: encrypted Parquet cannot be read"),
    ("one column only", parquet([y]), "a.parquet: there are no feature columns (1 column in all)"),
]:
    path.write_bytes(data)
    refused(f"{what} is refused", message)
nested = record({1: i32(1), 2: array([record({4: text("schema"), 5: i32(1)}), record({4: text("list"), 5: i32(1), 3: i32(2)}),
                                     record({1: i32(1), 4: text("item"), 3: i32(0)})]), 3: i64(0), 4: array([])})[1]
path.write_bytes(b"PAR1" + nested + struct.pack("<I", len(nested)) + b"PAR1")
refused("a nested table is refused", "a.parquet: column 'list' is nested or repeated: only flat tables can be read")
(two / "2.parquet").write_bytes(parquet([y, Column("z", FLOAT, [1.0, 2.0, 3.0])]))
(two / "1.parquet").write_bytes(good)
try:
    read("parquet", two)
    ok("another column in the second file is refused", False)
except ReadError as error:
    equal("another column in the second file is refused", str(error), "two/2.parquet: column 2 is 'z', in the first file 'x'")

# --- damage anywhere: a refusal or other numbers, never a crash -----------------------------------
base = parquet(columns[:8], "snappy", 2, 170, 900)[:]
small = parquet([Column(c.name, c.kind, c.values[:60], c.optional, c.dictionary) for c in columns], "none", 1, 25, 40)
crashed = []
for data in (small, base):
    for i in range(150):
        damaged = bytearray(data)
        for _ in range(1 + i % 4):
            damaged[int(rng.integers(len(damaged)))] = int(rng.integers(256))
        path.write_bytes(damaged[:len(data) - (i % 5 == 4) * int(rng.integers(len(data)))])
        status = subprocess.run([DUMP, "parquet", path], capture_output=True)
        if status.returncode not in (0, 1):
            crashed.append((status.returncode, status.stderr[-300:]))
ok("three hundred damaged files: none crashes the reader", not crashed, crashed[:2])
done()
