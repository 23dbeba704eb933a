# SPDX-License-Identifier: Apache-2.0
"""The demonstration works as it says, on the ports that it names."""

from __future__ import annotations

import socket
import subprocess
import sys
import textwrap
import urllib.request

import pytest

from metrics import scrape
from program import ROOT, Program

PORTS = (8181, 9464, 9465, 50051)


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@pytest.fixture(scope="module")
def demo():
    taken = [port for port in PORTS if not is_free(port)]
    if taken:
        pytest.skip(f"the demonstration's ports are taken: {taken}")
    program = Program("demo", "--log-format", "json")
    assert program.listener("grpc") == "127.0.0.1:50051"
    yield program
    program.terminate()
    assert program.wait() == 0


def test_the_client_that_it_prints_starts_a_job(demo, tmp_path):
    told = textwrap.dedent(
        "\n".join(line for line in demo.words("Ctrl-C") if line.startswith("  "))
    )
    commands, _, code = told.partition("import grpc\n")
    protoc, code = commands.strip().replace("\\\n", " "), code.partition("AWS_ACCESS_KEY_ID")[0]
    assert protoc.startswith("python3 -m grpc_tools.protoc")
    arguments = [word.replace("_out=.", f"_out={tmp_path}") for word in protoc.split()[1:]]
    subprocess.run([sys.executable, *arguments], cwd=ROOT, check=True)
    done = subprocess.run(
        [sys.executable, "-c", f"import grpc\n{code}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "JOB_EXECUTION_STATUS_IN_PROGRESS" in done.stdout


def test_it_shows_a_page_where_it_says(demo):
    url = f"http://{demo.listener('operator')}/"
    assert url in "\n".join(demo.words("Ctrl-C"))
    with urllib.request.urlopen(url, timeout=20) as answer:
        assert b"<title>iot-jobs-gateway" in answer.read()


def test_it_shows_metrics_where_it_says(demo):
    address = demo.listener("admin")
    assert f"curl http://{address}/metrics" in "\n".join(demo.words("Ctrl-C"))
    assert scrape(f"http://{address}").types
