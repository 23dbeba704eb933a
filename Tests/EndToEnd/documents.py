# SPDX-License-Identifier: Apache-2.0
"""Reads the tables of the documentation."""

from __future__ import annotations

import pathlib
import re

from program import ROOT

CATALOGUE = ROOT / "Sources" / "Gateway" / "Documentation.docc"
README = ROOT / "README.md"


def article(name: str) -> str:
    return (CATALOGUE / f"{name}.md").read_text(encoding="utf-8")


def articles() -> list[pathlib.Path]:
    return sorted(CATALOGUE.glob("*.md"))


def rows(name: str, kind: str) -> list[list[str]]:
    """The cells of all tables between `<!-- KIND: … -->` and its end, without marks for code."""
    tables = re.findall(rf"<!-- {kind}: (.*?) -->\n(.*?)<!-- /{kind}: \1 -->", article(name), re.S)
    assert tables, f"{name} has no table of {kind}"
    return [
        [cell.strip().replace("`", "") for cell in line.strip("|").split("|")]
        for _, table in tables
        for line in table.strip().splitlines()[2:]
    ]
