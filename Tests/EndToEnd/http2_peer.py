# SPDX-License-Identifier: Apache-2.0
"""The client's end of an HTTP/2 connection, frame by frame, and verdicts on what comes back."""

from __future__ import annotations

import contextlib
import dataclasses
import socket
import time
from collections.abc import Callable, Iterable

import hpack

from stubs import SERVICE
from wire import PREFACE, TIMEOUT_SECONDS, frame

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE = range(6)
PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(6, 10)
END_STREAM, END_HEADERS, PADDED, PRIORITIZED, ACK = 0x1, 0x4, 0x8, 0x20, 0x1

NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR = range(4)
SETTINGS_TIMEOUT, STREAM_CLOSED, FRAME_SIZE_ERROR, REFUSED_STREAM = range(4, 8)
CANCEL, COMPRESSION_ERROR, CONNECT_ERROR, ENHANCE_YOUR_CALM = range(8, 12)

HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT_STREAMS = 1, 2, 3
INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE, MAX_HEADER_LIST_SIZE = 4, 5, 6

DEFAULT_WINDOW = 65_535


@dataclasses.dataclass(frozen=True)
class Frame:
    kind: int
    flags: int
    stream: int
    payload: bytes

    @property
    def error(self) -> int:
        """The error code of RST_STREAM or GOAWAY."""
        return int.from_bytes(self.payload[4:8] if self.kind == GOAWAY else self.payload[:4])

    @property
    def ends_stream(self) -> bool:
        return self.kind in (DATA, HEADERS) and bool(self.flags & END_STREAM)


def data(stream: int, payload: bytes = b"test", *, end: bool = True) -> bytes:
    return frame(DATA, END_STREAM if end else 0, stream, payload)


def padded(payload: bytes, padding: int) -> bytes:
    """A payload behind its pad length and before its padding; the frame wants PADDED."""
    return bytes([padding]) + payload + bytes(padding)


def priority(stream: int, *, on: int = 0, exclusive: bool = False, weight: int = 255) -> bytes:
    return frame(PRIORITY, 0, stream, dependency(on, exclusive, weight))


def dependency(on: int = 0, exclusive: bool = False, weight: int = 255) -> bytes:
    return (on | (1 << 31 if exclusive else 0)).to_bytes(4) + bytes([weight])


def reset(stream: int, code: int = CANCEL) -> bytes:
    return frame(RST_STREAM, 0, stream, code.to_bytes(4))


def settings(*pairs: tuple[int, int]) -> bytes:
    return frame(
        SETTINGS, 0, 0, b"".join(name.to_bytes(2) + value.to_bytes(4) for name, value in pairs)
    )


def ping(payload: bytes = bytes(8), *, flags: int = 0) -> bytes:
    return frame(PING, flags, 0, payload)


def goaway(code: int = NO_ERROR, *, last: int = 0, text: bytes = b"", stream: int = 0) -> bytes:
    return frame(GOAWAY, 0, stream, last.to_bytes(4) + code.to_bytes(4) + text)


def window_update(stream: int, increment: int) -> bytes:
    return frame(WINDOW_UPDATE, 0, stream, increment.to_bytes(4))


def continuation(stream: int, block: bytes, *, end: bool = True) -> bytes:
    return frame(CONTINUATION, END_HEADERS if end else 0, stream, block)


