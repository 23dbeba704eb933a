# SPDX-License-Identifier: Apache-2.0
"""How long callers' connections may wait, what they may hold, and how they end."""

from __future__ import annotations

import concurrent.futures
import contextlib
import os
import re
import resource
import socket
import subprocess
import time
import urllib.error
import urllib.request

import grpc
import pytest
from h2.exceptions import ProtocolError

from metrics import scrape
from program import Gateway, ProgramFailed, eventually
from stubs import NO_CACHE, pb, rpc
from upstream import Answer
from wire import PREFACE, Connection, connect, frame, goaway_code, message

PENDING = pb.GetPendingJobExecutionsRequest(thing_name="t")
BODY = message(PENDING.SerializeToString())
HELLO = PREFACE + frame(4, 0, 0)
ENDED = "iot_jobs_gateway_connections_ended_total"
NO_ERROR, ENHANCE_YOUR_CALM = 0, 11


def read_to_end(raw: socket.socket, seconds: float = 20) -> bytes:
    raw.settimeout(seconds)
    received = b""
    with contextlib.suppress(ConnectionError):
        while part := raw.recv(65536):
            received += part
    return received


def resident_kilobytes(pid: int) -> int:
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        found = re.search(r"VmRSS:\s+(\d+) kB", status.read())
    assert found
    return int(found.group(1))


@pytest.mark.parametrize(
    ("sent", "flag", "reason"),
    [
        (PREFACE, "--handshake-timeout", "handshake_timeout"),
        (HELLO + b"\0\0\x08\x06", "--frame-timeout", "frame_timeout"),
        (HELLO + frame(1, 0, 1, b"\x82"), "--frame-timeout", "frame_timeout"),
    ],
    ids=["preface", "frame", "header block"],
)
def test_who_begins_and_does_not_finish_is_cut_off(upstream, start, sent, flag, reason):
    gateway = start(upstream.url, flag, "300ms")
    with connect(gateway.address) as raw:
        raw.sendall(sent)
        assert goaway_code(read_to_end(raw)) == ENHANCE_YOUR_CALM
    assert scrape(gateway.admin_url).value(ENDED, reason=reason) == 1


def test_a_message_that_does_not_come_in_ends_its_call_alone(upstream, start):
    gateway = start(upstream.url, "--request-timeout", "300ms")
    with Connection(gateway.address) as connection:
        slow = connection.request(end=False)
        reply = connection.reply(connection.request(body=BODY))
        assert reply.grpc_status == 0
        assert connection.reply(slow).grpc_status == grpc.StatusCode.DEADLINE_EXCEEDED.value[0]
        assert connection.call("GetPendingJobExecutions", BODY).grpc_status == 0


def test_an_answer_that_nobody_takes_ends_the_connection(upstream, start):
    gateway = start(upstream.url, "--write-timeout", "500ms")
    upstream.respond = lambda _: Answer.json({"queuedJobs": [{"jobId": "j" * 60}] * 8})
    with Connection(gateway.address, initial_window=10) as connection:
        connection.credit = False
        connection.request(body=BODY)
        assert connection.pump(lambda: False) is False
        assert connection.closed
    assert scrape(gateway.admin_url).value(ENDED, reason="write_timeout") == 1


def test_pings_are_policed_as_grpc_has_it(upstream, start):
    gateway = start(upstream.url)
    with connect(gateway.address) as raw:
        raw.sendall(HELLO + frame(6, 0, 0, bytes(8)) * 4)
        received = read_to_end(raw)
    assert goaway_code(received) == ENHANCE_YOUR_CALM
    assert b"too_many_pings" in received
    assert scrape(gateway.admin_url).value(ENDED, reason="too_many_pings") == 1


