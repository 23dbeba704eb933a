# SPDX-License-Identifier: Apache-2.0
"""What the gateway makes of each thing that the emulator does wrong on demand."""

from __future__ import annotations

import concurrent.futures
import http.client
import time

import botocore.exceptions
import grpc
import pytest

import aws
from aws import create_job
from failures import AWS, HERE, failing, read
from program import eventually
from stubs import NO_CACHE, STATUS, pb

Code = grpc.StatusCode
TIMEOUT = 30


@pytest.fixture
def known(iot, thing, job) -> pb.DescribeJobExecutionRequest:
    """A describe that succeeds when nothing goes wrong."""
    create_job(iot, job, thing)
    return pb.DescribeJobExecutionRequest(thing_name=thing, job_id=job)


@pytest.fixture
def progress(known) -> pb.UpdateJobExecutionRequest:
    """An update that may be made any number of times, and that nobody repeats unasked."""
    return pb.UpdateJobExecutionRequest(
        thing_name=known.thing_name, job_id=known.job_id, status=STATUS["IN_PROGRESS"]
    )


@pytest.mark.parametrize("fault", ["drop=before", "drop=after", "truncate=after"])
def test_a_describe_whose_answer_is_lost_is_unavailable(stub, console, known, fault):
    console.plan(operations=["DescribeJobExecution"], next=[fault] * 5)
    with failing(Code.UNAVAILABLE) as seen:
        stub.DescribeJobExecution(known, timeout=TIMEOUT)
    assert seen[0].info.domain == HERE
    assert seen[0].retry_delay_seconds is not None
    console.plan()
    assert stub.DescribeJobExecution(known, timeout=TIMEOUT).execution.job_id == known.job_id


@pytest.mark.parametrize("fault", ["drop=before", "drop=after", "truncate=after"])
def test_an_update_whose_answer_is_lost_has_an_unknown_outcome(stub, console, progress, fault):
    console.plan(operations=["UpdateJobExecution"], next=[fault] * 5)
    with failing(Code.UNKNOWN, "OUTCOME_UNKNOWN", HERE) as seen:
        stub.UpdateJobExecution(progress, timeout=TIMEOUT)
    assert seen[0].pushback_milliseconds == -1
    assert seen[0].retry_delay_seconds is None
    # It was sent once, whatever became of it.
    assert console.calls("UpdateJobExecution")["received"] == 1
    assert console.calls("UpdateJobExecution")["carriedOut"] == (fault != "drop=before")


@pytest.mark.parametrize("body", ["html", "text", "array", "broken", "output"])
def test_a_success_that_cannot_be_read_is_a_failure(stub, console, known, progress, body):
    console.plan(next=[f"body={body}"] * 5)
    with failing(Code.INTERNAL) as seen:
        stub.DescribeJobExecution(known, timeout=TIMEOUT)
    assert seen[0].info.reason in ("MALFORMED_RESPONSE", "WRONG_ENDPOINT")
    console.plan(next=[f"body={body}"] * 5)
    with failing(Code.INTERNAL if body == "output" else Code.UNKNOWN):
        stub.UpdateJobExecution(progress, timeout=TIMEOUT)


def test_throttling_is_resource_exhausted_and_says_when_to_come_back(stub, console, known):
    console.plan(
        operations=["DescribeJobExecution"],
        next=["error=ThrottlingException;retry-after=1500"] * 5,
    )
    with failing(Code.RESOURCE_EXHAUSTED, "THROTTLED", AWS) as seen:
        stub.DescribeJobExecution(known, timeout=TIMEOUT)
    assert seen[0].retry_delay_seconds == 1.5
    assert seen[0].pushback_milliseconds == 1500


def test_the_emulators_own_rate_limit_throttles_some_of_a_burst(stub, console, known):
    console.plan(operations=["DescribeJobExecution"], throttle={"ratePerSecond": 1, "burst": 5})
    calls = [
        stub.DescribeJobExecution.future(known, timeout=TIMEOUT, metadata=NO_CACHE)
        for _ in range(40)
    ]
    codes = [call.code() for call in calls]
    assert set(codes) == {Code.OK, Code.RESOURCE_EXHAUSTED}
    assert 5 <= codes.count(Code.OK) <= 20


@pytest.mark.parametrize(
    ("fault", "read_code", "write_code"),
    [
        ("status=503", Code.UNAVAILABLE, Code.UNAVAILABLE),
        ("status=500", Code.UNAVAILABLE, Code.UNKNOWN),
        ("status=502", Code.UNAVAILABLE, Code.UNKNOWN),
        ("status=504", Code.UNAVAILABLE, Code.UNKNOWN),
        ("error=AccessDeniedException", Code.PERMISSION_DENIED, Code.PERMISSION_DENIED),
        ("error=ExpiredTokenException", Code.UNAVAILABLE, Code.UNAVAILABLE),
        ("error=UnknownOperationException", Code.INTERNAL, Code.INTERNAL),
    ],
)
def test_reads_and_writes_differ_where_the_outcome_does(
    stub, console, known, progress, fault, read_code, write_code
):
    console.plan(next=[fault] * 5)
    with failing(read_code):
        stub.DescribeJobExecution(known, timeout=TIMEOUT)
    console.plan(next=[fault] * 5)
    with failing(write_code):
        stub.UpdateJobExecution(progress, timeout=TIMEOUT)


