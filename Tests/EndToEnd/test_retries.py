# SPDX-License-Identifier: Apache-2.0
"""Repeated attempts: what is repeated, how often, with which signs, and what stops it."""

from __future__ import annotations

import concurrent.futures
import functools
import time
from collections.abc import Callable

import botocore.exceptions
import grpc
import pytest

import aws
import faults
from callers import Answered, calling, describe, pending, start_next
from faults import Spoil
from http_server import Answer, Received
from metrics import scrape
from program import RETRIES, Gateway, eventually
from stubs import pb
from upstream import Upstream

Code = grpc.StatusCode
COUNTED = "iot_jobs_gateway_retries_total"
EMPTY = Answer.json({"inProgressJobs": [], "queuedJobs": []})


def failing_with(spoil: Spoil, times: int = 100) -> Callable[[Received], Answer]:
    """Answers so many requests with a fault, and the rest well."""
    left = [times]

    def respond(_: Received) -> Answer:
        left[0] -= 1
        return spoil(EMPTY) if left[0] >= 0 else EMPTY

    return respond


# botocore's own list, and what it leaves alone: its decision must be ours.
SPOILS: dict[str, Spoil] = {
    "500": faults.status(500),
    "502": faults.status(502),
    "503": faults.status(503),
    "504": faults.status(504),
    "501": faults.status(501),
    "505": faults.status(505),
    "400": faults.status(400),
    "403": faults.status(403),
    "404": faults.status(404),
    "408": faults.status(408),
    "409": faults.status(409),
    "410": faults.status(410),
    "413": faults.status(413),
    "301": faults.status(301, Location="/elsewhere"),
    "InternalFailure": faults.refusal("InternalFailure", 500),
    "ServiceUnavailableException": faults.refusal("ServiceUnavailableException", 503),
    "RequestTimeout": faults.refusal("RequestTimeout", 400),
    "RequestTimeoutException": faults.refusal("RequestTimeoutException", 408),
    "PriorRequestNotComplete": faults.refusal("PriorRequestNotComplete", 400),
    "Throttling": faults.refusal("Throttling", 400),
    "ThrottlingException": faults.refusal("ThrottlingException", 429),
    "TooManyRequestsException": faults.refusal("TooManyRequestsException", 429),
    "RequestLimitExceeded": faults.refusal("RequestLimitExceeded", 503),
    "LimitExceededException": faults.refusal("LimitExceededException", 400),
    "SlowDown": faults.refusal("SlowDown", 503),
    "InvalidRequestException": faults.refusal("InvalidRequestException", 400),
    "ResourceNotFoundException": faults.refusal("ResourceNotFoundException", 404),
    "AccessDeniedException": faults.refusal("AccessDeniedException", 403),
    "SignatureDoesNotMatch": faults.refusal("SignatureDoesNotMatch", 403),
    "ServiceQuotaExceededException": faults.refusal("ServiceQuotaExceededException", 402),
    "reset": faults.reset_before_headers,
    "closed": faults.closed_before_headers,
    "cut-in-body": faults.cut_in_body,
}


@pytest.fixture(scope="module")
def stage():
    with Upstream() as upstream, Gateway(upstream.url, policy=RETRIES) as gateway:
        with calling(gateway) as call:
            yield upstream, gateway, call


@pytest.fixture(scope="module")
def botocores_client(stage):
    upstream, _, _ = stage
    return aws.client(
        "iot-jobs-data", upstream.url, retries={"total_max_attempts": 3, "mode": "standard"}
    )


@pytest.mark.parametrize("case", SPOILS)
def test_what_is_repeated_is_what_botocore_repeats(stage, botocores_client, monkeypatch, case):
    upstream, _, call = stage
    monkeypatch.setattr(time, "sleep", lambda _: None)

    def requests_of(ask: Callable[[], object]) -> int:
        before = len(upstream.requests)
        upstream.respond = failing_with(SPOILS[case], times=1)
        ask()
        return len(upstream.requests) - before

    def ask_botocore() -> None:
        try:
            botocores_client.get_pending_job_executions(thingName="t")
        except (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError):
            pass

    assert requests_of(lambda: call(pending("t"), "no-cache")) == requests_of(ask_botocore)


@pytest.mark.parametrize(
    "spoil", [faults.status(429), faults.cut_in_headers], ids=["bare-429", "cut-in-headers"]
)
def test_more_than_botocore_repeats(stage, spoil):
    """It knows throttling by name alone, and takes half a header block for a whole one."""
    upstream, _, call = stage
    upstream.respond = failing_with(spoil, times=1)
    answered = call(pending("t"), "no-cache")
    assert answered.ok
    assert answered.metadata["x-gateway-attempts"] == "2"


