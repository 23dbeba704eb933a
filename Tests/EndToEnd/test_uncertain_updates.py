# SPDX-License-Identifier: Apache-2.0
"""Updates of which nobody saw the end: each is found out about, and none is applied twice."""

from __future__ import annotations

import concurrent.futures
import random

import grpc
import pytest

import faults
from callers import Answered, Caller, calling, update
from failures import AWS, HERE
from http_server import Received
from ledger import Execution, Fault, Ledger
from metrics import scrape
from program import RETRIES, Gateway, eventually
from stubs import pb
from upstream import Upstream

Code = grpc.StatusCode

# The update was carried out, its answer never came.
LOST_ANSWER = Fault(faults.reset_before_headers)
# The update never got there, which nobody can tell from the above.
LOST_REQUEST = Fault(faults.reset_before_headers, is_carried_out=False)


class Stage:
    def __init__(self, gateway: Gateway, upstream: Upstream, ledger: Ledger, call: Caller):
        self.gateway = gateway
        self.upstream = upstream
        self.ledger = ledger
        self.call = call

    def sent(self, thing: str, method: str) -> int:
        name = thing.replace(":", "%3A")
        return sum(
            request.method == method and f"/things/{name}/" in request.target
            for request in self.upstream.requests
        )


@pytest.fixture(scope="module")
def stage():
    ledger = Ledger()
    with Upstream(ledger) as upstream:
        with Gateway(upstream.url, policy=RETRIES) as gateway, calling(gateway) as call:
            yield Stage(gateway, upstream, ledger, call)


@pytest.fixture
def execution(stage, thing, job) -> Execution:
    return stage.ledger.add(thing, job)


def ours(execution: Execution, status: str = "IN_PROGRESS", **members: object):
    members.setdefault("status_details", {"by": "us"})
    return update(execution.thing, execution.job, status, **members)


def replayed(answered: Answered) -> bool:
    text = answered.metadata.get("x-gateway-replayed")
    assert text in (None, "true")
    return text == "true"


def current(answered: Answered) -> pb.JobExecutionState:
    """The execution's state in the details of a failure."""
    state = answered.failure.detail(pb.JobExecutionState)
    assert state is not None, answered.failure
    return state


def is_unknown(answered: Answered) -> bool:
    assert (answered.code, answered.reason) == (Code.UNKNOWN, "OUTCOME_UNKNOWN"), answered
    assert answered.failure.info.domain == HERE or answered.failure.info.domain == AWS
    assert answered.failure.pushback_milliseconds == -1
    assert answered.failure.retry_delay_seconds is None
    return True


@pytest.mark.parametrize("status", ["IN_PROGRESS", "SUCCEEDED", "FAILED"])
def test_our_own_update_that_was_applied_is_a_success(stage, execution, status):
    stage.ledger.next(LOST_ANSWER)
    answered = stage.call(ours(execution, status, expected_version=1))
    assert answered.ok, answered.failure
    assert replayed(answered)
    assert execution.applied == [status]


@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED", "REJECTED"])
def test_an_end_that_was_applied_is_a_success_without_a_version_too(stage, execution, status):
    stage.ledger.next(LOST_ANSWER)
    answered = stage.call(ours(execution, status))
    assert answered.ok, answered.failure
    assert replayed(answered)
    assert execution.applied == [status]


def test_the_state_that_was_asked_for_comes_with_a_success_found_out(stage, execution):
    stage.ledger.next(LOST_ANSWER)
    request = ours(execution, expected_version=1, include_job_execution_state=True)
    answered = stage.call(request)
    assert answered.ok and replayed(answered)
    state = answered.message.execution_state
    assert (state.version_number, dict(state.status_details)) == (2, {"by": "us"})


@pytest.mark.parametrize(
    "spoil",
    [
        faults.reset_before_headers,
        faults.cut_in_headers,
        faults.cut_in_body,
        faults.status(500),
        faults.status(502),
        faults.status(504),
    ],
    ids=["reset", "cut-in-headers", "cut-in-body", "500", "502", "504"],
)
def test_an_update_that_never_got_there_is_applied_by_its_repetition(stage, execution, spoil):
    stage.ledger.next(Fault(spoil, is_carried_out=False))
    answered = stage.call(ours(execution, expected_version=1))
    assert answered.ok, answered.failure
    assert not replayed(answered)
    assert execution.applied == ["IN_PROGRESS"]
    assert answered.metadata["x-gateway-attempts"] == "2"


