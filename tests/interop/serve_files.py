"""`serve` whose model files are cut short, removed, mixed up or exchanged while they are
read: the old models go on, the new ones are taken when they are whole, and no index makes
one entity answer for another."""
import threading

from serve_support import *

try:
    import numpy as np
    import xgboost
except ImportError:
    skip_all("python3-xgboost is not installed")

folder = tempfile.TemporaryDirectory(prefix="sagetop-serve-files-")
tmp = pathlib.Path(folder.name)
rng = np.random.default_rng(9)
X = rng.normal(size=(300, 2)).astype(np.float32)
BODY = "0.5,0.25\n"
NAME = "xgboost-model"
for name, sign in (("one", 1), ("two", -1)):
    (tmp / name).mkdir()
    booster = xgboost.train({"nthread": 1, "objective": "reg:squarederror"}, xgboost.DMatrix(X, sign * X[:, 0]), 20)
    booster.save_model(tmp / name / "m.ubj")
    (tmp / name / "m.ubj").rename(tmp / name / NAME)
for name, sign in (("many-one", 1), ("many-two", -1)):
    rows = [f"{sign * (i % 5 + X[i, 0]):.5f},{X[i, 0]:.5f},{X[i, 1]:.5f},team{i % 5}" for i in range(len(X))]
    with Job(num_round=10, objective="reg:squarederror", label_column="y", header="true", entity_column="who") as job:
        job.channel("train", {"a.csv": "\n".join(["y,a,b,who", *rows]) + "\n"}).run()
        shutil.copytree(job.root / "model", tmp / name)
INDEX, TAR = "xgboost-models.json", "xgboost-models.tar"


def put(path, data):
    """Under its name in one step, as the trainer writes."""
    spare = path.with_name(".spare")
    spare.write_bytes(data)
    spare.rename(path)


def hang_up(s):
    s.child.send_signal(signal.SIGHUP)
    return s.wait_line("exchanged")


