# SPDX-License-Identifier: Apache-2.0
"""After a caller saw its write acknowledged, no call through the gateway tells of an older state.

The rule is checked on histories: writers and readers run at once over several connections, each
call is recorded with its beginning and its end, and every answer is compared with what had been
acknowledged when its call began.
"""

from __future__ import annotations

import asyncio
import dataclasses
import math

import pytest

from aws import create_job
from callers import (
    Answered,
    ManyCallers,
    calling,
    describe,
    many_calling,
    pending,
    start_next,
    update,
)
from program import Gateway

CONNECTIONS = 4

# What is stored would be served for far longer than a test runs.
KEPT = {
    "cache_bytes": 1_000_000,
    "describe_ttl": "10m",
    "describe_terminal_ttl": "10m",
    "describe_not_found_ttl": "10m",
    "pending_ttl": "10m",
    "start_next_check": "stored",
}
# Neither is any caller held up, nor are the layers below the cache left out.
LIMITED = {
    "thing_limit": "enforce",
    **{f"thing_{kind}s_per_second": 100_000 for kind in ("read", "write")},
    **{f"thing_{kind}_burst": 100_000 for kind in ("read", "write")},
    **{f"account_{kind}s_per_second": 100_000 for kind in ("read", "write")},
    **{f"account_{kind}_burst": 100_000 for kind in ("read", "write")},
}

QUIET: dict[str, object] = {"latencyJitterMilliseconds": 5}
FAULTY: dict[str, object] = {
    "seed": 11,
    "latencyJitterMilliseconds": 10,
    "errorRate": 0.05,
    "dropBeforeRate": 0.05,
    "dropAfterRate": 0.05,
    "truncateRate": 0.05,
}

# A place in the life of one thing: the job at hand, and its version. Jobs are done in order.
Place = tuple[int, float]
ENDED = math.inf


@dataclasses.dataclass
class Sighting:
    """What a read told of a thing, and what had been acknowledged when it began."""

    told: Place
    acknowledged: Place
    cache: str | None
    what: str

    @property
    def is_stale(self) -> bool:
        return self.told < self.acknowledged


class Thing:
    """One thing, its jobs, the furthest place that any caller was told it had reached."""

    def __init__(self, name: str, jobs: list[str]):
        self.name, self.jobs = name, jobs
        self.acknowledged: Place = (0, 1)
        self.sightings: list[Sighting] = []

    def acknowledge(self, place: Place) -> None:
        self.acknowledged = max(self.acknowledged, place)

    def place(self, job: str, version: float) -> Place:
        return self.jobs.index(job), version

    @property
    def end(self) -> Place:
        return len(self.jobs), 0

    def read(self, answered: Answered, request, began_at: Place) -> None:
        """Takes down what a read tells of the thing, if it tells anything."""
        told = self._told(answered, request)
        if told is not None:
            what = f"{type(request).__name__} {getattr(request, 'job_id', '')}"
            self.sightings.append(Sighting(told, began_at, answered.cache, what))

    def _told(self, answered: Answered, request) -> Place | None:
        if not answered.ok:
            # A finished execution tells its end; other failures tell nothing.
            ended = answered.reason == "TERMINAL_STATE"
            return self.place(request.job_id, ENDED) if ended else None
        if hasattr(answered.message, "queued_jobs"):
            rows = [*answered.message.in_progress_jobs, *answered.message.queued_jobs]
            if not rows:
                return self.end
            return min(self.place(row.job_id, row.version_number) for row in rows)
        execution = answered.execution
        if execution is None:
            return self.end
        return self.place(execution.job_id, execution.version_number)


async def work_through(call: ManyCallers, thing: Thing, updates: int) -> None:
    """A device: takes the next job, reports on it, ends it, until nothing is pending.

    What it is not sure of it asks AWS for, as a careful client does after OUTCOME_UNKNOWN.
    """
    while True:
        started = await call(start_next(thing.name))
        if not started.ok:
            continue
        if started.execution is None:
            thing.acknowledge(thing.end)
            return
        job, version = started.execution.job_id, started.execution.version_number
        thing.acknowledge(thing.place(job, version))
        for _ in range(updates):
            reported = await call(update(thing.name, job, include_job_execution_state=True))
            if reported.ok:
                version = reported.message.execution_state.version_number
                thing.acknowledge(thing.place(job, version))
        while True:
            done = await call(update(thing.name, job, "SUCCEEDED"))
            if done.ok or done.reason == "INVALID_STATE_TRANSITION":
                thing.acknowledge(thing.place(job, ENDED))
                break


