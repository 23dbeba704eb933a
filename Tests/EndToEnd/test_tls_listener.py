# SPDX-License-Identifier: Apache-2.0
"""TLS towards callers: who gets in, what others are told, and files that change under load."""

from __future__ import annotations

import concurrent.futures
import signal
import socket
import ssl
import subprocess
import threading
import time
import warnings

import grpc
import pytest
from cryptography import x509

from certificates import TODAY, TOMORROW, YESTERDAY, Authority
from metrics import scrape
from program import Gateway, eventually
from secure import HOST, Files, channel, client_identity, context
from stubs import pb, rpc

TIMEOUT_SECONDS = 10
# So that a test need not wait for a look at the files.
SOON = ("--reload-interval", "100ms")


@pytest.fixture(scope="module")
def root() -> Authority:
    return Authority()


@pytest.fixture(scope="module")
def clients() -> Authority:
    return Authority("Clients")


@pytest.fixture
def files(tmp_path, root, clients) -> Files:
    made = Files(tmp_path, root.issue("localhost", HOST))
    made.authorities.write_bytes(clients.pem)
    made.revocations.write_bytes(clients.revocations())
    return made


def call(opened: grpc.Channel) -> grpc.StatusCode:
    """Any call; for a thing that nobody knows, so that NOT_FOUND is success."""
    stub = rpc.JobsDataPlaneServiceStub(opened)
    request = pb.GetPendingJobExecutionsRequest(thing_name="nobody")
    try:
        stub.GetPendingJobExecutions(request, timeout=TIMEOUT_SECONDS)
    except grpc.RpcError as error:
        return error.code()
    return grpc.StatusCode.OK


SERVED = grpc.StatusCode.NOT_FOUND
UNAVAILABLE = grpc.StatusCode.UNAVAILABLE


def outcome(gateway: Gateway, authority: Authority, identity=None) -> grpc.StatusCode:
    with channel(gateway.secure_address, authority, identity) as opened:
        return call(opened)


def handshakes(gateway: Gateway, result: str) -> float:
    return scrape(gateway.admin_url).value("iot_jobs_gateway_tls_handshakes_total", result=result)


def connect(address: str) -> socket.socket:
    host, port = address.rsplit(":", 1)
    opened = socket.create_connection((host, int(port)), TIMEOUT_SECONDS)
    opened.settimeout(TIMEOUT_SECONDS)
    return opened


def serial_shown(gateway: Gateway, trusting: ssl.SSLContext) -> int:
    with connect(gateway.secure_address) as plain:
        with trusting.wrap_socket(plain, server_hostname="localhost") as secured:
            shown = secured.getpeercert(binary_form=True)
            assert shown
            return x509.load_der_x509_certificate(shown).serial_number


def serial(identity) -> int:
    return x509.load_pem_x509_certificate(identity.chain).serial_number


def read_to_end(opened: socket.socket) -> bytes:
    taken = b""
    while more := opened.recv(65_536):
        taken += more
    return taken


def test_grpc_over_tls_beside_grpc_in_plaintext(emulator, files, root):
    with Gateway(emulator.url, *files.flags()) as gateway:
        assert outcome(gateway, root) == SERVED
        with grpc.insecure_channel(gateway.address) as plain:
            assert call(plain) == SERVED
        assert outcome(gateway, Authority("Other")) == UNAVAILABLE
        assert handshakes(gateway, "full") == 1
        # Some clients say why they leave, some do not.
        left = ("refused_by_client", "closed")
        assert eventually(lambda: sum(handshakes(gateway, result) for result in left) == 1)
        seen = scrape(gateway.admin_url)
        over = seen.value("iot_jobs_gateway_tls_certificate_not_after_seconds")
        assert over == pytest.approx(time.time() + TODAY[1].total_seconds(), abs=600)


def test_a_client_shows_a_certificate_of_the_authority_or_stays_outside(
    emulator, files, root, clients
):
    good = client_identity(clients, "spiffe://example.org/thing/press-1")
    with Gateway(emulator.url, *files.flags(clients=True)) as gateway:
        assert outcome(gateway, root, good) == SERVED
        assert outcome(gateway, root, None) == UNAVAILABLE
        assert handshakes(gateway, "no_certificate") == 1
        strangers = [
            client_identity(root, "stranger"),
            client_identity(clients, "late", valid=YESTERDAY),
            client_identity(clients, "early", valid=TOMORROW),
            # One for servers, which must not do for a client.
            clients.issue("server"),
        ]
        for count, stranger in enumerate(strangers, 1):
            assert outcome(gateway, root, stranger) == UNAVAILABLE
            assert handshakes(gateway, "bad_certificate") == count
        assert outcome(gateway, root, good) == SERVED
        # Each kind of failure is told once a minute at most.
        assert eventually(lambda: len(gateway.logged("a TLS handshake failed")) == 2)


