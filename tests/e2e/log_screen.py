"""The screen of a log in a real terminal (tmux), on a real job's log: lines marked, copied and saved, rules where it
was silent, errors over time, times by another clock, filters that stay. TAP on standard output."""
import os
import re
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from console_support import Console, start, type_line  # noqa: E402
from dashboard import DEADLINE, SAGETOP  # noqa: E402
from engine_support import equal, ok  # noqa: E402

LINES = 20000
# The silence lasts until the file "go" is there: lines get their times when they are read.
TRAINER = f"""#!/bin/sh
seq -f 'epoch %.0f loss=0.5' 1 {LINES // 2}
echo 'WARNING: the loss does not fall'
until [ -e WORK/go ]; do sleep 0.1; done
seq -f 'epoch %.0f loss=0.4' {LINES // 2 + 1} {LINES}
echo 'ERROR: no such bucket'
echo 'shutting down'
"""


def text_of(path):
    try:
        with open(path) as f:
            return f.read()
    except OSError:
        return ""


def until_text(what, read, wanted):
    """What a file or the clipboard holds comes behind the screen."""
    deadline = time.monotonic() + DEADLINE
    while not wanted(read()) and time.monotonic() < deadline:
        time.sleep(0.05)
    ok(what, wanted(read()), read()[:2000])


def marks(t, work):
    t.keys("g", "Tab", "Tab", "Space", "Space", "Tab", "Space")
    t.wait("marked lines have a sign, and are counted", "3 marked", "\n+", "▸")
    t.keys("G")
    t.wait("the end", "shutting down", absent=("▸",))
    t.keys("u")
    t.wait("u goes to the first of them", "*", "epoch 2 loss")
    t.keys("Y")
    t.wait("Y copies them all", "clipboard: 3 lines")
    until_text("with their times, in the order of the log", lambda: t.tmux("show-buffer"),
               lambda s: [x.split("Z ")[1] for x in s.splitlines()] ==
               ["epoch 2 loss=0.5", "epoch 3 loss=0.5", "epoch 5 loss=0.5"])
    type_line(t, ":save marked.txt")
    t.wait("they are saved", "3 lines written to marked.txt")
    ok("for nobody else to read, and nothing lies beside it",
       os.stat(work + "/marked.txt").st_mode & 0o777 == 0o600 and
       [f for f in os.listdir(work) if f.startswith("marked")] == ["marked.txt"], os.listdir(work))
    type_line(t, ":save marked.txt")
    t.wait("what is there is not written over", "'marked.txt' is there already: :save! writes over it")
    t.keys("C-\\", "g", "Y")
    t.wait("without marks it is the line at hand", "clipboard: epoch")


def save(t, work, lines):
    def texts(name):
        return [x.split("Z ", 1)[1] for x in text_of(f"{work}/{name}").splitlines()]
    type_line(t, ":save! marked.txt")
    t.wait("all that are shown", f"{len(lines):,} lines written to marked.txt")
    equal("line by line those of the service", texts("marked.txt"), lines)
    type_line(t, "&0 loss=0.4")
    t.wait("a filter", "&0 loss=0.4", "1,000 of")
    type_line(t, ":save few.txt")
    t.wait("those that pass it", "1,000 lines written to few.txt")
    equal("and no others", texts("few.txt"), [x for x in lines if "0 loss=0.4" in x])
    type_line(t, ":save /nowhere/few.txt")
    t.wait("a folder that is not there is told", "cannot write '/nowhere/few.txt': No such file or directory")
    t.keys("Escape")
    t.wait("all again", absent=("&0 loss",))


def silence(t):
    t.keys("w")
    t.wait("a rule says how long the log was silent", "▸", "WARNING", "s without a line ──")
    screen = t.screen().splitlines()
    at = next((i for i, x in enumerate(screen) if "without a line" in x), 0)
    ok("it stands behind the line before", at and "WARNING" in screen[at - 1] and "epoch 10001" in screen[at + 1], screen)


def over_time(t):
    t.keys("i")
    t.wait("i shows the log over time", "histogram", "FROM", "ERRORS", "█ 1 error", "▒ 1 warning", absent=("counting",))
    counted = re.findall(r"\d\d:\d\d:\d\d +([\d,]+)", t.screen())
    equal("every line is in a bucket", sum(int(n.replace(",", "")) for n in counted), LINES + 3)
    t.keys("g", "e")
    t.wait("e goes to the one with the error", "█")
    t.keys("Enter")
    t.wait("and Enter to that line of the log", "logs · app-1", "▸", "ERROR: no such bucket")


def clocks(t):
    at = re.search(r"▸(\d\d):(\d\d)", t.screen())
    t.keys("t")
    t.wait("t: the local clock", "· XYZ")
    local = re.search(r"▸(\d\d):(\d\d)", t.screen())
    equal("which is five hours and a half ahead",
          (int(local[1]) * 60 + int(local[2]) - int(at[1]) * 60 - int(at[2])) % 1440, 330)
    t.keys("t")
    t.wait("since the first line", "since the first line", "▸", "+")


def stays(t):
    type_line(t, "!epoch")
    t.wait("a filter", "!epoch 3 of")
    t.keys("q")
    t.wait("the jobs", "jobs 1")
    t.keys("q")
    start(t, f"{SAGETOP} --endpoint-url $URL", "app-1")
    t.keys("l")
    t.wait("the filter and the times are as they were", "!epoch 3 of", "since the first line", "ERROR")


def main():
    with Console(TRAINER, TZ="XYZ-5:30") as on:
        os.makedirs(on.work + "/config/sagetop")
        with open(on.work + "/config/sagetop/config.yaml", "w") as f:
            f.write("log-gap: 1s\n")
        engine = on.engine
        engine.create("app-1", "own")
        until_text("the first half of the log", lambda: str(engine.lines("app-1")[-1:]), lambda s: "does not fall" in s)
        time.sleep(2)  # the silence itself
        open(on.work + "/go", "w").close()
        equal("the job", engine.wait("app-1")["TrainingJobStatus"], "Completed")
        lines = engine.lines("app-1")
        equal("has its lines", len(lines), LINES + 3)
        term = on.open()
        start(term, f"cd {on.work}; {SAGETOP} --endpoint-url $URL", "app-1")
        term.keys("l")
        term.wait("its log, all of it", "shutting down", f"{LINES + 3:,} of {LINES + 3:,}")
        marks(term, on.work)
        save(term, on.work, lines)
        silence(term)
        over_time(term)
        clocks(term)
        stays(term)
        term.keys("q", "q")


if __name__ == "__main__":
    main()
