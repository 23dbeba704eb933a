# SPDX-License-Identifier: Apache-2.0
"""Attacks on a running server. Whatever comes of the attacker, others are served meanwhile and
after, and the memory and the descriptors of the process stay within what is said here."""

from __future__ import annotations

import contextlib
import gzip
import random
import socket
import struct
import time
from collections.abc import Iterator

import pytest

from aws import create_job
from endpoints import Endpoint
from http2_peer import (
    ACK,
    CANCEL,
    CONTINUATION,
    DATA,
    DEFAULT_WINDOW,
    END_HEADERS,
    END_STREAM,
    GOAWAY,
    HEADERS,
    INITIAL_WINDOW_SIZE,
    PING,
    PRIORITY,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    Peer,
    continuation,
    data,
    ping,
    priority,
    reset,
    settings,
    window_update,
)
from program import Gateway
from siege import CALL, THING, Siege, assault, is_served
from stubs import SERVICE, pb
from wire import PREFACE, connect, frame, message

RESOURCE_EXHAUSTED = 8

LARGE = message(
    pb.DescribeJobExecutionRequest(
        thing_name=THING, job_id="large-job", include_job_document=True
    ).SerializeToString()
)


@pytest.fixture(scope="module")
def besieged(emulator, iot) -> Iterator[Gateway]:
    """A server of the attacks' own, so that what it has is theirs."""
    create_job(iot, "large-job", THING, document={"text": "x" * 30_000})
    with Gateway(emulator.url, "--upstream-idle-timeout", "1s") as program:
        yield program


@pytest.fixture(scope="module")
def siege(besieged) -> Siege:
    return Siege(besieged, Endpoint(besieged.address))


@pytest.fixture(autouse=True)
def footprint(siege):
    with siege.laid() as footprint:
        yield footprint


@pytest.fixture
def attacker(besieged) -> Iterator[Peer]:
    with Peer(connect(besieged.address)) as opened:
        yield opened.handshake()


def is_cut_off(peer: Peer) -> bool:
    """The connection is ended from the other side."""
    return peer.wait(lambda one: one.kind == GOAWAY and one.error) is not None or peer.closed


def _grpc_fields(peer: Peer) -> list[tuple[str, str]]:
    return [
        *peer.fields("POST", path=f"/{SERVICE}/GetPendingJobExecutions"),
        ("te", "trailers"),
        ("content-type", "application/grpc"),
    ]


def begun(peer: Peer, stream: int) -> bytes:
    """The headers of a call whose message is yet to come."""
    return peer.headers(stream, _grpc_fields(peer), end=False)


def test_rapid_reset(attacker):
    for first in range(1, 40_000, 200):
        if attacker.closed:
            break
        attacker.send(
            b"".join(
                attacker.call(stream, "GetPendingJobExecutions", CALL) + reset(stream)
                for stream in range(first, first + 200, 2)
            )
        )
    assert is_cut_off(attacker)


@pytest.mark.parametrize(
    "provocation",
    [
        lambda stream: window_update(stream, 0),
        lambda stream: window_update(stream, 2**31 - 1) * 2,
        lambda stream: frame(HEADERS, END_HEADERS, stream, b"\x40\x01X\x01y"),
    ],
    ids=["zero increment", "window overflow", "malformed trailers"],
)
def test_made_you_reset(attacker, provocation):
    """CVE-2025-8671: the server itself is brought to reset streams whose work goes on."""
    for stream in range(1, 20_000, 2):
        attacker.send(begun(attacker, stream) + provocation(stream))
        if stream % 200 == 1 and not attacker.barrier():
            break
    assert is_cut_off(attacker)
    resets = [one for one in attacker.received if one.kind == RST_STREAM]
    assert len(resets) < 2_000


@pytest.mark.parametrize("size", [0, 1, 16_384])
def test_continuation_flood(attacker, size):
    attacker.send(frame(HEADERS, END_STREAM, 1, b"\x82"))
    assault(attacker, continuation(1, bytes(size), end=False) * 20, times=500)
    assert is_cut_off(attacker)


def test_hpack_bomb(besieged):
    """One field of 3,900 bytes in the table, and 15,000 references of one byte to it, each time."""
    for _ in range(20):
        with Peer(connect(besieged.address)) as attacker:
            attacker.handshake()
            attacker.send(attacker.headers(1, [*attacker.fields(), ("x-bomb", "b" * 3_900)]))
            attacker.expect(lambda one: one.stream == 1 and one.ends_stream)
            block = attacker.block(attacker.fields()) + b"\xbe" * 15_000
            for stream in range(3, 43, 2):
                attacker.send(frame(HEADERS, END_HEADERS | END_STREAM, stream, block))
            assert is_cut_off(attacker)


