# SPDX-License-Identifier: Apache-2.0
"""What a gateway keeps in memory, and what a long time of steady work does to that."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator

import load
from cases import CASES
from servers import Server, Servers, served_by

FORWARDED = next(case for case in CASES if case.name == "forwarded")


@dataclasses.dataclass
class Memory:
    """Resident megabytes of a process."""

    idle: float
    # Of that, what is no part of the program or a library.
    idle_private: float
    peak: float
    # Once all calls and connections are over.
    after: float
    after_private: float
    calls: int


def megabytes(kibibytes: int) -> float:
    return kibibytes * 1024 / 1e6


def of_forwarded(servers: Servers, calls: int) -> Memory:
    """A gateway before, during and after so many forwarded calls."""
    with servers.gateway("plain") as gateway:
        server = served_by(gateway)
        # Start-up is over, the warm connection is there.
        time.sleep(1)
        idle = resident(server)
        send(servers, server.url, calls, connections=8)
        peak = megabytes(server.footprint.peak_kib)
        time.sleep(1)
        return Memory(*idle, peak, *resident(server), calls)


def resident(server: Server) -> tuple[float, float]:
    """Megabytes in all, and of heap and stacks alone."""
    footprint = server.footprint
    return megabytes(footprint.resident_kib), megabytes(footprint.anonymous_kib)


def send(servers: Servers, url: str, calls: int, *, connections: int, flags: tuple[str, ...] = ()):
    return load.send(
        url + FORWARDED.path,
        body=FORWARDED.body,
        headers=FORWARDED.headers,
        calls=calls,
        connections=connections,
        streams=32,
        folder=servers.folder,
        timeout=7_200,
        flags=flags,
    )


@dataclasses.dataclass
class Soak:
    """A long time of steady load, in parts of equal length."""

    minutes: float
    calls_per_second: int
    # At the end of each part.
    resident_megabytes: list[float]
    cpu_microseconds: list[float]

    @property
    def growth_megabytes(self) -> float:
        """The most that was resident beyond what was after the first tenth."""
        settled = len(self.resident_megabytes) // 10
        return max(self.resident_megabytes[settled:]) - self.resident_megabytes[settled]


def soak(servers: Servers, minutes: float, calls_per_second: int = 2_000) -> Soak:
    """Load in parts of ten seconds, each with connections of its own."""
    seconds = 10
    residents, costs = [], []
    with servers.gateway("plain") as gateway:
        server = served_by(gateway)
        for _ in parts(minutes * 60 / seconds):
            start = server.footprint.exact_cpu_seconds
            calls = calls_per_second * seconds
            rate = (f"--rps={calls_per_second // 8}",)
            send(servers, server.url, calls, connections=8, flags=rate)
            costs.append((server.footprint.exact_cpu_seconds - start) / calls * 1e6)
            residents.append(megabytes(server.footprint.resident_kib))
    return Soak(minutes, calls_per_second, residents, costs)


def parts(count: float) -> Iterator[int]:
    return iter(range(max(10, round(count))))
