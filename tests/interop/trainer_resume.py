"""An interrupted job, resumed, ends with the same bytes as one that was let run."""
import random

from trainer_support import *

try:
    import numpy as np
except ImportError:
    skip_all("python3-numpy is not installed")

generator = np.random.default_rng(11)
chance = random.Random(4)
X = generator.normal(size=(3000, 12)).astype(np.float32)
y = (4 * X[:, 0] + X[:, 1] * X[:, 2] + generator.normal(size=3000)).astype(np.float32)
train, check = csv_text(y[:2400], X[:2400]), csv_text(y[2400:], X[2400:])
ROUNDS = 220 # 4 KB of lines, some 85, more than the last signal is sent at
SAMPLED = dict(objective="reg:squarederror", subsample=0.7, colsample_bytree=0.6, colsample_bynode=0.8, seed=5)


def job_of(rounds=ROUNDS, **hyper):
    job = Job(num_round=rounds, max_depth=4, eta=0.1, nthread=2, **hyper)
    job.channel("train", {"a.csv": train}).channel("validation", {"v.csv": check})
    (job.root / "checkpoints").mkdir()
    return job


def interrupt(job, kind, at_round):
    """Start the job, send the signal once the line of a round has come. Returns the
    lines so far."""
    lines = []
    with running(job) as child:
        for line in lines_of(child):
            lines.append(line.rstrip("\n"))
            if line.startswith(f"[{at_round}]\t"):
                child.send_signal(kind)
                break
        rest, error = child.communicate(timeout=120)
        return lines + rest.splitlines(), child.returncode, error


def reference(**hyper):
    with job_of(**hyper) as job:
        job.run()
        if not ok(f"an uninterrupted run with checkpoints succeeds {hyper}", job.status == 0, job.log()):
            done()
        return job.model().read_bytes(), job.metrics()


def attempt(what, signals, hyper, expected_model, expected_metrics):
    with job_of(**hyper) as job:
        seen, previous = {}, 0
        for kind in signals:
            at = chance.randrange(previous + 12, previous + 40)
            previous = at
            lines, status, error = interrupt(job, kind, at)
            if kind == signal.SIGTERM:
                ok(f"{what}: SIGTERM at round {at} ends with 0", status == 0, error + "\n".join(lines[-3:]))
                ok(f"{what}: it leaves the model so far", job.model().exists())
                ok(f"{what}: it leaves no failure file", job.failure() is None, job.failure())
            else:
                ok(f"{what}: SIGKILL at round {at}", status == -9, status)
        job.run()
        ok(f"{what}: the last run succeeds", job.status == 0, job.log())
        resumed = re.search(r"(?m)^resumed from the checkpoint of round (\d+)$", job.out)
        ok(f"{what}: it resumes", resumed and int(resumed.group(1)) > 0, job.log())
        ok(f"{what}: the same model to the byte", job.model().read_bytes() == expected_model)
        final = json.loads(job.output("metrics.json").read_text())["history"]
        close(f"{what}: the same metrics", final["validation-rmse"], expected_metrics["validation-rmse"], 6e-6)


model, metrics = reference(**SAMPLED)
for kind in (signal.SIGTERM, signal.SIGKILL):
    for n in (1, 2):
        attempt(f"{n}x {kind.name}", [kind] * n, SAMPLED, model, metrics)
attempt("mixed", [signal.SIGKILL, signal.SIGTERM, signal.SIGKILL], SAMPLED, model, metrics)

# Without random draws the checkpoints change nothing at all, and SIGTERM loses no round.
plain = dict(objective="reg:squarederror", checkpoint_interval=20)
with Job(num_round=ROUNDS, max_depth=4, eta=0.1, nthread=2, objective="reg:squarederror") as job:
    job.channel("train", {"a.csv": train}).channel("validation", {"v.csv": check})
    job.run()
    no_checkpoints = job.model().read_bytes()
model, metrics = reference(**plain)
ok("without sampling, checkpoints leave the model as it is", model == no_checkpoints)
attempt("without sampling", [signal.SIGTERM, signal.SIGKILL], plain, model, metrics)
with job_of(**plain) as job:
    lines, _, _ = interrupt(job, signal.SIGTERM, 33)
    last = max(int(l[1:l.index("]")]) for l in lines if l.startswith("["))
    job.run()
    match("without sampling, SIGTERM loses no round", job.out,
          rf"(?m)^resumed from the checkpoint of round {last + 1}$")

