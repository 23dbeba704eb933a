# SPDX-License-Identifier: Apache-2.0
"""The limit for each thing: what a thing may do, what it is told, and what it costs nobody else."""

from __future__ import annotations

import json
import time

import grpc
import pytest
from google.rpc import error_details_pb2

from aws import create_job
from callers import Caller, calling, describe, pending, start_next, update
from failures import HERE
from metrics import scrape
from program import eventually
from stubs import rpc

Code = grpc.StatusCode
LIMITED = "iot_jobs_gateway_rate_limited_total"

# Nothing comes back within a test: a burst is all there is.
BURST = 3
NO_REFILL = {
    "thing_limit": "enforce",
    "thing_reads_per_second": 0.01,
    "thing_read_burst": BURST,
    "thing_writes_per_second": 0.01,
    "thing_write_burst": BURST,
}
# What is spent comes back before long.
REFILL = {**NO_REFILL, "thing_reads_per_second": 4, "thing_read_burst": 1}


@pytest.fixture
def limited(emulator, start):
    return start(emulator.url, policy=NO_REFILL)


@pytest.fixture
def call(limited):
    with calling(limited) as caller:
        yield caller


@pytest.fixture
def known(iot, thing, job) -> str:
    create_job(iot, job, thing)
    return thing


def codes(call: Caller, request, count: int) -> list[Code]:
    return [call(request).code for _ in range(count)]


def spent(refused: int) -> list[Code]:
    """A burst, and then nothing."""
    return [Code.OK] * BURST + [Code.RESOURCE_EXHAUSTED] * refused


def test_after_the_burst_a_call_is_refused_and_told_everything(call, console, known, job):
    assert codes(call, describe(known, job), BURST) == spent(0)
    console.count_from_zero()
    refused = call(describe(known, job))
    assert refused.code == Code.RESOURCE_EXHAUSTED
    failure = refused.failure
    assert (failure.info.reason, failure.info.domain) == ("THING_RATE_LIMITED", HERE)
    assert failure.info.metadata["operation"] == "DescribeJobExecution"
    # One read in 100 seconds.
    assert 0 < failure.retry_delay_seconds <= 100
    assert failure.pushback_milliseconds == round(failure.retry_delay_seconds * 1000)
    (violation,) = failure.detail(error_details_pb2.QuotaFailure).violations
    assert violation.subject == f"thing:{known}"
    assert violation.description
    assert failure.trailers.get("x-gateway-attempts", "0") == "0"
    assert codes(call, describe(known, job), 20) == [Code.RESOURCE_EXHAUSTED] * 20
    assert console.calls("DescribeJobExecution")["received"] == 0


def test_all_reads_of_a_thing_share_one_allowance_and_its_writes_another(call, console, known, job):
    assert codes(call, describe(known, job), 2) == [Code.OK] * 2
    assert codes(call, pending(known), 2) == [Code.OK, Code.RESOURCE_EXHAUSTED]
    assert call(describe(known, "$next")).reason == "THING_RATE_LIMITED"
    assert codes(call, start_next(known), 2) == [Code.OK] * 2
    assert codes(call, update(known, job), 2) == [Code.OK, Code.RESOURCE_EXHAUSTED]
    assert call(start_next(known)).reason == "THING_RATE_LIMITED"
    assert console.calls("UpdateJobExecution")["received"] == 1
    assert console.calls("StartNextPendingJobExecution")["received"] == 2


def test_what_one_thing_spends_another_keeps(call, iot, thing, job):
    greedy, modest = f"{thing}-greedy", f"{thing}-modest"
    create_job(iot, job, greedy, modest)
    assert codes(call, pending(greedy), 30) == spent(27)
    assert codes(call, pending(modest), BURST) == spent(0)


def test_the_told_wait_is_enough(emulator, start, known):
    with calling(start(emulator.url, policy=REFILL)) as call:
        refused = None
        while not refused:
            # A slow machine may let the token come back between two calls.
            refused = call(pending(known)).failure
        assert refused.retry_delay_seconds <= 0.25
        time.sleep(refused.retry_delay_seconds)
        assert call(pending(known)).ok


def test_a_client_with_a_retry_policy_heeds_the_pushback(emulator, start, console, known):
    """grpcio waits as long as the trailer says: its own backoff is far too short to succeed."""
    gateway = start(emulator.url, policy=REFILL)
    retries = {
        "maxAttempts": 3,
        "initialBackoff": "0.001s",
        "maxBackoff": "0.001s",
        "backoffMultiplier": 1,
        "retryableStatusCodes": ["RESOURCE_EXHAUSTED"],
    }
    config = json.dumps({"methodConfig": [{"name": [{}], "retryPolicy": retries}]})
    with grpc.insecure_channel(gateway.address, [("grpc.service_config", config)]) as channel:
        stub = rpc.JobsDataPlaneServiceStub(channel)
        for _ in range(5):
            stub.GetPendingJobExecutions(pending(known), timeout=20)
    assert console.calls("GetPendingJobExecutions")["received"] == 5
    assert scrape(gateway.admin_url).value(LIMITED, reason="thing_read", mode="enforce") >= 1


