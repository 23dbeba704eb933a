# SPDX-License-Identifier: Apache-2.0
"""What RFC 9113 and RFC 7541 allow a client to send. All of it is taken and answered."""

from __future__ import annotations

import hpack

from h2spec import Case, every
from http2_peer import (
    CANCEL,
    END_HEADERS,
    GOAWAY,
    HEADERS,
    INITIAL_WINDOW_SIZE,
    MAX_CONCURRENT_STREAMS,
    DATA,
    PADDED,
    PING,
    PRIORITIZED,
    Peer,
    alive,
    answered,
    closed,
    continuation,
    data,
    dependency,
    goaway,
    padded,
    ping,
    priority,
    reset,
    settings,
    window_update,
)
from wire import frame


def data_frame(stream: int, *lengths: int):
    """DATA frames of these lengths came; more may follow."""

    def judge(peer: Peer) -> None:
        peer.expect(lambda one: one.kind == DATA and one.stream == stream)
        found = [len(one.payload) for one in peer.received if one.kind == DATA]
        assert found[: len(lengths)] == list(lengths), found

    return judge


def pinged(payload: bytes):
    def judge(peer: Peer) -> None:
        peer.expect(lambda one: one.kind == PING and one.flags == 1 and one.payload == payload)

    return judge


def _window_on_half_closed(p: Peer, *between: bytes):
    yield settings((INITIAL_WINDOW_SIZE, 0))
    yield p.headers()
    yield from between
    yield window_update(1, 1)


def _priority_on_closed(p: Peer):
    yield p.headers()
    p.expect(lambda one: one.ends_stream)
    yield priority(1)


def _opens(p: Peer) -> bytes:
    return p.headers(fields=p.fields("POST"), end=False)


STREAMS = [
    Case("generic/1", 1, "a client connection preface", lambda p: [], alive),
    Case("generic/2", 1, "PRIORITY on an idle stream", lambda p: [priority(1)], alive),
    Case(
        "generic/2",
        2,
        "WINDOW_UPDATE on a half-closed (remote) stream",
        _window_on_half_closed,
        data_frame(1, 1),
    ),
    Case(
        "generic/2",
        3,
        "PRIORITY on a half-closed (remote) stream",
        lambda p: _window_on_half_closed(p, priority(1)),
        data_frame(1, 1),
    ),
    Case(
        "generic/2",
        4,
        "RST_STREAM on a half-closed (remote) stream",
        lambda p: [p.headers(), reset(1, CANCEL)],
        alive,
    ),
    Case("generic/2", 5, "PRIORITY on a closed stream", _priority_on_closed, alive),
]

FRAMES = [
    Case("generic/3.1", 1, "a DATA frame", lambda p: [_opens(p), data(1)], answered()),
    Case(
        "generic/3.1",
        2,
        "several DATA frames",
        lambda p: [_opens(p), data(1, end=False), data(1)],
        answered(),
    ),
    Case(
        "generic/3.1",
        3,
        "a DATA frame with padding",
        lambda p: [_opens(p), frame(DATA, 1 | PADDED, 1, padded(b"test", 5))],
        answered(),
    ),
    Case("generic/3.2", 1, "a HEADERS frame", lambda p: [p.headers()], answered()),
    Case(
        "generic/3.2",
        2,
        "a HEADERS frame with padding",
        lambda p: [p.headers(flags=END_HEADERS | PADDED, before=b"\x08", after=bytes(8))],
        answered(),
    ),
    Case(
        "generic/3.2",
        3,
        "a HEADERS frame with priority",
        lambda p: [p.headers(flags=END_HEADERS | PRIORITIZED, before=dependency())],
        answered(),
    ),
    Case(
        "generic/3.3",
        1,
        "PRIORITY with weight 1",
        lambda p: [p.headers(), priority(1, weight=0)],
        answered(),
    ),
    Case(
        "generic/3.3",
        2,
        "PRIORITY with weight 256",
        lambda p: [p.headers(), priority(1, weight=255)],
        answered(),
    ),
    Case(
        "generic/3.3",
        3,
        "PRIORITY with a dependency",
        lambda p: [priority(1, on=3), p.headers(1)],
        answered(),
    ),
    Case(
        "generic/3.3",
        4,
        "PRIORITY with an exclusive dependency",
        lambda p: [priority(1, on=3, exclusive=True), p.headers(1)],
        answered(),
    ),
    Case(
        "generic/3.3",
        5,
        "PRIORITY for an idle stream, then HEADERS for a lower one",
        lambda p: [priority(3), p.headers(1)],
        answered(),
    ),
    Case(
        "generic/3.4", 1, "RST_STREAM", lambda p: [_opens(p), reset(1), p.headers(3)], answered(3)
    ),
    Case(
        "generic/3.5",
        1,
        "SETTINGS",
        lambda p: [settings((MAX_CONCURRENT_STREAMS, 100)), p.headers()],
        answered(),
    ),
    Case("generic/3.7", 1, "PING", lambda p: [ping(b"h2spec!!")], pinged(b"h2spec!!")),
    Case("generic/3.8", 1, "GOAWAY", lambda p: [goaway(text=b"h2spec")], closed),
    Case(
        "generic/3.9",
        1,
        "WINDOW_UPDATE of the connection",
        lambda p: [window_update(0, 1), p.headers()],
        answered(),
    ),
    Case(
        "generic/3.9",
        2,
        "WINDOW_UPDATE of a stream",
        lambda p: [_opens(p), window_update(1, 1), data(1)],
        answered(),
    ),
    Case(
        "generic/3.10",
        1,
        "a CONTINUATION frame",
        lambda p: [p.headers(flags=0), continuation(1, p.block([("x-dummy", "x" * 4000)]))],
        answered(),
    ),
    Case(
        "generic/3.10",
        2,
        "several CONTINUATION frames",
        lambda p: [
            p.headers(flags=0),
            continuation(1, p.block([("x-dummy", "x" * 4000)]), end=False),
            continuation(1, p.block([("x-dummy", "x" * 4000)])),
        ],
        answered(),
    ),
]


