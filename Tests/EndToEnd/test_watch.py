# SPDX-License-Identifier: Apache-2.0
"""WatchPendingJobExecutions: snapshots, changes, tokens, heartbeats and ends, with grpcio."""

from __future__ import annotations

import contextlib
import time

import grpc
import pytest

import faults
from aws import create_job
from callers import Caller, start_next, update
from failures import AWS, HERE
from http_server import Answer
from metrics import scrape
from program import Gateway, eventually
from watching import KIND, QUICK, Lists, Watcher, connected

Code = grpc.StatusCode
POLLS = "iot_jobs_gateway_watch_polls_total"


@pytest.fixture(scope="module")
def quick(emulator):
    with Gateway(emulator.url, *QUICK) as program:
        yield program


@pytest.fixture
def things(thing, iot, jobs_data) -> list[str]:
    """Things that AWS knows, with nothing pending: each has had a job."""
    names = [f"{thing}-{number}" for number in range(60)]
    first = thing.replace(":", "-")
    create_job(iot, first, *names)
    for name in names:
        finish(jobs_data, name, first)
    return names


@pytest.fixture
def thing(thing, iot, jobs_data) -> str:
    """As ``things``, but one."""
    first = thing.replace(":", "-")
    create_job(iot, f"{first}-alone", thing)
    finish(jobs_data, thing, f"{first}-alone")
    return thing


def finish(jobs_data, thing: str, job: str) -> None:
    jobs_data.update_job_execution(thingName=thing, jobId=job, status="SUCCEEDED")


def test_each_change_made_elsewhere_is_told_in_its_order(quick, iot, jobs_data, thing, job):
    create_job(iot, job, thing)
    with connected(quick) as channel, Watcher(channel, thing) as watcher:
        assert watcher.hears(f"snapshot {thing}")
        assert watcher.lists[thing].queued == {job}
        jobs_data.start_next_pending_job_execution(thingName=thing)
        assert watcher.hears(f"started {job}")
        jobs_data.update_job_execution(thingName=thing, jobId=job, status="IN_PROGRESS")
        assert watcher.hears(f"updated {job}")
        create_job(iot, f"{job}-b", thing)
        assert watcher.hears(f"added {job}-b")
        finish(jobs_data, thing, job)
        assert watcher.hears(f"left {job}")
        assert watcher.heard == [
            *(f"snapshot {thing}", f"started {job}", f"updated {job}"),
            *(f"added {job}-b", f"left {job}"),
        ]


def test_what_is_written_here_is_seen_at_once(start, emulator, iot, thing, job):
    # No poll comes by itself for an hour.
    hour = ("--watch-min-interval", "1h", "--watch-max-interval", "1h")
    gateway = start(emulator.url, *hour)
    create_job(iot, job, thing)
    with connected(gateway) as channel, Watcher(channel, thing) as watcher:
        assert watcher.hears(f"snapshot {thing}")
        call = Caller(channel)
        assert call(start_next(thing)).ok
        assert watcher.hears(f"started {job}")
        assert call(update(thing, job, "FAILED")).ok
        assert watcher.hears(f"left {job}")
        assert watcher.lists[thing].in_progress == set()


def test_many_watchers_cost_what_one_costs(start, emulator, console, iot, thing, job):
    gateway = start(
        emulator.url, "--watch-min-interval", "1h", "--watch-max-interval", "1h",
        "--watch-streams-per-connection", "250",
    )
    create_job(iot, job, thing)
    with contextlib.ExitStack() as stack:
        channels = [stack.enter_context(connected(gateway)) for _ in range(4)]
        watchers = [stack.enter_context(Watcher(c, thing)) for c in channels for _ in range(250)]
        assert eventually(lambda: all(watcher.heard for watcher in watchers), seconds=60)
        assert console.calls("GetPendingJobExecutions")["received"] == 1
        assert Caller(channels[0])(start_next(thing)).ok
        assert eventually(
            lambda: all(w.heard[-1] == f"started {job}" for w in watchers), seconds=60
        )
        assert console.calls("GetPendingJobExecutions")["received"] == 1
        assert scrape(gateway.admin_url).value("iot_jobs_gateway_watchers") == 1000
    assert eventually(lambda: scrape(gateway.admin_url).value("iot_jobs_gateway_watchers") == 0)


def test_no_change_is_lost_by_who_is_cut_off_and_comes_back(quick, iot, jobs_data, thing, job):
    """One watcher stays; another is cut off again and again and resumes with its last token."""
    jobs = [f"{job}-{number}" for number in range(6)]
    with connected(quick) as channel, Watcher(channel, thing) as steady:
        assert steady.hears(f"snapshot {thing}")
        heard: list[str] = []
        token, known = b"", {thing: Lists()}
        for name in jobs:
            with connected(quick) as other:
                watcher = Watcher(other, thing, token=token, known=known)
                if not heard:
                    assert watcher.hears(f"snapshot {thing}")
                create_job(iot, name, thing)
                assert watcher.hears(f"added {name}")
                watcher.call.cancel()
                watcher.ends()
                heard += watcher.heard
                token, known = watcher.token, watcher.lists
            # What happens now is missed, and the steady one sees each of it.
            jobs_data.start_next_pending_job_execution(thingName=thing)
            assert steady.hears(f"started {name}")
            finish(jobs_data, thing, name)
            assert steady.hears(f"left {name}")
        with connected(quick) as other, Watcher(other, thing, token=token, known=known) as last:
            assert last.hears(f"left {jobs[-1]}")
            heard += last.heard
            assert heard == steady.heard
            assert last.lists[thing].queued == last.lists[thing].in_progress == set()


