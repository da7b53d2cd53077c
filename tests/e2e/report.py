"""`sagetop report`: a page of jobs of the local engine, one of whose texts are hostile. It is well-formed, needs
nothing from elsewhere, runs nothing, and says what `sagetop jobs --json` and `sagetop metrics` say. TAP."""
import html.parser
import json
import os
import subprocess
import tempfile

TRAINER = r"""#!/bin/sh
[ "$1" = train ] || exit 9
seq 0 $((SM_HP_ROUNDS - 1)) | awk -v at="$SM_HP_AT" -v again="${SM_HP_AGAIN:-100000}" '{ printf \
	"[%d]\ttrain-rmse:%.5f\tvalidation-rmse:%.5f\n", $1 % again, 9 / ($1 + 1), 3 + at / 1000 + ($1 - at) ^ 2 / 1000 }'
printf '%s\n' "$SM_HP_NOTE"
[ -z "$SM_HP_REASON" ] || { printf '%s' "$SM_HP_REASON" >"$SAGETOP_ML_ROOT/output/failure"; exit 3; }
"""
work = tempfile.mkdtemp(prefix="sagetop-report-")
trainer = os.path.join(work, "trainer.sh")
with open(trainer, "w") as f:
    f.write(TRAINER)
os.chmod(trainer, 0o755)
os.environ.update({"SAGETOP_TRAINER": trainer, "HOME": work})

from engine_support import BUILD, Engine, done, equal, ok, shutil  # noqa: E402

HOSTILE = "</pre><script>alert(1)</script> & \"quoted\" 'so' \x1b[31mred"
SAFE = "</pre><script>alert(1)</script> & \"quoted\" 'so' red"
ALGORITHM = {"AlgorithmSpecification": {
    "TrainingImage": "trainer", "TrainingInputMode": "File",
    "MetricDefinitions": [{"Name": n + ":rmse", "Regex": n + r"-rmse:([0-9.]+)"} for n in ("train", "validation")]}}

engine = Engine(trainer=False)
env = {**os.environ, "XDG_CACHE_HOME": work + "/cache", "XDG_STATE_HOME": work + "/state",
       "XDG_CONFIG_HOME": work + "/config", "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local",
       "AWS_REGION": "us-east-1", "LC_ALL": "C.UTF-8"}


