# SPDX-License-Identifier: Apache-2.0
"""What deploy/kustomize renders is what a cluster takes, and agrees with itself and the binary."""

from __future__ import annotations

import copy
import functools

import kubernetes_validate
import kubernetes_validate.utils
import pytest

import kustomize
import pod_security
from kustomize import GATEWAY, Workload, only, seconds, settings, workloads
from program import run_to_end
from renderings import workload_of

kustomize.needed()

CONFIG_VOLUME = "iot-jobs-gateway-config"


@pytest.fixture
def everything(rendered) -> list[tuple[str, Workload]]:
    return [
        (f"{name}: {workload.name}", workload)
        for name, documents in rendered.items()
        for workload in workloads(documents)
    ]


@pytest.fixture
def gateways(everything) -> list[tuple[str, Workload, dict]]:
    found = [
        (name, workload, container)
        for name, workload in everything
        for container in workload.gateways
    ]
    assert len(found) >= 12
    return found


@functools.cache
def version() -> str:
    done = run_to_end("--version")
    assert done.returncode == 0
    return done.stdout.strip()


# Schemas


@functools.cache
def minors() -> list[str]:
    """Oldest first, each once; the package lists them once for each kind of schemas."""
    found = set(kubernetes_validate.utils.all_versions())
    return sorted(found, key=lambda version: [int(part) for part in version.split(".")])


def schema_faults(document: dict, minor: str) -> list[str]:
    try:
        kubernetes_validate.validate(document, minor, strict=True)
    except kubernetes_validate.ValidationError as error:
        return [f"{'.'.join(map(str, error.path))}: {error.message}"]
    return []


def is_kubernetes_own(document: dict) -> bool:
    group = document["apiVersion"].rpartition("/")[0]
    return "." not in group or group.endswith(".k8s.io")


def test_the_minors_are_those_that_follow_each_other():
    numbers = [int(minor.split(".")[1]) for minor in minors()]
    assert numbers == list(range(25, numbers[-1] + 1))


@pytest.mark.parametrize("age", [1, 2, 3])
def test_the_last_three_minors_take_it(rendered, age):
    minor = minors()[-age]
    for name, documents in rendered.items():
        for document in filter(is_kubernetes_own, documents):
            assert schema_faults(document, minor) == [], (name, document["kind"], minor)


@pytest.mark.parametrize(
    ("name", "oldest"),
    [("demo", "1.29"), ("beside a deployment", "1.29"), ("standalone", "1.27"), ("legacy", "1.25")],
)
def test_the_oldest_minor_that_is_promised_takes_it(rendered, name, oldest):
    for document in rendered[name]:
        assert schema_faults(document, oldest) == [], (name, document["kind"])


def test_a_field_that_is_not_there_is_found(rendered):
    deployment = copy.deepcopy(only(rendered["base"], "Deployment"))
    deployment["spec"]["template"]["spec"]["enableServiceLink"] = False
    assert schema_faults(deployment, minors()[-1])


def test_only_what_is_meant_is_not_kubernetes_own(rendered):
    foreign = {
        (name, document["kind"])
        for name, documents in rendered.items()
        for document in documents
        if not is_kubernetes_own(document)
    }
    assert foreign == {
        ("standalone-tls", "Certificate"),
        ("standalone with everything", "Certificate"),
        ("standalone with everything", "PodMonitor"),
        ("standalone with everything", "ServiceMonitor"),
    }


# Pod Security


def test_every_pod_is_restricted(everything):
    for name, workload in everything:
        assert pod_security.faults(workload.pod) == [], name


def test_no_container_of_ours_writes_to_its_root_or_runs_as_another_user(everything):
    seen = 0
    for name, workload in everything:
        for container in workload.containers:
            if not container["image"].startswith("iot-jobs-"):
                continue
            seen += 1
            own = container["securityContext"]
            assert own["readOnlyRootFilesystem"] is True, name
            either = {**workload.pod.get("securityContext", {}), **own}
            # The image's own, so that what belongs to its user can be read.
            assert (either["runAsUser"], either["runAsGroup"]) == (65532, 65532), name
    assert seen > 15


def test_every_namespace_enforces_it(rendered):
    namespaces = [
        document
        for documents in rendered.values()
        for document in documents
        if document["kind"] == "Namespace"
    ]
    assert len(namespaces) >= 4
    for namespace in namespaces:
        labels = namespace["metadata"]["labels"]
        assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


