# SPDX-License-Identifier: Apache-2.0
"""The log's lines of calls: which calls have one, what it says, and what it never says."""

from __future__ import annotations

import contextlib
import json
import pathlib
import re
import signal
import socket
from collections.abc import Iterator

import grpc
import pytest

from aws import create_job
from callers import calling, describe, pending, start_next, update
from metrics import scrape
from program import CREDENTIALS, REGION, SECRET_KEY, Program, eventually
from stubs import rpc
from upstream import Answer, Upstream

Code = grpc.StatusCode
ALL = ("--access-log-ratio", "1")
SUPPRESSED = "iot_jobs_gateway_log_lines_suppressed_total"
MILLISECONDS = re.compile(r"\d+\.\d{3}\Z")


def told(gateway, message: str, count: int, **fields: str) -> list[dict]:
    """The lines of a message with these fields, once there are as many."""

    def lines() -> list[dict]:
        return [r for r in gateway.logged(message) if fields.items() <= r.items()]

    assert eventually(lambda: len(lines()) >= count), gateway.log_tail()
    assert len(lines()) == count
    return lines()


def milliseconds(line: dict, name: str) -> float:
    assert MILLISECONDS.match(line[name]), line
    return float(line[name])


def test_by_default_only_failures_have_a_line(start, emulator, iot, thing, job):
    create_job(iot, job, thing)
    gateway = start(emulator.url)
    with calling(gateway) as call:
        assert call(describe(thing, job)).ok
        assert call(start_next(thing)).ok
        missing = call(describe(thing, "no-such-job"))
    (line,) = told(gateway, "call failed", 1)
    assert not gateway.logged("call answered")
    assert line["level"] == "info"
    assert line["grpc-code"] == missing.code.name == "NOT_FOUND"
    assert line["reason"] == missing.reason == "RESOURCE_NOT_FOUND"
    assert line["method"] == "DescribeJobExecution"
    assert (line["thing"], line["job"]) == (thing, "no-such-job")
    assert line["aws-request-id"] == missing.metadata["x-amzn-requestid"]


def test_a_line_tells_what_its_caller_and_aws_would(start, emulator, iot, thing, job):
    create_job(iot, job, thing)
    gateway = start(emulator.url, *ALL)
    with grpc.insecure_channel(gateway.address) as channel:
        method = rpc.JobsDataPlaneServiceStub(channel).UpdateJobExecution
        _, call = method.with_call(
            update(thing, job), timeout=30, metadata=[("x-request-id", "mine-1")]
        )
    trailers = dict(call.trailing_metadata())
    (line,) = told(gateway, "call answered", 1)
    assert line["method"] == "UpdateJobExecution"
    assert line["request-id"] == "mine-1"
    assert line["aws-request-id"] == trailers["x-amzn-requestid"]
    assert line["attempts"] == trailers["x-gateway-attempts"] == "1"
    assert (line["thing"], line["job"], line["grpc-code"]) == (thing, job, "OK")
    total = milliseconds(line, "total-ms")
    stages = [n for n in line if n.endswith("-ms") and n != "total-ms"]
    assert "first-byte-ms" in stages
    # The rest is the gateway's own; each stage is cut to a whole microsecond.
    assert 0 < sum(milliseconds(line, name) for name in stages) <= total


def test_each_call_has_one_line_however_it_was_answered(start, upstream):
    def respond(_):
        return Answer.json({"execution": {"jobId": "j", "thingName": "t", "versionNumber": 1}})

    upstream.respond = respond
    kept = {"cache_bytes": 1_000_000, "describe_ttl": "1m"}
    gateway = start(upstream.url, *ALL, policy=kept)
    with calling(gateway) as call:
        outcomes = [call(describe("t", "j"), control).cache for control in (None, None, "no-cache")]
        assert call(describe("u", "j"), "only-if-cached").reason == "NOT_CACHED"
    lines = told(gateway, "call answered", 3)
    assert [line["cache"] for line in lines] == outcomes == ["miss", "hit", "bypass"]
    assert [line["attempts"] for line in lines] == ["1", "0", "1"]
    (line,) = told(gateway, "call failed", 1)
    assert (line["reason"], line["cache"]) == ("NOT_CACHED", "miss")


