# SPDX-License-Identifier: Apache-2.0
"""Runs the containers of rendered Pods as the kubelet would, with the binary in the image's place.

All Pods here share one machine's addresses, so each port that a container listens on is moved to a
free one, and whoever calls it is told. The files of volumes lie in folders of the test's, and
Services' names stand for this machine. Nothing else of a manifest is changed.
"""

from __future__ import annotations

import base64
import dataclasses
import pathlib
import re
import socket
import subprocess
import sys
import urllib.error
import urllib.request

import grpc
from grpc_health.v1 import health_pb2 as messages
from grpc_health.v1 import health_pb2_grpc as health

import stubs
from kustomize import GATEWAY, Manifest, Workload, settings, workloads
from program import BINARY, ROOT, Program, environment, eventually

# The Pods' address: what listens on 127.0.0.1 alone is not reached here.
POD_ADDRESS = "127.0.0.2"
# Nobody here is measured, and the machine may be busy.
SECONDS = 60

_EXAMPLES = ROOT / "deploy/examples"
_STUBS = pathlib.Path(stubs.pb.__file__).parents[4]


@dataclasses.dataclass(frozen=True)
class Image:
    """What stands for an image: how its ENTRYPOINT is run, and its ENV."""

    entry: list[str]
    env: dict[str, str] = dataclasses.field(default_factory=dict)


_IMAGES = {
    GATEWAY: Image([str(BINARY)]),
    "iot-jobs-example-python": Image(
        [sys.executable, str(_EXAMPLES / "python/worker.py")],
        {
            "JOBS_SERVICE_CONFIG": str(_EXAMPLES / "service_config.json"),
            "PYTHONPATH": str(_STUBS),
        },
    ),
}


