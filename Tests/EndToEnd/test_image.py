# SPDX-License-Identifier: Apache-2.0
"""What the image is made of, and that it is made the same again."""

from __future__ import annotations

import json
import pathlib
import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch

import pytest
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

import image
from documents import rows
from program import BINARY, ROOT

pytestmark = pytest.mark.long


def test_the_image_is_small(tree):
    shares = tree.shares()
    told = ", ".join(f"{share} {size / 1e6:.1f} MB" for share, size in shares.items())
    print(f"\nimage: {sum(shares.values()) / 1e6:.1f} MB: {told}")
    assert sum(shares.values()) <= image.LIMIT_BYTES, told
    written = {share: float(size) for share, size in rows("Kubernetes", "image")}
    # As the documentation has it, but for what a day's updates change.
    about = {share: pytest.approx(size / 1e6, rel=0.1, abs=0.1) for share, size in shares.items()}
    assert written == about


def test_the_same_packages_and_moment_give_the_same_tree(collected, tree, tmp_path):
    elsewhere = {"LC_ALL": "C.UTF-8", "TZ": "Pacific/Auckland", "TMPDIR": str(tmp_path)}
    other = image.assemble(collected, tmp_path / "other", env=elsewhere, umask=0o077)
    assert tree.shape() == other.shape()
    assert {time for _, time, _ in tree.shape().values()} == {image.MOMENT * 10**9}
    assert json.loads(tree.sbom.read_text())["creationInfo"]["created"] == "2023-11-14T22:13:20Z"


def test_another_build_of_the_collection_gives_the_same(collected, tmp_path):
    again = image.Tree(image.collect(tmp_path / "again"))
    contents = [
        {name: (mode, content) for name, (mode, _, content) in one.shape().items()}
        for one in (image.Tree(collected), again)
    ]
    assert contents[0] == contents[1]


def test_nobody_but_root_could_write_to_it_and_all_can_read_it(tree):
    for name, (mode, _, _) in tree.shape().items():
        if mode[0] != "l":
            assert mode[5] == mode[8] == "-", name
            assert mode[4] == mode[7] == "r", name
            assert (mode[0] == "d") <= (mode[9] == "x"), name
            assert "s" not in mode[1:].lower() and "t" not in mode[1:].lower(), name


def test_nothing_in_it_could_be_run_besides(tree):
    runnable = {
        name
        for name, (mode, _, _) in tree.shape().items()
        if mode[0] == "-" and mode[9] == "x" and not name.startswith("/usr/lib/")
    }
    assert runnable == set(image.dockerfile().entrypoint)


def test_no_link_leads_nowhere(tree):
    entries = tree.shape()
    for name, (mode, _, target) in entries.items():
        if mode[0] == "l":
            # As it is followed inside, where / is the tree; an absolute target takes the place of
            # all before it.
            followed = pathlib.PurePosixPath(name).parent / target
            resolved = pathlib.Path(f"{tree.path}{followed}").resolve()
            assert f"/{resolved.relative_to(tree.path)}" in entries, (name, target)


def test_users_have_names(tree):
    user, group = image.dockerfile().user
    assert f"nonroot:x:{user}:{group}:" in (tree.path / "etc/passwd").read_text()
    assert f"nonroot:x:{group}:" in (tree.path / "etc/group").read_text()
    assert user >= 10_000


def test_the_sbom_is_valid_spdx(tree):
    document = parse_file(str(tree.sbom))
    assert validate_full_spdx_document(document) == []
    assert document.creation_info.spdx_version == "SPDX-2.3"
    gateway = next(one for one in document.packages if one.name == "iot-jobs-gateway")
    assert gateway.version == image.version()
    related = {one.spdx_element_id for one in document.relationships}
    related |= {one.related_spdx_element_id for one in document.relationships}
    assert {one.spdx_id for one in document.packages} <= related


