# SPDX-License-Identifier: Apache-2.0
"""The policies for AWS: they allow what the gateway does and nothing besides."""

from __future__ import annotations

import fnmatch
import json
import re
import shlex

import botocore.session
import pytest
import yaml

import stubs
from aws import ACCOUNT, thing_arn
from documents import README, article
from program import REGION, ROOT

FOLDER = ROOT / "deploy" / "iam"
BASE = ROOT / "deploy" / "kustomize" / "base"
POLICIES = sorted(path.name for path in FOLDER.glob("policy*.json"))
TRUSTS = sorted(path.name for path in FOLDER.glob("trust*.json"))

# AWS's Service Authorization Reference: which actions there are, and the type of resource they
# take. The data plane has a prefix of its own; one of its operations goes by the control plane's.
DATA_PLANE = {
    "iotjobsdata:DescribeJobExecution": "thing",
    "iotjobsdata:GetPendingJobExecutions": "thing",
    "iotjobsdata:StartNextPendingJobExecution": "thing",
    "iotjobsdata:UpdateJobExecution": "thing",
}
OPTIONAL = {"iot:DescribeEndpoint": None, "iot:StartCommandExecution": "command"}
NAMESPACE_OF = {"aws:PrincipalTag/kubernetes-namespace": "shop"}


def read(name: str) -> dict:
    """A policy, filled in as an operator would."""
    text = (FOLDER / name).read_text(encoding="utf-8")
    values = {"REGION": REGION, "ACCOUNT": ACCOUNT, "PLANT": "press", "COMMAND": "reboot"}
    for word, value in values.items():
        text = re.sub(rf"\b{word}\b", value, text)
    return json.loads(text)


def listed(value: object) -> list:
    return value if isinstance(value, list) else [value]


def allows(
    policy: dict, action: str, resource: str, session: dict[str, str] = NAMESPACE_OF
) -> bool:
    """IAM's decision, as far as these policies go: no conditions, nothing denied.

    `*` and `?` are wildcards, actions know no case, and a variable without a value matches nothing.
    """
    for statement in policy["Statement"]:
        assert statement["Effect"] == "Allow" and "Condition" not in statement
        patterns = [
            re.sub(r"\$\{([^}]+)\}", lambda name: session.get(name[1], "\0"), pattern)
            for pattern in listed(statement["Resource"])
        ]
        if any(
            fnmatch.fnmatchcase(action.lower(), pattern.lower())
            for pattern in listed(statement["Action"])
        ) and any(fnmatch.fnmatchcase(resource, pattern) for pattern in patterns):
            return True
    return False


def model(service: str):
    return botocore.session.get_session().get_service_model(service)


def test_the_actions_are_those_of_awss_own_clients():
    operations = set(model("iot-jobs-data").operation_names) - {"StartCommandExecution"}
    assert DATA_PLANE.keys() == {f"iotjobsdata:{name}" for name in operations}
    assert "DescribeEndpoint" in model("iot").operation_names
    assert "StartCommandExecution" in model("iot-jobs-data").operation_names


def test_the_gateways_methods_are_the_actions_that_it_needs():
    service = stubs.pb.DESCRIPTOR.services_by_name["JobsDataPlaneService"]
    assert DATA_PLANE.keys() == {f"iotjobsdata:{method.name}" for method in service.methods}


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_names_its_actions_and_has_no_wildcard_resource_that_could_be_narrower(name):
    policy = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    assert policy.keys() == {"Version", "Statement"} and policy["Version"] == "2012-10-17"
    known = DATA_PLANE | OPTIONAL
    for statement in policy["Statement"]:
        assert statement.keys() - {"Sid"} == {"Effect", "Action", "Resource"}
        assert re.fullmatch(r"[A-Za-z0-9]+", statement.get("Sid", "x"))
        for action in listed(statement["Action"]):
            kind = known[action]
            resources = listed(statement["Resource"])
            if kind is None:
                # This one takes no other.
                assert resources == ["*"]
                continue
            assert any(f":{kind}/" in resource for resource in resources)
            for resource in resources:
                assert resource.startswith("arn:aws:iot:REGION:ACCOUNT:"), resource


