# SPDX-License-Identifier: Apache-2.0
"""URLs that the gateway presigns, over gRPC and on the command line, opened by curl."""

from __future__ import annotations

import datetime
import json
import re
import subprocess

import grpc
import pytest
from botocore import auth
from google.rpc import error_details_pb2

import aws
import failures
from aws import create_job
from callers import describe, pending, start_next, update
from metrics import scrape
from program import CREDENTIALS, REGION, SECRET_KEY, run_to_end
from stubs import presign_pb, presign_rpc

Code = grpc.StatusCode
MEMBERS = {
    "DescribeJobExecutionRequest": "describe_job_execution",
    "GetPendingJobExecutionsRequest": "get_pending_job_executions",
    "StartNextPendingJobExecutionRequest": "start_next_pending_job_execution",
    "UpdateJobExecutionRequest": "update_job_execution",
}


def asking(request, **more: object) -> presign_pb.GeneratePresignedUrlRequest:
    return presign_pb.GeneratePresignedUrlRequest(
        **{MEMBERS[type(request).__name__]: request}, **more
    )


class Presigner:
    def __init__(self, address: str):
        self._channel = grpc.insecure_channel(address, [("grpc.use_local_subchannel_pool", 1)])
        self._stub = presign_rpc.JobsPresignServiceStub(self._channel)

    def __call__(self, request, **more: object):
        return self._stub.GeneratePresignedUrl(asking(request, **more), timeout=30)

    def refused(self, request, **more: object) -> failures.Failure:
        with pytest.raises(grpc.RpcError) as error:
            self(request, **more)
        return failures.read(error.value)

    def __enter__(self) -> Presigner:
        return self

    def __exit__(self, *_) -> None:
        self._channel.close()


@pytest.fixture
def presigning(start, emulator):
    return start(emulator.url, "--presign", "--log-level", "trace")


@pytest.fixture
def presign(presigning):
    with Presigner(presigning.address) as presigner:
        yield presigner


