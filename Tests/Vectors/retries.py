# SPDX-License-Identifier: Apache-2.0
"""Makes retries.json: which ends of an attempt botocore's standard mode answers with another one.

usage: .build/venv/bin/python Tests/Vectors/retries.py >Tests/Vectors/retries.json
"""

from __future__ import annotations

import json
import sys

import botocore
import botocore.session
from botocore import exceptions
from botocore.awsrequest import AWSResponse
from botocore.retries.quota import RetryQuota
from botocore.retries.standard import (
    RetryContext,
    RetryQuotaChecker,
    StandardRetryConditions,
)

STATUSES = [400, 401, 403, 404, 408, 409, 410, 429, 500, 501, 502, 503, 504, 505, 509]
NAMES = [
    "",
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottledException",
    "TooManyRequestsException",
    "ProvisionedThroughputExceededException",
    "TransactionInProgressException",
    "RequestLimitExceeded",
    "BandwidthLimitExceeded",
    "LimitExceededException",
    "RequestThrottled",
    "SlowDown",
    "PriorRequestNotComplete",
    "EC2ThrottledException",
    "RequestTimeout",
    "RequestTimeoutException",
    "RequestTimeTooSkewed",
    "RequestExpired",
    "ExpiredTokenException",
    "AccessDeniedException",
    "InvalidSignatureException",
    "InvalidRequestException",
    "ResourceNotFoundException",
    "InvalidStateTransitionException",
    "TerminalStateException",
    "UnknownOperationException",
    "NoSuchNameAnywhere",
]
EXCEPTIONS = {
    "unreachable": exceptions.EndpointConnectionError(endpoint_url="http://x", error="refused"),
    "interrupted": exceptions.ConnectionClosedError(endpoint_url="http://x"),
    "timeout": exceptions.ReadTimeoutError(endpoint_url="http://x"),
}


MODEL = botocore.session.Session().get_service_model("iot-jobs-data")


def retried(status: int | None, name: str, exception: Exception | None) -> bool:
    response = AWSResponse("http://x", status, {}, None) if status else None
    parsed = {"Error": {"Code": name or str(status)}} if status else None
    context = RetryContext(
        attempt_number=1,
        operation_model=MODEL.operation_model("UpdateJobExecution"),
        parsed_response=parsed,
        http_response=response,
        caught_exception=exception,
    )
    return StandardRetryConditions().is_retryable(context)


def cost(exception: Exception | None) -> int:
    quota = RetryQuota()
    context = RetryContext(
        attempt_number=1, request_context={}, caught_exception=exception
    )
    RetryQuotaChecker(quota).acquire_retry_quota(context)
    return 500 - quota.available_capacity


def main() -> None:
    names = {
        name: [status for status in STATUSES if retried(status, name, None)] for name in NAMES
    }
    failures = {
        kind: {"retried": retried(None, "", error), "cost": cost(error)}
        for kind, error in EXCEPTIONS.items()
    }
    vectors = {
        "botocore": botocore.__version__,
        "statuses": STATUSES,
        "retriedAt": names,
        "failures": failures,
    }
    rows = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in vectors.items()]
    sys.stdout.write("{\n" + ",\n".join(rows) + "\n}\n")


if __name__ == "__main__":
    main()
