# SPDX-License-Identifier: Apache-2.0
"""How long the gateway takes from exec to ready, as a service manager sees it.

Ready is when READY=1 arrives (sd_notify(3)): listeners are bound, credentials are there and the
endpoint is known. The plainest set-up comes first; TLS on both sides has to read the system's
authorities, a certificate and its key.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import socket
import statistics
import time

from program import CREDENTIALS
from servers import Servers


@dataclasses.dataclass
class Start:
    kind: str
    milliseconds: list[float]

    @property
    def median(self) -> float:
        return statistics.median(self.milliseconds)


def start(servers: Servers, kind: str, manager: socket.socket, name: str) -> float:
    """Milliseconds of one start."""
    manager.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        # What the one before has told at its end.
        while manager.recv(4_096):
            pass
    manager.settimeout(30)
    env = {**CREDENTIALS, "NOTIFY_SOCKET": f"@{name}"}
    began = time.monotonic()
    with servers.gateway(kind, env=env):
        while not manager.recv(4_096).startswith(b"READY=1"):
            pass
        return (time.monotonic() - began) * 1_000


def of_kinds(servers: Servers, count: int) -> list[Start]:
    """So many starts of each kind."""
    name = f"iot-jobs-gateway-start-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(b"\0" + name.encode())
        return [
            Start(kind, sorted(start(servers, kind, manager, name) for _ in range(count)))
            for kind in ("plain", "tls-in, tls-out")
        ]