@pytest.mark.parametrize(
    ("name", "allowed", "refused"),
    [
        ("policy.json", ["press-1", "plant:press-1", "lamp"], []),
        ("policy-some-things.json", ["press-1", "press-"], ["lamp-1", "xpress-1", "press"]),
        ("policy-by-namespace.json", ["shop:lamp-1"], ["lamp-1", "shop-eu:lamp-1", "x:shop:y"]),
        ("policy-start-commands.json", [], ["press-1", "lamp-1"]),
    ],
)
def test_a_policy_allows_the_four_operations_on_its_things_alone(name, allowed, refused):
    policy = read(name)
    for action in DATA_PLANE:
        assert all(allows(policy, action, thing_arn(thing)) for thing in allowed), action
        assert not any(allows(policy, action, thing_arn(thing)) for thing in refused), action
        # The same names under the control plane's prefix are other actions.
        other = action.replace("iotjobsdata:", "iot:")
        assert not any(allows(policy, other, thing_arn(thing)) for thing in [*allowed, *refused])
    elsewhere = thing_arn("press-1").replace(ACCOUNT, "999999999999")
    assert not allows(policy, "iotjobsdata:DescribeJobExecution", elsewhere)
    for action in ("iot:CreateJob", "iot:CancelJobExecution", "iot:Publish", "iotjobsdata:Other"):
        assert not allows(policy, action, thing_arn("press-1"))
    discovers = name != "policy-start-commands.json"
    assert allows(policy, "iot:DescribeEndpoint", "*") == discovers


def test_without_the_tag_of_pod_identity_the_policy_by_namespace_allows_no_thing():
    policy = read("policy-by-namespace.json")
    for thing in ("shop:lamp-1", ":lamp-1", "${aws:PrincipalTag/kubernetes-namespace}:lamp-1"):
        assert not allows(policy, "iotjobsdata:DescribeJobExecution", thing_arn(thing), session={})


def test_commands_are_started_by_a_policy_of_their_own():
    policy = read("policy-start-commands.json")
    of_command = f"arn:aws:iot:{REGION}:{ACCOUNT}:command/reboot"
    assert allows(policy, "iot:StartCommandExecution", of_command)
    assert allows(policy, "iot:StartCommandExecution", thing_arn("press-1"))
    assert not allows(policy, "iot:StartCommandExecution", of_command.replace("reboot", "erase"))
    for name in set(POLICIES) - {"policy-start-commands.json"}:
        assert not allows(read(name), "iot:StartCommandExecution", of_command)


def test_the_policy_in_the_readme_is_the_file():
    (shown,) = re.findall(r"```json\n(.*?)```", README.read_text(encoding="utf-8"), re.S)
    assert json.loads(shown) == json.loads((FOLDER / "policy.json").read_text(encoding="utf-8"))


def service_account() -> str:
    (account,) = [
        document
        for path in BASE.glob("*.yaml")
        for document in yaml.safe_load_all(path.read_text(encoding="utf-8"))
        if document.get("kind") == "ServiceAccount"
    ]
    return account["metadata"]["name"]


def namespace() -> str:
    overlay = BASE.parent / "overlays" / "standalone" / "kustomization.yaml"
    return yaml.safe_load(overlay.read_text(encoding="utf-8"))["namespace"]


@pytest.mark.parametrize("name", TRUSTS)
def test_only_the_gateways_service_account_may_take_the_role(name):
    (statement,) = json.loads((FOLDER / name).read_text(encoding="utf-8"))["Statement"]
    (condition,) = statement["Condition"].items()
    operator, values = condition
    assert (statement["Effect"], operator) == ("Allow", "StringEquals")
    assert not any("*" in value for value in values.values())
    if name == "trust-irsa.json":
        assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
        account = f"system:serviceaccount:{namespace()}:{service_account()}"
        assert values == {"OIDC:aud": "sts.amazonaws.com", "OIDC:sub": account}
        assert statement["Principal"]["Federated"].endswith(":oidc-provider/OIDC")
    else:
        assert statement["Action"] == ["sts:AssumeRole", "sts:TagSession"]
        assert statement["Principal"] == {"Service": "pods.eks.amazonaws.com"}
        tags = {key.removeprefix("aws:RequestTag/"): value for key, value in values.items()}
        assert tags.pop("eks-cluster-arn").endswith(":cluster/CLUSTER")
        assert tags == {
            "kubernetes-namespace": namespace(),
            "kubernetes-service-account": service_account(),
        }


def commands(program: str) -> list[list[str]]:
    """The words of each command of a program that the article shows."""
    text = article("Permissions").replace("\\\n", " ")
    return [shlex.split(line) for line in re.findall(rf"^    ({program} .*)$", text, re.M)]


def test_awss_command_line_knows_the_commands_that_are_shown():
    shown = commands("aws")
    assert len(shown) == 10
    for _, service, command, *rest in shown:
        operations = {
            botocore.xform_name(name).replace("_", "-"): name
            for name in model(service).operation_names
        }
        members = model(service).operation_model(operations[command]).input_shape.members
        options = {"--" + botocore.xform_name(name).replace("_", "-") for name in members}
        given = {word for word in rest if word.startswith("--")}
        assert given <= options | {"--query", "--output"}, command
        for file in (word.removeprefix("file://") for word in rest if word.startswith("file://")):
            assert (FOLDER / file).exists(), file


def test_each_file_is_explained():
    told = re.findall(r"`((?:policy|trust)[a-z-]*\.json)`", article("Permissions"))
    assert set(told) >= {*POLICIES, *TRUSTS}
