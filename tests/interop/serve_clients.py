"""`serve` and clients that are slow, many, large or odd: nobody keeps a place for ever or
delays others, GET /ping is answered within two seconds at all times, what cannot be
understood gets a 4xx, and SIGTERM under load loses nothing."""
import concurrent.futures
import gzip
import itertools
import resource
import socket
import threading

from serve_support import *

try:
    import numpy as np
    import xgboost
except ImportError:
    skip_all("python3-xgboost is not installed")

PING_SECONDS = 2  # what SageMaker gives
folder = tempfile.TemporaryDirectory(prefix="sagetop-serve-clients-")
tmp = pathlib.Path(folder.name)
rng = np.random.default_rng(3)
X = rng.normal(size=(3000, 3)).astype(np.float32)
(tmp / "model").mkdir()
# one column, many trees: the most work for the bytes of a body
deep = xgboost.train({"nthread": 1, "max_depth": 6, "objective": "reg:squarederror"},
                     xgboost.DMatrix(X[:, :1], np.sin(3 * X[:, 0]) + X[:, 1]), 150)
deep.save_model(tmp / "model/model.json")
(tmp / "model/model.json").rename(tmp / "model/xgboost-model")
HEAVY = b"0.5\n-1\n2.5\n1\n" * 200000


def heavy_seconds(s):
    start = time.monotonic()
    status, data = s.invoke(HEAVY)
    return time.monotonic() - start, status, data.count(b"\n")


def timed(call):
    start = time.monotonic()
    result = call()
    return time.monotonic() - start, result


class Raw:
    """A connection that is used byte by byte."""

    def __init__(self, s, receive_buffer=None):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(60)
        self.socket.connect(("127.0.0.1", s.port))

    def send(self, data):
        try:
            self.socket.sendall(data)
            return True
        except OSError:
            return False

    def closed(self, seconds=0):
        """Has the server closed, its reply apart?"""
        self.socket.settimeout(seconds or 0.001)
        try:
            while self.socket.recv(65536):
                pass
            return True
        except TimeoutError:
            return False
        except OSError:
            return True
        finally:
            self.socket.settimeout(60)

    def reply(self):
        """(status, everything that came until the server closed or the reply was whole)"""
        data = b""
        try:
            while True:
                piece = self.socket.recv(65536)
                data += piece
                head, _, body = data.partition(b"\r\n\r\n")
                length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
                empty = b"\r\n\r\n" in data and head.startswith(b"HTTP/1.1 204 ")  # which has neither length nor body
                if not piece or empty or (length and len(body) >= int(length.group(1))):
                    break
        except OSError:
            pass
        found = re.match(rb"HTTP/1.1 (\d+)", data)
        return int(found.group(1)) if found else 0, data


HEAD = b"POST /invocations HTTP/1.1\r\nHost: test\r\nContent-Type: text/csv\r\n"

# --- large requests beside small ones ---------------------------------------------------
with Server(tmp / "model", "--threads", "2") as s:
    alone = s.invoke(b"0.5\n")[1]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        heavy = [pool.submit(heavy_seconds, s) for i in range(4)]
        connection, pings, smalls, wrong = s.connect(), [], [], []
        while not all(f.done() for f in heavy):
            took, (status, _) = timed(lambda: s.call("GET", "/ping"))
            pings.append(took)
            took, (status_kept, _) = timed(lambda: s.call("GET", "/ping", connection=connection))
            pings.append(took)
            took, (status_small, data) = timed(lambda: s.invoke(b"0.5\n"))
            smalls.append(took)
            if (status, status_kept, status_small, data) != (200, 200, 200, alone):
                wrong.append((status, status_kept, status_small, data))
        results = [f.result() for f in heavy]
    print(f"# large requests took {', '.join(f'{r[0]:.1f}' for r in results)} s; beside them {len(pings)} pings, "
          f"the slowest {max(pings):.3f} s, {len(smalls)} small requests, the slowest {max(smalls):.3f} s")
    ok("large requests are answered in full", all(r[1:] == (200, 800000) for r in results), results)
    ok("and take long enough to be in the way", max(r[0] for r in results) > PING_SECONDS, results)
    ok("beside them GET /ping takes less than two seconds", max(pings) < PING_SECONDS and len(pings) > 20, sorted(pings)[-5:])
    ok("so do small requests", max(smalls) < PING_SECONDS, sorted(smalls)[-5:])
    ok("and they are answered as ever", not wrong, wrong[:3])

