"""Hostile input to the real program: odd files and folders, cells that are no numbers,
full disks, files that vanish under its feet. Each ends in one line of cause: first in
the failure file, on standard error too, with nothing left behind."""
import gzip
import os
import random
import signal
import struct

from trainer_support import *

SANITIZED = "libasan" in subprocess.run(["ldd", TRAINER], capture_output=True, text=True).stdout
GOOD = "".join(f"{i % 7}.5,{i},{i * i % 11}\n" for i in range(50))
NAMED = "y,a,b\n" + GOOD
# 50 records of two features and a label, as SageMaker writes them
def record_of(label, *features):
    tensor = lambda values: bytes([18, 2 + 4 * len(values), 10, 4 * len(values)]) + struct.pack(f"<{len(values)}f", *values)
    entry = lambda number, values: (lambda body: bytes([number << 3 | 2, len(body)]) + body)(b"\x0a\x06values\x12" + bytes([len(tensor(values))]) + tensor(values))
    body = entry(1, features) + entry(2, [label])
    return struct.pack("<II", 0xCED7230A, len(body)) + body + bytes(-len(body) % 4)


RECORDS = b"".join(record_of(i % 7, i, i * i % 11) for i in range(50))
CSV, LIBSVM, PARQUET, RECORDIO = "text/csv", "text/libsvm", "application/x-parquet", "application/x-recordio-protobuf"


def finish(job, child):
    job.out, job.err = child.communicate(timeout=300)
    job.status = child.returncode
    return job


def job_of(files, content_type=CSV, validation=None, hyper=None, **config):
    job = Job(**{"num_round": 2, **(hyper or {})})
    job.channel("train", files if isinstance(files, dict) else {"a.csv": files}, content_type, **config)
    if validation is not None:
        job.channel("validation", {"b.csv": validation}, content_type)
    return job


def one_line_of_cause(what, job, cause, kind="ClientError", model=False):
    """cause: all of the reason behind its class, as a regular expression."""
    reason = job.failure()
    left = [str(p) for p in job.root.rglob("*") if p.is_file() and re.search(r"\.\w{6}$|tmp|spill", p.name)]
    good = (job.status == 1 and reason is not None and re.fullmatch(f"{kind}: {cause}", reason) and len(reason) <= 1024
            and job.err.rstrip("\n") == reason and job.model().exists() == model and not left)
    ok(f"refused: {what}", good, f"wanted /{cause}/\nreason: {reason!r}\nleft: {left}\n{job.log()}")


def refused(what, files, cause, content_type=CSV, prepare=None, **kwargs):
    with job_of(files, content_type, **kwargs) as job:
        if prepare:
            prepare(job.root / "input/data/train")
        one_line_of_cause(what, job.run(), cause)


def accepted(what, files, rows, content_type=CSV, **kwargs):
    with job_of(files, content_type, **kwargs) as job:
        job.run()
        ok(f"accepted: {what}", job.status == 0 and f"channel train: {rows} rows" in job.out and job.failure() is None, job.log())


# --- folders and files -----------------------------------------------------------------------
accepted("three folders deep", {"a/b/c/a.csv": GOOD}, 50)
refused("four folders deep", {"a/b/c/d/a.csv": GOOD}, "channel train: train/a/b/c/d: folders may be nested 3 deep at most")
refused("a dot file", {"a.csv": GOOD, ".a.csv.swp": "x"}, r"channel train: train/\.a\.csv\.swp: hidden files are not data: remove it from the channel")
# what tools leave beside their parts, and parts with nothing in them
for name, content in [("_SUCCESS", ""), ("_SUCCESS", "{}"), (".part-0.csv.crc", "x"), ("_metadata", "x"), ("_common_metadata", "x"), ("_started_17", ""),
                      ("_committed_17", "{}"), ("part_$folder$", ""), (".ipynb_checkpoints/a-checkpoint.csv", GOOD), ("_temporary/0/x", "1"),
                      ("_delta_log/0.json", "{}"), ("sub/_SUCCESS", ""), (".DS_Store", "x")]:
    accepted(f"{name} beside the parts", {"a.csv": GOOD, name: content}, 50)
