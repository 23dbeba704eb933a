# SPDX-License-Identifier: Apache-2.0
"""The four operations through grpcio's two clients, from stubs made of Protos/."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator

import grpc
import pytest

from aws import create_job
from stubs import STATUS, pb, rpc


class Blocking:
    """grpcio's classic client."""

    def __init__(self, address: str):
        self._channel = grpc.insecure_channel(address)
        self._stub = rpc.JobsDataPlaneServiceStub(self._channel)

    def __call__(self, method: str, request):
        return getattr(self._stub, method)(request, timeout=30)

    def close(self) -> None:
        self._channel.close()


class Asynchronous:
    """grpcio's asyncio client, one event loop for the test."""

    def __init__(self, address: str):
        self._runner = asyncio.Runner()
        self._channel, self._stub = self._runner.run(self._open(address))

    @staticmethod
    async def _open(address: str):
        channel = grpc.aio.insecure_channel(address)
        return channel, rpc.JobsDataPlaneServiceStub(channel)

    def __call__(self, method: str, request):
        async def call():
            return await getattr(self._stub, method)(request, timeout=30)

        return self._runner.run(call())

    def close(self) -> None:
        self._runner.run(self._channel.close())
        self._runner.close()


@pytest.fixture(params=["gateway", "default_gateway"], ids=["no policy", "defaults"])
def address(request) -> str:
    return request.getfixturevalue(request.param).address


@pytest.fixture(params=[Blocking, Asynchronous])
def call(request, address) -> Iterator[Callable]:
    client = request.param(address)
    yield client
    client.close()


def test_a_job_is_queued_started_reported_on_and_done(call, iot, thing, job):
    before = int(time.time())
    document = {"operation": "install", "text": "Grüße 🦉"}
    create_job(iot, job, thing, document=document)

    pending = call("GetPendingJobExecutions", pb.GetPendingJobExecutionsRequest(thing_name=thing))
    assert [row.job_id for row in pending.queued_jobs] == [job]
    assert not pending.in_progress_jobs
    assert before <= pending.queued_jobs[0].queued_at <= time.time()
    assert not pending.queued_jobs[0].HasField("started_at")

    started = call(
        "StartNextPendingJobExecution",
        pb.StartNextPendingJobExecutionRequest(
            thing_name=thing, status_details={"step": "one"}, step_timeout_in_minutes=10
        ),
    ).execution
    assert (started.job_id, started.thing_name) == (job, thing)
    assert started.status == STATUS["IN_PROGRESS"] and started.status_text == "IN_PROGRESS"
    assert dict(started.status_details) == {"step": "one"}
    assert (started.version_number, started.execution_number) == (2, 1)
    assert 0 < started.approximate_seconds_before_timed_out <= 600
    assert started.started_at >= started.queued_at
    assert json.loads(started.job_document) == document

    updated = call(
        "UpdateJobExecution",
        pb.UpdateJobExecutionRequest(
            thing_name=thing,
            job_id=job,
            status=STATUS["IN_PROGRESS"],
            status_details={"step": "two", "text": "naïve 🦉"},
            expected_version=2,
            include_job_execution_state=True,
            include_job_document=True,
        ),
    )
    assert updated.execution_state.version_number == 3
    assert updated.execution_state.status == STATUS["IN_PROGRESS"]
    assert dict(updated.execution_state.status_details) == {"step": "two", "text": "naïve 🦉"}
    assert json.loads(updated.job_document) == document

    described = call(
        "DescribeJobExecution", pb.DescribeJobExecutionRequest(thing_name=thing, job_id=job)
    ).execution
    assert described.version_number == 3
    assert dict(described.status_details) == {"step": "two", "text": "naïve 🦉"}
    assert json.loads(described.job_document) == document

    done = call(
        "UpdateJobExecution",
        pb.UpdateJobExecutionRequest(thing_name=thing, job_id=job, status=STATUS["SUCCEEDED"]),
    )
    assert done == pb.UpdateJobExecutionResponse()
    shown = iot.describe_job_execution(jobId=job, thingName=thing)["execution"]
    assert shown["status"] == "SUCCEEDED"


def test_nothing_pending_is_an_answer_without_an_execution(call, iot, thing, job):
    create_job(iot, job, thing)
    call(
        "UpdateJobExecution",
        pb.UpdateJobExecutionRequest(thing_name=thing, job_id=job, status=STATUS["FAILED"]),
    )
    next_one = call(
        "StartNextPendingJobExecution", pb.StartNextPendingJobExecutionRequest(thing_name=thing)
    )
    assert not next_one.HasField("execution")
    described = call(
        "DescribeJobExecution", pb.DescribeJobExecutionRequest(thing_name=thing, job_id="$next")
    )
    assert not described.HasField("execution")
    pending = call("GetPendingJobExecutions", pb.GetPendingJobExecutionsRequest(thing_name=thing))
    assert pending == pb.GetPendingJobExecutionsResponse()


def test_next_is_the_oldest_and_describing_it_does_not_start_it(call, iot, thing, job):
    create_job(iot, job, thing)
    create_job(iot, f"{job}-later", thing)
    for _ in range(2):
        described = call(
            "DescribeJobExecution", pb.DescribeJobExecutionRequest(thing_name=thing, job_id="$next")
        ).execution
        assert (described.job_id, described.status) == (job, STATUS["QUEUED"])


def test_the_job_document_is_left_out_when_it_is_not_wanted(call, iot, thing, job):
    create_job(iot, job, thing)
    described = call(
        "DescribeJobExecution",
        pb.DescribeJobExecutionRequest(thing_name=thing, job_id=job, include_job_document=False),
    ).execution
    assert described.job_id == job and not described.HasField("job_document")


def test_status_details_stay_are_replaced_and_are_cleared(call, iot, thing, job):
    create_job(iot, job, thing)

    def update(**members):
        return call(
            "UpdateJobExecution",
            pb.UpdateJobExecutionRequest(
                thing_name=thing,
                job_id=job,
                status=STATUS["IN_PROGRESS"],
                include_job_execution_state=True,
                **members,
            ),
        ).execution_state.status_details

    assert dict(update(status_details={"a": "1", "b": "2"})) == {"a": "1", "b": "2"}
    assert dict(update()) == {"a": "1", "b": "2"}
    assert dict(update(status_details={"c": "3"})) == {"c": "3"}
    assert dict(update(clear_status_details=True)) == {}


def test_an_execution_is_found_by_its_number(call, iot, thing, job):
    create_job(iot, job, thing)
    described = call(
        "DescribeJobExecution",
        pb.DescribeJobExecutionRequest(thing_name=thing, job_id=job, execution_number=1),
    ).execution
    assert described.execution_number == 1
