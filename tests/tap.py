"""TAP for tests in Python: counts and prints, as tests/tap.sh does for the shell. A test
ends with done()."""
import re
import sys

count = failed = 0
DETAILS_MAX = 60  # lines


def ok(what, good, details=""):
    global count, failed
    count += 1
    if good:
        print(f"ok {count} - {what}", flush=True)
        return True
    failed += 1
    print(f"not ok {count} - {what}")
    lines = str(details).splitlines()
    if len(lines) > DETAILS_MAX:
        lines = lines[: DETAILS_MAX // 2] + ["..."] + lines[-DETAILS_MAX // 2 :]
    for line in lines:
        print(f"#   {line[:2000]}")
    sys.stdout.flush()
    return False


def equal(what, got, expected):
    return ok(what, got == expected, f"expected: {expected!r}\ngot: {got!r}")


def match(what, text, pattern):
    return ok(what, re.search(pattern, text), f"no match of /{pattern}/ in: {text}")


def skip(what, why):
    global count
    count += 1
    print(f"ok {count} - {what} # SKIP {why}", flush=True)


def skip_all(why):
    print(f"1..0 # SKIP {why}", flush=True)
    sys.exit(77)


def done():
    print(f"1..{count}", flush=True)
    sys.exit(1 if failed else 0)