def test_a_grpcio_client_with_its_fastest_keepalive_is_never_cut_off(upstream, start):
    gateway = start(upstream.url, "--keepalive-least-interval", "800ms")
    options = [
        ("grpc.keepalive_time_ms", 1000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.max_pings_without_data", 0),
    ]
    with grpc.insecure_channel(gateway.address, options) as channel:
        stub = rpc.JobsDataPlaneServiceStub(channel)
        stub.GetPendingJobExecutions(PENDING, timeout=20)
        time.sleep(5)
        stub.GetPendingJobExecutions(PENDING, timeout=20)
    assert scrape(gateway.admin_url).value(ENDED) in (0, None)


def test_a_silent_caller_is_asked_and_one_that_hangs_is_closed(upstream, start):
    flags = ("--keepalive-interval", "200ms", "--keepalive-timeout", "500ms")
    gateway = start(upstream.url, *flags)
    with connect(gateway.address) as hanging, Connection(gateway.address) as answering:
        hanging.sendall(HELLO)
        assert answering.pump(lambda: False, seconds=4) is False
        assert not answering.closed
        assert answering.call("GetPendingJobExecutions", BODY).grpc_status == 0
        assert read_to_end(hanging)
    assert scrape(gateway.admin_url).value(ENDED, reason="keepalive_timeout") == 1


def test_idle_connections_are_drained(upstream, start):
    gateway = start(upstream.url, "--connection-idle-timeout", "1s")
    with Connection(gateway.address) as connection:
        assert connection.call("GetPendingJobExecutions", BODY).grpc_status == 0
        assert connection.pump(lambda: connection.goaway is not None)
        assert connection.goaway == NO_ERROR
        assert connection.pump(lambda: connection.closed) is False or connection.closed


def test_no_call_fails_while_connections_reach_their_age(upstream, start):
    gateway = start(upstream.url, "--connection-max-age", "1s")
    with grpc.insecure_channel(gateway.address) as channel:
        stub = rpc.JobsDataPlaneServiceStub(channel)

        def two_have_reached_it() -> bool:
            for _ in range(20):
                stub.GetPendingJobExecutions(PENDING, timeout=20, metadata=NO_CACHE)
            return scrape(gateway.admin_url).value(ENDED, reason="max_age") >= 2

        assert eventually(two_have_reached_it, seconds=60)


def test_a_call_that_outlasts_the_age_has_its_grace(upstream, start, gate):
    upstream.respond = lambda _: Answer(gate=gate)
    flags = ("--connection-max-age", "500ms", "--connection-max-age-grace", "500ms")
    gateway = start(upstream.url, *flags)
    with Connection(gateway.address) as connection:
        connection.request(body=BODY)
        assert connection.pump(lambda: connection.goaway is not None)
        assert connection.pump(lambda: False) is False
        assert connection.closed
    gate.set()


def test_callers_beyond_the_memory_limit_are_told_to_come_back(upstream, start, gate):
    upstream.respond = lambda _: Answer(gate=gate)
    gateway = start(
        upstream.url, "--memory-limit-bytes", "1048576", "--request-limit-bytes", "4194304"
    )
    assert gateway.address
    before = resident_kilobytes(gateway.pid)
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(Connection(gateway.address)) for _ in range(8)]
        refused = 0
        for connection in connections:
            for _ in range(20):
                # A message of 60,000 bytes whose end does not come.
                stream = connection.request(end=False)
                with contextlib.suppress(ProtocolError):
                    connection.send(stream, message(bytes(60_000))[:60_000], end=False)
                # For the windows to open again.
                connection.pump(lambda: False, seconds=0.02)
            replies = connection.replies.values()
            refused += sum(1 for reply in replies if reply.grpc_status == 14)
            assert all(
                reply.metadata["grpc-retry-pushback-ms"] == "1000"
                for reply in replies
                if reply.grpc_status is not None
            )
        assert refused > 100
        held = scrape(gateway.admin_url).value("iot_jobs_gateway_buffered_bytes")
        assert 0 < held <= 1_048_576
        assert resident_kilobytes(gateway.pid) - before < 20_000
    assert eventually(
        lambda: scrape(gateway.admin_url).value("iot_jobs_gateway_buffered_bytes") == 0
    )
    gate.set()
    with Connection(gateway.address) as connection:
        assert connection.call("GetPendingJobExecutions", BODY).grpc_status == 0


def test_the_connection_limit_holds_over_all_listeners(upstream, start, tmp_path):
    path = tmp_path / "g.sock"
    gateway = start(
        upstream.url, "--listen", f"unix:{path}", "--connection-limit", "3", listen="127.0.0.1:0"
    )
    with contextlib.ExitStack() as stack:
        for _ in range(3):
            connection = stack.enter_context(Connection(gateway.address))
            assert connection.call("GetPendingJobExecutions", BODY).grpc_status == 0
        late = stack.enter_context(socket.socket(socket.AF_UNIX))
        late.settimeout(10)
        late.connect(str(path))
        with contextlib.suppress(ConnectionError):
            late.sendall(HELLO)
            assert late.recv(1) == b""
    connections = "iot_jobs_gateway_connections"
    assert eventually(lambda: scrape(gateway.admin_url).value(connections, listener="grpc") == 0)
    with Connection(gateway.address) as connection:
        assert connection.call("GetPendingJobExecutions", BODY).grpc_status == 0


def test_without_descriptors_nobody_spins_and_probes_are_answered(upstream, start):
    """The last descriptors are not for callers; and a refused accept waits a second."""
    gateway = start(upstream.url)
    assert gateway.address
    # Callers' places would be gone before the descriptors are, so those are taken away.
    taken = len(os.listdir(f"/proc/{gateway.pid}/fd"))
    resource.prlimit(gateway.pid, resource.RLIMIT_NOFILE, (taken + 3, taken + 3))
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(connect(gateway.address)) for _ in range(12)]
        assert eventually(lambda: bool(gateway.logged("connections cannot be accepted")))
        before = cpu_seconds(gateway.pid)
        time.sleep(3)
        assert cpu_seconds(gateway.pid) - before < 0.5
        assert len(gateway.logged("connections cannot be accepted")) == 1
        del connections
    with Connection(gateway.address) as connection:
        assert connection.call("GetPendingJobExecutions", BODY).grpc_status == 0


