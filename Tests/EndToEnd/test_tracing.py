# SPDX-License-Identifier: Apache-2.0
"""Traces: which calls have them, what stands in them, and what a bad collector does not harm."""

from __future__ import annotations

import time
import urllib.request

import grpc
import pytest

from callers import calling, describe, ended, pending, start_next, update
from certificates import Authority
from collector import TAKEN, Collector
from faults import status
from http_server import Answer
from metrics import scrape
from program import eventually

Code = grpc.StatusCode
SERVICE = "iot.jobs.dataplane.v1.JobsDataPlaneService"
TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SAMPLED = (("traceparent", f"00-{TRACE}-{CALLER}-01"), ("tracestate", "vendor=1"))
UNSAMPLED = (("traceparent", f"00-{TRACE}-{CALLER}-00"),)
FOUND = Answer.json({"execution": {"jobId": "j", "status": "QUEUED", "jobDocument": "{}"}})
DROPPED = "iot_jobs_gateway_trace_spans_dropped_total"
EXPORTED = "iot_jobs_gateway_trace_spans_exported_total"


@pytest.fixture
def collector():
    with Collector() as server:
        yield server


@pytest.fixture
def traced(upstream, collector, start):
    """Starts gateways that trace every call and send what they have ten times a second."""

    def begin(*flags: str, **policy: object):
        upstream.respond = lambda _: FOUND
        endpoint = ("--tracing-endpoint", collector.url, "--tracing-batch-delay", "100ms")
        return start(upstream.url, *endpoint, *flags, policy=policy)

    return begin


def in_flight(gateway) -> float:
    return scrape(gateway.admin_url).value("iot_jobs_gateway_requests_in_flight")


def test_a_call_goes_on_with_its_callers_trace(upstream, collector, traced):
    gateway = traced("--tracing-service-name", "press", "--tracing-attributes", "zone=a%20b,n=1")
    with calling(gateway) as call:
        answer = call(describe("t", "j"), metadata=(*SAMPLED, ("x-request-id", "r-1")))
    assert answer.ok and collector.has(3)
    (root,) = collector.named(f"{SERVICE}/DescribeJobExecution")
    assert (root.kind, root.trace, root.parent, root.failed) == ("SERVER", TRACE, CALLER, False)
    assert root.attributes == {
        "rpc.system.name": "grpc",
        "rpc.method": f"{SERVICE}/DescribeJobExecution",
        "rpc.response.status_code": "OK",
        "aws.iot.thing_name": "t",
        "aws.iot.job_id": "j",
        "aws.request_id": "00000000-feed-4bad-8bad-000000000000",
        "iot_jobs_gateway.request_id": "r-1",
        "iot_jobs_gateway.cache": "miss",
        "iot_jobs_gateway.attempts": 1,
    }
    (request,) = collector.below(root)
    assert (request.name, request.kind) == ("IoTJobsDataPlane.DescribeJobExecution", "CLIENT")
    assert request.attributes == {
        "rpc.system": "aws-api",
        "rpc.service": "IoTJobsDataPlane",
        "rpc.method": "DescribeJobExecution",
        "cloud.region": "us-east-1",
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "server.address": "127.0.0.1",
        "server.port": upstream.port,
        "url.full": f"{upstream.url}{upstream.requests[0].target}",
        "aws.request_id": "00000000-feed-4bad-8bad-000000000000",
    }
    # The first call has to wait until there is a connection.
    (waited,) = collector.below(request)
    assert (waited.name, waited.kind) == ("wait for a connection", "INTERNAL")
    # AWS hears of the request as the parent of what it does.
    assert upstream.requests[0].header("traceparent") == request.traceparent
    assert upstream.requests[0].header("tracestate") == "vendor=1"
    (resource,) = {frozenset(one.items()) for one in collector.resources}
    assert {("service.name", "press"), ("zone", "a b"), ("n", "1")} <= resource
    assert {name for name, _ in collector.scopes} == {"iot-jobs-gateway"}


