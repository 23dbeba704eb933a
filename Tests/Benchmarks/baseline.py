# SPDX-License-Identifier: Apache-2.0
"""The ratios that are committed, so that a change that makes calls dearer is noticed."""

from __future__ import annotations

import json
import pathlib
import statistics

import allocations
from bursts import Rounds
from results import Results
from servers import Servers

# How much dearer than recorded a call may be.
CPU_TOLERANCE = 1.25
# What is asked of malloc hardly depends on the machine; another compiler may differ a little.
ALLOCATION_TOLERANCE = 1.1
# What the dearest burst of a floor may cost in terms of its cheapest, for CPU time to be judged.
STEADY = 1.4


def record(results: Results, file: pathlib.Path) -> None:
    """Writes what was measured as what is to be held. Cases that were left out stay as they are."""
    kept = json.loads(file.read_text()) if file.exists() else {}
    for name in results.allocations:
        rounds = results.rounds
        floors = [floor for floor in rounds.cases[name].floors if floor in rounds.cases]
        kept[name] = {
            "ratios": {
                floor: round(statistics.median(rounds.ratios(name, floor)), 2) for floor in floors
            },
            "allocations": round(results.allocations[name], 1),
        }
    file.write_text(json.dumps(kept, indent=2) + "\n")


def publish(tables: str, page: pathlib.Path) -> None:
    """Puts the tables between the marks in the documentation."""
    begin, end = "<!-- figures -->\n", "<!-- /figures -->"
    before, _, rest = page.read_text().partition(begin)
    _, mark, after = rest.partition(end)
    assert mark, f"no marks in {page}"
    page.write_text(f"{before}{begin}\n{tables}\n\n{end}{after}")


def dearer_by_cpu(rounds: Rounds, known: dict) -> dict[str, str]:
    """Each case that is dearer than it may be in terms of every floor, with the words for it."""
    found = {}
    for name in rounds.cases.keys() & known.keys():
        recorded = known[name]["ratios"]
        ratios = {floor: rounds.ratios(name, floor) for floor in recorded if floor in rounds.cases}
        # Other work on the machine spreads the ratios: each round has to say so.
        if ratios and all(min(ratios[one]) > recorded[one] * CPU_TOLERANCE for one in ratios):
            told = (
                f"{statistics.median(ratios[one]):.2f} × {one}, recorded {recorded[one]:.2f}"
                for one in ratios
            )
            found[name] = f"{name}: CPU {' and '.join(told)}"
    return found


def is_steady(rounds: Rounds, name: str) -> bool:
    """True when the floors cost about the same all the time, as nothing else changes them."""
    for floor in rounds.cases[name].floors:
        costs = rounds.cpu_microseconds(floor) if floor in rounds.cases else []
        if costs and max(costs) > min(costs) * STEADY:
            return False
    return True


def dearer_by_allocations(counts: dict[str, float], known: dict) -> dict[str, str]:
    found = {}
    for name in counts.keys() & known.keys():
        seen, recorded = counts[name], known[name]["allocations"]
        if seen > recorded * ALLOCATION_TOLERANCE:
            found[name] = f"{name}: {seen:.1f} allocations, recorded {recorded:.1f}"
    return found


def dearer(results: Results, file: pathlib.Path) -> tuple[list[str], list[str]]:
    """What is dearer than it may be, and what seems so on a machine that cannot tell."""
    known = json.loads(file.read_text())
    sure, unsure = list(dearer_by_allocations(results.allocations, known).values()), []
    for name, words in dearer_by_cpu(results.rounds, known).items():
        (sure if is_steady(results.rounds, name) else unsure).append(words)
    return sorted(sure), sorted(unsure)


def measure_again(servers: Servers, results: Results, file: pathlib.Path, rounds: int) -> None:
    """Gives cases that seem dearer another chance: on a shared machine a few rounds may mislead."""
    known = json.loads(file.read_text())
    cases = results.rounds.cases
    if suspects := dearer_by_allocations(results.allocations, known):
        again = allocations.of_cases(servers, [cases[name] for name in suspects])
        for name, seen in again.items():
            results.allocations[name] = min(seen, results.allocations[name])
    if suspects := dearer_by_cpu(results.rounds, known):
        wanted = set(suspects)
        for name in suspects:
            wanted |= {*results.rounds.others(name), *cases[name].floors}
        again = Rounds(case for name, case in cases.items() if name in wanted)
        again.run(servers, 2 * rounds + 1)
        results.rounds.replace(again)
