# SPDX-License-Identifier: Apache-2.0
"""An upstream that fails in every way there is: one documented status each, nothing leaks, and a
counting ledger proves that no update is lost, or applied twice."""

from __future__ import annotations

import grpc
import pytest

import faults
from callers import Caller, calling, describe, pending, start_next, update
from faults import Spoil
from http_server import Answer
from ledger import Fault, Ledger
from metrics import scrape
from program import RETRIES, Gateway, eventually
from upstream import Upstream

Code = grpc.StatusCode
ATTEMPTS = 3

# An answer that did not come whole: a read is repeated.
BROKEN = [
    faults.reset_before_headers,
    faults.closed_before_headers,
    faults.cut_in_headers,
    faults.cut_after_headers,
    faults.cut_in_body,
    faults.cut_in_chunk,
    faults.no_last_chunk,
    faults.endless_continues,
]
# An answer that comes too slowly for the attempt.
SLOW = [faults.no_answer, faults.slow_headers, faults.slow_body]
# Bytes that are no HTTP, or no JSON: whoever sent them would send them again.
UNREADABLE = [
    faults.chunk_size_of_letters,
    faults.two_lengths,
    faults.length_and_chunks,
    faults.negative_length,
    faults.huge_length,
    faults.huge_header,
    faults.many_headers,
    faults.header_with_nul,
    faults.not_http,
    faults.tls_alert,
    faults.switching_protocols,
    faults.body_too_long,
    faults.half_json,
    faults.html,
    faults.bytes_of_no_text,
    faults.two_documents,
    faults.deep_json,
]
FINE = [faults.continues_first, faults.in_chunks, faults.until_the_end]


def name(spoil: Spoil) -> str:
    return spoil.__name__


class Stage:
    """A gateway, its upstream, and a thing with one job that nobody else uses."""

    def __init__(self, gateway: Gateway, upstream: Upstream, ledger: Ledger, call: Caller):
        self.gateway = gateway
        self.upstream = upstream
        self.ledger = ledger
        self.call = call

    def leaks_nothing(self) -> bool:
        """True once no call holds a connection, and every open one is idle on both sides."""
        seen = scrape(self.gateway.admin_url)
        level = "iot_jobs_gateway_upstream_connections"
        return (
            seen.value(level, state="active") == 0
            and seen.value(level, state="connecting") == 0
            and seen.value("iot_jobs_gateway_upstream_pool_waiting") == 0
            and seen.value(level, state="idle") == self.upstream.open
        )


@pytest.fixture(scope="module")
def stage():
    ledger = Ledger()
    with Upstream(ledger) as upstream:
        flags = ["--upstream-attempt-timeout", "250ms"]
        with Gateway(upstream.url, *flags, policy=RETRIES) as gateway, calling(gateway) as call:
            yield Stage(gateway, upstream, ledger, call)


@pytest.fixture(autouse=True)
def nothing_left_over(stage):
    before = len(stage.upstream.requests)
    yield
    stage.ledger.fault_of = lambda _: None
    assert eventually(stage.leaks_nothing)
    assert len(stage.upstream.requests) > before


def always(ledger: Ledger, spoil: Spoil, *, is_carried_out: bool = True) -> None:
    ledger.fault_of = lambda _: Fault(spoil, is_carried_out)


@pytest.mark.parametrize("spoil", BROKEN + SLOW, ids=name)
def test_a_read_whose_answers_never_come_whole_is_unavailable(stage, thing, job, spoil):
    stage.ledger.add(thing, job)
    always(stage.ledger, spoil)
    before = len(stage.upstream.requests)
    answered = stage.call(describe(thing, job))
    reason = "TIMEOUT" if spoil in SLOW else "CONNECTION"
    assert (answered.code, answered.reason) == (Code.UNAVAILABLE, reason)
    assert answered.failure.retry_delay_seconds is not None
    sent = stage.upstream.requests[before:]
    # The first attempt is spared a connection that lay idle, warm or kept, and whose peer has left.
    was_idle = len(sent) > ATTEMPTS and spoil in BROKEN[:2]
    assert len(sent) == ATTEMPTS + was_idle
    assert answered.metadata["x-gateway-attempts"] == str(len(sent))


@pytest.mark.parametrize("spoil", BROKEN + SLOW, ids=name)
def test_a_read_whose_first_answer_is_lost_is_answered_by_the_second(stage, thing, job, spoil):
    stage.ledger.add(thing, job)
    stage.ledger.next(Fault(spoil))
    answered = stage.call(describe(thing, job))
    assert answered.ok, answered.failure
    assert answered.execution.job_id == job
    assert answered.metadata["x-gateway-attempts"] == "2"


