"""A local engine of its own for a test: temporary state, a free port, boto3 clients,
and a trainer in shell whose behaviour is chosen by the hyperparameter `mode`."""
import atexit
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tap import done, equal, ok, skip_all  # noqa: E402,F401

BUILD = os.environ.get("SAGETOP_BUILD", ".")

try:
    import boto3
    import botocore.exceptions
    from botocore.config import Config
except ImportError:
    skip_all("python3-boto3 is not installed")

TRAINER = r"""#!/bin/sh
[ "$1" = train ] || exit 9
ml=$SAGETOP_ML_ROOT
case $SM_HP_MODE in
ok) echo "epoch=1 loss=0.5"; echo "epoch=2 loss=0.25"; echo model >"$ml/model/m.bin"; echo out >"$ml/output/data/o.txt" ;;
crash) echo "something broke"; printf '%s' "$SM_HP_REASON" >"$ml/output/failure"; exit 3 ;;
exit) exit 7 ;;
killed) kill -9 $$ ;;
hang) trap '' TERM; echo hanging; while :; do sleep 1; done ;;
polite) trap 'echo stopping; echo partial >"$ml/model/m.bin"; exit 0' TERM; echo waiting
	while :; do sleep 0.05; done ;;
sleep) echo begun; sleep "$SM_HP_SECONDS"; echo ended ;;
flood) i=0; seq -f 'line %.0f' 1 "$SM_HP_LINES" ;;
binary) printf 'a\tb\033[31mred\000nul\377\376 caf\303\251\n\n'; head -c 600000 /dev/zero | tr '\0' x; echo; printf 'no newline' ;;
linked) mkdir "$ml/outside"; echo secret >"$ml/outside/s"; rm -rf "$ml/model"; ln -s "$ml/outside" "$ml/model" ;;
fifo) mkfifo "$ml/output/failure"; exit 3 ;;
daemon) setsid sh -c 'sleep 60' & echo started a daemon ;;
# Nothing of ours leads to this one: no group, no parent, no variable.
escape) (setsid env -i sleep "$SM_HP_SECONDS" & env -i setsid sh -c 'sleep "$0" & sleep "$0"' "$SM_HP_SECONDS" &)
	echo escaped; trap '' TERM; while [ "$SM_HP_AFTER" = stay ]; do sleep 0.05; done ;;
environment) env | sort ;;
host) cat "$ml/input/config/resourceconfig.json"; echo; echo "host $SM_CURRENT_HOST tracker $SAGETOP_TRACKER"
	echo "$SM_CURRENT_HOST" >"$ml/model/$SM_CURRENT_HOST" ;;
onefails) [ "$SM_CURRENT_HOST" = algo-2 ] && { printf 'host two broke' >"$ml/output/failure"; exit 1; }
	while :; do sleep 0.05; done ;;
# The second host fails, the first for that reason, and ends before it.
follows) two=$ml/../../../algo-2/opt/ml/output/failure
	if [ "$SM_CURRENT_HOST" = algo-2 ]; then
		printf 'bad row 7' >"$two"; while [ -e "/proc/$(cat "$ml/../../../first")" ]; do sleep 0.01; done; exit 1
	fi
	echo $$ >"$ml/../../../first.tmp"; mv "$ml/../../../first.tmp" "$ml/../../../first"
	while [ ! -s "$two" ]; do sleep 0.01; done; sleep 0.02; printf 'host algo-2 failed' >"$ml/output/failure"; exit 1 ;;
spot) n=$(cat "$ml/checkpoints/n" 2>/dev/null || echo 0); echo "resumed at $n"; began=$n
	trap 'exit 0' TERM
	# The first attempt goes on until it is interrupted, the next ones come to an end.
	while [ "$began" = 0 ] || [ "$n" -lt $((began + 5)) ]; do
		n=$((n + 1)); echo $n >"$ml/checkpoints/n.tmp"; mv "$ml/checkpoints/n.tmp" "$ml/checkpoints/n"; sleep 0.05
	done
	echo "done at $n"; echo $n >"$ml/model/n" ;;
files) cd "$ml/input/data" && find . -type f | sort && cat "$ml/input/config/inputdataconfig.json" ;;
esac
"""


