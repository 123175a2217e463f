# What the packaging scripts share: words for people, and facts about this tree and this machine.
# shellcheck shell=sh disable=SC2034,SC2154

# Nothing of Python's is left in the tree.
export PYTHONDONTWRITEBYTECODE=1

say() { printf 'package: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
need() { command -v "$1" >/dev/null 2>&1; }

# Leaves a part out and says why; a release may leave nothing out.
skip() {
    say "SKIPPED: $*"
    [ "${TANDEM_PACKAGE_STRICT:-0}" != 1 ] || die "TANDEM_PACKAGE_STRICT=1: nothing may be left out"
}

made() { say "$(wc -c <"$1" | tr -d ' ') bytes: $1"; }

# Leaves a check out and says why.
skip_check() { say "SKIPPED: $*"; }

# This machine's target triple; where there is no Rust, as far as packages of Linux need it.
host_target() {
    if need rustc; then
        rustc -vV | sed -n 's/^host: //p'
    else
        printf '%s-unknown-linux-gnu\n' "$(uname -m)"
    fi
}

package_version() { sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1; }

# Seconds since 1970 of the last commit, or of Cargo.toml in a tree that is no clone.
source_date() {
    git log -1 --format=%ct 2>/dev/null || python3 -c 'import os; print(int(os.path.getmtime("Cargo.toml")))'
}

# Sets `binary`. Paths of this machine stay out of what is built: they are nobody's business, and change from one to the next.
build_binary() {
    profile=${PROFILE:-release}
    folder=$profile
    [ "$profile" != dev ] || folder=debug
    # Separated by a character that no path has: blanks would be taken for ends of words.
    separator=$(printf '\037')
    flags=${CARGO_ENCODED_RUSTFLAGS:-$(printf '%s' "${RUSTFLAGS:-}" | tr -s ' ' "$separator")}
    flags=${flags:+$flags$separator}--remap-path-prefix=$(pwd)=tandem
    CARGO_ENCODED_RUSTFLAGS=$flags${separator}--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=cargo
    export CARGO_ENCODED_RUSTFLAGS
    into=${CARGO_TARGET_DIR:-target}
    if [ -n "${TARGET:-}" ]; then
        set -- --target "$TARGET"
        into=$into/$TARGET
    else
        set --
    fi
    # llama.cpp leaves the vector instructions out where this is set. Nothing that is
    # compiled asks for the time otherwise.
    # shellcheck disable=SC2086
    env -u SOURCE_DATE_EPOCH cargo build --locked --bin tandem --profile "$profile" ${FEATURES:-} "$@"
    binary=$into/$folder/tandem$exe
}

# A copy without names and lines for a debugger. Programs for Windows have theirs in another file already.
strip_into() {
    cp "$1" "$2"
    chmod 755 "$2"
    case $target in
    *windows*) return 0 ;;
    *apple*) options=-x ;;
    *) options= ;;
    esac
    stripper=${STRIP:-strip}
    if ! need "$stripper"; then
        skip "stripping: there is no $stripper (Debian: binutils); the packages are larger"
        return 0
    fi
    # shellcheck disable=SC2086
    "$stripper" $options "$2" || die "$stripper cannot strip $1; for another architecture set STRIP"
}
