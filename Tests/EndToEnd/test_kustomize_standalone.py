# SPDX-License-Identifier: Apache-2.0
"""The shared gateway, and what a cluster has around it."""

from __future__ import annotations

import json

import pytest
import yaml

import kustomize
from kustomize import GATEWAY, Workload, only, settings, workloads
from network_policy import Address, Pod, Policies
from program import ROOT

kustomize.needed()

# What AWS last published, for reads and for writes, of one account.
ACCOUNT_QUOTA = 200


@pytest.fixture
def standalone(rendered) -> list[dict]:
    return rendered["standalone"]


def test_the_service_finds_the_shared_gateways_and_nothing_else(rendered):
    service = only(rendered["base"], "Service")["spec"]
    assert service["clusterIP"] == "None"
    assert service["publishNotReadyAddresses"] is False
    everything = [one for documents in rendered.values() for one in workloads(documents)]
    assert len(everything) > 15
    for workload in everything:
        is_found = service["selector"].items() <= workload.labels.items()
        assert is_found == (workload.name == f"Deployment {GATEWAY}")
        if is_found:
            ports = {port["name"] for port in workload.container(GATEWAY)["ports"]}
            assert {port["targetPort"] for port in service["ports"]} == ports


def test_a_node_can_be_drained_and_a_roll_out_takes_nobody_away(standalone):
    budget = only(standalone, "PodDisruptionBudget")["spec"]
    scaler = only(standalone, "HorizontalPodAutoscaler")["spec"]
    deployment = only(standalone, "Deployment")
    assert 0 < budget["maxUnavailable"] < scaler["minReplicas"]
    assert budget["selector"]["matchLabels"].items() <= Workload(deployment).labels.items()
    assert deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    # Applying it again would otherwise undo what the autoscaler did.
    assert "replicas" not in deployment["spec"]


def test_the_autoscaler_scales_what_is_there_by_what_is_there(standalone):
    scaler = only(standalone, "HorizontalPodAutoscaler")["spec"]
    deployment = only(standalone, "Deployment")
    assert scaler["scaleTargetRef"] == {
        "apiVersion": deployment["apiVersion"],
        "kind": "Deployment",
        "name": deployment["metadata"]["name"],
    }
    names = [
        metric.get("resource", {}).get("name") or metric["pods"]["metric"]["name"]
        for metric in scaler["metrics"]
    ]
    adapter = yaml.safe_load((ROOT / "deploy/monitoring/prometheus-adapter.yaml").read_text())
    [rule] = adapter["rules"]["custom"]
    assert names == ["cpu", rule["name"]["as"]]


def test_all_replicas_together_keep_within_the_accounts_quota(standalone):
    scaler = only(standalone, "HorizontalPodAutoscaler")["spec"]
    deployment = Workload(only(standalone, "Deployment"))
    surge = deployment.manifest["spec"]["strategy"]["rollingUpdate"]["maxSurge"]
    volume = deployment.config_map("iot-jobs-gateway-config")
    lines = kustomize.files(standalone, volume)["gateway.yaml"].splitlines()
    rates = dict(line.split(": ") for line in lines if line.startswith("account-"))
    for kind in ("reads", "writes"):
        rate = int(rates[f"account-{kind}-per-second"])
        assert rate * (scaler["maxReplicas"] + surge) <= ACCOUNT_QUOTA


def test_replicas_spread_and_a_roll_out_is_counted_by_itself(standalone):
    constraints = Workload(only(standalone, "Deployment")).pod["topologySpreadConstraints"]
    labels = Workload(only(standalone, "Deployment")).labels
    keys = {one["topologyKey"] for one in constraints}
    assert keys == {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}
    for one in constraints:
        assert one["labelSelector"]["matchLabels"].items() <= labels.items()
        assert one["matchLabelKeys"] == ["pod-template-hash"]


DNS = Pod("kube-system", {"k8s-app": "kube-dns"})
CALLER = Pod("shop", {"iot-jobs-gateway/caller": "true"}, {"iot-jobs-gateway/callers": "true"})
OUT = {
    "the cluster's DNS": (DNS, 53, "UDP", True),
    "the cluster's DNS by TCP": (DNS, 53, "TCP", True),
    "NodeLocal DNSCache": (Address("169.254.20.10"), 53, "UDP", True),
    "another DNS": (Address("8.8.8.8"), 53, "UDP", False),
    "AWS": (Address("52.94.236.248"), 443, "TCP", True),
    "AWS by IPv6": (Address("2600:1f18::1"), 443, "TCP", True),
    "AWS without TLS": (Address("52.94.236.248"), 80, "TCP", False),
    "EKS Pod Identity": (Address("169.254.170.23"), 80, "TCP", True),
    "EKS Pod Identity by IPv6": (Address("fd00:ec2::23"), 80, "TCP", True),
    "the node's metadata": (Address("169.254.169.254"), 80, "TCP", False),
    "the node's metadata by TLS": (Address("169.254.169.254"), 443, "TCP", False),
    "the node's metadata by IPv6": (Address("fd00:ec2::254"), 80, "TCP", False),
    "the VPC": (Address("10.0.12.7"), 443, "TCP", False),
    "the API server": (Address("172.20.0.1"), 443, "TCP", False),
    "a Pod": (Pod("shop"), 443, "TCP", False),
}
IN = {
    "a caller": (CALLER, 50051, True),
    "a caller at the admin port": (CALLER, 9464, False),
    "a Pod beside a caller": (Pod("shop", {}, CALLER.namespace_labels), 50051, False),
    "a caller in a namespace that is none": (Pod("x", CALLER.labels), 50051, False),
    "Prometheus": (Pod("monitoring"), 9464, True),
    "Prometheus at gRPC": (Pod("monitoring"), 50051, False),
    "a Pod at the admin port": (Pod("shop"), 9464, False),
    "another replica": (Pod("iot-jobs"), 50051, False),
    "an address": (Address("10.0.0.1"), 50051, False),
    "the operator's page": (Pod("monitoring"), 9465, False),
}


