# SPDX-License-Identifier: Apache-2.0
"""Executions as AWS keeps them, and a count of every update that was carried out.

The count is the proof: whatever a caller was told of an update, it was applied here never, or once.
"""

from __future__ import annotations

import dataclasses
import threading
import urllib.parse
from collections import deque
from collections.abc import Callable

from http_server import Answer, Received

TERMINAL = frozenset({"SUCCEEDED", "FAILED", "REJECTED", "REMOVED", "CANCELED", "TIMED_OUT"})


@dataclasses.dataclass
class Execution:
    thing: str
    job: str
    status: str = "QUEUED"
    version: int = 1
    details: dict[str, str] = dataclasses.field(default_factory=dict)
    # What each update made of it, in order.
    applied: list[str] = dataclasses.field(default_factory=list)

    @property
    def state(self) -> dict[str, object]:
        return {
            "status": self.status,
            "statusDetails": self.details,
            "versionNumber": self.version,
        }

    @property
    def described(self) -> dict[str, object]:
        return {
            "jobId": self.job,
            "thingName": self.thing,
            "executionNumber": 1,
            "queuedAt": 1_767_323_045,
            "lastUpdatedAt": 1_767_323_045,
            **self.state,
        }

    def move(self, status: str, details: dict[str, str] | None = None) -> None:
        self.status = status
        self.details = self.details if details is None else details
        self.version += 1
        self.applied.append(status)


@dataclasses.dataclass(frozen=True)
class Fault:
    """What becomes of one request instead of its answer."""

    spoil: Callable[[Answer], Answer]
    # False if the request is lost before anybody looks at it.
    is_carried_out: bool = True


class Ledger:
    """Answers the four operations; a fault, if one is due, comes between work and answer."""

    def __init__(self) -> None:
        self._executions: dict[tuple[str, str], Execution] = {}
        self._lock = threading.Lock()
        self._due: deque[Fault | None] = deque()
        # Asked for each request when nothing is due.
        self.fault_of: Callable[[Received], Fault | None] = lambda _: None
        # Called with the execution and what a request did to it, before the answer is made.
        self.meanwhile: Callable[[Execution], None] = lambda _: None

    def add(self, thing: str, job: str, status: str = "QUEUED") -> Execution:
        execution = Execution(thing, job, status)
        with self._lock:
            self._executions[thing, job] = execution
        return execution

    def next(self, *faults: Fault | None) -> None:
        """These befall the requests to come, one each; None is for one that goes well."""
        with self._lock:
            self._due.extend(faults)

    def forget_faults(self) -> None:
        with self._lock:
            self._due.clear()

    def __call__(self, request: Received) -> Answer:
        with self._lock:
            fault = self._due.popleft() if self._due else self.fault_of(request)
            if fault and not fault.is_carried_out:
                return fault.spoil(Answer())
            answer = self._carry_out(request)
        return fault.spoil(answer) if fault else answer

    def _carry_out(self, request: Received) -> Answer:
        path = urllib.parse.urlsplit(request.target).path
        parts = [urllib.parse.unquote(part) for part in path.split("/")]
        match request.method, parts:
            case "GET", ["", "things", _, "jobs"]:
                return Answer.json({"inProgressJobs": [], "queuedJobs": []})
            case "GET", ["", "things", thing, "jobs", job]:
                execution = self._executions.get((thing, job))
                if not execution:
                    return Answer.error("ResourceNotFoundException", 404)
                return Answer.json({"execution": execution.described})
            case "PUT", ["", "things", thing, "jobs", "$next"]:
                return self._start_next(thing)
            case "POST", ["", "things", thing, "jobs", job]:
                execution = self._executions.get((thing, job))
                if not execution:
                    return Answer.error("ResourceNotFoundException", 404)
                return self._update(execution, request.json)
        return Answer.error("UnknownOperationException", 404)

    def _start_next(self, thing: str) -> Answer:
        own = [one for (name, _), one in self._executions.items() if name == thing]
        for execution in sorted(own, key=lambda one: one.status != "IN_PROGRESS"):
            if execution.status == "QUEUED":
                execution.move("IN_PROGRESS")
            if execution.status == "IN_PROGRESS":
                return Answer.json({"execution": execution.described})
        return Answer.json({})

    def _update(self, execution: Execution, members: dict) -> Answer:
        expected = members.get("expectedVersion")
        if execution.status in TERMINAL:
            name = "InvalidStateTransitionException"
            return Answer.error(name, 409, executionState=execution.state)
        if expected is not None and expected != execution.version:
            return Answer.error("VersionMismatch", 409, executionState=execution.state)
        execution.move(members["status"], members.get("statusDetails"))
        state = execution.state
        self.meanwhile(execution)
        wants_state = members.get("includeJobExecutionState")
        return Answer.json({"executionState": state} if wants_state else {})
