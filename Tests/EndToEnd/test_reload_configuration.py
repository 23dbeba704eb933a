# SPDX-License-Identifier: Apache-2.0
"""The file of settings changes while the gateway runs: all of it counts, or nothing."""

from __future__ import annotations

import os
import pathlib
import signal
import threading

import grpc
import pytest

from aws import create_job
from certificates import Authority
from metrics import scrape
from program import CREDENTIALS, Gateway, eventually
from secure import HOST, Files, channel
from stubs import pb, rpc

WHAT = "configuration"
SOON = ("--reload-interval", "100ms")
REFUSED = "changed files cannot be used; what they held before stays in force"
OPEN = "account-reads-per-second: 0\naccount-writes-per-second: 0\nretry-attempts: 1\n"


def hash_of(gateway: Gateway) -> float:
    return scrape(gateway.admin_url).value("iot_jobs_gateway_config_hash")


def reloads(gateway: Gateway, result: str) -> float:
    return scrape(gateway.admin_url).value(
        "iot_jobs_gateway_reloads_total", what=WHAT, result=result
    )


def failing(gateway: Gateway) -> float:
    return scrape(gateway.admin_url).value("iot_jobs_gateway_reload_failing", what=WHAT)


def admitted(gateway: Gateway, thing: str, calls: int = 12) -> int:
    """How many calls of so many at once the thing's limit lets through."""
    with grpc.insecure_channel(gateway.address) as channel:
        stub = rpc.JobsDataPlaneServiceStub(channel)
        request = pb.GetPendingJobExecutionsRequest(thing_name=thing)
        codes = [stub.GetPendingJobExecutions.future(request, timeout=10).code() for _ in range(calls)]
    return sum(code != grpc.StatusCode.RESOURCE_EXHAUSTED for code in codes)


def burst(size: int) -> str:
    """Few enough a second that what is let through is the burst."""
    return f"{OPEN}thing:\n  reads-per-second: 0.01\n  read-burst: {size}\n"


@pytest.fixture
def file(tmp_path) -> pathlib.Path:
    return tmp_path / "gateway.yaml"


def put(file: pathlib.Path, text: str) -> None:
    """At once, as whoever deploys should."""
    fresh = file.with_suffix(".new")
    fresh.write_text(text)
    os.replace(fresh, file)


def test_limits_change_at_once_on_sighup(emulator, file):
    put(file, burst(2))
    flags = ("--config", str(file), "--reload-interval", "1h")
    with Gateway(emulator.url, *flags, policy=None) as gateway:
        before = hash_of(gateway)
        assert admitted(gateway, "first") == 2
        put(file, burst(7))
        gateway.process.send_signal(signal.SIGHUP)
        assert eventually(lambda: reloads(gateway, "success") == 1)
        assert admitted(gateway, "second") == 7
        assert hash_of(gateway) != before
        [line] = gateway.logged("settings changed")
        assert line["setting"] == "thing-read-burst"
        # The start and the change.
        assert len(gateway.logged("limits in force")) == 2


def test_a_mounted_volume_swaps_its_link(emulator, tmp_path):
    """As the kubelet does: ..data points to a folder with the time in its name."""
    for name, size in (("..first", 2), ("..second", 5)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "gateway.yaml").write_text(burst(size))
    os.symlink("..first", tmp_path / "..data")
    os.symlink("..data/gateway.yaml", tmp_path / "gateway.yaml")
    flags = ("--config", str(tmp_path / "gateway.yaml"), *SOON)
    with Gateway(emulator.url, *flags, policy=None) as gateway:
        assert admitted(gateway, "first") == 2
        os.symlink("..second", tmp_path / "..data_tmp")
        os.replace(tmp_path / "..data_tmp", tmp_path / "..data")
        assert eventually(lambda: reloads(gateway, "success") == 1)
        assert admitted(gateway, "second") == 5


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (burst(7) + "thread: 2\n", 'unknown key "thread"; did you mean "threads"?'),
        (burst(7) + "cache-bytes: lots\n", "line 7: cache-bytes"),
        (burst(7) + "threads: 2\nstream-limit: 7\n", "line 8: stream-limit cannot change"),
        (burst(7) + "token-file: t\n", "--authorization-policy"),
        (burst(7) + "listen: [\n", "line 8"),
        ("", None),
    ],
    ids=["unknown key", "wrong value", "cannot change", "does not fit", "broken", "gone"],
)
def test_of_a_file_with_a_fault_nothing_counts(emulator, file, text, words):
    put(file, burst(3))
    with Gateway(emulator.url, "--config", str(file), *SOON, policy=None) as gateway:
        before = hash_of(gateway)
        if words:
            put(file, text)
        else:
            file.unlink()
        assert eventually(lambda: failing(gateway) == 1)
        assert reloads(gateway, "failure") == 1
        [line] = gateway.logged(REFUSED)
        assert line["files"] == WHAT
        assert (words or "No such file") in line["reason"]
        assert hash_of(gateway) == before
        assert admitted(gateway, "first") == 3
        # It is mended, and with that whatever else was meant.
        put(file, burst(4))
        assert eventually(lambda: failing(gateway) == 0)
        assert admitted(gateway, "second") == 4
        assert gateway.process.poll() is None