@pytest.mark.parametrize(
    "flood",
    [
        settings(),
        settings((INITIAL_WINDOW_SIZE, DEFAULT_WINDOW)) * 4,
        ping(),
        ping(flags=ACK),
        priority(1),
        priority(1, on=3, exclusive=True) + priority(3, on=1),
        window_update(0, 1),
        frame(0x16, 0, 0, b""),
        frame(0x16, 0, 0, bytes(64)),
        frame(0xA, 0, 0, bytes(4)),
        reset(1),
        frame(PRIORITY, 0, 1, bytes(4)),
    ],
    ids=[
        "SETTINGS",
        "SETTINGS with entries",
        "PING",
        "PING acknowledgements",
        "PRIORITY",
        "PRIORITY in a circle",
        "WINDOW_UPDATE",
        "empty unknown frames",
        "unknown frames",
        "ALTSVC",
        "RST_STREAM of a closed stream",
        "PRIORITY of a wrong size",
    ],
)
def test_control_frame_flood(attacker, flood):
    attacker.send(attacker.headers(1))
    attacker.expect(lambda one: one.stream == 1 and one.ends_stream)
    assault(attacker, flood * 200, times=1_000, seconds=2)


@pytest.mark.parametrize("flags", [0, 8], ids=["empty", "only padding"])
def test_empty_data_flood(attacker, flags):
    attacker.send(begun(attacker, 1))
    payload = b"\xff" + bytes(255) if flags else b""
    assault(attacker, frame(DATA, flags, 1, payload) * 200, times=1_000, seconds=2)


def test_window_update_flood_of_one_byte(besieged):
    """A window that opens byte by byte makes one frame of each byte."""
    with Peer(connect(besieged.address)) as attacker:
        attacker.handshake((INITIAL_WINDOW_SIZE, 0))
        attacker.send(attacker.call(1, "DescribeJobExecution", LARGE))
        assault(attacker, window_update(1, 1) * 100, times=200, seconds=2)


def test_slow_readers_with_no_window(besieged):
    """Answers that nobody takes: five connections with a hundred answers of 30 KB each."""
    with contextlib.ExitStack() as stack:
        for _ in range(5):
            peer = stack.enter_context(Peer(connect(besieged.address)))
            peer.handshake((INITIAL_WINDOW_SIZE, 0))
            peer.send(
                b"".join(
                    peer.call(stream, "DescribeJobExecution", LARGE) for stream in range(1, 201, 2)
                )
            )
            peer.barrier()
        time.sleep(0.5)


def _halves() -> list[bytes]:
    whole = PREFACE + settings() + frame(HEADERS, 0, 1, b"\x82\x86\x84")
    return [whole[:cut] for cut in range(0, len(whole), 3)]


@pytest.mark.parametrize("count", [300])
def test_slowloris(besieged, count):
    """Peers that say a little, and then nothing: in the preface, in headers, in a body."""
    halves = _halves()
    with contextlib.ExitStack() as stack:
        for index in range(count):
            peer = stack.enter_context(Peer(connect(besieged.address)))
            if index % 3:
                peer.send(halves[index % len(halves)])
            else:
                peer.handshake()
                peer.send(begun(peer, 1) + data(1, b"\0\0", end=False))
        with Peer(connect(besieged.address)) as good:
            assert is_served(good.handshake(), 1)


@pytest.mark.parametrize("length", [2**32 - 1, 2**31, 65_537])
def test_length_prefix(attacker, length):
    """The length is looked at before the bytes come."""
    attacker.send(begun(attacker, 1) + data(1, message(b"", length=length), end=False))
    assert attacker.grpc_status(1) == RESOURCE_EXHAUSTED


def test_length_prefix_with_all_that_it_promises(attacker):
    attacker.send(begun(attacker, 1) + data(1, message(b"", length=2**32 - 1), end=False))
    assault(attacker, data(1, bytes(16_384), end=False) * 8, times=8)


def test_decompression_bomb(attacker):
    """Ten messages of 33 KB that inflate to 32 MiB each."""
    bomb = message(gzip.compress(bytes(32 * 1024 * 1024), 9), flag=1)
    assert len(bomb) < 40_000
    for stream in range(1, 21, 2):
        fields = [*_grpc_fields(attacker), ("grpc-encoding", "gzip")]
        attacker.send(attacker.headers(stream, fields, end=False))
        for start in range(0, len(bomb), 16_384):
            part = bomb[start : start + 16_384]
            attacker.send(data(stream, part, end=start + 16_384 >= len(bomb)))
        assert attacker.grpc_status(stream) == RESOURCE_EXHAUSTED
    assert attacker.barrier()