def test_another_writers_version_is_aborted_and_shown(stage, execution):
    def another_wins(_: Received) -> Fault | None:
        if execution.version == 1:
            execution.move("IN_PROGRESS", {"by": "another"})
            return LOST_REQUEST
        return None

    stage.ledger.fault_of = another_wins
    answered = stage.call(ours(execution, expected_version=1))
    stage.ledger.fault_of = lambda _: None
    assert (answered.code, answered.reason) == (Code.ABORTED, "VERSION_MISMATCH")
    assert current(answered).version_number == 2
    assert dict(current(answered).status_details) == {"by": "another"}
    assert execution.details == {"by": "another"}


def test_another_writers_end_is_a_failed_precondition(stage, execution):
    def another_wins(_: Received) -> Fault | None:
        if execution.version == 1:
            execution.move("FAILED", {"by": "another"})
            return LOST_REQUEST
        return None

    stage.ledger.fault_of = another_wins
    answered = stage.call(ours(execution, "SUCCEEDED"))
    stage.ledger.fault_of = lambda _: None
    assert answered.code == Code.FAILED_PRECONDITION
    assert answered.reason == "INVALID_STATE_TRANSITION"
    assert execution.applied == ["FAILED"]


def test_an_update_overtaken_by_another_is_no_failure_that_was_not_seen(stage, execution):
    """Applied, its answer lost, and then another's: a version further on tells nothing of ours."""
    stage.ledger.next(LOST_ANSWER)
    stage.ledger.meanwhile = lambda one: one.applied == ["IN_PROGRESS"] and one.move(
        "IN_PROGRESS", {"by": "another"}
    )
    answered = stage.call(ours(execution, expected_version=1))
    stage.ledger.meanwhile = lambda _: None
    assert answered.code in (Code.ABORTED, Code.UNKNOWN)
    assert execution.applied == ["IN_PROGRESS", "IN_PROGRESS"]
    assert execution.details == {"by": "another"}


@pytest.mark.parametrize("status", ["IN_PROGRESS", "SUCCEEDED"])
def test_a_mismatch_without_a_state_is_settled_by_one_describe(stage, execution, status):
    stage.ledger.next(LOST_ANSWER, Fault(faults.refusal("VersionMismatch", 409), False))
    answered = stage.call(ours(execution, status, expected_version=1))
    assert answered.ok, answered.failure
    assert replayed(answered)
    assert stage.sent(execution.thing, "GET") == 1
    assert execution.applied == [status]


@pytest.mark.parametrize(
    "described",
    [
        faults.refusal("TerminalStateException", 410),
        faults.refusal("ResourceNotFoundException", 404),
        faults.refusal("AccessDeniedException", 403),
        faults.half_json,
    ],
    ids=["gone", "not-found", "forbidden", "unreadable"],
)
def test_what_a_describe_does_not_settle_is_unknown(stage, execution, described):
    mismatch = Fault(faults.refusal("VersionMismatch", 409), False)
    stage.ledger.next(LOST_ANSWER, mismatch, Fault(described), Fault(described), Fault(described))
    assert is_unknown(stage.call(ours(execution, expected_version=1)))
    assert execution.applied == ["IN_PROGRESS"]
    stage.ledger.forget_faults()


@pytest.mark.parametrize("status", ["IN_PROGRESS", "SUCCEEDED"])
def test_when_nothing_gets_through_the_outcome_is_unknown(stage, execution, status):
    stage.ledger.fault_of = lambda _: LOST_ANSWER
    answered = stage.call(ours(execution, status, expected_version=1))
    stage.ledger.fault_of = lambda _: None
    assert is_unknown(answered)
    assert execution.applied == [status]
    assert 2 <= stage.sent(execution.thing, "POST") <= 3


