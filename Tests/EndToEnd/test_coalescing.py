# SPDX-License-Identifier: Apache-2.0
"""Equal reads at the same time share one call to AWS, and nothing else: each caller has its own
deadline, and may leave."""

from __future__ import annotations

import asyncio
import collections
import shutil
import threading

import grpc
import pytest

import load
from callers import calling, describe, ended, many_calling, pending
from metrics import scrape
from program import Gateway, eventually
from upstream import Answer

Code = grpc.StatusCode
PREFIX = "iot_jobs_gateway"
CROWD, CONNECTIONS = 1_000, 8


FOUND = {"execution": {"jobId": "j", "status": "QUEUED", "jobDocument": "{}"}}


@pytest.fixture
def gate(upstream):
    """Holds AWS's answers back until it is set."""
    event = threading.Event()

    def found(request) -> Answer:
        answer = Answer.json(FOUND)
        answer.gate = event
        return answer

    upstream.respond = found
    yield event
    event.set()


@pytest.fixture
def gateway(upstream, start):
    """Only equal reads in flight share a call: nothing is stored, nobody is limited."""
    return start(upstream.url)


@pytest.fixture
def call(gateway):
    with calling(gateway) as caller:
        yield caller


def in_flight(gateway: Gateway) -> float:
    return scrape(gateway.admin_url).value(f"{PREFIX}_requests_in_flight")


def shared(gateway: Gateway, result: str) -> float:
    return scrape(gateway.admin_url).value(f"{PREFIX}_cache_requests_total", result=result)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("policy", [None, {}], ids=["defaults", "no policy"])
def test_a_thousand_callers_of_one_describe_cause_one_call(upstream, start, gate, policy, threads):
    gateway = start(upstream.url, "--threads", str(threads), policy=policy)

    async def crowd() -> list:
        async with many_calling(gateway, CONNECTIONS) as call:
            calls = [asyncio.create_task(call(describe("t", "j"))) for _ in range(CROWD)]
            while await asyncio.to_thread(in_flight, gateway) < CROWD:
                await asyncio.sleep(0.01)
            gate.set()
            return await asyncio.gather(*calls)

    answers = asyncio.run(crowd())
    assert {one.code for one in answers} == {Code.OK}
    assert {one.execution.job_document for one in answers} == {"{}"}
    assert len(upstream.requests) == 1
    outcomes = collections.Counter(one.cache for one in answers)
    assert outcomes == {"miss": 1, "coalesced": CROWD - 1}
    assert shared(gateway, "coalesced") == CROWD - 1
    assert sum(one.metadata["x-gateway-attempts"] == "1" for one in answers) >= 1


@pytest.mark.skipif(not shutil.which("h2load"), reason="h2load is not installed")
def test_h2load_storms_in_and_aws_hears_one_call(upstream, start, gate, tmp_path):
    gateway = start(upstream.url, "--threads", "2", policy=None)
    opener = threading.Thread(
        target=lambda: eventually(lambda: in_flight(gateway) == CROWD) and gate.set()
    )
    opener.start()
    done = load.run(
        gateway.address,
        "DescribeJobExecution",
        describe("t", "j"),
        calls=CROWD,
        connections=CONNECTIONS,
        streams=CROWD // CONNECTIONS,
        folder=tmp_path,
    )
    opener.join()
    assert (done.succeeded, done.failed) == (CROWD, 0)
    requests = f"{PREFIX}_requests_total"
    seen = scrape(gateway.admin_url)
    assert seen.value(requests, method="DescribeJobExecution", code="OK") == CROWD
    assert len(upstream.requests) == 1


def test_equal_lists_share_a_call_too(upstream, gateway, call, gate):
    calls = [call.begin(pending("t")) for _ in range(50)]
    assert eventually(lambda: in_flight(gateway) == 50)
    gate.set()
    answers = [ended(one) for one in calls]
    assert all(one.ok for one in answers)
    assert len(upstream.requests) == 1
    assert collections.Counter(one.cache for one in answers) == {"miss": 1, "coalesced": 49}


def test_what_differs_is_asked_for_apart(upstream, gateway, call, gate):
    requests = [
        describe("t", "j"),
        describe("u", "j"),
        describe("t", "k"),
        describe("t", "$next"),
        describe("t", "j", execution_number=1),
        pending("t"),
        pending("u"),
    ]
    calls = [call.begin(request) for request in requests * 2]
    assert eventually(lambda: in_flight(gateway) == 14)
    assert eventually(lambda: len(upstream.requests) == 7)
    gate.set()
    assert [ended(one).code for one in calls] == [Code.OK] * 14
    assert len(upstream.requests) == 7


def test_who_needs_no_document_joins_who_does_and_not_the_other_way(upstream, gateway, call, gate):
    whole = call.begin(describe("t", "j"))
    assert eventually(lambda: len(upstream.requests) == 1)
    bare = call.begin(describe("t", "j", include_job_document=False))
    assert eventually(lambda: in_flight(gateway) == 2)
    other_bare = call.begin(describe("u", "j", include_job_document=False))
    assert eventually(lambda: len(upstream.requests) == 2)
    other_whole = call.begin(describe("u", "j"))
    assert eventually(lambda: len(upstream.requests) == 3)
    gate.set()
    assert ended(whole).execution.job_document == "{}"
    assert not ended(bare).execution.HasField("job_document")
    assert not ended(other_bare).execution.HasField("job_document")
    assert ended(other_whole).execution.job_document == "{}"
    assert len(upstream.requests) == 3


