# SPDX-License-Identifier: Apache-2.0
"""The image at work, in containers that may do as little as a cluster allows."""

from __future__ import annotations

import json
import pathlib
import ssl
import subprocess
from collections.abc import Callable, Iterator

import grpc
import pytest

import aws
import image
from callers import start_next, update
from certificates import Authority
from container import Container, ContainedProgram, Runtime, seccomp_profile
from http_server import Answer
from name_server import NameServer
from program import CREDENTIALS, REGION, eventually
from stubs import rpc
from upstream import Upstream

pytestmark = pytest.mark.long

SETTINGS = {**CREDENTIALS, "AWS_REGION": REGION}
# Where the binary's TLS looks by itself, and where a cluster mounts authorities of its own.
BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
GATEWAY_FLAGS = (
    *("serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"),
    *("--log-format", "json", "--upstream-endpoint"),
)


@pytest.fixture(scope="module")
def seccomp(tmp_path_factory) -> dict:
    """The profile of engines, out of Debian's package; the package itself brings far more."""
    folder = tmp_path_factory.mktemp("seccomp")
    package = ["apt-get", "-qq", "-o", "APT::Sandbox::User=root"]
    package += ["download", "golang-github-containers-common"]
    if subprocess.run(package, cwd=folder, check=False, timeout=120).returncode != 0:
        pytest.skip("the image in a container: the engines' seccomp profile cannot be had")
    (file,) = folder.glob("*.deb")
    subprocess.run(["dpkg-deb", "--extract", file, folder], check=True, timeout=60)
    return json.loads((folder / "usr/share/containers/seccomp.json").read_text())


@pytest.fixture(scope="module", autouse=True)
def unchanged(tree) -> Iterator[None]:
    """What all these containers leave of their root is what they found."""
    before = tree.shape()
    yield
    assert tree.shape() == before


@pytest.fixture(scope="module")
def runtime(seccomp, tree, tmp_path_factory) -> Runtime:
    runtime = Runtime(tmp_path_factory.mktemp("containers"), seccomp_profile(seccomp))
    if reason := runtime.why_not(tree):
        pytest.skip(f"the image in a container: {reason}")
    return runtime


@pytest.fixture
def contain(runtime, tree) -> Callable[..., Container]:
    """Makes containers of the image, to run to their end."""

    def make(*arguments: str, **more: object) -> Container:
        return Container(runtime, tree, arguments or None, **more)

    return make


@pytest.fixture
def begin(contain) -> Iterator[Callable[..., ContainedProgram]]:
    """Starts containers of the image, which must end well when they are told to."""
    started: list[ContainedProgram] = []

    def start(*arguments: str, **more: object) -> ContainedProgram:
        started.append(ContainedProgram(contain(*arguments, **more)))
        return started[-1]

    yield start
    for program in started:
        program.stop()


def test_the_gateway_needs_no_right_and_writes_nothing(begin, emulator, iot, thing, job):
    aws.create_job(iot, job, thing)
    gateway = begin(*GATEWAY_FLAGS, emulator.url, env=SETTINGS)
    with grpc.insecure_channel(gateway.listener("grpc")) as channel:
        stub = rpc.JobsDataPlaneServiceStub(channel)
        assert stub.StartNextPendingJobExecution(start_next(thing)).execution.job_id == job
        stub.UpdateJobExecution(update(thing, job, "SUCCEEDED"))

    status = gateway.container.status()
    assert status["Uid"].split() == status["Gid"].split() == ["65532"] * 4
    assert status["Groups"] == ""
    capabilities = {int(status[name], 16) for name in status if name.startswith("Cap")}
    assert capabilities == {0}
    assert status["NoNewPrivs"] == "1"
    # A filter is in force.
    assert status["Seccomp"] == "2"
    mounts = gateway.container.mounts()
    assert "ro" in mounts["/"]
    # The two that remain are the kernel's own and a folder of root's for device files.
    assert {point for point in mounts if "rw" in mounts[point] and "/" not in point[1:]} == {
        "/proc",
        "/dev",
    }


def test_any_other_user_will_do(begin, emulator):
    # As OpenShift has them: a number that has no name, in the group of root.
    gateway = begin(*GATEWAY_FLAGS, emulator.url, env=SETTINGS, user=(1_000_680_000, 0))
    assert gateway.listener("grpc")
    assert gateway.container.status()["Uid"].split() == ["1000680000"] * 4


