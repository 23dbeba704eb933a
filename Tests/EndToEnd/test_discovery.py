# SPDX-License-Identifier: Apache-2.0
"""Without a configured endpoint the account's own is looked up, beside the calls, until found."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import botocore.exceptions
import grpc
import pytest

import aws
from callers import Answered, calling, pending, update
from credential_servers import EndpointDirectory
from http_server import Answer
from program import ACCESS_KEY, CREDENTIALS, SECRET_KEY, Gateway, eventually
from raw_server import RawServer, silent
from signatures import Key
from upstream import Upstream

Code = grpc.StatusCode
KEYS = {ACCESS_KEY: Key(ACCESS_KEY, SECRET_KEY)}


@pytest.fixture
def directory(upstream):
    """A control plane that names `upstream`."""
    with EndpointDirectory(f"127.0.0.1:{upstream.port}", KEYS) as server:
        yield server


def asked(gateway: Gateway, request=None) -> Answered:
    with calling(gateway) as call:
        return call(request or pending("t"), "no-cache")


def readiness(gateway: Gateway) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"{gateway.admin_url}/readyz", timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_the_emulator_tells_its_own_address_as_aws_would(emulator):
    client = aws.client("iot", emulator.url)
    answer = client.describe_endpoint(endpointType="iot:Jobs")
    assert answer["endpointAddress"] == emulator.address


def test_the_emulator_takes_no_other_services_signature_for_it(emulator):
    """DescribeEndpoint is of the service `iot`, though it serves the clients of jobs."""
    client = aws.client("iot", emulator.url)
    client._request_signer._signing_name = "iot-jobs-data"
    with pytest.raises(botocore.exceptions.ClientError) as error:
        client.describe_endpoint(endpointType="iot:Jobs")
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_calls_through_the_emulators_control_plane_reach_its_data_plane(emulator, start, iot):
    gateway = start(None, env={"AWS_ENDPOINT_URL_IOT": emulator.url})
    aws.create_job(iot, "found-by-name", "finder")
    assert eventually(lambda: asked(gateway, pending("finder")).ok)
    answered = asked(gateway, pending("finder"))
    assert [one.job_id for one in answered.message.queued_jobs] == ["found-by-name"]


def test_the_accounts_endpoint_is_found_and_told(start, upstream, directory):
    gateway = start(None, env=directory.environment())
    assert eventually(lambda: asked(gateway).ok)
    # Once for the process, however many calls there are.
    for _ in range(3):
        assert asked(gateway).ok
    assert len(directory.requests) == 1
    (told,) = gateway.logged("forwarding to")
    assert f"127.0.0.1:{upstream.port}" in told["upstream"]
    assert "DescribeEndpoint" in told["origin"]
    status, text = readiness(gateway)
    assert status == 200
    assert f"127.0.0.1:{upstream.port}" in text and "DescribeEndpoint" in text


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer.error("AccessDeniedException", 403, "not authorized"), ["AccessDenied"]),
        (Answer.error("InternalFailureException", 500), ["500"]),
        (Answer.error("ThrottlingException", 429), ["Throttling"]),
        (Answer(200, b"<html>"), []),
        (Answer.json({"endpointAddress": "https://evil.test/path"}), ["endpointAddress"]),
        (Answer.json({}), ["endpointAddress"]),
        (Answer(instead="reset"), []),
        (Answer(302, b"", {"Location": "http://127.0.0.1:1/endpoint"}), ["302"]),
    ],
    ids=["denied", "fault", "throttled", "html", "url", "empty", "reset", "redirect"],
)
def test_until_it_is_found_calls_fail_and_say_why(start, upstream, directory, answer, words):
    describe, directory.respond = directory.respond, lambda _: answer
    gateway = start(None, env=directory.environment())
    assert eventually(lambda: directory.requests)

    def explained() -> bool:
        failure = asked(gateway, update("t", "j")).failure
        assert failure.code == Code.UNAVAILABLE
        assert failure.info.reason == "ENDPOINT_UNKNOWN"
        assert failure.retry_delay_seconds is not None
        return "DescribeEndpoint" in failure.message and all(
            word in failure.message for word in words
        )

    assert eventually(explained), asked(gateway).failure.message
    status, text = readiness(gateway)
    assert status == 503
    assert "DescribeEndpoint" in text
    assert upstream.requests == []
    # Asked again off the calls' path, until it answers.
    directory.respond = describe
    assert eventually(lambda: asked(gateway).ok)
    assert readiness(gateway)[0] == 200


def test_a_control_plane_that_is_silent_holds_up_no_call_and_no_end(start):
    with RawServer(silent) as server:
        gateway = start(None, env={"AWS_ENDPOINT_URL_IOT": f"http://{server.address}"})
        assert eventually(lambda: server.accepted)
        answered = asked(gateway)
        assert (answered.code, answered.reason) == (Code.UNAVAILABLE, "ENDPOINT_UNKNOWN")


def test_a_configured_endpoint_is_not_looked_up(start, upstream, directory):
    gateway = start(
        None,
        env=directory.environment() | {"AWS_ENDPOINT_URL_IOT_JOBS_DATA_PLANE": upstream.url},
    )
    assert asked(gateway).ok
    assert directory.requests == []
    (told,) = gateway.logged("forwarding to")
    assert "AWS_ENDPOINT_URL_IOT_JOBS_DATA_PLANE" in told["origin"]


def test_the_regions_host_is_used_only_if_it_is_named_and_warned_of(start, directory):
    gateway = start("default", env=directory.environment())
    assert gateway.address
    (told,) = gateway.logged("forwarding to")
    assert "data.jobs.iot.us-east-1.amazonaws.com" in told["upstream"]
    warnings = [record for record in gateway.records if record["level"] == "warning"]
    assert any("default host" in json.dumps(record) for record in warnings)
    assert directory.requests == []


def test_awss_answer_to_a_wrong_host_has_a_reason_of_its_own(upstream, forwarding_call):
    """What AWS says on the rule set's host, and on another account's."""
    words = "Access Denied: Invalid endpoint. Use describe-endpoint API to get valid endpoint"
    upstream.respond = lambda _: Answer.error("AccessDeniedException", 403, words)
    answered = forwarding_call(pending("t"))
    assert (answered.code, answered.reason) == (Code.PERMISSION_DENIED, "INVALID_ENDPOINT")


@pytest.fixture
def forwarding_call(upstream: Upstream, start):
    with calling(start(upstream.url)) as call:
        yield call


def test_the_look_up_waits_for_credentials(start, upstream, cloud):
    with EndpointDirectory(f"127.0.0.1:{cloud.upstream.port}", cloud.issuer.keys) as directory:
        cloud.container.refuse = lambda _: Answer(500)
        env = cloud.env(cloud.pod_identity(), directory.environment())
        gateway = start(None, credentials={}, env=env)
        assert eventually(lambda: "credentials" in asked(gateway).failure.message)
        assert directory.requests == []
        cloud.container.refuse = lambda _: None
        assert eventually(lambda: asked(gateway).ok)


def test_standing_credentials_are_no_secret_in_the_log(start, directory):
    gateway = start(None, "--log-level", "trace", env=directory.environment())
    assert eventually(lambda: asked(gateway).ok)
    assert CREDENTIALS["AWS_SECRET_ACCESS_KEY"] not in json.dumps(gateway.records)
