# SPDX-License-Identifier: Apache-2.0
"""Watchers of pending executions, and what they make of what they are told."""

from __future__ import annotations

import contextlib
import copy
import threading
from collections.abc import Iterator

import grpc

import failures
from callers import OWN_CONNECTION
from program import Gateway, eventually
from stubs import STATUS, watch_pb, watch_rpc

KIND = {
    value: name.removeprefix("PENDING_JOB_EXECUTION_CHANGE_KIND_").lower()
    for name, value in watch_pb.PendingJobExecutionChangeKind.items()
}
# Polls that follow one another closely, so that what a test changes is soon seen.
QUICK = ("--watch-min-interval", "20ms", "--watch-max-interval", "50ms")


class Lists:
    """The pending lists of one thing as a watcher knows them; each message must fit what it knows."""

    def __init__(self):
        self.in_progress: set[str] = set()
        self.queued: set[str] = set()
        self.is_known = False

    def take(self, snapshot: watch_pb.PendingJobExecutionsSnapshot) -> None:
        self.in_progress = {row.job_id for row in snapshot.in_progress_jobs}
        self.queued = {row.job_id for row in snapshot.queued_jobs}
        self.is_known = True

    def apply(self, change: watch_pb.PendingJobExecutionChange) -> None:
        assert self.is_known, "a change before any snapshot"
        job, kind = change.execution.job_id, KIND[change.kind]
        is_started = change.status == STATUS["IN_PROGRESS"]
        if kind == "added":
            assert job not in self.queued
            self.in_progress.discard(job)
            (self.in_progress if is_started else self.queued).add(job)
        elif kind == "started":
            assert job in self.queued
            self.queued.remove(job)
            self.in_progress.add(job)
        elif kind == "updated":
            assert job in (self.in_progress if is_started else self.queued)
        else:
            assert kind == "left" and job in self.in_progress | self.queued
            self.in_progress.discard(job)
            self.queued.discard(job)


class Watcher:
    """One stream, read by a thread of its own unless it is to be read by hand."""

    def __init__(
        self,
        channel: grpc.Channel,
        *things: str,
        token: bytes = b"",
        known: dict[str, Lists] | None = None,
        reads: bool = True,
        **options,
    ):
        request = watch_pb.WatchPendingJobExecutionsRequest(thing_names=things, resume_token=token)
        stub = watch_rpc.JobsWatchServiceStub(channel)
        self.call = stub.WatchPendingJobExecutions(request, **options)
        self.token = token
        # What a watcher that came back knew before.
        self.lists = copy.deepcopy(known) or {thing: Lists() for thing in things}
        self.heard: list[str] = []
        self.heartbeats: list[watch_pb.WatchHeartbeat] = []
        self.failure: failures.Failure | None = None
        self.trouble: AssertionError | None = None
        if reads:
            threading.Thread(target=self.read, daemon=True).start()

    def read(self, limit: int | None = None) -> None:
        try:
            for answer in self.call:
                self._take(answer)
                if limit is not None and len(self.heard) >= limit:
                    return
        except grpc.RpcError as error:
            self.failure = failures.read(error)
        except AssertionError as error:
            self.trouble = error

    def _take(self, answer: watch_pb.WatchPendingJobExecutionsResponse) -> None:
        self.token = answer.resume_token
        kind = answer.WhichOneof("news")
        if kind == "heartbeat":
            self.heartbeats.append(answer.heartbeat)
            return
        news = getattr(answer, kind)
        if kind == "snapshot":
            self.lists[news.thing_name].take(news)
            self.heard.append(f"snapshot {news.thing_name}")
        else:
            self.lists[news.thing_name].apply(news)
            self.heard.append(f"{KIND[news.kind]} {news.execution.job_id}")

    def hears(self, *words: str) -> bool:
        """Whether all of it is heard in the end, in whatever order."""
        heard = eventually(lambda: set(words) <= set(self.heard) or self.trouble is not None)
        assert self.trouble is None, self.trouble
        return heard

    def ends(self) -> failures.Failure:
        assert eventually(lambda: self.failure is not None or self.trouble is not None)
        assert self.trouble is None, self.trouble
        return self.failure

    def __enter__(self) -> Watcher:
        return self

    def __exit__(self, *_) -> None:
        self.call.cancel()
        assert self.trouble is None, self.trouble


@contextlib.contextmanager
def connected(gateway: Gateway, *options: tuple[str, int]) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(gateway.address, [*OWN_CONNECTION, *options]) as channel:
        yield channel


def wait_for(thing: str, job: str, *statuses: str, **members: object):
    return watch_pb.WaitForJobExecutionRequest(
        thing_name=thing, job_id=job, statuses=[STATUS[name] for name in statuses], **members
    )
