# SPDX-License-Identifier: Apache-2.0
"""grpc.health.v1 as probes, load balancers and gRPC's own clients use it."""

from __future__ import annotations

import contextlib
import json
import queue
import threading
import urllib.request
from collections.abc import Iterator

import grpc
import pytest
from grpc_health.v1 import health_pb2 as messages
from grpc_health.v1 import health_pb2_grpc as health

from callers import calling, pending
from credential_servers import EndpointDirectory
from metrics import scrape
from program import ACCESS_KEY, SECRET_KEY, Gateway, eventually
from signatures import Key
from stubs import SERVICE
from wire import Connection, message

Status = messages.HealthCheckResponse
PACKAGE = SERVICE.rpartition(".")[0]
PRESIGN = f"{PACKAGE}.JobsPresignService"
SERVICES = ["", SERVICE, f"{PACKAGE}.JobsWatchService"]
WATCH = {":path": "/grpc.health.v1.Health/Watch"}


@pytest.fixture
def slow_start(upstream, start) -> Iterator[tuple[Gateway, threading.Event]]:
    """A gateway that does not know its upstream until the event is set."""
    keys = {ACCESS_KEY: Key(ACCESS_KEY, SECRET_KEY)}
    released = threading.Event()
    with EndpointDirectory(f"127.0.0.1:{upstream.port}", keys) as directory:
        respond = directory.respond

        def when_released(request):
            released.wait(20)
            return respond(request)

        directory.respond = when_released
        yield start(None, env=directory.environment()), released
        released.set()


@contextlib.contextmanager
def asking(gateway: Gateway) -> Iterator[health.HealthStub]:
    with grpc.insecure_channel(gateway.address) as channel:
        yield health.HealthStub(channel)


def probe(gateway: Gateway, service: str = "") -> int:
    """What grpc_health_probe would end with: 0 when served, 4 when not, 3 when the call fails."""
    with asking(gateway) as stub:
        try:
            answer = stub.Check(messages.HealthCheckRequest(service=service), timeout=10)
        except grpc.RpcError:
            return 3
        return 0 if answer.status == Status.SERVING else 4


class Watcher:
    """The statuses that a watch yields, and its end, in order."""

    def __init__(self, stub: health.HealthStub, service: str = "", **options):
        self.heard: queue.SimpleQueue[object] = queue.SimpleQueue()
        self.call = stub.Watch(messages.HealthCheckRequest(service=service), **options)
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        try:
            for answer in self.call:
                self.heard.put(answer.status)
            self.heard.put(grpc.StatusCode.OK)
        except grpc.RpcError as error:
            self.heard.put(error.code())

    def next(self, seconds: float = 20) -> object:
        return self.heard.get(timeout=seconds)

    def is_silent(self) -> bool:
        return self.heard.empty()


@pytest.mark.parametrize("service", SERVICES)
def test_a_ready_gateway_is_serving(gateway, service):
    assert probe(gateway, service) == 0


def test_presigning_is_a_service_where_it_is_offered(gateway, upstream, start):
    assert probe(gateway, PRESIGN) == 3
    assert probe(start(upstream.url, "--presign"), PRESIGN) == 0


def test_a_service_that_there_is_not(gateway):
    assert probe(gateway, "no.such.Service") == 3
    with asking(gateway) as stub, pytest.raises(grpc.RpcError) as error:
        stub.Check(messages.HealthCheckRequest(service="no.such.Service"), timeout=10)
    assert error.value.code() == grpc.StatusCode.NOT_FOUND


def test_a_list_has_every_service(gateway):
    with asking(gateway) as stub:
        answer = stub.List(messages.HealthListRequest(), timeout=10)
    assert {name: one.status for name, one in answer.statuses.items()} == dict.fromkeys(
        SERVICES, Status.SERVING
    )


def test_health_follows_readiness(slow_start):
    gateway, released = slow_start
    assert [probe(gateway, service) for service in SERVICES] == [4, 4, 4]
    with asking(gateway) as stub:
        watchers = [Watcher(stub, service) for service in SERVICES]
        unknown = Watcher(stub, "no.such.Service")
        assert [one.next() for one in watchers] == [Status.NOT_SERVING] * len(SERVICES)
        assert unknown.next() == Status.SERVICE_UNKNOWN
        released.set()
        assert [one.next() for one in watchers] == [Status.SERVING] * len(SERVICES)
        with urllib.request.urlopen(f"{gateway.admin_url}/readyz", timeout=20) as answer:
            assert answer.status == 200
        assert unknown.is_silent()
        assert probe(gateway) == 0


