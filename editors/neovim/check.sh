#!/bin/sh
# Lints the Lua of the plugin and of the tests that drive Neovim: editors/neovim/check.sh
#
# luacheck is Debian's package lua-check. StyLua is `stylua` where there is one, else its WebAssembly build from npm, into the
# cache directory. What cannot be had is SKIPPED with a line that says so.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
cd "$repository"
status=0

# The same version for everybody: another one may format otherwise.
stylua_version=2.5.2

set -- editors/neovim/lua editors/neovim/lsp editors/neovim/plugin src/cli/setup/neovim/tandem.lua tests/editors/*.lua
if command -v luacheck >/dev/null 2>&1; then
    echo "luacheck"
    luacheck --quiet --config editors/neovim/.luacheckrc "$@" || status=1
else
    echo "SKIPPED luacheck: not installed (Debian: lua-check)"
fi

if command -v stylua >/dev/null 2>&1; then
    echo "stylua"
    stylua --check --config-path editors/neovim/stylua.toml "$@" || status=1
elif command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1; then
    tools=${XDG_CACHE_HOME:-$HOME/.cache}/tandem-lua-tools
    is_cached() {
        grep -q "\"version\": \"$stylua_version\"" "$tools/node_modules/@johnnymorganz/stylua/package.json" 2>/dev/null
    }
    if ! is_cached; then
        mkdir -p "$tools"
        npm install --prefix "$tools" --ignore-scripts --no-save --no-audit --no-fund --silent \
            "@johnnymorganz/stylua@$stylua_version" >/dev/null 2>&1 || true
    fi
    if is_cached; then
        echo "stylua (WebAssembly)"
        STYLUA_MODULES="$tools/node_modules" node --max-old-space-size=500 editors/neovim/stylua.cjs "$@" || status=1
    else
        echo "SKIPPED stylua: npm cannot fetch it here"
    fi
else
    echo "SKIPPED stylua: neither it nor npm is installed"
fi
exit "$status"
