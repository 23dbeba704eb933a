# SPDX-License-Identifier: Apache-2.0
"""gzip in both directions, as compression.md of grpc/grpc has it; and what bombs cost."""

from __future__ import annotations

import gzip

import grpc
import pytest

from aws import create_job
from callers import describe, pending
from failures import HERE, failing
from metrics import scrape
from stubs import pb, rpc
from wire import Connection, Reply, message

OK, RESOURCE_EXHAUSTED, UNIMPLEMENTED, INTERNAL = 0, 8, 12, 13

GZIP = {"grpc-encoding": "gzip"}
MIB = 1 << 20


def compressed(payload: bytes) -> bytes:
    return message(gzip.compress(payload), flag=1)


@pytest.fixture
def large(iot, thing, job) -> tuple[str, str]:
    """A thing and a job whose document is worth compressing."""
    create_job(iot, job, thing, document={"text": "press the button " * 500})
    return thing, job


def ask(connection: Connection, request, body=compressed, **headers: str) -> Reply:
    method = type(request).__name__.removesuffix("Request")
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return connection.call(method, body(request.SerializeToString()), headers={**GZIP, **headers})


def inflated(reply: Reply) -> bytes:
    assert reply.data[0] == 1 and int.from_bytes(reply.data[1:5]) == len(reply.data) - 5
    return gzip.decompress(reply.data[5:])


@pytest.mark.parametrize("kind", [grpc.Compression.Gzip, grpc.Compression.NoCompression])
def test_grpcio_is_served_whatever_it_sends(gateway, large, kind):
    thing, job = large
    with grpc.insecure_channel(gateway.address, compression=kind) as channel:
        stub = rpc.JobsDataPlaneServiceStub(channel)
        reply = stub.DescribeJobExecution(describe(thing, job), timeout=20)
        assert "press the button" in reply.execution.job_document
        # Long enough that grpcio finds it worth compressing.
        details = {f"key-{number}": "x" * 500 for number in range(9)}
        stub.UpdateJobExecution(
            pb.UpdateJobExecutionRequest(
                thing_name=thing, job_id=job, status=2, status_details=details
            ),
            timeout=20,
        )
        with failing(grpc.StatusCode.NOT_FOUND):
            stub.DescribeJobExecution(describe(thing, "no-such-job"), timeout=20)


def test_grpcios_deflate_is_refused_with_what_is_taken(gateway):
    with grpc.insecure_channel(gateway.address, compression=grpc.Compression.Deflate) as channel:
        with failing(grpc.StatusCode.UNIMPLEMENTED, "UNIMPLEMENTED", HERE):
            rpc.JobsDataPlaneServiceStub(channel).GetPendingJobExecutions(
                pending("t" * 100), timeout=20
            )


def test_a_large_answer_to_a_caller_that_sends_gzip_is_compressed(connection, large):
    reply = ask(connection, describe(*large))
    assert reply.grpc_status == OK
    assert reply.headers["grpc-encoding"] == "gzip"
    execution = pb.DescribeJobExecutionResponse.FromString(inflated(reply)).execution
    assert "press the button" in execution.job_document
    assert len(reply.data) < 1000 < len(execution.job_document)


def test_a_small_answer_is_not_worth_it(connection, iot, thing, job):
    create_job(iot, job, thing)
    reply = ask(connection, pending(thing))
    assert reply.grpc_status == OK
    assert "grpc-encoding" not in reply.headers
    assert len(pb.GetPendingJobExecutionsResponse.FromString(reply.message).queued_jobs) == 1


def test_who_sends_gzip_is_told_what_is_taken(connection, large):
    for request in describe(*large), describe(large[0], "no-such-job"), pending(large[0]):
        reply = ask(connection, request)
        assert reply.headers["grpc-accept-encoding"] == "identity,gzip"


def test_who_sends_none_gets_none(connection, large):
    body = message(describe(*large).SerializeToString())
    for headers in {}, {"grpc-accept-encoding": "identity,gzip"}, {"grpc-encoding": "identity"}:
        reply = connection.call("DescribeJobExecution", body, headers=headers)
        assert reply.grpc_status == OK
        assert "grpc-encoding" not in reply.headers and reply.message


def test_who_takes_no_gzip_gets_none(connection, large):
    reply = ask(connection, describe(*large), grpc_accept_encoding="identity, deflate")
    assert reply.grpc_status == OK and "grpc-encoding" not in reply.headers and reply.message


def test_a_message_may_be_plain_though_gzip_is_announced(connection, large):
    reply = ask(connection, describe(*large), body=message)
    assert reply.grpc_status == OK and reply.headers["grpc-encoding"] == "gzip"


def test_health_may_be_asked_in_gzip(connection):
    reply = connection.call(
        "", compressed(b""), headers={**GZIP, ":path": "/grpc.health.v1.Health/Check"}
    )
    assert (reply.grpc_status, reply.message) == (OK, b"\x08\x01")
    assert reply.headers["grpc-accept-encoding"] == "identity,gzip"


def test_members_one_after_another_are_one_message(connection, large):
    request = describe(*large).SerializeToString()
    members = gzip.compress(request[:3]) + gzip.compress(b"") + gzip.compress(request[3:])
    assert ask(connection, describe(*large), lambda _: message(members, 1)).grpc_status == OK


@pytest.mark.parametrize("limit", [0, 4_194_304])
def test_how_large_is_worth_it_can_be_said(emulator, start, large, limit):
    gateway = start(emulator.url, "--compress-above-bytes", str(limit))
    with Connection(gateway.address) as connection:
        for _ in range(2):  # AWS's answer, and the stored one.
            reply = ask(connection, describe(*large))
            assert ("grpc-encoding" in reply.headers) == (limit == 0)


@pytest.mark.parametrize(
    ("payload", "status"),
    [
        (b"", INTERNAL),
        (b"not gzip at all", INTERNAL),
        (gzip.compress(b"")[:-1], INTERNAL),
        (gzip.compress(b"") + b"garbage", INTERNAL),
        (gzip.compress(b"")[:-8] + bytes(8)[:-1] + b"\1", INTERNAL),
        (gzip.compress(bytes(65_537)), RESOURCE_EXHAUSTED),
        (gzip.compress(bytes(30_000)) * 3, RESOURCE_EXHAUSTED),
    ],
    ids=["empty", "text", "cut", "trailing", "checksum", "bomb", "members"],
)
def test_what_does_not_inflate_is_refused(connection, payload, status):
    reply = connection.call("GetPendingJobExecutions", message(payload, 1), headers=GZIP)
    assert (reply.headers[":status"], reply.grpc_status, reply.data) == ("200", status, b"")
    # The connection goes on.
    assert ask(connection, pending("nobody")).grpc_status in (OK, 5)


def test_bombs_cost_no_memory(emulator, start):
    # About a thousand times as much would come out.
    bomb = gzip.compress(bytes(15 * MIB))
    assert 15_000 < len(bomb) < 16_000
    gateway = start(emulator.url)
    with Connection(gateway.address) as connection:
        ask(connection, pending("t"))
        before = resident(gateway)
        for _ in range(50):
            streams = [
                connection.request("GetPendingJobExecutions", message(bomb, 1), headers=GZIP)
                for _ in range(10)
            ]
            for stream in streams:
                assert connection.reply(stream).grpc_status == RESOURCE_EXHAUSTED
        assert resident(gateway) - before < 16 * MIB


def resident(gateway) -> float:
    return scrape(gateway.admin_url).value("process_resident_memory_bytes")
