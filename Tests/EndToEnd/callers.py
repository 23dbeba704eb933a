# SPDX-License-Identifier: Apache-2.0
"""Callers that look at the metadata of what they are answered, one by one or many at once."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import AsyncIterator, Iterator

import grpc

import failures
from program import Gateway
from stubs import STATUS, pb, rpc

TIMEOUT_SECONDS = 30

Metadata = tuple[tuple[str, str], ...]


@dataclasses.dataclass
class Answered:
    """How a call ended: with a message or with a failure, and what went with either."""

    message: object | None
    failure: failures.Failure | None
    # Headers and trailers together, since a failure may be trailers only.
    metadata: dict[str, str | bytes]

    @property
    def ok(self) -> bool:
        return self.failure is None

    @property
    def code(self) -> grpc.StatusCode:
        return self.failure.code if self.failure else grpc.StatusCode.OK

    @property
    def reason(self) -> str | None:
        return self.failure.info.reason if self.failure else None

    @property
    def cache(self) -> str | None:
        return self.metadata.get("x-cache")

    @property
    def age_seconds(self) -> int | None:
        text = self.metadata.get("age")
        return None if text is None else int(text)

    @property
    def execution(self) -> pb.JobExecution | None:
        """The execution described or started; None when nothing is pending."""
        assert self.message is not None, self.failure
        return self.message.execution if self.message.HasField("execution") else None


def cache_control(directives: str | None) -> Metadata:
    return () if directives is None else (("cache-control", directives),)


def describe(thing: str, job: str, **members: object) -> pb.DescribeJobExecutionRequest:
    return pb.DescribeJobExecutionRequest(thing_name=thing, job_id=job, **members)


def pending(thing: str) -> pb.GetPendingJobExecutionsRequest:
    return pb.GetPendingJobExecutionsRequest(thing_name=thing)


def start_next(thing: str, **members: object) -> pb.StartNextPendingJobExecutionRequest:
    return pb.StartNextPendingJobExecutionRequest(thing_name=thing, **members)


def update(
    thing: str, job: str, status: str = "IN_PROGRESS", **members: object
) -> pb.UpdateJobExecutionRequest:
    return pb.UpdateJobExecutionRequest(
        thing_name=thing, job_id=job, status=STATUS[status], **members
    )


def _method(stub: rpc.JobsDataPlaneServiceStub, request):
    return getattr(stub, type(request).__name__.removesuffix("Request"))


def _metadata(initial, trailing) -> dict[str, str | bytes]:
    return {key: value for key, value in (*(initial or ()), *(trailing or ()))}


class Caller:
    """grpcio's classic client; the request's type says which method is meant."""

    def __init__(self, channel: grpc.Channel):
        self._stub = rpc.JobsDataPlaneServiceStub(channel)

    def __call__(
        self,
        request,
        control: str | None = None,
        *,
        timeout: float = TIMEOUT_SECONDS,
        metadata: Metadata = (),
    ) -> Answered:
        return ended(self.begin(request, control, timeout=timeout, metadata=metadata))

    def begin(
        self,
        request,
        control: str | None = None,
        *,
        timeout: float = TIMEOUT_SECONDS,
        metadata: Metadata = (),
    ):
        """Starts a call without waiting for it."""
        return _method(self._stub, request).future(
            request, timeout=timeout, metadata=(*cache_control(control), *metadata)
        )


def ended(call) -> Answered:
    """Waits for a call that was begun."""
    try:
        message = call.result()
    except grpc.FutureCancelledError:
        return Answered(None, failures.Failure(grpc.StatusCode.CANCELLED, "", {}, None), {})
    except grpc.RpcError as error:
        metadata = _metadata(error.initial_metadata(), error.trailing_metadata())
        return Answered(None, failures.read(error), metadata)
    return Answered(message, None, _metadata(call.initial_metadata(), call.trailing_metadata()))


# Channels to one address share a connection unless each has a pool of its own.
OWN_CONNECTION = [("grpc.use_local_subchannel_pool", 1)]


@contextlib.contextmanager
def calling(gateway: Gateway) -> Iterator[Caller]:
    with grpc.insecure_channel(gateway.address, OWN_CONNECTION) as channel:
        yield Caller(channel)


class ManyCallers:
    """grpcio's asyncio client over several connections, which calls take in turn."""

    def __init__(self, channels: list[grpc.aio.Channel]):
        self._stubs = [rpc.JobsDataPlaneServiceStub(channel) for channel in channels]
        self._turn = 0

    async def __call__(
        self, request, control: str | None = None, *, timeout: float = TIMEOUT_SECONDS
    ) -> Answered:
        self._turn += 1
        stub = self._stubs[self._turn % len(self._stubs)]
        call = _method(stub, request)(request, timeout=timeout, metadata=cache_control(control))
        try:
            message = await call
        except grpc.aio.AioRpcError as error:
            metadata = _metadata(error.initial_metadata(), error.trailing_metadata())
            return Answered(None, failures.read(error), metadata)
        metadata = _metadata(await call.initial_metadata(), await call.trailing_metadata())
        return Answered(message, None, metadata)


@contextlib.asynccontextmanager
async def many_calling(gateway: Gateway, connections: int) -> AsyncIterator[ManyCallers]:
    address = gateway.address
    async with contextlib.AsyncExitStack() as stack:
        channels = [
            await stack.enter_async_context(grpc.aio.insecure_channel(address, OWN_CONNECTION))
            for _ in range(connections)
        ]
        yield ManyCallers(channels)
