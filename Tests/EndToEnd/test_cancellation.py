# SPDX-License-Identifier: Apache-2.0
"""Who resets a stream or hangs up stops the work that was begun for it, up to AWS's connection."""

from __future__ import annotations

import pytest

from callers import describe, pending, start_next, update
from http_server import Answer
from metrics import scrape
from program import eventually
from wire import Connection, message

CANCEL = 8
IN_FLIGHT = "iot_jobs_gateway_requests_in_flight"

REQUESTS = {
    "describe": describe("t", "j"),
    "pending": pending("t"),
    "start-next": start_next("t"),
    "update": update("t", "j", expected_version=1),
}


@pytest.fixture
def stuck(upstream, start, gate):
    """A gateway in front of an AWS that takes requests and answers none."""
    upstream.respond = lambda _: Answer(gate=gate)
    return start(upstream.url, "--upstream-warm-connections", "0")


def begin(connection: Connection, request) -> int:
    method = type(request).__name__.removesuffix("Request")
    return connection.request(method, message(request.SerializeToString()))


def reset(connection: Connection, stream: int) -> None:
    connection.h2.reset_stream(stream, CANCEL)
    connection.flush()


def is_idle(gateway) -> bool:
    seen = scrape(gateway.admin_url)
    return all(
        seen.value(IN_FLIGHT, method=f"{method}") == 0
        for method in ("DescribeJobExecution", "UpdateJobExecution")
    )


@pytest.mark.parametrize("operation", REQUESTS)
def test_a_reset_closes_the_connection_to_aws(upstream, stuck, operation):
    with Connection(stuck.address) as connection:
        stream = begin(connection, REQUESTS[operation])
        assert eventually(lambda: len(upstream.requests) == 1 and upstream.open == 1)
        reset(connection, stream)
        assert eventually(lambda: upstream.open == 0)
        assert eventually(lambda: is_idle(stuck))
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("operation", REQUESTS)
def test_hanging_up_closes_the_connection_to_aws(upstream, stuck, operation):
    with Connection(stuck.address) as connection:
        begin(connection, REQUESTS[operation])
        assert eventually(lambda: upstream.open == 1)
    assert eventually(lambda: upstream.open == 0)
    assert eventually(lambda: is_idle(stuck))


def test_a_reset_stops_its_own_call_only(upstream, stuck, gate):
    with Connection(stuck.address) as connection:
        streams = [begin(connection, update("t", f"j-{number}")) for number in range(6)]
        assert eventually(lambda: upstream.open == 6)
        for stream in streams[::2]:
            reset(connection, stream)
        assert eventually(lambda: upstream.open == 3)
        gate.set()
        for stream in streams[1::2]:
            # The answer is empty, which is no answer of AWS's; but one came.
            assert connection.reply(stream).grpc_status is not None


def test_a_reset_before_the_request_is_whole_sends_nothing(upstream, stuck):
    with Connection(stuck.address) as connection:
        body = message(update("t", "j").SerializeToString())
        stream = connection.request("UpdateJobExecution", end=False)
        connection.send(stream, body, end=False)
        reset(connection, stream)
        assert eventually(lambda: is_idle(stuck))
        # Another call has gone through since.
        begin(connection, describe("t", "other"))
        assert eventually(lambda: len(upstream.requests) == 1)
    assert "other" in upstream.requests[0].target


def test_a_describe_that_others_wait_for_goes_on(upstream, stuck, gate):
    with Connection(stuck.address) as connection:
        leaves, stays = (begin(connection, describe("t", "shared")) for _ in range(2))
        assert eventually(lambda: upstream.open == 1)
        reset(connection, leaves)
        gate.set()
        assert connection.reply(stays).grpc_status is not None
    assert len(upstream.requests) == 1
