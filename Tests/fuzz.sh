#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Looks for inputs that break a claim of Tests/Fuzzing, with libFuzzer and the address sanitizer.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$root"

usage() {
  cat <<'EOF'
usage: Tests/fuzz.sh [--jobs N] [--merge] [MINUTES [TARGET...]]
       Tests/fuzz.sh --replay TARGET FILE...

  MINUTES   for each target, 10 if not given; 0 with --merge to merge alone
  TARGET    names of Tests/Corpus, all if not given
  --jobs    targets at a time, 1 if not given
  --merge   afterwards, make Tests/Corpus the fewest inputs that reach what all of them reach
  --replay  run inputs once each

What was found is kept in .build-fuzz/corpus between runs; what breaks a claim, is slow or takes
memory is put into .build-fuzz/finds and fails the run.
EOF
}

scratch=.build-fuzz
program="$scratch/release/fuzz"
seconds=600
jobs=1
merge=false

# gold does not link what libFuzzer needs; the toolchain's own lld does.
build() {
  IOT_JOBS_GATEWAY_FUZZING=1 swift build --configuration release --sanitize address \
    --scratch-path "$scratch" --product fuzz -Xswiftc -use-ld=lld
}

# Swift's own crash report would wait for the sanitizer's, which waits for it.
run() {
  local target="$1"
  shift
  SWIFT_BACKTRACE=enable=no "$program" "--target=$target" "$@"
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
  run "$target" "${flags[@]}" "$found" "Tests/Corpus/$target" "$scratch/seeds/$target" \
    >"$log" 2>&1 || status=$?
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

# Takes the place of a target's corpus. Edges alone count, for a set of inputs that stays small.
merge_corpus() {
  local target="$1" merged="$scratch/merged/$1"
  rm -rf "$merged"
  mkdir -p "$merged" "$scratch/corpus/$target"
  run "$target" "${limits[@]}" -merge=1 -set_cover_merge=1 -use_counters=0 "$merged" \
    "Tests/Corpus/$target" "$scratch/seeds/$target" "$scratch/corpus/$target" \
    >"$scratch/log/$target-merge" 2>&1
  rm -f "Tests/Corpus/$target"/*
  cp "$merged"/* "Tests/Corpus/$target/"
  printf '%-14s %4d inputs, %d bytes\n' "$target" "$(find "$merged" -type f | wc -l)" \
    "$(find "$merged" -type f -printf '%s\n' | paste -sd+ | bc)"
}

main() {
  local arguments=() target failed=0
  while (($# > 0)); do
    case "$1" in
      --jobs) jobs="$2" && shift ;;
      --merge) merge=true ;;
      --replay)
        build
        shift
        run "$@"
        return
        ;;
      -h | --help)
        usage
        return
        ;;
      -*)
        usage >&2
        return 64
        ;;
      *) arguments+=("$1") ;;
    esac
    shift
  done
  if ((${#arguments[@]} > 0)); then seconds=$((arguments[0] * 60)); fi
  local targets=("${arguments[@]:1}")
  if ((${#targets[@]} == 0)); then mapfile -t targets < <(ls Tests/Corpus); fi

  build
  mkdir -p "$scratch/finds" "$scratch/log"
  python3 Tests/Fuzzing/seeds.py "$scratch/seeds"
  if ((seconds > 0)); then
    for target in "${targets[@]}"; do
      while (($(jobs -rp | wc -l) >= jobs)); do wait -n || failed=1; done
      fuzz "$target" &
    done
    while (($(jobs -p | wc -l) > 0)); do wait -n || failed=1; done
  fi
  if "$merge"; then
    for target in "${targets[@]}"; do merge_corpus "$target"; done
  fi
  return "$failed"
}

main "$@"