def test_a_slow_answer_is_waited_for(stub, console, known):
    console.plan(operations=["DescribeJobExecution"], next=["latency=300"])
    began = time.monotonic()
    stub.DescribeJobExecution(known, timeout=TIMEOUT)
    assert time.monotonic() - began >= 0.3


def test_a_write_that_misses_its_deadline_says_that_it_may_have_happened(stub, console, progress):
    console.plan(operations=["UpdateJobExecution"], next=["latency=1000"])
    with failing(Code.DEADLINE_EXCEEDED):
        stub.UpdateJobExecution(progress, timeout=0.3)
    # It did happen, and is over before another test counts.
    assert eventually(lambda: console.calls("UpdateJobExecution")["carriedOut"] == 1)


def test_calls_beside_a_slow_one_are_not_held_up(stub, console, known, iot, thing, job):
    create_job(iot, f"{job}-b", f"{thing}-b")
    console.plan(operations=["DescribeJobExecution"], next=["latency=3000"])
    slow = stub.DescribeJobExecution.future(known, timeout=TIMEOUT)
    other = pb.DescribeJobExecutionRequest(thing_name=f"{thing}-b", job_id=f"{job}-b")
    while console.faults_to_come():
        pass
    for _ in range(20):
        stub.DescribeJobExecution(other, timeout=TIMEOUT)
    assert not slow.done()
    assert slow.result().execution.job_id == known.job_id


def test_many_calls_use_few_connections(stub, console, known):
    for _ in range(3):
        calls = [
            stub.DescribeJobExecution.future(known, timeout=60, metadata=NO_CACHE)
            for _ in range(300)
        ]
        for call in calls:
            call.result()
    assert console.calls("DescribeJobExecution")["received"] == 900
    assert console.connections() <= 101


def test_under_every_fault_at_once_each_call_has_one_honest_answer(stub, console, known, progress):
    console.plan(
        seed=7,
        errorRate=0.1,
        dropBeforeRate=0.1,
        dropAfterRate=0.1,
        truncateRate=0.1,
        malformedRate=0.1,
        latencyJitterMilliseconds=3,
    )

    def call(index: int) -> grpc.StatusCode:
        try:
            if index % 2:
                stub.UpdateJobExecution(progress, timeout=TIMEOUT)
            else:
                stub.DescribeJobExecution(known, timeout=TIMEOUT, metadata=NO_CACHE)
        except grpc.RpcError as error:
            failure = read(error)
            assert failure.info.domain in (AWS, HERE), failure
            return failure.code
        return Code.OK

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        codes = list(pool.map(call, range(600)))
    assert Code.DEADLINE_EXCEEDED not in codes and Code.CANCELLED not in codes
    reads, writes = set(codes[::2]), set(codes[1::2])
    assert {Code.OK, Code.UNAVAILABLE, Code.INTERNAL, Code.RESOURCE_EXHAUSTED} <= reads
    assert {Code.OK, Code.UNKNOWN, Code.UNAVAILABLE} <= writes
    assert Code.UNKNOWN not in reads
    console.plan()
    # An update that was answered OK is in the count of those carried out.
    counted = console.calls("UpdateJobExecution")
    assert counted["succeeded"] >= codes[1::2].count(Code.OK)
    described = stub.DescribeJobExecution(known, timeout=TIMEOUT).execution
    assert described.version_number == 1 + counted["succeeded"]


def test_a_fault_for_one_request_comes_by_a_header(emulator, jobs_data, known):
    client = aws.client("iot-jobs-data", emulator.url)
    client.meta.events.register_first(
        "before-send.iot-jobs-data.*",
        lambda request, **_: request.headers.update({"x-emulator-fault": "status=503"}),
    )
    with pytest.raises(botocore.exceptions.ClientError) as error:
        client.get_pending_job_executions(thingName=known.thing_name)
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    jobs_data.get_pending_job_executions(thingName=known.thing_name)


def test_a_fault_that_cannot_be_read_is_refused(emulator):
    host, port = emulator.address.rsplit(":", 1)
    connection = http.client.HTTPConnection(host, int(port), timeout=10)
    try:
        for body in (
            '{"latnecyMilliseconds": 3}',
            '{"next": ["drop=maybe"]}',
            "[",
            '{"errorRate": 2}',
        ):
            connection.request("PUT", "/_emulator/faults", body)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 400, body
    finally:
        connection.close()
