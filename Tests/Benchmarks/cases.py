# SPDX-License-Identifier: Apache-2.0
"""The named cases: what is called, who answers, and what that may cost."""

from __future__ import annotations

import dataclasses

from load import GRPC
from servers import DOCUMENTS, JOB, THING
from stubs import SERVICE, STATUS, pb
from wire import message

# Equal calls at the same time would share one otherwise, and stored answers be given.
ASK_AWS = (("cache-control", "no-cache"),)

DESCRIBE = pb.DescribeJobExecutionRequest(thing_name=THING, job_id=JOB)
PENDING = pb.GetPendingJobExecutionsRequest(thing_name=THING)
UPDATE = pb.UpdateJobExecutionRequest(
    thing_name=THING,
    job_id=JOB,
    status=STATUS["IN_PROGRESS"],
    status_details={"progress": "51"},
    expected_version=3,
    include_job_execution_state=True,
)


@dataclasses.dataclass(frozen=True)
class Bound:
    """At most so many times what another case costs in the same run."""

    times: float
    of: str


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    what: str
    # One of servers.Servers, by name.
    server: str
    path: str = f"/{SERVICE}/DescribeJobExecution"
    # None for GET.
    body: bytes | None = message(DESCRIBE.SerializeToString())
    headers: tuple[tuple[str, str], ...] = GRPC
    # Calls in one burst.
    calls: int = 8_000
    # Requests that reach the upstream for each call, where a gateway answers.
    upstream_requests: float = 1
    code: str = "OK"
    bound: Bound | None = None
    # The floor that it is held against, if that is not its bound.
    floor: str | None = None
    is_short: bool = False
    flags: tuple[str, ...] = ()

    @property
    def is_gateway(self) -> bool:
        return self.server not in ("static", "proxy", "nghttpd")

    @property
    def floors(self) -> tuple[str, ...]:
        """What --check compares with: its own floor and the other one, of the same size.

        nghttpd computes most of its time, nginx is in the kernel for most of its own. What a
        machine does slower than another makes one of them dearer, and a dearer call both ratios.
        """
        own = self.floor or (self.bound.of if self.bound else None)
        if own is None:
            return ()
        kind, dash, size = own.partition("-")
        return own, {"nghttpd": "proxy", "proxy": "nghttpd"}[kind] + dash + size

    def of(self, binary: str) -> Case:
        """The same with another binary of the gateway."""
        return dataclasses.replace(
            self, name=f"{self.name}@{binary}", server=f"{self.server}@{binary}", bound=None
        )


def stored(name: str, what: str, **more) -> Case:
    return Case(name, what, calls=30_000, upstream_requests=0, **{"server": "plain", **more})


def forwarded(name: str, what: str, request=None, **more) -> Case:
    if request is not None:
        method = type(request).__name__.removesuffix("Request")
        more |= {"path": f"/{SERVICE}/{method}", "body": message(request.SerializeToString())}
    return Case(name, what, headers=(*GRPC, *ASK_AWS), **{"server": "plain", **more})


def through_the_door(name: str, what: str, **more) -> Case:
    """As AWS's own clients call: HTTP/1.1, and the calls of a connection one after another."""
    path = f"/things/{THING}/jobs/{JOB}"
    return Case(name, what, "door", path=path, body=None, flags=("--h1",), **more)


def documents() -> list[Case]:
    """Describes with documents of several sizes."""
    cases = []
    for size in DOCUMENTS:
        body = message(
            pb.DescribeJobExecutionRequest(
                thing_name=f"document-{size}", job_id=JOB
            ).SerializeToString()
        )
        text = f"with a document of {size} KiB"
        cases += [
            Case(
                f"nghttpd-{size}k",
                f"nghttpd serves an answer {text}",
                "nghttpd",
                path=f"/document-{size}",
                body=body,
                calls=20_000,
            ),
            Case(
                f"proxy-{size}k",
                f"nginx passes an answer {text} on",
                "proxy",
                path=f"/document-{size}",
                body=body,
                calls=8_000,
            ),
            Case(
                f"cached-{size}k",
                f"describe {text}, from the cache",
                "plain",
                body=body,
                calls=20_000,
                upstream_requests=0,
                floor=f"nghttpd-{size}k",
            ),
            Case(
                f"forwarded-{size}k",
                f"describe {text}, forwarded",
                "plain",
                body=body,
                headers=(*GRPC, *ASK_AWS),
                calls=8_000,
                floor=f"proxy-{size}k",
            ),
        ]
    return cases


CASES = [
    Case("nghttpd", "nghttpd serves as many bytes", "nghttpd", calls=40_000, is_short=True),
    Case("proxy", "nginx passes on", "proxy", path="/describe", calls=15_000, is_short=True),
    stored("cached", "describe, from the cache", bound=Bound(1.6, "nghttpd"), is_short=True),
    stored(
        "refused",
        "describe over its thing's limit",
        server="defaults",
        headers=(*GRPC, *ASK_AWS),
        code="RESOURCE_EXHAUSTED",
        bound=Bound(1, "cached"),
        floor="nghttpd",
        is_short=True,
    ),
    forwarded("forwarded", "describe, forwarded", bound=Bound(1.5, "proxy"), is_short=True),
    forwarded("bare", "describe, forwarded without any policy", server="no-policy", floor="proxy"),
    forwarded("update", "update, forwarded", UPDATE, floor="proxy", is_short=True),
    forwarded("pending", "pending list, forwarded", PENDING, floor="proxy", is_short=True),
    forwarded("tls-in", "describe, TLS from callers", server="tls-in", floor="proxy"),
    forwarded("tls-out", "describe, TLS to AWS", server="tls-out", floor="proxy"),
    forwarded(
        "tls-both",
        "describe, TLS on both sides",
        server="tls-in, tls-out",
        bound=Bound(1.5, "forwarded"),
        floor="proxy",
        is_short=True,
    ),
    forwarded(
        "two-loops",
        "describe, forwarded by two event loops",
        server="two-loops",
        bound=Bound(1.1, "forwarded"),
        floor="proxy",
    ),
    stored(
        "cached-two-loops",
        "describe, from the cache by two event loops",
        server="two-loops",
        bound=Bound(1.1, "cached"),
        floor="nghttpd",
    ),
    through_the_door(
        "door-cached",
        "describe in AWS's own form, from the cache",
        headers=(),
        calls=20_000,
        upstream_requests=0,
        floor="nghttpd",
        is_short=True,
    ),
    through_the_door(
        "door-forwarded",
        "describe in AWS's own form, forwarded",
        headers=ASK_AWS,
        floor="proxy",
        is_short=True,
    ),
    *documents(),
]
# Answers at one call in flight; `direct` asks the upstream as the gateway does.
LATENCIES = [
    Case(
        "direct",
        "the upstream itself, over HTTP/1.1",
        "static",
        path=f"/things/{THING}/jobs/{JOB}",
        body=None,
        headers=(),
        flags=("--h1",),
    ),
    *(
        case
        for case in CASES
        if case.name in ("proxy", "nghttpd", "cached", "forwarded", "tls-both")
    ),
]
