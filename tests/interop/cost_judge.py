#!/usr/bin/python3
"""sagetop cost against two independent computations, in Python and in SQL, to the
micro-dollar: jobs of known billing (on demand, spot, warm pools, mixed clusters, failed,
stopped, without a price), processing, transform, endpoints, notebooks and tracking servers on the engine;
every grouping, and periods that cut jobs in two."""
import collections
import datetime
import json
import os
import random
import re
import sqlite3
import tempfile

from engine_support import BUILD, done, engine, equal, ok
from sagetop_support import Sagetop

BASE = 1_790_000_000  # 2026-09-21T13:33:20Z
DAY = 86400
ROLE = "arn:aws:iam::000000000000:role/cost"
RATES = {"ml.m5.xlarge": 230000, "ml.g5.xlarge": 1408000, "ml.c5.xlarge": 204000, "ml.p3.2xlarge": 3825001}
STORAGE = {"Training": 140000, "Processing": 160000, "Notebook": 154000, "Hosting": 150000}  # by the GB-month
SERVERS = {"Small": 642000, "Large": 2569999}  # MLflow's, an hour
MONTH = 730 * 3600
with open(os.path.join(BUILD, "sagetop"), "rb") as f:
    JOBS = 1500 if b"__asan_init" in f.read() else int(os.environ.get("COST_JOBS", "10000"))


