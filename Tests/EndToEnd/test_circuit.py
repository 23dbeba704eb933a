# SPDX-License-Identifier: Apache-2.0
"""An AWS that fails is left alone for a while, looked at by a few, and taken up again."""

from __future__ import annotations

import json
import socket
import time

import grpc
import pytest

import faults
from callers import Answered, Caller, calling, pending, update
from failures import HERE
from http_server import Answer
from metrics import scrape
from program import Gateway, eventually
from raw_server import RawServer, closing
from upstream import Upstream

Code = grpc.StatusCode
STATE = "iot_jobs_gateway_breaker_state"
TRANSITIONS = "iot_jobs_gateway_breaker_transitions_total"
CLOSED, HALF_OPEN, OPEN = 0, 1, 2
# One attempt a call, so that what is counted is what the test has caused.
BREAKER = {"breaker_failures": 10, "breaker_pause": "500ms"}


def state(gateway: Gateway) -> float:
    return scrape(gateway.admin_url).value(STATE)


def is_refused_here(answered: Answered) -> bool:
    if answered.reason != "CIRCUIT_OPEN":
        return False
    assert answered.code == Code.UNAVAILABLE
    assert answered.failure.info.domain == HERE
    assert answered.failure.retry_delay_seconds is not None
    assert answered.failure.pushback_milliseconds is not None
    return True


def calls_until_open(call: Caller) -> int:
    """How many calls AWS has failed before it is left alone."""
    for number in range(100):
        if is_refused_here(call(pending("t"), "no-cache")):
            return number
    raise AssertionError("the circuit never opened")


@pytest.mark.parametrize(
    "spoil",
    [faults.status(500), faults.status(503), faults.reset_before_headers, faults.cut_in_headers],
    ids=["500", "503", "reset", "cut"],
)
def test_an_upstream_that_fails_again_and_again_is_left_alone(upstream, start, spoil):
    upstream.respond = lambda _: spoil(Answer())
    gateway = start(upstream.url, policy=BREAKER)
    assert state(gateway) == CLOSED
    with calling(gateway) as call:
        assert calls_until_open(call) == 10
        received = len(upstream.requests)
        # Writes too, and surely not applied.
        assert is_refused_here(call(update("t", "j")))
        assert len(upstream.requests) == received
    assert scrape(gateway.admin_url).value(TRANSITIONS, state="open") == 1


@pytest.mark.parametrize("trouble", ["nobody-listens", "hangs-up-on-tls"])
def test_connections_that_fail_open_it_as_well(start, trouble):
    if trouble == "nobody-listens":
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        gateway = start(f"http://127.0.0.1:{port}", policy=BREAKER)
        with calling(gateway) as call:
            assert calls_until_open(call) == 10
        return
    with RawServer(closing) as server:
        gateway = start(f"https://localhost:{server.port}", policy=BREAKER)
        with calling(gateway) as call:
            assert calls_until_open(call) == 10
            accepted = server.accepted
            assert is_refused_here(call(pending("t"), "no-cache"))
            assert server.accepted == accepted


@pytest.mark.parametrize(
    "spoil",
    [
        faults.refusal("ThrottlingException", 429),
        faults.refusal("AccessDeniedException", 403),
        faults.refusal("ResourceNotFoundException", 404),
        faults.refusal("InvalidRequestException", 400),
    ],
    ids=["throttled", "forbidden", "not-found", "invalid"],
)
def test_what_aws_says_on_purpose_does_not_open_it(upstream, start, spoil):
    upstream.respond = lambda _: spoil(Answer())
    gateway = start(upstream.url, policy=BREAKER)
    with calling(gateway) as call:
        for _ in range(40):
            assert not is_refused_here(call(pending("t"), "no-cache"))
    assert state(gateway) == CLOSED


def test_one_success_among_failures_keeps_it_closed(upstream, start):
    turns = iter(range(10_000))
    fail = faults.status(500)
    upstream.respond = lambda _: Answer() if next(turns) % 9 == 8 else fail(Answer())
    with calling(start(upstream.url, policy=BREAKER)) as call:
        for _ in range(60):
            assert not is_refused_here(call(pending("t"), "no-cache"))


def test_it_is_tried_by_one_call_and_closes_when_that_goes_well(start, gate):
    failing = faults.status(500)
    with Upstream(lambda _: failing(Answer())) as upstream:
        gateway = start(upstream.url, policy=BREAKER)
        with calling(gateway) as call:
            calls_until_open(call)
            received = len(upstream.requests)
            upstream.respond = lambda _: Answer(gate=gate)
            # The first call after the pause goes through, and is answered late.
            probes = []
            deadline = time.monotonic() + 20
            while len(upstream.requests) == received:
                assert time.monotonic() < deadline
                probes.append(call.begin(pending("probe"), "no-cache"))
                time.sleep(0.02)
            assert state(gateway) == HALF_OPEN
            # While it is under way, no other does.
            for number in range(20):
                assert is_refused_here(call(pending(f"t-{number}"), "no-cache"))
            assert len(upstream.requests) == received + 1
            gate.set()
            assert eventually(lambda: call(pending("t"), "no-cache").ok)
            assert state(gateway) == CLOSED
            for probe in probes:
                probe.cancel()
    seen = scrape(gateway.admin_url)
    assert seen.value(TRANSITIONS, state="open") == 1
    assert seen.value(TRANSITIONS, state="half_open") == 1
    assert seen.value(TRANSITIONS, state="closed") == 1
    told = [record["message"] for record in gateway.records]
    assert sum("failed too often" in message for message in told) == 1, json.dumps(told)
    assert sum("answers again" in message for message in told) == 1


def test_a_trial_that_fails_opens_it_again(upstream, start):
    upstream.respond = lambda _: faults.status(500)(Answer())
    gateway = start(upstream.url, policy=BREAKER)
    with calling(gateway) as call:
        calls_until_open(call)
        received = len(upstream.requests)
        assert eventually(
            lambda: call(pending("t"), "no-cache") and len(upstream.requests) == received + 1
        )
        assert is_refused_here(call(pending("t"), "no-cache"))
    assert scrape(gateway.admin_url).value(TRANSITIONS, state="open") >= 2


def test_callers_who_give_up_early_do_not_open_it(upstream, start, gate):
    """Their deadline tells of them, and nothing of AWS."""
    upstream.respond = lambda _: Answer(gate=gate)
    gateway = start(upstream.url, policy=BREAKER)
    with calling(gateway) as call:
        for number in range(30):
            answered = call(pending(f"t-{number}"), "no-cache", timeout=0.05)
            assert answered.code == Code.DEADLINE_EXCEEDED
        gate.set()
        assert eventually(lambda: call(pending("t"), "no-cache").ok)
    assert scrape(gateway.admin_url).value(TRANSITIONS, state="open") == 0
