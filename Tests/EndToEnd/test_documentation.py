# SPDX-License-Identifier: Apache-2.0
"""The documentation says what is true of settings and metrics."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import pytest

from certificates import Authority
from documents import CATALOGUE, README, article, articles, rows
from metrics import scrape
from monitoring import RULES
from program import Gateway, run_to_end
from secure import Files

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
    flags += ["--rest-listen", "127.0.0.1:0", "--rest-authentication", "none"]
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