def curl(*arguments: str) -> tuple[int, dict]:
    """The status of an answer and what it says."""
    done = subprocess.run(
        ["curl", "-sS", "--max-time", "20", "-w", "\n%{http_code}", *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    body, _, status = done.stdout.rpartition("\n")
    return int(status), json.loads(body) if body else {}


def send(presigned, body: str | None = None, *, url: str | None = None) -> tuple[int, dict]:
    """Sends what was presigned, as it is or with another body or URL."""
    words = ["-X", presigned.http_method]
    for header in presigned.headers:
        words += ["-H", f"{header.name}: {header.value}"]
    if presigned.HasField("body") or body is not None:
        words += ["--data-binary", presigned.body if body is None else body]
    return curl(*words, "--", url or presigned.url)


def test_a_job_is_worked_through_by_curl(presign, iot, thing, job):
    create_job(iot, job, thing)
    status, listed = send(presign(pending(thing)))
    assert status == 200 and [row["jobId"] for row in listed["queuedJobs"]] == [job]
    status, started = send(presign(start_next(thing, status_details={"by": "it's curl"})))
    assert status == 200 and started["execution"]["status"] == "IN_PROGRESS"
    status, described = send(presign(describe(thing, job, include_job_document=False)))
    assert status == 200 and described["execution"]["statusDetails"] == {"by": "it's curl"}
    status, _ = send(presign(update(thing, job, "SUCCEEDED", expected_version=2)))
    assert status == 200
    assert send(presign(describe(thing, job)))[0] == 410


def test_what_is_changed_on_the_way_is_refused(presign, iot, thing, job):
    create_job(iot, job, thing)
    read, write = presign(describe(thing, job)), presign(update(thing, job, "FAILED"))
    for presigned, body, url in (
        (read, None, read.url.replace("/things/", "/things/another-")),
        (read, None, read.url.replace("X-Amz-Expires=3600", "X-Amz-Expires=3601")),
        (read, None, read.url[:-1] + ("0" if read.url[-1] != "0" else "1")),
        (write, '{"status":"SUCCEEDED"}', None),
        (write, "", None),
    ):
        status, answer = send(presigned, body, url=url)
        assert status == 403, answer
        assert "signature" in answer["message"]
    # Without the header that was signed.
    status, _ = curl("-X", "POST", "-H", "content-type:", "-d", write.body, "--", write.url)
    assert status == 403
    assert send(read)[1]["execution"]["status"] == "QUEUED"


def test_what_has_expired_is_refused(presign, emulator, iot, thing, job):
    create_job(iot, job, thing)
    presigned = presign(describe(thing, job), expires_in=1)
    assert presigned.expires_in == 1 and "X-Amz-Expires=1&" in presigned.url
    signed_at = re.search(r"X-Amz-Date=(\w+)", presigned.url)[1]
    ends = datetime.datetime.strptime(signed_at + "+0000", "%Y%m%dT%H%M%SZ%z").timestamp() + 1
    assert presigned.expires_at == ends
    answers = iter(lambda: send(presigned), None)
    status, refusal = next(answer for answer in answers if answer[0] != 200)
    assert status == 403 and "expired" in refusal["message"].lower()


def test_reads_are_presigned_as_by_boto3(presign, emulator, monkeypatch, thing, job):
    data = aws.client("iot-jobs-data", emulator.url)
    for request, operation, arguments in (
        (pending(thing), "get_pending_job_executions", {"thingName": thing}),
        (
            describe(thing, "$next", include_job_document=False, execution_number=7),
            "describe_job_execution",
            {
                "thingName": thing,
                "jobId": "$next",
                "includeJobDocument": False,
                "executionNumber": 7,
            },
        ),
    ):
        presigned = presign(request, expires_in=77)
        signed_at = datetime.datetime.fromtimestamp(presigned.expires_at - 77, datetime.UTC)
        with monkeypatch.context() as patch:
            patch.setattr(
                auth, "get_current_datetime", lambda moment=signed_at: moment, raising=True
            )
            url = data.generate_presigned_url(operation, arguments, ExpiresIn=77)
        assert presigned.url == url


def test_it_is_off_unless_told(gateway, thing):
    with Presigner(gateway.address) as presigner:
        assert presigner.refused(pending(thing)).code is Code.UNIMPLEMENTED


@pytest.mark.parametrize(
    ("request_", "more", "field"),
    [
        (pending(""), {}, "get_pending_job_executions.thing_name"),
        (update("t", "$next", "FAILED"), {}, "update_job_execution.job_id"),
        (pending("t"), {"expires_in": 0}, "expires_in"),
        (pending("t"), {"expires_in": 604_801}, "expires_in"),
        (pending("t"), {"http_method": "get"}, "http_method"),
    ],
)
def test_what_is_wrong_is_named(presign, request_, more, field):
    failure = presign.refused(request_, **more)
    assert failure.code is Code.INVALID_ARGUMENT
    broken = failure.detail(error_details_pb2.BadRequest).field_violations
    assert field in [violation.field for violation in broken]


def test_another_verb_is_signed(presign, iot, thing, job):
    create_job(iot, job, thing)
    presigned = presign(describe(thing, "$next"), http_method="PUT")
    assert presigned.http_method == "PUT"
    # AWS tells operations apart by verb and path: this one starts the job.
    assert send(presigned)[1]["execution"]["status"] == "IN_PROGRESS"


def test_nothing_tells_a_url(presigning, presign, thing):
    signature = presign(pending(thing)).url.rpartition("=")[2]
    samples = scrape(presigning.admin_url)
    assert samples.value(
        "iot_jobs_gateway_requests_total", method="GeneratePresignedUrl", code="OK"
    )
    for text in (samples.text, presigning.log_tail(), str(presigning.records)):
        assert signature not in text


def test_a_url_ends_with_the_credentials(start, emulator, tmp_path, thing):
    """A process hands out credentials that live for a quarter of an hour."""
    end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=15)
    keys = {
        "Version": 1,
        "AccessKeyId": CREDENTIALS["AWS_ACCESS_KEY_ID"],
        "SecretAccessKey": SECRET_KEY,
        "SessionToken": "token",
        "Expiration": end.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    source = tmp_path / "keys.json"
    source.write_text(json.dumps(keys))
    config = tmp_path / "process-config"
    config.write_text(f"[default]\ncredential_process = /bin/cat {source}\n")
    gateway = start(
        emulator.url, "--presign", credentials={}, env={"AWS_CONFIG_FILE": str(config)}
    )
    with Presigner(gateway.address) as presigner:
        presigned = presigner(pending(thing), expires_in=3600)
    assert presigned.expiry_shortened and presigned.expires_in <= 900
    assert presigned.expires_at == int(end.timestamp())


# MARK: the command


def command(emulator, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    flags = ("--upstream-endpoint", emulator.url, "--region", REGION)
    return run_to_end("presign", *arguments, *flags, env={**CREDENTIALS, **env})


def test_the_command_needs_no_gateway(emulator, iot, thing, job):
    create_job(iot, job, thing)
    for arguments, state in (
        (("pending", thing), None),
        (("start-next", thing, "--detail", "by=it's me"), "IN_PROGRESS"),
        (("describe", thing), "IN_PROGRESS"),
        (("update", thing, job, "succeeded"), "SUCCEEDED"),
    ):
        done = command(emulator, *arguments, "--curl")
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        shell = subprocess.run(
            ["sh", "-c", done.stdout], capture_output=True, text=True, timeout=30, check=True
        )
        answer = json.loads(shell.stdout)
        execution = answer.get("execution", answer.get("executionState", {}))
        assert execution.get("status") == state, answer


def test_the_command_says_what_else_must_be_sent(emulator, iot, thing, job):
    create_job(iot, job, thing)
    read = command(emulator, "pending", thing, "--expires-in", "60")
    assert read.returncode == 0 and read.stdout.count("\n") == 1
    assert curl("--", read.stdout.strip())[0] == 200
    assert re.fullmatch(r"GET\nexpires \d{4}-.*Z, 60 s from now\n", read.stderr)
    write = command(emulator, "update", thing, "job", "failed", "--json", "--http-method", "POST")
    told = json.loads(write.stdout)
    assert told["httpMethod"] == "POST" and told["expiresIn"] == 3600
    assert told["headers"] == [{"name": "content-type", "value": "application/json"}]
    assert json.loads(told["body"])["status"] == "FAILED" and not told["expiryShortened"]


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("pending", "a b"), 64, "thing_name must hold only"),
        (("pending", "t", "--expires-in", "0"), 64, "expires_in must be 1 to 604800"),
        (("pending", "t", "--http-method", "get"), 64, "http_method"),
        (("pending", "t", "--json", "--curl"), 64, "exclude each other"),
        (("pending", "t", "--region", "no region"), 64, "region"),
    ],
)
def test_the_command_refuses_what_makes_no_sense(emulator, arguments, status, words):
    done = run_to_end(
        "presign", *arguments, "--upstream-endpoint", emulator.url,
        *(() if "--region" in arguments else ("--region", REGION)), env=CREDENTIALS,
    )
    assert (done.returncode, done.stdout) == (status, "")
    assert words in done.stderr


def test_the_command_says_that_it_has_no_credentials(emulator):
    flags = ("--upstream-endpoint", emulator.url, "--region", REGION)
    done = run_to_end(
        "presign", "pending", "t", *flags, env={"AWS_EC2_METADATA_DISABLED": "true"}
    )
    assert (done.returncode, done.stdout) == (69, "")
    assert "no AWS credentials" in done.stderr
