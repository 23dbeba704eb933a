# SPDX-License-Identifier: Apache-2.0
"""The container image: what its Dockerfile says, and its root file system as the scripts beside
the Dockerfile make it of the binary under test."""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
import re
import shlex
import stat
import subprocess
from collections.abc import Iterator, Mapping

from program import BINARY, ROOT, run_to_end

FOLDER = ROOT / "deploy" / "image"
DOCKERFILE = FOLDER / "Dockerfile"
BUILD = ROOT / ".build"
RESOLVED = ROOT / "Package.resolved"

# The time of all that is in the image.
MOMENT = 1_700_000_000
# Beyond the layers of a base, of which there is none.
LIMIT_BYTES = 60 * 1000 * 1000


def version() -> str:
    return run_to_end("--version").stdout.strip()


class Dockerfile:
    """The instructions, stage by stage, each with its words."""

    def __init__(self, text: str):
        lines = [line for line in text.splitlines() if not re.match(r"\s*#", line)]
        joined = "\n".join(lines).replace("\\\n", " ")
        self.stages: list[list[tuple[str, str]]] = []
        for line in filter(None, map(str.strip, joined.splitlines())):
            name, words = line.split(None, 1)
            if name == "FROM":
                self.stages.append([])
            self.stages[-1].append((name, " ".join(words.split())))

    @property
    def instructions(self) -> Iterator[tuple[str, str]]:
        for stage in self.stages:
            yield from stage

    def last(self, name: str) -> str:
        """What the image itself, which is the last stage, has of this instruction."""
        return next(words for said, words in reversed(self.stages[-1]) if said == name)

    @property
    def entrypoint(self) -> list[str]:
        return json.loads(self.last("ENTRYPOINT"))

    @property
    def command(self) -> list[str]:
        return json.loads(self.last("CMD"))

    @property
    def health_command(self) -> list[str]:
        return json.loads(self.last("HEALTHCHECK").split("CMD", 1)[1])

    @property
    def user(self) -> tuple[int, int]:
        user, group = self.last("USER").split(":")
        return int(user), int(group)

    @property
    def arguments(self) -> dict[str, str]:
        said = [words for name, words in self.instructions if name == "ARG"]
        return dict(words.partition("=")[::2] for words in said)

    @property
    def labels(self) -> dict[str, str]:
        given = self.arguments
        text = re.sub(r"\$\{(\w+)\}", lambda found: given[found[1]], self.last("LABEL"))
        return dict(word.split("=", 1) for word in shlex.split(text))


def dockerfile() -> Dockerfile:
    return Dockerfile(DOCKERFILE.read_text(encoding="utf-8"))


def run_script(
    name: str, *arguments: os.PathLike | str, env: Mapping[str, str] | None = None, umask: int = -1
) -> subprocess.CompletedProcess[str]:
    """Runs a script of the image's to its end; what it says is in the answer."""
    return subprocess.run(
        [str(FOLDER / name), *map(str, arguments)],
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        umask=umask,
    )


def collect(folder: pathlib.Path) -> pathlib.Path:
    done = run_script("collect.sh", BINARY, BUILD, folder)
    assert done.returncode == 0, done.stderr
    return folder


def assemble(
    collected: pathlib.Path,
    tree: pathlib.Path,
    env: Mapping[str, str] | None = None,
    umask: int = 0o022,
) -> Tree:
    told = {"SOURCE_DATE_EPOCH": str(MOMENT), **(env or {})}
    done = run_script("rootfs.sh", collected, tree, env=told, umask=umask)
    assert done.returncode == 0, done.stderr
    return Tree(tree)


class Tree:
    """A root file system that is to become an image's one layer."""

    def __init__(self, path: pathlib.Path):
        self.path = path

    def entries(self) -> Iterator[tuple[str, os.stat_result]]:
        for folder, folders, files in os.walk(self.path):
            for name in (*folders, *files):
                path = pathlib.Path(folder, name)
                yield f"/{path.relative_to(self.path)}", path.lstat()

    def shape(self) -> dict[str, tuple]:
        """All that a layer says of each entry, besides owners, which a builder sets."""
        told = {}
        for name, found in self.entries():
            path = self.path / name[1:]
            content: object = None
            if stat.S_ISREG(found.st_mode):
                content = hashlib.sha256(path.read_bytes()).hexdigest()
            elif stat.S_ISLNK(found.st_mode):
                content = os.readlink(path)
            told[name] = (stat.filemode(found.st_mode), found.st_mtime_ns, content)
        return told

    def shares(self) -> dict[str, int]:
        """Bytes by what they are for; the parts that the documentation names."""
        parts = {
            "the binary": "/usr/bin/",
            "shared objects": "/usr/lib/",
            "authorities": "/etc/ssl/",
            "licences and SBOM": "/",
        }
        sums = dict.fromkeys(parts, 0)
        for name, found in self.entries():
            if stat.S_ISREG(found.st_mode):
                share = next(part for part, start in parts.items() if name.startswith(start))
                sums[share] += found.st_size
        return sums

    @property
    def sbom(self) -> pathlib.Path:
        return self.path / "usr/share/sbom/iot-jobs-gateway.spdx.json"

    def packages(self, kind: str) -> dict[str, str]:
        """Name → version of the Debian or the Swift packages in the SBOM."""
        listed = json.loads(self.sbom.read_text())["packages"]
        return {
            package["name"]: package["versionInfo"]
            for package in listed
            if package["SPDXID"].startswith(f"SPDXRef-{kind}-")
        }
