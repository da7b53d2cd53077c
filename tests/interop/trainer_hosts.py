"""Several hosts train one model: processes on this machine with the tracker in the first."""
import random

from hosts_support import *

single, expected = train_single()
for n in (2, 3, 4):
    with Cluster(n, slices(n), num_round=20, eval_metric="rmse,mae,r2", **params) as c:
        c.start()
        c.finish()
        if not ok(f"{n} hosts: all end well", all(j.status == 0 for j in c.jobs), c.log()):
            continue
        models = [j.model() for j in c.jobs if j.model().exists()]
        ok(f"{n} hosts: one model, on the first", len(models) == 1 and c.jobs[0].model().exists())
        ok(f"{n} hosts: only the first prints rounds", "[19]\t" in c.jobs[0].out and all("[19]\t" not in j.out for j in c.jobs[1:]))
        got = json.loads(c.jobs[0].output("metrics.json").read_text())["history"]
        close(f"{n} hosts: train rmse is that of one host with all rows", got["train-rmse"], expected["train"]["rmse"], 1e-5)
        model = check_model(f"{n} hosts", models[0], single)
        prediction = model.predict(xgboost.DMatrix(X)).astype(np.float64)
        close(f"{n} hosts: metrics cover all rows", got["train-rmse"][-1], np.sqrt(np.mean((prediction - y) ** 2)), 1e-5)
        close(f"{n} hosts: our own metrics too", got["train-r2"][-1], 1 - np.sum((prediction - y) ** 2) / np.sum((y - y.mean()) ** 2), 1e-5)

with Cluster(3, [slice(0, 2000), None, slice(2000, N)], num_round=10, **params) as c:
    c.start()
    c.finish()
    ok("a host without data leaves with 0, the others train", all(j.status == 0 for j in c.jobs) and c.jobs[0].model().exists()
       and "no data and is not needed" in c.jobs[1].out, c.log())
with Cluster(2, [None, slice(0, N)], num_round=10, **params) as c:
    c.start()
    c.finish()
    ok("the first host without data still serves the others", all(j.status == 0 for j in c.jobs) and c.jobs[1].model().exists(), c.log())

for lost in (1, 0, 2):
    with Cluster(3, slices(3), num_round=100000, **params) as c:
        c.start()
        c.wait_round(20)
        for i, child in enumerate(c.children):
            if i != lost:  # as when the library sends to a host that is gone
                child.send_signal(signal.SIGPIPE)
        c.children[lost].kill()
        begun = time.monotonic()
        c.finish(60)
        name = f"algo-{lost + 1}"
        check_reason(f"host {name} killed", [j for i, j in enumerate(c.jobs) if i != lost],
                     f"AlgorithmError: host {name} is lost: its connection ended")
        ok(f"host {name} killed: at once", time.monotonic() - begun < 20, time.monotonic() - begun)

with Cluster(2, slices(2), num_round=10, **params) as c:
    part = c.jobs[1].root / "input/data/train/part.csv"
    part.write_text(part.read_text() + "1,2,oops\n")
    c.start()
    c.finish()
    ok("bad data on one host: it fails with its reason", c.jobs[1].status == 1 and c.jobs[1].failure().startswith("ClientError: channel train"), c.log())
    check_reason("bad data on one host", c.jobs[:1], "ClientError: host algo-2 failed: channel train.*")

with Cluster(2, slices(2), num_round=10, host_timeout=2, **params) as c:
    c.children = [c.jobs[0].start()]
    c.jobs = c.jobs[:1]
    c.finish(60)
    ok("a host that never comes: the job ends in time and names it", c.jobs[0].status == 1 and "not all hosts came within 2 seconds; missing: algo-2" in c.jobs[0].failure(), c.log())
with Cluster(2, slices(2), num_round=10, host_timeout=2, **params) as c:
    c.children = [c.jobs[1].start()]
    c.jobs = c.jobs[1:]
    c.finish(60)
    check_reason("without the first host", c.jobs, "AlgorithmError: cannot reach the first host, algo-1, at 127.0.0.1 port .* within 2 seconds")
