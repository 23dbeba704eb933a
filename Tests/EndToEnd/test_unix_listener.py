# SPDX-License-Identifier: Apache-2.0
"""Unix sockets: who may connect, and what becomes of their files."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess

import grpc
import pytest

from program import Gateway, ProgramFailed, run_to_end
from stubs import pb, rpc

NOBODY = 65_534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")


@pytest.fixture
def path(tmp_path):
    # pytest's folders are closed to others, and the way to the socket must not be.
    for folder in (tmp_path, *tmp_path.parents):
        if folder.owner() != "root" or folder == folder.parent or str(folder) == "/tmp":
            break
        folder.chmod(0o755)
    return tmp_path / "jobs.sock"


def permissions(path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def connects(path, uid: int, gid: int) -> bool:
    """Whether somebody else gets an answer; curl says 7 when it could not connect."""
    done = subprocess.run(
        ["curl", "-s", "--unix-socket", str(path), "http://x/"],
        user=uid,
        group=gid,
        extra_groups=[],
        capture_output=True,
        timeout=20,
        check=False,
    )
    assert done.returncode in (0, 7), done
    return done.returncode == 0


def test_a_socket_is_for_its_owner_and_group_and_goes_at_the_end(emulator, path):
    with Gateway(emulator.url, listen=f"unix:{path}") as gateway:
        assert gateway.address == f"unix:{path}"
        assert permissions(path) == 0o660
        with grpc.insecure_channel(f"unix:{path}") as channel:
            with pytest.raises(grpc.RpcError) as told:
                rpc.JobsDataPlaneServiceStub(channel).GetPendingJobExecutions(
                    pb.GetPendingJobExecutionsRequest(thing_name="nobody"), timeout=10
                )
        assert told.value.code() == grpc.StatusCode.NOT_FOUND
    assert not path.exists()


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_the_mode_does_not_depend_on_the_umask(emulator, path, umask):
    before = os.umask(umask)
    try:
        with Gateway(emulator.url, "--unix-socket-mode", "0606", listen=f"unix:{path}") as gateway:
            assert gateway.address
            assert permissions(path) == 0o606
    finally:
        os.umask(before)


@as_root
def test_who_may_not_write_may_not_connect(emulator, path):
    owner = ("--unix-socket-owner", f":{NOBODY}")
    with Gateway(emulator.url, *owner, listen=f"unix:{path}") as gateway:
        assert gateway.address
        status = path.lstat()
        assert (status.st_uid, status.st_gid) == (0, NOBODY)
        assert connects(path, NOBODY, NOBODY)
        assert not connects(path, NOBODY, 12_345)
        assert not connects(path, 12_345, 12_345)


def test_a_killed_gateway_leaves_its_file_to_the_next(emulator, path):
    gateway = Gateway(emulator.url, listen=f"unix:{path}")
    assert gateway.address
    gateway.process.send_signal(signal.SIGKILL)
    gateway.wait()
    assert path.exists()
    with Gateway(emulator.url, listen=f"unix:{path}") as successor:
        assert successor.address
    assert not path.exists()


def test_what_is_served_or_is_no_socket_is_not_taken(emulator, path):
    with Gateway(emulator.url, listen=f"unix:{path}") as first:
        assert first.address
        with pytest.raises(ProgramFailed, match="in use"):
            _ = Gateway(emulator.url, listen=f"unix:{path}").address
        assert path.exists()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
    path.write_text("mine")
    with pytest.raises(ProgramFailed, match="File exists"):
        _ = Gateway(emulator.url, listen=f"unix:{path}").address
    assert path.read_text() == "mine"


def test_a_start_that_fails_leaves_no_file(emulator, path):
    with Gateway(emulator.url) as first:
        with pytest.raises(ProgramFailed, match="in use"):
            _ = Gateway(emulator.url, listen=f"unix:{path},{first.address}").address
    assert not path.exists()


@pytest.mark.parametrize("owner", ["no-such-user-here", ":no-such-group-here"])
def test_an_owner_that_nobody_knows_is_a_mistake(path, owner):
    done = run_to_end(
        *("serve", "--listen", f"unix:{path}", "--admin-listen", "127.0.0.1:0"),
        *("--region", "us-east-1", "--upstream-endpoint", "http://127.0.0.1:1"),
        *("--unix-socket-owner", owner),
        env={"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "x"},
    )
    assert done.returncode == 78
    assert "there is no" in done.stderr
    assert not path.exists()
