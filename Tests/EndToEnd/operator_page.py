# SPDX-License-Identifier: Apache-2.0
"""Asks a gateway's operator listener, as a program or a page would."""

from __future__ import annotations

import dataclasses
import http.client
import json


@dataclasses.dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


def ask(
    address: str,
    path: str,
    method: str = "GET",
    body: object = None,
    headers: dict[str, str] | None = None,
) -> Answer:
    """One request over a connection of its own; no header is added but a length."""
    host, _, port = address.rpartition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=20)
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        payload = b"" if body is None else json.dumps(body).encode()
        for name, value in {"Host": address, **(headers or {})}.items():
            connection.putheader(name, value)
        if payload:
            connection.putheader("Content-Length", str(len(payload)))
        connection.endheaders(payload or None)
        answer = connection.getresponse()
        told = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, told, answer.read())
    finally:
        connection.close()
