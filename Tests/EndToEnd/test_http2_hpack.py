# SPDX-License-Identifier: Apache-2.0
"""Header blocks that RFC 7541 forbids. Each ends the connection as a COMPRESSION_ERROR."""

from __future__ import annotations

from h2spec import Case, every
from http2_peer import COMPRESSION_ERROR, END_HEADERS, HEADERS, connection_error
from wire import frame

# A literal without indexing whose name is `x-test`, Huffman-coded.
X_TEST = b"\x00\x85\xf2\xb2\x4a\x84\xff"


def _ends_with(field: bytes):
    return lambda p: [frame(HEADERS, 1 | END_HEADERS, 1, p.block(p.fields()) + field)]


def _begins_with(field: bytes):
    return lambda p: [frame(HEADERS, 1 | END_HEADERS, 1, field + p.block(p.fields()))]


def _case(section: str, number: int, title: str, script) -> Case:
    return Case(f"hpack/{section}", number, title, script, connection_error(COMPRESSION_ERROR))


LISTED = [
    # One past the static table, and the dynamic one has four entries at most.
    _case("2.3.3", 1, "an indexed field with an index out of range", _ends_with(b"\xc6")),
    _case("2.3.3", 2, "a literal with a name out of range", _ends_with(b"\x7f\x07\x04test")),
    _case("4.2", 1, "a table size update at the end of a block", _ends_with(b"\x20")),
    _case("5.2", 1, "Huffman padding over 7 bits", _ends_with(X_TEST + b"\x84\x49\x50\x9f\xff")),
    _case("5.2", 2, "Huffman padding of zeros", _ends_with(X_TEST + b"\x83\x49\x50\x90")),
    _case(
        "5.2", 3, "EOS within a string", _ends_with(X_TEST + b"\x87\xff\xff\xff\xfd\x25\x42\x7f")
    ),
    _case("6.1", 1, "an indexed field with index 0", _ends_with(b"\x80")),
    _case("6.3", 1, "a table size over the announced one", _begins_with(b"\x3f\xe2\x1f")),
]

BEYOND = [
    _case("5.1", 1, "an integer that does not end", _ends_with(b"\x7f" + b"\xff" * 12)),
    _case("5.2", 4, "a string longer than its block", _ends_with(b"\x40\x05ab")),
    _case("5.1", 2, "an index of more than 32 bits", _ends_with(b"\xff\xff\xff\xff\xff\xff\x0f")),
]


@every(LISTED + BEYOND)
def test_a_broken_header_block_ends_the_connection(peer, case, apart):
    case.run(peer, apart=apart)
