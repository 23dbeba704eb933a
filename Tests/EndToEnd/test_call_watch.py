# SPDX-License-Identifier: Apache-2.0
"""`call watch` and `call wait`: for a person and for a script."""

from __future__ import annotations

import json
import subprocess

import pytest

from aws import create_job
from program import BINARY, Gateway, environment, eventually, run_to_end
from watching import QUICK

OK, REFUSED, USAGE, UNREACHABLE, RETRY = 0, 1, 64, 69, 75


@pytest.fixture(scope="module")
def quick(emulator):
    with Gateway(emulator.url, *QUICK) as program:
        yield program


class Watching:
    """A `call watch` that runs, and the lines that it has written."""

    def __init__(self, gateway: Gateway, *arguments: str, path):
        self._path = path
        with open(path, "wb") as written:
            self.process = subprocess.Popen(
                [BINARY, "call", "watch", *arguments, "--address", gateway.address],
                stdout=written,
                stderr=subprocess.PIPE,
                env=environment(),
            )

    @property
    def lines(self) -> list[str]:
        return self._path.read_text().splitlines()

    def says(self, line: str) -> bool:
        return eventually(lambda: line in self.lines)

    def __enter__(self) -> Watching:
        return self

    def __exit__(self, *_) -> None:
        self.process.kill()
        self.process.communicate()


def wait(gateway: Gateway, *arguments: str):
    return run_to_end("call", "wait", *arguments, "--address", gateway.address)


def test_changes_are_lines(quick, iot, jobs_data, thing, job, tmp_path):
    create_job(iot, job, thing)
    with Watching(quick, thing, path=tmp_path / "lines") as watching:
        assert watching.says(f"{thing}: pending {job} QUEUED version 1 execution 1")
        jobs_data.start_next_pending_job_execution(thingName=thing)
        assert watching.says(f"{thing}: started {job} IN_PROGRESS version 2 execution 1")
        jobs_data.update_job_execution(thingName=thing, jobId=job, status="SUCCEEDED")
        assert watching.says(f"{thing}: left {job} version 2 execution 1")


def test_for_scripts_there_is_json(quick, iot, jobs_data, thing, job):
    create_job(iot, job, thing)
    done = run_to_end(
        *("call", "watch", thing, "--json", "--deadline", "1s"), "--address", quick.address
    )
    assert (done.returncode, done.stderr) == (OK, "")
    (first, *_) = map(json.loads, done.stdout.splitlines())
    assert first["thingName"] == thing
    assert [row["jobId"] for row in first["snapshot"]["queuedJobs"]] == [job]


def test_who_is_sent_away_comes_back(start, emulator, iot, thing, job, tmp_path):
    gateway = start(emulator.url, *QUICK, "--watch-max-duration", "300ms")
    create_job(iot, job, thing)
    with Watching(gateway, thing, path=tmp_path / "lines") as watching:
        assert watching.says(f"{thing}: pending {job} QUEUED version 1 execution 1")
        for number in range(3):
            create_job(iot, f"{job}-{number}", thing)
            assert watching.says(f"{thing}: added {job}-{number} QUEUED version 1 execution 1")
        # It came back with its token, so what it knew was not told again.
        assert len(watching.lines) == 4


def test_a_thing_that_there_is_not(quick, thing):
    done = run_to_end("call", "watch", thing, "--address", quick.address)
    assert done.returncode == REFUSED and "NOT_FOUND" in done.stderr


def test_no_gateway_is_told_at_once():
    done = run_to_end("call", "watch", "t", "--address", "127.0.0.1:1")
    assert done.returncode == UNREACHABLE


def test_the_end_is_waited_for(quick, iot, jobs_data, thing, job):
    create_job(iot, job, thing)
    assert wait(quick, thing, job, "--deadline", "200ms").returncode == RETRY
    jobs_data.start_next_pending_job_execution(thingName=thing)
    begun = wait(quick, thing, job, "--status", "in-progress")
    assert begun.stdout.startswith(f"{job}: IN_PROGRESS version 2 execution 1\n")
    assert wait(quick, thing, job, "--version-above", "1", "--json").stdout == (
        '{"terminal":false,"status":"IN_PROGRESS","versionNumber":2,"executionNumber":1}\n'
    )
    jobs_data.update_job_execution(thingName=thing, jobId=job, status="FAILED")
    ended = wait(quick, thing, job)
    assert ended.returncode == OK
    assert ended.stdout.startswith(f"{job}: ended, in a state that the gateway did not see")


def test_only_states_that_are_left_again_can_be_waited_for(quick, thing, job):
    assert wait(quick, thing, job, "--status", "succeeded").returncode == USAGE
