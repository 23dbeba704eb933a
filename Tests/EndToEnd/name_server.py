# SPDX-License-Identifier: Apache-2.0
"""A name server that knows one name."""

from __future__ import annotations

import os
import socket
import struct
import threading

_HEADER = struct.Struct("!6H")
_RESPONSE_TO_QUERY = 0x8180
_TYPE_A = 1
_NAME_OF_QUESTION = 0xC00C


class NameServer:
    """Answers that `name` has the address 127.0.0.1, and that no other name has any."""

    def __init__(self, name: str):
        self._name = name
        self.asked: list[str] = []
        # Each run of the tests has a loopback address of its own, since the port is fixed.
        process = os.getpid()
        self.address = f"127.53.{process >> 8 & 0xFF}.{process % 254 + 1}"
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((self.address, 53))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def __enter__(self) -> NameServer:
        return self

    def __exit__(self, *_: object) -> None:
        # An empty datagram from itself ends it; no resolver sends one.
        self._socket.sendto(b"", self._socket.getsockname())
        self._thread.join(20)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            query, sender = self._socket.recvfrom(512)
            if not query:
                return
            self._socket.sendto(self._answer(query), sender)

    def _answer(self, query: bytes) -> bytes:
        labels, at = [], _HEADER.size
        while length := query[at]:
            labels.append(query[at + 1 : at + 1 + length].decode())
            at += 1 + length
        kind, _ = struct.unpack_from("!2H", query, at + 1)
        question = query[_HEADER.size : at + 5]
        self.asked.append(".".join(labels))
        records = b""
        if self.asked[-1] == self._name and kind == _TYPE_A:
            fixed = struct.pack("!3HIH", _NAME_OF_QUESTION, kind, 1, 60, 4)
            records = fixed + socket.inet_aton("127.0.0.1")
        identity, *_ = _HEADER.unpack_from(query)
        header = _HEADER.pack(identity, _RESPONSE_TO_QUERY, 1, bool(records), 0, 0)
        return header + question + records
