# SPDX-License-Identifier: Apache-2.0
"""Failures as a client sees them: code, reason, whose fault, and when to come back."""

from __future__ import annotations

import grpc
import pytest
from google.rpc import error_details_pb2

from aws import create_job
from failures import AWS, HERE, failing, read
from stubs import STATUS, pb
from upstream import Answer

Code = grpc.StatusCode

# AWS's name, HTTP status → code, reason, whether coming back later helps. aws/errors.md section 5.
REFUSALS = [
    ("InvalidRequestException", 400, Code.INVALID_ARGUMENT, "INVALID_REQUEST", False),
    ("ValidationException", 400, Code.INVALID_ARGUMENT, "INVALID_REQUEST", False),
    ("ResourceNotFoundException", 404, Code.NOT_FOUND, "RESOURCE_NOT_FOUND", False),
    ("TerminalStateException", 410, Code.FAILED_PRECONDITION, "TERMINAL_STATE", False),
    (
        "InvalidStateTransitionException",
        409,
        Code.FAILED_PRECONDITION,
        "INVALID_STATE_TRANSITION",
        False,
    ),
    ("VersionConflictException", 409, Code.ABORTED, "VERSION_MISMATCH", False),
    ("ConflictException", 409, Code.ALREADY_EXISTS, "CONFLICT", False),
    ("ServiceQuotaExceededException", 402, Code.RESOURCE_EXHAUSTED, "QUOTA_EXCEEDED", False),
    ("ThrottlingException", 429, Code.RESOURCE_EXHAUSTED, "THROTTLED", True),
    ("ThrottlingException", 400, Code.RESOURCE_EXHAUSTED, "THROTTLED", True),
    ("ServiceUnavailableException", 503, Code.UNAVAILABLE, "SERVICE_UNAVAILABLE", True),
    ("InternalFailure", 500, Code.UNAVAILABLE, "INTERNAL_FAILURE", True),
    ("AccessDeniedException", 403, Code.PERMISSION_DENIED, "ACCESS_DENIED", False),
    ("CertificateValidationException", 400, Code.INTERNAL, "CERTIFICATE", False),
    ("InvalidSignatureException", 403, Code.INTERNAL, "SIGNING_FAILED", False),
    ("UnknownOperationException", 404, Code.INTERNAL, "WRONG_ENDPOINT", False),
    ("NeverHeardOfException", 404, Code.NOT_FOUND, "UNKNOWN_AWS_ERROR", False),
    ("NeverHeardOfException", 418, Code.FAILED_PRECONDITION, "UNKNOWN_AWS_ERROR", False),
]


@pytest.mark.parametrize(("name", "http", "code", "reason", "later"), REFUSALS)
def test_each_refusal_of_aws_has_one_code_and_reason(
    upstream, forwarding, name, http, code, reason, later
):
    upstream.respond = lambda _: Answer.error(name, http, "because")
    with failing(code, reason, AWS) as seen:
        forwarding.DescribeJobExecution(
            pb.DescribeJobExecutionRequest(thing_name="t", job_id="j"), timeout=30
        )
    (failure,) = seen
    assert failure.info.metadata["awsErrorCode"] == name
    assert failure.info.metadata["httpStatus"] == str(http)
    assert failure.info.metadata["operation"] == "DescribeJobExecution"
    assert failure.trailers["x-amzn-requestid"] == "00000000-feed-4bad-8bad-000000000000"
    assert int(failure.trailers["x-gateway-attempts"]) == len(upstream.requests)
    request = failure.detail(error_details_pb2.RequestInfo)
    assert request and request.request_id == failure.trailers["x-amzn-requestid"]
    assert (failure.retry_delay_seconds is not None) == later
    assert (failure.pushback_milliseconds is not None) == later


@pytest.mark.parametrize("name", ["x-amz-retry-after", "Retry-After"])
def test_a_throttled_call_says_when_aws_wants_it_back(upstream, forwarding, name):
    value = {"x-amz-retry-after": "2500", "Retry-After": "3"}[name]
    upstream.respond = lambda _: Answer.json(
        {"message": "slow down", "__type": "ThrottlingException"}, 429, **{name: value}
    )
    with failing(Code.RESOURCE_EXHAUSTED, "THROTTLED", AWS) as seen:
        forwarding.GetPendingJobExecutions(
            pb.GetPendingJobExecutionsRequest(thing_name="t"), timeout=30
        )
    assert seen[0].retry_delay_seconds == {"2500": 2.5, "3": 3.0}[value]
    assert seen[0].pushback_milliseconds == seen[0].retry_delay_seconds * 1000
    (violation,) = seen[0].detail(error_details_pb2.QuotaFailure).violations
    assert violation.subject == "account:reads"