async def look_on(call: ManyCallers, thing: Thing, done: asyncio.Event, kind: int) -> None:
    while not done.is_set():
        job = thing.jobs[min(thing.acknowledged[0], len(thing.jobs) - 1)]
        request = [
            describe(thing.name, "$next"),
            describe(thing.name, job),
            describe(thing.name, job, execution_number=1, include_job_document=False),
            pending(thing.name),
        ][kind]
        began_at = thing.acknowledged
        answered = await call(request)
        # A describe of one job tells nothing of those after it.
        if kind in (1, 2):
            began_at = min(began_at, thing.place(job, ENDED))
        thing.read(answered, request, began_at)


async def history(writing: Gateway, reading: Gateway, things: list[Thing], updates: int) -> None:
    done = asyncio.Event()
    async with many_calling(writing, 2) as writers, many_calling(reading, CONNECTIONS) as readers:
        crowd = [
            asyncio.create_task(look_on(readers, thing, done, kind))
            for thing in things
            for kind in range(4)
            for _ in range(2)
        ]
        async with asyncio.timeout(60):
            await asyncio.gather(*(work_through(writers, thing, updates) for thing in things))
        done.set()
        await asyncio.gather(*crowd)


@pytest.fixture
def things(iot, thing, job) -> list[Thing]:
    jobs = [f"{job}-{number}" for number in range(4)]
    made = [Thing(f"{thing}-{index}", jobs) for index in range(2)]
    for one in jobs:
        create_job(iot, one, *(each.name for each in made))
    return made


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("faults", [QUIET, FAULTY], ids=["quiet", "faulty"])
def test_no_read_is_older_than_what_was_acknowledged(
    emulator, start, console, iot, things, faults, threads
):
    gateway = start(emulator.url, "--threads", str(threads), policy={**KEPT, **LIMITED})
    console.plan(**faults)
    asyncio.run(history(gateway, gateway, things, updates=8))
    seen = [one for thing in things for one in thing.sightings]
    assert [one for one in seen if one.is_stale] == []
    # The rule was put to the test: reads were stored and shared between the writes.
    assert len(seen) > 200
    assert {"hit", "miss", "coalesced"} <= {one.cache for one in seen}
    # The devices were not told of an end before the end.
    for thing in things:
        for job in thing.jobs:
            shown = iot.describe_job_execution(jobId=job, thingName=thing.name)["execution"]
            assert shown["status"] == "SUCCEEDED"


def test_the_check_finds_a_write_that_goes_around_the_gateway(emulator, start, console, things):
    """The same history, its writes through another gateway, of which the first knows nothing."""
    around = start(emulator.url)
    gateway = start(emulator.url, policy={**KEPT, "describe_ttl": "300ms", "pending_ttl": "300ms"})
    console.plan(**QUIET)
    asyncio.run(history(around, gateway, things, updates=8))
    assert any(one.is_stale for thing in things for one in thing.sightings)


@pytest.mark.parametrize("threads", [1, 2])
def test_writers_at_once_on_one_execution(emulator, start, console, iot, thing, job, threads):
    """Versions are AWS's own order of the updates, whoever made them."""
    create_job(iot, job, thing)
    gateway = start(emulator.url, "--threads", str(threads), policy={**KEPT, **LIMITED})
    console.plan(latencyJitterMilliseconds=3)
    acknowledged, versions, stale = 1, [], []

    async def write(call: ManyCallers) -> None:
        nonlocal acknowledged
        for _ in range(25):
            done = await call(update(thing, job, include_job_execution_state=True))
            version = done.message.execution_state.version_number
            versions.append(version)
            acknowledged = max(acknowledged, version)

    async def read(call: ManyCallers, control: str | None, done: asyncio.Event) -> None:
        while not done.is_set():
            at_least = acknowledged
            told = (await call(describe(thing, job), control)).execution.version_number
            if told < at_least:
                stale.append((told, at_least))

    async def run() -> None:
        done = asyncio.Event()
        async with many_calling(gateway, CONNECTIONS) as call:
            readers = [
                asyncio.create_task(read(call, control, done))
                for control in (None, None, None, None, "no-cache", "max-age=5")
            ]
            await asyncio.gather(*(write(call) for _ in range(4)))
            done.set()
            await asyncio.gather(*readers)

    asyncio.run(run())
    assert stale == []
    assert sorted(versions) == list(range(2, 102))
    with calling(gateway) as call:
        assert call(describe(thing, job)).execution.version_number == 101
