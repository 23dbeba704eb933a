#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Takes out of a build what the image needs: the binary without its symbols and the version that it
# tells, the symbols by themselves, the Swift packages that are linked into it, and their licences.
set -euo pipefail
export LC_ALL=C

usage() {
  cat <<'END'
usage: deploy/image/collect.sh BINARY BUILD OUTPUT

  BINARY   iot-jobs-gateway with its symbols, as `swift build` leaves it
  BUILD    the folder that it was built in, usually .build
  OUTPUT   a folder to make
END
}

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"

die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# Prints "identity version revision address" of each pinned package, separated by tabs. The file is
# SwiftPM's own, one member a line.
pinned_packages() {
  awk -F '"' -v OFS='\t' '
    $2 == "identity" { identity = $4 }
    $2 == "location" { address = $4 }
    $2 == "revision" { revision = $4 }
    $2 == "version" && NF > 3 { print identity, $4, revision, address }
  ' "$root/Package.resolved"
}

# Prints the names of the modules that left symbols in the binary. A mangled name begins with $s and
# the length of its module's name.
linked_modules() {
  nm "$1" | sed --quiet --regexp-extended 's/.* \$s([0-9]+)([A-Za-z_].*)/\1 \2/p' \
    | awk '{ seen[substr($2, 1, $1)] } END { for (module in seen) print module }' | sort
}

# True if a module of this checkout is among those linked.
is_linked() {
  local checkout="$1" modules="$2"
  find "$checkout/Sources" -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | sort \
    | comm -12 - "$modules" | grep --quiet .
}

swift_version() {
  swift --version 2>/dev/null | sed --quiet --regexp-extended 's/.*Swift version ([0-9.]+).*/\1/p'
}

main() {
  if (($# != 3)); then
    usage >&2
    exit 64
  fi
  local binary="$1" build="$2" output="$3"
  [[ -f "$root/Package.resolved" ]] || die "no Package.resolved: nothing was built here"
  mkdir -p "$output/licences"
  local modules="$output/modules" version
  linked_modules "$binary" >"$modules"
  grep --quiet '^NIOCore$' "$modules" || die "$binary has no symbols"

  "$binary" --version >"$output/version"
  strip -o "$output/iot-jobs-gateway" "$binary"
  objcopy --only-keep-debug "$binary" "$output/iot-jobs-gateway.debug"
  install -D --mode=644 "$root/LICENSE" "$output/licences/iot-jobs-gateway/LICENSE"

  version="$(swift_version)"
  {
    # The standard library, and Dispatch with it.
    printf 'swift\t%s\tswift-%s-RELEASE\thttps://github.com/swiftlang/swift.git\n' \
      "$version" "$version"
    local identity rest
    while IFS=$'\t' read -r identity rest; do
      local checkout="$build/checkouts/$identity"
      [[ -d "$checkout" ]] || die "$checkout is missing"
      is_linked "$checkout" "$modules" || continue
      printf '%s\t%s\n' "$identity" "$rest"
      find "$checkout" -maxdepth 1 -type f \( -name 'LICENSE*' -o -name 'NOTICE*' \) \
        -exec install -D --mode=644 --target-directory="$output/licences/$identity" {} +
    done < <(pinned_packages)
  } >"$output/swift-packages.tsv"
  rm "$modules"
}

main "$@"