@pytest.mark.parametrize("target", OUT)
def test_the_gateway_reaches_what_it_needs_and_nothing_else(standalone, target):
    peer, port, protocol, allowed = OUT[target]
    labels = Workload(only(standalone, "Deployment")).labels
    assert Policies(standalone, "iot-jobs").let_out(labels, peer, port, protocol) == allowed


@pytest.mark.parametrize("source", IN)
def test_the_gateway_is_reached_by_its_callers_and_prometheus_alone(standalone, source):
    peer, port, allowed = IN[source]
    labels = Workload(only(standalone, "Deployment")).labels
    assert Policies(standalone, "iot-jobs").let_in(peer, labels, port) == allowed


def test_anything_else_in_the_namespace_is_closed(standalone):
    policies = Policies(standalone, "iot-jobs")
    assert not policies.let_in(Pod("iot-jobs"), {"app": "else"}, 80)
    assert not policies.let_out({"app": "else"}, DNS, 53, "UDP")


def test_a_role_is_bound_to_the_gateways_service_account(rendered):
    documents = rendered["standalone with everything"]
    account = only(documents, "ServiceAccount", GATEWAY)
    assert account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"].startswith("arn:aws:")
    assert (
        only(documents, "Deployment", GATEWAY)["spec"]["template"]["spec"]["serviceAccountName"]
        == account["metadata"]["name"]
    )
    # Pod Identity finds it by name; without an association an annotation would name a wrong role.
    assert "annotations" not in only(rendered["standalone"], "ServiceAccount")["metadata"]


def test_the_trust_policies_name_its_service_account(standalone):
    account = only(standalone, "ServiceAccount")["metadata"]
    irsa = json.loads((ROOT / "deploy/iam/trust-irsa.json").read_text())
    [condition] = [one["Condition"]["StringEquals"] for one in irsa["Statement"]]
    subject = f"system:serviceaccount:{account['namespace']}:{account['name']}"
    assert subject in condition.values()


def test_certificates_are_where_the_settings_look_for_them(rendered):
    for name in ("standalone-tls", "standalone with everything"):
        gateway = Workload(only(rendered[name], "Deployment", GATEWAY))
        container = gateway.container(GATEWAY)
        folders = {mount["mountPath"] for mount in container["volumeMounts"]}
        its = settings(container)
        assert its["listen"] == "tls:[::]:50051"
        for key in ("tls-certificate", "tls-key", "tls-client-ca"):
            folder, _, file = its[key].rpartition("/")
            assert folder in folders
            assert file in {"tls.crt", "tls.key", "ca.crt"}
        certificate = only(rendered[name], "Certificate")["spec"]
        service = only(rendered[name], "Service")["metadata"]
        assert f"{service['name']}.{service['namespace']}.svc" in certificate["dnsNames"]
        # The key is for the gateway's group, not for everybody on the node.
        assert gateway.pod["securityContext"]["fsGroup"] == 65532
        [secret] = [one["secret"] for one in gateway.pod["volumes"] if "secret" in one]
        assert secret["defaultMode"] == 0o440


def test_spiffe_documents_are_asked_for_in_the_name_of_the_gateway(rendered):
    documents = rendered["standalone with everything"]
    binding = only(documents, "RoleBinding")
    account = only(documents, "ServiceAccount", GATEWAY)["metadata"]
    [subject] = binding["subjects"]
    assert (subject["name"], subject["namespace"]) == (account["name"], account["namespace"])
    assert binding["roleRef"]["name"] == only(documents, "Role")["metadata"]["name"]
    gateway = Workload(only(documents, "Deployment", GATEWAY))
    assert gateway.pod["serviceAccountName"] == account["name"]
    its = settings(gateway.container(GATEWAY))
    [mount] = [
        one
        for one in gateway.container(GATEWAY)["volumeMounts"]
        if one["name"] == "iot-jobs-gateway-spiffe"
    ]
    assert its["tls-client-ca"] == f"{mount['mountPath']}/ca.crt"
    assert gateway.volume(mount["name"])["csi"]["driver"] == "spiffe.csi.cert-manager.io"
