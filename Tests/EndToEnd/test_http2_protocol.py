# SPDX-License-Identifier: Apache-2.0
"""What RFC 9113 forbids a client. Each is called the error that the section names.

Sections 3 to 5: the connection, its frames, and the states of streams.
"""

from __future__ import annotations

from h2spec import Case, every
from http2_peer import (
    COMPRESSION_ERROR,
    END_HEADERS,
    END_STREAM,
    FRAME_SIZE_ERROR,
    HEADERS,
    INITIAL_WINDOW_SIZE,
    MAX_CONCURRENT_STREAMS,
    PING,
    PRIORITIZED,
    PROTOCOL_ERROR,
    REFUSED_STREAM,
    SETTINGS,
    STREAM_CLOSED,
    Peer,
    alive,
    answered,
    closed,
    connection_error,
    continuation,
    data,
    dependency,
    ping,
    priority,
    reset,
    settings,
    stream_error,
    window_update,
)
from wire import PREFACE, frame
from h2spec_scripts import UNKNOWN, dummy, gone, gone_and_again, opens


def _begins_with_settings(peer: Peer) -> None:
    peer.expect(lambda one: True)
    assert (peer.received[0].kind, peer.received[0].flags) == (SETTINGS, 0)


STARTING = [
    Case(
        "http2/3.5",
        1,
        "the server's preface comes first",
        lambda p: [PREFACE + settings()],
        _begins_with_settings,
        greets=False,
    ),
    Case(
        "http2/3.5",
        2,
        "an invalid preface",
        lambda p: [b"INVALID CONNECTION PREFACE\r\n\r\n"],
        closed,
        greets=False,
    ),
]

FRAMES = [
    Case("http2/4.1", 1, "a frame of unknown type", lambda p: [UNKNOWN], alive),
    Case(
        "http2/4.1",
        2,
        "a frame with undefined flags",
        lambda p: [ping(b"flagged!", flags=0x16)],
        lambda p: p.expect(lambda one: one.kind == PING and one.payload == b"flagged!"),
    ),
    Case(
        "http2/4.1",
        3,
        "a frame with the reserved bit",
        lambda p: [frame(PING, 0x16, 1 << 31, b"reserved")],
        lambda p: p.expect(lambda one: one.kind == PING and one.payload == b"reserved"),
    ),
    Case(
        "http2/4.2",
        1,
        "a DATA frame of 2^14 bytes",
        lambda p: [opens(p), data(1, b"x" * 16_384)],
        answered(),
    ),
    Case(
        "http2/4.2",
        2,
        "a DATA frame over SETTINGS_MAX_FRAME_SIZE",
        lambda p: [opens(p), data(1, b"x" * 16_385)],
        stream_error(FRAME_SIZE_ERROR),
    ),
    Case(
        "http2/4.2",
        3,
        "a HEADERS frame over SETTINGS_MAX_FRAME_SIZE",
        lambda p: [p.headers(fields=[*p.fields(), *((f"x-{n}", "x" * 4000) for n in range(5))])],
        connection_error(FRAME_SIZE_ERROR),
    ),
    Case(
        "http2/4.3",
        1,
        "an invalid header block",
        lambda p: [frame(HEADERS, END_HEADERS | END_STREAM, 1, b"\x40")],
        connection_error(COMPRESSION_ERROR),
    ),
    Case(
        "http2/4.3",
        2,
        "PRIORITY within a header block",
        lambda p: [p.headers(flags=0, end=False), priority(1), continuation(1, dummy(p))],
        connection_error(PROTOCOL_ERROR),
    ),
    Case(
        "http2/4.3",
        3,
        "HEADERS of another stream within a header block",
        lambda p: [p.headers(flags=0, end=False), p.headers(3), continuation(1, dummy(p))],
        connection_error(PROTOCOL_ERROR),
    ),
]