# --- slow clients -----------------------------------------------------------------------
with Server(tmp / "model", "--threads", "2", "--timeout", "1") as s:
    def drip(what, first, rest):
        """One byte now and then, so that the connection is never idle."""
        c = Raw(s)
        c.send(first)
        start, sent = time.monotonic(), 0

        def cut():
            nonlocal sent
            if time.monotonic() - start > 0.2 * sent:
                if not c.send(rest[sent % len(rest):sent % len(rest) + 1]):
                    return True
                sent += 1
            return c.closed()
        wait_for(cut, 60, f"{what} to be cut off")
        took = time.monotonic() - start
        ok(f"{what}: cut off, but not at once", 0.9 < took < 30, f"{took:.1f} s, {sent} bytes")

    drip("a body that drips", HEAD + b"Content-Length: 1000\r\n\r\n", b"1\n")
    drip("chunks that drip", HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n1\r\n")
    drip("a head that drips", b"", HEAD + b"X-Slow: " + b"a" * 1000)
    c = Raw(s)
    c.send(HEAD + b"Content-Length: 4\r\n\r\n0.5\n")
    equal("a request on a connection that is kept", c.reply()[0], 200)
    drip_after = time.monotonic()
    wait_for(lambda: not c.send(b"P") or c.closed(0.2), 60, "a second head that drips")
    ok("the head of a later request must not drip either", time.monotonic() - drip_after < 30)

    # an answer that is not taken: far more than the buffers on the way hold
    c = Raw(s, 4096)
    body = b"1\n" * 3000000
    c.send(HEAD + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
    c.socket.recv(1)

    def dropped():
        states = subprocess.run(["ss", "-tn", "state", "established", f"( sport = :{s.port} )"], capture_output=True, text=True)
        return f":{c.socket.getsockname()[1]}" not in states.stdout
    if shutil.which("ss"):
        wait_for(dropped, 60, "the one who does not read to be cut off")
        ok("who does not take the answer is cut off", True)
    else:
        skip("who does not take the answer is cut off", "ss is not installed")
    c.socket.close()
    idle = s.connect()
    s.call("GET", "/ping", connection=idle)
    slow = Raw(s)
    slow.send(HEAD + b"Content-Length: 1000\r\n\r\n")
    wait_for(lambda: slow.closed(0.1), 60, "a body that never comes")
    equal("an idle connection outlives the timeout of requests", s.call("GET", "/ping", connection=idle)[0], 200)
    equal("still alive", s.call("GET", "/ping")[0], 200)

# --- many clients -----------------------------------------------------------------------
with Server(tmp / "model", "--timeout", "5",
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200))) as s:
    crowd = [Raw(s) for i in range(300)]
    took, (status, _) = timed(lambda: s.call("GET", "/ping"))
    ok("300 idle connections where 200 files may be open: GET /ping in time", status == 200 and took < PING_SECONDS, took)
    s.child.send_signal(signal.SIGHUP)
    match("and the model can be loaded", s.wait_line("exchanged"), "is exchanged")
    for c in crowd:
        c.socket.close()
    equal("still alive", s.call("GET", "/ping")[0], 200)

