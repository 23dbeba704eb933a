# SPDX-License-Identifier: Apache-2.0
"""gRPC over HTTP/2 as the specification has it, spoken by hand where a library would not."""

from __future__ import annotations

import subprocess
import threading
import uuid

import grpc
import pytest

from aws import create_job
from failures import HERE, failing
from stubs import SERVICE, STATUS, pb, rpc
from upstream import Answer
from wire import Connection, message

OK, INVALID_ARGUMENT, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL = 0, 3, 4, 12, 13
RESOURCE_EXHAUSTED = 8


def curl(*arguments: str) -> str:
    """The status and the HTTP version of one request made by curl."""
    done = subprocess.run(
        ["curl", "--silent", "--http2-prior-knowledge", "--max-time", "20", "--output", "/dev/null"]
        + ["--write-out", "%{http_code} HTTP/%{http_version}", *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def url(gateway, method: str = "GetPendingJobExecutions") -> str:
    return f"http://{gateway.address}/{SERVICE}/{method}"


def pending(thing: str) -> bytes:
    return message(pb.GetPendingJobExecutionsRequest(thing_name=thing).SerializeToString())


@pytest.fixture
def known(iot, thing, job) -> str:
    """A thing that the emulator knows."""
    create_job(iot, job, thing)
    return thing


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "text/plain",
        "application/grpc-web",
        "application/grpc+json",
        "application/grpcx",
    ],
)
def test_another_content_type_is_not_supported(gateway, kind):
    done = curl("--header", f"content-type: {kind}", "--data", "{}", url(gateway))
    assert done == "415 HTTP/2"


def test_no_content_type_is_not_supported(gateway):
    done = curl("--header", "content-type:", "--data-binary", "x", url(gateway))
    assert done == "415 HTTP/2"


@pytest.mark.parametrize(
    "kind",
    [
        "application/grpc",
        "application/grpc+proto",
        "application/grpc;charset=utf-8",
        "application/grpc+proto; a=b",
    ],
)
def test_the_content_types_of_grpc_are_taken(connection, known, kind):
    reply = connection.call(
        "GetPendingJobExecutions", pending(known), headers={"content-type": kind}
    )
    assert reply.headers[":status"] == "200"
    assert reply.headers["content-type"].startswith("application/grpc")
    assert reply.grpc_status == OK


def test_a_get_is_no_call(connection):
    reply = connection.call("GetPendingJobExecutions", None, headers={":method": "GET"})
    assert reply.headers[":status"] in ("405", "400") or reply.grpc_status not in (None, OK)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/nothing",
        f"/{SERVICE}/",
        f"/{SERVICE}/DeleteJobExecution",
        "/other.Service/DescribeJobExecution",
    ],
)
def test_an_unknown_method_is_unimplemented(connection, path):
    reply = connection.call("", pending("t"), headers={":path": path})
    assert reply.headers[":status"] == "200"
    assert reply.grpc_status == UNIMPLEMENTED


def test_an_unknown_method_is_unimplemented_for_grpcio_too(channel):
    call = channel.unary_unary(f"/{SERVICE}/Nothing", lambda x: x, lambda x: x)
    with failing(grpc.StatusCode.UNIMPLEMENTED):
        call(b"", timeout=20)


def test_the_callers_request_id_comes_back(connection, known):
    reply = connection.call(
        "GetPendingJobExecutions", pending(known), headers={"x-request-id": "ticket-17"}
    )
    assert reply.headers["x-request-id"] == "ticket-17"


def test_a_call_without_an_id_is_given_one(connection, known):
    ids = {
        connection.call("GetPendingJobExecutions", pending(known)).metadata["x-request-id"]
        for _ in range(3)
    }
    assert len(ids) == 3 and all(len(one) >= 8 for one in ids)


def test_a_failed_call_carries_the_request_id_too(stub):
    with pytest.raises(grpc.RpcError) as caught:
        stub.GetPendingJobExecutions(
            pb.GetPendingJobExecutionsRequest(),
            metadata=[("x-request-id", "ticket-18")],
            timeout=20,
        )
    both = [*(caught.value.initial_metadata() or ()), *(caught.value.trailing_metadata() or ())]
    assert ("x-request-id", "ticket-18") in both


