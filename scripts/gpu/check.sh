#!/bin/sh
# The one command for a machine with a GPU: is the whole model on it, does it say what the processor says, how fast is it beside
# llama.cpp's own loops, how fast is a cancel, what is left in its memory, what do two windows get. Writes a Markdown table.
#
#   scripts/gpu/check.sh [SHAPE…]     in a clone, with Rust: builds with FEATURES (for example "--features vulkan")
#   FOLDER/check.sh [SHAPE…]          in a folder that scripts/gpu/carry.sh made, without Rust: builds CUDA's backend first,
#                                     where there is a GPU of NVIDIA's and its compiler
#
# A SHAPE is a published model's (synth-gguf --shape list), filled with noise; with `:sparse` after it with zeros that need no
# disk. Default: qwen2.5-coder-0.5b, qwen2.5-coder-1.5b and qwen2.5-coder-7b. The starter model is measured before them.
#
#   SECONDS_EACH    of each measurement; default 3
#   OUT             the file of the table; default: gpu.md in the working directory
#   MODELS          where the shapes are written; default: a scratch folder. What is there already is kept
#   LLAMA_BENCH     llama.cpp's llama-bench, to be run on the same files beside the loops of our own
#
# Exit status 3 where llama.cpp sees no GPU.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
say() { printf 'check: %s\n' "$*" >&2; }
have() { command -v "$1" >/dev/null 2>&1; }
out=${OUT:-gpu.md}
seconds=${SECONDS_EACH:-3}
[ $# -gt 0 ] || set -- qwen2.5-coder-0.5b qwen2.5-coder-1.5b qwen2.5-coder-7b
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP
models=${MODELS:-$work/models}
mkdir -p "$models"

# llama.cpp's CUDA backend, of the sources that came along, for this GPU alone.
cuda_module() {
    [ ! -f "$here/backends/libggml-cuda.so" ] && have nvidia-smi && [ -f "$here/llama.cpp.tar.xz" ] || return 0
    if ! have nvcc && ! [ -x /usr/local/cuda/bin/nvcc ] && [ -z "${CUDACXX:-}" ]; then
        say "there is a GPU of NVIDIA's and no compiler for it: CUDA is left out"
        return 0
    fi
    tar -C "$work" -xJf "$here/llama.cpp.tar.xz"
    architecture=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader | head -n 1 | tr -d '. ')
    say "building CUDA's backend for compute capability $architecture"
    LLAMA_SOURCE=$work/llama.cpp CUDA_ARCHITECTURES=$architecture CARGO_TARGET_DIR=$work "$here/cuda.sh" "$here/backends" ||
        say "CUDA's backend cannot be built here: going on without it"
}

if [ -x "$here/gpu-bench" ]; then
    cuda_module
    synth() { "$here/synth-gguf" "$@"; }
    bench() { "$here/gpu-bench" "$@"; }
else
    cd "$here/../.."
    # shellcheck disable=SC2086
    synth() { cargo run --quiet --locked ${FEATURES:-} --example synth-gguf -- "$@"; }
    # shellcheck disable=SC2086
    bench() { cargo bench --quiet --locked ${FEATURES:-} --bench gpu -- "$@"; }
fi

# Arguments again, as paths may have blanks in them: the shapes go out in front, the files come in behind.
count=$#
for shape in "$@"; do
    sparse=
    name=$shape
    case $shape in *:sparse) name=${shape%:sparse} sparse=--sparse ;; esac
    file=$models/$name.gguf
    # shellcheck disable=SC2086
    [ -f "$file" ] || synth --shape "$name" $sparse "$file" >&2
    set -- "$@" "$file"
done
shift "$count"

bench --seconds "$seconds" --out "$work/table.md" starter "$@" >&2
{
    echo "$(uname -srm), $(nproc) threads$(if have nvidia-smi; then printf ', %s' "$(nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader | head -n 1)"; fi)"
    echo
    cat "$work/table.md"
    if [ -n "${LLAMA_BENCH:-}" ]; then
        echo
        for file in "$@"; do "$LLAMA_BENCH" -m "$file" -p 512 -n 128 -o md 2>"$work/log" || tail -n 3 "$work/log" >&2; done
    fi
} >"$out"
say "$out"
