#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How long the gateway takes from exec to ready, as a service manager sees it.

usage: startup.py [COUNT]    (20 starts of each kind by default)

Ready is when READY=1 arrives (sd_notify(3)): listeners are bound, credentials are there and the
endpoint is known. The plainest set-up comes first; TLS on both sides has to read the system's
authorities, a certificate and its key.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import socket
import statistics
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "EndToEnd"))

from endpoints import Papers
from program import BINARY, CREDENTIALS, Emulator, Gateway

LIMIT_MILLISECONDS = 100


def start(manager: socket.socket, name: str, upstream: str, *flags: str, **more: str) -> float:
    """Milliseconds of one start."""
    manager.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        # What the one before has told at its end.
        while manager.recv(4_096):
            pass
    manager.settimeout(30)
    began = time.monotonic()
    with Gateway(upstream, *flags, env={**CREDENTIALS, "NOTIFY_SOCKET": f"@{name}"}, **more):
        while not manager.recv(4_096).startswith(b"READY=1"):
            pass
        return (time.monotonic() - began) * 1_000


def main(count: int) -> bool:
    name = f"iot-jobs-gateway-startup-{os.getpid()}"
    is_good = True
    with (
        tempfile.TemporaryDirectory() as folder,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager,
        Emulator() as emulator,
    ):
        manager.bind(b"\0" + name.encode())
        papers = Papers.issued_in(pathlib.Path(folder))
        kinds = {
            "plaintext": (emulator.url, (), "127.0.0.1:0"),
            "tls": ("https://localhost:1", papers.server_flags, "tls:127.0.0.1:0"),
        }
        for kind, (upstream, flags, listen) in kinds.items():
            times = sorted(start(manager, name, upstream, *flags, listen=listen) for _ in range(count))
            median = statistics.median(times)
            print(
                f"{kind}: ready after {median:.0f} ms (median of {count}, from {times[0]:.0f} to "
                f"{times[-1]:.0f}), limit {LIMIT_MILLISECONDS}"
            )
            is_good = is_good and median <= LIMIT_MILLISECONDS
    print(f"binary: {BINARY.stat().st_size / 1e6:.1f} MB")
    return is_good


if __name__ == "__main__":
    sys.exit(0 if main(int(sys.argv[1]) if len(sys.argv) > 1 else 20) else 1)
