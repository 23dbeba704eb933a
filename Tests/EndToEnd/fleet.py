# SPDX-License-Identifier: Apache-2.0
"""Two gateways under Prometheus: at one all kinds of things happen, one is cut off from AWS."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import itertools
import json
import pathlib
import signal
import threading
from collections.abc import Callable, Iterator

from aws import client, create_job
from callers import Caller, calling, describe, ended, pending, start_next, update
from certificates import Authority
from conftest import Console
from program import ACCESS_KEY, SECRET_KEY, Emulator, Gateway
from prometheus_server import NAMESPACE, Prometheus
from secure import Files, channel, client_identity

# Pods' names.
WELL, CUT_OFF = "shop-0", "shop-1"
PODS = (WELL, CUT_OFF)
POLICY = 'rules:\n  - {identities: ["cn:*"], operations: all, things: ["*"]}\n'

_TIGHT = {
    "upstream_connection_limit": 1,
    "account_reads_per_second": 20,
    "account_read_burst": 5,
    "account_writes_per_second": 20,
    "account_write_burst": 5,
    "thing_limit": "enforce",
    "thing_reads_per_second": 2,
    "thing_read_burst": 4,
    "cache_bytes": 1_000_000,
    "retry_attempts": 2,
}


def _home(folder: pathlib.Path) -> dict[str, str]:
    """An environment whose credentials end within the hour."""
    end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)
    key = {
        "Version": 1,
        "AccessKeyId": ACCESS_KEY,
        "SecretAccessKey": SECRET_KEY,
        "Expiration": end.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    (folder / "key.json").write_text(json.dumps(key))
    (folder / ".aws").mkdir()
    (folder / ".aws/config").write_text(
        f"[default]\ncredential_process = /bin/cat {folder}/key.json\n"
    )
    return {"HOME": str(folder), "AWS_EC2_METADATA_DISABLED": "true"}


@contextlib.contextmanager
def _again_and_again(*acts: Callable[[int], object]) -> Iterator[None]:
    """Does everything in turn, each in a thread of its own, until left."""
    stop = threading.Event()
    wrong: list[BaseException] = []

    def go_on(act: Callable[[int], object]) -> None:
        try:
            for number in itertools.count():
                act(number)
                if stop.wait(0.05):
                    return
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=go_on, args=(act,), daemon=True) for act in acts]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not wrong, wrong


class _EverydayLife:
    """What callers do, and what befalls them."""

    def __init__(self, call: Caller, iot, console: Console):
        self._call = call
        self._iot = iot
        self._console = console

    def calls(self, number: int) -> None:
        thing, job = f"press-{number}", f"round-{number}"
        create_job(self._iot, job, thing)
        self._call(pending(thing))
        self._call(start_next(thing))
        self._call(describe(thing, job))
        self._call(describe(thing, job))
        self._call(update(thing, job, "SUCCEEDED"))
        self._call(describe(thing, "no-such-job"))

    def loops(self, number: int) -> None:
        """One thing that calls without end, a few calls at a time."""
        request = describe("looping", "no-such-job")
        for begun in [self._call.begin(request, "no-cache") for _ in range(8)]:
            ended(begun)

    def failures(self, number: int) -> None:
        operation, fault = (
            ("UpdateJobExecution", "drop=after"),
            ("DescribeJobExecution", "error=ThrottlingException"),
            ("GetPendingJobExecutions", "status=503"),
        )[number % 3]
        self._console.plan(operations=[operation], next=[fault] * 2)
        threading.Event().wait(0.5)


@dataclasses.dataclass
class Fleet:
    prometheus: Prometheus
    gateways: dict[str, Gateway]


@contextlib.contextmanager
def fleet_in(folder: pathlib.Path) -> Iterator[Fleet]:
    authority = Authority("shop")
    tls = Files(folder, authority.issue("127.0.0.1"))
    tls.authorities.write_bytes(authority.pem)
    settings, policy = folder / "gateway.yaml", folder / "policy.yaml"
    settings.write_text("log-level: info\n")
    policy.write_text(POLICY)
    flags = [*tls.flags(clients=True), "--config", str(settings), "--reload-interval", "1h"]
    flags += ["--authorization-policy", str(policy), "--authorization-mode", "shadow"]
    # Nobody is there.
    flags += ["--tracing-endpoint", "http://127.0.0.1:9", "--tracing-batch-delay", "100ms"]
    with contextlib.ExitStack() as stack:
        emulator = stack.enter_context(Emulator())
        well = stack.enter_context(
            Gateway(emulator.url, *flags, policy=_TIGHT, credentials={}, env=_home(folder))
        )
        cut_off = stack.enter_context(
            Gateway("http://127.0.0.1:1", policy={"breaker_failures": 3})
        )
        gateways = {WELL: well, CUT_OFF: cut_off}
        targets = {pod: gateway.listener("admin") for pod, gateway in gateways.items()}
        prometheus = Prometheus(folder, targets)
        stack.callback(prometheus.stop)
        prometheus.await_ready()
        settings.write_text("no-such-setting: 1\n")
        well.process.send_signal(signal.SIGHUP)
        life = _EverydayLife(
            stack.enter_context(calling(well)), client("iot", emulator.url), Console(emulator)
        )
        unlucky = stack.enter_context(calling(cut_off))
        named = channel(well.secure_address, authority, client_identity(authority, "caller"))
        known = Caller(stack.enter_context(named))
        acts = [
            life.calls,
            life.loops,
            life.failures,
            lambda _: unlucky(describe("press", "job")),
            lambda _: known(describe("press-0", "round-0")),
        ]
        stack.enter_context(_again_and_again(*acts))
        yield Fleet(prometheus, gateways)


def selector(pod: str = ".*") -> dict[str, str]:
    """The dashboard's variables, as chosen."""
    return {"job": "iot-jobs-gateway", "namespace": NAMESPACE, "pod": pod}