def until(condition, seconds=180):
    """Wait for a condition, not for time."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value or time.monotonic() > deadline:
            return value
        time.sleep(0.03)


class Engine:
    def __init__(self, *options, trainer=True):
        self.dir = tempfile.mkdtemp(prefix="sagetop-engine-")
        self.options = list(options)
        self.trainer = None
        if trainer:
            self.trainer = os.path.join(self.dir, "trainer.sh")
            with open(self.trainer, "w") as f:
                f.write(TRAINER)
            os.chmod(self.trainer, 0o755)
        self.process = None
        atexit.register(self.abandon)  # whatever goes wrong, nothing is left running
        self.start()

    def start(self, *options):
        env = dict(os.environ)
        if self.trainer:
            env["SAGETOP_TRAINER"] = self.trainer
        self.log = open(os.path.join(self.dir, "engine.log"), "ab")
        announcement = os.path.join(self.dir, "state", "engine.json")
        if os.path.exists(announcement):
            os.unlink(announcement)
        self.process = subprocess.Popen(
            [os.path.join(BUILD, "sagetop-local"), "--port", "0", "--open", "--state", os.path.join(self.dir, "state")]
            + self.options + list(options), env=env, stdout=self.log, stderr=self.log)
        if not until(lambda: os.path.exists(announcement) or self.process.poll() is not None) or \
                self.process.poll() is not None:
            raise RuntimeError("the engine does not start: " + self.output())
        with open(announcement) as f:
            self.endpoint = json.load(f)["endpoint"]

    def output(self):
        with open(os.path.join(self.dir, "engine.log")) as f:
            return f.read()

    def client(self, service, secret="local", retries=1, **kw):
        return boto3.client(service, endpoint_url=self.endpoint, region_name="us-east-1", aws_access_key_id="local",
                            aws_secret_access_key=secret,
                            config=Config(retries={"max_attempts": retries, "mode": "standard"}, **kw))

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def terminate(self):
        self.process.terminate()
        return self.process.wait(240)

    def abandon(self):
        if self.process and self.process.poll() is None:
            self.terminate()
        shutil.rmtree(self.dir, ignore_errors=True)

    def close(self):
        status = self.process.poll()
        if status is None:
            status = self.terminate()
        self.log.close()
        shutil.rmtree(self.dir, ignore_errors=True)
        return status

    # --- jobs -------------------------------------------------------------------
    def create(self, name, mode, hyper=None, **extra):
        request = {
            "TrainingJobName": name,
            "HyperParameters": {"mode": mode, **(hyper or {})},
            "AlgorithmSpecification": {
                "TrainingImage": "trainer", "TrainingInputMode": "File",
                "MetricDefinitions": [{"Name": "loss", "Regex": r"loss=([0-9.]+)"}]},
            "RoleArn": "arn:aws:iam::000000000000:role/local",
            "OutputDataConfig": {"S3OutputPath": "s3://sagemaker-us-east-1-000000000000/out/"},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
            "StoppingCondition": {"MaxRuntimeInSeconds": 600},
        }
        request.update(extra)
        return self.client("sagemaker").create_training_job(**request)

    def describe(self, name):
        return self.client("sagemaker").describe_training_job(TrainingJobName=name)

    def wait(self, name, seconds=240, statuses=("Completed", "Failed", "Stopped")):
        sm = self.client("sagemaker")

        def over():
            d = sm.describe_training_job(TrainingJobName=name)
            return d if d["TrainingJobStatus"] in statuses or d["SecondaryStatus"] in statuses else None
        return until(over, seconds) or sm.describe_training_job(TrainingJobName=name)

    def streams(self, name):
        logs = self.client("logs")
        try:
            pages = logs.get_paginator("describe_log_streams").paginate(
                logGroupName="/aws/sagemaker/TrainingJobs", logStreamNamePrefix=name + "/")
            return [s["logStreamName"] for p in pages for s in p["logStreams"]]
        except logs.exceptions.ResourceNotFoundException:
            return []

    def lines(self, name):
        out = []
        logs = self.client("logs")
        for stream in self.streams(name):
            token = None
            while True:
                args = {"nextToken": token} if token else {}
                page = logs.get_log_events(logGroupName="/aws/sagemaker/TrainingJobs", logStreamName=stream,
                                           startFromHead=True, **args)
                out += [e["message"] for e in page["events"]]
                if page["nextForwardToken"] == token:
                    break
                token = page["nextForwardToken"]
        return out


def secondaries(description):
    return [t["Status"] for t in description["SecondaryStatusTransitions"]]
