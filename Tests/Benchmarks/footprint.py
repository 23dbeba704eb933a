#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a gateway needs of a node: memory and CPU, idle and at a steady rate of calls.

usage: footprint.py [--rate CALLS] [--seconds N]    (1,000 calls a second for 20 s by default)

The figures behind the resource requests of deploy/kustomize, in Kubernetes' units. Calls come one
by one at an even rate, as an application's do, which costs more than bursts; the upstream has TLS,
as AWS has it. Memory is its own, which grows with use, and pages of files, which all containers of
a node with one image share and which can be dropped.
"""

from __future__ import annotations

import argparse
import dataclasses
import pathlib
import re
import shutil
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "EndToEnd"))

import load
from cases import CASES, Case
from program import BINARY, ROOT
from servers import Server, Servers, served_by

CONNECTIONS = 8
SIDECAR = ROOT / "deploy/kustomize/components/sidecar/inject/sidecar.yaml"
NAMED = {case.name: case for case in CASES}


@dataclasses.dataclass
class Figures:
    millicores: float
    own_mib: float
    files_mib: float
    peak_mib: float

    def __str__(self) -> str:
        return (
            f"{self.millicores:.1f} m of CPU, {self.own_mib:.1f} MiB of its own, "
            f"{self.files_mib:.1f} MiB of files, {self.peak_mib:.1f} MiB at the most"
        )


def spend(server: Server, servers: Servers, case: Case | None, rate: int, seconds: int) -> None:
    """Some time at a rate; without a case nobody calls."""
    if case is None:
        time.sleep(seconds)
        return
    done = load.send(
        server.url + case.path,
        body=case.body,
        headers=case.headers,
        calls=rate * seconds,
        connections=CONNECTIONS,
        streams=10,
        folder=servers.folder,
        flags=[f"--rps={rate / CONNECTIONS}"],
    )
    assert done.failed == 0, done.output


def measure(servers: Servers, kind: str, case: Case | None, rate: int, seconds: int) -> Figures:
    with servers.gateway(kind) as gateway:
        server = served_by(gateway)
        # What a start and the first calls take once is not what is taken all the time.
        spend(server, servers, case, rate, 2)
        began, cpu = time.monotonic(), server.footprint.cpu_seconds
        spend(server, servers, case, rate, seconds)
        cpu = (server.footprint.cpu_seconds - cpu) / (time.monotonic() - began)
        footprint = server.footprint
        return Figures(
            millicores=cpu * 1_000,
            own_mib=footprint.anonymous_kib / 1024,
            files_mib=footprint.file_kib / 1024,
            peak_mib=footprint.peak_kib / 1024,
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rate", type=int, default=1_000, help="calls a second (%(default)s)")
    parser.add_argument("--seconds", type=int, default=20, help="of each case (%(default)s)")
    given = parser.parse_args()
    missing = [tool for tool in ("h2load", "nginx") if not shutil.which(tool)]
    if missing:
        print(f"SKIP: {', '.join(missing)} not installed")
        return 0
    requested = re.search(r"requests:\s+cpu: \d+m\s+memory: (\d+)Mi", SIDECAR.read_text())
    assert requested
    limit_mib = int(requested[1])
    is_good = True
    with (
        tempfile.TemporaryDirectory(prefix="iot-jobs-footprint-") as folder,
        Servers(pathlib.Path(folder), {"": BINARY}) as servers,
    ):
        for name, kind, case in (
            ("idle", "tls-out", None),
            ("forwarded", "tls-out", NAMED["forwarded"]),
            ("forwarded, callers over TLS", "tls-in, tls-out", NAMED["forwarded"]),
            ("from the cache", "tls-out", NAMED["cached"]),
        ):
            figures = measure(servers, kind, case, given.rate, given.seconds)
            print(f"{name}: {figures}", flush=True)
            is_good = is_good and figures.peak_mib <= limit_mib
    print(f"a sidecar requests {limit_mib} MiB")
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
