"""The readers against other readers: numpy, the csv module, xgboost's own, on real
files where SAGETOP_TEST_DATA has them and on seeded data."""
import csv
import gzip
import io
import pathlib
import tempfile

from trainer_support import *

try:
    import numpy as np
    from readers_support import *
except ImportError:
    skip_all("python3-numpy is not installed")

folder = tempfile.TemporaryDirectory(prefix="sagetop-readers-")
tmp = pathlib.Path(folder.name)
rng = np.random.default_rng(7)


def same(what, got, expected):
    got, expected = np.asarray(got), np.asarray(expected)
    return ok(what, got.shape == expected.shape and np.array_equal(got, expected, equal_nan=got.dtype.kind == "f"),
              f"shapes {got.shape} {expected.shape}")


def refused(what, expected, *args):
    try:
        read(*args)
        ok(what, False, "accepted")
    except ReadError as error:
        equal(what, str(error), expected)


# --- CSV: seeded numbers in every notation against numpy's parser --------------------
notations = ["%.3f", "%.6g", "%r", "%.17g", "%.18e", "%d", "%.9g", "%+.2f", "%.0f"]
table = rng.normal(size=(3000, len(notations))) * 10.0 ** rng.integers(-6, 7, size=(3000, len(notations)))
lines = []
for row in table:
    cells = [n % (float(v) if n != "%d" else int(v)) for n, v in zip(notations, row)]
    for i in range(1, len(cells)):
        if rng.random() < 0.05:
            cells[i] = rng.choice(["", "nan", "NA", " ", '""'])
    lines.append(",".join(cells))
path = tmp / "a.csv"
path.write_text("\n".join(lines))
expected = np.array([[float("nan") if c.strip('" ').lower() in ("", "nan", "na") else np.float32(c) for c in line.split(",")]
                     for line in lines], dtype=np.float32)
got = read("csv", path)
same("numbers of a CSV file equal numpy's, to the last bit", got.dense, expected[:, 1:])
same("so do its labels", got.labels, expected[:, 0])

