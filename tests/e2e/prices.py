#!/usr/bin/python3
"""sagetop prices: the Price List API of the engine with its traps, offer files (JSON and
CSV, from a file, standard input and HTTP), bad ones, own rates and discounts."""
import csv
import functools
import http.server
import io
import json
import os
import random
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.environ["SAGETOP_SRC"], "tests/interop"))
from engine_support import done, engine, equal, ok
from price_support import product, traps, write_csv, write_json
from sagetop_support import Sagetop

SHIPPED = list(csv.DictReader(open(os.path.join(os.environ["SAGETOP_SRC"], "share/prices.csv"))))


class Pricing(Sagetop):
    def prices(self, *words):
        result = self.run("prices", *words, "--json")
        return json.loads(result.stdout) if result.returncode == 0 else []


def key(row):
    return row["instance_type"], row["region"], row["component"]


def check_api(folder):
    with engine() as e:
        s = Pricing(os.path.join(folder, "api"), e.endpoint)
        updated = s.run("prices", "update")
        ok("update asks for our region", updated.returncode == 0 and updated.stdout.startswith("us-east-1\t"),
           updated.stderr or updated.stdout)
        fetched = [p for p in s.prices("--region", "us-east-1") if p["source"] == "AWS Price List API"]
        wanted = {(r["instance_type"], r["region"], r["component"]) for r in SHIPPED if r["region"] == "us-east-1"}
        wanted.add(("storage", "us-east-1", "Training Storage"))
        equal("update fills every training type of the engine's table, its other prices, and nothing of the traps",
              {key(p) for p in fetched}, wanted)
        prices = {key(p): p["usd_per_hour"] for p in fetched if "usd_per_hour" in p}
        expected = {(r["instance_type"], r["region"], r["component"]): float(r["usd_per_hour"])
                    for r in SHIPPED if r["region"] == "us-east-1"}
        equal("at its prices", prices, expected)
        ok("when it was asked is told", all(p["fetched"] for p in fetched), fetched[:1])
        nowhere = s.run("prices", "update", "--region", "mars-1")
        ok("a region without prices is told", nowhere.returncode == 4 and "mars-1: is that a region?" in nowhere.stderr,
           nowhere.stderr)
        both = s.run("prices", "update", "us-east-2", "eu-west-1")
        equal("several regions", [line.split("\t")[0] for line in both.stdout.splitlines()], ["us-east-2", "eu-west-1"])
        spot = [p for p in s.prices("g5.xlarge", "--region", "us-east-2") if p["component"] == "SpotTraining"]
        ok("a spot rate above the one on demand is doubtful", spot and spot[0]["doubtful"], spot)
        ok("and said to be", "doubtful: above the rate on demand" in
           s.run("prices", "g5.xlarge", "--region", "us-east-2", "--format", "tsv").stdout)


def products():
    rows = [product(f"ml.{family}.{size}", region, component, f"{0.1 * n * (1 + len(component)):.10f}",
                    vcpu=str(2 * n), memory=f"{8 * n:,} GiB")
            for region in ("us-east-1", "us-east-2") for family in ("m5", "x9") for component in
            ("Training", "Processing", "Hosting") for n, size in ((1, "large"), (2, "xlarge"), (256, "128xlarge"))]
    rows.append(product("ml.x9.large", "us-east-1", "training", "0.0500000000", platform="SpotTraining", usage=
                        "SpotTraining:ml.x9.large", vcpu="2", memory="8 GiB"))
    rows.append(product("NA", "us-east-1", "Training", "0.1400000000", unit="GB-Mo", family="Storage",
                        usage="Train:VolumeUsage.gp2"))
    return rows + traps("us-east-1") + traps("us-east-2")


def text_of(write, rows, **more):
    f = io.StringIO()
    write(f, lambda: rows, **more)
    return f.getvalue()


def put(path, text):
    with open(path, "w", newline="") as f:
        f.write(text)
    return path


def snapshot(s):
    return sorted((key(p), p.get("usd_per_hour", p.get("usd_per_gb_month")), p["vcpu"], p["memory_gib"])
                  for p in s.prices() if p["source"] == "AWS bulk offer file" and p["fetched"])


