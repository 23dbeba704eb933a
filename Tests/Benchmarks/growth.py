# SPDX-License-Identifier: Apache-2.0
"""How the cost of a call changes with how many things and connections there are.

Forwarded describes, at 256 calls in flight whatever else grows. The machine may be busy with other
work, so that what few cost is measured again beside what many cost, and compared with that.
"""

from __future__ import annotations

import dataclasses
import itertools
import resource
import statistics
from collections.abc import Iterator

from bursts import Counts
from cases import ASK_AWS, DESCRIBE
from many_calls import Calling
from servers import JOB, Server, Servers, served_by
from stubs import SERVICE, pb
from wire import message

IN_FLIGHT = 256
PATH = f"/{SERVICE}/DescribeJobExecution"
# What is measured beside the many: calls about one thing, and a connection for each in flight.
FEW_OF = {"things": 1, "connections": IN_FLIGHT}
FEW = message(DESCRIBE.SerializeToString())


@dataclasses.dataclass
class Growth:
    """What a call costs among so many."""

    of: str
    count: int
    cpu_microseconds: float
    # Of what it costs among few, measured by turns with it.
    ratio: float
    resident_megabytes: float
    peak_megabytes: float

    @property
    def is_of_many(self) -> bool:
        return self.count > FEW_OF[self.of]


def about(numbers: Iterator[int]) -> Iterator[bytes]:
    """Describes of as many things."""
    name = "sensor-eu-00000000"
    whole = message(pb.DescribeJobExecutionRequest(thing_name=name, job_id=JOB).SerializeToString())
    before, _, after = whole.partition(b"00000000")
    for number in numbers:
        yield b"%b%08d%b" % (before, number, after)


def cost(calling: Calling, server: Server, messages: Iterator[bytes]) -> float:
    """CPU microseconds of a call."""
    before = Counts.of(server.gateway, "OK")
    start = server.footprint.exact_cpu_seconds
    calls = calling.run(messages, in_flight=IN_FLIGHT)
    seconds = server.footprint.exact_cpu_seconds - start
    before.expect("growth", calls, 1, Counts.of(server.gateway, "OK"))
    return seconds / calls * 1e6


def of_things(servers: Servers, counts: list[int], least_calls: int) -> list[Growth]:
    """Calls about so many things: the limiter knows them all, and the cache is full of them."""
    results = []
    for count in counts:
        with servers.gateway("never-forgotten") as gateway:
            server = served_by(gateway)
            calls = max(count, least_calls)
            step = calls // 10
            with Calling.over(gateway.address, PATH, ASK_AWS, connections=8) as calling:
                few, many = [], []
                cost(calling, server, about(iter(range(min(count, 1_000)))))
                for first in range(0, calls, step):
                    about_one = itertools.repeat(FEW, min(step, 10_000))
                    few.append(cost(calling, server, about_one))
                    numbers = (number % count for number in range(first, first + step))
                    many.append(cost(calling, server, about(numbers)))
            results.append(grown("things", count, few, many, server))
    return results


def of_connections(servers: Servers, counts: list[int], calls: int) -> list[Growth]:
    """Calls over so many open connections, each of which is used as often as the others."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    results = []
    for count in counts:
        with servers.gateway("plain") as gateway:
            server = served_by(gateway)
            address = gateway.address
            with (
                Calling.over(address, PATH, ASK_AWS, connections=IN_FLIGHT) as as_many_as_calls,
                Calling.over(address, PATH, ASK_AWS, connections=count) as counted,
            ):
                few, many = [], []
                for calling in (as_many_as_calls, counted):
                    cost(calling, server, itertools.repeat(FEW, max(count, 2_000)))
                for _ in range(5):
                    messages = itertools.repeat(FEW, calls // 5)
                    few.append(cost(as_many_as_calls, server, messages))
                    messages = itertools.repeat(FEW, calls // 5)
                    many.append(cost(counted, server, messages))
            results.append(grown("connections", count, few, many, server))
    return results


def grown(of: str, count: int, few: list[float], many: list[float], server: Server) -> Growth:
    return Growth(
        of=of,
        count=count,
        cpu_microseconds=statistics.median(many),
        ratio=statistics.median(one / other for one, other in zip(many, few)),
        resident_megabytes=server.footprint.resident_kib * 1024 / 1e6,
        peak_megabytes=server.footprint.peak_kib * 1024 / 1e6,
    )
