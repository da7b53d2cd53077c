#!/usr/bin/python3
"""The AWS SDK for JavaScript v3 on the local engine. Its packages are fetched by
npm once, into a cache folder outside the tree; where that cannot be done the test
is skipped."""
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

from engine_support import BUILD, TRAINER, engine, skip_all

PACKAGES = ["client-sagemaker@3.1142.0", "client-cloudwatch-logs@3.1169.0", "client-cloudwatch@3.1162.0",
            "client-s3@3.1169.0", "client-sts@3.1169.0", "lib-storage@3.1169.0"]
node, npm = shutil.which("node"), shutil.which("npm")


def node_works():
    if not node or not npm:
        return "no node and npm"
    version = subprocess.run([node, "--version"], capture_output=True, text=True).stdout.strip()
    if not version or int(version.lstrip("v").split(".")[0]) < 18:
        return f"node {version} is too old for the SDK"


def fetched():
    """The folder that holds node_modules, or None."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    name = hashlib.sha256(" ".join(PACKAGES).encode()).hexdigest()[:12]
    folder = pathlib.Path(base, "sagetop-tests", f"js-{name}")
    if (folder / "complete").exists():
        return folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text('{"private": true}\n')
        done = subprocess.run(
            [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=0", "--fetch-timeout=20000",
             *(f"@aws-sdk/{p}" for p in PACKAGES)], cwd=folder, timeout=150, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.returncode:
        return None
    (folder / "complete").touch()
    return folder


why = node_works()
if why:
    skip_all(why)
if not os.access(TRAINER, os.X_OK):
    skip_all("built without the trainer")
folder = fetched()
if not folder:
    skip_all("npm cannot fetch the SDK")
script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "js_sdk.mjs")
with engine("--slots", "2") as e:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    child = subprocess.run([node, script, str(folder), e.endpoint], env=environment, stdin=subprocess.DEVNULL, timeout=1200)
sys.exit(child.returncode)
