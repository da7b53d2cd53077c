"""Packages of npm for a test: fetched once, into a cache folder outside the tree."""
import hashlib
import os
import pathlib
import shutil
import subprocess

NODE, NPM = shutil.which("node"), shutil.which("npm")


def node_lacks():
    """Why there is no node to run, or None."""
    if not NODE or not NPM:
        return "no node and npm"
    version = subprocess.run([NODE, "--version"], capture_output=True, text=True).stdout.strip()
    if not version or int(version.lstrip("v").split(".")[0]) < 18:
        return f"node {version} is too old"


def npm_fetched(packages):
    """The folder that holds node_modules with the packages, or None."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    name = hashlib.sha256(" ".join(packages).encode()).hexdigest()[:12]
    folder = pathlib.Path(base, "sagetop-tests", f"js-{name}")
    if (folder / "complete").exists():
        return folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text('{"private": true}\n')
        done = subprocess.run(
            [NPM, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=0", "--fetch-timeout=20000",
             *packages], cwd=folder, timeout=150, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.returncode:
        return None
    (folder / "complete").touch()
    return folder
