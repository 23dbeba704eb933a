# SPDX-License-Identifier: Apache-2.0
"""The cases of grpc's own `tools/http2_interop`, which servers are held to, and TLS's share."""

from __future__ import annotations

import contextlib
import socket
import ssl

import pytest

from endpoints import SERVER_NAME, Endpoint
from http2_peer import (
    FRAME_SIZE_ERROR,
    GOAWAY,
    PROTOCOL_ERROR,
    SETTINGS,
    Peer,
    connection_error,
    settings,
)
from wire import PREFACE, connect, frame


@pytest.mark.parametrize("length", range(len(PREFACE)))
def test_a_short_preface_is_waited_for_and_then_forgotten(peer, length):
    peer.send(PREFACE[:length])
    # Whatever the server says of its own accord, nothing went wrong yet.
    peer.wait(lambda one: one.kind == GOAWAY, seconds=0.02)
    assert not peer.closed
    peer.send(PREFACE[length:] + settings())
    peer.expect(lambda one: one.kind == SETTINGS and one.flags == 1)


@pytest.mark.parametrize("length", range(1, 6))
def test_settings_that_are_cut_short(peer, length):
    peer.send(PREFACE + frame(SETTINGS, 0, 0, bytes(length)))
    connection_error(FRAME_SIZE_ERROR)(peer)


def test_a_preface_whose_settings_have_a_stream(peer):
    peer.send(PREFACE + frame(SETTINGS, 0, 1))
    connection_error(PROTOCOL_ERROR)(peer)


def test_every_unknown_frame_type(peer):
    peer.handshake()
    for kind in range(10, 256):
        # ALTSVC, ORIGIN and PRIORITY_UPDATE are types of clients and servers that know of them.
        if kind != 0x10:
            peer.send(frame(kind, 0xFF, 0, b""))
    assert peer.barrier()


def _refused(endpoint: Endpoint, context: ssl.SSLContext) -> str:
    """What the handshake fails with."""
    with connect(endpoint.address) as raw, pytest.raises((ssl.SSLError, ConnectionError)) as caught:
        with context.wrap_socket(raw, server_hostname=SERVER_NAME) as secure:
            # In TLS 1.3 the refusal comes after the client's last word.
            secure.recv(1)
            raise ConnectionError(f"taken with {secure.selected_alpn_protocol()}")
    return str(caught.value)


@pytest.fixture
def secure(endpoints) -> Endpoint:
    return endpoints["tls"]


@pytest.fixture
def context(secure) -> ssl.SSLContext:
    return secure.papers.client_context(shows=False)


@pytest.mark.parametrize("protocols", [["http/1.1"], ["h2c"], ["grpc-exp"], None], ids=str)
def test_only_h2_is_agreed_on(secure, context, protocols):
    bare = ssl.create_default_context(cafile=secure.papers.authority)
    if protocols:
        bare.set_alpn_protocols(protocols)
    assert "taken" not in _refused(secure, bare)


@pytest.mark.parametrize("protocols", [["h2"], ["grpc-exp", "h2"], ["http/1.1", "h2"]], ids=str)
def test_h2_is_chosen_among_others(secure, context, protocols):
    context.set_alpn_protocols(protocols)
    with connect(secure.address) as raw:
        with context.wrap_socket(raw, server_hostname=SERVER_NAME) as opened:
            assert opened.selected_alpn_protocol() == "h2"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_the_newest_versions_of_tls_are_spoken(secure, context, version):
    context.minimum_version = context.maximum_version = version
    with connect(secure.address) as raw:
        with context.wrap_socket(raw, server_hostname=SERVER_NAME) as opened:
            peer = Peer(opened, scheme="https").handshake()
            assert peer.barrier()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_older_versions_of_tls_are_refused(secure, context, version):
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    assert "taken" not in _refused(secure, context)


@pytest.mark.parametrize(
    "suites",
    [
        "ECDHE-ECDSA-AES128-SHA",
        "ECDHE-ECDSA-AES256-SHA384",
        "ECDHE-ECDSA-AES128-SHA256",
        "AES128-GCM-SHA256",
        "AES128-SHA",
    ],
)
def test_suites_that_http2_forbids_are_refused(secure, context, suites):
    """RFC 9113 appendix A: no CBC, no key exchange without forward secrecy."""
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(f"{suites}:@SECLEVEL=0")
    assert "taken" not in _refused(secure, context)


@pytest.mark.parametrize(
    "suite",
    [
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-CHACHA20-POLY1305",
    ],
)
def test_suites_that_http2_allows_are_taken(secure, context, suite):
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(suite)
    with connect(secure.address) as raw:
        with context.wrap_socket(raw, server_hostname=SERVER_NAME) as opened:
            assert opened.cipher()[0] == suite
            assert Peer(opened, scheme="https").handshake().barrier()


def test_a_connection_that_ends_without_closing_tls_harms_nobody(secure, context):
    with connect(secure.address) as raw:
        opened = context.wrap_socket(raw, server_hostname=SERVER_NAME)
        Peer(opened, scheme="https").handshake()
        with contextlib.suppress(OSError):
            socket.socket.shutdown(opened, socket.SHUT_RDWR)
        opened.detach()
    with Peer(secure.connect(), scheme="https") as other:
        assert other.handshake().barrier()
