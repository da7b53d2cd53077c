#!/usr/bin/python3
"""--faults: each kind does what it says, at its rate, the same with the same seed;
and clients with retries get through all of them."""
import collections
import concurrent.futures
import http.client
import json
import os
import socket
import subprocess
import urllib3.exceptions

from engine_support import *

NETWORK = (botocore.exceptions.ConnectionClosedError, botocore.exceptions.EndpointConnectionError,
           botocore.exceptions.HTTPClientError, urllib3.exceptions.ProtocolError)


def outcome(call, **arguments):
    """How a call ends, in a word."""
    try:
        reply = call(**arguments)
        # botocore takes JSON that does not parse for a message, and a missing list for none.
        whole = call.__name__ != "list_training_jobs" or "TrainingJobSummaries" in reply
        return "ok" if whole else "cut"
    except botocore.exceptions.ClientError as e:
        return e.response["Error"]["Code"]
    except botocore.exceptions.IncompleteReadError:
        return "cut"
    except NETWORK as e:
        return "cut" if "IncompleteRead" in str(e) else "reset"
    except botocore.parsers.ResponseParserError:
        return "cut"


def outcomes(client, operation, n, **arguments):
    return [outcome(getattr(client, operation), **arguments) for _ in range(n)]


def usage(spec):
    child = subprocess.run([ENGINE, "--port", "0", "--faults", spec], capture_output=True, text=True, timeout=20)
    return child.returncode, child.stderr.strip()


# --- each kind, always -----------------------------------------------------------------------
KINDS = [
    ("throttle=1", {"ThrottlingException"}, {"Throttling"}, {"SlowDown"}),
    ("500=1", {"InternalFailure"}, {"InternalFailure"}, {"InternalError"}),
    ("503=1", {"ServiceUnavailableException"}, {"ServiceUnavailableException"}, {"ServiceUnavailable"}),
    ("expired=1", {"ExpiredTokenException"}, {"ExpiredToken"}, {"ExpiredToken"}),
    ("skew=1:30m", {"InvalidSignatureException"}, {"SignatureDoesNotMatch"}, {"RequestTimeTooSkewed"}),
    ("skew=1:-30m", {"InvalidSignatureException"}, {"SignatureDoesNotMatch"}, {"RequestTimeTooSkewed"}),
    ("reset=1", {"reset"}, {"reset"}, {"reset"}),
    ("truncate=1", {"cut"}, {"cut"}, {"cut"}),
]
for spec, json_codes, query_codes, s3_codes in KINDS:
    with engine("--faults", spec) as e:
        got = (set(outcomes(e.client("sagemaker"), "list_training_jobs", 2)),
               set(outcomes(e.client("sts"), "get_caller_identity", 2)), set(outcomes(e.client("s3"), "list_buckets", 2)))
        equal(f"{spec}: SageMaker, STS, S3", got, (json_codes, query_codes, s3_codes))

with engine("--faults", "slow=1:700ms") as e:
    began = time.monotonic()
    e.client("sagemaker").list_training_jobs()
    took = time.monotonic() - began
    ok("slow=1:700ms: the reply comes, later", took >= 0.7, took)

with engine("--faults", "skew=1:30m") as e:
    host = e.endpoint.split("//")[1]
    connection = http.client.HTTPConnection(host, timeout=10)
    connection.request("GET", "/")
    import email.utils
    date = email.utils.parsedate_to_datetime(connection.getresponse().getheader("Date")).timestamp()
    ok("skew: the Date header shows the wrong clock", 1700 < date - time.time() < 1900, date - time.time())

# --- rates, seeds, patterns -----------------------------------------------------------------
def pattern_of(seed, spec, n=300, between=None):
    with engine("--faults", spec, "--seed", str(seed)) as e:
        sagemaker = e.client("sagemaker")
        sts = e.client("sts")
        out = []
        for i in range(n):
            if between and i % 3 == 0:
                outcome(sts.get_caller_identity)
            out.append(outcome(sagemaker.list_training_jobs))
        return out


first = pattern_of(7, "throttle=0.2,500=5%")
share = first.count("ThrottlingException") / len(first)
ok("throttle=0.2 strikes a fifth of the requests", 0.13 < share < 0.27, share)
ok("500=5% a twentieth", 3 <= first.count("InternalFailure") <= 30, first.count("InternalFailure"))
equal("the same seed, the same faults, whatever else is asked in between", pattern_of(7, "throttle=0.2,500=5%", 100, True),
      first[:100])
ok("another seed, other faults", pattern_of(8, "throttle=0.2,500=5%", 100) != first[:100])
with engine("--faults", "throttle=1@sagemaker:List*,503=1@s3:GetObject") as e:
    sagemaker, s3 = e.client("sagemaker"), e.client("s3")
    equal("a pattern strikes what it names",
          (outcome(sagemaker.list_training_jobs), outcome(sagemaker.search, Resource="TrainingJob"),
           outcome(s3.list_buckets), outcome(s3.get_object, Bucket="b", Key="k")),
          ("ThrottlingException", "ok", "ok", "ServiceUnavailable"))

