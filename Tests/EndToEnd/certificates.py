# SPDX-License-Identifier: Apache-2.0
"""Authorities and certificates made for one test, good and bad."""

from __future__ import annotations

import dataclasses
import datetime
import ipaddress
import pathlib
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_DAY = datetime.timedelta(days=1)

Span = tuple[datetime.timedelta, datetime.timedelta]

# From and until so long after now.
TODAY: Span = (-_DAY, 90 * _DAY)
YESTERDAY: Span = (-2 * _DAY, -_DAY)
TOMORROW: Span = (_DAY, 2 * _DAY)


@dataclasses.dataclass(frozen=True)
class Identity:
    """A certificate, the intermediates to send with it, and its key, all PEM."""

    chain: bytes
    key: bytes

    def server_context(
        self, folder: pathlib.Path, *, newest: ssl.TLSVersion | None = None
    ) -> ssl.SSLContext:
        # The ssl module takes certificates from files alone.
        file = folder / "identity.pem"
        file.write_bytes(self.chain + self.key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        context.set_alpn_protocols(["http/1.1"])
        if newest:
            context.maximum_version = newest
        return context


class Authority:
    """Issues certificates, and may itself be issued by another."""

    def __init__(self, common_name: str = "Test Root", issuer: Authority | None = None):
        self._name = _name(common_name)
        self._key = _new_key()
        self._is_root = issuer is None
        constraints = x509.BasicConstraints(ca=True, path_length=None)
        self._certificate = (issuer or self)._sign(
            self._name, self._key, TODAY, [(constraints, True)]
        )

    @property
    def pem(self) -> bytes:
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    def issue(
        self,
        *names: str,
        valid: Span = TODAY,
        usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.SERVER_AUTH,
    ) -> Identity:
        """A certificate for these names, URIs among them; the first is its subject too."""
        key = _new_key()
        extensions = [(x509.ExtendedKeyUsage([usage]), False), (_alternatives(names), False)]
        leaf = self._sign(_name(names[0]), key, valid, extensions)
        intermediates = b"" if self._is_root else self.pem
        return _identity(leaf, key, intermediates)

    def _sign(self, subject: x509.Name, key, valid: Span, extensions) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + valid[0])
            .not_valid_after(now + valid[1])
        )
        for extension, is_critical in extensions:
            builder = builder.add_extension(extension, is_critical)
        return builder.sign(self._key, hashes.SHA256())

    def revocations(self, *identities: Identity, valid: Span = TODAY) -> bytes:
        """A list, in PEM, of those of its certificates that are not good any more."""
        now = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._name)
            .last_update(now + valid[0])
            .next_update(now + valid[1])
        )
        for identity in identities:
            serial = x509.load_pem_x509_certificate(identity.chain).serial_number
            entry = x509.RevokedCertificateBuilder(serial, now + valid[0])
            builder = builder.add_revoked_certificate(entry.build())
        signed = builder.sign(self._key, hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.PEM)

    def own_identity(self, *names: str) -> Identity:
        """A server's certificate that nobody but itself vouches for."""
        leaf = self._sign(self._name, self._key, TODAY, [(_alternatives(names), False)])
        return _identity(leaf, self._key)


def _identity(leaf: x509.Certificate, key, intermediates: bytes = b"") -> Identity:
    text = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return Identity(leaf.public_bytes(serialization.Encoding.PEM) + intermediates, text)


def _new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _alternatives(names: tuple[str, ...]) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([_alternative(name) for name in names])


def _alternative(name: str) -> x509.GeneralName:
    if "://" in name:
        return x509.UniformResourceIdentifier(name)
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
