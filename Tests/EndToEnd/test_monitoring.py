# SPDX-License-Identifier: Apache-2.0
"""Alerts, dashboard and monitors: they fit each other, the documentation and the manifests."""

from __future__ import annotations

import itertools
import json
import re

import pytest
import yaml

import kustomize
import monitoring
from documents import article, rows
from monitoring import FOLDER, RULES, alert_tests, alerts, dashboard, panels, promtool, queries

NAMES = [rule["alert"] for rule in alerts()]
# What scraping adds, or Prometheus itself.
OF_THE_TARGET = {"job", "instance", "namespace", "pod", "le"}

needs_promtool = pytest.mark.skipif(
    monitoring.without_promtool() is not None, reason=str(monitoring.without_promtool())
)
needs_kubectl = pytest.mark.skipif(
    kustomize.missing() is not None, reason=str(kustomize.missing())
)


def labels_of_metrics() -> dict[str, frozenset[str]]:
    """The labels of each series, as the documentation tells; a test compares it with /metrics."""
    told = {"up": frozenset()}
    for name, kind, labels, _ in rows("Metrics", "metrics"):
        own = frozenset(label.strip() for label in labels.split(",") if label)
        suffixes = ("_bucket", "_sum", "_count") if kind == "histogram" else ("",)
        told |= {name + suffix: own for suffix in suffixes}
    return told


def test_each_alert_is_explained():
    guide = re.findall(r"^### (IoTJobsGateway\w+)$", article("OperatingGuide"), re.M)
    assert guide == NAMES


@needs_promtool
def test_promtool_finds_nothing_wrong_with_the_rules():
    status, words = promtool("check", "rules", "--lint-fatal", str(RULES))
    assert (status, f"{len(NAMES)} rules found" in words) == (0, True), words


@needs_promtool
def test_alerts_fire_on_what_they_are_for_and_on_nothing_else():
    status, words = promtool("test", "rules", str(FOLDER / "alerts_test.yaml"))
    assert status == 0, words


def test_each_alert_is_seen_to_fire_and_to_keep_silent():
    fired, silent = [], []
    for group in alert_tests():
        (rule,), (all_firing,) = group["alert_rule_test"], group["promql_expr_test"]
        name = rule["alertname"]
        assert group["name"].startswith(name + " ")
        (fired if rule["exp_alerts"] else silent).append(name)
        # Nor does any other alert fire.
        firing = [sample["labels"] for sample in all_firing["exp_samples"]]
        assert firing == ([f'{{alertname="{name}"}}'] if rule["exp_alerts"] else [])
    assert fired == silent == NAMES


@needs_promtool
def test_the_tests_of_the_alerts_notice_rules_that_never_fire(tmp_path):
    rules = yaml.safe_load(RULES.read_text(encoding="utf-8"))
    for rule in rules["groups"][0]["rules"]:
        rule["expr"] = "vector(1) > 1"
    (tmp_path / "alerts.yaml").write_text(json.dumps(rules))
    tests = (FOLDER / "alerts_test.yaml").read_text(encoding="utf-8")
    (tmp_path / "alerts_test.yaml").write_text(tests)
    status, words = promtool("test", "rules", str(tmp_path / "alerts_test.yaml"))
    assert status != 0
    noticed = set(re.findall(r"alertname: (\w+), time", words))
    assert noticed == set(NAMES)


def test_the_operators_rules_are_the_same():
    text = RULES.read_text(encoding="utf-8")
    groups = text[text.index("groups:") :]
    wrapped = (FOLDER / "prometheusrule.yaml").read_text(encoding="utf-8")
    head, _, spec = wrapped.partition("\nspec:\n")
    # To mend it, put the groups of alerts.yaml here, two spaces further in.
    assert spec == "".join(f"  {line}\n" for line in groups.splitlines())
    assert yaml.safe_load(head)["kind"] == "PrometheusRule"


def test_metrics_and_labels_that_alerts_ask_for_are_told():
    known = labels_of_metrics()
    for rule in alerts():
        labels = set()
        for metric, asked in monitoring.selectors(rule["expr"]):
            assert asked <= known[metric] | OF_THE_TARGET, (rule["alert"], metric)
            labels |= known[metric]
        assert monitoring.grouped_by(rule["expr"]) <= labels | OF_THE_TARGET, rule["alert"]
        said = json.dumps(rule["annotations"])
        assert set(re.findall(r"\$labels\.(\w+)", said)) <= labels, rule["alert"]


def test_metrics_and_labels_that_the_dashboard_asks_for_are_told():
    known = labels_of_metrics()
    for query in queries():
        labels = {"hash"} if "count_values" in query.text else set()
        for metric, asked in monitoring.selectors(query.text):
            assert asked <= known[metric] | OF_THE_TARGET, (query.place, metric)
            labels |= known[metric]
        assert monitoring.grouped_by(query.text) <= labels | OF_THE_TARGET, query.place
        assert query.legend <= labels | OF_THE_TARGET, query.place


