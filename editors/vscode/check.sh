#!/bin/sh
# Types, lints and unit tests of the extension. Says SKIPPED and succeeds where Node 20, npm or the packages cannot be had.
set -eu

cd "$(dirname "$0")"
skip() { echo "SKIPPED the VS Code extension: $*"; exit 0; }

command -v npm >/dev/null 2>&1 || skip "no npm here"
node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' 2>/dev/null || skip "no Node 20 or newer here"

# Installed again only when the list of packages changed.
stamp=node_modules/.installed
if ! cmp -s package-lock.json "$stamp" 2>/dev/null; then
    npm ci --no-audit --no-fund --loglevel=error || skip "its packages cannot be installed (the lines above say why)"
    cp package-lock.json "$stamp"
fi
npm run --silent check
