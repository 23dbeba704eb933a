# SPDX-License-Identifier: Apache-2.0
"""What a policy makes of the certificates that callers show."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import grpc
import pytest

import secure
from aws import create_job
from callers import Caller, describe, start_next, update
from certificates import Authority, Identity
from program import eventually

Code = grpc.StatusCode

POLICY = """
rules:
  - name: devices
    identities: ["spiffe://fleet.example/thing/{thing}", "dns:{thing}.device.example"]
    operations: all
    things: ["{thing}", "{thing}-*"]
  - name: console
    identities: "cn:console"
    operations: read
    things: "*"
"""


@pytest.fixture
def authority() -> Authority:
    return Authority()


@pytest.fixture
def guarded(start, emulator, tmp_path, authority):
    """Starts a gateway that asks for certificates, and lets callers in with theirs."""
    files = secure.Files(tmp_path, authority.issue(secure.HOST))
    files.authorities.write_bytes(authority.pem)
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY)
    flags = [*files.flags(clients=True), "--authorization-policy", str(policy)]

    def begin(*more: str):
        return start(emulator.url, *flags, *more)

    return begin


@contextlib.contextmanager
def calling(gateway, authority: Authority, identity: Identity | None) -> Iterator[Caller]:
    with secure.channel(gateway.secure_address, authority, identity) as channel:
        yield Caller(channel)


@pytest.mark.parametrize(
    "name", ["spiffe://fleet.example/thing/{}", "{}.device.example", "{}.DEVICE.example"]
)
def test_a_device_acts_on_its_own_thing(guarded, authority, iot, job, name):
    mine, others = f"press-{job}", f"other-{job}"
    create_job(iot, job, mine)
    create_job(iot, f"{job}-b", others)
    gateway = guarded()
    identity = name.format(mine)
    with calling(gateway, authority, secure.client_identity(authority, identity)) as call:
        assert call(describe(mine, job)).ok
        assert call(start_next(mine)).ok
        assert call(describe(f"{mine}-a", job)).code is Code.NOT_FOUND
        for request in (describe(others, f"{job}-b"), start_next(others), update(mine[:-1], job)):
            assert call(request).code is Code.PERMISSION_DENIED
    assert eventually(lambda: any(r.get("audit") == "allowed" for r in gateway.records))
    (line,) = [r for r in gateway.records if r.get("audit") == "allowed"]
    assert line["caller"] == (identity if "://" in identity else f"dns:{identity.lower()}")
    assert line["rule"] == "devices"


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (("console",), Code.NOT_FOUND),
        (("spiffe://fleet.example/user/x",), Code.PERMISSION_DENIED),
        (("spiffe://other.example/thing/absent",), Code.PERMISSION_DENIED),
        # An X.509-SVID has one URI: with two nobody can say which is meant.
        (
            ("spiffe://fleet.example/thing/absent", "spiffe://fleet.example/thing/b"),
            Code.PERMISSION_DENIED,
        ),
        (
            ("spiffe://fleet.example/thing/absent", "spiffe://fleet.example/thing/a b"),
            Code.PERMISSION_DENIED,
        ),
        (("*.device.example",), Code.PERMISSION_DENIED),
        (("absent.device.example.net",), Code.PERMISSION_DENIED),
    ],
)
def test_only_what_the_policy_names_is_allowed(guarded, authority, names, code):
    gateway = guarded()
    with calling(gateway, authority, secure.client_identity(authority, *names)) as call:
        assert call(describe("absent", "j")).code is code
        assert call(update("absent", "j")).code is Code.PERMISSION_DENIED


def test_who_shows_no_certificate_is_not_known(guarded, authority):
    gateway = guarded("--tls-client-auth", "request")
    with calling(gateway, authority, None) as call:
        refused = call(describe("absent", "j"))
    assert (refused.code, refused.reason) == (Code.UNAUTHENTICATED, "UNAUTHENTICATED")
