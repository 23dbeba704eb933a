# SPDX-License-Identifier: Apache-2.0
"""Peers that break HTTP/2. Each is cut off; the others never notice."""

from __future__ import annotations

import os
import random

import pytest
from h2.exceptions import FlowControlError

from aws import create_job
from wire import (
    PREFACE,
    Connection,
    Reply,
    connect,
    converse,
    frame,
    goaway_code,
    is_shown_out,
    message,
)
from stubs import pb

PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, STREAM_CLOSED, FRAME_SIZE_ERROR = 1, 2, 3, 5, 6
COMPRESSION_ERROR, ENHANCE_YOUR_CALM = 9, 11
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING = 0, 1, 2, 3, 4, 5, 6
WINDOW_UPDATE, CONTINUATION = 8, 9
END_STREAM, END_HEADERS, PADDED = 1, 4, 8

HELLO = PREFACE + frame(SETTINGS, 0, 0)


@pytest.fixture(scope="module")
def body(iot) -> bytes:
    create_job(iot, "hostile-job", "hostile-thing")
    request = pb.GetPendingJobExecutionsRequest(thing_name="hostile-thing")
    return message(request.SerializeToString())


@pytest.fixture(autouse=True)
def everybody_else_is_served(gateway, body):
    """A healthy connection is open all the while, and another is opened after."""
    with Connection(gateway.address) as before:
        assert before.call("GetPendingJobExecutions", body).grpc_status == 0
        yield
        assert before.call("GetPendingJobExecutions", body).grpc_status == 0
    with Connection(gateway.address) as after:
        assert after.call("GetPendingJobExecutions", body).grpc_status == 0


@pytest.mark.parametrize(
    ("frames", "codes"),
    [
        (frame(DATA, 0, 0, b"x"), {PROTOCOL_ERROR}),
        (frame(DATA, 0, 1, b"x"), {PROTOCOL_ERROR, STREAM_CLOSED}),
        (frame(HEADERS, END_HEADERS, 0, b"\x82"), {PROTOCOL_ERROR}),
        (frame(HEADERS, END_HEADERS, 2, b"\x82"), {PROTOCOL_ERROR}),
        (frame(HEADERS, END_HEADERS, 1, b"\xff\xff\xff\xff\xff\xff"), {COMPRESSION_ERROR}),
        (frame(HEADERS, END_HEADERS | PADDED, 1, b"\xff\x82"), {PROTOCOL_ERROR}),
        (frame(HEADERS, 0, 1, b"\x82") + frame(PING, 0, 0, bytes(8)), {PROTOCOL_ERROR}),
        (frame(CONTINUATION, END_HEADERS, 1, b"\x82"), {PROTOCOL_ERROR}),
        (frame(RST_STREAM, 0, 1, bytes(4)), {PROTOCOL_ERROR}),
        (frame(RST_STREAM, 0, 1, bytes(3)), {FRAME_SIZE_ERROR}),
        (frame(SETTINGS, 0, 1), {PROTOCOL_ERROR}),
        (frame(SETTINGS, 0, 0, bytes(5)), {FRAME_SIZE_ERROR}),
        (frame(SETTINGS, 0, 0, b"\x00\x04\xff\xff\xff\xff"), {FLOW_CONTROL_ERROR}),
        (frame(SETTINGS, 0, 0, b"\x00\x05\x00\x00\x00\x01"), {PROTOCOL_ERROR}),
        (frame(PING, 0, 0, bytes(7)), {FRAME_SIZE_ERROR}),
        (frame(PING, 0, 1, bytes(8)), {PROTOCOL_ERROR}),
        (frame(WINDOW_UPDATE, 0, 0, bytes(4)), {PROTOCOL_ERROR}),
        (frame(WINDOW_UPDATE, 0, 0, b"\x7f\xff\xff\xff") * 2, {FLOW_CONTROL_ERROR}),
        (frame(PUSH_PROMISE, END_HEADERS, 1, bytes(4) + b"\x82"), {PROTOCOL_ERROR}),
        (frame(DATA, 0, 1, bytes(20000)), {FRAME_SIZE_ERROR}),
    ],
    ids=lambda value: value.hex()[:48] if isinstance(value, bytes) else "",
)
def test_a_broken_rule_ends_the_connection_with_its_code(gateway, frames, codes):
    assert goaway_code(converse(gateway.address, HELLO + frames)) in codes


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(32),
        PREFACE[:-1] + b"X" + frame(SETTINGS, 0, 0),
        b"\0" * 64,
        b"PRI * HTTP/1.1\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, 0, 0),
    ],
    ids=lambda data: repr(data[:16]),
)
def test_a_peer_that_does_not_speak_http2_is_shown_out(gateway, data):
    assert is_shown_out(gateway.address, data)


