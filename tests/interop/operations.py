"""The table of AWS operations against the service models: every name, target, path and
member that it writes down is the service's own."""
import gzip
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tap import done, ok, skip_all  # noqa: E402

BIN = pathlib.Path(os.environ["SAGETOP_BUILD"]) / "sagetop"
MODELS = os.environ.get("SAGETOP_TEST_MODELS")
COLUMNS = ("service", "name", "action", "access", "rate", "burst", "reply", "resource", "method", "path", "query", "need")
NOT_CALLED = {("iam", "PassRole")}  # a permission without an operation


def none(what, wrong):
    ok(what, not wrong, "\n".join(map(str, wrong)))


def load(service):
    with gzip.open(pathlib.Path(MODELS) / service / "service-2.json.gz") as f:
        return json.load(f)


def main():
    if not MODELS or not pathlib.Path(MODELS).is_dir():
        skip_all("SAGETOP_TEST_MODELS names no service models")
    text = subprocess.run([BIN, "--dump-docs", "operations"], capture_output=True, text=True, check=True).stdout
    rows = [dict(zip(COLUMNS, line.split("\t"))) for line in text.splitlines()]
    models, unknown, members, incomplete, paths, listed = {}, [], [], [], [], []
    for row in rows:
        if (row["service"], row["name"]) in NOT_CALLED:
            continue
        model = models.setdefault(row["service"], load(row["service"]))
        if row["name"] not in model["operations"] and (pathlib.Path(MODELS) / (row["service"] + "-runtime")).is_dir():
            model = models.setdefault(row["service"] + "-runtime", load(row["service"] + "-runtime"))
        operation = model["operations"].get(row["name"])
        if not operation:
            unknown.append("%(service)s has no %(name)s" % row)
            continue
        shapes = model["shapes"]
        output = shapes.get(operation.get("output", {}).get("shape"), {"members": {}})
        wanted = [one for word in row["reply"].split() for one in word.split("|")]
        names = {(m.get("locationName", n).lower() if m.get("location") == "header" else n): m
                 for n, m in output["members"].items()}
        members += ["%s does not answer %s" % (row["name"], one) for one in wanted
                    if one.removeprefix("header:") not in names]
        # What the model calls required, or a list's own member, must be asked for.
        lists = [n for n, m in output["members"].items() if shapes[m["shape"]]["type"] == "list"]
        if row["service"] != "s3" and row["name"].startswith(("List", "Search")) and lists and not set(wanted) & set(lists):
            incomplete.append("%s: none of %s is asked for" % (row["name"], lists))
        if output.get("required") and model["metadata"].get("protocol") == "json" and not set(wanted) & set(output["required"]):
            incomplete.append("%s: none of %s is asked for" % (row["name"], output["required"]))
        if model["metadata"].get("protocol") == "rest-json":
            input_ = shapes[operation["input"]["shape"]]["members"]
            query = dict((w.split("=") * 2)[:2] for w in row["query"].split())
            theirs = {n: m["locationName"] for n, m in input_.items() if m.get("location") == "querystring"}
            labels = {n for n, m in input_.items() if m.get("location") == "uri"}
            if (row["method"], row["path"]) != (operation["http"]["method"], operation["http"]["requestUri"]) or \
                    query != theirs or set(re.findall(r"{(\w+)}", row["path"])) != labels:
                paths.append("%s: %s, not %s %s" % (row["name"], operation["http"], row["method"], row["path"]))
            left = set(input_) - set(theirs) - labels
            if row["method"] in ("GET", "DELETE") and left:
                paths.append("%s: %s would be lost" % (row["name"], left))
    none("every operation is one of its service (%d rows)" % len(rows), unknown)
    none("every member of a reply is one", members)
    none("a reply without what it is for is none", incomplete)
    none("paths, labels and parameters of REST-JSON are the service's", paths)
    none("the table has a good many rows", [] if len(rows) > 120 else [len(rows)])

    local = BIN.parent / "sagetop-local"
    if local.exists():
        served = re.findall(r'\{SVC_(\w+), "(\w+)"', (pathlib.Path(os.environ["SAGETOP_SRC"]) / "aws/local/front/operations.c").read_text())
        have = {"%(service)s:%(name)s" % row for row in rows}
        both = sorted({"%s:%s" % (s.lower(), n) for s, n in served} & have)
        asked = [*both, *sorted({r["action"] for r in rows if r["service"] == "s3"})]
        with tempfile.TemporaryDirectory() as state:  # the first that it does not know is named, and ends it
            run = subprocess.run([local, "--port", "0", "--state", state, "--deny", ",".join([*asked, "no:such"])],
                                 capture_output=True, text=True, timeout=60)
        none("what the engine serves can be denied by the table's action (%d)" % len(asked),
           [] if len(both) >= 12 and "'no:such'" in run.stderr else [run.stderr, len(both)])
    done()


main()
