# SPDX-License-Identifier: Apache-2.0
"""A grpclib caller's life with one job: HTTP/2 by python-h2, nothing of gRPC's C core.

usage: client_grpclib.py ADDRESS plain|tls|mtls CA CERTIFICATE KEY SERVER-NAME THING JOB
"""

from __future__ import annotations

import asyncio
import ssl
import sys

from grpclib.client import Channel, UnaryUnaryMethod
from grpclib.config import Configuration
from grpclib.exceptions import GRPCError

from stubs import pb

SERVICE = "/iot.jobs.dataplane.v1.JobsDataPlaneService"


def open_channel(address, security, authority, certificate, key, name) -> Channel:
    host, port = address.rsplit(":", 1)
    if security == "plain":
        return Channel(host, int(port))
    context = ssl.create_default_context(cafile=authority)
    context.set_alpn_protocols(["h2"])
    if security == "mtls":
        context.load_cert_chain(certificate, key)
    return Channel(
        host, int(port), ssl=context, config=Configuration(ssl_target_name_override=name)
    )


async def main(*where: str, thing: str, job: str) -> None:
    async with open_channel(*where) as channel:

        async def call(operation: str, request):
            answer = getattr(pb, f"{operation}Response")
            method = UnaryUnaryMethod(channel, f"{SERVICE}/{operation}", type(request), answer)
            return await method(request, timeout=20)

        request = pb.GetPendingJobExecutionsRequest(thing_name=thing)
        answer = await call("GetPendingJobExecutions", request)
        print("pending", len(answer.queued_jobs))
        started = await call(
            "StartNextPendingJobExecution", pb.StartNextPendingJobExecutionRequest(thing_name=thing)
        )
        print("started", started.execution.job_id)
        updated = await call(
            "UpdateJobExecution",
            pb.UpdateJobExecutionRequest(
                thing_name=thing,
                job_id=job,
                status=pb.JOB_EXECUTION_STATUS_IN_PROGRESS,
                status_details={"step": "größer 🦉"},
                expected_version=2,
                include_job_execution_state=True,
            ),
        )
        state = updated.execution_state
        print("updated", pb.JobExecutionStatus.Name(state.status), state.version_number)
        describe = pb.DescribeJobExecutionRequest(thing_name=thing, job_id=job)
        described = await call("DescribeJobExecution", describe)
        print("described", described.execution.status_details["step"])
        try:
            describe.job_id = "absent"
            await call("DescribeJobExecution", describe)
        except GRPCError as error:
            print(f"absent {error.status.value}{' with details' if error.details else ''}")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:7], thing=sys.argv[7], job=sys.argv[8]))