refused("nothing but a marker", {"_SUCCESS": ""}, "channel train: train: the channel has no file")
accepted("a name that only begins like a marker's", {"_rows.csv": GOOD}, 50)


def passed_over(what, files, rows, names, content_type=CSV):
    with job_of(files, content_type) as job:
        job.run()
        notes = re.findall(r"^channel train: (\S+) is empty and passed over$", job.out, re.M)
        ok(f"passed over, and said: {what}", job.status == 0 and f"channel train: {rows} rows" in job.out and notes == names, job.log())


passed_over("a part of no bytes", {"a.csv": GOOD, "b.csv": "", "c.csv": GOOD}, 100, ["train/b.csv"])
passed_over("the first and the last part of no bytes", {"a.csv": "", "b.csv": GOOD, "c.csv": ""}, 50, ["train/a.csv", "train/c.csv"])
passed_over("a part of blank lines", {"a.csv": GOOD, "b.csv": "\n \n", "c.csv": GOOD}, 100, ["train/b.csv"])
passed_over("a last part of blank lines", {"a.csv": GOOD, "b.csv": "\n"}, 50, ["train/b.csv"])
passed_over("nothing out of gzip", {"a.gz": gzip.compress(b""), "b.gz": gzip.compress(GOOD.encode())}, 50, ["train/a.gz"])
passed_over("nothing out of gzip at the end", {"b.gz": gzip.compress(GOOD.encode()), "c.gz": gzip.compress(b"")}, 50, ["train/c.gz"])
passed_over("libsvm: nothing out of gzip", {"a": "1 0:1\n0 0:2\n" * 30, "b": gzip.compress(b""), "c": ""}, 60, ["train/c", "train/b"], LIBSVM)
passed_over("RecordIO: nothing out of gzip", {"a": gzip.compress(b""), "b": RECORDS, "c": gzip.compress(b""), "d": gzip.compress(RECORDS), "e": b""}, 100,
            ["train/e", "train/a", "train/c"], RECORDIO)
refused("RecordIO: nothing but nothing out of gzip", {"a": gzip.compress(b""), "b": gzip.compress(b"")}, r"channel train: train/a: the data has no rows", RECORDIO)
refused("nothing but empty parts", {"a.csv": "", "b.csv": ""}, r"channel train: train/a\.csv: the file is empty, and so are the others")
refused("nothing but empty parts, packed", {"a.gz": gzip.compress(b""), "b.gz": gzip.compress(b"")}, r"channel train: train/a\.gz: the data has no rows")
# old line ends
refused("lines that end with CR alone", GOOD.replace("\n", "\r"), r"channel train: train/a\.csv: its lines end with carriage returns alone \(CR.*")
refused("libsvm lines that end with CR alone", "1 0:1\r0 0:2\r" * 30, r"channel train: train/a\.csv: its lines end with carriage returns alone \(CR.*", LIBSVM)
accepted("lines that end with CR CR LF", GOOD.replace("\n", "\r\r\n"), 50)
for mode in ("File", "FastFile"):
    refused(f"a FIFO in mode {mode}", GOOD, r"channel train: train/p\.csv: not a regular file",
            prepare=lambda folder: os.mkfifo(folder / "p.csv"), TrainingInputMode=mode)
refused("a folder that leads into itself", GOOD, "channel train: train/(loop/train/?)+: folders may be nested 3 deep at most",
        prepare=lambda folder: os.symlink("..", folder / "loop"))
refused("a link to itself", GOOD, "channel train: train/self: Too many levels of symbolic links",
        prepare=lambda folder: os.symlink("self", folder / "self"))
refused("a link to nowhere", GOOD, r"channel train: train/x\.csv: No such file or directory",
        prepare=lambda folder: os.symlink("/nonexistent/x", folder / "x.csv"))
