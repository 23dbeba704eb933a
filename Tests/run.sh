#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Sets up what is missing, then runs every check of the project and says what it could not run.
set -euo pipefail

# shellcheck source=Tests/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
cd "$root"

usage() {
  cat <<'EOF'
usage: Tests/run.sh [--all] [--lint] [--unit] [--e2e] [-h]

  (none)   lint, unit tests, end-to-end tests with the release binary
  --lint   generated code, format, shell scripts
  --unit   warnings-free debug build, unit tests
  --e2e    release build, its size, end-to-end tests, cost of calls against the floors
  --all    everything, then once more under the address and the thread sanitizer,
           a minute of fuzzing for each target, the image built by its Dockerfile,
           and the long benchmarks
EOF
}

test_packages=(
  chromium
  cmake
  curl
  default-jdk-headless
  fonts-dejavu-core
  g++
  golang-go
  golang-google-grpc-dev
  golang-google-protobuf-dev
  jq
  libgeronimo-annotation-1.3-spec-java
  libgoogle-common-protos-java
  libgoogle-gson-java
  libgrpc++-dev
  libgrpc-java
  libguava-java
  libjsr305-java
  libnetty-java
  libnetty-tcnative-java
  libnetty-tcnative-jni
  libopencensus-java
  libperfmark-java
  libprotobuf-java
  make
  nghttp2-client
  nghttp2-server
  nginx-light
  nodejs
  openssl
  protobuf-c-compiler
  protobuf-compiler
  protobuf-compiler-grpc
  protobuf-compiler-grpc-java-plugin
  protoc-gen-go
  protoc-gen-go-grpc
  python3-venv
  ruby-googleapis-common-protos-types
  ruby-grpc
  ruby-grpc-tools
  runc
  shellcheck
)

# The binary with its symbols stripped stays under this: it sits beside every pod.
binary_limit_bytes=$((25 * 1000 * 1000))
strict=(--explicit-target-dependency-import-check error)

results="$(mktemp -d)"
trap 'rm -rf "$results"' EXIT
passed=0
failed=0
summary=()
# The exit status of the stage that ran last.
status=0

# Records that something was not checked. Works from inside a stage.
skip() {
  say "SKIP: $*"
  printf '%s\n' "$*" >>"$results/skips"
}

have() {
  command -v "$1" >/dev/null || {
    skip "$2: $1 is not installed and could not be"
    return 1
  }
}

# Runs one stage under its heading. The stage is a plain command here, never part of a condition,
# so that `set -e` holds inside it.
stage() {
  local title="$1" started=$SECONDS
  shift
  printf '\n==== %s ====\n' "$title"
  set +e
  (
    set -e
    "$@"
  )
  status=$?
  set -e
  local took="$((SECONDS - started)) s"
  if ((status == 0)); then
    passed=$((passed + 1))
    summary+=("ok      $title ($took)")
  else
    failed=$((failed + 1))
    summary+=("FAILED  $title ($took)")
  fi
  printf '==== %s: exit %d after %s ====\n' "$title" "$status" "$took"
}

# Runs a stage only if the one before it passed, since it stands on its outcome.
then_stage() {
  if ((status == 0)); then
    stage "$@"
  else
    skip "$1: what it needs has failed"
  fi
}

finish() {
  printf '\n==== Summary ====\n'
  printf '%s\n' "${summary[@]}"
  local skips=0
  if [[ -s "$results/skips" ]]; then
    skips=$(wc -l <"$results/skips")
    printf '\n!!!!!!!! NOT CHECKED !!!!!!!!\n'
    sed 's/^/SKIP    /' "$results/skips"
  fi
  printf '\nStages: %d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skips"
  ((failed == 0))
}

set_up() {
  need_swift
  swift --version 2>&1
  install_build_packages
  if ! install_packages "${test_packages[@]}"; then
    # One that another Debian does not have hinders the others no longer. The lists are fresh.
    local package
    for package in $(missing_packages "${test_packages[@]}"); do
      install_from_lists "$package" || say "warning: $package could not be installed"
    done
  fi
  prepare_venv
  prepare_prometheus || say "warning: prometheus could not be fetched"
}

# The committed C code and descriptors are what the .proto files give.
check_generated_code() {
  have protoc "generated code" || return 0
  have protoc-gen-c "generated code" || return 0
  PATH="$venv/bin:$PATH" bash Protos/generate.sh --check
}

check_format() {
  swift format lint --strict --parallel --recursive Package.swift Sources Tests
}

check_shell_scripts() {
  have shellcheck "shell scripts" || return 0
  local scripts
  mapfile -t scripts < <(
    printf '.ci/run\n'
    find deploy Protos Tests -name '*.sh' -not -name setup.sh
  )
  # The set-up files are read through those that source them.
  shellcheck --external-sources --check-sourced "${scripts[@]}"
}

# Builds and fails on any warning that is not a dependency's. Files that warned are touched, since
# a build that finds them up to date would keep silent about them the next time.
build_without_warnings() {
  local log="$results/build.log"
  swift build "$@" "${strict[@]}" 2>&1 | tee "$log"
  local warnings
  warnings="$(grep -E 'warning:' "$log" | grep -v '/checkouts/' | sort -u || true)"
  [[ -n "$warnings" ]] || return 0
  grep -oE '^/[^:]+' <<<"$warnings" | sort -u | xargs --no-run-if-empty touch --no-create
  printf 'warnings count as errors:\n%s\n' "$warnings"
  return 1
}

