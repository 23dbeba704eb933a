# SPDX-License-Identifier: Apache-2.0
"""What a write does to the reads of its thing, one interleaving at a time: those that are stored,
those that are under way. The rule as a whole is checked in test_coherence.py."""

from __future__ import annotations

import threading

import pytest

from callers import Answered, calling, describe, ended, pending, start_next, update
from metrics import scrape
from program import eventually
from upstream import Answer, Received

# What is stored would be served for far longer than a test runs.
KEPT = {"cache_bytes": 1_000_000, "describe_ttl": "10m", "pending_ttl": "10m"}


class Held:
    """An AWS of one execution. Its reads tell the version of when they came, and wait."""

    def __init__(self, upstream):
        self.version = 1
        self.gates: list[threading.Event] = []
        self.open = True
        self.write_answer: Answer | None = None
        upstream.respond = self.respond
        self._upstream = upstream

    def respond(self, request: Received) -> Answer:
        if request.method != "GET":
            if self.write_answer:
                return self.write_answer
            self.version += 1
        row = {"jobId": "j", "status": "IN_PROGRESS", "versionNumber": self.version}
        if request.method == "POST":
            return Answer.json({})
        if request.method == "PUT":
            return Answer.json({"execution": row})
        if request.target.partition("?")[0].endswith("/jobs"):
            answer = Answer.json({"inProgressJobs": [row], "queuedJobs": []})
        else:
            answer = Answer.json({"execution": {**row, "jobDocument": "{}"}})
        if not self.open:
            answer.gate = threading.Event()
            self.gates.append(answer.gate)
        return answer

    def reads(self) -> int:
        return sum(request.method == "GET" for request in list(self._upstream.requests))


@pytest.fixture
def held(upstream):
    aws = Held(upstream)
    yield aws
    for gate in aws.gates:
        gate.set()


READS = [describe("t", "j"), describe("t", "$next"), describe("t", "j", execution_number=1)]
READS += [pending("t")]
WRITES = [update("t", "j"), update("t", "j", "SUCCEEDED"), start_next("t")]


def version(answered: Answered) -> int:
    if hasattr(answered.message, "in_progress_jobs"):
        return answered.message.in_progress_jobs[0].version_number
    return answered.execution.version_number


def name(request) -> str:
    return f"{type(request).__name__}-{getattr(request, 'job_id', '')}"


@pytest.mark.parametrize("write", WRITES, ids=name)
@pytest.mark.parametrize("read", READS, ids=name)
def test_a_write_ends_what_is_stored_of_its_thing_and_of_no_other(
    upstream, start, held, read, write
):
    other = type(read)()
    other.CopyFrom(read)
    other.thing_name = "other"
    with calling(start(upstream.url, policy=KEPT)) as call:
        assert [version(call(one)) for one in (read, other)] == [1, 1]
        assert call(write).ok
        after = call(read)
        assert (after.cache, version(after)) == ("miss", 2)
        assert (call(other).cache, call(read).cache) == ("hit", "hit")


@pytest.mark.parametrize("read", READS, ids=name)
def test_a_read_that_began_before_a_write_is_neither_joined_nor_stored(upstream, start, held, read):
    gateway = start(upstream.url, "--threads", "2", policy=KEPT)
    with calling(gateway) as call, calling(gateway) as other:
        held.open = False
        early = call.begin(read)
        assert eventually(lambda: len(held.gates) == 1)
        assert other(update("t", "j")).ok
        late = call.begin(read)
        assert eventually(lambda: len(held.gates) == 2)
        # The late one ends first, and is what is stored.
        held.gates[1].set()
        assert version(ended(late)) == 2
        held.gates[0].set()
        assert version(ended(early)) == 1
        served = call(read)
        assert (served.cache, version(served)) == ("hit", 2)


@pytest.mark.parametrize("read", READS, ids=name)
def test_a_read_that_ends_after_a_write_that_it_began_before_is_not_stored(
    upstream, start, held, read
):
    with calling(start(upstream.url, policy=KEPT)) as call:
        held.open = False
        early = call.begin(read)
        assert eventually(lambda: len(held.gates) == 1)
        assert call(update("t", "j")).ok
        held.gates[0].set()
        assert version(ended(early)) == 1
        held.open = True
        served = call(read)
        assert (served.cache, version(served)) == ("miss", 2)


