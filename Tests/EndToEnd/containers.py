# SPDX-License-Identifier: Apache-2.0
"""Control groups that limit memory as a container's does, where a test may make them."""

from __future__ import annotations

import contextlib
import itertools
import os
import pathlib
import time
from collections.abc import Iterator

import pytest

_ROOT = pathlib.Path("/sys/fs/cgroup")
_numbers = itertools.count(1)


class MemoryGroup:
    """A group of processes that share a limit, in either version of the kernel's interface."""

    def __init__(self, limit_bytes: int):
        name = f"iot-jobs-gateway-test-{os.getpid()}-{next(_numbers)}"
        self._is_first = (_ROOT / "memory" / "memory.limit_in_bytes").exists()
        self._folder = (_ROOT / "memory" if self._is_first else _ROOT) / name
        self._folder.mkdir()
        try:
            # They cannot be read in a plain folder, nor from a kernel too old to tell the most.
            _ = self.kills, self.most_bytes
            self._write("memory.limit_in_bytes" if self._is_first else "memory.max", limit_bytes)
            # A file that Linux has had since 5.19 only, in the second version.
            _ = self.most_bytes
        except OSError:
            self.close()
            raise
        with contextlib.suppress(OSError):
            # As Kubernetes has it: no swap. Without such a file there is none to forbid.
            self._write("memory.swappiness" if self._is_first else "memory.swap.max", 0)

    def _write(self, name: str, value: int) -> None:
        (self._folder / name).write_text(str(value))

    @property
    def members(self) -> pathlib.Path:
        """Who writes its number into it belongs to the group, with all that it starts."""
        return self._folder / "cgroup.procs"

    @property
    def most_bytes(self) -> int:
        """The most that was charged at any time, pages of files included."""
        name = "memory.max_usage_in_bytes" if self._is_first else "memory.peak"
        return int((self._folder / name).read_text())

    @property
    def kills(self) -> int:
        """Processes that were killed since there was no memory left."""
        name = "memory.oom_control" if self._is_first else "memory.events"
        rows = (self._folder / name).read_text().splitlines()
        return int(dict(row.split() for row in rows)["oom_kill"])

    def close(self) -> None:
        deadline = time.monotonic() + 10
        while True:
            try:
                return self._folder.rmdir()
            except OSError:
                # The kernel has not seen off its last member yet.
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)


@contextlib.contextmanager
def memory_group(limit_bytes: int) -> Iterator[MemoryGroup]:
    """Skips the test on a machine where no such group can be made."""
    try:
        group = MemoryGroup(limit_bytes)
    except OSError as error:
        pytest.skip(f"no control group of memory can be made here: {error}")
    try:
        yield group
    finally:
        group.close()
