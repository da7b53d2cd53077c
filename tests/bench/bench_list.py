"""Ten thousand jobs with full details: seconds and calls, against `aws sagemaker
list-training-jobs` and a describe-training-job for each, on the same engine. Ours
keeps to one Search a second; the peer keeps to no rate."""

import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

BUILD = os.environ["SAGETOP_BUILD"]
AWS = "/usr/bin/aws"
JOBS = int(os.environ.get("BENCH_JOBS", "10000"))
RUNS = 1
DESCRIBED = 20  # of the peer's calls; the rest is scaled


def timed(argv, env):
    began = time.monotonic()
    out = subprocess.run(argv, env=env, check=True, stdout=subprocess.PIPE).stdout
    return time.monotonic() - began, out


def main():
    if not os.access(f"{BUILD}/sagetop-local", os.X_OK):
        print("no local engine here")
        sys.exit(77)
    try:
        import boto3
    except ImportError:
        print("boto3 is not installed")
        sys.exit(77)
    work = tempfile.mkdtemp(prefix="sagetop-bench-")
    env = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    env.update(XDG_CACHE_HOME=f"{work}/cache", XDG_STATE_HOME=f"{work}/state", XDG_CONFIG_HOME=f"{work}/config",
               AWS_EC2_METADATA_DISABLED="true", AWS_ACCESS_KEY_ID="local", AWS_SECRET_ACCESS_KEY="local",
               AWS_REGION="us-east-1", AWS_DEFAULT_REGION="us-east-1")
    engine = subprocess.Popen([f"{BUILD}/sagetop-local", "--open", "--port", "0", "--state", f"{work}/engine", "--simulate",
                               str(JOBS), "--simulate-hours", "1", "--speed", "36000"], env=env,
                              stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 10
        while True:
            if time.monotonic() > deadline:
                sys.exit("the engine does not start")
            try:
                url = re.search(r"http://[^\"]+", open(f"{work}/engine/engine.json").read()).group(0)
                break
            except (OSError, AttributeError):
                time.sleep(0.02)
        sm = boto3.client("sagemaker", endpoint_url=url, region_name="us-east-1", aws_access_key_id="local",
                          aws_secret_access_key="local")
        deadline = time.monotonic() + 300
        names = []
        while len(names) < DESCRIBED or sm.search(
                Resource="TrainingJob", MaxResults=1, SearchExpression={"Filters": [
                    {"Name": "TrainingJobStatus", "Operator": "Equals", "Value": "InProgress"}]})["Results"]:
            names = [j["TrainingJobName"] for j in sm.list_training_jobs(MaxResults=DESCRIBED)["TrainingJobSummaries"]]
            if time.monotonic() > deadline:
                sys.exit("the jobs do not end")
            time.sleep(0.2)

        ours, calls = [], 0
        for run in range(RUNS):
            cache = {**env, "XDG_CACHE_HOME": f"{work}/cache{run}"}
            seconds, out = timed([f"{BUILD}/sagetop", "--endpoint-url", url, "jobs", "--debug", f"{work}/debug{run}"], cache)
            ours.append(seconds)
            if len(out.splitlines()) != JOBS + 1:
                sys.exit(f"{len(out.splitlines()) - 1} jobs of {JOBS} were listed")
            calls = len(re.findall(r"request id", open(f"{work}/debug{run}").read()))
        peer = ("", "", "")
        if os.access(AWS, os.X_OK):
            listed, _ = timed([AWS, "--endpoint-url", url, "sagemaker", "list-training-jobs", "--page-size", "100",
                               "--output", "text"], env)
            one = [timed([AWS, "--endpoint-url", url, "sagemaker", "describe-training-job", "--training-job-name",
                          name], env)[0] for name in names]
            peer = ("aws list + describe", f"{listed + JOBS * statistics.median(one):.2f}", f"{-(-JOBS // 100) + JOBS}")
        print(f"bench\t{JOBS} jobs with full details, nothing cached\t{statistics.median(ours):.3f}\ts\t{peer[0]}\t{peer[1]}\t")
        print(f"bench\tcalls made for them\t{calls}\tcalls\t{peer[0]}\t{peer[2]}\t")
        print(f"the peer's describes were timed for {DESCRIBED} jobs and scaled")
    finally:
        engine.terminate()
        engine.wait()
        shutil.rmtree(work, ignore_errors=True)


main()