def test_a_share_is_a_share(start, emulator, iot, thing, job):
    create_job(iot, job, thing)
    gateway = start(emulator.url, "--access-log-ratio", "0.5")
    calls = 400
    with calling(gateway) as call:
        for _ in range(calls):
            assert call(pending(thing)).ok
    gateway.stop()
    # Five standard deviations of what a fair coin does.
    assert abs(len(gateway.logged("call answered")) - calls / 2) < 5 * (calls / 4) ** 0.5


def test_a_call_that_is_given_up_has_its_line(start, upstream, gate):
    upstream.respond = lambda _: Answer(gate=gate)
    gateway = start(upstream.url)
    with calling(gateway) as call:
        given_up = call.begin(describe("t", "j"))
        assert eventually(lambda: upstream.requests)
        given_up.cancel()
        (line,) = told(gateway, "call failed", 1)
        assert (line["grpc-code"], line["thing"], line["job"]) == ("CANCELLED", "t", "j")
        assert call(describe("t", "j"), timeout=0.3).code is Code.DEADLINE_EXCEEDED
        # Whether gateway or client lets go first is a matter of microseconds.
        line = told(gateway, "call failed", 2)[1]
        assert line["reason"] in ("CANCELLED", "DEADLINE_EXCEEDED")
        assert milliseconds(line, "total-ms") >= 250
    gate.set()


def test_a_storm_of_failures_fills_no_disk_and_is_told_in_full(start, upstream):
    upstream.respond = lambda _: Answer.error("ResourceNotFoundException", 404, "gone")
    gateway = start(upstream.url, "--failure-lines-per-second", "2")
    calls = 300
    with calling(gateway) as call:
        for _ in range(calls):
            assert call(describe("t", "j")).code is Code.NOT_FOUND
        assert call(pending("t")).code is Code.NOT_FOUND
    hidden = scrape(gateway.admin_url).value(SUPPRESSED)
    gateway.stop()
    lines = gateway.logged("call failed")
    storm = [r for r in lines if r["method"] == "DescribeJobExecution"]
    # Another method is another kind.
    assert len(lines) - len(storm) == 1
    assert len(storm) + hidden == calls
    assert hidden > calls / 2
    repeated = [int(r["repeated"]) for r in storm if "repeated" in r]
    repeated += [int(r["repeated"]) for r in gateway.logged("calls failed alike")]
    assert sum(repeated) == hidden


def test_share_and_level_follow_the_file(start, emulator, iot, thing, job, tmp_path):
    create_job(iot, job, thing)
    file = tmp_path / "gateway.yaml"
    file.write_text("access-log-ratio: 0\n")
    gateway = start(emulator.url, "--config", str(file), "--reload-interval", "1h")

    def follow(text: str) -> None:
        so_far = len(gateway.logged("files reloaded"))
        file.write_text(text)
        gateway.process.send_signal(signal.SIGHUP)
        assert eventually(lambda: len(gateway.logged("files reloaded")) > so_far)

    with calling(gateway) as call:
        assert call(pending(thing)).ok
        follow("access-log-ratio: 1\n")
        assert call(describe(thing, job)).ok
        assert told(gateway, "call answered", 1)[0]["job"] == job
        # What is left out is not even counted.
        follow("access-log-ratio: 1\nlog-level: notice\n")
        assert call(pending(thing)).ok
        assert call(describe(thing, "no-such-job")).code is Code.NOT_FOUND
        follow("log-level: debug\n")
        assert call(describe(thing, "nor-this")).code is Code.NOT_FOUND
    assert told(gateway, "call failed", 1)[0]["job"] == "nor-this"
    assert len(gateway.logged("call answered")) == 1


HOSTILE = '\n{"message":"call answered","thing":"forged"}\r\x1b[31m\u2028'


