# SPDX-License-Identifier: Apache-2.0
"""How often a call makes the gateway ask for memory: the same on every machine, busy or not."""

from __future__ import annotations

import pathlib
import shutil
import subprocess
from collections.abc import Iterable

import load
from bursts import Counts
from cases import Case
from servers import Servers, served_by

SOURCE = pathlib.Path(__file__).with_name("count_allocations.c")
FEW, MANY = 2_000, 8_000


class Counter:
    """A file that a program counts its allocations in."""

    def __init__(self, folder: pathlib.Path):
        self._library = folder / "count_allocations.so"
        self._file = folder / "allocations"
        self._file.write_bytes(bytes(8))
        compiler = shutil.which("cc") or shutil.which("clang")
        if compiler is None:
            raise FileNotFoundError("no C compiler")
        command = [compiler, "-O2", "-shared", "-fPIC", "-o", str(self._library), str(SOURCE)]
        subprocess.run(command, check=True)

    @property
    def environment(self) -> dict[str, str]:
        return {"LD_PRELOAD": str(self._library), "COUNT_ALLOCATIONS_IN": str(self._file)}

    @property
    def count(self) -> int:
        return int.from_bytes(self._file.read_bytes(), "little")


def of_cases(servers: Servers, cases: Iterable[Case]) -> dict[str, float]:
    """Allocations of a call of each case that a gateway answers, by the case's name."""
    counter = Counter(servers.folder)
    by_kind: dict[str, list[Case]] = {}
    for case in cases:
        if case.is_gateway and "@" not in case.server:
            by_kind.setdefault(case.server, []).append(case)
    allocations: dict[str, float] = {}
    for kind, of_kind in by_kind.items():
        with servers.gateway(kind, env=counter.environment) as gateway:
            url = served_by(gateway).url
            for case in of_kind:
                allocations[case.name] = of_case(servers, url, gateway, case, counter)
    return allocations


def of_case(servers: Servers, url: str, gateway, case: Case, counter: Counter) -> float:
    def calls(number: int) -> int:
        """Allocations of so many calls and all that goes with them."""
        before = counter.count
        load.send(
            url + case.path,
            body=case.body,
            headers=case.headers,
            calls=number,
            connections=1,
            streams=8,
            folder=servers.folder,
            flags=case.flags,
        )
        return counter.count - before

    calls(FEW)
    counts = Counts.of(gateway, case.code)
    few, many = calls(FEW), calls(MANY)
    total = FEW + MANY
    counts.expect(case.name, total, case.upstream_requests, Counts.of(gateway, case.code))
    # Opening the connection cancels out.
    return (many - few) / (MANY - FEW)
