#!/bin/sh
# Builds llama.cpp's CUDA backend as a module, for a tandem that is built with `dynamic-backends`: libggml-cuda.so, to be laid
# into the folder `backends` beside that program. A machine with a compiler and no GPU can build it.
#
#   cuda.sh [FOLDER]     builds and copies the module into FOLDER (default: target/cuda/backends)
#   cuda.sh try          configures, and compiles two of the files: tells in a minute whether the rest will build
#
#   CUDACXX              nvcc; default: on PATH, in CUDA_PATH or /usr/local/cuda; otherwise NVIDIA's wheels from PyPI (Linux on
#                        x86-64, 525 MB to fetch, 1.3 GB in TANDEM_CUDA, by default tandem-cuda in the user's cache directory)
#   TANDEM_CUDA_WHEELS=1  take the wheels whatever is installed
#   CUDA_ARCHITECTURES   as CMake names them, for example 90 for H100 and H200; default: llama.cpp's list for all GPUs since 2018
#   LLAMA_SOURCE         llama.cpp; default: that of the crate in Cargo.lock. It must be the program's own version
#   JOBS                 compilers at a time; default: one for each core
#
# The module needs libcudart and libcublas of the same major version where it runs, from NVIDIA's driver packages or beside it.
# Where they or the driver are missing, the program goes on with the next backend. Exit status 3 where it cannot be built here.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
clone=$(cd "$here/../.." && pwd)
say() { printf 'cuda: %s\n' "$*" >&2; }
cannot() { say "$*"; exit 3; }
have() { command -v "$1" >/dev/null 2>&1; }

for program in cmake ninja c++; do have "$program" || cannot "no $program: scripts/setup.sh installs it, then . target/tools/env.sh"; done

