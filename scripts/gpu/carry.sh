#!/bin/sh
# Makes a folder that measures Tandem on a machine with a GPU and without Rust: programs, libraries, backends for every
# processor, the check, and llama.cpp's sources for a CUDA backend that is built there.
#
#   carry.sh FOLDER      afterwards, on that machine: FOLDER/check.sh
#
#   FEATURES        cargo's; default: dynamic-backends, and vulkan where scripts/gpu/get-vulkan.sh can be run
#   PROFILE         default: release; dev builds fast, and tells times outside llama.cpp that are too long
#   CUDA_MODULE     a libggml-cuda.so of the same llama.cpp, from an earlier run, to be taken along
#
# With a development build the folder takes 140 MB, 40 MB packed. The machine needs this machine's C library or a newer one, libstdc++ and libgomp; for CUDA its
# kit (nvcc, cmake, ninja) or a module that is taken along.
set -eu

cd "$(dirname "$0")/../.."
[ $# = 1 ] || { echo "usage: scripts/gpu/carry.sh FOLDER" >&2; exit 2; }
folder=$1
say() { printf 'carry: %s\n' "$*" >&2; }

features=${FEATURES:-dynamic-backends}
if [ -z "${FEATURES:-}" ] && place=$(scripts/gpu/get-vulkan.sh newest); then
    features=dynamic-backends,vulkan
    # shellcheck source=/dev/null
    . "$place/env.sh"
fi
profile=${PROFILE:-release}
say "building with $features ($profile)"
# In one command: with other targets cargo would resolve other features, and build llama.cpp once more. The program of the
# bench has a name with a hash in it, which cargo alone knows.
bench=$(cargo build --locked --features "$features" --profile "$profile" --bin tandem --example synth-gguf --bench gpu \
    --message-format json-render-diagnostics | python3 -c '
import json, sys
for line in sys.stdin:
    said = json.loads(line)
    if said.get("target", {}).get("name") == "gpu" and said.get("executable"):
        print(said["executable"])')
[ -n "$bench" ] || { say "the build failed"; exit 1; }
output=${CARGO_TARGET_DIR:-target}/$([ "$profile" = dev ] && echo debug || echo "$profile")

mkdir -p "$folder/lib" "$folder/backends"
folder=$(cd "$folder" && pwd)
cp "$output/tandem" "$folder/tandem"
cp "$output/examples/synth-gguf" "$folder/synth-gguf"
cp "$bench" "$folder/gpu-bench"
case $features in
*dynamic-backends*)
    cp "$output"/lib/* "$folder/lib/"
    cp "$output"/backends/* "$folder/backends/"
    ;;
esac
[ -z "${CUDA_MODULE:-}" ] || cp "$CUDA_MODULE" "$folder/backends/libggml-cuda.so"
find "$folder" -type f \( -name '*.so*' -o -name tandem -o -name synth-gguf -o -name gpu-bench \) -exec strip --strip-unneeded {} +
source=$(cargo metadata --locked --format-version 1 --features llama | python3 -c '
import json, os, sys
crates = json.load(sys.stdin)["packages"]
print(*[os.path.dirname(crate["manifest_path"]) for crate in crates if crate["name"] == "llama-cpp-sys-2"])')
tar -C "$source" -cJf "$folder/llama.cpp.tar.xz" llama.cpp
cp scripts/gpu/check.sh scripts/gpu/cuda.sh scripts/gpu/cuda-wheels.txt "$folder/"
say "$(du -sh "$folder" | cut -f1): $folder"
