# SPDX-License-Identifier: Apache-2.0
"""Starting, draining, losing AWS and finding it again; deadlines and callers that go away."""

from __future__ import annotations

import concurrent.futures
import socket
import time

import grpc
import pytest

from aws import client, create_job
from callers import calling, describe
from failures import HERE, failing, read
from metrics import scrape
from program import Emulator, Gateway, eventually
from stubs import NO_CACHE, STATUS, pb, rpc
from upstream import Answer
from wire import Connection, message

PENDING = pb.GetPendingJobExecutionsRequest(thing_name="t")


def test_sigterm_lets_running_calls_finish_and_takes_no_more(upstream, gate):
    upstream.respond = lambda _: Answer(gate=gate)
    gateway = Gateway(upstream.url)
    with Connection(gateway.address) as connection:
        stream = connection.request(body=message(PENDING.SerializeToString()))
        assert eventually(lambda: upstream.requests)
        gateway.terminate()
        assert connection.pump(lambda: connection.goaway is not None)
        assert connection.goaway == 0
        with pytest.raises(OSError):
            # The listener closes with the drain; a connection in the backlog is reset.
            with socket.create_connection(
                ("127.0.0.1", int(gateway.address.rsplit(":", 1)[1])), 5
            ) as late:
                late.settimeout(5)
                late.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
                if late.recv(1) == b"":
                    raise OSError("closed")
        assert gateway.process.poll() is None
        gate.set()
        reply = connection.reply(stream)
        assert (reply.grpc_status, reply.message) == (0, b"")
    assert gateway.wait() == 0
    assert gateway.noise == []


def test_sigterm_without_calls_ends_at_once(upstream):
    gateway = Gateway(upstream.url)
    with Connection(gateway.address) as connection:
        assert (
            connection.call(
                "GetPendingJobExecutions", message(PENDING.SerializeToString())
            ).grpc_status
            == 0
        )
        began = time.monotonic()
        gateway.terminate()
        assert gateway.wait() == 0
    assert time.monotonic() - began < 5


def test_sigterm_does_not_wait_for_what_no_caller_waits_for(upstream, gate):
    policy = {"cache_bytes": 1_000_000, "describe_ttl": "1ms", "stale_while_revalidate": "1h"}
    gateway = Gateway(upstream.url, policy=policy)
    upstream.respond = lambda _: Answer.json({"execution": {"jobId": "j", "thingName": "t"}})
    with calling(gateway) as call:
        assert call(describe("t", "j")).cache == "miss"
        upstream.respond = lambda _: Answer(gate=gate)
        # Served past its time, while AWS is asked anew and keeps silent.
        assert eventually(lambda: call(describe("t", "j")).cache == "stale")
        assert eventually(lambda: len(upstream.requests) == 2)
    began = time.monotonic()
    gateway.terminate()
    assert gateway.wait() == 0
    # An attempt may take half a minute; the wait of the test itself gives up before that.
    assert time.monotonic() - began < 10
    assert gateway.noise == []


def test_grpcio_moves_to_another_gateway_without_a_failed_call(upstream, start):
    """A client that retries what the drain refuses sees no error."""
    first = Gateway(upstream.url)
    port = first.address.rsplit(":", 1)[1]
    with grpc.insecure_channel(first.address) as channel:
        stub = rpc.JobsDataPlaneServiceStub(channel)
        stub.GetPendingJobExecutions(PENDING, timeout=20)
        first.stop()
        second = start(upstream.url, listen=f"127.0.0.1:{port}")
        assert second.address
        stub.GetPendingJobExecutions(PENDING, timeout=20, wait_for_ready=True)


def test_without_aws_a_call_is_unavailable_and_afterwards_works_again(thing, job):
    first = Emulator()
    address = first.address
    with Gateway(first.url) as gateway, grpc.insecure_channel(gateway.address) as channel:
        stub = rpc.JobsDataPlaneServiceStub(channel)
        create_job(client("iot", first.url), job, thing)
        request = pb.GetPendingJobExecutionsRequest(thing_name=thing)
        assert len(stub.GetPendingJobExecutions(request, timeout=20).queued_jobs) == 1
        first.stop()
        update = pb.UpdateJobExecutionRequest(
            thing_name=thing, job_id=job, status=STATUS["IN_PROGRESS"]
        )
        for call, argument in (
            (stub.GetPendingJobExecutions, request),
            # Nothing was connected, so the write surely was not applied.
            (stub.UpdateJobExecution, update),
        ):
            with failing(grpc.StatusCode.UNAVAILABLE) as seen:
                call(argument, timeout=20)
            assert seen[0].info.domain == HERE
            assert seen[0].retry_delay_seconds is not None
        with Emulator(listen=address) as second:
            create_job(client("iot", second.url), job, thing)
            assert len(stub.GetPendingJobExecutions(request, timeout=20).queued_jobs) == 1


