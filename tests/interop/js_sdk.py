#!/usr/bin/python3
"""The AWS SDK for JavaScript v3 on the local engine. Its packages are fetched by
npm once, into a cache folder outside the tree; where that cannot be done the test
is skipped."""
import os
import subprocess
import sys

from npm_support import NODE, node_lacks, npm_fetched
from engine_support import BUILD, TRAINER, engine, skip_all

PACKAGES = ["client-sagemaker@3.1142.0", "client-cloudwatch-logs@3.1169.0", "client-cloudwatch@3.1162.0",
            "client-s3@3.1169.0", "client-scheduler@3.1169.0",
            "client-sts@3.1169.0", "lib-storage@3.1169.0"]
why = node_lacks()
if why:
    skip_all(why)
if not os.access(TRAINER, os.X_OK):
    skip_all("built without the trainer")
folder = npm_fetched([f"@aws-sdk/{p}" for p in PACKAGES])
if not folder:
    skip_all("npm cannot fetch the SDK")
script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "js_sdk.mjs")
with engine("--slots", "2") as e:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    child = subprocess.run([NODE, script, str(folder), e.endpoint], env=environment, stdin=subprocess.DEVNULL, timeout=1200)
sys.exit(child.returncode)
