# SPDX-License-Identifier: Apache-2.0
"""Probes as the kubelet does them: HTTP and gRPC on the Pod's addresses, and a program in it."""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import platform
import signal
import socket
import sys
import threading
from collections.abc import Iterator

import grpc
import pytest
from grpc_health.v1 import health_pb2 as messages
from grpc_health.v1 import health_pb2_grpc as health

import program
from credential_servers import EndpointDirectory
from program import ACCESS_KEY, BINARY, SECRET_KEY, Gateway, eventually, run_to_end
from signatures import Key

# The last admin address counts; Gateway's own is loopback.
EVERYWHERE = ("--admin-listen", "[::]:0", "--allow-insecure-remote")


def addresses_of_this_machine() -> list[str]:
    """Loopback of the families that there are, and what a way out starts from, as a Pod has it."""
    found = []
    for family, loopback, elsewhere in (
        (socket.AF_INET, "127.0.0.1", "192.0.2.1"),
        (socket.AF_INET6, "::1", "2001:db8::1"),
    ):
        for destination in (loopback, elsewhere):
            # No packet leaves: to connect a datagram's socket is to look up the way.
            with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((destination, 9))
                found.append(probe.getsockname()[0])
    return found


ADDRESSES = addresses_of_this_machine()


def port_of(listener: str) -> int:
    return int(listener.rsplit(":", 1)[1])


def http_probe(address: str, port: int, path: str) -> int:
    """What an httpGet probe sees, with the headers that the kubelet sends."""
    connection = http.client.HTTPConnection(address, port, timeout=20)
    try:
        connection.putrequest("GET", path, skip_host=True, skip_accept_encoding=True)
        is_v6 = ipaddress.ip_address(address).version == 6
        connection.putheader("Host", f"[{address}]:{port}" if is_v6 else f"{address}:{port}")
        connection.putheader("User-Agent", "kube-probe/1.34")
        connection.putheader("Accept", "*/*")
        connection.putheader("Connection", "close")
        connection.endheaders()
        return connection.getresponse().status
    finally:
        connection.close()


def grpc_probe(address: str, port: int, service: str = "") -> int:
    """What a grpc probe sees."""
    is_v6 = ipaddress.ip_address(address).version == 6
    target = f"ipv6:[{address}]:{port}" if is_v6 else f"ipv4:{address}:{port}"
    options = [("grpc.primary_user_agent", "kube-probe/1.34")]
    with grpc.insecure_channel(target, options) as channel:
        request = messages.HealthCheckRequest(service=service)
        return health.HealthStub(channel).Check(request, timeout=20).status


SERVING = messages.HealthCheckResponse.SERVING
NOT_SERVING = messages.HealthCheckResponse.NOT_SERVING


class Pod:
    """A gateway that listens on all of the Pod's addresses."""

    def __init__(self, gateway: Gateway, released: threading.Event):
        self.gateway = gateway
        # Once set, AWS says where calls are to go.
        self.released = released
        self.admin = port_of(gateway.listener("admin"))
        self.grpc = port_of(gateway.listener("grpc"))

    def http(self, path: str) -> dict[str, int]:
        return {address: http_probe(address, self.admin, path) for address in ADDRESSES}

    def health(self) -> dict[str, int]:
        return {address: grpc_probe(address, self.grpc) for address in ADDRESSES}

    def program(self) -> int:
        """What an exec probe ends with."""
        return run_to_end("health", "--address", f"127.0.0.1:{self.grpc}").returncode


def everywhere(answer: int) -> dict[str, int]:
    return dict.fromkeys(ADDRESSES, answer)


@pytest.fixture
def pod(upstream) -> Iterator[Pod]:
    keys = {ACCESS_KEY: Key(ACCESS_KEY, SECRET_KEY)}
    released = threading.Event()
    with EndpointDirectory(f"127.0.0.1:{upstream.port}", keys) as directory:
        respond = directory.respond
        directory.respond = lambda request: released.wait(20) and respond(request)
        flags = (*EVERYWHERE, "--drain-delay", "1h")
        gateway = Gateway(None, *flags, listen="[::]:0", env=directory.environment())
        try:
            yield Pod(gateway, released)
        finally:
            released.set()
            if gateway.process.poll() is None:
                gateway.kill()