def test_a_deadline_passes_while_aws_is_slow(upstream, forwarding, gate):
    upstream.respond = lambda _: Answer(gate=gate)
    with failing(grpc.StatusCode.DEADLINE_EXCEEDED):
        forwarding.GetPendingJobExecutions(PENDING, timeout=0.3)
    gate.set()
    forwarding.GetPendingJobExecutions(PENDING, timeout=20)


def test_a_caller_that_goes_away_frees_what_it_held(upstream, start, gate):
    upstream.respond = lambda _: Answer(gate=gate)
    gateway = start(upstream.url)
    with grpc.insecure_channel(gateway.address) as channel:
        stub = rpc.JobsDataPlaneServiceStub(channel)
        calls = [
            stub.GetPendingJobExecutions.future(PENDING, timeout=60, metadata=NO_CACHE)
            for _ in range(10)
        ]
        assert eventually(lambda: len(upstream.requests) == 10)
        in_flight = "iot_jobs_gateway_requests_in_flight"
        assert scrape(gateway.admin_url).value(in_flight) == 10
        for call in calls:
            call.cancel()
        assert eventually(lambda: scrape(gateway.admin_url).value(in_flight) == 0)
        seen = scrape(gateway.admin_url)
        assert seen.value("iot_jobs_gateway_requests_total", code="CANCELLED") == 10
        gate.set()
        stub.GetPendingJobExecutions(PENDING, timeout=20)


def test_a_connection_that_breaks_takes_its_calls_along(upstream, start, gate):
    upstream.respond = lambda _: Answer(gate=gate)
    gateway = start(upstream.url)
    with Connection(gateway.address) as connection:
        for _ in range(5):
            connection.request(
                body=message(PENDING.SerializeToString()), headers=dict(NO_CACHE)
            )
        assert eventually(lambda: len(upstream.requests) == 5)
    in_flight = "iot_jobs_gateway_requests_in_flight"
    assert eventually(lambda: scrape(gateway.admin_url).value(in_flight) == 0)


def test_connections_that_aws_closes_while_idle_cost_no_call(upstream, forwarding):
    """A kept connection may be dead by the next call; a safe call is sent once more."""
    for _ in range(20):
        forwarding.GetPendingJobExecutions(PENDING, timeout=20)
        upstream.hang_up_idle()
        forwarding.GetPendingJobExecutions(PENDING, timeout=20)
    assert len(upstream.requests) == 40


def test_several_hundred_calls_at_once_all_come_back(gateway, iot, thing, job):
    create_job(iot, job, thing)
    request = pb.DescribeJobExecutionRequest(thing_name=thing, job_id=job)
    with grpc.insecure_channel(gateway.address) as channel:
        stub = rpc.JobsDataPlaneServiceStub(channel)
        calls = [
            stub.DescribeJobExecution.future(request, timeout=60, metadata=NO_CACHE)
            for _ in range(500)
        ]
        assert {call.result().execution.job_id for call in calls} == {job}


def test_more_calls_than_connections_wait_their_turn(upstream, start):
    gateway = start(upstream.url)
    with grpc.insecure_channel(gateway.address) as channel:
        stub = rpc.JobsDataPlaneServiceStub(channel)
        with concurrent.futures.ThreadPoolExecutor(50) as pool:
            calls = [
                pool.submit(
                    stub.GetPendingJobExecutions, PENDING, timeout=60, metadata=NO_CACHE
                )
                for _ in range(400)
            ]
            for call in calls:
                call.result()
    assert len(upstream.requests) == 400
    assert upstream.connections <= 110


def test_a_second_gateway_on_the_same_port_says_so(gateway, upstream):
    other = Gateway(upstream.url, listen=gateway.address)
    try:
        assert other.wait() in range(64, 79)
        text = other.log_tail()
        assert gateway.address.rsplit(":", 1)[1] in text
    finally:
        if other.process.poll() is None:
            other.kill()


def test_calls_through_a_unix_socket_are_the_same(emulator, start, iot, thing, job, tmp_path):
    create_job(iot, job, thing)
    path = tmp_path / "gateway.sock"
    gateway = start(emulator.url, listen=f"unix:{path}")
    assert gateway.listener("grpc")
    with grpc.insecure_channel(f"unix:{path}") as channel:
        stub = rpc.JobsDataPlaneServiceStub(channel)
        request = pb.DescribeJobExecutionRequest(thing_name=thing, job_id=job)
        try:
            reply = stub.DescribeJobExecution(request, timeout=20, wait_for_ready=True)
        except grpc.RpcError as error:
            pytest.fail(str(read(error)))
        assert reply.execution.job_id == job