@pytest.mark.parametrize("ends", ["before", "after"])
@pytest.mark.parametrize("read", READS, ids=name)
def test_a_read_that_began_during_a_write_is_gone_with_its_acknowledgement(
    upstream, start, held, read, ends
):
    """It was sent before AWS had applied the write, which nobody here can tell."""
    acknowledgement = threading.Event()
    held.gates.append(acknowledgement)
    held.write_answer = Answer(gate=acknowledgement)
    with calling(start(upstream.url, policy=KEPT)) as call:
        write = call.begin(update("t", "j"))
        assert eventually(lambda: len(upstream.requests) == 1)
        held.open = ends == "before"
        early = call.begin(read)
        assert eventually(lambda: len(upstream.requests) == 2)
        if ends == "before":
            assert version(ended(early)) == 1
            assert call(read).cache == "hit"
        held.version, held.open = 2, True
        acknowledgement.set()
        assert ended(write).ok
        after = call(read)
        assert (after.cache, version(after)) == ("miss", 2)
        held.gates[-1].set()
        assert version(ended(early)) == 1
        assert version(call(read)) == 2


def test_a_later_answer_is_not_replaced_by_an_earlier_one(upstream, start, held):
    """Of two reads at once the one that began later is kept, whichever ends last."""
    with calling(start(upstream.url, policy=KEPT)) as call:
        held.open = False
        early = call.begin(describe("t", "j"))
        assert eventually(lambda: len(held.gates) == 1)
        held.version = 7
        late = call.begin(describe("t", "j"), "no-cache")
        assert eventually(lambda: len(held.gates) == 2)
        held.gates[1].set()
        assert version(ended(late)) == 7
        held.gates[0].set()
        assert version(ended(early)) == 1
        assert version(call(describe("t", "j"))) == 7


@pytest.mark.parametrize(
    "outcome",
    [
        Answer(instead="close"),
        Answer(cut_after=20),
        Answer.error("InternalFailure", 500),
        Answer.error("InvalidStateTransitionException", 409),
        Answer(body=b"<html>"),
    ],
    ids=["closed", "cut", "500", "409", "unreadable"],
)
def test_a_write_that_may_have_happened_counts_as_one(upstream, start, held, outcome):
    with calling(start(upstream.url, policy=KEPT)) as call:
        assert version(call(describe("t", "j"))) == 1
        held.write_answer = outcome
        held.version = 2
        assert not call(update("t", "j")).ok
        after = call(describe("t", "j"))
        assert (after.cache, version(after)) == ("miss", 2)


def test_a_write_whose_caller_left_counts_as_one(upstream, start, held):
    """Its outcome is nobody's knowledge, but it may have been applied."""
    gateway = start(upstream.url, policy=KEPT)
    gate = threading.Event()
    held.gates.append(gate)
    with calling(gateway) as call:
        assert version(call(describe("t", "j"))) == 1
        held.write_answer = Answer(gate=gate)
        left = call.begin(update("t", "j"))
        assert eventually(lambda: len(upstream.requests) == 2)
        held.version = 2
        left.cancel()
        requests = "iot_jobs_gateway_requests_total"
        assert eventually(lambda: scrape(gateway.admin_url).value(requests, code="CANCELLED") == 1)
        assert version(call(describe("t", "j"))) == 2


def test_a_write_that_was_refused_here_leaves_what_is_stored(upstream, start, held):
    """It surely changed nothing: a thing that loops does not empty its own cache."""
    policy = {**KEPT, "thing_limit": "enforce", "thing_writes_per_second": 0.01}
    with calling(start(upstream.url, policy={**policy, "thing_write_burst": 1})) as call:
        assert call(update("t", "j")).ok
        call(describe("t", "j"))
        assert call(update("t", "j")).reason == "THING_RATE_LIMITED"
        assert call(describe("t", "j")).cache == "hit"


def test_an_answer_being_fetched_for_later_is_not_stored_over_a_write(upstream, start, held):
    """Stale-while-revalidate: the fetch in the background is a read like any other."""
    policy = {**KEPT, "describe_ttl": "50ms", "stale_while_revalidate": "10m"}
    with calling(start(upstream.url, policy=policy)) as call:
        assert version(call(describe("t", "j"))) == 1
        held.open = False

        def is_revalidating() -> bool:
            call(describe("t", "j"))
            return len(held.gates) == 1

        assert eventually(is_revalidating)
        held.open = True
        assert call(update("t", "j")).ok
        held.gates[0].set()
        assert version(call(describe("t", "j"))) == 2
