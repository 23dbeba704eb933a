# SPDX-License-Identifier: Apache-2.0
"""Builds the programs of deploy/examples, with Debian's gRPC libraries.

What is built is kept under .build/examples as long as no source changes: gRPC's C++ headers and its
Go sources take half a minute to compile.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping

from program import ROOT

EXAMPLES = ROOT / "deploy/examples"
SERVICE_CONFIG = EXAMPLES / "service_config.json"
PROTOS = ROOT / "Protos"
PROTO = "iot/jobs/dataplane/v1/jobs_data_plane.proto"
_DETAILS = "google/rpc/error_details.proto"
_KEPT = ROOT / ".build/examples"
_STAND_INS = pathlib.Path(__file__).parent / "stand_ins"
_GO_SOURCES = pathlib.Path("/usr/share/gocode/src")
_JARS = pathlib.Path("/usr/share/java")


class CannotBeBuilt(Exception):
    """A tool or a library of this language is not installed."""


@dataclasses.dataclass(frozen=True)
class Example:
    """A program that is ready to run."""

    words: tuple[str, ...]
    env: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def begin(self, *arguments: str, env: Mapping[str, str]) -> subprocess.Popen[str]:
        locale = {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
        # Nothing of the developer's own proxies or gRPC settings takes part.
        kept = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
        return subprocess.Popen(
            [*self.words, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**kept, **locale, **self.env, "JOBS_SERVICE_CONFIG": str(SERVICE_CONFIG), **env},
        )


def _need(*found: str | pathlib.Path) -> None:
    for one in found:
        is_there = one.exists() if isinstance(one, pathlib.Path) else shutil.which(one)
        if not is_there:
            raise CannotBeBuilt(f"{one} is not installed")


def _run(*words: object, cwd: pathlib.Path | None = None, **env: str) -> None:
    done = subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"


def _kept(language: str, build: Callable[[pathlib.Path, pathlib.Path], None]) -> pathlib.Path:
    """The folder in which an example was built from the sources as they are."""
    source = EXAMPLES / language
    files = [pathlib.Path(__file__), *source.rglob("*"), *_STAND_INS.rglob("*")]
    files += [PROTOS / PROTO, PROTOS / _DETAILS]
    texts = (file.read_bytes() for file in sorted(files) if file.is_file())
    folder = _KEPT / f"{language}-{hashlib.sha256(b''.join(texts)).hexdigest()[:16]}"
    if not (folder / "done").exists():
        for outdated in _KEPT.glob(f"{language}-*"):
            shutil.rmtree(outdated)
        folder.mkdir(parents=True)
        build(source, folder)
        (folder / "done").touch()
    return folder


def _protoc(*options: object, more: tuple[str, ...] = ()) -> None:
    _run("protoc", "-I", PROTOS, *options, PROTO, *more)


def python() -> Example:
    def build(_: pathlib.Path, folder: pathlib.Path) -> None:
        _run(
            *(sys.executable, "-m", "grpc_tools.protoc", "-I", PROTOS),
            *(f"--python_out={folder}", f"--grpc_python_out={folder}", PROTO),
        )

    folder = _kept("python", build)
    worker = EXAMPLES / "python/worker.py"
    return Example((sys.executable, str(worker)), {"PYTHONPATH": str(folder)})


def cpp() -> Example:
    _need("cmake", "make", "g++", "protoc", "grpc_cpp_plugin", "pkg-config")
    _need(pathlib.Path("/usr/include/grpcpp/grpcpp.h"))

    def build(source: pathlib.Path, folder: pathlib.Path) -> None:
        _run("cmake", "-S", source, "-B", folder)
        _run("cmake", "--build", folder, "--parallel", "2")

    return Example((str(_kept("cpp", build) / "worker"),))


def go() -> Example:
    grpc = _GO_SOURCES / "google.golang.org/grpc"
    _need("go", "protoc", "protoc-gen-go", "protoc-gen-go-grpc", grpc)
    _need(_GO_SOURCES / "google.golang.org/protobuf")

    def build(source: pathlib.Path, folder: pathlib.Path) -> None:
        package = folder / "src/example.com/worker"
        package.mkdir(parents=True)
        shutil.copy(source / "main.go", package)
        relative = "paths=source_relative"
        _protoc(
            *(f"--go_out={package}", f"--go_opt={relative}"),
            *(f"--go-grpc_out={package}", f"--go-grpc_opt={relative}"),
        )
        stand_ins = {
            "newclient.go": "new_client.go",
            "credentials/insecure/insecure.go": "insecure.go",
            "encoding/proto/proto.go": "codec.go",
        }
        replaced = {str(grpc / to): str(_STAND_INS / "go" / by) for to, by in stand_ins.items()}
        overlay = folder / "overlay.json"
        overlay.write_text(json.dumps({"Replace": replaced}))
        _run(
            *("go", "build", "-overlay", overlay, "-o", folder / "worker", "example.com/worker"),
            GOPATH=f"{folder}:{_GO_SOURCES.parent}",
            GOCACHE=str(_KEPT / "cache-of-go"),
            GO111MODULE="off",
            GOFLAGS="",
        )

    # Newer versions repeat calls without being told to.
    return Example((str(_kept("go", build) / "worker"),), {"GRPC_GO_RETRY": "on"})


def java() -> Example:
    _need("javac", "java", "protoc", "grpc_java_plugin")
    names = [
        *("grpc-api", "grpc-context", "grpc-core", "grpc-netty", "grpc-protobuf", "grpc-stub"),
        *("grpc-protobuf-lite", "guava", "gson", "jsr305", "protobuf", "perfmark-api"),
        *("perfmark-impl", "opencensus-api", "opencensus-contrib-grpc-metrics"),
        *("proto-google-common-protos", "netty-all", "netty-tcnative"),
        "geronimo-annotation-1.3-spec",
    ]
    jars = [_JARS / f"{name}.jar" for name in names]
    native = next(pathlib.Path("/usr/lib").glob("*/jni/libnetty-tcnative.so"), None)
    if not native:
        raise CannotBeBuilt("libnetty-tcnative-jni is not installed")
    _need(*jars)
    path = ":".join(map(str, [*jars, *sorted(_JARS.glob("netty-*.jar"))]))

    def build(source: pathlib.Path, folder: pathlib.Path) -> None:
        stubs = folder / "stubs"
        stubs.mkdir()
        plugin = shutil.which("grpc_java_plugin")
        _protoc(f"--plugin=protoc-gen-grpc={plugin}", f"--java_out={stubs}", f"--grpc_out={stubs}")
        # Debian's common messages are older than ErrorInfo.
        _run("protoc", "-I", PROTOS, f"--java_out={stubs}", _DETAILS)
        _run(
            *("javac", "-Xlint:-options", "-cp", path, "-d", folder / "classes"),
            *sorted([*stubs.rglob("*.java"), *source.rglob("*.java")]),
        )

        # Debian's netty looks for it under this name.
        shutil.copy(native, folder / "libnetty_tcnative.so")

    folder = _kept("java", build)
    # Quick to start, since each run is short.
    quick = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto")
    where = (f"-Djava.library.path={folder}", "-cp", f"{folder / 'classes'}:{path}")
    return Example(("java", *quick, *where, "com.example.jobs.Worker"))


def node() -> Example:
    _need("node")

    def build(source: pathlib.Path, folder: pathlib.Path) -> None:
        # npm's registry may be out of reach; what is looked at is the example's own code.
        for package in ("@grpc/grpc-js", "@grpc/proto-loader", "protobufjs"):
            installed = folder / "node_modules" / package
            installed.mkdir(parents=True)
            stand_in = _STAND_INS / "node" / f"{installed.name}.js"
            shutil.copy(stand_in, installed / "index.js")
        shutil.copy(source / "worker.js", folder)
        shutil.copy(source / "package.json", folder)

    worker = _kept("node", build) / "worker.js"
    return Example(("node", str(worker)), {"JOBS_PROTOS": str(PROTOS)})


def ruby() -> Example:
    _need("ruby", "protoc", "grpc_ruby_plugin")
    needed = "require 'grpc'; require 'google/rpc/error_details_pb'"
    if subprocess.run(["ruby", "-e", needed], capture_output=True, check=False).returncode != 0:
        raise CannotBeBuilt("ruby-grpc or ruby-googleapis-common-protos-types is not installed")

    def build(_: pathlib.Path, folder: pathlib.Path) -> None:
        plugin = shutil.which("grpc_ruby_plugin")
        _protoc(
            *(f"--plugin=protoc-gen-grpc={plugin}", f"--ruby_out={folder}"),
            f"--grpc_out={folder}",
        )

    return Example(("ruby", "-I", str(_kept("ruby", build)), str(EXAMPLES / "ruby/worker.rb")))


BUILDERS: Mapping[str, Callable[[], Example]] = {
    "Python": python,
    "Go": go,
    "Java": java,
    "C++": cpp,
    "Node": node,
    "Ruby": ruby,
}