@pytest.mark.parametrize(
    ("spoil", "code", "reason"),
    [
        (faults.status(503), Code.UNAVAILABLE, None),
        (faults.refusal("InternalFailure", 500), Code.UNAVAILABLE, "INTERNAL_FAILURE"),
        (
            faults.refusal("ServiceUnavailableException", 503),
            Code.UNAVAILABLE,
            "SERVICE_UNAVAILABLE",
        ),
        (faults.refusal("ThrottlingException", 429), Code.RESOURCE_EXHAUSTED, "THROTTLED"),
        (faults.reset_before_headers, Code.UNAVAILABLE, "CONNECTION"),
    ],
    ids=["bare-503", "internal", "unavailable", "throttled", "reset"],
)
@pytest.mark.parametrize("request_of", [pending, functools.partial(describe, job="j"), start_next])
def test_after_three_attempts_the_last_failure_is_told(stage, request_of, spoil, code, reason):
    upstream, _, call = stage
    upstream.respond = failing_with(spoil)
    before = len(upstream.requests)
    answered = call(request_of("t"), "no-cache")
    is_uncertain = request_of is start_next and code == Code.UNAVAILABLE
    if is_uncertain and reason in ("CONNECTION", "INTERNAL_FAILURE"):
        code, reason = Code.UNKNOWN, "OUTCOME_UNKNOWN"
    assert answered.code == code
    assert reason in (None, answered.reason)
    sent = upstream.requests[before:]
    # The first attempt is spared a connection that lay idle, warm or kept, and whose peer has left.
    was_idle = len(sent) > 3 and spoil is faults.reset_before_headers
    assert len(sent) == 3 + was_idle
    assert answered.metadata["x-gateway-attempts"] == str(len(sent))
    if code != Code.UNKNOWN:
        assert answered.failure.retry_delay_seconds is not None


def test_attempts_share_an_id_and_count_themselves(stage):
    upstream, gateway, call = stage
    upstream.respond = failing_with(faults.status(500), times=2)
    before = len(upstream.requests)
    seen = scrape(gateway.admin_url).value(COUNTED, operation="GetPendingJobExecutions")
    assert call(pending("t"), "no-cache").ok
    attempts = upstream.requests[before:]
    assert len({request.header("amz-sdk-invocation-id") for request in attempts}) == 1
    counts = [request.header("amz-sdk-request").split("; ") for request in attempts]
    assert "attempt=1" in counts[0]
    assert {"attempt=2", "max=3"} <= set(counts[1])
    assert {"attempt=3", "max=3"} <= set(counts[2])
    # Each is signed by itself; the upstream has checked all three.
    now = scrape(gateway.admin_url).value(COUNTED, operation="GetPendingJobExecutions")
    assert now == seen + 2


@pytest.mark.parametrize(
    "headers", [{"x_amz_retry_after": "700"}, {"Retry_After": "1"}], ids=["amz", "http"]
)
def test_a_pause_that_aws_asks_for_is_kept(stage, headers):
    upstream, _, call = stage
    times: list[float] = []
    refuse = failing_with(faults.refusal("ThrottlingException", 429, **headers), times=1)

    def respond(request: Received) -> Answer:
        times.append(time.monotonic())
        return refuse(request)

    upstream.respond = respond
    assert call(pending("t"), "no-cache").ok
    assert times[1] - times[0] >= 0.7


def test_a_pause_beyond_the_deadline_is_not_begun(stage):
    upstream, _, call = stage
    spoil = faults.refusal("ThrottlingException", 429, x_amz_retry_after="20000")
    upstream.respond = failing_with(spoil)
    before = len(upstream.requests)
    answered = call(pending("t"), "no-cache", timeout=3)
    # The failure that was seen, not a deadline that passed in sleep.
    assert (answered.code, answered.reason) == (Code.RESOURCE_EXHAUSTED, "THROTTLED")
    assert len(upstream.requests) - before == 1


def test_a_call_that_is_cancelled_between_attempts_makes_no_other(stage):
    upstream, gateway, call = stage
    spoil = faults.refusal("ThrottlingException", 429, x_amz_retry_after="2000")
    upstream.respond = failing_with(spoil)
    before = len(upstream.requests)
    begun = call.begin(pending("t"), "no-cache")
    assert eventually(lambda: len(upstream.requests) == before + 1)
    begun.cancel()
    in_flight = "iot_jobs_gateway_requests_in_flight"
    assert eventually(lambda: scrape(gateway.admin_url).value(in_flight) == 0)
    time.sleep(2.5)
    assert len(upstream.requests) == before + 1


@pytest.mark.long
def test_when_everything_fails_retries_run_out(start):
    """500 tokens, 5 a retry: a hundred, and then every call has one attempt."""
    with Upstream(failing_with(faults.refusal("InternalFailure", 500), 10_000)) as upstream:
        gateway = start(upstream.url, policy=RETRIES)
        with calling(gateway) as call, concurrent.futures.ThreadPoolExecutor(40) as pool:

            def ask(number: int) -> Answered:
                return call(pending(f"t-{number}"), "no-cache")

            list(pool.map(ask, range(80)))
            assert len(upstream.requests) == 80 + 100
            before = len(upstream.requests)
            answered = ask(0)
            assert answered.code == Code.UNAVAILABLE
            assert len(upstream.requests) == before + 1
            # Plain successes earn a token each; five buy a retry.
            upstream.respond = lambda _: EMPTY
            for number in range(5):
                assert ask(number).ok
            upstream.respond = failing_with(faults.status(500), times=1)
            assert ask(0).ok


def test_nothing_is_repeated_that_says_what_is_wrong(stage):
    upstream, _, call = stage
    upstream.respond = failing_with(faults.refusal("InvalidRequestException", 400))
    before = len(upstream.requests)
    answered = call(pb.GetPendingJobExecutionsRequest(thing_name="t"), "no-cache")
    assert answered.code == Code.INVALID_ARGUMENT
    assert len(upstream.requests) - before == 1