for hyper, reason in [(dict(tree_method="exact"), "tree_method exact trains on one instance"), (dict(booster="gblinear"), "gblinear trains on one instance"),
                      (dict(_kfold=3), "_kfold trains on one instance")]:
    with Cluster(2, slices(2), num_round=5, host_timeout=20, **hyper) as c:
        c.start()
        c.finish(60)
        ok(f"{hyper} on two hosts is refused", all(j.status == 1 and reason in (j.failure() or "") for j in c.jobs), c.log())

# Hosts that would grow different trees, or wait for each other for ever.
for what, change, reason in [
        ("other hyperparameters", lambda j: j.hyper.update(max_depth="3"), "hyperparameter max_depth is 5 on host algo-1 and 3 on host algo-3"),
        ("a hyperparameter that others have not", lambda j: j.hyper.update(seed="3"), "hyperparameter seed is not set on host algo-1 and 3 on host algo-3"),
        ("other columns", lambda j: j.channel("train", {"part.csv": csv_text(y[:99], X[:99, :7])}).channel("validation", {"v.csv": csv_text(yv, XV[:, :7])}),
         "channel train's number of columns is 8 on host algo-1 and 7 on host algo-3"),
        ("no validation channel", lambda j: j.channels.pop("validation"), "channel validation is given on host algo-1 and not set on host algo-3")]:
    with Cluster(3, slices(3), num_round=10, host_timeout=20, **params) as c:
        change(c.jobs[2])
        c.start()
        c.finish(60)
        check_reason(f"a host with {what}", c.jobs, f"ClientError: the hosts do not agree: {reason}")
with Cluster(2, slices(2), num_round=10, categorical_columns="0", host_timeout=20, **params) as c:
    words = {"a": ["red", "green"], "b": ["green", "red"]}
    for job, order in zip(c.jobs, words.values()):
        text = "".join(f"{i % 7},{order[i % 2]},{i % 5}\n" for i in range(100))
        job.channel("train", {"part.csv": text})
        job.channel("validation", {"v.csv": text})
    c.start()
    c.finish(60)
    check_reason("categories in another order on another host", c.jobs, "ClientError: the hosts do not agree: channel train's list of column names and categories .*")

# SIGTERM stops all in the same round; the job goes on later, and ends the same.
sampled = dict(objective="reg:squarederror", max_depth=5, eta=0.1, subsample=0.7, colsample_bytree=0.7, num_round=120, checkpoint_interval=10)


def with_checkpoints(c):
    for job in c.jobs:
        (job.root / "checkpoints").mkdir()
    return c


with Cluster(2, slices(2), **sampled) as c:
    with_checkpoints(c).start()
    c.finish()
    ok("two hosts with checkpoints", all(j.status == 0 for j in c.jobs), c.log())
    model = c.jobs[0].model().read_bytes()
moment = random.randrange(12, 110)
for what, kind, struck in [("SIGTERM to all", signal.SIGTERM, (0, 1)), ("SIGTERM to the second host alone", signal.SIGTERM, (1,)),
                           (f"SIGKILL to all in round {moment}", signal.SIGKILL, (0, 1))]:
    with Cluster(2, slices(2), **sampled) as c:
        with_checkpoints(c).start()
        c.wait_round(33 if kind == signal.SIGTERM else moment)
        for i in struck:
            c.children[i].send_signal(kind)
        c.finish()
        if kind == signal.SIGTERM:
            ok(f"{what}: both hosts end with 0", all(j.status == 0 for j in c.jobs), c.log())
            ok(f"{what}: before their time", "[119]" not in c.jobs[0].out, c.log())
        c.place()
        c.start()
        c.finish()
        ok(f"{what}: resumed on both hosts", all("resumed from the checkpoint of round" in j.out for j in c.jobs), c.log())
        ok(f"{what}: the same model to the byte", c.jobs[0].status == 0 and c.jobs[0].model().read_bytes() == model, c.log())
with Cluster(3, slices(3), num_round=10, **params) as c:
    c.children = [c.jobs[i].start() for i in (0, 1)]
    # At once, before it can have reached the first one.
    wait_for(lambda: c.children[1].stdout.readline(), what="the second host")
    c.children[1].terminate()
    c.children.append(c.jobs[2].start())
    c.finish(60)
    ok("SIGTERM to one host while another is awaited: all end with 0", all(j.status == 0 for j in c.jobs), c.log())
    ok("... and at most one round was made", "[1]" not in c.jobs[0].out, c.log())
done()
