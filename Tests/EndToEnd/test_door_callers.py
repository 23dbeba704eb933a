# SPDX-License-Identifier: Apache-2.0
"""Who may come in at the door: keys, sockets, certificates; and what the policy and the logs say."""

from __future__ import annotations

import os
import signal

import botocore.exceptions
import pytest
from botocore import UNSIGNED

from certificates import Authority
from door import KEY_ID, SECRET, Door, Line, client, get, key_file
from metrics import scrape
from program import Gateway, eventually, run_to_end
from secure import Files

OTHER = ("AKIDOFANOTHER", "another-secret-of-the-door")


def refusal(call, *arguments, **named) -> tuple[str, int]:
    with pytest.raises(botocore.exceptions.ClientError) as error:
        call(*arguments, **named)
    response = error.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def pending(url: str, thing: str, *key: str) -> tuple[str, int]:
    """How a call ends of whoever may read about a thing that is not there."""
    return refusal(client(url, *key).get_pending_job_executions, thingName=thing)


NOT_FOUND = ("ResourceNotFoundException", 404)


def test_keys_are_replaced_while_calls_run(emulator, tmp_path):
    keys = key_file(tmp_path)
    with Door(emulator.url, keys, "--reload-interval", "1h") as program:
        assert pending(program.url, "t") == NOT_FOUND
        assert pending(program.url, "t", *OTHER) == ("UnrecognizedClientException", 403)
        key_file(tmp_path, f"console: {' '.join(OTHER)}")
        os.kill(program.pid, signal.SIGHUP)
        assert eventually(lambda: pending(program.url, "t", *OTHER) == NOT_FOUND)
        assert pending(program.url, "t") == ("UnrecognizedClientException", 403)
        # A file that cannot be used leaves what is in force.
        key_file(tmp_path, "console:")
        os.kill(program.pid, signal.SIGHUP)
        failing = lambda: scrape(program.admin_url).value(  # noqa: E731
            "iot_jobs_gateway_reload_failing", what="keys"
        )
        assert eventually(lambda: failing() == 1)
        assert pending(program.url, "t", *OTHER) == NOT_FOUND
        log = program.log_tail()
        assert SECRET not in log and OTHER[1] not in log


def test_a_key_is_an_identity_that_the_policy_and_the_logs_know(emulator, tmp_path):
    keys = key_file(tmp_path, f"t1: {KEY_ID} {SECRET}", f"console: {' '.join(OTHER)}")
    policy = tmp_path / "policy.yaml"
    policy.write_text(
        "rules:\n"
        '  - {name: devices, identities: "key:{thing}", operations: all, things: "{thing}"}\n'
        '  - {name: readers, identities: "key:console", operations: read, things: "*"}\n'
    )
    flags = ("--authorization-policy", str(policy), "--access-log-ratio", "1")
    with Door(emulator.url, keys, *flags) as program:
        assert pending(program.url, "t1") == NOT_FOUND
        assert pending(program.url, "t2") == ("AccessDeniedException", 403)
        assert pending(program.url, "t2", *OTHER) == NOT_FOUND
        update = {"thingName": "t1", "jobId": "j", "status": "SUCCEEDED"}
        assert refusal(client(program.url).update_job_execution, **update) == NOT_FOUND
        denied = refusal(client(program.url, *OTHER).update_job_execution, **update)
        assert denied == ("AccessDeniedException", 403)
        # The log is read beside.
        assert eventually(lambda: len(program.logged("call failed")) == 5)
        lines = program.logged("call")
        told = [(line["audit"], line["caller"], line["method"]) for line in lines]
        assert told == [
            ("denied", "key:t1", "GetPendingJobExecutions"),
            ("allowed", "key:t1", "UpdateJobExecution"),
            ("denied", "key:console", "UpdateJobExecution"),
        ]
        statuses = [line["http-status"] for line in program.logged("call failed")]
        assert statuses == ["404", "403", "404", "404", "403"]
        assert scrape(program.admin_url).value("iot_jobs_gateway_rest_signatures_total") == 5


