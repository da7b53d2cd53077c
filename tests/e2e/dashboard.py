"""A whole session of the dashboard in a real terminal (tmux), against the local
engine with real jobs: open, filter, job, log, search, chart, clone, stop, quit;
and the terminal as it was before after every kind of exit. TAP on standard output.

Nothing waits for a fixed time: every step polls the screen until what it expects
is there, or a deadline has passed."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tap import done, ok, skip_all  # noqa: E402

BUILD = os.environ["SAGETOP_BUILD"]
SRC = os.environ["SAGETOP_SRC"]
SAGETOP = os.path.join(BUILD, "sagetop")
DEADLINE = 180


class Stuck(Exception):
    """A step failed that all later ones rest on."""


class Terminal:
    """One tmux server of our own with one pane that runs a shell."""

    def __init__(self, work, env, cols=80, rows=24):
        self.socket = os.path.join(work, "tmux.sock")
        self.env = env
        self.tmux("new-session", "-d", "-x", str(cols), "-y", str(rows), "-s", "t", "bash --norc --noprofile")
        self.tmux("set", "-g", "escape-time", "0")

    def tmux(self, *args):
        return subprocess.run(
            ["tmux", "-S", self.socket, "-f", "/dev/null", *args], env=self.env, capture_output=True, text=True
        ).stdout

    def type(self, text):
        self.tmux("send-keys", "-t", "t", "-l", text)

    def keys(self, *names):
        self.tmux("send-keys", "-t", "t", *names)

    def screen(self):
        return self.tmux("capture-pane", "-p", "-t", "t")

    def flag(self, name):
        return self.tmux("display", "-p", "-t", "t", "#{%s}" % name).strip()

    def resize(self, cols, rows):
        self.tmux("resize-window", "-t", "t", "-x", str(cols), "-y", str(rows))

    def wait(self, what, *expected, absent=(), deadline=DEADLINE):
        """Until every expected text is on the screen and no absent one is."""
        until = time.monotonic() + deadline
        while True:
            screen = self.screen()
            if all(e in screen for e in expected) and not any(a in screen for a in absent):
                return ok(what, True)
            if time.monotonic() > until:
                ok(what, False, "wanted %r, not %r\n%s" % (expected, absent, screen))
                raise Stuck(what)
            time.sleep(0.05)

    def close(self):
        self.tmux("kill-server")


def run(env, *args):
    r = subprocess.run([SAGETOP, *args], env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return r.returncode, r.stdout, r.stderr


def environment(work):
    env = {k: v for k, v in os.environ.items() if not k.startswith("AWS_") and k not in ("NO_COLOR", "TMUX", "SAGETOP_NOW")}
    env.update(
        HOME=work,
        XDG_CACHE_HOME=work + "/cache",
        XDG_STATE_HOME=work + "/state",
        XDG_CONFIG_HOME=work + "/config",
        LC_ALL="C.UTF-8",
        TERM="xterm-256color",
        AWS_EC2_METADATA_DISABLED="true",
    )
    return env


def launch(env, name, *changes):
    args = [x for c in changes for x in ("--set", c)]
    code, _, err = run(env, "--local", "launch", SRC + "/share/examples/player.yaml", "--name", name, *args)
    if code:
        ok("launching " + name, False, err)


def dashboard_pid(work):
    """The dashboard that runs under our tmux, found by the folder it uses."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            command = open("/proc/%s/cmdline" % pid, "rb").read().split(b"\0")
            env = open("/proc/%s/environ" % pid, "rb").read()
        except OSError:
            continue
        if command[:2] == [SAGETOP.encode(), b"--local"] and len(command) == 3 and work.encode() in env:
            return int(pid)
    return None


def wait_pid(work, running):
    until = time.monotonic() + DEADLINE
    while time.monotonic() < until:
        pid = dashboard_pid(work)
        if bool(pid) == running:
            return pid
        time.sleep(0.05)
    return None


def open_dashboard(term, what):
    term.type("clear; %s --local" % SAGETOP)
    term.keys("Enter")
    return term.wait(what, "sagetop   local engine", "long-1")


def modes(term, tag):
    """The terminal's modes as the shell sees them once the dashboard is gone."""
    until = time.monotonic() + DEADLINE
    while time.monotonic() < until:
        term.type("clear; echo %s-$(stty -g)-end" % tag)
        term.keys("Enter")
        asked = time.monotonic()
        while time.monotonic() < asked + 5: # what was typed while the shell took over may be lost
            for line in term.tmux("capture-pane", "-p", "-J", "-t", "t").splitlines():
                if line.startswith(tag + "-") and line.rstrip().endswith("-end"):
                    return line.rstrip()[len(tag) + 1 : -4]
            time.sleep(0.05)
    return None


def check_restored(term, before, tag, what):
    now = modes(term, tag)
    restored = now == before and term.flag("alternate_on") == "0" and term.flag("cursor_flag") == "1"
    ok(what, restored, "modes %s, before %s; alternate %s, cursor %s\n%s" % (
        now, before, term.flag("alternate_on"), term.flag("cursor_flag"), term.screen()))


