# SPDX-License-Identifier: Apache-2.0
"""A real Prometheus scrapes real gateways: dashboard, alerts and autoscaler have their answers."""

from __future__ import annotations

import contextlib
import math
import shutil
from collections.abc import Iterator

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

import monitoring
from fleet import CUT_OFF, PODS, WELL, Fleet, fleet_in, selector
from monitoring import alerts, queries
from program import eventually
from prometheus_server import JOB, NAMESPACE

pytestmark = pytest.mark.skipif(
    not shutil.which("prometheus"), reason="prometheus is not installed and could not be"
)

# Quantiles of what does not happen here: the emulator speaks plaintext.
WITHOUT_EVENTS = {"Time to connect C"}
# Prometheus looks twice a second; a window holds enough samples for a rate.
WINDOW = "15s"


@pytest.fixture(scope="module")
def fleet(tmp_path_factory) -> Iterator[Fleet]:
    with fleet_in(tmp_path_factory.mktemp("fleet")) as started:
        yield started


def has_figures(samples: list[dict]) -> bool:
    return any(math.isfinite(float(sample["value"][1])) for sample in samples)


def test_every_query_of_the_dashboard_has_an_answer(fleet):
    left = {query.place: query for query in queries()}

    def all_answered() -> bool:
        for place, query in list(left.items()):
            samples = fleet.prometheus.query(query.in_force(WINDOW, **selector()))
            told = place in WITHOUT_EVENTS or has_figures(samples)
            # The legend's labels are there, if not in each sample: an empty label is none.
            labels = {label for sample in samples for label in sample["metric"]}
            if samples and told and query.legend <= labels:
                del left[place]
        return not left

    assert eventually(all_answered, 90), {place: query.text for place, query in left.items()}


def test_values_that_are_asked_for_are_values_of_the_label(fleet):
    asked = {
        (metric, label, value)
        for text in [*(query.text for query in queries()), *(rule["expr"] for rule in alerts())]
        for metric, label, values in monitoring.values_asked_for(text)
        for value in values
        # Of these every series is there from the start.
        if label in ("kind", "mode", "result", "stage") or metric.endswith("rate_limited_total")
    }
    assert len(asked) > 15
    for metric, label, value in sorted(asked):
        there = fleet.prometheus.label_values(label, metric)
        assert value in there, (metric, label, there)


def test_the_dashboard_shows_the_pod_that_is_chosen(fleet):
    for query in queries():
        if "pod" not in query.legend:
            continue
        for sample in fleet.prometheus.query(query.in_force(WINDOW, **selector(CUT_OFF))):
            assert sample["metric"]["pod"] == CUT_OFF, query.place


def test_the_choices_are_there(fleet):
    scraped = 'iot_jobs_gateway_build_info{job="%s"}' % JOB
    assert eventually(lambda: len(fleet.prometheus.series(scraped)) == len(PODS))
    for variable in monitoring.dashboard()["templating"]["list"][1:]:
        name = variable["name"]
        assert variable["definition"].endswith(f", {name})")
        values = {"job": [JOB], "namespace": [NAMESPACE], "pod": sorted(PODS)}[name]
        assert sorted(fleet.prometheus.label_values(name, scraped)) == values


def test_notes_in_the_graphs_lie_at_the_time_that_they_tell(fleet):
    notes = [note for note in monitoring.dashboard()["annotations"]["list"] if "expr" in note]
    texts = {query.place: query for query in queries()}
    for note in notes:
        text = texts[note["name"]].in_force(**selector(WELL))
        assert eventually(lambda text=text: fleet.prometheus.query(text))
        (sample,) = fleet.prometheus.query(text)
        # Milliseconds, as `useValueForTime` wants them; and not of long ago.
        now, milliseconds = sample["value"][0], float(sample["value"][1])
        assert note["useValueForTime"] and 0 < now - milliseconds / 1000 < 3600


