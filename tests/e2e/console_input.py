"""The console and its terminal, in a real one (tmux): pasted texts, paths below ~, stopped and going on, a filter that is
there again at the next start. TAP on standard output."""
import os
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from console_support import Console, type_line  # noqa: E402
from dashboard import SAGETOP  # noqa: E402
from engine_support import ok  # noqa: E402

PASTE_SILENCE = 3.5


def paste(t, text):
    """As the terminal does it: in brackets where the program has asked for them, else as keys."""
    t.tmux("set-buffer", text)
    t.tmux("paste-buffer", "-p", "-t", "t")


def send_bytes(t, *texts):
    for text in texts:
        t.tmux("send-keys", "-t", "t", "-H", *("%02x" % b for b in text.encode()))


def pasting(t):
    paste(t, "s\nq\nD\n")
    t.wait("elsewhere than at a prompt it is left out", "what was pasted is left out", "jobs ")
    t.keys("/")
    paste(t, "status:failed\nq\nD\n")
    t.wait("at a prompt it is one line", "/status:failed q D")
    t.keys("C-u")
    send_bytes(t, "\033[200~name", ":x\r\033", "[20", "1~")
    t.wait("also where its end comes in pieces", "/name:x", absent=("[201",))
    t.keys("C-u")
    send_bytes(t, "\033[200~without an end")
    t.wait("a paste that is under way is not seen", "\n /", absent=("without",))
    time.sleep(PASTE_SILENCE)  # the silence itself
    t.keys("y")
    t.wait("one whose end is lost ends when a key comes behind a silence", "/without an endy")
    t.keys("Escape")


def open_console(t, what):
    """What runs behind it in the same shell sees the terminal as it was left."""
    t.type("clear; sh -c '%s --endpoint-url $URL; cat -v'" % SAGETOP)
    t.keys("Enter")
    t.wait(what, "sagetop   ", "jobs 0")


def left(t, what):
    """Texts are pasted as they are again."""
    t.wait(what, absent=("jobs 0",))
    paste(t, "as it was\n")
    t.wait("pasted texts come as they are then", "as it was\nas it was", absent=("200~",))
    t.keys("C-c")


def files(t, work):
    """Paths of the prompt may begin with ~, are completed, and name nothing that is written over."""
    os.mkdir(work + "/specifications")
    type_line(t, ":export csv ~/specifications/x.csv")
    t.wait("a table is exported below ~", "written to ~/specifications/x.csv")
    ok("it is there", os.path.exists(work + "/specifications/x.csv"))
    t.type(":export csv ~/spe")
    t.keys("Tab", "Tab")
    t.wait("folders and files are completed", ":export csv ~/specifications/x.csv")
    t.keys("Enter")
    t.wait("what is there is not written over", "is there already: :export! writes over it")
    type_line(t, ":export! csv ~/specifications/x.csv")
    t.wait("unless that is said", "written to ~/specifications/x.csv")
    type_line(t, ":launch ~/specifications/none.yaml")
    t.wait("the path of a specification", "▸Specification", "~/specifications/none.yaml")
    t.keys("Enter", "Enter")
    t.wait("is that below the home folder", work + "/specifications/none.yaml")
    t.keys("Escape", "Escape")


def stopping(t):
    type_line(t, ":suspend")
    t.wait(":suspend stops it as ctrl-z does other programs", "Stopped", absent=("jobs 0",))
    type_line(t, "echo as it is")
    t.wait("the shell has its terminal", "\nas it is")
    type_line(t, "fg")
    t.wait("fg goes on", "sagetop   ", "jobs 0")


def console_pid(c):
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            command = open("/proc/%s/cmdline" % pid, "rb").read().split(b"\0")
        except OSError:
            continue
        if command[0] == SAGETOP.encode() and c.engine.endpoint.encode() in command:
            return int(pid)
    return None


with Console("#!/bin/sh\n") as c:
    t = c.open()
    os.makedirs(c.work + "/config/sagetop")
    with open(c.work + "/config/sagetop/config.yaml", "w") as f:
        f.write("refesh: 5s\nnotices: 1\n")
    open_console(t, "the console on an engine without jobs")
    t.wait("of two mistakes in the settings one is told, and that there are more",
           "2 mistakes in the settings (sagetop config lists them): /")
    os.remove(c.work + "/config/sagetop/config.yaml")
    pasting(t)
    files(t, c.work)
    stopping(t)
    type_line(t, ":filter churn")
    t.wait("a filter", "jobs 0 of 0 · churn")
    t.keys("q")
    left(t, "q ends it")
    open_console(t, "once more, with the filter of before")
    t.wait("which is told", "· churn", "filtered as at the end of the last time")
    os.kill(console_pid(c), signal.SIGSEGV)
    left(t, "a crash ends it")
