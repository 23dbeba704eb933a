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

# Where prepare_prometheus puts what it fetches, if there is none on the machine.
prometheus="$root/.build/prometheus"
export PATH="$PATH:$prometheus/usr/bin"

fetch_prometheus() {
  rm -rf "$prometheus"
  mkdir -p "$prometheus"
  (cd "$prometheus" && apt-get -qq -o APT::Sandbox::User=root download prometheus >&2) \
    && dpkg-deb --extract "$prometheus"/prometheus_*.deb "$prometheus"
}

# Unpacks Debian's Prometheus and promtool. Installed, the package would start a service.
prepare_prometheus() {
  if command -v promtool >/dev/null && command -v prometheus >/dev/null; then
    return
  fi
  say "fetching prometheus"
  fetch_prometheus || { apt update && fetch_prometheus; }
}