def test_a_certificate_may_be_requested_only(emulator, files, root, clients):
    flags = [*files.flags(clients=True), "--tls-client-auth", "request"]
    with Gateway(emulator.url, *flags) as gateway:
        assert outcome(gateway, root, None) == SERVED
        assert outcome(gateway, root, client_identity(clients, "known")) == SERVED
        assert outcome(gateway, root, client_identity(root, "stranger")) == UNAVAILABLE


def test_a_client_below_an_intermediate_is_known(emulator, files, root, clients):
    between = Authority("Clients of the plant", issuer=clients)
    flags = files.flags(clients=True, revocations=True)
    files.revocations.write_bytes(between.revocations())
    with Gateway(emulator.url, *flags) as gateway:
        assert outcome(gateway, root, client_identity(between, "press-1")) == SERVED


def test_a_revoked_client_stays_outside_from_the_moment_the_list_says_so(
    emulator, files, root, clients
):
    first, second = (client_identity(clients, name) for name in ("first", "second"))
    files.revocations.write_bytes(clients.revocations(first))
    with Gateway(emulator.url, *files.flags(clients=True, revocations=True), *SOON) as gateway:
        assert outcome(gateway, root, first) == UNAVAILABLE
        with channel(gateway.secure_address, root, second) as before:
            assert call(before) == SERVED
            files.revocations.write_bytes(clients.revocations(first, second))
            assert eventually(lambda: gateway.logged("files reloaded"))
            assert outcome(gateway, root, second) == UNAVAILABLE
            # A connection is judged when it begins.
            assert call(before) == SERVED


def test_a_list_that_is_out_of_date_lets_nobody_in(emulator, files, root, clients):
    files.revocations.write_bytes(clients.revocations(valid=YESTERDAY))
    with Gateway(emulator.url, *files.flags(clients=True, revocations=True)) as gateway:
        assert outcome(gateway, root, client_identity(clients, "known")) == UNAVAILABLE
        assert eventually(lambda: gateway.logged("a TLS handshake failed"))
        [line] = gateway.logged("a TLS handshake failed")
        assert "CRL has expired" in line["reason"]


def test_a_certificate_is_replaced_under_load_and_no_call_fails(
    emulator, files, root, tmp_path
):
    old, new = root.issue("localhost", HOST), root.issue("localhost", HOST)
    files.show(old)
    trusting = context(root, tmp_path)
    with Gateway(emulator.url, *files.flags(), "--reload-interval", "1h") as gateway:
        assert serial_shown(gateway, trusting) == serial(old)
        stop = threading.Event()

        def caller() -> set[grpc.StatusCode]:
            seen = set()
            with channel(gateway.secure_address, root) as opened:
                while not stop.is_set():
                    seen.add(call(opened))
            return seen

        def newcomer() -> set[grpc.StatusCode]:
            seen = set()
            while not stop.is_set():
                seen.add(outcome(gateway, root))
            return seen

        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            callers = [pool.submit(caller), pool.submit(caller), pool.submit(newcomer)]
            try:
                # Key and certificate do not fit together in between.
                files.certificate.write_bytes(new.chain)
                gateway.process.send_signal(signal.SIGHUP)
                files.key.write_bytes(new.key)
                gateway.process.send_signal(signal.SIGHUP)
                assert eventually(lambda: serial_shown(gateway, trusting) == serial(new))
            finally:
                stop.set()
            for future in callers:
                assert future.result(TIMEOUT_SECONDS) == {SERVED}


