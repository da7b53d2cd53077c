"""The launch form in a real terminal (tmux): an engine with jobs to clone, and a console that is opened on them."""
import os
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from console_support import Console, start, type_line  # noqa: E402
from dashboard import SAGETOP, Terminal  # noqa: E402
from engine_support import equal  # noqa: E402


class Form(Terminal):
    work = engine = None  # the test's folder and its engine

    def line(self, text):
        type_line(self, text)

    def console(self, variables=""):
        start(self, f"{variables} {SAGETOP} --endpoint-url $URL")
        self.keys("Escape")  # what was filtered by at the last end
        self.wait("all jobs", "origin")

    def clone(self, name, *expected):
        """The form of a clone of origin, with its new name typed."""
        self.keys("/", "C-u")
        self.line("name:origin")
        self.wait("the job alone", "jobs 1 of")
        self.keys("c")
        self.wait("the form has what the job has", "clone · origin", "max_depth      6", *expected)
        self.keys("C-u")
        self.type(name)

    def kill(self):
        """The console, without a chance to end."""
        shell = self.flag("pane_pid")
        with open(f"/proc/{shell}/task/{shell}/children") as f:
            os.kill(int(f.read().split()[0]), signal.SIGKILL)
        self.line("reset")


def main(jobs, steps, files=(), variables=None):
    """jobs: name and hyperparameters of each; files: name and text of programs in the test's folder, which variables name."""
    with Console("#!/bin/sh\nexit 0\n") as on:
        for name, text in files:
            with open(os.path.join(on.work, name), "w") as f:
                f.write(text)
            os.chmod(os.path.join(on.work, name), 0o755)
        os.makedirs(on.work + "/tmp")
        on.env.update(TMPDIR=on.work + "/tmp", **{k: os.path.join(on.work, v) for k, v in (variables or {}).items()})
        on.env.pop("VISUAL", None)
        for name, hyperparameters in jobs:
            on.engine.create(name, "own", HyperParameters=hyperparameters)
            equal("the job " + name, on.engine.wait(name)["TrainingJobStatus"], "Completed")
        form = on.open(Form)
        form.work, form.engine = on.work, on.engine
        steps(form)
