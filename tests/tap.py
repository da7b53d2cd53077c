"""TAP for tests in Python: counts and prints, as tests/tap.sh does for the shell. A test
ends with done(); checks may be made by several threads."""
import re
import sys
import threading

count = failed = 0
saying = threading.Lock()
DETAILS_MAX = 60  # lines


def ok(what, good, details=""):
    global count, failed
    lines = [] if good else str(details).splitlines()
    if len(lines) > DETAILS_MAX:
        lines = lines[: DETAILS_MAX // 2] + ["..."] + lines[-DETAILS_MAX // 2 :]
    with saying:
        count += 1
        failed += not good
        print(f"{'ok' if good else 'not ok'} {count} - {what}")
        for line in lines:
            print(f"#   {line[:2000]}")
        sys.stdout.flush()
    return bool(good)


def equal(what, got, expected):
    return ok(what, got == expected, f"expected: {expected!r}\ngot: {got!r}")


def match(what, text, pattern):
    return ok(what, re.search(pattern, text), f"no match of /{pattern}/ in: {text}")


def skip(what, why):
    global count
    with saying:
        count += 1
        print(f"ok {count} - {what} # SKIP {why}", flush=True)


def skip_all(why):
    print(f"1..0 # SKIP {why}", flush=True)
    sys.exit(77)


def done():
    print(f"1..{count}", flush=True)
    sys.exit(1 if failed else 0)
