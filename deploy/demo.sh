#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the gateway and runs it in front of its own emulator, with a few jobs to play with.
# Arguments go to `iot-jobs-gateway demo`.
set -euo pipefail

# shellcheck source=deploy/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

install_build_packages
build_release
exec "$(release_binary)" demo "$@"
