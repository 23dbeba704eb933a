# SPDX-License-Identifier: Apache-2.0
"""HTTP/2 by hand: says what no gRPC library would say, and shows every frame that comes back."""

from __future__ import annotations

import contextlib
import dataclasses
import socket
import time

import h2.config
import h2.connection
import h2.events
import h2.settings

from stubs import SERVICE

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
TIMEOUT_SECONDS = 20


def connect(address: str) -> socket.socket:
    host, port = address.rsplit(":", 1)
    connection = socket.create_connection((host, int(port)), timeout=TIMEOUT_SECONDS)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """One frame, RFC 9113 section 4.1."""
    return len(payload).to_bytes(3) + bytes([kind, flags]) + stream.to_bytes(4) + payload


def message(payload: bytes, flag: int = 0, length: int | None = None) -> bytes:
    """A gRPC message behind its five bytes."""
    return bytes([flag]) + (len(payload) if length is None else length).to_bytes(4) + payload


@dataclasses.dataclass
class Reply:
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    trailers: dict[str, str] = dataclasses.field(default_factory=dict)
    data: bytes = b""
    ended: bool = False
    reset: int | None = None

    @property
    def metadata(self) -> dict[str, str]:
        """Headers and trailers together, since an error may be trailers only."""
        return {**self.headers, **self.trailers}

    @property
    def grpc_status(self) -> int | None:
        text = self.metadata.get("grpc-status")
        return None if text is None else int(text)

    @property
    def message(self) -> bytes:
        assert self.data[:1] == b"\0" and int.from_bytes(self.data[1:5]) == len(self.data) - 5
        return self.data[5:]


class Connection:
    """A client connection whose every byte the test decides on."""

    def __init__(self, address: str, *, initial_window: int | None = None):
        self.socket = connect(address)
        config = h2.config.H2Configuration(
            client_side=True, header_encoding="utf-8", validate_outbound_headers=False
        )
        self.h2 = h2.connection.H2Connection(config)
        if initial_window is not None:
            self.h2.local_settings[h2.settings.SettingCodes.INITIAL_WINDOW_SIZE] = initial_window
            self.h2.local_settings.acknowledge()
        self.h2.initiate_connection()
        self.replies: dict[int, Reply] = {}
        self.goaway: int | None = None
        self._partial = b""
        self.closed = False
        self.credit = True
        self.flush()

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def flush(self) -> None:
        self.socket.sendall(self.h2.data_to_send())

    def request(
        self,
        method: str = "GetPendingJobExecutions",
        body: bytes | None = None,
        *,
        headers: dict[str, str | None] | None = None,
        end: bool = True,
    ) -> int:
        """Opens a stream and sends a request; a header given as None is left out."""
        stream = self.h2.get_next_available_stream_id()
        wanted = {
            ":method": "POST",
            ":scheme": "http",
            ":authority": "gateway.test",
            ":path": f"/{SERVICE}/{method}",
            "te": "trailers",
            "content-type": "application/grpc",
            **(headers or {}),
        }
        fields = [(name, value) for name, value in wanted.items() if value is not None]
        self.h2.send_headers(stream, fields, end_stream=end and body is None)
        if body is not None:
            self.send(stream, body, end=end)
        self.replies[stream] = Reply()
        self.flush()
        return stream

    def send(self, stream: int, body: bytes, *, end: bool = True, piece: int = 16384) -> None:
        pieces = [body[start : start + piece] for start in range(0, len(body), piece)] or [b""]
        for index, part in enumerate(pieces):
            self.h2.send_data(stream, part, end_stream=end and index == len(pieces) - 1)
        self.flush()

    def pump(self, until, seconds: float = TIMEOUT_SECONDS) -> bool:
        """Reads until the condition holds; False when time or the connection ran out first."""
        deadline = time.monotonic() + seconds
        while not until():
            left = deadline - time.monotonic()
            if left <= 0 or self.closed:
                return False
            self.socket.settimeout(left)
            try:
                data = self.socket.recv(65536)
            except TimeoutError:
                return until()
            except ConnectionError:
                data = b""
            if not data:
                self.closed = True
                continue
            for event in self.h2.receive_data(self._without_goaway(data)):
                self._take(event)
            try:
                self.flush()
            except OSError:
                self.closed = True
        return True

    def _take(self, event: h2.events.Event) -> None:
        match event:
            case h2.events.ResponseReceived():
                self.replies[event.stream_id].headers = dict(event.headers)
            case h2.events.TrailersReceived():
                self.replies[event.stream_id].trailers = dict(event.headers)
            case h2.events.DataReceived():
                self.replies[event.stream_id].data += event.data
                if self.credit and event.flow_controlled_length:
                    self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            case h2.events.StreamEnded():
                self.replies[event.stream_id].ended = True
            case h2.events.StreamReset():
                reply = self.replies[event.stream_id]
                reply.reset = int(event.error_code)
                reply.ended = True

    def _without_goaway(self, data: bytes) -> bytes:
        """The whole frames so far less GOAWAY, after which h2 would take no more answers."""
        self._partial += data
        kept, offset = b"", 0
        while len(self._partial) - offset >= 9:
            end = offset + 9 + int.from_bytes(self._partial[offset : offset + 3])
            if end > len(self._partial):
                break
            if self._partial[offset + 3] == 7:
                self.goaway = int.from_bytes(self._partial[offset + 13 : offset + 17])
            else:
                kept += self._partial[offset:end]
            offset = end
        self._partial = self._partial[offset:]
        return kept

    def reply(self, stream: int) -> Reply:
        assert self.pump(lambda: self.replies[stream].ended), (
            f"no end of stream {stream}: {self.replies[stream]}, {self.goaway}"
        )
        return self.replies[stream]

    def call(self, method: str, body: bytes | None, **more) -> Reply:
        return self.reply(self.request(method, body, **more))


def converse(address: str, data: bytes, seconds: float = TIMEOUT_SECONDS) -> bytes:
    """Sends bytes and returns all that comes back until the peer closes or is silent too long."""
    received = b""
    with connect(address) as raw:
        # A peer that closes while more is on its way answers with a reset.
        with contextlib.suppress(ConnectionError):
            raw.sendall(data)
        raw.settimeout(seconds)
        with contextlib.suppress(TimeoutError, ConnectionError):
            while part := raw.recv(65536):
                received += part
    return received


def is_shown_out(address: str, data: bytes) -> bool:
    """True when the peer ends the connection, by GOAWAY or by closing, after these bytes."""
    with connect(address) as raw:
        try:
            raw.sendall(data)
            while raw.recv(65536):
                pass
        except TimeoutError:
            return False
        except ConnectionError:
            pass
    return True


def goaway_code(received: bytes) -> int | None:
    """The error code of the first GOAWAY among the frames."""
    offset = 0
    while offset + 9 <= len(received):
        length = int.from_bytes(received[offset : offset + 3])
        if received[offset + 3] == 7:
            return int.from_bytes(received[offset + 13 : offset + 17])
        offset += 9 + length
    return None
