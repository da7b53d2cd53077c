"""The mouse in a real terminal (tmux), as reports that a terminal sends: rows, headings, keys of the footer, buttons, the
wheel; that it is off until it is wanted, and given back at the end. TAP on standard output."""
import os
import re
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from console_support import Console, start, type_line  # noqa: E402
from dashboard import DEADLINE, SAGETOP  # noqa: E402
from engine_support import equal, ok  # noqa: E402

JOBS = 40
WHEEL_UP, WHEEL_DOWN = 64, 65


def report(t, button, row, col, end="M"):
    t.type("\033[<%d;%d;%d%s" % (button, col + 1, row + 1, end))


def place(t, text):
    """Row and column of the first place that has it."""
    for row, line in enumerate(t.screen().splitlines()):
        if text in line:
            return row, line.index(text)
    ok("%r is on the screen" % text, False, t.screen())
    return 0, 0


def click(t, text):
    row, col = place(t, text)
    report(t, 0, row, col)
    report(t, 0, row, col, "m")


def until(t, what, wanted):
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end and not wanted():
        time.sleep(0.05)
    ok(what, wanted(), t.screen())


def cursor(t):
    found = re.search(r"▸ (\S+)", t.screen())
    return found and found[1]


def off(t):
    equal("the terminal has it", t.flag("mouse_any_flag"), "0")
    report(t, 0, 8, 5)
    t.keys("j")
    t.wait("a report that nobody asked for does nothing", "2 of %d" % JOBS)
    t.keys("g")


def rows(t):
    type_line(t, ":mouse on")
    t.wait("it is taken", "clicks are taken; with Shift the terminal selects text")
    until(t, "and asked for", lambda: t.flag("mouse_any_flag") == "1")
    row, col = place(t, "job-35")
    t.type(("\033[<0;%d;%dM" % (col + 1, row + 1)) * 3)  # more than one before it could be drawn
    until(t, "the cursor goes to a row", lambda: cursor(t) == "job-35")
    click(t, "job-35")
    t.wait("and a row with the cursor opens", "job-35", "Instance", "ml.m5.large", absent=("STATUS",))
    click(t, "q back")
    t.wait("a key of the footer", "STATUS", "? help")
    click(t, "NAME")
    t.wait("a heading sorts", "by name", "NAME")
    until(t, "from the first one", lambda: "▸ job-00" in t.screen() or "  job-00" in t.screen())
    click(t, "NAME")
    until(t, "again: the other way round", lambda: "job-39" in t.screen() and "job-00" not in t.screen())
    type_line(t, ":sort age")
    t.wait("by age again", "by age")
    t.keys("g")
    report(t, WHEEL_DOWN, 10, 10)
    report(t, WHEEL_DOWN, 10, 10)
    t.wait("the wheel", "7 of %d" % JOBS)
    report(t, WHEEL_UP, 10, 10)
    t.wait("and back", "4 of %d" % JOBS)


def others(t):
    click(t, "? help")
    t.wait("help", "1–", "lines")
    report(t, WHEEL_DOWN, 10, 10)
    t.wait("is scrolled", "4–")
    t.keys("q")
    t.wait("the list", "STATUS")
    t.keys("c")
    t.wait("a form", "New name", "max_depth")
    click(t, "max_depth")
    until(t, "its field", lambda: "▸max_depth" in t.screen())
    t.keys("Escape")
    t.wait("the list again", "STATUS")


def hostile(t):
    t.keys("g")
    for text in ("\033[<0;99999999999999999999;1M", "\033[<;;M", "\033[<0;0;0M", "\033[<35;5;5M", "\033[<0;5;8",):
        t.type(text)
    time.sleep(0.7)  # what was cut off is over then
    t.keys("j")
    t.wait("reports that are none do nothing", "2 of %d" % JOBS)
    t.type("/")
    t.wait("a prompt", "Esc cancel")
    report(t, 0, 8, 5)
    t.type("job-07")
    t.wait("what is typed is not disturbed", "/job-07", "jobs 1 of")
    t.keys("Escape")
    t.wait("all", "jobs %d" % JOBS)


def asked(t):
    t.keys("g", "c")
    t.wait("a form", "New name")
    t.keys("C-u")
    t.type("swept")
    t.keys("Down")
    t.type("max_depth=4,5")
    t.keys("Enter", "Enter")
    t.wait("what is launched", "Jobs   2: swept")
    t.keys("Enter")
    t.wait("a question", "Launch these 2 jobs?", "[ Cancel ]")
    report(t, 0, 23, 2)
    report(t, 0, 10, 0)
    click(t, "Launch  ")
    t.wait("a click on a button gives it the focus", "[ Launch ]")
    click(t, "Cancel")
    t.wait("on the other as well", "[ Cancel ]")
    click(t, "Cancel")
    t.wait("the second click is Enter", absent=("[ Cancel ]",))
    t.keys("Escape", "Escape", "Escape")
    t.wait("nothing was launched", "STATUS", "jobs %d" % JOBS)


def kept(t):
    t.keys("q")
    start(t, f"{SAGETOP} --endpoint-url $URL")
    until(t, "it is taken at the next start, too", lambda: t.flag("mouse_any_flag") == "1")
    type_line(t, ":suspend")
    until(t, "a shell has its mouse", lambda: t.flag("mouse_any_flag") == "0")
    type_line(t, "fg")
    until(t, "and gives it back", lambda: t.flag("mouse_any_flag") == "1")
    type_line(t, ":mouse off")
    t.wait("no more", "the mouse is the terminal's")
    until(t, "it is not asked for", lambda: t.flag("mouse_any_flag") == "0")
    type_line(t, ":mouse on")
    until(t, "again", lambda: t.flag("mouse_any_flag") == "1")
    t.keys("q")
    t.wait("the shell", absent=("? help",))
    equal("has its mouse at the end", t.flag("mouse_any_flag"), "0")


def main():
    with Console("#!/bin/sh\nexit 0\n") as on:
        for i in range(JOBS):
            on.engine.create("job-%02d" % i, "own", HyperParameters={"max_depth": "6"})
        for i in range(JOBS):
            on.engine.wait("job-%02d" % i)
        os.makedirs(on.work + "/config/sagetop")
        with open(on.work + "/config/sagetop/config.yaml", "w") as f:
            f.write("keys:\n  list.up: k\n  list.down: j\n")  # a click goes by what is done, not by the usual keys
        t = on.open()
        start(t, f"{SAGETOP} --endpoint-url $URL", "jobs %d" % JOBS, "job-39")
        off(t)
        rows(t)
        others(t)
        hostile(t)
        asked(t)
        kept(t)


main()
