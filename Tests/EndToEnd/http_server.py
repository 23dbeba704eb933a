# SPDX-License-Identifier: Apache-2.0
"""An HTTP/1.1 server whose every answer is a test's to choose, byte by byte if it must be."""

from __future__ import annotations

import contextlib
import dataclasses
import email.utils
import http.server
import json
import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable

# Longer than any attempt of the gateway; a test that forgets to open a gate still ends.
GATE_SECONDS = 60


@dataclasses.dataclass
class Handshake:
    """What one TLS handshake came to, as the server saw it."""

    server_name: str | None
    version: str | None = None
    application_protocol: str | None = None
    resumed: bool = False


@dataclasses.dataclass
class Received:
    """A request as it stood on the wire."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes
    connection: int
    # 1 for the first request of its connection.
    turn: int = 1
    handshake: Handshake | None = None

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
    # Waited for before a byte goes out, or after `gate_after` bytes; None answers at once.
    gate: threading.Event | None = None
    gate_after: int = 0
    # "reset" or "close": what happens to the connection instead of an answer.
    instead: str | None = None
    # How many bytes of the whole answer go out before the connection is cut; None sends all.
    cut_after: int | None = None
    # Sent as it is, in place of all else; the connection ends in good order after it.
    raw: bytes | None = None

    @classmethod
    def json(cls, value: object, status: int = 200, **headers: str) -> Answer:
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        return cls(status, json.dumps(value).encode(), named)

    @classmethod
    def error(cls, name: str, status: int, message: str = "no", **members: object) -> Answer:
        body = json.dumps({"message": message, **members}).encode()
        return cls(status, body, {"x-amzn-ErrorType": name})

    @property
    def head(self) -> bytes:
        headers = {
            "Content-Type": "application/json",
            "x-amzn-RequestId": "00000000-feed-4bad-8bad-000000000000",
            "Content-Length": str(len(self.body)),
            **self.headers,
        }
        lines = [f"HTTP/1.1 {self.status} Status"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    @property
    def spelled(self) -> bytes:
        return self.head + self.body if self.raw is None else self.raw


def http_date(seconds_off: float = 0) -> str:
    """A `Date` header's value by a clock that is this far off."""
    return email.utils.formatdate(time.time() + seconds_off, usegmt=True)


class Server:
    """One thread a connection, on a loopback port; over TLS if it is given a context."""

    def __init__(self, respond: Callable[[Received], Answer], tls: ssl.SSLContext | None = None):
        self.respond = respond
        self.tls = tls
        self.requests: list[Received] = []
        # Accepted ever, and open now.
        self.connections = 0
        self.open = 0
        self.handshakes: list[Handshake] = []
        self.failed_handshakes: list[str] = []
        self._lock = threading.Lock()
        self._idle: dict[int, socket.socket] = {}
        owner = self

        class Handler(_Handler):
            pass

        Handler.owner = owner
        if tls:
            tls.sni_callback = _note_server_name
        self._server = _QuietServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    @property
    def port(self) -> int:
        return self._server.server_port

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}" if self.tls else f"http://127.0.0.1:{self.port}"

    def received(self, request: Received) -> Answer:
        with self._lock:
            self.requests.append(request)
        return self.respond(request)

    def connected(self) -> int:
        with self._lock:
            self.connections += 1
            self.open += 1
            return self.connections

    def disconnected(self, number: int) -> None:
        with self._lock:
            self._idle.pop(number, None)
            self.open -= 1

    def idle(self, number: int, connection: socket.socket | None) -> None:
        with self._lock:
            if connection is None:
                self._idle.pop(number, None)
            else:
                self._idle[number] = connection

    def hang_up_idle(self) -> None:
        """Closes every connection that waits for its next request."""
        with self._lock:
            idle = list(self._idle.values())
        for connection in idle:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def stop(self) -> None:
        self.hang_up_idle()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback) -> None:
        self.stop()


def _note_server_name(connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
    connection.server_name_asked_for = name


class _QuietServer(http.server.ThreadingHTTPServer):
    daemon_threads = True
    # Many calls may connect at once.
    request_queue_size = 128

    def handle_error(self, request, client_address) -> None:
        """Connections break here all the time; tests look at what the gateway makes of it."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60
    owner: Server

    def setup(self) -> None:
        self.number = self.owner.connected()
        self.turn = 0
        self.ends_cleanly = True
        self.handshake: Handshake | None = None
        if self.owner.tls:
            self.secure(self.owner.tls)
        super().setup()

    def secure(self, context: ssl.SSLContext) -> None:
        self.request.settimeout(self.timeout)
        try:
            self.request = context.wrap_socket(self.request, server_side=True)
        except OSError as error:
            self.owner.failed_handshakes.append(str(error))
            self.owner.disconnected(self.number)
            raise
        self.handshake = Handshake(
            server_name=getattr(self.request, "server_name_asked_for", None),
            version=self.request.version(),
            application_protocol=self.request.selected_alpn_protocol(),
            resumed=bool(self.request.session_reused),
        )
        self.owner.handshakes.append(self.handshake)

    def handle_one_request(self) -> None:
        self.owner.idle(self.number, self.connection)
        super().handle_one_request()

    def finish(self) -> None:
        try:
            super().finish()
            if isinstance(self.connection, ssl.SSLSocket):
                if self.ends_cleanly:
                    self.connection.settimeout(1)
                    self.connection.unwrap()
        except OSError:
            pass
        finally:
            self.owner.disconnected(self.number)
            if isinstance(self.connection, ssl.SSLSocket):
                self.connection.close()

    def log_message(self, *_: object) -> None:
        pass

    def answer(self) -> None:
        self.owner.idle(self.number, None)
        self.turn += 1
        length = int(self.headers.get("Content-Length", "0"))
        # The library reads header bytes as latin-1; headers here are ASCII.
        request = Received(
            method=self.command,
            target=self.path,
            headers=list(self.headers.items()),
            body=self.rfile.read(length),
            connection=self.number,
            turn=self.turn,
            handshake=self.handshake,
        )
        try:
            self.send(self.owner.received(request))
        except OSError:
            self.close_connection = True

    def send(self, answer: Answer) -> None:
        if answer.instead:
            self.cut(reset=answer.instead == "reset")
            return
        whole = answer.spelled[: answer.cut_after]
        if answer.gate:
            self.wfile.write(whole[: answer.gate_after])
            self.wait(answer.gate)
            whole = whole[answer.gate_after :]
        self.wfile.write(whole)
        if answer.cut_after is not None:
            self.cut(reset=False)
        elif answer.raw is not None or answer.headers.get("Connection") == "close":
            self.close_connection = True

    def wait(self, gate: threading.Event) -> None:
        """Until the gate opens, or the other side hangs up: it has nothing else to say now."""
        deadline = time.monotonic() + GATE_SECONDS
        while not gate.wait(0.01) and time.monotonic() < deadline:
            if select.select([self.connection], [], [], 0)[0]:
                raise ConnectionAbortedError

    def cut(self, *, reset: bool) -> None:
        """Ends the connection, over TLS without the goodbye that tells an end from a cut."""
        if reset:
            # With a linger time of zero the kernel sends RST instead of FIN.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.ends_cleanly = False
        self.close_connection = True

    do_GET = do_POST = do_PUT = do_DELETE = answer
