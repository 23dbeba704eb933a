# SPDX-License-Identifier: Apache-2.0
"""What is measured, and what it is measured against, all running at once on one machine.

`static` is nginx with answers in AWS's form that never change: the upstream of everything else.
`proxy` is nginx again, which takes HTTP/2 and passes it on to `static` over HTTP/1.1 as it is.
`nghttpd` serves files over HTTP/2. Each has one process that works, as the gateway has one loop.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import pathlib
import socket
import subprocess
from collections.abc import Callable, Mapping

import program
from endpoints import Papers
from processes import Footprint
from program import Gateway, eventually
from stubs import SERVICE, pb
from wire import Connection, message

JOB = "firmware-2024"
THING = "plant-7:press-01"
# Sizes of job documents in KiB; what is asked for a thing `document-N` has one of them.
DOCUMENTS = (1, 8, 32)

# A gateway as it is by default, but with limits that are never met.
NEVER_MET = [
    f"--{of}-{kind}{what}=1000000"
    for of in ("thing", "account")
    for kind in ("read", "write")
    for what in ("s-per-second", "-burst")
]
# Each thing that was seen stays in the limiter for hours.
NEVER_FORGOTTEN = [
    *NEVER_MET,
    "--thing-limit-entries=1048576",
    "--thing-reads-per-second=0.001",
]

SECURE = "tls:127.0.0.1:0"
KINDS: Mapping[str, list[str]] = {
    "plain": NEVER_MET,
    "defaults": [],
    "never-forgotten": NEVER_FORGOTTEN,
    "two-loops": [*NEVER_MET, "--threads=2"],
    "door": [*NEVER_MET, "--rest-listen=127.0.0.1:0", "--rest-authentication=none"],
    "tls-in": NEVER_MET,
    "tls-out": NEVER_MET,
    "tls-in, tls-out": NEVER_MET,
}

NGINX = """
daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid {folder}/{name}.pid;
error_log {folder}/{name}.log;
events {{ worker_connections 10000; }}
http {{
  access_log off;
  client_body_temp_path {folder}/{name}-body;
  proxy_temp_path {folder}/{name}-proxy;
  fastcgi_temp_path {folder}/{name}-fastcgi;
  uwsgi_temp_path {folder}/{name}-uwsgi;
  scgi_temp_path {folder}/{name}-scgi;
  keepalive_requests 1000000000;
  keepalive_timeout 600s;
  default_type application/json;
  {rest}
}}
"""
STATIC = """
  add_header x-amzn-RequestId 00000000-0000-4000-8000-000000000000;
  open_file_cache max=10;
  server {{
    listen 127.0.0.1:{port};
    listen 127.0.0.1:{secure_port} ssl;
    ssl_certificate {certificate};
    ssl_certificate_key {key};
    root {folder};
    location /describe {{ return 200 '{describe}'; }}
    location ~ ^/(things/)?document-(?<size>[0-9]+)(/|$) {{
      # A file is no answer to POST, which `proxy` sends, unless it stands in for the error.
      error_page 405 =200 $uri;
      try_files /document-$size.json =500;
    }}
    location ~ ^/things/[^/]+/jobs$ {{ return 200 '{pending}'; }}
    location ~ ^/things/[^/]+/jobs/ {{
      if ($request_method = POST) {{ return 200 '{update}'; }}
      return 200 '{describe}';
    }}
  }}
