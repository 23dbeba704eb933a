# SPDX-License-Identifier: Apache-2.0
"""`call`: the four operations for a person and for a script."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess

import pytest

from program import BINARY, Gateway, environment, run_to_end

OK, REFUSED, USAGE, UNREACHABLE, UNWRITTEN, RETRY = 0, 1, 64, 69, 74, 75
ESCAPE = "\x1b"
ONE_WRITE = ("--thing-writes-per-second", "1", "--thing-write-burst", "1")


class Caller:
    def __init__(self, gateway):
        self._gateway = gateway

    def __call__(self, *arguments: str, **more):
        return run_to_end("call", *arguments, "--address", self._gateway.address, **more)

    def json(self, *arguments: str):
        done = self(*arguments, "--json")
        assert (done.returncode, done.stderr) == (OK, ""), done.stderr
        assert done.stdout.count("\n") == 1
        return json.loads(done.stdout)


@pytest.fixture
def call(gateway) -> Caller:
    return Caller(gateway)


@pytest.fixture
def job_of(iot, thing, job):
    """A job for the thing, with a document."""

    def create(document: str = '{"do": "it"}') -> str:
        arn = f"arn:aws:iot:us-east-1:123456789012:thing/{thing}"
        iot.create_job(jobId=job, targets=[arn], document=document)
        return job

    return create


def rows(text: str) -> dict[str, str]:
    """The table of an execution; its first column names the second."""
    found = {}
    for line in text.splitlines():
        name, _, value = line.partition("  ")
        found.setdefault(name, value.strip())
    return found


def test_a_job_is_worked_through(call, thing, job_of):
    job = job_of()
    listed = call("pending", thing)
    assert listed.returncode == OK
    assert re.search(rf"^STATUS +JOB +EXECUTION.*\nQUEUED +{job} +1 +1 ", listed.stdout)

    described = rows(call("describe", thing).stdout)
    assert described["thing"] == thing and described["job"] == job
    assert described["status"] == "QUEUED" and '{"do": "it"}' in described
    assert "document" not in call("describe", thing, job, "--no-document").stdout

    started = call("start-next", thing, "--detail", "step=one", "--detail", "note=a=b c")
    assert rows(started.stdout)["status"] == "IN_PROGRESS"
    assert "step = one" in started.stdout and "note = a=b c" in started.stdout

    updated = call("update", thing, job, "in-progress", "--clear-details", "--document")
    assert rows(updated.stdout)["version"] == "3" and "step" not in updated.stdout
    assert '{"do": "it"}' in updated.stdout

    done = call("update", thing, job, "SUCCEEDED", "--expected-version", "3")
    assert rows(done.stdout)["status"] == "SUCCEEDED"
    assert call("pending", thing).stdout.startswith(f"nothing is pending for {thing}\n")
    assert call("start-next", thing).stdout.startswith(f"nothing is pending for {thing}\n")
    over = call("describe", thing, job)
    assert over.returncode == REFUSED and "reason: TERMINAL_STATE, says AWS" in over.stderr


def test_scripts_get_what_aws_itself_says(call, jobs_data, thing, job_of):
    job = job_of()
    theirs = jobs_data.get_pending_job_executions(thingName=thing)
    ours = call.json("pending", thing)
    assert [one["jobId"] for one in ours["queuedJobs"]] == [job]
    assert ours["queuedJobs"] == theirs["queuedJobs"]
    theirs = jobs_data.describe_job_execution(thingName=thing, jobId=job)["execution"]
    ours = call.json("describe", thing, job)["execution"]
    assert ours == theirs
    assert call.json("start-next", thing)["execution"]["status"] == "IN_PROGRESS"
    state = call.json("update", thing, job, "failed")["executionState"]
    assert state["status"] == "FAILED"
    assert call.json("describe", thing) == {}


def test_the_footer_names_the_call(call, thing, job_of):
    job_of()
    text = call("pending", thing).stdout.splitlines()[-1]
    assert re.fullmatch(r"answered in \d+ ms, .*request \S+, AWS request \S+", text), text


def test_no_cache_goes_past_what_is_stored(default_gateway, thing, job_of):
    call, job = Caller(default_gateway), job_of()
    outcomes = [
        re.search(r"cache (\w+)", call("describe", thing, job, *flags).stdout)[1]
        for flags in ((), (), ("--no-cache",))
    ]
    assert outcomes[0] == "miss" and outcomes[2] in ("bypass", "miss")


def test_a_refusal_says_whose_and_what_to_do(call, thing, job_of):
    job = job_of()
    done = call("update", thing, job, "in-progress", "--expected-version", "7")
    assert (done.returncode, done.stdout) == (REFUSED, "")
    lines = done.stderr.splitlines()
    assert lines[0].startswith("error: ABORTED: ")
    assert "reason: VERSION_MISMATCH, says AWS" in lines and "now: QUEUED, version 1" in lines
    assert any(line.startswith("hint: the execution is at version 1") for line in lines)
    assert lines[-1].startswith("request: ")

    told = call("update", thing, job, "in-progress", "--expected-version", "7", "--json")
    error = json.loads(told.stderr)["error"]
    assert told.returncode == REFUSED and told.stdout == ""
    assert error["reason"] == "VERSION_MISMATCH" and error["executionState"]["versionNumber"] == 1
    assert error["retryable"] is False


def test_a_field_that_is_wrong_is_named(call):
    done = call("describe", "no thing!", "job")
    assert done.returncode == REFUSED
    assert "reason: INVALID_FIELD, says the gateway" in done.stderr
    assert "field: thing_name " in done.stderr


def test_what_passes_is_worth_a_second_try(emulator, thing, job_of):
    job = job_of()
    with Gateway(emulator.url, *ONE_WRITE, policy=None) as gateway:
        call = Caller(gateway)
        for _ in range(40):
            done = call("update", thing, job, "in-progress", "--json")
            if done.returncode != OK:
                break
    assert done.returncode == RETRY, done.stderr
    error = json.loads(done.stderr)["error"]
    assert error["code"] == "RESOURCE_EXHAUSTED" and error["retryable"] is True
    assert error["retryAfterMilliseconds"] > 0


def test_nobody_there_is_said_in_plain_words():
    done = run_to_end("call", "pending", "lamp", "--address", "127.0.0.1:1")
    assert done.returncode == UNREACHABLE
    assert done.stderr.startswith("error: UNREACHABLE: 127.0.0.1:1: connection refused\nhint: ")


def test_hostile_text_does_not_reach_the_terminal(call, thing, job_of):
    job_of(json.dumps({"x": "y"}) + "\n")
    done = call("start-next", thing, "--detail", "a=evil")
    assert done.returncode == OK and ESCAPE not in done.stdout
    shown = call("describe", f"{ESCAPE}[31mred", "job")
    assert shown.returncode == REFUSED and ESCAPE not in shown.stderr + shown.stdout


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_an_answer_that_nobody_gets_is_no_success(gateway, thing, job_of, flags):
    job_of()
    arguments = [str(BINARY), "call", "pending", thing, "--address", gateway.address, *flags]
    ours, theirs = os.pipe()
    os.close(ours)
    with open("/dev/full", "wb") as full, os.fdopen(theirs, "wb") as closed:
        for nowhere, why in ((full, "No space left"), (closed, "Broken pipe")):
            done = subprocess.run(
                arguments,
                env=environment(),
                stdout=nowhere,
                stderr=subprocess.PIPE,
                text=True,
                timeout=30,
                check=False,
            )
            assert done.returncode == UNWRITTEN
            assert done.stderr.startswith(f"error: the answer cannot be written: {why}")


@pytest.mark.parametrize(
    "arguments",
    [
        ("describe",),
        ("update", "t", "j", "queued"),
        ("update", "t", "j", "succeeded", "--detail", "novalue"),
        ("start-next", "t", "--detail", "a=b", "--clear-details"),
        ("pending", "t", "--deadline", "soon"),
        ("no-such-operation", "t"),
    ],
)
def test_wrong_words_are_usage(arguments):
    done = run_to_end("call", *arguments)
    assert done.returncode == USAGE and done.stderr


def on_terminal(*arguments: str, **extra: str) -> str:
    """What a person sees whose terminal this runs in."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [str(BINARY), *arguments],
        env=environment({"TERM": "xterm", **extra}),
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        seen = b""
        while select.select([ours], [], [], 30)[0]:
            try:
                part = os.read(ours, 65_536)
            except OSError:  # The other end is gone.
                break
            if not part:
                break
            seen += part
        process.wait(30)
    os.close(ours)
    return seen.decode()


