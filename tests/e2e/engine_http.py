"""The engine's front door: hostile and odd HTTP, every form of S3 upload, presigned requests."""
import base64
import datetime
import hashlib
import hmac
import http.client
import os
import socket
import sys
import urllib.parse
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from engine_support import Engine, botocore, done, equal, ok, until  # noqa: E402
from botocore.auth import S3SigV4Auth, SigV4Auth  # noqa: E402
from botocore.awsrequest import AWSRequest  # noqa: E402
from botocore.credentials import Credentials  # noqa: E402

e = Engine("--stop-timeout", "1s")
address = e.endpoint.split("//")[1]
host, port = address.split(":")
bucket = "sagemaker-us-east-1-000000000000"
key = Credentials("local", "local")
s3 = e.client("s3")


def raw(data, wait=True):
    """Bytes out, bytes in until the engine closes or falls silent."""
    with socket.create_connection((host, int(port)), timeout=20) as s:
        s.sendall(data)
        out = b""
        try:
            while wait:
                got = s.recv(65536)
                if not got:
                    break
                out += got
                head, _, body = out.partition(b"\r\n\r\n")
                length = [x for x in head.lower().split(b"\r\n") if x.startswith(b"content-length:")]
                if length and len(body) >= int(length[0].split(b":")[1]):
                    break
        except (socket.timeout, ConnectionError):
            pass
        return out


def status(reply):
    return int(reply.split(b" ")[1]) if reply.startswith(b"HTTP/1.1 ") else 0


def send(request, method=None, body=None, auth=None):
    (auth or S3SigV4Auth(key, "s3", "us-east-1")).add_auth(request)
    url = urllib.parse.urlsplit(request.url)
    c = http.client.HTTPConnection(address, timeout=240)
    c.request(request.method, url.path + ("?" + url.query if url.query else ""), body if body is not None else request.body,
              dict(request.headers))
    r = c.getresponse()
    data = r.read()
    c.close()
    return r.status, data


