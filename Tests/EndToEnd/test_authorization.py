# SPDX-License-Identifier: Apache-2.0
"""Who may do what: policy and token files, callers known by socket and token, the audit log."""

from __future__ import annotations

import hashlib
import os
import pathlib
import signal

import grpc
import pytest

from aws import create_job
from callers import Answered, describe, ended, pending, start_next, update
from failures import HERE
from metrics import scrape
from program import CREDENTIALS, REGION, Program, eventually, run_to_end
from stubs import rpc

Code = grpc.StatusCode
DECISIONS = "iot_jobs_gateway_authorization_total"
CONSOLE = "console-token-0123456789"
HASHED = "hashed-token-0123456789"


def rules(*lines: str) -> str:
    return "rules:\n" + "".join(f"  - {line}\n" for line in lines)


def rule(identities: str, operations: str, things: str) -> str:
    return f'{{identities: "{identities}", operations: {operations}, things: "{things}"}}'


class Files:
    """The files of one gateway, which looks at them often or when it is told to."""

    def __init__(self, folder: pathlib.Path):
        self.policy = folder / "policy.yaml"
        self.tokens = folder / "tokens"
        self.socket = folder / "grpc.sock"
        self.tokens.write_text(
            f"# callers\nconsole: {CONSOLE}\n"
            f"door-1: sha256:{hashlib.sha256(HASHED.encode()).hexdigest()}\n"
        )

    def flags(self, *more: str) -> list[str]:
        return [
            *("--authorization-policy", str(self.policy), "--token-file", str(self.tokens)),
            *("--reload-interval", "1h", *more),
        ]


@pytest.fixture
def files(tmp_path) -> Files:
    return Files(tmp_path)


class Caller:
    """A caller of one address, with a token or without."""

    def __init__(self, address: str, token: str | None = None):
        self.channel = grpc.insecure_channel(address, [("grpc.use_local_subchannel_pool", 1)])
        self._stub = rpc.JobsDataPlaneServiceStub(self.channel)
        self._metadata = [("authorization", f"Bearer {token}")] if token else []

    def __call__(self, request, *more: tuple[str, str]) -> Answered:
        name = type(request).__name__.removesuffix("Request")
        call = getattr(self._stub, name).future(
            request, timeout=30, metadata=[*self._metadata, *more]
        )
        return ended(call)

    def __enter__(self) -> Caller:
        return self

    def __exit__(self, *_) -> None:
        self.channel.close()


def reload(gateway: Program, what: str, result: str = "success") -> None:
    """Has the gateway look at its files, and waits for what came of it."""

    def count() -> float:
        samples = scrape(gateway.admin_url)
        return samples.value("iot_jobs_gateway_reloads_total", what=what, result=result)

    before = count()
    gateway.process.send_signal(signal.SIGHUP)
    assert eventually(lambda: count() == before + 1), gateway.log_tail()


def audited(gateway: Program) -> list[dict]:
    return [record for record in gateway.records if "audit" in record]


def test_a_token_says_who_calls(start, emulator, iot, files, job):
    files.policy.write_text(
        rules(rule("token:{thing}", "all", "{thing}"), rule("token:console", "read", "*"))
    )
    create_job(iot, job, "door-1")
    create_job(iot, f"{job}-2", "door-2")
    gateway = start(emulator.url, *files.flags())
    with (
        Caller(gateway.address, CONSOLE) as console,
        Caller(gateway.address, HASHED) as lamp,
        Caller(gateway.address, HASHED + "x") as wrong,
        Caller(gateway.address) as nobody,
    ):
        assert lamp(describe("door-1", job)).ok
        assert lamp(update("door-1", job)).ok
        assert lamp(describe("door-2", f"{job}-2")).code is Code.PERMISSION_DENIED
        assert console(describe("door-2", f"{job}-2")).ok
        assert console(pending("door-1")).ok
        refused = console(start_next("door-2"))
        assert (refused.code, refused.reason) == (Code.PERMISSION_DENIED, "POLICY_DENIED")
        assert refused.failure.info.domain == HERE
        for caller in (wrong, nobody):
            stranger = caller(pending("door-1"))
            assert (stranger.code, stranger.reason) == (Code.UNAUTHENTICATED, "UNAUTHENTICATED")
        # A wrong token is wrong although the right one comes with it.
        twice = console(pending("door-1"), ("authorization", "Bearer wrong"))
        assert twice.code is Code.UNAUTHENTICATED
    samples = scrape(gateway.admin_url)
    assert samples.value(DECISIONS, decision="allowed", mode="enforce") == 4
    assert samples.value(DECISIONS, decision="denied", mode="enforce") == 2
    assert samples.value(DECISIONS, decision="unauthenticated", mode="enforce") == 3


