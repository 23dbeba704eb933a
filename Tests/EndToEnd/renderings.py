# SPDX-License-Identifier: Apache-2.0
"""All that deploy/kustomize renders, and what teams make of its components beside their own."""

from __future__ import annotations

from pytest import TempPathFactory

import kustomize
from kustomize import Manifest

# A team's own: with an init container, a volume, a user and an image of the team's choice.
_WORKLOAD = """
apiVersion: {api}
kind: {kind}
metadata:
  name: app
spec:
  {selector}
  template:
    metadata:
      labels: {{app: app}}
    spec:
      {restart}
      securityContext:
        runAsNonRoot: true
        runAsUser: 1000
        seccompProfile: {{type: RuntimeDefault}}
      initContainers:
        - &app
          name: migrate
          image: app:1.2.3
          resources: {{requests: {{cpu: 1m, memory: 1Mi}}, limits: {{memory: 1Mi}}}}
          securityContext:
            allowPrivilegeEscalation: false
            capabilities: {{drop: [ALL]}}
          volumeMounts: [{{name: own, mountPath: /own}}]
      containers:
        - {{<<: *app, name: app}}
      volumes:
        - {{name: own, emptyDir: {{}}}}
"""
_SELECTOR = "selector: {matchLabels: {app: app}}"
_SPECIAL = {
    "Job": {"api": "batch/v1", "selector": "", "restart": "restartPolicy: Never"},
    "StatefulSet": {"selector": f"{_SELECTOR}\n  serviceName: app"},
}

KINDS = ["Deployment", "StatefulSet", "DaemonSet", "Job"]

_COMBINATIONS = {
    "beside a deployment": ("Deployment", ["sidecar"]),
    "beside a stateful set": ("StatefulSet", ["sidecar"]),
    "beside a daemon set": ("DaemonSet", ["sidecar"]),
    "beside a job": ("Job", ["sidecar", "emulator"]),
    "legacy": ("Deployment", ["sidecar-legacy"]),
    "legacy in development": ("Deployment", ["sidecar-legacy", "emulator"]),
}


def workload_of(kind: str) -> str:
    usual = {"api": "apps/v1", "kind": kind, "selector": _SELECTOR, "restart": ""}
    return _WORKLOAD.format(**{**usual, **_SPECIAL.get(kind, {})})


def all_of_them(folders: TempPathFactory) -> dict[str, list[Manifest]]:
    """By the name of the kustomization, or by what was put together."""
    found = {folder.name: kustomize.render(folder) for folder in kustomize.kustomizations()}
    for name, (kind, components) in _COMBINATIONS.items():
        folder = folders.mktemp("team")
        found[name] = kustomize.put_together(folder, workload_of(kind), components)
    folder = folders.mktemp("platform")
    standalone = kustomize.relative(kustomize.FOLDER / "overlays/standalone", folder)
    found["standalone with everything"] = kustomize.put_together(
        folder,
        workload_of("Deployment"),
        ["irsa", "tls", "tls-spiffe", "monitoring"],
        resources=["workload.yaml", standalone],
        namespace="iot-jobs",
    )
    return found
