#!/usr/bin/python3
"""A role that needs the code of an MFA device: asked for on the terminal by a command, by
the dashboard, and an error where there is no terminal. TAP."""
import http.server
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tap import done, ok  # noqa: E402

build = os.environ.get("SAGETOP_BUILD", ".")
sagetop = os.path.join(build, "sagetop")
work = tempfile.mkdtemp(prefix="sagetop-mfa-")


class Service(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    codes = []
    signed_by_role = 0

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        form = urllib.parse.parse_qs(body)
        reply = b"{}"
        status = 200
        if form.get("Action") == ["AssumeRole"]:
            Service.codes.append(form.get("TokenCode", [""])[0])
            if form.get("TokenCode") == ["123456"]:
                until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
                reply = (f"<R><AssumeRoleResult><Credentials><AccessKeyId>ROLEKEY</AccessKeyId><SecretAccessKey>s"
                         f"</SecretAccessKey><SessionToken>t</SessionToken><Expiration>{until}</Expiration>"
                         f"</Credentials></AssumeRoleResult></R>").encode()
            else:
                status = 403
                reply = (b"<E><Error><Code>AccessDenied</Code><Message>MultiFactorAuthentication failed with invalid "
                         b"MFA one time pass code.</Message></Error></E>")
        elif "Credential=ROLEKEY/" in self.headers.get("Authorization", ""):
            Service.signed_by_role += 1
            if form.get("Action"):
                reply = (b"<R><GetCallerIdentityResult><Arn>arn:aws:sts::1:assumed-role/r/s</Arn><UserId>u</UserId>"
                         b"<Account>000000000001</Account></GetCallerIdentityResult></R>")
            elif self.headers.get("X-Amz-Target", "").endswith(".Search"):
                reply = (b'{"Results":[{"TrainingJob":{"TrainingJobName":"seen-with-role","TrainingJobStatus":'
                         b'"Completed","CreationTime":1790000000}}]}')
        self.send_response(status)
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, *args):
        pass


def environment(endpoint):
    home = tempfile.mkdtemp(dir=work)
    os.mkdir(os.path.join(home, ".aws"))
    with open(os.path.join(home, ".aws", "config"), "w") as f:
        f.write("[default]\nregion = eu-west-1\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = base\n"
                "mfa_serial = arn:aws:iam::1:mfa/me\n[profile base]\naws_access_key_id = A\n"
                "aws_secret_access_key = S\n")
    env = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    env.update(HOME=home, XDG_CACHE_HOME=home + "/c", XDG_STATE_HOME=home + "/s", XDG_CONFIG_HOME=home + "/g",
               AWS_ENDPOINT_URL=endpoint, AWS_EC2_METADATA_DISABLED="true", TERM="xterm-256color")
    return env


class Terminal:
    def __init__(self, arguments, env):
        self.text = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(sagetop, [sagetop] + arguments, env)
        self.status = None

    def read(self, seconds):
        ready, _, _ = select.select([self.fd], [], [], seconds)
        if not ready:
            return True
        try:
            piece = os.read(self.fd, 65536)
        except OSError:
            piece = b""
        self.text += piece
        return bool(piece)

    def until(self, condition, seconds=180):
        deadline = time.monotonic() + seconds
        while not condition(self.text):
            if time.monotonic() > deadline or not self.read(0.2):
                return condition(self.text)
        return True

    def end(self, seconds=180):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.read(0.2):
            pass
        while time.monotonic() < deadline:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
                return self.status
            time.sleep(0.02)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        return None


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    endpoint = f"http://127.0.0.1:{server.server_port}"

    env = environment(endpoint)
    r = subprocess.run([sagetop, "jobs"], env=env, capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL,
                       start_new_session=True)
    ok("without a terminal: an error that says so", r.returncode == 5 and "MFA" in r.stderr and not Service.codes, r)

    t = Terminal(["jobs"], env)
    asked = t.until(lambda s: b"MFA code for arn:aws:iam::1:mfa/me:" in s)
    ok("a command asks", asked, t.text)
    os.write(t.fd, b"000000\n")
    status = t.end()
    ok("a wrong code is told", status == 5 and b"invalid" in t.text, (status, t.text))

    t = Terminal(["jobs"], env)
    t.until(lambda s: b"MFA code for" in s)
    os.write(t.fd, b"123456\n")
    status = t.end()
    ok("the right one lets in", status == 0 and b"seen-with-role" in t.text, (status, t.text))

    before = len(Service.codes)
    t = Terminal(["jobs"], env)
    status = t.end()
    ok("and is not asked for again", status == 0 and len(Service.codes) == before and b"MFA" not in t.text,
       (status, t.text))

    t = Terminal(["jobs"], environment(endpoint))
    t.until(lambda s: b"MFA code for" in s)
    os.write(t.fd, b"\x03")
    status = t.end()
    ok("an interrupt ends it", status not in (None, 0), (status, t.text))

    t = Terminal([], environment(endpoint))
    asked = t.until(lambda s: b"mfa/me" in s)
    ok("the dashboard asks", asked, t.text)
    os.write(t.fd, b"123456\r")
    shown = t.until(lambda s: b"seen-with-role" in s)
    ok("and shows the jobs then", shown, t.text[-2000:])
    os.write(t.fd, b"q")
    status = t.end()
    ok("and ends as always", status == 0, (status, t.text[-500:]))


try:
    main()
finally:
    shutil.rmtree(work, ignore_errors=True)
done()