# --- a lost reply is not a lost effect ----------------------------------------------------------
with engine("--faults", "reset=1@s3:CreateBucket", "--seed", "3", "--record",
            os.path.join(os.environ.get("TMPDIR", "/tmp"), f"record-{os.getpid()}")) as e:
    record = os.path.join(os.environ.get("TMPDIR", "/tmp"), f"record-{os.getpid()}")
    s3 = e.client("s3")
    for i in range(20):
        outcome(s3.create_bucket, Bucket=f"bucket-{i}")
    made = sum(b["Name"].startswith("bucket-") for b in s3.list_buckets()["Buckets"])
    ok("reset: about half of the operations were carried out", 4 <= made <= 16, made)
    lines = [json.loads(line) for line in open(record)]
    os.unlink(record)
    equal("the record says what was asked and how it ended",
          ([line["action"] for line in lines], {line["status"] for line in lines[:20]}, lines[20]["status"]),
          (["s3:CreateBucket"] * 20 + ["s3:ListBuckets"], {0}, 200))
    ok("and holds neither key nor signature", not any("local/2" in json.dumps(line) or "Signature" in json.dumps(line)
                                                      for line in lines))

# --- empty pages ----------------------------------------------------------------------------------
with engine("--faults", "empty=0.5", "--seed", "5", "--slots", "2") as e:
    sagemaker, logs, s3 = e.client("sagemaker"), e.client("logs"), e.client("s3")
    upload_data(s3)
    for i in range(3):
        sagemaker.create_training_job(**job_request(f"job-{i}", 5))
    for i in range(3):
        wait_over(sagemaker, f"job-{i}")
    pages = list(sagemaker.get_paginator("list_training_jobs").paginate(PaginationConfig={"PageSize": 1}))
    ok("empty: pages without jobs, with a token", any(not p["TrainingJobSummaries"] and p.get("NextToken")
                                                      for p in pages), pages)
    equal("and no job is lost over them", sorted(s["TrainingJobName"] for p in pages for s in p["TrainingJobSummaries"]),
          ["job-0", "job-1", "job-2"])
    found = [r["TrainingJob"]["TrainingJobName"] for p in sagemaker.get_paginator("search").paginate(
        Resource="TrainingJob", PaginationConfig={"PageSize": 1}) for r in p["Results"]]
    equal("Search", sorted(found), ["job-0", "job-1", "job-2"])
    streams = [s["logStreamName"] for p in logs.get_paginator("describe_log_streams").paginate(
        logGroupName=GROUP, PaginationConfig={"PageSize": 1}) for s in p["logStreams"]]
    equal("DescribeLogStreams", len(streams), 3)

    def read(stream):
        """As a tail does: until the token that comes back is the one that was sent."""
        events, token, empty = [], {}, 0
        for _ in range(100):
            page = logs.get_log_events(logGroupName=GROUP, logStreamName=stream, startFromHead=True, limit=2, **token)
            events += page["events"]
            empty += not page["events"]
            if token.get("nextToken") == page["nextForwardToken"]:
                return events, empty
            token = {"nextToken": page["nextForwardToken"]}

    whole, empty = read(streams[0])
    ok("GetLogEvents: empty pages in the middle, every line once",
       empty > 1 and sum("validation-rmse" in x["message"] for x in whole) == 5, whole)

# --- spot ---------------------------------------------------------------------------------------------
SPOT = dict(EnableManagedSpotTraining=True,
            StoppingCondition={"MaxRuntimeInSeconds": 600, "MaxWaitTimeInSeconds": 900},
            CheckpointConfig={"S3Uri": "s3://interop/checkpoints/spot"})
with engine("--faults", "spot=1:200ms:2", "--stop-timeout", "20s") as e:
    sagemaker, s3 = e.client("sagemaker"), e.client("s3")
    upload_data(s3)
    sagemaker.create_training_job(**job_request("spot", 2500, **SPOT))
    sagemaker.create_training_job(**job_request("on-demand", 20))
    job = wait_over(sagemaker, "spot", 240)
    statuses = [t["Status"] for t in job["SecondaryStatusTransitions"]]
    equal("spot=1:200ms:2 interrupts a spot job twice", (job["TrainingJobStatus"], statuses.count("Interrupted")),
          ("Completed", 2))
    ok("it bills less than it took", job["BillableTimeInSeconds"] <= job["TrainingTimeInSeconds"], job)
    other = wait_over(sagemaker, "on-demand")
    ok("and leaves the others alone",
       "Interrupted" not in [t["Status"] for t in other["SecondaryStatusTransitions"]])

# --- those who try again get through ----------------------------------------------------------------
with engine("--faults", "all=5%,expired=0", "--seed", "11") as e:
    retrying = {"retries": 8}
    sagemaker, s3, sts = (e.client(s, **retrying) for s in ("sagemaker", "s3", "sts"))
    until(lambda: outcome(s3.create_bucket, Bucket="interop") in ("ok", "BucketAlreadyOwnedByYou"), 60, "a bucket")
    # Side by side, since they wait longer between their attempts than for the replies.
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        got = collections.Counter(pool.map(outcome, [sagemaker.list_training_jobs, sts.get_caller_identity] * 60))
    ok("under 5 % of every fault, boto3's retries reach nearly all", got["ok"] >= 105, got)

for spec, words in [("trottle=1", "did you mean throttle?"), ("throttle", "kind=RATE"), ("throttle=2", "0..1"),
                    ("throttle=-1", "0..1"), ("slow=0.1:soon", "no time"), ("reset=0.1:2s", "takes no time"),
                    ("slow=0.1:2s:3", "only spot"), ("spot=0.1@s3:*", "strikes jobs"), ("throttle=0.1@", "kind=RATE")]:
    status, text = usage(spec)
    ok(f"--faults {spec} is refused", status == 2 and words in text, f"{status} {text}")
done()