def test_files_that_cannot_be_used_leave_the_former_in_force(emulator, files, root, tmp_path):
    old = root.issue("localhost", HOST)
    files.show(old)
    trusting = context(root, tmp_path)
    with Gateway(emulator.url, *files.flags(), *SOON) as gateway:

        def failing() -> float:
            return scrape(gateway.admin_url).value("iot_jobs_gateway_reload_failing", what="certificate")

        assert serial_shown(gateway, trusting) == serial(old)
        files.key.write_bytes(root.issue("localhost").key)
        assert eventually(lambda: failing() == 1)
        assert serial_shown(gateway, trusting) == serial(old)
        [line] = gateway.logged("changed files cannot be used; what they held before stays in force")
        assert line["files"] == "certificate"
        assert "does not belong" in line["reason"]
        assert "PRIVATE" not in gateway.log_tail()
        files.certificate.unlink()
        assert eventually(
            lambda: scrape(gateway.admin_url).value("iot_jobs_gateway_reloads_total", result="failure") == 2
        )
        files.show(old)
        assert eventually(lambda: failing() == 0)
        assert serial_shown(gateway, trusting) == serial(old)


def test_a_session_is_resumed_until_its_rules_change(emulator, files, root, clients, tmp_path):
    trusting = context(root, tmp_path, client_identity(clients, "known"))
    trusting.maximum_version = ssl.TLSVersion.TLSv1_2

    def connection(session: ssl.SSLSession | None) -> tuple[bool, ssl.SSLSession | None]:
        with connect(gateway.secure_address) as plain:
            with trusting.wrap_socket(plain, server_hostname="localhost", session=session) as done:
                return done.session_reused, done.session

    with Gateway(emulator.url, *files.flags(clients=True), *SOON) as gateway:
        reused, session = connection(None)
        assert not reused
        reused, _ = connection(session)
        assert reused
        assert handshakes(gateway, "resumed") == 1
        # The tickets go with the authority that they were given under.
        files.authorities.write_bytes(clients.pem + Authority("Another").pem)
        assert eventually(lambda: gateway.logged("files reloaded"))
        reused, _ = connection(session)
        assert not reused


def run(*command: str, text: str = "") -> str:
    """What a tool of OpenSSL's or curl's says, on both of its channels."""
    done = subprocess.run(
        command, input=text, capture_output=True, text=True, timeout=30, check=False
    )
    return done.stdout + done.stderr


def test_openssl_and_curl_see_what_is_meant(emulator, files, root, clients, tmp_path):
    authority = tmp_path / "root.pem"
    authority.write_bytes(root.pem)
    client = ("openssl", "s_client", "-brief", "-CAfile", str(authority), "-verify_return_error")
    with Gateway(emulator.url, *files.flags(clients=True)) as gateway:
        there = ("-connect", gateway.secure_address)
        told = run(*client, *there, "-alpn", "h2", "-tls1_2")
        assert "handshake failure" in told
        told = run(*client, *there)
        assert "no application protocol" in told
        told = run("openssl", "s_client", *there, "-alpn", "h2", "-CAfile", str(authority))
        assert "Protocol version: TLSv1.3" in told or "TLSv1.3" in told
        # Whose certificates are welcome.
        assert "CN = Clients" in told
        told = run("curl", "-sv", "--http1.1", f"http://{gateway.secure_address}/")
        assert "400 Bad Request" in told
        assert "this port serves gRPC over TLS" in told
        told = run("curl", "-sv", f"http://{gateway.address}/")
        assert "this port serves gRPC over HTTP/2" in told
        told = run("curl", "-sv", f"https://{gateway.address}/")
        assert "wrong version number" in told


@pytest.mark.parametrize("protocols", [(), ("http/1.1",), ("h2c", "http/1.0")])
def test_a_client_that_does_not_offer_h2_is_told(emulator, files, root, tmp_path, protocols):
    with Gateway(emulator.url, *files.flags()) as gateway:
        trusting = context(root, tmp_path, protocols=protocols)
        with connect(gateway.secure_address) as plain:
            with pytest.raises(ssl.SSLError) as told:
                trusting.wrap_socket(plain, server_hostname="localhost")
        assert "no application protocol" in str(told.value)
        assert handshakes(gateway, "nothing_in_common") == 1
        assert eventually(lambda: gateway.logged("a TLS handshake failed"))
        [line] = gateway.logged("a TLS handshake failed")
        assert "application protocol" in line["reason"]