def test_who_insists_on_aws_joins_nobody(upstream, gateway, call, gate):
    first = call.begin(describe("t", "j"))
    assert eventually(lambda: len(upstream.requests) == 1)
    insisting = call.begin(describe("t", "j"), "no-cache")
    assert eventually(lambda: len(upstream.requests) == 2)
    # The later call may be joined: it began after whatever its joiner has seen.
    joining = call.begin(describe("t", "j"))
    assert eventually(lambda: in_flight(gateway) == 3)
    gate.set()
    outcomes = [ended(one).cache for one in (first, insisting, joining)]
    assert outcomes == ["miss", "bypass", "coalesced"]
    assert len(upstream.requests) == 2


def test_a_followers_deadline_is_its_own(upstream, gateway, call, gate):
    leader = call.begin(describe("t", "j"))
    assert eventually(lambda: len(upstream.requests) == 1)
    assert call(describe("t", "j"), timeout=0.2).code == Code.DEADLINE_EXCEEDED
    patient = call.begin(describe("t", "j"))
    assert eventually(lambda: in_flight(gateway) == 2)
    gate.set()
    assert ended(leader).cache == "miss" and ended(patient).cache == "coalesced"
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("leaves", ["cancelled", "deadline"])
def test_the_leader_may_leave_and_the_others_are_answered(upstream, gateway, call, gate, leaves):
    leader = call.begin(describe("t", "j"), timeout=30 if leaves == "cancelled" else 0.5)
    assert eventually(lambda: len(upstream.requests) == 1)
    followers = [call.begin(describe("t", "j")) for _ in range(20)]
    assert eventually(lambda: in_flight(gateway) >= 20)
    if leaves == "cancelled":
        assert eventually(lambda: in_flight(gateway) == 21)
        leader.cancel()
    assert eventually(lambda: leader.done() and in_flight(gateway) == 20)
    gate.set()
    assert {ended(one).code for one in followers} == {Code.OK}
    assert len(upstream.requests) == 1


def test_a_connection_that_breaks_takes_no_others_along(upstream, gateway, gate):
    with calling(gateway) as stays:
        with calling(gateway) as goes:
            leader = goes.begin(describe("t", "j"))
            assert eventually(lambda: len(upstream.requests) == 1)
            follower = stays.begin(describe("t", "j"))
            assert eventually(lambda: in_flight(gateway) == 2)
        assert eventually(lambda: leader.done() and in_flight(gateway) == 1)
        gate.set()
        assert ended(follower).ok
    assert len(upstream.requests) == 1


def test_when_all_have_left_nobody_joins_what_they_left(upstream, gateway, call, gate):
    calls = [call.begin(describe("t", "j")) for _ in range(5)]
    assert eventually(lambda: len(upstream.requests) == 1 and in_flight(gateway) == 5)
    for one in calls:
        one.cancel()
    assert eventually(lambda: in_flight(gateway) == 0)
    late = call.begin(describe("t", "j"))
    assert eventually(lambda: len(upstream.requests) == 2)
    gate.set()
    assert ended(late).cache == "miss"


def test_a_failure_is_shared_and_then_forgotten(upstream, gateway, call, gate):
    found = upstream.respond

    def refuse(request) -> Answer:
        answer = Answer.error("AccessDeniedException", 403)
        answer.gate = gate
        return answer

    upstream.respond = refuse
    calls = [call.begin(describe("t", "j")) for _ in range(30)]
    assert eventually(lambda: in_flight(gateway) == 30)
    gate.set()
    failures = [ended(one) for one in calls]
    assert {one.code for one in failures} == {Code.PERMISSION_DENIED}
    assert {one.reason for one in failures} == {"ACCESS_DENIED"}
    assert len(upstream.requests) == 1
    upstream.respond = found
    again = call(describe("t", "j"))
    assert (again.ok, again.cache, len(upstream.requests)) == (True, "miss", 2)


def test_followers_cost_the_thing_and_the_account_nothing(upstream, start, gate):
    policy = {
        "thing_limit": "enforce",
        "thing_reads_per_second": 0.01,
        "thing_read_burst": 1,
        "account_reads_per_second": 0.01,
        "account_read_burst": 1,
    }
    gateway = start(upstream.url, policy=policy)
    with calling(gateway) as call:
        calls = [call.begin(describe("t", "j")) for _ in range(50)]
        assert eventually(lambda: in_flight(gateway) == 50)
        gate.set()
        assert {ended(one).code for one in calls} == {Code.OK}
    assert scrape(gateway.admin_url).value(f"{PREFIX}_admitted_total", kind="read") == 1


def test_a_refusal_here_is_shared_by_those_who_waited_for_it(upstream, start, gate):
    """A leader that the limit refuses takes its followers along; the next call is asked anew."""
    policy = {
        "thing_limit": "enforce",
        "thing_reads_per_second": 0.01,
        "thing_read_burst": 1,
    }
    gateway = start(upstream.url, policy=policy)
    gate.set()
    with calling(gateway) as call:
        assert call(pending("t")).ok
        calls = [call.begin(describe("t", "j")) for _ in range(20)]
        assert {ended(one).reason for one in calls} == {"THING_RATE_LIMITED"}
    assert len(upstream.requests) == 1
