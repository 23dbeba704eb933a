# SPDX-License-Identifier: Apache-2.0
"""`check`, which a newcomer runs inside the pod: a line for each step, and the repair for what
failed."""

from __future__ import annotations

import dataclasses
import socket
from collections.abc import Callable

import pytest

import certificates
from certificates import Authority, Identity
from credential_servers import EndpointDirectory
from http_server import Answer, Received, Server, http_date
from ledger import Ledger
from program import ACCESS_KEY, CREDENTIALS, REGION, SECRET_KEY, run_to_end
from proxy import Proxy
from raw_server import RawServer, saying
from signatures import Key
from upstream import Upstream

STEPS = ["configuration", "credentials", "endpoint", "dns", "tcp", "tls", "clock", "call"]


@dataclasses.dataclass
class Step:
    verdict: str
    words: str
    repair: str | None = None


class Checked:
    """What a check printed, read as its columns stand."""

    def __init__(self, *arguments: str, env: dict[str, str] | None = None):
        done = run_to_end("check", *arguments, env=env)
        self.status, self.text, self.errors = done.returncode, done.stdout, done.stderr
        self.steps: dict[str, Step] = {}
        self.order: list[tuple[str, Step]] = []
        for line in self.text.splitlines():
            if line.startswith(" ") and "repair: " in line:
                self.order[-1][1].repair = line.split("repair: ", 1)[1]
            elif line.split(" ", 1)[0] in ("ok", "warning", "failed", "skipped"):
                verdict, step, words = line.split(None, 2)
                self.order.append((step, Step(verdict, words)))
        for name, step in self.order:
            # The worse of two verdicts on a step counts.
            if name not in self.steps or step.verdict != "ok":
                self.steps[name] = step
        for key in (SECRET_KEY, ACCESS_KEY):
            assert key not in self.text + self.errors

    def __getitem__(self, name: str) -> Step:
        return self.steps[name]

    @property
    def failed(self) -> list[str]:
        return [name for name, step in self.steps.items() if step.verdict == "failed"]

    def fails_at(self, *names: str) -> bool:
        """True if these steps failed, each with a repair, and the exit status says so."""
        assert self.failed == list(names), self.text
        assert all(self.steps[name].repair for name in names), self.text
        return self.status != 0


def checked(upstream: str, *arguments: str, env: dict[str, str] | None = None) -> Checked:
    return Checked(
        *("--upstream-endpoint", upstream, "--region", REGION, *arguments),
        env={**CREDENTIALS, **(env or {})},
    )


def dated(answer: Answer, off_seconds: float = 0) -> Answer:
    """With the Date that every AWS sends."""
    return dataclasses.replace(answer, headers=answer.headers | {"Date": http_date(off_seconds)})


def no_such_job(_: Received) -> Answer:
    return dated(Answer.error("ResourceNotFoundException", 404, "no such thing"))


@pytest.fixture
def aws_like(upstream: Upstream) -> Upstream:
    """Knows no job at all, and has a clock."""
    upstream.respond = no_such_job
    return upstream


@pytest.fixture
def secured(tmp_path) -> Callable[[Identity], Upstream]:
    opened: list[Upstream] = []

    def begin(identity: Identity) -> Upstream:
        context = identity.server_context(tmp_path)
        opened.append(Upstream(no_such_job, tls=context))
        return opened[-1]

    yield begin
    for server in opened:
        server.stop()


def test_all_is_well(secured, tmp_path):
    authority = Authority()
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(authority.pem)
    server = secured(authority.issue("localhost"))
    done = checked(server.url, env={"AWS_CA_BUNDLE": str(bundle)})
    assert done.status == 0, done.text
    assert [name for name, _ in done.order] == STEPS
    assert {step.verdict for step in done.steps.values()} == {"ok"}, done.text
    assert done.errors == ""
    # The call was one, signed, and changes nothing.
    (request,) = server.requests
    assert request.method == "GET"
    assert server.complaints == []
    assert REGION in done["configuration"].words
    assert "environment" in done["credentials"].words
    assert server.url in done["endpoint"].words and "--upstream-endpoint" in done["endpoint"].words
    assert "TLSv1.3" in done["tls"].words and "Test Root" in done["tls"].words