def expected_snapshot():
    rows = []
    for p in products()[:38]:
        storage = p["unit"] == "GB-Mo"
        component = "SpotTraining" if p["platform"] == "SpotTraining" else p["component"]
        gib = float(p["memory"].replace(",", "").split()[0])
        rows.append(((("storage", p["region"], "Training Storage") if storage else (p["name"], p["region"], component)),
                     float(p["price"]), int(p["vcpu"]), gib))
    return sorted(rows)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *words):
        pass


def check_bulk(folder):
    forms = {"index.json": text_of(write_json, products()), "index.csv": text_of(write_csv, products()),
             "terms-first.json": text_of(write_json, products(), terms_first=True),
             "dense.json": text_of(write_json, products(), indent=None)}
    for name, text in forms.items():
        s = Pricing(os.path.join(folder, "bulk-" + name))
        got = s.run("prices", "update", "--bulk", put(os.path.join(folder, name), text))
        ok(f"{name} is read", got.returncode == 0 and "38 prices of 2 regions" in got.stdout, got.stderr or got.stdout)
        equal(f"{name}: every price, and nothing of the traps", snapshot(s), expected_snapshot())
        ok(f"{name}: what was left out is counted", "4 products free of charge" in got.stderr and
           "2 products in another currency" in got.stderr, got.stderr)
    s = Pricing(os.path.join(folder, "one-region"))
    got = s.run("prices", "update", "--bulk", "-", "--region", "us-east-2", stdin=forms["index.json"])
    ok("standard input, one region", "18 prices of 1 region" in got.stdout, got.stderr or got.stdout)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/"
    s = Pricing(os.path.join(folder, "by-url"))
    got = s.run("prices", "update", "--bulk", url + "index.csv")
    ok("a URL", got.returncode == 0 and snapshot(s) == expected_snapshot(), got.stderr or got.stdout)
    got = s.run("prices", "update", "--bulk", url + "none.json")
    ok("a URL that is not there", got.returncode == 4 and "HTTP 404" in got.stderr, got.stderr)
    server.shutdown()


def check_any_csv(folder):
    """As other programs write CSV: columns in any order, quotes where needed or everywhere, commas, quotes and
    line breaks in texts, CRLF. Python's csv is the judge of what stands there."""
    odd = ["", "a,b", 'so "cheap"', "two\nlines", "and\r\nthree", '"', '""', ",", "x" * 70, "é"]
    wrong = []
    for seed in range(12):
        dice = random.Random(seed)
        plain = list(csv.reader(io.StringIO(text_of(write_csv, products()), newline="")))
        heading = next(i for i, row in enumerate(plain) if row[0] == "SKU")
        order = list(range(1, len(plain[heading])))
        dice.shuffle(order)
        rows = [[row[0]] + [row[i] for i in order] for row in plain[heading:]]
        for row in rows[1:]:
            for i, name in enumerate(rows[0]):
                if name in ("PriceDescription", "Location", "Storage", "Network Performance"):
                    row[i] = "".join(dice.choices(odd, k=dice.randrange(4)))
        out = io.StringIO(newline="")
        csv.writer(out, quoting=dice.choice([csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC]),
                   lineterminator=dice.choice(["\n", "\r\n"])).writerows(plain[:heading] + rows)
        if list(csv.reader(io.StringIO(out.getvalue(), newline="")))[heading:] != rows:
            wrong.append((seed, "Python's csv reads something else"))
        s = Pricing(os.path.join(folder, f"any-{seed}"))
        got = s.run("prices", "update", "--bulk", put(os.path.join(folder, "any.csv"), out.getvalue()))
        if got.returncode or snapshot(s) != expected_snapshot():
            wrong.append((seed, got.stderr or got.stdout))
    equal("CSV in other orders, quotes and line ends says the same", wrong, [])


