"""Logs: from a line's time to when it can be shown, polled and pushed; a log of a
million lines into a file, in how much memory, and on the screen, from the service and from
the cache; how long a key waits while 20,000 lines a second come in. The peer is `aws logs`,
on the same engine."""

import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import bench_console as console

BUILD = os.environ["SAGETOP_BUILD"]
AWS = "/usr/bin/aws"
BUCKET = "sagemaker-us-east-1-000000000000"
LINES = 1000000
KEYS = 200
PER_S = 20000
ONE_RUN_S = 90  # where one run takes longer, the machine is busy: it is the only one


def client(url, service):
    import boto3
    return boto3.client(service, endpoint_url=url, region_name="us-east-1", aws_access_key_id="local",
                        aws_secret_access_key="local")


def start_engine(work, env):
    engine = subprocess.Popen([f"{BUILD}/sagetop-local", "--open", "--port", "0", "--state", f"{work}/engine"], env=env,
                              stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 10
    while True:
        if time.monotonic() > deadline:
            sys.exit("the engine does not start")
        try:
            return engine, re.search(r"http://[^\"]+", open(f"{work}/engine/engine.json").read()).group(0)
        except (OSError, AttributeError):
            time.sleep(0.02)


def create(url, name):
    client(url, "sagemaker").create_training_job(
        TrainingJobName=name, RoleArn="arn:aws:iam::000000000000:role/bench",
        AlgorithmSpecification={"TrainingImage": "bench:1", "TrainingInputMode": "File"},
        OutputDataConfig={"S3OutputPath": f"s3://{BUCKET}/out"},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        StoppingCondition={"MaxRuntimeInSeconds": 600})


def wait(url, name):
    sm = client(url, "sagemaker")
    deadline = time.monotonic() + 120
    while sm.describe_training_job(TrainingJobName=name)["TrainingJobStatus"] == "InProgress":
        if time.monotonic() > deadline:
            sys.exit(f"{name} does not end")
        time.sleep(0.1)


def probe(url, env, name, how):
    out = subprocess.run([f"{BUILD}/tests/bench/follow_probe", url, name, how], env=env, check=True,
                         stdout=subprocess.PIPE, text=True).stdout
    return dict((k, float(v)) for k, v in re.findall(r"(\w+) ([\d.]+)", out))


def aws_tail(url, env, name):
    """The same with `aws logs tail --follow`."""
    peer = subprocess.Popen([AWS, "--endpoint-url", url, "logs", "tail", "/aws/sagemaker/TrainingJobs", "--follow",
                             "--log-stream-name-prefix", f"{name}/", "--format", "detailed"], env=env, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    lags = []

    def read():
        import datetime
        for line in peer.stdout:
            m = re.match(r"(\S+) \S+ tick", line)
            if m:
                t = datetime.datetime.fromisoformat(m.group(1))
                lags.append(time.time() * 1000 - t.timestamp() * 1000)

    reader = threading.Thread(target=read)
    reader.start()
    wait(url, name)
    time.sleep(7)
    peer.terminate()
    peer.wait()
    reader.join()
    return statistics.median(lags) if lags else None


def measured(command, env, path):
    """Seconds and the most memory in MB of a command that writes a file."""
    began = time.monotonic()
    with open(path, "wb") as out:
        process = subprocess.Popen(command, env=env, stdout=out)
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{command[0]} ends with {process.returncode}")
    return time.monotonic() - began, used.ru_maxrss / 1024


def lines_of(path):
    with open(path, "rb") as f:
        return sum(block.count(b"\n") for block in iter(lambda: f.read(1 << 20), b""))


def painted_ms(fd, keys, marker, limit_s=60):
    """From keys to when the marker was painted."""
    began, data = time.monotonic(), b""
    os.write(fd, keys.encode())
    while marker not in data:
        if time.monotonic() > began + limit_s:
            sys.exit(f"{keys!r} does not paint {marker!r}")
        data = data[-200:] + console.drain(fd, time.monotonic() + 0.002)
    return (time.monotonic() - began) * 1000


def report(what, value, unit, aim):
    print(f"bench\t{what}\t{value:.1f}\t{unit}\t\t\t{aim}")


def open_console(url, env):
    """A console that has asked for the jobs and had its answer."""
    pid, fd = console.spawn([f"{BUILD}/sagetop", "--endpoint-url", url], env)
    console.drain(fd, time.monotonic() + 5)
    console.settled(pid, fd)
    return pid, fd


def report_keys(fd, what, title):
    """Help and back again: unlike a move, it cannot be mistaken for new lines."""
    waits = []
    for _ in range(KEYS // 2):
        waits.append(painted_ms(fd, "?", b"has the rest"))
        waits.append(painted_ms(fd, "q", title))
    waits.sort()
    report(f"key to paint, {what}: median", waits[len(waits) // 2], "ms", "")
    report(f"key to paint, {what}: 99 %", waits[len(waits) * 99 // 100 - 1], "ms", "< 16")


def best_of(command, env, runs=5):
    """The median time of a program that reads a file, in ms; None where it is not installed."""
    if not shutil.which(command[0]):
        return None
    times = []
    for _ in range(runs):
        began = time.monotonic()
        # Into a pipe: grep ends with its first hit where nobody would see the others.
        subprocess.run(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True)
        times.append((time.monotonic() - began) * 1000)
    return statistics.median(times)


def less_ms(env, path, pattern):
    """The same in less, on a terminal: & shows the lines that have it."""
    pid, fd = console.spawn([shutil.which("less"), path], env)
    console.settled(pid, fd)
    ms = console.whole_ms(pid, fd, f"&{pattern}\r")
    os.write(fd, b"q")
    console.end(pid, fd)
    return ms


def report_search(pid, fd, env, path):
    """A pattern that a thousand lines have, typed at once, until the screen says of all lines how many
    have it; then those lines alone. Beside programs that read the same text as a file."""
    pattern = "line [0-9]*777 of"
    ours = []
    for _ in range(5):
        ours.append(console.whole_ms(pid, fd, f"/{pattern}\r"))
        console.whole_ms(pid, fd, "/\r")
    grep = best_of(["grep", "-c", pattern, path], env)
    lnav = best_of(["lnav", "-n", "-c", f":filter-in {pattern}", path], env, 1)
    less = less_ms(env, path, pattern) if shutil.which("less") else None
    for peer, theirs, aim in (("grep -c", grep, "within 2x"), ("lnav, from the file", lnav, ""), ("less &", less, "")):
        if theirs is not None:
            print(f"bench\tsearching {LINES} lines, all hits counted\t{statistics.median(ours):.1f}\tms\t{peer}\t"
                  f"{theirs:.1f}\t{aim}")
    console.whole_ms(pid, fd, f"/{pattern}\r")
    report("only the lines with hits", console.whole_ms(pid, fd, "x"), "ms", "")


def report_screen(url, env, engine, path):
    """The finished log of a million lines, its newest page first."""
    env = {**env, "XDG_CACHE_HOME": env["XDG_CACHE_HOME"] + "-screen"}
    last = str(LINES).encode()
    pid, fd = open_console(url, env)
    before = console.status_kb(pid, "VmRSS") / 1024
    report(f"log of {LINES} lines on the screen, newest page from the service",
           painted_ms(fd, ":logs bulk\r", last), "ms", "< 1000")
    report_keys(fd, "a long log is read backwards", b"bulk")
    began = time.monotonic()
    console.settled(pid, fd)
    report("... until it was read and cached", time.monotonic() - began, "s", "")
    text = os.path.getsize(path) / (1 << 20)
    rss = console.status_kb(pid, "VmRSS") / 1024
    report("... most memory", console.status_kb(pid, "VmHWM") / 1024, "MiB", "")
    report("... memory, of the text's size", rss / text, "x", "")
    report("... what the log adds to the console's memory, of the text's size", (rss - before) / text, "x", "< 1.5")
    console.end(pid, fd)
    pid, fd = open_console(url, env)
    report(f"log of {LINES} lines on the screen, newest page from the cache",
           painted_ms(fd, ":logs bulk\r", last), "ms", "< 50")
    console.settled(pid, fd)
    report_search(pid, fd, env, path)
    engine.send_signal(signal.SIGSTOP)
    report_keys(fd, "in a log, no answer", b"bulk")
    engine.send_signal(signal.SIGCONT)
    console.end(pid, fd)


def report_flood(url, env):
    for screen in ("logs", "metrics"):
        create(url, f"flood-{screen}")
        pid, fd = open_console(url, env)
        painted_ms(fd, f":{screen} flood-{screen}\r", f"flood-{screen}".encode())
        console.drain(fd, time.monotonic() + 5)
        report_keys(fd, f"{PER_S} lines a second, {screen}", f"flood-{screen}".encode())
        console.end(pid, fd)
        wait(url, f"flood-{screen}")


def main():
    try:
        import boto3  # noqa: F401
    except ImportError:
        print("boto3 is not installed")
        sys.exit(77)
    if not os.access(f"{BUILD}/sagetop-local", os.X_OK):
        print("no local engine here")
        sys.exit(77)
    work = tempfile.mkdtemp(prefix="sagetop-bench-")
    env = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    script = f"{work}/trainer"
    with open(script, "w") as f:
        # The job's name says what it is to print.
        f.write("#!/bin/sh\ncase $(cat \"$SAGETOP_ML_ROOT/input/config/resourceconfig.json\" /dev/null; pwd;"
                " echo \"$TRAINING_JOB_NAME $SAGEMAKER_JOB_NAME\") in\n"
                "*bulk*) exec seq -f 'line %.0f of a log that is not short of words' " + str(LINES) + " ;;\n"
                "*flood*) i=0; while [ $i -lt 400 ]; do i=$((i + 1)); seq -f '[%.0f] train-rmse:0.5' "
                + str(PER_S // 20) + "; sleep 0.05; done; exit ;;\nesac\n"
                "i=0\nwhile [ $i -lt 600 ]; do i=$((i + 1)); echo \"tick $i\"; sleep 0.025; done\n")
    os.chmod(script, 0o755)
    env.update(XDG_CACHE_HOME=f"{work}/cache", XDG_STATE_HOME=f"{work}/state", XDG_CONFIG_HOME=f"{work}/config",
               AWS_EC2_METADATA_DISABLED="true", AWS_ACCESS_KEY_ID="local", AWS_SECRET_ACCESS_KEY="local",
               AWS_REGION="us-east-1", AWS_DEFAULT_REGION="us-east-1", SAGETOP_TRAINER=script)
    engine, url = start_engine(work, env)
    try:
        lag = {}
        for how in ("poll", "live"):
            create(url, f"tick-{how}")
            lag[how] = probe(url, env, f"tick-{how}", how)
        theirs = None
        if os.access(AWS, os.X_OK):
            create(url, "tick-aws")
            theirs = aws_tail(url, env, "tick-aws")
        peer = f"\taws logs tail --follow\t{theirs:.1f}\t" if theirs else "\t\t\t"
        print(f"bench\tlog line written to shown, polled: median\t{lag['poll']['median_ms']:.1f}\tms{peer}")
        print(f"bench\tlog line written to shown, polled: 99th percentile\t{lag['poll']['p99_ms']:.1f}\tms\t\t\t")
        print(f"bench\tlog line written to shown, live tail: median\t{lag['live']['median_ms']:.1f}\tms{peer}")
        print(f"bench\tlog line written to shown, live tail: 99th percentile\t{lag['live']['p99_ms']:.1f}\tms\t\t\t")

        create(url, "bulk")
        wait(url, "bulk")
        ours, memory, theirs = [], [], None
        for run in range(3):
            cache = {**env, "XDG_CACHE_HOME": f"{work}/cache{run}"}
            seconds, mb = measured([f"{BUILD}/sagetop", "--endpoint-url", url, "logs", "bulk"], cache, f"{work}/bulk")
            if lines_of(f"{work}/bulk") != LINES:
                sys.exit(f"{lines_of(f'{work}/bulk')} lines of {LINES} came")
            ours.append(seconds)
            memory.append(mb)
            if seconds > ONE_RUN_S:
                break
        again, _ = measured([f"{BUILD}/sagetop", "--endpoint-url", url, "logs", "bulk"], cache, f"{work}/bulk")
        if os.access(AWS, os.X_OK):
            theirs, their_mb = measured(
                [AWS, "--endpoint-url", url, "logs", "filter-log-events", "--log-group-name", "/aws/sagemaker/TrainingJobs",
                 "--log-stream-name-prefix", "bulk/", "--output", "text"], env, f"{work}/peer")
        peer = f"\taws filter-log-events\t{theirs:.1f}\t" if theirs else "\t\t\t"
        print(f"bench\tlog of {LINES} lines to a file\t{statistics.median(ours):.1f}\ts{peer}")
        peer = f"\taws filter-log-events\t{their_mb:.0f}\t" if theirs else "\t\t\t"
        print(f"bench\tlog of {LINES} lines to a file: most memory\t{max(memory):.0f}\tMB{peer}")
        print(f"bench\tlog of {LINES} lines to a file, from the cache\t{again:.1f}\ts\t\t\t")
        report_screen(url, env, engine, f"{work}/bulk")
        report_flood(url, env)
    finally:
        engine.terminate()
        engine.wait()
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