with job_of(GOOD) as job:
    (job.root / "input/data/train/a.csv").chmod(0)
    nobody = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    if nobody:
        for path in [job.root, *job.root.rglob("*")]:
            os.chown(path, 65534, 65534)
    job.write_config()
    try:
        child = subprocess.Popen([TRAINER, "train"], env={**os.environ, "SAGETOP_ML_ROOT": str(job.root)}, text=True,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, **nobody)
    except PermissionError:
        skip("refused: an unreadable file", "nobody but root can start the program")
    else:
        one_line_of_cause("an unreadable file", finish(job, child), r"channel train: train/a\.csv: Permission denied", "AlgorithmError")

# --- bytes -------------------------------------------------------------------------------------
accepted("lines that end in CR LF", GOOD.replace("\n", "\r\n"), 50)
accepted("a byte order mark", b"\xef\xbb\xbf" + GOOD.encode(), 50)
accepted("a byte order mark before the header", {"a.csv": b"\xef\xbb\xbf" + NAMED.encode()}, 50, hyper={"header": "true", "label_column": "y"})
refused("zero bytes in a cell", GOOD + "1,2\0,3\n", r"channel train: train/a\.csv line 51 column 2: the cell holds a zero byte")
refused("zero bytes at the end", GOOD.encode() + bytes(100), r"channel train: train/a\.csv line 51 column 1: the cell holds a zero byte")
refused("UTF-16", GOOD.encode("utf-16"), r"channel train: train/a\.csv: this is UTF-16 text: save it as UTF-8")
refused("Parquet said to be CSV", b"PAR1" + bytes(range(256)) + b"PAR1", r"channel train: train/a\.csv: this is a Parquet file: set the content type application/x-parquet")
refused("a zip archive", b"PK\3\4" + bytes(range(256)), r"channel train: train/a\.csv: this is a zip archive: put its files into the channel, or pack them with gzip", LIBSVM)
refused("CSV without a content type", GOOD, r"channel train: train/a\.csv line 1 column 1: '0\.5,0,0' is not a label \(this looks like CSV: set the content type text/csv\)", None)
refused("libsvm said to be CSV", "1 0:1 1:2\n", r"channel train: train/a\.csv line 1 column 2: '0:1' is not a number \(this looks like libsvm: set the content type text/libsvm\)")
refused("CSV said to be Parquet", GOOD, r"channel train: train/a\.csv: not a Parquet file, or cut short", PARQUET)
refused("CSV said to be RecordIO", GOOD, r"channel train: train/a\.csv record 1: not a RecordIO record, or cut short", RECORDIO)
for content_type in (CSV, LIBSVM, RECORDIO):
    refused(f"nothing out of gzip as {content_type}", {"a.gz": gzip.compress(b"")}, r"channel train: train/a\.gz: the file is empty", content_type)
refused("blank lines only", "\n  \n\n", r"channel train: train/a\.csv: the file is empty")
refused("a header and nothing else", "y,a,b\n", r"channel train: train/a\.csv: the data has no rows", hyper={"header": "true"})

# --- cells ----------------------------------------------------------------------------------------
for cell in ("0x10", "0x1p3", "inf", "-inf", "Infinity", "1_000", "1d5", "1e", "1e+", "--1", "+-1", ".", "+", "1 2", "'1'", "1%", "$1",
             "true", "#N/A", "?", "1e5f", "1.2.3", "\u0661", "1\u00a0000", "nan(1)"):
    refused(f"the cell {cell}", GOOD + f"1,{cell},3\n", rf"channel train: train/a\.csv line 51 column 2: '{re.escape(cell)}' is not a number")
for cell in ("1e400", "-1e400", "3.5e38", "9" * 40):
    refused(f"the cell {cell}", GOOD + f"1,{cell},3\n", rf"channel train: train/a\.csv line 51 column 2: '{cell}' is too large for a 32-bit float")
