# SPDX-License-Identifier: Apache-2.0
"""AWS's own client's vectors, through the whole gateway: what goes out, what comes back."""

from __future__ import annotations

import base64
import json
import urllib.parse

import grpc
import pytest

import aws
from failures import HERE, failing, read
from program import Gateway
from stubs import STATUS, pb, rpc
from upstream import Answer, Upstream

OPERATIONS = {
    "DescribeJobExecution",
    "GetPendingJobExecutions",
    "StartNextPendingJobExecution",
    "UpdateJobExecution",
}

# AWS's member → the field of our message.
FIELDS = {
    "thingName": "thing_name",
    "jobId": "job_id",
    "executionNumber": "execution_number",
    "includeJobDocument": "include_job_document",
    "includeJobExecutionState": "include_job_execution_state",
    "expectedVersion": "expected_version",
    "stepTimeoutInMinutes": "step_timeout_in_minutes",
}

SENT = [
    case
    for case in aws.vectors("serialize.json")
    if case["operation"] in OPERATIONS and "clientError" not in case["expected"]
]
ANSWERED = [case for case in aws.vectors("parse.json") if case["operation"] in OPERATIONS]


def name(case: dict) -> str:
    return f"{case['id']}-{case['operation']}"


@pytest.fixture(scope="module")
def aws_in_python():
    with Upstream() as server:
        yield server


@pytest.fixture(scope="module")
def forwarding(aws_in_python):
    with Gateway(aws_in_python.url) as program, grpc.insecure_channel(program.address) as channel:
        yield rpc.JobsDataPlaneServiceStub(channel)


def message(operation: str, arguments: dict):
    """The arguments of AWS's client as our request."""
    request = getattr(pb, f"{operation}Request")()
    for member, value in arguments.items():
        if member == "status":
            request.status = STATUS.get(value, 0)
        elif member == "statusDetails":
            request.status_details.update(value)
            request.clear_status_details = value == {}
        else:
            setattr(request, FIELDS[member], value)
    return request


@pytest.mark.parametrize("case", SENT, ids=name)
def test_a_call_goes_out_as_awss_own_client_sends_it(aws_in_python, forwarding, case):
    aws_in_python.respond = lambda _: Answer()
    aws_in_python.requests.clear()
    call = getattr(forwarding, case["operation"])
    request = message(case["operation"], case["input"])
    if case.get("modelViolations"):
        with failing(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD", HERE):
            call(request, timeout=30)
        assert aws_in_python.requests == []
        return
    call(request, timeout=30)
    (sent,) = aws_in_python.requests
    expected = case["expected"]
    path, _, query = sent.target.partition("?")
    assert (sent.method, path) == (expected["method"], expected["path"])
    assert sorted(urllib.parse.parse_qsl(query)) == sorted(
        urllib.parse.parse_qsl(expected["query"])
    )
    assert sent.header("Content-Type") == expected["headers"].get("Content-Type")
    if expected["body"]:
        assert sent.json == expected["bodyJSON"]
        assert sent.header("Content-Length") == str(len(sent.body))
    else:
        assert sent.body == b"" and sent.header("Transfer-Encoding") is None


def answer(case: dict) -> Answer:
    response = case["response"]
    body = (
        base64.b64decode(response["bodyBase64"])
        if "bodyBase64" in response
        else response["body"].encode()
    )
    # Each header as the case has it, repeated ones too; added are the length, and the word that the
    # connection ends here, which the server does: an update that came to meet it would be lost.
    lines = [f"HTTP/1.1 {response['status']} Status"]
    lines += [
        f"{key}: {value}" for key, value in response["headers"] if key.lower() != "content-length"
    ]
    lines += [f"Content-Length: {len(body)}", "Connection: close"]
    head = "\r\n".join([*lines, "", ""])
    return Answer(raw=head.encode("latin-1") + body)


def plain(message) -> object:
    """Our answer in AWS's words, absent members left out."""

    def execution(one) -> dict:
        found = {
            member: getattr(one, field)
            for member, field in {
                "jobId": "job_id",
                "thingName": "thing_name",
                "status": "status_text",
                "queuedAt": "queued_at",
                "startedAt": "started_at",
                "lastUpdatedAt": "last_updated_at",
                "approximateSecondsBeforeTimedOut": "approximate_seconds_before_timed_out",
                "versionNumber": "version_number",
                "executionNumber": "execution_number",
                "jobDocument": "job_document",
            }.items()
            if field in one.DESCRIPTOR.fields_by_name and one.HasField(field)
        }
        if "status_details" in one.DESCRIPTOR.fields_by_name and one.status_details:
            found["statusDetails"] = dict(one.status_details)
        return found

    match message:
        case pb.GetPendingJobExecutionsResponse():
            return {
                "inProgressJobs": [execution(one) for one in message.in_progress_jobs],
                "queuedJobs": [execution(one) for one in message.queued_jobs],
            }
        case pb.UpdateJobExecutionResponse():
            found = {}
            if message.HasField("execution_state"):
                found["executionState"] = execution(message.execution_state)
            if message.HasField("job_document"):
                found["jobDocument"] = message.job_document
            return found
    return {"execution": execution(message.execution)} if message.HasField("execution") else {}


def without_nothing(value: object) -> object:
    """AWS's result less what protobuf cannot tell from absent: nulls, empty maps, empty lists."""
    if isinstance(value, dict):
        pairs = {key: without_nothing(member) for key, member in value.items()}
        return {key: member for key, member in pairs.items() if member not in (None, {}, [])}
    if isinstance(value, list):
        return [without_nothing(member) for member in value if member is not None]
    return value


@pytest.mark.parametrize("case", ANSWERED, ids=name)
def test_an_answer_is_read_as_awss_own_client_reads_it(aws_in_python, forwarding, case):
    aws_in_python.respond = lambda _: answer(case)
    arguments = {"thingName": "t", "jobId": "j", "status": "IN_PROGRESS", "expectedVersion": 1}
    accepted = {
        "DescribeJobExecution": ["thingName", "jobId"],
        "UpdateJobExecution": ["thingName", "jobId", "status"],
    }.get(case["operation"], ["thingName"])
    request = message(case["operation"], {key: arguments[key] for key in accepted})
    call = getattr(forwarding, case["operation"])
    expected, verdict = case["expected"], case["gateway"]
    try:
        response, done = call.with_call(request, timeout=30)
    except grpc.RpcError as error:
        failure = read(error)
        assert verdict != "same" or expected["outcome"] != "result", failure
        assert failure.code not in (grpc.StatusCode.CANCELLED, grpc.StatusCode.DEADLINE_EXCEEDED)
        if expected["outcome"] == "error" and verdict == "same" and failure.info.domain != HERE:
            assert failure.info.metadata["httpStatus"] == str(expected["httpStatus"])
            if expected.get("requestId"):
                assert failure.trailers["x-amzn-requestid"] == expected["requestId"]
        return
    assert verdict != "reject", response
    assert expected["outcome"] == "result", response
    if verdict == "same":
        assert without_nothing(plain(response)) == without_nothing(expected["result"])
        if expected.get("requestId"):
            assert dict(done.trailing_metadata())["x-amzn-requestid"] == expected["requestId"]


def test_every_case_of_the_four_operations_is_here():
    assert len(SENT) > 60 and len(ANSWERED) > 60
    assert {case["operation"] for case in SENT} == OPERATIONS
    assert json.dumps(SENT)
