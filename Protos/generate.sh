#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Makes from Protos/ what is committed: the protobuf-c code in Sources/CJobsProto
# and the descriptor set Protos/descriptors.binpb (for server reflection).
#
#   Protos/generate.sh           writes both
#   Protos/generate.sh --check   makes them elsewhere and fails with the difference
#
# It sets up what it needs: Debian's protoc and protoc-gen-c, and a Python
# environment under .build. The output is that of the versions named here
# (Debian 12's); protoc-gen-c writes its own version into the code, so with
# another one the check compares the descriptor set alone and says so.
set -euo pipefail

protoc_gen_c_version=1.4.1
python_protobuf_version=6.33.6

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
protos=$root/Protos
venv=$root/.build/protos-venv

say() { printf '%s\n' "$*" >&2; }

case ${1-} in
  "") check=false ;;
  --check) check=true ;;
  *)
    say "usage: generate.sh [--check]"
    exit 64
    ;;
esac

# Installs Debian packages, as root or through sudo.
install_packages() {
  local -a as_root=()
  [ "$(id -u)" = 0 ] || as_root=(sudo)
  "${as_root[@]}" apt-get update -q
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -qy --no-install-recommends "$@"
}

set_up() {
  local -a missing=()
  command -v protoc >/dev/null || missing+=(protobuf-compiler)
  command -v protoc-gen-c >/dev/null || missing+=(protobuf-c-compiler)
  [ -f /usr/include/google/protobuf/any.proto ] || missing+=(libprotobuf-dev)
  python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
  if [ ${#missing[@]} -gt 0 ]; then install_packages "${missing[@]}" >&2; fi

  local stamp=$venv/.protobuf-$python_protobuf_version
  if [ ! -f "$stamp" ]; then
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install -q --disable-pip-version-check \
      "protobuf==$python_protobuf_version" >&2
    touch "$stamp"
  fi
}

# Writes the descriptor set and the C code into a folder.
generate_into() {
  local output=$1
  local -a files=()
  # One order on every machine, whatever its locale.
  mapfile -t files < <(cd "$protos" && find . -name '*.proto' -printf '%P\n' | LC_ALL=C sort)
  protoc -I "$protos" --include_imports -o "$output/descriptors.binpb" "${files[@]}"
  protoc -I "$protos" --include_imports --include_source_info \
    -o "$output/with-comments.binpb" "${files[@]}"
  PYTHONDONTWRITEBYTECODE=1 "$venv/bin/python" "$protos/protobuf_c.py" \
    "$output/with-comments.binpb" "$output/CJobsProto"
}

set_up
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
generate_into "$scratch"

if ! $check; then
  rm -rf "$root/Sources/CJobsProto"
  cp -R "$scratch/CJobsProto" "$root/Sources/CJobsProto"
  cp "$scratch/descriptors.binpb" "$protos/descriptors.binpb"
  say "wrote Sources/CJobsProto and Protos/descriptors.binpb"
  exit 0
fi

differs=false
cmp "$scratch/descriptors.binpb" "$protos/descriptors.binpb" >&2 || differs=true
installed=$(protoc-c --version | sed -n 's/^protobuf-c //p')
if [ "$installed" = "$protoc_gen_c_version" ]; then
  diff -ru "$root/Sources/CJobsProto" "$scratch/CJobsProto" >&2 || differs=true
else
  say "SKIP: Sources/CJobsProto is not compared: it is made by protoc-c" \
    "$protoc_gen_c_version, here is ${installed:-an unknown one}"
fi
if $differs; then
  say "what is committed is not what Protos/generate.sh makes: run it and commit the result"
  exit 1
fi
say "Sources/CJobsProto and Protos/descriptors.binpb are what Protos/generate.sh makes"
