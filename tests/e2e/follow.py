"""Follow a job's log to its end, polled and pushed, and hold what came against what
its two instances wrote: every line once, also those of one millisecond, equal ones,
bursts that a live tail samples, and where the service fails now and then. TAP."""

import collections
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tap import done, ok, skip_all  # noqa: E402

BUILD = os.environ["SAGETOP_BUILD"]

# Each instance writes a burst of more than the 500 lines that a live tail gives in
# a second, with equal lines among them, then some at its leisure.
TRAINER = """#!/bin/sh
i=0
while [ $i -lt 40 ]; do
	i=$((i + 1))
	echo "quiet line $i"
	case $i in
	10|30) seq -f "burst $i line %.0f" 1500; yes "the same again" | head -n 20 ;;
	esac
	sleep 0.05
done
"""
EXPECTED = collections.Counter(
    [f"quiet line {i}" for i in range(1, 41)] +
    [f"burst {b} line {i}" for b in (10, 30) for i in range(1, 1501)] + ["the same again"] * 40)


try:
    import boto3
    from botocore.config import Config
except ImportError:
    skip_all("boto3 is not installed")
if not os.access(f"{BUILD}/sagetop-local", os.X_OK):
    skip_all("built without the local engine")


def start_engine(work, name, env, *options):
    state = f"{work}/{name}"
    log = open(f"{work}/{name}.log", "wb")
    process = subprocess.Popen([f"{BUILD}/sagetop-local", "--open", "--port", "0", "--state", state, *options], env=env, stdout=log,
                               stderr=log)
    log.close()
    deadline = time.monotonic() + 30
    while True:
        try:
            return process, re.search(r"http://[^\"]+", open(f"{state}/engine.json").read()).group(0)
        except (OSError, AttributeError):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the engine does not start: " + open(f"{work}/{name}.log").read()[-500:])
            time.sleep(0.05)


def create(url, name):
    sm = boto3.client("sagemaker", endpoint_url=url, region_name="us-east-1", aws_access_key_id="local",
                      aws_secret_access_key="local", config=Config(retries={"max_attempts": 10}))
    for _ in range(20):
        try:
            sm.create_training_job(
                TrainingJobName=name, RoleArn="arn:aws:iam::000000000000:role/test",
                AlgorithmSpecification={"TrainingImage": "test:1", "TrainingInputMode": "File"},
                OutputDataConfig={"S3OutputPath": "s3://sagemaker-us-east-1-000000000000/out"},
                ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 1},
                StoppingCondition={"MaxRuntimeInSeconds": 600})
            return
        except sm.exceptions.ResourceInUse:
            return  # made, and the reply lost
        except Exception as e:  # what the faults bring
            last = e
    raise last


def follow(url, env, work, name, how):
    path = f"{work}/{name}.lines"
    run = subprocess.run([f"{BUILD}/tests/bench/follow_probe", url, name, how, path], env=env, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True, timeout=400)
    if run.returncode:
        return {}, {}, run.stdout
    streams = collections.defaultdict(collections.Counter)
    for line in open(path):
        stream, text = line.rstrip("\n").split(" ", 1)
        streams[stream][text] += 1
    return streams, dict((k, float(v)) for k, v in re.findall(r"(\w+) ([\d.]+)", run.stdout)), run.stdout


def stored(url, name):
    """The lines of each stream as the engine has them, in their order."""
    logs = boto3.client("logs", endpoint_url=url, region_name="us-east-1", aws_access_key_id="local",
                        aws_secret_access_key="local", config=Config(retries={"max_attempts": 10}))
    group = "/aws/sagemaker/TrainingJobs"
    found = {}
    for stream in logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=f"{name}/")["logStreams"]:
        lines, token = [], {}
        while True:
            page = logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True,
                                       **token)
            lines += [e["message"] for e in page["events"]]
            if token.get("nextToken") == page["nextForwardToken"]:
                break
            token = {"nextToken": page["nextForwardToken"]}
        found[stream["logStreamName"]] = lines
    return found


def ended(url, env, work, name, label):
    """The log of a job that is over: its end first, then backwards. A kill in its midst leaves
    nothing that is half; what was read to its end comes from the cache."""
    command = [f"{BUILD}/tests/bench/follow_probe", url, name, "ended", f"{work}/{name}.lines"]
    victim = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)
    first = victim.stdout.readline()
    victim.kill()
    victim.wait()
    ok(f"ended{label}: the newest lines are there first", first.startswith("newest "), first)
    wanted = stored(url, name)
    for how in ("read backwards", "from the cache"):
        run = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=400)
        got = collections.defaultdict(list)
        for line in open(f"{work}/{name}.lines") if run.returncode == 0 else []:
            stream, text = line.rstrip("\n").split(" ", 1)
            got[stream].append(text)
        ok(f"ended{label}, {how}: the text is what the service has", got == wanted,
           run.stdout + str({k: len(v) for k, v in got.items()}))


def difference(counter):
    missing, extra = EXPECTED - counter, counter - EXPECTED
    return f"missing {sum(missing.values())}: {list(missing.items())[:5]}\nextra {sum(extra.values())}: {list(extra.items())[:5]}"


def main():
    work = tempfile.mkdtemp(prefix="sagetop-follow-")
    script = f"{work}/trainer"
    with open(script, "w") as f:
        f.write(TRAINER)
    os.chmod(script, 0o755)
    env = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    env.update(XDG_CACHE_HOME=f"{work}/cache", XDG_STATE_HOME=f"{work}/state", XDG_CONFIG_HOME=f"{work}/config", HOME=work,
               AWS_ACCESS_KEY_ID="local", AWS_SECRET_ACCESS_KEY="local", AWS_EC2_METADATA_DISABLED="true",
               SAGETOP_TRAINER=script)
    engines = []
    try:
        for faults, label in (("", ""), ("throttle=0.1,500=0.1,reset=0.1,truncate=0.1,empty=0.1", ", with faults")):
            process, url = start_engine(work, f"engine{len(engines)}", env, "--slots", "4",
                                        *(("--faults", faults, "--seed", "5") if faults else ()))
            engines.append(process)
            for how in ("poll", "live"):
                name = f"follow-{how}"
                create(url, name)
                streams, numbers, out = follow(url, env, work, name, how)
                ok(f"{how}{label}: both instances' streams are followed", len(streams) == 2, out)
                for stream, lines in sorted(streams.items()):
                    ok(f"{how}{label}: each of {sum(EXPECTED.values())} lines once", lines == EXPECTED,
                       difference(lines))
                if how == "live":
                    ok(f"live{label}: the minutes are counted", numbers.get("minutes_billed", 0) >= 1, out)
                    if not faults:
                        ok("live: that lines were sampled is known", numbers.get("sampled") == 1, out)
            ended(url, env, work, "follow-poll", label)
    finally:
        for process in engines:
            process.terminate()
        for process in engines:
            process.wait()
        shutil.rmtree(work, ignore_errors=True)
    done()


main()
