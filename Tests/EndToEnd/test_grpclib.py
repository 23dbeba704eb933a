# SPDX-License-Identifier: Apache-2.0
"""A caller that has nothing of gRPC's own code, in plaintext, over TLS, and with a certificate."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import pytest

from aws import create_job
from endpoints import SERVER_NAME, Endpoint

CLIENT = pathlib.Path(__file__).parent / "client_grpclib.py"
SECURITY = {"h2c": "plain", "tls": "tls", "mtls": "mtls"}


def run(endpoint: Endpoint, security: str, *more: str) -> list[str]:
    papers = endpoint.papers
    files = (
        [papers.authority, papers.certificate("client"), papers.key("client")]
        if papers
        else ["-"] * 3
    )
    done = subprocess.run(
        [sys.executable, CLIENT, endpoint.address, security, *files, SERVER_NAME, *more],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("kind", SECURITY)
def test_a_job_is_found_begun_and_described(endpoints, iot, thing, job, kind):
    create_job(iot, job, thing)
    assert run(endpoints[kind], SECURITY[kind], thing, job) == [
        "pending 1",
        f"started {job}",
        "updated JOB_EXECUTION_STATUS_IN_PROGRESS 3",
        "described größer 🦉",
        "absent 5 with details",
    ]


@pytest.mark.parametrize("kind", ["tls", "mtls"])
def test_a_client_without_security_is_refused_by_a_secure_listener(endpoints, thing, job, kind):
    with pytest.raises(AssertionError, match="(?i)connection|lost|reset"):
        run(Endpoint(endpoints[kind].address), "plain", thing, job)


def test_a_client_without_a_certificate_is_refused_where_one_is_required(endpoints, thing, job):
    with pytest.raises(AssertionError, match="(?i)ssl|certificate|connection|lost"):
        run(endpoints["mtls"], "tls", thing, job)
