#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Looks for inputs that break a claim of Tests/Fuzzing, with libFuzzer and the address sanitizer.
set -euo pipefail

# shellcheck source=Tests/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
# Inputs are named as they are seen from where this was started.
started_in="$PWD"
cd "$root"

usage() {
  cat <<'EOF'
usage: Tests/fuzz.sh [--jobs N] [--merge] [MINUTES [TARGET...]]
       Tests/fuzz.sh --replay TARGET FILE...

  MINUTES   for each target, 10 if not given; 0 with --merge to merge alone
  TARGET    names of Tests/Corpus, all if not given
  --jobs    targets at a time, 1 if not given
  --merge   afterwards, make Tests/Corpus the few inputs that reach most
  --replay  run inputs once each

What was found is kept in .build-fuzz/corpus between runs; what breaks a claim, is slow or takes
memory is put into .build-fuzz/finds and fails the run.
EOF
}

scratch=.build-fuzz
# Swift's own crash report would wait for the sanitizer's, which waits for it.
program=(env SWIFT_BACKTRACE=enable=no "$scratch/release/fuzz")
seconds=600
jobs=1
merge=false

# gold does not link what libFuzzer needs; the toolchain's own lld does.
build() {
  IOT_JOBS_GATEWAY_FUZZING=1 swift build --configuration release --sanitize address \
    --scratch-path "$scratch" --product fuzz -Xswiftc -use-ld=lld
}

limits=(-max_len=4096 -timeout=10 -rss_limit_mb=2048 -malloc_limit_mb=256)

fuzz() {
  local target="$1" found="$scratch/corpus/$1" log="$scratch/log/$1"
  local flags=("${limits[@]}" "-max_total_time=$seconds" -print_final_stats=1
    "-artifact_prefix=$scratch/finds/$target-")
  local words="Tests/Fuzzing/Dictionaries/$target.dict"
  [[ ! -f "$words" ]] || flags+=("-dict=$words")
  mkdir -p "$found" "$scratch/seeds"
  local status=0
  "${program[@]}" "--target=$target" "${flags[@]}" "$found" "Tests/Corpus/$target" "$scratch/seeds/$target" \
    >"$log" 2>&1 &
  local fuzzer=$!
  trap 'kill "$fuzzer"' TERM
  wait "$fuzzer" || status=$?
  report "$target" "$log" "$status"
  return "$status"
}

# One line of figures, and the words of what was found.
report() {
  local target="$1" log="$2" status="$3" executions rate edges
  executions="$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")"
  rate="$(sed -n 's/^stat::average_exec_per_sec: *//p' "$log")"
  edges="$(grep -oE 'cov: [0-9]+' "$log" | tail -n 1 | cut -d ' ' -f 2)"
  printf '%-14s %12s executions %8s/s %7s edges  exit %d\n' \
    "$target" "${executions:-?}" "${rate:-?}" "${edges:-?}" "$status"
  ((status == 0)) || grep -E 'Broken claim|Fatal error|ERROR: |SUMMARY|Test unit written' "$log" || tail "$log"
}

# Inputs in a target's corpus at most: every unit test run plays them all.
corpus_limit=40

# Takes the place of a target's corpus. Edges alone count, not how often they are passed.
merge_corpus() {
  local target="$1" merged="$scratch/merged/$1"
  rm -rf "$merged" "$merged.control"
  mkdir -p "$merged" "$scratch/corpus/$target"
  "${program[@]}" "--target=$target" "${limits[@]}" -merge=1 -set_cover_merge=1 -use_counters=0 \
    "-merge_control_file=$merged.control" "$merged" \
    "Tests/Corpus/$target" "$scratch/seeds/$target" "$scratch/corpus/$target" \
    >"$scratch/log/$target-merge" 2>&1 || {
    tail "$scratch/log/$target-merge"
    return 1
  }
  python3 Tests/Fuzzing/choose.py "$merged.control" "Tests/Corpus/$target" "$corpus_limit"
}

wrong() {
  printf 'Tests/fuzz.sh: %s\n' "$*" >&2
  usage >&2
  exit 64
}

need_number() {
  [[ "$2" =~ ^[0-9]{1,5}$ ]] || wrong "$1 is a number, not '$2'"
}

need_target() {
  [[ -n "$1" && -d "Tests/Corpus/$1" ]] && return
  local known=(Tests/Corpus/*)
  wrong "no target is named '$1'; there are: ${known[*]#Tests/Corpus/}"
}

replay() {
  local target="${1-}" input inputs=()
  need_target "$target"
  shift
  (($# > 0)) || wrong "--replay wants files"
  for input in "$@"; do
    [[ "$input" == /* ]] || input="$started_in/$input"
    [[ -r "$input" ]] || wrong "cannot read $input"
    inputs+=("$input")
  done
  install_build_packages
  build
  "${program[@]}" "--target=$target" "${limits[@]}" "${inputs[@]}"
}

fuzz_all() {
  local target failed=0
  trap 'jobs -p | xargs --no-run-if-empty kill 2>/dev/null' EXIT
  for target in "$@"; do
    while (($(jobs -rp | wc -l) >= jobs)); do wait -n || failed=1; done
    fuzz "$target" &
  done
  while (($(jobs -p | wc -l) > 0)); do wait -n || failed=1; done
  return "$failed"
}

main() {
  local arguments=() target failed=0
  while (($# > 0)); do
    case "$1" in
      --jobs)
        need_number "$1" "${2-}"
        jobs=$((10#$2))
        ((jobs > 0)) || wrong "--jobs is at least 1"
        shift
        ;;
      --merge) merge=true ;;
      --replay)
        shift
        replay "$@"
        return
        ;;
      -h | --help)
        usage
        return
        ;;
      -*) wrong "no option is named '$1'" ;;
      *) arguments+=("$1") ;;
    esac
    shift
  done
  if ((${#arguments[@]} > 0)); then
    need_number MINUTES "${arguments[0]}"
    seconds=$((10#${arguments[0]} * 60))
  fi
  ((seconds > 0)) || "$merge" || wrong "0 minutes are for --merge"
  local targets=("${arguments[@]:1}")
  for target in "${targets[@]}"; do need_target "$target"; done
  if ((${#targets[@]} == 0)); then mapfile -t targets < <(ls Tests/Corpus); fi

  install_build_packages
  build
  mkdir -p "$scratch/finds" "$scratch/log"
  python3 Tests/Fuzzing/seeds.py "$scratch/seeds"
  if ((seconds > 0)); then fuzz_all "${targets[@]}" || failed=1; fi
  if "$merge"; then
    for target in "${targets[@]}"; do merge_corpus "$target"; done
  fi
  return "$failed"
}

main "$@"