class Peer:
    """A client connection of single frames. All that has come is in `received`."""

    def __init__(self, connection: socket.socket | None, *, scheme: str = "http"):
        self.socket = connection
        self.scheme = scheme
        self.received: list[Frame] = []
        self.closed = False
        self.settings: dict[int, int] = {}
        self._buffer = b""
        self._encoder = hpack.Encoder()
        self._decoder = hpack.Decoder()
        # Headers and trailers of each stream's answer, together.
        self.answers: dict[int, dict[str, str]] = {}
        self._to_acknowledge = 0
        self._acknowledged = 0

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    # What it sends

    def send(self, frames: bytes) -> None:
        """Sends; a peer that has closed already is found out when its answer is read."""
        self._note(frames)
        # An end of TLS that comes in the midst is an OSError of its own kind.
        with contextlib.suppress(OSError):
            self.socket.sendall(frames)

    def handshake(self, *pairs: tuple[int, int]) -> Peer:
        """Exchanges SETTINGS and their acknowledgements."""
        self.send(PREFACE + settings(*(pairs or ((INITIAL_WINDOW_SIZE, DEFAULT_WINDOW),))))
        self.expect(lambda one: one.kind == SETTINGS and not one.flags & ACK)
        self.send(frame(SETTINGS, ACK, 0))
        self.expect(lambda one: one.kind == SETTINGS and one.flags & ACK)
        return self

    def barrier(self) -> bool:
        """Waits until all that was sent has been handled; False when the connection is over."""
        # Every SETTINGS is acknowledged, as every PING is, and servers count PINGs more strictly.
        self.send(frame(SETTINGS, 0, 0))
        return self.wait(lambda _: self._acknowledged >= self._to_acknowledge) is not None

    def _note(self, frames: bytes) -> None:
        """Counts what the other side has to acknowledge."""
        frames = frames.removeprefix(PREFACE)
        while len(frames) >= 9:
            self._to_acknowledge += frames[3] == SETTINGS and not frames[4] & ACK
            frames = frames[9 + int.from_bytes(frames[:3]) :]

    def block(self, fields: Iterable[tuple[str, str]]) -> bytes:
        """A header block in the connection's own compression context."""
        return self._encoder.encode(list(fields))

    def fields(self, method: str = "GET", **changes: str | None) -> list[tuple[str, str]]:
        """The usual request's fields; a change to None leaves one out."""
        usual = {
            "method": method,
            "scheme": self.scheme,
            "path": "/",
            "authority": "gateway.test",
            **changes,
        }
        return [(f":{name}", value) for name, value in usual.items() if value is not None]

    def headers(
        self,
        stream: int = 1,
        fields: Iterable[tuple[str, str]] | None = None,
        *,
        end: bool = True,
        flags: int = END_HEADERS,
        before: bytes = b"",
        after: bytes = b"",
    ) -> bytes:
        """A HEADERS frame with the usual request, or with these fields."""
        block = self.block(self.fields() if fields is None else fields)
        return frame(HEADERS, flags | (END_STREAM if end else 0), stream, before + block + after)

    def call(self, stream: int, method: str, body: bytes) -> bytes:
        """The frames of one whole gRPC call."""
        fields = [
            *self.fields("POST", path=f"/{SERVICE}/{method}"),
            ("te", "trailers"),
            ("content-type", "application/grpc"),
        ]
        return self.headers(stream, fields, end=False) + data(stream, body)

    # What comes back

    def _read(self, seconds: float) -> bool:
        """Takes what has come; False if nothing has, in time or for ever."""
        self.socket.settimeout(max(seconds, 0.001))
        try:
            part = self.socket.recv(65_536)
        except TimeoutError:
            return False
        except OSError:
            part = b""
        if not part:
            self.closed = True
            return False
        self._buffer += part
        while len(self._buffer) >= 9:
            end = 9 + int.from_bytes(self._buffer[:3])
            if len(self._buffer) < end:
                break
            self._take(
                Frame(
                    self._buffer[3],
                    self._buffer[4],
                    int.from_bytes(self._buffer[5:9]) & 0x7FFF_FFFF,
                    self._buffer[9:end],
                )
            )
            self._buffer = self._buffer[end:]
        return True

    def _take(self, one: Frame) -> None:
        self.received.append(one)
        self._acknowledged += one.kind == SETTINGS and bool(one.flags & ACK)
        if one.kind == HEADERS:
            answer = self.answers.setdefault(one.stream, {})
            answer.update(self._decoder.decode(one.payload))
        if one.kind == SETTINGS and not one.flags & ACK:
            for start in range(0, len(one.payload), 6):
                name = int.from_bytes(one.payload[start : start + 2])
                self.settings[name] = int.from_bytes(one.payload[start + 2 : start + 6])

    def wait(
        self, wanted: Callable[[Frame], object], seconds: float = TIMEOUT_SECONDS, since: int = 0
    ) -> Frame | None:
        """The first frame that is wanted among all since; None if it does not come."""
        deadline = time.monotonic() + seconds
        seen = since
        while True:
            for one in self.received[seen:]:
                if wanted(one):
                    return one
            seen = max(since, len(self.received))
            left = deadline - time.monotonic()
            if self.closed or left <= 0:
                return None
            self._read(left)

    def grpc_status(self, stream: int) -> int:
        """The status of a call, once it is answered."""
        self.expect(lambda one: one.stream == stream and one.ends_stream)
        return int(self.answers[stream]["grpc-status"])

    def expect(self, wanted: Callable[[Frame], object], **more) -> Frame:
        found = self.wait(wanted, **more)
        assert found is not None, (
            f"not among {self.received}, {'closed' if self.closed else 'still open'}"
        )
        return found

    def mark(self) -> int:
        """A place in the order of arrival, for `since`."""
        return len(self.received)

    def is_closed(self, seconds: float = TIMEOUT_SECONDS) -> bool:
        self.wait(lambda _: False, seconds)
        return self.closed


# Verdicts

Verdict = Callable[[Peer], None]


def connection_error(*codes: int) -> Verdict:
    """RFC 9113 section 5.4.1: a GOAWAY that says why, then the end of the connection."""

    def judge(peer: Peer) -> None:
        last = peer.expect(lambda one: one.kind == GOAWAY and one.error != NO_ERROR)
        assert last.error in codes, last
        assert peer.is_closed(), "a GOAWAY, but no end"

    return judge


def stream_error(*codes: int, stream: int = 1, fatal: bool = True) -> Verdict:
    """RFC 9113 section 5.4.2: a reset of the stream; the harsher answer is allowed if `fatal`."""

    def judge(peer: Peer) -> None:
        kinds = (RST_STREAM, GOAWAY) if fatal else (RST_STREAM,)
        last = peer.expect(
            lambda one: one.kind in kinds and one.stream in (0, stream) and one.error != NO_ERROR
        )
        assert last.error in codes, last
        if last.kind == RST_STREAM:
            assert peer.barrier(), "one bad stream ended the connection"

    return judge


def answered(stream: int = 1) -> Verdict:
    """A whole answer comes, and the connection lives on."""

    def judge(peer: Peer) -> None:
        peer.expect(lambda one: one.kind == HEADERS and one.stream == stream)
        peer.expect(lambda one: one.stream == stream and one.ends_stream)
        assert peer.barrier()

    return judge


def alive(peer: Peer) -> None:
    """Nothing happens, and the connection lives on."""
    assert peer.barrier(), peer.received


def closed(peer: Peer) -> None:
    assert peer.is_closed(), peer.received
