# SPDX-License-Identifier: Apache-2.0
"""The documentation says what is true of settings, metrics and alerts."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import pytest

from certificates import Authority
from documents import CATALOGUE, README, article, articles, rows
from metrics import scrape
from program import ROOT, Gateway, run_to_end
from secure import Files

RULES = ROOT / "deploy" / "monitoring" / "alerts.yaml"
RULES_TEXT = RULES.read_text(encoding="utf-8")
ALERTS = re.findall(r"- alert: (\w+)", RULES_TEXT)
METRIC = re.compile(r"\b(?:iot_jobs_gateway|process)_[a-z0-9_]+[a-z0-9]")


def documented_metrics() -> dict[str, tuple[str, frozenset[str]]]:
    """Name → type and labels."""
    told = {}
    for name, kind, labels, words in rows("Metrics", "metrics"):
        assert words and name not in told
        told[name] = (kind, frozenset(label.strip() for label in labels.split(",") if label))
    return told


def test_every_flag_of_serve_is_in_the_documentation_with_its_default():
    options = run_to_end("serve", "--help").stdout.split("OPTIONS:")[1].split("\n  --")[1:]
    told = {}
    for option in options:
        text = " ".join(option.split("\n  -h, ")[0].split())
        default = re.search(r"\(default: ([^)]*)\)", text)
        told[re.match(r"[a-z-]+", text)[0]] = default[1] if default else ""
    del told["version"]
    listed = {row[0]: row[1] for row in rows("LimitsAndDefaults", "settings")}
    assert listed == told


def test_metrics_are_documented_and_documented_ones_are_shown(emulator, tmp_path):
    authority = Authority("callers")
    files = Files(tmp_path, authority.issue("127.0.0.1"))
    files.authorities.write_bytes(authority.pem)
    policy = tmp_path / "policy.yaml"
    policy.write_text('rules:\n  - {identities: ["cn:*"], operations: all, things: ["*"]}\n')
    flags = [*files.flags(clients=True), "--authorization-policy", str(policy)]
    # Nobody is there, which does no harm.
    flags += ["--tracing-endpoint", "http://127.0.0.1:9"]
    with Gateway(emulator.url, *flags, policy=None) as program:
        seen = scrape(program.admin_url)
    told = documented_metrics()
    assert seen.types == {name: kind for name, (kind, _) in told.items()}
    for name, labels in seen.samples:
        family = seen.family(name)
        assert {label for label, _ in labels} - {"le"} == told[family][1], name


def test_metrics_that_texts_and_alerts_name_are_there():
    told = documented_metrics()
    texts = {path.name: path.read_text(encoding="utf-8") for path in [*articles(), README, RULES]}
    for place, text in texts.items():
        for name in METRIC.findall(text):
            base = re.sub(r"_(bucket|sum|count)\Z", "", name)
            assert name in told or told.get(base, ("",))[0] == "histogram", (place, name)


# What makes each alert fire: samples a minute apart, for two hours.
FIRING = {
    "IoTJobsGatewayFails": [
        ('requests_total{code="OK"}', "0+900x120"),
        ('requests_total{code="UNAVAILABLE"}', "0+100x120"),
    ],
    "IoTJobsGatewaySlow": [
        ('request_duration_seconds_bucket{le="1"}', "0+90x120"),
        ('request_duration_seconds_bucket{le="3"}', "0+100x120"),
        ('request_duration_seconds_bucket{le="+Inf"}', "0+100x120"),
    ],
    "IoTJobsGatewayLeavesAWSAlone": [("breaker_state", "2x120")],
    "IoTJobsGatewayCannotConnect": [
        ('upstream_connect_failures_total{reason="refused"}', "0+60x120")
    ],
    "IoTJobsGatewayIsRefused": [('upstream_requests_total{http_status="403"}', "0+1x120")],
    "IoTJobsGatewayCredentialsEnd": [("credentials_expiry_seconds", "240x120")],
    "IoTJobsGatewayThrottled": [('budget_reductions_total{kind="read"}', "0+1x120")],
    "IoTJobsGatewayBudgetExhausted": [('rate_limited_total{reason="account_read"}', "0+1x120")],
    "IoTJobsGatewayThingsLoop": [('rate_limited_total{reason="thing_read"}', "0+120x120")],
    "IoTJobsGatewayPoolFull": [("upstream_pool_waiting", "3x120")],
    "IoTJobsGatewayUpdatesUnresolved": [('updates_resolved_total{result="unknown"}', "0+1x120")],
    "IoTJobsGatewayClockWrong": [("clock_offset_seconds", "-400x120")],
    # The clock of such a test begins in 1970.
    "IoTJobsGatewayCertificateEnds": [("tls_certificate_not_after_seconds", "86400x120")],
    "IoTJobsGatewayReloadFails": [('reload_failing{what="token file"}', "1x120")],
    "IoTJobsGatewayOverloaded": [('failures_total{reason="OVERLOADED"}', "0+1x120")],
    "IoTJobsGatewayDescriptorsEnd": [
        ("build_info", "1x120"),
        ("process_open_fds", "950x120"),
        ("process_max_fds", "1000x120"),
    ],
    "IoTJobsGatewayTracesLost": [('trace_spans_dropped_total{reason="queue_full"}', "0+9x120")],
    "IoTJobsGatewayLogLinesLost": [("log_lines_dropped_total", "0+1x120")],
}


def full_name(series: str) -> str:
    return series if series.startswith("process_") else f"iot_jobs_gateway_{series}"


def test_each_alert_is_explained_and_tried():
    guide = re.findall(r"^### (IoTJobsGateway\w+)$", article("OperatingGuide"), re.M)
    assert guide == ALERTS == list(FIRING)


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_fires_on_what_it_is_for_and_on_nothing_else(alert, tmp_path):
    if not shutil.which("promtool"):
        pytest.skip("promtool is not installed and could not be")
    series = "".join(
        f"      - {{series: '{full_name(name)}', values: '{values}'}}\n"
        for name, values in FIRING[alert]
    )
    firing = 'count by (alertname) (ALERTS{alertstate="firing"})'
    (tmp_path / "test.yaml").write_text(
        f"rule_files: ['{RULES}']\n"
        "evaluation_interval: 1m\n"
        "tests:\n"
        f"  - interval: 1m\n    input_series:\n{series}"
        "    promql_expr_test:\n"
        f"      - expr: '{firing}'\n        eval_time: 110m\n"
        f"        exp_samples: [{{labels: '{{alertname=\"{alert}\"}}', value: 1}}]\n"
    )
    done = subprocess.run(
        ["promtool", "test", "rules", "test.yaml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_links_lead_to_is_there():
    for path in [README, *articles()]:
        text = path.read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#]+)", text) + re.findall(r'(?:src|srcset)="([^"]+)"', text):
            if not target.startswith("http"):
                assert (path.parent / target).exists(), (path.name, target)


def test_the_catalogue_is_sound(tmp_path):
    if not shutil.which("docc"):
        pytest.skip("docc is not in PATH")
    # As the compiler would write it of a module that shows nothing.
    graph = {
        "metadata": {"formatVersion": {"major": 0, "minor": 6, "patch": 0}, "generator": "test"},
        "module": {"name": "iot_jobs_gateway", "platform": {}},
        "symbols": [],
        "relationships": [],
    }
    (tmp_path / "iot_jobs_gateway.symbols.json").write_text(json.dumps(graph))
    done = subprocess.run(
        [
            *("docc", "convert", str(CATALOGUE), "--output-path", str(tmp_path / "archive")),
            *("--fallback-display-name", "iot-jobs-gateway", "--warnings-as-errors"),
            *("--fallback-bundle-identifier", "iot-jobs-gateway"),
            *("--additional-symbol-graph-dir", str(tmp_path)),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
