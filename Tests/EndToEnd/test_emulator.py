# SPDX-License-Identifier: Apache-2.0
"""boto3 against the emulator: four operations, the control plane, errors, signatures."""

from __future__ import annotations

import botocore.exceptions
import pytest
from botocore import UNSIGNED

import aws
from aws import create_job
from program import Emulator
from scenario import carry_out_a_job, meet_refusals, refused


def test_a_job_goes_from_queued_to_done(iot, jobs_data, thing, job):
    carry_out_a_job(iot, jobs_data, thing, job)


def test_errors_are_the_exceptions_that_boto3_knows(iot, jobs_data, thing, job):
    meet_refusals(iot, jobs_data, thing, job)


def test_a_wrong_version_is_refused_and_changes_nothing(iot, jobs_data, thing, job):
    create_job(iot, job, thing)
    with pytest.raises(botocore.exceptions.ClientError) as mismatch:
        jobs_data.update_job_execution(
            thingName=thing, jobId=job, status="IN_PROGRESS", expectedVersion=9
        )
    assert refused(mismatch) == ("VersionMismatchException", 409)
    described = jobs_data.describe_job_execution(thingName=thing, jobId=job)["execution"]
    assert (described["status"], described["versionNumber"]) == ("QUEUED", 1)


def test_every_answer_carries_a_request_id_of_its_own(jobs_data, iot, thing, job):
    create_job(iot, job, thing)
    ids = {
        jobs_data.get_pending_job_executions(thingName=thing)["ResponseMetadata"]["RequestId"]
        for _ in range(5)
    }
    assert len(ids) == 5


SENT = [
    case
    for case in aws.vectors("serialize.json")
    if case["operation"] != "StartCommandExecution" and "clientError" not in case["expected"]
]
PYTHON_NAMES = {
    "DescribeJobExecution": "describe_job_execution",
    "GetPendingJobExecutions": "get_pending_job_executions",
    "StartNextPendingJobExecution": "start_next_pending_job_execution",
    "UpdateJobExecution": "update_job_execution",
}
# States that only the service sets and that the emulator takes for a bad request.
SERVICE_STATES = {"TIMED_OUT", "REMOVED", "CANCELED"}


@pytest.fixture(scope="module")
def own_emulator():
    with Emulator() as program:
        yield program


@pytest.mark.parametrize("case", SENT, ids=lambda case: f"{case['id']}-{case['operation']}")
def test_each_call_of_botocore_is_accepted_or_refused_for_what_it_says(own_emulator, case):
    client = aws.client("iot-jobs-data", own_emulator.url)
    control = aws.client("iot", own_emulator.url)
    arguments = case["input"]
    broken = bool(case.get("modelViolations")) or arguments.get("status") in SERVICE_STATES
    if not broken:
        job = arguments.get("jobId", "filler").replace("$next", "filler")
        try:
            create_job(control, job, arguments["thingName"])
        except control.exceptions.ResourceAlreadyExistsException:
            pass
    call = getattr(client, PYTHON_NAMES[case["operation"]])
    try:
        call(**arguments)
    except botocore.exceptions.ClientError as error:
        modelled = error.response["Error"]["Code"]
        assert hasattr(client.exceptions, modelled) or modelled == "VersionMismatchException"
        assert (modelled == "InvalidRequestException") == broken
    else:
        assert not broken


@pytest.mark.parametrize(
    ("session", "code"),
    [
        (aws.session(secret_key="wrong"), "InvalidSignatureException"),
        (aws.session(access_key="AKIDOTHER"), "UnrecognizedClientException"),
    ],
    ids=["wrong secret", "unknown key"],
)
def test_a_signature_that_does_not_hold_is_refused(emulator, session, code):
    client = aws.client("iot-jobs-data", emulator.url, session)
    with pytest.raises(botocore.exceptions.ClientError) as error:
        client.get_pending_job_executions(thingName="t")
    assert refused(error) == (code, 403)


def test_a_call_without_a_signature_is_refused(emulator):
    client = aws.client("iot-jobs-data", emulator.url, signature_version=UNSIGNED)
    with pytest.raises(botocore.exceptions.ClientError) as error:
        client.get_pending_job_executions(thingName="t")
    code, status = refused(error)
    assert code.startswith("MissingAuthenticationToken") and status == 403


# The control plane, as boto3's `iot` client uses it.