def test_nothing_says_a_token(start, emulator, files):
    files.policy.write_text(rules(rule("token:console", "read", "*")))
    gateway = start(emulator.url, *files.flags("--log-level", "trace"))
    with Caller(gateway.address, CONSOLE) as console, Caller(gateway.address, HASHED) as lamp:
        answers = [console(update("door-1", "j")), lamp(pending("door-1"))]
    files.tokens.write_text(f"console: {CONSOLE}\nbroken line {HASHED}\n")
    reload(gateway, "tokens", "failure")
    told = [str(answer.failure) for answer in answers] + [str(a.metadata) for a in answers]
    told += [gateway.log_tail(), scrape(gateway.admin_url).text, str(gateway.records)]
    for secret in (CONSOLE, HASHED):
        assert not [text for text in told if secret in text]


def test_the_kernel_says_who_calls_by_a_unix_socket(start, emulator, iot, files, job):
    files.policy.write_text(rules(rule(f"uid:{os.getuid()}", "read", "*")))
    thing = f"unix-{job}"
    create_job(iot, job, thing)
    gateway = start(
        emulator.url,
        *("--authorization-policy", str(files.policy), "--reload-interval", "1h"),
        listen=f"unix:{files.socket}",
    )
    with Caller(gateway.address) as caller:
        assert caller(describe(thing, job)).ok
        assert caller(update(thing, job)).code is Code.PERMISSION_DENIED
        files.policy.write_text(rules(rule(f"uid:{os.getuid() + 1}", "all", "*")))
        reload(gateway, "policy")
        # The connection is the same, and the answer is not even in the cache.
        assert caller(describe(thing, job)).code is Code.PERMISSION_DENIED


def test_what_cannot_be_read_leaves_the_last_good_policy_in_force(start, emulator, files):
    good = rules(rule("token:console", "read", "*"))
    files.policy.write_text(good)
    gateway = start(emulator.url, *files.flags())
    with Caller(gateway.address, CONSOLE) as console, Caller(gateway.address, HASHED) as lamp:
        assert console(pending("door-1")).ok
        files.policy.write_text(good + "  - nonsense\n")
        reload(gateway, "policy", "failure")
        (line,) = [r for r in gateway.records if "stays in force" in r["message"]]
        assert "line 3" in line["reason"]
        assert console(pending("door-1")).ok
        assert lamp(pending("door-1")).code is Code.PERMISSION_DENIED
        files.policy.write_text(rules(rule("token:door-1", "read", "*")))
        reload(gateway, "policy")
        assert console(pending("door-1")).code is Code.PERMISSION_DENIED
        assert lamp(pending("door-1")).ok
        files.tokens.write_text(f"door-1: {CONSOLE}\n")
        reload(gateway, "tokens")
        assert console(pending("door-1")).ok
        assert lamp(pending("door-1")).code is Code.UNAUTHENTICATED


def test_shadow_counts_what_it_would_refuse(start, emulator, iot, files, thing, job):
    create_job(iot, job, thing)
    files.policy.write_text("rules: []\n")
    gateway = start(emulator.url, *files.flags("--authorization-mode", "shadow"))
    with Caller(gateway.address, CONSOLE) as console, Caller(gateway.address) as nobody:
        assert console(start_next(thing)).ok
        assert nobody(pending(thing)).ok
    samples = scrape(gateway.admin_url)
    assert samples.value(DECISIONS, decision="denied", mode="shadow") == 1
    assert samples.value(DECISIONS, decision="unauthenticated", mode="shadow") == 1
    assert [(r["audit"], r["mode"], r["grpc-code"]) for r in audited(gateway)] == [
        ("denied", "shadow", "OK"),
        ("unauthenticated", "shadow", "OK"),
    ]


