# SPDX-License-Identifier: Apache-2.0
"""What RFC 9113 forbids a client. Each is called the error that the section names.

Section 8: HTTP semantics; and what the list of cases does not ask.
"""

from __future__ import annotations

import test_http2_frames as frames
import test_http2_generic as generic
import test_http2_hpack as compression
import test_http2_protocol as protocol
from h2spec import Case, every
from http2_peer import (
    ACK,
    END_HEADERS,
    INITIAL_WINDOW_SIZE,
    PROTOCOL_ERROR,
    PUSH_PROMISE,
    SETTINGS,
    STREAM_CLOSED,
    Peer,
    alive,
    answered,
    connection_error,
    data,
    priority,
    reset,
    settings,
    stream_error,
    window_update,
)
from wire import frame
from h2spec_scripts import gone, opens


def _extra(p: Peer, *fields: tuple[str, str]) -> list[bytes]:
    return [p.headers(fields=[*p.fields(), *fields])]


def _malformed(section: str, number: int, title: str, script) -> Case:
    return Case(f"http2/{section}", number, title, script, stream_error(PROTOCOL_ERROR))


MESSAGES = [
    _malformed(
        "8.1",
        1,
        "a second HEADERS frame without END_STREAM",
        lambda p: [opens(p), data(1, end=False), p.headers(fields=[("x-test", "ok")], end=False)],
    ),
    _malformed("8.1.2", 1, "a field name in capitals", lambda p: _extra(p, ("X-TEST", "ok"))),
    _malformed("8.1.2.1", 1, "an unknown pseudo-header", lambda p: _extra(p, (":test", "ok"))),
    _malformed(
        "8.1.2.1", 2, "a pseudo-header of responses", lambda p: _extra(p, (":status", "200"))
    ),
    _malformed(
        "8.1.2.1",
        3,
        "a pseudo-header in trailers",
        lambda p: [
            opens(p),
            data(1, end=False),
            p.headers(fields=[(":method", "POST")]),
        ],
    ),
    _malformed(
        "8.1.2.1",
        4,
        "a pseudo-header after a field",
        lambda p: [p.headers(fields=[("x-test", "ok"), *p.fields()])],
    ),
    _malformed(
        "8.1.2.2",
        1,
        "a connection-specific field",
        lambda p: _extra(p, ("connection", "keep-alive")),
    ),
    _malformed(
        "8.1.2.2",
        2,
        "TE with another value than trailers",
        lambda p: _extra(p, ("trailers", "test"), ("te", "trailers, deflate")),
    ),
    _malformed("8.1.2.3", 1, "an empty :path", lambda p: [p.headers(fields=p.fields(path=""))]),
    _malformed("8.1.2.3", 2, "no :method", lambda p: [p.headers(fields=p.fields(method=None))]),
    _malformed("8.1.2.3", 3, "no :scheme", lambda p: [p.headers(fields=p.fields(scheme=None))]),
    _malformed("8.1.2.3", 4, "no :path", lambda p: [p.headers(fields=p.fields(path=None))]),
    _malformed("8.1.2.3", 5, "two :method", lambda p: _extra(p, (":method", "GET"))),
    _malformed("8.1.2.3", 6, "two :scheme", lambda p: _extra(p, (":scheme", p.scheme))),
    _malformed("8.1.2.3", 7, "two :path", lambda p: _extra(p, (":path", "/"))),
    _malformed(
        "8.1.2.6",
        1,
        "a content-length that DATA does not keep",
        lambda p: [opens(p, ("content-length", "1")), data(1)],
    ),
    _malformed(
        "8.1.2.6",
        2,
        "a content-length that several DATA do not keep",
        lambda p: [opens(p, ("content-length", "1")), data(1, end=False), data(1)],
    ),
    Case(
        "http2/8.2",
        1,
        "PUSH_PROMISE",
        lambda p: [frame(PUSH_PROMISE, END_HEADERS, 1, (3).to_bytes(4) + p.block(p.fields()))],
        connection_error(PROTOCOL_ERROR),
    ),
]

# Beyond h2spec's list.
BEYOND = [
    Case(
        "beyond/5.1",
        1,
        "closed: DATA after the server's own reset is ignored",
        lambda p: [p.headers(fields=[*p.fields("POST"), (":late", "x")], end=False), data(1)],
        stream_error(PROTOCOL_ERROR, fatal=False),
    ),
    Case(
        "beyond/5.1",
        2,
        "closed: trailers after the server's own reset are ignored",
        lambda p: [
            p.headers(fields=[*p.fields("POST"), (":late", "x")], end=False),
            p.headers(fields=[("x-trailer", "x")]),
        ],
        stream_error(PROTOCOL_ERROR, fatal=False),
    ),
    Case(
        "beyond/5.1",
        3,
        "closed: WINDOW_UPDATE, RST_STREAM and PRIORITY may still come",
        lambda p: gone(p, window_update(1, 1), priority(1), reset(1)),
        alive,
    ),
    Case(
        "beyond/5.1.1",
        1,
        "a skipped identifier may not be used later",
        lambda p: [p.headers(9), p.headers(11), p.headers(5)],
        connection_error(PROTOCOL_ERROR),
    ),
    Case(
        "beyond/6.5",
        1,
        "a SETTINGS acknowledgement that nobody asked for",
        lambda p: [frame(SETTINGS, ACK, 0)],
        connection_error(PROTOCOL_ERROR),
    ),
    Case(
        "beyond/5.1",
        4,
        "half-closed (remote), its answer not out: DATA",
        lambda p: [settings((INITIAL_WINDOW_SIZE, 0)), p.headers(), data(1)],
        connection_error(STREAM_CLOSED),
    ),
    Case(
        "beyond/5.1",
        5,
        "a request that goes on after its answer may end",
        lambda p: [opens(p), data(1, b"x" * 9000, end=False), data(1, b"x" * 9000), p.headers(3)],
        answered(3),
    ),
    Case(
        "beyond/8.3",
        1,
        "a field value with a NUL",
        lambda p: _extra(p, ("x-test", "a\0b")),
        stream_error(PROTOCOL_ERROR),
    ),
]


@every(MESSAGES)
def test_what_is_forbidden_is_called_by_its_name(peer, case, apart):
    case.run(peer, apart=apart)


@every(BEYOND)
def test_what_the_list_does_not_ask(peer, case, apart):
    case.run(peer, apart=apart)


def test_the_lists_are_h2specs():
    """146 cases, and the one that only its strict mode has."""
    asked = [
        *(generic.STREAMS, generic.FRAMES, generic.MESSAGES, generic.HPACK),
        *(protocol.STARTING, protocol.FRAMES, protocol.STREAM_STATES, protocol.IDENTIFIERS),
        *(frames.DEFINITIONS, frames.SETTINGS_CASES, frames.FLOW_CONTROL),
        *(MESSAGES, compression.LISTED),
    ]
    names = [f"{case.section}/{case.number}" for cases in asked for case in cases]
    assert len(set(names)) == len(names) == 147