def test_a_drain_is_heard_before_it_ends_the_watch(emulator, start):
    gateway = start(emulator.url)
    with asking(gateway) as stub:
        watcher = Watcher(stub)
        assert watcher.next() == Status.SERVING
        gateway.terminate()
        assert watcher.next() == Status.NOT_SERVING
        assert watcher.next() == grpc.StatusCode.UNAVAILABLE
    assert gateway.wait() == 0
    assert gateway.noise == []


def test_a_drain_does_not_wait_for_watchers_that_take_nothing(emulator, start):
    gateway = start(emulator.url)
    with Connection(gateway.address, initial_window=0) as connection:
        stream = connection.request(body=message(b""), headers=WATCH)
        assert connection.pump(lambda: connection.replies[stream].headers)
        gateway.terminate()
        reply = connection.reply(stream)
        assert (reply.grpc_status, reply.data) == (14, b"")
        assert gateway.wait(10) == 0


def test_a_slow_watcher_hears_the_latest(slow_start):
    gateway, released = slow_start
    # The window takes one message.
    with Connection(gateway.address, initial_window=7) as connection:
        connection.credit = False
        stream = connection.request(body=message(b""), headers=WATCH)
        reply = connection.replies[stream]
        assert connection.pump(lambda: len(reply.data) == 7)
        released.set()
        assert eventually(lambda: probe(gateway) == 0)
        assert reply.data == message(b"\x08\x02")
        connection.h2.increment_flow_control_window(700, stream)
        connection.flush()
        assert connection.pump(lambda: len(reply.data) == 14)
        assert reply.data[7:] == message(b"\x08\x01")


def test_a_watch_ends_with_its_deadline_and_its_caller(gateway):
    with asking(gateway) as stub:
        watcher = Watcher(stub, timeout=0.2)
        assert watcher.next() == Status.SERVING
        assert watcher.next() == grpc.StatusCode.DEADLINE_EXCEEDED
        cancelled = Watcher(stub)
        assert cancelled.next() == Status.SERVING
        cancelled.call.cancel()
        assert cancelled.next() == grpc.StatusCode.CANCELLED

    def watching() -> float:
        levels = scrape(gateway.admin_url)
        return levels.value("iot_jobs_gateway_requests_in_flight", method="Watch")

    assert eventually(lambda: watching() == 0)


def test_watches_are_streams_like_others(start, emulator):
    """One connection holds as many as it may have streams, and calls wait for one to end."""
    gateway = start(emulator.url, "--stream-limit", "3")
    with Connection(gateway.address) as connection:
        assert connection.pump(lambda: connection.h2.remote_settings.max_concurrent_streams == 3)
        streams = [connection.request(body=message(b""), headers=WATCH) for _ in range(3)]
        assert connection.pump(lambda: all(connection.replies[s].data for s in streams))
        connection.h2.reset_stream(streams[0], 8)
        connection.flush()
        check = {":path": "/grpc.health.v1.Health/Check"}
        assert connection.call("", message(b""), headers=check).grpc_status == 0


def test_a_client_that_watches_health_sends_calls_when_there_is_some(slow_start):
    """gRFC A17: a channel with a health check is ready when the service is."""
    gateway, released = slow_start
    options = {
        "loadBalancingConfig": [{"round_robin": {}}],
        "healthCheckConfig": {"serviceName": SERVICE},
    }
    with grpc.insecure_channel(
        gateway.address, options=[("grpc.service_config", json.dumps(options))]
    ) as channel:
        ready = grpc.channel_ready_future(channel)
        with pytest.raises(grpc.FutureTimeoutError):
            ready.result(timeout=1)
        released.set()
        ready.result(timeout=20)


def test_health_needs_no_upstream(start):
    gateway = start("http://127.0.0.1:1")
    assert probe(gateway) == 0
    with calling(gateway) as call:
        assert not call(pending("t")).ok
    assert probe(gateway) == 0


def test_health_is_counted_by_name(start, emulator):
    gateway = start(emulator.url)
    probe(gateway)
    probe(gateway, "no.such.Service")
    seen = scrape(gateway.admin_url)
    name = "iot_jobs_gateway_requests_total"
    assert seen.value(name, method="Check", code="OK") == 1
    assert seen.value(name, method="Check", code="NOT_FOUND") == 1
    assert seen.value("iot_jobs_gateway_requests_in_flight", method="Check") == 0
