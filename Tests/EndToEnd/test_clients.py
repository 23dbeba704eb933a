# SPDX-License-Identifier: Apache-2.0
"""Callers in five languages' libraries, each in plaintext, over TLS, and with a certificate."""

from __future__ import annotations

import os
import subprocess

import pytest

import foreign_clients
from aws import create_job
from endpoints import SERVER_NAME, Endpoint
from foreign_clients import CannotBeBuilt

BUILDERS = {
    "grpcio": foreign_clients.grpcio,
    "grpclib": foreign_clients.grpclib,
    "C++": foreign_clients.cpp,
    "Go": foreign_clients.go,
    "Ruby": foreign_clients.ruby,
}
SECURITY = {"h2c": "plain", "tls": "tls", "mtls": "mtls"}


@pytest.fixture(scope="module", params=BUILDERS)
def client(request) -> tuple[str, list[str]]:
    try:
        return request.param, BUILDERS[request.param]()
    except CannotBeBuilt as error:
        pytest.skip(f"the client in {request.param}: {error}")


def run(words: list[str], endpoint: Endpoint, security: str, *more: str) -> list[str]:
    papers = endpoint.papers
    files = (
        [papers.authority, papers.certificate("client"), papers.key("client")]
        if papers
        else ["-"] * 3
    )
    done = subprocess.run(
        [*words, endpoint.address, security, *map(str, files), SERVER_NAME, *more],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "PYTHONIOENCODING": "utf-8"},
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("kind", SECURITY)
def test_a_job_is_found_begun_and_described(client, endpoints, iot, thing, job, kind):
    create_job(iot, job, thing)
    name, words = client
    lines = run(words, endpoints[kind], SECURITY[kind], thing, job)
    expected = [
        "pending 1",
        "pending by gzip 1",
        f"started {job}",
        "updated JOB_EXECUTION_STATUS_IN_PROGRESS 3",
        "described größer 🦉",
        "absent 5 with details",
    ]
    if name == "grpclib":
        # It does not compress.
        expected.remove("pending by gzip 1")
    assert lines == expected


@pytest.mark.parametrize("kind", ["tls", "mtls"])
def test_a_client_without_security_is_refused_by_a_secure_listener(
    client, endpoints, thing, job, kind
):
    with pytest.raises(AssertionError, match="(?i)unavailable|14|ssl|connection|lost|reset"):
        run(client[1], Endpoint(endpoints[kind].address), "plain", thing, job)


def test_a_client_without_a_certificate_is_refused_where_one_is_required(
    client, endpoints, thing, job
):
    with pytest.raises(AssertionError, match="(?i)unavailable|14|ssl|certificate|connection|lost"):
        run(client[1], endpoints["mtls"], "tls", thing, job)
