#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the image by its Dockerfile, stage by stage, and runs the image's tests on the outcome. It
# needs root, and neither an engine nor a registry: buildah builds, and this machine's Debian and
# Swift stand in for the two bases.
set -euo pipefail

usage() {
  cat <<'END'
usage: Tests/image.sh [COLLECTED]

  COLLECTED   what deploy/image/collect.sh has made of a build, to take the place of the first
              stage, which compiles everything anew
END
}

# shellcheck source=Tests/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

dockerfile="$root/deploy/image/Dockerfile"
image="iot-jobs-gateway:check"
# Layers are many times the image: they are kept for the time of the build alone.
work="$(mktemp --directory)"
mounted=""

clean_up() {
  [[ -z "$mounted" ]] || buildah_here umount --all >/dev/null
  rm -rf "$work"
}
trap clean_up EXIT

buildah_here() {
  buildah --root "$work/storage" --runroot "$work/run" --storage-driver vfs "$@"
}

# The name of the base that the Dockerfile asks for.
base_name() {
  sed --quiet "s|^FROM \(docker.io/library/$1:[^ ]*\).*|\1|p" "$dockerfile"
}

# A Debian of the same release, with the packages that this machine is offered.
make_debian() {
  local release mirror container
  # shellcheck source=/dev/null
  release="$(source /etc/os-release && printf '%s' "$VERSION_CODENAME")"
  mirror="$(apt-cache policy libc6 | grep --only-matching 'https\?://[^ ]*' | head --lines 1)"
  debootstrap --variant=minbase "$release" "$work/debian" "$mirror" >&2
  rm -f "$work/debian/etc/apt/sources.list"
  cp --recursive /etc/apt/sources.list.d/debian.sources "$work/debian/etc/apt/sources.list.d/"
  container="$(buildah_here from scratch)"
  buildah_here add --quiet "$container" "$work/debian" / >/dev/null
  buildah_here commit --quiet --rm "$container" "$(base_name debian)" >/dev/null
  rm -rf "$work/debian"
}

# The toolchain itself is mounted. What it needs besides is what Swift's own images install.
make_swift() {
  local container
  container="$(buildah_here from --pull-never "$(base_name debian)")"
  buildah_here run --isolation chroot "$container" -- sh -c \
    'apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes \
      --no-install-recommends binutils ca-certificates git gnupg libc6-dev libcurl4 libedit2 \
      libgcc-12-dev libncurses6 libpython3.11 libsqlite3-0 libstdc++-12-dev libxml2 libz3-4 \
      tzdata unzip zlib1g-dev' >&2
  buildah_here config --env "PATH=$toolchain/usr/bin:/usr/sbin:/usr/bin:/sbin:/bin" "$container"
  buildah_here commit --quiet --rm "$container" "$(base_name swift)" >/dev/null
}

# Prints --volume for the toolchain, and for mirrors on this machine that its git is told to use.
volumes() {
  local key value folder
  local -A mirrors=()
  printf -- '--volume\n%s:%s:ro\n' "$toolchain" "$toolchain"
  git config --list --name-only | grep --quiet '^url\.' || return 0
  while read -r key value; do
    git config --file "$work/gitconfig" --add "$key" "$value"
    folder="${key#url.}"
    folder="${folder%.*}"
    [[ "$folder" != /* ]] || mirrors[$folder]=here
  done < <(git config --get-regexp '^url\.')
  for folder in "${!mirrors[@]}"; do
    printf -- '--volume\n%s:%s:ro\n' "$folder" "$folder"
  done
  # Mirrors belong to whoever made them, and not to the user in there.
  git config --file "$work/gitconfig" safe.directory '*'
  printf -- '--volume\n%s:/etc/gitconfig:ro\n' "$work/gitconfig"
}

# The same file with another first stage, which compiles nothing.
leave_out_compiling() {
  printf 'FROM scratch AS build\nCOPY --from=collected / /collected\n'
  sed --quiet '/^FROM scratch AS symbols/,$p' "$dockerfile"
}

build_image() {
  local collected="$1" more
  mapfile -t more < <(volumes)
  if [[ -n "$collected" ]]; then
    leave_out_compiling >"$work/Dockerfile"
    dockerfile="$work/Dockerfile"
    more+=(--build-context "collected=$collected")
  fi
  buildah_here build --pull-never --isolation chroot --network host --format docker \
    "${more[@]}" --file "$dockerfile" --tag "$image" \
    --build-arg SOURCE_DATE_EPOCH="$(git -C "$root" log -1 --format=%ct)" \
    --build-arg REVISION="$(git -C "$root" rev-parse HEAD)" \
    "$root" >&2
}

check_image() {
  local container
  container="$(buildah_here from --pull-never "$image")"
  buildah_here inspect --type image "$image" >"$work/inspected.json"
  IMAGE_ROOT="$(buildah_here mount "$container")"
  mounted=yes
  export IMAGE_ROOT IMAGE_INSPECTED="$work/inspected.json"
  export GATEWAY_BINARY="$IMAGE_ROOT/usr/bin/iot-jobs-gateway"
  (cd "$root" && "$venv/bin/python" -m pytest -p no:cacheprovider -q -s -rs \
    Tests/EndToEnd/built_image.py Tests/EndToEnd/test_container.py)
}

main() {
  if (($# > 1)); then
    usage >&2
    exit 64
  fi
  local collected=""
  if (($# == 1)); then
    collected="$(readlink --canonicalize-existing "$1")" || die "there is no folder $1"
  fi
  ((EUID == 0)) || die "buildah's stand-ins for the bases need root"
  need_swift
  install_packages buildah debootstrap jq runc || die "buildah and debootstrap are needed"
  prepare_venv
  toolchain="$(readlink --canonicalize "$(command -v swift)")"
  toolchain="${toolchain%/usr/bin/*}"
  say "making the bases"
  make_debian
  [[ -n "$collected" ]] || make_swift
  say "building the image"
  build_image "$collected"
  check_image
}

main "$@"
