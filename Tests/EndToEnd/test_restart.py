# SPDX-License-Identifier: Apache-2.0
"""A gateway that is drained and started again under load, and callers that repeat what they may.

The proof is the ledger's: every call was answered well, and every update was carried out once.
"""

from __future__ import annotations

import json
import time

import pytest

from application import Application
from endpoints import Endpoint, Papers, free_port
from http_server import Answer
from ledger import Ledger
from program import Gateway
from upstream import Upstream

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
        with Application(lambda: Endpoint(address, papers).channel(OPTIONS), ledger) as load:
            for _ in range(RESTARTS):
                load.goes_on()
                gateway.stop()
                gateway = begin(upstream)
            load.goes_on()
        gateway.stop()
    load.shows_that_each_update_was_made_once(at_least=50 * RESTARTS)
