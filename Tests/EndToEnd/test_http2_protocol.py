# SPDX-License-Identifier: Apache-2.0
"""What RFC 9113 forbids a client. Each is called the error that the section names."""

from __future__ import annotations

from h2spec import Case, every
from http2_peer import (
    ACK,
    COMPRESSION_ERROR,
    DATA,
    ENABLE_PUSH,
    END_HEADERS,
    END_STREAM,
    FLOW_CONTROL_ERROR,
    FRAME_SIZE_ERROR,
    HEADERS,
    INITIAL_WINDOW_SIZE,
    MAX_CONCURRENT_STREAMS,
    MAX_FRAME_SIZE,
    PADDED,
    PING,
    PRIORITIZED,
    PRIORITY,
    PROTOCOL_ERROR,
    PUSH_PROMISE,
    REFUSED_STREAM,
    RST_STREAM,
    SETTINGS,
    STREAM_CLOSED,
    WINDOW_UPDATE,
    Peer,
    alive,
    answered,
    closed,
    connection_error,
    continuation,
    data,
    dependency,
    goaway,
    ping,
    priority,
    reset,
    settings,
    stream_error,
    window_update,
)
from wire import PREFACE, frame

UNKNOWN = frame(0x16, 0, 0, bytes(8))
LARGEST = 2**31 - 1


def dummy(peer: Peer) -> bytes:
    return peer.block([("x-dummy", "x" * 4000)])


def _opens(p: Peer, *more: tuple[str, str], stream: int = 1) -> bytes:
    return p.headers(stream, [*p.fields("POST"), *more], end=False)


def _gone(p: Peer, *then: bytes):
    """A stream that both ends have ended, and what comes after."""
    yield p.headers()
    p.expect(lambda one: one.ends_stream)
    yield from then


def _gone_and_again(p: Peer):
    yield from _gone(p)
    yield p.headers()


def _begins_with_settings(peer: Peer) -> None:
    peer.expect(lambda one: True)
    assert (peer.received[0].kind, peer.received[0].flags) == (SETTINGS, 0)


def _first_data_of(length: int, place: int = 0):
    """The DATA frame at this place has this length."""

    def judge(peer: Peer) -> None:
        def frames() -> list[int]:
            return [len(one.payload) for one in peer.received if one.kind == DATA]

        peer.expect(lambda _: len(frames()) > place)
        assert frames()[place] == length

    return judge


def _no_echo(peer: Peer) -> None:
    alive(peer)
    assert not [one for one in peer.received if one.payload == b"invalid!"]


