# SPDX-License-Identifier: Apache-2.0
"""The programs of deploy/examples: one table, since they say and do the same in each language."""

from __future__ import annotations

import dataclasses
import re
import socket
import subprocess
from collections.abc import Callable

import pytest

from aws import thing_arn
from callers import start_next
from endpoints import Endpoint
from examples import BUILDERS, SERVICE_CONFIG, CannotBeBuilt, Example
from ledger import Execution, Ledger

EX_USAGE = 64
EX_TEMPFAIL = 75
RUN_SECONDS = 120
DOCUMENT = '{"operation": "größer 🦉"}'


@dataclasses.dataclass(frozen=True)
class Ended:
    status: int
    lines: list[str]
    complaint: str


def wait_for(running: subprocess.Popen[str]) -> Ended:
    try:
        out, complaint = running.communicate(timeout=RUN_SECONDS)
    finally:
        running.kill()
    return Ended(running.returncode, out.splitlines(), complaint)


def run(example: Example, address: str, *things: str, **env: str) -> Ended:
    return wait_for(example.begin(*things, env={"JOBS_GATEWAY": address, **env}))


def security(endpoint: Endpoint) -> dict[str, str]:
    if not endpoint.papers:
        return {}
    papers = endpoint.papers
    own = {"JOBS_CERTIFICATE": papers.certificate("client"), "JOBS_KEY": papers.key("client")}
    files = {"JOBS_CA": papers.authority, **(own if endpoint.shows_certificate else {})}
    return {name: str(file) for name, file in files.items()}


def carried_out(job: str, version: int = 2) -> list[str]:
    return [
        f"started: {job}, version {version}, {DOCUMENT}",
        f"progress: {job}, version {version + 1}",
        f"succeeded: {job}, version {version + 2}",
    ]


@pytest.fixture(scope="module", params=BUILDERS)
def example(request) -> Example:
    try:
        return BUILDERS[request.param]()
    except CannotBeBuilt as error:
        pytest.skip(f"the example in {request.param}: {error}")


@pytest.fixture
def impatient(tmp_path) -> dict[str, str]:
    """The service config with deadlines that a test can wait for."""
    file = tmp_path / "service_config.json"
    text, count = re.subn(r'"timeout": "\d+s"', '"timeout": "1s"', SERVICE_CONFIG.read_text())
    assert count == 2
    file.write_text(text)
    return {"JOBS_SERVICE_CONFIG": str(file)}


@pytest.fixture
def queue(iot, thing) -> Callable[..., None]:
    """Queues jobs for the thing."""

    def create(*jobs: str) -> None:
        for job in jobs:
            iot.create_job(jobId=job, targets=[thing_arn(thing)], document=DOCUMENT)

    return create


@pytest.mark.parametrize("kind", ["h2c", "tls", "mtls"])
def test_all_that_is_pending_is_carried_out(example, endpoints, iot, queue, thing, job, kind):
    queue(f"{job}-a", f"{job}-b")
    endpoint = endpoints[kind]
    ended = run(example, endpoint.address, thing, **security(endpoint))
    assert ended == Ended(
        0,
        [
            "pending: 0 in progress, 2 queued",
            *carried_out(f"{job}-a"),
            *carried_out(f"{job}-b"),
            "nothing left to do",
        ],
        "",
    )
    details = {"worker": socket.gethostname(), "progress": "100%"}
    for one in (f"{job}-a", f"{job}-b"):
        execution = iot.describe_job_execution(thingName=thing, jobId=one)["execution"]
        assert execution["status"] == "SUCCEEDED"
        assert execution["statusDetails"]["detailsMap"] == details


def test_what_an_earlier_run_left_behind_is_taken_up(example, gateway, stub, queue, thing, job):
    queue(job)
    stub.StartNextPendingJobExecution(start_next(thing))
    ended = run(example, gateway.address, thing)
    lines = ["pending: 1 in progress, 0 queued", *carried_out(job), "nothing left to do"]
    assert ended == Ended(0, lines, "")


def test_a_read_that_fails_for_now_is_repeated(example, gateway, console, queue, thing, job):
    queue(job)
    operations = ["GetPendingJobExecutions", "StartNextPendingJobExecution"]
    # A pushback, where AWS names a time, and one that the gateway chooses.
    console.plan(operations=operations, next=["status=503;retry-after=10", "status=503"])
    ended = run(example, gateway.address, thing)
    lines = ["pending: 0 in progress, 1 queued", *carried_out(job), "nothing left to do"]
    assert ended == Ended(0, lines, "")
    assert console.calls("GetPendingJobExecutions")["received"] == 3


def test_a_start_that_fails_for_now_is_repeated(example, gateway, console, queue, thing, job):
    queue(job)
    # Of the first start the answer is lost, so the second finds it in progress.
    console.plan(operations=["StartNextPendingJobExecution"], next=["status=503"])
    ended = run(example, gateway.address, thing)
    lines = ["pending: 0 in progress, 1 queued", *carried_out(job), "nothing left to do"]
    assert ended == Ended(0, lines, "")
    assert console.calls("StartNextPendingJobExecution")["received"] == 3