def test_calls_that_are_traced_stand_in_the_latency_panel(fleet):
    (panel,) = [panel for panel in monitoring.panels() if panel["title"] == "Latency"]
    marked = [target["refId"] for target in panel["targets"] if target.get("exemplar")]
    assert marked == ["A", "C"]
    (query,) = [query for query in queries() if query.place == "Latency A"]
    text = query.in_force(WINDOW, **selector())

    def found() -> bool:
        series = fleet.prometheus.exemplars(text)
        return any(one["labels"].get("trace_id") for each in series for one in each["exemplars"])

    assert eventually(found, 30)


def test_every_alert_is_evaluated_on_series_that_are_there(fleet):
    assert eventually(lambda: all(rule["health"] == "ok" for rule in fleet.prometheus.rules()), 30)
    names = [rule["name"] for rule in fleet.prometheus.rules()]
    assert names == [rule["alert"] for rule in alerts()]
    for rule in alerts():
        for metric, asked in monitoring.selectors(rule["expr"]):

            def scraped(metric=metric) -> list[dict]:
                return fleet.prometheus.series(f'{metric}{{job="{JOB}"}}')

            assert eventually(scraped, 60), (rule["alert"], metric)
            labels = {label for series in scraped() for label in series}
            assert asked <= labels, (rule["alert"], metric)


def test_what_is_wrong_with_the_fleet_fires(fleet):
    """Of the alerts without a time to wait, and of the conditions of the others."""
    expressions = {rule["alert"]: rule["expr"] for rule in alerts()}

    def holds(alert: str) -> set[str]:
        expression = expressions[f"IoTJobsGateway{alert}"].replace("[5m]", f"[{WINDOW}]")
        return {sample["metric"]["pod"] for sample in fleet.prometheus.query(expression)}

    for alert, pods in {
        "Fails": {CUT_OFF},
        "LeavesAWSAlone": {CUT_OFF},
        "ReloadFails": {WELL},
        "ThingsLoop": {WELL},
        "UpdatesUnresolved": {WELL},
    }.items():
        assert eventually(lambda alert=alert, pods=pods: holds(alert) >= pods, 60), alert
    for alert in ("Down", "Restarts", "ClockWrong", "DescriptorsEnd", "LogLinesLost"):
        assert holds(alert) == set(), alert


@contextlib.contextmanager
def watching(address: str, clients: int) -> Iterator[None]:
    """Clients that watch the gateway's health, as a service configuration can have them do."""
    with contextlib.ExitStack() as stack:
        for _ in range(clients):
            opened = stack.enter_context(grpc.insecure_channel(address))
            stream = health_pb2_grpc.HealthStub(opened).Watch(health_pb2.HealthCheckRequest())
            next(stream)
            stack.callback(stream.cancel)
        yield


def test_the_autoscaler_sees_calls_by_pod_and_none_that_only_watch(fleet):
    rule = monitoring.adapter_rule()
    assert eventually(lambda: fleet.prometheus.series(rule["seriesQuery"]))
    for series in fleet.prometheus.series(rule["seriesQuery"]):
        assert rule["resources"]["overrides"].keys() <= series.keys()
    matchers = f'namespace="{NAMESPACE}",pod=~"{"|".join(PODS)}"'
    everything = f'sum(iot_jobs_gateway_requests_in_flight{{pod="{CUT_OFF}"}})'

    def in_flight() -> dict[str, float]:
        samples = fleet.prometheus.query(monitoring.adapter_query(matchers))
        assert all(sample["metric"].keys() == {"pod"} for sample in samples)
        return {sample["metric"]["pod"]: float(sample["value"][1]) for sample in samples}

    with watching(fleet.gateways[CUT_OFF].address, clients=5):
        watched = lambda: float(fleet.prometheus.query(everything)[0]["value"][1]) >= 5
        assert eventually(watched)
        assert eventually(lambda: in_flight().keys() == set(PODS))
        # There its one caller is refused at once; at the other, calls wait for the budget.
        assert in_flight()[CUT_OFF] <= 1
        assert eventually(lambda: in_flight()[WELL] > 0)
