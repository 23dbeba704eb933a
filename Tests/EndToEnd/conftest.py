# SPDX-License-Identifier: Apache-2.0
"""The stage: an emulator and a gateway for the whole session, names of one's own for each test."""

from __future__ import annotations

import itertools
import json
import os
import pathlib
import threading
import urllib.request
from collections.abc import Callable, Iterator

import grpc
import pytest

import aws
import image
import renderings
from cloud import Cloud, cloud_around
from endpoints import Endpoint, Papers
from http2_peer import Peer
from kustomize import Manifest
from metrics import scrape
from program import BINARY, RETRIES, Emulator, Gateway
from stubs import rpc
from upstream import Upstream
from wire import Connection


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


@pytest.fixture
def connection(gateway: Gateway) -> Iterator[Connection]:
    """A connection that a test writes its own frames on."""
    with Connection(gateway.address) as opened:
        yield opened


@pytest.fixture(scope="session")
def default_gateway(emulator: Emulator) -> Iterator[Gateway]:
    """A gateway with the policies that it has when nobody says otherwise."""
    with Gateway(emulator.url, policy=None) as program:
        yield program


@pytest.fixture(scope="session")
def endpoints(emulator: Emulator, gateway: Gateway, tmp_path_factory) -> Iterator[dict]:
    """One endpoint of each kind."""
    papers = Papers.issued_in(tmp_path_factory.mktemp("papers"))
    with (
        Gateway(emulator.url, *papers.server_flags, listen="tls:127.0.0.1:0") as secure,
        Gateway(emulator.url, *papers.mutual_flags, listen="tls:127.0.0.1:0") as mutual,
    ):
        yield {
            "h2c": Endpoint(gateway.address),
            "tls": Endpoint(secure.listener("grpc-tls"), papers),
            "mtls": Endpoint(mutual.listener("grpc-tls"), papers, shows_certificate=True),
        }


@pytest.fixture(params=["h2c", "tls"])
def peer(request, endpoints) -> Iterator[Peer]:
    """A client of single HTTP/2 frames, in plaintext and over TLS."""
    endpoint = endpoints[request.param]
    with Peer(endpoint.connect(), scheme=endpoint.scheme) as opened:
        yield opened


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


@pytest.fixture(scope="session")
def collected(tmp_path_factory) -> pathlib.Path:
    """What the image needs of the build."""
    if not image.RESOLVED.exists():
        pytest.skip("the image: nothing was built here, so that nobody knows what is linked")
    return image.collect(tmp_path_factory.mktemp("image") / "collected")


@pytest.fixture(scope="session")
def tree(request) -> image.Tree:
    """The root file system of the image: the one that was built, or one with the binary under test."""
    if built := os.environ.get("IMAGE_ROOT"):
        return image.Tree(pathlib.Path(built))
    collected = request.getfixturevalue("collected")
    return image.assemble(collected, collected.with_name("root"))


_names = itertools.count(1)


@pytest.fixture
def thing() -> str:
    """A thing that no other test knows, with the one punctuation mark that needs encoding."""
    return f"plant:press-{next(_names)}"


@pytest.fixture
def job() -> str:
    return f"job-{next(_names)}"


class Console:
    """The emulator's own paths: faults switched at run time, and what it has counted."""

    def __init__(self, emulator: Emulator):
        self._url = f"{emulator.url}/_emulator"

    def _ask(self, method: str, path: str, body: object = None) -> dict:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self._url}/{path}", data, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def plan(self, **faults: object) -> None:
        """Puts a plan in force; without arguments nothing goes wrong any more."""
        self._ask("PUT", "faults", faults)

    def faults_to_come(self) -> int:
        return self._ask("GET", "faults")["pendingNext"]

    def count_from_zero(self) -> None:
        self._ask("DELETE", "requests")

    def connections(self) -> int:
        return self._ask("GET", "requests")["connectionsAccepted"]

    def calls(self, operation: str) -> dict[str, int]:
        none = {"received": 0, "carriedOut": 0, "succeeded": 0}
        return self._ask("GET", "requests")["operations"].get(operation, none)


@pytest.fixture
def console(emulator: Emulator) -> Iterator[Console]:
    """The emulator's switches and counters; no fault is left behind."""
    opened = Console(emulator)
    opened.count_from_zero()
    yield opened
    opened.plan()


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


@pytest.fixture(scope="session")
def rendered(tmp_path_factory) -> dict[str, list[Manifest]]:
    """What deploy/kustomize gives, by the name of each kustomization."""
    return renderings.all_of_them(tmp_path_factory)


@pytest.fixture
def cloud(tmp_path) -> Iterator[Cloud]:
    with cloud_around(tmp_path) as opened:
        yield opened


@pytest.fixture
def gateway_in(cloud: Cloud, start) -> Iterator[Callable[..., Gateway]]:
    """Starts gateways that find their credentials in an environment of the cloud.

    They log all that they can, and whatever happens, no secret may be in it.
    """
    started: list[Gateway] = []

    def begin(env: dict[str, str], *arguments: str, **more: object) -> Gateway:
        arguments = ("--log-level", "trace", *arguments)
        more = {"credentials": {}, "policy": RETRIES, **more}
        started.append(start(cloud.upstream.url, *arguments, env=env, **more))
        return started[-1]

    yield begin
    for gateway in started:
        said = json.dumps(gateway.records) + "\n".join(gateway.noise)
        if gateway.process.poll() is None:
            said += scrape(gateway.admin_url).text
        for key in cloud.issuer.keys.values():
            assert key.secret not in said
            assert key.token is None or key.token not in said


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """Opened after the test at the latest, so that no server's thread waits on."""
    opened = threading.Event()
    yield opened
    opened.set()
