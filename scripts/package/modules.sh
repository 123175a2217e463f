# Part of scripts/package.sh: llama.cpp's shared libraries and its backends, where the binary was built with `dynamic-backends`.
# They lie beside the binary, as cargo puts them; what fits the machine is chosen when it runs.
# shellcheck shell=sh disable=SC2154

beside=$(dirname "$binary")
[ -d "$beside/backends" ] || die "the backends of $binary are not beside it: build it with --features dynamic-backends"
mkdir -p "$stage/backends"
libraries=0
for library in "$beside"/lib/* "$beside"/llama*.dll "$beside"/ggml*.dll; do
    [ -f "$library" ] || continue
    # Windows looks beside the program and nowhere else.
    case $library in *.dll) into=$stage ;; *) into=$stage/lib ;; esac
    mkdir -p "$into"
    strip_into "$library" "$into/${library##*/}"
    libraries=$((libraries + 1))
done
[ "$libraries" != 0 ] || die "the shared libraries of $binary are not beside it"
for module in "$beside"/backends/*; do
    strip_into "$module" "$stage/backends/${module##*/}"
done
# One that was built elsewhere, for the kits that only that machine has: scripts/gpu/cuda.sh.
if [ -n "${CUDA_MODULE:-}" ]; then strip_into "$CUDA_MODULE" "$stage/backends/${CUDA_MODULE##*/}"; fi
say "$libraries libraries and $(find "$stage/backends" -type f | wc -l | tr -d ' ') backends"
