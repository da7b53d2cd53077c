"""What is done daily, by keyboard alone, on 500 simulated jobs in a real terminal (tmux):
each within a number of keys, which is counted here. TAP on standard output.

The text that a task needs anyway (a value, a filter, a region) is typed and not counted."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from dashboard import SAGETOP, Stuck, Terminal, environment, run  # noqa: E402
from tap import done, ok, skip_all  # noqa: E402

try:
    import boto3
except ImportError:
    skip_all("python3-boto3 is not installed")

BUILD = os.environ["SAGETOP_BUILD"]
JOBS = 500 # and one more about every seven seconds


class Counted:
    """A terminal whose keys are counted from one task to the next."""

    def __init__(self, term):
        self.term, self.n = term, 0

    def keys(self, *names):
        self.n += len(names)
        self.term.keys(*names)

    def value(self, text):
        self.term.type(text)

    def wait(self, what, *expected, **how):
        self.term.wait(what, *expected, **how)

    def within(self, what, most):
        ok(f"{what}: {self.n} keys of {most}", self.n <= most)
        self.n = 0

    def home(self, *expected):
        """Back to all jobs as they come; not part of a task."""
        for _ in range(6):
            self.term.keys("Escape")
        self.term.type(":sort created")
        self.term.keys("Enter")
        self.term.wait("back at the jobs", "jobs 5", "by created", *expected, absent=("marked",))
        self.term.keys("g")  # the cursor stays with a job that was opened, where another came meanwhile
        self.n = 0


def look_at_failures(t):
    t.keys("F")
    t.wait("F counts the causes, and says of one what it was and what to try", "failures ·", "CAUSE", "Try: ",
           "Enter these jobs")
    cause = re.search(r"▸ +(\d+) .*", t.term.screen())
    t.keys("Enter")
    t.wait("Enter shows the jobs of the commonest", f"jobs {cause.group(1)} of 5", "✗ Failed")
    t.within("failed jobs and their commonest cause", 3)
    t.home()


def read_logs(t):
    t.keys("l")
    t.wait("l opens the log", "logs ·", "G follow")
    t.keys("g", "e")
    t.within("first error of a followed log", 3)
    t.keys("q")
    t.home()
    t.keys("Space", "Space", "l")
    t.wait("two logs merged", "logs · 2 jobs merged")
    t.within("two jobs' logs merged", 4)
    t.home()


def compare_and_chart(t):
    t.keys("Space", "Space", "=")
    t.wait("two jobs beside each other", "compare · 2 jobs · rows that differ", "age", "created")
    t.within("two jobs compared", 4)
    t.home()
    t.keys("Space", "Space", "m")
    t.wait("two curves in one chart", "2 jobs")
    t.within("two curves in one chart", 3)
    t.home()


def clone(t):
    t.value("/status:completed")
    t.term.keys("Enter")
    t.wait("a finished job", "✓ Completed", "of 5")
    t.keys("c", "Tab", "e", "t", "a", "=")
    t.value("0.123")
    t.keys("Enter", "Enter")
    t.wait("the preview has the one change", "at most ", "+ HyperParameters.eta: 0.123")
    t.keys("Enter")
    t.wait("it is launched", "jobs ", absent=("at most ", "Launching"))
    t.within("clone with one hyperparameter changed", 12)


def money_and_names(t):
    t.keys("B")
    t.wait("B sorts by cost", "COST↓", "by cost")
    t.within("most expensive first", 2)
    t.home()
    name = under_cursor(t)
    t.keys("Y")
    t.wait("Y sends the name", "sent to the terminal's clipboard: " + name[:20])
    t.within("copy a name", 1)


def week(t):
    t.keys("$", "-")
    t.wait("what the week cost by day", "cost · by day · 7 days", "total $")
    t.within("what this week cost by day", 4)
    t.home()


def groups(t, env, url):
    """On the screen, kept for the next start; and on the command line, to the micro-dollar what the costs say."""
    t.keys("b")
    t.wait("b groups them", "groups by prefix", "GROUP", "SPENT", "IN ALL", "▸ [+] ")
    t.within("what each run of jobs has cost", 1)
    t.keys("Enter")
    t.wait("Enter unfolds one", "▸ [-] ", "STATUS")
    kept = os.path.join(env["XDG_STATE_HOME"], "sagetop", "console.json")
    ok("the grouping is kept, for nobody else to read",
       json.load(open(kept)).get("group/training-job") == "prefix" and os.stat(kept).st_mode & 0o777 == 0o600)
    t.value(":group none")
    t.term.keys("Enter")
    t.wait("one by one again", "jobs 5", absent=("[-]", "group by"))
    before = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() - 5))
    words = ["status:completed", "ended<" + before]
    _, out, err = run(env, "--endpoint-url", url, "jobs", *words, "--group", "tag:cycle", "--json")
    mine = {g["group"]: (round(g["spent_usd"] * 1e6), g["jobs"], g["ok"]) for g in json.loads(out)}
    _, out, _ = run(env, "--endpoint-url", url, "cost", *words, "--by", "tag:cycle", "--days", "3660", "--json")
    theirs = {r["key"]: (r["usd_micro"], r["things"], r["things"]) for r in json.loads(out)["rows"]}
    ok("the groups' money and jobs are those of the costs", len(mine) > 10 and mine == theirs, f"{err} {mine} {theirs}")
    _, out, _ = run(env, "--endpoint-url", url, "jobs", *words, "--group", "status", "--csv")
    ok("groups as CSV", out.startswith("group,jobs,ok,failed,stopped,running,eta,spent,projected,unpriced,prices_as_of\nCompleted,"),
       out[:200])
    code, _, err = run(env, "--endpoint-url", url, "jobs", "--group", "day")
    ok("what jobs are not grouped by", code == 2 and "tag:KEY" in err, err)
    t.home()


def stop_all(t, env):
    """Those that run at the moment: their number is asked for, so it is part of the text."""
    t.value("/status:running")
    t.term.keys("Enter")
    t.wait("the running ones", "status:running", "▸ ")
    t.n = 0
    t.keys("a", "s")
    t.wait("all are asked about", "Stop th")
    number = re.search(r"Type (\d+) to go on", t.term.screen())
    if number:
        t.value(number.group(1))
        t.keys("Enter")
    else:
        t.keys("Tab", "Enter")
    t.wait("they are asked to stop", absent=("Stop th",))
    t.within("stop all that a filter shows, and the number where it is asked for", 4)
    t.home()


def has_colours(term):
    return bool(re.search(r"\x1b\[(?:[\d;]*;)?3[0-8][;m]", term.tmux("capture-pane", "-e", "-p", "-t", "t")))


def wait_for_colours(t, what, expected):
    end = time.monotonic() + 10
    while has_colours(t.term) != expected and time.monotonic() < end:
        time.sleep(0.05)
    ok(what, has_colours(t.term) == expected)


def themes(t):
    wait_for_colours(t, "there are colours", True)
    t.value(":theme mono")
    t.term.keys("Enter")
    t.wait("the theme is chosen", "theme mono")
    wait_for_colours(t, "none are left on the terminal", False)


def views(t):
    t.value("/status:failed")
    t.term.keys("Enter")
    t.value(":view save broken")
    t.term.keys("Enter")
    t.wait("the view is saved", "saved; 1 or :view broken", "[1 broken ")
    t.home()
    t.wait("its tab stays when the filter goes", "[0 all ", " 1 broken ")
    t.value(":view bro")
    t.term.keys("Tab", "Enter")
    t.wait("and shown again", "status:failed", "✗ Failed")
    t.home()
    t.keys("1")
    t.wait("its number shows it", "status:failed", "[1 broken ", "✗ Failed")
    t.within("a saved view", 1)
    t.home()


def under_cursor(t):
    return re.search(r"▸ (\S+)", t.term.screen()).group(1)


def go_back(t):
    for _ in range(3):
        name = under_cursor(t)
        t.term.keys("j")
        t.wait("the cursor moves down", "▸ ", absent=("▸ " + name,))
    name = under_cursor(t)
    t.term.keys("Enter")
    t.wait("a job is open", "q back")
    t.keys("q")
    t.wait("back with the selection kept", "▸ " + name)
    t.within("back with the selection kept", 1)
    t.keys(".")
    t.wait("forward to the job again", name, "q back")
    t.keys(",")
    t.wait("and back", "▸ " + name, "q quit")
    t.home()


def another_region(t):
    t.keys(":", "r", "e", "g", "Tab")
    t.value("eu-west-1")
    t.keys("Enter")
    t.wait("the same in another region", "· eu-west-1 ·", "▸ sim-")
    t.within("another region", 6)
    wait_for_colours(t, "without colours there too: the theme is kept", False)
    t.value(":theme")
    t.term.keys("Enter")
    wait_for_colours(t, "the settings' theme again", True)


def main():
    if not shutil.which("tmux"):
        skip_all("tmux is not installed")
    if not os.access(os.path.join(BUILD, "sagetop-local"), os.X_OK):
        skip_all("built without the local engine")
    work = tempfile.mkdtemp(prefix="sagetop-keys-")
    env = environment(work)
    term = engine = None
    try:
        engine = subprocess.Popen(
            [os.path.join(BUILD, "sagetop-local"), "--open", "--port", "0", "--state", work + "/engine", "--simulate",
             str(2 * JOBS), "--simulate-hours", "1", "--speed", "1"], env=env, stdout=subprocess.DEVNULL)
        until = time.monotonic() + 30
        while not os.path.exists(work + "/engine/engine.json") and time.monotonic() < until:
            time.sleep(0.02)
        url = re.search(r"http://[^\"]+", open(work + "/engine/engine.json").read()).group(0)
        env.update(AWS_ACCESS_KEY_ID="local", AWS_SECRET_ACCESS_KEY="local", AWS_REGION="us-east-1")
        code, out, err = run(env, "--endpoint-url", url, "jobs", "--json")
        ok("all jobs are there", code == 0 and len(json.loads(out)) >= JOBS, f"{err} {len(out)}")
        s3 = boto3.client("s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id="local",
                          aws_secret_access_key="local")
        s3.create_bucket(Bucket="simulated")
        for channel in ("train", "validation"): # a clone is refused without its data
            s3.put_object(Bucket="simulated", Key=f"data/{channel}/data.csv", Body=b"1,2\n")
        term = Terminal(work, env, 120, 40)
        term.type(f"clear; {SAGETOP} --endpoint-url {url}")
        term.keys("Enter")
        term.wait("the dashboard shows them", "jobs 5", "by age")
        t = Counted(term)
        look_at_failures(t)
        read_logs(t)
        compare_and_chart(t)
        go_back(t)
        views(t)
        themes(t)
        money_and_names(t)
        week(t)
        groups(t, env, url)
        stop_all(t, env)
        clone(t)
        another_region(t)
        term.keys("q")
    except Stuck as step:
        print("# the rest was left out after: %s" % step)
    finally:
        if term:
            term.close()
        if engine:
            engine.terminate()
            engine.wait()
        shutil.rmtree(work, ignore_errors=True)
    done()


if __name__ == "__main__":
    main()