def test_a_flood_of_resets_is_stopped(gateway, body):
    with Connection(gateway.address) as connection:
        try:
            for _ in range(20_000):
                stream = connection.request(body=body)
                connection.h2.reset_stream(stream)
                connection.flush()
                del connection.replies[stream]
        except OSError:
            return
        except FlowControlError:
            pass  # Nobody opens the window any more; the GOAWAY waits to be read.
        connection.replies = _Anything()
        connection.pump(lambda: connection.goaway is not None)
        # The reset of a connection that is closed on unread bytes may overtake the GOAWAY.
        assert connection.closed or connection.goaway in (
            ENHANCE_YOUR_CALM,
            PROTOCOL_ERROR,
            INTERNAL_ERROR,
        )


class _Anything(dict):
    """Replies nobody waits for."""

    def __missing__(self, _):
        return Reply()


def test_a_flood_of_continuations_is_stopped(gateway):
    flood = frame(HEADERS, 0, 1, b"\x82") + frame(CONTINUATION, 0, 1, b"") * 10_000
    assert is_shown_out(gateway.address, HELLO + flood)


def test_a_flood_of_settings_and_pings_without_reading_is_bounded(gateway):
    with connect(gateway.address) as raw:
        raw.settimeout(2)
        raw.sendall(HELLO)
        try:
            for _ in range(2_000):
                raw.sendall(frame(SETTINGS, 0, 0) * 50 + frame(PING, 0, 0, bytes(8)) * 50)
        except (ConnectionError, TimeoutError):
            pass


def test_a_header_block_without_end_is_stopped(gateway):
    name = b"\x00\x07x-large\x7f\x81\x7f" + b"v" * 16_000
    flood = frame(HEADERS, 0, 1, b"\x82") + frame(CONTINUATION, 0, 1, name[:16384]) * 200
    assert is_shown_out(gateway.address, HELLO + flood)


def test_more_streams_than_announced_are_refused_one_by_one(gateway, body):
    with Connection(gateway.address) as connection:
        assert connection.pump(lambda: connection.h2.remote_settings.max_concurrent_streams < 2**31)
        limit = connection.h2.remote_settings.max_concurrent_streams
        assert 1 <= limit <= 10_000


def test_peers_that_stop_half_way_hold_nobody_up(gateway, body):
    halves = [connect(gateway.address) for _ in range(100)]
    try:
        for index, half in enumerate(halves):
            half.sendall((HELLO + frame(HEADERS, 0, 1, b"\x82"))[: index + 1])
        with Connection(gateway.address) as connection:
            assert connection.call("GetPendingJobExecutions", body).grpc_status == 0
    finally:
        for half in halves:
            half.close()


@pytest.mark.parametrize("seed", range(20))
def test_noise_never_ends_the_program(gateway, seed):
    noise = random.Random(seed)
    frames = b"".join(
        frame(
            noise.randrange(12),
            noise.randrange(256),
            noise.randrange(8),
            noise.randbytes(noise.randrange(64)),
        )
        for _ in range(50)
    )
    converse(gateway.address, HELLO + frames, seconds=0.3)
    converse(gateway.address, HELLO + noise.randbytes(400), seconds=0.3)
    converse(gateway.address, os.urandom(400), seconds=0.3)
    assert gateway.process.poll() is None