def test_a_thing_that_aws_does_not_know_is_not_found(stub, thing):
    with failing(Code.NOT_FOUND, "RESOURCE_NOT_FOUND", AWS) as seen:
        stub.DescribeJobExecution(pb.DescribeJobExecutionRequest(thing_name=thing, job_id="j"))
    assert seen[0].trailers["x-amzn-requestid"]
    assert seen[0].trailers["x-gateway-attempts"] == "1"


def test_a_finished_execution_cannot_be_described_or_changed(stub, iot, thing, job):
    create_job(iot, job, thing)
    done = pb.UpdateJobExecutionRequest(
        thing_name=thing, job_id=job, status=STATUS["REJECTED"], status_details={"why": "flat"}
    )
    stub.UpdateJobExecution(done)
    with failing(Code.FAILED_PRECONDITION, "TERMINAL_STATE", AWS) as seen:
        stub.DescribeJobExecution(pb.DescribeJobExecutionRequest(thing_name=thing, job_id=job))
    (violation,) = seen[0].detail(error_details_pb2.PreconditionFailure).violations
    assert (violation.type, violation.subject) == ("TERMINAL_STATE", f"thing:{thing}/job:{job}")
    with failing(Code.FAILED_PRECONDITION, "INVALID_STATE_TRANSITION", AWS) as seen:
        stub.UpdateJobExecution(done)
    state = seen[0].detail(pb.JobExecutionState)
    assert state.status == STATUS["REJECTED"]
    assert dict(state.status_details) == {"why": "flat"}
    (violation,) = seen[0].detail(error_details_pb2.PreconditionFailure).violations
    assert violation.type == "INVALID_STATE_TRANSITION"
    assert violation.description == "the execution is REJECTED"


def test_a_lost_race_is_aborted_and_shows_the_present_state(stub, iot, thing, job):
    create_job(iot, job, thing)
    with failing(Code.ABORTED, "VERSION_MISMATCH", AWS) as seen:
        stub.UpdateJobExecution(
            pb.UpdateJobExecutionRequest(
                thing_name=thing, job_id=job, status=STATUS["IN_PROGRESS"], expected_version=7
            )
        )
    (failure,) = seen
    assert failure.info.metadata["expectedVersion"] == "7"
    assert failure.info.metadata["currentVersion"] == "1"
    assert failure.detail(pb.JobExecutionState).version_number == 1
    (violation,) = failure.detail(error_details_pb2.PreconditionFailure).violations
    assert (violation.type, violation.subject) == ("VERSION_MISMATCH", f"thing:{thing}/job:{job}")
    assert violation.description == "the execution is at version 1, not 7"


def update(**members) -> pb.UpdateJobExecutionRequest:
    return pb.UpdateJobExecutionRequest(
        **{"thing_name": "t", "job_id": "j", "status": STATUS["FAILED"], **members}
    )


# A request that breaks a constraint, and the fields that the answer must name.
BROKEN = [
    (pb.DescribeJobExecutionRequest(job_id="j"), ["thing_name"]),
    (pb.DescribeJobExecutionRequest(thing_name="t"), ["job_id"]),
    (pb.DescribeJobExecutionRequest(), ["thing_name", "job_id"]),
    (pb.DescribeJobExecutionRequest(thing_name="t", job_id="$nextfoo"), ["job_id"]),
    (pb.DescribeJobExecutionRequest(thing_name="t", job_id="a:b"), ["job_id"]),
    (pb.DescribeJobExecutionRequest(thing_name="t", job_id="j" * 65), ["job_id"]),
    (pb.DescribeJobExecutionRequest(thing_name="t" * 129, job_id="j"), ["thing_name"]),
    (pb.DescribeJobExecutionRequest(thing_name="a/b", job_id="j"), ["thing_name"]),
    (pb.DescribeJobExecutionRequest(thing_name="a\0b", job_id="j"), ["thing_name"]),
    (pb.DescribeJobExecutionRequest(thing_name="é", job_id="j"), ["thing_name"]),
    (pb.GetPendingJobExecutionsRequest(), ["thing_name"]),
    (pb.GetPendingJobExecutionsRequest(thing_name="a b"), ["thing_name"]),
    (pb.StartNextPendingJobExecutionRequest(thing_name=".."), ["thing_name"]),
    (
        pb.StartNextPendingJobExecutionRequest(thing_name="t", step_timeout_in_minutes=-1),
        ["step_timeout_in_minutes"],
    ),
    (
        pb.StartNextPendingJobExecutionRequest(thing_name="t", step_timeout_in_minutes=10081),
        ["step_timeout_in_minutes"],
    ),
    (update(job_id="$next"), ["job_id"]),
    (update(status=0), ["status"]),
    (update(status=99), ["status"]),
    (update(step_timeout_in_minutes=0), ["step_timeout_in_minutes"]),
    (update(step_timeout_in_minutes=-2), ["step_timeout_in_minutes"]),
    (update(status_details={"k": ""}), ['status_details["k"]']),
    (update(status_details={"k": "v" * 1025}), ['status_details["k"]']),
    (update(status_details={"k": "a\nb"}), ['status_details["k"]']),
    (update(status_details={"k": "a\u200db"}), ['status_details["k"]']),
    (update(status_details={"a b": "v"}), None),
    (update(status_details={"k" * 129: "v"}), None),
    (update(status_details={"": "v"}), None),
    (update(status_details={"k": "v"}, clear_status_details=True), ["clear_status_details"]),
]


