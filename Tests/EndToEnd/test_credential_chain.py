# SPDX-License-Identifier: Apache-2.0
"""Which credentials count: botocore finds the same in the same environment, and the key that signs
at AWS tells whose won."""

from __future__ import annotations

import pytest

from callers import Answered, calling, pending
from cloud import botocores_choice, section
from credential_servers import sts_error
from http_server import Answer
from program import Gateway

# What is configured at the same time, and who wins.
CHAINS: dict[str, tuple[list[str], str]] = {
    "environment": (["variables"], "ENVIRON"),
    "environment-over-web-identity": (["variables", "web_identity"], "ENVIRON"),
    "environment-over-all": (
        ["variables", "assumed_role", "web_identity", "pod_identity"],
        "ENVIRON",
    ),
    "role-over-web-identity": (["assumed_role", "web_identity"], "ASSUMED"),
    "web-identity-over-file": (["web_identity", "credentials_file"], "WEB"),
    "web-identity-over-container": (["web_identity", "pod_identity"], "WEB"),
    "credentials-file-over-process": (["credentials_file", "process"], "SHARED"),
    "credentials-file-over-config-file": (["credentials_file", "config_file"], "SHARED"),
    "process-over-container": (["process", "pod_identity"], "PROCESS"),
    "config-file-over-container": (["config_file", "pod_identity"], "CONFIG"),
    "container-over-instance": (["pod_identity"], "CONTAINER"),
    "instance": ([], "IMDS"),
}


def asked(gateway: Gateway) -> Answered:
    with calling(gateway) as call:
        return call(pending("t"), "no-cache")


@pytest.mark.parametrize("case", CHAINS)
def test_the_chain_is_botocores(cloud, gateway_in, case):
    sources, winner = CHAINS[case]
    env = cloud.env(*(getattr(cloud, source)() for source in sources))
    assert botocores_choice(env) == winner
    answered = asked(gateway_in(env))
    assert answered.ok, answered.failure
    assert cloud.sources == [winner]


def test_a_chosen_profile_changes_the_source_as_for_botocore(cloud, gateway_in):
    text = section("default", cloud.issuer.issue("DEFAULT"))
    cloud.write("credentials", text + section("other", cloud.issuer.issue("OTHER")))
    env = cloud.env({"AWS_PROFILE": "other"})
    assert botocores_choice(env) == "OTHER"
    answered = asked(gateway_in(env))
    assert answered.ok, answered.failure
    assert cloud.sources == ["OTHER"]


def without_made_up_name(call: dict[str, str]) -> dict[str, str]:
    """A session's name has the time in it unless somebody chose one."""
    name = call["RoleSessionName"]
    return {**call, "RoleSessionName": name if "@" in name else "made up"}


@pytest.mark.parametrize(
    "keys",
    [
        "source_profile = base\nexternal_id = a=b+c,d@e:/f\nduration_seconds = 900\n",
        "source_profile = base\nrole_session_name = gateway@pod\n",
        "credential_source = EcsContainer\n",
        "credential_source = Ec2InstanceMetadata\n",
        "source_profile = middle\n",
    ],
    ids=["external-id", "session-name", "container", "instance", "two-roles"],
)
def test_a_role_is_assumed_with_the_calls_that_botocore_makes(cloud, gateway_in, keys):
    """The fake STS checks each call's signature, and with whose key it was made."""
    cloud.write("credentials", section("base", cloud.issuer.issue("SOURCE", None)))
    middle = "[profile middle]\nrole_arn = arn:aws:iam::1:role/x/MIDDLE\nsource_profile = base\n"
    cloud.write("config", f"[default]\nrole_arn = arn:aws:iam::1:role/x/FINAL\n{keys}{middle}")
    env = cloud.env(cloud.pod_identity())
    assert botocores_choice(env) == "FINAL"
    sent_by_botocore = [without_made_up_name(call) for call in cloud.sts.calls]
    cloud.sts.calls.clear()
    answered = asked(gateway_in(env))
    assert answered.ok, answered.failure
    assert [without_made_up_name(call) for call in cloud.sts.calls] == sent_by_botocore
    assert cloud.sources == ["FINAL"]


def test_a_web_identity_is_exchanged_with_the_call_that_botocore_makes(cloud, gateway_in):
    env = cloud.env(cloud.web_identity())
    assert botocores_choice(env) == "WEB"
    answered = asked(gateway_in(env))
    assert answered.ok, answered.failure
    first, second = (without_made_up_name(call) for call in cloud.sts.calls)
    assert first == second
    assert all(request.header("Authorization") is None for request in cloud.sts.requests)