def look_around(term):
    open_dashboard(term, "the dashboard opens with the jobs")
    term.wait("a finished job shows its state and objective", "✓ Completed", "✗ Failed")
    term.keys("/")
    term.type("quick")
    term.wait("the filter works while it is typed", "jobs 1 of 3", "quick-1", absent=("long-1",))
    term.keys("Enter")
    term.keys("Enter")
    term.wait("Enter opens the job", "quick-1", "Parameters", "num_round", "▕█", "Training ", "s3://sagetop-sample/season/")
    term.keys("y")
    term.wait("y shows it as the service describes it", '"TrainingJobName": "quick-1"')
    term.keys("/")
    term.type("InstanceType")
    term.keys("Enter")
    term.wait("where a member is searched", "/InstanceType/ 1 of 1", "▸", absent=("Stop this job?",))
    term.keys("Escape", "Escape")
    look_at_files(term)
    term.keys("l")
    term.wait("l opens its log", "logs · quick-1", "[29]", "train-rmse:")
    term.keys("/")
    term.type(r"\[7\].*rmse")
    term.keys("Enter")
    term.wait("a search finds its line", "1 of", "▸", "[7]")
    term.keys("x")
    term.wait("x leaves only the hits", "[7]", absent=("[8]",))
    term.keys("x", "Escape", "m")
    term.wait("m charts the metrics", "rmse · quick-1 · by round", "┤", "── validation:rmse")
    term.keys("o")
    term.wait("with a logarithmic axis", "log y")
    term.keys("Escape", "Escape", "Escape", "Escape")
    term.wait("Esc goes back to all the jobs", "jobs 3", "long-1")
    copy_a_name(term)


def look_at_files(term):
    """From the page of a job and back to it."""
    got = os.path.join(os.path.dirname(term.socket), "got.tar.gz")
    term.keys("f")
    term.wait("f lists what it stored", "files · quick-1", "▸ output/model.tar.gz", "kB")
    term.keys("Enter")
    term.wait("Enter looks into an archive", "xgboost-model", "unpacked")
    term.keys("Escape", "d")
    term.wait("d asks where to", "download to: model.tar.gz")
    term.keys("C-u")
    term.type(got)
    term.keys("Enter")
    term.wait("and brings it there", "downloaded to")
    ok("whole", subprocess.run(["tar", "-tzf", got], capture_output=True).returncode == 0)
    term.keys("Escape")
    term.wait("Esc goes back to the job", "Cost", "▕█")


def copy_a_name(term):
    """Within tmux as it comes: its own buffer has it, and so has the terminal around it."""
    name = re.search("▸ ([a-z]+-1)", term.screen()).group(1)
    term.keys("Y")
    term.wait("Y says where the name was sent", "sent to the terminal's clipboard: " + name)
    until = time.monotonic() + DEADLINE
    while term.tmux("show-buffer").strip() != name and time.monotonic() < until:
        time.sleep(0.05)
    ok("and tmux has it", term.tmux("show-buffer").strip() == name, term.tmux("show-buffer"))


def change_things(term, env):
    term.type("/long")
    term.keys("Enter", "c")
    term.wait("c opens the clone's form", "clone · long-1", "New name", "long-1-2")
    term.keys("Tab")
    term.type("HyperParameters.eta=0.2")
    term.keys("Enter", "Enter")
    term.wait("the preview shows name, cost and difference", "at most $", "+ HyperParameters.eta: 0.2", "Enter launch")
    term.keys("Enter")
    term.wait("Enter launches it", "jobs 2 of 4", "long-1-2")
    clone = re.search(r"long-1-\d{6}-\d{6}", term.screen()).group()
    term.wait("the clone is selected", "▸ " + clone)
    term.keys("s")
    term.wait("s asks, with Cancel focused", "Stop this job?", "[ Cancel ]", clone)
    term.keys("Enter")
    term.wait("Enter cancels", "▸ " + clone, absent=("Stop this job?",))
    term.keys("s", "Tab", "Enter")
    term.wait("Stop stops it", "Stop", absent=("Stop this job?", "[ Cancel ]"))
    code, out, err = run(env, "--local", "wait", clone, "--timeout", "120s")
    ok("the engine has stopped it", "Stopped" in out, "%d %s %s" % (code, out, err))
    term.wait("and the dashboard shows it", "■ Stopped")
    term.type(":sot cost")
    term.keys("Enter")
    term.wait("an unknown command suggests the nearest", "did you mean :sort?")
    return clone


def resize_storm(term):
    for cols, rows in ((40, 10), (19, 4), (200, 60), (20, 5), (1, 1), (80, 24), (120, 40), (33, 7)) * 4:
        term.resize(cols, rows)
    term.wait("after many resizes it still draws", "sagetop", "long-")
    term.resize(19, 4)
    term.wait("and says when it is too small", "too small")
    term.resize(80, 24)
    term.wait("and comes back", "? help  q quit")


