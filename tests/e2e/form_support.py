"""The launch form in a real terminal (tmux): an engine with jobs to clone, and a console that is opened on them."""
import os
import shutil
import signal
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from dashboard import SAGETOP, Stuck, Terminal, environment  # noqa: E402
from engine_support import BUILD, Engine, done, equal, skip_all  # noqa: E402


class Form(Terminal):
    def __init__(self, work, env, engine):
        super().__init__(work, env)
        self.work, self.engine = work, engine

    def line(self, text):
        self.type(text)
        self.keys("Enter")

    def console(self, variables=""):
        self.line(f"clear; {variables} {SAGETOP} --endpoint-url $URL")
        self.wait("the dashboard", "jobs ", "origin")

    def clone(self, name, *expected):
        """The form of a clone of origin, with its new name typed."""
        self.line("/name:origin")
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


def main(prefix, jobs, steps, files=(), variables=None):
    """jobs: name and hyperparameters of each; files: name and text of programs in the test's folder, which variables name."""
    if not shutil.which("tmux"):
        skip_all("tmux is not installed")
    if not os.access(os.path.join(BUILD, "sagetop-local"), os.X_OK):
        skip_all("built without the local engine")
    work = tempfile.mkdtemp(prefix=prefix)
    env = environment(work)
    engine = Engine("--stop-timeout", "1s")
    form = None
    with open(engine.trainer, "w") as f:
        f.write("#!/bin/sh\nexit 0\n")
    for name, text in files:
        with open(os.path.join(work, name), "w") as f:
            f.write(text)
        os.chmod(os.path.join(work, name), 0o755)
    os.makedirs(work + "/tmp")
    env.update(AWS_ACCESS_KEY_ID="local", AWS_SECRET_ACCESS_KEY="local", AWS_REGION="us-east-1", URL=engine.endpoint,
               TMPDIR=work + "/tmp", **{k: os.path.join(work, v) for k, v in (variables or {}).items()})
    env.pop("VISUAL", None)
    try:
        for name, hyperparameters in jobs:
            engine.create(name, "own", HyperParameters=hyperparameters)
            equal("the job " + name, engine.wait(name)["TrainingJobStatus"], "Completed")
        form = Form(work, env, engine)
        steps(form)
    except Stuck as step:
        print("# the rest was left out after: %s" % step)
    finally:
        if form:
            form.close()
        engine.close()
        shutil.rmtree(work, ignore_errors=True)
    done()
