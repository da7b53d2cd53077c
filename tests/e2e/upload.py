"""sagetop upload against an S3 of our own: where the bucket stands, what is said of the
files that fail, and what is believed of a reply."""
import http.server
import os
import pathlib
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tap import done, ok, skip  # noqa: E402

BIN = pathlib.Path(os.environ["SAGETOP_BUILD"]) / "sagetop"


class S3(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    puts, refuse, etag, redirect = [], {}, True, None

    def log_message(self, *args):
        pass

    def do_PUT(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        S3.puts.append((self.headers["Host"].split(":")[0], self.path, self.headers.get("Content-Type"), body))
        code = next((code for name, code in S3.refuse.items() if name in self.path), None)
        text = ("<Error><Code>%s</Code><Message>made up</Message></Error>" % code).encode() if code else b""
        self.send_response(404 if code == "NoSuchBucket" else 403 if code else 200)
        self.send_header("Content-Length", str(len(text)))
        if S3.etag and not code:
            self.send_header("ETag", '"0123456789abcdef0123456789abcdef"')
        self.end_headers()
        self.wfile.write(text)


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), S3)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_address[1]
    with tempfile.TemporaryDirectory() as temp:
        work = pathlib.Path(temp)
        config = work / "config"
        env = {"PATH": os.environ["PATH"], "HOME": temp, "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "s",
               "AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "1", "AWS_REGION": "eu-west-1",
               "AWS_CONFIG_FILE": str(config)}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                env[name] = os.environ[name]

        def upload(*words, host="127.0.0.1", **more):
            S3.puts.clear()
            return subprocess.run([BIN, "upload", *map(str, words), "--endpoint-url", "http://%s:%d" % (host, port)],
                                  env={**env, **more}, capture_output=True, text=True, timeout=400,
                                  stdin=subprocess.DEVNULL)

        one = work / "one.txt"
        one.write_text("hello")
        for host, bucket in (("127.0.0.1", "127"), ("127.0.0.1", "data"), ("store.localhost", "by-name"),
                             ("store.localhost", "store.localhost"), ("localhost", "local"), ("localhost", "localhost")):
            run = upload(one, "s3://%s/x/" % bucket, host=host)
            ok("%s in the path at %s" % (bucket, host), run.returncode == 0 and
               S3.puts and S3.puts[0][:2] == (host, "/%s/x/one.txt" % bucket), (run, S3.puts))
        config.write_text("[default]\ns3 =\n  addressing_style = virtual\n")
        run = upload(one, "s3://data/x/", host="store.localhost")
        ok("before the host where the profile says virtual", S3.puts and S3.puts[0][:2] ==
           ("data.store.localhost", "/x/one.txt"), (run, S3.puts))
        run = upload(one, "s3://data/x/")
        ok("but not before an address", S3.puts and S3.puts[0][:2] == ("127.0.0.1", "/data/x/one.txt"), (run, S3.puts))
        config.unlink()

        run = upload(one, "s3://b/", host="someone:secret-word@127.0.0.1")
        ok("a name and password in the address are no part of the host", run.returncode == 0 and S3.puts and
           S3.puts[0][0] == "127.0.0.1", (run, S3.puts))
        run = subprocess.run([BIN, "jobs", "--endpoint-url", "http://someone:secret-word@127.0.0.1:1"], env=env,
                             capture_output=True, text=True, timeout=400)
        ok("nor of a message", run.returncode == 6 and "secret-word" not in run.stderr + run.stdout and
           "127.0.0.1:1" in run.stderr, run)
        run = subprocess.run([BIN, "jobs", "--endpoint-url", "http://service.invalid"], capture_output=True, text=True,
                             env={**env, "http_proxy": "socks9://someone:secret-word@127.0.0.1:1"}, timeout=400)
        ok("nor of the proxy's", run.returncode and "secret-word" not in run.stderr + run.stdout, run)

        empty = work / "empty"
        empty.write_bytes(b"")
        run = upload(empty, "s3://b/")
        ok("an empty file has a content type", run.returncode == 0 and S3.puts[0][2:] == ("binary/octet-stream", b""),
           (run, S3.puts))

        S3.etag = False
        run = upload(one, "s3://b/")
        ok("200 without an ETag is no success", run.returncode == 6 and "one.txt" in run.stderr and not run.stdout, run)
        S3.etag = True

        folder = work / "folder"
        (folder / "sub").mkdir(parents=True)
        for name in ("a.csv", "b.csv", "c.csv", "d.csv", "e.csv", "f.csv", "sub/g.csv"):
            (folder / name).write_text(name)
        S3.refuse = {"b.csv": "AccessDenied", "g.csv": "AccessDenied"}
        run = upload(folder, "s3://b/x")
        lines = run.stderr.splitlines()
        ok("a refused file has its status", run.returncode == 5, run)
        ok("each is told with its name", sum("b.csv: PutObject: AccessDenied" in line for line in lines) == 1 and
           sum("sub/g.csv: PutObject: AccessDenied" in line for line in lines) == 1, run.stderr)
        ok("and both at the end", "2 of 7 files" in lines[-1] and "b.csv" in lines[-1] and "g.csv" in lines[-1], run.stderr)
        ok("the others are there and named", sorted(run.stdout.split()) ==
           ["s3://b/x/%s.csv" % name for name in "acdef"], run.stdout)
        S3.refuse = {}
        locked = folder / "locked"
        locked.mkdir()
        (folder / "c.csv").chmod(0)
        locked.chmod(0)
        run = upload(folder, "s3://b/x")
        if os.geteuid() == 0:
            skip("files that cannot be read", "root reads all")
        else:
            ok("files that cannot be read do not keep the others", run.returncode == 1 and "c.csv" in run.stderr and
               "locked" in run.stderr and len(run.stdout.split()) == 6, run)
        locked.chmod(0o700)
        S3.refuse = {"/": "NoSuchBucket"}
        for i in range(30):
            (folder / ("more%d" % i)).write_text("x")
        run = upload(folder, "s3://b/x")
        ok("a missing bucket is not asked for every file", run.returncode == 4 and len(S3.puts) <= 8, (run, len(S3.puts)))
        ok("and the list at its end is short", len(run.stderr.splitlines()[-1]) < 2000 and
           " more" in run.stderr.splitlines()[-1], run.stderr)
        S3.refuse = {}
        one.chmod(0o600)
        run = upload(work / "no-such-file", "s3://b/")
        ok("a path that is not there is told before anything is sent", run.returncode == 1 and not S3.puts and
           "no-such-file" in run.stderr, run)
    server.shutdown()
    done()


main()