BREACHES = {
    "hostNetwork": lambda pod, container: pod.update(hostNetwork=True),
    "volume": lambda pod, container: pod["volumes"].append(
        {"name": "h", "hostPath": {"path": "/"}}
    ),
    "sysctl": lambda pod, container: pod["securityContext"].update(
        sysctls=[{"name": "kernel.msgmax", "value": "1"}]
    ),
    "runAsNonRoot": lambda pod, container: pod["securityContext"].pop("runAsNonRoot"),
    "runAsUser": lambda pod, container: container["securityContext"].update(runAsUser=0),
    "seccomp": lambda pod, container: pod["securityContext"].pop("seccompProfile"),
    "escalation": lambda pod, container: container["securityContext"].pop(
        "allowPrivilegeEscalation"
    ),
    "privileged": lambda pod, container: container["securityContext"].update(privileged=True),
    "capabilities": lambda pod, container: container["securityContext"].pop("capabilities"),
    "hostPort": lambda pod, container: container["ports"][0].update(hostPort=9464),
    "host of a probe": lambda pod, container: container["livenessProbe"]["httpGet"].update(
        host="example.com"
    ),
}


@pytest.mark.parametrize("breach", BREACHES)
def test_a_breach_of_pod_security_is_found(rendered, breach):
    pod = copy.deepcopy(Workload(only(rendered["base"], "Deployment")).pod)
    BREACHES[breach](pod, pod["containers"][0])
    assert len(pod_security.faults(pod)) == 1


# Every Pod


def test_no_service_sets_variables_anywhere(everything):
    # Workloads of others, which no component touches, are others' business.
    for name, workload in everything:
        if workload.gateways or workload.labels.get("app.kubernetes.io/part-of") == GATEWAY:
            assert workload.pod["enableServiceLinks"] is False, name


def test_the_image_is_the_version_that_the_binary_reports(everything):
    seen = 0
    for name, workload in everything:
        for container in workload.containers:
            image, _, tag = container["image"].rpartition(":")
            assert image and tag != "latest", name
            if image == GATEWAY:
                assert tag == version(), name
                seen += 1
    assert seen > 15


def test_a_registry_of_ones_own_is_named_in_one_place(tmp_path):
    documents = kustomize.put_together(
        tmp_path,
        workload_of("Deployment"),
        ["sidecar", "emulator"],
        images=[{"name": GATEWAY, "newName": "registry.example/jobs/gateway", "newTag": "9.9.9"}],
    )
    images = {one["image"] for each in workloads(documents) for one in each.containers}
    assert images == {"registry.example/jobs/gateway:9.9.9", "app:1.2.3"}


def test_every_container_says_what_it_needs(everything):
    for name, workload in everything:
        for container in workload.containers:
            resources = container["resources"]
            assert resources["requests"].keys() >= {"cpu", "memory"}, name
            # Without a limit a leak takes the node; with one for CPU a burst is held back although
            # the node is idle.
            assert resources["limits"].keys() == {"memory"}, name


def test_no_file_is_mounted_where_changes_do_not_reach_it(everything):
    for name, workload in everything:
        for container in workload.containers:
            for mount in container.get("volumeMounts", []):
                assert "subPath" not in mount, name


def test_every_name_that_a_pod_refers_to_is_there(rendered):
    for name, documents in rendered.items():
        there = {(one["kind"], one["metadata"]["name"]) for one in documents}
        # cert-manager makes this one.
        there |= {
            ("Secret", one["spec"]["secretName"])
            for one in documents
            if one["kind"] == "Certificate"
        }
        for workload in workloads(documents):
            pod = workload.pod
            wanted = set()
            for volume in pod.get("volumes", []):
                if "configMap" in volume:
                    wanted.add(("ConfigMap", volume["configMap"]["name"]))
                if "secret" in volume:
                    wanted.add(("Secret", volume["secret"]["secretName"]))
            for container in workload.containers:
                for source in container.get("envFrom", []):
                    wanted.add(("Secret", source["secretRef"]["name"]))
                mounted = {mount["name"] for mount in container.get("volumeMounts", [])}
                assert mounted <= {volume["name"] for volume in pod.get("volumes", [])}, name
            if "serviceAccountName" in pod:
                wanted.add(("ServiceAccount", pod["serviceAccountName"]))
            assert wanted <= there, (name, workload.name)