def test_who_was_away_too_long_gets_a_snapshot(start, emulator, iot, jobs_data, thing, job):
    gateway = start(emulator.url, *QUICK, "--watch-changes", "2")
    with connected(gateway) as channel, Watcher(channel, thing) as steady:
        assert steady.hears(f"snapshot {thing}")
        token = steady.token
        for number in range(3):
            create_job(iot, f"{job}-{number}", thing)
            assert steady.hears(f"added {job}-{number}")
        with Watcher(channel, thing, token=token) as late:
            assert late.hears(f"snapshot {thing}")
            assert len(late.lists[thing].queued) == 3
        with Watcher(channel, thing, token=steady.token, known=steady.lists) as up_to_date:
            create_job(iot, f"{job}-last", thing)
            assert up_to_date.hears(f"added {job}-last")
            assert up_to_date.heard == [f"added {job}-last"]


def test_a_token_of_another_gateway_is_as_good_as_none(quick, start, emulator, thing):
    other = start(emulator.url, *QUICK)
    with connected(other) as channel, Watcher(channel, thing) as watcher:
        assert watcher.hears(f"snapshot {thing}")
        token = watcher.token
    with connected(quick) as channel, Watcher(channel, thing, token=token) as watcher:
        assert watcher.hears(f"snapshot {thing}")


def test_who_reads_slowly_gets_the_latest_state(start, emulator, iot, jobs_data, thing, job):
    """A peer whose window is shut holds up nobody, and is told what is so when it opens."""
    gateway = start(emulator.url, *QUICK, "--watch-changes", "4")
    window = ("grpc.http2.lookahead_bytes", 1), ("grpc.http2.bdp_probe", 0)
    with connected(gateway) as channel, connected(gateway, *window) as shut:
        steady = Watcher(channel, thing)
        slow = Watcher(shut, thing, reads=False)
        slow.read(limit=1)
        before = len(slow.heard)
        for number in range(300):
            name = f"{job}-{number}"
            create_job(iot, name, thing)
            assert steady.hears(f"added {name}")
            jobs_data.start_next_pending_job_execution(thingName=thing)
            finish(jobs_data, thing, name)
            assert steady.hears(f"left {name}")
        create_job(iot, f"{job}-end", thing)
        assert steady.hears(f"added {job}-end")
        slow_end = {f"{job}-end"}
        while slow.lists[thing].queued != slow_end:
            slow.read(limit=len(slow.heard) + 1)
            assert slow.failure is None and slow.trouble is None
        assert before == 1
        assert len(slow.heard) < len(steady.heard)
        assert slow.heard.count(f"snapshot {thing}") > 1
        slow.call.cancel()
        steady.call.cancel()


def test_several_things_in_one_stream(quick, iot, things, job):
    things = things[:10]
    with connected(quick) as channel, Watcher(channel, *things, things[0]) as watcher:
        assert watcher.hears(*(f"snapshot {name}" for name in things))
        create_job(iot, job, things[3], things[7])
        assert eventually(lambda: watcher.heard.count(f"added {job}") == 2)
        assert len(watcher.heard) == 12
        assert [n for n in things if watcher.lists[n].queued] == [things[3], things[7]]
        # Back again with one token for all, and for one of them alone.
        assert len(watcher.token) == 2 + 16 * len(things)
        with Watcher(channel, things[3], token=watcher.token, known=watcher.lists) as one:
            create_job(iot, f"{job}-b", things[3])
            assert one.hears(f"added {job}-b")
            assert one.heard == [f"added {job}-b"]


def test_silence_is_broken_by_heartbeats(start, emulator, thing):
    gateway = start(emulator.url, "--watch-heartbeat", "50ms", "--watch-min-interval", "1h",
                    "--watch-max-interval", "1h")
    with connected(gateway) as channel, Watcher(channel, thing) as watcher:
        assert eventually(lambda: len(watcher.heartbeats) >= 3)
        assert all(beat.HasField("seconds_since_answer") for beat in watcher.heartbeats)
        assert watcher.heard == [f"snapshot {thing}"]


def test_an_aws_that_fails_ends_no_stream(upstream, start):
    spoiled = [True]
    body = b'{"inProgressJobs":[],"queuedJobs":[]}'
    upstream.respond = lambda _: (
        faults.status(503)(Answer()) if spoiled[0] else Answer(body=body)
    )
    gateway = start(upstream.url, *QUICK, "--watch-heartbeat", "50ms")
    with connected(gateway) as channel, Watcher(channel, "t") as watcher:
        assert eventually(lambda: len(watcher.heartbeats) >= 2)
        assert not watcher.heartbeats[0].HasField("seconds_since_answer")
        assert scrape(gateway.admin_url).value(POLLS, result="failed") > 0
        spoiled[0] = False
        assert watcher.hears("snapshot t")
        assert watcher.failure is None


