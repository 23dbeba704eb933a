# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the tests and benchmarks need beyond the build. Sourced.

# shellcheck source=deploy/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/../deploy/setup.sh"

venv="$root/.build/venv"
requirements="$root/Tests/EndToEnd/requirements.txt"

# Makes the Python environment anew whenever the pinned requirements have changed.
prepare_venv() {
  if [[ -x "$venv/bin/python" ]] && cmp --silent "$requirements" "$venv/requirements.txt"; then
    return
  fi
  say "preparing the Python environment in .build/venv"
  rm -rf "$venv"
  mkdir -p "$root/.build"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements" >&2
  cp "$requirements" "$venv/requirements.txt"
}
