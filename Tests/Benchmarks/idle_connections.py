#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What idle connections take: resident memory of the gateway for each, in plaintext and over TLS.

usage: idle_connections.py [COUNT]    (10,000 by default)

Half of the connections have made a call, half have only said hello, as in a fleet of sidecars.
"""

from __future__ import annotations

import contextlib
import pathlib
import resource
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "EndToEnd"))

from endpoints import Endpoint, Papers
from http2_peer import Peer
from processes import Footprint
from program import Emulator, Gateway
from stubs import pb
from wire import message

LIMITS_KIB = {"h2c": 12, "tls": 40}
# A silent connection is looked at every ten seconds, and then gives back what it can.
REST_SECONDS = 25
CALL = message(pb.GetPendingJobExecutionsRequest(thing_name="t").SerializeToString())


def measure(endpoint: Endpoint, gateway: Gateway, count: int) -> float:
    """KiB for each of so many connections."""
    footprint = Footprint(gateway.pid)
    with contextlib.ExitStack() as stack:

        def opened() -> Peer:
            peer = stack.enter_context(Peer(endpoint.connect(), scheme=endpoint.scheme))
            return peer.handshake()

        def called(peer: Peer) -> None:
            peer.send(peer.call(1, "GetPendingJobExecutions", CALL))
            assert peer.wait(lambda one: one.stream == 1 and one.ends_stream)

        # What the first few need is there for all.
        for _ in range(50):
            called(opened())
        before = footprint.resident_kib
        for index in range(count):
            peer = opened()
            if index % 2:
                called(peer)
        time.sleep(REST_SECONDS)
        return (footprint.resident_kib - before) / count


def main(count: int) -> bool:
    # For this process and, by inheritance, the gateway: each holds one end of each connection.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (count + 1000, hard))
    limits = ["--connection-limit", str(count + 100)]
    is_good = True
    with tempfile.TemporaryDirectory() as folder, Emulator() as emulator:
        papers = Papers.issued_in(pathlib.Path(folder))
        for kind in LIMITS_KIB:
            is_secure = kind == "tls"
            flags = [*limits, *(papers.server_flags if is_secure else [])]
            listen = "tls:127.0.0.1:0" if is_secure else "127.0.0.1:0"
            with Gateway(emulator.url, *flags, listen=listen) as gateway:
                address = gateway.listener("grpc-tls" if is_secure else "grpc")
                endpoint = Endpoint(address, papers if is_secure else None)
                each = measure(endpoint, gateway, count)
            print(
                f"{kind}: {count} idle connections, {each:.1f} KiB each, limit {LIMITS_KIB[kind]}"
            )
            is_good = is_good and each <= LIMITS_KIB[kind]
    return is_good


if __name__ == "__main__":
    sys.exit(0 if main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000) else 1)