# --- who is answered ----------------------------------------------------------------------
equal("a foreign Host is refused", status(raw(b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n")), 403)
reply = raw(f"POST / HTTP/1.1\r\nHost: {address}\r\nOrigin: https://evil.example\r\nContent-Length: 0\r\n\r\n".encode())
equal("so is a page of another site", status(reply), 403)
reply = raw(f"POST / HTTP/1.1\r\nHost: {address}\r\nX-Amz-Target: SageMaker.ListTrainingJobs\r\nContent-Length: 2\r\n\r\n{{}}".encode())
ok("an unsigned request is refused", status(reply) == 400 and b"MissingAuthenticationTokenException" in reply, reply)
reply = raw(f"GET /{bucket} HTTP/1.1\r\nHost: {address}\r\n\r\n".encode())
ok("in S3's words where it is S3's", status(reply) == 403 and b"<Code>AccessDenied</Code>" in reply, reply)

# --- what cannot be HTTP ---------------------------------------------------------------------
for what, data in {
    "binary": bytes(range(256)) * 8,
    "a header without end": b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 200000,
    "ten thousand headers": b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"".join(b"X%d: 1\r\n" % i for i in range(10000)) + b"\r\n",
    "a URI without end": b"GET /" + b"a" * 200000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a bad length": b"PUT /b/k HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
    "two lengths": b"PUT /b/k HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    "a bad chunk": b"PUT /b/k HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n",
    "bad escapes": b"GET /%zz/%2 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a NUL in the path": b"GET /a%00b/c HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "no path": b"GET http://localhost HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "OPTIONS *": b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
}.items():
    code = status(raw(data))
    ok(f"{what} is refused or cut off", code == 0 or 400 <= code < 500, code)
quiet = [socket.create_connection((host, int(port))) for _ in range(100)]
for s in quiet:
    s.sendall(b"POST / HTTP/1.1\r\nHost: loc")
equal("a hundred stuck clients hold nobody up", e.client("sts").get_caller_identity()["Account"], "000000000000")
for s in quiet:
    s.close()

# --- bodies --------------------------------------------------------------------------------------
big = AWSRequest("POST", e.endpoint + "/", data=b"{" + b" " * (17 << 20) + b"}", headers={
    "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "SageMaker.ListTrainingJobs"})
equal("a call's body has a limit", send(big, auth=SigV4Auth(key, "sagemaker", "us-east-1"))[0], 413)
for what, data, code in (("no JSON", b"{", "SerializationException"), ("not an object", b"[]", "SerializationException"),
                         ("a wrong type", b'{"MaxResults":"ten"}', "SerializationException"),
                         ("a wrong value", b'{"MaxResults":1000,"StatusEquals":"Dead"}', "ValidationException"),
                         ("deep nesting", b"[" * 100000, "SerializationException")):
    r = AWSRequest("POST", e.endpoint + "/", data=data, headers={
        "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "SageMaker.ListTrainingJobs"})
    got = send(r, auth=SigV4Auth(key, "sagemaker", "us-east-1"))
    ok(f"{what}: {code}", got[0] == 400 and code.encode() in got[1], got)
ok("all that is wrong is said at once",
   b"2 validation errors detected" in send(AWSRequest("POST", e.endpoint + "/", data=b'{"MaxResults":1000,"StatusEquals":"Dead"}',
       headers={"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "SageMaker.ListTrainingJobs"}),
       auth=SigV4Auth(key, "sagemaker", "us-east-1"))[1])

# --- S3 uploads in every form -----------------------------------------------------------------------
payload = os.urandom(200000)


def digest(x):
    return hashlib.sha256(x).hexdigest()


class Auth(S3SigV4Auth):
    """With the payload hash that a test wants."""

    def __init__(self, said):
        super().__init__(key, "s3", "us-east-1")
        self.said = said

    def payload(self, request):
        return self.said


def put(name, said, body, headers=None):
    request = AWSRequest("PUT", f"{e.endpoint}/{bucket}/{name}", data=b"", headers=headers or {})
    return send(request, body=body, auth=Auth(said)), request


def stored(name):
    return s3.get_object(Bucket=bucket, Key=name)["Body"].read()


ok("a hashed body", put("hashed", digest(payload), payload)[0][0] == 200 and stored("hashed") == payload)
ok("UNSIGNED-PAYLOAD", put("unsigned", "UNSIGNED-PAYLOAD", payload)[0][0] == 200 and stored("unsigned") == payload)
got = put("wrong", digest(b"another"), payload)[0]
ok("a wrong hash is refused", got[0] == 400 and b"XAmzContentSHA256Mismatch" in got[1], got)


def chunks(data, size, signed, trailer=None, spoil=False):
    """aws-chunked, signed or not; the signature of the request comes later."""
    def make(request):
        date = request.headers["X-Amz-Date"]
        scope = f"{date[:8]}/us-east-1/s3/aws4_request"
        k = b"AWS4local"
        for part in (date[:8], "us-east-1", "s3", "aws4_request"):
            k = hmac.new(k, part.encode(), hashlib.sha256).digest()
        previous = request.headers["Authorization"].split("Signature=")[1]
        out = b""
        for i in list(range(0, len(data), size)) + [len(data)]:
            piece = data[i:i + size]
            line = f"{len(piece):x}"
            if signed:
                text = "\n".join(("AWS4-HMAC-SHA256-PAYLOAD", date, scope, previous, digest(b""), digest(piece)))
                previous = hmac.new(k, text.encode(), hashlib.sha256).hexdigest()
                line += ";chunk-signature=" + (previous if not spoil or i < size else "0" * 64)
            out += line.encode() + b"\r\n" + piece + (b"\r\n" if piece else b"")
        if trailer:
            out += trailer + b"\r\n"
            if signed:
                text = "\n".join(("AWS4-HMAC-SHA256-TRAILER", date, scope, previous, digest(trailer + b"\n")))
                out += b"x-amz-trailer-signature:" + hmac.new(k, text.encode(), hashlib.sha256).hexdigest().encode() + b"\r\n"
        return out + b"\r\n"
    return make


def put_chunked(name, said, make, length=len(payload), extra=None):
    headers = {"Content-Encoding": "aws-chunked", "X-Amz-Decoded-Content-Length": str(length), **(extra or {})}
    request = AWSRequest("PUT", f"{e.endpoint}/{bucket}/{name}", data=b"", headers=headers)
    Auth(said).add_auth(request)
    url = urllib.parse.urlsplit(request.url)
    c = http.client.HTTPConnection(address, timeout=240)
    c.request("PUT", url.path, make(request), dict(request.headers))
    r = c.getresponse()
    return r.status, r.read()


crc = b"x-amz-checksum-crc32:" + base64.b64encode(b"\0\0\0\0")
signed, unsigned = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
for name, said, make in (
        ("streamed", signed, chunks(payload, 65536, True)),
        ("trailed", signed + "-TRAILER", chunks(payload, 65536, True, crc)),
        ("loose", unsigned, chunks(payload, 70000, False, crc))):
    got = put_chunked(name, said, make, extra={"X-Amz-Trailer": "x-amz-checksum-crc32"} if "TRAILER" in said else None)
    ok(f"{said}", got[0] == 200 and stored(name) == payload, got)
equal("aws-chunked is not kept as an encoding", s3.head_object(Bucket=bucket, Key="streamed").get("ContentEncoding"),
      None)
got = put_chunked("spoiled", signed, chunks(payload, 65536, True, spoil=True))
ok("a chunk with a wrong signature is refused", got[0] == 403 and b"SignatureDoesNotMatch" in got[1], got)
got = put_chunked("short", signed, chunks(payload, 65536, True), length=5)
ok("so is a length that is not the body's", got[0] == 400, got)
got = put_chunked("torn", unsigned, lambda r: b"ffff\r\nabc")
ok("and a body that stops short", got[0] == 400 and b"IncompleteBody" in got[1], got)
got = put_chunked("junk", unsigned, lambda r: b"zz\r\nabc\r\n")
ok("and one that is no chunk at all", got[0] == 400, got)
kept = {o["Key"] for o in s3.list_objects_v2(Bucket=bucket).get("Contents", [])}
ok("what was refused is not stored", not kept & {"wrong", "spoiled", "short", "torn", "junk"}, kept)
files = [f for _, _, names in os.walk(os.path.join(e.dir, "state", "objects")) for f in names]
equal("and leaves no file behind", len(files), len(kept))

# --- keys ------------------------------------------------------------------------------------------------
hostile = ["../../../etc/passwd", "a/../../b", "/abs", "a//b", ".", "..", "a", "a/b", "x" * 1024, "\u00e9\u4e2d \U0001f600", "a b+c&d=e%2F",
           "line\tbreak", "q?x#y"]
for k in hostile:
    s3.put_object(Bucket=bucket, Key="k/" + k if not k.startswith("/") else k[:1000], Body=k.encode()) if len(k) < 1020 else \
        s3.put_object(Bucket=bucket, Key=k, Body=k.encode())
names = ["k/" + k if not k.startswith("/") and len(k) < 1020 else k for k in hostile]
bad = [k for k, n in zip(hostile, names) if s3.get_object(Bucket=bucket, Key=n)["Body"].read() != k.encode()]
equal("keys of every form are kept apart", bad, [])
state = os.path.join(e.dir, "state")
equal("and none leaves the folder", sorted(os.listdir(e.dir)), ["engine.log", "state", "trainer.sh"])
listed = [o["Key"] for p in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="k/", PaginationConfig={"PageSize": 2})
          for o in p["Contents"]]
equal("they are listed in byte order, page by page", listed,
      sorted((n for n in names if n.startswith("k/")), key=lambda x: x.encode()))
try:
    s3.put_object(Bucket=bucket, Key="y" * 1025, Body=b"")
    ok("a key above 1024 bytes is refused", False)
except botocore.exceptions.ClientError as err:
    equal("a key above 1024 bytes is refused", err.response["Error"]["Code"], "KeyTooLongError")
for i in range(5):
    s3.put_object(Bucket=bucket, Key=f"d/{i}/x", Body=b"1")
    s3.put_object(Bucket=bucket, Key=f"d/{i}/y", Body=b"1")
for lister in ("list_objects_v2", "list_objects"):
    pages = list(s3.get_paginator(lister).paginate(Bucket=bucket, Prefix="d/", Delimiter="/", PaginationConfig={"PageSize": 2}))
    equal(f"{lister}: common prefixes, once each", [x["Prefix"] for p in pages for x in p.get("CommonPrefixes", [])],
          [f"d/{i}/" for i in range(5)])

# --- reading -----------------------------------------------------------------------------------------------
for header, want in (("bytes=0-9", payload[:10]), ("bytes=199990-", payload[199990:]), ("bytes=-5", payload[-5:]),
                     ("bytes=5-5", payload[5:6]), ("bytes=0-999999", payload)):
    got = s3.get_object(Bucket=bucket, Key="hashed", Range=header)
    ok(f"Range {header}", got["ResponseMetadata"]["HTTPStatusCode"] == 206 and got["Body"].read() == want)
try:
    s3.get_object(Bucket=bucket, Key="hashed", Range="bytes=200000-")
    ok("a range behind the end is refused", False)
except botocore.exceptions.ClientError as err:
    equal("a range behind the end is refused", err.response["ResponseMetadata"]["HTTPStatusCode"], 416)
url = e.client("s3", signature_version="s3v4").generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "hashed"}, ExpiresIn=60)
ok("a presigned URL works", urllib.request.urlopen(url, timeout=240).read() == payload)
for what, broken in (("changed", url.replace("hashed", "unsigned")), ("without its signature", url.split("&X-Amz-Signature")[0])):
    try:
        urllib.request.urlopen(broken, timeout=240)
        ok(f"one that is {what} does not", False)
    except urllib.error.HTTPError as err:
        ok(f"one that is {what} does not", err.code in (400, 403), err.code)
request = AWSRequest("GET", f"{e.endpoint}/{bucket}/hashed")
real = datetime.datetime


class Old(datetime.datetime):
    @classmethod
    def utcnow(cls):
        return real.utcnow() - datetime.timedelta(hours=1)


class OldModule:
    datetime = Old

    def __getattr__(self, name):
        return getattr(datetime, name)


import botocore.auth  # noqa: E402
botocore.auth.datetime = OldModule()
got = send(request)
ok("a request of an hour ago is refused", got[0] == 403 and b"RequestTimeTooSkewed" in got[1], got)
botocore.auth.datetime = datetime
virtual = AWSRequest("GET", f"http://{bucket}.localhost:{port}/hashed")
S3SigV4Auth(key, "s3", "us-east-1").add_auth(virtual)
c = http.client.HTTPConnection(address, timeout=240)
c.request("GET", "/hashed", headers={**dict(virtual.headers), "Host": f"{bucket}.localhost:{port}"})
ok("a bucket's virtual host works", c.getresponse().read() == payload)
equal("the engine has survived and ends cleanly", e.close(), 0)
done()
