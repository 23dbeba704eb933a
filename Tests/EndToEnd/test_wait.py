# SPDX-License-Identifier: Apache-2.0
"""WaitForJobExecution: ends, states and versions, with grpcio."""

from __future__ import annotations

import contextlib

import grpc
import pytest

from aws import create_job
from callers import Caller, start_next, update
from failures import failing
from program import Gateway, eventually
from stubs import STATUS, watch_rpc
from watching import QUICK, connected, wait_for

Code = grpc.StatusCode
TIMEOUT = 30
HOUR = ("--watch-min-interval", "1h", "--watch-max-interval", "1h")


@pytest.fixture(scope="module")
def quick(emulator):
    with Gateway(emulator.url, *QUICK) as program:
        yield program


def waiting(channel, *request, timeout: float = TIMEOUT, **members):
    stub = watch_rpc.JobsWatchServiceStub(channel)
    return stub.WaitForJobExecution.future(wait_for(*request, **members), timeout=timeout)


def test_the_end_elsewhere_is_told_without_a_guess(quick, iot, jobs_data, thing, job):
    create_job(iot, job, thing)
    jobs_data.start_next_pending_job_execution(thingName=thing)
    with connected(quick) as channel:
        call = waiting(channel, thing, job)
        jobs_data.update_job_execution(thingName=thing, jobId=job, status="SUCCEEDED")
        answer = call.result()
        assert answer.terminal and not answer.HasField("status")


def test_the_end_by_an_own_write_is_told_at_once_with_its_state(start, emulator, iot, thing, job):
    gateway = start(emulator.url, *HOUR)
    create_job(iot, job, thing)
    with connected(gateway) as channel:
        call = Caller(channel)
        version = call(start_next(thing)).execution.version_number
        begun = waiting(channel, thing, job, "IN_PROGRESS").result()
        assert (begun.terminal, begun.status) == (False, STATUS["IN_PROGRESS"])
        end = waiting(channel, thing, job)
        assert not eventually(end.done, seconds=0.3)
        assert call(update(thing, job, "REJECTED", expected_version=version)).ok
        answer = end.result()
        assert (answer.terminal, answer.status) == (True, STATUS["REJECTED"])
        assert answer.version_number == version + 1


def test_a_state_and_a_version_are_waited_for(quick, iot, jobs_data, thing, job):
    create_job(iot, job, thing)
    with connected(quick) as channel:
        started = waiting(channel, thing, job, "IN_PROGRESS")
        newer = waiting(channel, thing, job, version_above=2)
        assert not eventually(started.done, seconds=0.3)
        jobs_data.start_next_pending_job_execution(thingName=thing)
        answer = started.result()
        assert (answer.terminal, answer.status) == (False, STATUS["IN_PROGRESS"])
        assert answer.execution_number == 1
        jobs_data.update_job_execution(thingName=thing, jobId=job, status="IN_PROGRESS")
        jobs_data.update_job_execution(thingName=thing, jobId=job, status="IN_PROGRESS")
        assert newer.result().version_number >= 3


def test_what_has_ended_before_needs_no_waiting(start, emulator, iot, jobs_data, thing, job):
    gateway = start(emulator.url, *HOUR)
    create_job(iot, job, thing)
    jobs_data.update_job_execution(thingName=thing, jobId=job, status="FAILED")
    with connected(gateway) as channel:
        assert waiting(channel, thing, job).result().terminal
        assert waiting(channel, thing, job, execution_number=1).result().execution_number == 1


def test_a_job_that_there_is_not(quick, thing, job):
    with connected(quick) as channel:
        with failing(Code.NOT_FOUND):
            waiting(channel, thing, job).result()


def test_a_deadline_and_the_longest_wait(quick, start, emulator, iot, thing, job):
    create_job(iot, job, thing)
    with connected(quick) as channel:
        assert waiting(channel, thing, job, timeout=0.3).code() is Code.DEADLINE_EXCEEDED
    gateway = start(emulator.url, "--watch-max-duration", "200ms")
    with connected(gateway) as channel:
        assert waiting(channel, thing, job).code() is Code.UNAVAILABLE


def test_many_who_wait_share_the_reads(start, emulator, console, iot, jobs_data, thing, job):
    gateway = start(emulator.url, *HOUR)
    create_job(iot, job, thing)
    jobs_data.start_next_pending_job_execution(thingName=thing)
    with contextlib.ExitStack() as stack:
        channels = [stack.enter_context(connected(gateway)) for _ in range(2)]
        calls = [waiting(channel, thing, job) for channel in channels for _ in range(100)]
        # A caller who waits for what is there already comes after all of them.
        for channel in channels:
            waiting(channel, thing, job, "IN_PROGRESS").result()
        assert Caller(channels[0])(update(thing, job, "SUCCEEDED")).ok
        assert all(call.result().status == STATUS["SUCCEEDED"] for call in calls)
    assert console.calls("GetPendingJobExecutions")["received"] == 1
    assert console.calls("DescribeJobExecution")["received"] == 0


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (("a b", "j"), "thing_name"),
        (("t", "$next"), "job_id"),
        (("t", ""), "job_id"),
        (("t", "j", "UNSPECIFIED"), "statuses"),
        (("t", "j", *["QUEUED"] * 17), "statuses"),
    ],
)
def test_a_wrong_request_names_its_field(quick, request_, field):
    with connected(quick) as channel:
        with failing(Code.INVALID_ARGUMENT) as failed:
            waiting(channel, *request_).result()
        assert failed[0].fields == [field]