for name, hyper in [("dart", dict(booster="dart", rate_drop=0.2, rounds=60, checkpoint_interval=5)),
                    ("gblinear", dict(booster="gblinear", rounds=150)),
                    ("early stopping", dict(early_stopping_rounds=15, eval_metric="rmse", **SAMPLED)),
                    ("exact", dict(tree_method="exact", **SAMPLED)),
                    ("approx", dict(tree_method="approx", rounds=60, **SAMPLED))]:
    model, metrics = reference(**hyper)
    with job_of(**hyper) as job:
        interrupt(job, signal.SIGKILL, 17)
        job.run()
        print(f"# {name}: {len(next(iter(metrics.values())))} rounds")
        ok(f"{name}: resumed", "resumed from the checkpoint" in job.out, job.log())
        ok(f"{name}: the same model to the byte", job.status == 0 and job.model().read_bytes() == model, job.log())

# A torn checkpoint is passed over for the one before it, a foreign one too.
model, metrics = reference(**SAMPLED)
for what, damage in [("cut short", lambda b: b[: len(b) // 2]), ("one bit flipped", lambda b: b[:500] + bytes([b[500] ^ 1]) + b[501:]),
                     ("empty", lambda b: b"")]:
    with job_of(**SAMPLED) as job:
        interrupt(job, signal.SIGKILL, 45)
        files = sorted((job.root / "checkpoints").glob("sagetop-checkpoint." + "[0-9]" * 9))
        newest = files[-1]
        newest.write_bytes(damage(newest.read_bytes()))
        remnant = newest.with_name(newest.name + ".Ab12Cd") # of a run killed before it could rename it
        remnant.write_bytes(b"half")
        job.run()
        ok(f"checkpoint {what}: what a killed run left half written is removed", not remnant.exists())
        match(f"checkpoint {what}: said so", job.out, rf"checkpoint {newest.name} is passed over: it is not whole")
        ok(f"checkpoint {what}: the one before it serves", len(files) > 1 and f"round {int(files[-2].suffix[1:])}\n" in job.out, job.log())
        ok(f"checkpoint {what}: the same model", job.status == 0 and job.model().read_bytes() == model)
with job_of(**SAMPLED) as job:
    interrupt(job, signal.SIGKILL, 45)
    job.hyper["seed"] = "6"
    job.run()
    match("other hyperparameters: the checkpoint is passed over", job.out, "written with other data or hyperparameters")
    ok("other hyperparameters: all rounds are trained", len(job.metrics()["train-rmse"]) == ROUNDS)

# A model of a run that was stopped, when the job does not want one.
with job_of(save_model_on_termination="false", **SAMPLED) as job:
    _, status, _ = interrupt(job, signal.SIGTERM, 5)
    ok("save_model_on_termination=false: no model after SIGTERM", status == 0 and not job.model().exists())

# One model for each entity.
lines = ["y,who," + ",".join(f"x{i}" for i in range(6))]
for e in range(160):
    for i in range(50):
        row = generator.normal(size=6)
        lines.append(f"{row[0] * 3 + row[1]:.4f},e{e:03d}," + ",".join(f"{v:.4f}" for v in row))
entities = "\n".join(lines) + "\n"


def entity_job(**hyper):
    job = Job(num_round=80, header="true", label_column="y", entity_column="who", subsample=0.8, **hyper)
    job.channel("train", {"a.csv": entities})
    (job.root / "checkpoints").mkdir()
    return job


with entity_job(nthread=1) as job:
    job.run()
    ok("entities: an uninterrupted run succeeds", job.status == 0, job.log())
    archive, index = job.model("xgboost-models.tar").read_bytes(), job.model("xgboost-models.json").read_bytes()
with entity_job(nthread=2) as job:
    job.run()
    ok("entities: two workers make the same archive", job.model("xgboost-models.tar").read_bytes() == archive)
    ok("entities: and the same index", job.model("xgboost-models.json").read_bytes() == index)
for kind in (signal.SIGTERM, signal.SIGKILL):
    with entity_job(nthread=2) as job:
        for stop_at in (9, 30):
            with running(job) as child:
                for line in lines_of(child):
                    if f"[{stop_at}]" in line:
                        child.send_signal(kind)
                        break
                child.communicate(timeout=120)
        if kind == signal.SIGKILL:
            journal = job.root / "checkpoints/sagetop-entities.journal"
            journal.write_bytes(journal.read_bytes()[:-100])
        job.run()
        match(f"entities {kind.name}: resumed at the entity reached", job.out, r"(?m)^resumed: \d+ of 160 entities are done$")
        ok(f"entities {kind.name}: the same archive", job.status == 0 and
           job.model("xgboost-models.tar").read_bytes() == archive and
           job.model("xgboost-models.json").read_bytes() == index, job.log())
done()
