"""Sweeps from the launch form in a real terminal, on real jobs: how many are said, asked about and made, and what a console
that was killed leaves. TAP on standard output."""
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from dashboard import DEADLINE, run  # noqa: E402
from engine_support import equal, ok  # noqa: E402
from form_support import main  # noqa: E402

MANY = 40


def sweep_form(t, name, values, said):
    t.console()
    t.clone(name)
    t.keys("Down", "Down", "C-u")
    t.type(values)
    t.wait("the form says how many", said)
    t.keys("Enter")


def names_of(t, sweep):
    _, out, _ = run(t.env, "--endpoint-url", t.engine.endpoint, "jobs", f"tag.sagetop:sweep={sweep}", "--columns", "name", "--no-header")
    return out.split()


def few(t):
    sweep_form(t, "few", "4, 5", "sweep of 2 jobs")
    t.wait("the preview which", "Jobs   2: few-max-depth-4", "to few-max-depth-5", "What is sent, for the first job")
    t.keys("Enter")
    t.wait("a question with their number", "Launch these 2 jobs?")
    t.keys("Tab", "Enter")
    t.wait("and how it went", "sweep few: all 2 jobs were launched")
    t.line(":filter tag.sagetop:sweep=few")
    t.wait("the list has the sweep", "jobs 2 of", "few-max-depth-4", "few-max-depth-5")
    made = [t.engine.describe("few-max-depth-%d" % d)["HyperParameters"]["max_depth"] for d in (4, 5)]
    equal("each with its value", made, ["4", "5"])
    t.keys("q")


def refused(t):
    """The same names with other values elsewhere: the service refuses them, and that is counted."""
    t.console()
    t.clone("few")
    t.keys("Down", "Down", "C-u")
    t.type("5..6")
    t.keys("Down", "C-u", "0", ".", "7")
    t.wait("one of the two is there already", "sweep of 2 jobs", "eta            0.7")
    t.keys("Enter")
    t.wait("which is said before", "1 of its jobs are there already")
    t.keys("Enter")
    t.wait("the question", "Launch these 2 jobs?")
    t.keys("Tab", "Enter")
    t.wait("and how it went", "sweep few: 3 of 4 jobs were launched, 1 refused")
    t.keys("q")


def a_comma(t):
    sweep_form(t, "comma", "a,b\\,c", "sweep of 2 jobs")
    t.wait("the preview", "Jobs   2: comma-max-depth-a", "to comma-max-depth-b-c")
    t.keys("Escape", "C-u")
    t.type("b\\,c")
    t.keys("Enter")
    t.wait("is part of one value", "+ HyperParameters.max_depth: b,c", absent=("Jobs ",))
    t.keys("Escape", "Escape", "Escape", "q")


def typed(t):
    sweep_form(t, "six", "1..6", "sweep of 6 jobs")
    t.wait("the preview", "Jobs   6: six-max-depth-1")
    t.keys("Enter")
    t.wait("more than five are typed", "Launch these 6 jobs?", "Type 6 to go on")
    t.keys("7", "Enter", "Escape")
    t.wait("another number, and Esc, launch nothing", "Jobs   6: six-max-depth-1", absent=("Launch these",))
    t.keys("Escape", "Escape", "Escape", "q")
    equal("nothing was launched", names_of(t, "six"), [])


def killed(t):
    """All rows lie in the queue before the first is sent: the next console sends what is left, each once."""
    sweep_form(t, "killed", "1..%d" % MANY, "sweep of %d jobs" % MANY)
    t.wait("the preview", "Jobs   %d: killed" % MANY)
    t.keys("Enter")
    t.wait("the question", "Type %d to go on" % MANY)
    t.type(str(MANY))
    t.keys("Enter")
    t.wait("they are queued", "queued %d jobs" % MANY)
    t.kill()
    print("# %d were there when it was killed" % len(names_of(t, "killed")))
    t.console()
    until = time.monotonic() + DEADLINE
    while len(names_of(t, "killed")) < MANY and time.monotonic() < until:
        time.sleep(0.5)
    names = names_of(t, "killed")
    ok("the next console sends the rest, each job once", len(names) == len(set(names)) == MANY, names)
    t.keys("q")


