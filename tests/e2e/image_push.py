"""sagetop image push against an ECR and a registry of our own: the repository is
made, the image arrives whole, and the password is on no command line."""
import base64
import gzip
import hashlib
import http.server
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tap import done, ok, skip_all  # noqa: E402

BIN = pathlib.Path(os.environ["SAGETOP_BUILD"]) / "sagetop"
PASSWORD = "not-on-any-command-line-" + "x" * 40
TOKEN = base64.b64encode(b"AWS:" + PASSWORD.encode()).decode()


class State:
    repositories, blobs, manifests, calls, seen_commands = set(), {}, {}, [], []
    deny = False


def record_commands():
    """Every command line of this user's processes, as anybody may read them."""
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                State.seen_commands.append((entry / "cmdline").read_bytes())
            except OSError:
                pass


class Server(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def reply(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def body(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            data = b""
            while size := int(self.rfile.readline(), 16):
                data += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return data
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def ecr(self, operation, body):
        State.calls.append(operation)
        url = "http://127.0.0.1:%d" % self.server.server_address[1]
        if State.deny:
            return 400, {"__type": "AccessDeniedException", "message": "not authorized to perform: ecr:" + operation}
        if operation == "GetAuthorizationToken":
            return 200, {"authorizationData": [{"authorizationToken": TOKEN, "expiresAt": 4e9, "proxyEndpoint": url}]}
        if operation == "DescribeRepositories":
            if body["repositoryNames"][0] in State.repositories:
                return 200, {"repositories": [{"repositoryName": body["repositoryNames"][0]}]}
            return 400, {"__type": "RepositoryNotFoundException", "message": "no such repository"}
        State.repositories.add(body["repositoryName"])
        return 200, {"repository": {"repositoryName": body["repositoryName"]}}

    def do_POST(self):
        data = self.body()
        if target := self.headers.get("X-Amz-Target"):
            status, reply = self.ecr(target.split(".")[1], json.loads(data))
            return self.reply(status, json.dumps(reply).encode(), Content_Type="application/x-amz-json-1.1")
        return self.registry(data)

    def registry(self, data=b""):
        record_commands()
        path, _, query = self.path.partition("?")
        if self.headers.get("Authorization") != "Basic " + TOKEN:
            return self.reply(401, WWW_Authenticate='Basic realm="ecr"')
        if path == "/v2/":
            return self.reply(200)
        name, kind, rest = path[len("/v2/"):].partition("/blobs/")
        if kind and rest.startswith("uploads/"):
            if self.command == "PUT":
                digest = query.split("digest=")[1].replace("%3A", ":")
                State.blobs[digest] = State.blobs.pop(path, b"") + data
                return self.reply(201, Docker_Content_Digest=digest)
            if self.command == "PATCH":
                State.blobs[path] = State.blobs.get(path, b"") + data
                return self.reply(202, Location=path, Range="0-%d" % (len(State.blobs[path]) - 1))
            return self.reply(202, Location=path + "upload-%d" % len(State.blobs))
        if kind:
            found = State.blobs.get(rest)
            return self.reply(200 if found is not None else 404, found or b"")
        name, kind, rest = path[len("/v2/"):].partition("/manifests/")
        if kind and self.command == "PUT":
            State.manifests[name + ":" + rest] = data
            return self.reply(201, Docker_Content_Digest="sha256:" + hashlib.sha256(data).hexdigest())
        return self.reply(404)

    do_GET = do_HEAD = do_PATCH = do_PUT = lambda self: self.registry(self.body())


def oci_layout(folder):
    """The smallest image: a configuration and one empty layer."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def put(data):
        digest = hashlib.sha256(data).hexdigest()
        (blobs / digest).write_bytes(data)
        return {"digest": "sha256:" + digest, "size": len(data)}

    layer = bytes(1024)
    config = {"architecture": "amd64", "os": "linux", "config": {},
              "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]}}
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": dict(put(json.dumps(config).encode()), mediaType="application/vnd.oci.image.config.v1+json"),
                "layers": [dict(put(layer), mediaType="application/vnd.oci.image.layer.v1.tar")]}
    index = {"schemaVersion": 2, "manifests": [dict(put(json.dumps(manifest).encode()),
                                                    mediaType="application/vnd.oci.image.manifest.v1+json")]}
    (folder / "index.json").write_text(json.dumps(index))
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return layer


def main():
    if not (shutil.which("skopeo") or shutil.which("buildah")):
        skip_all("neither skopeo nor buildah")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    endpoint = "http://127.0.0.1:%d" % server.server_address[1]
    with tempfile.TemporaryDirectory() as temp:
        work = pathlib.Path(temp)
        layer = oci_layout(work / "image")
        env = {"PATH": os.environ["PATH"], "HOME": temp, "TMPDIR": temp, "AWS_ACCESS_KEY_ID": "key",
               "AWS_SECRET_ACCESS_KEY": "secret", "AWS_EC2_METADATA_DISABLED": "true"}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                env[name] = os.environ[name]

        def push(*words):
            return subprocess.run([BIN, "image", "push", *words, "--region", "us-east-1", "--endpoint-url", endpoint],
                                  env=env, capture_output=True, text=True, timeout=400, stdin=subprocess.DEVNULL)

        run = push(str(work / "image"), "--repository", "team/trainer", "--tag", "v7")
        target = endpoint[len("http://"):] + "/team/trainer:v7"
        ok("push succeeds", run.returncode == 0, run.stderr)
        ok("and says where to", run.stdout == target + "\n", run.stdout)
        ok("the repository was made", State.repositories == {"team/trainer"}, State.calls)
        ok("the manifest is there", "team/trainer:v7" in State.manifests, list(State.manifests))
        manifest = json.loads(State.manifests.get("team/trainer:v7", b'{"layers": []}'))
        arrived = [State.blobs.get(part["digest"], b"") for part in manifest["layers"]]
        ok("the layer arrived whole", [gzip.decompress(blob) if blob[:2] == b"\x1f\x8b" else blob for blob in arrived]
           == [layer], {k: len(v) for k, v in State.blobs.items()})
        seen = b" ".join(State.seen_commands)
        ok("the pushing program was seen", b"skopeo" in seen or b"buildah" in seen)
        ok("no command line holds the password", PASSWORD.encode() not in seen and TOKEN.encode() not in seen)
        ok("nor does the output", PASSWORD not in run.stderr and TOKEN not in run.stderr)
        ok("nothing is left behind", not list(work.glob("**/auth.json")) and not list(work.glob("sagetop-push-*")),
           list(work.glob("*")))
        State.calls.clear()
        run = push(str(work / "image"), "--repository", "team/trainer", "--tag", "v8")
        ok("a second push finds the repository", run.returncode == 0 and "CreateRepository" not in State.calls,
           (run.stderr, State.calls))
        run = push(str(work / "no-such-image.tar"))
        ok("an image that is not there fails", run.returncode == 1 and run.stderr.rstrip().splitlines()[-1]
           .startswith("sagetop: "), run.stderr)
        ok("and makes no repository", "sagetop-trainer" not in State.repositories, State.repositories)
        State.calls.clear()
        run = subprocess.run([BIN, "image", "push", str(work / "image"), "--region", "us-east-1", "--endpoint-url", endpoint],
                             env={**env, "PATH": temp}, capture_output=True, text=True, timeout=400)
        ok("without a tool that pushes nothing is asked of the registry", run.returncode == 4 and "skopeo" in run.stderr
           and not State.calls, (run, State.calls))
        State.deny = True
        run = push(str(work / "image"))
        ok("a refusal has its own status", run.returncode == 5 and run.stderr.count("\n") == 1, run.stderr)
    server.shutdown()
    done()


main()
