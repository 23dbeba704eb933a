# SPDX-License-Identifier: Apache-2.0
"""What a process has of the machine, as /proc tells it."""

from __future__ import annotations

import os
import pathlib
import re


class Footprint:
    """The memory and the descriptors of one process."""

    def __init__(self, pid: int):
        self._folder = pathlib.Path(f"/proc/{pid}")

    def _kibibytes(self, name: str) -> int:
        found = re.search(rf"^{name}:\s+(\d+) kB", (self._folder / "status").read_text(), re.M)
        assert found, name
        return int(found[1])

    @property
    def resident_kib(self) -> int:
        return self._kibibytes("VmRSS")

    @property
    def anonymous_kib(self) -> int:
        """What of it is its own: heap and stacks."""
        return self._kibibytes("RssAnon")

    @property
    def file_kib(self) -> int:
        """What of it are pages of files: the program's own text, libraries."""
        return self._kibibytes("RssFile")

    @property
    def peak_kib(self) -> int:
        """The most that was resident since the start, or since the last `forget_peak`."""
        return self._kibibytes("VmHWM")

    def forget_peak(self) -> None:
        (self._folder / "clear_refs").write_text("5")

    @property
    def descriptors(self) -> int:
        return len(os.listdir(self._folder / "fd"))

    @property
    def cpu_seconds(self) -> float:
        return sum(self.user_and_system_seconds)

    @property
    def user_and_system_seconds(self) -> tuple[float, float]:
        """In steps of a clock tick, usually ten milliseconds."""
        # The name in the second field may hold spaces.
        fields = (self._folder / "stat").read_text().rsplit(")", 1)[1].split()
        tick = os.sysconf("SC_CLK_TCK")
        return int(fields[11]) / tick, int(fields[12]) / tick

    @property
    def exact_cpu_seconds(self) -> float:
        """What the scheduler has given to the threads that there are, to the nanosecond."""
        times = (self._folder / "task").glob("*/schedstat")
        return sum(int(time.read_text().split()[0]) for time in times) / 1e9