"""
PROXY = """
  upstream static {{
    server 127.0.0.1:{upstream_port};
    keepalive 256;
    keepalive_requests 1000000000;
  }}
  server {{
    listen 127.0.0.1:{port} http2;
    http2_max_concurrent_streams 256;
    location / {{
      proxy_pass http://static;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }}
  }}
"""


def described(document: str) -> str:
    """The answer of AWS to a describe."""
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
        "jobDocument": document,
    }
    return json.dumps({"execution": execution})


def pending() -> str:
    """The answer to a list: one in progress, three that wait."""

    def row(number: int) -> dict[str, object]:
        return {
            "jobId": f"firmware-{2024 + number}",
            "queuedAt": 1700000000 + number,
            "lastUpdatedAt": 1700000020 + number,
            "versionNumber": 3,
            "executionNumber": 1,
        }

    waiting = [row(number) for number in (1, 2, 3)]
    return json.dumps({"inProgressJobs": [row(0)], "queuedJobs": waiting})


def updated() -> str:
    state = {"status": "IN_PROGRESS", "statusDetails": {"progress": "51"}, "versionNumber": 4}
    return json.dumps({"executionState": state})


def document(kibibytes: float) -> str:
    """A job document of this size, with the quotes that JSON in JSON has to escape."""
    steps = [{"step": number, "run": "/opt/update " + "x" * 60} for number in range(400)]
    text = json.dumps({"operation": "install", "steps": steps})
    return text[: int(kibibytes * 1024)]


def quoted(text: str) -> str:
    # nginx reads backslashes in a quoted string as its own.
    return text.replace("\\", "\\\\")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclasses.dataclass
class Server:
    """A process that answers, and where."""

    url: str
    footprint: Footprint
    # Given by gateways alone.
    gateway: Gateway | None = None


class Servers:
    """Everything that answers, started when it is first asked for and kept until the end."""

    def __init__(self, folder: pathlib.Path, binaries: Mapping[str, pathlib.Path]):
        self.folder = folder
        # Workers of an nginx that root has started read files as nobody.
        folder.chmod(0o711)
        # The gateway's binary and, by another name, perhaps one to compare it with.
        self._binaries = binaries
        self._stack = contextlib.ExitStack()
        self._running: dict[str, Server] = {}
        self.papers = Papers.issued_in(folder)
        self._static_port, self._secure_port = free_port(), free_port()

    def __enter__(self) -> Servers:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def __getitem__(self, name: str) -> Server:
        if name not in self._running:
            self._running[name] = self._start(name)
        return self._running[name]

    def _start(self, name: str) -> Server:
        starts: Mapping[str, Callable[[], Server]] = {
            "static": self._start_static,
            "proxy": self._start_proxy,
            "nghttpd": self._start_nghttpd,
        }
        if name in starts:
            return starts[name]()
        kind, _, binary = name.partition("@")
        return served_by(self._stack.enter_context(self.gateway(kind, binary)))

    def gateway(
        self, kind: str, binary: str = "", *, env: Mapping[str, str] | None = None
    ) -> Gateway:
        """A gateway of a kind, in front of `static`; the caller ends it."""
        program.BINARY = self._binaries[binary]
        upstream = self["static"].url
        flags: list[str] = []
        if "tls-out" in kind:
            upstream = f"https://127.0.0.1:{self._secure_port}"
            flags += ["--upstream-ca-bundle", str(self.papers.authority)]
        if "tls-in" in kind:
            flags += self.papers.server_flags
        listen = SECURE if "tls-in" in kind else "127.0.0.1:0"
        if kind == "no-policy":
            return Gateway(upstream, env=env)
        return Gateway(upstream, *KINDS[kind], *flags, listen=listen, policy=None, env=env)

    def _run(self, *command: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

        def end() -> None:
            process.terminate()
            process.wait()

        self._stack.callback(end)
        return process

    def _nginx(self, name: str, port: int, rest: str) -> Server:
        file = self.folder / f"{name}.conf"
        file.write_text(NGINX.format(folder=self.folder, name=name, rest=rest))
        master = self._run("nginx", "-p", str(self.folder), "-c", str(file))
        if not eventually(lambda: is_listening(port) or master.poll() is not None):
            raise RuntimeError(f"{name} does not listen")
        if master.poll() is not None:
            raise RuntimeError((self.folder / f"{name}.log").read_text())
        children = pathlib.Path(f"/proc/{master.pid}/task/{master.pid}/children")
        assert eventually(lambda: children.read_text() != "")
        return Server(f"http://127.0.0.1:{port}", Footprint(int(children.read_text().split()[0])))

    def _start_static(self) -> Server:
        for size in DOCUMENTS:
            (self.folder / f"document-{size}.json").write_text(described(document(size)))
        rest = STATIC.format(
            folder=self.folder,
            port=self._static_port,
            secure_port=self._secure_port,
            certificate=self.papers.certificate("server"),
            key=self.papers.key("server"),
            describe=quoted(described(document(0.25))),
            pending=quoted(pending()),
            update=quoted(updated()),
        )
        return self._nginx("static", self._static_port, rest)

    def _start_proxy(self) -> Server:
        upstream, port = self["static"], free_port()
        rest = PROXY.format(port=port, upstream_port=upstream.url.rsplit(":", 1)[1])
        return self._nginx("proxy", port, rest)

    def _start_nghttpd(self) -> Server:
        """Serves what the gateway answers to a describe, to the byte, at the same path."""
        files = self.folder / "files"
        (files / SERVICE).mkdir(parents=True)
        for thing in (THING, *(f"document-{size}" for size in DOCUMENTS)):
            answer = self._described_by_gateway(thing)
            name = f"{SERVICE}/DescribeJobExecution" if thing == THING else thing
            (files / name).write_bytes(answer)
        port = free_port()
        flags = ["--no-tls", "--address=127.0.0.1", "--workers=1", "--max-concurrent-streams=256"]
        process = self._run("nghttpd", *flags, f"--htdocs={files}", str(port))
        if not eventually(lambda: is_listening(port)):
            raise RuntimeError("nghttpd does not listen")
        return Server(f"http://127.0.0.1:{port}", Footprint(process.pid))

    def _described_by_gateway(self, thing: str) -> bytes:
        request = pb.DescribeJobExecutionRequest(thing_name=thing, job_id=JOB)
        address = self["plain"].url.removeprefix("http://")
        with Connection(address) as connection:
            reply = connection.call("DescribeJobExecution", message(request.SerializeToString()))
            assert reply.grpc_status == 0, reply
            return reply.data


def served_by(gateway: Gateway) -> Server:
    """A gateway as one of the servers."""
    if "--rest-listen=127.0.0.1:0" in gateway.arguments:
        return Server(f"http://{gateway.listener('rest')}", Footprint(gateway.pid), gateway)
    is_secure = SECURE in gateway.arguments
    url = f"https://{gateway.secure_address}" if is_secure else f"http://{gateway.address}"
    return Server(url, Footprint(gateway.pid), gateway)
