# SPDX-License-Identifier: Apache-2.0
"""TLS towards callers: the files that a gateway is given, and clients that trust it."""

from __future__ import annotations

import pathlib
import ssl

import grpc
from certificates import Authority, Identity
from cryptography.x509.oid import ExtendedKeyUsageOID

HOST = "127.0.0.1"


class Files:
    """The files that `serve` is told of, rewritten as an operator's tools would."""

    def __init__(self, folder: pathlib.Path, identity: Identity):
        self.certificate = folder / "server.pem"
        self.key = folder / "server.key"
        self.authorities = folder / "clients.pem"
        self.revocations = folder / "clients.crl"
        self.show(identity)

    def show(self, identity: Identity) -> None:
        self.certificate.write_bytes(identity.chain)
        self.key.write_bytes(identity.key)

    def flags(self, *, clients: bool = False, revocations: bool = False) -> list[str]:
        flags = ["--listen", f"tls:{HOST}:0"]
        flags += ["--tls-certificate", str(self.certificate), "--tls-key", str(self.key)]
        if clients:
            flags += ["--tls-client-ca", str(self.authorities)]
        if revocations:
            flags += ["--tls-client-crl", str(self.revocations)]
        return flags


def client_identity(authority: Authority, *names: str, **more) -> Identity:
    return authority.issue(*names, usage=ExtendedKeyUsageOID.CLIENT_AUTH, **more)


def channel(
    address: str, authority: Authority, identity: Identity | None = None
) -> grpc.Channel:
    """A channel that trusts the authority, and shows the identity if there is one."""
    credentials = grpc.ssl_channel_credentials(
        authority.pem,
        identity.key if identity else None,
        identity.chain if identity else None,
    )
    # Each of its own: grpc shares connections among channels that look alike.
    options = [("grpc.use_local_subchannel_pool", 1)]
    return grpc.secure_channel(address, credentials, options)


def context(
    authority: Authority,
    folder: pathlib.Path,
    identity: Identity | None = None,
    *,
    protocols: tuple[str, ...] = ("h2",),
) -> ssl.SSLContext:
    """What a client of Python's own ssl module needs."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.load_verify_locations(cadata=authority.pem.decode())
    if protocols:
        made.set_alpn_protocols(list(protocols))
    if identity:
        file = folder / "client-identity.pem"
        file.write_bytes(identity.chain + identity.key)
        made.load_cert_chain(file)
    return made
