# SPDX-License-Identifier: Apache-2.0
"""Between SIGTERM and the drain: calls are taken, and whoever asks is told to go elsewhere."""

from __future__ import annotations

import signal
import urllib.error
import urllib.request

import grpc
import pytest
from grpc_health.v1 import health_pb2 as messages
from grpc_health.v1 import health_pb2_grpc as health

from callers import calling, pending
from http_server import Answer
from metrics import scrape
from program import Gateway, eventually, run_to_end
from wire import Connection, message

# Never over while a test runs, so that what is seen is not a matter of time.
LONG = ("--drain-delay", "1h")


def status(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode()


@pytest.fixture
def leaving(upstream):
    """A gateway that was told to end, and has all the time of the world for it."""
    gateway = Gateway(upstream.url, *LONG)
    with calling(gateway) as call:
        assert call(pending("lamp")).ok
        gateway.terminate()
        assert eventually(lambda: gateway.logged("draining"))
        assert eventually(lambda: status(f"{gateway.admin_url}/readyz")[0] == 503)
        yield gateway, call
    if gateway.process.poll() is None:
        gateway.kill()


def test_it_is_not_ready_and_alive(leaving):
    gateway, _ = leaving
    assert status(f"{gateway.admin_url}/readyz") == (503, "not ready: draining\n")
    assert status(f"{gateway.admin_url}/livez")[0] == 200
    assert run_to_end("health", "--address", gateway.address).returncode == 1


def test_calls_are_taken_on_connections_old_and_new(leaving, upstream):
    gateway, call = leaving
    before = len(upstream.requests)
    for _ in range(5):
        assert call(pending("lamp")).ok
        with calling(gateway) as late:
            assert late(pending("lamp")).ok
    assert len(upstream.requests) == before + 10
    assert scrape(gateway.admin_url).value("iot_jobs_gateway_requests_total", code="OK") == 11


def test_no_connection_is_told_to_go(leaving):
    gateway, _ = leaving
    with Connection(gateway.address) as connection:
        body = message(pending("lamp").SerializeToString())
        assert connection.call("GetPendingJobExecutions", body).grpc_status == 0
        assert connection.goaway is None


def test_a_watch_hears_of_it_first_and_goes_on(upstream):
    gateway = Gateway(upstream.url, *LONG)
    try:
        with grpc.insecure_channel(gateway.address) as channel:
            watch = health.HealthStub(channel).Watch(messages.HealthCheckRequest(), timeout=60)
            assert next(watch).status == messages.HealthCheckResponse.SERVING
            gateway.terminate()
            assert next(watch).status == messages.HealthCheckResponse.NOT_SERVING
            assert watch.is_active()
            watch.cancel()
    finally:
        gateway.kill()


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_does_not_wait(leaving, second):
    gateway, _ = leaving
    gateway.process.send_signal(second)
    assert gateway.wait() == 130


def test_after_the_delay_it_drains(upstream, gate):
    gateway = Gateway(upstream.url, "--drain-delay", "1s")
    upstream.respond = lambda _: gate.wait(20) and Answer()
    with Connection(gateway.address) as connection:
        gateway.terminate()
        assert eventually(lambda: status(f"{gateway.admin_url}/readyz")[0] == 503)
        # Begun in the delay or just before it, ended in the drain.
        stream = connection.request(body=message(pending("lamp").SerializeToString()))
        assert connection.pump(lambda: connection.goaway is not None)
        assert connection.goaway == 0
        gate.set()
        assert connection.reply(stream).grpc_status == 0
    assert gateway.wait() == 0
    assert gateway.noise == []


def test_demo_and_emulator_have_it_too():
    for command in ("demo", "emulator", "serve"):
        assert "--drain-delay" in run_to_end(command, "--help").stdout
