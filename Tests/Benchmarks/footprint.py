#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a gateway needs of a node: memory and CPU, idle and at a steady rate of calls.

usage: footprint.py [--rate CALLS] [--seconds N]    (1,000 calls a second for 20 s by default)

The figures behind the resource requests of deploy/kustomize. The upstream is an nginx with TLS, as
AWS has it, which gives one fixed answer; calls come from h2load, in plaintext as a sidecar's do,
and over TLS. Memory is what the kernel counts as resident: anonymous memory, which a container pays
for, and pages of files, which all containers of a node with the same image share and which can be
dropped.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "EndToEnd"))

from program import BINARY
from servers import JOB, THING, Servers, served_by
from stubs import SERVICE, pb
from wire import message

CONNECTIONS = 8
REQUEST = message(pb.DescribeJobExecutionRequest(thing_name=THING, job_id=JOB).SerializeToString())


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    # Of the whole load; zero for none.
    rate: int = 0
    is_secure: bool = False
    is_cached: bool = False


@dataclasses.dataclass
class Figures:
    case: Case
    calls: int
    millicores: float
    anonymous_mib: float
    files_mib: float
    peak_mib: float

    def __str__(self) -> str:
        return (
            f"{self.case.name}: {self.millicores:.1f} millicores, {self.anonymous_mib:.1f} MiB of "
            f"its own and {self.files_mib:.1f} MiB of files, {self.peak_mib:.1f} MiB at the most, "
            f"{self.calls} calls"
        )


@contextlib.contextmanager
def calls(case: Case, url: str, seconds: int, folder: pathlib.Path) -> Iterator[list[str]]:
    """A steady load, which is over when the body is; yields what h2load says of it."""
    said: list[str] = []
    if not case.rate:
        yield said
        return
    body = folder / "request.grpc"
    body.write_bytes(REQUEST)
    headers = ["content-type: application/grpc", "te: trailers"]
    if not case.is_cached:
        headers.append("cache-control: no-cache")
    load = subprocess.Popen(
        ["h2load", "-c", str(CONNECTIONS), "-m", "10", "-D", str(seconds), "-d", str(body)]
        + ["--rps", str(case.rate / CONNECTIONS)]
        + [word for header in headers for word in ("-H", header)]
        + [f"{url}/{SERVICE}/DescribeJobExecution"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield said
        said.append(load.communicate(timeout=seconds + 60)[0])
    finally:
        load.kill()
        load.wait()


def measure(case: Case, servers: Servers, seconds: int) -> Figures:
    with servers.gateway("tls-in, tls-out" if case.is_secure else "tls-out") as gateway:
        server = served_by(gateway)
        footprint = server.footprint
        # What a start takes once is not what it takes all the time.
        time.sleep(2)
        with calls(case, server.url, seconds + 4, servers.folder) as said:
            time.sleep(2 if case.rate else 0)
            began, cpu = time.monotonic(), footprint.cpu_seconds
            time.sleep(seconds)
            cpu, took = footprint.cpu_seconds - cpu, time.monotonic() - began
            anonymous, files = footprint.anonymous_kib, footprint.file_kib
        return Figures(
            case,
            calls=answered(said[0]) if said else 0,
            millicores=cpu / took * 1_000,
            anonymous_mib=anonymous / 1024,
            files_mib=files / 1024,
            peak_mib=footprint.peak_kib / 1024,
        )


def answered(said: str) -> int:
    found = re.search(r"(\d+) succeeded, (\d+) failed, (\d+) errored", said)
    assert found and found[2] == found[3] == "0", said
    return int(found[1])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rate", type=int, default=1_000, help="calls a second (%(default)s)")
    parser.add_argument("--seconds", type=int, default=20, help="of each case (%(default)s)")
    options = parser.parse_args()
    missing = [tool for tool in ("h2load", "nginx") if not shutil.which(tool)]
    if missing:
        print(f"SKIP: {' and '.join(missing)} not installed")
        return 0
    cases = [
        Case("idle"),
        Case("forwarded", options.rate),
        Case("forwarded, callers over TLS", options.rate, is_secure=True),
        Case("from the cache", options.rate, is_cached=True),
    ]
    with tempfile.TemporaryDirectory(prefix="iot-jobs-footprint-") as name:
        with Servers(pathlib.Path(name), {"": BINARY}) as servers:
            for case in cases:
                print(measure(case, servers, options.seconds), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