# --- odd requests -----------------------------------------------------------------------
with Server(tmp / "model", "--threads", "2", MAX_CONTENT_LENGTH="10000") as s:
    body = b"0.5\n"

    def chunked(*pieces):
        return b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces) + b"0\r\n\r\n"

    for what, wanted, request in [
        ("a plain request", 200, HEAD + b"Content-Length: 4\r\n\r\n" + body),
        ("a chunked one", 200, HEAD + b"Transfer-Encoding: Chunked\r\n\r\n" + chunked(b"0.", b"5", b"\n")),
        ("the same length twice", 200, HEAD + b"Content-Length: 4\r\nContent-Length: 4\r\n\r\n" + body),
        ("two lengths", 400, HEAD + b"Content-Length: 4\r\nContent-Length: 2\r\n\r\n" + body),
        ("a length and chunks", 400, HEAD + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(body)),
        ("another coding", 400, HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + chunked(body)),
        ("a coding without an end", 400, HEAD + b"Transfer-Encoding: identity\r\n\r\n" + body),
        ("a blank before the colon", 400, HEAD + b"Content-Length : 4\r\n\r\n" + body),
        ("a negative length", 400, HEAD + b"Content-Length: -4\r\n\r\n" + body),
        ("a length that is none", 400, HEAD + b"Content-Length: four\r\n\r\n" + body),
        ("a length beyond all numbers", 413, HEAD + b"Content-Length: 99999999999999999999999\r\n\r\n" + body),
        ("a chunk without a size", 400, HEAD + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n" + body),
        ("two content types", 400, HEAD + b"Content-Type: application/json\r\nContent-Length: 4\r\n\r\n" + body),
        ("a body somewhat too large, read to its end", 413, HEAD + b"Content-Length: 60000\r\n\r\n" + body * 15000),
        ("the same in chunks", 413, HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(*[body * 250] * 60)),
        ("a body much too large, not waited for", 413, HEAD + b"Content-Length: 99000000\r\n\r\n"),
        ("one that asks before it sends", 413, HEAD + b"Expect: 100-continue\r\nContent-Length: 60000\r\n\r\n"),
        ("too many headers", 431, HEAD + b"X-A: " + b"a" * 70000 + b"\r\n\r\n"),
        ("an empty body", 204, HEAD + b"Content-Length: 0\r\n\r\n"),
        ("nothing but newlines", 400, HEAD + b"Content-Length: 4\r\n\r\n\n\n\n\n"),
    ]:
        c = Raw(s)
        c.send(request)
        status, data = c.reply()
        equal(f"{what} is {wanted}", status, wanted)
        if wanted == 400 and b"Connection: close" in data:
            ok(f"{what}: the connection ends, so that nothing behind it is taken for a request", c.closed(60))
        c.socket.close()
    c = Raw(s)
    c.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    wait_for(lambda: not c.send(b"1000\r\n" + b"1" * 4096 + b"\r\n"), 60, "an endless body to be cut off")
    ok("an endless body is cut off", True)
    for what, wanted, headers, kind, data in [
        ("several Accept headers", (200, "application/json"), [("Accept", "image/png"), ("Accept", "application/json")], "text/csv", body),
        ("a weight of 0", (406, None), [("Accept", "text/csv;q=0")], "text/csv", body),
        ("weights in capitals", (200, "application/json"), [("Accept", "text/csv;Q=0.1, application/json;Q=0.2")], "text/csv", body),
        ("an Accept with parameters", (200, "application/json"), [("Accept", "application/json; charset=utf-8")], "text/csv", body),
        ("a content type in capitals with parameters", (200, "text/csv"), [], "TEXT/CSV; Header=Absent ;charset=UTF-8", body),
        ("JSON with parameters", (200, "text/csv"), [], "application/json; charset=utf-8", b"[[0.5]]"),
        ("a content encoding of gzip", (200, "text/csv"), [("Content-Encoding", "gzip")], "text/csv", gzip.compress(body)),
        ("another content encoding", (415, None), [("Content-Encoding", "br")], "text/csv", body),
        ("Parquet", (415, None), [], "application/x-parquet", b"PAR1"),
        ("infinity in CSV", (400, None), [], "text/csv", b"inf\n"),
        ("infinity in libsvm", (400, None), [], "text/libsvm", b"0:1e39\n"),
        ("nan in CSV is missing", (200, "text/csv"), [], "text/csv", b"nan\n"),
        ("NaN in JSON is missing", (200, "text/csv"), [], "application/json", b"[[NaN]]"),
        ("a huge number in JSON", (400, None), [], "application/json", b"[[1e999]]"),
        ("a huge integer in JSON", (400, None), [], "application/json", b"[[" + b"9" * 400 + b"]]"),
        ("deep JSON", (400, None), [], "application/json", b"[" * 9000),
        ("a deep instance", (400, None), [], "application/json", b"[" * 1500 + b"]" * 1500),
        ("JSON with a column too many", (400, None), [], "application/json", b"[[1,2]]"),
        ("JSON keys out of range", (400, None), [], "application/json", b'{"features":{"keys":[9],"values":[1]}}'),
        ("a zero byte", (400, None), [], "text/csv", b"1\x002\n"),
        ("a content type of nothing but parameters", (415, None), [], "; charset=utf-8", body),
    ]:
        c = s.connect()
        c.putrequest("POST", "/invocations")
        for name, value in [("Content-Type", kind), ("Content-Length", str(len(data))), *headers]:
            c.putheader(name, value)
        c.endheaders(data)
        reply = c.getresponse()
        text = reply.read()
        ok(f"{what} is {wanted[0]}", reply.status == wanted[0] and (not wanted[1] or reply.getheader("Content-Type") == wanted[1]),
           f"{reply.status} {reply.getheader('Content-Type')} {text[:200]}")
        c.close()
    for method, path, allow in [("GET", "/invocations", "POST"), ("POST", "/ping", "GET, HEAD"), ("DELETE", "/execution-parameters", "GET, HEAD")]:
        status, _ = s.call(method, path)
        equal(f"{method} {path}: 405, and what may be", (status, s.headers["Allow"]), (405, allow))
    equal("still alive", s.call("GET", "/ping")[0], 200)

run = subprocess.run([TRAINER, "serve", "--model", str(tmp / "model"), "--port", "0"], capture_output=True, text=True,
                     env={**os.environ, "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT": "image/png"}, timeout=60)
match("a default answer that cannot be served is a wrong start", run.stderr, "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT.*image/png")

# OpenMP itself says which settings it found.
run = subprocess.run([TRAINER, "predict", str(tmp / "model/xgboost-model"), "/dev/null"], capture_output=True, text=True, timeout=60, env={
    **{k: v for k, v in os.environ.items() if k not in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")}, "OMP_DISPLAY_ENV": "verbose"})
match("the library's threads do not spin while a model is loaded", run.stderr, "GOMP_SPINCOUNT = '1000'")

# --- the end ----------------------------------------------------------------------------
with Server(tmp / "model", "--threads", "2") as s:
    stop, counts, faults, answered = threading.Event(), [], [], itertools.count()

    def busy():
        """A client that keeps its connection until it is told that it ends."""
        n = 0
        while not stop.is_set():
            try:
                c = s.connect()
                c.connect()
            except OSError: # the listener is gone
                break
            try:
                while True:
                    c.request("POST", "/invocations", b"0.5\n", {"Content-Type": "text/csv"})
                    reply = c.getresponse()
                    text = reply.read()
                    if reply.status != 200 or text != alone:
                        faults.append((reply.status, text[:100]))
                    n += 1
                    next(answered)
                    if reply.getheader("Connection") == "close":
                        break
            except (OSError, http.client.HTTPException) as e:
                if n: # a connection in the backlog may be dropped before its first request is read
                    faults.append(repr(e))
            c.close()
        counts.append(n)

    with concurrent.futures.ThreadPoolExecutor(9) as pool:
        heavy = pool.submit(heavy_seconds, s)
        clients = [pool.submit(busy) for i in range(8)]
        wait_for(lambda: next(answered) > 500, 120, "the clients to be at full speed")
        s.child.send_signal(signal.SIGTERM)
        start = time.monotonic()
        for f in clients:
            f.result()
        stop.set()
        seconds, status, rows = heavy.result()
    equal("SIGTERM: a large request that has begun is answered", (status, rows), (200, 800000))
    equal("clients at full speed lose no answer", faults[:3], [])
    equal("then it ends with 0", s.child.wait(timeout=60), 0)
    print(f"# {sum(counts)} small requests; ended {time.monotonic() - start:.1f} s after the signal")
done()
