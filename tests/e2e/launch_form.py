"""The form of a clone in a real terminal (tmux), on a real job: its members are changed in place, the whole of it in
the user's editor, and the jobs that come of it have what was typed. TAP on standard output."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from console_support import Console, type_line  # noqa: E402
from dashboard import SAGETOP  # noqa: E402
from engine_support import equal, ok  # noqa: E402

# It shows that it has the terminal, and waits for a key, as editors do.
EDITOR = """#!/bin/sh
stty -echo
echo "editing as $$: $(stat -c %a "$1")"
head -n 1 <&0 >/dev/null
[ "$CHANGE" ] && sed -i "$CHANGE" "$1"
case $1 in *.json) ;; *) exit 9 ;; esac
"""


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
    with Console("#!/bin/sh\nexit 0\n") as on:
        editor, files = on.work + "/editor", on.work + "/tmp"
        with open(editor, "w") as f:
            f.write(EDITOR)
        os.chmod(editor, 0o755)
        os.makedirs(files)
        on.env.update(EDITOR=editor, TMPDIR=files)
        on.env.pop("VISUAL", None)
        on.engine.create("origin", "own", HyperParameters={"max_depth": "6", "eta": "0.3", "num_round": "5"})
        equal("the job", on.engine.wait("origin")["TrainingJobStatus"], "Completed")
        term = on.open()
        change_in_place(term, on.engine)
        change_in_editor(term, on.engine)
        editor_fails(term)
        ok("the editor's files are gone", not os.listdir(files), os.listdir(files))


if __name__ == "__main__":
    main()