def test_nobody_signs_on_loopback_if_nobody_has_to(emulator):
    with Door(emulator.url, None) as program:
        assert pending(program.url, "t", "ANY", "thing") == NOT_FOUND
        unsigned = client(program.url, signature_version=UNSIGNED)
        assert refusal(unsigned.get_pending_job_executions, thingName="t") == NOT_FOUND


def test_the_kernel_says_who_comes_by_a_socket(emulator, tmp_path):
    socket = tmp_path / "door.sock"
    policy = tmp_path / "policy.yaml"
    policy.write_text(
        f'rules:\n  - {{identities: "uid:{os.getuid()}", operations: read, things: "mine"}}\n'
    )
    flags = ("--rest-listen", f"unix:{socket}", "--rest-authentication", "none")
    with Gateway(emulator.url, *flags, "--authorization-policy", str(policy)) as program:
        with Line(program.listener("rest")) as line:
            for thing, status in [("mine", 404), ("other", 403)]:
                line.send(get(f"/things/{thing}/jobs"))
                assert line.answer().status == status
    assert not socket.exists()


def test_a_certificate_names_its_caller(emulator, tmp_path):
    authority = Authority("callers")
    files = Files(tmp_path, authority.issue("127.0.0.1"))
    files.authorities.write_bytes(authority.pem)
    policy = tmp_path / "policy.yaml"
    policy.write_text('rules:\n  - {identities: "key:*", operations: all, things: "*"}\n')
    keys = key_file(tmp_path)
    root = tmp_path / "root.pem"
    root.write_bytes(authority.pem)
    flags = [*files.flags(clients=True), "--tls-client-auth", "request"]
    flags += ["--rest-listen", "tls:127.0.0.1:0", "--rest-key-file", str(keys)]
    with Gateway(emulator.url, *flags, "--authorization-policy", str(policy)) as program:
        data = client(f"https://{program.listener('rest-tls')}", trust=str(root))
        assert refusal(data.get_pending_job_executions, thingName="t") == NOT_FOUND


@pytest.mark.parametrize(
    ("flags", "code", "words"),
    [
        (["--rest-listen", "127.0.0.1:0"], 78, "rest-key-file"),
        (["--rest-key-file", "keys"], 78, "--rest-listen"),
        (["--rest-authentication", "none"], 78, "--rest-listen"),
        (["--rest-listen", "nowhere", "--rest-key-file", "keys"], 64, "rest-listen"),
        (
            ["--rest-listen", "127.0.0.1:0", "--rest-authentication", "none", "--rest-key-file", "k"],
            78,
            "looks at no signature",
        ),
        (
            ["--rest-listen", "0.0.0.0:0", "--rest-authentication", "none"],
            78,
            "lets everybody in",
        ),
        (["--rest-listen", "0.0.0.0:0", "--rest-key-file", "keys"], 78, "--allow-insecure-remote"),
        (["--rest-listen", "tls:127.0.0.1:0", "--rest-key-file", "keys"], 78, "--tls-certificate"),
    ],
)
def test_what_guards_nothing_or_serves_nothing_is_a_mistake(flags, code, words):
    ended = run_to_end("serve", "--region", "us-east-1", *flags)
    assert ended.returncode == code, ended.stderr
    assert words in ended.stderr


def test_a_key_file_that_cannot_be_read_is_told_by_its_line(tmp_path):
    keys = key_file(tmp_path, "# ours", f"console: {KEY_ID} {SECRET} more")
    ended = run_to_end(
        "serve", "--region", "us-east-1", "--rest-listen", "127.0.0.1:0", "--rest-key-file", str(keys)
    )
    assert ended.returncode != 0
    assert "line 2" in ended.stderr and SECRET not in ended.stderr
