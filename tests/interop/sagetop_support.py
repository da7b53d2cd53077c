"""sagetop run by a test: its own home, credentials of the local engine, the endpoint that it
is pointed at (None: none)."""
import json
import os
import subprocess

BUILD = os.environ["SAGETOP_BUILD"]


class Sagetop:
    def __init__(self, folder, endpoint=None):
        self.folder, self.endpoint = folder, endpoint
        self.environment = dict(os.environ, AWS_ACCESS_KEY_ID="local", AWS_SECRET_ACCESS_KEY="local",
                                AWS_REGION="us-east-1", HOME=folder)
        for name in ("CACHE", "STATE", "CONFIG", "DATA"):
            self.environment[f"XDG_{name}_HOME"] = os.path.join(folder, name.lower())

    def settings(self, text):
        os.makedirs(os.path.join(self.folder, "config/sagetop"), exist_ok=True)
        with open(os.path.join(self.folder, "config/sagetop/config.yaml"), "w") as f:
            f.write(text)

    def run(self, *words, stdin=None):
        """stdin: text, or None for an empty one."""
        where = ["--endpoint-url", self.endpoint] if self.endpoint else []
        given = {"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin}
        return subprocess.run([f"{BUILD}/sagetop", *where, *words], capture_output=True, text=True, timeout=180,
                              env=self.environment, **given)

    def json(self, *words):
        result = self.run(*words, "--json")
        if result.returncode:
            raise AssertionError(f"{words}: {result.stderr}")
        return json.loads(result.stdout)
