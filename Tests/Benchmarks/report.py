# SPDX-License-Identifier: Apache-2.0
"""Results as Markdown for people and as figures for programs."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import platform
import re
import statistics
import subprocess

from bursts import CONNECTIONS, STREAMS, Rounds
from results import Results


def markdown(results: Results) -> str:
    parts = [machine_line()]
    if results.targets:
        parts += ["## Targets", targets(results)]
    if results.rounds.cases:
        title = f"## Calls, {CONNECTIONS} connections with {STREAMS} streams each"
        parts += [title, calls(results)]
    if results.latencies.cases:
        parts += ["## One call in flight", latencies(results.latencies)]
    if results.growth:
        parts += ["## Growth", growth(results)]
    if results.memory or results.starts or results.soak:
        parts += ["## Memory and start", memory(results)]
    if results.in_process:
        parts += ["## Parts of a call", "\n".join(f"- {line}" for line in results.in_process)]
    return "\n\n".join(parts)


def table(header: list[str], rows: list[list[str]]) -> str:
    # Names to the left, figures to the right.
    line = ["---"] + ["---:"] * (len(header) - 1)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [header, line, *rows])


def spread(values: list[float], digits: int = 2) -> str:
    """The median, and from where to where the values lie."""
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:.{digits}f} ({low:.{digits}f}–{high:.{digits}f})"


def targets(results: Results) -> str:
    rows = [
        [
            one.what,
            f"{one.value:.2f} {one.unit}",
            f"{one.at_most:g} {one.unit}",
            "met" if one.is_met else "**missed**",
        ]
        for one in results.targets
    ]
    return table(["what", "measured", "at most", ""], rows)


def calls(results: Results) -> str:
    rounds = results.rounds
    rows = []
    for name, case in rounds.cases.items():
        costs = rounds.cpu_microseconds(name)
        system = statistics.median(costs) * rounds.system_share(name)
        floor = floor_of(rounds, name)
        allocations = results.allocations.get(name)
        rows.append(
            [
                f"`{name}` {case.what}",
                f"{rounds.calls_per_second(name):,.0f}",
                spread(costs, 1),
                f"{statistics.median(costs) - system:.1f}",
                f"{system:.1f}",
                f"{spread(rounds.ratios(name, floor))} {floor}" if floor else "",
                "" if allocations is None else f"{allocations:.1f}",
                *(f"{rounds.latency_microseconds(name, p):,.0f}" for p in (0.5, 0.99, 0.999)),
            ]
        )
    header = ["case", "calls/s", "CPU µs a call", "user", "kernel", "× floor", "allocations"]
    return table([*header, "p50 µs", "p99", "p99.9"], rows)


def floor_of(rounds: Rounds, name: str) -> str | None:
    """What a case is held against above all."""
    return next(iter(rounds.others(name)), None)


def latencies(rounds: Rounds) -> str:
    rows = []
    for name, case in rounds.cases.items():
        percentiles = [rounds.latency_microseconds(name, share) for share in (0.5, 0.99, 0.999)]
        rows.append([f"`{name}` {case.what}", *(f"{value:.0f}" for value in percentiles)])
        is_direct = name == "direct"
        rows[-1].append("" if is_direct else spread(rounds.added_microseconds(name, "direct"), 0))
    return table(["case", "p50 µs", "p99", "p99.9", "p50 above direct"], rows)


def growth(results: Results) -> str:
    rows = [
        [
            f"{one.of}: {one.count:,}",
            f"{one.cpu_microseconds:.1f}",
            f"{one.ratio:.2f}",
            f"{one.resident_megabytes:.1f}",
            f"{one.peak_megabytes:.1f}",
        ]
        for one in results.growth
    ]
    header = ["forwarded describes", "CPU µs a call", "× few", "resident MB", "peak MB"]
    parts = [table(header, rows)]
    for way in ("nghttpd", "cached", "proxy", "forwarded"):
        slopes = results.microseconds_a_kibibyte(way)
        if slopes:
            steps = " and ".join(f"{slope:.2f}" for slope in slopes)
            parts.append(f"`{way}`: {steps} µs for each KiB of document, from 1 to 8 and 8 to 32.")
    return "\n\n".join(parts)


def memory(results: Results) -> str:
    rows = []
    if results.memory:
        seen = results.memory
        rows += [
            ["resident, idle", of_which(seen.idle, seen.idle_private)],
            [f"resident at most during {seen.calls:,} forwarded calls", f"{seen.peak:.1f} MB"],
            ["resident afterwards", of_which(seen.after, seen.after_private)],
        ]
    if results.soak:
        seen = results.soak
        what = f"{seen.minutes:g} minutes at {seen.calls_per_second:,} calls/s, resident"
        rows.append([what, f"{spread(seen.resident_megabytes, 1)} MB"])
        rows.append(["CPU of a call meanwhile", f"{spread(seen.cpu_microseconds, 1)} µs"])
    for start in results.starts:
        rows.append([f"start to ready, {start.kind}", f"{spread(start.milliseconds, 0)} ms"])
    return table(["what", "measured"], rows)


def of_which(resident: float, private: float) -> str:
    return f"{resident:.1f} MB, {private:.1f} of it heap and stacks"


def machine() -> dict[str, object]:
    """Where and when this was measured."""
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    load_average = os.getloadavg()[1]
    return {
        "processor": model[1] if model else platform.machine(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "load_average": round(load_average, 1),
        "nginx": version("nginx", "-v"),
        "nghttp2": version("h2load", "--version"),
    }


def version(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return (done.stdout or done.stderr).strip().rsplit("/", 1)[1]


def machine_line() -> str:
    seen = machine()
    return (
        f"{seen['cores']} cores of {seen['processor']}, Linux {seen['kernel']}, load average "
        f"{seen['load_average']}; nginx {seen['nginx']}, nghttp2 {seen['nghttp2']}."
    )


def figures(results: Results) -> dict[str, object]:
    """Everything that was measured, bursts one by one, without the latencies of single calls."""
    return {
        "machine": machine(),
        "targets": [{**dataclasses.asdict(one), "is_met": one.is_met} for one in results.targets],
        "calls": bursts(results.rounds),
        "allocations": results.allocations,
        "one_in_flight": bursts(results.latencies),
        "growth": [dataclasses.asdict(one) for one in results.growth],
        "memory": dataclasses.asdict(results.memory) if results.memory else None,
        "soak": dataclasses.asdict(results.soak) if results.soak else None,
        "starts": [dataclasses.asdict(one) for one in results.starts],
        "in_process": results.in_process,
    }


def bursts(rounds: Rounds) -> list[dict[str, object]]:
    return [
        {
            "name": name,
            "what": case.what,
            "calls_a_burst": case.calls,
            "calls_per_second": [round(one.calls_per_second) for one in rounds.bursts[name]],
            "cpu_microseconds": [round(cost, 3) for cost in rounds.cpu_microseconds(name)],
            "kernel_share": round(rounds.system_share(name), 3),
            "ratio": ratio(rounds, name),
            "p50_microseconds": rounds.latency_microseconds(name, 0.5),
            "p99_microseconds": rounds.latency_microseconds(name, 0.99),
            "p999_microseconds": rounds.latency_microseconds(name, 0.999),
        }
        for name, case in rounds.cases.items()
    ]


def ratio(rounds: Rounds, name: str) -> dict[str, object] | None:
    floor = floor_of(rounds, name)
    if floor is None:
        return None
    return {"to": floor, "rounds": [round(one, 3) for one in rounds.ratios(name, floor)]}
