# SPDX-License-Identifier: Apache-2.0
"""Metadata as callers send it, by the rules and against them (PROTOCOL-HTTP2.md, "Requests")."""

from __future__ import annotations

import grpc
import pytest

from aws import create_job
from callers import pending
from failures import HERE, failing
from stubs import SERVICE, rpc
from wire import Connection, Reply, message

OK, INVALID_ARGUMENT, RESOURCE_EXHAUSTED, UNIMPLEMENTED, INTERNAL = 0, 3, 8, 12, 13
PROTOCOL_ERROR = 1


@pytest.fixture(scope="module")
def body(iot) -> bytes:
    create_job(iot, "metadata-job", "metadata-thing")
    return message(pending("metadata-thing").SerializeToString())


def ask(connection: Connection, body: bytes, headers) -> Reply:
    return connection.call("GetPendingJobExecutions", body, headers=headers)


@pytest.mark.parametrize(
    "value", ["", "AAAA", "AA", "AA==", "AAA", "AAA=", "+/+/", "AA,AA==", "AAAA,"]
)
def test_binary_metadata_is_base64_padded_or_not(connection, body, value):
    assert ask(connection, body, {"x-trace-bin": value}).grpc_status == OK


@pytest.mark.parametrize("name", ["x-trace-bin", "grpc-trace-bin", "a-bin"])
@pytest.mark.parametrize("value", ["A", "AA=", "AA===", "A A", "-_-_", "====", b"\xff\xfe"])
def test_binary_metadata_that_is_no_base64_is_refused(connection, body, name, value):
    reply = ask(connection, body, {name: value})
    assert (reply.headers[":status"], reply.grpc_status) == ("200", INVALID_ARGUMENT)
    assert name in reply.metadata["grpc-message"]


def test_grpcios_binary_metadata_is_taken(stub):
    request = pending("metadata-thing")
    metadata = [("blob-bin", bytes(range(256))), ("empty-bin", b"")]
    stub.GetPendingJobExecutions(request, metadata=metadata, timeout=20)


@pytest.mark.parametrize("value", [b"\xff\xfe", b"caf\xe9", b"\xc3(", b"\x80" * 100, b"a\tb"])
@pytest.mark.parametrize(
    "name", ["x-anything", "user-agent", "x-request-id", "traceparent", "tracestate"]
)
def test_bytes_that_are_no_text_do_no_harm(connection, body, name, value):
    """Valid in HTTP, so they "must not error" (PROTOCOL-HTTP2.md); one Python server dies of it."""
    reply = ask(connection, body, {name: value})
    assert reply.grpc_status == OK
    assert reply.metadata["x-request-id"].isascii()


@pytest.mark.parametrize(
    ("name", "http", "status"),
    [
        (":path", "200", UNIMPLEMENTED),
        ("content-type", "415", None),
        ("grpc-timeout", "200", INVALID_ARGUMENT),
        ("grpc-encoding", "200", UNIMPLEMENTED),
    ],
)
def test_bytes_that_are_no_text_are_refused_where_words_are_wanted(
    connection, body, name, http, status
):
    reply = ask(connection, body, {name: b"/\xff\xfe"})
    assert (reply.headers[":status"], reply.grpc_status) == (http, status)
    assert ask(connection, body, {}).grpc_status == OK


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("grpc-status", "5"),
        ("grpc-message", "no"),
        ("grpc-status-details-bin", "AAAA"),
        ("grpc-previous-rpc-attempts", "3"),
        ("grpc-future-invention", "on"),
        ("grpc-retry-pushback-ms", "-1"),
        ("x-amzn-requestid", "mine"),
        ("x-cache", "hit"),
        ("content-length", None),
        ("x-gateway-replayed", "true"),
    ],
)
def test_reserved_names_mean_nothing_in_a_request(connection, body, name, value):
    value = str(len(body)) if value is None else value
    reply = ask(connection, body, {name: value})
    assert reply.grpc_status == OK
    assert name == "content-length" or reply.metadata.get(name) != value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("connection", "close"),
        ("keep-alive", "5"),
        ("proxy-connection", "close"),
        ("transfer-encoding", "chunked"),
        ("upgrade", "h2c"),
        ("X-Upper", "case"),
        ("x space", "x"),
        ("x-null", "a\0b"),
        ("x-line", "a\r\nb: c"),
        (":status", "200"),
        (":unknown", "x"),
        ("", "x"),
        ("content-length", "5"),
        ("content-length", "many"),
    ],
)
def test_what_http2_forbids_resets_its_stream_and_no_other(connection, body, name, value):
    """RFC 9113 sections 8.1.1 and 8.2: malformed, a stream error of type PROTOCOL_ERROR."""
    # h2 would tidy up what is wrong.
    connection.h2.config.normalize_outbound_headers = False
    other = connection.request(end=False)
    reply = ask(connection, body, {name: value})
    assert reply.reset == PROTOCOL_ERROR and not reply.data
    connection.send(other, body)
    assert connection.reply(other).grpc_status == OK


def test_te_is_required(connection, body):
    assert ask(connection, body, {"te": None}).grpc_status == INTERNAL
    for te in "gzip", "trailers, gzip":
        # Malformed in HTTP/2 (RFC 9113 section 8.2.2).
        assert ask(connection, body, {"te": te}).reset == PROTOCOL_ERROR


def test_the_same_name_twice_is_no_harm(connection, body):
    stream = connection.h2.get_next_available_stream_id()
    fields = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", f"/{SERVICE}/GetPendingJobExecutions"),
        (":authority", "gateway.test"),
        ("te", "trailers"),
        ("content-type", "application/grpc"),
        *[("x-twice", "1"), ("x-twice", "2"), ("b-bin", "AA"), ("b-bin", "AAA=")],
    ]
    connection.h2.send_headers(stream, fields)
    connection.replies[stream] = Reply()
    connection.send(stream, body)
    assert connection.reply(stream).grpc_status == OK


def test_too_much_metadata_is_told(gateway):
    with grpc.insecure_channel(
        gateway.address, [("grpc.absolute_max_metadata_size", 1 << 20)]
    ) as channel:
        call = rpc.JobsDataPlaneServiceStub(channel).GetPendingJobExecutions
        with failing(grpc.StatusCode.RESOURCE_EXHAUSTED, "HEADERS_TOO_LARGE", HERE):
            call(pending("t"), metadata=[("x-large", "v" * 17_000)], timeout=20)
        with failing(grpc.StatusCode.RESOURCE_EXHAUSTED, "HEADERS_TOO_LARGE", HERE):
            call(pending("t"), metadata=[(f"x-{n}", "v") for n in range(130)], timeout=20)


def test_how_much_metadata_can_be_said(emulator, start, iot, body):
    flags = ["--metadata-limit-bytes", "2048", "--metadata-limit-fields", "16"]
    gateway = start(emulator.url, *flags)
    with Connection(gateway.address) as connection:
        assert ask(connection, body, {"x-large": "v" * 1_000}).grpc_status == OK
        assert ask(connection, body, {"x-large": "v" * 2_000}).grpc_status == RESOURCE_EXHAUSTED
        few = {f"x-{number}": "v" for number in range(8)}
        assert ask(connection, body, few).grpc_status == OK
        many = {f"x-{number}": "v" for number in range(20)}
        assert ask(connection, body, many).grpc_status == RESOURCE_EXHAUSTED
        # What is no gRPC is told in HTTP's words.
        reply = ask(connection, body, {**many, "content-type": "text/plain"})
        assert reply.headers[":status"] in ("415", "431")
