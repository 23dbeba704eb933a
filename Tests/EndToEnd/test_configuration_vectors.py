# SPDX-License-Identifier: Apache-2.0
"""Tests/Vectors/configuration.json is what AWS's own client makes of its cases, and nothing else."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import pytest

VECTORS = pathlib.Path(__file__).resolve().parents[1] / "Vectors"


@pytest.mark.long
def test_the_vectors_of_environments_and_files_are_botocores():
    made = subprocess.run(
        [sys.executable, VECTORS / "configuration.py"], capture_output=True, check=True, timeout=300
    )
    assert made.stdout.decode() == (VECTORS / "configuration.json").read_text(encoding="utf-8")