for cell in ("nan", "NaN", "NA", "null", "None", "", " ", '""', "1e-400", " 1 ", '"1"', "+1", "1.", ".5", "1E3"):
    accepted(f"the cell '{cell}'", GOOD + f"1,{cell},3\n", 51)
refused("a comma for the point", GOOD + "1,1,5,3\n", r"channel train: train/a\.csv line 51 column 4: the row has 4 columns, expected 3")
refused("another separator in one line", GOOD + "1;2;3\n", r"channel train: train/a\.csv line 51 column 1: '1;2;3' is not a number")
accepted("points and semicolons", GOOD.replace(",", ";"), 50)
refused("commas for points between semicolons", GOOD.replace(",", ";").replace(".", ","), r"channel train: train/a\.csv line 1 column 1: '0,5' is not a number .*")
refused("another separator in the second file", {"a.csv": GOOD, "b.csv": GOOD.replace(",", ";")}, r"channel train: train/b\.csv line 1 column 1: '0\.5;0;0' is not a number .*")
refused("a quote that is never closed", GOOD + '1,"2,3\n' + GOOD, r"channel train: train/a\.csv line 51 column 2: unterminated quote")
refused("text behind a quote", GOOD + '1,"2"x,3\n', r"channel train: train/a\.csv line 51 column 2: text behind a closing quote")
refused("a label that is NaN", GOOD + "nan,1,3\n", r"channel train: train/a\.csv line 51 column 1: the label is missing")
refused("a label that is infinite", GOOD + "inf,1,3\n", r"channel train: train/a\.csv line 51 column 1: 'inf' is not a number")
refused("a label that is NaN in libsvm", "1 0:1\nnan 0:1\n", r"channel train: train/a\.csv line 2 column 1: 'nan' is not a label", LIBSVM)

# --- labels, for every objective that has a rule for them --------------------------------------------
RULES = {
    "reg:squaredlogerror": [("-1", "greater than -1"), ("-2.5", "greater than -1")],
    "reg:logistic": [("1.01", r"in \[0, 1\]"), ("-0.01", r"in \[0, 1\]")],
    "reg:gamma": [("0", "greater than 0"), ("-1", "greater than 0")],
    "reg:tweedie": [("-0.01", "0 or more")],
    "count:poisson": [("-1", "0 or more")],
    "binary:logistic": [("2", r"in \[0, 1\]"), ("-1", r"in \[0, 1\]")],
    "binary:logitraw": [("1.5", r"in \[0, 1\]")],
    "binary:hinge": [("0.5", "0 or 1"), ("-1", "0 or 1")],
    "multi:softmax": [("3", r"a whole number in \[0, num_class\)"), ("1.5", r"a whole number in \[0, num_class\)"), ("-1", r"a whole number in \[0, num_class\)")],
    "multi:softprob": [("3", r"a whole number in \[0, num_class\)")],
    "rank:ndcg": [("32", r"a whole number in \[0, 31\]"), ("0.5", r"a whole number in \[0, 31\]"), ("-1", r"a whole number in \[0, 31\]")],
    "rank:map": [("2", "0 or 1")],
    "survival:cox": [("0", r"a time \(not 0; negative where it is right-censored\)")],
    "survival:aft": [("0", r"a time \(not 0; negative where it is right-censored\)")],
}
for objective, cases in RULES.items():
    hyper = {"objective": objective, **({"num_class": 3} if objective.startswith("multi:") else {})}
    for label, rule in cases:
        refused(f"the label {label} of {objective}", f"1,1\n1,2\n{label},3\n", f"channel train: row 3: label {label} must be {rule} for {objective}", hyper=hyper)
    if objective.startswith(("binary:", "multi:")):
        refused(f"one class only of {objective}", "1,1\n1,2\n1,3\n", f"channel train: all 3 labels are 1: {objective} needs more than one class", hyper=hyper)
refused("a label out of range in the validation channel", "1,1\n0,2\n", "channel validation: row 2: label 7 must be 0 or 1 for binary:hinge",
        hyper={"objective": "binary:hinge"}, validation="1,1\n7,2\n")
