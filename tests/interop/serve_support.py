"""A `serve` under test: started on a free port, asked over HTTP, ended by its id."""
import http.client

from trainer_support import *


class Server:
    def __init__(self, path, *options, preexec_fn=None, **env):
        self.child = subprocess.Popen([TRAINER, "serve", "--model", str(path), "--bind", "127.0.0.1", "--port", "0", *options],
                                      env={k: v for k, v in {**os.environ, **env}.items() if v is not None}, stderr=subprocess.PIPE, text=True, preexec_fn=preexec_fn)
        self.lines = []
        while not self.lines or " on http://" not in self.lines[-1]:
            line = self.child.stderr.readline()
            if not line:
                raise RuntimeError("".join(self.lines) + f"exit {self.child.wait()}")
            self.lines.append(line)
        self.port = int(re.search(r"http://127.0.0.1:(\d+)", self.lines[-1]).group(1))

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        if self.child.poll() is None:
            self.child.kill()
        self.child.communicate()

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)

    def call(self, method, path, body=None, content_type=None, accept=None, headers={}, connection=None):
        c = connection or self.connect()
        headers = dict(headers)
        if content_type:
            headers["Content-Type"] = content_type
        if accept:
            headers["Accept"] = accept
        c.request(method, path, body, headers)
        reply = c.getresponse()
        self.headers = reply.headers
        data = reply.read()
        if not connection:
            c.close()
        return reply.status, data

    def invoke(self, body, content_type="text/csv", accept=None, **more):
        return self.call("POST", "/invocations", body, content_type, accept, **more)

    def wait_line(self, pattern):
        """The next line of standard error that matches; ends at the end of the output."""
        while True:
            line = self.child.stderr.readline()
            if not line or re.search(pattern, line):
                return line

    def exchange(self, link, target):
        """Let the symbolic link that is served point to target, in one step; what serve says of it."""
        spare = link.with_name(link.name + ".new")
        spare.symlink_to(target)
        spare.rename(link)
        self.child.send_signal(signal.SIGHUP)
        return self.wait_line("exchanged")

    def resident_kb(self):
        return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{self.child.pid}/status").read_text()).group(1))

    def sanitized(self):
        """Is memory held back on purpose, so that its size says nothing?"""
        return "libasan" in pathlib.Path(f"/proc/{self.child.pid}/maps").read_text()


def csv_of(rows):
    return "\n".join(",".join("" if v != v else repr(float(v)) for v in row) for row in rows)


def numbers(text):
    return [float(v) for v in re.split(rb"[,\n]", text.strip())]
