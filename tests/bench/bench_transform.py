"""A transform job of three files of 100,000 lines on the local engine, from the request to its end, against
`sagetop-trainer predict` on the same rows with the same model. The predictions must be the same."""
import os
import random
import statistics
import subprocess
import sys
import tarfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "interop"))
import engine_support as support  # noqa: E402

LINES, FILES, COLUMNS, RUNS = 100_000, 3, 10, 3
BUCKET = "interop"


def table(rows, label):
    lines = []
    for _ in range(rows):
        x = [random.random() for _ in range(COLUMNS)]
        lines.append(",".join([f"{3 * x[0] - x[1] * x[2]:.5f}"] * label + [f"{v:.5f}" for v in x]))
    return "\n".join(lines) + "\n"


with support.engine("--stop-timeout", "5s") as e:
    sm, s3 = e.client("sagemaker"), e.client("s3")
    random.seed(8)
    s3.create_bucket(Bucket=BUCKET)
    for channel, rows in ("train", 20_000), ("validation", 2_000):
        s3.put_object(Bucket=BUCKET, Key=f"data/{channel}/{channel}.csv", Body=table(rows, 1).encode())
    request = support.job_request("bench", rounds=200)
    request["HyperParameters"].pop("nthread")
    sm.create_training_job(**request)
    job = support.wait_over(sm, "bench")
    uri = job["ModelArtifacts"]["S3ModelArtifacts"]
    sm.create_model(ModelName="m", ExecutionRoleArn=support.ROLE, PrimaryContainer={
        "Image": "sagetop-trainer", "ModelDataUrl": uri})
    folder = os.path.join(e.folder, "in")
    os.mkdir(folder)
    for i in range(FILES):
        text = table(LINES, 0)
        with open(os.path.join(folder, f"{i}.csv"), "w") as f:
            f.write(text)
        s3.put_object(Bucket=BUCKET, Key=f"in/{i}.csv", Body=text.encode())
    s3.download_file(BUCKET, uri.split("/", 3)[3], os.path.join(e.folder, "model.tar.gz"))
    with tarfile.open(os.path.join(e.folder, "model.tar.gz")) as t:
        t.extractall(os.path.join(e.folder, "model"))

    def transform(i):
        name = f"bench-{i}"
        began = time.perf_counter()
        sm.create_transform_job(
            TransformJobName=name, ModelName="m", TransformInput={
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/in/"}},
                "ContentType": "text/csv", "SplitType": "Line"},
            TransformOutput={"S3OutputPath": f"s3://{BUCKET}/{name}/", "Accept": "text/csv", "AssembleWith": "Line"},
            TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1})
        status = support.until(lambda: (lambda s: s != "InProgress" and s)(
            sm.describe_transform_job(TransformJobName=name)["TransformJobStatus"]))
        took = time.perf_counter() - began
        assert status == "Completed", status
        return took, b"".join(s3.get_object(Bucket=BUCKET, Key=f"{name}/{k}.csv.out")["Body"].read() for k in range(FILES))

    def predict():
        began = time.perf_counter()
        run = subprocess.run([support.TRAINER, "predict", os.path.join(e.folder, "model"), folder], capture_output=True,
                             check=True)
        return time.perf_counter() - began, run.stdout

    ours, theirs = [], []
    for i in range(RUNS):
        took, got = transform(i)
        ours.append(took)
        took, want = predict()
        theirs.append(took)
        assert got.split() == want.split() and got.count(b"\n") == FILES * LINES, "the predictions differ"
    aim = 1.5 * statistics.median(theirs)
    print(f"bench\ttransform of {FILES} files of {LINES} lines\t{statistics.median(ours):.2f}\ts\tsagetop-trainer predict\t"
          f"{statistics.median(theirs):.2f}\t< {aim:.2f}")
