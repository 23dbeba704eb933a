# SPDX-License-Identifier: Apache-2.0
"""A forward proxy that knows CONNECT, and answers otherwise when a test wants it to."""

from __future__ import annotations

import contextlib
import dataclasses
import socket
import threading

from raw_server import RawServer

ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


@dataclasses.dataclass
class Connect:
    """One request for a tunnel, as it came."""

    line: str
    headers: dict[str, str]

    @property
    def target(self) -> str:
        return self.line.split(" ")[1]


class Proxy(RawServer):
    """Leads every tunnel to one server, whatever name was asked for: no name resolves here."""

    def __init__(self, port_behind: int, answer: bytes = ESTABLISHED, *, in_pieces: bool = False):
        self.tunnels: list[Connect] = []
        self._port_behind = port_behind
        self._answer = answer
        self._in_pieces = in_pieces
        super().__init__(self._tunnel)

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    def _tunnel(self, client: socket.socket) -> None:
        connect = self._read_head(client)
        if not connect:
            return
        self.tunnels.append(connect)
        pieces = [bytes([byte]) for byte in self._answer] if self._in_pieces else [self._answer]
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            client.sendall(piece)
        if self._answer.split(b" ")[1][:1] != b"2":
            return
        with socket.create_connection(("127.0.0.1", self._port_behind)) as behind:
            back = threading.Thread(target=_pump, args=(behind, client), daemon=True)
            back.start()
            _pump(client, behind)
            back.join()

    @staticmethod
    def _read_head(client: socket.socket) -> Connect | None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = client.recv(1)
            if not byte:
                return None
            head += byte
        line, *fields = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
        pairs = (field.split(":", 1) for field in fields)
        return Connect(line, {name.lower(): value.strip() for name, value in pairs})


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
