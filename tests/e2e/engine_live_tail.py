"""StartLiveTail over the event stream, read with botocore's decoder, and `aws logs tail --follow`."""
import http.client
import json
import os
import subprocess
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from engine_support import Engine, done, equal, ok, until  # noqa: E402
from botocore.auth import SigV4Auth  # noqa: E402
from botocore.awsrequest import AWSRequest  # noqa: E402
from botocore.credentials import Credentials  # noqa: E402
from botocore.eventstream import EventStreamBuffer  # noqa: E402

GROUP = "/aws/sagemaker/TrainingJobs"
e = Engine("--slots", "2", "--stop-timeout", "1s")
logs = e.client("logs")


def call(body):
    data = json.dumps(body).encode()
    request = AWSRequest("POST", e.endpoint + "/", data=data, headers={
        "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "Logs_20140328.StartLiveTail"})
    SigV4Auth(Credentials("local", "local"), "logs", "us-east-1").add_auth(request)
    connection = http.client.HTTPConnection(e.endpoint.split("//")[1], timeout=240)
    connection.request("POST", "/", body=data, headers=dict(request.headers))
    return connection, connection.getresponse()


class Tail:
    """Frames as they come, in a thread."""

    def __init__(self, **body):
        self.events, self.updates, self.order = [], [], []
        self.connection, self.response = call(body)
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        buffer = EventStreamBuffer()
        while True:
            try:
                data = self.response.read1(65536)
            except Exception:
                return
            if not data:
                return
            buffer.add_data(data)
            for frame in buffer:  # checks both CRCs
                d = frame.to_response_dict()
                kind = d["headers"].get(":event-type")
                self.order.append(kind)
                if kind == "sessionUpdate":
                    update = json.loads(d["body"])
                    self.updates.append(update)
                    self.events += update["sessionResults"]
                elif kind == "sessionStart":
                    self.start = json.loads(d["body"])

    def close(self):
        self.connection.sock and self.connection.sock.close()
        self.connection.close()


arn = f"arn:aws:logs:us-east-1:000000000000:log-group:{GROUP}"
status = call({"logGroupIdentifiers": [arn]})[1]
ok("a group that does not exist is refused", status.status == 400 and b"ResourceNotFoundException" in status.read())
logs.create_log_group(logGroupName=GROUP)
status = call({"logGroupIdentifiers": [arn + ":*"]})[1]
ok("an ARN with a trailing * is refused", status.status == 400 and b"InvalidParameterException" in status.read())

every = Tail(logGroupIdentifiers=[arn])
one = Tail(logGroupIdentifiers=[arn], logStreamNamePrefixes=["second/"])
matched = Tail(logGroupIdentifiers=[arn], logEventFilterPattern='"loss=0.25"')
equal("the reply is an event stream", every.response.getheader("Content-Type"), "application/vnd.amazon.eventstream")
e.create("first", "ok")
e.create("second", "ok")
until(lambda: len(every.events) >= 4 and len(one.events) >= 2 and len(matched.events) >= 2)
equal("it begins with the session's start", every.order[:2], ["initial-response", "sessionStart"])
equal("which names the groups", every.start["logGroupIdentifiers"], [arn])
equal("events of all streams arrive", sorted(x["message"] for x in every.events),
      sorted(["epoch=1 loss=0.5", "epoch=2 loss=0.25"] * 2))
ok("a stream prefix is honoured",
   all(x["logStreamName"].startswith("second/algo-1-") for x in one.events) and len(one.events) == 2, one.events)
equal("so is a filter pattern", [x["message"] for x in matched.events], ["epoch=2 loss=0.25"] * 2)
before = len(every.updates)
ok("an update comes each second, empty or not", until(lambda: len(every.updates) > before))
e.create("many", "flood", {"lines": "3000"})
ok("more than 500 a second are sampled", until(lambda: any(u["sessionMetadata"]["sampled"] for u in every.updates)))
ok("and never more than 500 sent", all(len(u["sessionResults"]) <= 500 for u in every.updates))
for t in (one, matched):
    t.close()
e.wait("many")
ok("closed sessions do no harm", e.client("sts").get_caller_identity()["Account"] == "000000000000")

# --- the AWS CLI -----------------------------------------------------------------------
aws = "/usr/bin/aws"
if os.access(aws, os.X_OK):
    env = dict(os.environ, AWS_ACCESS_KEY_ID="local", AWS_SECRET_ACCESS_KEY="local", AWS_DEFAULT_REGION="us-east-1",
               AWS_CONFIG_FILE="/dev/null", AWS_SHARED_CREDENTIALS_FILE="/dev/null", AWS_EC2_METADATA_DISABLED="true",
               PYTHONUNBUFFERED="1")
    env.pop("AWS_PROFILE", None)
    follow = subprocess.Popen([aws, "--endpoint-url", e.endpoint, "logs", "tail", GROUP, "--follow", "--since", "1h",
                               "--log-stream-name-prefix", "followed/", "--format", "short"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env)
    seen = []
    reader = threading.Thread(target=lambda: [seen.append(x.decode()) for x in follow.stdout], daemon=True)
    reader.start()
    e.create("followed", "sleep", {"seconds": "1"})
    ok("aws logs tail --follow shows lines as they come",
       until(lambda: any("begun" in x for x in seen) and any("ended" in x for x in seen)), "".join(seen))
    follow.terminate()
    follow.wait()
equal("the engine ends with a session open", e.close(), 0)
every.close()
done()
