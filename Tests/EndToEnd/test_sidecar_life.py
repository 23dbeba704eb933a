# SPDX-License-Identifier: Apache-2.0
"""A gateway's life beside an application, and behind a Service, as the kubelet makes it.

The applications here have the service config that deploy/examples gives to all: reads are repeated,
updates never. The proof is the ledger's: no call failed, and every update was carried out once.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator

import grpc
import pytest

from application import Application
from callers import describe, pending, update
from credential_servers import EndpointDirectory
from endpoints import free_port
from http_server import Answer
from ledger import Ledger
from metrics import scrape
from program import ACCESS_KEY, ROOT, SECRET_KEY, Gateway, eventually
from signatures import Key
from stubs import rpc
from upstream import Upstream

SERVICE_CONFIG = (ROOT / "deploy/examples/service_config.json").read_text(encoding="utf-8")
# What the application may still call, whatever happens in between.
LONG = ("--drain-delay", "1h")


def channel_to(*addresses: str, config: str = SERVICE_CONFIG) -> grpc.Channel:
    """A channel of its own to all of them, as a headless Service's name gives them."""
    return grpc.insecure_channel(
        f"ipv4:{','.join(addresses)}",
        [
            ("grpc.service_config", config),
            ("grpc.use_local_subchannel_pool", 1),
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.max_reconnect_backoff_ms", 500),
        ],
    )


def to(*addresses: str) -> Callable[[], grpc.Channel]:
    return lambda: channel_to(*addresses)


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def aws(ledger) -> Iterator[Upstream]:
    """An AWS that takes its time, so that calls are under way whenever a signal comes."""

    def slowly(request) -> Answer:
        time.sleep(0.005)
        return ledger(request)

    with Upstream(slowly) as server:
        yield server


@contextlib.contextmanager
def killed_at_last(gateway: Gateway) -> Iterator[Gateway]:
    try:
        yield gateway
    finally:
        if gateway.process.poll() is None:
            gateway.kill()


def test_a_native_sidecar_outlives_its_application(aws, ledger):
    """The kubelet sends SIGTERM to the application, and to the sidecar once that has ended."""
    gateway = Gateway(aws.url)
    with Application(to(gateway.address), ledger) as application:
        # It has its own SIGTERM here, and goes on to the end of its work.
        application.goes_on(calls=400)
    gateway.stop()
    application.shows_that_each_update_was_made_once(at_least=200)


def test_a_sidecar_told_at_the_same_moment_waits_for_its_application(aws, ledger):
    """Without native sidecars both get SIGTERM together, and the application has work to finish."""
    with (
        killed_at_last(Gateway(aws.url, *LONG)) as gateway,
        Application(to(gateway.address), ledger) as application,
    ):
        application.goes_on()
        gateway.terminate()
        assert eventually(lambda: gateway.logged("draining"))
        application.goes_on(calls=400)
        # It may even connect anew.
        with Application(to(gateway.address), ledger) as late:
            late.goes_on()
    application.shows_that_each_update_was_made_once(at_least=250)
    late.shows_that_each_update_was_made_once(at_least=50)


def test_without_the_delay_the_application_would_have_failed(aws, ledger):
    gateway = Gateway(aws.url)
    impatient = json.dumps({"methodConfig": [{"name": [{}], "timeout": "10s"}]})
    ledger.add("lamp", "job", "IN_PROGRESS")
    with channel_to(gateway.address, config=impatient) as channel:
        stub = rpc.JobsDataPlaneServiceStub(channel)
        stub.DescribeJobExecution(describe("lamp", "job"))
        gateway.stop()
        with pytest.raises(grpc.RpcError) as error:
            stub.UpdateJobExecution(update("lamp", "job", "SUCCEEDED"))
        assert error.value.code() == grpc.StatusCode.UNAVAILABLE


def test_a_roll_out_of_a_shared_gateway_fails_no_call(aws, ledger):
    """One replica after the other is told to end, while clients still have its address."""
    replicas = [Gateway(aws.url, "--drain-delay", "1s") for _ in range(2)]
    addresses = [replica.address for replica in replicas]
    with Application(to(*addresses), ledger) as application:
        for index, address in enumerate(addresses):
            application.goes_on()
            replicas[index].terminate()
            application.goes_on()
            assert replicas[index].wait() == 0
            assert replicas[index].noise == []
            application.goes_on()
            replicas[index] = Gateway(aws.url, "--drain-delay", "1s", listen=address)
            assert replicas[index].address == address
        application.goes_on()
    for replica in replicas:
        replica.stop()
    application.shows_that_each_update_was_made_once(at_least=350)


def test_an_application_that_is_there_first_waits_for_the_gateway(aws, ledger, start):
    address = f"127.0.0.1:{free_port()}"
    ledger.add("lamp", "job", "IN_PROGRESS")
    with channel_to(address) as channel:
        stub = rpc.JobsDataPlaneServiceStub(channel)
        read = stub.GetPendingJobExecutions.future(pending("lamp"))
        write = stub.UpdateJobExecution.future(update("lamp", "job", "SUCCEEDED"))
        failed = threading.Event()
        channel.subscribe(
            lambda state: state is grpc.ChannelConnectivity.TRANSIENT_FAILURE and failed.set()
        )
        # It has tried, and found nobody.
        assert failed.wait(20)
        assert not read.done() and not write.done()
        assert start(aws.url, listen=address).address == address
        read.result()
        write.result()


def test_a_gateway_that_does_not_know_its_endpoint_yet_is_asked_again(aws, start):
    """A sidecar's port is open before AWS has been asked where calls are to go."""
    released = threading.Event()
    keys = {ACCESS_KEY: Key(ACCESS_KEY, SECRET_KEY)}
    with EndpointDirectory(f"127.0.0.1:{aws.port}", keys) as directory:
        respond = directory.respond
        directory.respond = lambda request: released.wait(20) and respond(request)
        gateway = start(None, env=directory.environment())
        with channel_to(gateway.address) as channel:
            read = rpc.JobsDataPlaneServiceStub(channel).GetPendingJobExecutions.future(
                pending("lamp")
            )
            assert eventually(lambda: refused(gateway) or read.done())
            released.set()
            read.result()


def refused(gateway: Gateway) -> float:
    return scrape(gateway.admin_url).value(
        "iot_jobs_gateway_failures_total", reason="ENDPOINT_UNKNOWN"
    )
