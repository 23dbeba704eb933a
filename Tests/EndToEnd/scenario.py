# SPDX-License-Identifier: Apache-2.0
"""What a program with boto3 does and sees, whoever serves it: AWS's API has one behaviour."""

from __future__ import annotations

import json
import time

import botocore.exceptions
import pytest

from aws import create_job


def refused(error: pytest.ExceptionInfo) -> tuple[str, int]:
    response = error.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def carry_out_a_job(iot, jobs_data, thing: str, job: str) -> None:
    """From queued to done."""
    document = {"text": "Grüße 🦉"}
    create_job(iot, job, thing, document=document)
    pending = jobs_data.get_pending_job_executions(thingName=thing)
    (row,) = pending["queuedJobs"]
    assert pending["inProgressJobs"] == []
    assert (row["jobId"], row["versionNumber"], row["executionNumber"]) == (job, 1, 1)
    assert abs(row["queuedAt"] - time.time()) < 60

    started = jobs_data.start_next_pending_job_execution(
        thingName=thing, statusDetails={"k": "é"}, stepTimeoutInMinutes=5
    )["execution"]
    assert started["status"] == "IN_PROGRESS" and started["versionNumber"] == 2
    assert started["statusDetails"] == {"k": "é"}
    assert 0 < started["approximateSecondsBeforeTimedOut"] <= 300
    assert json.loads(started["jobDocument"]) == document

    updated = jobs_data.update_job_execution(
        thingName=thing,
        jobId=job,
        status="IN_PROGRESS",
        statusDetails={"progress": "50"},
        expectedVersion=2,
        includeJobExecutionState=True,
        includeJobDocument=True,
    )
    assert updated["executionState"] == {
        "status": "IN_PROGRESS",
        "statusDetails": {"progress": "50"},
        "versionNumber": 3,
    }
    assert json.loads(updated["jobDocument"]) == document

    described = jobs_data.describe_job_execution(
        thingName=thing, jobId="$next", includeJobDocument=False
    )["execution"]
    assert described["jobId"] == job and "jobDocument" not in described

    done = jobs_data.update_job_execution(thingName=thing, jobId=job, status="SUCCEEDED")
    assert {key for key in done if key != "ResponseMetadata"} == set()
    assert "execution" not in jobs_data.start_next_pending_job_execution(thingName=thing)


def meet_refusals(iot, jobs_data, thing: str, job: str) -> None:
    """Each error that AWS's model has and that a caller can bring about, by its class."""
    errors = jobs_data.exceptions
    with pytest.raises(errors.ResourceNotFoundException):
        jobs_data.describe_job_execution(thingName=thing, jobId=job)
    create_job(iot, job, thing)
    with pytest.raises(errors.InvalidRequestException):
        jobs_data.update_job_execution(thingName=thing, jobId=job, status="SLEEPING")
    with pytest.raises(errors.InvalidRequestException):
        jobs_data.get_pending_job_executions(thingName="a b")
    with pytest.raises(botocore.exceptions.ClientError) as mismatch:
        jobs_data.update_job_execution(
            thingName=thing, jobId=job, status="IN_PROGRESS", expectedVersion=9
        )
    assert refused(mismatch) == ("VersionMismatchException", 409)
    jobs_data.update_job_execution(thingName=thing, jobId=job, status="FAILED")
    with pytest.raises(errors.TerminalStateException) as terminal:
        jobs_data.describe_job_execution(thingName=thing, jobId=job)
    assert refused(terminal)[1] == 410
    with pytest.raises(errors.InvalidStateTransitionException) as illegal:
        jobs_data.update_job_execution(thingName=thing, jobId=job, status="SUCCEEDED")
    assert refused(illegal)[1] == 409
