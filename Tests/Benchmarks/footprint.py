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

from benchmark import JOB, NEVER_MET, THING, nginx
from endpoints import Papers
from processes import Footprint
from program import Gateway
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
def calls(case: Case, address: str, seconds: int, folder: pathlib.Path) -> Iterator[list[str]]:
    """A steady load, which is over when the body is; yields what h2load says of it."""
    said: list[str] = []
    if not case.rate:
        yield said
        return
    body = folder / "request.grpc"
    body.write_bytes(REQUEST)
    scheme = "https" if case.is_secure else "http"
    headers = ["content-type: application/grpc", "te: trailers"]
    if not case.is_cached:
        headers.append("cache-control: no-cache")
    load = subprocess.Popen(
        ["h2load", "-c", str(CONNECTIONS), "-m", "10", "-D", str(seconds), "-d", str(body)]
        + ["--rps", str(case.rate / CONNECTIONS)]
        + [word for header in headers for word in ("-H", header)]
        + [f"{scheme}://{address}/{SERVICE}/DescribeJobExecution"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield said
        said.append(load.communicate(timeout=seconds + 60)[0])
    finally:
        load.kill()
        load.wait()


def measure(
    case: Case, upstream: str, flags: list[str], seconds: int, folder: pathlib.Path
) -> Figures:
    listen = "tls:127.0.0.1:0" if case.is_secure else "127.0.0.1:0"
    with Gateway(upstream, *flags, listen=listen, policy=NEVER_MET) as gateway:
        footprint = Footprint(gateway.pid)
        address = gateway.listener("grpc-tls" if case.is_secure else "grpc")
        # What a start takes once is not what it takes all the time.
        time.sleep(2)
        with calls(case, address, seconds + 4, folder) as said:
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
        folder = pathlib.Path(name)
        papers = Papers.issued_in(folder)
        with nginx(folder) as static:
            trust = ["--upstream-ca-bundle", str(static.authority)]
            for case in cases:
                flags = [*trust, *(papers.server_flags if case.is_secure else [])]
                print(measure(case, static.secure_url, flags, options.seconds, folder), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
