# SPDX-License-Identifier: Apache-2.0
"""Renders kustomizations as kubectl does, and finds its way in what comes out."""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest
import yaml

from program import ROOT

FOLDER = ROOT / "deploy/kustomize"
# What the image, the container and the Service are called.
GATEWAY = "iot-jobs-gateway"

# The oldest kubectl whose kustomize has components that do what these files need.
_OLDEST = (1, 27)
_SECONDS = 60

Manifest = dict


def _version(kubectl: str) -> tuple[int, int]:
    asked = [kubectl, "version", "--client", "--output", "json"]
    done = subprocess.run(asked, capture_output=True, text=True, timeout=_SECONDS, check=False)
    try:
        version = json.loads(done.stdout)["clientVersion"]
    except (ValueError, KeyError):
        return (0, 0)
    # Some vendors' have a plus sign behind the minor.
    return (int(version["major"]), int(version["minor"].rstrip("+")))


@functools.cache
def _kubectl() -> str | None:
    """The one of requirements.txt, or else the machine's own if it is new enough."""
    pinned = pathlib.Path(sys.executable).with_name("kubectl")
    for found in (str(pinned) if pinned.exists() else None, shutil.which("kubectl")):
        if found and _version(found) >= _OLDEST:
            return found
    return None


def missing() -> str | None:
    """Why nothing can be rendered on this machine, or nothing."""
    if _kubectl() is None:
        return "there is no kubectl, or one older than 1.27, so no kustomization is rendered"
    return None


def needed() -> None:
    """Skips the test module that calls it on a machine where nothing can be rendered."""
    if reason := missing():
        pytest.skip(reason, allow_module_level=True)


def kustomizations() -> list[pathlib.Path]:
    """Everything that is meant to be applied as it is."""
    found = [FOLDER / "base", *sorted((FOLDER / "overlays").iterdir())]
    return [folder for folder in found if (folder / "kustomization.yaml").exists()]


def render(folder: pathlib.Path) -> list[Manifest]:
    done = subprocess.run(
        [_kubectl(), "kustomize", str(folder)],
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return [document for document in yaml.safe_load_all(done.stdout) if document]


def relative(path: pathlib.Path, folder: pathlib.Path) -> str:
    """As a kustomization in `folder` names it: kustomize refuses absolute paths."""
    return os.path.relpath(path, folder.resolve())


def put_together(
    folder: pathlib.Path, workload: str, components: list[str], **more: object
) -> list[Manifest]:
    """What a team gets that lists components beside a workload of its own."""
    (folder / "workload.yaml").write_text(workload)
    paths = [relative(FOLDER / "components" / name, folder) for name in components]
    kustomization = {"resources": ["workload.yaml"], "components": paths, **more}
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    return render(folder)


def only(documents: list[Manifest], kind: str, name: str | None = None) -> Manifest:
    """The one document of its kind."""
    found = [
        document
        for document in documents
        if document["kind"] == kind and name in (None, document["metadata"]["name"])
    ]
    assert len(found) == 1, (kind, name, [document["metadata"]["name"] for document in found])
    return found[0]


def files(documents: list[Manifest], name: str) -> dict[str, str]:
    """The files in a ConfigMap."""
    return only(documents, "ConfigMap", name)["data"]


@dataclasses.dataclass(frozen=True)
class Workload:
    """Something that makes Pods."""

    manifest: Manifest

    @property
    def name(self) -> str:
        return f"{self.manifest['kind']} {self.manifest['metadata']['name']}"

    @property
    def template(self) -> Manifest:
        return self.manifest["spec"]["template"]

    @property
    def pod(self) -> Manifest:
        return self.template["spec"]

    @property
    def labels(self) -> dict[str, str]:
        return self.template["metadata"].get("labels", {})

    @property
    def containers(self) -> list[Manifest]:
        """All of them, in the order in which they start."""
        return [*self.pod.get("initContainers", []), *self.pod["containers"]]

    def container(self, name: str) -> Manifest:
        found = [one for one in self.containers if one["name"] == name]
        assert len(found) == 1, (self.name, name)
        return found[0]

    def volume(self, name: str) -> Manifest:
        found = [one for one in self.pod["volumes"] if one["name"] == name]
        assert len(found) == 1, (self.name, name)
        return found[0]

    def config_map(self, volume: str) -> str:
        """The name of the ConfigMap behind a volume."""
        return self.volume(volume)["configMap"]["name"]

    @property
    def gateways(self) -> list[Manifest]:
        return [one for one in self.containers if (one.get("args") or [""])[0] == "serve"]


def workloads(documents: list[Manifest]) -> list[Workload]:
    return [
        Workload(document)
        for document in documents
        if "template" in document.get("spec", {}) and "spec" in document["spec"]["template"]
    ]


def settings(container: Manifest) -> dict[str, str]:
    """The gateway's settings that variables of the manifest make, by the names of their flags."""
    prefix = "IOT_JOBS_GATEWAY_"
    return {
        one["name"].removeprefix(prefix).lower().replace("_", "-"): one["value"]
        for one in container.get("env", [])
        if one["name"].startswith(prefix)
    }


def seconds(duration: str) -> float:
    number, unit = re.fullmatch(r"(\d+)(ms|s|m|h)", duration).groups()
    return int(number) * {"ms": 0.001, "s": 1, "m": 60, "h": 3600}[unit]
