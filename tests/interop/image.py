"""The container image: built from the tree, small, without a shell, not root; under runc
with a read-only root and SageMaker's mounts it trains, fails with a reason, and serves.
SAGETOP_IMAGE names an archive to check; without it one is built with buildah."""
import http.client
import pathlib
import socket
import stat
import tarfile

from trainer_support import *

SOURCE = pathlib.Path(os.environ.get("SAGETOP_SRC", "."))
LIMIT_MB = 20

folder = tempfile.TemporaryDirectory(prefix="sagetop-image-")
tmp = pathlib.Path(folder.name)
tmp.chmod(0o755)
archive = os.environ.get("SAGETOP_IMAGE")
if "libasan" in subprocess.run(["ldd", TRAINER], capture_output=True, text=True).stdout:
    skip_all("a sanitizer build goes into no image")
if not archive:
    if not shutil.which("buildah"):
        skip_all("buildah is not installed")
    probe = subprocess.run(["buildah", "--root", tmp / "probe", "--runroot", tmp / "probe-run", "from", "scratch"],
                           env={**os.environ, "STORAGE_DRIVER": "vfs", "BUILDAH_ISOLATION": "chroot"}, capture_output=True, text=True)
    if probe.returncode:
        skip_all("buildah does not work here: " + (probe.stderr.strip().splitlines() or ["?"])[-1][:150])
    archive = tmp / "image.tar"
    build = subprocess.run([SOURCE / "share/image/build.sh", TRAINER, archive], capture_output=True, text=True)
    if not ok("the image builds", build.returncode == 0, build.stderr):
        done()
    print("# " + build.stdout.strip())

# --- what is in it ---------------------------------------------------------------------
with tarfile.open(archive) as tar:
    def blob(digest):
        return tar.extractfile("blobs/" + digest.replace(":", "/")).read()

    index = json.load(tar.extractfile("index.json"))
    manifest = json.loads(blob(index["manifests"][0]["digest"]))
    config = json.loads(blob(manifest["config"]["digest"]))
    root = tmp / "root"
    root.mkdir()
    for layer in manifest["layers"]:
        path = tmp / "layer"
        path.write_bytes(blob(layer["digest"]))
        with tarfile.open(path) as inner:
            inner.extractall(root)
packed = sum(layer["size"] for layer in manifest["layers"])
files = [p for p in root.rglob("*") if p.is_file() and not p.is_symlink()]
unpacked = sum(p.stat().st_size for p in files)
ok(f"under {LIMIT_MB} MB ({packed / 1e6:.1f} packed, {unpacked / 1e6:.1f} unpacked)", unpacked < LIMIT_MB * 1e6)
equal("entry point", config["config"]["Entrypoint"], ["/usr/bin/sagetop-trainer"])
equal("not root", config["config"]["User"], "1000:1000")
equal("no shell, no other program", sorted(p.name for p in root.glob("**/bin/*")), ["sagetop-trainer"])
equal("nothing is set-uid", [str(p) for p in files if p.stat().st_mode & (stat.S_ISUID | stat.S_ISGID)], [])
equal("nothing outside tmp is writable by others",
      [str(p) for p in root.rglob("*") if not p.is_symlink() and p != root / "tmp" and p.stat().st_mode & 0o002], [])
equal("/tmp is as it should be", oct((root / "tmp").stat().st_mode & 0o7777), "0o1777")
strings = (root / "usr/bin/sagetop-trainer").read_bytes()
ok("no path of the machine that built it", str(SOURCE.resolve()).encode() not in strings)

# --- under runc -----------------------------------------------------------------------------
if not shutil.which("runc"):
    skip("the image under runc", "runc is not installed")
    done()
RUNC_SPEC = ["runc", "spec"] + ([] if os.getuid() == 0 else ["--rootless"])
(tmp / "spec").mkdir()
probe = subprocess.run(RUNC_SPEC, cwd=tmp / "spec", capture_output=True, text=True)
if probe.returncode:
    skip("the image under runc", "runc does not work here: " + (probe.stderr.strip().splitlines() or ["?"])[-1][:150])
    done()
names = iter(range(1000))


