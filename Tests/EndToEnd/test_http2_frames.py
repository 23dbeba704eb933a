# SPDX-License-Identifier: Apache-2.0
"""What RFC 9113 forbids a client. Each is called the error that the section names.

Section 6: each kind of frame.
"""

from __future__ import annotations

from h2spec import Case, every
from http2_peer import (
    ACK,
    DATA,
    ENABLE_PUSH,
    END_HEADERS,
    END_STREAM,
    FLOW_CONTROL_ERROR,
    FRAME_SIZE_ERROR,
    INITIAL_WINDOW_SIZE,
    MAX_FRAME_SIZE,
    PADDED,
    PING,
    PRIORITY,
    PROTOCOL_ERROR,
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
    goaway,
    ping,
    priority,
    reset,
    settings,
    stream_error,
    window_update,
)
from wire import frame
from h2spec_scripts import LARGEST, dummy, opens


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
            opens(p, ("content-length", "4")),
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
        lambda p: [opens(p), data(1), continuation(1, dummy(p), end=False)],
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
        lambda p: [opens(p), reset(1, 0xFF)],
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
        lambda p: [opens(p), window_update(1, 0)],
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
        lambda p: [opens(p), window_update(1, LARGEST), window_update(1, LARGEST)],
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


@every(DEFINITIONS + SETTINGS_CASES + FLOW_CONTROL)
def test_what_is_forbidden_is_called_by_its_name(peer, case, apart):
    case.run(peer, apart=apart)
