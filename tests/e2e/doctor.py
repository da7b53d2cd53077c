"""sagetop doctor against a service of our own that denies, disagrees about the
time, or is not there. It must change nothing, whatever it is allowed."""
import email.utils
import fnmatch
import http.server
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tap import done, ok  # noqa: E402

BIN = pathlib.Path(os.environ["SAGETOP_BUILD"]) / "sagetop"


class State:
    denied, calls, skew_s = set(), [], 0


IDENTITY = """<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::123456789012:user/tester</Arn><UserId>AID</UserId><Account>123456789012</Account>
</GetCallerIdentityResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></GetCallerIdentityResponse>"""


class Server(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def date_time_string(self, timestamp=None):
        return email.utils.formatdate(time.time() + State.skew_s, usegmt=True)

    def reply(self, status, body, kind):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def do_POST(self):
        data = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        target = self.headers.get("X-Amz-Target")
        if self.path.endswith("invocations"):
            State.calls.append(("InvokeEndpoint" + ("Async" if "/async-" in self.path else ""), data))
            return self.reply(400, json.dumps({"__type": "ValidationError", "Message": "Endpoint not found."}),
                              "application/json")
        if not target:
            action = urllib.parse.parse_qs(data)["Action"][0]
            State.calls.append((action, data))
            return self.reply(200, IDENTITY, "text/xml")
        operation = target.split(".")[1]
        State.calls.append((operation, data))
        status, body = 400, {"__type": "ValidationException", "Message": "Requested resource not found."}
        if operation in State.denied:
            body = {"__type": "AccessDeniedException", "Message":
                    "User: arn:aws:iam::123456789012:user/tester is not authorized to perform: x:" + operation}
        elif operation.startswith(("Search", "List", "Filter", "GetMetricData")):
            status, body = 200, {"Results": [], "TrainingJobSummaries": [], "Tags": [], "events": [],
                                 "MetricDataResults": []}
        elif target.startswith("Logs_"):
            body = {"__type": "ResourceNotFoundException", "message": "The specified log group does not exist."}
        return self.reply(status, json.dumps(body), "application/x-amz-json-1.1")


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    endpoint = "http://127.0.0.1:%d" % server.server_address[1]
    with tempfile.TemporaryDirectory() as temp:
        base = {"PATH": os.environ["PATH"], "HOME": temp, "AWS_EC2_METADATA_DISABLED": "true",
                "AWS_ACCESS_KEY_ID": "AKIDTEST", "AWS_SECRET_ACCESS_KEY": "very-secret"}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                base[name] = os.environ[name]

        def doctor(*words, url=endpoint, **env):
            State.calls.clear()
            words = [BIN, "doctor", "--region", "us-east-1", *(["--endpoint-url", url] if url else []), *words]
            return subprocess.run(words, env={k: v for k, v in {**base, **env}.items() if v is not None},
                                  capture_output=True, text=True, timeout=400, stdin=subprocess.DEVNULL)

        run = doctor()
        first = run.stdout
        rows = dict(line.split("\t")[:2] for line in run.stdout.splitlines()[1:])
        ok("with every permission all is well", run.returncode == 0 and "FAILED" not in run.stdout, run)
        ok("it names the source of the credentials", re.search(r"^credentials\tok\tfrom .*env", run.stdout, re.M),
           run.stdout)
        ok("and who one is", "arn:aws:iam::123456789012:user/tester" in run.stdout, run.stdout)
        ok("and the clock", rows.get("clock") == "ok", run.stdout)
        ok("CreateTrainingJob is not tried", rows.get("sagemaker:CreateTrainingJob") == "not tried" and
           not [c for c in State.calls if "Create" in c[0]], State.calls)
        ok("stop is tried on no real job", all("no-such-job" in c[1] for c in State.calls if c[0] == "StopTrainingJob"),
           State.calls)
        ok("no secret is printed", "very-secret" not in run.stdout + run.stderr)

        State.denied = {"Search", "GetLogEvents", "StopTrainingJob"}
        run = doctor()
        ok("a missing permission has its exit status", run.returncode == 5, run)
        ok("and its row", re.search(r"^sagemaker:Search\tFAILED\tdenied", run.stdout, re.M), run.stdout)
        policy = json.loads(run.stdout[run.stdout.index("{"):])
        actions = {action: statement["Resource"] for statement in policy["Statement"] for action in statement["Action"]}
        ok("the policy names what is missing and no more",
           set(actions) == {"sagemaker:Search", "logs:GetLogEvents", "sagemaker:StopTrainingJob"}, policy)
        ok("on the narrowest resources",
           actions["sagemaker:StopTrainingJob"] == ["arn:aws:sagemaker:us-east-1:123456789012:training-job/*"] and
           actions["logs:GetLogEvents"][0].endswith(":log-group:/aws/sagemaker/TrainingJobs"), policy)
        run = doctor("--json")
        ok("as JSON it is the same policy", json.loads(run.stdout)["missing_policy"] == policy, run.stdout)
        run = doctor("--read-only")
        ok("--read-only neither tries nor wants stop", "StopTrainingJob" not in [c[0] for c in State.calls] and
           "sagemaker:StopTrainingJob\tnot tried" in run.stdout, run.stdout)
        State.denied = set()

        State.skew_s = 600
        run = doctor()
        ok("a clock that is ten minutes off is a warning", re.search(r"^clock\twarning\t(9m5|10m).*behind", run.stdout, re.M),
           run.stdout)
        State.skew_s = 0

        run = doctor(AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None)
        ok("no credentials: exit status 5", run.returncode == 5, run)
        ok("and the sources that were tried", re.search(r"^credentials\tFAILED\t.*[Tt]ried", run.stdout, re.M), run.stdout)
        ok("and a way without an account", "sagetop --local" in run.stderr, run.stderr)
        run = doctor(url="http://127.0.0.1:1")
        ok("nobody listens: exit status 6", run.returncode == 6, run)
    server.shutdown()

    share = pathlib.Path(os.environ["SAGETOP_SRC"]) / "share"
    full = json.loads((share / "iam-policy.json").read_text())["Statement"]
    read_only = json.loads((share / "iam-policy-read-only.json").read_text())["Statement"]
    ok("the read-only policy is the beginning of the full one", full[:len(read_only)] == read_only)
    ok("and holds no action that changes something",
       not [a for s in read_only for a in s["Action"] if re.search(r":(Create|Stop|Delete|Put|Update|Pass|Add)", a)])
    printed = subprocess.run([BIN, "--dump-docs", "operations"], capture_output=True, text=True, check=True).stdout
    asked = set(re.findall(r"^([a-z0-9]+:[A-Za-z]+)\t(?:ok|not tried)", first, re.M))
    rows = [line.split("\t") for line in printed.splitlines()]
    wanted = {row[2]: row[3] for row in rows if row[7]}

    def allows(statements, action):
        return any(fnmatch.fnmatchcase(action, allowed) for s in statements for allowed in s["Action"])

    ok("the full policy allows all that doctor asks about", len(asked) >= 11 and all(allows(full, a) for a in asked), asked)
    ok("and every operation of the table", len(wanted) > 100 and all(allows(full, a) for a in wanted),
       [a for a in wanted if not allows(full, a)])
    ok("the read-only policy allows those that read, and no other",
       all(allows(read_only, a) == (kind == "read") for a, kind in wanted.items()),
       [a for a, kind in wanted.items() if allows(read_only, a) != (kind == "read")])
    ok("both fit into a managed policy", all(len(re.sub(r"\s", "", (share / name).read_text())) <= 6144
                                            for name in ("iam-policy.json", "iam-policy-read-only.json")))
    done()


main()