def test_a_refusal_for_good_is_told_as_what_it_is(upstream, start):
    upstream.respond = lambda _: Answer.error("AccessDeniedException", 403, "not for you")
    gateway = start(upstream.url, *QUICK)
    with connected(gateway) as channel:
        failure = Watcher(channel, "t").ends()
        assert failure.code is Code.PERMISSION_DENIED
        assert (failure.info.domain, failure.info.reason) == (AWS, "ACCESS_DENIED")


def test_a_watch_ends_when_it_has_lasted_long_enough(start, emulator, thing):
    gateway = start(emulator.url, "--watch-max-duration", "200ms")
    with connected(gateway) as channel:
        watcher = Watcher(channel, thing)
        failure = watcher.ends()
        assert (failure.code, failure.info.reason) == (Code.UNAVAILABLE, "WATCH_EXPIRED")
        assert failure.pushback_milliseconds == 0
        assert watcher.heard == [f"snapshot {thing}"]


def test_a_drain_ends_watches_with_a_word_to_come_back(start, emulator, thing):
    gateway = start(emulator.url)
    with connected(gateway) as channel:
        watcher = Watcher(channel, thing)
        assert watcher.hears(f"snapshot {thing}")
        gateway.terminate()
        failure = watcher.ends()
        assert (failure.code, failure.info.reason) == (Code.UNAVAILABLE, "DRAINING")
        assert gateway.wait() == 0


def test_a_deadline_ends_a_watch(quick, thing):
    with connected(quick) as channel:
        assert Watcher(channel, thing, timeout=0.3).ends().code is Code.DEADLINE_EXCEEDED


@pytest.mark.parametrize(
    ("things", "token", "field"),
    [
        ([], b"", "thing_names"),
        (["a b"], b"", "thing_names"),
        ([f"t{number}" for number in range(11)], b"", "thing_names"),
        (["t"], b"nonsense", "resume_token"),
        (["t"], bytes(5000), "resume_token"),
    ],
)
def test_a_wrong_request_names_its_field(quick, things, token, field):
    with connected(quick) as channel:
        failure = Watcher(channel, *things, token=token).ends()
        assert failure.code is Code.INVALID_ARGUMENT
        assert set(failure.fields) == {field}


def test_there_are_so_many_watches_and_no_more(start, emulator, things):
    thing, second_thing, third_thing = things[:3]
    gateway = start(
        emulator.url, "--watch-streams", "3", "--watch-streams-per-connection", "2",
        "--watch-things", "2", *QUICK, "--watch-memory", "0s",
    )
    with connected(gateway) as one, connected(gateway) as other:
        first = Watcher(one, thing)
        second = Watcher(one, thing)
        assert first.hears(f"snapshot {thing}") and second.hears(f"snapshot {thing}")
        third = Watcher(one, thing).ends()
        assert (third.code, third.info.reason) == (Code.RESOURCE_EXHAUSTED, "TOO_MANY_WATCHES")
        assert third.info.domain == HERE and third.retry_delay_seconds > 0
        assert Watcher(other, second_thing, third_thing).ends().info.reason == "TOO_MANY_WATCHES"
        fourth = Watcher(other, second_thing)
        assert fourth.hears(f"snapshot {second_thing}")
        assert Watcher(other, thing).ends().info.reason == "TOO_MANY_WATCHES"
        first.call.cancel()
        # Its place is free once the gateway has seen it go.
        assert eventually(lambda: Watcher(other, thing, reads=False).call.initial_metadata())


def test_many_watched_things_are_slowed_and_nobody_is_refused(start, emulator, console, things):
    gateway = start(
        emulator.url, *QUICK, policy={"account_reads_per_second": 40, "account_read_burst": 40}
    )
    with connected(gateway) as channel:
        watchers = [Watcher(channel, *things[at : at + 10]) for at in range(0, 60, 10)]
        assert all(
            watcher.hears(*(f"snapshot {name}" for name in watcher.lists)) for watcher in watchers
        )
        console.count_from_zero()
        began = time.monotonic()
        assert eventually(lambda: time.monotonic() - began > 2)
        polls = console.calls("GetPendingJobExecutions")["received"]
        lasted = time.monotonic() - began
        # Half of forty a second, and the second's worth that may come at once.
        assert polls <= 20 * lasted + 21
        assert all(watcher.failure is None for watcher in watchers)
        for watcher in watchers:
            watcher.call.cancel()


def test_the_method_is_counted_and_found_by_reflection(quick, thing):
    with connected(quick) as channel, Watcher(channel, thing) as watcher:
        assert watcher.hears(f"snapshot {thing}")
        text = scrape(quick.admin_url)
        in_flight = text.value(
            "iot_jobs_gateway_requests_in_flight", method="WatchPendingJobExecutions"
        )
        assert in_flight >= 1
    assert KIND[4] == "left"
