# SPDX-License-Identifier: Apache-2.0
"""Makes calls that differ: about ever other things, over thousands of connections.

h2load sends one body over and over. This writes frames by the thousand instead, the least of HTTP/2
that a server cannot tell from all of it, and looks of the answers only at where they end.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import select
from collections.abc import Iterable, Iterator

import hpack

from http2_peer import ACK, END_HEADERS, END_STREAM, GOAWAY, HEADERS, RST_STREAM, SETTINGS
from http2_peer import INITIAL_WINDOW_SIZE, settings, window_update
from load import GRPC
from wire import PREFACE, connect, frame

WINDOW = 2**31 - 1
RECEIVE_BYTES = 262_144
HEADER_BYTES = 9


class Ended(Exception):
    """The server has closed a connection, or refused a stream."""


class Caller:
    """One connection, and what it still has to hear."""

    def __init__(self, address: str, path: str, metadata: Iterable[tuple[str, str]]):
        self.socket = connect(address)
        fields = [
            *((":method", "POST"), (":scheme", "http"), (":path", path), (":authority", address)),
            *GRPC,
            *metadata,
        ]
        encoder = hpack.Encoder()
        self._first_block: bytes | None = encoder.encode(fields)
        # All of it stands in the table now.
        self._block = encoder.encode(fields)
        self._stream = 1
        self._unread = b""
        self.socket.sendall(
            PREFACE
            + settings((INITIAL_WINDOW_SIZE, WINDOW))
            + window_update(0, WINDOW - 65_535)
            + frame(SETTINGS, ACK, 0)
        )

    def send(self, messages: Iterable[bytes]) -> None:
        parts = []
        for message in messages:
            block, self._first_block = self._first_block or self._block, None
            parts.append(frame(HEADERS, END_HEADERS, self._stream, block))
            parts.append(frame(0, END_STREAM, self._stream, message))
            self._stream += 2
        self.socket.sendall(b"".join(parts))

    def receive(self) -> int:
        """How many calls have ended with what is there to read."""
        received = self.socket.recv(RECEIVE_BYTES)
        if not received:
            raise Ended("the connection was closed")
        data = self._unread + received
        ended, offset, length = 0, 0, len(data)
        while length - offset >= HEADER_BYTES:
            end = offset + HEADER_BYTES + int.from_bytes(data[offset : offset + 3])
            if end > length:
                break
            kind = data[offset + 3]
            if kind == HEADERS:
                ended += data[offset + 4] & END_STREAM
            elif kind in (RST_STREAM, GOAWAY):
                raise Ended(data[offset:end].hex())
            offset = end
        self._unread = data[offset:]
        return ended


@dataclasses.dataclass
class Calling:
    """Connections that stay open, from one run of calls to the next."""

    callers: list[Caller]

    @classmethod
    @contextlib.contextmanager
    def over(
        cls, address: str, path: str, metadata: Iterable[tuple[str, str]], *, connections: int
    ) -> Iterator[Calling]:
        with contextlib.ExitStack() as stack:
            callers = []
            for _ in range(connections):
                caller = Caller(address, path, metadata)
                stack.callback(caller.socket.close)
                callers.append(caller)
            yield cls(callers)

    def run(self, messages: Iterator[bytes], *, in_flight: int) -> int:
        """Sends each message as a call, so many at a time, and returns their number.

        With no more connections than calls in flight, each call that ends is followed by one on the
        same connection; else by one on the connection that has been silent for longest.
        """
        stays = len(self.callers) <= in_flight
        with contextlib.closing(select.epoll()) as poll:
            by_descriptor = {caller.socket.fileno(): caller for caller in self.callers}
            for descriptor in by_descriptor:
                poll.register(descriptor, select.EPOLLIN)
            ring = itertools.cycle(self.callers)
            sent, ended = 0, 0
            first = min(in_flight, len(self.callers)) if stays else in_flight
            for _ in range(first):
                share = in_flight // len(self.callers) if stays else 1
                sent += self._send(next(ring), messages, share)
            while ended < sent:
                for descriptor, _ in poll.poll(30):
                    caller = by_descriptor[descriptor]
                    done = caller.receive()
                    ended += done
                    if stays:
                        sent += self._send(caller, messages, done)
                    else:
                        sent += sum(self._send(next(ring), messages, 1) for _ in range(done))
            return ended

    @staticmethod
    def _send(caller: Caller, messages: Iterator[bytes], count: int) -> int:
        batch = list(itertools.islice(messages, count))
        if batch:
            caller.send(batch)
        return len(batch)
