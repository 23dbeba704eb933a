# SPDX-License-Identifier: Apache-2.0
"""The rendered containers run: with their variables and files, their probes, their way to end."""

from __future__ import annotations

import grpc
import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

import aws
import kustomize
from certificates import Authority
from kubelet import Node, Server, reaches
from kustomize import GATEWAY, Workload, only, workloads
from program import CREDENTIALS, REGION, eventually
from stubs import pb, rpc

kustomize.needed()

EMULATOR = "iot-jobs-emulator"
PENDING = pb.GetPendingJobExecutionsRequest(thing_name="kustomized")


@pytest.fixture
def upstream_url(emulator, iot, job) -> str:
    """Stands for AWS, and knows the thing."""
    aws.create_job(iot, job, "kustomized")
    return emulator.url


def in_development(documents: list[dict], folder) -> tuple[Node, Server]:
    """A node on which the emulator runs."""
    node = Node(documents, folder)
    server = node.start(Workload(only(documents, "Deployment", EMULATOR)), "emulator")
    assert eventually(lambda: server.probe("readinessProbe"))
    return node, server


def execution(server: Server, thing: str, job: str) -> dict:
    iot = aws.client("iot", f"http://{server.address(8181)}")
    return iot.describe_job_execution(jobId=job, thingName=thing)["execution"]


def test_the_demo_does_a_job_without_an_account(rendered, tmp_path):
    documents = rendered["demo"]
    node, emulator = in_development(documents, tmp_path)
    with emulator:
        said = node.run_pod(Workload(only(documents, "Job")))
        assert list(said) == ["what-is-pending", "start-the-next", "report-success"]
        assert "update-firmware" in said["what-is-pending"]
        assert "2.1.0" in said["start-the-next"]
        done = execution(emulator, "lamp-1", "update-firmware")
        assert done["status"] == "SUCCEEDED"
        assert done["statusDetails"]["detailsMap"]["step"] == "installed"


def test_the_application_in_python_does_its_job(rendered, tmp_path):
    documents = rendered["python"]
    node, emulator = in_development(documents, tmp_path)
    with emulator:
        said = node.run_pod(Workload(only(documents, "Job")))
        assert "nothing left to do" in said["worker"]
        assert execution(emulator, "lamp-2", "update-firmware")["status"] == "SUCCEEDED"


# What EKS adds to the containers of a Pod with a role; the endpoint stands for AWS's.
def injected(upstream: str | None) -> dict[str, str]:
    endpoint = {} if upstream is None else {"IOT_JOBS_GATEWAY_UPSTREAM_ENDPOINT": upstream}
    return {"AWS_REGION": REGION, **CREDENTIALS, **endpoint}


def gateway_of(rendered, name: str) -> tuple[list[dict], Workload]:
    [found] = [one for one in workloads(rendered[name]) if one.gateways]
    return rendered[name], found


GATEWAYS = ["base", "standalone", "beside a deployment", "beside a daemon set", "legacy"]


@pytest.mark.parametrize("name", GATEWAYS)
def test_a_gateway_starts_and_its_probes_succeed(rendered, tmp_path, upstream_url, name):
    documents, workload = gateway_of(rendered, name)
    node = Node(documents, tmp_path, injected=injected(upstream_url))
    with node.start(workload, GATEWAY) as gateway:
        assert gateway.probe("startupProbe")
        assert eventually(lambda: gateway.probe("readinessProbe"))
        assert gateway.probe("livenessProbe")
        is_sidecar = "iot-jobs-gateway/sidecar" in workload.labels
        assert reaches(gateway.address(50051, "127.0.0.1"))
        assert reaches(gateway.address(50051)) == (not is_sidecar)
        assert gateway.logged("unknown environment variable") == []


@pytest.mark.parametrize("name", GATEWAYS)
def test_the_application_starts_without_aws_and_the_roll_out_stops(rendered, tmp_path, name):
    documents, workload = gateway_of(rendered, name)
    # Nothing listens there, so nobody says which endpoint is the account's.
    nowhere = {"AWS_ENDPOINT_URL_IOT": "http://127.0.0.1:9"}
    node = Node(documents, tmp_path, injected={**injected(None), **nowhere})
    with node.start(workload, GATEWAY) as gateway:
        assert gateway.probe("startupProbe")
        assert gateway.probe("livenessProbe")
        assert not gateway.probe("readinessProbe")


@pytest.mark.parametrize("name", ["standalone", "legacy"])
def test_told_to_end_it_serves_on_while_others_learn_of_it(rendered, tmp_path, upstream_url, name):
    documents, workload = gateway_of(rendered, name)
    node = Node(documents, tmp_path, injected=injected(upstream_url))
    gateway = node.start(workload, GATEWAY)
    assert eventually(lambda: gateway.probe("readinessProbe"))
    with grpc.insecure_channel(gateway.address(50051, "127.0.0.1")) as channel:
        jobs = rpc.JobsDataPlaneServiceStub(channel)
        jobs.GetPendingJobExecutions(PENDING, timeout=30)
        gateway.terminate()
        assert eventually(lambda: gateway.logged("draining"))
        jobs.GetPendingJobExecutions(PENDING, timeout=30)
        assert not gateway.probe("readinessProbe")
        assert gateway.probe("livenessProbe")
    gateway.stop()


def test_a_native_sidecar_ends_at_once_when_its_turn_comes(rendered, tmp_path, upstream_url):
    documents, workload = gateway_of(rendered, "beside a deployment")
    node = Node(documents, tmp_path, injected=injected(upstream_url))
    gateway = node.start(workload, GATEWAY)
    with grpc.insecure_channel(gateway.address(50051, "127.0.0.1")) as channel:
        rpc.JobsDataPlaneServiceStub(channel).GetPendingJobExecutions(PENDING, timeout=30)
    gateway.stop()
    assert gateway.logged("stopped")


def test_over_tls_only_callers_with_a_certificate_are_served(rendered, tmp_path, upstream_url):
    documents, workload = gateway_of(rendered, "standalone-tls")
    certificate = only(documents, "Certificate")["spec"]
    # As cert-manager would.
    authority = Authority("iot-jobs")
    server = authority.issue(*certificate["dnsNames"])
    papers = tmp_path / "papers"
    papers.mkdir()
    (papers / "tls.crt").write_bytes(server.chain)
    (papers / "tls.key").write_bytes(server.key)
    (papers / "ca.crt").write_bytes(authority.pem)
    secrets = {certificate["secretName"]: papers}
    node = Node(documents, tmp_path, secrets, injected(upstream_url))
    client = authority.issue("client.test", usage=ExtendedKeyUsageOID.CLIENT_AUTH)
    with node.start(workload, GATEWAY) as gateway:
        assert eventually(lambda: gateway.probe("readinessProbe"))
        options = [("grpc.ssl_target_name_override", certificate["dnsNames"][-1])]
        for identity, is_served in (((client.key, client.chain), True), ((None, None), False)):
            credentials = grpc.ssl_channel_credentials(authority.pem, *identity)
            address = gateway.address(50051)
            with grpc.secure_channel(address, credentials, options) as channel:
                call = rpc.JobsDataPlaneServiceStub(channel).GetPendingJobExecutions
                if is_served:
                    call(PENDING, timeout=30)
                    continue
                with pytest.raises(grpc.RpcError) as refused:
                    call(PENDING, timeout=30)
                assert refused.value.code() == grpc.StatusCode.UNAVAILABLE
