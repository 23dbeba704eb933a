# SPDX-License-Identifier: Apache-2.0
"""What the sidecar's components do to a workload of somebody else's."""

from __future__ import annotations

import re

import pytest
import yaml

import kustomize
from kustomize import GATEWAY, Workload, only, seconds, settings, workloads
from program import ROOT
from renderings import KINDS, workload_of

kustomize.needed()


@pytest.mark.parametrize("kind", KINDS)
def test_the_sidecar_starts_first_and_leaves_the_rest_as_it_was(tmp_path, kind):
    before = Workload(only(kustomize.put_together(tmp_path, workload_of(kind), []), kind))
    after = Workload(only(kustomize.put_together(tmp_path, workload_of(kind), ["sidecar"]), kind))
    first, *others = after.pod["initContainers"]
    assert (first["name"], first["restartPolicy"]) == (GATEWAY, "Always")
    assert others == before.pod["initContainers"]
    assert after.pod["containers"] == before.pod["containers"]
    changed = {"initContainers", "volumes", "enableServiceLinks"}
    assert {key: after.pod[key] for key in after.pod.keys() - changed} == {
        key: before.pod[key] for key in before.pod.keys() - changed
    }
    assert [volume["name"] for volume in after.pod["volumes"]] in (
        ["iot-jobs-gateway-config", "own"],
        ["own", "iot-jobs-gateway-config"],
    )
    assert after.labels == {"app": "app", "iot-jobs-gateway/sidecar": "native"}
    if kind != "Job":
        # What a Deployment is found by can never be changed.
        assert after.manifest["spec"]["selector"] == {"matchLabels": {"app": "app"}}


@pytest.mark.parametrize("component", ["sidecar", "sidecar-legacy"])
def test_a_workload_that_wants_none_has_none(tmp_path, component):
    labelled = workload_of("Deployment").replace(
        "  name: app\n", "  name: app\n  labels: {iot-jobs-gateway/sidecar: none}\n", 1
    )
    documents = kustomize.put_together(tmp_path, labelled, [component])
    assert workloads(documents)[0].gateways == []


@pytest.mark.parametrize("component", ["sidecar", "sidecar-legacy"])
def test_neither_the_shared_gateway_nor_the_emulator_has_one_beside_it(tmp_path, component):
    documents = kustomize.put_together(
        tmp_path,
        workload_of("Deployment"),
        ["emulator", component],
        resources=["workload.yaml", kustomize.relative(kustomize.FOLDER / "base", tmp_path)],
    )
    gateways = {its.name: len(its.gateways) for its in workloads(documents)}
    assert gateways == {
        "Deployment app": 1,
        f"Deployment {GATEWAY}": 1,
        "Deployment iot-jobs-emulator": 0,
    }


def test_the_legacy_sidecar_is_the_same_but_for_its_life(rendered):
    native = workloads(rendered["beside a deployment"])[0].container(GATEWAY)
    legacy = workloads(rendered["legacy"])[0].container(GATEWAY)
    drains = {"IOT_JOBS_GATEWAY_DRAIN_DELAY", "IOT_JOBS_GATEWAY_DRAIN_GRACE"}

    def without_life(container: dict) -> dict:
        kept = {key: value for key, value in container.items() if key != "restartPolicy"}
        kept["env"] = [one for one in kept["env"] if one["name"] not in drains]
        return kept

    assert without_life(native) == without_life(legacy)
    assert "restartPolicy" not in legacy
    assert settings(native)["drain-delay"] == "0s"
    assert seconds(settings(legacy)["drain-delay"]) > 0
    files = [
        kustomize.FOLDER / "components" / name / "inject/gateway.yaml"
        for name in ("sidecar", "sidecar-legacy")
    ]
    assert files[0].read_text() == files[1].read_text()


def test_the_legacy_sidecar_stands_behind_the_application(rendered):
    pod = workloads(rendered["legacy"])[0].pod
    assert [container["name"] for container in pod["containers"]] == ["app", GATEWAY]


def test_a_job_has_no_legacy_sidecar_that_would_keep_it_from_ending(tmp_path):
    documents = kustomize.put_together(tmp_path, workload_of("Job"), ["sidecar-legacy"])
    assert workloads(documents)[0].gateways == []


def test_settings_of_ones_own_take_the_files_place(tmp_path):
    patch = {
        "target": {"kind": "ConfigMap", "name": "iot-jobs-gateway-sidecar"},
        "patch": '[{"op": "replace", "path": "/data/gateway.yaml", "value": "pending-ttl: 5s"}]',
    }
    documents = kustomize.put_together(
        tmp_path, workload_of("Deployment"), ["sidecar"], patches=[patch]
    )
    its = workloads(documents)[0]
    assert kustomize.files(documents, its.config_map("iot-jobs-gateway-config")) == {
        "gateway.yaml": "pending-ttl: 5s"
    }
    untouched = kustomize.put_together(tmp_path, workload_of("Deployment"), ["sidecar"])
    # Its name changes with it, so that the Pods are rolled.
    assert only(documents, "ConfigMap")["metadata"] != only(untouched, "ConfigMap")["metadata"]


ARTICLE = ROOT / "Sources/Gateway/Documentation.docc/Kubernetes.md"
DOCUMENTED = re.findall(r"```yaml\n# kustomization\.yaml\n(.*?)```", ARTICLE.read_text(), re.S)


@pytest.mark.parametrize("number", range(len(DOCUMENTED)))
def test_a_documented_kustomization_does_what_it_says(tmp_path, number):
    (tmp_path / "iot-jobs-gateway").symlink_to(ROOT)
    (tmp_path / "workload.yaml").write_text(workload_of("Deployment"))
    (tmp_path / "kustomization.yaml").write_text(DOCUMENTED[number])
    documents = kustomize.render(tmp_path)
    assert any(workload.gateways for workload in workloads(documents))
    # Each patch has found its target.
    for patch in yaml.safe_load(DOCUMENTED[number]).get("patches", []):
        [value] = [one["value"] for one in yaml.safe_load(patch["patch"])]
        assert value in yaml.safe_dump_all(documents) or any(
            value in document.get("data", {}).values() for document in documents
        )


def test_there_are_documented_kustomizations():
    assert len(DOCUMENTED) == 3


def test_live_settings_come_from_a_config_map_of_ones_own(tmp_path):
    patch = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "app"},
        "spec": {
            "template": {
                "spec": {
                    "volumes": [{"name": "iot-jobs-gateway-config", "configMap": {"name": "mine"}}]
                }
            }
        },
    }
    documents = kustomize.put_together(
        tmp_path,
        workload_of("Deployment"),
        ["sidecar"],
        patches=[{"patch": yaml.safe_dump(patch)}],
    )
    assert workloads(documents)[0].config_map("iot-jobs-gateway-config") == "mine"


def test_a_prefix_keeps_two_applications_apart(tmp_path):
    documents = kustomize.put_together(
        tmp_path, workload_of("Deployment"), ["sidecar"], namePrefix="shop-"
    )
    its = workloads(documents)[0]
    assert its.config_map("iot-jobs-gateway-config").startswith("shop-iot-jobs-gateway-sidecar-")