def test_it_is_healthy_as_the_dockerfile_starts_and_asks_it(begin, contain):
    # A network of its own has room for the default ports.
    variables = {"IOT_JOBS_GATEWAY_UPSTREAM_ENDPOINT": "http://127.0.0.1:1"}
    variables["IOT_JOBS_GATEWAY_LOG_FORMAT"] = "json"
    gateway = begin(env={**SETTINGS, **variables}, own_network=True)
    assert gateway.listener("grpc") == "127.0.0.1:50051"
    assert gateway.listener("admin") == "127.0.0.1:9464"
    command = image.dockerfile().health_command
    assert eventually(lambda: gateway.container.execute(command).returncode == 0)
    asked = gateway.container.execute([*command, "--service", "nobody.knows.it"])
    assert asked.returncode == 1, asked.stderr


def test_where_nothing_serves_the_health_check_fails(contain):
    asked = contain(*image.dockerfile().health_command[1:], own_network=True).run()
    assert asked.returncode == 2, asked.stderr


def test_the_emulator_is_in_it_too(begin, contain, thing, job):
    emulator = begin("emulator", "--listen", "127.0.0.1:0", "--log-format", "json")
    url = f"http://{emulator.listener('emulator')}"
    aws.create_job(aws.client("iot", url), job, thing)
    gateway = begin(*GATEWAY_FLAGS, url, env=SETTINGS)
    call = ("call", "pending", thing, "--json", "--address", gateway.listener("grpc"))
    called = contain(*call).run()
    assert called.returncode == 0, called.stderr
    assert job in called.stdout


def test_settings_come_from_the_folder_that_is_there_for_them(begin, emulator, tmp_path):
    # As a ConfigMap's folder is: not for root alone, as pytest's are.
    folder = tmp_path / "settings"
    folder.mkdir(mode=0o755)
    (folder / "gateway.yaml").write_text(
        f"listen: 127.0.0.1:0\nadmin-listen: 127.0.0.1:0\nlog-format: json\nregion: {REGION}\n"
        f"upstream-endpoint: {emulator.url}\n"
    )
    gateway = begin(
        *("serve", "--config", "/etc/iot-jobs-gateway/gateway.yaml"),
        env=CREDENTIALS,
        mounts={"/etc/iot-jobs-gateway": folder},
    )
    assert gateway.listener("grpc")


def no_such_job(_: object) -> Answer:
    return Answer.error("ResourceNotFoundException", 404, "no such thing")


@pytest.fixture
def secured(tmp_path) -> Iterator[tuple[Upstream, pathlib.Path]]:
    """An upstream with a certificate for jobs.test, and the file with who vouches for it."""
    authority = Authority()
    bundle = tmp_path / "authorities.pem"
    bundle.write_bytes(authority.pem)
    context = authority.issue("jobs.test").server_context(tmp_path)
    with Upstream(no_such_job, tls=context) as server:
        yield server, bundle


def verdicts(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """Step → verdict of a `check`."""
    lines = [line.split(None, 2) for line in done.stdout.splitlines() if line[:1].strip()]
    return {words[1]: words[0] for words in lines if len(words) == 3}


def test_hosts_and_mounted_authorities_are_found(contain, secured, tmp_path):
    server, bundle = secured
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 jobs.test\n")
    check = ("check", "--upstream-endpoint", f"https://jobs.test:{server.port}")
    done = contain(*check, env=SETTINGS, mounts={"/etc/hosts": hosts, BUNDLE: bundle}).run()
    told = verdicts(done)
    assert {told[step] for step in ("dns", "tcp", "tls", "call")} == {"ok"}, done.stdout

    # The image's own do not vouch for it.
    done = contain(*check, env=SETTINGS, mounts={"/etc/hosts": hosts}).run()
    told = verdicts(done)
    assert (told["dns"], told["tcp"], told["tls"]) == ("ok", "ok", "failed"), done.stdout


def test_names_are_asked_of_the_name_server(contain, secured, tmp_path):
    server, bundle = secured
    resolver = tmp_path / "resolv.conf"
    with NameServer("jobs.test") as names:
        resolver.write_text(f"nameserver {names.address}\n")
        mounts = {"/etc/resolv.conf": resolver, BUNDLE: bundle}
        check = ("check", "--upstream-endpoint", f"https://jobs.test:{server.port}")
        done = contain(*check, env=SETTINGS, mounts=mounts).run()
    assert "jobs.test" in names.asked
    assert verdicts(done)["call"] == "ok", done.stdout


def test_the_authorities_of_the_web_are_in_it(tree):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(tree.path / BUNDLE[1:])
    names = {name for one in context.get_ca_certs() for part in one["subject"] for name in part}
    # AWS's own, among all those of ca-certificates.
    assert ("commonName", "Amazon Root CA 1") in names
    assert len(context.get_ca_certs()) > 100