def test_each_attempt_is_a_span_of_its_own(upstream, collector, traced):
    gateway = traced(retry_attempts=3)
    faults = [Answer.error("ServiceUnavailableException", 503), Answer(instead="reset")]
    upstream.respond = lambda _: faults.pop(0) if faults else FOUND
    with calling(gateway) as call:
        assert call(start_next("t")).ok
    (root,) = collector.named("/StartNextPendingJobExecution") if collector.has(6) else ()
    below = [one for one in collector.below(root)]
    requests = [one for one in below if one.kind == "CLIENT"]
    pauses = [one for one in below if one.name == "pause before a repeat"]
    assert (len(requests), len(pauses)) == (3, 2) and root.parent == ""
    assert [one.failed for one in requests] == [True, True, False]
    assert [one.attributes.get("http.request.resend_count") for one in requests] == [None, 1, 2]
    assert [one.attributes.get("http.response.status_code") for one in requests] == [503, None, 200]
    kinds = [one.attributes.get("error.type") for one in requests]
    assert kinds == ["ServiceUnavailableException", "closed", None]
    seen = [one.header("traceparent") for one in upstream.requests]
    assert seen == [one.traceparent for one in requests]
    for one, pause, other in zip(requests, pauses, requests[1:]):
        assert one.end <= pause.start <= pause.end <= other.start
    assert root.attributes["iot_jobs_gateway.attempts"] == 3


def test_who_waits_for_anothers_call_links_to_it(upstream, collector, traced, gate):
    gateway = traced()
    upstream.respond = lambda _: Answer(FOUND.status, FOUND.body, gate=gate)
    with calling(gateway) as call:
        leader = call.begin(describe("t", "j"), metadata=SAMPLED)
        assert eventually(lambda: len(upstream.requests) == 1)
        followers = [call.begin(describe("t", "j")) for _ in range(5)]
        assert eventually(lambda: in_flight(gateway) == 6)
        gate.set()
        assert {ended(one).code for one in (leader, *followers)} == {Code.OK}
    assert collector.has(5, "wait for another's call")
    assert collector.has(6, "/DescribeJobExecution")
    roots = collector.named("/DescribeJobExecution")
    (led,) = [one for one in roots if one.trace == TRACE]
    joined = [one for one in roots if one is not led]
    assert len({one.trace for one in joined}) == 5
    for one in joined:
        (waited,) = collector.below(one)
        assert waited.links == [(TRACE, led.id)]
        assert one.attributes["iot_jobs_gateway.cache"] == "coalesced"
    assert len(collector.named("IoTJobsDataPlane.DescribeJobExecution")) == 1


def test_waits_for_a_turn_and_for_a_connection_are_told(upstream, collector, traced, gate):
    gateway = traced(
        upstream_connection_limit=1, account_reads_per_second=4, account_read_burst=2
    )
    upstream.respond = lambda _: Answer(FOUND.status, FOUND.body, gate=gate)
    with calling(gateway) as call:
        calls = [call.begin(describe(f"t{number}", "j")) for number in range(2)]
        waiting = "iot_jobs_gateway_upstream_pool_waiting"
        assert eventually(lambda: scrape(gateway.admin_url).value(waiting) == 1)
        gate.set()
        calls += [call.begin(describe(f"t{number}", "j")) for number in range(2, 4)]
        assert {ended(one).code for one in calls} == {Code.OK}
    assert collector.has(4, "/DescribeJobExecution")
    assert collector.has(2, "wait for a connection")
    turns = collector.named("wait for the account's budget")
    assert turns and all(one.end - one.start > 0 for one in turns)


def test_a_stored_answer_is_a_span_alone(upstream, collector, traced):
    gateway = traced(cache_bytes=1 << 20, describe_ttl="1h")
    with calling(gateway) as call:
        assert [call(describe("t", "j")).cache for _ in range(3)] == ["miss", "hit", "hit"]
    assert collector.has(3, "/DescribeJobExecution")
    found = collector.named("/DescribeJobExecution")
    assert [len(collector.below(one)) for one in found] == [1, 0, 0]
    assert [one.attributes["iot_jobs_gateway.cache"] for one in found] == ["miss", "hit", "hit"]


def test_a_failure_says_whose_it_is(upstream, collector, traced):
    gateway = traced()
    upstream.respond = lambda _: Answer.error("ResourceNotFoundException", 404)
    with calling(gateway) as call:
        assert call(describe("t", "j")).code == Code.NOT_FOUND
        upstream.respond = lambda _: Answer.error("ServiceUnavailableException", 503)
        assert call(describe("t", "j")).code == Code.UNAVAILABLE
        assert call(update("no thing", "j")).code == Code.INVALID_ARGUMENT
    assert collector.has(3, "JobExecution") and collector.has(1, "/UpdateJobExecution")
    found = [*collector.named("/DescribeJobExecution"), *collector.named("/UpdateJobExecution")]
    # Servers' spans are errors for the server's own failures only.
    assert [one.failed for one in found] == [False, True, False]
    assert [one.attributes["rpc.response.status_code"] for one in found] == [
        "NOT_FOUND",
        "UNAVAILABLE",
        "INVALID_ARGUMENT",
    ]
    assert found[1].attributes["error.type"] == "UNAVAILABLE"
    requests = collector.named("IoTJobsDataPlane.DescribeJobExecution")
    assert [one.failed for one in requests] == [True, True]


