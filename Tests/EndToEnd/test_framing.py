# SPDX-License-Identifier: Apache-2.0
"""One call's frames in every shape that HTTP/2 allows, and at any pace."""

from __future__ import annotations

import socket

import h2.config
import h2.connection
import hpack
import pytest

from aws import create_job
from callers import pending
from stubs import SERVICE, pb
from wire import PREFACE, Connection, connect, frame, message

OK, UNIMPLEMENTED, INTERNAL = 0, 12, 13
PROTOCOL_ERROR = 1
DATA, HEADERS, SETTINGS, CONTINUATION = 0, 1, 4, 9
END_STREAM, END_HEADERS = 1, 4

FIELDS = [
    (":method", "POST"),
    (":scheme", "http"),
    (":path", f"/{SERVICE}/GetPendingJobExecutions"),
    (":authority", "gateway.test"),
    ("te", "trailers"),
    ("content-type", "application/grpc"),
]


@pytest.fixture(scope="module")
def body(iot) -> bytes:
    create_job(iot, "framing-job", "framing-thing")
    return message(pending("framing-thing").SerializeToString())


def is_served(connection: Connection, stream: int) -> bool:
    reply = connection.reply(stream)
    assert reply.grpc_status == OK, reply
    return len(pb.GetPendingJobExecutionsResponse.FromString(reply.message).queued_jobs) == 1


def read_until(raw: socket.socket, word: bytes) -> bytes:
    """What comes until a word does, or nothing more."""
    answered = b""
    while word not in answered and (part := raw.recv(65536)):
        answered += part
    return answered


def test_a_whole_connection_may_come_byte_by_byte(gateway, body):
    client = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
    client.initiate_connection()
    client.send_headers(1, FIELDS)
    client.send_data(1, body, end_stream=True)
    data = client.data_to_send()
    with Connection(gateway.address) as busy, connect(gateway.address) as slow:
        for position in range(len(data)):
            slow.sendall(data[position : position + 1])
            # Whoever is slow slows nobody else.
            if position % 40 == 0:
                assert is_served(busy, busy.request(body=body))
        assert b"framing-job" in read_until(slow, b"framing-job")


def test_frames_may_be_padded(connection, body):
    stream = connection.request(end=False)
    for position in range(len(body)):
        part = body[position : position + 1]
        last = position == len(body) - 1
        connection.h2.send_data(stream, part, end_stream=last, pad_length=255)
    connection.flush()
    assert is_served(connection, stream)


def test_a_header_block_may_be_continued(gateway, body):
    block = hpack.Encoder().encode(FIELDS)
    step = len(block) // 6
    first, *middle, last = (block[start : start + step] for start in range(0, len(block), step))
    frames = frame(HEADERS, 0, 1, first)
    frames += b"".join(frame(CONTINUATION, 0, 1, part) for part in middle)
    frames += frame(CONTINUATION, END_HEADERS, 1, last) + frame(DATA, END_STREAM, 1, body)
    with connect(gateway.address) as raw:
        raw.sendall(PREFACE + frame(SETTINGS, 0, 0) + frames)
        assert b"framing-job" in read_until(raw, b"framing-job")


def test_trailers_of_a_request_mean_nothing(connection, body):
    stream = connection.request(end=False)
    connection.send(stream, body, end=False)
    connection.h2.send_headers(stream, [("x-trailer", "1"), ("grpc-status", "5")], end_stream=True)
    connection.flush()
    assert is_served(connection, stream)


def test_trailers_that_end_nothing_are_malformed(connection, body):
    stream = connection.request(end=False)
    block = connection.h2.encoder.encode([("x-trailer", "1")])
    connection.socket.sendall(frame(HEADERS, END_HEADERS, stream, block))
    assert connection.reply(stream).reset == PROTOCOL_ERROR
    assert is_served(connection, connection.request(body=body))


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (None, UNIMPLEMENTED),
        (b"", UNIMPLEMENTED),
        (b"\0", INTERNAL),
        (message(b"ab")[:-1], INTERNAL),
        (message(b"") * 2, UNIMPLEMENTED),
    ],
    ids=["none", "empty", "prefix", "cut", "two"],
)
def test_an_end_by_trailers_is_an_end(connection, body, status):
    stream = connection.request(end=False)
    if body is not None:
        connection.send(stream, body, end=False)
    connection.h2.send_headers(stream, [("x-trailer", "1")], end_stream=True)
    connection.flush()
    assert connection.reply(stream).grpc_status == status


def test_what_comes_after_the_message_is_refused_at_once(connection, body):
    """The second message's first byte is one too many; its end need not be waited for."""
    stream = connection.request(end=False)
    connection.send(stream, body + b"\0", end=False)
    assert connection.reply(stream).grpc_status == UNIMPLEMENTED


@pytest.mark.parametrize("flag", [1, 2, 0x80, 0xFF])
def test_a_wrong_flag_is_refused_at_its_first_byte(connection, flag):
    stream = connection.request(end=False)
    connection.send(stream, bytes([flag]), end=False)
    assert connection.reply(stream).grpc_status == INTERNAL


@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD", "OPTIONS", "post", "POST "])
def test_only_post_is_a_call(connection, body, method):
    connection.h2.config.normalize_outbound_headers = False
    reply = connection.call("GetPendingJobExecutions", body, headers={":method": method})
    assert reply.reset == PROTOCOL_ERROR or reply.headers[":status"] == "405"
    assert is_served(connection, connection.request(body=body))
