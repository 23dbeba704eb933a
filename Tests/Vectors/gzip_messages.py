# SPDX-License-Identifier: Apache-2.0
"""Makes gzip_messages.json: what whole gzip messages inflate to, or why they do not.

usage: python3 Tests/Vectors/gzip_messages.py >Tests/Vectors/gzip_messages.json

Each case is written by the RFCs and held against Python's own zlib before it is printed.
"""

from __future__ import annotations

import base64
import gzip
import json
import random
import struct
import sys
import zlib

TEXT = b'{"thingName":"lamp-1","jobId":"blink"}'
NOISE = random.Random(5).randbytes(300)
HEADER = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"


def member(
    data, flags=0, optional=b"", level=6, strategy=0, crc=None, size=None, method=8, magic=b"\x1f\x8b"
):
    """One gzip member (RFC 1952 section 2.3)."""
    packer = zlib.compressobj(level, zlib.DEFLATED, -15, 8, strategy)
    blocks = packer.compress(data) + packer.flush()
    header = magic + bytes([method, flags]) + bytes(5) + b"\xff" + optional
    crc = zlib.crc32(data) if crc is None else crc
    return header + blocks + struct.pack("<II", crc, len(data) if size is None else size)


def with_header_checksum(checksum=None):
    header = b"\x1f\x8b\x08\x02\0\0\0\0\0\xff"
    checksum = zlib.crc32(header) & 0xFFFF if checksum is None else checksum
    return header + struct.pack("<H", checksum) + member(TEXT)[10:]


def flushed():
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    blocks = b"".join(
        packer.compress(TEXT[start : start + 5]) + packer.flush(zlib.Z_FULL_FLUSH)
        for start in range(0, len(TEXT), 5)
    )
    tail = struct.pack("<II", zlib.crc32(TEXT), len(TEXT))
    return HEADER + blocks + packer.flush() + tail


PLAIN = member(TEXT)

# Name, input, what comes out or the word for why nothing does, source.
CASES = [
    ("text", PLAIN, TEXT, "RFC 1952 2.3, no optional fields"),
    ("empty", member(b""), b"", "a message of no bytes"),
    ("stored", member(NOISE, level=0), NOISE, "RFC 1951 3.2.4"),
    ("fixed codes", member(TEXT, strategy=zlib.Z_FIXED), TEXT, "RFC 1951 3.2.6"),
    ("dynamic codes", member(TEXT * 40 + NOISE, level=9), TEXT * 40 + NOISE, "RFC 1951 3.2.7"),
    ("flushed blocks", flushed(), TEXT, "empty stored blocks between the others"),
    ("name, comment and extra field", member(TEXT, flags=0x1c, optional=b"\x04\0abcd" + b"name\0" + b"comment\0"), TEXT, "RFC 1952 2.3.1, FEXTRA FNAME FCOMMENT"),
    ("header checksum", with_header_checksum(), TEXT, "RFC 1952 2.3.1, FHCRC"),
    ("text flag", member(TEXT, flags=1), TEXT, "RFC 1952 2.3.1, FTEXT"),
    ("two members", member(b"ab") + member(b"cd"), b"abcd", "RFC 1952 2.2"),
    ("empty members around one", member(b"") + PLAIN + member(b""), TEXT, "RFC 1952 2.2"),
    ("gzip(1) itself", gzip.compress(TEXT, 9, mtime=1700000000), TEXT, "another writer, with a time"),
    ("no bytes", b"", "truncated", "a member has eighteen bytes at least"),
    ("the magic alone", b"\x1f\x8b", "truncated", ""),
    ("no checksum", PLAIN[:-8], "truncated", ""),
    ("one byte short", PLAIN[:-1], "truncated", ""),
    ("wrong checksum", member(TEXT, crc=1), "malformed", "CRC32"),
    ("wrong length", member(TEXT, size=1), "malformed", "ISIZE"),
    ("wrong magic", member(TEXT, magic=b"\x1f\x8c"), "malformed", "ID2"),
    ("unknown method", member(TEXT, method=7), "malformed", "CM"),
    ("reserved flags", member(TEXT, flags=0x20), "malformed", "RFC 1952 2.3.1.2: must give an error"),
    ("wrong header checksum", with_header_checksum(0), "malformed", "CRC16"),
    ("zlib format", zlib.compress(TEXT), "malformed", "RFC 1950, which gRPC calls deflate"),
    ("bare deflate", member(TEXT)[10:-8], "malformed", "RFC 1951 without a wrapper"),
    ("not compressed", TEXT, "malformed", ""),
    ("garbage behind", PLAIN + b"garbage", "malformed", "gzip(1) warns, grpc-go and gRPC's C core refuse"),
    ("zeros behind", PLAIN + bytes(20), "malformed", "gzip(1) allows them for tapes"),
    ("half a second member", PLAIN + PLAIN[:12], "truncated", ""),
    ("reserved block type", HEADER + b"\x07", "malformed", "RFC 1951 3.2.3, BTYPE 11"),
    ("stored length without its complement", HEADER + b"\x01\x05\0\0\0", "malformed", "RFC 1951 3.2.4"),
    ("distance before the beginning", HEADER + b"\x03\x02\0", "malformed", "RFC 1951 3.2.3"),
]


def inflated(data):
    """What Python's zlib makes of it, member after member."""
    out = b""
    while True:
        reader = zlib.decompressobj(31)
        try:
            out += reader.decompress(data)
        except zlib.error:
            return "malformed"
        if not reader.eof:
            return "truncated"
        data = reader.unused_data
        if not data:
            return out


def vector(name, data, outcome, source):
    assert inflated(data) == outcome, name
    text = {"name": name, "source": source, "input": base64.b64encode(data).decode()}
    if isinstance(outcome, str):
        return {**text, "error": outcome}
    return {**text, "output": base64.b64encode(outcome).decode()}


json.dump({"messages": [vector(*case) for case in CASES]}, sys.stdout, indent=1)
print()
