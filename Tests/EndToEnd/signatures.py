# SPDX-License-Identifier: Apache-2.0
"""botocore as the judge of signatures, and the keys that it judges by."""

from __future__ import annotations

import dataclasses
import datetime
import itertools
import re
import threading
from collections.abc import Mapping

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from http_server import Received
from program import ACCESS_KEY, REGION, SECRET_KEY

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<date>\d{8})/(?P<region>[^/]+)"
    r"/(?P<service>[^/]+)/aws4_request, SignedHeaders=(?P<signed>[a-z0-9;-]+), "
    r"Signature=(?P<signature>[0-9a-f]{64})\Z"
)


@dataclasses.dataclass(frozen=True)
class Key:
    """One set of credentials. Without an expiry it holds for ever."""

    id: str
    secret: str
    token: str | None = None
    expiry: datetime.datetime | None = None

    @property
    def has_expired(self) -> bool:
        return self.expiry is not None and self.expiry <= datetime.datetime.now(datetime.UTC)

    @property
    def expiry_text(self) -> str:
        assert self.expiry
        return self.expiry.strftime("%Y-%m-%dT%H:%M:%SZ")

    def environment(self) -> dict[str, str]:
        token = {"AWS_SESSION_TOKEN": self.token} if self.token else {}
        return {"AWS_ACCESS_KEY_ID": self.id, "AWS_SECRET_ACCESS_KEY": self.secret, **token}


STANDING_KEY = Key(ACCESS_KEY, SECRET_KEY)


class Issuer:
    """Makes keys whose ids tell where they came from, and keeps all that it made."""

    def __init__(self) -> None:
        self.keys: dict[str, Key] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def issue(self, source: str, lifetime_seconds: float | None = 3600) -> Key:
        """A key named after its source; one that never ends is a long-term key, without token."""
        with self._lock:
            number = next(self._numbers)
            prefix = "AKIA" if lifetime_seconds is None else "ASIA"
            name = f"{prefix}{source.upper():0<12.12}{number:04}"
            if lifetime_seconds is None:
                key = Key(name, f"secret/{number}+{source}")
            else:
                span = datetime.timedelta(seconds=lifetime_seconds)
                expiry = datetime.datetime.now(datetime.UTC) + span
                key = Key(name, f"secret/{number}+{source}", f"token/{number}+{source}==", expiry)
            self.keys[key.id] = key
            return key


def key_id(request: Received) -> str | None:
    """The id of the key that a request says it is signed with; None if it is not signed."""
    match = _AUTHORIZATION.match(request.header("Authorization") or "")
    return match["key"] if match else None


def signature_complaint(
    request: Received,
    *,
    keys: Mapping[str, Key] | None = None,
    region: str = REGION,
    service: str = "iot-jobs-data",
) -> str | None:
    """What botocore finds wrong with a request's signature; None if nothing."""
    match = _AUTHORIZATION.match(request.header("Authorization") or "")
    if not match:
        return "no Authorization header of the expected form"
    key = ({ACCESS_KEY: STANDING_KEY} if keys is None else keys).get(match["key"])
    if key is None:
        return f"a key that nobody issued, {match['key']}"
    date = request.header("X-Amz-Date") or ""
    found = (match["date"], match["region"], match["service"])
    if found != (date[:8], region, service):
        return f"credential scope {found}"
    if request.header("X-Amz-Security-Token") != key.token:
        return "the session token is not the one expected"
    signed = match["signed"].split(";")
    must = {"host", "x-amz-date"} | {
        name.lower()
        for name, _ in request.headers
        if name.lower() == "content-type" or name.lower().startswith("x-amz-")
    }
    if signed != sorted(signed) or not must <= set(signed):
        return f"signed headers {signed}, at least {sorted(must)} in order are needed"
    unsigned = AWSRequest(
        method=request.method,
        url=f"http://{request.header('Host')}{request.target}",
        data=request.body,
        headers={name: request.header(name) for name in signed},
    )
    unsigned.context["timestamp"] = date
    oracle = SigV4Auth(Credentials(key.id, key.secret, key.token), service, region)
    canonical = oracle.canonical_request(unsigned)
    expected = oracle.signature(oracle.string_to_sign(unsigned, canonical), unsigned)
    if expected != match["signature"]:
        return f"signature differs; botocore's canonical request:\n{canonical}"
    return None