def test_codes_and_reasons_that_are_asked_for_are_told():
    told = {(cells[0], cells[1]) for cells in rows("Errors", "errors")}
    for text in [*(query.text for query in queries()), *(rule["expr"] for rule in alerts())]:
        for metric, label, values in monitoring.values_asked_for(text):
            if metric == "iot_jobs_gateway_failures_total" and label in ("code", "reason"):
                known = {code if label == "code" else reason for code, reason in told}
                assert set(values) <= known, text
            if label == "method":
                assert values == [".+JobExecutions?"]


def test_the_dashboard_leaves_nothing_out():
    shown = {metric for query in queries() for metric, _ in monitoring.selectors(query.text)}
    families = {name for name, *_ in rows("Metrics", "metrics")}
    left_out = {
        family
        for family in families
        if not any(metric.startswith(family) for metric in shown)
    }
    assert left_out == {
        # Its state says the same.
        "iot_jobs_gateway_breaker_transitions_total",
        # Those of a door that is closed by default; its calls are shown as all others are.
        "iot_jobs_gateway_rest_responses_total",
        "iot_jobs_gateway_rest_signatures_total",
        # Those of watches, which most gateways have none of.
        "iot_jobs_gateway_watch_polls_total",
        "iot_jobs_gateway_watched_things",
        "iot_jobs_gateway_watchers",
        # Says nothing of a process that maps what it does not touch.
        "process_virtual_memory_bytes",
    }


def test_every_query_keeps_to_what_was_chosen():
    chosen = 'job=~"$job",namespace=~"$namespace",pod=~"$pod"'
    for query in queries():
        for metric, _ in monitoring.selectors(query.text):
            assert f"{metric}{{{chosen}" in query.text, query.place
    variables = [variable["name"] for variable in dashboard()["templating"]["list"]]
    assert variables == ["datasource", "job", "namespace", "pod"]


@needs_promtool
def test_every_query_can_be_read(tmp_path):
    chosen = {"job": ".+", "namespace": ".*", "pod": ".*"}
    texts = [query.in_force(**chosen) for query in queries()]
    texts.append(monitoring.adapter_query('namespace="shop",pod=~"a|b"'))
    recorded = [{"record": f"query:{index}", "expr": text} for index, text in enumerate(texts)]
    file = tmp_path / "queries.yaml"
    file.write_text(json.dumps({"groups": [{"name": "queries", "rules": recorded}]}))
    status, words = promtool("check", "rules", str(file))
    assert (status, f"{len(texts)} rules found" in words) == (0, True), words


@needs_promtool
def test_prometheus_takes_the_configuration_that_the_guide_shows(tmp_path):
    (shown,) = re.findall(r"```yaml\n(scrape_configs:\n.*?)```", article("OperatingGuide"), re.S)
    (job,) = yaml.safe_load(shown)["scrape_configs"]
    assert job["job_name"] == "iot-jobs-gateway"
    kept = [rule["regex"] for rule in job["relabel_configs"] if rule.get("action") == "keep"]
    assert kept == ["gateway-admin"]
    # Debian builds Prometheus without Kubernetes.
    assert job.pop("kubernetes_sd_configs") == [{"role": "pod"}]
    file = tmp_path / "prometheus.yml"
    file.write_text(json.dumps({"rule_files": [str(RULES)], "scrape_configs": [job]}))
    status, words = promtool("check", "config", str(file))
    assert (status, f"{len(NAMES)} rules found" in words) == (0, True), words


def test_panels_have_a_title_a_unit_and_a_place_of_their_own():
    board = dashboard()
    rows_and_panels = [row for row in board["panels"] if row["type"] == "row"] + panels(board)
    ids = [panel["id"] for panel in rows_and_panels]
    assert len(ids) == len(set(ids))
    titles = [panel["title"] for panel in panels(board)]
    assert all(titles) and len(titles) == len(set(titles))
    for panel in panels(board):
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        if panel["type"] in ("timeseries", "stat"):
            assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        letters = [target["refId"] for target in panel["targets"]]
        assert letters and len(letters) == len(set(letters))
        # Several lines in one panel tell which is which.
        if panel["type"] == "timeseries":
            assert all(target["legendFormat"] for target in panel["targets"]), panel["title"]


def cells(panel: dict) -> set[tuple[int, int]]:
    place = panel["gridPos"]
    across = range(place["x"], place["x"] + place["w"])
    down = range(place["y"], place["y"] + place["h"])
    return set(itertools.product(across, down))


