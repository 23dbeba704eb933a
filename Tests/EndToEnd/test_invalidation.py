# SPDX-License-Identifier: Apache-2.0
"""What a write does to the reads of its thing, one interleaving at a time: those that are stored,
those that are under way. The rule as a whole is checked in test_coherence.py."""

from __future__ import annotations

import threading

import pytest

from callers import Answered, calling, describe, ended, pending, start_next, update
from metrics import scrape
from program import Gateway, eventually
from upstream import Answer, Received, Upstream

# What is stored would be served for far longer than a test runs.
KEPT = {"cache_bytes": 1_000_000, "describe_ttl": "10m", "pending_ttl": "10m"}


class Held:
    """An AWS of one execution. Its reads tell the version of when they came, and wait."""

    def __init__(self, upstream: Upstream):
        self.version = 1
        self.gates: list[threading.Event] = []
        self.open = True
        self.write_answer: Answer | None = None
        upstream.respond = self.respond

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


@pytest.fixture(scope="module")
def aws_in_python():
    with Upstream() as server:
        yield server


@pytest.fixture(scope="module")
def gateway(aws_in_python):
    """One for the tests that need no settings of their own: each has a thing of its own."""
    with Gateway(aws_in_python.url, "--threads", "2", policy=KEPT) as program:
        yield program


@pytest.fixture
def call(gateway):
    with calling(gateway) as caller:
        yield caller


@pytest.fixture
def held(aws_in_python):
    aws_in_python.requests.clear()
    aws = Held(aws_in_python)
    yield aws
    for gate in aws.gates:
        gate.set()


READS = [describe("t", "j"), describe("t", "$next"), describe("t", "j", execution_number=1)]
READS += [pending("t")]
WRITES = [update("t", "j"), update("t", "j", "SUCCEEDED"), start_next("t")]


def of(thing: str, request):
    """The same request for another thing."""
    copy = type(request)()
    copy.CopyFrom(request)
    copy.thing_name = thing
    return copy


@pytest.fixture(params=READS, ids=lambda request: name(request))
def read(request, thing):
    return of(thing, request.param)


@pytest.fixture(params=WRITES, ids=lambda request: name(request))
def write(request, thing):
    return of(thing, request.param)


def version(answered: Answered) -> int:
    if hasattr(answered.message, "in_progress_jobs"):
        return answered.message.in_progress_jobs[0].version_number
    return answered.execution.version_number


def name(request) -> str:
    return f"{type(request).__name__}-{getattr(request, 'job_id', '')}"


def test_a_write_ends_what_is_stored_of_its_thing_and_of_no_other(call, held, thing, read, write):
    other = of(f"{thing}-other", read)
    assert [version(call(one)) for one in (read, other)] == [1, 1]
    assert call(write).ok
    after = call(read)
    assert (after.cache, version(after)) == ("miss", 2)
    assert (call(other).cache, call(read).cache) == ("hit", "hit")


def test_a_read_that_began_before_a_write_is_neither_joined_nor_stored(gateway, held, thing, read):
    with calling(gateway) as call, calling(gateway) as other:
        held.open = False
        early = call.begin(read)
        assert eventually(lambda: len(held.gates) == 1)
        assert other(update(thing, "j")).ok
        late = call.begin(read)
        assert eventually(lambda: len(held.gates) == 2)
        # The late one ends first, and is what is stored.
        held.gates[1].set()
        assert version(ended(late)) == 2
        held.gates[0].set()
        assert version(ended(early)) == 1
        served = call(read)
        assert (served.cache, version(served)) == ("hit", 2)


def test_a_read_that_ends_after_a_write_that_it_began_before_is_not_stored(
    call, held, thing, read
):
    held.open = False
    early = call.begin(read)
    assert eventually(lambda: len(held.gates) == 1)
    assert call(update(thing, "j")).ok
    held.gates[0].set()
    assert version(ended(early)) == 1
    held.open = True
    served = call(read)
    assert (served.cache, version(served)) == ("miss", 2)


@pytest.mark.parametrize("ends", ["before", "after"])
def test_a_read_that_began_during_a_write_is_gone_with_its_acknowledgement(
    call, aws_in_python, held, thing, read, ends
):
    """It was sent before AWS had applied the write, which nobody here can tell."""
    acknowledgement = threading.Event()
    held.gates.append(acknowledgement)
    held.write_answer = Answer(gate=acknowledgement)
    write = call.begin(update(thing, "j"))
    assert eventually(lambda: len(aws_in_python.requests) == 1)
    held.open = ends == "before"
    early = call.begin(read)
    assert eventually(lambda: len(aws_in_python.requests) == 2)
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


def test_a_later_answer_is_not_replaced_by_an_earlier_one(call, held, thing):
    """Of two reads at once the one that began later is kept, whichever ends last."""
    held.open = False
    early = call.begin(describe(thing, "j"))
    assert eventually(lambda: len(held.gates) == 1)
    held.version = 7
    late = call.begin(describe(thing, "j"), "no-cache")
    assert eventually(lambda: len(held.gates) == 2)
    held.gates[1].set()
    assert version(ended(late)) == 7
    held.gates[0].set()
    assert version(ended(early)) == 1
    assert version(call(describe(thing, "j"))) == 7


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
def test_a_write_that_may_have_happened_counts_as_one(call, held, thing, outcome):
    assert version(call(describe(thing, "j"))) == 1
    held.write_answer = outcome
    held.version = 2
    assert not call(update(thing, "j")).ok
    after = call(describe(thing, "j"))
    assert (after.cache, version(after)) == ("miss", 2)


def test_a_write_whose_caller_left_counts_as_one(call, gateway, aws_in_python, held, thing):
    """Its outcome is nobody's knowledge, but it may have been applied."""
    gate = threading.Event()
    held.gates.append(gate)
    assert version(call(describe(thing, "j"))) == 1
    held.write_answer = Answer(gate=gate)
    left = call.begin(update(thing, "j"))
    assert eventually(lambda: len(aws_in_python.requests) == 2)
    held.version = 2
    left.cancel()
    requests = "iot_jobs_gateway_requests_total"
    assert eventually(lambda: scrape(gateway.admin_url).value(requests, code="CANCELLED") == 1)
    assert version(call(describe(thing, "j"))) == 2


def test_a_write_that_was_refused_here_leaves_what_is_stored(aws_in_python, start, held, thing):
    """It surely changed nothing: a thing that loops does not empty its own cache."""
    policy = {**KEPT, "thing_limit": "enforce", "thing_writes_per_second": 0.01}
    with calling(start(aws_in_python.url, policy={**policy, "thing_write_burst": 1})) as call:
        assert call(update(thing, "j")).ok
        call(describe(thing, "j"))
        assert call(update(thing, "j")).reason == "THING_RATE_LIMITED"
        assert call(describe(thing, "j")).cache == "hit"


def test_an_answer_being_fetched_for_later_is_not_stored_over_a_write(
    aws_in_python, start, held, thing
):
    """Stale-while-revalidate: the fetch in the background is a read like any other."""
    policy = {**KEPT, "describe_ttl": "50ms", "stale_while_revalidate": "10m"}
    with calling(start(aws_in_python.url, policy=policy)) as call:
        assert version(call(describe(thing, "j"))) == 1
        held.open = False

        def is_revalidating() -> bool:
            call(describe(thing, "j"))
            return len(held.gates) == 1

        assert eventually(is_revalidating)
        held.open = True
        assert call(update(thing, "j")).ok
        held.gates[0].set()
        assert version(call(describe(thing, "j"))) == 2
