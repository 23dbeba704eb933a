# SPDX-License-Identifier: Apache-2.0
"""What is known before a start-next is sent: nothing pending needs no write to be told."""

from __future__ import annotations

import contextlib
import time

import pytest

from aws import create_job
from callers import Answered, Caller, calling, describe, pending, start_next, update

# Long enough that no answer grows old by itself during a test.
KEPT = {"cache_bytes": 1_000_000, "describe_ttl": "1m", "pending_ttl": "1m"}


class Idle:
    """A thing with nothing to do, and how often AWS was asked about it."""

    def __init__(self, console, call: Caller, thing: str):
        self.call, self.thing, self._console = call, thing, console
        console.count_from_zero()

    def start(self, control: str | None = None) -> Answered:
        answered = self.call(start_next(self.thing), control)
        assert answered.ok and answered.execution is None
        return answered

    @property
    def reads(self) -> int:
        operations = ("DescribeJobExecution", "GetPendingJobExecutions")
        return sum(self._console.calls(name)["received"] for name in operations)

    @property
    def writes(self) -> int:
        return self._console.calls("StartNextPendingJobExecution")["received"]


@pytest.fixture
def idle(console, iot, thing, job, emulator, start):
    """Idle things behind gateways with one of the three checks."""
    create_job(iot, job, thing)
    iot.cancel_job(jobId=job)

    def make(check: str) -> Idle:
        gateway = start(emulator.url, policy={**KEPT, "start_next_check": check})
        return Idle(console, contexts.enter_context(calling(gateway)), thing)

    with contextlib.ExitStack() as contexts:
        yield make


def test_unchecked_each_start_next_is_sent(idle):
    one = idle("off")
    for _ in range(3):
        one.start()
    assert (one.reads, one.writes) == (0, 3)


@pytest.mark.parametrize("known_by", ["$next", "pending", "start_next"])
def test_a_stored_nothing_saves_the_write(idle, known_by):
    one = idle("stored")
    match known_by:
        case "$next":
            assert one.call(describe(one.thing, "$next")).execution is None
        case "pending":
            assert not one.call(pending(one.thing)).message.queued_jobs
        case "start_next":
            one.start()
    before = (one.reads, one.writes)
    for _ in range(3):
        assert one.start().cache == "hit"
    assert (one.reads, one.writes) == before
    # Who insists is heard.
    one.start("no-cache")
    assert one.writes == before[1] + 1


def test_without_anything_stored_the_write_is_sent(idle):
    one = idle("stored")
    one.start()
    assert (one.reads, one.writes) == (0, 1)


def test_reading_first_saves_the_write(idle):
    one = idle("read")
    for _ in range(3):
        one.start()
    assert (one.reads, one.writes) == (1, 0)
    one.start("no-cache")
    assert (one.reads, one.writes) == (1, 1)


@pytest.mark.parametrize("check", ["off", "stored", "read"])
def test_what_is_pending_is_started_and_known_from_then_on(
    emulator, start, console, iot, thing, job, check
):
    create_job(iot, job, thing)
    gateway = start(emulator.url, policy={**KEPT, "start_next_check": check})
    with calling(gateway) as call:
        queued = call(describe(thing, "$next")).execution
        assert queued.status_text == "QUEUED"
        started = call(start_next(thing)).execution
        assert (started.job_id, started.status_text) == (job, "IN_PROGRESS")
        assert call(describe(thing, "$next")).execution.status_text == "IN_PROGRESS"
        assert call(describe(thing, job)).execution.version_number == started.version_number
        assert [row.job_id for row in call(pending(thing)).message.in_progress_jobs] == [job]
        assert call(update(thing, job, "SUCCEEDED")).ok
        assert call(describe(thing, "$next")).execution is None
        assert call(describe(thing, job)).reason == "TERMINAL_STATE"
        assert not call(pending(thing)).message.in_progress_jobs
    assert console.calls("StartNextPendingJobExecution")["received"] == 1


def test_a_nothing_that_is_old_does_not_hide_a_new_job(emulator, start, iot, thing, job):
    create_job(iot, f"{job}-before", thing)
    iot.cancel_job(jobId=f"{job}-before")
    policy = {**KEPT, "describe_ttl": "50ms", "start_next_check": "stored"}
    with calling(start(emulator.url, policy=policy)) as call:
        assert call(start_next(thing)).execution is None
        create_job(iot, job, thing)
        time.sleep(0.1)
        assert call(start_next(thing)).execution.job_id == job
