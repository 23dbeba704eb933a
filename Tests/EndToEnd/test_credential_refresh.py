# SPDX-License-Identifier: Apache-2.0
"""Credentials that end: renewed ahead of it, kept while their source is down, never worse ones."""

from __future__ import annotations

import pathlib
import time
from collections.abc import Callable

import grpc
import pytest

from callers import Answered, Caller, calling, pending, update
from cloud import Cloud, section
from http_server import Answer
from metrics import scrape
from program import Gateway, eventually
from raw_server import RawServer, silent

Code = grpc.StatusCode
OOPS = Answer(500, b"oops", {"Content-Type": "text/plain"})
EXPIRED = Answer.error("ExpiredTokenException", 403, "The security token is expired")
EXPIRY = "iot_jobs_gateway_credentials_expiry_seconds"


def asked(gateway: Gateway, request=None) -> Answered:
    with calling(gateway) as call:
        return call(request or pending("t"), "no-cache")


def calls_go_well_until(call: Caller, done: Callable[[], bool]) -> None:
    """Calls all the time; each succeeds at once, so no key was used past its end."""
    deadline = time.monotonic() + 40
    while not done():
        assert time.monotonic() < deadline
        answered = call(pending("t"), "no-cache")
        assert answered.ok, answered.failure
        assert answered.metadata["x-gateway-attempts"] == "1"
        time.sleep(0.02)


def keys_used(cloud: Cloud) -> int:
    return len(set(cloud.upstream.signers()))


@pytest.mark.parametrize("place", ["container", "sts"])
def test_keys_are_renewed_ahead_of_their_end(cloud, gateway_in, place):
    getattr(cloud, place).lifetime_seconds = 4
    parts = {"container": cloud.pod_identity, "sts": cloud.web_identity}[place]()
    with calling(gateway_in(cloud.env(parts))) as call:
        calls_go_well_until(call, lambda: keys_used(cloud) == 2)
    assert len(set(cloud.sources)) == 1


