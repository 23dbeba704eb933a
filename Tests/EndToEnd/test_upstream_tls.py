# SPDX-License-Identifier: Apache-2.0
"""TLS towards AWS: what is trusted, what is refused and with which words, and where a body ends."""

from __future__ import annotations

import json
import ssl

import grpc
import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from callers import Answered, calling, describe, pending, update
from certificates import TOMORROW, YESTERDAY, Authority, Identity
from http_server import Answer
from ledger import Ledger
from program import Gateway, Program, eventually, run_to_end
from raw_server import RawServer, closing, saying, silent
from upstream import Upstream

Code = grpc.StatusCode
INSECURE = "--upstream-insecure-skip-verification"
# The first bytes of a handshake that never goes on: the head of a ServerHello.
HALF_A_HELLO = b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03"


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority("Test Root")


@pytest.fixture
def bundle(authority, tmp_path) -> str:
    file = tmp_path / "authorities.pem"
    file.write_bytes(authority.pem)
    return str(file)


@pytest.fixture
def secure(authority, tmp_path):
    """An upstream whose certificate is good for `localhost`."""
    context = authority.issue("localhost").server_context(tmp_path)
    with Upstream(tls=context) as server:
        yield server


def asked(gateway: Gateway, request=None) -> Answered:
    with calling(gateway) as call:
        return call(request or pending("t"))


@pytest.mark.parametrize("by", ["flag", "variable", "profile"])
def test_a_private_authority_is_trusted_where_one_is_named(secure, start, bundle, tmp_path, by):
    config = tmp_path / "config"
    config.write_text(f"[default]\nca_bundle = {bundle}\n")
    arguments, env = {
        "flag": (["--upstream-ca-bundle", bundle], {}),
        "variable": ([], {"AWS_CA_BUNDLE": bundle}),
        "profile": ([], {"AWS_CONFIG_FILE": str(config)}),
    }[by]
    answered = asked(start(secure.url, *arguments, env=env))
    assert answered.ok, answered.failure
    (handshake,) = secure.handshakes
    assert handshake.server_name == "localhost"
    assert handshake.application_protocol == "http/1.1"
    assert handshake.version == "TLSv1.3"


def test_a_server_that_knows_no_newer_version_is_spoken_to_in_tls_1_2(
    authority, start, bundle, tmp_path
):
    context = authority.issue("localhost").server_context(
        tmp_path, newest=ssl.TLSVersion.TLSv1_2
    )
    with Upstream(tls=context) as server:
        assert asked(start(server.url, "--upstream-ca-bundle", bundle)).ok
        assert server.handshakes[0].version == "TLSv1.2"


def test_intermediates_that_the_server_sends_are_used(authority, start, bundle, tmp_path):
    below = Authority("Test Intermediate", authority)
    with Upstream(tls=below.issue("localhost").server_context(tmp_path)) as server:
        assert asked(start(server.url, "--upstream-ca-bundle", bundle)).ok


def test_an_address_is_verified_as_an_address(authority, start, bundle, tmp_path):
    with Upstream(tls=authority.issue("127.0.0.1").server_context(tmp_path)) as server:
        url = server.url.replace("localhost", "127.0.0.1")
        assert asked(start(url, "--upstream-ca-bundle", bundle)).ok
        # An address is no server name (RFC 6066 section 3).
        assert server.handshakes[0].server_name is None