def test_panels_do_not_lie_upon_each_other():
    board = dashboard()
    rows_opened = [row["panels"] for row in board["panels"] if row.get("collapsed")]
    for group in [board["panels"], *rows_opened]:
        taken: set[tuple[int, int]] = set()
        for panel in group:
            here = cells(panel)
            assert not here & taken, panel["title"]
            assert max(x for x, _ in here) < 24
            taken |= here


def test_the_dashboard_fits_into_a_config_map_that_kubectl_applies():
    # The annotation with what was applied last holds it once more, escaped, and has its own bound.
    assert len(json.dumps((FOLDER / "dashboard.json").read_text(encoding="utf-8"))) < 256 * 1024


@needs_kubectl
def test_what_stands_once_in_a_cluster_renders():
    documents = kustomize.render(FOLDER)
    (text,) = kustomize.files(documents, "iot-jobs-gateway-dashboard").values()
    assert json.loads(text) == dashboard()
    labels = kustomize.only(documents, "ConfigMap")["metadata"]["labels"]
    assert labels["grafana_dashboard"] == "1"
    groups = kustomize.only(documents, "PrometheusRule")["spec"]["groups"]
    assert [rule["alert"] for rule in groups[0]["rules"]] == NAMES


def selects(selector: dict, labels: dict[str, str]) -> bool:
    """Kubernetes' label selectors, as far as the monitors use them."""
    wanted = selector.get("matchLabels", {}).items() <= labels.items()
    for condition in selector.get("matchExpressions", []):
        has, value = condition["key"] in labels, labels.get(condition["key"])
        if condition["operator"] == "Exists":
            wanted &= has
        else:
            assert condition["operator"] == "NotIn"
            wanted &= value not in condition["values"]
    return wanted


WORKLOAD = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, labels: {app: shop}}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
        - {name: shop, image: "shop:1", ports: [{name: admin, containerPort: 9000}]}
"""


@needs_kubectl
@pytest.mark.parametrize("sidecar", ["sidecar", "sidecar-legacy"])
def test_the_monitor_of_sidecars_finds_the_gateway_and_not_the_application(sidecar, tmp_path):
    documents = kustomize.put_together(tmp_path, WORKLOAD, [sidecar, "monitoring"])
    monitor = kustomize.only(documents, "PodMonitor")["spec"]
    (shop,) = kustomize.workloads(documents)
    assert selects(monitor["selector"], shop.labels)
    (endpoint,) = monitor["podMetricsEndpoints"]
    found = [
        (container["name"], port["containerPort"])
        for container in shop.containers
        for port in container.get("ports", [])
        if port["name"] == endpoint["port"]
    ]
    assert found == [("iot-jobs-gateway", 9464)]
    # Nor does the standalone gateway's monitor have anything to find here.
    assert not [document for document in documents if document["kind"] == "Service"]


@needs_kubectl
def test_the_monitor_of_the_standalone_gateway_finds_its_service(tmp_path):
    base = kustomize.render(kustomize.FOLDER / "base")
    workload = "\n---\n".join(yaml.safe_dump(document) for document in base)
    documents = kustomize.put_together(tmp_path, workload, ["monitoring"])
    monitor = kustomize.only(documents, "ServiceMonitor")["spec"]
    service = kustomize.only(documents, "Service")
    assert selects(monitor["selector"], service["metadata"]["labels"])
    (endpoint,) = monitor["endpoints"]
    assert endpoint["port"] in [port["name"] for port in service["spec"]["ports"]]
    # Found once: the sidecars' monitor leaves it alone.
    sidecars = kustomize.only(documents, "PodMonitor")["spec"]
    for workload in kustomize.workloads(documents):
        assert not selects(sidecars["selector"], workload.labels)


@needs_kubectl
def test_monitors_give_the_job_that_alerts_and_dashboard_go_by(tmp_path):
    documents = kustomize.put_together(tmp_path, WORKLOAD, ["sidecar", "monitoring"])
    pods = kustomize.only(documents, "PodMonitor")["spec"]["podMetricsEndpoints"]
    services = kustomize.only(documents, "ServiceMonitor")["spec"]["endpoints"]
    for endpoint in [*pods, *services]:
        assert endpoint["path"] == "/metrics"
        assert endpoint["relabelings"] == [
            {"targetLabel": "job", "replacement": "iot-jobs-gateway"}
        ]
    (down,) = [rule["expr"] for rule in alerts() if rule["alert"] == "IoTJobsGatewayDown"]
    assert 'job="iot-jobs-gateway"' in down


@needs_kubectl
def test_the_autoscaler_asks_for_the_metric_that_the_adapter_shows():
    documents = kustomize.render(kustomize.FOLDER / "overlays" / "standalone")
    scaler = kustomize.only(documents, "HorizontalPodAutoscaler")["spec"]
    asked = [
        metric["pods"]["metric"]["name"] for metric in scaler["metrics"] if metric["type"] == "Pods"
    ]
    assert asked == [monitoring.adapter_rule()["name"]["as"]]
