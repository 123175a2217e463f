#!/bin/sh
# Tries what scripts/package.sh builds as a user would: unpacks, installs into a scratch folder, runs, reads, compares.
#
#   BINARY=path/to/tandem scripts/package/check.sh    builds twice into a scratch folder, compares, then tries
#   scripts/package/check.sh dist                     tries what is in a folder already
#
# No root, nothing outside of a scratch folder. What this machine has no tool for is told in a line with SKIPPED.
set -eu

cd "$(dirname "$0")/../.."
. scripts/package/common.sh

version=$(package_version)
need python3 || die "python3 is missing"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP
ok() { say "ok: $*"; }
# Nobody's settings, cache or locale.
mkdir -p "$work/user"
chmod 700 "$work/user"
as_user() { env -i HOME="$work/user" XDG_RUNTIME_DIR="$work/user" PATH="$PATH" LC_ALL=C.UTF-8 "$@"; }

python3 scripts/package/tests.py >"$work/tests.log" 2>&1 || { cat "$work/tests.log" >&2; die "tests of the scripts fail"; }
ok "tests of the scripts: $(grep '^Ran' "$work/tests.log")"

if [ $# -gt 0 ]; then
    dist=$(cd "$1" && pwd)
else
    [ -n "${BINARY:-}" ] || die "name a binary: make package-check BINARY=path/to/tandem"
    # Twice the same: from a folder with another name, at another time.
    dist=$work/first
    for folder in "$dist" "$work/second/deeper"; do
        TANDEM_PACKAGE_LEVEL=${TANDEM_PACKAGE_LEVEL:-1} DIST=$folder scripts/package.sh
    done
    diff -r "$dist" "$work/second/deeper" >&2 || die "two runs on the same tree give different packages"
    ok "two runs give the same bytes: $(find "$dist" -type f | wc -l | tr -d ' ') files"
    rm -rf "$work/second"
fi
ls "$dist"/* >/dev/null 2>&1 || die "$dist is empty"

# Checksums: every file, each right.
if need sha256sum; then sums=sha256sum; else sums="shasum -a 256"; fi
(cd "$dist" && $sums --check SHA256SUMS >"$work/sums.log" 2>&1) || { cat "$work/sums.log" >&2; die "SHA256SUMS is wrong"; }
listed=$(wc -l <"$dist/SHA256SUMS" | tr -d ' ')
present=$(find "$dist" -type f ! -name SHA256SUMS | wc -l | tr -d ' ')
[ "$listed" = "$present" ] || die "SHA256SUMS lists $listed files of $present"
ok "SHA256SUMS: $listed files"

# Prints a program's first line, or nothing where it is not one of this machine.
version_of() { as_user "$1" --version 2>/dev/null | head -n 1 | tr -d '\r'; }

runs_here() {
    case $1 in
    *"$(host_target)"*) return 0 ;;
    *) return 1 ;;
    esac
}

. scripts/package/check/archive.sh
. scripts/package/check/deb.sh
. scripts/package/check/editors.sh
. scripts/package/check/sbom.sh
say "all packages in $dist are as they should be"
