# SPDX-License-Identifier: Apache-2.0
"""AWS's command line tool through the door: a job's life, and what it says of errors."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from aws import create_job
from door import KEY_ID, SECRET, Door, key_file
from program import REGION, environment

# What version 1 and version 2 return when a service refuses (AWS CLI, return codes).
REFUSED = (255, 254)


@pytest.fixture(scope="module")
def door(emulator, tmp_path_factory):
    with Door(emulator.url, key_file(tmp_path_factory.mktemp("door"))) as program:
        yield program


class CommandLine:
    def __init__(self, url: str):
        self._url = url

    def run(self, operation: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [
                *(sys.executable, "-m", "awscli", "iot-jobs-data", operation, *arguments),
                *("--endpoint-url", self._url, "--output", "json"),
            ],
            env=environment(
                {
                    "AWS_ACCESS_KEY_ID": KEY_ID,
                    "AWS_SECRET_ACCESS_KEY": SECRET,
                    "AWS_DEFAULT_REGION": REGION,
                    "AWS_MAX_ATTEMPTS": "1",
                }
            ),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def __call__(self, operation: str, *arguments: str) -> dict:
        done = self.run(operation, *arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else {}


@pytest.fixture
def cli(door) -> CommandLine:
    return CommandLine(door.url)


def test_the_tool_takes_a_job_from_queued_to_done(cli, iot, thing, job):
    create_job(iot, job, thing, document={"text": "Grüße"})
    of_thing = ("--thing-name", thing)
    of_job = (*of_thing, "--job-id", job)
    (queued,) = cli("get-pending-job-executions", *of_thing)["queuedJobs"]
    assert queued["jobId"] == job
    started = cli(
        "start-next-pending-job-execution", *of_thing, "--status-details", "step=first"
    )["execution"]
    assert started["status"] == "IN_PROGRESS"
    assert json.loads(started["jobDocument"]) == {"text": "Grüße"}
    next_one = cli("describe-job-execution", *of_thing, "--job-id", "$next")["execution"]
    assert next_one["statusDetails"] == {"step": "first"}
    bare = cli("describe-job-execution", *of_job, "--no-include-job-document")["execution"]
    assert "jobDocument" not in bare
    updated = cli(
        *("update-job-execution", *of_job, "--status", "SUCCEEDED"),
        *("--expected-version", "2", "--include-job-execution-state"),
    )
    assert updated["executionState"]["status"] == "SUCCEEDED"
    assert cli("start-next-pending-job-execution", *of_thing) == {}


def test_the_tool_names_errors_as_it_does_at_aws(cli, iot, thing, job):
    of_job = ("--thing-name", thing, "--job-id", job)
    missing = cli.run("describe-job-execution", *of_job)
    assert missing.returncode in REFUSED
    assert "(ResourceNotFoundException)" in missing.stderr
    create_job(iot, job, thing)
    cli("update-job-execution", *of_job, "--status", "FAILED")
    over = cli.run("describe-job-execution", *of_job)
    assert "(TerminalStateException)" in over.stderr
    late = cli.run("update-job-execution", *of_job, "--status", "SUCCEEDED")
    assert "(InvalidStateTransitionException)" in late.stderr