def bundle(job, args, env=()):
    """A folder for runc: the image's own settings, SageMaker's mount, the host's network."""
    path = tmp / f"bundle{next(names)}"
    path.mkdir()
    subprocess.run(RUNC_SPEC, cwd=path, check=True)
    spec = json.loads((path / "config.json").read_text())
    spec["root"] = {"path": str(root), "readonly": True}
    spec["process"].update(terminal=False, args=config["config"]["Entrypoint"] + args, cwd=config["config"]["WorkingDir"],
                           env=config["config"]["Env"] + list(env), noNewPrivileges=True)
    if os.getuid() == 0:
        spec["process"]["user"] = {"uid": 1000, "gid": 1000}
    spec["process"]["capabilities"] = {kind: [] for kind in spec["process"]["capabilities"]}
    spec["mounts"].append({"destination": "/opt/ml", "type": "bind", "source": str(job.root), "options": ["rbind", "rw"]})
    spec["linux"]["namespaces"] = [n for n in spec["linux"]["namespaces"] if n["type"] != "network"]
    spec["mounts"] = [m for m in spec["mounts"] if m["type"] not in ("sysfs", "cgroup", "mqueue")]
    (path / "config.json").write_text(json.dumps(spec))
    return path


def start(job, args, env=()):
    job.write_config()
    for path in [job.root, *job.root.rglob("*")]:
        if os.getuid() == 0:
            os.chown(path, 1000, 1000)
    path = bundle(job, args, env)
    name = f"sagetop-{os.getpid()}-{path.name}"
    child = subprocess.Popen(["runc", "--root", str(tmp / "runc"), "run", "--bundle", str(path), name],
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    child.container = name
    return child


def stop(child, what="TERM"):
    return subprocess.run(["runc", "--root", str(tmp / "runc"), "kill", child.container, what], capture_output=True)


with Job(num_round=5, objective="reg:squarederror") as job:
    probe = start(job, ["--version"])
    out, err = probe.communicate(timeout=300)
    if probe.returncode:
        skip("the image under runc", "runc does not work here: " + (err.strip().splitlines() or ["?"])[-1][:150])
        done()
    match("the program starts", out, "^sagetop-trainer [0-9]")
rows = "".join(f"{i % 7 + i % 3 / 10},{i % 7},{i % 3},{i}\n" for i in range(300))
with Job(num_round=5, objective="reg:squarederror") as job:
    job.channel("train", {"a.csv": rows}).channel("validation", {"b.csv": rows})
    child = start(job, ["train"])
    job.out, job.err = child.communicate(timeout=300)
    job.status = child.returncode
    ok("a training job completes", job.status == 0 and len(job.metrics().get("validation-rmse", [])) == 5, job.log())
    ok("its model lies in /opt/ml/model", job.model().exists())
    try:
        import xgboost
        path = job.root / "m.ubj"
        path.write_bytes(job.model().read_bytes())
        booster = xgboost.Booster(model_file=str(path))
        equal("and loads in the xgboost package", booster.num_boosted_rounds(), 5)
    except ImportError:
        skip("the model in the xgboost package", "python3-xgboost is not installed")

    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    child = start(job, ["serve"], [f"SAGEMAKER_BIND_TO_PORT={port}"])
    line = child.stderr.readline()
    ok("serve starts", f":{port} " in line, line + (child.stderr.read() if not line else ""))

    def call(method, path, body=None):
        c = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
        c.request(method, path, body, {"Content-Type": "text/csv"})
        reply = c.getresponse()
        return reply.status, reply.read().decode()
    equal("/ping", call("GET", "/ping"), (200, ""))
    status, text = call("POST", "/invocations", "3,1,100\n5,2,200")
    ok("/invocations", status == 200 and len(text.splitlines()) == 2, text)
    stop(child)
    child.communicate(timeout=300)
    equal("SIGTERM ends it with 0", child.returncode, 0)

with Job(num_round=5, objective="reg:squarederror") as job:
    job.channel("train", {"a.csv": "1,2,3\n4,five,6\n"})
    child = start(job, ["train"])
    job.out, job.err = child.communicate(timeout=300)
    ok("a bad job ends with 1 and a reason", child.returncode == 1 and "line 2 column 2: 'five'" in (job.failure() or ""),
       f"{child.returncode} {job.failure()} {job.err}")
done()
