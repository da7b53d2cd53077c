"""What the tests of the console on an engine of its own share: a folder, an engine whose jobs run a trainer of the
test's, and a real terminal (tmux) that knows where it is ($URL)."""
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from dashboard import Stuck, Terminal, environment  # noqa: E402
from engine_support import BUILD, Engine, done, skip_all  # noqa: E402


def type_line(t, text, *keys):
    t.type(text)
    t.keys("Enter", *keys)


def start(t, command, *expected):
    """A console from the shell: what is typed before the last one has gone would go to the line of the shell."""
    t.wait("the shell", absent=("? help",))
    type_line(t, "clear; " + command)
    t.wait("the dashboard", "jobs ", "? help", *expected)


class Console:
    """As a context: a step that is stuck leaves out the rest, the end counts the tests."""

    def __init__(self, trainer, **variables):
        if not shutil.which("tmux"):
            skip_all("tmux is not installed")
        if not os.access(os.path.join(BUILD, "sagetop-local"), os.X_OK):
            skip_all("built without the local engine")
        self.work = tempfile.mkdtemp(prefix="sagetop-tty-")
        self.engine = Engine("--stop-timeout", "1s")
        with open(self.engine.trainer, "w") as f:
            f.write(trainer.replace("WORK", self.work))
        self.env = environment(self.work)
        self.env.update(AWS_ACCESS_KEY_ID="local", AWS_SECRET_ACCESS_KEY="local", AWS_REGION="us-east-1",
                        URL=self.engine.endpoint, **variables)
        self.term = None

    def open(self, kind=Terminal):
        """The terminal, with the variables that are in env by now."""
        self.term = kind(self.work, self.env)
        return self.term

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if self.term:
            self.term.close()
        self.engine.close()
        shutil.rmtree(self.work, ignore_errors=True)
        if kind is Stuck:
            print("# the rest was left out after: %s" % error)
        if kind in (None, Stuck):
            done()
        return kind is Stuck
