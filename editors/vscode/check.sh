#!/bin/sh
# Types, lints and unit tests of the extension. Says SKIPPED and succeeds where Node 20, npm or the registry of packages cannot be had.
set -eu

cd "$(dirname "$0")"
skip() { echo "SKIPPED the VS Code extension: $*"; exit 0; }

command -v npm >/dev/null 2>&1 || skip "no npm here"
node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' 2>/dev/null || skip "no Node 20 or newer here"

status=0
node scripts/install.mjs || status=$?
case $status in
0) ;;
3) skip "its packages cannot be fetched (the lines above say why)" ;;
*) echo "FAILED to install the packages of the VS Code extension (the lines above say why)" >&2; exit 1 ;;
esac
npm run --silent check