def test_oversized_headers(attacker):
    """Each list is over the limit, and the connection lives."""
    for stream in range(1, 101, 2):
        fields = [*_grpc_fields(attacker), *((f"x-{index}", "v" * 3_000) for index in range(6))]
        block = attacker.block(fields)
        attacker.send(
            frame(HEADERS, END_STREAM, stream, block[:16_000])
            + continuation(stream, block[16_000:])
        )
        assert attacker.grpc_status(stream) == RESOURCE_EXHAUSTED
    assert attacker.barrier()


@pytest.mark.long
def test_thousands_of_idle_connections(besieged, footprint):
    """A smaller measurement of what one idle connection takes; see idle_connections.py."""
    count = 1_500
    before = footprint.resident_kib
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            stack.enter_context(Peer(connect(besieged.address))).handshake()
        each_kib = (footprint.resident_kib - before) / count
        with Peer(connect(besieged.address)) as good:
            assert is_served(good.handshake(), 1)
    assert each_kib < 12


def test_half_closed_sockets(besieged):
    """A client that ends its side of the connection has ended it all: nothing of it is kept."""
    with contextlib.ExitStack() as stack:
        peers = [stack.enter_context(Peer(connect(besieged.address))) for _ in range(100)]
        for index, peer in enumerate(peers):
            if index % 2:
                peer.handshake()
                peer.send(peer.call(1, "GetPendingJobExecutions", CALL))
            peer.socket.shutdown(socket.SHUT_WR)
        for peer in peers:
            assert peer.is_closed()


def _conversation(peer: Peer) -> bytes:
    return (
        PREFACE
        + settings((INITIAL_WINDOW_SIZE, DEFAULT_WINDOW))
        + peer.call(1, "GetPendingJobExecutions", CALL)
        + frame(SETTINGS, ACK, 0)
        + ping()
        + begun(peer, 3)
        + data(3, CALL[:4], end=False)
        + reset(3, CANCEL)
    )


def test_tcp_resets_in_every_state(besieged):
    """The connection is reset after each byte of a conversation, with its answers unread."""
    script = _conversation(Peer(None))
    for cut in range(len(script) + 1):
        raw = connect(besieged.address)
        raw.sendall(script[:cut])
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raw.close()


def _mutated(seed: int) -> bytes:
    chance = random.Random(seed)
    script = bytearray(_conversation(Peer(None)) * chance.randint(1, 3))
    for _ in range(chance.randint(1, 12)):
        place = chance.randrange(24, len(script))
        match chance.randrange(4):
            case 0:
                script[place] = chance.randrange(256)
            case 1:
                script[place] ^= 1 << chance.randrange(8)
            case 2:
                del script[place : place + chance.randint(1, 20)]
            case 3:
                script[place:place] = chance.randbytes(chance.randint(1, 20))
        if len(script) < 64:
            break
    return bytes(script)


def _random_frames(seed: int) -> bytes:
    chance = random.Random(seed)
    kinds = [
        DATA,
        HEADERS,
        PRIORITY,
        RST_STREAM,
        SETTINGS,
        PING,
        GOAWAY,
        WINDOW_UPDATE,
        CONTINUATION,
    ]
    frames = [
        frame(
            chance.choice([*kinds, chance.randrange(256)]),
            chance.choice([0, 1, 4, 5, 8, 0x20, chance.randrange(256)]),
            chance.choice([0, 1, 1, 3, 5, chance.randrange(2**31)]),
            chance.randbytes(chance.choice([0, 4, 5, 6, 8, chance.randrange(100)])),
        )
        for _ in range(40)
    ]
    return PREFACE + settings() + b"".join(frames)


@pytest.mark.parametrize("make", [_mutated, _random_frames], ids=["mutated", "random"])
def test_noise(besieged, make):
    """Four hundred conversations that are all somehow wrong, always the same ones."""
    for start in range(0, 400, 20):
        with contextlib.ExitStack() as stack:
            peers = []
            for seed in range(start, start + 20):
                peer = stack.enter_context(Peer(connect(besieged.address)))
                peer.send(make(seed))
                peers.append(peer)
            for peer in peers:
                peer.wait(lambda one: one.kind == GOAWAY, seconds=0.05)