packed = tmp / "a.csv.gz"
packed.write_bytes(gzip.compress("\n".join(lines[:1000]).encode() + b"\n") + gzip.compress("\n".join(lines[1000:]).encode()))
same("a gzip file of two members reads the same", read("csv", packed).dense, expected[:, 1:])
cut = tmp / "cut.csv.gz"
cut.write_bytes(packed.read_bytes()[:-9])
refused("a gzip file cut short is refused", f"cut.csv.gz: the gzip data is cut short at byte {cut.stat().st_size}", "csv", cut)
damaged = bytearray(packed.read_bytes())
damaged[len(damaged) // 3] ^= 0x55
cut.write_bytes(damaged)
try:
    read("csv", cut)
    ok("a damaged gzip file is refused", False, "accepted")
except ReadError as error:
    match("a damaged gzip file is refused", str(error), "^cut.csv.gz: damaged gzip data at byte|not a number|columns, expected")

# --- libsvm ---------------------------------------------------------------------------
try:
    import xgboost
except ImportError:
    xgboost = None
path = tmp / "a.libsvm"
dense = np.where(rng.random((500, 40)) < 0.3, rng.normal(size=(500, 40)), np.nan).astype(np.float32)
queries = np.sort(rng.integers(0, 30, 500))
path.write_text("".join(
    f"{i % 3} qid:{queries[i]} " + " ".join(f"{j}:{float(v)!r}" for j, v in enumerate(row) if v == v) + "\n"
    for i, row in enumerate(dense)))
got = read("libsvm", path)
if xgboost:
    m = xgboost.DMatrix(str(path))
    reference = m.get_data()
    same("libsvm values equal those of xgboost's reader", got.values, reference.data)
    same("so do the column indices", got.indices, reference.indices)
    same("and the row starts", got.indptr, reference.indptr)
    same("and the labels", got.labels, m.get_label())
else:
    skip("libsvm against xgboost's reader", "python3-xgboost is not installed")
same("query ids", got.query_ids, queries)

if DATA:
    for name in ["abalone.train_0.libsvm", "abalone.train_1.libsvm", "abalone.validation.libsvm"]:
        if not xgboost:
            skip(name, "python3-xgboost is not installed")
            continue
        got, m = read("libsvm", f"{DATA}/{name}"), xgboost.DMatrix(f"{DATA}/{name}")
        reference = m.get_data()
        text = pathlib.Path(f"{DATA}/{name}").read_text()
        same(f"{name}: values rounded as numpy does",
             got.values, np.array([c.split(":")[1] for c in text.split() if ":" in c], dtype=np.float32))
        # xgboost's own parser of text is off by one unit in the last place here and there
        ok(f"{name}: values as xgboost reads them, to one unit in the last place",
           np.abs(got.values.view(np.int32) - reference.data.view(np.int32)).max() <= 1)
        same(f"{name}: indices", got.indices, reference.indices)
        same(f"{name}: labels", got.labels, m.get_label())
    rows = list(csv.DictReader(io.TextIOWrapper(gzip.open(f"{DATA}/california_housing.csv.gz"))))
    got = read("csv", f"{DATA}/california_housing.csv.gz", "header", "label=median_house_value",
               "categorical=ocean_proximity")
    names = [n for n in rows[0] if n != "median_house_value"]
    kinds = list(dict.fromkeys(r["ocean_proximity"] for r in rows))
    equal("housing: feature names", got.schema["names"], names)
    equal("housing: categories in the order of their first appearance",
          got.schema["categories"], {str(names.index("ocean_proximity")): kinds})
    expected = [[kinds.index(r[n]) if n == "ocean_proximity" else float(r[n] or "nan") for n in names] for r in rows]
    same("housing: every cell", got.dense, np.array(expected, dtype=np.float32))
    equal("housing: 207 missing cells", int(np.isnan(got.dense).sum()), 207)
    refused("housing: the text column undeclared is named",
            "california_housing.csv.gz line 2 column 10: (ocean_proximity) 'NEAR BAY' is not a number",
            "csv", f"{DATA}/california_housing.csv.gz", "header", "label=median_house_value")
    rows = list(csv.DictReader(io.TextIOWrapper(gzip.open(f"{DATA}/nba-gamelogs-2017-18.csv.gz"))))
    got = read("csv", f"{DATA}/nba-gamelogs-2017-18.csv.gz", "header", "label=dk_fpts", "entity=player_name",
               "date=season_date", "categorical=team,opp,dk_pos", "ignore=game_id,player_id")
    same("game logs: entities", [got.entity_names[e] for e in got.entities], [r["player_name"] for r in rows])
    same("game logs: dates", got.dates, [int(r["season_date"]) for r in rows])
    same("game logs: labels", got.labels, np.array([float(r["dk_fpts"]) for r in rows], dtype=np.float32))
else:
    skip("real files", "SAGETOP_TEST_DATA is not set")

# --- RecordIO ---------------------------------------------------------------------------
values = rng.normal(size=(200, 12)).astype(np.float32)
values[3, 4] = np.nan
labels = rng.integers(0, 2, 200)
for kind in ["float32", "float64", "int32"]:
    source = np.nan_to_num(values * 100).astype(np.int32) if kind == "int32" else values
    for is_packed in [True, False]:
        path = tmp / "a.rec"
        path.write_bytes(b"".join(record(tensor(row, kind=kind, packed=is_packed), tensor([l], kind=kind))
                                  for row, l in zip(source, labels)))
        got = read("recordio-protobuf", path)
        same(f"RecordIO of {kind}, {'packed' if is_packed else 'one by one'}", got.dense, source.astype(np.float32))
        same("its labels", got.labels, labels.astype(np.float32))
packed = tmp / "a.rec.gz"
packed.write_bytes(gzip.compress(path.read_bytes()))
same("the same out of gzip", read("recordio-protobuf", packed).dense, source.astype(np.float32))
rows = [sorted(rng.choice(50, rng.integers(0, 9), replace=False).tolist()) for _ in range(300)]
path.write_bytes(b"".join(record(tensor([k / 4 for k in keys], keys=keys[::1], shape=60), tensor([1])) for keys in rows))
got = read("recordio-protobuf", path)
same("sparse RecordIO: keys", got.indices, [k for keys in rows for k in keys])
same("sparse RecordIO: values", got.values, np.array([k / 4 for keys in rows for k in keys], dtype=np.float32))
same("sparse RecordIO: row starts", got.indptr, np.cumsum([0] + [len(k) for k in rows]))
equal("sparse RecordIO: columns from the shape", got.columns, 60)
good = record(tensor([1, 2]), tensor([1]))
for what, data, message in [
    ("a record of another width", good + record(tensor([1, 2, 3]), tensor([1])), "record 2: 3 features, expected 2"),
    ("a record without label", good + record(tensor([1, 2])), "record 2: the label 'values' is missing"),
    ("a label that is no number", record(tensor([1, 2]), tensor([float("nan")])),
     "record 1: the label is not one finite number"),
    ("a file cut short", (good * 3)[:-5], "record 3: not a RecordIO record, or cut short"),
    ("another file", b"1,2,3\n" * 4, "record 1: not a RecordIO record, or cut short"),
    ("an infinite value", good + record(tensor([1, float("inf")]), tensor([1])),
     "record 2 column 2: infinite, or too large for a 32-bit float"),
    ("two keys alike", record(tensor([1, 2], keys=[7, 7]), tensor([1])), "record 1: key 7 appears twice"),
    ("a key too many", record(tensor([1, 2], keys=[7]), tensor([1])), "record 1: 1 keys for 2 values"),
    ("ten million columns", record(tensor([1], keys=[10000000]), tensor([1])),
     "record 1: key 10000000 is above the limit of 4000000 columns"),
]:
    path.write_bytes(data)
    expected = f"a.rec {message}" if message.startswith("record") else f"a.rec: {message}"
    refused(f"RecordIO: {what} is refused", expected, "recordio-protobuf", path)
done()
