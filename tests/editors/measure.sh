#!/bin/sh
# Measures what a user sees: tests/editors/measure.sh [path to tandem] [nvim|helix|vscode ...]
#
# The time from a key to a suggestion on the screen, the server's part of it, flickers in a session of typing, and the activation of VS
# Code's extension. The figures stand in docs/benchmarks.md. EDITOR_MEASURE_SAMPLES and EDITOR_MEASURE_SECONDS make it shorter.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
tandem=${1:-${CARGO_TARGET_DIR:-$here/../../target}/debug/tandem}
[ $# -eq 0 ] || shift
lua='' vscode=''
[ $# -gt 0 ] || set -- nvim helix vscode
for editor; do
    case $editor in
    nvim | helix) lua="$lua measure_$editor" ;;
    vscode) vscode=measure ;;
    *) echo "measure.sh: no editor is called $editor here" >&2; exit 2 ;;
    esac
done
# VS Code's programs are needed for the others, too: Node.js runs the recorder that stands between editor and server.
EDITOR_TEST_VSCODE=1 EDITOR_TEST_DRIVERS="$lua" EDITOR_TEST_VSCODE_DRIVERS="$vscode" exec "$here/run.sh" "$tandem"
