# SPDX-License-Identifier: Apache-2.0
"""Reads the text that Prometheus scrapes."""

from __future__ import annotations

import dataclasses
import email.message
import gzip
import re
import urllib.request

from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families

_SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)\Z")
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"(?:,|\Z)')

Labels = frozenset[tuple[str, str]]


class Exposition:
    """Every sample by name and labels; a line of another form is an error."""

    def __init__(self, text: str):
        self.text = text
        self.types: dict[str, str] = {}
        self.helps: set[str] = set()
        self.samples: dict[tuple[str, Labels], float] = {}
        assert text.endswith("\n")
        for line in text.splitlines():
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ")
                assert name not in self.types
                self.types[name] = kind
            elif line.startswith("# HELP "):
                self.helps.add(line.split(" ")[2])
            else:
                self._take(line)

    def _take(self, line: str) -> None:
        match = _SAMPLE.match(line)
        assert match, line
        labels, rest = set(), match[2] or ""
        while rest:
            label = _LABEL.match(rest)
            assert label, line
            labels.add((label[1], label[2]))
            rest = rest[label.end() :]
        key = (match[1], frozenset(labels))
        assert key not in self.samples, f"twice: {line}"
        self.samples[key] = float(match[3])

    def value(self, name: str, **labels: str) -> float:
        """The sum of the samples that carry these labels; zero when there are none."""
        wanted = set(labels.items())
        return sum(
            value for (key, held), value in self.samples.items() if key == name and wanted <= held
        )

    def family(self, name: str) -> str:
        """The family that a sample belongs to: a histogram's samples carry suffixes."""
        for suffix in ("_bucket", "_sum", "_count"):
            base = name.removesuffix(suffix)
            if base != name and self.types.get(base) in ("histogram", "summary"):
                return base
        return name


@dataclasses.dataclass
class Page:
    """/metrics as it was sent."""

    headers: email.message.Message
    body: bytes

    @property
    def text(self) -> str:
        is_compressed = self.headers["Content-Encoding"] == "gzip"
        return (gzip.decompress(self.body) if is_compressed else self.body).decode()


def page(admin_url: str, **headers: str) -> Page:
    asked = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(f"{admin_url}/metrics", headers=asked)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return Page(answer.headers, answer.read())


def scrape(admin_url: str) -> Exposition:
    answer = page(admin_url)
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    return Exposition(answer.text)


def open_metrics(admin_url: str) -> list[Metric]:
    """The families of the other form, as the OpenMetrics project's own reader has them."""
    answer = page(admin_url, accept="application/openmetrics-text;version=1.0.0")
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    return list(text_string_to_metric_families(answer.text))
