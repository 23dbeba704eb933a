# SPDX-License-Identifier: Apache-2.0
"""`health`, as exec probes run it: the exit status is what counts."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from certificates import Authority
from credential_servers import EndpointDirectory
from program import ACCESS_KEY, SECRET_KEY, Gateway, run_to_end
from secure import Files, client_identity
from signatures import Key
from stubs import SERVICE

SERVING, NOT_SERVING, NO_ANSWER, USAGE = 0, 1, 2, 64


def health(*arguments: str):
    return run_to_end("health", *arguments)


@pytest.mark.parametrize("service", [(), ("--service", SERVICE)])
def test_a_gateway_that_serves_says_so(gateway, service):
    done = health("--address", gateway.address, *service)
    assert (done.returncode, done.stdout, done.stderr) == (SERVING, "SERVING\n", "")


def test_a_service_that_is_not_there_does_not_serve(gateway):
    done = health("--address", gateway.address, "--service", "no.such.Service")
    assert (done.returncode, done.stdout) == (NOT_SERVING, "SERVICE_UNKNOWN\n")


def test_a_gateway_that_is_not_ready_does_not_serve(upstream, start):
    keys = {ACCESS_KEY: Key(ACCESS_KEY, SECRET_KEY)}
    released = threading.Event()
    with EndpointDirectory(f"127.0.0.1:{upstream.port}", keys) as directory:
        respond = directory.respond
        directory.respond = lambda request: released.wait(20) and respond(request)
        gateway = start(None, env=directory.environment())
        done = health("--address", gateway.address)
        released.set()
    assert (done.returncode, done.stdout) == (NOT_SERVING, "NOT_SERVING\n")


def test_nobody_there_is_no_answer():
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        done = health("--address", "127.0.0.1:%d" % nobody.getsockname()[1])
    assert done.returncode == NO_ANSWER and done.stdout == ""
    assert "connection refused" in done.stderr


def test_a_peer_that_never_answers_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        done = health("--address", "127.0.0.1:%d" % silent.getsockname()[1], "--deadline", "300ms")
    assert done.returncode == NO_ANSWER and "DEADLINE_EXCEEDED" in done.stderr
    assert time.monotonic() - began > 0.3


def test_a_unix_socket_is_asked(emulator, tmp_path):
    with Gateway(emulator.url, listen=f"unix:{tmp_path}/jobs.sock") as gateway:
        assert health("--address", gateway.address).returncode == SERVING
    done = health("--address", f"unix:{tmp_path}/jobs.sock")
    assert done.returncode == NO_ANSWER and "no such socket" in done.stderr


def test_a_listener_with_tls_is_asked(emulator, tmp_path):
    authority, others = Authority(), Authority("Clients")
    files = Files(tmp_path, authority.issue("127.0.0.1"))
    (tmp_path / "ca.pem").write_bytes(authority.pem)
    files.authorities.write_bytes(others.pem)
    mine = client_identity(others, "probe")
    (tmp_path / "me.pem").write_bytes(mine.chain)
    (tmp_path / "me.key").write_bytes(mine.key)
    trust = ("--tls-ca", str(tmp_path / "ca.pem"))
    shown = ("--cert", str(tmp_path / "me.pem"), "--key", str(tmp_path / "me.key"))
    with Gateway(emulator.url, *files.flags(clients=True)[2:], listen="tls:127.0.0.1:0") as gateway:
        address = ("--address", gateway.listener("grpc-tls"))
        assert health(*address, *trust, *shown).returncode == SERVING
        # Without a certificate, without trust, and without TLS.
        for flags in (trust, ("--tls", *shown), ()):
            done = health(*address, *flags)
            assert done.returncode == NO_ANSWER and done.stderr.startswith("error: "), flags
        assert "certificate" in health(*address, "--tls", *shown).stderr
        wrong = health(*address, *trust, *shown, "--server-name", "elsewhere.example")
        assert wrong.returncode == NO_ANSWER


@pytest.mark.parametrize(
    "flags",
    [
        ("--address", "nonsense"),
        ("--deadline", "0s"),
        ("--cert", "x"),
        ("--address", "unix:/x", "--tls"),
    ],
)
def test_wrong_flags_are_said_to_be(flags):
    done = health(*flags)
    assert done.returncode == USAGE and done.stderr


def test_files_that_are_not_there_are_named(tmp_path):
    missing = str(tmp_path / "missing.pem")
    for flags in (("--tls-ca", missing), ("--cert", missing, "--key", missing), ("--token-file", missing)):
        done = health(*flags)
        assert done.returncode == 66 and missing in done.stderr, done.stderr
