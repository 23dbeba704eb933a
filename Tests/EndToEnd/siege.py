# SPDX-License-Identifier: Apache-2.0
"""What a server under attack owes to others, and what it may take of the machine meanwhile."""

from __future__ import annotations

import collections
import contextlib
import os
import threading
import time
from collections.abc import Iterator

from endpoints import Endpoint
from http2_peer import Peer
from processes import Footprint
from program import Program, eventually
from stubs import pb
from wire import message

# The most that an attack may make resident, above what the server had before. One that pays takes
# gigabytes.
ALLOWED_KIB = 32 * 1024
# Nor may it fill the disk with what the log says of it. Failed calls have so many lines a second, for
# each kind of them: --failure-lines-per-second.
ALLOWED_LOG_LINES = 20
ALLOWED_FAILURES_A_SECOND = 10
PATIENCE_SECONDS = 10

# A sanitizer keeps freed memory, and shadows all.
IS_SANITIZED = "TSAN_OPTIONS" in os.environ

THING = "besieged"
CALL = message(pb.GetPendingJobExecutionsRequest(thing_name=THING).SerializeToString())


def is_served(peer: Peer, stream: int = 1) -> bool:
    """Whether a good client gets its answer."""
    peer.send(peer.call(stream, "GetPendingJobExecutions", CALL))
    return peer.wait(lambda one: one.stream == stream and one.ends_stream) is not None


def serves(endpoint: Endpoint) -> bool:
    with Peer(endpoint.connect(), scheme=endpoint.scheme) as peer:
        return is_served(peer.handshake())


class Witness:
    """A good client that calls all the time, and notes how long it waits."""

    def __init__(self, endpoint: Endpoint):
        self._endpoint = endpoint
        self._stopped = threading.Event()
        self.slowest_seconds = 0.0
        self.failure: str | None = None
        self._thread = threading.Thread(target=self._call)

    def _call(self) -> None:
        with Peer(self._endpoint.connect(), scheme=self._endpoint.scheme) as peer:
            peer.handshake()
            stream = 1
            while stream == 1 or not self._stopped.is_set():
                began = time.monotonic()
                if not is_served(peer, stream):
                    self.failure = f"call {stream} was not answered: {peer.received[-5:]}"
                    return
                self.slowest_seconds = max(self.slowest_seconds, time.monotonic() - began)
                stream += 2
                peer.received.clear()
                self._stopped.wait(0.02)

    def __enter__(self) -> Witness:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()


class Siege:
    """Watches one program through attacks, of which each begins where the last has left nothing."""

    def __init__(self, program: Program, endpoint: Endpoint):
        self._program = program
        self._endpoint = endpoint
        self.footprint = Footprint(program.pid)
        assert serves(endpoint)
        self._at_rest: int | None = None

    @contextlib.contextmanager
    def laid(self) -> Iterator[Footprint]:
        """Others are served during and after, and what was taken is given back."""
        assert serves(self._endpoint)
        if self._at_rest is None:
            self._at_rest = self.footprint.descriptors
        assert self._is_at_rest(), f"{self.footprint.descriptors} descriptors, not {self._at_rest}"
        self.footprint.forget_peak()
        before = self.footprint.resident_kib
        said = len(self._program.records)
        began = time.monotonic()
        with Witness(self._endpoint) as witness:
            yield self.footprint
        assert witness.failure is None
        assert witness.slowest_seconds < PATIENCE_SECONDS
        assert self._program.process.poll() is None
        if not IS_SANITIZED:
            assert self.footprint.peak_kib - before < ALLOWED_KIB
        self._look_at_log(self._program.records[said:], time.monotonic() - began)
        assert serves(self._endpoint)
        assert self._is_at_rest(), f"{self.footprint.descriptors} descriptors, not {self._at_rest}"

    def _look_at_log(self, lines: list[dict], seconds: float) -> None:
        failures = collections.Counter(
            (line["method"], line["grpc-code"], line["reason"])
            for line in lines
            if line["message"] == "call failed"
        )
        allowed = ALLOWED_FAILURES_A_SECOND * (seconds + 1)
        assert all(count <= allowed for count in failures.values()), failures
        others = len(lines) - failures.total()
        assert others < ALLOWED_LOG_LINES, self._program.log_tail()

    def _is_at_rest(self) -> bool:
        """Upstream connections end when they have been idle for a while; the rest ends at once."""
        return eventually(lambda: self.footprint.descriptors <= self._at_rest, seconds=30)


def assault(peer: Peer, frames: bytes, *, times: int = 1, seconds: float = 5) -> None:
    """Sends the same frames again and again, for so long at most, and reads nothing."""
    peer.socket.settimeout(1)
    deadline = time.monotonic() + seconds
    with contextlib.suppress(OSError):
        for _ in range(times):
            if time.monotonic() > deadline:
                return
            peer.socket.sendall(frames)
