# SPDX-License-Identifier: Apache-2.0
"""An account with every place for credentials in it, and a pod's home to write files into."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import pathlib
from collections.abc import Iterator
from unittest import mock

import botocore.session
import botocore.utils

from credential_servers import ContainerEndpoint, InstanceMetadata, SecurityTokenService
from program import REGION, environment
from signatures import Issuer, Key
from upstream import Upstream

ROLE = "arn:aws:iam::123456789012:role/pods/gateway"


@dataclasses.dataclass
class Cloud:
    home: pathlib.Path
    issuer: Issuer
    upstream: Upstream
    metadata: InstanceMetadata
    container: ContainerEndpoint
    sts: SecurityTokenService

    def env(self, *parts: dict[str, str]) -> dict[str, str]:
        """A pod's environment: the node's metadata, and these parts."""
        base = {
            "HOME": str(self.home),
            "AWS_REGION": REGION,
            # The one that botocore reads.
            "AWS_DEFAULT_REGION": REGION,
            "AWS_STS_REGIONAL_ENDPOINTS": "regional",
            **self.metadata.environment(),
            **self.sts.environment(),
        }
        for part in parts:
            base |= part
        return base

    def write(self, name: str, text: str) -> str:
        file = self.home / ".aws" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        return str(file)

    # What a pod may be given, each a part of its environment.

    def variables(self) -> dict[str, str]:
        return self.issuer.issue("ENVIRON").environment()

    def web_identity(self, token: str = "jwt.of.pod") -> dict[str, str]:
        file = self.write("web-token", token)
        return {"AWS_WEB_IDENTITY_TOKEN_FILE": file, "AWS_ROLE_ARN": ROLE}

    def credentials_file(self) -> dict[str, str]:
        self.write("credentials", section("default", self.issuer.issue("SHARED")))
        return {}

    def config_file(self) -> dict[str, str]:
        self.write("config", section("default", self.issuer.issue("CONFIG", None)))
        return {}

    def process(self, lifetime_seconds: float = 3600) -> dict[str, str]:
        program = self.program(self.issuer.issue("PROCESS", lifetime_seconds))
        self.write("config", f"[default]\ncredential_process = {program}\n")
        return {}

    def assumed_role(self) -> dict[str, str]:
        self.write("credentials", section("base", self.issuer.issue("SOURCE", None)))
        self.write("config", f"[default]\nrole_arn = {ROLE}/ASSUMED\nsource_profile = base\n")
        return {}

    def pod_identity(self) -> dict[str, str]:
        return self.container.environment()

    def program(self, key: Key) -> str:
        """A program that prints a key."""
        members = {
            "Version": 1,
            "AccessKeyId": key.id,
            "SecretAccessKey": key.secret,
            "SessionToken": key.token,
            "Expiration": key.expiry_text,
        }
        return self.script(f"print-{key.id}", f"echo '{json.dumps(members)}'")

    def script(self, name: str, body: str) -> str:
        file = self.home / name
        file.write_text(f"#!/bin/sh\n{body}\n")
        file.chmod(0o755)
        return str(file)

    @property
    def sources(self) -> list[str | None]:
        """Where the key of each request at AWS came from, in order."""
        return [source_of(key) for key in self.upstream.signers()]


@contextlib.contextmanager
def cloud_around(home: pathlib.Path) -> Iterator[Cloud]:
    issuer = Issuer()
    with contextlib.ExitStack() as stack:
        yield Cloud(
            home,
            issuer,
            stack.enter_context(Upstream(keys=issuer.keys)),
            stack.enter_context(InstanceMetadata(issuer)),
            stack.enter_context(ContainerEndpoint(issuer)),
            stack.enter_context(SecurityTokenService(issuer)),
        )


def section(name: str, key: Key) -> str:
    """A key as it stands in a shared file."""
    lines = [
        f"[{name}]",
        f"aws_access_key_id = {key.id}",
        f"aws_secret_access_key = {key.secret}",
        *([f"aws_session_token = {key.token}"] if key.token else []),
    ]
    return "\n".join([*lines, ""])


def source_of(key: str | None) -> str | None:
    """The name that the issuer has put into a key's id."""
    return key[4:16].rstrip("0") if key else None


def botocores_choice(env: dict[str, str]) -> str | None:
    """The source that AWS's own client uses in this environment; None if it finds none."""
    own_environment = mock.patch.dict(os.environ, environment(env), clear=True)
    no_pause = mock.patch.object(botocore.utils.ContainerMetadataFetcher, "SLEEP_TIME", 0)
    with own_environment, no_pause:
        credentials = botocore.session.Session().get_credentials()
        return source_of(credentials.get_frozen_credentials().access_key) if credentials else None
