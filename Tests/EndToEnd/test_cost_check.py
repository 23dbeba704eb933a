# SPDX-License-Identifier: Apache-2.0
"""When the benchmark's --check believes that a call has become dearer."""

from __future__ import annotations

import json
import pathlib
import sys

import pytest

# Behind all others, whose names it may share.
sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "Benchmarks"))

import baseline
from bursts import Burst, Rounds
from cases import CASES
from results import Results

NAMES = ("nghttpd", "proxy", "forwarded")
RECORDED = {"ratios": {"proxy": 3.0, "nghttpd": 20.0}, "allocations": 100.0}


def rounds_of(**costs: list[float]) -> Rounds:
    """Rounds in which the calls cost so many microseconds."""
    rounds = Rounds(case for case in CASES if case.name in NAMES)
    for at in range(len(costs["forwarded"])):
        for name in NAMES:
            rounds.add(name, Burst(1, costs[name][at], 0, [1]))
    return rounds


@pytest.fixture
def judge(tmp_path):
    file = tmp_path / "ratios.json"
    file.write_text(json.dumps({"forwarded": RECORDED}))

    def of(allocations: float = 100, **costs: list[float]) -> tuple[int, int]:
        """How many findings are sure, and how many are not."""
        results = Results(rounds=rounds_of(**costs), allocations={"forwarded": allocations})
        sure, unsure = baseline.dearer(results, file)
        return len(sure), len(unsure)

    return of


def test_what_costs_as_much_as_recorded_is_not_dearer(judge):
    assert judge(nghttpd=[3, 3, 3], proxy=[20, 20, 20], forwarded=[60, 60, 60]) == (0, 0)


def test_what_is_dearer_in_every_round_by_both_floors_is(judge):
    assert judge(nghttpd=[3, 3, 3], proxy=[20, 20, 20], forwarded=[80, 90, 80]) == (1, 0)


def test_one_good_round_acquits(judge):
    assert judge(nghttpd=[3, 3, 3], proxy=[20, 20, 20], forwarded=[80, 60, 300]) == (0, 0)


def test_a_machine_with_a_quick_kernel_makes_nothing_dearer(judge):
    # nginx is in the kernel for most of its time, and cheaper there; the call is as it was.
    assert judge(nghttpd=[3, 3, 3], proxy=[12, 12, 12], forwarded=[60, 60, 60]) == (0, 0)


def test_a_machine_that_changes_all_the_time_cannot_tell(judge):
    assert judge(nghttpd=[3, 3, 3], proxy=[20, 30, 20], forwarded=[80, 120, 80]) == (0, 1)


def test_allocations_decide_by_themselves(judge):
    same = {"nghttpd": [3.0], "proxy": [20.0], "forwarded": [60.0]}
    assert judge(allocations=109, **same) == (0, 0)
    assert judge(allocations=111, **same) == (1, 0)