# Every gateway


def port_of(address: str) -> int:
    return int(address.rpartition(":")[2])


def test_probes_and_ports_are_those_that_the_gateway_listens_on(gateways):
    for name, _, container in gateways:
        its = settings(container)
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        admin = port_of(its["admin-listen"])
        assert its["admin-listen"].startswith("[::]:"), "the kubelet asks at the Pod's address"
        assert ports["gateway-admin"] == admin, name
        for kind in ("startupProbe", "livenessProbe"):
            # Neither depends on AWS, nor on the drain: it would be killed amid its last calls.
            assert container[kind]["httpGet"] == {"path": "/livez", "port": "gateway-admin"}, name
        readiness = container["readinessProbe"]
        if "grpc" in readiness:
            assert readiness["grpc"] == {"port": port_of(its["listen"])}, name
            assert ports["gateway-grpc"] == port_of(its["listen"]), name
        else:
            assert readiness["httpGet"] == {"path": "/readyz", "port": "gateway-admin"}, name


def test_grpc_probes_are_where_the_kubelet_reaches_plaintext_and_nowhere_else(gateways):
    for name, _, container in gateways:
        listen = settings(container)["listen"]
        is_plain_and_open = listen.startswith("[::]:")
        assert ("grpc" in container["readinessProbe"]) == is_plain_and_open, name
        assert (settings(container).get("allow-insecure-remote") == "true") == is_plain_and_open


def test_a_sidecar_is_called_on_loopback_alone(rendered, gateways):
    beside = [
        (name, container)
        for name, workload, container in gateways
        if "iot-jobs-gateway/sidecar" in workload.labels
    ]
    assert len(beside) >= 8
    for name, container in beside:
        assert settings(container)["listen"] == "127.0.0.1:50051", name
        assert [port["name"] for port in container["ports"]] == ["gateway-admin"], name


def test_no_gateway_ever_takes_the_role_of_its_node(gateways):
    for name, _, container in gateways:
        assert {"name": "AWS_EC2_METADATA_DISABLED", "value": "true"} in container["env"], name


def test_a_pod_lives_longer_than_its_gateway_drains(gateways):
    for name, workload, container in gateways:
        its = settings(container)
        drain = seconds(its["drain-delay"]) + seconds(its["drain-grace"])
        lives = workload.pod.get("terminationGracePeriodSeconds", 30)
        # Callers get a moment to read their last answers.
        assert lives >= drain + 5, name


@pytest.fixture
def configured(rendered, tmp_path) -> list[tuple[str, dict, dict[str, str]]]:
    """Each gateway's container, and its variables with the file that they name lying there."""
    found = []
    for name, documents in rendered.items():
        for workload in workloads(documents):
            for container in workload.gateways:
                volume = workload.config_map(CONFIG_VOLUME)
                file = tmp_path / f"{len(found)}.yaml"
                file.write_text(kustomize.files(documents, volume)["gateway.yaml"])
                env = {one["name"]: one["value"] for one in container["env"]}
                # By a variable, so that other commands in the container have the same settings.
                [mount] = [one for one in container["volumeMounts"] if one["name"] == CONFIG_VOLUME]
                assert container["args"] == ["serve"], name
                assert env["IOT_JOBS_GATEWAY_CONFIG"] == f"{mount['mountPath']}/gateway.yaml", name
                found.append((name, container, {**env, "IOT_JOBS_GATEWAY_CONFIG": str(file)}))
    assert len(found) >= 12
    return found


def test_settings_of_file_and_variables_pass_the_gateways_own_check(configured):
    for name, _, env in configured:
        done = run_to_end("config", "check", env=env)
        assert done.returncode == 0, (name, done.stderr)


def test_the_file_sets_nothing_that_the_manifest_relies_on(rendered):
    relied_on = {
        *("listen", "admin-listen", "allow-insecure-remote", "drain-delay", "drain-grace"),
        *("memory-limit-bytes", "connection-limit"),
    }
    for name, documents in rendered.items():
        for document in documents:
            text = document.get("data", {}).get("gateway.yaml", "")
            keys = {line.partition(":")[0] for line in text.splitlines()}
            assert not keys & relied_on, name
