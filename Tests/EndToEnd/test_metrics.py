# SPDX-License-Identifier: Apache-2.0
"""The admin port: what Prometheus and the kubelet ask for."""

from __future__ import annotations

import shutil
import subprocess
import urllib.error
import urllib.request

import grpc
import pytest

from aws import create_job
from metrics import scrape
from program import Gateway, eventually
from stubs import pb, rpc
from upstream import Answer

PREFIX = "iot_jobs_gateway"


def test_every_sample_has_its_family_and_help(gateway, stub, iot, thing, job):
    create_job(iot, job, thing)
    stub.GetPendingJobExecutions(pb.GetPendingJobExecutionsRequest(thing_name=thing), timeout=20)
    seen = scrape(gateway.admin_url)
    families = {seen.family(name) for name, _ in seen.samples}
    assert families <= set(seen.types) and families <= seen.helps
    for name, kind in {
        f"{PREFIX}_requests_total": "counter",
        f"{PREFIX}_request_duration_seconds": "histogram",
        f"{PREFIX}_requests_in_flight": "gauge",
        f"{PREFIX}_upstream_requests_total": "counter",
        f"{PREFIX}_upstream_request_duration_seconds": "histogram",
        f"{PREFIX}_upstream_connections": "gauge",
        f"{PREFIX}_upstream_pool_waiting": "gauge",
        f"{PREFIX}_build_info": "gauge",
        f"{PREFIX}_log_lines_dropped_total": "counter",
        "process_cpu_seconds_total": "counter",
        "process_resident_memory_bytes": "gauge",
        "process_open_fds": "gauge",
    }.items():
        assert seen.types.get(name) == kind, name


def test_the_policies_show_what_they_do(default_gateway):
    seen = scrape(default_gateway.admin_url)
    for name, kind in {
        f"{PREFIX}_rate_limited_total": "counter",
        f"{PREFIX}_admitted_total": "counter",
        f"{PREFIX}_limiter_things": "gauge",
        f"{PREFIX}_budget_level": "gauge",
        f"{PREFIX}_budget_waiting": "gauge",
        f"{PREFIX}_budget_wait_seconds": "histogram",
        f"{PREFIX}_budget_reductions_total": "counter",
        f"{PREFIX}_cache_requests_total": "counter",
        f"{PREFIX}_cache_bytes": "gauge",
        f"{PREFIX}_cache_entries": "gauge",
        f"{PREFIX}_cache_evictions_total": "counter",
    }.items():
        assert seen.types.get(name) == kind, name
        assert name in seen.helps
    # Every series is there from the start, so that a rate over it has a beginning.
    account = ("account_read", "account_write", "account_read_abandoned", "account_write_abandoned")
    for reason in ("thing_read", "thing_write", *account, "table_full"):
        for mode in ("enforce", "shadow"):
            labels = frozenset({("reason", reason), ("mode", mode)})
            assert (f"{PREFIX}_rate_limited_total", labels) in seen.samples
    for result in ("hit", "miss", "stale", "coalesced", "bypass", "not_cached"):
        assert (f"{PREFIX}_cache_requests_total", frozenset({("result", result)})) in seen.samples
    for kind in ("read", "write"):
        assert seen.value(f"{PREFIX}_budget_level", kind=kind) == 50


def test_histograms_add_up(gateway, stub, iot, thing, job):
    create_job(iot, job, thing)
    stub.GetPendingJobExecutions(pb.GetPendingJobExecutionsRequest(thing_name=thing), timeout=20)
    seen = scrape(gateway.admin_url)
    for name, kind in seen.types.items():
        if kind != "histogram":
            continue
        rows: dict[frozenset, list[tuple[float, float]]] = {}
        for (sample, labels), value in seen.samples.items():
            if sample == f"{name}_bucket":
                edge = float(dict(labels)["le"])
                rest = frozenset(pair for pair in labels if pair[0] != "le")
                rows.setdefault(rest, []).append((edge, value))
        for labels, buckets in rows.items():
            counts = [count for _, count in sorted(buckets)]
            assert counts == sorted(counts)
            assert max(buckets)[0] == float("inf")
            assert counts[-1] == seen.samples[(f"{name}_count", labels)]


def test_calls_are_counted_by_method_and_code(upstream, start):
    gateway = start(upstream.url)
    with grpc.insecure_channel(gateway.address) as channel:
        stub = rpc.JobsDataPlaneServiceStub(channel)
        for _ in range(3):
            stub.GetPendingJobExecutions(
                pb.GetPendingJobExecutionsRequest(thing_name="t"), timeout=20
            )
        upstream.respond = lambda _: Answer.error("ResourceNotFoundException", 404)
        for request in (
            pb.DescribeJobExecutionRequest(thing_name="t", job_id="j"),
            pb.DescribeJobExecutionRequest(),
        ):
            with pytest.raises(grpc.RpcError):
                stub.DescribeJobExecution(request, timeout=20)
    seen = scrape(gateway.admin_url)

    def calls(method: str, code: str) -> float:
        return seen.value(f"{PREFIX}_requests_total", method=method, code=code)

    assert calls("GetPendingJobExecutions", "OK") == 3
    assert calls("DescribeJobExecution", "NOT_FOUND") == 1
    assert calls("DescribeJobExecution", "INVALID_ARGUMENT") == 1
    assert seen.value(f"{PREFIX}_requests_in_flight") == 0
    sent = f"{PREFIX}_upstream_requests_total"
    assert seen.value(sent, operation="GetPendingJobExecutions", http_status="200") == 3
    assert seen.value(sent, operation="DescribeJobExecution", http_status="404") == 1
    durations = f"{PREFIX}_request_duration_seconds_count"
    assert seen.value(durations, method="GetPendingJobExecutions") == 3


def test_a_method_that_is_not_ours_makes_no_new_series(gateway, channel):
    for index in range(5):
        with pytest.raises(grpc.RpcError):
            channel.unary_unary(f"/x.Y/Made{index}", lambda x: x, lambda x: x)(b"", timeout=20)
    assert "Made" not in scrape(gateway.admin_url).text


def test_promtool_finds_nothing_wrong(default_gateway):
    if not shutil.which("promtool"):
        pytest.skip("promtool is not installed")
    done = subprocess.run(
        ["promtool", "check", "metrics"],
        input=scrape(default_gateway.admin_url).text,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_the_probes_say_yes(gateway, path):
    with urllib.request.urlopen(f"{gateway.admin_url}{path}", timeout=20) as answer:
        assert answer.status == 200


def test_ready_does_not_depend_on_aws():
    def ready(gateway: Gateway) -> bool:
        try:
            with urllib.request.urlopen(f"{gateway.admin_url}/readyz", timeout=20) as answer:
                return answer.status == 200
        except urllib.error.HTTPError as error:
            with error:
                assert error.code == 503
            return False

    with Gateway("http://127.0.0.1:1") as gateway:
        assert eventually(lambda: ready(gateway))


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/", 404),
        ("POST", "/metrics", 405),
        ("DELETE", "/livez", 405),
    ],
)
def test_the_admin_port_serves_nothing_else(gateway, method, path, status):
    request = urllib.request.Request(f"{gateway.admin_url}{path}", method=method)
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(request, timeout=20)
    with error.value:
        assert error.value.code == status