refused("comments and no rows in libsvm", "# nothing\n\n# here\n", r"channel train: train/a\.csv: the data has no rows", LIBSVM)

# --- columns ----------------------------------------------------------------------------------------
named = {"header": "true"}
refused("a name twice in the header", "y,a,a\n" + GOOD, r"channel train: train/a\.csv line 1 column 3: the header has the name 'a' twice", hyper=named)
refused("a column without a name", "y,,a\n" + GOOD, r"channel train: train/a\.csv line 1 column 2: the header has a column without a name", hyper=named)
refused("label_column that is not there", "price,a,b\n" + GOOD, r"channel train: train/a\.csv: label_column 'prise' is not in the header \(did you mean 'price'\?\)", hyper={**named, "label_column": "prise"})
refused("other columns in the second file", {"a.csv": NAMED, "b.csv": "y,a,c\n" + GOOD}, r"channel train: train/b\.csv line 1 column 3: the header says 'c', that of the first file 'b'", hyper=named)
refused("validation with another column", NAMED, r"channel validation: validation/b\.csv: column 'c' is not a feature of the training data", hyper=named, validation="y,a,c\n" + GOOD)
refused("validation with fewer columns", GOOD, r"channel validation: validation/b\.csv line 1: 1 feature columns, but 2 are expected", validation="1,2\n")
with job_of(NAMED, hyper={**named, "label_column": "y"}, validation="b,y,a\n" + "".join(
        "{2},{0},{1}\n".format(*line.split(",")) for line in GOOD.split())) as job:
    job.run()
    ok("accepted: validation with its columns in another order gives the same metric", job.status == 0
       and job.metrics()["train-rmse"] == job.metrics()["validation-rmse"], job.log())

# --- the channel test, with labels or without ------------------------------------------------------------
LABELLED = "".join(f"{i % 7}.5,{i},{i * i % 11}\n" for i in range(9))
BARE = "".join(f"{i},{i * i % 11}\n" for i in range(9))
for what, train, test, header in [("labels", GOOD, LABELLED, "false"), ("no labels", GOOD, BARE, "false"),
                                  ("labels and a header", NAMED, "y,a,b\n" + LABELLED, "true"), ("a header", NAMED, "a,b\n" + BARE, "true")]:
    with job_of(train, hyper={"header": header}) as job:
        job.channel("test", {"t.csv": test}).run()
        predictions = job.output("predictions-test.csv")
        ok(f"accepted: a channel test with {what}", job.status == 0 and len(predictions.read_text().splitlines()) == 9
           and job.output("metrics-test.json").exists() == ("labels" in what.split(" and")[0] and not what.startswith("no")), job.log())
for what, content_type, test, cause in [
        ("a text cell", CSV, BARE + "x,1\n", r"channel test: without labels: test/t\.csv line 10 column 1: 'x' is not a number; with labels: test/t\.csv line 1: 1 feature columns, but 2 are expected"),
        ("a text cell behind its label", CSV, LABELLED + "1,x,1\n", r"channel test: without labels: test/t\.csv line 1: 3 feature columns, but 2 are expected \(is the label still in the data\?\); with labels: test/t\.csv line 10 column 2: 'x' is not a number"),
        ("nothing in it", CSV, "", r"channel test: test/t\.csv: the file is empty"),
        ("an index that is none", LIBSVM, "1 0:1\n1 x:1\n", r"channel test: test/t\.csv line 2 column 2: 'x:1' is not index:value")]:
    with job_of(GOOD if content_type == CSV else "1 0:1\n0 1:1\n", content_type) as job:
        job.channel("test", {"t.csv": test}, content_type).run()
        one_line_of_cause(f"a channel test with {what}", job, cause, model=True)

