# SPDX-License-Identifier: Apache-2.0
"""The door for AWS's own clients: gateways that have one, and what speaks to it byte by byte."""

from __future__ import annotations

import dataclasses
import pathlib
import socket

import aws
from program import Gateway

KEY_ID = "AKIDOFTHEDOOR"
SECRET = "only-the-door-knows-this-one/+="


def key_file(folder: pathlib.Path, *lines: str) -> pathlib.Path:
    path = folder / "door-keys"
    path.write_text("\n".join(lines or [f"console: {KEY_ID} {SECRET}"]) + "\n")
    return path


class Door(Gateway):
    """A gateway whose door is on a port of its own."""

    def __init__(self, upstream: str | None, keys: pathlib.Path | None, *more: str, **settings):
        way = ("--rest-authentication", "none") if keys is None else ("--rest-key-file", str(keys))
        super().__init__(upstream, "--rest-listen", "127.0.0.1:0", *way, *more, **settings)

    @property
    def rest_address(self) -> str:
        return self.listener("rest")

    @property
    def url(self) -> str:
        return f"http://{self.rest_address}"


def client(
    url: str, key_id: str = KEY_ID, secret: str = SECRET, *, trust: str | None = None, **settings
):
    """boto3's client of the data plane, which thinks that the door is AWS."""
    session = aws.session(key_id, secret)
    return aws.client("iot-jobs-data", url, session, trust=trust, **settings)


@dataclasses.dataclass
class Answer:
    """One answer of HTTP/1.1 as it stood on the wire."""

    status: int
    headers: dict[str, str]
    body: bytes


class Line:
    """A connection on which a test writes its own HTTP/1.1."""

    def __init__(self, address: str, seconds: float = 20):
        if address.startswith("unix:"):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(seconds)
            self.socket.connect(address.removeprefix("unix:"))
        else:
            host, port = address.rsplit(":", 1)
            self.socket = socket.create_connection((host, int(port)), timeout=seconds)
        self._file = self.socket.makefile("rb")

    def send(self, text: str | bytes) -> None:
        self.socket.sendall(text.encode() if isinstance(text, str) else text)

    def answer(self) -> Answer | None:
        """The next answer; nothing once the other side has closed."""
        first = self._file.readline()
        if not first:
            return None
        headers = {}
        while (line := self._file.readline()) not in (b"\r\n", b""):
            name, _, value = line.decode().rstrip("\r\n").partition(": ")
            headers[name.lower()] = value
        body = self._file.read(int(headers.get("content-length", 0)))
        return Answer(int(first.split()[1]), headers, body)

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *_) -> None:
        self._file.close()
        self.socket.close()


def get(target: str, *headers: str, host: str = "h") -> str:
    lines = [f"GET {target} HTTP/1.1", f"Host: {host}", *headers]
    return "".join(f"{line}\r\n" for line in lines) + "\r\n"