def test_probes_follow_a_pod_from_its_start_to_its_end(pod):
    # The startup probe: the application may begin, and has its calls answered.
    assert pod.http("/livez") == everywhere(200)
    assert pod.http("/readyz") == everywhere(503)
    assert pod.health() == everywhere(NOT_SERVING)
    assert pod.program() == 1
    pod.released.set()
    assert eventually(lambda: pod.http("/readyz") == everywhere(200))
    assert pod.health() == everywhere(SERVING)
    assert pod.program() == 0
    pod.gateway.terminate()
    assert eventually(lambda: pod.http("/readyz") == everywhere(503))
    # Alive, so that the kubelet does not start it anew while it ends.
    assert pod.http("/livez") == everywhere(200)
    assert pod.health() == everywhere(NOT_SERVING)
    assert pod.program() == 1
    pod.gateway.process.send_signal(signal.SIGTERM)
    assert pod.gateway.wait() == 130
    assert pod.program() == 2


@pytest.mark.parametrize("address", ADDRESSES)
def test_one_address_may_be_all_that_is_listened_on(emulator, start, address):
    """As with status.podIP in a variable of the manifest; of IPv6 it is written in brackets."""
    place = f"[{address}]:0" if ":" in address else f"{address}:0"
    flags = ("--admin-listen", place, "--allow-insecure-remote")
    gateway = start(emulator.url, *flags, listen=place)
    assert gateway.listener("admin").startswith(place[:-1])
    assert http_probe(address, port_of(gateway.listener("admin")), "/readyz") == 200
    assert grpc_probe(address, port_of(gateway.address)) == SERVING


def test_probes_are_answered_while_callers_hold_all_connections(emulator, start):
    gateway = start(emulator.url, "--connection-limit", "2", "--admin-listen", "[::]:0")
    port = port_of(gateway.address)
    with (
        socket.create_connection(("127.0.0.1", port)),
        socket.create_connection(("127.0.0.1", port)),
    ):
        admin = port_of(gateway.listener("admin"))
        for _ in range(20):
            assert http_probe("127.0.0.1", admin, "/livez") == 200
            assert http_probe("127.0.0.1", admin, "/readyz") == 200


# Has the kernel refuse sockets of IPv6, as one does that was started with ipv6.disable=1, and
# becomes the program: a filter of system calls (seccomp(2)) that stays across exec.
WITHOUT_IPV6 = """
import ctypes, errno, os, struct, sys
LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, FAIL = 0x7FFF_0000, 0x0005_0000
SOCKET = {"x86_64": 41, "aarch64": 198}[os.uname().machine]
AF_INET6 = 10
steps = [
    (LOAD, 0, 0, 0),  # the number of the call
    (JUMP_IF_EQUAL, 0, 3, SOCKET),
    (LOAD, 0, 0, 16),  # its first argument
    (JUMP_IF_EQUAL, 0, 1, AF_INET6),
    (RETURN, 0, 0, FAIL | errno.EAFNOSUPPORT),
    (RETURN, 0, 0, ALLOW),
]
code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
filter = struct.pack("@HP", len(steps), ctypes.addressof(code))
libc = ctypes.CDLL(None, use_errno=True)
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
assert libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
assert libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filter, 0, 0) == 0, ctypes.get_errno()
os.execv(os.environ["WRAPPED"], [os.environ["WRAPPED"], *sys.argv[1:]])
"""


@pytest.mark.skipif(
    platform.machine() not in ("x86_64", "aarch64"), reason="the filter knows no such machine"
)
def test_where_the_kernel_has_no_ipv6_all_addresses_are_all_of_ipv4(
    emulator, start, tmp_path, monkeypatch
):
    wrapper = tmp_path / "without-ipv6"
    wrapper.write_text(f"#!{sys.executable}\n{WITHOUT_IPV6}", encoding="utf-8")
    wrapper.chmod(0o755)
    monkeypatch.setattr(program, "BINARY", wrapper)
    gateway = start(emulator.url, *EVERYWHERE, listen="[::]:0", env={"WRAPPED": str(BINARY)})
    assert gateway.listener("admin").startswith("0.0.0.0:")
    assert gateway.address.startswith("0.0.0.0:")
    assert http_probe("127.0.0.1", port_of(gateway.listener("admin")), "/readyz") == 200
    assert grpc_probe("127.0.0.1", port_of(gateway.address)) == SERVING
