# SPDX-License-Identifier: Apache-2.0
"""Presigned URLs that botocore makes, opened by a client that knows nothing of AWS."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request

import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

import aws
from aws import create_job
from program import ACCESS_KEY, REGION, SECRET_KEY


def fetch(url: str) -> tuple[int, str | None, dict]:
    """The status, the error's name and the body."""
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return answer.status, None, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["x-amzn-ErrorType"], json.load(error)


def presign(client, operation: str, expires: int = 300, **arguments: object) -> str:
    return client.generate_presigned_url(operation, arguments, ExpiresIn=expires)


def test_a_good_url_is_answered(iot, jobs_data, thing, job):
    create_job(iot, job, thing)
    url = presign(jobs_data, "describe_job_execution", thingName=thing, jobId=job)
    status, error, body = fetch(url)
    assert (status, error) == (200, None)
    assert body["execution"]["jobId"] == job
    url = presign(
        jobs_data,
        "describe_job_execution",
        thingName=thing,
        jobId="$next",
        includeJobDocument=False,
    )
    assert fetch(url)[2]["execution"]["jobId"] == job
    url = presign(jobs_data, "get_pending_job_executions", thingName=thing)
    assert [row["jobId"] for row in fetch(url)[2]["queuedJobs"]] == [job]


def test_a_url_may_be_opened_more_than_once(iot, jobs_data, thing, job):
    create_job(iot, job, thing)
    url = presign(jobs_data, "get_pending_job_executions", thingName=thing)
    assert [fetch(url)[0] for _ in range(3)] == [200] * 3


@pytest.mark.parametrize(
    ("part", "other"),
    [
        ("X-Amz-Signature=", "X-Amz-Signature=0"),
        ("X-Amz-Expires=300", "X-Amz-Expires=301"),
        ("/jobs?", "/jobs/other?"),
        ("/things/", "/things/x"),
        ("X-Amz-SignedHeaders=host", "X-Amz-SignedHeaders=host&executionNumber=1"),
    ],
)
def test_a_changed_url_is_refused(iot, jobs_data, thing, job, part, other):
    create_job(iot, job, thing)
    url = presign(jobs_data, "get_pending_job_executions", thingName=thing)
    assert part in url
    status, error, _ = fetch(url.replace(part, other, 1))
    assert status in (400, 403) and error


def test_a_url_that_has_expired_is_refused(jobs_data, thing):
    url = presign(jobs_data, "get_pending_job_executions", expires=60, thingName=thing)
    status, error, _ = fetch(resign(url, "20200101T000000Z"))
    assert status in (400, 403)
    assert "Expired" in error or "Signature" in error


def resign(url: str, date: str) -> str:
    """The same URL made at another time: botocore's own stages, with the date put in."""
    parts = urllib.parse.urlsplit(url)
    query = dict(urllib.parse.parse_qsl(parts.query))
    del query["X-Amz-Signature"]
    query["X-Amz-Date"] = date
    query["X-Amz-Credential"] = f"{ACCESS_KEY}/{date[:8]}/{REGION}/iot-jobs-data/aws4_request"
    bare = parts._replace(query=urllib.parse.urlencode(query, quote_via=urllib.parse.quote))
    request = AWSRequest(method="GET", url=bare.geturl(), headers={"host": parts.netloc})
    request.context["timestamp"] = date
    oracle = SigV4QueryAuth(Credentials(ACCESS_KEY, SECRET_KEY), "iot-jobs-data", REGION)
    text = oracle.string_to_sign(request, oracle.canonical_request(request))
    return f"{bare.geturl()}&X-Amz-Signature={oracle.signature(text, request)}"


def test_resigning_at_the_same_time_changes_nothing(iot, jobs_data, thing, job):
    """Proves that the helper above fails for the date alone."""
    create_job(iot, job, thing)
    url = presign(jobs_data, "get_pending_job_executions", expires=60, thingName=thing)
    date = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)["X-Amz-Date"][0]
    assert fetch(resign(url, date))[0] == 200


def test_a_url_of_the_future_is_refused(jobs_data, thing):
    url = presign(jobs_data, "get_pending_job_executions", expires=60, thingName=thing)
    status, error, _ = fetch(resign(url, "20990101T000000Z"))
    assert status in (400, 403) and error


@pytest.mark.parametrize("expires", ["0", "-1", "604801", "x"])
def test_a_life_out_of_range_is_refused(jobs_data, thing, expires):
    url = presign(jobs_data, "get_pending_job_executions", expires=60, thingName=thing)
    changed = url.replace("X-Amz-Expires=60", f"X-Amz-Expires={expires}")
    date = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)["X-Amz-Date"][0]
    status, error, _ = fetch(resign(changed, date))
    assert status in (400, 403) and error


def test_a_url_of_a_stranger_is_refused(emulator, thing):
    for session in (aws.session(secret_key="wrong"), aws.session(access_key="AKIDOTHER")):
        client = aws.client("iot-jobs-data", emulator.url, session)
        status, error, _ = fetch(presign(client, "get_pending_job_executions", thingName=thing))
        assert status == 403 and error
