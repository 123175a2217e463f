#!/bin/sh
# Lints what packages are made with: shell scripts by shellcheck, workflows of the forge by actionlint.
#
# Both are taken from PATH where they are there, else from PyPI into the user's cache folder. Where neither can be had, a
# line with SKIPPED says so.
set -eu

cd "$(dirname "$0")/../.."
. scripts/package/common.sh
tools=${XDG_CACHE_HOME:-$HOME/.cache}/tandem-package/lint

# Prints where a program is, or fails.
find_tool() {
    if need "$1"; then
        command -v "$1"
        return 0
    fi
    if ! [ -x "$tools/bin/$1" ]; then
        need python3 || return 1
        rm -rf "$tools"
        mkdir -p "$(dirname "$tools")"
        if ! { python3 -m venv "$tools" && "$tools/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps \
            --only-binary :all: --require-hashes -r scripts/package/lint-tools.txt; } >/dev/null 2>&1; then
            rm -rf "$tools"
            return 1
        fi
    fi
    printf '%s\n' "$tools/bin/$1"
}

if checker=$(find_tool shellcheck); then
    "$checker" -x scripts/package.sh scripts/debian-packages.sh scripts/get-*.sh scripts/gpu/*.sh scripts/package/*.sh scripts/package/check/*.sh
    say "ok: shellcheck"
else
    skip_check "shellcheck: neither installed nor to be had from PyPI"
fi

if linter=$(find_tool actionlint); then
    "$linter" .github/workflows/*.yml
    say "ok: actionlint"
else
    skip_check "actionlint: neither installed nor to be had from PyPI"
fi

# An action by a name that can be moved is somebody else's code with our token.
if grep -nE 'uses: ' .github/workflows/*.yml | grep -vE 'uses: [A-Za-z0-9-]+/[A-Za-z0-9._-]+@[0-9a-f]{40} # v[0-9]' >&2; then
    die "actions are pinned by their whole commit, with the version in a comment"
fi
say "ok: actions are pinned by commit"