# --- one model --------------------------------------------------------------------------
shutil.copytree(tmp / "one", tmp / "served")
path, whole, other = tmp / "served" / NAME, (tmp / "one" / NAME).read_bytes(), (tmp / "two" / NAME).read_bytes()
with Server(tmp / "served") as s:
    first = s.invoke(BODY)[1]
    refused = []
    as_text = xgboost.Booster(model_file=tmp / "one" / NAME)
    as_text.save_model(tmp / "text.json")
    for kind, data in (("UBJ", whole), ("JSON", (tmp / "text.json").read_bytes())):
        cuts = [*range(0, 200, 7), *range(200, len(data), len(data) // 150), len(data) - 2, len(data) - 1]
        for n in cuts:
            for rest in (b"", b"\0" * (len(data) - n)):
                put(path, data[:n] + rest)
                if "not exchanged" not in hang_up(s) or s.invoke(BODY)[1] != first:
                    refused.append((n, len(data), bool(rest)))
        ok(f"a model in {kind} cut short, or with zeros for its end, is not put in place", not refused, refused)
    path.unlink()
    match("nor is one that is gone", hang_up(s), "not exchanged: .*holds no model")
    equal("the old model goes on", s.invoke(BODY)[1], first)
    put(path, other)
    match("the next whole one is taken, without a signal", s.wait_line("its files changed"), "is exchanged")
    second = s.invoke(BODY)[1]
    ok("and answers", second != first and s.invoke(BODY)[0] == 200, second)
    shutil.rmtree(tmp / "served")
    match("a folder that is gone", hang_up(s), "not exchanged: .*no such model")
    equal("the model goes on", s.invoke(BODY)[1], second)

# --- an archive -------------------------------------------------------------------------
body = "".join(f"team{i},{BODY}" for i in range(5))
texts = {}
for name in ("many-one", "many-two"):
    with Server(tmp / name) as s:
        texts[name] = s.invoke(body)[1]
link = tmp / "link"
link.symlink_to(tmp / "many-one")
bad = tmp / "bad"
shutil.copytree(tmp / "many-one", bad)
index, tar = json.loads((bad / INDEX).read_text()), (bad / TAR).read_bytes()
entry = index["models"]["team1"]


def models(**changes):
    return json.dumps({**index, "models": {**index["models"], **changes}}).encode()


swapped = {**index["models"], "team0": index["models"]["team1"], "team1": index["models"]["team0"]}
with Server(link) as s:
    for what, new_index, new_tar, message in [
        ("an index that gives one entity the model of another", json.dumps({"models": swapped}).encode(), tar, "do not belong together"),
        ("a name that is not in the tar", models(team9=entry), tar, "larger than|do not belong together"),
        ("a negative place", models(team1={"offset": -1, "length": 5}), tar, "lies outside"),
        ("a place before the first header", models(team1={"offset": 0, "length": 5}), tar, "lies outside"),
        ("a place beyond the end", models(team1={"offset": 1 << 40, "length": 5}), tar, "lies outside"),
        ("a length beyond all numbers", models(team1={"offset": 512, "length": (1 << 63) - 1}), tar, "lies outside"),
        ("a place that is no number", models(team1={"offset": "512", "length": 5}), tar, "lies outside"),
        ("an entry that is none", models(team1=7), tar, "lies outside"),
        ("the middle of a model", models(team1={**entry, "offset": entry["offset"] + 1}), tar, "do not belong together|lies outside"),
        ("models that are no object", b'{"models": []}', tar, "no member 'models'"),
        ("no models", b'{"models": {}}', tar, "no model"),
        ("an index that is no JSON", b"{", tar, "xgboost-models.json"),
        ("an index too deep", b"[" * 100000, tar, "xgboost-models.json"),
        ("a tar cut short", json.dumps(index).encode(), tar[:len(tar) // 2], "lies outside|larger than"),
        ("an empty tar", json.dumps(index).encode(), b"", "lies outside"),
        ("the tar of another archive", json.dumps(index).encode(), b"\0" * 512 + tar, "do not belong together"),
    ]:
        put(bad / INDEX, new_index)
        put(bad / TAR, new_tar)
        match(f"{what}: refused", s.exchange(link, bad), f"not exchanged: .*({message})")
        equal(f"{what}: the old models go on", s.invoke(body)[1], texts["many-one"])

    # Over and over, the old folder removed as soon as the link has moved on.
    late = []
    for i in range(40):
        name = ("many-two", "many-one")[i % 2]
        shutil.copytree(tmp / name, tmp / f"copy{i}")
        spare = tmp / "link.new"
        spare.symlink_to(tmp / f"copy{i}")
        spare.rename(link)
        s.child.send_signal(signal.SIGHUP)
        if i:
            shutil.rmtree(tmp / f"copy{i - 1}")
        try:
            wait_for(lambda: s.invoke(body)[1] == texts[name], 60)
        except TimeoutError:
            late.append(i)
    ok("folders behind a link: the new models come each time, whatever becomes of the old", not late, late)

    # A file that is emptied and written anew in place must not end us while it is read.
    s.exchange(link, bad)
    stop = threading.Event()

    def rewrite():
        while not stop.is_set():
            with open(bad / TAR, "r+b") as f:
                f.truncate(0)
                f.write(tar)

    put(bad / INDEX, json.dumps(index).encode())
    put(bad / TAR, tar)
    writer = threading.Thread(target=rewrite)
    writer.start()
    try:
        statuses = set()
        for i in range(60):
            hang_up(s)
            statuses.add((s.invoke(body)[0], s.invoke(body)[1] in texts.values()))
    finally:
        stop.set()
        writer.join()
    equal("an archive written in place while it is read: every answer is right", statuses, {(200, True)})
    wait_for(lambda: "is exchanged" in hang_up(s) and s.invoke(body)[1] == texts["many-one"], 60)
    ok("and it is taken when it is whole", True)
done()