def test_an_update_is_never_repeated_and_the_next_run_goes_on(
    example, gateway, console, queue, thing, job
):
    queue(job)
    console.plan(operations=["UpdateJobExecution"], next=["status=503"])
    ended = run(example, gateway.address, thing)
    assert ended.status == EX_TEMPFAIL
    assert ended.lines == ["pending: 0 in progress, 1 queued", carried_out(job)[0]]
    failed = r"failed: SERVICE_UNAVAILABLE of iotjobs\.amazonaws\.com \(gRPC status 14\): .+\n"
    assert re.fullmatch(failed, ended.complaint)
    assert console.calls("UpdateJobExecution")["received"] == 1

    ended = run(example, gateway.address, thing)
    lines = ["pending: 1 in progress, 0 queued", *carried_out(job), "nothing left to do"]
    assert ended == Ended(0, lines, "")


def test_an_update_that_came_too_late_is_refused_and_the_next_run_goes_on(
    example, upstream, start, thing
):
    ledger = Ledger()
    upstream.respond = ledger
    execution = ledger.add(thing, "job")

    def overtake(updated: Execution) -> None:
        ledger.meanwhile = lambda _: None
        updated.move("IN_PROGRESS", {"worker": "another"})

    ledger.meanwhile = overtake
    gateway = start(upstream.url)
    ended = run(example, gateway.address, thing)
    assert (ended.status, len(ended.lines)) == (EX_TEMPFAIL, 3)
    assert ended.complaint.startswith("failed: VERSION_MISMATCH of iotjobs.amazonaws.com")
    ended = run(example, gateway.address, thing)
    assert (ended.status, ended.lines[-1]) == (0, "nothing left to do")
    updates = [request.json for request in upstream.requests if request.method == "POST"]
    assert [one["expectedVersion"] for one in updates] == [2, 3, 4, 5]
    assert {one["executionNumber"] for one in updates} == {1}
    assert execution.applied == [*["IN_PROGRESS"] * 4, "SUCCEEDED"]


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        ("InvalidStateTransitionException", EX_TEMPFAIL, "INVALID_STATE_TRANSITION {} 9"),
        ("VersionMismatch", EX_TEMPFAIL, "VERSION_MISMATCH {} 10"),
        ("AccessDeniedException", 1, "ACCESS_DENIED {} 7"),
    ],
)
def test_what_aws_refuses_is_told_by_its_reason(
    example, gateway, console, queue, thing, job, error, status, said
):
    queue(job)
    console.plan(operations=["UpdateJobExecution"], next=[f"error={error}"])
    ended = run(example, gateway.address, thing)
    text = said.format("of iotjobs.amazonaws.com (gRPC status")
    assert (ended.status, ended.complaint.split("): ")[0]) == (status, f"failed: {text}")


def test_what_the_gateway_refuses_is_told_by_its_reason(example, gateway):
    ended = run(example, gateway.address, "no thing has blanks")
    said = "failed: INVALID_FIELD of iot-jobs-gateway (gRPC status 3): thing_name: must hold only"
    assert (ended.status, ended.lines) == (1, [])
    assert ended.complaint.startswith(said)


def test_a_gateway_that_starts_later_is_waited_for(example, emulator, start, queue, thing, job):
    queue(job)
    with socket.create_server(("127.0.0.1", 0)) as early:
        early.settimeout(RUN_SECONDS)
        address = f"127.0.0.1:{early.getsockname()[1]}"
        running = example.begin(thing, env={"JOBS_GATEWAY": address})
        # It has tried, and is cut off.
        early.accept()[0].close()
    start(emulator.url, listen=address)
    lines = ["pending: 0 in progress, 1 queued", *carried_out(job), "nothing left to do"]
    assert wait_for(running) == Ended(0, lines, "")


def test_a_gateway_that_never_comes_is_not_waited_for_for_ever(example, impatient):
    ended = run(example, "127.0.0.1:1", "lamp-1", **impatient)
    assert (ended.status, ended.lines) == (EX_TEMPFAIL, [])
    assert re.match(r"failed: no reason given \(gRPC status (4|14)\): ", ended.complaint)


def test_nothing_is_said_to_a_listener_that_wants_tls(example, endpoints, impatient, thing):
    ended = run(example, endpoints["tls"].address, thing, **impatient)
    assert (ended.status, ended.lines) == (EX_TEMPFAIL, [])


def test_a_certificate_must_be_shown_where_one_is_required(example, endpoints, impatient, thing):
    without = security(Endpoint(endpoints["tls"].address, endpoints["mtls"].papers))
    ended = run(example, endpoints["mtls"].address, thing, **without, **impatient)
    assert (ended.status, ended.lines) == (EX_TEMPFAIL, [])


@pytest.mark.parametrize("things", [(), ("lamp-1", "lamp-2")])
def test_exactly_one_thing_must_be_named(example, things):
    ended = run(example, "127.0.0.1:1", *things)
    assert (ended.status, ended.lines) == (EX_USAGE, [])
    assert ended.complaint.startswith("usage: ")