def job_control(term, work, before):
    pid = wait_pid(work, True)
    os.kill(pid, signal.SIGTSTP)
    term.wait("a stop from outside gives the terminal back", "[1]+")
    check_restored(term, before, "tstp", "with its modes as before")
    term.type("fg")
    term.keys("Enter")
    term.wait("fg takes it again", "sagetop   local engine", "? help  q quit")


def exits(term, work, before):
    term.keys("q")
    wait_pid(work, False)
    check_restored(term, before, "quit", "the terminal is as before after q")
    for sig, name in ((signal.SIGTERM, "SIGTERM"), (signal.SIGHUP, "SIGHUP"), (signal.SIGSEGV, "SIGSEGV"),
                      (signal.SIGABRT, "SIGABRT")):
        open_dashboard(term, "open again before " + name)
        pid = wait_pid(work, True)
        if not pid:
            ok("finding the dashboard's process", False)
            continue
        os.kill(pid, sig)
        wait_pid(work, False)
        check_restored(term, before, name, "the terminal is as before after " + name)
    open_dashboard(term, "open again before ctrl-c")
    term.keys("C-c")
    wait_pid(work, False)
    check_restored(term, before, "ctrlc", "the terminal is as before after ctrl-c")


def announce(work):
    """Settings by which changes of status go to a file, ends to the terminal's bell and a program."""
    with open(work + "/told", "w") as f:
        f.write("#!/bin/sh\nprintf '%s\\n' \"$*\" >>\"$HOME/told.txt\"\n")
    os.chmod(work + "/told", 0o755)
    os.makedirs(work + "/config/sagetop")
    with open(work + "/config/sagetop/config.yaml", "w") as f:
        f.write(f"events: ~/events.jsonl\nannounce: ended\nnotice-command: {work}/told with words\n")


def lines_of(path):
    """As soon as there are some."""
    until = time.monotonic() + 20
    while not os.path.exists(path) or not os.path.getsize(path):
        if time.monotonic() > until:
            return []
        time.sleep(0.05)
    with open(path) as f:
        return f.read().splitlines()


def check_announced(work, name):
    """Of a job that was launched and stopped while the dashboard was open."""
    events = [json.loads(line) for line in lines_of(work + "/events.jsonl")]
    clone = [e for e in events if e["name"] == name]
    steps = [(e["from"], e["to"]) for e in clone]
    ok("each change of status is a line of JSON, once", len(steps) >= 2 and steps[-1][1] == "Stopped" and
       all(a[1] == b[0] for a, b in zip(steps, steps[1:])) and
       {(e["kind"], e["region"]) for e in clone} == {("training-job", "us-east-1")}, events)
    ok("what was over before is no event", "quick-1" not in [e["name"] for e in events], events)
    told = lines_of(work + "/told.txt")
    ok("notice-command gets the end as its last argument", told == [f"with words training job {name}: Stopped"], told)
    ok("the terminal rings", lines_of(work + "/rung") == ["rung"], lines_of(work + "/rung"))


def main():
    if not shutil.which("tmux"):
        skip_all("tmux is not installed")
    for program in ("sagetop-local", "sagetop-trainer"):
        if not os.access(os.path.join(BUILD, program), os.X_OK):
            skip_all("built without " + program)
    work = tempfile.mkdtemp(prefix="sagetop-tmux-")
    env = environment(work)
    term = None
    try:
        subprocess.run(["sh", SRC + "/share/make-sample-data", "--teams", "4", "--days", "60", work + "/season"],
                       check=True, env=env, stdout=subprocess.DEVNULL)
        code, _, err = run(env, "local", "start", "--port", "0")
        ok("the engine starts", code == 0, err)
        run(env, "--local", "upload", work + "/season/pools", "s3://sagetop-sample/season/pools/")
        launch(env, "quick-1", "HyperParameters.num_round=30")
        launch(env, "broken-1",
               "InputDataConfig.0.DataSource.S3DataSource.S3Uri=s3://sagetop-sample/season/pools/broken/train/")
        run(env, "--local", "wait", "quick-1", "broken-1", "--timeout", "120s")
        launch(env, "long-1", "HyperParameters.num_round=1000000")
        announce(work)
        term = Terminal(work, env)
        term.tmux("set-hook", "-g", "alert-bell", f"run-shell 'echo rung >>{work}/rung'")
        term.type("echo shell-is-'up'")
        term.keys("Enter")
        term.wait("a shell in the terminal", "shell-is-up")
        before = modes(term, "before")
        look_around(term)
        check_announced(work, change_things(term, env))
        resize_storm(term)
        job_control(term, work, before)
        exits(term, work, before)
        run(env, "--local", "stop", "long-1")
        run(env, "--local", "wait", "long-1", "--timeout", "120s")
    except Stuck as step:
        print("# the rest was left out after: %s" % step)
    finally:
        if term:
            term.close()
        run(env, "local", "stop", "--timeout", "20s")
        shutil.rmtree(work, ignore_errors=True)
    done()


if __name__ == "__main__":
    main()
