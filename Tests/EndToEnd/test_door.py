# SPDX-License-Identifier: Apache-2.0
"""boto3 through the door: what works against AWS works against the gateway, and gains its policies."""

from __future__ import annotations

import concurrent.futures
import json
import time
import urllib.error
import urllib.request

import botocore.exceptions
import grpc
import pytest

import aws
from aws import create_job
from door import KEY_ID, SECRET, Door, client, key_file
from http_server import Answer
from metrics import scrape
from scenario import carry_out_a_job, meet_refusals, refused
from stubs import pb, rpc
from test_emulator import PYTHON_NAMES, SENT, SERVICE_STATES


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    return key_file(tmp_path_factory.mktemp("door"))


@pytest.fixture(scope="module")
def door(emulator, keys):
    with Door(emulator.url, keys) as program:
        yield program


@pytest.fixture(scope="module")
def data(door):
    return client(door.url)


def test_a_job_goes_from_queued_to_done(iot, data, thing, job):
    carry_out_a_job(iot, data, thing, job)


@pytest.mark.parametrize("case", SENT, ids=lambda case: f"{case['id']}-{case['operation']}")
def test_each_call_of_botocore_ends_as_it_does_at_the_emulator(door, emulator, case):
    """Against one emulator with and without the gateway between, each on things of its own."""
    ways = {"plain": aws.client("iot-jobs-data", emulator.url), "door": client(door.url)}
    control = aws.client("iot", emulator.url)
    asked = {way: dict(case["input"]) for way in ways}
    broken = bool(case.get("modelViolations")) or case["input"].get("status") in SERVICE_STATES
    if not broken:
        for way, arguments in asked.items():
            arguments["thingName"] = f"{way}-{case['id']}-{arguments['thingName']}"[:128]
        job = case["input"].get("jobId", "filler").replace("$next", "filler")
        things = [arguments["thingName"] for arguments in asked.values()]
        try:
            create_job(control, job, *things)
        except control.exceptions.ResourceAlreadyExistsException:
            pass
    ends = {}
    for way, caller in ways.items():
        try:
            answer = getattr(caller, PYTHON_NAMES[case["operation"]])(**asked[way])
            ends[way] = ("answer", sorted(answer))
        except botocore.exceptions.ClientError as error:
            told_as = error.response["Error"]
            ends[way] = (type(error).__name__, told_as["Code"], told_as["Message"] if broken else "")
    assert ends["door"] == ends["plain"]


def test_the_classes_of_modelled_errors_are_raised(iot, data, thing, job):
    meet_refusals(iot, data, thing, job)


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("ThrottlingException", 429),
        ("ServiceUnavailableException", 503),
        ("CertificateValidationException", 400),
        ("InvalidRequestException", 400),
        ("ResourceNotFoundException", 404),
        ("TerminalStateException", 410),
    ],
)
def test_what_aws_says_raises_the_class_that_it_raises_at_aws(upstream, keys, name, status):
    upstream.respond = lambda _: Answer.error(name, status, "in AWS's words")
    with Door(upstream.url, keys) as program:
        data = client(program.url)
        with pytest.raises(botocore.exceptions.ClientError) as error:
            data.describe_job_execution(thingName="t", jobId="j")
    if name == "CertificateValidationException":
        # It would be about a certificate of the caller's, who has none.
        assert refused(error) == ("InternalFailure", 500)
    else:
        assert isinstance(error.value, getattr(data.exceptions, name))
        assert refused(error) == (name, status)
        assert "in AWS's words" in str(error.value)


def test_the_gateways_own_credentials_are_not_the_callers_fault(upstream, keys):
    upstream.respond = lambda _: Answer.error("ExpiredTokenException", 403, "expired")
    with Door(upstream.url, keys) as program, pytest.raises(
        botocore.exceptions.ClientError
    ) as error:
        client(program.url).get_pending_job_executions(thingName="t")
    assert refused(error) == ("ServiceUnavailableException", 503)


def test_boto3_repeats_no_write_that_may_have_been_applied(upstream, keys):
    upstream.respond = lambda _: Answer(instead="close")
    with Door(upstream.url, keys) as program:
        for mode in ("legacy", "standard", "adaptive"):
            retries = {"mode": mode, "total_max_attempts": 4}
            data = client(program.url, retries=retries)
            with pytest.raises(botocore.exceptions.ClientError) as error:
                data.update_job_execution(thingName="t", jobId="j", status="SUCCEEDED")
            assert refused(error) == ("OutcomeUnknownException", 520)
            assert error.value.response["ResponseMetadata"]["RetryAttempts"] == 0
    posted = [request for request in upstream.requests if request.method == "POST"]
    assert len(posted) == 3


