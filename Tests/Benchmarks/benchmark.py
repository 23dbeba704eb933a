# SPDX-License-Identifier: Apache-2.0
"""What a call costs: calls a second, CPU of the gateway process, memory, latency.

The gateway stands in front of its own emulator, which checks each signature, and of an nginx that
gives one fixed answer and so leaves more of the machine to the gateway. h2load, gateway and
upstream share the machine's cores; the CPU figure is the gateway's alone.

Calls are forwarded without any policy; forwarded through every policy, with limits that are never
met; and answered from the store. The first two lines of an upstream differ by what the policies
cost, the third is to stay within 6 microseconds. What TLS costs is the difference of the lines of
nginx with and without it, on connections that are kept; it is to stay within 1.3 times.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "EndToEnd"))

THING, JOB = "plant-7:press-01", "firmware-2024"
DOCUMENT = {"operation": "install", "url": "https://example.com/" + "x" * 200}
TICK = os.sysconf("SC_CLK_TCK")


@dataclasses.dataclass
class Figures:
    upstream: str
    calls_are: str
    operation: str
    calls: int
    calls_per_second: float
    cpu_microseconds_per_call: float
    user_share: float
    resident_megabytes: float
    p50_microseconds: int
    p99_microseconds: int
    failed: int


@dataclasses.dataclass
class Scene:
    """What happens to the calls of one line, and how they are sent."""

    calls_are: str
    # As program.Gateway takes it.
    policy: dict[str, object] | None
    metadata: tuple[tuple[str, str], ...] = ()
    connections: int = 8
    streams: int = 10
    # How many times the usual number of calls: a cheap call needs many for its cost to show.
    times: int = 1
    # More flags for the gateway.
    flags: tuple[str, ...] = ()


# Equal calls at the same time would share one otherwise.
ASK_AWS = (("cache-control", "no-cache"),)
NEVER_MET = {
    "thing_limit": "enforce",
    "cache_bytes": "16MiB",
    "start_next_check": "stored",
    **{
        name: 1_000_000
        for of in ("thing", "account")
        for kind in ("read", "write")
        for name in (f"{of}_{kind}s_per_second", f"{of}_{kind}_burst")
    },
}
FORWARDED = [
    Scene("forwarded, no policy", {}, ASK_AWS),
    Scene("forwarded, all policies", NEVER_MET, ASK_AWS),
]
STORED = [Scene("stored", None, streams=32, times=5)]


def cpu_seconds(pid: int) -> tuple[float, float]:
    """User and system time of a process so far, proc(5)."""
    # The name, in parentheses, may hold spaces.
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) / TICK, int(fields[12]) / TICK


def resident_megabytes(pid: int) -> float:
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise RuntimeError("no VmRSS")


NGINX = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  keepalive_requests 1000000000;
  keepalive_timeout 600s;
  server {{
    listen 127.0.0.1:{port};
    listen 127.0.0.1:{secure_port} ssl;
    ssl_certificate {folder}/nginx.pem;
    ssl_certificate_key {folder}/nginx.pem;
    location / {{
      default_type application/json;
      add_header x-amzn-RequestId 00000000-0000-4000-8000-000000000000;
      return 200 '{body}';
    }}
  }}
}}
"""


def described() -> str:
    """The answer of AWS to a describe, as nginx gives it."""
    execution = {
        "jobId": JOB,
        "thingName": THING,
        "status": "IN_PROGRESS",
        "statusDetails": {"progress": "50"},
        "queuedAt": 1700000000,
        "startedAt": 1700000010,
        "lastUpdatedAt": 1700000020,
        "versionNumber": 3,
        "executionNumber": 1,
        "jobDocument": json.dumps(DOCUMENT),
    }
    # nginx reads backslashes in a quoted string as its own.
    return json.dumps({"execution": execution}).replace("\\", "\\\\")


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclasses.dataclass
class Static:
    """Where nginx listens, and what its certificate is to be trusted by."""

    url: str
    secure_url: str
    authority: pathlib.Path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def nginx(folder: pathlib.Path) -> Iterator[Static]:
    from certificates import Authority

    authority = Authority()
    identity = authority.issue("127.0.0.1")
    (folder / "nginx.pem").write_bytes(identity.chain + identity.key)
    (folder / "authority.pem").write_bytes(authority.pem)
    port, secure_port = free_port(), free_port()
    configuration = folder / "nginx.conf"
    configuration.write_text(
        NGINX.format(folder=folder, port=port, secure_port=secure_port, body=described())
    )
    server = subprocess.Popen(["nginx", "-p", str(folder), "-c", str(configuration)])
    try:
        deadline = time.monotonic() + 10
        while not (is_listening(port) and is_listening(secure_port)):
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((folder / "error.log").read_text())
            time.sleep(0.02)
        yield Static(
            f"http://127.0.0.1:{port}",
            f"https://127.0.0.1:{secure_port}",
            folder / "authority.pem",
        )
    finally:
        server.terminate()
        server.wait()