def test_a_thing_named_exactly_goes_before_a_prefix_and_the_longest_prefix_wins(
    emulator, start, console, iot, job
):
    gateway = start(
        emulator.url,
        policy={
            **NO_REFILL,
            "thing_limit_override": [
                "lab-*=0.01/5:0.01/1",
                "lab-cold-*=0.01/1:off",
                "lab-cold-door=0.01/2:0.01/2",
                "lab-free=off",
            ],
        },
    )
    things = {"lab": 3, "lab-": 5, "lab-x": 5, "lab-cold-": 1, "lab-cold-x": 1, "lab-cold-door": 2}
    writes = {"lab": 3, "lab-x": 1, "lab-cold-x": 12, "lab-cold-door": 2, "lab-free": 12}
    create_job(iot, job, *things, "lab-free")
    with calling(gateway) as call:
        for name, allowed in {**things, "lab-free": 12}.items():
            assert codes(call, pending(name), 12).count(Code.OK) == allowed, name
        for name, allowed in writes.items():
            assert codes(call, update(name, job), 12).count(Code.OK) == allowed, name
    received = console.calls("GetPendingJobExecutions")["received"]
    assert received == sum(things.values()) + 12


def test_a_shadow_counts_and_refuses_nobody(emulator, start, console, known):
    gateway = start(emulator.url, policy={**NO_REFILL, "thing_limit": "shadow"})
    with calling(gateway) as call:
        assert codes(call, pending(known), 10) == [Code.OK] * 10
    assert console.calls("GetPendingJobExecutions")["received"] == 10
    seen = scrape(gateway.admin_url)
    assert seen.value(LIMITED, reason="thing_read", mode="shadow") == 10 - BURST
    assert seen.value(LIMITED, mode="enforce") == 0


def test_stored_answers_cost_nothing(emulator, start, console, known, job):
    gateway = start(
        emulator.url, policy={**NO_REFILL, "cache_bytes": 1_000_000, "describe_ttl": "1m"}
    )
    with calling(gateway) as call:
        assert codes(call, describe(known, job), 50) == [Code.OK] * 50
        assert console.calls("DescribeJobExecution")["received"] == 1
        # The rest of the burst is still there.
        assert codes(call, pending(known), 4) == [Code.OK] * 2 + [Code.RESOURCE_EXHAUSTED] * 2
        assert call(describe(known, job)).ok


def test_when_every_entry_is_taken_newcomers_share_one(emulator, start, iot, thing, job):
    """The first things hold the entries. Later ones share a burst, and never get a fresh one."""
    gateway = start(emulator.url, policy={**NO_REFILL, "thing_limit_entries": 1_024})
    names = [f"{thing}-{index}" for index in range(1_024 + 200)]
    with calling(gateway) as call:
        # A thing that AWS does not know is limited like any other.
        calls = [call.begin(pending(name)) for name in names]
        ended = [one.code() for one in calls]
        assert set(ended) == {Code.NOT_FOUND, Code.RESOURCE_EXHAUSTED}
        seen = scrape(gateway.admin_url)
        assert seen.value("iot_jobs_gateway_limiter_things") <= 1_024
        refused = seen.value(LIMITED, reason="table_full", mode="enforce")
        assert refused == ended.count(Code.RESOURCE_EXHAUSTED) > 0
        # Those who are tracked are not disturbed.
        assert call(pending(names[0])).code == Code.NOT_FOUND


def test_each_decision_is_counted_and_no_thing_is_named(limited, call, known, job):
    codes(call, describe(known, job), 5)
    codes(call, update(known, job), 10)
    seen = scrape(limited.admin_url)
    assert seen.value(LIMITED, reason="thing_read", mode="enforce") == 5 - BURST
    assert seen.value(LIMITED, reason="thing_write", mode="enforce") == 10 - BURST
    assert seen.value("iot_jobs_gateway_admitted_total", kind="read") == BURST
    assert seen.value("iot_jobs_gateway_admitted_total", kind="write") == BURST
    assert seen.value("iot_jobs_gateway_limiter_things") >= 1
    assert known not in seen.text
    requests = "iot_jobs_gateway_requests_total"
    refused = seen.value(requests, method="DescribeJobExecution", code="RESOURCE_EXHAUSTED")
    assert refused == 5 - BURST


def test_the_worst_offenders_are_logged_once(limited, call, iot, thing, job):
    worst, other = f"{thing}-worst", f"{thing}-other"
    create_job(iot, job, worst, other)

    def named(name: str) -> list[dict]:
        told = (record for record in limited.records if record["message"] == "things refused most")
        return [record for record in told if name in json.dumps(record)]

    codes(call, pending(worst), 60)
    assert eventually(lambda: named(worst))
    codes(call, pending(other), 10)
    codes(call, pending(worst), 60)
    assert len(named(worst)) == 1 and named(other) == []


def test_switched_off_there_is_no_limit(gateway, known, job):
    with calling(gateway) as call:
        assert codes(call, describe(known, job), 50) == [Code.OK] * 50


def test_the_defaults_stop_a_thing_that_loops(default_gateway, console, known, job):
    with calling(default_gateway) as call:
        calls = [call.begin(update(known, job)) for _ in range(200)]
        ended = [one.code() for one in calls]
    assert set(ended) == {Code.OK, Code.RESOURCE_EXHAUSTED}
    # Twenty at once, and ten more for each second that the machine needed.
    assert 20 <= ended.count(Code.OK) < 200
    assert console.calls("UpdateJobExecution")["received"] == ended.count(Code.OK)