def monthly(seconds, gigabytes, rate):
    return (seconds * gigabytes * rate + MONTH // 2) // MONTH


def hourly(seconds, instances, rate):
    """Half a micro-dollar is rounded up, as the cost of a job always is."""
    return (seconds * instances * rate + 1800) // 3600


# --- what there is: documents for the engine, and the charges that they stand for ---------

class World:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.lines, self.charges, self.unknown = [], [], collections.Counter()

    def document(self, kind, document, tags=None):
        self.lines.append(json.dumps({"kind": kind, "document": document, **({"tags": tags} if tags else {})}))

    def charge(self, name, kind, component, type, start_s, end_s, micro, instance_s, *, status, waste="", tags=None):
        self.charges.append(dict(name=name, kind=kind, component=component, type=type, start=start_s * 1000,
                                 end=end_s * 1000, micro=micro, seconds=instance_s, status=status, waste=waste,
                                 span=(end_s - start_s) * 1000, team=(tags or {}).get("team", "(no such tag)"), user=(tags or {}).get("user", "?"),
                                 sweep=(tags or {}).get("sagetop:sweep", "(none)"),
                                 backtest=(tags or {}).get("sagetop:backtest", "(none)"),
                                 parent="backtest " + tags["sagetop:backtest"] if "sagetop:backtest" in (tags or {}) else "(by itself)",
                                 prefix=re.sub(r"(-[^-]*\d[^-]*)+$", "", name)))

    def training(self, i):
        r = self.random
        name = f"{r.choice(['nba-player', 'mlb-team', 'single'])}-{i:05d}"
        start = BASE + r.randrange(60 * DAY)
        training = r.choice([r.randrange(60, 900), r.randrange(900, 40000), r.randrange(60, 200000)])
        status = r.choices(["Completed", "Failed", "Stopped"], [8, 1, 1])[0]
        tags = r.choice([{}, {"team": "a"}, {"team": "b", "user": "ann"}, {"sagetop:backtest": f"run-{i % 7}"},
                         {"sagetop:sweep": f"grid-{i % 3}"}])
        spot, pool, mixed = r.random() < .4, r.random() < .1, r.random() < .05
        type, count, volume = r.choice(list(RATES)), r.choice([1, 1, 1, 2, 5]), r.choice([1, 30, 100])
        billable = r.randrange(30, training) if spot else training
        unpriced = r.random() < .02
        resources = {"VolumeSizeInGB": volume}
        groups = [(type, count)]
        if mixed:
            groups = [("ml.m5.xlarge", 2), ("ml.g5.xlarge", 1), ("ml.c5.xlarge", 3)]
            resources["InstanceGroups"] = [{"InstanceGroupName": f"g{k}", "InstanceType": t, "InstanceCount": n}
                                           for k, (t, n) in enumerate(groups)]
        else:
            groups = [("ml.trn2.48xlarge", count)] if unpriced else groups
            resources.update(InstanceType=groups[0][0], InstanceCount=count)
        job = {"TrainingJobName": name, "TrainingJobStatus": status, "RoleArn": ROLE, "CreationTime": start - 60,
               "TrainingStartTime": start, "TrainingEndTime": start + training, "LastModifiedTime": start + training,
               "TrainingTimeInSeconds": training, "BillableTimeInSeconds": billable,
               "EnableManagedSpotTraining": spot, "ResourceConfig": resources,
               "AlgorithmSpecification": {"TrainingImage": "i", "TrainingInputMode": "File"},
               "OutputDataConfig": {"S3OutputPath": "s3://b/o/"},
               "StoppingCondition": {"MaxRuntimeInSeconds": 400000, **({"MaxWaitTimeInSeconds": 400000} if spot else {})}}
        retained = 0
        if pool and not spot and not mixed:
            retained = r.randrange(60, 3600)
            resources["KeepAlivePeriodInSeconds"] = 3600
            job["WarmPoolStatus"] = {"Status": "Terminated", "ResourceRetainedBillableTimeInSeconds": retained}
        self.document("training", job, tags)
        self.training_charges(name, groups, start, training, billable, retained, spot, status, volume, tags)

    def training_charges(self, name, groups, start, training, billable, retained, spot, status, volume, tags):
        waste = {"Failed": "failed", "Stopped": "stopped"}.get(status, "")
        common = dict(status=status, tags=tags)
        if groups[0][0] not in RATES:
            self.unknown["no price"] += 1
            return
        whole = hourly(billable, 1, sum(RATES[t] * n for t, n in groups))
        for k, (type, count) in enumerate(groups):
            part = hourly(billable, count, RATES[type]) if k + 1 < len(groups) else whole
            whole -= part
            self.charge(name, "training-jobs", "SpotTraining" if spot else "Training", type, start, start + training,
                        part, billable * count, waste=waste, **common)
        instances = sum(n for _, n in groups)
        micro = monthly(billable, volume * instances, STORAGE["Training"])
        self.charge(name, "training-jobs", "Training Storage", "storage", start, start + training, micro, 0,
                    waste=waste, **common)
        if retained:
            type, count = groups[0]
            self.charge(name, "training-jobs", "Training Warm Pool", type, start + training,
                        start + training + retained, hourly(retained, 1, RATES[type] * count), retained * count,
                        waste="idle", **common)

    def timed(self, i, kind):
        r = self.random
        word, status = {"processing": "Processing", "transform": "Transform"}[kind], r.choice(["Completed", "Failed"])
        name, start, took = f"{kind}-{i:04d}", BASE + r.randrange(60 * DAY), r.randrange(1, 90000)
        type, count, volume = r.choice(list(RATES)), r.choice([1, 3]), r.choice([1, 30, 500])
        times = {f"{word}JobName": name, f"{word}JobStatus": status, "CreationTime": start - 5,
                 f"{word}StartTime": start, f"{word}EndTime": start + took, "LastModifiedTime": start + took}
        if kind == "processing":
            times.update(RoleArn=ROLE, AppSpecification={"ImageUri": "i"}, ProcessingResources={"ClusterConfig": {
                "InstanceType": type, "InstanceCount": count, "VolumeSizeInGB": volume}})
        else:
            times.update(ModelName="m", TransformInput={"DataSource": {"S3DataSource": {
                "S3DataType": "S3Prefix", "S3Uri": "s3://b/x"}}}, TransformOutput={"S3OutputPath": "s3://b/y"},
                TransformResources={"InstanceType": type, "InstanceCount": count})
        self.document(kind, times)
        self.charge(name, f"{kind}-jobs", "Processing" if kind == "processing" else "BatchTransform", type, start,
                    start + took, hourly(took, count, RATES[type]), took * count, status=status,
                    waste="failed" if status == "Failed" else "")
        if kind == "processing":
            self.charge(name, "processing-jobs", "Processing Storage", "storage", start, start + took,
                        monthly(took, volume * count, STORAGE["Processing"]), 0, status=status,
                        waste="failed" if status == "Failed" else "")

    def standing(self, now):
        """What is there until now: endpoints of two variants, and notebooks, whose volumes stay when they stop."""
        for i in range(6):
            start, a, b = BASE + i * 5 * DAY, self.random.choice(list(RATES)), "ml.m5.xlarge"
            name = f"serving-{i}"
            self.document("endpoint-config", {"EndpointConfigName": f"config-{i}", "ProductionVariants": [
                {"VariantName": "a", "ModelName": "m", "InstanceType": a, "InitialInstanceCount": 1},
                {"VariantName": "b", "ModelName": "m", "InstanceType": b, "InitialInstanceCount": 2,
                 **({"VolumeSizeInGB": 7 * i} if i % 2 else {})}]})
            self.document("endpoint", {
                "EndpointName": name, "EndpointConfigName": f"config-{i}", "EndpointStatus": "InService",
                "CreationTime": start, "LastModifiedTime": start, "ProductionVariants": [
                    {"VariantName": "a", "CurrentInstanceCount": 1}, {"VariantName": "b", "CurrentInstanceCount": 2}]})
            for type, count in ((a, 1), (b, 2)):
                self.span(name, "endpoints", "Hosting", type, count, start, now, "InService", RATES[type])
            if i % 2:
                self.span(name, "endpoints", "Hosting Storage", "storage", 2 * 7 * i, start, now, "InService",
                          STORAGE["Hosting"])
        self.document("endpoint", {"EndpointName": "broken-1", "EndpointConfigName": "config-1",
                                   "EndpointStatus": "Failed", "CreationTime": BASE})
        for i in range(4):
            start = BASE + i * 7 * DAY
            status = "InService" if i < 3 else "Stopped"
            self.document("notebook", {
                "NotebookInstanceName": f"notes-{i}", "NotebookInstanceStatus": status, "InstanceType": "ml.m5.xlarge",
                "RoleArn": ROLE, "CreationTime": start - DAY, "LastModifiedTime": start, "VolumeSizeInGB": 5 + 20 * i})
            self.span(f"notes-{i}", "notebooks", "Notebook Storage", "storage", 5 + 20 * i, start - DAY, now, status,
                      STORAGE["Notebook"])
            if i < 3:
                self.span(f"notes-{i}", "notebooks", "Notebook", "ml.m5.xlarge", 1, start, now, status,
                          RATES["ml.m5.xlarge"])
        for i, size in enumerate(["Small", "Large", "Small"]):
            start, status = BASE + i * 9 * DAY, ["Created", "Started", "Stopped"][i]
            self.document("mlflow-server", {
                "TrackingServerName": f"mlflow-{i}", "TrackingServerStatus": status, "TrackingServerSize": size,
                "ArtifactStoreUri": "s3://b/mlflow", "RoleArn": ROLE, "CreationTime": start - DAY, "LastModifiedTime": start})
            if status != "Stopped":
                self.span(f"mlflow-{i}", "mlflow-servers", "MLflow", f"ml.mlflow.{size}", 1, start, now, status, SERVERS[size])

    def span(self, name, kind, component, type, count, start, now, status, rate):
        storage = type == "storage"
        self.charge(name, kind, component, type, start, now, 0, 0 if storage else (now - start) * count, status=status)
        self.charges[-1].update(micro=count * rate, span=MONTH * 1000 if storage else 3600000, stands=True)


# --- the two other computations -------------------------------------------------------------

def part(amount, c, a, b):
    """Of an amount over a span, what lies between a and b; of what stands there its rate."""
    a, b = (min(max(t, c["start"]), c["end"]) - c["start"] for t in (a, b))
    return amount * b // c["span"] - amount * a // c["span"]


def day_of(ms):
    return datetime.datetime.fromtimestamp(ms / 1000, datetime.timezone.utc)


def next_start(ms, by):
    d = day_of(ms).replace(hour=0, minute=0, second=0, microsecond=0)
    if by == "week":
        d -= datetime.timedelta(d.weekday())
        after = d + datetime.timedelta(7)
    elif by == "month":
        d = d.replace(day=1)
        after = (d + datetime.timedelta(32)).replace(day=1)
    else:
        after = d + datetime.timedelta(1)
    return d.strftime("%Y-%m" if by == "month" else "%Y-%m-%d"), int(after.timestamp() * 1000)


def in_python(charges, by, start, end):
    rows = collections.Counter()
    for c in charges:
        a, b = max(c["start"], start), min(c["end"], end)
        while a < b:
            key, until = next_start(a, by) if by in ("day", "week", "month") else (c[COLUMN[by]], b)
            rows[key] += part(c["micro"], c, a, min(until, b))
            a = until
    return rows


COLUMN = {"kind": "kind", "prefix": "prefix", "tag:team": "team", "type": "type", "status": "status", "user": "user",
          "backtest": "backtest", "parent": "parent", "sweep": "sweep", "component": "component", "name": "shown"}
TIME_KEY = {"day": "date(t / 1000, 'unixepoch')", "month": "strftime('%Y-%m', t / 1000, 'unixepoch')",
            "week": "date(t / 1000, 'unixepoch', 'weekday 0', '-6 days')"}


def database(charges):
    db = sqlite3.connect(":memory:")
    names = list(charges[0])
    db.execute(f"CREATE TABLE charge ({', '.join(names)})")
    db.executemany(f"INSERT INTO charge VALUES ({', '.join('?' * len(names))})", [[c[n] for n in names] for c in charges])
    db.execute("CREATE TABLE day (t INTEGER, u INTEGER)")
    first = BASE // DAY * DAY
    db.executemany("INSERT INTO day VALUES (?, ?)", [((first + i * DAY) * 1000, (first + (i + 1) * DAY) * 1000)
                                                     for i in range(-3, 130)])
    return db


def in_sql(db, by, start, end):
    """Days are joined; a part is between a and b, counted from the charge's beginning."""
    cut = ("SELECT *, max(start, {a}) AS a, min(\"end\", {b}) AS b FROM charge {join} WHERE min(\"end\", {b}) > "
           "max(start, {a})")
    if by in TIME_KEY:
        inner = cut.format(a=f"t, {start}", b=f"u, {end}", join="JOIN day")
        key = TIME_KEY[by]
    else:
        inner = cut.format(a=start, b=end, join="")
        key = COLUMN[by]
    return dict(db.execute(f"SELECT {key} AS k, sum(micro * (b - start) / span - micro * (a - start) / "
                           f"span) FROM ({inner}) GROUP BY k"))


# --- ours ---------------------------------------------------------------------------------------

class Priced(Sagetop):
    def __init__(self, folder, endpoint):
        super().__init__(folder, endpoint)
        rates = [f"  {t}: {r / 1e6:.6f}\n" for t, r in RATES.items()]
        rates += [f"  {t}/{c}: {RATES[t] / 1e6:.6f}\n" for t in RATES for c in
                  ("Hosting", "Notebook", "Processing", "BatchTransform", "SpotTraining", "Training Warm Pool")]
        rates += [f"  storage/{c} Storage: {r / 1e6}\n" for c, r in STORAGE.items()]
        rates += [f"  ml.mlflow.{size}/MLflow: {r / 1e6:.6f}\n" for size, r in SERVERS.items()]
        self.config = "own-rates:\n" + "".join(rates) + "rates: {Search: 1000, " \
            "DescribeEndpoint: 100, DescribeEndpointConfig: 100, DescribeNotebookInstance: 100, ListTags: 100, " \
            "ListProcessingJobs: 100, ListTransformJobs: 100, DescribeProcessingJob: 1000, DescribeTransformJob: 1000}\n"
        self.configure("")

    def configure(self, more):
        self.settings(self.config + more)

    def cost(self, *words):
        return self.json("cost", *words)


def iso(ms):
    return day_of(ms).strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


def compare(s, world, db, by, start, end):
    got = s.cost("--by", by, "--from", iso(start), "--to", iso(end))
    rows = {r["key"]: r["usd_micro"] for r in got["rows"] if r["usd_micro"]}
    python = {k: v for k, v in in_python(world.charges, by, start, end).items() if v}
    sql = {k: v for k, v in in_sql(db, by, start, end).items() if v}
    what = f"by {by}, {iso(start)} to {iso(end)}"
    wrong = {k: (rows.get(k), python.get(k)) for k in {*rows, *python} if rows.get(k) != python.get(k)}
    ok(f"{what}: as Python says", not wrong and rows, str(dict(list(wrong.items())[:5])))
    equal(f"{what}: as SQL says", rows, sql)
    equal(f"{what}: the total is the sum", got["total"]["usd_micro"], sum(rows.values()))
    return got


def check_waste(world, got, start, end):
    for waste in ("failed", "stopped", "idle"):
        mine = [c for c in world.charges if c["waste"] == waste and c["end"] > start and c["start"] < end]
        equal(f"wasted: {waste}", (got["waste"][waste]["usd_micro"], got["waste"][waste]["things"]),
              (sum(part(c["micro"], c, start, end) for c in mine), len({c["name"] for c in mine})))
    equal("wasted in all", got["total"]["wasted_usd_micro"],
          sum(got["waste"][w]["usd_micro"] for w in ("failed", "stopped", "idle")))


def check_texts(s, world, start, end):
    period = ["--from", iso(start), "--to", iso(end)]
    table = s.run("cost", *period, "--by", "kind", "--format", "table")
    lines = table.stdout.splitlines()
    money = [re.search(r"\$(\d+)\.(\d\d)", line) for line in lines[1:]]
    cents = [int(m[1]) * 100 + int(m[2]) for m in money if m]
    n = next(i for i, line in enumerate(lines) if line.startswith("total"))
    equal("what is shown adds up to the last digit shown", sum(cents[:n - 1]), cents[n - 1])
    ok("the prices' date stands below", re.search(r"^prices of \S+, us-east-1$", table.stdout, re.M), table.stdout)
    ok("what has no price is named, with what fills it", "no price: ml.trn2.48xlarge; sagetop prices update --region "
       "us-east-1" in table.stdout, table.stdout)
    text = s.run("cost", *period, "--by", "type", "--csv").stdout.splitlines()
    exact = [int(round(float(line.split(",")[1]) * 1e6)) for line in text[1:]]
    equal("CSV adds up", sum(exact[:-1]), exact[-1])
    ok("Markdown", "| total | $" in s.run("cost", *period, "--by", "kind", "--md").stdout)
    page = os.path.join(s.folder, "cost.html")
    s.run("cost", *period, "--html", page)
    with open(page) as f:
        html = f.read()
    ok("a page of its own, with a chart", "<svg" in html and "http" not in html.replace("http://www.w3.org", "") and
       "<script" not in html, html[:500])
    top = s.cost(*period, "--by", "name", "--top", "3")
    everything = s.cost(*period, "--by", "name")
    equal("--top: three rows and the others", (len(top["rows"]), top["total"]["usd_micro"]),
          (4, everything["total"]["usd_micro"]))
    equal("which make the same total", sum(r["usd_micro"] for r in top["rows"]), top["total"]["usd_micro"])
    s.configure("currency: EUR 0.92\n")
    euros = s.run("cost", *period, "--by", "kind", "--format", "table").stdout
    total = everything["total"]["usd_micro"]
    ok("another currency", f"total: EUR {total * 92 // 100 / 1e6:.1f}"[:-2] in euros, euros)
    s.configure("")


def check_filter(s, world, start, end):
    got = s.cost("--from", iso(start), "--to", iso(end), "--by", "kind", "nba", "status:failed")
    mine = [c for c in world.charges if "nba" in c["name"] and c["status"] == "Failed"]
    equal("words filter", got["total"]["usd_micro"], sum(part(c["micro"], c, start, end) for c in mine))
    got = s.cost("--from", iso(start), "--to", iso(end), "--by", "kind", "(nba", "or", "mlb)", "status:failed")
    mine = [c for c in world.charges if re.search("nba|mlb", c["name"]) and c["status"] == "Failed"]
    equal("words are one filter: or, and parentheses over several", got["total"]["usd_micro"],
          sum(part(c["micro"], c, start, end) for c in mine))


def check_now(s, world):
    """Endpoints that nobody has called, and notebooks; a job that runs, with others like it."""
    result = s.run("cost", "--now", "--json")
    got = json.loads(result.stdout)
    standing = [c for c in world.charges if c.get("stands")]
    idle = sum(c["micro"] for c in standing if c["component"] == "Hosting")
    equal("what stands there, an hour", round(sum(r["usd_per_hour"] for r in got["rows"] if r["kind"] != "training-job")
                                              * 1e6), sum(c["micro"] * 3600000 // c["span"] for c in standing))
    ok("a stopped notebook still pays for its volume", [r["instances"] for r in got["rows"] if r["name"] == "notes-3"] ==
       ["volume of 65 GB"], got["rows"])
    equal("what bills while it does no work, a day", round(got["idle_usd_per_day"] * 1e6), idle * 24)
    job = next(r for r in got["rows"] if r["name"] == "nba-now-1")
    equal("a job's rate, and the jobs behind its end", (job["usd_per_hour"], job["finished_jobs"]), (0.23, 11))
    hour = RATES["ml.m5.xlarge"] / 1e6
    ok("its end is a range of theirs", abs(job["low_usd"] - hour * 2) < 1e-6 and abs(job["high_usd"] - hour * 10) < 1e-6,
       job)
    lonely = next(r for r in got["rows"] if r["name"] == "lonely-1")
    ok("without any it is its limit", lonely["finished_jobs"] == 0 and abs(lonely["high_usd"] - hour * 24) < 1e-6, lonely)
    figures = ("so_far_usd", "usd_per_hour", "low_usd", "high_usd")
    sums = {}
    for r in got["rows"]:
        prefix = re.sub(r"([-_][^-_]*\d[^-_]*)+$", "", r["name"])
        for name in figures:
            sums[prefix, name] = sums.get((prefix, name), 0) + (r[name] or 0)
    ok("groups are the sums of their prefixes", len(got["groups"]) > 1 and {g["prefix"] for g in got["groups"]} == {k[0] for k in sums}
       and all(abs(g[name] - sums[g["prefix"], name]) < 1e-6 for g in got["groups"] for name in figures), (got["groups"], sums))
    ok("and come to the total", all(abs(sum(g[name] for g in got["groups"]) - got[name]) < 1e-6 for name in figures), got)
    table = s.run("cost", "--now", "--format", "table").stdout
    ok("the prices' date stands below", re.search(r"^prices of ", table, re.M) and "idle: $" in table, table)


def check_explorer(s, world, now):
    """Only where it was asked for; by usage type, of whole days, at the engine's own prices."""
    start = (BASE // DAY + 30) * DAY * 1000
    period = ["--from", iso(start), "--to", iso(start + 3 * DAY * 1000)]
    refused = s.run("cost", "--explorer", *period)
    ok("it costs money: without a yes it is not asked", refused.returncode == 2 and "$0.01" in refused.stderr,
       refused.stderr)
    rows = {r["usage_type"]: r for r in json.loads(s.run("cost", "--explorer", "--yes", "--json", *period).stdout)}
    for type, rate in (("ml.m5.xlarge", 0.23), ("ml.g5.xlarge", 1.408)):
        line = rows["Train:" + type]
        mine = [c for c in world.charges if c["type"] == type and c["component"] in
                ("Training", "SpotTraining", "Training Warm Pool")]
        equal(f"{type}: counted here", round(line["counted_usd"] * 1e6),
              sum(part(c["micro"], c, start, start + 3 * DAY * 1000) for c in mine))
        ok(f"{type}: what the engine has billed", line["cost_explorer_usd"] > 0, line)
    host = [r for u, r in rows.items() if u.startswith("Host:")]
    ok("what it does not bill is explained", host and all(r["cost_explorer_usd"] is None and "not on the bill" in r["why"]
                                                          for r in host), host)


def running(world, now):
    """Eleven finished ones of 1 to 11 hours long before the periods, and two that run."""
    def one(name, start, seconds, **more):
        world.document("training", {
            "TrainingJobName": name, "RoleArn": ROLE, "CreationTime": start, "TrainingStartTime": start,
            "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 1},
            "AlgorithmSpecification": {"TrainingImage": "i", "TrainingInputMode": "File"},
            "OutputDataConfig": {"S3OutputPath": "s3://b/o/"}, "StoppingCondition": {"MaxRuntimeInSeconds": 86400}, **more})
    for i in range(11):
        start, took = BASE - 400 * DAY, 3600 * (i + 1)
        one(f"nba-now-{i + 100}", start, took, TrainingJobStatus="Completed", TrainingEndTime=start + took,
            TrainingTimeInSeconds=took, BillableTimeInSeconds=took)
    for name in ("nba-now-1", "lonely-1"):
        one(name, now - 60, 0, TrainingJobStatus="InProgress", SecondaryStatus="Training")


def check_bad(s):
    for words, text in ((("--days", "0"), "from 1 to"), (("--days", "99999999999"), "--days is from 1"),
                        (("--days", "abc"), "whole number"), (("--from", "tomorrow"), "needs a day"),
                        (("--from", "2026-10-02", "--to", "2026-10-01"), "ends before it begins"),
                        (("--from", "1700-01-01"), "longer than"), (("--by", "dya"), 'did you mean day?'),
                        (("--by", "tag:"), "--by is"), (("--top", "0"), "from 1 on"), (("--top", "-1"), "whole number"),
                        (("cots>5",), "cost"), (("--csv", "--md"), "one of them"),
                        (("--days", "3", "--from", "2026-10-01"), "leave one out")):
        got = s.run("cost", *words)
        ok(f"cost {' '.join(words)} is refused", got.returncode in (1, 2) and text in got.stderr, got.stderr)
    empty = s.cost("--from", "2024-01-01", "--to", "2024-02-01", "--by", "month")
    equal("a month with no data", (empty["rows"], empty["total"]["usd_micro"]), ([], 0))


def main():
    world = World(7)
    for i in range(JOBS):
        world.training(i)
    for i in range(200):
        world.timed(i, "processing")
        world.timed(i, "transform")
    now = int(datetime.datetime.now().timestamp())
    world.standing(now)
    running(world, now)
    for c in world.charges:
        c["shown"] = {"training-jobs": ""}.get(c["kind"], c["kind"][:-1] + "/") + c["name"]
    with tempfile.TemporaryDirectory(prefix="sagetop-cost-") as folder:
        path = os.path.join(folder, "documents.jsonl")
        with open(path, "w") as f:
            f.write("\n".join(world.lines) + "\n")
        with engine("--load", path) as e:
            s = Priced(os.path.join(folder, "home"), e.endpoint)
            db = database(world.charges)
            whole = ((BASE + 20 * DAY) * 1000 + 123, (BASE + 41 * DAY) * 1000 + 4567)
            inside = ((BASE + 30 * DAY) * 1000 + 1, (BASE + 30 * DAY) * 1000 + 5400000)
            for by in ("day", "week", "month", "kind", "prefix", "tag:team", "type", "status", "user", "backtest",
                       "parent", "sweep", "component", "name"):
                got = compare(s, world, db, by, *whole)
            check_waste(world, got, *whole)
            for by in ("day", "kind", "name"):
                compare(s, world, db, by, *inside)
            check_texts(s, world, *whole)
            check_filter(s, world, *whole)
            check_now(s, world)
            check_explorer(s, world, now)
            check_bad(s)
    done()


main()
