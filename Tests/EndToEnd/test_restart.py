# SPDX-License-Identifier: Apache-2.0
"""A gateway that is drained and started again under load, and callers that repeat what they may.

The proof is the ledger's: every call was answered well, and every update was carried out once.
"""

from __future__ import annotations

import itertools
import json
import socket
import threading
import time

import grpc
import pytest

from callers import describe, update
from endpoints import Endpoint, Papers
from http_server import Answer
from ledger import Ledger
from program import Gateway
from stubs import rpc
from upstream import Upstream

WORKERS = 8
RESTARTS = 5

# What a team writes into its service config: repeat what is UNAVAILABLE, wait for a server.
SERVICE_CONFIG = {
    "methodConfig": [
        {
            "name": [{}],
            "waitForReady": True,
            "timeout": "30s",
            "retryPolicy": {
                "maxAttempts": 4,
                "initialBackoff": "0.1s",
                "maxBackoff": "1s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ]
}
OPTIONS = [
    ("grpc.service_config", json.dumps(SERVICE_CONFIG)),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 500),
    ("grpc.use_local_subchannel_pool", 1),
]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


class Load:
    """Workers that describe and update, each on a connection of its own, until told to stop."""

    def __init__(self, endpoint: Endpoint, ledger: Ledger):
        self._endpoint = endpoint
        self._ledger = ledger
        self._numbers = itertools.count(1)
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self.executions: list = []
        self.calls = 0
        self.failures: list[str] = []
        self._threads = [threading.Thread(target=self._work) for _ in range(WORKERS)]

    def _work(self) -> None:
        with self._endpoint.channel(OPTIONS) as channel:
            stub = rpc.JobsDataPlaneServiceStub(channel)
            while not self._stopped.is_set():
                with self._lock:
                    name = f"thing-{next(self._numbers)}"
                    execution = self._ledger.add(name, "job", "IN_PROGRESS")
                    self.executions.append(execution)
                try:
                    stub.DescribeJobExecution(describe(name, "job"))
                    stub.UpdateJobExecution(update(name, "job", "SUCCEEDED"))
                except grpc.RpcError as error:
                    self.failures.append(f"{name}: {error.code()} {error.details()}")
                    self.executions.remove(execution)
                with self._lock:
                    self.calls += 2

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join(60)

    def goes_on(self, calls: int = 100) -> None:
        """Waits until so many more calls have been answered."""
        wanted = self.calls + calls
        deadline = time.monotonic() + 60
        while self.calls < wanted:
            assert time.monotonic() < deadline, (self.calls, self.failures)
            time.sleep(0.01)


@pytest.mark.parametrize("kind", ["h2c", "tls"])
def test_no_call_fails_and_none_is_made_twice_across_restarts(tmp_path, kind):
    papers = Papers.issued_in(tmp_path) if kind == "tls" else None
    address = f"127.0.0.1:{free_port()}"
    flags = papers.server_flags if papers else []
    ledger = Ledger()

    def slowly(request) -> Answer:
        # So that calls are under way whenever the signal comes.
        time.sleep(0.005)
        return ledger(request)

    def begin(upstream: Upstream) -> Gateway:
        listen = f"tls:{address}" if papers else address
        gateway = Gateway(upstream.url, *flags, listen=listen)
        gateway.listener("grpc-tls" if papers else "grpc")
        return gateway

    with Upstream(slowly) as upstream:
        gateway = begin(upstream)
        with Load(Endpoint(address, papers), ledger) as load:
            for _ in range(RESTARTS):
                load.goes_on()
                gateway.stop()
                gateway = begin(upstream)
            load.goes_on()
        gateway.stop()
    assert load.failures == []
    assert len(load.executions) > 50 * RESTARTS
    assert {tuple(one.applied) for one in load.executions} == {("SUCCEEDED",)}
