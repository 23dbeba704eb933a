# SPDX-License-Identifier: Apache-2.0
"""Reads what deploy/monitoring holds: rules, dashboard, the adapter's rule."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
import subprocess

import yaml

from program import ROOT

FOLDER = ROOT / "deploy" / "monitoring"
RULES = FOLDER / "alerts.yaml"

_WORD = re.compile(r'"(?:[^"\\]|\\.)*"')
_METRIC = re.compile(r"\b(?:iot_jobs_gateway_[a-z0-9_]+|process_[a-z0-9_]+|up\b)")
_SELECTOR = re.compile(rf"({_METRIC.pattern})(?:\s*\{{(.*?)\}})?")
_MATCHER = re.compile(r"([a-z_]+)\s*(?:=~|!~|!=|=)")
_WANTED = re.compile(r'([a-z_]+)\s*(?:=~|!~|!=|=)\s*"([^"$]*)"')
_GROUPING = re.compile(r"\b(?:by|on|group_left)\s*\(([^)]*)\)")


def alerts() -> list[dict]:
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def alert_tests() -> list[dict]:
    return yaml.safe_load((FOLDER / "alerts_test.yaml").read_text(encoding="utf-8"))["tests"]


def dashboard() -> dict:
    return json.loads((FOLDER / "dashboard.json").read_text(encoding="utf-8"))


def panels(board: dict | None = None) -> list[dict]:
    """All panels but the rows, those of folded rows included."""
    found = []
    for panel in (board or dashboard())["panels"]:
        found += panel["panels"] if panel["type"] == "row" else [panel]
    return found


@dataclasses.dataclass(frozen=True)
class Query:
    """One of the dashboard's queries, with what its legend takes from the answer."""

    place: str
    text: str
    legend: frozenset[str]

    def in_force(self, window: str = "10s", **variables: str) -> str:
        """As Grafana asks it."""
        text = self.text.replace("$__rate_interval", window)
        for name, value in variables.items():
            text = text.replace(f"${name}", value)
        assert "$" not in text, text
        return text


def queries() -> list[Query]:
    found = []
    for panel in panels():
        for target in panel["targets"]:
            legend = frozenset(re.findall(r"{{(\w+)}}", target["legendFormat"]))
            place = f"{panel['title']} {target['refId']}"
            found.append(Query(place, target["expr"], legend))
    for note in dashboard()["annotations"]["list"]:
        if "expr" in note:
            found.append(Query(note["name"], note["expr"], frozenset({note["tagKeys"]})))
    return found


def selectors(expression: str) -> list[tuple[str, frozenset[str]]]:
    """Metric and labels asked for, of each selector in an expression."""
    return [
        (metric, frozenset(_MATCHER.findall(_WORD.sub("", labels or ""))))
        for metric, labels in _SELECTOR.findall(expression)
    ]


def values_asked_for(expression: str) -> list[tuple[str, str, list[str]]]:
    """Metric, label and values of each matcher that names values, for or against."""
    return [
        (metric, label, values.split("|"))
        for metric, labels in _SELECTOR.findall(expression)
        for label, values in _WANTED.findall(labels or "")
    ]


def grouped_by(expression: str) -> frozenset[str]:
    names = ",".join(_GROUPING.findall(expression)).split(",")
    return frozenset(name.strip() for name in names if name.strip())


def adapter_rule() -> dict:
    values = yaml.safe_load((FOLDER / "prometheus-adapter.yaml").read_text(encoding="utf-8"))
    (rule,) = values["rules"]["custom"]
    return rule


def adapter_query(matchers: str, group_by: str = "pod") -> str:
    """The query as the adapter fills it in."""
    text = adapter_rule()["metricsQuery"]
    return text.replace("<<.GroupBy>>", group_by).replace("<<.LabelMatchers>>", matchers)


def promtool(*arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        ["promtool", *arguments], capture_output=True, text=True, timeout=120, check=False
    )
    return done.returncode, done.stdout + done.stderr


def without_promtool() -> str | None:
    """Why no rule can be checked on this machine, or nothing."""
    return None if shutil.which("promtool") else "promtool is not installed and could not be"
