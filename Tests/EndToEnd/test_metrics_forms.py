# SPDX-License-Identifier: Apache-2.0
"""One scrape in its two forms, read by others' readers."""

from __future__ import annotations

import grpc
import pytest

from metrics import open_metrics, page, scrape
from program import eventually
from stubs import pb, rpc

PREFIX = "iot_jobs_gateway"
# What a Prometheus of these versions sends.
PROMETHEUS_2 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
    "application/openmetrics-text;version=0.0.1;q=0.4,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,"
    "text/plain;version=0.0.4;q=0.2,*/*;q=0.1"
)


@pytest.fixture
def busy(upstream, start):
    """A gateway that has answered, failed and refused."""
    gateway = start(upstream.url, policy=None)
    with grpc.insecure_channel(gateway.address) as channel:
        stub = rpc.JobsDataPlaneServiceStub(channel)
        for thing in ("t", "t", "no spaces"):
            try:
                stub.GetPendingJobExecutions(
                    pb.GetPendingJobExecutionsRequest(thing_name=thing), timeout=20
                )
            except grpc.RpcError as error:
                assert error.code() == grpc.StatusCode.INVALID_ARGUMENT
    return gateway


def test_both_forms_show_the_same_series(busy):
    read = {
        (sample.name, frozenset(sample.labels.items()))
        for family in open_metrics(busy.admin_url)
        for sample in family.samples
    }
    # A first scrape has made no series that the second does not have.
    assert read == set(scrape(busy.admin_url).samples)


def test_openmetrics_families_carry_types_help_and_units(busy):
    families = {family.name: family for family in open_metrics(busy.admin_url)}
    assert all(family.documentation for family in families.values())
    for name, kind, unit in [
        (f"{PREFIX}_requests", "counter", ""),
        (f"{PREFIX}_request_duration_seconds", "histogram", "seconds"),
        (f"{PREFIX}_cache_bytes", "gauge", "bytes"),
        (f"{PREFIX}_build", "info", ""),
        (f"{PREFIX}_credentials", "info", ""),
        ("process_cpu_seconds", "counter", "seconds"),
        ("process_max_fds", "gauge", ""),
    ]:
        assert (families[name].type, families[name].unit) == (kind, unit), name
    # Base units alone, in every name.
    for name in families:
        assert not name.endswith(("_ms", "_milliseconds", "_microseconds", "_kilobytes", "_percent"))


@pytest.mark.parametrize("accept", [PROMETHEUS_2, PROMETHEUS_3])
def test_prometheus_gets_openmetrics(gateway, accept):
    answer = page(gateway.admin_url, accept=accept, accept_encoding="gzip")
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
    assert answer.headers["Vary"] == "accept, accept-encoding"
    assert answer.text.endswith("\n# EOF\n")
    assert len(answer.body) < len(answer.text) / 4


@pytest.mark.parametrize("accept", ["*/*", "text/html,*/*;q=0.8", "text/plain", "nonsense"])
def test_everybody_else_gets_the_plain_text(gateway, accept):
    answer = page(gateway.admin_url, accept=accept)
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers["Content-Encoding"] is None
    assert "# EOF" not in answer.text


def test_a_call_shows_where_its_time_went(busy):
    seen = scrape(busy.admin_url)
    count = f"{PREFIX}_stage_duration_seconds_count"
    # Two were forwarded, over a connection or two, and the third refused at once.
    assert seen.value(count, stage="total") == 3
    for stage in ("sign", "first_byte"):
        assert 1 <= seen.value(count, stage=stage) <= 2, stage
    assert seen.value(count, stage="connect") >= 1
    assert seen.value(count, stage="tls") == 0
    total = f"{PREFIX}_stage_duration_seconds_sum"
    parts = ("limiter", "queue", "sign", "first_byte", "transfer", "backoff", "coalesced")
    assert sum(seen.value(total, stage=stage) for stage in parts) <= seen.value(total, stage="total")


def test_the_process_tells_of_itself(busy):
    def lag() -> float:
        return scrape(busy.admin_url).value(f"{PREFIX}_event_loop_lag_seconds_count")

    before = lag()
    assert eventually(lambda: lag() > before)
    seen = scrape(busy.admin_url)
    loops = {dict(labels)["loop"] for name, labels in seen.samples if "event_loop_lag" in name}
    assert loops == {str(index) for index in range(len(loops))}
    assert seen.value("process_open_fds") < seen.value("process_max_fds")
    assert seen.value(f"{PREFIX}_credentials_info", source="environment") == 1
    assert seen.value(f"{PREFIX}_credentials_refreshes_total", result="success") == 1
    assert seen.value(f"{PREFIX}_credentials_refreshes_total", result="failure") == 0
    started = seen.value("process_start_time_seconds")
    assert seen.value(f"{PREFIX}_credentials_last_success_timestamp_seconds") >= started - 1
    assert seen.value(f"{PREFIX}_scrape_duration_seconds_count") > 0
