"""The form of a clone in a real terminal, on a real job: its members are changed in place, completed from what earlier jobs
had, the whole of it in the user's editor, and the jobs that come of it have what was typed. TAP on standard output."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from engine_support import equal, ok  # noqa: E402
from form_support import main  # noqa: E402

# It shows that it has the terminal, and waits for a key, as editors do.
EDITOR = """#!/bin/sh
stty -echo
echo "editing as $$: $(stat -c %a "$1")"
head -n 1 <&0 >/dev/null
[ "$CHANGE" ] && sed -i "$CHANGE" "$1"
[ -e "$(dirname "$0")/mend" ] && sed -i s/Cuont/Count/ "$1"
[ -e "$(dirname "$0")/fail" ] && exit 3
case $1 in *.json) ;; *) exit 9 ;; esac
"""


def change_in_place(t):
    t.console()
    t.clone("deeper", "instance type  ml.m5.large", "longest run s  600")
    t.keys("Down", "Down", "C-u", "8", "Down", "C-u")
    t.wait("what is changed says what it was", "max_depth      8", "was 6", "eta            taken out")
    t.keys("Enter")
    t.wait("the preview says the same", "Name   deeper", "HyperParameters.max_depth: 8", "- HyperParameters.eta: 0.3")
    t.keys("Enter")
    t.wait("it is launched", "launched deeper")
    made = t.engine.describe("deeper")["HyperParameters"]
    equal("with what was typed", (made.get("max_depth"), made.get("eta"), made.get("num_round")), ("8", None, "5"))
    t.keys("q")


def completed(t):
    t.console()
    t.clone("completed")
    t.keys("Down", "Down", "C-p")
    t.wait("ctrl-p has what another job had", "▸max_depth      8 ", "was 6")
    t.keys("C-p", "C-p", "C-n", "C-n", "C-n")
    t.wait("and ctrl-n goes back to what was typed", "▸max_depth      6", absent=("was 6",))
    t.keys("Enter", "Down", "Down", "Down", "C-u")
    t.type("c5.x")
    t.keys("Tab")
    t.wait("Tab knows types that have a price, without their ml.", "▸instance type  ml.c5.xlarge")
    t.keys("C-u", "Tab")
    t.wait("what was used comes first, with its price", "ml.m5.large ", "/h", "Tab next")
    t.keys("Escape", "Escape")
    t.wait("Esc leaves the choices, then asks about the form", "what was typed is dropped: Esc again", "clone · ")
    t.keys("Escape")
    t.wait("and then leaves it", "jobs 1 of", absent=("clone · ",))
    t.line(":launch")
    t.wait("the form of a file", "Specification")
    t.type(t.work + "/ed")
    t.keys("Tab")
    t.wait("whose path is completed", t.work + "/editor")
    t.keys("Escape")
    t.wait("Esc asks once about what was typed", "what was typed is dropped: Esc again", "Specification")
    t.keys("Escape")
    t.wait("and then leaves", "jobs ", absent=("Specification",))
    t.keys("q")


def change_in_editor(t):
    t.console('CHANGE=\'s/"num_round": "5"/"num_round": "7"/\'')
    t.clone("edited")
    t.keys("Enter", "Enter")
    t.wait("the preview", "Name   edited", "e editor")
    t.keys("e")
    t.wait("the editor has the terminal, and a file for this user alone", "editing as", ": 600")
    t.keys("Enter")
    t.wait("and what was changed there is shown", "What was changed in the editor", "num_round")
    t.keys("Enter")
    t.wait("it is launched", "launched edited")
    equal("with what was edited", t.engine.describe("edited")["HyperParameters"]["num_round"], "7")
    t.keys("q")


def touch(path):
    with open(path, "w"):
        pass


def a_slip_in_the_editor(t):
    """What was typed is there the next time, and is never left out unsaid. Each time the editor adds a 7."""
    t.console('CHANGE=\'s/"num_round": "[0-9]*/&7/; s/InstanceCount/InstanceCuont/\'')
    t.clone("slipped")
    t.keys("Enter", "Enter")
    t.wait("the preview", "e editor")
    touch(t.work + "/fail")
    t.keys("e")
    t.wait("the editor", "editing as")
    t.keys("Enter")
    t.wait("its failure is told", "did not end well: nothing was taken", "e editor again")
    os.unlink(t.work + "/fail")
    t.keys("e")
    t.wait("the editor again", "editing as")
    t.keys("Enter")
    t.wait("what is wrong is told by its line", "line ", "ResourceConfig.InstanceCuont: there is no such member",
           "'InstanceCount'? (and 1 more)", "e editor again", absent=("/tmp/sagetop-",))
    t.keys("Enter")
    t.wait("Enter does not launch what was not meant", "not launched: what was edited is not in it")
    touch(t.work + "/mend")
    t.keys("e")
    t.wait("the editor once more", "editing as")
    t.keys("Enter")
    t.wait("with all that was typed before", "What was changed in the editor", "+ HyperParameters.num_round: 5777")
    t.keys("Enter")
    t.wait("it is launched", "launched slipped")
    equal("with what was edited", t.engine.describe("slipped")["HyperParameters"]["num_round"], "5777")
    os.unlink(t.work + "/mend")
    t.keys("q")


def wrong_values(t):
    t.console()
    t.clone("wrong")
    t.keys(*["Down"] * 7, "C-u")
    t.type("abc")
    t.wait("what is wrong is said as it is typed", "▸volume GB      abc", "a whole number is wanted, not 'abc'")
    t.keys("Up", "Up", "C-u")
    t.type("ml.foo.large")
    t.wait("and what may be", "no price of ml.foo.large is known: is it a type?")
    t.keys("Enter")
    t.wait("Enter goes to what cannot be", "▸volume GB      abc", absent=("Enter launch",))
    t.keys("C-u", "5", "Enter")
    t.wait("and on, once it is mended", "Enter launch", "? no price known")
    t.keys("Escape", "Escape", "Escape", "q")


def editor_fails(t):
    t.console("CHANGE=s/6/9/")
    t.clone("failed")
    t.keys("Enter", "Enter")
    t.wait("the preview", "e editor")
    t.keys("e")
    t.wait("the editor", "editing as")
    t.keys("C-c")
    t.wait("ctrl-C ends the editor and not the console, and nothing is changed", "did not end well: nothing was taken from", absent=("What was changed",))
    t.keys("Enter")
    t.wait("nor launched", "not launched: what was edited is not in it")
    t.keys("Escape", "Escape")
    t.wait("back in the form", "the form has nothing of what was changed in the editor")
    t.keys("Escape", "Escape", "q")


def read_only(t):
    """The form does not open, and what forbids it is named."""
    folder = os.path.join(t.env["XDG_CONFIG_HOME"], "sagetop")
    os.makedirs(folder, exist_ok=True)
    with open(folder + "/config.yaml", "w") as f:
        f.write("read-only: true\n")
    t.console()
    t.keys("c")
    t.wait("the settings' file is named", "nothing is changed: read-only by " + t.work, absent=("clone · ", " n new"))
    t.line(":launch")
    t.wait("for a specification as well", "nothing is changed: read-only by " + t.work, absent=("Specification",))
    t.keys("q")
    os.unlink(folder + "/config.yaml")


def steps(t):
    change_in_place(t)
    completed(t)
    change_in_editor(t)
    wrong_values(t)
    a_slip_in_the_editor(t)
    editor_fails(t)
    read_only(t)
    ok("the editor's files are gone", not os.listdir(t.work + "/tmp"), os.listdir(t.work + "/tmp"))


if __name__ == "__main__":
    main([("origin", {"max_depth": "6", "eta": "0.3", "num_round": "5"})], steps, [("editor", EDITOR)], {"EDITOR": "editor"})
