"""Configuration files and commands, generated, as botocore reads them and as we do.

Left out of what is generated is where the published rules of the SDKs say otherwise, which
we follow: comments behind a value, ":" for "=", things defined twice, two kinds of default."""
import json
import os
import pathlib
import random
import shlex
import subprocess
import sys
import tempfile

try:
    import botocore.configloader
    import botocore.exceptions
except ImportError:
    print("1..0 # SKIP no python3-botocore")
    sys.exit(77)

DUMP = pathlib.Path(os.environ["SAGETOP_BUILD"]) / "tests/interop/ini_dump"
NAMES = ["x", "default", "a-b_c", "dev.eu", "role/reader", "büro", "dev(eu)", "[PROD]-x", "team#1", "a;b", "x@y.z", "né",
         "arn:aws:iam::123456789012:role/x", "q!r", "[a", "日本"]
BLANK_NAMES = ["my team", "two  blanks", "Foo Bar"]
VALUES = ["eu-west-1", "a=b", "sec#ret;x", "a b c", "=", "x/y+z==", "\"quoted\"", "'single'", "don't", "ünï",
          "sh -c 'a ; b' \"team #1\"", "./p \"a # b\"", "{json: [1]}", "[bracket]", "a]b", "-", "%(x)s", "$HOME"]
KEYS = ["region", "Output", "AWS_ACCESS_KEY_ID", "role_arn", "x-y", "a.b", "sso_session"]
LINES = ["'", '"', "\\", " ", "a", "b c", "\t", "#", ";", "\\ ", "\\\"", "\\'", "''", '""', "é", "$x", "|", "\n", "\r", "\\\\"]
count = failed = 0


def ok(what, wrong):
    global count, failed
    count += 1
    print("not ok" if wrong else "ok", count, "-", what)
    if wrong:
        failed += 1
        for line in wrong[:10]:
            print("#  ", str(line).replace("\n", "\n#   "))


def section(rng, config):
    name = rng.choice(NAMES + BLANK_NAMES)
    if not config or name == "default":
        return name, "[%s]" % name
    quoted = name if name in NAMES and rng.random() < .7 else rng.choice(['"%s"', "'%s'"]) % name
    return name, "[profile%s%s]" % (rng.choice([" ", "\t", "  "]), quoted)


def one_file(rng, config):
    lines, seen = [], set()
    for _ in range(rng.randint(0, 4)):
        name, head = section(rng, config)
        if name in seen:
            continue
        seen.add(name)
        indent = rng.choice(["", "", "", "  ", "\t"])
        lines.append(head + rng.choice(["", "", " ", " # note", "; note", "#", " trailing words", " /* old */"]))
        for key in rng.sample(KEYS, rng.randint(0, 4)):
            lines += rng.choice([[], [], [], ["# comment"], ["  ; indented comment"], [""], ["   "], ["\t# tab"]])
            lines.append(indent + key + rng.choice(["=", " = ", "\t=\t", "= "]) + rng.choice(VALUES) + rng.choice(["", " ", "\t"]))
            if not indent and rng.random() < .15:
                lines.append("  " + rng.choice(["continued", "-x y", "a=b"]))
        if not indent and rng.random() < .3:
            lines.append("s3 =")
            for key in rng.sample(["addressing_style", "max_queue_size", "endpoint_url"], rng.randint(1, 2)):
                lines += rng.choice([[], [], ["  # nested comment"], [""]])
                lines.append("  %s = %s" % (key, rng.choice(["path", "10", "http://a:1/b"])))
    return rng.choice(["\n", "\n", "\r\n"]).join(lines) + rng.choice(["", "\n"]), seen


def botocore_reads(folder, config, credentials):
    """As botocore.session.full_config puts both files together; None where it refuses one."""
    (folder / "config").write_text(config, newline="")
    (folder / "credentials").write_text(credentials, newline="")
    try:
        profiles = {k: dict(v) for k, v in botocore.configloader.load_config(str(folder / "config"))["profiles"].items()}
        for name, values in botocore.configloader.raw_config_parse(str(folder / "credentials")).items():
            profiles.setdefault(name, {}).update(values)
    except botocore.exceptions.ConfigParseError:
        return None
    return profiles


def plain(values):
    """Nested values as the text that they stand in."""
    def text(value):
        return "\n" + "\n".join("%s = %s" % pair for pair in value.items()) if isinstance(value, dict) else value
    return {k: text(v) for k, v in values.items()}


def ours(cases):
    run = subprocess.run([DUMP], input="".join(json.dumps(c) + "\n" for c in cases), capture_output=True, text=True, check=True)
    return [json.loads(line) for line in run.stdout.split("\n")[:-1]]


def main():
    rng = random.Random(int(os.environ.get("SEED", "7")))
    cases, expected = [], []
    with tempfile.TemporaryDirectory() as temp:
        for _ in range(1500):
            (config, names), (credentials, more) = one_file(rng, True), one_file(rng, False)
            profiles = botocore_reads(pathlib.Path(temp), config, credentials)
            for name in sorted(names | more) if profiles is not None else ():
                cases.append({"config": config, "credentials": credentials, "profile": name})
                expected.append(plain(profiles[name]) if name in profiles else None)
    got = ours(cases)
    wrong = ["%r\n%r\n%s: botocore %r\nwe %r" % (c["config"], c["credentials"], c["profile"], e, g)
             for c, e, g in zip(cases, expected, got) if e != g]
    ok("%d profiles of generated files are botocore's" % len(cases), wrong or ([] if len(cases) > 2000 else [len(cases)]))

    lines, words = [], []
    for _ in range(5000):
        line = "".join(rng.choice(LINES) for _ in range(rng.randint(1, 9)))
        lines.append(line)
        try:
            words.append(shlex.split(line))
        except ValueError:
            words.append(None)
    got = ours([{"line": line} for line in lines])
    wrong = ["%r: shlex %r, we %r" % row for row in zip(lines, words, got) if row[1] != row[2]]
    ok("%d commands are split as botocore splits them" % len(lines), wrong)
    print("1..%d" % count)
    sys.exit(1 if failed else 0)


main()