def test_a_pods_token_file_is_read_anew_for_each_refresh(cloud, gateway_in):
    cloud.container.token = "first-token"
    file = cloud.write("pod-token", "first-token")
    cloud.container.lifetime_seconds = 4
    env = cloud.env(cloud.pod_identity(), {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": file})
    with calling(gateway_in(env)) as call:
        assert call(pending("t")).ok
        cloud.container.token = "second-token"
        # The endpoint complains if any other token comes.
        pathlib.Path(file).write_text("second-token\n")
        calls_go_well_until(call, lambda: keys_used(cloud) == 2)


def test_a_web_token_is_read_anew_for_each_refresh(cloud, gateway_in):
    cloud.sts.lifetime_seconds = 4
    with calling(gateway_in(cloud.env(cloud.web_identity("jwt.first")))) as call:
        assert call(pending("t")).ok
        cloud.sts.web_tokens = {"jwt.second"}
        cloud.write("web-token", "jwt.second")
        calls_go_well_until(call, lambda: keys_used(cloud) == 2)
    assert cloud.sts.calls[0]["WebIdentityToken"] == "jwt.first"
    assert cloud.sts.calls[-1]["WebIdentityToken"] == "jwt.second"


def test_valid_keys_stay_in_use_while_their_source_is_down(cloud, gateway_in):
    cloud.container.lifetime_seconds = 8
    gateway = gateway_in(cloud.env(cloud.pod_identity()))
    with calling(gateway) as call:
        assert call(pending("t")).ok
        asked_before = len(cloud.container.requests)
        cloud.container.refuse = lambda _: OOPS
        # It is asked ahead of the end, in vain, and what is at hand serves on.
        calls_go_well_until(call, lambda: len(cloud.container.requests) > asked_before)
        assert keys_used(cloud) == 1
        cloud.container.refuse = lambda _: None
        calls_go_well_until(call, lambda: keys_used(cloud) == 2)
    # Nobody else's keys were taken meanwhile, though the node's were there.
    assert set(cloud.sources) == {"CONTAINER"}
    assert cloud.metadata.requests == []


@pytest.mark.parametrize("lifetime_seconds", [-60, 4])
def test_a_node_whose_metadata_is_late_is_trusted_with_the_keys_it_gives(
    cloud, gateway_in, lifetime_seconds
):
    """Static stability: an outage behind the metadata must not stop those who use it."""
    cloud.metadata.lifetime_seconds = lifetime_seconds
    cloud.upstream.ignores_expiry = True
    gateway = gateway_in(cloud.env())
    answered = asked(gateway)
    assert answered.ok, answered.failure
    assert cloud.sources == ["IMDS"]


def test_a_failure_never_sticks(cloud, gateway_in):
    cloud.container.refuse = lambda _: OOPS
    gateway = gateway_in(cloud.env(cloud.pod_identity()))
    with calling(gateway) as call:
        for request in (pending("t"), update("t", "j")):
            answered = call(request)
            assert answered.code == Code.UNAVAILABLE
            assert answered.reason == "CREDENTIALS_UNAVAILABLE"
            assert answered.failure.retry_delay_seconds is not None
        assert cloud.upstream.requests == []
        cloud.container.refuse = lambda _: None
        assert eventually(lambda: call(pending("t"), "no-cache").ok)


def test_keys_past_their_end_sign_nothing(cloud, gateway_in):
    cloud.container.lifetime_seconds = 3
    gateway = gateway_in(cloud.env(cloud.pod_identity()))
    with calling(gateway) as call:
        assert call(pending("t")).ok
        cloud.container.refuse = lambda _: OOPS
        assert eventually(
            lambda: call(pending("t"), "no-cache").reason == "CREDENTIALS_UNAVAILABLE"
        )
    assert "500" in asked(gateway).failure.message
    assert keys_used(cloud) == 1


@pytest.mark.parametrize("place", ["container", "metadata", "sts"])
def test_a_refused_set_is_renewed_once_and_the_call_made_once_more(cloud, gateway_in, place):
    parts = {"container": cloud.pod_identity, "sts": cloud.web_identity}.get(place, dict)()
    refused: list[str | None] = []

    def refuse_the_first(request) -> Answer:
        first = cloud.upstream.signers()[0]
        if cloud.upstream.signers()[-1] == first:
            refused.append(first)
            return EXPIRED
        return Answer()

    cloud.upstream.respond = refuse_the_first
    gateway = gateway_in(cloud.env(parts))
    answered = asked(gateway, update("t", "j"))
    assert answered.ok, answered.failure
    assert answered.metadata["x-gateway-attempts"] == "2"
    assert len(refused) == 1
    assert keys_used(cloud) == 2
    assert asked(gateway).metadata["x-gateway-attempts"] == "1"


def test_keys_that_are_refused_again_and_again_are_given_up(cloud, gateway_in):
    cloud.upstream.respond = lambda _: EXPIRED
    gateway = gateway_in(cloud.env(cloud.pod_identity()))
    answered = asked(gateway)
    assert (answered.code, answered.reason) == (Code.UNAVAILABLE, "CREDENTIALS_EXPIRED")
    assert len(cloud.upstream.requests) == 2
    # Where every set is refused, callers do not make their source give out ever more of them.
    for _ in range(20):
        assert asked(gateway).reason == "CREDENTIALS_EXPIRED"
    assert len(cloud.container.issued) <= 6


def test_a_rotated_file_of_keys_is_read_once_the_old_ones_are_refused(cloud, gateway_in):
    old, new = cloud.issuer.issue("OLD", None), cloud.issuer.issue("NEW", None)
    cloud.write("credentials", section("default", old))
    gateway = gateway_in(cloud.env())
    assert asked(gateway).ok
    cloud.write("credentials", section("default", new))
    unknown = Answer.error("UnrecognizedClientException", 403, "The security token is invalid")
    cloud.upstream.respond = lambda _: (
        unknown if cloud.upstream.signers()[-1] == old.id else Answer()
    )
    answered = asked(gateway)
    assert answered.ok, answered.failure
    assert cloud.sources[-1] == "NEW"


def test_callers_at_the_start_share_one_slow_fetch(cloud, gateway_in, gate):
    cloud.container.refuse = lambda _: gate.wait(30) and None
    gateway = gateway_in(cloud.env(cloud.pod_identity()))
    with calling(gateway) as call:
        calls = [call.begin(update("t", f"j-{number}")) for number in range(50)]
        assert eventually(lambda: len(cloud.container.requests) == 1)
        assert cloud.upstream.requests == []
        gate.set()
        for begun in calls:
            begun.result()
    assert len(cloud.container.requests) == 1


def test_the_metadatas_token_is_kept_and_made_anew_when_it_is_forgotten(cloud, gateway_in):
    gateway = gateway_in(cloud.env())
    for number, tokens in [(1, 1), (2, 1), (3, 2)]:
        if tokens == 2:
            cloud.metadata.forget_tokens()
        # Whatever was signed with so far is refused, which makes the gateway ask anew.
        old = {key.id for key in cloud.metadata.issued} if number > 1 else set()
        cloud.upstream.respond = lambda _, old=old: (
            EXPIRED if cloud.upstream.signers()[-1] in old else Answer()
        )
        # One refusal after the other is answered after a pause.
        assert eventually(lambda: asked(gateway).ok)
        assert len(cloud.metadata.issued) >= number
        assert cloud.metadata.tokens_given == tokens


def test_metadata_that_is_silent_names_the_hop_limit(cloud, gateway_in):
    """Inside a pod the token's answer takes one hop more than nodes allow by default."""
    with RawServer(silent) as server:
        env = cloud.env({"AWS_EC2_METADATA_SERVICE_ENDPOINT": f"http://{server.address}"})
        answered = asked(gateway_in(env))
        assert answered.reason == "CREDENTIALS_UNAVAILABLE"
        assert "HttpPutResponseHopLimit" in answered.failure.message
    assert cloud.upstream.requests == []


def test_a_node_without_a_role_says_so(cloud, gateway_in):
    cloud.metadata.role = None
    answered = asked(gateway_in(cloud.env()))
    assert answered.reason == "CREDENTIALS_UNAVAILABLE"
    assert "role" in answered.failure.message


TRIED = [
    "AWS_ACCESS_KEY_ID is not set",
    "AWS_WEB_IDENTITY_TOKEN_FILE is not set",
    "credentials file",
    "credential_process",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_EC2_METADATA_DISABLED",
]


def test_without_credentials_calls_fail_at_once_and_say_what_was_tried(cloud, gateway_in):
    gateway = gateway_in(cloud.env({"AWS_EC2_METADATA_DISABLED": "true"}))
    with calling(gateway) as call:
        for request in (pending("t"), update("t", "j")):
            answered = call(request)
            assert answered.code == Code.UNAVAILABLE
            assert answered.reason == "CREDENTIALS_UNAVAILABLE"
            for words in TRIED:
                assert words in answered.failure.message, answered.failure.message
    assert cloud.upstream.requests == []


def test_the_keys_end_is_a_metric(cloud, gateway_in):
    gateway = gateway_in(cloud.env(cloud.pod_identity()))
    assert asked(gateway).ok
    seen = scrape(gateway.admin_url)
    assert 0 < seen.value(EXPIRY, source="container") <= 3600


def test_keys_that_never_end_are_not_asked_for_again(cloud, gateway_in):
    gateway = gateway_in(cloud.env(cloud.config_file()))
    for _ in range(3):
        assert asked(gateway).ok
    assert cloud.sources == ["CONFIG"] * 3
    assert keys_used(cloud) == 1
