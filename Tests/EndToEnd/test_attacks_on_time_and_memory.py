# SPDX-License-Identifier: Apache-2.0
"""Attackers that hold on: to memory, by taking no answers, and to time, by ending nothing.

The limits here are small, so that what they cut off is seen at once.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from aws import create_job
from endpoints import Endpoint
from http2_peer import (
    END_HEADERS,
    GOAWAY,
    HEADERS,
    INITIAL_WINDOW_SIZE,
    Peer,
    data,
    settings,
)
from metrics import scrape
from program import Gateway
from siege import THING, Siege, serves
from stubs import SERVICE, pb
from wire import PREFACE, connect, frame, message

UNAVAILABLE = "14"
MEMORY_LIMIT = 8 * 1024 * 1024
FLAGS = [
    *("--memory-limit-bytes", str(MEMORY_LIMIT)),
    *("--handshake-timeout", "1s"),
    *("--frame-timeout", "1s"),
    *("--request-timeout", "1s"),
    *("--write-timeout", "1s"),
    *("--upstream-idle-timeout", "1s"),
]
LARGE = message(
    pb.DescribeJobExecutionRequest(
        thing_name=THING, job_id="held-job", include_job_document=True
    ).SerializeToString()
)


@pytest.fixture(scope="module")
def besieged(emulator, iot) -> Iterator[Gateway]:
    create_job(iot, "held-job", THING, document={"text": "x" * 30_000})
    with Gateway(emulator.url, *FLAGS) as program:
        yield program


@pytest.fixture(scope="module")
def siege(besieged) -> Siege:
    return Siege(besieged, Endpoint(besieged.address))


@pytest.fixture(autouse=True)
def others_are_served(siege):
    with siege.laid():
        yield


def buffered_bytes(gateway: Gateway) -> float:
    return scrape(gateway.admin_url).value("iot_jobs_gateway_buffered_bytes")


def begun(peer: Peer) -> bytes:
    """The headers of a call whose message is yet to come."""
    fields = [
        *peer.fields("POST", path=f"/{SERVICE}/GetPendingJobExecutions"),
        ("te", "trailers"),
        ("content-type", "application/grpc"),
    ]
    return peer.headers(1, fields, end=False)


def test_answers_that_nobody_takes_stay_within_the_memory_limit(besieged):
    """Sixty megabytes are asked for, and no window is opened for any of them."""
    # Who takes nothing is shown out after a second, and others have the room: what is held is looked at
    # while it is held.
    held = [buffered_bytes(besieged)]
    with contextlib.ExitStack() as stack:
        peers = []
        for _ in range(20):
            peer = stack.enter_context(Peer(connect(besieged.address)))
            peer.handshake((INITIAL_WINDOW_SIZE, 0))
            peer.send(
                b"".join(
                    peer.call(stream, "DescribeJobExecution", LARGE) for stream in range(1, 201, 2)
                )
            )
            peers.append(peer)
            held.append(buffered_bytes(besieged))
        # Each stream is refused, or holds an answer that the limit has room for.
        for peer in peers:
            peer.expect(lambda _, peer=peer: len(peer.answers) == 100)
            held.append(buffered_bytes(besieged))
        answers = [answer for peer in peers for answer in peer.answers.values()]
        refused = [one for one in answers if one.get("grpc-status") == UNAVAILABLE]
        assert refused and all("grpc-retry-pushback-ms" in one for one in refused)
        assert len(refused) < len(answers)
        # An answer that is there is kept, even over the limit.
        assert 0 < max(held) < 2 * MEMORY_LIMIT
        # Who takes nothing for so long is shown out, and what it held is free.
        for peer in peers:
            if any("grpc-status" not in one for one in peer.answers.values()):
                assert peer.is_closed()


def in_the_preface(peer: Peer) -> None:
    peer.send(PREFACE[:10])


def before_settings(peer: Peer) -> None:
    peer.send(PREFACE)


def in_a_frame_header(peer: Peer) -> None:
    peer.handshake()
    peer.send(begun(peer)[:5])


def in_a_header_block(peer: Peer) -> None:
    peer.handshake()
    peer.send(frame(HEADERS, 0, 1, b"\x82"))


def in_a_frame(peer: Peer) -> None:
    peer.handshake()
    peer.send(frame(HEADERS, END_HEADERS, 1, bytes(100))[:20])


def after_the_headers(peer: Peer) -> None:
    peer.handshake()
    peer.send(begun(peer))


def in_the_message(peer: Peer) -> None:
    peer.handshake()
    peer.send(begun(peer) + data(1, LARGE[:7], end=False))


@pytest.mark.parametrize(
    "stop",
    [
        in_the_preface,
        before_settings,
        in_a_frame_header,
        in_a_header_block,
        in_a_frame,
        after_the_headers,
        in_the_message,
    ],
)
def test_slowloris_is_shown_out(besieged, stop):
    """Fifty peers that stop at one place, and hold on."""
    with contextlib.ExitStack() as stack:
        peers = [stack.enter_context(Peer(connect(besieged.address))) for _ in range(50)]
        for peer in peers:
            stop(peer)
        assert serves(Endpoint(besieged.address))
        if stop in (after_the_headers, in_the_message):
            # Only the call is ended; the connection may go on.
            for peer in peers:
                peer.expect(lambda one: one.kind == GOAWAY or one.stream == 1)
        else:
            assert all(peer.is_closed() for peer in peers)


def test_settings_byte_by_byte_buy_no_time(besieged):
    with Peer(connect(besieged.address)) as peer:
        for byte in PREFACE + settings((INITIAL_WINDOW_SIZE, 1)):
            peer.send(bytes([byte]))
            if peer.is_closed(seconds=0.1):
                return
        pytest.fail("still listened to")
