# SPDX-License-Identifier: Apache-2.0
"""A hundred thousand calls without one failure."""

from __future__ import annotations

import shutil

import pytest

import load
from aws import create_job
from metrics import scrape
from stubs import NO_CACHE, pb

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not shutil.which("h2load"), reason="h2load is not installed"),
]

CALLS = 100_000


def test_a_hundred_thousand_calls_all_succeed(gateway, iot, thing, job, tmp_path):
    create_job(iot, job, thing)
    before = scrape(gateway.admin_url)
    done = load.run(
        gateway.address,
        "DescribeJobExecution",
        pb.DescribeJobExecutionRequest(thing_name=thing, job_id=job),
        calls=CALLS,
        connections=8,
        streams=10,
        folder=tmp_path,
        metadata=NO_CACHE,
    )
    assert (done.succeeded, done.failed) == (CALLS, 0), done.output
    after = scrape(gateway.admin_url)

    def grown(name: str, **labels: str) -> float:
        return after.value(name, **labels) - before.value(name, **labels)

    requests = "iot_jobs_gateway_requests_total"
    assert grown(requests, method="DescribeJobExecution", code="OK") == CALLS
    assert grown(requests) == CALLS
    assert after.value("iot_jobs_gateway_requests_in_flight") == 0
    # Connections to the emulator were used again: one call each would be far from this.
    assert after.value("iot_jobs_gateway_upstream_connections") <= 100
