"""The dashboard with 10,000 and 300,000 jobs in the store: first paint, memory, idle
time, and how long a key takes until its paint.

The AWS CLI has no screen to paint. What a user of it has instead is one page of
list-training-jobs, asked for again every five seconds (watch -n 5): the time until
it stands there, its memory, and its processor time over those seconds."""

import fcntl
import os
import pty
import re
import select
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time

BUILD = os.environ["SAGETOP_BUILD"]
JOBS = 10000
MANY = 300000
RUNS = 15
IDLE_S = 60
REST_MS = 2 # of the processor, in a third of a second
AWS = os.environ.get("SAGETOP_TEST_AWS_CLI", "/usr/bin/aws")
REFRESH_S = 5 # of the dashboard too


def spawn(argv, env):
    """Run argv on a terminal of its own, 120 x 40. Returns (pid, fd)."""
    pid, fd = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        os.execve(argv[0], argv, env)
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    return pid, fd


def drain(fd, until):
    """Read what is painted until the time or the end; returns it."""
    data = b""
    while time.monotonic() < until:
        ready, _, _ = select.select([fd], [], [], max(0, until - time.monotonic()))
        if not ready:
            break
        try:
            piece = os.read(fd, 65536)
        except OSError:
            break
        if not piece:
            break
        data += piece
    return data


def idle_bytes(fd):
    """What is painted in a minute in which nobody types."""
    until, n = time.monotonic() + IDLE_S, 0
    while time.monotonic() < until:
        n += len(drain(fd, min(until, time.monotonic() + 1)))
    return n


def status_kb(pid, name):
    with open(f"/proc/{pid}/status") as f:
        return int(re.search(rf"^{name}:\s+(\d+) kB", f.read(), re.M).group(1))


def cpu_s(pid):
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def first_paint(argv, env):
    times = []
    for _ in range(RUNS):
        began = time.monotonic()
        pid, fd = spawn(argv, {**env, "SAGETOP_EXIT_AFTER_PAINT": "1"})
        data = drain(fd, began + 10)
        os.waitpid(pid, 0)
        times.append((time.monotonic() - began) * 1000)
        os.close(fd)
        if b"pack-" not in data:
            sys.exit("the first paint does not show the jobs of the store")
    return statistics.median(times)


