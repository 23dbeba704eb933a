#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes the table of what a call costs: builds the release binary and measures it by turns with its
# floors, then the parts of a call within one process. A quarter of an hour, or a minute with --short
# once all is built. --list names the cases; benchmark.py --help tells the rest.
set -euo pipefail

# shellcheck source=Tests/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/../setup.sh"

install_build_packages
install_packages gcc libc6-dev nghttp2-client nghttp2-server nginx-light python3-venv \
  || say "warning: what needs a missing package is skipped"
prepare_venv
build_release

in_process=()
if [[ " $* " != *" --short "* && " $* " != *" --cases "* && " $* " != *" --soak "* ]]; then
  flags=(--package-path "$root" --configuration release --static-swift-stdlib
    --product in-process-benchmark)
  swift build "${flags[@]}" >&2
  in_process=(--in-process "$(swift build "${flags[@]}" --show-bin-path)/in-process-benchmark")
fi
"$venv/bin/python" "$root/Tests/Benchmarks/benchmark.py" --binary "$(release_binary)" \
  "${in_process[@]}" "$@"