def test_colours_are_for_terminals_that_want_them(gateway, thing, job_of):
    job_of()
    arguments = ("call", "pending", thing, "--address", gateway.address)
    assert f"{ESCAPE}[36mQUEUED{ESCAPE}[0m" in on_terminal(*arguments)
    assert ESCAPE not in on_terminal(*arguments, NO_COLOR="1")
    assert ESCAPE not in on_terminal(*arguments, TERM="dumb")
    assert ESCAPE not in run_to_end(*arguments).stdout
    assert ESCAPE not in on_terminal(*arguments, "--json")


def test_a_token_is_sent_and_never_shown(emulator, tmp_path, thing):
    tokens, policy, mine = tmp_path / "tokens", tmp_path / "policy.yaml", tmp_path / "mine"
    secret = "s3cret-token-of-forty-bytes-or-rather-more"
    tokens.write_text(f"ci: {secret}\n")
    policy.write_text('rules:\n  - {identities: "token:ci", operations: all, things: "*"}\n')
    mine.write_text(f"{secret}\n")
    flags = ("--token-file", str(tokens), "--authorization-policy", str(policy))
    with Gateway(emulator.url, *flags) as gateway:
        call = Caller(gateway)
        without = call("pending", thing)
        having = call("pending", thing, "--token-file", str(mine))
    assert "PERMISSION_DENIED" in without.stderr or "UNAUTHENTICATED" in without.stderr
    assert "NOT_FOUND" in having.stderr, having.stderr
    for done in (without, having):
        assert secret not in done.stdout + done.stderr
