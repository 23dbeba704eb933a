# SPDX-License-Identifier: Apache-2.0
"""What a newcomer does with the examples: the README's commands, and files for build tools."""

from __future__ import annotations

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree

import pytest

from aws import create_job
from examples import EXAMPLES, PROTOS

README = (EXAMPLES / "README.md").read_text(encoding="utf-8")
MAVEN = {"pom": "http://maven.apache.org/POM/4.0.0"}


def commands(language: str) -> list[str]:
    """The commands of a section, each in one line."""
    section = README.split(f"\n## {language}\n")[1].split("\n## ")[0]
    lines = re.findall(r"^    (.*)$", section.replace("\\\n", ""), re.M)
    return [re.sub(r" +", " ", line) for line in lines]


@pytest.fixture
def tree(tmp_path) -> pathlib.Path:
    """A copy of what the commands need, where they may leave files."""
    shutil.copytree(EXAMPLES, tmp_path / "deploy/examples")
    shutil.copytree(PROTOS, tmp_path / "Protos")
    return tmp_path / "deploy/examples"


def run(folder: pathlib.Path, command: str, tool: str | None = None, **env: str) -> str:
    words = command.removeprefix("bundle exec ").split()
    if not shutil.which(words[0]):
        pytest.skip(f"{words[0]} is not installed")
    done = subprocess.run(
        [tool or words[0], *words[1:]],
        cwd=folder,
        env={**os.environ, "LC_ALL": "C.UTF-8", **env},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.mark.parametrize(("language", "tool"), [("Python", sys.executable), ("Ruby", None)])
def test_the_commands_of_the_readme_make_stubs_and_run(
    language, tool, tree, gateway, iot, thing, job
):
    create_job(iot, job, thing)
    install, make_stubs, start = commands(language)
    assert "install" in install
    folder = tree / language.lower()
    run(folder, make_stubs, tool)
    said = run(folder, start.replace("lamp-1", thing), tool, JOBS_GATEWAY=gateway.address)
    assert f"succeeded: {job}, version 4\n" in said


def test_go_generate_makes_what_the_program_imports(tree):
    generate, tidy, start = commands("Go")
    assert (tidy, start) == ("go mod tidy", "go run . lamp-1")
    for plugin in ("protoc-gen-go", "protoc-gen-go-grpc"):
        if not shutil.which(plugin):
            pytest.skip(f"{plugin} is not installed")
    run(tree / "go", generate, GOFLAGS="-mod=mod", GOPROXY="off")
    module = json.loads(run(tree / "go", "go mod edit -json"))["Module"]["Path"]
    imported = re.search(rf'^\tjobs "{module}/(.+)"$', (tree / "go/main.go").read_text(), re.M)
    assert len(list((tree / "go" / imported[1]).glob("*.pb.go"))) == 2


def test_the_commands_for_cplusplus_are_those_that_the_other_tests_run():
    assert commands("C++") == ["cmake -B build", "cmake --build build", "build/worker lamp-1"]


def test_the_pom_names_the_program_and_the_contract():
    pom = xml.etree.ElementTree.parse(EXAMPLES / "java/pom.xml")
    main = pom.findtext(".//pom:mainClass", namespaces=MAVEN)
    assert (EXAMPLES / "java/src/main/java" / f"{main.replace('.', '/')}.java").exists()
    protos = pom.findtext(".//pom:properties/pom:protos", namespaces=MAVEN)
    assert protos == "${project.basedir}/../../../Protos"
    assert commands("Java") == ["mvn -q compile exec:java -Dexec.args=lamp-1"]


def test_the_package_of_node_has_what_the_program_imports():
    source = (EXAMPLES / "node/worker.js").read_text(encoding="utf-8")
    imported = set(re.findall(r'^import .* from "([^"]+)";$', source, re.M))
    package = json.loads((EXAMPLES / "node/package.json").read_text(encoding="utf-8"))
    assert {one for one in imported if not one.startswith("node:")} == set(package["dependencies"])


def test_the_gemfile_can_be_read():
    run(EXAMPLES / "ruby", "ruby -c Gemfile")


def test_pythons_requirements_are_those_of_the_tests():
    wanted = (EXAMPLES / "python/requirements.txt").read_text(encoding="utf-8").splitlines()
    pinned = [line for line in wanted if not line.startswith("#")]
    tested = (pathlib.Path(__file__).parent / "requirements.txt").read_text(encoding="utf-8")
    assert len(pinned) == 3
    assert set(pinned) <= set(tested.splitlines())
