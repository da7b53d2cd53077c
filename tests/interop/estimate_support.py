"""A simulated history of an account's training jobs, and the judge of ranges that are
predicted over it: shared by tests/interop/estimate_history.py and tests/bench/bench_estimate.py.

The history has three programs with settings that their times depend on, drift (the data of one
grow steadily, a release makes another slower at once), types that appear late, and outliers."""
import json
import math
import os
import random
import subprocess

# vCPU of each type, and the time of the second half's first jobs on it: None from the beginning
TYPES = {"ml.m5.xlarge": (4, 1.0), "ml.m5.2xlarge": (8, 1.0), "ml.c5.2xlarge": (8, 0.82), "ml.c5.4xlarge": (16, 0.82),
         "ml.m5.4xlarge": (16, 1.0), "ml.r5.2xlarge": (8, 1.05)}
LATE = {"ml.c5.4xlarge": 0.55, "ml.m5.4xlarge": 0.7, "ml.r5.2xlarge": 0.8}  # share of the history before them
REGISTRY = "000000000000.dkr.ecr.us-east-1.amazonaws.com/"
OUTLIERS = 0.03


def one(rng, i, n):
    at = i / n
    program = rng.choices(("forest", "blend", "embed"), (5, 3, 2))[0]
    kind = rng.choice([t for t in TYPES if LATE.get(t, 0) <= at])
    vcpu, slow = TYPES[kind]
    if program == "forest":  # its data grow by half; noise 8 %
        rounds, depth = rng.choice((100, 200, 400, 800)), rng.choice((4, 6, 8))
        hyper = {"num_round": str(rounds), "max_depth": str(depth), "eta": "0.1", "objective": "reg:squarederror"}
        seconds = 60 + 2.2 * rounds * (depth / 6) ** 1.4 * (1 + 0.5 * at) * slow * (4 / vcpu) ** 0.7
        noise, tag = 0.08, "1.0"
    elif program == "blend":  # a release makes it a third slower; noise 15 %
        mode = rng.choice(("small", "large"))
        hyper = {"mode": mode, "folds": str(rng.choice((3, 5, 10)))}
        released = at > 0.6
        seconds = 45 + {"small": 40, "large": 170}[mode] * int(hyper["folds"]) * slow * (4 / vcpu) ** 0.5 * (1.33 if released else 1)
        noise, tag = 0.15, "2.1" if released else "2.0"
    else:  # no settings that tell; noise 30 %
        hyper = {"seed": str(rng.randrange(1000000))}
        seconds = 900 * slow * (4 / vcpu) ** 0.3
        noise, tag = 0.30, "latest"
    seconds *= math.exp(rng.gauss(0, noise))
    if rng.random() < OUTLIERS:
        seconds *= rng.uniform(2.5, 6)
    seconds = max(5, round(seconds))
    created = 1700000000 + i * 3600
    start = created + round(math.exp(rng.gauss(math.log(110), 0.3)))
    download = min(seconds - 1, max(1, round(25 * math.exp(rng.gauss(0, 0.2)))))
    end = start + seconds
    return {"TrainingJobName": f"{program}-{i:05d}", "TrainingJobArn": f"arn:aws:sagemaker:us-east-1:000000000000:training-job/{program}-{i:05d}",
            "TrainingJobStatus": "Completed", "SecondaryStatus": "Completed", "CreationTime": created, "TrainingStartTime": start,
            "TrainingEndTime": end, "LastModifiedTime": end, "TrainingTimeInSeconds": seconds, "BillableTimeInSeconds": seconds,
            "AlgorithmSpecification": {"TrainingImage": f"{REGISTRY}{program}:{tag}", "TrainingInputMode": "File"}, "HyperParameters": hyper,
            "InputDataConfig": [{"ChannelName": "train", "DataSource": {"S3DataSource": {
                "S3DataType": "S3Prefix", "S3Uri": f"s3://lab/{program}/train/"}}}],
            "ResourceConfig": {"InstanceType": kind, "InstanceCount": 1, "VolumeSizeInGB": 30},
            "StoppingCondition": {"MaxRuntimeInSeconds": 86400},
            "SecondaryStatusTransitions": [
                {"Status": "Starting", "StartTime": created, "EndTime": start},
                {"Status": "Downloading", "StartTime": start, "EndTime": start + download},
                {"Status": "Training", "StartTime": start + download, "EndTime": end},
                {"Status": "Completed", "StartTime": end, "EndTime": end}]}


def history(n, seed):
    rng = random.Random(seed)
    return sorted((one(rng, i, n) for i in range(n)), key=lambda j: j["TrainingEndTime"])


def predict(build, jobs, first, every):
    """(number, low, mid, high, jobs behind it, basis) of each job from the first'th on."""
    text = "".join(json.dumps(j) + "\n" for j in jobs)
    out = subprocess.run([os.path.join(build, "tests/bench/estimate_probe"), str(first), str(every)], input=text, text=True,
                         stdout=subprocess.PIPE, check=True).stdout
    rows = [line.split() for line in out.splitlines()]
    return [(int(r[0]), float(r[1]), float(r[2]), float(r[3]), int(r[4]), int(r[5])) for r in rows]


def quantile(values, f):
    v = sorted(values)
    return v[min(len(v) - 1, max(0, round(f * (len(v) - 1))))]


def seconds(job):
    return job["TrainingTimeInSeconds"]


def group(job):
    return job["AlgorithmSpecification"]["TrainingImage"].split(":")[0], job["ResourceConfig"]["InstanceType"]


def judge(jobs, rows):
    """Coverage and mean width of our ranges, of the range of all past jobs, and of the range of the past jobs of the same
    image and type (of all, where there are fewer than 20)."""
    ours, every, same = [], [], []
    for i, low, _, high, _, _ in rows:
        past = [seconds(j) for j in jobs[:i]]
        alike = [seconds(j) for j in jobs[:i] if group(j) == group(jobs[i])]
        ours.append((low, high, seconds(jobs[i])))
        every.append((quantile(past, 0.05), quantile(past, 0.95), seconds(jobs[i])))
        alike = alike if len(alike) >= 20 else past
        same.append((quantile(alike, 0.05), quantile(alike, 0.95), seconds(jobs[i])))

    def summary(ranges):
        return (sum(low <= s <= high for low, high, s in ranges) / len(ranges),
                sum(high - low for low, high, _ in ranges) / len(ranges),
                sum(math.log(high / low) for low, high, _ in ranges) / len(ranges))
    return summary(ours), summary(every), summary(same)