BAD = {
    "wrong-host": (lambda root: root.issue("other.test"), ["mismatch", "other.test", "localhost"]),
    "expired": (lambda root: root.issue("localhost", valid=YESTERDAY), ["expired"]),
    "not-yet-valid": (lambda root: root.issue("localhost", valid=TOMORROW), ["not yet valid"]),
    "self-signed": (lambda _: Authority("localhost").own_identity("localhost"), ["self-signed"]),
    "unknown-authority": (
        lambda _: Authority("Stranger").issue("localhost"),
        ["local issuer certificate", "Stranger"],
    ),
    "not-for-servers": (
        lambda root: root.issue("localhost", usage=ExtendedKeyUsageOID.CLIENT_AUTH),
        ["purpose"],
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_certificate_is_named_in_the_failure_and_sees_no_request(
    authority, start, bundle, tmp_path, case
):
    make, words = BAD[case]
    identity: Identity = make(authority)
    with Upstream(tls=identity.server_context(tmp_path)) as server:
        gateway = start(server.url, "--upstream-ca-bundle", bundle)
        for request in (describe("t", "j"), update("t", "j")):
            answered = asked(gateway, request)
            # Nothing was sent, so that a write surely was not applied.
            assert (answered.code, answered.reason) == (Code.UNAVAILABLE, "CONNECTION")
            assert answered.failure.retry_delay_seconds is not None
            for word in words:
                assert word in answered.failure.message, answered.failure.message
        assert server.requests == []
        assert server.failed_handshakes


def test_without_a_bundle_a_private_authority_is_not_trusted(secure, start):
    answered = asked(start(secure.url))
    assert (answered.code, answered.reason) == (Code.UNAVAILABLE, "CONNECTION")
    assert "certificate" in answered.failure.message
    assert secure.requests == []


def test_a_flag_with_a_frank_name_skips_verification_and_is_warned_of(start, tmp_path):
    identity = Authority("nobody").own_identity("other.test")
    with Upstream(tls=identity.server_context(tmp_path)) as server:
        gateway = start(server.url, INSECURE)
        assert asked(gateway).ok
        warnings = [record for record in gateway.records if record["level"] == "warning"]
        assert any("certificate" in json.dumps(record) for record in warnings), warnings


@pytest.mark.parametrize("content", [None, b"", b"no certificate at all\n"])
def test_a_bundle_without_authorities_is_refused_at_start(tmp_path, content):
    file = tmp_path / "bundle.pem"
    if content is not None:
        file.write_bytes(content)
    done = run_to_end(
        *("serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"),
        *("--region", "us-east-1", "--upstream-endpoint", "https://localhost:1"),
        *("--upstream-ca-bundle", str(file)),
    )
    assert 64 <= done.returncode <= 78, done.stderr
    assert str(file) in done.stderr and "ca-bundle" in done.stderr


SPEAKERS = {
    "silent": (silent, ["TLS handshake timed out"]),
    "closes": (closing, ["TLS"]),
    "half-a-hello": (saying(HALF_A_HELLO), ["TLS"]),
    "half-a-hello-and-silent": (saying(HALF_A_HELLO, then_hold=True), ["TLS handshake timed out"]),
    "plain-http": (saying(b"HTTP/1.1 400 Bad Request\r\n\r\n"), ["plain HTTP"]),
    "other-protocol": (saying(b"SSH-2.0-OpenSSH_9.2\r\n"), ["TLS"]),
    "alert": (saying(b"\x15\x03\x03\x00\x02\x02\x28"), ["handshake failure"]),
}


@pytest.mark.parametrize("speaker", SPEAKERS)
def test_a_handshake_that_does_not_end_is_a_failed_connection(start, bundle, speaker):
    serve, words = SPEAKERS[speaker]
    with RawServer(serve) as server:
        url = f"https://localhost:{server.port}"
        flags = ["--upstream-ca-bundle", bundle, "--upstream-tls-timeout", "300ms"]
        gateway = start(url, *flags)
        for request in (describe("t", "j"), update("t", "j")):
            answered = asked(gateway, request)
            assert (answered.code, answered.reason) == (Code.UNAVAILABLE, "CONNECTION")
            for word in words:
                assert word in answered.failure.message, answered.failure.message
        assert eventually(lambda: server.open == 0)


def test_a_second_connection_resumes_the_session_of_the_first(secure, start, bundle):
    secure.respond = lambda _: Answer(headers={"Connection": "close"})
    gateway = start(secure.url, "--upstream-ca-bundle", bundle)
    with calling(gateway) as call:
        for _ in range(5):
            assert call(pending("t"), "no-cache").ok
    handshakes = secure.handshakes
    assert len(handshakes) >= 5
    assert not handshakes[0].resumed
    # A warm connection may have been opened before the first ticket came.
    assert handshakes[-1].resumed


UNTIL_THE_END = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"


def test_a_body_that_ends_with_the_connection_needs_a_goodbye(secure, start, bundle):
    """Without one, whoever cuts the connection decides where the answer ends."""
    gateway = start(secure.url, "--upstream-ca-bundle", bundle)
    whole = UNTIL_THE_END + b'{"inProgressJobs": [], "queuedJobs": []}'
    with calling(gateway) as call:
        secure.respond = lambda _: Answer(raw=whole)
        assert call(pending("t")).ok
        # The same bytes, and a whole document: but the end of the connection was not the server's.
        secure.respond = lambda _: Answer(raw=whole, cut_after=len(whole))
        answered = call(pending("t"))
        assert (answered.code, answered.reason) == (Code.UNAVAILABLE, "CONNECTION")


def test_calls_over_tls_are_those_over_plain_http(authority, start, bundle, tmp_path, thing, job):
    ledger = Ledger()
    execution = ledger.add(thing, job)
    context = authority.issue("localhost").server_context(tmp_path)
    with Upstream(ledger, tls=context) as server:
        gateway = start(server.url, "--upstream-ca-bundle", bundle)
        with calling(gateway) as call:
            for version in range(1, 51):
                details = {"text": "é" * 1000}
                request = update(thing, job, expected_version=version, status_details=details)
                assert call(request).ok
                assert call(describe(thing, job)).execution.version_number == version + 1
        assert execution.version == 51
        assert len(server.handshakes) <= 4


def test_a_plain_upstream_elsewhere_is_warned_of():
    """SigV4 hides nothing: body and session token would go over the network in clear."""
    with Program(
        *("serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"),
        *("--upstream-endpoint", "http://192.0.2.1:80", "--region", "us-east-1"),
        *("--log-format", "json"),
        env={"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"},
    ) as program:
        assert program.listener("grpc")
        warnings = [record for record in program.records if record["level"] == "warning"]
        assert any("http" in json.dumps(record) for record in warnings), program.log_tail()