run_unit_tests() {
  swift test --skip-build "${strict[@]}" "$@"
}

check_binary_size() {
  local stripped="$results/iot-jobs-gateway" bytes
  strip -o "$stripped" "$(release_binary)"
  bytes=$(stat --format=%s "$stripped")
  printf 'stripped binary: %d bytes, limit %d\n' "$bytes" "$binary_limit_bytes"
  ((bytes <= binary_limit_bytes))
}

run_end_to_end() {
  local binary="$1" log="$results/pytest.log"
  shift
  have h2load "calls by the hundred thousand" || true
  have curl "HTTP-level errors" || true
  GATEWAY_BINARY="$binary" "$venv/bin/python" -m pytest Tests/EndToEnd -p no:cacheprovider \
    -q -rs --durations=10 "$@" | tee "$log"
  sed -n 's/^SKIPPED /end-to-end: /p' "$log" >>"$results/skips"
}

test_release_binary() {
  run_end_to_end "$(release_binary)"
}

# True when a program built with this sanitizer runs on this machine at all.
sanitizer_works() {
  printf 'print("sanitized")\n' >"$results/probe.swift"
  if ! { swiftc "-sanitize=$1" -o "$results/probe" "$results/probe.swift" \
    && "$results/probe"; } >"$results/probe.log" 2>&1; then
    tail -n 20 "$results/probe.log" >&2
    return 1
  fi
}

test_with_sanitizer() {
  local sanitizer="$1" scratch="$2"
  if ! sanitizer_works "$sanitizer"; then
    skip "$sanitizer sanitizer: its runtime does not work on this machine"
    return 0
  fi
  export TSAN_OPTIONS="suppressions=$root/Tests/thread-sanitizer.supp history_size=4"
  local sanitized=(--sanitize "$sanitizer" --scratch-path "$scratch")
  swift build --build-tests "${sanitized[@]}"
  # Tests leave embedded channels open, which are cycles; leaks are looked for in the program itself.
  ASAN_OPTIONS=detect_leaks=0 swift test --skip-build "${sanitized[@]}"
  run_end_to_end "$(swift build "${sanitized[@]}" --show-bin-path)/iot-jobs-gateway" \
    -m 'not long'
}

# Calls cost hardly more than what was recorded, in terms of what nghttpd and nginx cost here.
check_costs() {
  local tool
  for tool in h2load nghttpd nginx; do
    have "$tool" "cost of calls" || return 0
  done
  local log="$results/costs.log" benchmark=(Tests/Benchmarks/benchmark.py --short --check)
  "$venv/bin/python" "${benchmark[@]}" --binary "$(release_binary)" | tee "$log"
  sed -n 's/^SKIP: /cost of calls: /p' "$log" >>"$results/skips"
}

fuzz() {
  if ! sanitizer_works address; then
    skip "fuzzing: the address sanitizer's runtime does not work on this machine"
    return 0
  fi
  bash Tests/fuzz.sh --jobs "$(nproc)" 1
}

build_image() {
  if ((EUID != 0)); then
    skip "the image by its Dockerfile: only root can make stand-ins for its bases"
    return 0
  fi
  bash Tests/image.sh
}

run_benchmarks() {
  bash Tests/Benchmarks/benchmark.sh
  GATEWAY_BINARY="$(release_binary)" "$venv/bin/python" Tests/Benchmarks/footprint.py
}

lint() {
  stage "Generated code" check_generated_code
  stage "Format" check_format
  stage "Shell scripts" check_shell_scripts
}

unit() {
  stage "Debug build without warnings" build_without_warnings --build-tests
  then_stage "Unit tests" run_unit_tests
}

end_to_end() {
  stage "Release build" build_release
  then_stage "Size of the binary" check_binary_size
  then_stage "End to end" test_release_binary
  # Of no less interest when a test has failed.
  if [[ -x "$(release_binary)" ]]; then stage "Cost of calls" check_costs; fi
}

sanitizers() {
  stage "Address sanitizer" test_with_sanitizer address .build-asan
  stage "Thread sanitizer" test_with_sanitizer thread .build-tsan
}

main() {
  local parts=() all=false
  while (($# > 0)); do
    case "$1" in
      --all) all=true ;;
      --lint) parts+=(lint) ;;
      --unit) parts+=(unit) ;;
      --e2e) parts+=(end_to_end) ;;
      -h | --help)
        usage
        exit 0
        ;;
      *)
        usage >&2
        exit 64
        ;;
    esac
    shift
  done
  if "$all" || ((${#parts[@]} == 0)); then
    parts=(lint unit end_to_end)
  fi
  stage "Set-up" set_up
  if ((failed == 0)); then
    local part
    for part in "${parts[@]}"; do "$part"; done
    if "$all"; then
      sanitizers
      stage "Fuzzing" fuzz
      stage "Image by its Dockerfile" build_image
      stage "Benchmarks" run_benchmarks
    fi
  fi
  finish
}

main "$@"