def test_callers_decide_and_the_ratio_decides_for_the_rest(upstream, collector, traced):
    gateway = traced("--tracing-ratio", "0")
    with calling(gateway) as call:
        assert call(pending("t")).ok
        assert call(pending("t"), metadata=UNSAMPLED).ok
        assert call(pending("t"), metadata=SAMPLED).ok
    assert collector.has(1, "/GetPendingJobExecutions")
    gateway.stop()
    assert {one.trace for one in collector.spans} == {TRACE}
    assert len(collector.named("/GetPendingJobExecutions")) == 1
    seen = [one.header("traceparent") for one in upstream.requests]
    # What is not traced here goes on as it came.
    assert seen[:2] == [None, UNSAMPLED[0][1]] and seen[2] != SAMPLED[0][1]


def test_half_of_the_calls_are_traced_when_half_are_asked_for(collector, traced):
    gateway = traced("--tracing-ratio", "0.5", cache_bytes=1 << 20, describe_ttl="1h")
    with calling(gateway) as call:
        for _ in range(400):
            assert call(describe("t", "j")).ok
    gateway.stop()
    # Six standard deviations to either side.
    assert 140 < len(collector.named("/DescribeJobExecution")) < 260


def test_what_is_no_trace_is_as_if_it_were_not_there(collector, traced):
    hostile = ["garbage", "00-" + "0" * 32 + f"-{CALLER}-01", f"ff-{TRACE}-{CALLER}-01", "00-" * 90]
    with calling(traced()) as call:
        for one in hostile:
            assert call(pending("t"), metadata=(("traceparent", one),)).ok
    assert collector.has(len(hostile), "/GetPendingJobExecutions")
    roots = collector.named("/GetPendingJobExecutions")
    assert {one.parent for one in roots} == {""} and len({one.trace for one in roots}) == len(roots)


def test_nothing_is_there_when_nobody_collects(upstream, start):
    gateway = start(upstream.url, "--tracing-ratio", "1")
    with calling(gateway) as call:
        assert call(pending("t"), metadata=SAMPLED).ok
    assert upstream.requests[0].header("traceparent") == SAMPLED[0][1]
    assert "iot_jobs_gateway_trace_" not in scrape(gateway.admin_url).text
    assert gateway.logged("calls are traced") == []


def test_what_waits_is_sent_before_the_end(collector, traced):
    gateway = traced("--tracing-batch-delay", "1h")
    with calling(gateway) as call:
        for number in range(5):
            assert call(pending(f"t{number}")).ok
    assert collector.spans == []
    gateway.stop()
    assert len(collector.named("/GetPendingJobExecutions")) == 5


def test_a_full_batch_goes_at_once_and_none_is_larger(collector, traced):
    gateway = traced("--tracing-batch-delay", "1h", "--tracing-batch-limit", "4")
    with calling(gateway) as call:
        for number in range(8):
            assert call(pending(f"t{number}")).ok
        # What fills no batch waits: a batch takes all there is, however the calls fell around it.
        assert collector.has(16 - 3)
    gateway.stop()
    assert len(collector.named("/GetPendingJobExecutions")) == 8 and max(collector.batches) <= 4


def test_a_dead_collector_costs_traces_and_nothing_else(upstream, start):
    with Collector() as gone:
        url = gone.url
    gateway = start(upstream.url, "--tracing-endpoint", url, "--tracing-batch-delay", "100ms")
    with calling(gateway) as call:
        for number in range(20):
            assert call(pending(f"t{number}")).ok
    began = time.monotonic()
    gateway.stop()
    assert time.monotonic() - began < 10
    (told,) = gateway.logged("traces are lost")
    assert told["endpoint"] == url and told["level"] == "warning"


