# SPDX-License-Identifier: Apache-2.0
"""What callers make their stubs from holds to buf's rules, and gives stubs for each language."""

from __future__ import annotations

import pathlib
import shutil
import subprocess
import sys

import pytest
import yaml

from examples import PROTO, PROTOS

BUF = pathlib.Path(sys.executable).parent / "buf"
PATH = PROTO.removesuffix(".proto")
TEMPLATE = yaml.safe_load((PROTOS / "buf.gen.yaml").read_text(encoding="utf-8"))

# Plugins run at Buf's registry; here the same ones of Debian's run instead.
LOCAL = {
    "protocolbuffers/go": "protoc-gen-go",
    "grpc/go": "protoc-gen-go-grpc",
    "grpc/cpp": "grpc_cpp_plugin",
    "grpc/java": "grpc_java_plugin",
    "grpc/python": "grpc_python_plugin",
    "grpc/ruby": "grpc_ruby_plugin",
}
MADE = {
    "python": [f"{PATH}_pb2.py", f"{PATH}_pb2_grpc.py", "google/rpc/error_details_pb2.py"],
    "go": [f"{PATH}.pb.go", f"{PATH}_grpc.pb.go"],
    "java": [
        "iot/jobs/dataplane/v1/JobExecution.java",
        "iot/jobs/dataplane/v1/JobsDataPlaneServiceGrpc.java",
    ],
    "cpp": [f"{PATH}.pb.cc", f"{PATH}.grpc.pb.h", "google/rpc/status.pb.h"],
    "ruby": [f"{PATH}_pb.rb", f"{PATH}_services_pb.rb"],
}


def buf(home: pathlib.Path, *arguments: object) -> None:
    done = subprocess.run(
        [BUF, *map(str, arguments)],
        cwd=PROTOS,
        env={"PATH": f"/usr/bin:/bin:{BUF.parent}", "HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_rules_are_kept(tmp_path):
    buf(tmp_path, "lint")


def test_nothing_breaks_what_is_committed(tmp_path):
    buf(tmp_path, "breaking", "--against", "descriptors.binpb")


def test_every_language_of_the_template_has_files_to_check():
    languages = {plugin["out"].removeprefix("gen/") for plugin in TEMPLATE["plugins"]}
    assert languages == set(MADE)


@pytest.mark.parametrize("language", MADE)
def test_stubs_are_made_for_each_language(tmp_path, language):
    plugins = []
    for plugin in TEMPLATE["plugins"]:
        if plugin["out"] != f"gen/{language}":
            continue
        plugin = dict(plugin)
        name = plugin.pop("remote").removeprefix("buf.build/")
        tool = LOCAL.get(name, "protoc")
        if not shutil.which(tool):
            pytest.skip(f"{tool} is not installed")
        runs = {"local": tool} if name in LOCAL else {"protoc_builtin": name.split("/")[1]}
        plugins.append({**plugin, **runs})
    assert len(plugins) == 2
    template = tmp_path / "buf.gen.yaml"
    template.write_text(yaml.safe_dump({**TEMPLATE, "plugins": plugins}))
    buf(tmp_path, "generate", "--template", template, "--output", tmp_path)
    missing = [one for one in MADE[language] if not (tmp_path / "gen" / language / one).exists()]
    assert missing == []
