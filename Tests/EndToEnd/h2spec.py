# SPDX-License-Identifier: Apache-2.0
"""One case of HTTP/2 conformance: what a client sends, and what must come of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable

import pytest

from http2_peer import CONTINUATION, END_HEADERS, HEADERS, PUSH_PROMISE, Peer, Verdict

Script = Callable[[Peer], Iterable[bytes]]


@dataclasses.dataclass(frozen=True)
class Case:
    """`section` and `number` are those of h2spec 2.6, whose list of cases this follows."""

    section: str
    number: int
    title: str
    script: Script
    verdict: Verdict
    greets: bool = True

    def __str__(self) -> str:
        return f"{self.section}/{self.number} {self.title}"

    def run(self, peer: Peer, *, apart: bool) -> None:
        """Sends the script's frames and judges.

        Frames that arrive together find the server in another state than frames of which each was
        handled before the next: the answer to a request may be out or not. Both must do.
        """
        if self.greets:
            peer.handshake()
        # A script may wait for an answer between two frames, so it is followed as it goes.
        together = b""
        for part in self.script(peer):
            if not apart:
                peer.send(part)
                continue
            together = together + part if _is_mid_block(together) else part
            peer.send(part)
            if not _is_mid_block(together) and self.greets and not peer.barrier():
                break
        self.verdict(peer)


def _is_mid_block(frames: bytes) -> bool:
    """Whether the last of these frames leaves a header block open: no PING may come between."""
    open_block = False
    while len(frames) >= 9:
        length, kind, flags = int.from_bytes(frames[:3]), frames[3], frames[4]
        if len(frames) < 9 + length:
            return True
        if kind in (HEADERS, PUSH_PROMISE, CONTINUATION):
            open_block = not flags & END_HEADERS
        frames = frames[9 + length :]
    return open_block or bool(frames)


def every(cases: list[Case]):
    """Runs a test with each case in both paces."""

    def decorate(test):
        test = pytest.mark.parametrize("case", cases, ids=str)(test)
        return pytest.mark.parametrize("apart", [False, True], ids=["together", "apart"])(test)

    return decorate