def test_a_call_that_went_well_carries_awss_id_and_the_attempts(stub, known):
    _, call = stub.GetPendingJobExecutions.with_call(
        pb.GetPendingJobExecutionsRequest(thing_name=known), timeout=20
    )
    trailers = dict(call.trailing_metadata())
    assert trailers["x-amzn-requestid"]
    assert trailers["x-gateway-attempts"] == "1"


def test_a_message_over_the_limit_is_refused(stub, thing):
    with failing(grpc.StatusCode.RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE", HERE):
        stub.UpdateJobExecution(
            pb.UpdateJobExecutionRequest(
                thing_name=thing, job_id="j", status=1, status_details={"k": "v" * 70_000}
            ),
            timeout=20,
        )


def test_a_length_over_the_limit_is_refused_before_its_bytes_come(connection):
    stream = connection.request(body=message(b"", length=2**32 - 1), end=False)
    assert connection.reply(stream).grpc_status == RESOURCE_EXHAUSTED


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (None, UNIMPLEMENTED),
        (b"", UNIMPLEMENTED),
        (pending("t") + pending("t"), UNIMPLEMENTED),
        (pending("t") + b"\0", UNIMPLEMENTED),
        (pending("t")[:3], INTERNAL),
        (pending("t")[:-1], INTERNAL),
        (message(b"", flag=2), INTERNAL),
        (message(b"", flag=255), INTERNAL),
        (message(b"\x1f\x8b", flag=1), INTERNAL),
        (message(b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), INVALID_ARGUMENT),
        (message(b"\x0a\x05ab"), INVALID_ARGUMENT),
        (message(b"\x0a\x02\xc3\x28"), INVALID_ARGUMENT),
        (message(b"\x0b"), INVALID_ARGUMENT),
    ],
    ids=str,
)
def test_a_body_that_is_not_one_message_has_its_status(connection, body, status):
    reply = connection.call("GetPendingJobExecutions", body)
    assert reply.headers[":status"] == "200"
    assert (reply.grpc_status, reply.data) == (status, b"")


def test_an_unknown_encoding_is_unimplemented_and_the_known_ones_are_named(connection):
    reply = connection.call(
        "GetPendingJobExecutions", message(b"abc", flag=1), headers={"grpc-encoding": "snappy"}
    )
    assert reply.grpc_status == UNIMPLEMENTED
    assert "identity" in reply.metadata["grpc-accept-encoding"]


def test_fields_that_are_not_known_are_skipped(connection, known):
    request = pb.GetPendingJobExecutionsRequest(thing_name=known).SerializeToString()
    strange = b"\xa0\x3f\x01" + b"\xaa\x3f\x03abc" + b"\xa9\x3f" + bytes(8) + b"\xad\x3f" + bytes(4)
    reply = connection.call("GetPendingJobExecutions", message(strange + request + strange))
    assert reply.grpc_status == OK
    assert len(pb.GetPendingJobExecutionsResponse.FromString(reply.message).queued_jobs) == 1


def test_of_two_map_entries_with_one_name_the_last_wins(connection, known, job):
    def entry(value: bytes) -> bytes:
        pair = b"\x0a\x01k\x12" + bytes([len(value)]) + value
        return b"\x22" + bytes([len(pair)]) + pair

    request = pb.UpdateJobExecutionRequest(
        thing_name=known, job_id=job, status=STATUS["IN_PROGRESS"], include_job_execution_state=True
    ).SerializeToString()
    reply = connection.call(
        "UpdateJobExecution", message(entry(b"first") + request + entry(b"last"))
    )
    state = pb.UpdateJobExecutionResponse.FromString(reply.message).execution_state
    assert dict(state.status_details) == {"k": "last"}


@pytest.mark.parametrize("piece", [1, 2, 3, 5, 7])
def test_a_message_may_come_in_pieces_of_any_size(connection, known, piece):
    stream = connection.request(end=False)
    connection.send(stream, pending(known), piece=piece)
    assert connection.reply(stream).grpc_status == OK


def test_an_empty_frame_may_end_the_request(connection, known):
    stream = connection.request(end=False)
    connection.send(stream, pending(known), end=False)
    connection.send(stream, b"")
    assert connection.reply(stream).grpc_status == OK