def _acknowledged_again(peer: Peer) -> None:
    def count() -> int:
        return sum(one.kind == SETTINGS and bool(one.flags & ACK) for one in peer.received)

    peer.expect(lambda _: count() >= 2)


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
        lambda p: [_opens(p), data(1, b"x" * 16_384)],
        answered(),
    ),
    Case(
        "http2/4.2",
        2,
        "a DATA frame over SETTINGS_MAX_FRAME_SIZE",
        lambda p: [_opens(p), data(1, b"x" * 16_385)],
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
        lambda p: [_opens(p), reset(1), data(1)],
        stream_error(STREAM_CLOSED),
    ),
    Case(
        "http2/5.1",
        9,
        "closed: HEADERS after RST_STREAM",
        lambda p: [_opens(p), reset(1), p.headers()],
        stream_error(STREAM_CLOSED),
    ),
    Case(
        "http2/5.1",
        10,
        "closed: CONTINUATION after RST_STREAM",
        lambda p: [_opens(p), reset(1), continuation(1, dummy(p))],
        stream_error(STREAM_CLOSED, PROTOCOL_ERROR),
    ),
    Case(
        "http2/5.1",
        11,
        "closed: DATA",
        lambda p: _gone(p, data(1)),
        connection_error(STREAM_CLOSED),
    ),
    Case(
        "http2/5.1",
        12,
        "closed: HEADERS",
        _gone_and_again,
        connection_error(STREAM_CLOSED),
    ),
    Case(
        "http2/5.1",
        13,
        "closed: CONTINUATION",
        lambda p: _gone(p, continuation(1, dummy(p))),
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

DEFINITIONS = [
    Case("http2/6.1", 1, "DATA on stream 0", lambda p: [data(0)], connection_error(PROTOCOL_ERROR)),
    Case(
        "http2/6.1",
        2,
        "DATA on a stream that is not open",
        lambda p: [p.headers(fields=p.fields("POST")), data(1)],
        stream_error(STREAM_CLOSED),
    ),
    Case(
        "http2/6.1",
        3,
        "DATA with too much padding",
        lambda p: [
            _opens(p, ("content-length", "4")),
            frame(DATA, END_STREAM | PADDED, 1, b"\x06Test"),
        ],
        connection_error(PROTOCOL_ERROR),
    ),
    Case(
        "http2/6.2",
        1,
        "HEADERS without END_HEADERS, then PRIORITY",
        lambda p: [p.headers(flags=0, end=False), priority(1), continuation(1, dummy(p))],
        connection_error(PROTOCOL_ERROR),
    ),
    Case(
        "http2/6.2",
        2,
        "HEADERS without END_HEADERS, then HEADERS of another stream",
        lambda p: [p.headers(flags=0, end=False), p.headers(3), continuation(1, dummy(p))],
        connection_error(PROTOCOL_ERROR),
    ),
    Case(
        "http2/6.2",
        3,
        "HEADERS on stream 0",
        lambda p: [p.headers(0)],
        connection_error(PROTOCOL_ERROR),
    ),
    Case(
        "http2/6.2",
        4,
        "HEADERS with too much padding",
        lambda p: [p.headers(flags=END_HEADERS | PADDED, before=b"\xff")],
        stream_error(PROTOCOL_ERROR),
    ),
    Case(
        "http2/6.3",
        1,
        "PRIORITY on stream 0",
        lambda p: [priority(0)],
        connection_error(PROTOCOL_ERROR),
    ),
    Case(
        "http2/6.3",
        2,
        "PRIORITY of another length than 5",
        lambda p: [p.headers(), frame(PRIORITY, 0, 1, b"\x80\x00\x00\x01")],
        stream_error(FRAME_SIZE_ERROR),
    ),
    Case(
        "http2/6.4",
        1,
        "RST_STREAM on stream 0",
        lambda p: [reset(0)],
        connection_error(PROTOCOL_ERROR),
    ),
    Case(
        "http2/6.4",
        2,
        "RST_STREAM on an idle stream",
        lambda p: [reset(1)],
        connection_error(PROTOCOL_ERROR),
    ),
    Case(
        "http2/6.4",
        3,
        "RST_STREAM of another length than 4",
        lambda p: [p.headers(), frame(RST_STREAM, 0, 1, bytes(3))],
        connection_error(FRAME_SIZE_ERROR),
    ),
    Case(
        "http2/6.7",
        1,
        "PING is answered with its payload",
        lambda p: [ping(b"h2spec\0\0")],
        lambda p: p.expect(
            lambda one: one.kind == PING and one.flags == ACK and one.payload == b"h2spec\0\0"
        ),
    ),
    Case(
        "http2/6.7",
        2,
        "PING with ACK is not answered",
        lambda p: [ping(b"invalid!", flags=ACK), ping(b"h2spec\0\0")],
        _no_echo,
    ),
    Case(
        "http2/6.7",
        3,
        "PING on a stream",
        lambda p: [frame(PING, 0, 1, bytes(8))],
        connection_error(PROTOCOL_ERROR),
    ),
    Case(
        "http2/6.7",
        4,
        "PING of another length than 8",
        lambda p: [frame(PING, 0, 0, bytes(6))],
        connection_error(FRAME_SIZE_ERROR),
    ),
    Case(
        "http2/6.8",
        1,
        "GOAWAY on a stream",
        lambda p: [goaway(stream=1)],
        connection_error(PROTOCOL_ERROR),
    ),
    Case(
        "http2/6.10",
        1,
        "several CONTINUATION frames",
        lambda p: [
            p.headers(flags=0),
            continuation(1, dummy(p), end=False),
            continuation(1, dummy(p)),
        ],
        answered(),
    ),
    Case(
        "http2/6.10",
        2,
        "CONTINUATION, then DATA",
        lambda p: [p.headers(flags=0, end=False), continuation(1, dummy(p), end=False) + data(1)],
        connection_error(PROTOCOL_ERROR),
    ),
    Case(
        "http2/6.10",
        3,
        "CONTINUATION on stream 0",
        lambda p: [p.headers(flags=0), continuation(0, dummy(p))],
        connection_error(PROTOCOL_ERROR),
    ),
    Case(
        "http2/6.10",
        4,
        "CONTINUATION after HEADERS with END_HEADERS",
        lambda p: [p.headers(), continuation(1, dummy(p))],
        connection_error(PROTOCOL_ERROR),
    ),
    Case(
        "http2/6.10",
        5,
        "CONTINUATION after CONTINUATION with END_HEADERS",
        lambda p: [p.headers(flags=0), continuation(1, dummy(p)), continuation(1, dummy(p))],
        connection_error(PROTOCOL_ERROR),
    ),
    Case(
        "http2/6.10",
        6,
        "CONTINUATION after DATA",
        lambda p: [_opens(p), data(1), continuation(1, dummy(p), end=False)],
        connection_error(PROTOCOL_ERROR),
    ),
    Case(
        "http2/7",
        1,
        "GOAWAY with an unknown code",
        lambda p: [goaway(0xFF)],
        closed,
    ),
    Case(
        "http2/7",
        2,
        "RST_STREAM with an unknown code",
        lambda p: [_opens(p), reset(1, 0xFF)],
        alive,
    ),
]

SETTINGS_CASES = [
    Case(
        "http2/6.5",
        1,
        "SETTINGS with ACK and a payload",
        lambda p: [frame(SETTINGS, ACK, 0, b"\0")],
        connection_error(FRAME_SIZE_ERROR),
    ),
    Case(
        "http2/6.5",
        2,
        "SETTINGS on a stream",
        lambda p: [frame(SETTINGS, 0, 1, b"\x00\x03\x00\x00\x00\x64")],
        connection_error(PROTOCOL_ERROR),
    ),
    Case(
        "http2/6.5",
        3,
        "SETTINGS of a length that is no multiple of 6",
        lambda p: [
            b"\x00\x00\x09" + frame(SETTINGS, 0, 0, b"\x00\x03\x00\x00\x00\x64\x00\x02")[3:]
        ],
        connection_error(FRAME_SIZE_ERROR, PROTOCOL_ERROR),
    ),
    Case(
        "http2/6.5.2",
        1,
        "SETTINGS_ENABLE_PUSH of 2",
        lambda p: [settings((ENABLE_PUSH, 2))],
        connection_error(PROTOCOL_ERROR),
    ),
    Case(
        "http2/6.5.2",
        2,
        "SETTINGS_INITIAL_WINDOW_SIZE over the maximum",
        lambda p: [settings((INITIAL_WINDOW_SIZE, 2**31))],
        connection_error(FLOW_CONTROL_ERROR),
    ),
    Case(
        "http2/6.5.2",
        3,
        "SETTINGS_MAX_FRAME_SIZE under the minimum",
        lambda p: [settings((MAX_FRAME_SIZE, 16_383))],
        connection_error(PROTOCOL_ERROR),
    ),
    Case(
        "http2/6.5.2",
        4,
        "SETTINGS_MAX_FRAME_SIZE over the maximum",
        lambda p: [settings((MAX_FRAME_SIZE, 2**24))],
        connection_error(PROTOCOL_ERROR),
    ),
    Case("http2/6.5.2", 5, "an unknown setting", lambda p: [settings((0xFF, 1))], alive),
    Case(
        "http2/6.5.3",
        1,
        "of two values of one setting the last holds",
        lambda p: [settings((INITIAL_WINDOW_SIZE, 100), (INITIAL_WINDOW_SIZE, 1)), p.headers()],
        _first_data_of(1),
    ),
    Case(
        "http2/6.5.3",
        2,
        "SETTINGS is acknowledged at once",
        lambda p: [settings((ENABLE_PUSH, 0))],
        _acknowledged_again,
    ),
]


def _widened_later(p: Peer):
    yield settings((INITIAL_WINDOW_SIZE, 0))
    yield p.headers()
    yield settings((INITIAL_WINDOW_SIZE, 1))


def _negative(p: Peer):
    yield settings((INITIAL_WINDOW_SIZE, 3))
    yield p.headers()
    p.expect(lambda one: one.kind == DATA)
    yield settings((INITIAL_WINDOW_SIZE, 2))
    yield window_update(1, 2)


FLOW_CONTROL = [
    Case(
        "http2/6.9",
        1,
        "an increment of 0 on the connection",
        lambda p: [window_update(0, 0)],
        connection_error(PROTOCOL_ERROR),
    ),
    Case(
        "http2/6.9",
        2,
        "an increment of 0 on a stream",
        lambda p: [_opens(p), window_update(1, 0)],
        stream_error(PROTOCOL_ERROR),
    ),
    Case(
        "http2/6.9",
        3,
        "WINDOW_UPDATE of another length than 4",
        lambda p: [frame(WINDOW_UPDATE, 0, 0, b"\0\0\1")],
        connection_error(FRAME_SIZE_ERROR),
    ),
    Case(
        "http2/6.9.1",
        1,
        "a window of 1",
        lambda p: [settings((INITIAL_WINDOW_SIZE, 1)), p.headers()],
        _first_data_of(1),
    ),
    Case(
        "http2/6.9.1",
        2,
        "a connection's window over the maximum",
        lambda p: [window_update(0, LARGEST), window_update(0, LARGEST)],
        connection_error(FLOW_CONTROL_ERROR),
    ),
    Case(
        "http2/6.9.1",
        3,
        "a stream's window over the maximum",
        lambda p: [_opens(p), window_update(1, LARGEST), window_update(1, LARGEST)],
        stream_error(FLOW_CONTROL_ERROR, fatal=False),
    ),
    Case(
        "http2/6.9.2",
        1,
        "SETTINGS_INITIAL_WINDOW_SIZE changed after HEADERS",
        _widened_later,
        _first_data_of(1),
    ),
    Case("http2/6.9.2", 2, "a window that turns negative", _negative, _first_data_of(1, place=1)),
    Case(
        "http2/6.9.2",
        3,
        "SETTINGS_INITIAL_WINDOW_SIZE over the maximum",
        lambda p: [settings((INITIAL_WINDOW_SIZE, 2**31))],
        connection_error(FLOW_CONTROL_ERROR),
    ),
]


def _extra(p: Peer, *fields: tuple[str, str]) -> list[bytes]:
    return [p.headers(fields=[*p.fields(), *fields])]


def _malformed(section: str, number: int, title: str, script) -> Case:
    return Case(f"http2/{section}", number, title, script, stream_error(PROTOCOL_ERROR))


MESSAGES = [
    _malformed(
        "8.1",
        1,
        "a second HEADERS frame without END_STREAM",
        lambda p: [_opens(p), data(1, end=False), p.headers(fields=[("x-test", "ok")], end=False)],
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
            _opens(p),
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
        lambda p: [_opens(p, ("content-length", "1")), data(1)],
    ),
    _malformed(
        "8.1.2.6",
        2,
        "a content-length that several DATA do not keep",
        lambda p: [_opens(p, ("content-length", "1")), data(1, end=False), data(1)],
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
        lambda p: _gone(p, window_update(1, 1), priority(1), reset(1)),
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
        lambda p: [_opens(p), data(1, b"x" * 9000, end=False), data(1, b"x" * 9000), p.headers(3)],
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

LISTED = (
    STARTING
    + FRAMES
    + STREAM_STATES
    + IDENTIFIERS
    + DEFINITIONS
    + SETTINGS_CASES
    + FLOW_CONTROL
    + MESSAGES
)


@every(LISTED)
def test_what_is_forbidden_is_called_by_its_name(peer, case, apart):
    case.run(peer, apart=apart)


@every(BEYOND)
def test_what_the_list_does_not_ask(peer, case, apart):
    case.run(peer, apart=apart)


def test_the_lists_are_h2specs():
    from test_http2_generic import FRAMES as frames
    from test_http2_generic import HPACK, STREAMS
    from test_http2_generic import MESSAGES as messages
    from test_http2_hpack import FORBIDDEN

    generic = len(STREAMS + frames + messages + HPACK)
    # Three of RFC 7541's are our own.
    assert (generic, len(LISTED), len(FORBIDDEN) - 3) == (44, 95, 8)