def test_a_thing_of_ones_own_is_described(upstream):
    ledger = Ledger()
    upstream.respond = ledger
    ledger.add("lamp-1", "$next")
    done = checked(upstream.url, "--thing", "lamp-1")
    assert done.status == 0, done.text
    assert upstream.requests[0].target.startswith("/things/lamp-1/jobs/%24next")


def test_the_emulator_passes(emulator):
    done = checked(emulator.url)
    assert done.status == 0, done.text


def test_without_a_region_the_way_to_give_one_is_told():
    done = Checked("--upstream-endpoint", "http://127.0.0.1:1", env=CREDENTIALS)
    assert done.status in range(64, 79)
    assert done["configuration"].verdict == "failed"
    assert "--region" in done["configuration"].words and "AWS_REGION" in done["configuration"].words
    assert {done[name].verdict for name in STEPS[1:]} == {"skipped"}


def test_without_credentials_each_source_is_told(aws_like):
    done = Checked(
        *("--upstream-endpoint", aws_like.url, "--region", REGION),
        env={"AWS_EC2_METADATA_DISABLED": "true"},
    )
    assert done.fails_at("credentials")
    assert "AWS_ACCESS_KEY_ID is not set" in done["credentials"].words
    assert "AWS_WEB_IDENTITY_TOKEN_FILE" in done["credentials"].words
    # What can be tried without them is tried.
    assert done["tcp"].verdict == "ok"
    assert done["call"].verdict == "skipped"
    assert all(request.target == "/" for request in aws_like.requests)
    aws_like.complaints.clear()


def test_the_source_and_the_end_of_credentials_are_told(cloud):
    cloud.upstream.respond = no_such_job
    env = cloud.env(cloud.pod_identity())
    done = Checked("--upstream-endpoint", cloud.upstream.url, env=env)
    assert done.status == 0, done.text
    words = done["credentials"].words
    key = cloud.container.issued[0]
    assert "container" in words and key.expiry_text in words
    # Enough to tell one key from another, and no more.
    assert key.id[-4:] in words and key.id not in done.text
    assert key.secret not in done.text and key.token not in done.text


def test_a_source_that_fails_is_named_with_what_it_said(cloud):
    cloud.container.refuse = lambda _: Answer.json({"code": "AccessDenied", "message": "x"}, 403)
    env = cloud.env(cloud.pod_identity())
    done = Checked("--upstream-endpoint", cloud.upstream.url, env=env)
    assert "credentials" in done.failed
    assert "container" in done["credentials"].words and "403" in done["credentials"].words
    # The look at the clock needs none.
    assert all(request.target == "/" for request in cloud.upstream.requests)
    cloud.upstream.complaints.clear()


