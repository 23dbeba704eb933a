# SPDX-License-Identifier: Apache-2.0
"""A container as large as the manifests say, and callers that take all they can get of it."""

from __future__ import annotations

import contextlib
import urllib.parse

import pytest
import yaml

import program
from callers import calling, describe
from containers import memory_group
from endpoints import Endpoint
from http2_peer import INITIAL_WINDOW_SIZE, Peer
from http_server import Answer, Received
from metrics import scrape
from program import BINARY, ROOT, Gateway, run_to_end
from siege import IS_SANITIZED, serves
from wire import connect, message

KUSTOMIZE = ROOT / "deploy/kustomize"
# Each manifest with the file of its ConfigMap, and what a connection of its callers may cost.
PLAIN_KIB, SECURE_KIB = 12, 40
KINDS = {
    "native": ("components/sidecar/inject", "sidecar.yaml", PLAIN_KIB),
    "legacy": ("components/sidecar-legacy/inject", "container.yaml", PLAIN_KIB),
    "standalone": ("base", "deployment.yaml", SECURE_KIB),
}
# The program and its work under load, Tests/Benchmarks/footprint.py.
BASE_MIB = 40
MIB = 1 << 20


BOUNDS = {"MEMORY_LIMIT_BYTES", "CONNECTION_LIMIT"}


def _gateway(manifest: object) -> dict:
    """The one container with that name in a manifest, or in a patch of either form."""
    if isinstance(manifest, dict):
        if manifest.get("name") == "iot-jobs-gateway" and "env" in manifest:
            return manifest
        manifest = list(manifest.values())
    for part in manifest if isinstance(manifest, list) else []:
        if found := _gateway(part):
            return found
    return {}


class Kind:
    def __init__(self, name: str):
        folder, manifest, self.connection_kib = KINDS[name]
        container = _gateway(yaml.safe_load((KUSTOMIZE / folder / manifest).read_text()))
        # The bounds stand beside the limit, where settings of one's own in the file leave them.
        self.bounds = {
            one["name"]: one["value"]
            for one in container["env"]
            if one["name"] in {"IOT_JOBS_GATEWAY_" + bound for bound in BOUNDS}
        }
        self.config = KUSTOMIZE / folder / "gateway.yaml"
        self.limit_bytes = int(container["resources"]["limits"]["memory"].removesuffix("Mi")) * MIB
        printed = run_to_end("config", "print", str(self.config), env=self.bounds)
        assert printed.returncode == 0, printed.stderr
        self.settings = yaml.safe_load(printed.stdout)

    def bytes(self, name: str) -> int:
        text = str(self.settings[name])
        return int(text.removesuffix("MiB")) * MIB if text.endswith("MiB") else int(text)


@pytest.mark.parametrize("name", KINDS)
def test_all_that_can_grow_together_fits_into_the_container(name):
    kind = Kind(name)
    most = (
        BASE_MIB * MIB
        + kind.bytes("memory-limit-bytes") * 11 // 10
        + kind.bytes("cache-bytes")
        + kind.settings["connection-limit"] * kind.connection_kib * 1024
    )
    assert most <= kind.limit_bytes


# Answers near the size of the largest job documents, none of which is like another.
DOCUMENT_BYTES = 30_000
# Nobody's limit but that of memory: who takes nothing may do so for as long as the test wants.
UNLIMITED = [
    *("--thing-limit", "off", "--account-reads-per-second", "0", "--describe-ttl", "1h"),
    *("--write-timeout", "10m", "--frame-timeout", "10m", "--request-timeout", "10m"),
]
IDLE_CONNECTIONS = 500
CALLS_PER_CONNECTION = 200


def large(request: Received) -> Answer:
    parts = [urllib.parse.unquote(part) for part in request.target.split("?")[0].split("/")]
    return Answer.json(
        {
            "execution": {
                "thingName": parts[2],
                "jobId": parts[4],
                "status": "QUEUED",
                "versionNumber": 1,
                "jobDocument": f"{parts[2]}{'x' * DOCUMENT_BYTES}",
            }
        }
    )


def charged(gateway: Gateway) -> float:
    return scrape(gateway.admin_url).value("iot_jobs_gateway_buffered_bytes")


@pytest.mark.long
@pytest.mark.skipif(IS_SANITIZED, reason="a sanitizer's memory is another")
@pytest.mark.parametrize("name", ["native", "standalone"])
def test_callers_that_take_all_they_can_get_do_not_end_it(upstream, tmp_path, monkeypatch, name):
    """A full cache, idle connections, and answers that nobody takes until others are refused."""
    kind = Kind(name)
    upstream.respond = large
    with contextlib.ExitStack() as stack:
        group = stack.enter_context(memory_group(kind.limit_bytes))
        wrapper = tmp_path / "in-the-group"
        wrapper.write_text(f'#!/bin/sh\necho $$ >"{group.members}"\nexec "{BINARY}" "$@"\n')
        wrapper.chmod(0o755)
        monkeypatch.setattr(program, "BINARY", wrapper)
        flags = ["--config", str(kind.config), *UNLIMITED]
        gateway = stack.enter_context(Gateway(upstream.url, *flags, policy=None, env=kind.bounds))
        with calling(gateway) as call:
            for number in range(kind.bytes("cache-bytes") // DOCUMENT_BYTES):
                assert call(describe(f"cached-{number}", "job", include_job_document=True)).ok
        assert group.most_bytes > 5 * MIB
        for _ in range(IDLE_CONNECTIONS):
            stack.enter_context(Peer(connect(gateway.address))).handshake()
        room = kind.bytes("memory-limit-bytes")
        numbers = iter(range(1_000_000))
        while charged(gateway) < room * 3 / 4:
            peer = stack.enter_context(Peer(connect(gateway.address)))
            peer.handshake((INITIAL_WINDOW_SIZE, 0))
            peer.send(
                b"".join(
                    peer.call(stream, "DescribeJobExecution", request(next(numbers)))
                    for stream in range(1, 2 * CALLS_PER_CONNECTION, 2)
                )
            )
            peer.expect(lambda _, peer=peer: len(peer.answers) == CALLS_PER_CONNECTION)
        assert serves(Endpoint(gateway.address))
        assert gateway.process.poll() is None
        assert (group.kills, group.most_bytes < kind.limit_bytes) == (0, True)


def request(number: int) -> bytes:
    return message(describe(f"held-{number}", "job", include_job_document=True).SerializeToString())