def check_bad(folder):
    s = Pricing(os.path.join(folder, "bad"))
    good = text_of(write_json, products())
    table = text_of(write_csv, products())
    s.run("prices", "update", "--bulk", "-", stdin=good)
    before = snapshot(s)
    cases = [(f"JSON cut at {at}", good[:at], "cut off") for at in (100, 3000, len(good) // 2, len(good) - 3)]
    cases += [(f"CSV cut at {at}", table[:at], "cut off|it has|no column") for at in (300, len(table) // 2,
                                                                                  len(table) - 20)]
    cases += [
        ("an empty file", "", "empty"), ("another text", "hello, world\n" * 100, "no offer file"),
        ("another service", text_of(write_json, products(), offer="AmazonEC2"), "AmazonEC2"),
        ("another service as CSV", text_of(write_csv, products(), offer="AmazonEC2"), "AmazonEC2"),
        ("another currency", text_of(write_json, [product("ml.m5.large", "cn-north-1", "Training", "0.9",
                                                          currency="CNY")]), "1 in another currency"),
        ("another currency as CSV", text_of(write_csv, [product("ml.m5.large", "cn-north-1", "Training", "0.9",
                                                                currency="CNY")]), "1 in another currency"),
        ("JSON that is none", good.replace('"terms" :', '"terms" ;', 1), "no JSON at byte"),
        ("JSON of another kind", '{"Records": [1, 2, {"a": null}]}\n', "no offerCode"),
        ("a CSV without prices", table.replace("PricePerUnit", "Price", 1), "no column priceperunit"),
        ("a quote that is not closed", table.replace('"USD"', '"USD', 1), "cut off|quote|fields"),
    ]
    for what, text, words in cases:
        got = s.run("prices", "update", "--bulk", put(os.path.join(folder, "bad.file"), text))
        ok(f"{what} is refused", got.returncode not in (0, 134, 139) and any(w in got.stderr for w in words.split("|")),
           (got.returncode, got.stderr))
    equal("and nothing of them is kept", snapshot(s), before)
    gone = s.run("prices", "update", "--bulk", os.path.join(folder, "absent.json"))
    ok("a file that is not there", gone.returncode == 4 and "absent.json" in gone.stderr, gone.stderr)
    ok("--bulk without update", s.run("prices", "--bulk", "x").returncode == 2)


def check_settings(folder):
    s = Pricing(os.path.join(folder, "own"))
    s.settings("own-rates: {ml.m5.xlarge: 0.2, us-east-2/ml.g5.xlarge/Hosting: 1.25, storage/Training Storage: 0.14}\n"
               "discounts: {all: 10%, g5: 25%}\n")
    by_key = {key(p): p for p in s.prices()}
    own = by_key["ml.m5.xlarge", "us-east-1", "Training"]
    equal("an own rate stands instead of the list's", (own["usd_per_hour"], own["grade"], own["as_of"]),
          (0.2, "O", "own"))
    equal("in the region that it names", by_key["ml.g5.xlarge", "us-east-2", "Hosting"]["usd_per_hour"], 1.25)
    equal("storage is by the month", by_key["storage", "us-east-1", "Training Storage"]["usd_per_gb_month"], 0.14)
    listed = {(r["instance_type"], r["region"], r["component"]): float(r["usd_per_hour"]) for r in SHIPPED}
    g5, c5 = ("ml.g5.xlarge", "us-east-1", "Training"), ("ml.m5.large", "us-east-1", "Training")
    equal("a family's discount", by_key[g5]["usd_per_hour"], round(listed[g5] * 0.75, 6))
    equal("and the list's price beside it", by_key[g5]["list_usd"], listed[g5])
    equal("the others have that for all", by_key[c5]["usd_per_hour"], round(listed[c5] * 0.9, 6))
    spot = ("ml.g5.xlarge", "us-east-2", "SpotTraining")
    equal("spot has that for all too", by_key[spot]["usd_per_hour"], round(listed[spot] * 0.9, 6))
    for text, words in (("own-rates: {ml.m5.xlarge: -1}\n", "dollars an hour"),
                        ("own-rates: {ml.m5.xlarge: 1e400}\n", "dollars an hour|needs one value|number"),
                        ("own-rates: {ml.m5.xlarge: cheap}\n", "dollars an hour"),
                        ("own-rates: {xlarge: 1}\n", "no instance type"), ("discounts: {all: 100%}\n", "percentage"),
                        ("discounts: {all: -5}\n", "percentage"), ("discounts: 5\n", "mapping"),
                        ("discounts: {M 5: 1}\n", "no family"), ("currency: 0.92\n", "EUR 0.92"),
                        ("currency: EUR -1\n", "EUR 0.92")):
        s.settings(text)
        got = s.run("prices", "m5.xlarge", "--region", "us-east-1")
        ok(f"{text.strip()} is told and left out", any(w in got.stderr for w in words.split("|")) and
           "0.230000" in got.stdout, got.stderr or got.stdout)


def main():
    with tempfile.TemporaryDirectory(prefix="sagetop-prices-") as folder:
        check_api(folder)
        check_bulk(folder)
        check_any_csv(folder)
        check_bad(folder)
        check_settings(folder)
    done()


main()