def test_a_job_shows_what_it_was_made_of(iot, thing, job):
    create_job(iot, job, thing, description="two presses", targetSelection="SNAPSHOT")
    shown = iot.describe_job(jobId=job)["job"]
    assert (shown["jobId"], shown["description"]) == (job, "two presses")
    assert shown["targets"] == [aws.thing_arn(thing)]
    assert shown["status"] in ("IN_PROGRESS", "COMPLETED")
    assert job in shown["jobArn"]


def test_a_job_cannot_be_made_twice(iot, thing, job):
    create_job(iot, job, thing)
    with pytest.raises(iot.exceptions.ResourceAlreadyExistsException):
        create_job(iot, job, thing, document={"other": "document"})


def test_executions_are_listed_by_thing_and_by_job(iot, jobs_data, thing, job):
    other = f"{thing}-b"
    create_job(iot, job, thing, other)
    jobs_data.update_job_execution(thingName=other, jobId=job, status="FAILED")
    by_job = iot.list_job_executions_for_job(jobId=job)["executionSummaries"]
    found = {
        row["thingArn"].rsplit("/", 1)[1]: row["jobExecutionSummary"]["status"] for row in by_job
    }
    assert found == {thing: "QUEUED", other: "FAILED"}
    failed = iot.list_job_executions_for_job(jobId=job, status="FAILED")["executionSummaries"]
    assert len(failed) == 1
    by_thing = iot.list_job_executions_for_thing(thingName=thing)["executionSummaries"]
    assert [row["jobId"] for row in by_thing] == [job]


def test_paginators_walk_every_page_once(iot, thing, job):
    jobs = [f"{job}-{index}" for index in range(7)]
    for one in jobs:
        create_job(iot, one, thing)
    things = [f"{thing}-{index}" for index in range(5)]
    create_job(iot, job, *things)

    pages = iot.get_paginator("list_job_executions_for_thing").paginate(
        thingName=thing, PaginationConfig={"PageSize": 3}
    )
    sizes, seen = [], []
    for page in pages:
        sizes.append(len(page["executionSummaries"]))
        seen += [row["jobId"] for row in page["executionSummaries"]]
    assert sorted(seen) == jobs and max(sizes) == 3

    pages = iot.get_paginator("list_job_executions_for_job").paginate(
        jobId=job, PaginationConfig={"PageSize": 2}
    )
    seen = [row["thingArn"] for page in pages for row in page["executionSummaries"]]
    assert sorted(seen) == [aws.thing_arn(one) for one in things]

    pages = iot.get_paginator("list_jobs").paginate(PaginationConfig={"PageSize": 5})
    listed = [row["jobId"] for page in pages for row in page["jobs"]]
    assert set(jobs) <= set(listed) and len(listed) == len(set(listed))


def test_an_execution_is_cancelled_and_deleted(iot, jobs_data, thing, job):
    create_job(iot, job, thing)
    jobs_data.start_next_pending_job_execution(thingName=thing)
    with pytest.raises(iot.exceptions.InvalidStateTransitionException):
        iot.cancel_job_execution(jobId=job, thingName=thing)
    iot.cancel_job_execution(
        jobId=job, thingName=thing, force=True, statusDetails={"why": "recalled"}
    )
    shown = iot.describe_job_execution(jobId=job, thingName=thing)["execution"]
    assert (shown["status"], shown["forceCanceled"]) == ("CANCELED", True)
    with pytest.raises(jobs_data.exceptions.InvalidStateTransitionException):
        jobs_data.update_job_execution(thingName=thing, jobId=job, status="SUCCEEDED")


def test_a_cancelled_job_is_pending_for_nobody_and_a_deleted_one_is_gone(
    iot, jobs_data, thing, job
):
    create_job(iot, job, thing)
    iot.cancel_job(jobId=job, comment="not now", reasonCode="PAUSE")
    assert iot.describe_job(jobId=job)["job"]["status"] == "CANCELED"
    assert jobs_data.get_pending_job_executions(thingName=thing)["queuedJobs"] == []
    iot.delete_job(jobId=job, force=True)
    with pytest.raises(iot.exceptions.ResourceNotFoundException):
        iot.describe_job(jobId=job)
    with pytest.raises(jobs_data.exceptions.ResourceNotFoundException):
        jobs_data.describe_job_execution(thingName=thing, jobId=job)


def test_a_job_that_is_not_known_is_not_found(iot, job):
    for call in (iot.describe_job, iot.cancel_job, iot.delete_job, iot.list_job_executions_for_job):
        with pytest.raises(iot.exceptions.ResourceNotFoundException):
            call(jobId=job)
