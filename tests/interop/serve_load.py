"""`serve` under wrk at full load while its models are exchanged, one model and an archive
of entities: no request fails, every answer is to the last digit that of one of the two
models, the next request after an exchange gets the new one, and memory does not grow."""
from serve_support import *

try:
    import numpy as np
    import xgboost
except ImportError:
    skip_all("python3-xgboost is not installed")
if not shutil.which("wrk"):
    skip_all("wrk is not installed")

SECONDS = int(os.environ.get("SERVE_LOAD_SECONDS", "4"))
EXCHANGES = 30         # under load, at least; wrk goes on until they are done
QUIET_EXCHANGES = 60   # afterwards, for memory
MOST_GROWTH_KB = 4096  # much less than what keeping one model in ten would come to
ENTITIES = 40

# wrk compares every body itself: two files are the only answers that are right.
SCRIPT = """
local threads = {}
function setup(thread) table.insert(threads, thread) end
local function read(path) local f = assert(io.open(path, "rb")); local text = f:read("*a"); f:close(); return text end
function init(args)
    wrk.method = "POST"
    wrk.headers["Content-Type"] = "text/csv"
    wrk.body = read(args[1])
    answers = {read(args[2]), read(args[3])}
    first, second, wrong, example = 0, 0, 0, ""
end
function response(status, headers, body)
    if status == 200 and body == answers[1] then first = first + 1
    elseif status == 200 and body == answers[2] then second = second + 1
    else wrong = wrong + 1; example = status .. " " .. body end
end
function done(summary, latency, requests)
    local e, sum, example = summary.errors, {first = 0, second = 0, wrong = 0}, ""
    for _, t in ipairs(threads) do
        for name in pairs(sum) do sum[name] = sum[name] + t:get(name) end
        if t:get("example") ~= "" then example = t:get("example") end
    end
    io.write(string.format("RESULT %d %d %d %d %d %d %d %d %d %s\\n", summary.requests, e.connect, e.read, e.write,
        e.status, e.timeout, sum.first, sum.second, sum.wrong, example:sub(1, 200)))
end
"""
folder = tempfile.TemporaryDirectory(prefix="sagetop-serve-load-")
tmp = pathlib.Path(folder.name)
(tmp / "check.lua").write_text(SCRIPT)
rng = np.random.default_rng(5)
X = rng.normal(size=(400, 6)).astype(np.float32)


def single(name, y, rounds):
    (tmp / name).mkdir()
    booster = xgboost.train({"nthread": 1, "max_depth": 5, "eta": 0.3, "objective": "reg:squarederror"},
                            xgboost.DMatrix(X, y), rounds)
    booster.save_model(tmp / name / "model.ubj")
    (tmp / name / "model.ubj").rename(tmp / name / "xgboost-model")
    return booster.predict(xgboost.DMatrix(X[:5]))


def archive(name, sign):
    """Train one model for each entity; what the package makes of them for row i of entity i."""
    lines = ["y,a,b,who"]
    for i in range(len(X)):
        lines.append(f"{sign * (X[i, 0] + i % ENTITIES):.6f},{float(X[i, 0])!r},{float(X[i, 1])!r},team{i % ENTITIES}")
    with Job(num_round=12, max_depth=3, objective="reg:squarederror", label_column="y", header="true",
             entity_column="who") as job:
        job.channel("train", {"a.csv": "\n".join(lines) + "\n"}).run()
        if job.status:
            raise RuntimeError(job.log())
        shutil.copytree(job.root / "model", tmp / name)
    index = json.loads((tmp / name / "xgboost-models.json").read_text())["models"]
    tar = (tmp / name / "xgboost-models.tar").read_bytes()
    answers = []
    for i in range(8):
        at = index[f"team{i}"]
        booster = xgboost.Booster(model_file=bytearray(tar[at["offset"]:at["offset"] + at["length"]]))
        answers.append(booster.predict(xgboost.DMatrix(X[i:i + 1, :2], feature_names=["a", "b"]))[0])
    return np.array(answers)


def load(s, link, targets, body, texts, answers):
    """wrk for at least SECONDS while the link goes to and fro; its counts and ours."""
    for i, text in enumerate(texts):
        (tmp / f"answer{i}").write_bytes(text)
    (tmp / "body").write_text(body)
    counts, exchanged, mistaken = np.zeros(9, dtype=int), 0, []
    while exchanged < EXCHANGES:
        wrk = subprocess.Popen(["wrk", "-t1", "-c32", f"-d{SECONDS}s", "--timeout", "60s", "-s", str(tmp / "check.lua"),
                                f"http://127.0.0.1:{s.port}/invocations", "--", *(str(tmp / f) for f in ("body", "answer0", "answer1"))],
                               stdout=subprocess.PIPE, text=True)
        while wrk.poll() is None:
            to = 1 - exchanged % 2
            if "is exchanged" not in s.exchange(link, targets[to]):
                raise RuntimeError("not exchanged")
            exchanged += 1
            status, data = s.invoke(body)
            if status != 200 or data != texts[to]:
                mistaken.append((exchanged, status, data[:200]))
        line = re.search("^RESULT (.*)$", wrk.stdout.read(), re.M).group(1)
        counts += np.array([int(v) for v in line.split(" ", 9)[:9]])
    return counts, exchanged, mistaken, line


def check(what, targets, body, answers):
    link = tmp / "served"
    link.unlink(missing_ok=True)
    link.symlink_to(targets[0])
    with Server(link) as s:
        texts = [s.invoke(body)[1]]
        s.exchange(link, targets[1])
        texts.append(s.invoke(body)[1])
        for i in (0, 1):
            equal(f"{what}: the answers of model {i + 1} are those of the package to the last digit",
                  np.array(numbers(texts[i]), dtype=np.float32).tolist(), answers[i].tolist())
        s.exchange(link, targets[0])
        counts, exchanged, mistaken, line = load(s, link, targets, body, texts, answers)
        requests, connect, read, write, status, timeout, first, second, wrong = counts.tolist()
        print(f"# {what}: {requests} requests, {exchanged} exchanges")
        equal(f"{what}: no socket error (connect, read, write, timeout)", (connect, read, write, timeout), (0, 0, 0, 0))
        equal(f"{what}: no status but 2xx", status, 0)
        ok(f"{what}: every answer under load is that of one of the two", not wrong, f"{wrong} of {requests}: {line}")
        ok(f"{what}: both models answered under load", min(first, second) > requests / 50, counts)
        ok(f"{what}: after each exchange the new model answers", not mistaken, mistaken[:3])

        def quietly(n):
            for i in range(n):
                s.exchange(link, targets[i % 2])
                s.invoke(body)
            return s.resident_kb()
        if s.sanitized():
            skip(f"{what}: memory does not grow with exchanges", "AddressSanitizer keeps freed memory")
        else:
            before = quietly(QUIET_EXCHANGES)
            after = quietly(QUIET_EXCHANGES)
            print(f"# {what}: {before} kB, {after} kB after {QUIET_EXCHANGES} more exchanges")
            ok(f"{what}: memory does not grow with exchanges", after - before < MOST_GROWTH_KB, f"{before} kB, then {after} kB")


y = X[:, 0] * 3 + X[:, 1]
answers = [single("one", y, 60), single("two", -y, 90)]
check("one model", [tmp / "one", tmp / "two"], csv_of(X[:5]), answers)
answers = [archive("many-one", 1), archive("many-two", -1)]
check("an archive", [tmp / "many-one", tmp / "many-two"],
      "".join(f"team{i},{float(X[i, 0])!r},{float(X[i, 1])!r}\n" for i in range(8)), answers)
done()
