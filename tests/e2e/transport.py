#!/usr/bin/python3
"""The transport of `sagetop`: TLS with a private authority, proxies, compressed replies,
IPv6. A small server stands for the service; TAP."""
import gzip
import http.server
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tap import done, ok, skip  # noqa: E402

build = os.environ.get("SAGETOP_BUILD", ".")
sagetop = os.path.join(build, "sagetop")
work = tempfile.mkdtemp(prefix="sagetop-transport-")


class Service(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen = []
    compress = False

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        Service.seen.append((self.path, dict(self.headers.items())))
        body = (b'{"Results":[{"TrainingJob":{"TrainingJobName":"' + b"a" * 40 +
                b'","TrainingJobStatus":"Completed","CreationTime":1790000000}}]}')
        target = self.headers.get("X-Amz-Target", "")
        if "x-www-form-urlencoded" in self.headers.get("Content-Type", ""):
            body = (b"<R><GetCallerIdentityResult><Arn>arn:aws:iam::1:user/u</Arn><UserId>u</UserId>"
                    b"<Account>000000000001</Account></GetCallerIdentityResult></R>")
        elif not target.endswith(".Search"):
            body = b"{}"
        self.send_response(200)
        if Service.compress and "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class Server6(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6


def start(server_class=http.server.ThreadingHTTPServer, address="127.0.0.1", tls=None):
    server = server_class((address, 0), Service)
    server.daemon_threads = True
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def jobs(endpoint, **more):
    env = {k: v for k, v in os.environ.items() if not k.startswith("AWS_") and not k.lower().endswith(("_proxy", "_ca_bundle"))}
    env.update(HOME=work, XDG_CACHE_HOME=tempfile.mkdtemp(dir=work), XDG_STATE_HOME=work, XDG_CONFIG_HOME=work,
               AWS_ACCESS_KEY_ID="AK", AWS_SECRET_ACCESS_KEY="s", AWS_REGION="eu-west-1",
               AWS_EC2_METADATA_DISABLED="true", AWS_MAX_ATTEMPTS="1")
    env.update(more)
    Service.seen.clear()
    return subprocess.run([sagetop, "jobs", "--endpoint-url", endpoint], env=env, capture_output=True, text=True,
                          timeout=300)


def main():
    plain = start()
    url = f"http://127.0.0.1:{plain.server_port}"

    r = jobs(url)
    ok("plain HTTP", r.returncode == 0 and "a" * 40 in r.stdout, r)
    ok("compression is offered", any("gzip" in h.get("Accept-Encoding", "") for _, h in Service.seen), Service.seen)
    Service.compress = True
    r = jobs(url)
    ok("a compressed reply is read", r.returncode == 0 and "a" * 40 in r.stdout, r)
    Service.compress = False

    try:
        six = start(Server6, "::1")
    except OSError as e:
        skip("IPv6", e)
    else:
        r = jobs(f"http://[::1]:{six.server_port}")
        ok("IPv6", r.returncode == 0 and "a" * 40 in r.stdout, r)

    # libcurl is opened with the first transfer: what sends nothing does not miss it.
    bad = os.path.join(work, "bad")
    os.mkdir(bad)
    open(os.path.join(bad, "libcurl.so.4"), "w").close()
    r = jobs(url, LD_LIBRARY_PATH=bad)
    ok("without libcurl a request says what to install", r.returncode != 0 and "install libcurl" in r.stderr, r)
    r = subprocess.run([sagetop, "--version"], env={**os.environ, "LD_LIBRARY_PATH": bad}, capture_output=True, text=True)
    ok("and what sends nothing works", r.returncode == 0 and "libcurl" not in r.stderr, r)

    # A host that exists for the proxy only.
    r = jobs("http://service.invalid", http_proxy=url)
    ok("a proxy of the environment is used",
       r.returncode == 0 and Service.seen and Service.seen[0][0].startswith("http://service.invalid/"),
       (r, Service.seen))
    r = jobs(url, http_proxy="http://127.0.0.1:1")
    ok("but not for this machine", r.returncode == 0, r)
    r = jobs("http://service.invalid", http_proxy=url, NO_PROXY="service.invalid")
    ok("NO_PROXY keeps hosts from it", r.returncode == 6 and not Service.seen, r)

    key, cert = os.path.join(work, "key.pem"), os.path.join(work, "cert.pem")
    made = subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                           "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key,
                           "-out", cert], capture_output=True, text=True)
    if made.returncode:
        skip("TLS", "no openssl")
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        secure = start(tls=context)
        url = f"https://localhost:{secure.server_port}"
        r = jobs(url)
        ok("an unknown authority is refused, with what to do",
           r.returncode == 6 and "AWS_CA_BUNDLE" in r.stderr and not Service.seen, r)
        r = jobs(url, AWS_CA_BUNDLE=cert)
        ok("AWS_CA_BUNDLE makes it known", r.returncode == 0 and "a" * 40 in r.stdout, r)
        r = jobs(url, REQUESTS_CA_BUNDLE=cert)
        ok("and so does REQUESTS_CA_BUNDLE, as it does for the AWS CLI", r.returncode == 0, r)
        r = jobs(url, REQUESTS_CA_BUNDLE=cert, AWS_CA_BUNDLE="/nonexistent.pem")
        ok("but behind AWS_CA_BUNDLE", r.returncode == 6 and not Service.seen, r)
        with open(os.path.join(work, "ca-config"), "w") as f:
            f.write("[default]\nca_bundle = ~/cert.pem\n")
        r = jobs(url, AWS_CONFIG_FILE=f.name, HOME=work)
        ok("the profile's may lie in the home folder", r.returncode == 0, r)
        r = jobs(url, AWS_CA_BUNDLE="/nonexistent.pem")
        ok("a bundle that is not there is an error", r.returncode == 6 and not Service.seen, r)


try:
    main()
finally:
    shutil.rmtree(work, ignore_errors=True)
done()
