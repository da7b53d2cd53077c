"""Any program on the engine: script mode as the SDKs ask for it (with Debian's scikit-learn), entrypoints,
images mapped by the engine's settings, and what is refused."""
import atexit
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from engine_support import BUILD, Engine, done, equal, ok, until  # noqa: E402
from tap import skip  # noqa: E402

BUCKET = "sagemaker-us-east-1-000000000000"
SKLEARN = subprocess.run(["/usr/bin/python3", "-c", "import sklearn, joblib"], capture_output=True).returncode == 0

TRAIN = """
import argparse, os
import joblib
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
p = argparse.ArgumentParser()
p.add_argument("--strength", type=float)
p.add_argument("--max-iter", type=int)
p.add_argument("--model-dir", default=os.environ["SM_MODEL_DIR"])
args = p.parse_args()
x, y = make_classification(400, 6, random_state=1)
for n in (50, 200, 400):
    m = LogisticRegression(C=args.strength, max_iter=args.max_iter).fit(x[:n], y[:n])
    print("Train Accuracy: %.4f" % m.score(x, y))
joblib.dump(m, os.path.join(args.model_dir, "model.joblib"))
"""
LOOK = """
import json, os, sys
print("ARGS " + json.dumps(sys.argv[1:]))
print("ENV " + json.dumps({k: v for k, v in os.environ.items() if k.startswith("SM_") or k == "PYTHONPATH"}))
print("CWD " + os.getcwd())
print("HERE " + str(os.path.exists("/opt/ml/input/config/hyperparameters.json")))
"""
SWALLOW = """
import traceback
try:
    {}["missing"]
except KeyError:
    traceback.print_exc()
"""


