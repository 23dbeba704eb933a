# SPDX-License-Identifier: Apache-2.0
"""The image as a builder has made it of the Dockerfile, told by the variables IMAGE_ROOT and
IMAGE_INSPECTED. Tests/image.sh builds it, and names this file, since few machines can."""

from __future__ import annotations

import json
import os
import pathlib

import pytest

import image


@pytest.fixture(scope="module")
def built() -> dict:
    return json.loads(pathlib.Path(os.environ["IMAGE_INSPECTED"]).read_text())["Docker"]


def test_the_configuration_is_what_the_dockerfile_says(built):
    said, made = image.dockerfile(), built["config"]
    assert made["User"] == "{}:{}".format(*said.user)
    assert made["Entrypoint"] == said.entrypoint
    assert made["Cmd"] == said.command
    assert made["Healthcheck"]["Test"] == ["CMD", *said.health_command]
    assert set(made["ExposedPorts"]) == {"50051/tcp", "9464/tcp"}
    labels = made["Labels"]
    assert labels["org.opencontainers.image.version"] == image.version()
    assert len(labels["org.opencontainers.image.revision"]) == 40
    assert set(said.labels) <= set(labels)


def test_it_has_the_one_layer_that_was_assembled(built, tree):
    assert len(built["rootfs"]["diff_ids"]) == 1
    shares = tree.shares()
    print("\nbuilt image:", ", ".join(f"{name} {size} bytes" for name, size in shares.items()))
    assert sum(shares.values()) <= image.LIMIT_BYTES


def test_it_is_of_one_moment(tree):
    times = {time for name, (_, time, _) in tree.shape().items()}
    (moment,) = times
    assert moment > 0
    assert json.loads(tree.sbom.read_text())["creationInfo"]["created"] > "2020"