def again(t):
    """What was launched opens in the form again, and so does a template, in a console that is started anew."""
    sweep_form(t, "kept", "7,8", "sweep of 2 jobs")
    t.wait("the preview", "Jobs   2: kept-max-depth-7")
    t.line(":template save nightly")
    t.wait("it is kept", "template nightly is saved")
    t.keys("Escape", "Escape", "Escape", "q")
    t.console()
    t.line(":template nightly")
    t.wait("the form has its values", "launch · template nightly", "max_depth      7,8", "was 6", "eta            0.3", "sweep of 2 jobs")
    t.keys("C-u")
    t.type("second")
    t.keys("Enter", "Enter")
    t.wait("and launches them", "Jobs   2: second-max-depth-7")
    t.keys("Enter")
    t.wait("the question", "Launch these 2 jobs?")
    t.keys("Tab", "Enter")
    t.wait("under another name", "sweep second: all 2 jobs were launched")
    t.line(":launches")
    t.wait("which is listed", "launches ", "▸ second", "few  ", "1 of 4 refused")
    t.keys("Enter")
    t.wait("and opened again, its first job", "launch · second", "max_depth      7")
    t.keys("C-u")
    t.type("third")
    t.keys("Enter", "Enter")
    t.wait("as one that is no part of that sweep", "Name   third", "- Tags.0.Value: second")
    t.keys("Enter")
    t.wait("it is launched", "launched third")
    t.keys("q", "q")
    equal("of the sweep there are two", sorted(names_of(t, "second")), ["second-max-depth-7", "second-max-depth-8"])


def many(t):
    """All that is marked is cloned, each job with the same change and all else its own."""
    t.console()
    t.keys("/", "C-u")
    t.line("tag.sagetop:sweep=few")
    t.wait("the sweep of before", "jobs 3 of", "few-max-depth-4", "few-max-depth-5")
    t.line(":sort name")
    t.wait("by name", "by name")
    t.keys("g", "Space", "Space", "c")
    t.wait("the form says how many", "clone · 2 jobs", "Suffix", "max_depth       4", "2 jobs: ",
           "as few-max-depth-4 has it: what is changed here is changed in all of them")
    t.keys("C-u")
    t.type("again")
    t.keys("Down")
    t.type("eta=0.9")
    t.keys("Enter", "Enter")
    t.wait("the preview says which", "Suffix again", "Jobs   2: few-max-depth-4-again", "to few-max-depth-5-again",
           "What differs from few-max-depth-4, the first of them")
    t.line(":template save x")
    t.wait("they are no template", "a template is made of one launch: these are 2")
    t.keys("Enter")
    t.wait("a question with their number", "Launch these 2 jobs?")
    t.keys("Tab", "Enter")
    t.wait("and how it went", "sweep again: all 2 jobs were launched")
    made = [t.engine.describe("few-max-depth-%d-again" % d)["HyperParameters"] for d in (4, 5)]
    equal("each is its own but for the change", [(h["max_depth"], h["eta"]) for h in made], [("4", "0.9"), ("5", "0.9")])
    t.keys("q")


def machines(t):
    """Other members than hyperparameters are varied as well, each priced by itself."""
    t.console()
    t.clone("types")
    t.keys("Down")
    t.type("ResourceConfig.InstanceType=ml.m5.large,ml.nothing.large")
    t.wait("a type without a price is told", "no price of ml.nothing.large is known")
    t.keys("C-u")
    t.type("ResourceConfig.InstanceType=ml.m5.large,ml.m5.xlarge")
    t.wait("the form says how many", "sweep of 2 jobs")
    t.keys("Enter", "Enter")
    t.wait("the preview", "Jobs   2: types-InstanceType-ml-m5-large", "to types-InstanceType-ml-m5-xlarge")
    t.keys("Enter")
    t.wait("the question", "Launch these 2 jobs?")
    t.keys("Tab", "Enter")
    t.wait("they are launched", "sweep types: all 2 jobs were launched")
    equal("each on its machine", t.engine.describe("types-InstanceType-ml-m5-xlarge")["ResourceConfig"]["InstanceType"],
          "ml.m5.xlarge")
    t.keys("q")


def steps(t):
    few(t)
    refused(t)
    a_comma(t)
    typed(t)
    again(t)
    many(t)
    machines(t)
    killed(t)


if __name__ == "__main__":
    main([("origin", {"max_depth": "6", "eta": "0.3", "num_round": "5"})], steps)
