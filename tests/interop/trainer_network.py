"""Several hosts, each in a network of its own with its own address, as SageMaker has them: a
bridge, a cable to each, names in /etc/hosts. Here hosts do not only die: cables are pulled and
nothing says so, a host is slow, and strangers call.

The test lives in namespaces of its own (network, mounts, processes), so that the kernel clears
everything away however it ends."""
import ctypes

from hosts_support import *

SETUP = """mount -t tmpfs tmpfs /run
ip netns add probe
ip link add br0 type bridge
ip link add v0 type veth peer name v1
ip link set v1 netns probe
nsenter --net=/run/netns/probe true
mount --bind /dev/null /etc/hosts"""
if "SAGETOP_TEST_INSIDE" not in os.environ:
    missing = [p for p in ("ip", "unshare", "nsenter", "mount") if not shutil.which(p)]
    if missing:
        skip_all(f"{', '.join(missing)} is not installed")
    own = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    probe = subprocess.run([*own, "sh", "-ec", SETUP], capture_output=True, text=True)
    if probe.returncode:
        skip_all("no network namespaces here: " + " ".join(probe.stderr.split()))
    os.execvpe(own[0], [*own, sys.executable, *sys.argv], {**os.environ, "SAGETOP_TEST_INSIDE": "1"})

HOSTS_MAX = 4
STRANGER = 66


def ip(*words):
    subprocess.run(["ip", *map(str, words)], check=True)


def plug(name, number):
    """A network namespace with one cable to the bridge."""
    ip("netns", "add", name)
    ip("link", "add", f"v{number}", "type", "veth", "peer", "name", "eth0", "netns", name)
    ip("link", "set", f"v{number}", "master", "br0", "up")
    for words in (["link", "set", "lo", "up"], ["link", "set", "eth0", "up"], ["addr", "add", f"10.77.0.{number}/24", "dev", "eth0"]):
        ip("-n", name, *words)


def inside(name):
    return ["nsenter", f"--net=/run/netns/{name}"]


def set_up():
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
    ip("link", "add", "br0", "type", "bridge")
    ip("link", "set", "br0", "up")
    for number in range(1, HOSTS_MAX + 1):
        plug(f"algo-{number}", number)
    plug("stranger", STRANGER)
    with open("/run/hosts", "w") as f:
        f.write("127.0.0.1 localhost\n" + "".join(f"10.77.0.{i} algo-{i}\n" for i in range(1, HOSTS_MAX + 1)))
    subprocess.run(["mount", "--bind", "/run/hosts", "/etc/hosts"], check=True)


class Network(Cluster):
    def place(self):
        for job in self.jobs:
            job.prefix = inside(job.current_host)
            job.interface = "eth0"

    def others(self, *gone):
        return [job for i, job in enumerate(self.jobs) if i not in gone]


@contextlib.contextmanager
def pulled(host):
    """The cable of that host: neither end of a connection hears of it."""
    ip("link", "set", f"v{host + 1}", "down")
    try:
        yield
    finally:
        ip("link", "set", f"v{host + 1}", "up")


@contextlib.contextmanager
def held(pid):
    """The main thread of a process stands still; its others go on."""
    libc = ctypes.CDLL(None, use_errno=True)
    seize, interrupt, detach, clone = 0x4206, 0x4207, 17, 0x40000000
    for request in (seize, interrupt):
        if libc.ptrace(request, pid, None, None):
            raise OSError(ctypes.get_errno(), "ptrace")
    os.waitpid(pid, clone)
    try:
        yield
    finally:
        libc.ptrace(detach, pid, None, None)


def took(begun, most):
    seconds = time.monotonic() - begun
    return ok(f"... within {most} seconds", seconds < most, seconds)


set_up()
single, _ = train_single()

# --- one model ------------------------------------------------------------------------
for n in (2, 4):
    with Network(n, slices(n), num_round=20, **params) as c:
        c.start()
        c.finish()
        if ok(f"{n} hosts in {n} networks: all end well", all(j.status == 0 for j in c.jobs), c.log()):
            equal(f"{n} hosts in {n} networks: one model, on the first", [j.model().exists() for j in c.jobs], [True] + [False] * (n - 1))
            check_model(f"{n} hosts in {n} networks", c.jobs[0].model(), single)
with Network(4, [slice(0, 1500), None, slice(1500, N), None], num_round=20, **params) as c:
    c.start()
    c.finish()
    ok("two of four hosts without data: all end with 0", all(j.status == 0 for j in c.jobs), c.log())
    check_model("two of four hosts without data", c.jobs[0].model(), single)
ip("-n", "algo-1", "addr", "add", "127.0.1.1/8", "dev", "lo")
with Network(2, slices(2), num_round=20, **params) as c:
    # As Debian has it: the first host's own name is a loopback address to itself.
    c.jobs[0].env["SAGETOP_TRACKER"] = "127.0.1.1:9099"
    c.start()
    c.finish()
    ok("the first host finds itself by a loopback address", all(j.status == 0 for j in c.jobs), c.log())