@pytest.mark.parametrize(
    ("version", "suites", "is_served"),
    [
        (ssl.TLSVersion.TLSv1_3, None, True),
        (ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES128-GCM-SHA256", True),
        (ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-CHACHA20-POLY1305", True),
        (ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES128-SHA256", False),
        (ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES256-SHA", False),
        (ssl.TLSVersion.TLSv1_1, "ALL:@SECLEVEL=0", False),
    ],
)
def test_what_is_spoken_is_not_broken(
    emulator, files, root, tmp_path, version, suites, is_served
):
    trusting = context(root, tmp_path)
    if suites:
        trusting.set_ciphers(suites)
    if version < ssl.TLSVersion.TLSv1_2:
        trusting.options &= ~ssl.OP_NO_TLSv1_1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        trusting.minimum_version = version
        trusting.maximum_version = version
    with Gateway(emulator.url, *files.flags()) as gateway, connect(gateway.secure_address) as plain:
        if is_served:
            with trusting.wrap_socket(plain, server_hostname="localhost") as secured:
                assert secured.selected_alpn_protocol() == "h2"
                assert not secured.compression()
        else:
            with pytest.raises(ssl.SSLError):
                trusting.wrap_socket(plain, server_hostname="localhost")


def test_plaintext_on_a_tls_port_is_told_in_its_own_language(emulator, files, root):
    with Gateway(emulator.url, *files.flags()) as gateway:
        with connect(gateway.secure_address) as opened:
            opened.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            answer = read_to_end(opened)
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert b"over TLS, not plaintext" in answer
        with grpc.insecure_channel(gateway.secure_address) as plain:
            with pytest.raises(grpc.RpcError) as failed:
                rpc.JobsDataPlaneServiceStub(plain).GetPendingJobExecutions(
                    pb.GetPendingJobExecutionsRequest(thing_name="x"), timeout=TIMEOUT_SECONDS
                )
        assert failed.value.code() == UNAVAILABLE
        # What grpc makes of an answer in HTTP/1.1, which is the most that it tells.
        assert "400" in failed.value.details()
        assert eventually(lambda: len(gateway.logged("a connection was refused")) == 1)
        assert outcome(gateway, root) == SERVED


def test_tls_and_http1_on_a_plaintext_port_are_told(emulator, root, tmp_path):
    with Gateway(emulator.url) as gateway:
        for start in (b"GET /", b"POST /x", b"OPTIONS *"):
            with connect(gateway.address) as opened:
                opened.sendall(start + b" HTTP/1.1\r\nhost: x\r\n\r\n")
                answer = read_to_end(opened)
            assert answer.startswith(b"HTTP/1.1 400 ")
            assert b"HTTP/2 with prior knowledge" in answer
        with connect(gateway.address) as plain:
            with pytest.raises(ssl.SSLError, match="WRONG_VERSION_NUMBER|RECORD_LAYER|wrong version"):
                context(root, tmp_path).wrap_socket(plain, server_hostname="localhost")
        assert eventually(lambda: len(gateway.logged("a connection was refused")) == 2)
        lines = gateway.logged("a connection was refused")
        assert {"HTTP/1.1", "plaintext"} == {
            word for word in ("HTTP/1.1", "plaintext") for line in lines if word in line["reason"]
        }
        seen = scrape(gateway.admin_url)
        assert seen.value("iot_jobs_gateway_openings_refused_total", reason="http1") == 3
        assert seen.value("iot_jobs_gateway_openings_refused_total", reason="tls") == 1


@pytest.mark.parametrize("start", [b"", b"\x16", b"\x16\x03\x01\x02\x00\x01", b"PR"])
def test_who_does_not_get_on_with_the_handshake_is_let_go(emulator, files, start):
    with Gateway(emulator.url, *files.flags(), "--handshake-timeout", "500ms") as gateway:
        with connect(gateway.secure_address) as opened:
            opened.sendall(start)
            began = time.monotonic()
            read_to_end(opened)
            assert 0.3 < time.monotonic() - began < 5
        assert scrape(gateway.admin_url).value("iot_jobs_gateway_connections", listener="grpc-tls") == 0


def test_a_certificate_that_is_over_is_told_to_the_operator(emulator, files, root):
    files.show(root.issue("localhost", HOST, valid=YESTERDAY))
    with Gateway(emulator.url, *files.flags()) as gateway:
        assert outcome(gateway, root) == UNAVAILABLE
        assert gateway.logged("the certificate for callers is over soon, or already")


def test_tls_carries_a_drain(emulator, files, root):
    gateway = Gateway(emulator.url, *files.flags())
    with channel(gateway.secure_address, root) as opened:
        assert call(opened) == SERVED
        gateway.terminate()
        assert gateway.wait() == 0


