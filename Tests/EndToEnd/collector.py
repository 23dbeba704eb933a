# SPDX-License-Identifier: Apache-2.0
"""A collector of traces that reads what it is sent with OpenTelemetry's own descriptors."""

from __future__ import annotations

import dataclasses
import ssl
import threading
from collections.abc import Callable

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Message
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from http_server import Answer, Received, Server
from program import eventually

TAKEN = Answer(body=b"", headers={"Content-Type": "application/x-protobuf"})


@dataclasses.dataclass
class Span:
    """One span, in words that tests compare."""

    name: str
    kind: str
    trace: str
    id: str
    # Empty for one without.
    parent: str
    start: int
    end: int
    attributes: dict[str, str | int | bool]
    # Trace and span of each.
    links: list[tuple[str, str]]
    failed: bool
    flags: int

    @property
    def traceparent(self) -> str:
        return f"00-{self.trace}-{self.id}-{self.flags:02x}"

    def holds(self, other: Span) -> bool:
        return self.start <= other.start <= other.end <= self.end


class Collector(Server):
    """Keeps all that is sent to it, unless `respond` says that it does not take it."""

    def __init__(
        self, respond: Callable[[Received], Answer] = lambda _: TAKEN, tls: ssl.SSLContext = None
    ):
        self._spans: list[Span] = []
        self.resources: list[dict] = []
        self.scopes: set[tuple[str, str]] = set()
        self.batches: list[int] = []
        self._taking = threading.Lock()
        super().__init__(respond, tls)

    def received(self, request: Received) -> Answer:
        answer = super().received(request)
        if answer.status == 200 and not answer.instead:
            assert request.method == "POST"
            assert request.header("content-type") == "application/x-protobuf"
            self._take(ExportTraceServiceRequest.FromString(request.body))
        return answer

    def _take(self, message: ExportTraceServiceRequest) -> None:
        with self._taking:
            taken = 0
            for resource in message.resource_spans:
                self.resources.append(_attributes(resource.resource.attributes))
                for scope in resource.scope_spans:
                    self.scopes.add((scope.scope.name, scope.scope.version))
                    self._spans += [_read(span) for span in scope.spans]
                    taken += len(scope.spans)
            self.batches.append(taken)

    @property
    def spans(self) -> list[Span]:
        with self._taking:
            return list(self._spans)

    def named(self, name: str) -> list[Span]:
        """Those of a name, or of a name that ends so, in the order in which they began."""
        found = [span for span in self.spans if span.name.endswith(name)]
        return sorted(found, key=lambda span: span.start)

    def below(self, parent: Span) -> list[Span]:
        """The children of a span, in the order in which they began."""
        found = [span for span in self.spans if span.parent == parent.id]
        return sorted(found, key=lambda span: span.start)

    def has(self, count: int, name: str = "") -> bool:
        """Waits for so many spans of a name."""
        return eventually(lambda: len(self.named(name)) >= count)

    def complain(self) -> list[str]:
        """What is wrong with the spans whatever they are about."""
        spans = {(span.trace, span.id): span for span in self.spans}
        faults = [] if len(spans) == len(self.spans) else ["a span came twice"]
        for span in spans.values():
            parent = spans.get((span.trace, span.parent))
            if parent and not parent.holds(span):
                faults.append(f"{span.name} is not within {parent.name}: {span} {parent}")
            if span.end < span.start:
                faults.append(f"{span.name} ends before it begins")
        return faults

    def __exit__(self, kind, value, traceback) -> None:
        super().__exit__(kind, value, traceback)
        if kind is None:
            assert self.complain() == []


def _read(span: Message) -> Span:
    assert len(span.trace_id) == 16 and any(span.trace_id)
    assert len(span.span_id) == 8 and any(span.span_id)
    assert len(span.parent_span_id) in (0, 8)
    return Span(
        name=span.name,
        kind=Message.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
        trace=span.trace_id.hex(),
        id=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        start=span.start_time_unix_nano,
        end=span.end_time_unix_nano,
        attributes=_attributes(span.attributes),
        links=[(link.trace_id.hex(), link.span_id.hex()) for link in span.links],
        failed=span.status.code == Status.STATUS_CODE_ERROR,
        flags=span.flags,
    )


def _attributes(pairs) -> dict[str, str | int | bool]:
    found = {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in pairs}
    assert len(found) == len(pairs), "a key stands there twice"
    return found