class Node:
    """Where the Pods of some manifests run."""

    def __init__(
        self,
        documents: list[Manifest],
        folder: pathlib.Path,
        secrets: dict[str, pathlib.Path] | None = None,
        injected: dict[str, str] | None = None,
    ):
        self._documents = documents
        self._folder = folder
        # The folders of Secrets that others than the manifests make, by name.
        self._secrets = secrets or {}
        # What an admission webhook adds to each gateway's variables.
        self._injected = injected or {}
        # The ports that containers were moved to, by those that they declare.
        self._moved: dict[int, int] = {}

    # What a container is given

    def _named(self, kind: str, name: str) -> Manifest:
        [found] = [
            one for one in self._documents if (one["kind"], one["metadata"]["name"]) == (kind, name)
        ]
        return found

    def _volume(self, volume: Manifest) -> pathlib.Path:
        if "secret" in volume:
            return self._secrets[volume["secret"]["secretName"]]
        name = volume["configMap"]["name"]
        folder = self._folder / name
        folder.mkdir(exist_ok=True)
        for file, text in self._named("ConfigMap", name)["data"].items():
            (folder / file).write_text(text)
        return folder

    def _here(self, text: str, workload: Workload, container: Manifest) -> str:
        """A value with the paths and hosts that it names as they are here."""
        for mount in container.get("volumeMounts", []):
            folder = self._volume(workload.volume(mount["name"]))
            text = text.replace(f"{mount['mountPath']}/", f"{folder}/")
        for service in (one for one in self._documents if one["kind"] == "Service"):
            for port in service["spec"]["ports"]:
                host = f"//{service['metadata']['name']}:{port['port']}"
                if host in text:
                    text = text.replace(host, f"//{POD_ADDRESS}:{self._behind(service, port)}")
        return text

    def _behind(self, service: Manifest, port: Manifest) -> int:
        """The port, as it was moved, of the one container that a Service leads to."""
        [declared] = [
            own["containerPort"]
            for workload in workloads(self._documents)
            if service["spec"]["selector"].items() <= workload.labels.items()
            for container in workload.containers
            for own in container["ports"]
            if own["name"] == port["targetPort"]
        ]
        return self._moved[declared]

    def _variables(self, workload: Workload, container: Manifest) -> dict[str, str]:
        found = dict(self._injected)
        for source in container.get("envFrom", []):
            data = self._named("Secret", source["secretRef"]["name"])["data"]
            found.update((key, base64.b64decode(text).decode()) for key, text in data.items())
        for one in container.get("env", []):
            value = self._here(one["value"], workload, container)
            found[one["name"]] = _any_port(value) if one["name"].endswith("_LISTEN") else value
        return found

    def _arguments(self, workload: Workload, container: Manifest, env: dict) -> list[str]:
        found = []
        for argument in container.get("args", []):
            argument = re.sub(r"\$\((\w+)\)", lambda name: env[name[1]], argument)
            argument = self._here(argument, workload, container)
            found.append(_any_port(argument) if argument.startswith("--listen=") else argument)
        return found

    # Servers

    def start(self, workload: Workload, name: str) -> Server:
        """Starts a container that serves, and waits until its startup probe succeeds."""
        container = workload.container(name)
        assert container["image"].partition(":")[0] == GATEWAY
        env = self._variables(workload, container)
        server = Server(container, *self._arguments(workload, container, env), env=env)
        self._moved.update(server.moved)
        if "startupProbe" in container:
            assert eventually(lambda: server.probe("startupProbe"), SECONDS), server.log_tail()
        return server

    def run(self, workload: Workload, container: Manifest) -> subprocess.CompletedProcess[str]:
        """Runs a container to its end, once."""
        image = _IMAGES[container["image"].partition(":")[0]]
        env = self._variables(workload, container)
        arguments = self._arguments(workload, container, env)
        gateway = f"127.0.0.1:{self._moved[50051]}"
        if arguments[0] == "call":
            arguments += ["--address", gateway]
        return subprocess.run(
            [*image.entry, *arguments],
            env=environment({**image.env, **env, "JOBS_GATEWAY": gateway}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def run_pod(self, workload: Workload) -> dict[str, str]:
        """Carries a Pod to its end, in the order of KEP-753; what each container said, by name."""
        said: dict[str, str] = {}
        sidecars: list[Server] = []
        for container in workload.containers:
            if container.get("restartPolicy") == "Always":
                sidecars.append(self.start(workload, container["name"]))
                continue
            done = self.run(workload, container)
            assert done.returncode == 0, (container["name"], done.stderr)
            said[container["name"]] = done.stdout
        for sidecar in reversed(sidecars):
            sidecar.stop()
        return said


class Server(Program):
    """A container that serves, and its probes."""

    def __init__(self, container: Manifest, *arguments: str, env: dict[str, str]):
        super().__init__(*arguments, env=env)
        self._container = container
        names = {"gateway-grpc": "grpc", "gateway-admin": "admin", "emulator": "emulator"}
        if env.get("IOT_JOBS_GATEWAY_LISTEN", "").startswith("tls:"):
            names["gateway-grpc"] = "grpc-tls"
        # The ports that it listens on, by those that it declares.
        self.moved = {
            port["containerPort"]: _port(self.listener(names[port["name"]]))
            for port in container["ports"]
        }
        if self._is_sidecar:
            # Declared nowhere, since nobody outside of the Pod may know it.
            self.moved[50051] = _port(self.listener("grpc"))

    def stop(self) -> None:
        """SIGTERM, and if it would serve on for its drain-delay, the second one that ends that."""
        if settings(self._container).get("drain-delay", "0s") == "0s":
            super().stop()
            return
        if not self.logged("draining"):
            self.terminate()
            assert eventually(lambda: self.logged("draining"))
        assert self.process.poll() is None
        self.terminate()
        assert (self.wait(), self.noise) == (130, [])

    @property
    def _is_sidecar(self) -> bool:
        return [port["name"] for port in self._container["ports"]] == ["gateway-admin"]

    def address(self, port: int, host: str = POD_ADDRESS) -> str:
        return f"{host}:{self.moved[port]}"

    def probe(self, kind: str) -> bool:
        probe = self._container[kind]
        if "grpc" in probe:
            return self._grpc(probe["grpc"]["port"])
        way = probe.get("httpGet") or probe["tcpSocket"]
        [port] = [
            port["containerPort"]
            for port in self._container["ports"]
            if port["name"] == way["port"]
        ]
        if "tcpSocket" in probe:
            return reaches(self.address(port))
        return self._http(f"http://{self.address(port)}{way['path']}")

    def _http(self, url: str) -> bool:
        request = urllib.request.Request(url, headers={"User-Agent": "kube-probe/1.37"})
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:
                return 200 <= answer.status < 400
        except urllib.error.HTTPError:
            return False

    def _grpc(self, port: int) -> bool:
        with grpc.insecure_channel(self.address(port)) as channel:
            ask = health.HealthStub(channel).Check
            try:
                answer = ask(messages.HealthCheckRequest(), timeout=SECONDS)
            except grpc.RpcError:
                return False
        return answer.status == messages.HealthCheckResponse.SERVING


def reaches(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), SECONDS):
            return True
    except ConnectionRefusedError:
        return False


def _port(address: str) -> int:
    return int(address.rpartition(":")[2])


def _any_port(address: str) -> str:
    return re.sub(r":\d+$", ":0", address)