# --- a host is lost -------------------------------------------------------------------
for lost in (0, 1, 3):
    with Network(4, slices(4), num_round=100000, host_timeout=5, **params) as c:
        c.start()
        c.wait_round(20)
        c.children[lost].kill()
        begun = time.monotonic()
        c.finish(60)
        name = f"algo-{lost + 1}"
        check_reason(f"{name} killed", c.others(lost), f"AlgorithmError: host {name} is lost: its connection ended")
        took(begun, 10)
for lost in (0, 2):
    with Network(4, slices(4), num_round=100000, host_timeout=5, **params) as c:
        c.start()
        c.wait_round(20)
        begun = time.monotonic()
        name = f"algo-{lost + 1}"
        with pulled(lost):
            c.finish(60)
        check_reason(f"the cable of {name} pulled", c.others(lost), f"AlgorithmError: host {name} is lost: silent for 5 seconds")
        check_reason(f"the cable of {name} pulled, and it", [c.jobs[lost]], "AlgorithmError: " + (
            "hosts algo-2, algo-3, algo-4 are" if lost == 0 else "host algo-1 is") + " lost: silent for 5 seconds")
        took(begun, 20)

# --- a host that never comes -------------------------------------------------------------
with Network(4, slices(4), num_round=10, host_timeout=3, **params) as c:
    c.jobs.pop(2)
    begun = time.monotonic()
    c.start()
    c.finish(60)
    check_reason("algo-3 never starts", c.jobs, "AlgorithmError: not all hosts came within 3 seconds; missing: algo-3")
    took(begun, 10)
with Network(2, slices(2), num_round=10, host_timeout=3, **params) as c, pulled(0):
    begun = time.monotonic()
    c.start()
    c.finish(60)
    check_reason("the first host without a cable", c.jobs[:1], "AlgorithmError: not all hosts came within 3 seconds; missing: algo-2")
    check_reason("the first host without a cable", c.jobs[1:], "AlgorithmError: cannot reach the first host, algo-1, at algo-1 port 9099 within 3 seconds")
    took(begun, 10)

# --- a slow host ------------------------------------------------------------------------------
with Network(2, slices(2), num_round=400, host_timeout=2, **params) as c:
    c.start()
    c.wait_round(20)
    with held(c.children[1].pid):
        time.sleep(7)  # longer than the silence that makes a host a lost one: the time is the case
        ok("a slow host: the others wait for it", all(child.poll() is None for child in c.children))
    c.finish(60)
    ok("a slow host: the job comes to its end", all(j.status == 0 for j in c.jobs) and c.jobs[0].model().exists(), c.log())

# --- strangers ----------------------------------------------------------------------------------
CALLS = r"""
import socket, struct, sys, time
magic = struct.pack("=I", 0xff99)
task = lambda t: struct.pack("=iii", -1, -1, len(t)) + t + struct.pack("=i", 5) + b"start"
texts = [b"", b"S", b"GET / HTTP/1.1\r\n\r\n", b"\0" * 100000, b"SGT1", b"SGT1here 1", b"SGT1here 9\n", b"SGT1here -1\n", b"SGT1hello 1 5 5 x\n",
         b"SGT1" + b"x" * 5000, b"SGT1here 99999999999999999999\n", magic, magic + task(b"000001"), magic + task(b"x"), magic + b"\xff" * 100]
calls = []
def call(text):
    s = socket.create_connection(("algo-1", 9099), 10)
    calls.append(s)
    try:
        s.sendall(text)
    except OSError:
        pass
for text in texts * 10:
    call(text)
print("called", flush=True)
while True:
    time.sleep(0.05)
    try:
        call(texts[len(calls) % len(texts)])
    except OSError:
        pass
    if len(calls) > 500:
        calls.pop(0).close()
"""
with Network(4, slices(4), num_round=20, host_timeout=60, **params) as c:
    c.children = [c.jobs[0].start()]
    wait_for(lambda: subprocess.run([*inside("stranger"), sys.executable, "-c", "import socket; socket.create_connection(('algo-1', 9099))"],
                                    stderr=subprocess.DEVNULL).returncode == 0, what="the tracker's port")
    stranger = subprocess.Popen([*inside("stranger"), sys.executable, "-c", CALLS], stdout=subprocess.PIPE, text=True)
    called = stranger.stdout.readline()
    begun = time.monotonic()
    c.children += [job.start() for job in c.jobs[1:]]
    c.finish(60)
    ok("150 strangers at the tracker's port, and more while the hosts train: all end well",
       called == "called\n" and all(j.status == 0 for j in c.jobs), c.log())
    ok("strangers leave nothing in the log", "GET" not in c.log() and "xxx" not in c.log())
    check_model("among strangers", c.jobs[0].model(), single)
    took(begun, 20)
    ok("the strangers were there to the end", stranger.poll() is None)
    stranger.kill()
    stranger.communicate()
done()
