# SPDX-License-Identifier: Apache-2.0
"""`config check` says all that is wrong with a file; `config print` what counts, and why."""

from __future__ import annotations

import re
import subprocess

import pytest

from documents import rows
from program import CREDENTIALS, Gateway, run_to_end

GOOD = "region: us-east-1\nthing:\n  read-burst: 5\ncache-bytes: 1MiB\n"


def check(file, *flags: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return run_to_end("config", "check", str(file), *flags, env=env)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "gateway.yaml"


def test_a_good_file_has_no_faults(file):
    file.write_text(GOOD)
    done = check(file)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{file}: 3 settings, no faults\n"


def test_all_faults_are_told_with_their_lines(file):
    file.write_text("region: us-east-1\nthread: 2\nlog:\n  level: inof\n\ncache-bytes: lots\n")
    done = check(file)
    assert done.returncode == 78
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert lines[0] == f'error: {file}, line 2: unknown key "thread"; did you mean "threads"?'
    assert lines[1].startswith(f'error: {file}, line 4: log-level: "inof" is not one of ')
    assert lines[1].endswith('; did you mean "info"?')
    assert lines[2].startswith(f'error: {file}, line 6: cache-bytes: "lots" is not 0 or a size')
    assert len(lines) == 3
    # Whoever starts it is told the same.
    started = run_to_end("serve", "--config", str(file), env=CREDENTIALS)
    assert (started.returncode, started.stderr) == (78, done.stderr)


@pytest.mark.parametrize(
    ("text", "flags", "status", "words"),
    [
        (GOOD, ["--threads", "0"], 64, "--threads"),
        ("listen: [\n", [], 66, "line 2"),
        ("region: us-east-1\nregion: eu-west-1\n", [], 66, "line 2: region is set twice"),
        ("region: us-east-1\ntls-key: k.pem\n", [], 78, "tls-certificate is not set"),
        ("region: us-east-1\ntoken-file: t\n", [], 78, "--authorization-policy"),
        ("region: us-east-1\nthreads: 2\ncache-bytes: 64KiB\n", [], 78, "--cache-bytes"),
    ],
    ids=["flag", "syntax", "twice", "half of TLS", "tokens without policy", "small cache"],
)
def test_each_kind_of_fault_has_its_status(file, text, flags, status, words):
    file.write_text(text)
    done = check(file, *flags)
    assert done.returncode == status
    assert words in done.stderr and done.stderr.startswith("error: ")


def test_a_file_that_is_not_there(file):
    done = check(file)
    assert done.returncode == 66
    assert done.stderr == f"error: {file}: No such file or directory\n"


def test_a_hostile_file_is_answered_in_bounds(file):
    keys = "".join(f"key-{number}: x\n" for number in range(20_000))
    file.write_text("region: us-east-1\n" + keys)
    done = check(file)
    assert done.returncode == 78
    lines = done.stderr.splitlines()
    assert len(lines) == 101
    assert lines[-1] == "error: and 19900 more"


def test_what_the_place_decides_is_only_noted(file):
    file.write_text("cache-bytes: 1MiB\n")
    done = check(file, env={"IOT_JOBS_GATEWAY_LOG_LEVLE": "debug"})
    assert done.returncode == 0
    region, variable = done.stderr.splitlines()
    assert region.startswith("note: region is not set")
    assert variable == (
        "note: unknown environment variable IOT_JOBS_GATEWAY_LOG_LEVLE; "
        "did you mean IOT_JOBS_GATEWAY_LOG_LEVEL?"
    )


def test_a_wrong_flag_is_told_the_right_one():
    done = run_to_end("serve", "--cache-byte", "1")
    assert done.returncode == 64
    assert "--cache-bytes" in done.stderr


def test_the_defaults_load_and_change_nothing(file):
    page = run_to_end("config", "print", "--defaults")
    assert (page.returncode, page.stderr) == (0, "")
    file.write_text(page.stdout)
    region = ("--region", "us-east-1")
    assert check(file, *region).returncode == 0

    def values(*arguments: str) -> list[str]:
        done = run_to_end("config", "print", *region, *arguments)
        assert done.returncode == 0, done.stderr
        return [line.rsplit("  # ", 1)[0].rstrip() for line in done.stdout.splitlines()]

    assert [line for line in values(str(file)) if not line.startswith("config:")] == [
        line for line in values() if not line.startswith("#config:")
    ]
    assert all(len(line) <= 100 for line in page.stdout.splitlines())


def test_the_defaults_are_those_of_the_documentation():
    page = run_to_end("config", "print", "--defaults").stdout
    told = dict(re.findall(r"^#?([a-z-]+):(?: (.*))?$", page, re.M))
    listed = {row[0]: row[1] for row in rows("LimitsAndDefaults", "settings")}
    del listed["config"]
    assert {name: value.strip('"') for name, value in told.items()} == listed


def test_what_counts_is_printed_with_its_source(file):
    file.write_text(GOOD)
    done = run_to_end(
        *("config", "print", "--config", str(file), "--cache-bytes", "2MiB"),
        env={
            "IOT_JOBS_GATEWAY_LOG_LEVEL": "debug",
            "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
            "AWS_SECRET_ACCESS_KEY": "not to be seen",
        },
    )
    assert (done.returncode, done.stderr) == (0, "")
    told = dict(re.findall(r"^([a-z-]+): (\S.*)$", done.stdout, re.M))
    told = {name: " ".join(line.split()) for name, line in told.items()}
    assert told["region"] == f"us-east-1 # {file}, line 1"
    assert told["thing-read-burst"] == f"5 # {file}, line 3"
    assert told["cache-bytes"] == "2MiB # --cache-bytes"
    assert told["log-level"] == "debug # IOT_JOBS_GATEWAY_LOG_LEVEL"
    assert told["upstream-endpoint"] == "http://127.0.0.1:9 # AWS_ENDPOINT_URL"
    assert told["threads"] == "1 # default"
    assert "#tls-key:\n" in done.stdout
    assert "not to be seen" not in done.stdout


def test_what_is_printed_starts_a_gateway(file, emulator):
    page = run_to_end("config", "print", "--region", "us-east-1", "--cache-bytes", "2MiB")
    file.write_text(page.stdout)
    with Gateway(emulator.url, "--config", str(file)) as gateway:
        assert gateway.address


def test_faults_are_printed_instead_of_settings(file):
    file.write_text("threads: 0\n")
    done = run_to_end("config", "print", str(file))
    assert (done.returncode, done.stdout) == (78, "")
    assert f"{file}, line 1: threads" in done.stderr
