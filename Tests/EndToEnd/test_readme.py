# SPDX-License-Identifier: Apache-2.0
"""The README says what is true: its client runs."""

from __future__ import annotations

import re
import subprocess
import sys

from aws import create_job
from program import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_client_in_the_readme_runs(default_gateway, iot, tmp_path):
    create_job(iot, "readme-job", "lamp-1")
    code = re.search(r"```python\n(.*?)```", README, re.S)[1]
    assert "127.0.0.1:50051" in code
    commands = re.search(r"    python -m grpc_tools\.protoc (.*?)\n\n", README, re.S)[1]
    arguments = commands.replace("\\\n", " ").replace("--python_out=.", f"--python_out={tmp_path}")
    arguments = arguments.replace("--grpc_python_out=.", f"--grpc_python_out={tmp_path}").split()
    subprocess.run([sys.executable, "-m", "grpc_tools.protoc", *arguments], cwd=ROOT, check=True)
    (tmp_path / "client.py").write_text(code.replace("127.0.0.1:50051", default_gateway.address))
    done = subprocess.run(
        [sys.executable, "client.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("readme-job {")
