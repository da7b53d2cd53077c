"""Keys and resizes at random in all screens of the dashboard, on a terminal of its own, while
simulated jobs run: it neither ends nor hangs. TAP on standard output.

SOAK_KEYS (100,000) keys go in by handfuls; SOAK_SEED repeats a run. Every so often the terminal
gets another size, and the time until the first bytes of the paint is taken: what the program
itself spends of it (on the processor) is to stay under a tenth of a second, and all of it under
five. `make soak` runs it."""

import fcntl
import json
import os
import pty
import random
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from dashboard import BUILD, SAGETOP, SRC, environment, run  # noqa: E402
from tap import done, ok, skip_all  # noqa: E402

KEYS = int(os.environ.get("SOAK_KEYS", "100000"))
SEED = int(os.environ.get("SOAK_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
JOBS = 400
OWN_MS = 100
DEADLINE_S = 5
MEMORY_MIB = 250
SPECIAL = ["\r", "\x1b", "\t", "\x7f", "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D", "\x1b[5~", "\x1b[6~", "\x1b[H", "\x1b[F",
           "\x1b[3~", "\x1b[Z", "\x1bOP", "\x01", "\x04", "\x05", "\x0b", "\x0c", "\x15", "\x17", "\x00", "日", "é",
           "\x1b[200~x\ny\x1b[201~"]
PLAIN = [chr(c) for c in range(0x20, 0x7f) if chr(c) != "q"] # which leaves


class Ended(Exception):
    pass


class Program:
    """The dashboard on a terminal that somebody reads."""

    def __init__(self, argv, env, cwd):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(cwd)
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
            os.execve(argv[0], argv, env)
        self.size = (40, 120)

    def read(self, seconds):
        """What has been painted; b"" where nothing has."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return b""
        try:
            data = os.read(self.fd, 1 << 20)
        except OSError:
            data = b""
        if not data:
            raise Ended
        return data

    def drain(self, seconds=0):
        until = time.monotonic() + 1
        while self.read(seconds) and time.monotonic() < until:
            pass

    def write(self, text):
        data = text.encode()
        while data:
            _, writable, _ = select.select([self.fd], [self.fd], [], DEADLINE_S)
            self.drain() # it does not read keys while nobody reads what it paints
            if writable:
                data = data[os.write(self.fd, data[:256]):]

    def own_ms(self):
        with open(f"/proc/{self.pid}/schedstat") as f:
            return int(f.read().split()[0]) / 1e6

    def memory_mib(self):
        with open(f"/proc/{self.pid}/status") as f:
            return int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1)) / 1024

    def resize(self, rows, cols):
        """(all, own) milliseconds until the first bytes of its paint."""
        if (rows, cols) == self.size:
            rows += 1
        self.size = (rows, cols)
        self.drain(0.02)
        began, own = time.monotonic(), self.own_ms()
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))
        self.read(DEADLINE_S)
        return (time.monotonic() - began) * 1000, self.own_ms() - own


def screens(names):
    """What opens each of them: from the program's own table, with things that are there."""
    words = []
    for file in sorted(os.listdir(f"{SRC}/tui")):
        if file.startswith("view_") and file.endswith(".c"):
            words += re.findall(r'^\t\.name = "([a-z]+)"', open(f"{SRC}/tui/{file}").read(), re.M)
    kinds = re.findall(r'\.plural = "([a-z-]+)"', open(f"{SRC}/src/model/kinds.def").read())
    return sorted(set(words)) + random.Random(SEED).sample(kinds, min(8, len(kinds))), names


def mouse(draw, size):
    """Anywhere but on the last line, where the key is that leaves."""
    rows, cols = size
    return "\x1b[<%d;%d;%d%s" % (draw.choice((0, 0, 0, 64, 65, 2, 35)), draw.randrange(1, cols + 2),
                                 draw.randrange(1, max(rows, 2)), draw.choice("MMMm"))


def press(p, draw, n, words, names):
    """n keys or so; a quarter of them open a screen."""
    sent = 0
    while sent < n:
        if draw.random() < 0.02:
            line = "\x1b\x1b:" + draw.choice(words)
            line += "".join(" " + draw.choice(names) for _ in range(draw.randrange(3)))
            text = line.replace("q", "") + "\r"
        elif draw.random() < 0.05:
            text = mouse(draw, p.size)
        else:
            text = "".join(draw.choice(SPECIAL if draw.random() < 0.35 else PLAIN)
                           for _ in range(draw.randrange(1, 8)))
        sent += len(text)
        p.write(text)
        p.drain()
    return sent


def soak(p, words, names):
    draw, sent, resizes, slowest, longest = random.Random(SEED), 0, 0, 0.0, 0.0
    if not p.read(DEADLINE_S):
        return ok("it paints", False)
    before = p.memory_mib()
    while sent < KEYS:
        sent += press(p, draw, 40, words, names)
        every, own = p.resize(draw.randrange(1, 61), draw.randrange(1, 201))
        resizes += 1
        slowest, longest = max(slowest, own), max(longest, every)
        if every >= DEADLINE_S * 1000:
            break
    print(f"# {sent} keys, {resizes} sizes; a size took {slowest:.1f} ms of its own at most, {longest:.1f} in all; "
          f"{before:.1f} MiB before, {p.memory_mib():.1f} after")
    ok(f"{KEYS} keys and as many sizes as that took, seed {SEED}", sent >= KEYS)
    ok("no paint took it longer than %d ms" % OWN_MS, slowest < OWN_MS, f"{slowest:.1f} ms")
    ok("it never hung", longest < DEADLINE_S * 1000, f"{longest:.1f} ms")
    ok("its memory has an end", p.memory_mib() < MEMORY_MIB, f"{p.memory_mib():.1f} MiB")


def main():
    if not os.access(os.path.join(BUILD, "sagetop-local"), os.X_OK):
        skip_all("built without the local engine")
    work = tempfile.mkdtemp(prefix="sagetop-soak-keys-")
    env = {**environment(work), "EDITOR": "true", "VISUAL": "true", "AWS_ACCESS_KEY_ID": "local",
           "AWS_SECRET_ACCESS_KEY": "local", "AWS_REGION": "us-east-1"}
    engine = subprocess.Popen(
        [os.path.join(BUILD, "sagetop-local"), "--open", "--port", "0", "--state", work + "/engine", "--simulate",
         str(2 * JOBS), "--simulate-hours", "1", "--speed", "1"], env=env, stdout=subprocess.DEVNULL)
    p = None
    os.makedirs(work + "/config/sagetop")
    with open(work + "/config/sagetop/config.yaml", "w") as f:
        f.write("mouse: true\n")
    try:
        until = time.monotonic() + 30
        while not os.path.exists(work + "/engine/engine.json") and time.monotonic() < until:
            time.sleep(0.02)
        url = re.search(r"http://[^\"]+", open(work + "/engine/engine.json").read()).group(0)
        code, out, err = run(env, "--endpoint-url", url, "jobs", "--json")
        jobs = json.loads(out) if code == 0 else []
        ok("there are jobs", len(jobs) > 100, f"{code} {err}")
        os.mkdir(work + "/here")
        p = Program([SAGETOP, "--endpoint-url", url], env, work + "/here")
        soak(p, *screens([j["name"] for j in jobs][:50]))
        p.write("\x03")
        end = time.monotonic() + 10
        while time.monotonic() < end:
            p.read(0.5)
        ok("it ends when it is told to", False)
    except Ended:
        _, status = os.waitpid(p.pid, 0)
        ok("it ends when it is told to, and not before", os.waitstatus_to_exitcode(status) == 0,
           f"seed {SEED}: {os.waitstatus_to_exitcode(status)}")
        p = None
    finally:
        if p:
            os.kill(p.pid, signal.SIGKILL)
            os.waitpid(p.pid, 0)
        engine.terminate()
        engine.wait()
        shutil.rmtree(work, ignore_errors=True)
    done()


main()
