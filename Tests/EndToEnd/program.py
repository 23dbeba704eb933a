# SPDX-License-Identifier: Apache-2.0
"""Runs the built binary and reads what it logs: the black box under test."""

from __future__ import annotations

import atexit
import json
import os
import pathlib
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Mapping

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(
    os.environ.get("GATEWAY_BINARY") or ROOT / ".build/release/iot-jobs-gateway"
).resolve()

# Generous: a sanitized binary on a busy machine starts slowly.
START_SECONDS = 30
STOP_SECONDS = 30

ACCESS_KEY = "AKIDEXAMPLE"
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
REGION = "us-east-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}


class ProgramFailed(AssertionError):
    """The program did not do what a start or a stop promises."""


def environment(extra: dict[str, str] | None = None) -> dict[str, str]:
    """An environment with nothing of the developer's own in it."""
    kept = {
        name: os.environ[name]
        for name in ("PATH", "LD_LIBRARY_PATH", "ASAN_OPTIONS", "TSAN_OPTIONS")
        if name in os.environ
    }
    return {**kept, "HOME": "/nonexistent", **(extra or {})}


def run_to_end(
    *arguments: str, env: dict[str, str] | None = None, timeout: float = START_SECONDS
) -> subprocess.CompletedProcess[str]:
    """Runs a command that should end by itself."""
    return subprocess.run(
        [str(BINARY), *arguments],
        env=environment(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


_running: set[Program] = set()


@atexit.register
def _leave_nothing_behind() -> None:
    for program in list(_running):
        program.process.kill()


def eventually(condition, seconds: float = 20) -> bool:
    """Asks again and again, since another process decides."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


class Program:
    """A running server. Its log is read all the time, so it never blocks on a full pipe."""

    def __init__(self, *arguments: str, env: dict[str, str] | None = None):
        self.arguments = arguments
        self.records: list[dict] = []
        self.noise: list[str] = []
        self._arrivals: queue.SimpleQueue[dict | None] = queue.SimpleQueue()
        self.process = subprocess.Popen(
            self._command(env or {}),
            env=environment(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="backslashreplace",
        )
        _running.add(self)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._listeners: dict[str, str] = {}
        self._listeners_lock = threading.Lock()

    def _command(self, env: Mapping[str, str]) -> list[str]:
        """What starts it; a container's runtime is told of `env` in its own way."""
        return [str(BINARY), *self.arguments]

    @property
    def pid(self) -> int:
        return self.process.pid

    def _read(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            try:
                record = json.loads(line)
            except ValueError:
                self.noise.append(line.rstrip("\n"))
                continue
            self.records.append(record)
            self._arrivals.put(record)
        self._arrivals.put(None)

    def listener(self, name: str) -> str:
        """The address that a listener is bound to, once it is."""
        with self._listeners_lock:
            deadline = time.monotonic() + START_SECONDS
            while name not in self._listeners:
                self._await_listener(name, max(0.0, deadline - time.monotonic()))
            return self._listeners[name]

    def _await_listener(self, name: str, seconds: float) -> None:
        try:
            record = self._arrivals.get(timeout=seconds)
        except queue.Empty:
            self.kill()
            raise ProgramFailed(f"no listener {name!r} in time: {self.log_tail()}") from None
        if record is None:
            raise ProgramFailed(
                f"ended with {self.process.wait()} before it listened: {self.log_tail()}"
            )
        if record.get("message") == "listening on":
            self._listeners[record["listener"]] = record["address"]

    def words(self, last: str) -> list[str]:
        """The lines that are no log records, once the one that holds `last` has come."""
        deadline = time.monotonic() + START_SECONDS
        while not any(last in line for line in self.noise):
            if time.monotonic() > deadline:
                raise ProgramFailed(f"never said {last!r}: {self.log_tail()}")
            time.sleep(0.01)
        return list(self.noise)

    def log_tail(self) -> str:
        return "\n".join([*self.noise, *(json.dumps(record) for record in self.records[-20:])])

    def logged(self, message: str) -> list[dict]:
        return [record for record in self.records if record.get("message") == message]

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def wait(self, timeout: float = STOP_SECONDS) -> int:
        status = self.process.wait(timeout)
        _running.discard(self)
        self._reader.join(timeout)
        assert self.process.stderr
        self.process.stderr.close()
        return status

    def kill(self) -> None:
        self.process.kill()
        self.wait()

    def stop(self) -> None:
        """Asks for an orderly end and insists on it."""
        if self.process.poll() is None:
            self.terminate()
        try:
            status = self.wait()
        except subprocess.TimeoutExpired:
            self.kill()
            raise ProgramFailed(f"did not stop after SIGTERM: {self.log_tail()}") from None
        if status != 0 or self.noise:
            raise ProgramFailed(f"stopped with {status}: {self.log_tail()}")

    def __enter__(self) -> Program:
        return self

    def __exit__(self, kind, value, traceback) -> None:
        if kind is None:
            self.stop()
        elif self.process.poll() is None:
            self.kill()


class Emulator(Program):
    def __init__(self, *arguments: str, listen: str = "127.0.0.1:0"):
        super().__init__(
            *("emulator", "--listen", listen, "--log-format", "json"),
            *("--credentials", f"{ACCESS_KEY}:{SECRET_KEY}"),
            *arguments,
        )

    @property
    def address(self) -> str:
        return self.listener("emulator")

    @property
    def url(self) -> str:
        return f"http://{self.address}"


# Every call goes upstream once and at once, except that equal reads in flight still share one.
NO_POLICY: Mapping[str, object] = {
    "thing_limit": "off",
    "account_reads_per_second": 0,
    "account_writes_per_second": 0,
    "cache_bytes": 0,
    "start_next_check": "off",
    "retry_attempts": 1,
    "breaker_failures": 0,
    # Nor is a connection opened that no call needs.
    "upstream_warm_connections": 0,
}
# The same with the attempts that AWS's own clients make.
RETRIES: Mapping[str, object] = {"retry_attempts": 3}


def policy_flags(changes: Mapping[str, object]) -> list[str]:
    """Flags for no policy but these; a list repeats its flag."""
    flags: list[str] = []
    for name, value in {**NO_POLICY, **changes}.items():
        for one in value if isinstance(value, list) else [value]:
            flags += [f"--{name.replace('_', '-')}", str(one)]
    return flags


class Gateway(Program):
    """A gateway of its own.

    Tests call more often than the defaults allow a thing, and look at what each call does upstream.
    So no policy is in force unless `policy` names it, by flag; with None the defaults hold.
    Without an upstream, region or standing credentials it has to find its own.
    """

    def __init__(
        self,
        upstream: str | None,
        *arguments: str,
        listen: str = "127.0.0.1:0",
        region: str | None = REGION,
        credentials: Mapping[str, str] = CREDENTIALS,
        env: Mapping[str, str] | None = None,
        policy: Mapping[str, object] | None = NO_POLICY,
    ):
        super().__init__(
            *("serve", "--listen", listen, "--admin-listen", "127.0.0.1:0"),
            *("--log-format", "json"),
            *([] if upstream is None else ["--upstream-endpoint", upstream]),
            *([] if region is None else ["--region", region]),
            *([] if policy is None else policy_flags(policy)),
            *arguments,
            env={**credentials, **(env or {})},
        )

    @property
    def address(self) -> str:
        return self.listener("grpc")

    @property
    def secure_address(self) -> str:
        return self.listener("grpc-tls")

    @property
    def admin_url(self) -> str:
        return f"http://{self.listener('admin')}"