REFUSED = {
    "invalid-endpoint": (
        Answer.error(
            "AccessDeniedException",
            403,
            "Access Denied: Invalid endpoint. Use describe-endpoint API to get valid endpoint",
        ),
        ["--upstream-endpoint", "describe-endpoint", "iot:Jobs"],
    ),
    "no-permission": (
        Answer.error("AccessDeniedException", 403, "User is not authorized"),
        ["allow", "iotjobsdata:DescribeJobExecution"],
    ),
    "wrong-secret": (
        Answer.error("SignatureDoesNotMatch", 403, "The signature we calculated"),
        ["secret", "region"],
    ),
    "unknown-key": (
        Answer.error("UnrecognizedClientException", 403, "The security token is invalid."),
        ["AWS_SESSION_TOKEN"],
    ),
    "expired-token": (
        Answer.error("ExpiredTokenException", 403, "The security token is expired"),
        ["new temporary credentials"],
    ),
    "another-service": (
        Answer.error("UnknownOperationException", 404),
        ["is not an endpoint of the IoT jobs data plane"],
    ),
    "a-web-page": (
        Answer(200, b"<html>It works!</html>", {"Content-Type": "text/html"}),
        ["is not an endpoint of the IoT jobs data plane"],
    ),
    "moved": (Answer(301, b"", {"Location": "https://x.test/"}), ["redirects are not followed"]),
    "trouble-at-aws": (Answer.error("InternalFailure", 500), ["try again"]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_aws_refuses_is_told_with_the_repair(upstream, case):
    answer, words = REFUSED[case]
    upstream.respond = lambda _: dated(answer)
    done = checked(upstream.url)
    assert done.fails_at("call")
    for word in words:
        assert word in done["call"].repair, done.text


@pytest.mark.parametrize(("off", "words"), [(7200, "behind"), (-7200, "ahead")])
def test_a_clock_that_is_off_is_told_by_how_much(upstream, off, words):
    upstream.respond = lambda _: dated(Answer.error("RequestTimeTooSkewed", 403), off)
    done = checked(upstream.url)
    assert "clock" in done.failed
    assert words in done["clock"].words
    assert "clock" in done["clock"].repair


def test_a_name_that_nobody_knows_is_a_matter_of_dns():
    done = checked("https://nobody.invalid")
    assert done.fails_at("dns")
    assert "nobody.invalid" in done["dns"].words
    assert {done[name].verdict for name in ("tcp", "tls", "call")} == {"skipped"}


def test_a_port_where_nobody_listens_is_a_matter_of_tcp():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    done = checked(f"https://localhost:{port}")
    assert done.fails_at("tcp")
    assert "listens" in done["tcp"].repair


BAD = {
    "unknown-authority": (
        lambda _: Authority("Stranger").issue("localhost"),
        ["Stranger"],
        ["--upstream-ca-bundle", "AWS_CA_BUNDLE"],
    ),
    "expired": (
        lambda root: root.issue("localhost", valid=certificates.YESTERDAY),
        ["expired"],
        ["clock", "renew"],
    ),
    "wrong-host": (lambda root: root.issue("other.test"), ["other.test"], ["name"]),
}


@pytest.mark.parametrize("case", BAD)
def test_a_certificate_that_is_refused_is_named_with_the_repair(secured, tmp_path, case):
    make, words, repairs = BAD[case]
    authority = Authority()
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(authority.pem)
    server = secured(make(authority))
    done = checked(server.url, "--upstream-ca-bundle", str(bundle))
    assert done.fails_at("tls")
    for word in words:
        assert word in done["tls"].words, done.text
    for word in repairs:
        assert word in done["tls"].repair, done.text
    assert server.requests == []


def test_a_port_that_speaks_plain_http_is_told_so():
    with RawServer(saying(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as server:
        done = checked(f"https://localhost:{server.port}")
    assert done.fails_at("tls")
    assert "http://" in done["tls"].repair


def test_a_proxy_that_refuses_is_told_apart_from_aws():
    refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"
    with Proxy(1, refusal) as proxy:
        done = checked("https://jobs.test", env={"HTTPS_PROXY": proxy.url})
    assert done.failed and done.status != 0
    (failed,) = done.failed
    assert "proxy" in done[failed].words and "HTTPS_PROXY" in done[failed].repair, done.text


def test_an_endpoint_that_is_looked_up_is_told_with_its_origin(aws_like):
    keys = {ACCESS_KEY: Key(ACCESS_KEY, SECRET_KEY)}
    with EndpointDirectory(f"127.0.0.1:{aws_like.port}", keys) as directory:
        env = {**CREDENTIALS, **directory.environment()}
        done = Checked("--region", REGION, env=env)
    assert done.status == 0, done.text
    assert aws_like.url in done["endpoint"].words and "DescribeEndpoint" in done["endpoint"].words


def test_a_look_up_that_is_refused_names_the_permission():
    denied = Answer.error("AccessDeniedException", 403, "not authorized")
    with Server(lambda _: denied) as directory:
        env = {**CREDENTIALS, "AWS_ENDPOINT_URL_IOT": directory.url}
        done = Checked("--region", REGION, env=env)
    assert done.fails_at("endpoint")
    assert "iot:DescribeEndpoint" in done["endpoint"].repair
    assert "--upstream-endpoint" in done["endpoint"].repair


def test_keys_that_hide_a_pods_role_are_a_warning(aws_like, cloud):
    env = cloud.env(cloud.web_identity(), {"AWS_EC2_METADATA_DISABLED": "true"})
    done = checked(aws_like.url, env=env)
    assert done.status == 0, done.text
    assert done["credentials"].verdict == "warning"
    assert "web-identity" in done["credentials"].words
    assert "AWS_ACCESS_KEY_ID" in done["credentials"].repair
