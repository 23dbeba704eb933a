# SPDX-License-Identifier: Apache-2.0
"""The stage: an emulator and a gateway for the whole session, names of one's own for each test."""

from __future__ import annotations

import itertools
import json
import urllib.request
from collections.abc import Callable, Iterator

import grpc
import pytest

import aws
from program import BINARY, Emulator, Gateway
from stubs import rpc
from upstream import Upstream


def pytest_configure(config: pytest.Config) -> None:
    if not BINARY.exists():
        pytest.exit(f"{BINARY} is not built: Tests/run.sh --e2e builds it", returncode=1)


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    with Emulator() as program:
        yield program


@pytest.fixture(scope="session")
def gateway(emulator: Emulator) -> Iterator[Gateway]:
    with Gateway(emulator.url) as program:
        yield program


@pytest.fixture(scope="session")
def iot(emulator: Emulator):
    """The control plane, to create jobs with."""
    return aws.client("iot", emulator.url)


@pytest.fixture(scope="session")
def jobs_data(emulator: Emulator):
    """The data plane as AWS's own client sees it."""
    return aws.client("iot-jobs-data", emulator.url)


@pytest.fixture(scope="session")
def channel(gateway: Gateway) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(gateway.address) as opened:
        yield opened


@pytest.fixture(scope="session")
def stub(channel: grpc.Channel) -> rpc.JobsDataPlaneServiceStub:
    return rpc.JobsDataPlaneServiceStub(channel)


_names = itertools.count(1)


@pytest.fixture
def thing() -> str:
    """A thing that no other test knows, with the one punctuation mark that needs encoding."""
    return f"plant:press-{next(_names)}"


@pytest.fixture
def job() -> str:
    return f"job-{next(_names)}"


class Faults:
    """The emulator's faults, switched at run time."""

    def __init__(self, emulator: Emulator):
        self._url = f"{emulator.url}/_emulator/faults"

    def set(self, **faults: object) -> None:
        request = urllib.request.Request(
            self._url, json.dumps(faults).encode(), {"Content-Type": "application/json"}, method="PUT"
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status in (200, 204)


@pytest.fixture
def faults(emulator: Emulator) -> Iterator[Faults]:
    """Faults for one test; none are left behind."""
    switch = Faults(emulator)
    yield switch
    switch.set()


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """An AWS in Python that checks each signature with botocore."""
    with Upstream() as server:
        yield server


@pytest.fixture
def forwarding(upstream: Upstream) -> Iterator[rpc.JobsDataPlaneServiceStub]:
    """A stub whose calls end at `upstream`."""
    with Gateway(upstream.url) as program, grpc.insecure_channel(program.address) as opened:
        yield rpc.JobsDataPlaneServiceStub(opened)


@pytest.fixture
def start() -> Iterator[Callable[..., Gateway]]:
    """Starts gateways that are stopped, and checked for an orderly end, after the test."""
    started: list[Gateway] = []

    def begin(upstream: str, *arguments: str, **more: object) -> Gateway:
        started.append(Gateway(upstream, *arguments, **more))
        return started[-1]

    yield begin
    for program in started:
        program.stop()