# --- what a message quotes leaves room for the cause, and is one harmless line --------------------------------
LONG_NAME = "n" * 250
refused("a text cell under a path of a thousand bytes", {f"{LONG_NAME}/{LONG_NAME}/{LONG_NAME}/{LONG_NAME}.csv": GOOD + "1,x,3\n"},
        r"channel train: train/n{54}\.\.\.n{173}\.csv line 51 column 2: 'x' is not a number")
refused("a text cell in a file named on two lines", {"a\nb\x1b[31m.csv": GOOD + "1,x,3\n"}, r"channel train: train/a b \[31m\.csv line 51 column 2: 'x' is not a number")
refused("a text cell in a column of a long name", "y,a," + "c" * 3000 + "\n" + GOOD + "1,2,x\n", r"channel train: train/a\.csv line 52 column 3: \(c{60}\) 'x' is not a number", hyper=named)
refused("a long name twice", "y," + "c" * 3000 + "," + "c" * 3000 + "\n" + GOOD, r"channel train: train/a\.csv line 1 column 3: the header has the name 'c{80}' twice", hyper=named)
refused("a long label_column", NAMED, r"channel train: train/a\.csv: label_column 'z{80}' is not in the header", hyper={**named, "label_column": "z" * 3000})
refused("a long hyperparameter", GOOD, "Extraneous hyperparameter found: z{80}", hyper={"z" * 3000: "1"})
refused("a long value", GOOD, "Hyperparameter eta: could not parse value '9{80}' as a number", hyper={"eta": "9" * 3000})
refused("a value on two lines", GOOD, "Hyperparameter booster: 'a b' is not one of gbtree, gblinear, dart", hyper={"booster": "a\nb"})

# --- size -------------------------------------------------------------------------------------------


def bounded(what, start, piece, times, end, cause, content_type, megabytes, opened=open):
    """Refused within so much memory (a sanitizer has its own idea of that). The file is
    written in pieces: the peak of this process would count as that of its child."""
    with job_of({}, content_type) as job:
        with opened(job.root / "input/data/train/a.csv", "wb") as f:
            f.write(start)
            for _ in range(times):
                f.write(piece)
            f.write(end)
        child = job.start()
        job.out, job.err = child.stdout.read(), child.stderr.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = job.status = os.waitstatus_to_exitcode(status)
        one_line_of_cause(what, job, cause)
        used = usage.ru_maxrss // 1024
        ok(f"{what}: {megabytes} MB are enough", SANITIZED or used < megabytes, f"{used} MB")


LONG = 100_000
bounded("a line of 100 MB", b"1,", b"2" * LONG, 1000, b"\n", r"channel train: train/a\.csv line 1: a cell is too long", CSV, 300)
bounded("a line of 50 million cells", b"", b"1," * LONG, 500, b"1\n", r"channel train: train/a\.csv line 1: more than 4000000 columns", CSV, 500)
bounded("a line of 100 MB in libsvm", b"1 ", b"2" * LONG, 1000, b"\n", r"channel train: train/a\.csv line 1 column 2: '2{40}\.\.\.' is not index:value", LIBSVM, 300)
bounded("ten million columns in libsvm", b"1 0:1 10000000:2\n", b"", 0, b"", r"channel train: train/a\.csv line 1 column 3: the index of '10000000:2' is above the limit of 4000000 columns \(an id, taken for a column\?\)", LIBSVM, 100)
bounded("200 MB of zero bytes out of gzip", b"", bytes(LONG), 2000, b"", r"channel train: train/a\.csv line 1: a cell is too long", CSV, 700, lambda *a: gzip.open(*a, compresslevel=1))

# --- a file that shrinks while it is read ---------------------------------------------------------------
text = "".join(f"{random.Random(1).random():.6f},{i}.25,{i * 7 % 1000},{i % 13}\n" for i in range(1000)) * 2000


