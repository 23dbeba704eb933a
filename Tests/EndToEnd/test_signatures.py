# SPDX-License-Identifier: Apache-2.0
"""botocore recomputes the signature of every request that the gateway sends."""

from __future__ import annotations

import concurrent.futures

import grpc
import pytest

import aws
from program import Gateway
from signatures import signature_complaint
from stubs import STATUS, pb, rpc
from upstream import Upstream

NAMES = ["t", "a:b", ":", "_-:0", "plant-7:line_3:press-01", "T" * 128, "-" * 128, ":" * 128]
DETAILS = [
    {},
    {"k": "v"},
    {"k": "é"},
    {"text": "日本語 🦉 e\u0301 \u00a0"},
    {"a:b": 'quote " backslash \\ slash / <&>'},
    {f"key-{index}": "x" * 100 for index in range(20)},
]


def all_calls(stub, thing: str) -> None:
    stub.DescribeJobExecution(
        pb.DescribeJobExecutionRequest(
            thing_name=thing, job_id="$next", execution_number=-1, include_job_document=False
        ),
        timeout=30,
    )
    stub.DescribeJobExecution(
        pb.DescribeJobExecutionRequest(thing_name=thing, job_id="job_1-2"), timeout=30
    )
    stub.GetPendingJobExecutions(pb.GetPendingJobExecutionsRequest(thing_name=thing), timeout=30)
    for details in DETAILS:
        stub.StartNextPendingJobExecution(
            pb.StartNextPendingJobExecutionRequest(thing_name=thing, status_details=details),
            timeout=30,
        )
        stub.UpdateJobExecution(
            pb.UpdateJobExecutionRequest(
                thing_name=thing,
                job_id="job_1-2",
                status=STATUS["IN_PROGRESS"],
                status_details=details,
                expected_version=3,
            ),
            timeout=30,
        )


@pytest.mark.parametrize("thing", NAMES, ids=lambda name: name[:12])
def test_botocore_agrees_with_every_signature(upstream, forwarding, thing):
    all_calls(forwarding, thing)
    assert upstream.complaints == []
    assert len(upstream.requests) == 3 + 2 * len(DETAILS)


@pytest.mark.parametrize("path", ["/prefix", "/a/b/", "/with%20space", "/a:b", "/"])
def test_botocore_agrees_below_a_base_path(upstream, start, path):
    gateway = start(upstream.url + path)
    with grpc.insecure_channel(gateway.address) as channel:
        all_calls(rpc.JobsDataPlaneServiceStub(channel), "a:b")
    assert upstream.complaints == []
    # AWS's own client joins the two paths in the same way.
    client = aws.client("iot-jobs-data", upstream.url + path)
    client.get_pending_job_executions(thingName="a:b")
    assert upstream.requests[2].target == upstream.requests[-1].target


def test_botocore_agrees_with_a_session_token():
    token = "FwoGZXIvYXdzE/+==" * 20
    with Upstream(token=token) as server:
        with Gateway(server.url, env={"AWS_SESSION_TOKEN": token}) as gateway:
            with grpc.insecure_channel(gateway.address) as channel:
                all_calls(rpc.JobsDataPlaneServiceStub(channel), "a:b")
        assert server.complaints == []
        assert server.requests[0].header("X-Amz-Security-Token") == token


def test_botocore_agrees_in_another_region(start):
    with Upstream(region="eu-central-1") as server:
        gateway = start(server.url, region="eu-central-1")
        with grpc.insecure_channel(gateway.address) as channel:
            all_calls(rpc.JobsDataPlaneServiceStub(channel), "t")
        assert server.complaints == []


def test_botocore_agrees_when_many_calls_run_at_once(upstream, forwarding):
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        for done in [pool.submit(all_calls, forwarding, f"t:{index}") for index in range(32)]:
            done.result()
    assert upstream.complaints == []


def test_the_judge_itself_finds_a_changed_request(upstream, forwarding):
    forwarding.GetPendingJobExecutions(
        pb.GetPendingJobExecutionsRequest(thing_name="a:b"), timeout=30
    )
    (request,) = upstream.requests
    assert signature_complaint(request) is None
    for spoilt in (
        {"target": request.target.replace("%3A", ":")},
        {"method": "POST"},
        {"body": b"{}"},
    ):
        original = {key: getattr(request, key) for key in spoilt}
        for key, value in spoilt.items():
            setattr(request, key, value)
        assert signature_complaint(request), spoilt
        for key, value in original.items():
            setattr(request, key, value)


def test_connections_to_aws_are_kept_and_used_again(upstream, forwarding):
    for _ in range(50):
        forwarding.GetPendingJobExecutions(
            pb.GetPendingJobExecutionsRequest(thing_name="t"), timeout=30
        )
    assert upstream.connections <= 4
    assert len(upstream.requests) == 50
