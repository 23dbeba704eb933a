# SPDX-License-Identifier: Apache-2.0
"""However peers go about it, they make no more series than there are."""

from __future__ import annotations

import itertools

import grpc
import pytest

from http_server import Answer
from metrics import scrape
from stubs import pb, rpc

# What names a thing, a job, a caller or a request has no place on a metric.
FORBIDDEN = {"thing", "job", "caller", "peer", "request_id", "client", "trace_id", "token"}


def test_what_aws_says_makes_no_series_without_end(upstream, start):
    numbers = itertools.count()

    def respond(_) -> Answer:
        number = next(numbers)
        # Names that AWS never sent, one that it does, and any status.
        name = f"Made{number}Exception" if number % 2 else "ThrottlingException"
        return Answer.error(name, 400 + number % 200)

    upstream.respond = respond
    gateway = start(upstream.url)
    with grpc.insecure_channel(gateway.address) as channel:
        stub = rpc.JobsDataPlaneServiceStub(channel)
        for number in range(600):
            with pytest.raises(grpc.RpcError):
                stub.DescribeJobExecution(
                    pb.DescribeJobExecutionRequest(thing_name=f"thing-{number}", job_id="job"),
                    timeout=20,
                )
    seen = scrape(gateway.admin_url)
    name = "iot_jobs_gateway_upstream_requests_total"
    assert seen.value(name) == 600
    shown = [dict(labels) for family, labels in seen.samples if family == name]
    assert {labels["error"] for labels in shown} == {"", "unknown", "ThrottlingException"}
    assert "Made" not in seen.text and "thing-" not in seen.text


def test_no_label_names_who_called_or_for_what(default_gateway):
    seen = scrape(default_gateway.admin_url)
    names = {name for _, labels in seen.samples for name, _ in labels}
    assert not names & FORBIDDEN
    # Each metric alone is small enough to look at.
    for kind in seen.types:
        series = sum(1 for name, _ in seen.samples if seen.family(name) == kind)
        assert series <= 520, kind