def test_a_hang_up_has_judged_again_what_was_refused(emulator, file, tmp_path):
    """What a file does not fit may be elsewhere: here AWS's own file, which cannot be read."""
    aws = tmp_path / "aws"
    aws.write_text("[default]\n")
    put(file, burst(2))
    flags = ("--config", str(file), "--reload-interval", "1h")
    env = {**CREDENTIALS, "AWS_CONFIG_FILE": str(aws)}
    with Gateway(emulator.url, *flags, policy=None, env=env) as gateway:
        assert failing(gateway) == 0
        aws.unlink()
        aws.mkdir()
        put(file, burst(5))
        gateway.process.send_signal(signal.SIGHUP)
        assert eventually(lambda: failing(gateway) == 1)
        assert str(aws) in gateway.logged(REFUSED)[0]["reason"]
        aws.rmdir()
        gateway.process.send_signal(signal.SIGHUP)
        assert eventually(lambda: failing(gateway) == 0)
        assert reloads(gateway, "success") == 1
        assert admitted(gateway, "first") == 5


def test_a_fault_that_is_taken_back_is_no_change(emulator, file):
    put(file, burst(3))
    with Gateway(emulator.url, "--config", str(file), *SOON, policy=None) as gateway:
        assert failing(gateway) == 0
        put(file, "threads: many\n")
        assert eventually(lambda: failing(gateway) == 1)
        put(file, burst(3))
        assert eventually(lambda: failing(gateway) == 0)
        assert reloads(gateway, "success") == 0
        assert gateway.logged("files hold again what is in force")


def test_the_cache_grows_shorter_lives_and_no_call_fails(emulator, iot, file):
    create_job(iot, "reload-job", "reload-thing")
    put(file, OPEN + "thing-limit: \"off\"\ndescribe-ttl: 1h\n")
    with Gateway(emulator.url, "--config", str(file), *SOON, policy=None) as gateway:
        stop, outcomes = threading.Event(), []

        def call(stub) -> str:
            request = pb.DescribeJobExecutionRequest(thing_name="reload-thing", job_id="reload-job")
            _, answer = stub.DescribeJobExecution.with_call(request, timeout=10)
            return dict(answer.initial_metadata())["x-cache"]

        def caller() -> None:
            with grpc.insecure_channel(gateway.address) as channel:
                stub = rpc.JobsDataPlaneServiceStub(channel)
                while not stop.is_set():
                    try:
                        outcomes.append(call(stub))
                    except grpc.RpcError as error:
                        outcomes.append(str(error.code()))

        callers = [threading.Thread(target=caller) for _ in range(2)]
        for thread in callers:
            thread.start()
        try:
            assert eventually(lambda: "hit" in outcomes)
            put(file, OPEN + "thing-limit: \"off\"\ncache-bytes: 0\n")
            assert eventually(lambda: reloads(gateway, "success") == 1)
            mark = len(outcomes)
            assert eventually(lambda: len(outcomes) > mark + 20)
        finally:
            stop.set()
            for thread in callers:
                thread.join()
        assert set(outcomes) <= {"hit", "miss", "coalesced"}
        # One of each caller may have been under way.
        assert "hit" not in outcomes[mark + 2 :]


def test_flags_go_before_the_file_for_ever(emulator, file):
    put(file, burst(2))
    flags = ("--config", str(file), "--thing-read-burst", "4", *SOON)
    with Gateway(emulator.url, *flags, policy=None) as gateway:
        assert failing(gateway) == 0
        put(file, burst(9))
        assert eventually(lambda: reloads(gateway, "success") == 1)
        assert admitted(gateway, "first") == 4


def answered_lines(gateway: Gateway) -> int:
    return len(gateway.logged("call answered"))


