# SPDX-License-Identifier: Apache-2.0
"""Deadlines hold though AWS never answers, and whoever gives up frees what was held for it."""

from __future__ import annotations

import socket

import grpc
import pytest

import faults
from callers import calling, describe, pending, start_next, update
from http_server import Answer
from ledger import Ledger
from metrics import scrape
from program import RETRIES, Gateway, eventually
from raw_server import RawServer, silent
from upstream import Upstream
from wire import Connection, Reply, message

DEADLINE_EXCEEDED = grpc.StatusCode.DEADLINE_EXCEEDED.value[0]
RESOURCE_EXHAUSTED = grpc.StatusCode.RESOURCE_EXHAUSTED.value[0]
CONNECTIONS = "iot_jobs_gateway_upstream_connections"
WAITING = "iot_jobs_gateway_upstream_pool_waiting"

# No connection is kept without need, so that all that are open are some call's.
NO_FLOOR = ("--upstream-warm-connections", "0")


def holds_nothing(gateway: Gateway) -> bool:
    seen = scrape(gateway.admin_url)
    return (
        seen.value(CONNECTIONS, state="active") == 0
        and seen.value(CONNECTIONS, state="connecting") == 0
        and seen.value(WAITING) == 0
    )


REQUESTS = {
    "describe": describe("t", "j"),
    "pending": pending("t"),
    "start-next": start_next("t"),
    "update": update("t", "j", expected_version=1),
}


def status_of(gateway: Gateway, request, timeout: str = "400m") -> Reply:
    """Asks without a clock of its own, so that the answer is the gateway's."""
    with Connection(gateway.address) as connection:
        method = type(request).__name__.removesuffix("Request")
        body = message(request.SerializeToString())
        return connection.call(method, body, headers={"grpc-timeout": timeout})


@pytest.mark.parametrize("operation", REQUESTS)
def test_a_deadline_holds_though_nothing_is_answered(upstream, start, gate, operation):
    upstream.respond = lambda _: Answer(gate=gate)
    gateway = start(upstream.url, *NO_FLOOR)
    reply = status_of(gateway, REQUESTS[operation])
    assert reply.grpc_status == DEADLINE_EXCEEDED, reply.metadata
    # The request was given up, and its connection closed.
    assert len(upstream.requests) == 1
    assert eventually(lambda: holds_nothing(gateway))
    assert eventually(lambda: upstream.open == 0)


@pytest.mark.parametrize("operation", REQUESTS)
def test_a_deadline_holds_over_attempts_and_pauses_together(upstream, start, operation):
    upstream.respond = lambda _: faults.refusal("ThrottlingException", 429)(Answer())
    gateway = start(upstream.url, policy=RETRIES)
    reply = status_of(gateway, REQUESTS[operation], "700m")
    # What was seen is told, rather than slept on until the deadline.
    assert reply.grpc_status == RESOURCE_EXHAUSTED, reply.metadata


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_deadline_holds_though_no_connection_comes_up(start, scheme):
    # A backlog that is full: the kernel answers no more connections.
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        port = listener.getsockname()[1]
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        gateway = start(f"{scheme}://localhost:{port}")
        for request in REQUESTS.values():
            assert status_of(gateway, request).grpc_status == DEADLINE_EXCEEDED
        assert eventually(lambda: scrape(gateway.admin_url).value(WAITING) == 0)
        for filler in fillers:
            filler.close()


def test_a_deadline_holds_though_hands_are_never_shaken(start):
    with RawServer(silent) as server:
        flags = ["--upstream-tls-timeout", "1s"]
        gateway = start(f"https://localhost:{server.port}", *flags)
        assert status_of(gateway, pending("t")).grpc_status == DEADLINE_EXCEEDED
        assert eventually(lambda: server.open == 0)


def test_a_call_that_waits_for_a_connection_goes_at_its_deadline(upstream, start, gate):
    upstream.respond = lambda _: Answer(gate=gate)
    gateway = start(upstream.url, "--upstream-connection-limit", "1")
    with calling(gateway) as call:
        holder = call.begin(update("t", "holder"))
        assert eventually(lambda: len(upstream.requests) == 1)
        for _ in range(3):
            reply = status_of(gateway, update("t", "waits"))
            assert reply.grpc_status == DEADLINE_EXCEEDED
        assert eventually(lambda: scrape(gateway.admin_url).value(WAITING) == 0)
        gate.set()
        holder.result()
        assert call(pending("t"), "no-cache").ok
    # Those that never had a connection were never sent.
    assert all("waits" not in request.target for request in upstream.requests)


def test_waiting_calls_are_served_in_the_order_in_which_they_came(start, gate):
    def respond(request) -> Answer:
        return Answer(gate=gate) if "holder" in request.target else Answer()

    with Upstream(respond) as upstream:
        gateway = start(upstream.url, "--upstream-connection-limit", "1")
        with calling(gateway) as call:
            begun = [call.begin(update("t", "holder"))]
            assert eventually(lambda: len(upstream.requests) == 1)
            for number in range(1, 21):
                begun.append(call.begin(update("t", f"waiter-{number:02}")))
                waiting = number
                assert eventually(
                    lambda waiting=waiting: scrape(gateway.admin_url).value(WAITING) == waiting
                )
            gate.set()
            for one in begun:
                one.result()
        served = [request.target.rsplit("/", 1)[-1] for request in upstream.requests]
        assert served == ["holder", *(f"waiter-{number:02}" for number in range(1, 21))]


def test_cancelled_calls_close_their_connections_and_free_their_leases(start, gate):
    ledger = Ledger()
    with Upstream(lambda _: Answer(gate=gate)) as upstream:
        gateway = start(upstream.url, *NO_FLOOR)
        with calling(gateway) as call:
            begun = [call.begin(update("t", f"j-{number}")) for number in range(20)]
            assert eventually(lambda: len(upstream.requests) == 20)
            for one in begun:
                one.cancel()
            assert eventually(lambda: holds_nothing(gateway))
            assert eventually(lambda: upstream.open == 0)
            upstream.respond = ledger
            ledger.add("t", "j")
            assert call(describe("t", "j")).ok
