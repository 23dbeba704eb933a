# SPDX-License-Identifier: Apache-2.0
"""The README says what is true: its client runs, its settings are those of `--help`."""

from __future__ import annotations

import re
import subprocess
import sys

from aws import create_job
from program import ROOT, run_to_end

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


def settings() -> dict[str, tuple[str, str]]:
    """Flag → variable and default, from the README's table."""
    table = README.split("<!-- settings -->")[1].split("<!-- /settings -->")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.strip().splitlines()
    ]
    return {row[0].strip("`"): (row[1].strip("`"), row[2].strip("`")) for row in rows[2:]}


def test_every_flag_of_serve_is_in_the_readme_with_its_default():
    options = run_to_end("serve", "--help").stdout.split("OPTIONS:")[1].split("\n  --")[1:]
    told = {}
    for option in options:
        text = " ".join(option.split("\n  -h, ")[0].split())
        default = re.search(r"\(default: ([^)]*)\)", text)
        told[re.match(r"[a-z-]+", text)[0]] = default[1] if default else ""
    del told["version"]
    listed = settings()
    assert list(listed) == list(told)
    for name, default in told.items():
        variable, shown = listed[name]
        assert variable == "IOT_JOBS_GATEWAY_" + name.upper().replace("-", "_")
        assert shown == default
