# SPDX-License-Identifier: Apache-2.0
"""Builds the callers in other languages, with Debian's own gRPC libraries.

What is built is kept under .build/clients as long as no source changes: gRPC's C++ headers and its Go
sources take half a minute to compile.
"""

from __future__ import annotations

import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys

import grpc_tools

from program import ROOT

_CLIENTS = pathlib.Path(__file__).parent / "clients"
_PROTO = ROOT / "Protos/iot/jobs/dataplane/v1/jobs_data_plane.proto"
_KEPT = ROOT / ".build/clients"
_GO_PATH = pathlib.Path("/usr/share/gocode")


class CannotBeBuilt(Exception):
    """A tool or a library of this language is not installed."""


def _need(*found: str | pathlib.Path) -> None:
    for one in found:
        is_there = one.exists() if isinstance(one, pathlib.Path) else shutil.which(one)
        if not is_there:
            raise CannotBeBuilt(f"{one} is not installed")


def _run(*words: object, env: dict[str, str] | None = None) -> None:
    done = subprocess.run(
        [str(word) for word in words],
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"


def _folder(source: str, *more: pathlib.Path) -> tuple[pathlib.Path, bool]:
    """Where the client is built, and whether it already is."""
    files = [_CLIENTS / source, _PROTO, pathlib.Path(__file__), *more]
    key = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]
    folder = _KEPT / f"{source}-{key}"
    if (folder / "done").exists():
        return folder, True
    shutil.rmtree(folder, ignore_errors=True)
    for outdated in _KEPT.glob(f"{source}-*"):
        shutil.rmtree(outdated)
    folder.mkdir(parents=True)
    return folder, False


def _done(folder: pathlib.Path) -> None:
    (folder / "done").touch()


def _python(name: str) -> list[str]:
    folder, is_done = _folder(f"client_{name}.py")
    if not is_done:
        well_known = pathlib.Path(grpc_tools.__file__).parent / "_proto"
        _run(
            *(sys.executable, "-m", "grpc_tools.protoc", "-I", _PROTO.parent, "-I", well_known),
            *(f"--python_out={folder}", f"--grpc_python_out={folder}", _PROTO.name),
        )
        shutil.copy(_CLIENTS / f"client_{name}.py", folder)
        _done(folder)
    return [sys.executable, str(folder / f"client_{name}.py")]


def grpcio() -> list[str]:
    return _python("grpcio")


def grpclib() -> list[str]:
    return _python("grpclib")


def cpp() -> list[str]:
    _need("g++", "protoc", "grpc_cpp_plugin", pathlib.Path("/usr/include/grpcpp/grpcpp.h"))
    folder, is_done = _folder("client.cpp")
    if not is_done:
        plugin = shutil.which("grpc_cpp_plugin")
        _run(
            *("protoc", "-I", _PROTO.parent, f"--cpp_out={folder}", f"--grpc_out={folder}"),
            *(f"--plugin=protoc-gen-grpc={plugin}", _PROTO.name),
        )
        _run(
            *("g++", "-std=c++17", "-O0", f"-I{folder}", "-o", folder / "client"),
            *(_CLIENTS / "client.cpp", *sorted(folder.glob("*.cc"))),
            # The headers use libraries of Abseil's that only gRPC itself names.
            *("-Wl,--copy-dt-needed-entries", "-lgrpc++", "-lgrpc", "-lprotobuf", "-lpthread"),
        )
        _done(folder)
    return [str(folder / "client")]


def go() -> list[str]:
    _need("go", "protoc", "protoc-gen-go", _GO_PATH / "src/google.golang.org/grpc")
    folder, is_done = _folder("client.go")
    if not is_done:
        # Debian's generator is older than proto3's `optional`; without the word the bytes are
        # the same, and only absence can no longer be told from zero.
        source = folder / "proto/jobs_data_plane.proto"
        source.parent.mkdir()
        source.write_text(re.sub(r"^(\s+)optional ", r"\1", _PROTO.read_text(), flags=re.M))
        (folder / "src/client").mkdir(parents=True)
        _run("protoc", "-I", source.parent, f"--go_out=plugins=grpc:{folder / 'src'}", source.name)
        shutil.copy(_CLIENTS / "client.go", folder / "src/client")
        _run(
            *("go", "build", "-o", folder / "client", "client"),
            env={
                "GOPATH": f"{folder}:{_GO_PATH}",
                "GOCACHE": str(_KEPT / "go-cache"),
                "GO111MODULE": "off",
                "GOFLAGS": "",
            },
        )
        _done(folder)
    return [str(folder / "client")]


def ruby() -> list[str]:
    _need("ruby", "protoc", "grpc_ruby_plugin")
    if subprocess.run(["ruby", "-e", "require 'grpc'"], capture_output=True).returncode != 0:
        raise CannotBeBuilt("ruby-grpc is not installed")
    folder, is_done = _folder("client.rb")
    if not is_done:
        plugin = shutil.which("grpc_ruby_plugin")
        _run(
            *("protoc", "-I", _PROTO.parent, f"--ruby_out={folder}", f"--grpc_out={folder}"),
            *(f"--plugin=protoc-gen-grpc={plugin}", _PROTO.name),
        )
        _done(folder)
    return ["ruby", "-I", str(folder), str(_CLIENTS / "client.rb")]
