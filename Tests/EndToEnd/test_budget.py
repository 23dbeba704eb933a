# SPDX-License-Identifier: Apache-2.0
"""The account's budgets: what waits, what is refused at once, who is served first, what AWS's 429
does to the rate."""

from __future__ import annotations

import asyncio
import time

import grpc
import pytest
from google.rpc import error_details_pb2

from aws import create_job
from callers import ManyCallers, calling, describe, many_calling, pending, start_next, update
from failures import HERE
from metrics import scrape
from program import Gateway, eventually
from upstream import Upstream
from wire import Connection, message

Code = grpc.StatusCode
PREFIX = "iot_jobs_gateway"

# One call, and the next in a hundred seconds.
ONE_READ = {
    "account_reads_per_second": 0.01,
    "account_read_burst": 1,
    "account_writes_per_second": 0.01,
    "account_write_burst": 1,
}


def waiting(gateway: Gateway, kind: str) -> float:
    return scrape(gateway.admin_url).value(f"{PREFIX}_budget_waiting", kind=kind)


def targets(upstream: Upstream) -> list[str]:
    return [request.target.partition("?")[0] for request in list(upstream.requests)]


def test_what_cannot_be_served_before_its_deadline_is_refused_at_once(upstream, start):
    gateway = start(upstream.url, policy={**ONE_READ, "account_max_wait": "60s"})
    with calling(gateway) as call:
        assert call(pending("t")).ok
        # Had it waited, its deadline would have ended it.
        refused = call(pending("t"), timeout=10)
    assert refused.code == Code.RESOURCE_EXHAUSTED
    failure = refused.failure
    assert (failure.info.reason, failure.info.domain) == ("BUDGET_EXHAUSTED", HERE)
    assert 0 < failure.retry_delay_seconds <= 100
    assert failure.pushback_milliseconds == round(failure.retry_delay_seconds * 1000)
    (violation,) = failure.detail(error_details_pb2.QuotaFailure).violations
    assert violation.subject == "account:reads"
    assert len(upstream.requests) == 1
    seen = scrape(gateway.admin_url)
    assert seen.value(f"{PREFIX}_rate_limited_total", reason="account_read", mode="enforce") == 1


def test_what_would_wait_longer_than_the_cap_is_refused_at_once(upstream, start):
    gateway = start(upstream.url, policy={**ONE_READ, "account_max_wait": "200ms"})
    with calling(gateway) as call:
        assert call(start_next("t")).ok
        refused = call(start_next("t"), timeout=600)
    assert refused.reason == "BUDGET_EXHAUSTED"
    (violation,) = refused.failure.detail(error_details_pb2.QuotaFailure).violations
    assert violation.subject == "account:writes"
    assert len(upstream.requests) == 1


def test_reads_and_writes_have_budgets_of_their_own(upstream, start):
    policy = {**ONE_READ, "account_writes_per_second": 1_000, "account_write_burst": 1_000}
    gateway = start(upstream.url, policy=policy)
    with calling(gateway) as call:
        assert call(pending("t")).ok
        assert call(pending("t")).reason == "BUDGET_EXHAUSTED"
        assert all(call(update("t", "j")).ok for _ in range(30))
        assert call(describe("t", "j")).reason == "BUDGET_EXHAUSTED"


def test_a_call_that_can_be_served_in_time_waits_for_its_turn(upstream, start):
    policy = {"account_reads_per_second": 20, "account_read_burst": 1, "account_max_wait": "30s"}
    gateway = start(upstream.url, policy=policy)
    with Connection(gateway.address) as connection:
        streams = [
            connection.request(
                "DescribeJobExecution", message(describe("t", f"j-{index}").SerializeToString())
            )
            for index in range(10)
        ]
        assert [connection.reply(stream).grpc_status for stream in streams] == [0] * 10
    # What one thing asks for is sent in the order in which it asked.
    assert targets(upstream) == [f"/things/t/jobs/j-{index}" for index in range(10)]
    seen = scrape(gateway.admin_url)
    waited = seen.value(f"{PREFIX}_budget_wait_seconds_count", kind="read")
    assert waited >= 8
    assert seen.value(f"{PREFIX}_budget_waiting") == 0
    assert seen.value(f"{PREFIX}_admitted_total", kind="read") == 10


def test_a_caller_that_leaves_gives_up_its_place(upstream, start):
    gateway = start(upstream.url, policy={**ONE_READ, "account_max_wait": "10m"})
    with calling(gateway) as call:
        assert call(pending("t")).ok
        calls = [call.begin(describe("t", f"j-{index}"), timeout=600) for index in range(5)]
        assert eventually(lambda: waiting(gateway, "read") == 5)
        for one in calls:
            one.cancel()
        assert eventually(lambda: waiting(gateway, "read") == 0)
    assert len(upstream.requests) == 1


def test_a_thing_with_many_waiting_calls_delays_another_by_one_turn(upstream, start):
    policy = {"account_reads_per_second": 5, "account_read_burst": 1, "account_max_wait": "10m"}
    gateway = start(upstream.url, policy=policy)
    with calling(gateway) as call:
        greedy = [call.begin(describe("greedy", f"j-{index}"), timeout=600) for index in range(100)]
        assert eventually(lambda: waiting(gateway, "read") > 80)
        before = len(upstream.requests)
        assert call(describe("modest", "j")).ok
        served_first = targets(upstream).index("/things/modest/jobs/j") - before
        for one in greedy:
            one.cancel()
    # Its turn, and what a slow machine adds between the count and the call.
    assert served_first <= 3


