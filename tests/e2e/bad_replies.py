"""Replies that are broken, throttled or endless: one line of error, the documented
exit status, and never a crash."""
import http.server
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tap import done, ok  # noqa: E402

BIN = pathlib.Path(os.environ["SAGETOP_BUILD"]) / "sagetop"
JSON = "application/x-amz-json-1.1"
IDENTITY = b"""<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::123456789012:user/tester</Arn><UserId>AID</UserId><Account>123456789012</Account>
</GetCallerIdentityResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></GetCallerIdentityResponse>"""


class Server(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    mode = "fine"
    calls = 0

    def log_message(self, *args):
        pass

    def reply(self, status, body, kind=JSON, length=None, **headers):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)
        if length is not None:
            self.close_connection = True

    def error(self, status, code, message="made up"):
        self.reply(status, json.dumps({"__type": code, "message": message}).encode())

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not self.headers.get("X-Amz-Target"):
            return self.reply(200, IDENTITY, "text/xml")
        Server.calls += 1
        getattr(self, "do_" + self.mode)()

    def do_truncated(self):
        self.reply(200, b'{"Results": [{"TrainingJob": {"TrainingJ', length=5000)

    def do_cut_json(self):
        self.reply(200, b'{"Results": [{"TrainingJob": {"TrainingJ')

    def do_not_json(self):
        self.reply(200, b"<html><body>captive portal: please sign in</body></html>", "text/html")

    def do_wrong_types(self):
        self.reply(200, json.dumps({"Results": [{"TrainingJob": [1, 2]}, 7, {"TrainingJob": {"TrainingJobName": 3}}],
                                    "NextToken": {"a": 1}}).encode())

    def do_nested(self):
        self.reply(200, b'{"Results": ' + b"[" * 100000 + b"]" * 100000 + b"}")

    def do_empty(self):
        self.reply(200, b"")

    def do_reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.connection.close()
        self.close_connection = True

    def do_huge(self):
        self.send_response(200)
        self.send_header("Content-Type", JSON)
        self.end_headers()
        try:
            self.wfile.write(b'{"Results": [')
            for _ in range(4096):
                self.wfile.write(b" " * 65536)
        except OSError:
            pass
        self.close_connection = True

    def do_headers(self):
        self.send_response(200)
        for i in range(20000):
            self.send_header("X-Filler-%d" % i, "y" * 200)
        try:
            self.end_headers()
        except OSError:
            pass
        self.close_connection = True

    def do_control(self):
        """Escape sequences in every text that is shown."""
        evil = "\x1b]0;owned\x07\x1b[2J\x1b[31m\u202e\x9b31m\r\n\tx"
        job = {"TrainingJobName": "job-1", "TrainingJobArn": evil, "TrainingJobStatus": "Failed",
               "SecondaryStatus": "Failed", "FailureReason": evil, "CreationTime": 1.7e9, "LastModifiedTime": 1.7e9,
               "ResourceConfig": {"InstanceType": evil, "InstanceCount": 1}, "Tags": [{"Key": "k", "Value": evil}],
               "HyperParameters": {"eta": evil}}
        self.reply(200, json.dumps({"Results": [{"TrainingJob": job}]}).encode())

    def do_throttle(self):
        self.error(400, "ThrottlingException", "Rate exceeded")

    def do_fail(self):
        self.error(500, "InternalFailure")

    def do_expired(self):
        self.error(400, "ExpiredTokenException", "The security token included in the request is expired")

    def do_denied(self):
        self.error(400, "AccessDeniedException", "User: x is not authorized to perform: sagemaker:ListTrainingJobs")

    def do_bad_key(self):
        self.error(403, "UnrecognizedClientException", "The security token included in the request is invalid.")


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    endpoint = "http://127.0.0.1:%d" % server.server_address[1]
    with tempfile.TemporaryDirectory() as temp:
        env = {"PATH": os.environ["PATH"], "HOME": temp, "AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "2",
               "AWS_ACCESS_KEY_ID": "AKIDTEST", "AWS_SECRET_ACCESS_KEY": "very-secret", "AWS_REGION": "us-east-1"}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                env[name] = os.environ[name]

        def jobs(mode, *words):
            Server.mode, Server.calls = mode, 0
            started = time.monotonic()
            run = subprocess.run([BIN, "jobs", "--endpoint-url", endpoint, *words], env=env, capture_output=True,
                                 timeout=400, stdin=subprocess.DEVNULL)
            run.took = time.monotonic() - started
            return run

        for mode, statuses, what in (("truncated", (1, 6), "a truncated reply"), ("cut_json", (1, 6), "half a JSON text"),
                                     ("not_json", (1, 6), "a page of HTML"), ("nested", (1, 6), "absurd nesting"),
                                     ("huge", (1, 6), "an endless reply"), ("headers", (1, 6), "endless headers"),
                                     ("reset", (6,), "a reset connection"), ("throttle", (6,), "throttling"),
                                     ("fail", (6,), "a failing service"), ("expired", (5,), "an expired token"),
                                     ("denied", (5,), "a missing permission"), ("bad_key", (5,), "an unknown key")):
            run = jobs(mode)
            error = run.stderr.decode(errors="replace")
            ok("%s: exit status %s" % (what, " or ".join(map(str, statuses))), run.returncode in statuses, run)
            ok("%s: one line that says sagetop:" % what, error.startswith("sagetop: ") and error.count("\n") == 1 and
               len(error) > 20, error)
            ok("%s: no table, no secret" % what, b"NAME" not in run.stdout and "very-secret" not in error, run)
        for mode, what in (("empty", "an empty reply"), ("wrong_types", "members of wrong types")):
            run = jobs(mode)
            ok("%s: no crash" % what, run.returncode in (0, 1, 6), run)
        for form in ((), ("--format", "table"), ("--json",)):
            run = jobs("control", "--columns", "name,status,instance,reason,hp.eta,tag.k", *form)
            bad = [c for c in run.stdout.decode() if (ord(c) < 32 and c not in "\n\t") or 127 <= ord(c) < 160 or ord(c) == 0x202e]
            ok("no control byte gets through %s" % (" ".join(form) or "in a pipe"), run.returncode == 0 and not bad and
               b"job-1" in run.stdout, (run, bad))
        lines = jobs("control", "--columns", "name,reason,hp.eta").stdout.decode().splitlines()
        ok("nor breaks a row", len(lines) == 2 and all(line.count("\t") == 2 for line in lines), lines)

        log = pathlib.Path(temp) / "debug"
        jobs("throttle", "--debug", str(log))
        text = log.read_text()
        ok("--debug has a line for the request, with its attempts", "Search" in text and "2 attempt" in text, text[-2000:])
        ok("and no secret", "very-secret" not in text and "Signature=" not in text, text[-2000:])
        ok("in a file that only we can read", log.stat().st_mode & 0o077 == 0, oct(log.stat().st_mode))
    server.shutdown()
    done()


main()