def test_the_log_follows_the_file(emulator, iot, file):
    create_job(iot, "logged-job", "logged-thing")
    request = pb.DescribeJobExecutionRequest(thing_name="logged-thing", job_id="logged-job")
    put(file, OPEN + "thing-limit: \"off\"\n")
    with Gateway(emulator.url, "--config", str(file), *SOON, policy=None) as gateway:
        with grpc.insecure_channel(gateway.address) as channel:
            stub = rpc.JobsDataPlaneServiceStub(channel)
            stub.DescribeJobExecution(request, timeout=10)
            put(file, OPEN + "thing-limit: \"off\"\naccess-log-ratio: 1\n")
            assert eventually(lambda: reloads(gateway, "success") == 1)
            assert answered_lines(gateway) == 0
            stub.DescribeJobExecution(request, timeout=10)
            assert eventually(lambda: answered_lines(gateway) == 1)
            put(file, OPEN + "thing-limit: \"off\"\naccess-log-ratio: 1\nlog-level: critical\n")
            assert eventually(lambda: reloads(gateway, "success") == 2)
            told = len(gateway.records)
            stub.DescribeJobExecution(request, timeout=10)
        assert len(gateway.records) == told


def test_equal_settings_have_equal_hashes(emulator, tmp_path):
    hashes = []
    for name, text in (("a.yaml", burst(2)), ("b.yaml", burst(2) + "# the same\n")):
        (tmp_path / name).write_text(text)
        flags = ("--config", str(tmp_path / name))
        with Gateway(emulator.url, *flags, policy=None) as gateway:
            hashes.append(hash_of(gateway))
    assert hashes[0] == hashes[1] > 0


def rules(operations: str) -> str:
    return f'rules:\n  - {{identities: "token:console", operations: {operations}, things: "*"}}\n'


def counts(gateway: Gateway, result: str) -> dict[str, float]:
    samples = scrape(gateway.admin_url)
    return {
        what: samples.value("iot_jobs_gateway_reloads_total", what=what, result=result)
        for what in (WHAT, "certificate", "policy", "tokens")
    }


def test_settings_certificate_policy_and_tokens_change_together_and_apart(emulator, file, tmp_path):
    root = Authority()
    policy, tokens = tmp_path / "policy.yaml", tmp_path / "tokens"
    tls = Files(tmp_path, root.issue("localhost", HOST))

    def place(settings: str, operations: str, token: str) -> None:
        put(file, settings)
        put(policy, rules(operations))
        put(tokens, f"console: {token}\n")

    def codes(gateway: Gateway, token: str, thing: str) -> list[grpc.StatusCode]:
        """What becomes of three reads at once, by a connection of their own."""
        request = pb.GetPendingJobExecutionsRequest(thing_name=thing)
        metadata = [("authorization", f"Bearer {token}")]
        with channel(gateway.secure_address, root) as opened:
            stub = rpc.JobsDataPlaneServiceStub(opened)
            return [
                stub.GetPendingJobExecutions.future(request, timeout=30, metadata=metadata).code()
                for _ in range(3)
            ]

    first, second = "first-token-of-32-characters-and-more", "other-token-of-32-characters-and-more"
    served, refused = grpc.StatusCode.NOT_FOUND, grpc.StatusCode.RESOURCE_EXHAUSTED
    place(burst(1), "write", first)
    flags = ("--authorization-policy", str(policy), "--token-file", str(tokens))
    flags += (*tls.flags(), "--config", str(file), "--reload-interval", "1h")
    with Gateway(emulator.url, *flags, policy=None) as gateway:
        assert codes(gateway, first, "one") == [grpc.StatusCode.PERMISSION_DENIED] * 3
        # One look takes all four.
        place(burst(2), "read", second)
        tls.show(root.issue("localhost", HOST))
        gateway.process.send_signal(signal.SIGHUP)
        assert eventually(lambda: set(counts(gateway, "success").values()) == {1})
        assert codes(gateway, second, "two") == [served, served, refused]
        assert codes(gateway, first, "two") == [grpc.StatusCode.UNAUTHENTICATED] * 3
        # What cannot be used holds back nothing but itself.
        place("threads: many\n", "read", first)
        gateway.process.send_signal(signal.SIGHUP)
        assert eventually(lambda: counts(gateway, "failure")[WHAT] == 1)
        assert eventually(lambda: counts(gateway, "success")["tokens"] == 2)
        assert codes(gateway, first, "three") == [served, served, refused]
        told = gateway.log_tail()
    assert first not in told and second not in told and "PRIVATE" not in told
