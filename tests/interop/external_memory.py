"""external_memory: the cells of the data in a file. The model is the same to the byte, for
CSV, libsvm and gzip; a job whose data exceeds its memory limit completes."""
import gzip
import resource

from trainer_support import *

READ_DATA = os.path.join(os.environ.get("SAGETOP_BUILD", "build"), "tests/bench/read_data")
sanitized = "libasan" in subprocess.run(["ldd", TRAINER], capture_output=True, text=True).stdout
if not os.path.exists(READ_DATA):
    skip_all("tests/bench/read_data is not built")
spill = tempfile.TemporaryDirectory(prefix="sagetop-spill-", dir="/var/tmp")


def text_of(rows, columns):
    return subprocess.run([READ_DATA, "make", str(rows), str(columns)], check=True, stdout=subprocess.PIPE).stdout


def libsvm_of(data):
    return "\n".join(" ".join([c[0]] + [f"{i}:{v}" for i, v in enumerate(c[1:]) if not v.startswith("-")])
                     for c in (line.split(",") for line in data.decode().split())) + "\n"


def train(data, content_type, external, limit_mb=None, **more):
    with Job(num_round=3, max_depth=3, tree_method="hist", nthread=2, external_memory=external, **more) as job:
        job.channel("train", {"a": data}, content_type)
        job.write_config()
        limit = (lambda: resource.setrlimit(resource.RLIMIT_DATA, (limit_mb << 20, limit_mb << 20))) if limit_mb else None
        child = subprocess.run([TRAINER, "train"], capture_output=True, text=True, preexec_fn=limit, timeout=600, env={
            **os.environ, "SAGETOP_ML_ROOT": str(job.root), "SAGETOP_SPILL_DIR": spill.name})
        model = job.model().read_bytes() if job.model().exists() else None
        return child.returncode, model, f"exit {child.returncode}\n{child.stdout[-600:]}\n{child.stderr[-600:]}"


small = text_of(20000, 12)
for what, data, content_type in [("CSV", small, "text/csv"), ("gzip", gzip.compress(small), "text/csv"),
                                 ("libsvm", libsvm_of(small[:small.index(b"\n", len(small) // 4) + 1]), "text/libsvm")]:
    memory, beyond = train(data, content_type, "false"), train(data, content_type, "true")
    ok(f"{what}: trains with its cells in a file", beyond[0] == 0, beyond[2])
    ok(f"{what}: the same model, byte for byte", memory[1] and memory[1] == beyond[1])
equal("no file is left behind", os.listdir(spill.name), [])

if sanitized:
    skip("a job whose data exceeds its memory", "a sanitizer needs more address space than a limit allows")
else:
    # 500,000 x 60 cells are 120 MB as numbers and 60 MB as bins of the grower; with the cells
    # in a file the library works on them in less than 140 MB
    large, limit = text_of(500000, 60), 200
    status, model, log = train(large, "text/csv", "false", limit)
    ok(f"with {limit} MB the cells do not fit in memory", status != 0, log)
    status, model, log = train(large, "text/csv", "true", limit)
    ok("with the cells in a file the job completes", status == 0 and model, log)
done()