def test_what_does_not_fit_is_dropped_and_counted(upstream, collector, traced, gate):
    collector.respond = lambda _: Answer(200, b"", TAKEN.headers, gate=gate)
    flags = ("--tracing-queue-limit", "6", "--tracing-batch-limit", "2")
    gateway = traced(*flags, cache_bytes=1 << 20, describe_ttl="1h")
    with calling(gateway) as call:
        for _ in range(40):
            assert call(describe("t", "j")).ok
        seen = scrape(gateway.admin_url)
        assert seen.value("iot_jobs_gateway_trace_queue_spans") == 6
        dropped = seen.value(DROPPED, reason="queue_full")
        # Forty calls, and the first one's request and its wait; two are on their way.
        assert 42 - 6 - 2 <= dropped + 1 and dropped <= 42 - 6
        gate.set()
        assert eventually(
            lambda: scrape(gateway.admin_url).value(EXPORTED) + dropped == 42,
        )
    gateway.stop()


@pytest.mark.parametrize("code", [429, 502, 503, 504])
def test_what_may_be_taken_later_is_sent_again(collector, traced, code):
    answers = [status(code, **{"Retry-After": "0"})(TAKEN) for _ in range(2)]
    collector.respond = lambda _: answers.pop(0) if answers else TAKEN
    gateway = traced()
    with calling(gateway) as call:
        assert call(pending("t")).ok
    assert collector.has(1, "/GetPendingJobExecutions")
    bodies = [one.body for one in collector.requests]
    assert len(bodies) >= 3 and bodies[0] == bodies[1] == bodies[2]
    assert eventually(lambda: scrape(gateway.admin_url).value(EXPORTED) == 3)
    assert scrape(gateway.admin_url).value(DROPPED) == 0


def test_the_collector_says_when_to_come_back(collector, traced):
    times = []

    def respond(_) -> Answer:
        times.append(time.monotonic())
        return status(503, **{"Retry-After": "2"})(TAKEN) if len(times) == 1 else TAKEN

    collector.respond = respond
    with calling(traced()) as call:
        assert call(pending("t")).ok
    assert collector.has(1, "/GetPendingJobExecutions")
    assert times[1] - times[0] >= 1.9


@pytest.mark.parametrize("code", [400, 401, 404, 500])
def test_what_is_refused_is_not_sent_again(collector, traced, code):
    collector.respond = lambda _: status(code)(TAKEN)
    gateway = traced()
    with calling(gateway) as call:
        assert call(pending("t")).ok
    assert eventually(
        lambda: scrape(gateway.admin_url).value(DROPPED, reason="rejected") == 3
    )
    gateway.stop()
    bodies = [one.body for one in collector.requests]
    assert len(bodies) == len(set(bodies))
    assert [one["reason"] for one in gateway.logged("traces are lost")] == [f"status {code}"]


def test_a_collector_behind_tls_with_a_token(upstream, start, tmp_path):
    authority = Authority()
    bundle = tmp_path / "ca.pem"
    bundle.write_bytes(authority.pem)
    context = authority.issue("localhost").server_context(tmp_path)
    with Collector(tls=context) as collector:
        gateway = start(
            upstream.url,
            *("--tracing-endpoint", f"{collector.url}/otlp/v1/traces"),
            *("--tracing-ca-bundle", str(bundle), "--tracing-batch-delay", "100ms"),
            env={"IOT_JOBS_GATEWAY_TRACING_HEADERS": "authorization=Bearer%20s3cret, x-a=b"},
        )
        with calling(gateway) as call:
            assert call(pending("t")).ok
        assert collector.has(3)
        request = collector.requests[0]
        assert request.target == "/otlp/v1/traces"
        assert request.header("authorization") == "Bearer s3cret" and request.header("x-a") == "b"
        gateway.stop()
        assert "s3cret" not in gateway.log_tail()


def test_a_collector_with_a_strangers_certificate_gets_nothing(upstream, start, tmp_path):
    bundle = tmp_path / "ca.pem"
    bundle.write_bytes(Authority().pem)
    context = Authority("Stranger").issue("localhost").server_context(tmp_path)
    with Collector(tls=context) as collector:
        gateway = start(
            upstream.url,
            *("--tracing-endpoint", collector.url, "--tracing-ca-bundle", str(bundle)),
        )
        with calling(gateway) as call:
            assert call(pending("t")).ok
        gateway.stop()
        assert collector.requests == [] and gateway.logged("traces are lost")

def test_slow_calls_can_be_found_from_the_histogram(collector, traced):
    gateway = traced()
    with calling(gateway) as call:
        assert call(pending("t"), metadata=SAMPLED).ok
    request = urllib.request.Request(
        f"{gateway.admin_url}/metrics",
        headers={"Accept": "application/openmetrics-text; version=1.0.0"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    name = "iot_jobs_gateway_request_duration_seconds_bucket"
    assert any(line.startswith(name) and f'trace_id="{TRACE}"' in line for line in lines)