def test_the_instances_metadata_is_asked_with_a_token_as_botocore_does(cloud, gateway_in):
    env = cloud.env()
    assert botocores_choice(env) == "IMDS"
    botocores = [(request.method, request.target) for request in cloud.metadata.requests]
    cloud.metadata.requests.clear()
    answered = asked(gateway_in(env))
    assert answered.ok, answered.failure
    assert [(request.method, request.target) for request in cloud.metadata.requests] == botocores


def test_a_process_is_run_without_a_shell(cloud, gateway_in):
    """Its words are split as a shell would split them, and nothing in them is expanded."""
    printing = cloud.program(cloud.issuer.issue("PROCESS"))
    picky = cloud.script("picky", f'[ "$1" = "a b" ] && [ "$2" = \'$HOME\' ] && exec {printing}')
    cloud.write("config", f'[default]\ncredential_process = {picky} "a b" $HOME\n')
    env = cloud.env()
    assert botocores_choice(env) == "PROCESS"
    answered = asked(gateway_in(env))
    assert answered.ok, answered.failure
    assert cloud.sources == ["PROCESS"]


def test_keys_that_are_hidden_by_others_are_warned_of(cloud, gateway_in):
    """Variables that somebody left behind hide a pod's role, and nobody sees why."""
    gateway = gateway_in(cloud.env(cloud.variables(), cloud.web_identity()))
    assert asked(gateway).ok
    warnings = [record for record in gateway.records if record["level"] == "warning"]
    assert any("web-identity" in str(record) for record in warnings), gateway.log_tail()


def half_a_pair(_) -> dict[str, str]:
    return {"AWS_ACCESS_KEY_ID": "AKIDHALF"}


def refused_web_identity(cloud) -> dict[str, str]:
    cloud.sts.refuse = lambda _: sts_error("AccessDenied", 403, "Not authorized to perform")
    return cloud.web_identity()


def missing_web_token(cloud) -> dict[str, str]:
    return cloud.web_identity() | {"AWS_WEB_IDENTITY_TOKEN_FILE": str(cloud.home / "gone")}


def failing_process(cloud) -> dict[str, str]:
    program = cloud.script("fail", "echo out of luck >&2; exit 3")
    cloud.write("config", f"[default]\ncredential_process = {program}\n")
    return {}


def babbling_process(cloud) -> dict[str, str]:
    cloud.write("config", f"[default]\ncredential_process = {cloud.script('say', 'echo hi')}\n")
    return {}


def refused_container(cloud) -> dict[str, str]:
    denied = Answer.json({"code": "AccessDenied", "message": "not this pod"}, 403)
    cloud.container.refuse = lambda _: denied
    return cloud.pod_identity()


def forbidden_host(_) -> dict[str, str]:
    return {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://192.0.2.1/credentials"}


def lonely_token_file(cloud) -> dict[str, str]:
    return {"AWS_WEB_IDENTITY_TOKEN_FILE": cloud.write("token", "jwt")}


# A source that is configured and fails, and what the failure's words hold.
BROKEN = {
    "half-a-pair": (half_a_pair, ["AWS_SECRET_ACCESS_KEY"]),
    "refused-web-identity": (refused_web_identity, ["web-identity", "AccessDenied"]),
    "missing-web-token": (missing_web_token, ["web-identity", "gone"]),
    "no-role-for-token": (lonely_token_file, ["AWS_ROLE_ARN"]),
    "failing-process": (failing_process, ["process", "3"]),
    "babbling-process": (babbling_process, ["process"]),
    "refused-container": (refused_container, ["container", "403"]),
    "forbidden-host": (forbidden_host, ["AWS_CONTAINER_CREDENTIALS_FULL_URI"]),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_configured_source_that_fails_ends_the_chain(cloud, gateway_in, case):
    """botocore raises; to take the node's keys instead would be to act as somebody else."""
    breaking, words = BROKEN[case]
    env = cloud.env(breaking(cloud))
    with pytest.raises(Exception):  # noqa: B017 - each source of botocore's has its own
        botocores_choice(env)
    gateway = gateway_in(env)
    answered = asked(gateway)
    assert answered.code.name == "UNAVAILABLE"
    assert answered.reason == "CREDENTIALS_UNAVAILABLE"
    for word in words:
        assert word in answered.failure.message, answered.failure.message
    assert cloud.upstream.requests == []
    assert cloud.metadata.requests == []
    # What a program says on its standard error is the operator's to read.
    assert gateway.noise == (["out of luck"] if case == "failing-process" else [])
    gateway.noise.clear()
