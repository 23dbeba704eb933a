# SPDX-License-Identifier: Apache-2.0
"""A grpcio caller's life with one job. Says what came of each step in a line of its own.

usage: client_grpcio.py ADDRESS plain|tls|mtls CA CERTIFICATE KEY SERVER-NAME THING JOB
"""

from __future__ import annotations

import pathlib
import sys

import grpc
import jobs_data_plane_pb2 as pb
import jobs_data_plane_pb2_grpc as rpc


def open_channel(address, security, authority, certificate, key, name) -> grpc.Channel:
    if security == "plain":
        return grpc.insecure_channel(address)
    files = [authority] if security == "tls" else [authority, key, certificate]
    credentials = grpc.ssl_channel_credentials(*(pathlib.Path(file).read_bytes() for file in files))
    return grpc.secure_channel(address, credentials, [("grpc.ssl_target_name_override", name)])


def main(*where: str, thing: str, job: str) -> None:
    with open_channel(*where) as channel:
        stub = rpc.JobsDataPlaneServiceStub(channel)
        request = pb.GetPendingJobExecutionsRequest(thing_name=thing)
        answer = stub.GetPendingJobExecutions(request, timeout=20)
        print("pending", len(answer.queued_jobs))
        answer = stub.GetPendingJobExecutions(
            request, timeout=20, compression=grpc.Compression.Gzip
        )
        print("pending by gzip", len(answer.queued_jobs))
        started = stub.StartNextPendingJobExecution(
            pb.StartNextPendingJobExecutionRequest(thing_name=thing), timeout=20
        )
        print("started", started.execution.job_id)
        updated = stub.UpdateJobExecution(
            pb.UpdateJobExecutionRequest(
                thing_name=thing,
                job_id=job,
                status=pb.JOB_EXECUTION_STATUS_IN_PROGRESS,
                status_details={"step": "größer 🦉"},
                expected_version=2,
                include_job_execution_state=True,
            ),
            timeout=20,
        ).execution_state
        print("updated", pb.JobExecutionStatus.Name(updated.status), updated.version_number)
        described = stub.DescribeJobExecution(
            pb.DescribeJobExecutionRequest(thing_name=thing, job_id=job), timeout=20
        )
        print("described", described.execution.status_details["step"])
        try:
            stub.DescribeJobExecution(
                pb.DescribeJobExecutionRequest(thing_name=thing, job_id="absent"), timeout=20
            )
        except grpc.RpcError as error:
            keys = [key for key, _ in error.trailing_metadata()]
            details = " with details" if "grpc-status-details-bin" in keys else ""
            print(f"absent {error.code().value[0]}{details}")


if __name__ == "__main__":
    main(*sys.argv[1:7], thing=sys.argv[7], job=sys.argv[8])