def test_ends_of_jobs_go_first_and_nothing_starves(upstream, start):
    policy = {"account_writes_per_second": 20, "account_write_burst": 1, "account_max_wait": "10m"}
    gateway = start(upstream.url, policy=policy)
    with calling(gateway) as call:
        starts = [call.begin(start_next(f"t-{index}"), timeout=600) for index in range(40)]
        assert eventually(lambda: waiting(gateway, "write") > 20)
        ends = [call.begin(update(f"u-{index}", "j", "SUCCEEDED")) for index in range(20)]
        assert eventually(lambda: len(upstream.requests) + waiting(gateway, "write") >= 60)
        before = len(upstream.requests)
        assert eventually(lambda: len(upstream.requests) >= before + 10)
        served = targets(upstream)[before : before + 10]
        for one in starts + ends:
            one.cancel()
    # The weights are eight to two.
    first = sum(target.endswith("/jobs/j") for target in served)
    assert 6 <= first <= 9, served


def test_a_full_queue_sheds_the_greedy_and_not_the_modest(upstream, start):
    policy = {"account_reads_per_second": 0.05, "account_read_burst": 1}
    queue = {"account_max_wait": "1h", "account_waiting_limit": 20}
    gateway = start(upstream.url, policy={**policy, **queue})
    with calling(gateway) as call:
        assert call(pending("t")).ok
        asked = [describe("greedy", f"j-{index}") for index in range(30)]
        greedy = [call.begin(one, timeout=3_600) for one in asked]
        assert eventually(lambda: sum(one.done() for one in greedy) == 10)
        refused = [one for one in greedy if one.done()]
        assert {one.code() for one in refused} == {Code.RESOURCE_EXHAUSTED}
        asked = [describe(f"modest-{index}", "j") for index in range(5)]
        modest = [call.begin(one, timeout=3_600) for one in asked]
        # Each takes the place of one of the thing that holds the most.
        assert eventually(lambda: sum(one.done() for one in greedy) == 15)
        assert not any(one.done() for one in modest)
        assert waiting(gateway, "read") == 20
        for one in greedy + modest:
            one.cancel()


def test_a_429_lowers_the_rate_and_quiet_raises_it(emulator, start, console, iot, thing, job):
    create_job(iot, job, thing)
    policy = {"account_reads_per_second": 100, "account_read_burst": 100}
    gateway = start(emulator.url, policy=policy)

    def level(kind: str = "read") -> float:
        return scrape(gateway.admin_url).value(f"{PREFIX}_budget_level", kind=kind)

    with calling(gateway) as call:
        assert call(pending(thing)).ok
        assert level() == 100
        console.plan(next=["error=ThrottlingException"])
        throttled = call(pending(thing))
        assert (throttled.code, throttled.reason) == (Code.RESOURCE_EXHAUSTED, "THROTTLED")
        low = level()
        assert 10 <= low < 100
        # A volley of refusals is one event.
        console.plan(next=["status=429"] * 5)
        for _ in range(5):
            call(pending(thing))
        seen = scrape(gateway.admin_url)
        assert 1 <= seen.value(f"{PREFIX}_budget_reductions_total", kind="read") <= 3
        assert seen.value(f"{PREFIX}_budget_reductions_total", kind="write") == 0
        low = level()

        def has_risen() -> bool:
            assert call(pending(thing)).ok
            return level() > low

        assert eventually(has_risen)


class Modest:
    """Things that each ask once in a while, and count what they are answered."""

    EVERY_SECONDS, TIMES = 1.0, 2

    def __init__(self, call: ManyCallers, things: list[str], job: str):
        self._call, self._things, self._job = call, things, job
        self.answered = 0

    async def _live(self, index: int, began: float) -> None:
        for turn in range(self.TIMES):
            at = began + (turn + index / len(self._things)) * self.EVERY_SECONDS
            await asyncio.sleep(max(0.0, at - time.monotonic()))
            answered = await self._call(describe(self._things[index], self._job))
            self.answered += answered.ok

    async def run(self) -> int:
        began = time.monotonic()
        await asyncio.gather(*(self._live(index, began) for index in range(len(self._things))))
        return self.answered


async def greedy(call: ManyCallers, thing: str, callers: int) -> None:
    async def loop(request) -> None:
        while True:
            # Comes back at once, whatever it is told; the pause only spares this machine.
            if not (await call(request, "no-cache")).ok:
                await asyncio.sleep(0.25)

    requests = [describe(thing, "$next"), pending(thing)]
    await asyncio.gather(*(loop(requests[index % 2]) for index in range(callers)))


async def modest_beside(
    gateway: Gateway, things: list[str], thing: str, job: str, callers: int
) -> int:
    """What many things are answered beside the callers of one."""
    async with many_calling(gateway, 1) as ours, many_calling(gateway, 2) as theirs:
        crowd = asyncio.create_task(greedy(theirs, thing, callers))
        while callers and waiting(gateway, "read") < 30:
            await asyncio.sleep(0.05)
        answered = await Modest(ours, things, job).run()
        crowd.cancel()
        await asyncio.gather(crowd, return_exceptions=True)
        return answered


@pytest.mark.long
def test_beside_one_greedy_thing_a_hundred_modest_ones_keep_what_they_had(
    emulator, start, iot, thing, job
):
    """Behind the crowd they would be refused: it alone asks for more than fits into the wait.

    They ask for two thirds of the budget, which is what the weights leave to describes.
    """
    modest = [f"{thing}-{index}" for index in range(100)]
    create_job(iot, f"{job}-greedy", thing)
    create_job(iot, job, *modest)
    policy = {"account_reads_per_second": 150, "account_read_burst": 1, "account_max_wait": "1s"}
    gateway = start(emulator.url, policy=policy)
    alone = asyncio.run(modest_beside(gateway, modest, thing, job, callers=0))
    crowded = asyncio.run(modest_beside(gateway, modest, thing, job, callers=400))
    assert alone == 200
    assert crowded >= 0.95 * alone
