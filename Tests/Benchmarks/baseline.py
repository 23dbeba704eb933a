# SPDX-License-Identifier: Apache-2.0
"""The ratios that are committed, so that a change that makes calls dearer is noticed."""

from __future__ import annotations

import json
import pathlib
import statistics

from bursts import Rounds
from report import floor_of
from results import Results
from servers import Servers

# How much dearer than recorded a call may be.
CPU_TOLERANCE = 1.25
# What is asked of malloc hardly depends on the machine; another compiler may differ a little.
ALLOCATION_TOLERANCE = 1.1


def record(results: Results, file: pathlib.Path) -> None:
    """Writes what was measured as what is to be held. Cases that were left out stay as they are."""
    kept = json.loads(file.read_text()) if file.exists() else {}
    for name in results.allocations:
        kept[name] = {
            "floor": floor_of(results.rounds, name),
            "ratio": round(ratio(results.rounds, name), 2),
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


def ratio(rounds: Rounds, name: str) -> float:
    floor = floor_of(rounds, name)
    return statistics.median(rounds.ratios(name, floor)) if floor else 0


def dearer_by_cpu(rounds: Rounds, known: dict) -> dict[str, str]:
    """Each case that is dearer than it may be, with the words for it."""
    found = {}
    for name in rounds.cases.keys() & known.keys():
        recorded, floor = known[name]["ratio"], known[name]["floor"]
        ratios = rounds.ratios(name, floor)
        # Other work on the machine spreads the ratios: three in four have to say so.
        if statistics.quantiles(ratios, n=4)[0] > recorded * CPU_TOLERANCE:
            seen = statistics.median(ratios)
            found[name] = f"{name}: CPU {seen:.2f} × {floor}, recorded {recorded:.2f}"
    return found


def dearer(results: Results, file: pathlib.Path) -> list[str]:
    known = json.loads(file.read_text())
    found = list(dearer_by_cpu(results.rounds, known).values())
    for name in results.allocations.keys() & known.keys():
        seen, recorded = results.allocations[name], known[name]["allocations"]
        if seen > recorded * ALLOCATION_TOLERANCE:
            found.append(f"{name}: {seen:.1f} allocations, recorded {recorded:.1f}")
    return sorted(found)


def measure_again(servers: Servers, results: Results, file: pathlib.Path, rounds: int) -> None:
    """Gives cases that seem dearer more rounds: on a shared machine few may mislead."""
    suspects = dearer_by_cpu(results.rounds, json.loads(file.read_text()))
    if not suspects:
        return
    wanted = set(suspects)
    for name in suspects:
        wanted |= set(results.rounds.others(name))
    again = Rounds(case for name, case in results.rounds.cases.items() if name in wanted)
    again.run(servers, 2 * rounds + 1)
    results.rounds.replace(again)
