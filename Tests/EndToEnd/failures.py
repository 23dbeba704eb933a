# SPDX-License-Identifier: Apache-2.0
"""Reads a failed call the way a careful client does: code, details, trailers."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

AWS = "iotjobs.amazonaws.com"
HERE = "iot-jobs-gateway"


@dataclasses.dataclass
class Failure:
    code: grpc.StatusCode
    message: str
    trailers: dict[str, str | bytes]
    status: status_pb2.Status | None

    def detail(self, kind: type):
        """The detail of one type; None if it is not there."""
        found = [
            detail
            for detail in (self.status.details if self.status else [])
            if detail.Is(kind.DESCRIPTOR)
        ]
        assert len(found) <= 1
        if not found:
            return None
        message = kind()
        assert found[0].Unpack(message)
        return message

    @property
    def info(self) -> error_details_pb2.ErrorInfo:
        info = self.detail(error_details_pb2.ErrorInfo)
        assert info is not None, f"no ErrorInfo with {self.code}: {self.message}"
        return info

    @property
    def retry_delay_seconds(self) -> float | None:
        retry = self.detail(error_details_pb2.RetryInfo)
        return None if retry is None else retry.retry_delay.ToMilliseconds() / 1000

    @property
    def fields(self) -> list[str]:
        bad = self.detail(error_details_pb2.BadRequest)
        return [] if bad is None else [violation.field for violation in bad.field_violations]

    @property
    def pushback_milliseconds(self) -> int | None:
        text = self.trailers.get("grpc-retry-pushback-ms")
        return None if text is None else int(text)


def read(error: grpc.RpcError) -> Failure:
    trailers = {key: value for key, value in error.trailing_metadata() or ()}
    return Failure(error.code(), error.details() or "", trailers, rpc_status.from_call(error))


@contextlib.contextmanager
def failing(
    code: grpc.StatusCode, reason: str | None = None, domain: str | None = None
) -> Iterator[list[Failure]]:
    """Expects a call to fail, and hands out how."""
    seen: list[Failure] = []
    with pytest.raises(grpc.RpcError) as caught:
        yield seen
    failure = read(caught.value)
    seen.append(failure)
    assert failure.code == code, failure
    if failure.status is not None:
        # The status in the details repeats the one in the trailers.
        assert failure.status.code == code.value[0]
        assert failure.status.message == failure.message
    if reason:
        assert (failure.info.reason, failure.info.domain) == (reason, domain), failure
