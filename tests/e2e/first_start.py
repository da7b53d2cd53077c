"""The first start on a terminal of a machine that knows nothing of AWS: an offer
instead of an error. And what a terminal gets that a pipe does not."""
import os
import pathlib
import pty
import re
import select
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tap import done, ok, skip_all  # noqa: E402

BUILD = pathlib.Path(os.environ["SAGETOP_BUILD"])


def on_terminal(words, env, answers=(), timeout=300):
    """Run on a terminal of its own; answers are (what to wait for, what to type)."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execve(words[0], [str(w) for w in words], env)
    seen, answers, deadline = "", list(answers), time.monotonic() + timeout
    while time.monotonic() < deadline:
        if answers and answers[0][0] in seen:
            os.write(fd, answers.pop(0)[1].encode())
        if not select.select([fd], [], [], 0.2)[0]:
            continue
        try:
            data = os.read(fd, 65536)
        except OSError:
            break
        if not data:
            break
        seen += data.decode(errors="replace")
    else:
        os.kill(pid, 9)
    os.close(fd)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), seen


def main():
    try:
        for fd in os.openpty():
            os.close(fd)
    except OSError as error:
        skip_all(f"no terminals here: {error}")
    with tempfile.TemporaryDirectory() as temp:
        env = {"PATH": os.environ["PATH"], "HOME": temp, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8",
               "AWS_EC2_METADATA_DISABLED": "true", "SAGETOP_EXIT_AFTER_PAINT": "1"}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                env[name] = os.environ[name]
        sagetop = BUILD / "sagetop"

        status, seen = on_terminal([sagetop], env, [("l, d or q?", "q\r")])
        ok("a first start offers the local engine and doctor", "start the local engine" in seen and "doctor" in seen, seen)
        ok("q ends it without an error", status == 0, (status, seen))
        status, seen = on_terminal([sagetop], env, [("l, d or q?", "what?\r"), ("what?\r\nl, d or q?", "d\r")])
        ok("anything else asks again", seen.count("l, d or q?") == 2, seen)
        ok("d is doctor", re.search(r"credentials +FAILED", seen) and status == 5, (status, seen))
        status, seen = on_terminal([sagetop], {**env, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b",
                                               "AWS_REGION": "us-east-1"})
        ok("with credentials nothing is asked", "l, d or q?" not in seen and status == 0, (status, seen))

        if (BUILD / "sagetop-local").exists():
            status, seen = on_terminal([sagetop], env, [("l, d or q?", "l\r")])
            ok("l opens the dashboard", status == 0 and "jobs" in seen, (status, seen))
            run = subprocess.run([sagetop, "local", "status"], env=env, capture_output=True, text=True)
            ok("on an engine that was started for it", run.returncode == 0, run)
            status, seen = on_terminal([sagetop, "--local", "jobs", "--columns", "name,status"], env)
            ok("a table on a terminal is aligned", status == 0 and re.search(r"^NAME +STATUS\r$", seen, re.M), (status, seen))
            spec = pathlib.Path(os.environ["SAGETOP_SRC"]) / "share/examples/player.yaml"
            keys = {**env, "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_REGION": "us-east-1"}
            endpoint = run.stdout.split("\t")[1] if "\t" in run.stdout else ""
            status, seen = on_terminal([sagetop, "--endpoint-url", endpoint, "launch", spec, "--name", "asked"], keys,
                                       [("[y/N]", "n\r")])
            ok("a launch that costs is asked about, with its ceiling", re.search(r"asked: .*at most \$0\.\d+", seen) and
               "Launch it? [y/N]" in seen, seen)
            ok("and no is no", status == 1 and "not launched" in seen, (status, seen))
            run = subprocess.run([sagetop, "--endpoint-url", endpoint, "launch", spec, "--name", "asked"], env=keys,
                                 capture_output=True, text=True, stdin=subprocess.DEVNULL)
            ok("without a terminal it wants --yes", run.returncode == 2 and "--yes" in run.stderr, run)
            run = subprocess.run([sagetop, "local", "stop"], env=env, capture_output=True, text=True)
            ok("the engine stops", run.returncode == 0, run)
    done()


main()