@contextlib.contextmanager
def emulator() -> Iterator[str]:
    import aws
    from program import Emulator

    with Emulator() as program:
        aws.create_job(aws.client("iot", program.url), JOB, THING, document=DOCUMENT)
        data = aws.client("iot-jobs-data", program.url)
        data.start_next_pending_job_execution(thingName=THING, statusDetails={"progress": "50"})
        yield program.url


def measure(
    upstream: str, url: str, scene: Scene, options: argparse.Namespace, folder: pathlib.Path
) -> Figures:
    import load
    from metrics import scrape
    from program import Gateway
    from stubs import pb

    request = pb.DescribeJobExecutionRequest(thing_name=THING, job_id=JOB)
    flags = (*options.serve, *scene.flags)
    with Gateway(url, *flags, policy=scene.policy) as gateway:

        def calls(count: int, connections: int, streams: int, log: bool = False) -> load.Load:
            return load.run(
                gateway.address,
                "DescribeJobExecution",
                request,
                calls=count,
                connections=connections,
                streams=streams,
                folder=folder,
                log=log,
                metadata=scene.metadata,
            )

        count = options.calls * scene.times
        calls(options.calls // 10, scene.connections, scene.streams)
        user, system = cpu_seconds(gateway.pid)
        loaded = calls(count, scene.connections, scene.streams)
        user, system = (now - then for now, then in zip(cpu_seconds(gateway.pid), (user, system)))
        alone = sorted(calls(options.calls // 10, 1, 1, log=True).latencies_microseconds)
        seen = scrape(gateway.admin_url)
        requests = "iot_jobs_gateway_requests_total"
        failed = seen.value(requests) - seen.value(requests, code="OK")
        return Figures(
            upstream=upstream,
            calls_are=scene.calls_are,
            operation="DescribeJobExecution",
            calls=count,
            calls_per_second=round(loaded.calls_per_second, 1),
            cpu_microseconds_per_call=round((user + system) / count * 1e6, 2),
            user_share=round(user / (user + system), 3),
            resident_megabytes=round(resident_megabytes(gateway.pid), 1),
            p50_microseconds=alone[len(alone) // 2],
            p99_microseconds=alone[len(alone) * 99 // 100],
            failed=int(failed) + loaded.failed,
        )


COLUMNS = {
    "upstream": "upstream",
    "calls_are": "calls are",
    "calls_per_second": "calls/s",
    "cpu_microseconds_per_call": "CPU us/call",
    "user_share": "user share",
    "resident_megabytes": "RSS MB",
    "p50_microseconds": "p50 us (1 in flight)",
    "p99_microseconds": "p99 us",
    "failed": "failed",
}


def table(results: list[Figures]) -> str:
    rows = [list(COLUMNS.values())]
    rows += [[str(getattr(result, field)) for field in COLUMNS] for result in results]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths)) for row in rows
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", type=pathlib.Path, required=True)
    parser.add_argument("--calls", type=int, default=100_000, help="calls under load (%(default)s)")
    parser.add_argument("--json", type=pathlib.Path, help="where the figures are written as JSON")
    parser.add_argument("serve", nargs="*", help="more flags for the gateway, after --")
    options = parser.parse_args()
    os.environ["GATEWAY_BINARY"] = str(options.binary)
    if not shutil.which("h2load"):
        print("SKIP: h2load is not installed")
        return 0

    results = []
    with tempfile.TemporaryDirectory(prefix="iot-jobs-benchmark-") as name:
        folder = pathlib.Path(name)
        with emulator() as url:
            for scene in FORWARDED + STORED:
                results.append(measure("emulator", url, scene, options, folder))
        if shutil.which("nginx"):
            with nginx(folder) as static:
                for scene in FORWARDED:
                    results.append(measure("nginx", static.url, scene, options, folder))
                for scene in FORWARDED:
                    flags = ("--upstream-ca-bundle", str(static.authority))
                    secure = dataclasses.replace(scene, flags=flags)
                    results.append(measure("nginx, TLS", static.secure_url, secure, options, folder))
        else:
            print("SKIP: nginx is not installed")
    print(table(results))
    figures = json.dumps([dataclasses.asdict(result) for result in results], indent=2)
    if options.json:
        options.json.write_text(figures + "\n")
    else:
        print(figures)
    return 1 if any(result.failed for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
