#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Measures the release binary under h2load, in front of the emulator and of a static nginx, and then
# what the policies keep in great numbers. Prints tables; what h2load saw also as JSON, to the file
# given with --json. See benchmark.py --help.
set -euo pipefail

# shellcheck source=Tests/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/../setup.sh"

install_build_packages
install_packages nghttp2-client python3-venv nginx-light \
  || say "warning: what needs a missing package is skipped"
prepare_venv
build_release
"$venv/bin/python" "$root/Tests/Benchmarks/benchmark.py" --binary "$(release_binary)" "$@"

printf '\nFrom exec to ready:\n'
GATEWAY_BINARY="$(release_binary)" "$venv/bin/python" "$root/Tests/Benchmarks/startup.py"

printf '\nMemory and time of the policies:\n'
swift run --package-path "$root" --configuration release --static-swift-stdlib --quiet \
  policy-benchmark
