# SPDX-License-Identifier: Apache-2.0
"""Runs the image as a cluster does whose pods are "restricted": runc, a root that nobody can write
to, a user without rights, no capabilities, and the seccomp profile that engines bring."""

from __future__ import annotations

import copy
import itertools
import json
import os
import pathlib
import platform
import re
import shutil
import subprocess
from collections.abc import Mapping

import image
from program import START_SECONDS, Program, environment

_ARCHITECTURES = {
    "x86_64": ("amd64", ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"]),
    "aarch64": ("arm64", ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"]),
}
_CAPABILITIES = ("bounding", "effective", "inheritable", "permitted", "ambient")
# What runc says where the machine, and not the image, is in its way.
_FORBIDDEN = ("operation not permitted", "read-only file system", "cgroup")
_names = itertools.count(1)


def seccomp_profile(engine: dict) -> dict:
    """A runtime's profile out of an engine's, which has conditions, for a process that has no
    capability."""
    architecture, names = _ARCHITECTURES[platform.machine()]

    def applies(rule: dict) -> bool:
        only, never = rule.get("includes") or {}, rule.get("excludes") or {}
        return (
            not only.get("caps")
            and architecture in only.get("arches", [architecture])
            and architecture not in never.get("arches", [])
        )

    kept = ("names", "action", "args", "errnoRet")
    rules = [
        {name: rule[name] for name in kept if rule.get(name) is not None}
        for rule in engine["syscalls"]
        if applies(rule)
    ]
    profile = {"defaultAction": engine["defaultAction"], "architectures": names, "syscalls": rules}
    if "defaultErrnoRet" in engine:
        profile["defaultErrnoRet"] = engine["defaultErrnoRet"]
    return profile


def _finished(words: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )


class Runtime:
    """runc, with its state in a folder of its own."""

    def __init__(self, folder: pathlib.Path, seccomp: dict):
        self.folder = folder
        self.seccomp = seccomp

    def command(self, *arguments: str) -> list[str]:
        return ["runc", "--root", str(self.folder / "state"), *arguments]

    def ask(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return _finished(self.command(*arguments))

    def why_not(self, tree: image.Tree) -> str | None:
        """Why no container can be run on this machine."""
        if not shutil.which("runc"):
            return "runc is not installed"
        if os.geteuid() != 0:
            return "only root can start containers here"
        # Root in a container of its own may be forbidden mounts or control groups.
        complaint = Container(self, tree, ("--version",), own_network=True).run().stderr
        return complaint.strip() if any(word in complaint for word in _FORBIDDEN) else None


class Container:
    """A container to be: the image's root, and a process with what the Dockerfile says of it."""

    def __init__(
        self,
        runtime: Runtime,
        tree: image.Tree,
        arguments: tuple[str, ...] | None = None,
        *,
        env: Mapping[str, str] | None = None,
        mounts: Mapping[str, os.PathLike] | None = None,
        user: tuple[int, int] | None = None,
        own_network: bool = False,
    ):
        self._runtime = runtime
        self.name = f"gateway-{os.getpid()}-{next(_names)}"
        said = image.dockerfile()
        given = said.command if arguments is None else arguments
        self._specification = {
            "ociVersion": "1.0.2",
            "hostname": self.name,
            "root": {"path": str(tree.path), "readonly": True},
            "process": self._process([*said.entrypoint, *given], user or said.user, env or {}),
            "mounts": self._mounts(mounts or {}),
            "linux": {
                "namespaces": [
                    {"type": kind}
                    for kind in ("pid", "ipc", "uts", "mount", *(["network"] * own_network))
                ],
                "seccomp": runtime.seccomp,
                "cgroupsPath": f"/iot-jobs-gateway-tests/{self.name}",
                "maskedPaths": ["/proc/kcore", "/proc/keys", "/proc/timer_list"],
                "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys"],
            },
        }

    @staticmethod
    def _process(arguments: list[str], user: tuple[int, int], env: Mapping[str, str]) -> dict:
        return {
            "args": arguments,
            "cwd": "/",
            "env": [f"{name}={value}" for name, value in {"PATH": "/usr/bin", **env}.items()],
            "user": {"uid": user[0], "gid": user[1]},
            "noNewPrivileges": True,
            "capabilities": {kind: [] for kind in _CAPABILITIES},
        }

    @staticmethod
    def _mounts(files: Mapping[str, os.PathLike]) -> list[dict]:
        """/proc, the device files that each runtime brings, and files or folders of the host."""
        bound = [
            {
                "destination": inside,
                "source": os.fspath(outside),
                "type": "bind",
                "options": ["ro", "rbind", "nosuid", "nodev", "noexec"],
            }
            for inside, outside in files.items()
        ]
        proc = {
            "destination": "/proc",
            "source": "proc",
            "type": "proc",
            "options": ["nosuid", "noexec", "nodev"],
        }
        devices = {
            "destination": "/dev",
            "source": "tmpfs",
            "type": "tmpfs",
            "options": ["nosuid", "noexec", "mode=755", "size=64k"],
        }
        return [proc, devices, *bound]

    def command(self) -> list[str]:
        """What runs it in the foreground; runc passes signals on, and the exit status back."""
        bundle = self._runtime.folder / self.name
        bundle.mkdir()
        (bundle / "config.json").write_text(json.dumps(self._specification))
        return self._runtime.command("run", "--bundle", str(bundle), self.name)

    def run(self) -> subprocess.CompletedProcess[str]:
        return _finished(self.command())

    def execute(self, arguments: list[str]) -> subprocess.CompletedProcess[str]:
        """Runs one more process in it, as exec probes and Docker's health check do."""
        process = copy.deepcopy(self._specification["process"])
        process["args"] = arguments
        file = self._runtime.folder / f"{self.name}.json"
        file.write_text(json.dumps(process))
        return self._runtime.ask("exec", "--process", str(file), self.name)

    def status(self) -> dict[str, str]:
        """What the kernel says of the process."""
        text = pathlib.Path(f"/proc/{self._process_id()}/status").read_text()
        return dict(re.findall(r"^(\w+):[ \t]*(.*)$", text, re.M))

    def mounts(self) -> dict[str, list[str]]:
        """Mount point → options."""
        text = pathlib.Path(f"/proc/{self._process_id()}/mountinfo").read_text()
        return {fields[4]: fields[5].split(",") for fields in map(str.split, text.splitlines())}

    def _process_id(self) -> int:
        return json.loads(self._runtime.ask("state", self.name).stdout)["pid"]


class ContainedProgram(Program):
    """The image's program as it runs in a container."""

    def __init__(self, container: Container):
        self.container = container
        super().__init__()

    def _command(self, env: Mapping[str, str]) -> list[str]:
        assert not env, "a container has an environment of its own"
        return self.container.command()
