"""The rows of kinds.def and their fields, held against AWS's own service models:
every operation exists, every member of a request and of a reply is one, sort keys
and states are those of the model, and what is not cold is in the list's reply."""
import gzip
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tap import done, ok, skip_all  # noqa: E402

BUILD = os.environ["SAGETOP_BUILD"]
TYPES = {4: ("boolean",), 5: ("integer", "long"), 6: ("timestamp",), 8: ("integer", "long"), 11: ("double", "float", "integer")}


MODELS = os.environ.get("SAGETOP_TEST_MODELS", "")


def load(service):
    with gzip.open(os.path.join(MODELS, service, "service-2.json.gz")) as f:
        return json.load(f)


class Model:
    def __init__(self, service):
        self.raw = load(service)
        self.shapes = self.raw["shapes"]

    def operation(self, name):
        return self.raw["operations"].get(name)

    def walk(self, shape, path):
        """The shape's name at a path, or None."""
        for step in re.findall(r"[^.\[\]]+|\[[\d*]*\]", path):
            s = self.shapes[shape]
            if step.startswith("["):
                if s["type"] != "list":
                    return None
                shape = s["member"]["shape"]
            elif s["type"] == "structure" and step in s["members"]:
                shape = s["members"][step]["shape"]
            else:
                return None
        return shape