def cpu_seconds(pid: int) -> float:
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def test_few_descriptors_are_kept_for_probes_and_aws(upstream, tmp_path):
    script = 'ulimit -n 500; exec "$0" "$@"'
    gateway = LimitedGateway(script, upstream.url)
    with gateway, contextlib.ExitStack() as stack:
        warning = gateway.logged("fewer connections than configured, for want of file descriptors")
        assert [record["connections"] for record in warning] == ["80"]
        for _ in range(120):
            stack.enter_context(connect(gateway.address))
        with urllib.request.urlopen(f"{gateway.admin_url}/livez", timeout=10) as answer:
            assert answer.status == 200


def test_too_few_descriptors_to_begin_with_are_told(upstream):
    with pytest.raises(ProgramFailed, match="30 file descriptors are allowed, and 36 needed"):
        LimitedGateway('ulimit -n 30; exec "$0" "$@"', upstream.url)


class LimitedGateway(Gateway):
    """A gateway that a shell starts with fewer descriptors."""

    def __init__(self, script: str, upstream: str):
        popen = subprocess.Popen

        def limited(command, **more):
            return popen(["bash", "-c", script, *command], **more)

        subprocess.Popen = limited  # type: ignore[misc,assignment]
        try:
            super().__init__(upstream)
        finally:
            subprocess.Popen = popen  # type: ignore[misc]
        assert self.address


def test_a_drain_under_load_ends_in_time_and_fails_no_call(upstream, gate):
    gateway = Gateway(upstream.url)
    with grpc.insecure_channel(gateway.address) as channel:
        stub = rpc.JobsDataPlaneServiceStub(channel)
        stub.GetPendingJobExecutions(PENDING, timeout=20)
        upstream.respond = lambda _: Answer(gate=gate)
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            calls = [
                pool.submit(
                    stub.GetPendingJobExecutions, PENDING, timeout=20, metadata=NO_CACHE
                )
                for _ in range(20)
            ]
            assert eventually(lambda: len(upstream.requests) >= 21)
            # A scraper that keeps its connection open, and an idle caller.
            host, port = gateway.admin_url.removeprefix("http://").split(":")
            with (
                socket.create_connection((host, int(port)), 10) as scraper,
                connect(gateway.address) as idle,
            ):
                scraper.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
                assert b"200 OK" in scraper.recv(65536)
                idle.sendall(HELLO)
                gateway.terminate()
                assert eventually(lambda: not_ready(gateway))
                gate.set()
                for call in calls:
                    call.result()
                began = time.monotonic()
                assert gateway.wait() == 0
                assert time.monotonic() - began < 10
                assert read_to_end(scraper) == b""


def not_ready(gateway: Gateway) -> bool:
    try:
        urllib.request.urlopen(f"{gateway.admin_url}/readyz", timeout=10)
    except urllib.error.HTTPError as error:
        return error.code == 503
    except OSError:
        return False
    return False


def test_a_drain_does_not_wait_for_connections_that_nobody_needs():
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, contextlib.ExitStack() as stack:
        for _ in range(3):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                filler.connect(full.getsockname())
        port = full.getsockname()[1]
        gateway = Gateway(f"http://127.0.0.1:{port}", "--upstream-connect-timeout", "25s")
        with grpc.insecure_channel(gateway.address) as channel:
            stub = rpc.JobsDataPlaneServiceStub(channel)
            with pytest.raises(grpc.RpcError):
                stub.GetPendingJobExecutions(PENDING, timeout=0.5)
        began = time.monotonic()
        gateway.terminate()
        assert gateway.wait() == 0
        assert time.monotonic() - began < 10
        assert not gateway.logged("no connection to AWS")


def test_a_second_signal_ends_the_process_at_once(upstream, gate):
    upstream.respond = lambda _: Answer(gate=gate)
    gateway = Gateway(upstream.url)
    with Connection(gateway.address) as connection:
        connection.request(body=BODY)
        assert eventually(lambda: upstream.requests)
        gateway.terminate()
        assert connection.pump(lambda: connection.goaway is not None)
        began = time.monotonic()
        gateway.terminate()
        assert gateway.wait() == 130
        assert time.monotonic() - began < 5
    gate.set()


def test_a_thousand_idle_connections_are_cheap(upstream, start):
    """What they cost is memory that is resident while nobody uses them."""
    count = 1_000
    gateway = start(upstream.url)

    def opened() -> socket.socket:
        raw = connect(gateway.address)
        raw.sendall(HELLO)
        return raw

    with contextlib.ExitStack() as stack:
        for _ in range(50):
            stack.enter_context(opened())
        time.sleep(1)
        before = resident_kilobytes(gateway.pid)
        for _ in range(count):
            stack.enter_context(opened())
        # Memory goes once a connection is silent between two looks at it, which are 2 s apart.
        assert eventually(lambda: resident_kilobytes(gateway.pid) - before < 12 * count), (
            resident_kilobytes(gateway.pid) - before
        )
        with Connection(gateway.address) as connection:
            assert connection.call("GetPendingJobExecutions", BODY).grpc_status == 0
