# SPDX-License-Identifier: Apache-2.0
"""Measures cases by turns: a short burst of each, round after round, just after its floor's.

Whatever else the machine does meanwhile meets both alike, so that the ratio of two bursts says more
than either. What stands in the tables is the median over the rounds, of the ratios too.
"""

from __future__ import annotations

import collections
import dataclasses
import statistics
import sys
from collections.abc import Iterable

import load
from cases import Case
from metrics import scrape
from program import Gateway
from servers import Servers

CONNECTIONS, STREAMS = 8, 32


@dataclasses.dataclass
class Burst:
    """One burst of one case."""

    calls_per_second: float
    cpu_microseconds: float
    # Of the CPU time, the part in the kernel.
    system_share: float
    # Sorted.
    latencies_microseconds: list[int]

    @property
    def median_microseconds(self) -> int:
        return percentile(self.latencies_microseconds, 0.5)


class Unexpected(Exception):
    """Calls did not end as their case says, so that their cost means nothing."""


@dataclasses.dataclass
class Counts:
    """What a gateway has counted so far."""

    code: float
    others: float
    upstream_requests: float

    @classmethod
    def of(cls, gateway: Gateway, code: str) -> Counts:
        seen = scrape(gateway.admin_url)
        name = "iot_jobs_gateway_requests_total"
        hits = seen.value(name, code=code)
        requests = seen.value("iot_jobs_gateway_upstream_requests_total")
        return cls(hits, seen.value(name) - hits, requests)

    def expect(self, name: str, calls: int, requests_each: float, now: Counts) -> None:
        """Limits refill and stored answers grow old, so that one call in a hundred may differ."""
        others = now.others - self.others
        requests = now.upstream_requests - self.upstream_requests
        if others > calls / 100 or abs(requests - calls * requests_each) > calls / 100:
            raise Unexpected(
                f"{name}: {others:.0f} of {calls} calls ended otherwise than they should, "
                f"{requests:.0f} requests went upstream"
            )


def burst(
    servers: Servers,
    case: Case,
    *,
    calls: int,
    connections: int = CONNECTIONS,
    streams: int = STREAMS,
) -> Burst:
    """Sends so many calls and reads before and after what the server has used."""
    server = servers[case.server]
    before = Counts.of(server.gateway, case.code) if server.gateway else None
    exact = server.footprint.exact_cpu_seconds
    user, system = server.footprint.user_and_system_seconds
    seen = load.send(
        server.url + case.path,
        body=case.body,
        headers=case.headers,
        calls=calls,
        connections=connections,
        streams=streams,
        folder=servers.folder,
        log=True,
        flags=case.flags,
    )
    exact = server.footprint.exact_cpu_seconds - exact
    user_after, system_after = server.footprint.user_and_system_seconds
    user, system = user_after - user, system_after - system
    if seen.failed:
        raise Unexpected(f"{case.name}: {seen.failed} of {calls} calls failed\n{seen.output}")
    if server.gateway and before:
        after = Counts.of(server.gateway, case.code)
        before.expect(case.name, calls, case.upstream_requests, after)
    return Burst(
        calls_per_second=seen.calls_per_second,
        cpu_microseconds=exact / calls * 1e6,
        system_share=system / (user + system) if user + system else 0,
        latencies_microseconds=sorted(seen.latencies_microseconds),
    )


class Rounds:
    """The bursts of each case, and what each cost in terms of what was measured just before it."""

    def __init__(self, cases: Iterable[Case], *, beside: str | None = None):
        """Each case is measured beside its floor and its bound, or all beside the one named."""
        self.cases = {case.name: case for case in cases}
        self.bursts: dict[str, list[Burst]] = {name: [] for name in self.cases}
        self._beside = beside
        # By the two names: a burst of each, one soon after the other.
        self._pairs: dict[tuple[str, str], list[tuple[Burst, Burst]]] = {}

    def others(self, name: str) -> list[str]:
        """What a case is measured just after, in the order of interest."""
        case = self.cases[name]
        bound = case.bound.of if case.bound else None
        others = [self._beside] if self._beside else [f"{name}@other", case.floor, bound]
        return [one for one in dict.fromkeys(others) if one in self.cases and one != name]

    def run(
        self,
        servers: Servers,
        rounds: int,
        *,
        connections: int = CONNECTIONS,
        streams: int = STREAMS,
        calls: int | None = None,
    ) -> None:
        def measure(case: Case, share: int = 1) -> Burst:
            count = (calls or case.calls) // share
            form = {"calls": count, "connections": connections, "streams": streams}
            return burst_again(servers, case, **form)

        for case in self.cases.values():
            # What only the first calls cost: connections to AWS, pages of memory, lookups.
            measure(case, share=4)
        recent: collections.deque[str] = collections.deque(maxlen=2)
        for _ in range(rounds):
            for name, case in self.cases.items():
                others = self.others(name)
                missing = [other for other in others if other not in recent]
                for one in missing:
                    self.bursts[one].append(measure(self.cases[one]))
                    recent.append(one)
                self.add(name, measure(self.cases[name]))
                recent.append(name)

    def add(self, name: str, burst: Burst) -> None:
        """Notes a burst of a case beside the last ones of what it is compared with."""
        self.bursts[name].append(burst)
        floors = [floor for floor in self.cases[name].floors if self.bursts.get(floor)]
        for other in dict.fromkeys([*self.others(name), *floors]):
            pair = (burst, self.bursts[other][-1])
            self._pairs.setdefault((name, other), []).append(pair)

    def cpu_microseconds(self, name: str) -> list[float]:
        return [burst.cpu_microseconds for burst in self.bursts[name]]

    def calls_per_second(self, name: str) -> float:
        return statistics.median(burst.calls_per_second for burst in self.bursts[name])

    def system_share(self, name: str) -> float:
        return statistics.median(burst.system_share for burst in self.bursts[name])

    def ratios(self, name: str, other: str) -> list[float]:
        """CPU time of a call in each round, in terms of the other's last before."""
        pairs = self._pairs[name, other]
        return [one.cpu_microseconds / before.cpu_microseconds for one, before in pairs]

    def latency_microseconds(self, name: str, share: float) -> float:
        """The time within which this share of the calls was answered; median over the rounds."""
        return statistics.median(
            percentile(burst.latencies_microseconds, share) for burst in self.bursts[name]
        )

    def added_microseconds(self, name: str, other: str) -> list[float]:
        """What the median call takes more than the other's just before, in each round."""
        pairs = self._pairs[name, other]
        return [one.median_microseconds - before.median_microseconds for one, before in pairs]

    def replace(self, again: Rounds) -> None:
        """Puts what was measured again in the place of what was."""
        self.bursts |= again.bursts
        self._pairs |= again._pairs


def burst_again(servers: Servers, case: Case, **form: int) -> Burst:
    """Gives a burst that did not go as it should one more try: the machine may have stumbled."""
    try:
        return burst(servers, case, **form)
    except Unexpected as error:
        print(f"once more, since {error}", file=sys.stderr)
        return burst(servers, case, **form)


def percentile(values: list[int], share: float) -> int:
    """Of sorted values, the nearest rank."""
    return values[min(len(values) - 1, int(len(values) * share))]