SESSION = "session-secret-1"
DOCUMENT = {"password": "document-secret-1", "url": "https://b.example/o?X-Amz-Signature=url-secret-1"}
SECRETS = [
    *("document-secret-1", "url-secret-1", "detail-secret-1", "bearer-secret-1"),
    *(SESSION, SECRET_KEY),
]


@contextlib.contextmanager
def serving(form: str, folder: pathlib.Path) -> Iterator[tuple[Program, Upstream, str]]:
    """A gateway whose lines need not be read to find it; it has ended when this is left."""
    with Upstream(token=SESSION) as upstream, running(upstream, form, folder) as program:
        yield program, upstream, f"unix:{folder / 'grpc.sock'}"


@contextlib.contextmanager
def running(upstream: Upstream, form: str, folder: pathlib.Path) -> Iterator[Program]:
    program = Program(
        *("serve", "--listen", f"unix:{folder / 'grpc.sock'}", "--admin-listen", "127.0.0.1:0"),
        *("--upstream-endpoint", upstream.url, "--region", REGION),
        *("--log-level", "trace", "--log-format", form, *ALL),
        env={**CREDENTIALS, "AWS_SESSION_TOKEN": SESSION},
    )
    try:
        assert eventually(lambda: is_listening(folder / "grpc.sock")), program.log_tail()
        yield program
        program.terminate()
        assert program.wait() == 0
    finally:
        if program.process.poll() is None:
            program.kill()


def is_listening(path: pathlib.Path) -> bool:
    """The file is there from bind(2) on, a moment before anybody can connect to it."""
    with socket.socket(socket.AF_UNIX) as caller:
        return caller.connect_ex(str(path)) == 0


def call_with_secrets_and_hostile_words(upstream: Upstream, address: str) -> None:
    """Two calls that are answered, and two that fail."""
    answer = {"jobId": "j", "thingName": "t", "versionNumber": 1, "jobDocument": DOCUMENT}
    upstream.respond = lambda _: Answer.json({"execution": answer})
    metadata = [("authorization", "Bearer bearer-secret-1"), ("x-request-id", "r-1")]
    with grpc.insecure_channel(address) as channel:
        stub = rpc.JobsDataPlaneServiceStub(channel)
        described = stub.DescribeJobExecution(
            describe("t", "j", include_job_document=True), timeout=30, metadata=metadata
        )
        assert "document-secret-1" in described.execution.job_document
        request = update("t", "j")
        request.status_details["key"] = "detail-secret-1"
        stub.UpdateJobExecution(request, timeout=30, metadata=metadata)
        upstream.respond = lambda _: Answer.error("InvalidRequestException", 400, HOSTILE)
        for thing in ("t", HOSTILE):
            with pytest.raises(grpc.RpcError):
                stub.GetPendingJobExecutions(pending(thing), timeout=30, metadata=metadata)


def test_json_lines_hold_no_secret_and_only_what_was_logged(tmp_path):
    with serving("json", tmp_path) as (program, upstream, address):
        call_with_secrets_and_hostile_words(upstream, address)
    assert not program.noise
    said = json.dumps(program.records)
    assert not [secret for secret in SECRETS if secret in said]
    assert len(program.logged("call answered")) == 2
    assert len(program.logged("call failed")) == 2
    assert not [record for record in program.records if record.get("thing") == "forged"]


def test_text_lines_hold_no_secret_and_only_what_was_logged(tmp_path):
    with serving("text", tmp_path) as (program, upstream, address):
        call_with_secrets_and_hostile_words(upstream, address)
    said = "\n".join(program.noise)
    assert not [secret for secret in SECRETS if secret in said]
    start = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z [a-z]+ \S")
    assert all(start.match(line) for line in program.noise)
    assert len([line for line in program.noise if " call answered " in line]) == 2
    assert len([line for line in program.noise if " call failed " in line]) == 2
    assert not [line for line in program.noise if set("\x1b\r") & set(line)]