def sagetop(*args, of=engine):
    p = subprocess.run([os.path.join(BUILD, "sagetop"), "--endpoint-url", of.endpoint, *args], env=env,
                       stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
    return p.returncode, p.stdout.decode(), p.stderr.decode()


class Page(html.parser.HTMLParser):
    """Rows of tables, lines of logs, charts; what a page must not have is in `wrong`."""

    def __init__(self, text):
        super().__init__()
        self.wrong, self.open, self.tables, self.logs, self.titles, self.charts, self.curves = [], [], [], [], [], [], []
        self.feed(text)
        self.close()
        self.wrong += ["left open: " + t for t in self.open]
        if "http:" in text or "https:" in text or "@import" in text or "url(" in text:
            self.wrong.append("something from elsewhere")

    def handle_starttag(self, tag, attributes):
        at = dict(attributes)
        if tag in ("script", "link", "img", "iframe", "object", "a", "b"):
            self.wrong.append("there is a " + tag)
        self.wrong += ["attribute " + n for n in at if n.startswith("on") or n in ("src", "href", "style")]
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append(["", at.get("title")])
        elif tag == "pre":
            self.logs.append("")
        elif tag == "svg" and "role" in at:
            self.charts.append(at["aria-label"])
        elif tag == "path":
            self.curves.append(at["d"])
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append("not closed in order: " + tag)

    def handle_data(self, data):
        if "td" in self.open or "th" in self.open:
            self.tables[-1][-1][-1][0] += data.strip("\n")
        elif "pre" in self.open:
            self.logs[-1] += data
        elif self.open and self.open[-1] == "title":
            self.titles.append(data)


def table(page, i):
    """{name of the row: {title of the column: [text, exact value]}}"""
    head = [c[0] for c in page.tables[i][0]]
    return {row[0][0]: dict(zip(head, row)) for row in page.tables[i][1:]}


engine.create("good-1", "", {"rounds": "1500", "at": "700", "note": "the end", "eta": "0.1", "same": "1"}, **ALGORITHM)
engine.create("bad-1", "", {"rounds": "30", "at": "12", "note": HOSTILE, "reason": "<b>broken</b>", "eta": "0.3",
                              "same": "1"}, **ALGORITHM)
for name in ("good-1", "bad-1"):
    engine.wait(name)

# --- by name: the whole page ---
path = os.path.join(work, "page.html")
equal("two jobs by name", sagetop("report", "good-1", "bad-1", "good-1", "-o", path), (0, "", ""))
with open(path, encoding="utf-8", newline="") as f:
    text = f.read()
page = Page(text)
equal("balanced, without script, nothing from elsewhere", page.wrong, [])
ok("light and dark, and for a small screen", "prefers-color-scheme:dark" in text and "name=\"viewport\"" in text)
equal("no control byte", "".join(c for c in text if c < " " and c not in "\n\t"), "")
equal("nothing but the page is left beside it", [n for n in os.listdir(work) if "page" in n], ["page.html"])

jobs = {j["name"]: j for j in json.loads(sagetop("jobs", "--json")[1])}
rows = table(page, 0)
equal("a row for each, in that order, and one of sums", list(rows), ["good-1", "bad-1", "Sum"])
for name, j in jobs.items():
    row = rows[name]
    equal(name + ": as jobs --json says",
          [row["Status"][0], row["Instance"][0], int(row["Training"][1]), int(row["Billed"][1]), row["Cost"][1],
           row["Objective"][0], row["Best"][1], int(row["Round"][1]), row["Reason"][0]],
          [j["status"], j["instance_type"], j["training_seconds"], j["billable_seconds"], "%.6f" % j["cost_usd"],
           j["objective_metric"], "%.6g" % j["objective_value"], j["objective_round"], j["failure_reason"] or ""])
    ok(name + ": an estimate is marked", row["Cost"][0].endswith("*") == j["cost_is_estimate"])
equal("the reason is text", rows["bad-1"]["Reason"][0], "AlgorithmError: <b>broken</b>")
equal("hyperparameters that differ, and no other", {k: v[0] for k, v in table(page, 1)["good-1"].items()},
      {"Job": "good-1", "at": "700", "eta": "0.1", "note": "the end", "reason": "", "rounds": "1500"})
equal("... of which one is hostile", table(page, 1)["bad-1"]["note"][0], SAFE)

# --- charts ---
equal("a chart for the metrics that belong together", page.charts[0], "rmse by round")
metrics = {n: {m["name"]: m for m in json.loads(sagetop("metrics", n, "--json")[1])} for n in jobs}
best = metrics["good-1"]["validation:rmse"]
ok("the best of all is said with its round", "Best validation:rmse: %.9g (%s, round %d)" % (
    min((metrics[n]["validation:rmse"]["best"], n, metrics[n]["validation:rmse"]["best_step"]) for n in jobs)) in text)
ok("... and each has its ring", "good-1 validation:rmse: best %.9g at %d" % (best["best"], best["best_step"])
   in page.titles)
drawn = [c for c in page.curves if c != "M0 3H28"][:4]  # the instances' own stand behind them
equal("a curve of 30 rounds has all points", [c.count("L") + c.count("M") for c in drawn[2:]], [30, 30])
ok("... one of 1,500 is thinned", all(200 <= c.count("L") + c.count("M") <= 400 for c in drawn[:2]))

# --- logs ---
equal("the last 20 lines of each", [log.count("\n") for log in page.logs], [20, 20])
equal("... as sagetop logs prints them", page.logs, [sagetop("logs", n, "-n", "20")[1] for n in ("good-1", "bad-1")])
equal("... whatever they hold", page.logs[1].splitlines()[-1], SAFE)

# --- by words, to standard output ---
status, out, errors = sagetop("report", "status:failed", "-o", "-", "-n", "2")
page = Page(out)
equal("words filter, - is standard output", (status, errors, page.wrong, list(table(page, 0))),
      (0, "", [], ["bad-1", "Sum"]))
equal("... -n lines of the log", [log.count("\n") for log in page.logs], [2])
ok("... and of a lone job all hyperparameters", {"at", "eta", "reason"} <= set(table(page, 1)["bad-1"]))
equal("-n 0 leaves logs out", Page(sagetop("report", "bad-1", "-o", "-", "-n", "0")[1]).logs, [])

# --- of other kinds ---
logs_only = {"AppSpecification": {"ImageUri": "any", "ContainerEntrypoint": ["sh", "-c", "echo one; echo two"]},
             "ProcessingResources": {"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}},
             "RoleArn": "arn:aws:iam::000000000000:role/local"}
sm = engine.client("sagemaker")
sm.create_processing_job(ProcessingJobName="shape-1", **logs_only)
equal("a processing job", sagetop("wait", "processing-job/shape-1")[0], 0)
status, out, errors = sagetop("report", "processing-job/shape-1", "-o", "-")
page = Page(out)
equal("it is reported by its kind", (status, errors, page.wrong, list(table(page, 0)), page.logs),
      (0, "", [], ["shape-1", "Sum"], ["one\ntwo\n"]))
row = table(page, 0)["shape-1"]
equal("... with what a list says of it, and what it cost, of which there is no price", (row["STATUS"][0], row["COST"][0]),
      ("Completed", "?"))

sm.create_hyper_parameter_tuning_job(
    HyperParameterTuningJobName="search", HyperParameterTuningJobConfig={
        "Strategy": "Random", "ResourceLimits": {"MaxNumberOfTrainingJobs": 3, "MaxParallelTrainingJobs": 1},
        "ParameterRanges": {"IntegerParameterRanges": [{"Name": "at", "MinValue": "20", "MaxValue": "900"}]},
        "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "validation:rmse"}},
    TrainingJobDefinition={
        "StaticHyperParameters": {"rounds": "9", "note": "x"}, **ALGORITHM,
        "RoleArn": "arn:aws:iam::000000000000:role/local", "OutputDataConfig": {"S3OutputPath": "s3://sagemaker-us-east-1-000000000000/out/"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        "StoppingCondition": {"MaxRuntimeInSeconds": 600}})
equal("a tuning job", sagetop("wait", "tuning-job/search")[0], 0)
rows = table(Page(sagetop("report", "tuning-job/search", "-o", "-")[1]), 0)
best = [float(rows[n]["Best"][1]) for n in rows if n != "Sum"]
equal("it is its training jobs, the best first", (len(best), best), (3, sorted(best)))

# --- what is not known, and what is left out, is said ---
MANY = ["many-%d" % i for i in range(13)]
for name in MANY:
    engine.create(name, "", {"rounds": "2", "at": "1", "note": name}, ResourceConfig={
        "InstanceType": "ml.m5.large" if name != "many-0" else "ml.p2.16xlarge", "InstanceCount": 1,
        "VolumeSizeInGB": 1}, **ALGORITHM)
for name in MANY:
    engine.wait(name)
out = sagetop("report", *MANY, "-o", "-")[1]
page = Page(out)
rows = table(page, 0)
equal("a price that is not known is no 0", (rows["many-0"]["Cost"][0], rows["Sum"]["Cost"][0][-2:]), ("?", "+?"))
ok("... of how many is said", "Not known: Cost of 1 job<" in out)
ok("curves and logs of twelve jobs", len(page.logs) == 12 and "of the other 1 they are left out" in out,
   str(len(page.logs)))
equal("... all of which stand in the table", list(rows), MANY + ["Sum"])
ok("that no hyperparameter differs, but for the job's own name", "No hyperparameter differs." in out)

engine.create("again-1", "", {"rounds": "1500", "at": "1", "again": "7"}, **ALGORITHM)
engine.wait("again-1")
drawn = Page(sagetop("report", "again-1", "-o", "-")[1]).curves[0]
equal("a curve that begins again 214 times has as many pieces, of their ends", (drawn.count("M"), drawn.count("L")), (215, 214))

refusing = Engine("--deny", "logs:FilterLogEvents,logs:GetLogEvents", trainer=False)
refusing.create("silent-1", "", {"rounds": "2", "at": "1", "note": "x"}, **ALGORITHM)
refusing.wait("silent-1")
status, out, errors = sagetop("report", "silent-1", "-o", "-", of=refusing)
page = Page(out)
equal("a log that may not be read", (status, errors, page.wrong, page.logs), (0, "", [], []))
ok("... and why is said in its place", "logs:GetLogEvents" in out.split("Ends of logs")[-1], out[-500:])
equal("its engine ends well", refusing.close(), 0)

# --- what goes wrong is one line ---
for what, args, status, words in (
        ("without -o", ("good-1",), 2, "-o FILE.html"), ("a word that no job matches", ("good-2", "-o", path), 4, "\"good-2\""),
        ("an unknown field", ("stauts:failed", "-o", path), 2, "status"),
        ("a folder that is not there", ("good-1", "-o", "/no-such-folder/x.html"), 1, "no-such-folder"),
        ("things of two kinds", ("processing-job/shape-1", "tuning-job/search", "-o", path), 2, "one kind"),
        ("a kind without log and metrics", ("model/x", "-o", path), 2, "neither logs nor metrics"),
        ("more lines than a page takes", ("good-1", "-o", path, "-n", "5001"), 2, "5000")):
    seen = sagetop("report", *args)
    ok(what, seen[0] == status and not seen[1] and seen[2].count("\n") == 1 and words in seen[2], str(seen))

with open(path, encoding="utf-8", newline="") as f:
    equal("the page that was there is untouched", f.read(), text)

equal("the engine ends well", engine.close(), 0)
shutil.rmtree(work, ignore_errors=True)
done()
