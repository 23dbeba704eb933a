#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Assembles the root file system of the image from Debian's packages and a collected build. It needs
# no root and installs nothing: packages are downloaded, and what the binary needs is taken out of
# them. Two runs with the same packages and SOURCE_DATE_EPOCH give the same tree, byte for byte.
set -euo pipefail
export LC_ALL=C
umask 022

usage() {
  cat <<'END'
usage: deploy/image/rootfs.sh COLLECTED ROOT

  COLLECTED          what collect.sh has made
  ROOT               a folder to make
  SOURCE_DATE_EPOCH  seconds since 1970: the time of every file, 0 if not said
END
}

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
epoch="${SOURCE_DATE_EPOCH:-0}"

# Whatever the binary links against must be in one of these, and of each library something is needed.
packages=(
  base-files
  ca-certificates
  libc6
  libgcc-s1
  libnghttp2-14
  libprotobuf-c1
  libstdc++6
  libyaml-0-2
  zlib1g
)

die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# What goes by another name from one Debian to the next.
add_packages_of_release() {
  # shellcheck source=/dev/null
  case "$(source /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")" in
    bookworm) packages+=(gcc-12-base libssl3) ;;
    trixie) packages+=(gcc-14-base libssl3t64) ;;
    *) die "only Debian 12 and 13 are known here" ;;
  esac
}

download() {
  # Outside a folder of apt's own it would warn that it works as whoever runs it.
  (cd "$1" && apt-get -qq -o APT::Sandbox::User="$(id -un)" download "${packages[@]}")
}

# Puts each package into a folder of its own, NAME beside NAME.deb.
fetch_packages() {
  local into="$1" file name
  mkdir "$into"
  # Lists that are older than the newest security update name files that are gone.
  download "$into" || { apt-get -qq update && download "$into"; }
  for file in "$into"/*.deb; do
    name="$(dpkg-deb --field "$file" Package)"
    mv "$file" "$into/$name.deb"
    dpkg-deb --extract "$into/$name.deb" "$into/$name"
  done
}

needed() {
  readelf --dynamic --wide "$1" | sed --quiet 's/.*(NEEDED).*\[\(.*\)\]/\1/p'
}

# Prints where in the packages the shared object of this name lies.
find_library() {
  local found
  found="$(find "$1"/*/{usr/,}lib -maxdepth 2 -name "$2" 2>/dev/null | head --lines 1)"
  [[ -n "$found" ]] || die "no package has $2"
  printf '%s\n' "$found"
}

