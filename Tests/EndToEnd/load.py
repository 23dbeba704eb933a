# SPDX-License-Identifier: Apache-2.0
"""h2load with a gRPC call in its hand: the load generator of the tests and the benchmarks."""

from __future__ import annotations

import dataclasses
import pathlib
import re
import subprocess
from collections.abc import Iterable

from stubs import SERVICE
from wire import message

GRPC = (("content-type", "application/grpc"), ("te", "trailers"))


@dataclasses.dataclass
class Load:
    """What h2load saw. A gRPC error is HTTP status 200 to it: the metrics tell the calls apart."""

    succeeded: int
    failed: int
    calls_per_second: float
    output: str
    # Time to the whole answer of each call, in microseconds, if a log was asked for.
    latencies_microseconds: list[int]


def run(
    address: str,
    method: str,
    request,
    *,
    calls: int,
    connections: int,
    streams: int,
    folder: pathlib.Path,
    log: bool = False,
    timeout: float = 600,
    metadata: Iterable[tuple[str, str]] = (),
) -> Load:
    """Makes one gRPC call many times, in plaintext."""
    return send(
        f"http://{address}/{SERVICE}/{method}",
        body=message(request.SerializeToString()),
        headers=(*GRPC, *metadata),
        calls=calls,
        connections=connections,
        streams=streams,
        folder=folder,
        log=log,
        timeout=timeout,
    )


def send(
    url: str,
    *,
    calls: int,
    connections: int,
    streams: int,
    folder: pathlib.Path,
    body: bytes | None = None,
    headers: Iterable[tuple[str, str]] = (),
    log: bool = False,
    timeout: float = 600,
    flags: Iterable[str] = (),
) -> Load:
    """Sends one request many times: POST with a body, GET without."""
    body_file = folder / "request.body"
    log_file = folder / "latencies.tsv"
    log_file.unlink(missing_ok=True)
    if body is not None:
        body_file.write_bytes(body)
    done = subprocess.run(
        ["h2load", "-n", str(calls), "-c", str(connections), "-m", str(streams), *flags]
        + ([] if body is None else ["-d", str(body_file)])
        + [word for name, text in headers for word in ("-H", f"{name}: {text}")]
        + (["--log-file", str(log_file)] if log else [])
        + [url],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=True,
    )
    counts = re.search(
        r"requests: (\d+) total, .* (\d+) done, (\d+) succeeded, (\d+) failed", done.stdout
    )
    speed = re.search(r"finished in .*, ([\d.]+) req/s", done.stdout)
    assert counts and speed, done.stdout
    # Columns: start of the call, HTTP status, microseconds to the end of the answer.
    rows = log_file.read_text().splitlines() if log else []
    return Load(
        succeeded=int(counts[3]),
        failed=int(counts[1]) - int(counts[3]),
        calls_per_second=float(speed[1]),
        output=done.stdout,
        latencies_microseconds=[int(row.split("\t")[2]) for row in rows],
    )