def test_the_sbom_names_each_swift_package_that_is_linked(tree):
    listed = tree.packages("Swift")
    pins = json.loads(image.RESOLVED.read_text())["pins"]
    pinned = {pin["identity"]: pin["state"]["version"] for pin in pins}
    assert listed.pop("swift") in subprocess.run(
        ["swift", "--version"], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    assert listed.items() <= pinned.items()
    manifest = (ROOT / "Package.swift").read_text()
    wanted = re.findall(r'\.package\(url: "[^"]*/([^"/]+)"', manifest)
    assert set(wanted) <= set(listed)
    # It comes along with another package, and no code of it is in the binary.
    assert "swift-system" in pinned and "swift-system" not in listed


def test_the_sbom_and_the_scanners_list_the_debian_packages_that_are_in_it(tree):
    listed = tree.packages("Debian")
    records = {}
    for file in (tree.path / "var/lib/dpkg/status.d").iterdir():
        fields = dict(re.findall(r"^([A-Z][\w-]*): (.*)$", file.read_text(), re.M))
        assert fields["Package"] == file.name
        records[file.name] = fields["Version"]
    assert listed == records
    locators = [
        reference["referenceLocator"]
        for package in json.loads(tree.sbom.read_text())["packages"]
        for reference in package.get("externalRefs", [])
    ]
    shape = re.compile(r"pkg:(deb|swift)/[\w./%-]+@[\w.~%-]+(\?[\w.=&-]+)?")
    assert len(locators) > len(listed)
    assert all(map(shape.fullmatch, locators))
    assert any(one.startswith("pkg:deb/debian/libstdc%2B%2B6@") for one in locators)


def test_each_package_brings_its_licence(tree):
    for name in tree.packages("Debian"):
        assert (tree.path / "usr/share/doc" / name / "copyright").stat().st_size > 0, name
    for name in {"iot-jobs-gateway", *tree.packages("Swift")} - {"swift"}:
        assert list((tree.path / "usr/share/doc" / name).glob("LICENSE*")), name


def test_a_library_that_no_package_has_is_told(collected, tmp_path):
    # bash needs one that the gateway does not.
    other = tmp_path / "collected"
    shutil.copytree(collected, other)
    shutil.copy("/bin/bash", other / "iot-jobs-gateway")
    done = image.run_script("rootfs.sh", other, tmp_path / "root")
    assert done.returncode == 1
    assert "no package has libtinfo" in done.stderr


def test_a_binary_without_symbols_is_told(collected, tmp_path):
    stripped = collected / "iot-jobs-gateway"
    done = image.run_script("collect.sh", stripped, image.BUILD, tmp_path / "again")
    assert done.returncode == 1
    assert "has no symbols" in done.stderr


def test_the_dockerfile_builds_the_version_that_the_binary_tells(tree):
    said = image.dockerfile()
    assert said.arguments["VERSION"] == image.version()
    assert said.labels["org.opencontainers.image.version"] == image.version()
    tags = re.findall(r"--tag iot-jobs-gateway:(\S+)", image.DOCKERFILE.read_text())
    assert set(tags) == {image.version()}


def test_each_base_is_named_by_an_exact_tag():
    stages: set[str] = set()
    for name, words in image.dockerfile().instructions:
        if name != "FROM":
            continue
        base, _, stage = words.partition(" AS ")
        if base != "scratch":
            assert re.fullmatch(r"[\w.]+(/[\w-]+)+:[\w.-]*\d[\w.-]*", base), base
            assert "latest" not in base
        stages.add(stage)
    assert stages >= {"build", "assemble", "symbols"}


def ignored(path: str) -> bool:
    """As Docker reads .dockerignore: the last line that fits decides."""
    answer = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.removeprefix("!")
        parts = [path, *map(str, pathlib.PurePath(path).parents)]
        if line and line[0] != "#" and any(fnmatch(part, pattern) for part in parts):
            answer = not line.startswith("!")
    return answer


def test_what_the_dockerfile_copies_is_there_and_not_ignored():
    copied = [
        source
        for name, words in image.dockerfile().instructions
        if name == "COPY" and "--from" not in words
        for source in words.split()[:-1]
    ]
    assert "Sources" in copied
    for source in copied:
        path = source.rstrip("*")
        # The lock file is there once somebody has built.
        assert source.endswith("*") or (ROOT / path).exists(), source
        assert not ignored(path), source
    for path in ("README.md", ".git/config", ".build/release", "Tests/EndToEnd/program.py"):
        assert ignored(path), path


def test_the_manifest_finds_all_its_targets_in_what_is_copied():
    for folder in re.findall(r'path: "(Tests/[^"]+)"', (ROOT / "Package.swift").read_text()):
        assert not ignored(folder), folder
    for folder in (ROOT / "Tests").glob("*Tests"):
        assert not ignored(f"Tests/{folder.name}"), folder


def test_hadolint_finds_nothing():
    hadolint = pathlib.Path(sys.executable).with_name("hadolint")
    if not hadolint.exists():
        pytest.skip("the Dockerfile's review: hadolint is not to be had for this machine")
    done = subprocess.run(
        [hadolint, image.DOCKERFILE], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout


def test_the_symbols_belong_to_the_binary(collected):
    def identity(path: pathlib.Path) -> str:
        notes = subprocess.run(
            ["readelf", "--notes", path], capture_output=True, text=True, check=True, timeout=60
        ).stdout
        found = re.search(r"Build ID: (\w+)", notes)
        assert found, path
        return found[1]

    assert identity(collected / "iot-jobs-gateway.debug") == identity(BINARY)