def _status_only(peer: Peer) -> None:
    answered()(peer)
    assert not [one for one in peer.received if one.kind == DATA and one.payload], "HEAD has a body"


MESSAGES = [
    Case("generic/4", 1, "a GET request", lambda p: [p.headers()], answered()),
    Case(
        "generic/4",
        2,
        "a HEAD request",
        lambda p: [p.headers(fields=p.fields("HEAD"))],
        _status_only,
    ),
    Case("generic/4", 3, "a POST request", lambda p: [_opens(p), data(1)], answered()),
    Case(
        "generic/4",
        4,
        "a POST request with trailers",
        lambda p: [_opens(p), data(1, end=False), p.headers(fields=[("x-test", "ok")])],
        answered(),
    ),
]


def _huffman(text: bytes) -> bytes:
    encoder = hpack.huffman.HuffmanEncoder(
        hpack.huffman_constants.REQUEST_CODES, hpack.huffman_constants.REQUEST_CODES_LENGTH
    )
    coded = encoder.encode(text)
    return bytes([0x80 | len(coded)]) + coded


def _plain(text: bytes) -> bytes:
    return bytes([len(text)]) + text


# The first bits of a literal, and the index of `user-agent` in the static table behind them.
LITERALS = {
    "with incremental indexing": (0x40, b"\x7a"),
    "without indexing": (0x00, b"\x0f\x2b"),
    "never indexed": (0x10, b"\x1f\x2b"),
}


def _representation(field: bytes):
    return lambda p: [
        frame(HEADERS, 1 | END_HEADERS, 1, p.block(p.fields()) + field),
    ]


def _literals() -> list[Case]:
    cases = []
    for kind, (first, indexed) in LITERALS.items():
        for name in ("indexed name", "new name"):
            for text in (_plain, _huffman):
                start = indexed if name == "indexed name" else bytes([first]) + text(b"x-test")
                coding = "" if text is _plain else ", Huffman"
                cases.append((f"a literal {kind}, {name}{coding}", start + text(b"h2spec")))
    return [
        Case("generic/5", number, title, _representation(field), answered())
        for number, (title, field) in enumerate(cases, 2)
    ]


def _sized(update: bytes):
    return lambda p: [frame(HEADERS, 1 | END_HEADERS, 1, update + p.block(p.fields()))]


HPACK = [
    # Nineteen is `accept` in the static table.
    Case("generic/5", 1, "an indexed field", _representation(b"\x93"), answered()),
    *_literals(),
    Case("generic/5", 14, "a table size update", _sized(b"\x20"), answered()),
    Case("generic/5", 15, "two table size updates", _sized(b"\x20\x3f\xe1\x1f"), answered()),
]


@every(STREAMS + FRAMES + MESSAGES + HPACK)
def test_what_is_allowed_is_taken(peer, case, apart):
    case.run(peer, apart=apart)
    assert not [one for one in peer.received if one.kind == GOAWAY and one.error], (
        "an allowed frame was called an error"
    )
