# SPDX-License-Identifier: Apache-2.0
"""Scrapes while calls are made: none is lost or counted twice, by anybody's books."""

from __future__ import annotations

import shutil
import threading

import pytest

import load
from aws import create_job
from metrics import Exposition, scrape
from stubs import NO_CACHE, pb

pytestmark = pytest.mark.skipif(not shutil.which("h2load"), reason="h2load is not installed")

CALLS = 20_000
OPERATION = "DescribeJobExecution"


class Scraper(threading.Thread):
    """Scrapes on and on, as no Prometheus would."""

    def __init__(self, admin_url: str):
        super().__init__()
        self._admin_url = admin_url
        self._done = threading.Event()
        self.seen: list[Exposition] = []

    def run(self) -> None:
        while not self._done.is_set():
            self.seen.append(scrape(self._admin_url))

    def __enter__(self) -> Scraper:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self.join()


def test_counts_agree_with_h2load_and_the_emulator(emulator, console, iot, start, tmp_path):
    thing, job = "press-under-load", "job-under-load"
    create_job(iot, job, thing)
    gateway = start(emulator.url)
    with Scraper(gateway.admin_url) as scraper:
        done = load.run(
            gateway.address,
            OPERATION,
            pb.DescribeJobExecutionRequest(thing_name=thing, job_id=job),
            calls=CALLS,
            connections=4,
            streams=10,
            folder=tmp_path,
            metadata=NO_CACHE,
        )
    assert (done.succeeded, done.failed) == (CALLS, 0), done.output
    last = scrape(gateway.admin_url)

    prefix = "iot_jobs_gateway"
    assert last.value(f"{prefix}_requests_total", method=OPERATION, code="OK") == done.succeeded
    assert last.value(f"{prefix}_requests_total") == CALLS
    assert last.value(f"{prefix}_request_duration_seconds_count", method=OPERATION) == CALLS
    assert last.value(f"{prefix}_stage_duration_seconds_count", stage="total") == CALLS
    assert last.value(f"{prefix}_requests_in_flight") == 0
    # What the emulator has received is what was sent, retries of a stale connection included.
    sent = last.value(f"{prefix}_upstream_requests_total", operation=OPERATION)
    assert sent == console.calls(OPERATION)["received"]
    assert console.calls(OPERATION)["succeeded"] == CALLS

    assert len(scraper.seen) > 3
    counters = [
        key for key in last.samples if last.types[last.family(key[0])] in ("counter", "histogram")
    ]
    for key in counters:
        values = [seen.samples.get(key, 0) for seen in [*scraper.seen, last]]
        assert values == sorted(values), key
    # Calls were under way when it was looked at, so the scrapes did not wait for the end.
    counts = {seen.value(f"{prefix}_requests_total") for seen in scraper.seen}
    assert any(0 < count < CALLS for count in counts)