# Copies what a binary is linked with, and what that is linked with, each under the name that the
# loader asks for.
install_libraries() {
  local fetched="$1" tree="$2" binary="$3" interpreter library path target
  local -A used=([base-files]=1 [ca-certificates]=1)
  interpreter="$(readelf --program-headers --wide "$binary" \
    | sed --quiet 's/.*interpreter: \(.*\)]/\1/p')"
  target="$tree/usr/lib/$(basename "$(dirname "$(find_library "$fetched" libc.so.6)")")"
  local wanted=("$(basename "$interpreter")")
  mapfile -t -O 1 wanted < <(needed "$binary")
  while ((${#wanted[@]} > 0)); do
    library="${wanted[0]}"
    wanted=("${wanted[@]:1}")
    [[ ! -e "$target/$library" ]] || continue
    path="$(find_library "$fetched" "$library")"
    install -D --mode=755 "$path" "$target/$library"
    path="${path#"$fetched"/}"
    used["${path%%/*}"]=1
    mapfile -t -O "${#wanted[@]}" wanted < <(needed "$target/$library")
  done
  for library in "${packages[@]}"; do
    [[ "$library" == gcc-*-base || -v used["$library"] ]] || die "nothing needs $library"
  done
  ln --symbolic usr/lib "$tree/lib"
  [[ "$interpreter" != /lib64/* ]] || ln --symbolic usr/lib64 "$tree/lib64"
  mkdir --parents "$tree/usr$(dirname "$interpreter")"
  ln --symbolic --relative "$target/$(basename "$interpreter")" "$tree/usr$interpreter"
}

# The bundle as update-ca-certificates would make it, where OpenSSL looks by itself. A mounted file
# or folder of one's own takes its place.
install_authorities() {
  local fetched="$1" tree="$2"
  mkdir --parents "$tree/etc/ssl/certs" "$tree/usr/lib/ssl"
  find "$fetched/ca-certificates/usr/share/ca-certificates" -name '*.crt' -print0 \
    | sort --zero-terminated | xargs --null cat >"$tree/etc/ssl/certs/ca-certificates.crt"
  ln --symbolic /etc/ssl/certs "$tree/usr/lib/ssl/certs"
  ln --symbolic /etc/ssl/certs/ca-certificates.crt "$tree/usr/lib/ssl/cert.pem"
}

# Users by name, the order in which names of hosts are looked up, and what is mounted over, so that
# a runtime has not to write to a root that is for reading alone.
install_settings() {
  local tree="$1" home=home/nonroot
  mkdir --parents "$tree"/{dev,etc/iot-jobs-gateway,"$home",proc,run,sys}
  touch "$tree"/etc/{hostname,hosts,resolv.conf}
  printf '%s\n' root:x:0:0:root:/:/usr/sbin/nologin \
    "nonroot:x:65532:65532:nonroot:/$home:/usr/sbin/nologin" >"$tree/etc/passwd"
  printf '%s\n' root:x:0: nonroot:x:65532: >"$tree/etc/group"
  printf 'hosts: files dns\n' >"$tree/etc/nsswitch.conf"
}

# Licences, and for scanners what is installed: they read /etc/os-release and a file for each
# package in status.d, as in other images without dpkg.
install_papers() {
  local fetched="$1" tree="$2" licences="$3" name
  mkdir --parents "$tree/var/lib/dpkg/status.d" "$tree/usr/share/doc"
  install -D --mode=644 --target-directory="$tree/usr/lib" "$fetched/base-files/usr/lib/os-release"
  ln --symbolic ../usr/lib/os-release "$tree/etc/os-release"
  install --mode=644 --target-directory="$tree/etc" "$fetched/base-files/etc/debian_version"
  cp --recursive "$fetched/base-files/usr/share/common-licenses" "$tree/usr/share/"
  for name in "${packages[@]}"; do
    dpkg-deb --field "$fetched/$name.deb" >"$tree/var/lib/dpkg/status.d/$name"
    # Some share their papers with the package that they were built with.
    if [[ -L "$fetched/$name/usr/share/doc/$name" ]]; then
      cp --no-dereference "$fetched/$name/usr/share/doc/$name" "$tree/usr/share/doc/"
    else
      install -D --mode=644 "$fetched/$name/usr/share/doc/$name/copyright" \
        "$tree/usr/share/doc/$name/copyright"
    fi
  done
  cp --recursive "$licences/." "$tree/usr/share/doc/"
}

write_sbom() {
  local fetched="$1" tree="$2" collected="$3" name
  # shellcheck disable=SC2016 # dpkg-deb's own placeholders
  local fields='${Package}\t${Version}\t${Architecture}\t${source:Package}\t'
  for name in "${packages[@]}"; do
    dpkg-deb --show --showformat="$fields" "$fetched/$name.deb"
    sha256sum "$fetched/$name.deb" | cut --delimiter=' ' --fields=1
  done >"$fetched/debian.tsv"
  mkdir --parents "$tree/usr/share/sbom"
  jq --null-input --from-file "$here/sbom.jq" \
    --rawfile debian "$fetched/debian.tsv" --rawfile swift "$collected/swift-packages.tsv" \
    --arg version "$(<"$collected/version")" \
    --arg digest "$(sha256sum "$collected/iot-jobs-gateway" | cut --delimiter=' ' --fields=1)" \
    --arg release "$(sed --quiet 's/^VERSION_ID="\(.*\)"/\1/p' "$tree/etc/os-release")" \
    --argjson epoch "$epoch" >"$tree/usr/share/sbom/iot-jobs-gateway.spdx.json"
}

main() {
  if (($# != 2)); then
    usage >&2
    exit 64
  fi
  local collected="$1" tree="$2" fetched="$work/packages"
  [[ ! -e "$tree" ]] || die "$tree exists already"
  add_packages_of_release
  fetch_packages "$fetched"
  install -D --mode=755 "$collected/iot-jobs-gateway" "$tree/usr/bin/iot-jobs-gateway"
  install_libraries "$fetched" "$tree" "$tree/usr/bin/iot-jobs-gateway"
  install_authorities "$fetched" "$tree"
  install_settings "$tree"
  install_papers "$fetched" "$tree" "$collected/licences"
  write_sbom "$fetched" "$tree" "$collected"
  find "$tree" -print0 | xargs --null touch --no-dereference --date="@$epoch"
}

work="$(mktemp --directory)"
trap 'rm -rf "$work"' EXIT
main "$@"
