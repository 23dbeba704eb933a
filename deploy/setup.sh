# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What a fresh Debian machine needs before it can build the gateway. Sourced by deploy/demo.sh and
# by the scripts under Tests/.

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

build_packages=(
  pkg-config
  libnghttp2-dev
  libprotobuf-c-dev
  libssl-dev
  libyaml-dev
  zlib1g-dev
)

say() { printf '%s\n' "$*" >&2; }

die() {
  say "error: $*"
  exit 1
}

# Prints those of the named packages that dpkg does not know as installed.
missing_packages() {
  local package
  for package in "$@"; do
    # shellcheck disable=SC2016 # dpkg-query's own placeholder
    if [[ "$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null)" \
      != installed ]]; then
      printf '%s\n' "$package"
    fi
  done
}

apt() {
  local elevate=()
  if ((EUID != 0)); then
    command -v sudo >/dev/null || return 1
    elevate=(sudo)
  fi
  "${elevate[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@" >&2
}

# Installs what is missing of the named packages and touches nothing when all are there.
install_packages() {
  local missing
  mapfile -t missing < <(missing_packages "$@")
  ((${#missing[@]} > 0)) || return 0
  say "installing ${missing[*]}"
  apt update || say "warning: the package lists could not be refreshed"
  install_from_lists "${missing[@]}"
}

install_from_lists() {
  apt install --yes --no-install-recommends "$@"
}

need_swift() {
  command -v swift >/dev/null || die "no Swift toolchain in PATH (6.2 or later is needed)"
}

install_build_packages() {
  need_swift
  install_packages "${build_packages[@]}" \
    || die "could not install: $(missing_packages "${build_packages[@]}" | xargs)"
}

# The release binary, with Swift's own libraries inside, so that it runs on a machine without Swift.
release_flags=(--configuration release --static-swift-stdlib --product iot-jobs-gateway)

build_release() {
  swift build --package-path "$root" "${release_flags[@]}"
}

release_binary() {
  printf '%s/iot-jobs-gateway\n' \
    "$(swift build --package-path "$root" "${release_flags[@]}" --show-bin-path)"
}
