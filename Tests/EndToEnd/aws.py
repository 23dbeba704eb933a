# SPDX-License-Identifier: Apache-2.0
"""AWS's own Python clients, pointed at the emulator."""

from __future__ import annotations

import json
import os
import pathlib

import boto3
from botocore.config import Config

from program import ACCESS_KEY, REGION, SECRET_KEY

# Nothing of the developer's own configuration takes part.
os.environ["AWS_CONFIG_FILE"] = os.devnull
os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"

ACCOUNT = "123456789012"
VECTORS = pathlib.Path(__file__).resolve().parents[1] / "Vectors"


def session(
    access_key: str = ACCESS_KEY, secret_key: str = SECRET_KEY, token: str | None = None
) -> boto3.Session:
    return boto3.Session(access_key, secret_key, token, REGION)


def client(
    service: str,
    url: str,
    made_by: boto3.Session | None = None,
    *,
    trust: str | None = None,
    **settings: object,
):
    """A client that tries once, checks nothing by itself and takes a loopback endpoint.

    `trust` is a file with the authority that the endpoint's certificate comes from.
    """
    settings = {"retries": {"total_max_attempts": 1}, **settings}
    config = Config(connect_timeout=5, read_timeout=30, **settings)
    return (made_by or session()).client(
        service, endpoint_url=url, config=config, verify=trust
    )


def thing_arn(thing: str) -> str:
    return f"arn:aws:iot:{REGION}:{ACCOUNT}:thing/{thing}"


def create_job(iot, job: str, *things: str, document: object = None, **more: object) -> None:
    iot.create_job(
        jobId=job,
        targets=[thing_arn(thing) for thing in things],
        document=json.dumps({"operation": "test"} if document is None else document),
        **more,
    )


def vectors(name: str) -> list[dict]:
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))["cases"]
