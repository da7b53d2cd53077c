"""A credential_process that is run again behind the dashboard, where it has no terminal:
what it said is told, nothing hangs, nothing is written into the screen, and the next
time that it gives credentials all goes on. TAP."""
import fcntl
import http.server
import json
import os
import pathlib
import pty
import select
import signal
import struct
import sys
import tempfile
import termios
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tap import done, equal, ok, skip_all  # noqa: E402

SAGETOP = pathlib.Path(os.environ["SAGETOP_BUILD"]) / "sagetop"
DEADLINE = 120
# The first run gives keys that the service soon refuses; what the second does is its argument.
PROGRAM = r"""#!/bin/sh
cd "$(dirname "$0")" || exit
echo run >>runs
n=$(wc -l <runs | tr -d ' ')
keys() { printf '{"Version":1,"AccessKeyId":"KEY%s","SecretAccessKey":"s","SessionToken":"t"}\n' "$n"; }
[ "$n" -eq 1 ] && { keys; exit; }
if [ "$1" = ask ] && [ "$n" -gt 2 ]; then
	keys
elif [ "$1" = ask ]; then
	printf 'code, please: ' >&2
	read -r code </dev/tty || { echo 'nobody to ask for a code' >&2; exit 3; }
	keys
elif [ "$1" = input ]; then
	read -r code || { echo 'no code was typed' >&2; exit 4; }
	keys
else
	echo $$ >hanging
	exec sleep 100000
fi
"""


class Service(http.server.BaseHTTPRequestHandler):
    """Jobs for keys that are new, ExpiredToken for the first ones."""
    protocol_version = "HTTP/1.1"
    answered = set()  # the keys that got an answer

    def log_message(self, *args):
        pass

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        key = self.headers.get("Authorization", "").split("Credential=")[-1].split("/")[0]
        action = self.headers.get("X-Amz-Target", "").split(".")[-1]
        kind, status = "application/x-amz-json-1.1", 200
        if not action:
            body, kind = (b"<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/u</Arn>"
                          b"<UserId>U</UserId><Account>123456789012</Account></GetCallerIdentityResult>"
                          b"</GetCallerIdentityResponse>"), "text/xml"
        elif key == "KEY1":
            status, body = 400, json.dumps({"__type": "ExpiredTokenException", "message": "the token is expired"}).encode()
        else:
            body = json.dumps({"Results": [{"TrainingJob": {
                "TrainingJobName": "came-back", "TrainingJobStatus": "Completed", "SecondaryStatus": "Completed",
                "TrainingJobArn": "arn:aws:sagemaker:us-east-1:123456789012:training-job/came-back",
                "CreationTime": time.time() - 900, "LastModifiedTime": time.time() - 60}}]}
                if action == "Search" else {"Tags": [], "TrainingJobSummaries": []}).encode()
            Service.answered.add(key)
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Dashboard:
    """The dashboard on a terminal of its own, and all that it has written there."""

    def __init__(self, env, *words):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(SAGETOP, [str(SAGETOP), *words], env)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 160, 0, 0))
        self.seen, self.open = "", True

    def read(self):
        if not self.open or not select.select([self.fd], [], [], 0.2)[0]:
            return
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            data = b""
        self.open = bool(data)
        self.seen += data.decode(errors="replace")

    def until(self, condition):
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline:
            self.read()
            if condition():
                return True
            if not self.open:
                return condition()
        return False

    def shows(self, text):
        return self.until(lambda: text in self.seen)

    def type(self, text):
        os.write(self.fd, text.encode())

    def quit(self):
        """Its status where it ends when it is asked to; None where it had to be killed."""
        self.type("q")
        ended = self.until(lambda: not self.open)
        if not ended:
            os.kill(self.pid, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        os.close(self.fd)
        return status if ended else None


def alive(pid):
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    try:
        return open(f"/proc/{pid}/stat").read().split(")")[1].split()[0] != "Z"
    except OSError:
        return False


def scene(temp, port, how):
    folder = pathlib.Path(temp, how)
    (folder / ".aws").mkdir(parents=True)
    (folder / ".config/sagetop").mkdir(parents=True)
    program = folder / "program"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    (folder / ".aws/config").write_text(f"[profile p]\nregion = us-east-1\ncredential_process = {program} {how}\n")
    env = {k: v for k, v in os.environ.items() if not k.startswith("AWS_") and not k.startswith("XDG_")
           and not k.lower().endswith("_proxy")}
    env.update(HOME=str(folder), TERM="xterm-256color", LC_ALL="C.UTF-8", AWS_EC2_METADATA_DISABLED="true",
               AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}")
    return folder, Dashboard(env, "--profile", "p")


def main():
    try:
        for fd in os.openpty():
            os.close(fd)
    except OSError as error:
        skip_all(f"no terminals here: {error}")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_address[1]
    with tempfile.TemporaryDirectory(prefix="sagetop-renewal-") as temp:
        folder, screen = scene(temp, port, "ask")
        ok("a program that wants the terminal: what it said is told", screen.shows("nobody to ask for a code"), screen.seen[-3000:])
        ok("... in a message of ours, its question is not written into the screen", "code, please" not in screen.seen,
           screen.seen[-3000:])
        screen.type("?")
        ok("... and keys are answered meanwhile", screen.shows("sagetop(1) has the rest"), screen.seen[-3000:])
        screen.type("\x1b")
        screen.until(lambda: len((folder / "runs").read_text().split()) > 2)
        ok("it is run again, and when it gives keys the jobs come", screen.shows("came-back"), screen.seen[-3000:])
        ok("... by the new keys", "KEY3" in Service.answered, Service.answered)
        equal("... and q ends it", screen.quit(), 0)

        folder, screen = scene(temp, port, "input")
        ok("a program that reads its input: what it said is told", screen.shows("no code was typed"), screen.seen[-3000:])
        equal("... and q ends it", screen.quit(), 0)

        folder, screen = scene(temp, port, "hang")
        ok("a program that does not end is begun", screen.until(lambda: (folder / "hanging").exists()
                                                                and (folder / "hanging").read_text().strip()), screen.seen[-3000:])
        screen.type("?")
        ok("... keys are answered meanwhile", screen.shows("sagetop(1) has the rest"), screen.seen[-3000:])
        screen.type("\x1b")
        equal("... q ends the dashboard", screen.quit(), 0)
        pid, deadline = int((folder / "hanging").read_text()), time.monotonic() + 20
        while alive(pid) and time.monotonic() < deadline:
            time.sleep(0.05)
        ok("... and the program with it", not alive(pid), pid)
    server.shutdown()
    done()


main()