@pytest.mark.parametrize("spoil", UNREADABLE, ids=name)
def test_a_read_whose_answer_is_no_answer_is_internal(stage, thing, job, spoil):
    stage.ledger.add(thing, job)
    always(stage.ledger, spoil)
    answered = stage.call(describe(thing, job))
    assert (answered.code, answered.reason) == (Code.INTERNAL, "MALFORMED_RESPONSE")
    stage.ledger.fault_of = lambda _: None
    assert stage.call(describe(thing, job)).execution.job_id == job


@pytest.mark.parametrize("spoil", FINE, ids=name)
def test_what_http_allows_is_read(stage, thing, job, spoil):
    stage.ledger.add(thing, job)
    always(stage.ledger, spoil)
    answered = stage.call(describe(thing, job))
    assert answered.ok, answered.failure
    assert answered.execution.job_id == job
    assert answered.metadata["x-gateway-attempts"] == "1"


@pytest.mark.parametrize("is_carried_out", [True, False], ids=["carried-out", "lost"])
@pytest.mark.parametrize("spoil", BROKEN + SLOW + UNREADABLE, ids=name)
def test_an_update_that_may_be_applied_twice_is_sent_once(
    stage, thing, job, spoil, is_carried_out
):
    """It expects no version and ends nothing, so nothing could tell a repetition from the first."""
    execution = stage.ledger.add(thing, job)
    always(stage.ledger, spoil, is_carried_out=is_carried_out)
    before = len(stage.upstream.requests)
    answered = stage.call(update(thing, job))
    assert (answered.code, answered.reason) == (Code.UNKNOWN, "OUTCOME_UNKNOWN")
    assert answered.failure.pushback_milliseconds == -1
    assert answered.failure.retry_delay_seconds is None
    sent = [request.method for request in stage.upstream.requests[before:]]
    assert sent.count("POST") == 1
    assert len(execution.applied) == is_carried_out


@pytest.mark.parametrize("spoil", FINE, ids=name)
def test_an_update_answered_as_http_allows_is_applied_once(stage, thing, job, spoil):
    execution = stage.ledger.add(thing, job)
    always(stage.ledger, spoil)
    assert stage.call(update(thing, job)).ok
    assert execution.applied == ["IN_PROGRESS"]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_never_followed(stage, thing, job, status):
    """The signature would go to whoever the answer names."""
    stage.ledger.add(thing, job)
    with Upstream() as elsewhere:
        always(stage.ledger, faults.status(status, Location=f"{elsewhere.url}/"))
        assert stage.call(describe(thing, job)).code == Code.INTERNAL
        always(stage.ledger, faults.status(status, Location="/things/other/jobs"))
        assert stage.call(describe(thing, job)).code == Code.INTERNAL
        assert elsewhere.requests == []
    assert all("other" not in request.target for request in stage.upstream.requests)


def test_bytes_behind_an_answer_are_nobodys_answer(stage, thing, job):
    """A second answer that nobody asked for must not become that of the next call."""
    stage.ledger.add(thing, job)
    stage.ledger.add(thing, f"{job}-b")
    forged = Answer.json({"execution": {"jobId": "forged", "thingName": thing}})

    def twice(answer: Answer) -> Answer:
        answer.headers["Content-Length"] = str(len(answer.body))
        answer.body += forged.spelled
        return answer

    always(stage.ledger, twice)
    for name in (job, f"{job}-b") * 5:
        answered = stage.call(describe(thing, name))
        assert not answered.ok or answered.execution.job_id == name


def test_connections_that_close_as_they_are_reused_cost_no_call(stage, thing, job):
    execution = stage.ledger.add(thing, job)

    def hang_up_on_second(request):
        return Fault(faults.closed_before_headers, False) if request.turn > 1 else None

    stage.ledger.fault_of = hang_up_on_second
    for _ in range(5):
        assert stage.call(describe(thing, job)).ok
        assert stage.call(pending(thing)).ok
    for version in range(1, 6):
        # With the version it expects, an update may safely be sent again.
        answered = stage.call(update(thing, job, expected_version=version))
        assert answered.ok, answered.failure
        assert execution.version == version + 1


def test_start_next_is_repeated_and_starts_one_job(stage, thing, job):
    first, second = stage.ledger.add(thing, job), stage.ledger.add(thing, f"{job}-b")
    stage.ledger.next(Fault(faults.cut_in_body), Fault(faults.reset_before_headers))
    answered = stage.call(start_next(thing))
    assert answered.execution.job_id == job
    assert (len(first.applied), len(second.applied)) == (1, 0)
    assert answered.metadata["x-gateway-attempts"] == "3"