def test_the_client_has_no_pages_and_no_waiters(data):
    for name in PYTHON_NAMES.values():
        assert not data.can_paginate(name)
        with pytest.raises(botocore.exceptions.OperationNotPageableError):
            data.get_paginator(name)
    assert data.waiter_names == []
    with pytest.raises(ValueError):
        data.get_waiter("anything")


def refused_url(url: str) -> str:
    """What is wrong with a URL that is refused."""
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(url, timeout=20)
    with error.value as answer:
        assert answer.code == 403
        return answer.headers["x-amzn-ErrorType"]


def test_presigned_urls_are_taken_until_they_are_over(iot, data, thing, job):
    create_job(iot, job, thing)
    for method, arguments, member in [
        ("get_pending_job_executions", {}, "queuedJobs"),
        ("describe_job_execution", {"jobId": job}, "execution"),
    ]:
        url = data.generate_presigned_url(method, Params={"thingName": thing, **arguments})
        with urllib.request.urlopen(url, timeout=20) as answer:
            assert member in json.load(answer)
        assert refused_url(url.replace("/things/", "/things/x")) == "InvalidSignatureException"
    brief = data.generate_presigned_url(
        "get_pending_job_executions", Params={"thingName": thing}, ExpiresIn=1
    )
    time.sleep(2.1)
    assert refused_url(brief) == "InvalidSignatureException"


def test_the_door_and_grpc_share_cache_and_limits(emulator, keys, iot, console, thing, job):
    create_job(iot, job, thing)
    policy = {"cache_bytes": 16777216, "describe_ttl": "30s", "thing_limit": "enforce"}
    policy |= {"thing_reads_per_second": 1, "thing_read_burst": 3}
    with (
        Door(emulator.url, keys, policy=policy) as program,
        grpc.insecure_channel(program.address) as channel,
    ):
        stub = rpc.JobsDataPlaneServiceStub(channel)
        request = pb.DescribeJobExecutionRequest(thing_name=thing, job_id=job)
        console.count_from_zero()
        assert stub.DescribeJobExecution(request, timeout=20).execution.job_id == job
        data = client(program.url)
        answer = data.describe_job_execution(thingName=thing, jobId=job)
        assert answer["ResponseMetadata"]["HTTPHeaders"]["x-cache"] == "hit"
        assert answer["execution"]["jobId"] == job
        assert console.calls("DescribeJobExecution")["received"] == 1
        with pytest.raises(data.exceptions.ThrottlingException) as limited:
            for _ in range(9):
                data.get_pending_job_executions(thingName=thing)
        headers = limited.value.response["ResponseMetadata"]["HTTPHeaders"]
        assert headers["x-gateway-reason"] == "THING_RATE_LIMITED"
        assert int(headers["retry-after"]) >= 1
        with pytest.raises(grpc.RpcError) as over_grpc:
            stub.GetPendingJobExecutions(
                pb.GetPendingJobExecutionsRequest(thing_name=thing), timeout=20
            )
        assert over_grpc.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        seen = scrape(program.admin_url)
        assert (
            seen.value("iot_jobs_gateway_requests_total", method="DescribeJobExecution", code="OK")
            == 2
        )
        assert seen.value("iot_jobs_gateway_rest_responses_total", status="429") == 1


def test_equal_reads_at_a_time_are_one_upstream(upstream, keys):
    upstream.respond = lambda _: (time.sleep(0.5), Answer())[1]
    with Door(upstream.url, keys) as program:
        data = client(program.url, max_pool_connections=8)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            asked = [
                pool.submit(data.get_pending_job_executions, thingName="t") for _ in range(8)
            ]
        caches = [
            one.result()["ResponseMetadata"]["HTTPHeaders"].get("x-cache") for one in asked
        ]
    assert len(upstream.requests) < 8
    assert "coalesced" in caches


@pytest.mark.parametrize(
    ("key_id", "secret", "code"),
    [
        (KEY_ID, SECRET + "x", "InvalidSignatureException"),
        ("AKIDOFNOBODY", SECRET, "UnrecognizedClientException"),
    ],
)
def test_a_signature_that_does_not_hold_is_refused(door, key_id, secret, code):
    with pytest.raises(botocore.exceptions.ClientError) as error:
        client(door.url, key_id, secret).get_pending_job_executions(thingName="t")
    assert refused(error) == (code, 403)
