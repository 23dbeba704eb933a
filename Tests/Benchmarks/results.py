# SPDX-License-Identifier: Apache-2.0
"""What was measured, and what of it has a target."""

from __future__ import annotations

import dataclasses
import pathlib
import statistics
import subprocess
from collections.abc import Iterator

from bursts import Rounds
from growth import Growth
from memory import Memory, Soak
from servers import DOCUMENTS
from start import Start


@dataclasses.dataclass(frozen=True)
class Target:
    what: str
    unit: str
    value: float
    at_most: float

    @property
    def is_met(self) -> bool:
        return self.value <= self.at_most


@dataclasses.dataclass
class Results:
    """Everything that one run has measured; parts that it left out are empty."""

    rounds: Rounds = dataclasses.field(default_factory=lambda: Rounds([]))
    latencies: Rounds = dataclasses.field(default_factory=lambda: Rounds([]))
    allocations: dict[str, float] = dataclasses.field(default_factory=dict)
    starts: list[Start] = dataclasses.field(default_factory=list)
    memory: Memory | None = None
    growth: list[Growth] = dataclasses.field(default_factory=list)
    soak: Soak | None = None
    in_process: list[str] = dataclasses.field(default_factory=list)

    def measure_in_process(self, program: pathlib.Path) -> None:
        done = subprocess.run([program, "call"], capture_output=True, text=True, check=True)
        self.in_process = done.stdout.splitlines()

    @property
    def is_whole(self) -> bool:
        """True when no part was left out but the soak."""
        return bool(self.rounds.cases and self.growth and self.in_process)

    @property
    def targets(self) -> list[Target]:
        return [
            *self._call_targets(),
            *self._latency_targets(),
            *self._memory_targets(),
            *self._start_targets(),
            *self._growth_targets(),
        ]

    def _call_targets(self) -> Iterator[Target]:
        for name, case in self.rounds.cases.items():
            if case.bound and case.bound.of in self.rounds.cases:
                ratio = statistics.median(self.rounds.ratios(name, case.bound.of))
                yield Target(f"CPU, {name}", f"× {case.bound.of}", ratio, case.bound.times)

    def _latency_targets(self) -> Iterator[Target]:
        if self.latencies.cases:
            added = statistics.median(self.latencies.added_microseconds("forwarded", "direct"))
            yield Target("latency that a forwarded call adds, p50", "µs", added, 60)

    def _memory_targets(self) -> Iterator[Target]:
        if self.memory:
            yield Target("memory, idle", "MB", self.memory.idle, 16)
            yield Target(f"memory after {self.memory.calls:,} calls", "MB", self.memory.after, 24)
        for growth in self.growth:
            if growth.of == "things" and growth.count == 1_000_000:
                what = "memory, a million live things and a full cache"
                yield Target(what, "MB", growth.resident_megabytes, 96)
        if self.soak:
            yield Target("memory that a soak adds", "MB", self.soak.growth_megabytes, 1)

    def _start_targets(self) -> Iterator[Target]:
        for start in self.starts:
            yield Target(f"start to ready, {start.kind}", "ms", start.median, 50)

    def _growth_targets(self) -> Iterator[Target]:
        for growth in self.growth:
            if growth.is_of_many:
                name = f"CPU, forwarded, {growth.of}: {growth.count:,}"
                yield Target(name, "× few", growth.ratio, 1.1)
        for way in ("cached", "forwarded"):
            slopes = self.microseconds_a_kibibyte(way)
            if slopes:
                name = f"CPU, {way}, a KiB of document from 8 to 32"
                yield Target(name, "× from 1 to 8", slopes[-1] / slopes[0], 1.1)

    def microseconds_a_kibibyte(self, way: str) -> list[float]:
        """What another KiB of document costs, from each size to the next."""
        names = [f"{way}-{size}k" for size in DOCUMENTS]
        if not all(name in self.rounds.cases for name in names):
            return []
        costs = [statistics.median(self.rounds.cpu_microseconds(name)) for name in names]
        return [
            (costs[index + 1] - costs[index]) / (DOCUMENTS[index + 1] - DOCUMENTS[index])
            for index in range(len(DOCUMENTS) - 1)
        ]
