#!/bin/sh
# Tests of the model on Mesa's software device: fetches what a build with Vulkan needs, builds it, runs tests/gpu.rs.
#
# llama.cpp is built a second time for that, in a folder of its own below cargo's target folder, so the build for the processor
# stays as it is; so does the program that was built before, which starts without Vulkan's loader. Where the software device
# cannot be had a line with SKIPPED says so, and the exit status is 0: the tests of the processor are the ones that count.
#
#   TANDEM_NO_GPU_TEST=1   leaves them out, and says so
set -eu

cd "$(dirname "$0")/../.."
skip() {
    printf 'tests of the GPU: SKIPPED: %s\n' "$*"
    exit 0
}
[ -z "${TANDEM_NO_GPU_TEST:-}" ] || skip "TANDEM_NO_GPU_TEST is set"
status=0
place=$(scripts/gpu/get-vulkan.sh) || status=$?
[ "$status" != 3 ] || skip "no software device here; the line above says why"
[ "$status" = 0 ] || exit "$status"
# shellcheck source=/dev/null
. "$place/env.sh"
# Only the tests see the device: what ggml's variables say would otherwise be taken for options of its build.
runner=CARGO_TARGET_$(rustc -vV | sed -n 's/^host: //p' | tr 'a-z-' 'A-Z_')_RUNNER
export "$runner=$place/bin/with-software-gpu"
# Cargo lays each build's program at the same place.
program=${CARGO_TARGET_DIR:-target}/debug/tandem
kept=$program.before
rm -f "$kept"
if [ -f "$program" ]; then
    ln "$program" "$kept" 2>/dev/null || cp -p "$program" "$kept"
    trap 'mv -f "$kept" "$program"' EXIT
    trap 'exit 1' INT TERM HUP
fi
cargo test --locked --features vulkan --test gpu -- "$@"