def test_throttled_and_unavailable_updates_are_repeated_freely(stage, execution):
    """AWS refused them before its logic: they surely were not applied."""
    throttled = Fault(faults.refusal("ThrottlingException", 429), False)
    unavailable = Fault(faults.refusal("ServiceUnavailableException", 503), False)
    stage.ledger.next(unavailable, throttled)
    answered = stage.call(ours(execution))
    assert answered.ok, answered.failure
    assert not replayed(answered)
    assert answered.metadata["x-gateway-attempts"] == "3"
    assert execution.applied == ["IN_PROGRESS"]


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (faults.refusal("ServiceUnavailableException", 503), Code.UNAVAILABLE),
        (faults.refusal("ThrottlingException", 429), Code.RESOURCE_EXHAUSTED),
    ],
    ids=["unavailable", "throttled"],
)
def test_a_refusal_after_a_lost_answer_does_not_say_that_nothing_happened(
    stage, execution, spoil, code
):
    """UNAVAILABLE on a write means: surely not applied. After a lost answer nobody knows."""
    stage.ledger.next(LOST_ANSWER)
    stage.ledger.fault_of = lambda _: Fault(spoil, False)
    answered = stage.call(ours(execution, expected_version=1))
    stage.ledger.fault_of = lambda _: None
    assert is_unknown(answered)
    # Where no answer was lost, the same refusals do say so.
    stage.ledger.fault_of = lambda _: Fault(spoil, False)
    answered = stage.call(ours(execution, expected_version=2))
    stage.ledger.fault_of = lambda _: None
    assert answered.code == code
    assert execution.applied == ["IN_PROGRESS"]


def test_a_deadline_that_passes_says_that_the_write_may_have_happened(stage, execution):
    stage.ledger.fault_of = lambda _: Fault(faults.no_answer)
    answered = stage.call(ours(execution, expected_version=1), timeout=0.5)
    stage.ledger.fault_of = lambda _: None
    assert answered.code == Code.DEADLINE_EXCEEDED
    assert execution.applied == ["IN_PROGRESS"]


def test_a_call_that_went_well_carries_no_replayed(stage, execution):
    answered = stage.call(ours(execution, expected_version=1))
    assert answered.ok
    assert not replayed(answered)
    assert answered.metadata["x-gateway-attempts"] == "1"


def test_a_mismatch_at_first_sight_is_never_ours(stage, execution):
    """The very state that was sent, but nothing of this call was lost: somebody else wrote it."""
    execution.move("IN_PROGRESS", {"by": "us"})
    answered = stage.call(ours(execution, expected_version=1))
    assert (answered.code, answered.reason) == (Code.ABORTED, "VERSION_MISMATCH")
    assert not replayed(answered)


SPOILS = [
    faults.reset_before_headers,
    faults.cut_in_headers,
    faults.cut_in_body,
    faults.status(500),
    faults.status(503),
    faults.half_json,
    faults.refusal("ThrottlingException", 429),
]


def test_no_update_is_lost_or_applied_twice_under_all_faults_at_once(start):
    """Writers race for the same executions while a third of all requests goes wrong."""
    dice = random.Random(4)
    ledger = Ledger()
    carried_out: list[tuple[str, str]] = []

    def note(execution: Execution) -> None:
        carried_out.append((execution.job, execution.details["write"]))

    def trouble(_: Received) -> Fault | None:
        if dice.random() > 0.3:
            return None
        spoil = dice.choice(SPOILS)
        refuses = spoil in SPOILS[4:5] + SPOILS[6:]
        return Fault(spoil, is_carried_out=not refuses and dice.random() < 0.5)

    ledger.meanwhile = note
    ledger.fault_of = trouble
    jobs = [ledger.add("racing", f"job-{number}") for number in range(8)]
    told: dict[str, Answered] = {}
    with Upstream(ledger) as upstream:
        gateway = start(upstream.url, policy=RETRIES)

        def write(number: int) -> None:
            execution = jobs[number % len(jobs)]
            # What a careful writer does: look, then write what is expected.
            request = update(
                execution.thing,
                execution.job,
                expected_version=execution.version,
                status_details={"write": str(number)},
            )
            with calling(gateway) as call:
                told[str(number)] = call(request)

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(write, range(160)))
        level = "iot_jobs_gateway_upstream_connections"
        assert eventually(lambda: scrape(gateway.admin_url).value(level, state="active") == 0)
    writes = [write for _, write in carried_out]
    assert len(writes) == len(set(writes)), "applied twice"
    for execution in jobs:
        assert execution.version == 1 + sum(job == execution.job for job, _ in carried_out)
    for number, answered in told.items():
        if answered.ok:
            assert number in writes, "a success that was not seen"
        elif answered.code in (Code.UNAVAILABLE, Code.RESOURCE_EXHAUSTED, Code.ABORTED):
            # ABORTED comes without a state where the refusal itself came garbled.
            assert number not in writes, f"{answered.failure} of a write that was applied"
        else:
            assert is_unknown(answered)
    codes = {answered.code for answered in told.values()}
    assert Code.OK in codes and Code.ABORTED in codes
    assert any(replayed(answered) for answered in told.values() if answered.ok)
