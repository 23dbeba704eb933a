# SPDX-License-Identifier: Apache-2.0
"""What a service manager is told (sd_notify(3)), and how soon the process is ready."""

from __future__ import annotations

import itertools
import os
import pathlib
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator

import pytest

from credential_servers import EndpointDirectory
from metrics import scrape
from program import (
    ACCESS_KEY,
    BINARY,
    CREDENTIALS,
    SECRET_KEY,
    Gateway,
    environment,
    eventually,
    run_to_end,
)
from signatures import Key

_numbers = itertools.count(1)


class Manager:
    """The service manager's end of the socket."""

    def __init__(self, address: str | bytes, name: str):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(address)
        self._socket.settimeout(20)
        self.environment = {"NOTIFY_SOCKET": name}

    def hear(self) -> dict[str, str]:
        """The next thing that is told."""
        told = self._socket.recv(4_096).decode()
        return dict(line.split("=", 1) for line in told.split("\n"))

    def hear_until(self, key: str) -> dict[str, str]:
        while key not in (told := self.hear()):
            pass
        return told

    def silence(self) -> bool:
        """Whether nothing was told that nobody has heard."""
        patience = self._socket.gettimeout()
        self._socket.setblocking(False)
        try:
            return self._socket.recv(4_096) is None
        except BlockingIOError:
            return True
        finally:
            self._socket.settimeout(patience)

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(params=["path", "abstract"])
def manager(request, tmp_path) -> Iterator[Manager]:
    if request.param == "path":
        path = str(tmp_path / "notify.sock")
        opened = Manager(path, path)
    else:
        name = f"iot-jobs-gateway-test-{os.getpid()}-{next(_numbers)}"
        opened = Manager(b"\0" + name.encode(), f"@{name}")
    yield opened
    opened.close()


def test_ready_is_told_once_it_serves_and_stopping_when_it_ends(emulator, manager):
    with Gateway(emulator.url, env={**CREDENTIALS, **manager.environment}) as gateway:
        assert manager.hear() == {"READY": "1", "STATUS": "serving"}
        assert run_to_end("health", "--address", gateway.address).returncode == 0
        gateway.terminate()
        assert manager.hear() == {"STOPPING": "1", "STATUS": "draining"}
        assert gateway.wait() == 0
        assert manager.silence()


def test_a_reload_is_told_from_its_begin_to_its_end(emulator, manager):
    with Gateway(emulator.url, env={**CREDENTIALS, **manager.environment}) as gateway:
        manager.hear_until("READY")
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1_000
        gateway.process.send_signal(signal.SIGHUP)
        told = manager.hear()
        after = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1_000
        assert told["RELOADING"] == "1" and before <= int(told["MONOTONIC_USEC"]) <= after
        assert manager.hear()["READY"] == "1"


def test_what_is_waited_for_is_told(upstream, start, manager):
    keys = {ACCESS_KEY: Key(ACCESS_KEY, SECRET_KEY)}
    released = threading.Event()
    with EndpointDirectory(f"127.0.0.1:{upstream.port}", keys) as directory:
        respond = directory.respond
        directory.respond = lambda request: released.wait(20) and respond(request)
        start(None, env={**directory.environment(), **manager.environment})
        told = manager.hear()
        assert told["STATUS"].startswith("waiting: ") and "endpoint" in told["STATUS"]
        assert "READY" not in told
        released.set()
        assert manager.hear()["READY"] == "1"


def test_a_reload_before_it_is_ready_is_not_taken_for_that(upstream, start, manager, tmp_path):
    keys = {ACCESS_KEY: Key(ACCESS_KEY, SECRET_KEY)}
    released = threading.Event()
    settings = tmp_path / "gateway.yaml"
    settings.write_text("thing-read-burst: 2\n")
    flags = ("--config", str(settings), "--reload-interval", "1h")
    with EndpointDirectory(f"127.0.0.1:{upstream.port}", keys) as directory:
        respond = directory.respond
        directory.respond = lambda request: released.wait(20) and respond(request)
        gateway = start(None, *flags, env={**directory.environment(), **manager.environment})
        assert manager.hear()["STATUS"].startswith("waiting: ")
        settings.write_text("thing-read-burst: 3\n")
        gateway.process.send_signal(signal.SIGHUP)
        assert eventually(lambda: gateway.logged("files reloaded"))
        assert manager.silence()
        released.set()
        assert manager.hear() == {"READY": "1", "STATUS": "serving"}


