# SPDX-License-Identifier: Apache-2.0
"""A small AWS that botocore checks: it recomputes each signature from what came off the socket.

Nothing of the gateway's own code takes part, so a mistake that signer and emulator share shows
here. A test may set `respond` to answer as it likes.
"""

from __future__ import annotations

import contextlib
import dataclasses
import http.server
import json
import re
import socket
import struct
import threading
from collections.abc import Callable

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from program import ACCESS_KEY, REGION, SECRET_KEY

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<date>\d{8})/(?P<region>[^/]+)"
    r"/(?P<service>[^/]+)/aws4_request, SignedHeaders=(?P<signed>[a-z0-9;-]+), "
    r"Signature=(?P<signature>[0-9a-f]{64})\Z"
)


@dataclasses.dataclass
class Received:
    """A request as it stood on the wire."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes
    connection: int

    def header(self, name: str) -> str | None:
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        assert len(values) <= 1, f"{name} came {len(values)} times"
        return values[0] if values else None

    @property
    def json(self) -> object:
        return json.loads(self.body)


@dataclasses.dataclass
class Answer:
    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    # Waited for before the first byte goes out; None answers at once.
    gate: threading.Event | None = None
    # "reset" or "close": what happens to the connection instead of an answer.
    instead: str | None = None
    # How many bytes of the whole answer go out before the connection is cut; None sends all.
    cut_after: int | None = None
    # Sent as it is, in place of all else.
    raw: bytes | None = None

    @classmethod
    def json(cls, value: object, status: int = 200, **headers: str) -> Answer:
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        return cls(status, json.dumps(value).encode(), named)

    @classmethod
    def error(cls, name: str, status: int, message: str = "no", **members: object) -> Answer:
        body = json.dumps({"message": message, **members}).encode()
        return cls(status, body, {"x-amzn-ErrorType": name})


def signature_complaint(
    request: Received, *, secret: str = SECRET_KEY, region: str = REGION, token: str | None = None
) -> str | None:
    """What botocore finds wrong with a request's signature; None if nothing."""
    match = _AUTHORIZATION.match(request.header("Authorization") or "")
    if not match:
        return "no Authorization header of the expected form"
    date = request.header("X-Amz-Date") or ""
    found = (match["key"], match["date"], match["region"], match["service"])
    if found != (ACCESS_KEY, date[:8], region, "iot-jobs-data"):
        return f"credential scope {found}"
    if request.header("X-Amz-Security-Token") != token:
        return "the session token is not the one expected"
    signed = match["signed"].split(";")
    must = {"host", "x-amz-date"} | {
        name.lower()
        for name, _ in request.headers
        if name.lower() == "content-type" or name.lower().startswith("x-amz-")
    }
    if signed != sorted(signed) or not must <= set(signed):
        return f"signed headers {signed}, at least {sorted(must)} in order are needed"
    unsigned = AWSRequest(
        method=request.method,
        url=f"http://{request.header('Host')}{request.target}",
        data=request.body,
        headers={name: request.header(name) for name in signed},
    )
    unsigned.context["timestamp"] = date
    oracle = SigV4Auth(Credentials(ACCESS_KEY, secret, token), "iot-jobs-data", region)
    canonical = oracle.canonical_request(unsigned)
    expected = oracle.signature(oracle.string_to_sign(unsigned, canonical), unsigned)
    if expected != match["signature"]:
        return f"signature differs; botocore's canonical request:\n{canonical}"
    return None


class Upstream:
    """An HTTP/1.1 server on a loopback port, one thread a connection."""

    def __init__(self, *, region: str = REGION, token: str | None = None):
        self.requests: list[Received] = []
        self.complaints: list[str] = []
        self.connections = 0
        self.respond: Callable[[Received], Answer] = lambda _: Answer()
        self._lock = threading.Lock()
        self._idle: dict[int, socket.socket] = {}
        self._region = region
        self._token = token
        upstream = self

        class Handler(_Handler):
            owner = upstream

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def connected(self) -> int:
        with self._lock:
            self.connections += 1
            return self.connections

    def received(self, request: Received) -> Answer:
        complaint = signature_complaint(request, region=self._region, token=self._token)
        with self._lock:
            self.requests.append(request)
            if complaint:
                self.complaints.append(f"{request.method} {request.target}: {complaint}")
        if complaint:
            return Answer.error("InvalidSignatureException", 403, complaint)
        return self.respond(request)

    def hang_up_idle(self) -> None:
        """Closes every connection that waits for its next request, and waits until it is done."""
        with self._lock:
            idle = list(self._idle.values())
        for connection in idle:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def idle(self, number: int, connection: socket.socket | None) -> None:
        with self._lock:
            if connection is None:
                self._idle.pop(number, None)
            else:
                self._idle[number] = connection

    def stop(self) -> None:
        self.hang_up_idle()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Upstream:
        return self

    def __exit__(self, kind, value, traceback) -> None:
        self.stop()
        if kind is None:
            assert self.complaints == []


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60
    owner: Upstream

    def setup(self) -> None:
        super().setup()
        self.number = self.owner.connected()

    def handle_one_request(self) -> None:
        self.owner.idle(self.number, self.connection)
        super().handle_one_request()

    def finish(self) -> None:
        self.owner.idle(self.number, None)
        super().finish()

    def log_message(self, *_: object) -> None:
        pass

    def answer(self) -> None:
        self.owner.idle(self.number, None)
        length = int(self.headers.get("Content-Length", "0"))
        # The library reads header bytes as latin-1; headers here are ASCII.
        request = Received(
            method=self.command,
            target=self.path,
            headers=list(self.headers.items()),
            body=self.rfile.read(length),
            connection=self.number,
        )
        answer = self.owner.received(request)
        if answer.gate:
            answer.gate.wait(30)
        try:
            self.send(answer)
        except OSError:
            self.close_connection = True

    def send(self, answer: Answer) -> None:
        if answer.instead:
            self.cut(reset=answer.instead == "reset")
            return
        whole = answer.raw if answer.raw is not None else self.spell(answer)
        self.wfile.write(whole[: answer.cut_after])
        if answer.cut_after is not None:
            self.cut(reset=False)
        elif answer.raw is not None:
            self.close_connection = True

    @staticmethod
    def spell(answer: Answer) -> bytes:
        headers = {
            "Content-Type": "application/json",
            "x-amzn-RequestId": "00000000-feed-4bad-8bad-000000000000",
            **answer.headers,
            "Content-Length": str(len(answer.body)),
        }
        lines = [f"HTTP/1.1 {answer.status} Status"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + answer.body

    def cut(self, *, reset: bool) -> None:
        if reset:
            # With a linger time of zero the kernel sends RST instead of FIN.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    do_GET = do_POST = do_PUT = do_DELETE = answer
