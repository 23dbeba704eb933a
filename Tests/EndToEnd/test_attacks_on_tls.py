# SPDX-License-Identifier: Apache-2.0
"""Attacks on a TLS listener, before there is any HTTP/2 and through it."""

from __future__ import annotations

import contextlib
import random
import socket
import ssl
import struct
import time
from collections.abc import Iterator

import pytest

from endpoints import SERVER_NAME, Endpoint, Papers
from http2_peer import GOAWAY, Peer, ping, reset, settings
from program import Gateway
from siege import CALL, Siege, assault, serves
from wire import PREFACE, connect


@pytest.fixture(scope="module")
def besieged(emulator, tmp_path_factory) -> Iterator[tuple[Gateway, Endpoint]]:
    papers = Papers.issued_in(tmp_path_factory.mktemp("papers"))
    flags = [*papers.server_flags, "--handshake-timeout", "2s", "--upstream-idle-timeout", "1s"]
    with Gateway(emulator.url, *flags, listen="tls:127.0.0.1:0") as program:
        yield program, Endpoint(program.listener("grpc-tls"), papers)


@pytest.fixture(scope="module")
def endpoint(besieged) -> Endpoint:
    return besieged[1]


@pytest.fixture(scope="module")
def siege(besieged) -> Siege:
    return Siege(*besieged)


@pytest.fixture(autouse=True)
def others_are_served(siege):
    with siege.laid():
        yield


def hello(endpoint: Endpoint) -> bytes:
    """A ClientHello as Python's ssl makes it."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = endpoint.papers.client_context(shows=False)
    half = context.wrap_bio(incoming, outgoing, server_hostname=SERVER_NAME)
    with contextlib.suppress(ssl.SSLWantReadError):
        half.do_handshake()
    return outgoing.read()


def test_slowloris_in_the_handshake(endpoint):
    """Two hundred clients that begin to shake hands; their time is bounded."""
    whole = hello(endpoint)
    with contextlib.ExitStack() as stack:
        peers = []
        for index in range(200):
            peer = stack.enter_context(Peer(connect(endpoint.address)))
            peer.send(whole[: index * len(whole) // 200])
            peers.append(peer)
        assert serves(endpoint)
        # They are shown out while they hold on.
        assert all(peer.is_closed() for peer in peers)


def test_a_handshake_byte_by_byte(endpoint):
    """Each byte is progress, and none of them buys time."""
    whole = hello(endpoint)
    began = time.monotonic()
    with connect(endpoint.address) as raw, contextlib.suppress(OSError):
        for byte in whole:
            raw.sendall(bytes([byte]))
            time.sleep(0.02)
            if time.monotonic() - began > 15:
                pytest.fail("still listened to")


def test_handshakes_that_are_reset(endpoint):
    whole = hello(endpoint)
    for _ in range(300):
        raw = connect(endpoint.address)
        raw.sendall(whole)
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raw.close()


@pytest.mark.parametrize("seed", range(10))
def test_noise_in_place_of_a_handshake(endpoint, seed):
    chance = random.Random(seed)
    whole = bytearray(hello(endpoint))
    for _ in range(20):
        noisy = bytearray(whole)
        for _ in range(chance.randint(1, 8)):
            noisy[chance.randrange(len(noisy))] = chance.randrange(256)
        with connect(endpoint.address) as raw, contextlib.suppress(OSError):
            raw.sendall(noisy)
            raw.settimeout(0.02)
            raw.recv(4096)


def test_noise_after_the_handshake(endpoint):
    """Records that do not decrypt."""
    for seed in range(20):
        with contextlib.suppress(OSError):
            secure = endpoint.connect()
            raw = socket.socket(fileno=secure.detach())
            with raw:
                raw.sendall(b"\x17\x03\x03\x01\x00" + random.Random(seed).randbytes(256))
                raw.settimeout(5)
                while raw.recv(4096):
                    pass


def test_records_of_one_byte(endpoint):
    with Peer(endpoint.connect(), scheme=endpoint.scheme) as peer:
        peer.handshake()
        script = peer.call(1, "GetPendingJobExecutions", CALL)
        for byte in script:
            peer.send(bytes([byte]))
        assert peer.wait(lambda one: one.stream == 1 and one.ends_stream)


def test_rapid_reset(endpoint):
    with Peer(endpoint.connect(), scheme=endpoint.scheme) as attacker:
        attacker.handshake()
        for first in range(1, 40_000, 200):
            attacker.send(
                b"".join(
                    attacker.call(stream, "GetPendingJobExecutions", CALL) + reset(stream)
                    for stream in range(first, first + 200, 2)
                )
            )
        assert attacker.wait(lambda one: one.kind == GOAWAY and one.error) or attacker.closed


@pytest.mark.parametrize("flood", [settings(), ping()], ids=["SETTINGS", "PING"])
def test_control_frame_flood(endpoint, flood):
    with Peer(endpoint.connect(), scheme=endpoint.scheme) as attacker:
        attacker.handshake()
        assault(attacker, flood * 200, times=1_000, seconds=2)


def test_a_preface_that_never_ends(endpoint):
    """The handshake is done, and then nothing."""
    with contextlib.ExitStack() as stack:
        for _ in range(50):
            peer = stack.enter_context(Peer(endpoint.connect(), scheme=endpoint.scheme))
            peer.send(PREFACE[:5])
        assert serves(endpoint)
