# SPDX-License-Identifier: Apache-2.0
"""Limits change under load: no call is lost, those who wait keep their places, debts stay."""

from __future__ import annotations

import os
import pathlib
import time
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from aws import create_job
from callers import calling, describe, pending, update
from metrics import scrape
from program import Gateway, eventually

PREFIX = "iot_jobs_gateway"
SOON = ("--reload-interval", "100ms")
Code = grpc.StatusCode


def put(file: pathlib.Path, text: str) -> None:
    fresh = file.with_suffix(".new")
    fresh.write_text(text)
    os.replace(fresh, file)


def reloads(gateway: Gateway) -> float:
    return scrape(gateway.admin_url).value(
        f"{PREFIX}_reloads_total", what="configuration", result="success"
    )


@pytest.fixture
def file(tmp_path) -> pathlib.Path:
    return tmp_path / "gateway.yaml"


def budget(per_second: float, burst: int = 1, max_wait: str = "60s", extra: str = "") -> str:
    return (
        'thing-limit: "off"\nretry-attempts: 1\ncache-bytes: 0\n'
        f"account:\n  reads-per-second: {per_second}\n  read-burst: {burst}\n"
        f"  max-wait: {max_wait}\n{extra}"
    )


def waiting(gateway: Gateway) -> float:
    return scrape(gateway.admin_url).value(f"{PREFIX}_budget_waiting", kind="read")


def test_those_who_wait_for_the_budget_go_when_it_is_raised(upstream, file):
    put(file, budget(0.05))
    with Gateway(upstream.url, "--config", str(file), *SOON, policy=None) as gateway:
        with calling(gateway) as call, ThreadPoolExecutor(3) as pool:
            assert call(pending("first")).ok
            began = time.monotonic()
            waits = [pool.submit(call, pending(f"t{n}"), timeout=60) for n in range(2)]
            assert eventually(lambda: waiting(gateway) == 2)
            # At twenty seconds a call neither would be back soon.
            put(file, budget(20))
            assert all(wait.result(30).ok for wait in waits)
            assert time.monotonic() - began < 15
            put(file, budget(0))
            assert eventually(lambda: reloads(gateway) == 2)
            assert all(call(pending("any")).ok for _ in range(30))
        assert waiting(gateway) == 0


def test_those_who_wait_are_told_when_they_may_wait_no_longer(upstream, file):
    put(file, budget(0.05))
    with Gateway(upstream.url, "--config", str(file), *SOON, policy=None) as gateway:
        with calling(gateway) as call, ThreadPoolExecutor(1) as pool:
            assert call(pending("first")).ok
            wait = pool.submit(call, pending("second"), timeout=60)
            assert eventually(lambda: waiting(gateway) == 1)
            put(file, budget(0.05, max_wait="10ms"))
            refused = wait.result(30)
        assert (refused.code, refused.reason) == (Code.RESOURCE_EXHAUSTED, "BUDGET_EXHAUSTED")
        assert waiting(gateway) == 0


def test_under_load_every_call_has_one_of_the_answers_that_there_are(emulator, iot, file):
    """Limits swing from strict to none while callers never pause."""
    create_job(iot, "live-job", "live-0")
    create_job(iot, "live-job-1", "live-1")
    strict = (
        "thing:\n  reads-per-second: 1\n  read-burst: 1\n  writes-per-second: 1\n"
        "account:\n  reads-per-second: 20\n  read-burst: 1\n  max-wait: 20ms\n"
        "cache-bytes: 256KiB\ndescribe-ttl: 0s\nretry-attempts: 1\n"
    )
    loose = (
        'thing-limit: "off"\naccount:\n  reads-per-second: 0\n  writes-per-second: 0\n'
        "cache-bytes: 0\nretry-attempts: 2\nbreaker-failures: 0\n"
    )
    put(file, strict)
    with Gateway(emulator.url, "--config", str(file), *SOON, policy=None) as gateway:
        # Once it listens, the file is the strict one.
        assert gateway.address

        def swing() -> None:
            for count in range(6):
                put(file, loose if count % 2 == 0 else strict)
                assert eventually(lambda: reloads(gateway) == count + 1)

        def caller() -> list:
            ends = []
            with calling(gateway) as call:
                while not done or len(ends) < 50:
                    thing = f"live-{len(ends) % 2}"
                    kinds = (describe(thing, "live-job"), pending(thing), update(thing, "none"))
                    ends.append(call(kinds[len(ends) % 3]))
            return ends

        done = []
        with ThreadPoolExecutor(6) as pool:
            callers = [pool.submit(caller) for _ in range(6)]
            try:
                swing()
            finally:
                done.append(True)
            ends = [end for future in callers for end in future.result(60)]
        limited = {"THING_RATE_LIMITED", "BUDGET_EXHAUSTED"}
        unlike = [
            end
            for end in ends
            if not end.ok and end.code != Code.NOT_FOUND and end.reason not in limited
        ]
        assert not unlike, unlike[:3]
        assert sum(not end.ok and end.reason in limited for end in ends) > 0
        assert sum(end.ok for end in ends) > 50
        seen = scrape(gateway.admin_url)
        for kind in ("read", "write"):
            assert seen.value(f"{PREFIX}_budget_waiting", kind=kind) == 0
        # Counted by the gateway as seen by the callers.
        assert seen.value(f"{PREFIX}_requests_total") == len(ends)
        assert gateway.process.poll() is None
