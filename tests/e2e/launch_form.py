"""The form of a clone in a real terminal (tmux), on a real job: its members are changed in place, the whole of it in
the user's editor, and the jobs that come of it have what was typed. TAP on standard output."""
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from dashboard import SAGETOP, Stuck, Terminal, environment  # noqa: E402
from engine_support import BUILD, Engine, done, equal, ok, skip_all  # noqa: E402

# It shows that it has the terminal, and waits for a key, as editors do.
EDITOR = """#!/bin/sh
stty -echo
echo "editing as $$: $(stat -c %a "$1")"
head -n 1 <&0 >/dev/null
[ "$CHANGE" ] && sed -i "$CHANGE" "$1"
case $1 in *.json) ;; *) exit 9 ;; esac
"""


def type_line(t, text):
    t.type(text)
    t.keys("Enter")


def console(t, change):
    type_line(t, f"clear; CHANGE='{change}' {SAGETOP} --endpoint-url $URL")
    t.wait("the dashboard", "jobs ", "origin")


def change_in_place(t, engine):
    console(t, "")
    t.keys("c")
    t.wait("the form has what the job has", "clone · origin", "max_depth      6", "instance type  ml.m5.large", "longest run s  600")
    t.keys("C-u")
    t.type("deeper")
    t.keys("Tab", "Tab", "C-u", "8", "Tab", "C-u")
    t.wait("what is changed says what it was", "max_depth      8", "was 6", "eta            taken out")
    t.keys("Enter")
    t.wait("the preview says the same", "Name   deeper", "HyperParameters.max_depth: 8", "- HyperParameters.eta: 0.3")
    t.keys("Enter")
    t.wait("it is launched", "launched deeper")
    made = engine.describe("deeper")["HyperParameters"]
    equal("with what was typed", (made.get("max_depth"), made.get("eta"), made.get("num_round")), ("8", None, "5"))
    t.keys("q")


def change_in_editor(t, engine):
    console(t, 's/"num_round": "5"/"num_round": "7"/')
    t.type("/name:origin")
    t.keys("Enter", "c")
    t.wait("the form", "clone · origin", "max_depth")
    t.keys("C-u")
    t.type("edited")
    t.keys("Enter", "Enter")
    t.wait("the preview", "Name   edited", "e editor")
    t.keys("e")
    t.wait("the editor has the terminal, and a file for this user alone", "editing as", ": 600")
    t.keys("Enter")
    t.wait("and what was changed there is shown", "What was changed in the editor", "num_round")
    t.keys("Enter")
    t.wait("it is launched", "launched edited")
    equal("with what was edited", engine.describe("edited")["HyperParameters"]["num_round"], "7")
    t.keys("q")


def editor_fails(t):
    console(t, "s/6/9/")
    t.keys("c")
    t.wait("the form", "clone ·", "max_depth")
    t.keys("Enter", "Enter")
    t.wait("the preview", "e editor")
    t.keys("e")
    t.wait("the editor", "editing as")
    t.keys("C-c")
    t.wait("ctrl-C ends the editor and not the console, and nothing is changed", "did not end well: nothing was taken from it", absent=("What was changed",))
    t.keys("Escape", "Escape", "q")


def main():
    if not shutil.which("tmux"):
        skip_all("tmux is not installed")
    if not os.access(os.path.join(BUILD, "sagetop-local"), os.X_OK):
        skip_all("built without the local engine")
    work = tempfile.mkdtemp(prefix="sagetop-form-")
    env = environment(work)
    engine = Engine("--stop-timeout", "1s")
    with open(engine.trainer, "w") as f:
        f.write("#!/bin/sh\nexit 0\n")
    with open(work + "/editor", "w") as f:
        f.write(EDITOR)
    os.chmod(work + "/editor", 0o755)
    os.makedirs(work + "/tmp")
    env.update(AWS_ACCESS_KEY_ID="local", AWS_SECRET_ACCESS_KEY="local", AWS_REGION="us-east-1", URL=engine.endpoint,
               EDITOR=work + "/editor", TMPDIR=work + "/tmp")
    env.pop("VISUAL", None)
    term = None
    try:
        engine.create("origin", "own", HyperParameters={"max_depth": "6", "eta": "0.3", "num_round": "5"})
        equal("the job", engine.wait("origin")["TrainingJobStatus"], "Completed")
        term = Terminal(work, env)
        change_in_place(term, engine)
        change_in_editor(term, engine)
        editor_fails(term)
        ok("the editor's files are gone", not os.listdir(work + "/tmp"), os.listdir(work + "/tmp"))
    except Stuck as step:
        print("# the rest was left out after: %s" % step)
    finally:
        if term:
            term.close()
        engine.close()
        shutil.rmtree(work, ignore_errors=True)
    done()


if __name__ == "__main__":
    main()