def shrunk():
    with job_of(text, hyper={"nthread": 1, "num_round": 1}) as job:
        path = job.root / "input/data/train/a.csv"
        child = job.start()
        try:
            maps = pathlib.Path(f"/proc/{child.pid}/maps")
            wait_for(lambda: child.poll() is not None or "train/a.csv" in maps.read_text(), 60, "the mapping")
            child.send_signal(signal.SIGSTOP)
            mapped = child.poll() is None and "train/a.csv" in maps.read_text()
            os.truncate(path, 4096)
            child.send_signal(signal.SIGCONT)
        finally:
            finish(job, child)
        if mapped and job.status == 0:  # it had read all of it already
            return False
        one_line_of_cause("a file that shrinks while it is read", job,
                          r"channel train: train/a\.csv: the file was cut short, or cannot be read to its end", "AlgorithmError")
        return True


if not any(shrunk() for _ in range(20)):
    ok("a file shrinks while it is read", False, "20 times it was read before it could be cut")

# --- full disks ---------------------------------------------------------------------------------------------
big = "".join(f"{random.Random(i).gauss(0, 1):.5f},{i % 97},{i * i % 1009},{i * 31 % 577}\n" for i in range(2000))


def on_full_disk(what, cause, mounts, redirect="", before="", failure=True, model=False, **hyper):
    """The job runs where some of its folders are file systems of a few KB; what is in them
    is copied out, as they go with the name space."""
    with job_of(big, hyper={"num_round": 60, "max_depth": 8, "nthread": 1, **hyper}) as job:
        job.write_config()
        seen = job.root / "seen"
        steps = [f"mkdir -p {job.root}/{m} && mount -t tmpfs -o size={s} none {job.root}/{m}" for m, s in mounts.items()]
        steps += [before.format(root=job.root)] if before else []
        script = (f"{' && '.join(steps)} || exit 99; '{TRAINER}' train {redirect}; s=$?; mkdir {seen}; cp -r {job.root}/output {seen}; "
                  f"for d in model checkpoints; do [ ! -d {job.root}/$d ] || cp -r {job.root}/$d {seen}; done; exit $s")
        child = subprocess.run(["unshare", "-rm", "sh", "-c", script], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                               env={**os.environ, "SAGETOP_ML_ROOT": str(job.root)})
        if child.returncode not in (0, 1):
            return skip(f"refused: {what}", f"no name space of its own: {child.stderr.strip()[-100:]}")
        job.out, job.err, job.status, job.root = child.stdout, child.stderr, child.returncode, seen
        if failure and "2>" not in redirect:
            one_line_of_cause(what, job, cause, "AlgorithmError", model)
        else:
            reason = job.failure() if failure else job.err
            ok(f"refused: {what}", job.status == 1 and re.match(f"AlgorithmError: {cause}", reason or ""), f"{reason}\n{job.log()}")
        job.root = seen.parent


NO_ROOM = r"cannot write '\S+': No space left on device"
on_full_disk("no room for the model", f"the model cannot be saved: {NO_ROOM}", {"model": "16k"})
on_full_disk("no room for a checkpoint", f"checkpoint of round 10: {NO_ROOM}", {"checkpoints": "64k"}, checkpoint_interval=5)
on_full_disk("no room for an output: there still is for the reason", NO_ROOM, {"output": "8k"}, model=True)
on_full_disk("no room for the model, nor for anything else", f"the model cannot be saved: {NO_ROOM}", {"output": "8k", "model": "8k"})
on_full_disk("no room for the reason from the start", NO_ROOM, {"output": "8k"}, failure=False,
             before="{{ cat /dev/zero >{root}/output/fill; }} 2>/dev/null; true")
on_full_disk("the failure file is a link to /dev/full", f"the model cannot be saved: {NO_ROOM}", {"model": "16k", "output": "64k"},
             before="ln -s /dev/full {root}/output/failure")
on_full_disk("no room for the log", f"the model cannot be saved: {NO_ROOM}", {"model": "16k"}, redirect=">/dev/full")
on_full_disk("no room for standard error", f"the model cannot be saved: {NO_ROOM}", {"model": "16k"}, redirect="2>/dev/full")
done()