@pytest.mark.parametrize(("request_", "fields"), BROKEN, ids=lambda value: str(value)[:40])
def test_a_broken_constraint_is_named_and_nothing_is_sent(upstream, forwarding, request_, fields):
    method = type(request_).__name__.removesuffix("Request")
    with failing(Code.INVALID_ARGUMENT, "INVALID_FIELD", HERE) as seen:
        getattr(forwarding, method)(request_, timeout=30)
    (failure,) = seen
    if fields is None:
        assert len(failure.fields) == 1 and failure.fields[0].startswith("status_details")
    else:
        assert failure.fields == fields
    violations = failure.detail(error_details_pb2.BadRequest).field_violations
    assert all(violation.description for violation in violations)
    assert upstream.requests == []


@pytest.mark.parametrize(
    "request_",
    [
        update(status_details={"k": "v" * 1024, "k2": "é" * 1024}),
        update(status_details={"k" * 128: "\u00a0"}),
        update(step_timeout_in_minutes=-1),
        update(step_timeout_in_minutes=10080),
        update(expected_version=0),
        update(expected_version=2**63 - 1, execution_number=-(2**63)),
        pb.DescribeJobExecutionRequest(thing_name="t" * 128, job_id="j" * 64),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_stands_at_the_limit_is_sent(upstream, forwarding, request_):
    method = type(request_).__name__.removesuffix("Request")
    getattr(forwarding, method)(request_, timeout=30)
    assert len(upstream.requests) == 1


def test_a_write_whose_outcome_nobody_knows_is_never_to_be_repeated(upstream, forwarding):
    upstream.respond = lambda _: Answer(instead="close")
    with failing(Code.UNKNOWN, "OUTCOME_UNKNOWN", HERE) as seen:
        forwarding.UpdateJobExecution(update(status=STATUS["IN_PROGRESS"]), timeout=30)
    assert seen[0].pushback_milliseconds == -1
    assert seen[0].retry_delay_seconds is None


@pytest.mark.parametrize("instead", ["close", "reset"])
def test_a_read_that_is_cut_off_may_be_repeated(upstream, forwarding, instead):
    upstream.respond = lambda _: Answer(instead=instead)
    with failing(Code.UNAVAILABLE) as seen:
        forwarding.DescribeJobExecution(
            pb.DescribeJobExecutionRequest(thing_name="t", job_id="j"), timeout=30
        )
    assert seen[0].info.domain == HERE
    assert seen[0].retry_delay_seconds is not None


@pytest.mark.parametrize("cut_after", [1, 40, 150, 240])
def test_an_answer_cut_short_is_no_answer(upstream, forwarding, cut_after):
    upstream.respond = lambda _: Answer(
        body=b'{"execution":{"jobId":"j"}}' + b" " * 200, cut_after=cut_after
    )
    with failing(Code.UNAVAILABLE):
        forwarding.DescribeJobExecution(
            pb.DescribeJobExecutionRequest(thing_name="t", job_id="j"), timeout=30
        )


def test_a_write_that_aws_failed_inside_is_unknown(upstream, forwarding):
    upstream.respond = lambda _: Answer.error("InternalFailure", 500)
    with failing(Code.UNKNOWN) as seen:
        forwarding.UpdateJobExecution(update(status=STATUS["IN_PROGRESS"]), timeout=30)
    assert seen[0].info.reason == "OUTCOME_UNKNOWN"
    assert seen[0].pushback_milliseconds == -1


def test_a_redirect_is_not_followed(upstream, forwarding):
    upstream.respond = lambda _: Answer(302, b"", {"Location": upstream.url})
    with failing(Code.INTERNAL):
        forwarding.GetPendingJobExecutions(
            pb.GetPendingJobExecutionsRequest(thing_name="t"), timeout=30
        )
    assert len(upstream.requests) == 1


def test_no_secret_shows_in_a_failure(upstream, forwarding):
    upstream.respond = lambda request: Answer.error(
        "InvalidSignatureException",
        403,
        f"The Canonical String was {request.header('Authorization')}",
    )
    with pytest.raises(grpc.RpcError) as caught:
        forwarding.GetPendingJobExecutions(
            pb.GetPendingJobExecutionsRequest(thing_name="t"), timeout=30
        )
    failure = read(caught.value)
    assert "Signature=" not in failure.message
    assert "Signature=" not in str(failure.status)