def test_a_hang_up_during_the_start_ends_nothing(emulator, start, tmp_path):
    pipe = tmp_path / "gateway.yaml"
    os.mkfifo(pipe)
    gateway = start(emulator.url, "--config", str(pipe), policy=None)
    # Opened once the other end is.
    with pipe.open("w") as settings:
        gateway.process.send_signal(signal.SIGHUP)
        settings.write("thing-read-burst: 3\n")
    assert eventually(lambda: gateway.logged("ready"))
    gateway.process.send_signal(signal.SIGHUP)
    assert run_to_end("health", "--address", gateway.address).returncode == 0
    # What a pipe held is gone, and nobody takes that for a change.
    assert not gateway.logged("files reloaded") and not gateway.logged("settings changed")


def test_a_hang_up_while_it_drains_is_not_told(manager):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        upstream = "http://127.0.0.1:%d" % silent.getsockname()[1]
        environ = {**CREDENTIALS, **manager.environment}
        gateway = Gateway(upstream, "--drain-grace", "1s", env=environ)
        arguments = ("call", "pending", "lamp", "--address", gateway.address)
        with subprocess.Popen(
            [str(BINARY), *arguments], env=environment(), stderr=subprocess.DEVNULL
        ) as caller:
            assert eventually(lambda: in_flight(gateway) == 1)
            manager.hear_until("READY")
            gateway.terminate()
            manager.hear_until("STOPPING")
            gateway.process.send_signal(signal.SIGHUP)
            assert gateway.wait() == 0
            assert caller.wait(30) != 0
        assert manager.silence()


def test_the_watchdog_hears_twice_in_its_time_until_the_end(emulator, manager):
    watchdog = {"WATCHDOG_USEC": "400000"}
    with Gateway(emulator.url, env={**CREDENTIALS, **manager.environment, **watchdog}) as gateway:
        for _ in range(4):
            manager.hear_until("WATCHDOG")
        gateway.terminate()
        manager.hear_until("STOPPING")
        assert gateway.wait() == 0


def test_a_watchdog_of_somebody_else_hears_nothing(emulator, manager):
    watchdog = {"WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"}
    with Gateway(emulator.url, env={**CREDENTIALS, **manager.environment, **watchdog}):
        assert "READY" in manager.hear()
    assert "STOPPING" in manager.hear()


@pytest.mark.parametrize("address", ["", "@", "relative", "vsock:2:1", "/" + "x" * 200, "/gone"])
def test_a_socket_that_cannot_be_told_holds_nothing_up(emulator, address):
    with Gateway(emulator.url, env={**CREDENTIALS, "NOTIFY_SOCKET": address}) as gateway:
        assert run_to_end("health", "--address", gateway.address).returncode == 0


def test_the_log_says_when_it_is_ready(emulator):
    with Gateway(emulator.url) as gateway:
        assert eventually(lambda: gateway.logged("ready"))
        messages = [record["message"] for record in gateway.records]
        assert messages.index("ready") > messages.index("listening on")
        assert int(gateway.logged("ready")[0]["start-ms"]) >= 0


def in_flight(gateway: Gateway) -> float:
    return scrape(gateway.admin_url).value("iot_jobs_gateway_requests_in_flight")


def test_a_second_signal_ends_it_at_once():
    # An upstream that takes calls and never answers them keeps the drain waiting.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        upstream = "http://127.0.0.1:%d" % silent.getsockname()[1]
        gateway = Gateway(upstream, env=CREDENTIALS)
        arguments = ("call", "pending", "lamp", "--address", gateway.address)
        with subprocess.Popen(
            [str(BINARY), *arguments], env=environment(), stderr=subprocess.PIPE, text=True
        ) as caller:
            assert eventually(lambda: in_flight(gateway) == 1)
            gateway.terminate()
            assert eventually(lambda: gateway.logged("draining"))
            assert gateway.process.poll() is None
            gateway.process.send_signal(signal.SIGINT)
            assert gateway.wait() == 130
            # The caller learns it too.
            told = caller.communicate(timeout=30)[1]
    assert "CONNECTION_LOST" in told


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions_are_scripts_of_their_shell(shell, tmp_path):
    done = run_to_end("--generate-completion-script", shell)
    assert done.returncode == 0 and "start-next" in done.stdout and "tls-ca" in done.stdout
    script = pathlib.Path(tmp_path / f"completion.{shell}")
    script.write_text(done.stdout)
    try:
        checked = subprocess.run(
            [shell, "-n", str(script)], capture_output=True, text=True, timeout=60, check=False
        )
    except FileNotFoundError:
        pytest.skip(f"no {shell} on this machine")
    assert checked.returncode == 0, checked.stderr
