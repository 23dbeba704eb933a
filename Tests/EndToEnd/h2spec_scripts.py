# SPDX-License-Identifier: Apache-2.0
"""What several sections of the conformance tests send."""

from __future__ import annotations

from http2_peer import (
    Peer,
)
from wire import frame

UNKNOWN = frame(0x16, 0, 0, bytes(8))
LARGEST = 2**31 - 1


def dummy(peer: Peer) -> bytes:
    return peer.block([("x-dummy", "x" * 4000)])


def opens(p: Peer, *more: tuple[str, str], stream: int = 1) -> bytes:
    return p.headers(stream, [*p.fields("POST"), *more], end=False)


def gone(p: Peer, *then: bytes):
    """A stream that both ends have ended, and what comes after."""
    yield p.headers()
    p.expect(lambda one: one.ends_stream)
    yield from then


def gone_and_again(p: Peer):
    yield from gone(p)
    yield p.headers()
