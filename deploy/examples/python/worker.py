# SPDX-License-Identifier: Apache-2.0
"""Carries out the pending jobs of one thing, by way of iot-jobs-gateway.

usage: python worker.py THING

The environment says how to reach the gateway:

    JOBS_GATEWAY         its address; 127.0.0.1:50051 if not set
    JOBS_SERVICE_CONFIG  gRPC's service config; ../service_config.json if not set
    JOBS_CA              the authority (PEM) of a gateway that speaks TLS
    JOBS_CERTIFICATE     with JOBS_KEY, the certificate (PEM) to show to it

Exit status: 0 when nothing is left to do, 75 when another run may do better, 64 when it was
started wrongly, else 1.
"""

from __future__ import annotations

import os
import pathlib
import socket
import sys

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from iot.jobs.dataplane.v1 import jobs_data_plane_pb2 as jobs
from iot.jobs.dataplane.v1 import jobs_data_plane_pb2_grpc as service

EX_USAGE = 64
EX_TEMPFAIL = 75

# After these the next run finds out how things stand: StartNextPendingJobExecution returns the
# execution that is in progress, with its present version.
RUN_AGAIN = {
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.UNKNOWN,
}


def read(variable: str) -> bytes | None:
    """The content of the file that a variable names."""
    path = os.environ.get(variable)
    return pathlib.Path(path).read_bytes() if path else None


def connect() -> grpc.Channel:
    address = os.environ.get("JOBS_GATEWAY") or "127.0.0.1:50051"
    # Deadlines, wait-for-ready, and which calls may be repeated: all of it is in this file.
    config = pathlib.Path(os.environ.get("JOBS_SERVICE_CONFIG") or "../service_config.json")
    options = [("grpc.service_config", config.read_text(encoding="utf-8"))]
    authority = read("JOBS_CA")
    if authority is None:
        return grpc.insecure_channel(address, options)
    credentials = grpc.ssl_channel_credentials(
        root_certificates=authority,
        private_key=read("JOBS_KEY"),
        certificate_chain=read("JOBS_CERTIFICATE"),
    )
    return grpc.secure_channel(address, credentials, options)


class Worker:
    def __init__(self, stub: service.JobsDataPlaneServiceStub, thing: str):
        self._stub = stub
        self._thing = thing
        # What an execution shows of who works on it.
        self._name = socket.gethostname()

    def work_until_nothing_is_left(self) -> None:
        pending = self._stub.GetPendingJobExecutions(
            jobs.GetPendingJobExecutionsRequest(thing_name=self._thing)
        )
        in_progress, queued = len(pending.in_progress_jobs), len(pending.queued_jobs)
        print(f"pending: {in_progress} in progress, {queued} queued", flush=True)
        while execution := self._start_next():
            self._carry_out(execution)
        print("nothing left to do", flush=True)

    def _start_next(self) -> jobs.JobExecution | None:
        """Starts the oldest queued job, or returns the one that an earlier run left behind."""
        started = self._stub.StartNextPendingJobExecution(
            jobs.StartNextPendingJobExecutionRequest(
                thing_name=self._thing, status_details={"worker": self._name}
            )
        )
        return started.execution if started.HasField("execution") else None

    def _carry_out(self, execution: jobs.JobExecution) -> None:
        job, version = execution.job_id, execution.version_number
        print(f"started: {job}, version {version}, {execution.job_document}", flush=True)

        # Here the device does the first half of what the document says ...
        version = self._report(execution, version, jobs.JOB_EXECUTION_STATUS_IN_PROGRESS, "50%")
        print(f"progress: {job}, version {version}", flush=True)

        # ... and here the other half.
        version = self._report(execution, version, jobs.JOB_EXECUTION_STATUS_SUCCEEDED, "100%")
        print(f"succeeded: {job}, version {version}", flush=True)

    def _report(
        self,
        execution: jobs.JobExecution,
        version: int,
        status: jobs.JobExecutionStatus,
        progress: str,
    ) -> int:
        """Returns the version that the update made."""
        updated = self._stub.UpdateJobExecution(
            jobs.UpdateJobExecutionRequest(
                thing_name=self._thing,
                job_id=execution.job_id,
                execution_number=execution.execution_number,
                status=status,
                status_details={"worker": self._name, "progress": progress},
                # Whoever else has changed the execution meanwhile: this update is refused then.
                expected_version=version,
                include_job_execution_state=True,
            )
        )
        return updated.execution_state.version_number


def describe(error: grpc.RpcError) -> str:
    """What happened and whose doing it was, as ErrorInfo tells it."""
    reason = "no reason given"
    status = rpc_status.from_call(error)
    for detail in status.details if status else []:
        info = error_details_pb2.ErrorInfo()
        if detail.Unpack(info):
            reason = f"{info.reason} of {info.domain}"
    return f"{reason} (gRPC status {error.code().value[0]}): {error.details()}"


def main() -> int:
    if len(sys.argv) != 2:
        print("usage: python worker.py THING", file=sys.stderr)
        return EX_USAGE
    with connect() as channel:
        worker = Worker(service.JobsDataPlaneServiceStub(channel), thing=sys.argv[1])
        try:
            worker.work_until_nothing_is_left()
        except grpc.RpcError as error:
            print(f"failed: {describe(error)}", file=sys.stderr)
            return EX_TEMPFAIL if error.code() in RUN_AGAIN else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