find_source() {
    if [ -z "${LLAMA_SOURCE:-}" ]; then
        { have cargo && have python3; } || cannot "no cargo or no python3 to ask where llama.cpp's sources are; set LLAMA_SOURCE"
        LLAMA_SOURCE=$(cd "$clone" && cargo metadata --locked --format-version 1 --features llama | python3 -c '
import json, os, sys
crates = json.load(sys.stdin)["packages"]
print(*[os.path.dirname(crate["manifest_path"]) for crate in crates if crate["name"] == "llama-cpp-sys-2"])')/llama.cpp
    fi
    [ -f "$LLAMA_SOURCE/ggml/CMakeLists.txt" ] || cannot "there is no llama.cpp in $LLAMA_SOURCE"
}

# NVIDIA's wheels, laid out as its compiler expects a kit to be.
fetch_wheels() {
    kit=${TANDEM_CUDA:-${XDG_CACHE_HOME:-$HOME/.cache}/tandem-cuda}
    if ! cmp -s "$here/cuda-wheels.txt" "$kit/made-from"; then
        [ "$(uname -s)/$(uname -m)" = Linux/x86_64 ] || cannot "no nvcc, and no wheels for $(uname -s) on $(uname -m)"
        if [ -e "$kit" ] && ! [ -f "$kit/made-from" ]; then cannot "$kit holds other files; remove it or set TANDEM_CUDA"; fi
        pip="python3 -m pip"
        mkdir -p "$(dirname "$kit")"
        work=$(mktemp -d "$kit.XXXXXX")
        trap 'rm -rf "$work"' EXIT
        trap 'exit 1' INT TERM HUP
        if ! $pip --version >/dev/null 2>&1; then
            { have python3 && python3 -m venv "$work/venv" >/dev/null 2>&1; } || cannot "no nvcc, and no pip to fetch one (apt: python3-venv)"
            pip="$work/venv/bin/python -m pip"
        fi
        say "fetching NVIDIA's compiler and libraries from PyPI, 525 MB, into $kit"
        $pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
            --target "$work/wheels" -r "$here/cuda-wheels.txt" >"$work/log" 2>&1 ||
            { tail -n 5 "$work/log" >&2; cannot "the wheels cannot be had from PyPI: no network?"; }
        tree=$work/wheels/nvidia/cu13
        ln -s lib "$tree/lib64"
        for library in cudart cublas cublasLt; do
            ln -s "$(basename "$(echo "$tree/lib/lib$library.so".*)")" "$tree/lib/lib$library.so"
        done
        chmod +x "$tree"/bin/* "$tree"/nvvm/bin/*
        cp "$here/cuda-wheels.txt" "$tree/made-from"
        rm -rf "$kit"
        mv "$tree" "$kit"
    fi
    CUDACXX=$kit/bin/nvcc
}

find_compiler() {
    if [ -n "${TANDEM_CUDA_WHEELS:-}" ]; then
        fetch_wheels
    elif [ -z "${CUDACXX:-}" ]; then
        for place in "$(command -v nvcc || true)" "${CUDA_PATH:-}/bin/nvcc" /usr/local/cuda/bin/nvcc; do
            if [ -x "$place" ]; then
                CUDACXX=$place
                break
            fi
        done
        [ -n "${CUDACXX:-}" ] || fetch_wheels
    fi
    export CUDACXX
    "$CUDACXX" --version >/dev/null 2>&1 || cannot "$CUDACXX does not run"
}

configure() {
    kit=$(cd "$(dirname "$CUDACXX")/.." && pwd)
    set -- -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=ON -DGGML_BACKEND_DL=ON -DGGML_NATIVE=OFF -DGGML_CPU=OFF -DGGML_CUDA=ON \
        -DGGML_CUDA_NCCL=OFF -DLLAMA_BUILD_COMMON=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_TOOLS=OFF \
        -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_SERVER=OFF -DLLAMA_BUILD_APP=OFF -DCUDAToolkit_ROOT="$kit"
    # Its own libraries may lie beside it.
    # shellcheck disable=SC2016
    set -- "$@" -DCMAKE_BUILD_WITH_INSTALL_RPATH=ON '-DCMAKE_INSTALL_RPATH=$ORIGIN'
    [ -z "${CUDA_ARCHITECTURES:-}" ] || set -- "$@" "-DCMAKE_CUDA_ARCHITECTURES=$CUDA_ARCHITECTURES"
    # The driver's library is needed for virtual memory; kits carry a stand-in to link to, the wheels do not.
    if ! ls "$kit"/lib64/stubs/libcuda.so "$kit"/targets/*/lib/stubs/libcuda.so /usr/lib/*/libcuda.so >/dev/null 2>&1; then
        set -- "$@" -DGGML_CUDA_NO_VMM=ON
    fi
    cmake -S "$LLAMA_SOURCE" -B "$build" -G Ninja "$@" >"$build.log" 2>&1 || { tail -n 20 "$build.log" >&2; cannot "cmake refuses (its words: $build.log)"; }
    say "$("$CUDACXX" --version | sed -n 's/.*release \([^,]*\),.*/nvcc \1/p'), for $(sed -n 's/^CMAKE_CUDA_ARCHITECTURES:[A-Z]*=//p' "$build/CMakeCache.txt") ($build)"
}

find_source
find_compiler
build=${CARGO_TARGET_DIR:-$clone/target}/cuda/build
mkdir -p "$build"
configure
if [ "${1:-}" = try ]; then
    for file in norm.cu template-instances/mmq-instance-q8_0.cu; do
        object=$(ninja -C "$build" -t targets all | sed -n "s|^\(.*ggml-cuda.dir/$file\.o\): .*|\1|p")
        [ -n "$object" ] || { say "llama.cpp has no $file any more"; exit 1; }
        ninja -C "$build" "$object" >"$build.log" 2>&1 || { tail -n 20 "$build.log" >&2; exit 1; }
        say "$(wc -c <"$build/$object" | tr -d ' ') bytes: $file"
    done
    say "the rest is $(ninja -C "$build" -n ggml-cuda | wc -l | tr -d ' ') steps"
    exit 0
fi
ninja -C "$build" ${JOBS:+-j "$JOBS"} ggml-cuda >"$build.log" 2>&1 || { grep -m 20 -A 3 -E 'error|FAILED' "$build.log" >&2; exit 1; }
folder=${1:-$(dirname "$build")/backends}
mkdir -p "$folder"
cp "$(find "$build" -name 'libggml-cuda.so' | head -n 1)" "$folder/"
say "$(wc -c <"$folder/libggml-cuda.so" | tr -d ' ') bytes: $folder/libggml-cuda.so"
