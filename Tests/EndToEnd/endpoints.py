# SPDX-License-Identifier: Apache-2.0
"""Listeners as a client sees them: plaintext, TLS, and TLS for clients that show a certificate."""

from __future__ import annotations

import dataclasses
import pathlib
import socket
import ssl

import grpc
from cryptography.x509.oid import ExtendedKeyUsageOID

from certificates import Authority, Identity
from wire import connect

SERVER_NAME = "gateway.test"


def free_port() -> int:
    """A port that nobody has at the moment, for who has to know it before it is bound."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


@dataclasses.dataclass(frozen=True)
class Papers:
    """Certificates in files, for servers and clients that take nothing else."""

    folder: pathlib.Path

    @classmethod
    def issued_in(cls, folder: pathlib.Path) -> Papers:
        authority = Authority("Test Listener Root")
        papers = cls(folder)
        papers.authority.write_bytes(authority.pem)
        papers._keep("server", authority.issue(SERVER_NAME, "localhost", "127.0.0.1"))
        client = authority.issue("client.test", usage=ExtendedKeyUsageOID.CLIENT_AUTH)
        papers._keep("client", client)
        return papers

    def _keep(self, name: str, identity: Identity) -> None:
        (self.folder / f"{name}.pem").write_bytes(identity.chain)
        (self.folder / f"{name}.key").write_bytes(identity.key)

    @property
    def authority(self) -> pathlib.Path:
        return self.folder / "authority.pem"

    def certificate(self, name: str) -> pathlib.Path:
        return self.folder / f"{name}.pem"

    def key(self, name: str) -> pathlib.Path:
        return self.folder / f"{name}.key"

    @property
    def server_flags(self) -> list[str]:
        return [
            *("--tls-certificate", str(self.certificate("server"))),
            *("--tls-key", str(self.key("server"))),
        ]

    @property
    def mutual_flags(self) -> list[str]:
        return [*self.server_flags, "--tls-client-ca", str(self.authority)]

    def client_context(self, *, shows: bool) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.authority)
        context.set_alpn_protocols(["h2"])
        if shows:
            context.load_cert_chain(self.certificate("client"), self.key("client"))
        return context


@dataclasses.dataclass(frozen=True)
class Endpoint:
    """Where a gateway listens, and what it wants to see there."""

    address: str
    papers: Papers | None = None
    shows_certificate: bool = False

    @property
    def scheme(self) -> str:
        return "https" if self.papers else "http"

    def connect(self) -> socket.socket:
        raw = connect(self.address)
        if not self.papers:
            return raw
        context = self.papers.client_context(shows=self.shows_certificate)
        secure = context.wrap_socket(raw, server_hostname=SERVER_NAME)
        assert secure.selected_alpn_protocol() == "h2"
        return secure

    def channel(self, options: list[tuple[str, object]] | None = None) -> grpc.Channel:
        """A grpcio channel."""
        if not self.papers:
            return grpc.insecure_channel(self.address, options)
        chain = [self.papers.key("client"), self.papers.certificate("client")]
        credentials = grpc.ssl_channel_credentials(
            self.papers.authority.read_bytes(),
            *([file.read_bytes() for file in chain] if self.shows_certificate else []),
        )
        name = ("grpc.ssl_target_name_override", SERVER_NAME)
        return grpc.secure_channel(self.address, credentials, [name, *(options or [])])