def archive(**files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as t:
        for name, text in files.items():
            info = tarfile.TarInfo(name.replace("__", "."))
            info.size = len(text)
            t.addfile(info, io.BytesIO(text.encode()))
    return out.getvalue()


work = tempfile.mkdtemp(prefix="sagetop-script-")
atexit.register(shutil.rmtree, work, ignore_errors=True)
program = os.path.join(work, "program")
os.mkdir(program)
for name, text in (("train", '#!/bin/sh\necho "folder $1 $SM_HP_X"\n'), ("cmd", '#!/bin/sh\necho "command $@"\n')):
    with open(os.path.join(program, name), "w") as f:
        f.write(text)
    os.chmod(os.path.join(program, name), 0o755)
settings = os.path.join(work, "local.yaml")
with open(settings, "w") as f:
    f.write(f"images:\n  'churn-*':\n    folder: {program}\n  '*/exact:2':\n    command: [{program}/cmd, -x]\n"
            "  only-python:\n    python: /usr/bin/python3\n")

bad = os.path.join(work, "bad.yaml")
for text, want in ((f"images:\n  x:\n    folder: {work}/none\n", ":3: images.x.folder: there is no such file"),
                   ("images:\n  x:\n    colour: red\n", ":3: images.x.colour: an image has command, folder"),
                   ("imagse: {}\n", ":1: imagse: the engine's settings are `images`")):
    with open(bad, "w") as f:
        f.write(text)
    run = subprocess.run([os.path.join(BUILD, "sagetop-local"), "--port", "0", "--state", work + "/s", "--settings", bad],
                         capture_output=True, text=True, timeout=60)
    ok("settings: " + want, run.returncode == 1 and want in run.stderr, run.stderr)

e = Engine("--settings", settings, "--stop-timeout", "2s", trainer=False)
s3 = e.client("s3")
s3.put_object(Bucket=BUCKET, Key="code/train.tar.gz", Body=archive(train__py=TRAIN))
s3.put_object(Bucket=BUCKET, Key="code/look.tar.gz",
              Body=archive(look__py=LOOK, requirements__txt="no-such-package>=3\npip\n"))
s3.put_object(Bucket=BUCKET, Key="code/swallow.tar.gz", Body=archive(swallow__py=SWALLOW, run__sh='echo "sh $@"\n'))
s3.put_object(Bucket=BUCKET, Key="code/broken.tar.gz", Body=b"this is no archive")
s3.put_object(Bucket=BUCKET, Key="channel/code/look.py", Body=LOOK.encode())
evil = io.BytesIO()
with tarfile.open(fileobj=evil, mode="w:gz") as t:
    info = tarfile.TarInfo("../../../../evil.py")
    t.addfile(info, io.BytesIO(b""))
s3.put_object(Bucket=BUCKET, Key="code/evil.tar.gz", Body=evil.getvalue())


def linked(link):
    """An archive with a hard link, and a name that not every locale has."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz", format=tarfile.PAX_FORMAT) as t:
        for name, text in (("look.py", LOOK), ("donn\u00e9es.csv", "1\n")):
            info = tarfile.TarInfo(name)
            info.size = len(text)
            t.addfile(info, io.BytesIO(text.encode()))
        info = tarfile.TarInfo("run.py")
        info.type, info.linkname = tarfile.LNKTYPE, link
        t.addfile(info)
    return out.getvalue()


s3.put_object(Bucket=BUCKET, Key="code/linked.tar.gz", Body=linked("look.py"))
s3.put_object(Bucket=BUCKET, Key="code/linked-out.tar.gz", Body=linked("/etc/passwd"))


def create(name, script=None, code="look", hyper=None, image="683313688378.dkr.ecr.us-east-1.amazonaws.com/"
           "sagemaker-scikit-learn:1.2-1-cpu-py3", algorithm=None, **extra):
    # SDKs encode every value as JSON, texts too.
    values = dict(hyper or {})
    if script:
        values.update({"sagemaker_program": json.dumps(script), "sagemaker_region": '"us-east-1"'})
        if code:
            values["sagemaker_submit_directory"] = json.dumps(
                code if code.startswith("/") else f"s3://{BUCKET}/code/{code}.tar.gz")
    e.client("sagemaker").create_training_job(
        TrainingJobName=name, HyperParameters=values, RoleArn="arn:aws:iam::000000000000:role/local",
        AlgorithmSpecification={"TrainingImage": image, "TrainingInputMode": "File", **(algorithm or {})},
        OutputDataConfig={"S3OutputPath": f"s3://{BUCKET}/out/"}, StoppingCondition={"MaxRuntimeInSeconds": 600},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}, **extra)
    return name


def failure(name):
    d = e.wait(name)
    return d["TrainingJobStatus"], d.get("FailureReason", "")


def channel(name, key):
    return {"ChannelName": name, "DataSource": {"S3DataSource": {
        "S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/{key}"}}}


try:
    if SKLEARN:
        create("sklearn", "train.py", "train", {"strength": "0.5", "max-iter": "200"}, algorithm={
            "MetricDefinitions": [{"Name": "train:accuracy", "Regex": r"Train Accuracy: ([0-9\.]+)"}]})
        d = e.wait("sklearn")
        equal("a scikit-learn script trains", (d["TrainingJobStatus"], d.get("FailureReason")), ("Completed", None))
        lines = [x for x in e.lines("sklearn") if x.startswith("Train Accuracy")]
        equal("and logs", len(lines), 3)
        equal("its metric is the last one it printed",
              [round(m["Value"], 4) for m in d["FinalMetricDataList"]], [round(float(lines[-1].split()[-1]), 4)])
        got = s3.get_object(Bucket=BUCKET, Key="out/sklearn/output/model.tar.gz")["Body"].read()
        equal("model.joblib is in model.tar.gz", tarfile.open(fileobj=io.BytesIO(got)).getnames(), ["model.joblib"])
    else:
        skip("a scikit-learn script trains", "no python3-sklearn")

    create("look", "look.py", hyper={"epochs": "10", "lr": "0.10", "f": "true", "name": '"a b"', "layers": "[1, 0.5, true]",
                                     "plain": "text", "x": "1e-05", "none": "null"},
           InputDataConfig=[channel("my-data", "channel/code/")], Environment={"EXTRA": "1"})
    equal("a script that looks around", failure("look"), ("Completed", ""))
    lines = e.lines("look")
    args = json.loads([x for x in lines if x.startswith("ARGS ")][0][5:])
    equal("hyperparameters are its arguments, as Python's str() prints them", args, [
        "--epochs", "10", "-f", "True", "--layers", "[1, 0.5, True]", "--lr", "0.1", "--name", "a b", "--none", "None",
        "--plain", "text", "-x", "1e-05"])
    env = json.loads([x for x in lines if x.startswith("ENV ")][0][4:])
    equal("SM_HP_ variables are decoded", [env.get(x) for x in ("SM_HP_NAME", "SM_HP_LR", "SM_HP_LAYERS", "SM_HP_F")],
          ["a b", "0.1", "[1,0.5,true]", "true"])
    ok("the toolkit's own are not among them", not any("SAGEMAKER_" in x for x in env), sorted(env))
    equal("SM_HPS", json.loads(env["SM_HPS"])["layers"], [1, 0.5, True])
    equal("SM_USER_ARGS", json.loads(env["SM_USER_ARGS"]), args)
    missing = [x for x in """SM_MODEL_DIR SM_INPUT_DIR SM_INPUT_CONFIG_DIR SM_OUTPUT_DIR SM_OUTPUT_DATA_DIR SM_CHANNELS
        SM_CHANNEL_MY-DATA SM_HPS SM_CURRENT_HOST SM_HOSTS SM_NUM_GPUS SM_NUM_CPUS SM_NETWORK_INTERFACE_NAME SM_USER_ARGS
        SM_USER_ENTRY_POINT SM_MODULE_NAME SM_MODULE_DIR SM_RESOURCE_CONFIG SM_INPUT_DATA_CONFIG SM_LOG_LEVEL
        SM_OUTPUT_INTERMEDIATE_DIR SM_FRAMEWORK_PARAMS SM_TRAINING_ENV SM_CURRENT_INSTANCE_TYPE SM_INSTANCE_GROUPS
        SM_CURRENT_INSTANCE_GROUP SM_CURRENT_INSTANCE_GROUP_HOSTS SM_IS_HETERO PYTHONPATH""".split() if x not in env]
    equal("the whole SM_ environment", missing, [])
    whole = json.loads(env["SM_TRAINING_ENV"])
    equal("SM_TRAINING_ENV says it all again",
          (whole["job_name"], whole["hyperparameters"]["epochs"], whole["user_entry_point"], whole["num_gpus"],
           list(whole["channel_input_dirs"])), ("look", 10, "look.py", int(env["SM_NUM_GPUS"]), ["my-data"]))
    own = "HERE True" in lines
    ok("its paths are those of the service, where the system allows it",
       not own or (env["SM_MODEL_DIR"] == "/opt/ml/model" and "CWD /opt/ml/code" in lines), lines)
    ok("what requirements.txt wants and python3 lacks is said", any("no-such-package>=3, which" in x for x in lines), lines)

    create("by-channel", "look.py", None, InputDataConfig=[channel("code", "channel/code/")])
    equal("the code may be a channel", failure("by-channel"), ("Completed", ""))
    create("by-path", "look.py", "/opt/ml/input/data/extra", InputDataConfig=[channel("extra", "channel/code/")])
    equal("or a folder of one", failure("by-path"), ("Completed", ""))
    create("shell", "run.sh", "swallow", {"a": "1"})
    equal("a shell script", failure("shell"), ("Completed", ""))
    ok("gets its arguments", "sh -a 1" in e.lines("shell"), e.lines("shell"))

    create("linked", "run.py", "linked")
    equal("an archive with a hard link and a name in UTF-8", failure("linked"), ("Completed", ""))

    create("swallow", "swallow.py", "swallow")
    d = e.wait("swallow")
    equal("exit 0 behind a traceback completes", d["TrainingJobStatus"], "Completed")
    ok("with a warning in the last message", "log ends in a traceback: KeyError: 'missing'" in
       d["SecondaryStatusTransitions"][-1]["StatusMessage"], d["SecondaryStatusTransitions"][-1])
    ok("and in the log", any("warning: the log ends in a traceback" in x for x in e.lines("swallow")), e.lines("swallow"))

    for name, script, code, want in (
            ("no-script", "trian.py", "train", "AlgorithmError: the script trian.py of sagemaker_program is not in s3://"),
            ("on-s3", "s3://b/train.py", "train", "ClientError: sagemaker_program s3://b/train.py is an address"),
            ("outside", "../x.py", "train", "ClientError: sagemaker_program '../x.py' is not a name within"),
            ("no-code", "train.py", "none", "ClientError: the code of sagemaker_submit_directory is not there"),
            ("broken", "train.py", "broken", "ClientError: Data download failed: s3://"),
            ("evil", "evil.py", "evil", "ClientError: Data download failed: s3://"),
            ("linked-out", "look.py", "linked-out", "ClientError: Data download failed: s3://")):
        create(name, script, code)
        status, reason = failure(name)
        ok(f"{name}: {want}", status == "Failed" and reason.startswith(want), (status, reason))
    ok("nothing left its folder", not any("evil.py" in f for _, _, f in os.walk(e.dir)))

    create("nobody", image="somebody/else:1")
    status, reason = failure("nobody")
    ok("an image that nobody mapped is refused with the place to map it", status == "Failed" and
       "nothing stands for the image somebody/else:1" in reason and settings in reason, reason)
    create("only", image="only-python")
    ok("a python alone is no program", "names only the python" in failure("only")[1], failure("only"))

    create("folder", image="1.dkr.ecr.us-east-1.amazonaws.com/team/churn-a:7", hyper={"x": "9"})
    equal("an image mapped to a folder", failure("folder"), ("Completed", ""))
    ok("runs its train", "folder  9" in e.lines("folder"), e.lines("folder"))
    create("command", image="h/exact:2")
    equal("an image mapped to a command", failure("command"), ("Completed", ""))
    ok("runs it with train", "command -x train" in e.lines("command"), e.lines("command"))

    create("entry", algorithm={"ContainerEntrypoint": ["python3", "-c", "import sys; print(sys.argv, open("
                                                       "'/opt/ml/input/config/init-config.json').read()[:1])"],
                               "ContainerArguments": ["--a", "1"]})
    status, reason = failure("entry")
    ok("ContainerEntrypoint and ContainerArguments", not own or (status == "Completed" and
       any("'--a', '1'] {" in x for x in e.lines("entry"))), (reason, e.lines("entry")))
    for name, entry, want in (("entry-s3", ["python3", "s3://b/x.py"], "AlgorithmError: the entrypoint names s3://b/x.py"),
                              ("entry-none", ["no-such-program"], "AlgorithmError: the entrypoint's program no-such")):
        create(name, algorithm={"ContainerEntrypoint": entry})
        ok(f"{name}: {want}", failure(name)[1].startswith(want), failure(name))
    create("long", algorithm={"ContainerEntrypoint": ["sh", "-c", "echo begun; sleep 600"]})
    ok("one that runs on", until(lambda: "begun" in e.lines("long")))
    e.client("sagemaker").stop_training_job(TrainingJobName="long")
    equal("is stopped", e.wait("long")["TrainingJobStatus"], "Stopped")
    left = subprocess.run(["findmnt", "-n", "-o", "TARGET", "/opt/ml"], capture_output=True, text=True).stdout.strip()
    equal("and nothing of its /opt/ml is left on this machine", left, "")
finally:
    status = e.close()
equal("the engine ends cleanly", status, 0)
done()
