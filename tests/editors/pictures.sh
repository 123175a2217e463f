#!/bin/sh
# Makes the pictures of README anew, of the real editors: tests/editors/pictures.sh [path to tandem] [folder]
#
# Fails where one is larger than a README should load.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
tandem=${1:-${CARGO_TARGET_DIR:-$repository/target}/debug/tandem}
folder=${2:-$repository/docs/pictures}
mkdir -p "$folder"
EDITOR_PICTURES=$(cd "$folder" && pwd)
export EDITOR_PICTURES EDITOR_TEST_VSCODE=1 EDITOR_TEST_DRIVERS=pictures EDITOR_TEST_VSCODE_DRIVERS=pictures
"$here/run.sh" "$tandem"
large=$(find "$EDITOR_PICTURES" -name '*.png' -size +150k)
[ -z "$large" ] || { echo "larger than 150 KiB: $large" >&2; exit 1; }