class Judge:
    def __init__(self, kinds):
        self.kinds = kinds
        self.names = {k["name"] for k in kinds}
        self.models = {}
        self.problems = []

    def model(self, service):
        if service not in self.models:
            self.models[service] = Model(service)
        return self.models[service]

    def say(self, what):
        self.problems.append(what)

    def operation(self, m, name):
        op = m.operation(name)
        if not op:
            self.say(f"no operation {name}")
        return op

    def member(self, m, op, name):
        shape = m.shapes[op["input"]["shape"]]["members"].get(name)
        if not shape:
            self.say(f"{op['name']} takes no {name}")
        return shape and shape["shape"]

    def words(self, m, op, text):
        """Words of an argument or of what is always sent; the members that they fill."""
        filled = set()
        for word in (text or "").split():
            target = word.split("=")[0]
            for name in target.split("/"):
                is_list = name.endswith("[]")
                name = name.removesuffix("[]")
                shape = self.member(m, op, name)
                if shape and (m.shapes[shape]["type"] == "list") != is_list:
                    self.say(f"{op['name']}: {name} is a {m.shapes[shape]['type']}")
                filled.add(name)
        return filled

    def required(self, m, op, filled):
        missing = set(m.shapes[op["input"]["shape"]].get("required", [])) - filled
        if missing:
            self.say(f"{op['name']} requires {sorted(missing)}")

    def enum(self, m, op, member):
        shape = self.member(m, op, member)
        return set(m.shapes[shape].get("enum", [])) if shape else set()

    def list(self, m, row):
        """The shapes of the rows that the list operation gives."""
        op = self.operation(m, row["operation"])
        if not op:
            return []
        filled = self.words(m, op, row.get("fixed"))
        for key in ("name_contains", "name_prefix", "status_equals", "created_after", "modified_after", "parent"):
            if key in row:
                self.member(m, op, row[key])
        if row.get("parent"):
            filled.add(row["parent"])
        if "page_size" in row:
            shape = self.member(m, op, row["page_size"])
            if shape and m.shapes[shape].get("max", row["page"]) != row["page"]:
                self.say(f"{op['name']} gives {m.shapes[shape].get('max')} at most, the row asks for {row['page']}")
        for key, member in (("sort_keys", "SortBy"), ("directions", "SortOrder")):
            known = m.shapes[op["input"]["shape"]]["members"].get(member)
            if key in row and set(row[key].split()) != self.enum(m, op, member):
                self.say(f"{op['name']}: {member} takes {sorted(self.enum(m, op, member))}")
            if key not in row and known:
                self.say(f"{op['name']} has {member}, the row does not say so")
        self.member(m, op, "NextToken")
        self.required(m, op, filled)
        required = m.shapes[op["input"]["shape"]].get("required", [])
        if row.get("parent") in required and not row["parent_required"]:
            self.say(f"{op['name']} requires {row['parent']}: parent_required")
        shapes = []
        for member in row["items"].split():
            shape = m.walk(op["output"]["shape"], member + "[]")
            if not shape:
                self.say(f"{op['name']} answers no list {member}")
            else:
                shapes.append(shape)
        return shapes

    def call(self, m, row):
        if "operation" not in row:
            return []
        op = self.operation(m, row["operation"])
        if not op:
            return []
        self.required(m, op, self.words(m, op, row["argument"]))
        if "output" not in op:
            return []
        shapes = []
        for path in row.get("item", "").split("|"):
            shape = m.walk(op["output"]["shape"], path)
            if not shape:
                self.say(f"{op['name']} answers no {path}")
            else:
                shapes.append(shape)
        return shapes

    def search(self, m, row):
        if "resource" not in row:
            return []
        if row["resource"] not in m.shapes["ResourceType"]["enum"]:
            self.say(f"Search knows no {row['resource']}")
        shape = m.walk("SearchRecord", row["item"])
        if not shape:
            self.say(f"Search answers no {row['item']}")
        return [shape] if shape else []

    def path(self, m, what, path, summary, whole, cold, types=None):
        in_list = False
        for alternative in path.split("|"):
            found = [s for s in (m.walk(shape, alternative) for shape in summary + whole) if s]
            if not found:
                self.say(f"{what}: no reply has {alternative}")
            in_list |= any(m.walk(shape, alternative) for shape in summary)
            for shape in found:
                if types and m.shapes[shape]["type"] not in types:
                    self.say(f"{what}: {alternative} is a {m.shapes[shape]['type']}")
        if cold is not None and in_list == cold:
            self.say(f"{what}: {'is in' if in_list else 'is not in'} the list's rows ({path})")

    def states(self, m, k, summary, whole):
        told = [w for key in ("running", "good", "bad", "neutral") for w in k.get(key, "").split()]
        known = set()
        for shape in summary + whole:
            at = m.walk(shape, k["members"].get("status", "-"))
            if at:
                known |= set(m.shapes[at].get("enum", []))
        if len(told) != len(set(told)):
            self.say("a state means two things")
        if known and set(told) != known:
            self.say(f"states: {sorted(set(told) ^ known)}")

    def fields(self, m, k, summary, whole):
        names, jsons = set(), set()
        paths = [f.get("path") for f in k["fields"]]
        for f in k["fields"]:
            if f["name"] in names or (f.get("json") and f["json"] in jsons):
                self.say(f"two fields are called {f['name']}")
            names.add(f["name"])
            jsons.add(f.get("json"))
            if not f.get("help"):
                self.say(f"field {f['name']} has no help")
            if "path" in f and k["name"] != "training-job":
                self.path(m, f"field {f['name']}", f["path"], summary, whole, f["cold"],
                          ("map",) if f["keyed"] else TYPES.get(f["type"]))
        for key in ("price_type", "price_count"):
            if key in k and k["name"] != "training-job" and k[key] not in paths:
                self.say(f"{key} is the path of no field")
        if k["name"] != "training-job" and not any(f["screen"] for f in k["fields"]):
            self.say("no field for the screen")

    def kind(self, k):
        m = self.model(k["service"])
        self.problems = []
        summary = self.list(m, k["list"])
        whole = self.call(m, k["describe"]) + self.search(m, k["search"])
        self.call(m, k["stop"])
        self.call(m, k["delete"])
        for name, path in k["members"].items():
            for part in path.split("/") if name == "name" else [path]:
                self.path(m, f"member {name}", part, summary, whole, False if name == "name" else None)
        self.states(m, k, summary, whole)
        self.fields(m, k, summary, whole)
        for link in k.get("links", "").split():
            path, target = link.split("=")
            self.path(m, "link", path, summary, whole, None)
            if target not in self.names:
                self.say(f"link to no kind {target}")
        for target in k.get("parent_kind", "").split() + k.get("children", "").split():
            if target not in self.names:
                self.say(f"no kind {target}")
        return self.problems


def main():
    if not os.path.isdir(MODELS):
        skip_all("SAGETOP_TEST_MODELS names no service models")
    kinds = json.loads(subprocess.run([f"{BUILD}/tests/interop/kinds_dump"], check=True, capture_output=True).stdout)
    judge = Judge(kinds)
    for k in kinds:
        problems = judge.kind(k)
        ok(k["name"], not problems, "\n".join(map(str, problems)))
    words = [w for k in kinds for w in [k["name"], k["plural"]] + k.get("aliases", "").split()]
    twice = sorted({w for w in words if words.count(w) > 1})
    ok("every word means one kind", not twice, twice)
    done()


if __name__ == "__main__":
    main()
