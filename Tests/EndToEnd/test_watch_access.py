# SPDX-License-Identifier: Apache-2.0
"""Who may watch and who may wait, by the rights to the operations that these stand for."""

from __future__ import annotations

import hashlib

import grpc

from aws import create_job
from failures import HERE
from stubs import watch_rpc
from watching import QUICK, Watcher, connected, wait_for

Code = grpc.StatusCode
LISTS = "lists-token-0123456789"
SHOWS = "shows-token-0123456789"
POLICY = """rules:
  - {identities: "token:lists", operations: [GetPendingJobExecutions], things: "lamp-*"}
  - {identities: "token:shows", operations: [DescribeJobExecution], things: "lamp-*"}
"""


def bearer(token: str):
    return (("authorization", f"Bearer {token}"),)


def test_each_thing_needs_the_right(start, emulator, iot, job, tmp_path):
    (tmp_path / "policy.yaml").write_text(POLICY)
    (tmp_path / "tokens").write_text(
        "".join(
            f"{name}: sha256:{hashlib.sha256(token.encode()).hexdigest()}\n"
            for name, token in (("lists", LISTS), ("shows", SHOWS))
        )
    )
    gateway = start(
        *(emulator.url, *QUICK, "--authorization-policy", str(tmp_path / "policy.yaml")),
        *("--token-file", str(tmp_path / "tokens")),
    )
    create_job(iot, job, "lamp-watched", "door-watched")
    lists, shows = bearer(LISTS), bearer(SHOWS)
    with connected(gateway) as channel:
        with Watcher(channel, "lamp-watched", metadata=lists) as watcher:
            assert watcher.hears("snapshot lamp-watched")
        refusals = {
            "nobody": Watcher(channel, "lamp-watched").ends(),
            "another thing": Watcher(channel, "lamp-watched", "door-watched", metadata=lists).ends(),
            "another right": Watcher(channel, "lamp-watched", metadata=shows).ends(),
        }
        assert refusals.pop("nobody").code is Code.UNAUTHENTICATED
        for failure in refusals.values():
            assert (failure.code, failure.info.reason) == (Code.PERMISSION_DENIED, "POLICY_DENIED")
            assert failure.info.domain == HERE

        wait = watch_rpc.JobsWatchServiceStub(channel).WaitForJobExecution
        request = wait_for("lamp-watched", job, "QUEUED")
        assert not wait(request, metadata=shows, timeout=30).terminal
        denied = wait.future(request, metadata=lists, timeout=30)
        assert denied.code() is Code.PERMISSION_DENIED