def test_a_policy_may_speak_of_callers_that_cannot_be_known_here(start, emulator, files):
    files.policy.write_text(
        rules(rule("uid:1", "all", "*"), rule("cn:console", "all", "*"), rule("token:a", "all", "*"))
    )
    gateway = start(emulator.url, *files.flags())
    gateway.listener("admin")
    warned = [r for r in gateway.records if "cannot be known here" in r["message"]]
    assert [(r["level"], r["kind"]) for r in warned] == [("warning", "cn"), ("warning", "uid")]


def test_every_mutating_call_has_its_line(start, emulator, iot, files, job):
    thing = f"audit-{job}"
    create_job(iot, job, thing)
    files.policy.write_text(
        "rules:\n- name: consoles\n  identities: token:console\n  operations: all\n"
        f'  things: "{thing}"\n'
    )
    gateway = start(emulator.url, *files.flags())
    with Caller(gateway.address, CONSOLE) as console:
        assert console(describe(thing, job)).ok
        assert console(start_next(thing), ("x-request-id", "r-1")).ok
        assert console(update(thing, job, expected_version=77)).code is Code.ABORTED
        assert console(update("other", job)).code is Code.PERMISSION_DENIED
    assert eventually(lambda: len(audited(gateway)) == 3)
    started, outdated, denied = audited(gateway)
    assert started["request-id"] == "r-1" and started["level"] == "notice"
    told = ("audit", "method", "thing", "job", "caller", "rule", "grpc-code")
    assert [[line.get(key) for key in told] for line in (started, outdated, denied)] == [
        ["allowed", "StartNextPendingJobExecution", thing, None]
        + ["token:console", "consoles", "OK"],
        ["allowed", "UpdateJobExecution", thing, job, "token:console", "consoles", "ABORTED"],
        ["denied", "UpdateJobExecution", "other", job, "token:console", None]
        + ["PERMISSION_DENIED"],
    ]


def test_health_is_nobodys_secret(start, emulator, files):
    files.policy.write_text("rules: []\n")
    gateway = start(emulator.url, *files.flags())
    with Caller(gateway.address) as nobody:
        check = nobody.channel.unary_unary("/grpc.health.v1.Health/Check")
        # SERVING, in the bytes of a HealthCheckResponse.
        assert check(b"", timeout=30) == b"\x08\x01"
        assert nobody(pending("door-1")).code is Code.UNAUTHENTICATED


@pytest.mark.parametrize(
    ("policy", "flags", "told"),
    [
        ("rules:\n  - {}\n", [], "line 2: a rule has no identities"),
        ("rules: [", [], "line 2"),
        (None, [], "No such file"),
        ("rules: []\n", ["--authorization-mode", "soft"], "one of enforce, shadow"),
    ],
)
def test_a_wrong_policy_is_refused_at_start(files, policy, flags, told):
    if policy is not None:
        files.policy.write_text(policy)
    ended = serve(*files.flags(*flags))
    assert ended.returncode in (64, 78)
    assert told in ended.stderr, ended.stderr
    assert "listening on" not in ended.stderr


def test_a_policy_without_a_way_to_know_callers_is_refused_at_start(files):
    files.policy.write_text("rules: []\n")
    ended = serve("--authorization-policy", str(files.policy))
    assert ended.returncode == 78
    assert "no caller can be known" in ended.stderr
    ended = serve("--token-file", str(files.tokens))
    assert ended.returncode == 78
    assert "--token-file" in ended.stderr


def serve(*flags: str):
    return run_to_end(
        *("serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"),
        *("--upstream-endpoint", "http://127.0.0.1:9", "--region", REGION, *flags),
        env=dict(CREDENTIALS),
    )
