# SPDX-License-Identifier: Apache-2.0
"""An application under load: its workers call all the time, and keep account of what came of it."""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections.abc import Callable

import grpc

from callers import describe, update
from ledger import Ledger
from stubs import rpc

WORKERS = 8


class Application:
    """Workers that describe and update, each on a connection of its own, until told to stop."""

    def __init__(
        self,
        channel: Callable[[], contextlib.AbstractContextManager[grpc.Channel]],
        ledger: Ledger,
    ):
        self._channel = channel
        self._ledger = ledger
        self._numbers = itertools.count(1)
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self.executions: list = []
        self.calls = 0
        self.failures: list[str] = []
        self._threads = [threading.Thread(target=self._work) for _ in range(WORKERS)]

    def _work(self) -> None:
        with self._channel() as channel:
            stub = rpc.JobsDataPlaneServiceStub(channel)
            while not self._stopped.is_set():
                with self._lock:
                    name = f"thing-{next(self._numbers)}"
                    execution = self._ledger.add(name, "job", "IN_PROGRESS")
                    self.executions.append(execution)
                try:
                    stub.DescribeJobExecution(describe(name, "job"))
                    stub.UpdateJobExecution(update(name, "job", "SUCCEEDED"))
                except grpc.RpcError as error:
                    self.failures.append(f"{name}: {error.code()} {error.details()}")
                    self.executions.remove(execution)
                with self._lock:
                    self.calls += 2

    def __enter__(self) -> Application:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join(60)

    def goes_on(self, calls: int = 100) -> None:
        """Waits until so many more calls have been answered."""
        wanted = self.calls + calls
        deadline = time.monotonic() + 60
        while self.calls < wanted:
            assert time.monotonic() < deadline, (self.calls, self.failures)
            time.sleep(0.01)

    def shows_that_each_update_was_made_once(self, at_least: int) -> None:
        assert self.failures == []
        assert len(self.executions) >= at_least
        assert {tuple(one.applied) for one in self.executions} == {("SUCCEEDED",)}
