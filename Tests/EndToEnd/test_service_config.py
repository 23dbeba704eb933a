# SPDX-License-Identifier: Apache-2.0
"""deploy/examples/service_config.json in force: what it repeats, and what it never does."""

from __future__ import annotations

import contextlib
import copy
import json
import socket
import threading
from collections.abc import Iterator

import grpc
import pytest

from aws import create_job
from callers import describe, pending, start_next, update
from examples import SERVICE_CONFIG
from http_server import Answer, Received
from ledger import Ledger
from program import Gateway
from stubs import SERVICE, pb, rpc
from upstream import Upstream

CONFIG = json.loads(SERVICE_CONFIG.read_text(encoding="utf-8"))
METHODS = {method.name for method in pb.DESCRIPTOR.services_by_name["JobsDataPlaneService"].methods}

# What the file must not say, to see that the tests would notice.
CARELESS = copy.deepcopy(CONFIG)
for one in CARELESS["methodConfig"]:
    one["retryPolicy"] = CONFIG["methodConfig"][0]["retryPolicy"]

# Failures of AWS after which nobody knows, or it is certain, that an update was not applied.
FAULTS = ["status=503", "status=500", "error=ThrottlingException", "drop=before", "drop=after"]


@contextlib.contextmanager
def calling(address: str, config: dict = CONFIG) -> Iterator[rpc.JobsDataPlaneServiceStub]:
    options = [
        ("grpc.service_config", json.dumps(config)),
        ("grpc.use_local_subchannel_pool", 1),
        # So that a gateway that starts anew is found at once.
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.min_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", 100),
    ]
    with grpc.insecure_channel(address, options) as channel:
        yield rpc.JobsDataPlaneServiceStub(channel)


def test_each_method_has_one_entry_with_a_deadline_and_waits_for_the_gateway():
    names = [name for entry in CONFIG["methodConfig"] for name in entry["name"]]
    assert {name["service"] for name in names} == {SERVICE}
    assert sorted(name["method"] for name in names) == sorted(METHODS)
    for entry in CONFIG["methodConfig"]:
        assert entry["waitForReady"] is True
        assert entry["timeout"] == "10s"


def test_only_updates_are_without_a_retry_policy():
    without = [entry["name"] for entry in CONFIG["methodConfig"] if "retryPolicy" not in entry]
    assert without == [[{"service": SERVICE, "method": "UpdateJobExecution"}]]


@pytest.mark.parametrize("fault", ["status=503;retry-after=300", "status=500", "drop=before"])
def test_reads_and_starts_are_repeated_as_the_gateway_says(
    gateway, console, iot, thing, job, fault
):
    create_job(iot, job, thing)
    requests = {
        "DescribeJobExecution": describe(thing, "$next"),
        "GetPendingJobExecutions": pending(thing),
    }
    for operation, request in requests.items():
        console.plan(operations=[operation], next=[fault])
        with calling(gateway.address) as stub:
            getattr(stub, operation)(request)
        assert console.calls(operation)["received"] == 2


def test_a_start_that_is_repeated_starts_one_job(gateway, console, iot, thing, job):
    create_job(iot, f"{job}-a", thing)
    create_job(iot, f"{job}-b", thing)
    # Started, and answered with a refusal that says so of nothing.
    console.plan(operations=["StartNextPendingJobExecution"], next=["status=503"])
    with calling(gateway.address) as stub:
        assert stub.StartNextPendingJobExecution(start_next(thing)).execution.job_id == f"{job}-a"
        listed = stub.GetPendingJobExecutions(pending(thing))
    assert [one.job_id for one in listed.in_progress_jobs] == [f"{job}-a"]
    assert [one.job_id for one in listed.queued_jobs] == [f"{job}-b"]


@pytest.mark.parametrize("fault", FAULTS)
def test_an_update_is_sent_once_whatever_befalls_it(gateway, console, iot, thing, job, fault):
    create_job(iot, job, thing)
    console.plan(operations=["UpdateJobExecution"], next=[fault])
    with calling(gateway.address) as stub:
        stub.StartNextPendingJobExecution(start_next(thing))
        with pytest.raises(grpc.RpcError):
            stub.UpdateJobExecution(update(thing, job))
    assert console.calls("UpdateJobExecution")["received"] == 1


def test_a_throttled_read_is_repeated_within_its_limits(emulator, console, start, iot, thing, job):
    create_job(iot, job, thing)
    policy = {"thing_limit": "enforce", "thing_reads_per_second": 4, "thing_read_burst": 1}
    gateway = start(emulator.url, policy=policy)
    with calling(gateway.address) as stub:
        for _ in range(3):
            stub.GetPendingJobExecutions(pending(thing))
    assert console.calls("GetPendingJobExecutions")["received"] == 3


class Interrupted:
    """An AWS where each update waits, so that the gateway can be killed meanwhile."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self.arrived = threading.Semaphore(0)
        self.gate = threading.Event()

    def __call__(self, request: Received) -> Answer:
        answer = self.ledger(request)
        if request.method == "POST":
            self.arrived.release()
            assert self.gate.wait(60)
        return answer


@pytest.mark.parametrize(
    ("config", "applied"), [(CONFIG, 1), (CARELESS, 2)], ids=["it", "careless"]
)
def test_a_gateway_that_dies_in_an_update_does_not_have_it_applied_twice(config, applied, thing):
    """Only the client's library says UNAVAILABLE then, and does not know what was done."""
    aws = Interrupted()
    execution = aws.ledger.add(thing, "job", "IN_PROGRESS")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    with Upstream(aws) as upstream:
        gateway = Gateway(upstream.url, listen=address)
        assert gateway.address == address
        with calling(address, config) as stub:
            call = stub.UpdateJobExecution.future(update(thing, "job"))
            assert aws.arrived.acquire(timeout=60)
            gateway.kill()
            aws.gate.set()
            with Gateway(upstream.url, listen=address) as anew:
                assert anew.address == address
                assert (call.code() == grpc.StatusCode.OK) == (applied == 2)
                # What the next run of a worker does first shows how things stand.
                started = stub.StartNextPendingJobExecution(start_next(thing))
                assert started.execution.version_number == 1 + applied
    assert execution.applied == ["IN_PROGRESS"] * applied