def test_many_calls_share_one_connection_in_any_order(connection, known):
    streams = [connection.request(end=False) for _ in range(50)]
    for stream in reversed(streams):
        connection.send(stream, pending(known))
    assert [connection.reply(stream).grpc_status for stream in streams] == [OK] * 50


@pytest.mark.parametrize("window", [1, 100, 1000])
def test_an_answer_larger_than_the_window_waits_for_credit(iot, gateway, thing, job, window):
    document = {"text": "x" * (30_000 if window > 1 else 300)}
    create_job(iot, job, thing, document=document)
    with Connection(gateway.address, initial_window=window) as narrow:
        body = pb.DescribeJobExecutionRequest(thing_name=thing, job_id=job).SerializeToString()
        reply = narrow.call("DescribeJobExecution", message(body))
    assert reply.grpc_status == OK
    execution = pb.DescribeJobExecutionResponse.FromString(reply.message).execution
    assert document["text"] in execution.job_document


@pytest.mark.parametrize(
    "timeout", ["", "1", "S", "1s", "123456789S", "-1S", "1.5S", "5X", "5 S", "0x1S"]
)
def test_a_malformed_timeout_is_the_callers_fault(connection, timeout):
    reply = connection.call(
        "GetPendingJobExecutions", pending("t"), headers={"grpc-timeout": timeout}
    )
    assert reply.grpc_status == INVALID_ARGUMENT


@pytest.mark.parametrize(
    "timeout", ["1H", "1M", "99999999H", "20S", "20000m", "20000000u", "99999999n"]
)
def test_every_unit_of_the_timeout_is_known(connection, known, timeout):
    reply = connection.call(
        "GetPendingJobExecutions", pending(known), headers={"grpc-timeout": timeout}
    )
    # The last one is a tenth of a second, which a busy machine may use up.
    assert reply.grpc_status in ((OK, DEADLINE_EXCEEDED) if timeout.endswith("n") else (OK,))


def test_the_server_itself_ends_a_call_at_its_deadline(upstream, start):
    gate = threading.Event()
    upstream.respond = lambda _: Answer(gate=gate)
    try:
        with Connection(start(upstream.url).address) as connection:
            reply = connection.call(
                "GetPendingJobExecutions", pending("t"), headers={"grpc-timeout": "200m"}
            )
    finally:
        gate.set()
    assert reply.grpc_status == DEADLINE_EXCEEDED


def test_a_deadline_in_the_past_sends_nothing(upstream, start):
    with Connection(start(upstream.url).address) as connection:
        reply = connection.call(
            "GetPendingJobExecutions", pending("t"), headers={"grpc-timeout": "0n"}
        )
    assert reply.grpc_status == DEADLINE_EXCEEDED
    assert upstream.requests == []


def test_words_of_aws_outside_ascii_are_percent_encoded(upstream, start):
    text = "schön, 100% 🦉\tdone"
    upstream.respond = lambda _: Answer.error("ResourceNotFoundException", 404, text)
    gateway = start(upstream.url)
    with Connection(gateway.address) as connection:
        reply = connection.call("GetPendingJobExecutions", pending("t"))
    raw = reply.metadata["grpc-message"]
    assert raw.isascii() and "%25" in raw and "%C3%B6" in raw
    with grpc.insecure_channel(gateway.address) as channel:
        with failing(grpc.StatusCode.NOT_FOUND) as seen:
            rpc.JobsDataPlaneServiceStub(channel).GetPendingJobExecutions(
                pb.GetPendingJobExecutionsRequest(thing_name="t"), timeout=20
            )
    assert "schön, 100% 🦉" in seen[0].message


def test_large_and_many_headers_of_the_caller_do_no_harm(connection, known):
    headers = {f"x-{uuid.uuid4()}": "v" * 50 for _ in range(40)}
    assert (
        connection.call("GetPendingJobExecutions", pending(known), headers=headers).grpc_status
        == OK
    )


def test_tracing_headers_are_passed_on(upstream, start):
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with Connection(start(upstream.url).address) as connection:
        reply = connection.call(
            "GetPendingJobExecutions",
            pending("t"),
            headers={"traceparent": trace, "tracestate": "vendor=1"},
        )
    assert reply.grpc_status == OK
    assert upstream.requests[0].header("traceparent") == trace
    assert upstream.requests[0].header("tracestate") == "vendor=1"