def aws_list(url, env):
    """Medians of one AWS CLI call: milliseconds, MiB, processor seconds."""
    runs = []
    for _ in range(5):
        began = time.monotonic()
        child = subprocess.Popen([AWS, "--endpoint-url", url, "sagemaker", "list-training-jobs", "--max-items", "100"],
                                 env={**env, "AWS_DEFAULT_REGION": "us-east-1"}, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            sys.exit("the AWS CLI cannot list the engine's jobs")
        runs.append(((time.monotonic() - began) * 1000, usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime))
    return [statistics.median(column) for column in zip(*runs)]


def settled(pid, fd):
    """Read until what the store has is there: the processor is at rest and nothing is painted."""
    before = -1.0
    while before != cpu_s(pid):
        before = cpu_s(pid)
        drain(fd, time.monotonic() + 1)


def key_ms(fd, key):
    """From a key to the first bytes of its paint."""
    while select.select([fd], [], [], 0.05)[0]:
        os.read(fd, 1 << 20)
    began = time.monotonic()
    os.write(fd, key.encode())
    if not select.select([fd], [], [], 10)[0]:
        sys.exit(f"the key {key!r} paints nothing")
    return (time.monotonic() - began) * 1000


def ran_ms(pid):
    with open(f"/proc/{pid}/schedstat") as f:
        return int(f.read().split()[0]) / 1e6


def whole_ms(pid, fd, key):
    """From a key until the last of what it asked for is painted: the program rests then."""
    began = last = time.monotonic()
    os.write(fd, key.encode())
    before = -REST_MS
    while last - began < 10:
        if select.select([fd], [], [], 0.3)[0]:
            os.read(fd, 1 << 20)
            last = time.monotonic()
        elif ran_ms(pid) - before < REST_MS:
            break
        before = ran_ms(pid)
    return (last - began) * 1000


def typed(fd, text):
    """The slowest key of a text."""
    return max([key_ms(fd, key) for key in text])


def report_keys(what, argv, env):
    """Moves, an order and a filter as they are typed; memory after it. Returns nothing."""
    pid, fd = spawn(argv, env)
    settled(pid, fd)
    moves = sorted(key_ms(fd, key) for key in (["j"] * 5 + ["k", "\x1b[6~", "\x1b[5~", "G", "g"]) * 20)
    report(f"key to paint, moving, {what}: median", statistics.median(moves), "ms", None, "")
    report(f"key to paint, moving, {what}: 99 %", moves[len(moves) * 99 // 100 - 1], "ms", None, "< 16")
    orders, whole, filters = [], [], []
    for field in ("cost", "name", "age") * 3:
        typed(fd, f":sort {field}")
        orders.append(key_ms(fd, "\r"))
    for field in ("cost", "name", "age"):
        typed(fd, f":sort {field}")
        whole.append(whole_ms(pid, fd, "\r"))
    for text in ("status:failed", "pack-0001", "billed>1h"):
        filters.append(typed(fd, f"/{text}"))
        key_ms(fd, "\x1b")
    report(f"key to paint, another order, {what}: the slowest", max(orders), "ms", None, "< 50")
    report(f"until another order stands there, {what}: the slowest", max(whole), "ms", None, "")
    report(f"key to paint, typing a filter, {what}: the slowest", max(filters), "ms", None, "< 50")
    groups = [key_ms(fd, "b") for _ in range(4)]  # by prefix, type, status, backtest
    typed(fd, ":group none")
    groups.append(key_ms(fd, "\r"))
    report(f"key to paint, other groups, {what}: the slowest", max(groups), "ms", None, "< 50")
    report(f"resident memory after that, {what}", status_kb(pid, "VmRSS") / 1024, "MiB", None, "")
    end(pid, fd)


def end(pid, fd):
    os.kill(pid, signal.SIGTERM)
    drain(fd, time.monotonic() + 10)
    os.waitpid(pid, 0)
    os.close(fd)


def fill(env, jobs, url):
    subprocess.run([f"{BUILD}/tests/bench/fill_cache", str(jobs), f"{url}/us-east-1"], env=env, check=True)


def report_stalled(env):
    """A service that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        fill(env, JOBS, url)
        report_keys(f"{JOBS} jobs, no answer", [f"{BUILD}/sagetop", "--endpoint-url", url], env)


def report_many(argv, env, url):
    """So many jobs as a large account has after years: in a cache of their own."""
    env = {**env, "XDG_CACHE_HOME": env["XDG_CACHE_HOME"] + "-many"}
    fill(env, MANY, url)
    report(f"start-up to first paint, {MANY} jobs in the store", first_paint(argv, env), "ms", None, "< 50")
    pid, fd = spawn(argv, env)
    settled(pid, fd)
    report(f"resident memory of the dashboard, {MANY} jobs", status_kb(pid, "VmRSS") / 1024, "MiB", None, "< 120")
    report(f"processor time until all {MANY} jobs are read", cpu_s(pid), "s", None, "")
    end(pid, fd)
    report_keys(f"{MANY} jobs", argv, env)


def report(what, ours, unit, theirs, aim):
    peer = "" if theirs is None else "aws list, a page" if unit != "%" else f"aws list each {REFRESH_S} s"
    print(f"bench\t{what}\t{ours:.3f}\t{unit}\t{peer}\t{'' if theirs is None else f'{theirs:.3f}'}\t{aim}")


def main():
    if not os.access(f"{BUILD}/sagetop-local", os.X_OK):
        print("no local engine here")
        sys.exit(77)
    work = tempfile.mkdtemp(prefix="sagetop-bench-")
    env = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    env.update(XDG_CACHE_HOME=f"{work}/cache", XDG_STATE_HOME=f"{work}/state", XDG_CONFIG_HOME=f"{work}/config",
               AWS_EC2_METADATA_DISABLED="true", AWS_ACCESS_KEY_ID="local", AWS_SECRET_ACCESS_KEY="local",
               AWS_REGION="us-east-1", TERM="xterm-256color", LC_ALL="C.UTF-8")
    engine = subprocess.Popen([f"{BUILD}/sagetop-local", "--open", "--port", "0", "--state", f"{work}/engine"], env=env,
                              stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 10
        while not os.path.exists(f"{work}/engine/engine.json"):
            if time.monotonic() > deadline:
                sys.exit("the engine does not start")
            time.sleep(0.02)
        url = re.search(r"http://[^\"]+", open(f"{work}/engine/engine.json").read()).group(0)
        fill(env, JOBS, url)
        argv = [f"{BUILD}/sagetop", "--endpoint-url", url]
        their_ms, their_mib, their_cpu_s = aws_list(url, env) if os.access(AWS, os.X_OK) else (None, None, None)
        report(f"start-up to first paint, {JOBS} jobs in the store", first_paint(argv, env), "ms", their_ms, "< 50")

        pid, fd = spawn(argv, env)
        drain(fd, time.monotonic() + 5)
        report(f"resident memory of the dashboard, {JOBS} jobs", status_kb(pid, "VmRSS") / 1024, "MiB", their_mib, "< 40")
        before = cpu_s(pid)
        painted = idle_bytes(fd)
        used = cpu_s(pid) - before
        theirs = None if their_cpu_s is None else their_cpu_s / REFRESH_S * 100
        report("processor time of the idle dashboard, one minute", used / IDLE_S * 100, "%", theirs, "< 1")
        report(f"bytes to the terminal each {REFRESH_S} s, idle", painted / IDLE_S * REFRESH_S, "B", None, "")
        end(pid, fd)
        report_keys(f"{JOBS} jobs", argv, env)
        report_stalled(env)
        report_many(argv, env, url)
    finally:
        engine.terminate()
        engine.wait()
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