STREAM_STATES = [
    Case("http2/5.1", 1, "idle: DATA", lambda p: [data(1)], connection_error(PROTOCOL_ERROR)),
    Case(
        "http2/5.1", 2, "idle: RST_STREAM", lambda p: [reset(1)], connection_error(PROTOCOL_ERROR)
    ),
    Case(
        "http2/5.1",
        3,
        "idle: WINDOW_UPDATE",
        lambda p: [window_update(1, 100)],
        connection_error(PROTOCOL_ERROR),
    ),
    Case(
        "http2/5.1",
        4,
        "idle: CONTINUATION",
        lambda p: [continuation(1, p.block(p.fields()))],
        connection_error(PROTOCOL_ERROR),
    ),
    Case(
        "http2/5.1",
        5,
        "half-closed (remote): DATA",
        lambda p: [p.headers(), data(1)],
        stream_error(STREAM_CLOSED),
    ),
    Case(
        "http2/5.1",
        6,
        "half-closed (remote): HEADERS",
        lambda p: [p.headers(), p.headers()],
        stream_error(STREAM_CLOSED),
    ),
    Case(
        "http2/5.1",
        7,
        "half-closed (remote): CONTINUATION",
        lambda p: [p.headers(), continuation(1, dummy(p))],
        stream_error(STREAM_CLOSED, PROTOCOL_ERROR),
    ),
    Case(
        "http2/5.1",
        8,
        "closed: DATA after RST_STREAM",
        lambda p: [opens(p), reset(1), data(1)],
        stream_error(STREAM_CLOSED),
    ),
    Case(
        "http2/5.1",
        9,
        "closed: HEADERS after RST_STREAM",
        lambda p: [opens(p), reset(1), p.headers()],
        stream_error(STREAM_CLOSED),
    ),
    Case(
        "http2/5.1",
        10,
        "closed: CONTINUATION after RST_STREAM",
        lambda p: [opens(p), reset(1), continuation(1, dummy(p))],
        stream_error(STREAM_CLOSED, PROTOCOL_ERROR),
    ),
    Case(
        "http2/5.1",
        11,
        "closed: DATA",
        lambda p: gone(p, data(1)),
        connection_error(STREAM_CLOSED),
    ),
    Case(
        "http2/5.1",
        12,
        "closed: HEADERS",
        gone_and_again,
        connection_error(STREAM_CLOSED),
    ),
    Case(
        "http2/5.1",
        13,
        "closed: CONTINUATION",
        lambda p: gone(p, continuation(1, dummy(p))),
        connection_error(STREAM_CLOSED, PROTOCOL_ERROR),
    ),
]


def _too_many(p: Peer):
    yield settings((INITIAL_WINDOW_SIZE, 0))
    for index in range(p.settings[MAX_CONCURRENT_STREAMS] + 1):
        yield p.headers(2 * index + 1)


def _refused(peer: Peer) -> None:
    last = 2 * peer.settings[MAX_CONCURRENT_STREAMS] + 1
    stream_error(REFUSED_STREAM, PROTOCOL_ERROR, stream=last)(peer)


IDENTIFIERS = [
    Case(
        "http2/5.1.1",
        1,
        "an even stream identifier",
        lambda p: [p.headers(2)],
        connection_error(PROTOCOL_ERROR),
    ),
    Case(
        "http2/5.1.1",
        2,
        "a stream identifier lower than the last",
        lambda p: [p.headers(5), p.headers(3)],
        connection_error(PROTOCOL_ERROR),
    ),
    Case("http2/5.1.2", 1, "more streams than announced", _too_many, _refused),
    Case(
        "http2/5.3.1",
        1,
        "HEADERS that depend on themselves",
        lambda p: [p.headers(flags=END_HEADERS | PRIORITIZED, before=dependency(on=1))],
        stream_error(PROTOCOL_ERROR),
    ),
    Case(
        "http2/5.3.1",
        2,
        "PRIORITY that depends on itself",
        lambda p: [priority(1, on=1)],
        stream_error(PROTOCOL_ERROR),
    ),
    Case(
        "http2/5.4.1",
        1,
        "a connection error ends the connection",
        lambda p: [frame(PING, 0, 3, bytes(8))],
        closed,
    ),
    Case(
        "http2/5.4.1",
        2,
        "a connection error is told in a GOAWAY",
        lambda p: [frame(PING, 0, 3, bytes(8))],
        connection_error(PROTOCOL_ERROR),
    ),
    Case("http2/5.5", 1, "an unknown extension frame", lambda p: [UNKNOWN], alive),
    Case(
        "http2/5.5",
        2,
        "an unknown extension frame within a header block",
        lambda p: [p.headers(flags=0) + UNKNOWN],
        connection_error(PROTOCOL_ERROR),
    ),
]


@every(STARTING + FRAMES + STREAM_STATES + IDENTIFIERS)
def test_what_is_forbidden_is_called_by_its_name(peer, case, apart):
    case.run(peer, apart=apart)
