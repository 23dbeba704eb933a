# SPDX-License-Identifier: Apache-2.0
"""A small AWS that botocore checks: it recomputes each signature from what came off the socket.

Nothing of the gateway's own code takes part, so a mistake that signer and emulator share shows
here. A test may set `respond` to answer as it likes.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping

from http_server import Answer, Received, Server
from program import ACCESS_KEY, REGION, SECRET_KEY
from signatures import Key, key_id, signature_complaint


class Upstream(Server):
    """Refuses, and keeps as a complaint, every request that is not signed as it should be."""

    def __init__(
        self,
        respond: Callable[[Received], Answer] = lambda _: Answer(),
        *,
        region: str = REGION,
        token: str | None = None,
        keys: Mapping[str, Key] | None = None,
        tls: ssl.SSLContext | None = None,
    ):
        self.complaints: list[str] = []
        self.ignores_expiry = False
        self._region = region
        self._keys = {ACCESS_KEY: Key(ACCESS_KEY, SECRET_KEY, token)} if keys is None else keys
        super().__init__(respond, tls)

    def received(self, request: Received) -> Answer:
        complaint = signature_complaint(request, keys=self._keys, region=self._region)
        with self._lock:
            self.requests.append(request)
            if complaint:
                self.complaints.append(f"{request.method} {request.target}: {complaint}")
        if complaint:
            return Answer.error("InvalidSignatureException", 403, complaint)
        if self._keys[key_id(request)].has_expired and not self.ignores_expiry:
            return Answer.error("ExpiredTokenException", 403, "The security token is expired")
        return self.respond(request)

    def signers(self) -> list[str | None]:
        """Whose key each request was signed with, in order."""
        with self._lock:
            return [key_id(request) for request in self.requests]

    def __exit__(self, kind, value, traceback) -> None:
        super().__exit__(kind, value, traceback)
        if kind is None:
            assert self.complaints == []
