#!/bin/sh
# Builds the packages of one target into dist/: archive, Debian package, vsix, Neovim plugin, bill of materials, checksums.
#
# docs/packaging.md tells what is in each. Nothing is uploaded, no root is needed. The same tree and the same binary give
# the same bytes. What this machine has no tool for is left out with a line that begins with SKIPPED; with
# TANDEM_PACKAGE_STRICT=1, as a release sets it, that is an error.
#
#   BINARY             a tandem that is built already; without it one is built with PROFILE (release) and FEATURES
#   FEATURES           options for cargo, for example "--features vulkan"
#   TARGET             the target triple; default: this machine's
#   VARIANT            a word for the names of the packages, where two of one target differ, for example vulkan
#   DIST               where to; default: dist
#   SOURCE_DATE_EPOCH  the time of everything, in seconds since 1970; default: the last commit's
#   GENERATOR          a tandem of this version that runs here, where BINARY does not; then also:
#   BUILT_FEATURES     what BINARY has built in, as `tandem --version` names it, for example "cloud llama"
#   CUDA_MODULE        a libggml-cuda.so of scripts/gpu/cuda.sh, for a BINARY with dynamic-backends
#   PARTS              what is built; default: all of "archive deb sbom vsix platform-vsix neovim"
#   TANDEM_PACKAGE_LEVEL  how hard to compress, 1 to 9; default: 6
set -eu

cd "$(dirname "$0")/.."
. scripts/package/common.sh

target=${TARGET:-$(host_target)}
variant=${VARIANT:+-$VARIANT}
parts=" ${PARTS:-archive deb sbom vsix platform-vsix neovim} "
dist=${DIST:-dist}
version=$(package_version)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(source_date)}
TANDEM_PACKAGE_LEVEL=${TANDEM_PACKAGE_LEVEL:-6}
export SOURCE_DATE_EPOCH TANDEM_PACKAGE_LEVEL
exe=
case $target in *windows*) exe=.exe ;; esac

wants() { case $parts in *" $1 "*) return 0 ;; *) return 1 ;; esac; }

need python3 || die "python3 is missing: it writes the archives, the licences and the bill of materials"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP
mkdir -p "$dist"
dist=$(cd "$dist" && pwd)

binary=${BINARY:-}
if [ -z "$binary" ]; then
    build_binary
fi
[ -f "$binary" ] || die "there is no binary $binary"
generator=${GENERATOR:-$binary}
said=$("$generator" --version) || die "$generator does not run here; name one that does: GENERATOR=…"
[ "$(printf '%s\n' "$said" | head -n 1 | tr -d '\r')" = "tandem $version" ] ||
    die "$generator is \"$(printf '%s\n' "$said" | head -n 1)\", this tree is $version: build it again"
features=${BUILT_FEATURES:-$(printf '%s\n' "$said" | tr -d '\r' | sed -n 's/^features: //p')}
[ -n "$features" ] || die "$generator does not say what it is made of; build it again, or set BUILT_FEATURES"
say "tandem $version for $target ($features), into $dist"

# The tree that every package of the binary is made of.
name=tandem-$version-$target$variant
stage=$work/$name
mkdir -p "$stage/man/man1" "$stage/completions"
strip_into "$binary" "$stage/tandem$exe"
case " $features " in *" dynamic-backends "*) . scripts/package/modules.sh ;; esac
python3 scripts/package/readme.py "$version" >"$stage/README.md"
cp LICENSE-MIT LICENSE-APACHE "$stage/"
case " $features " in *" llama "*) cp models/README.md "$stage/MODEL_CARD.md" ;; esac
python3 scripts/package/third_party.py --subject "tandem $version for $target, built with: $features" \
    --target "$target" --features "$features" --out "$stage/THIRD-PARTY.txt"
"$generator" man "$stage/man/man1"
"$generator" completions bash >"$stage/completions/tandem.bash"
"$generator" completions zsh >"$stage/completions/_tandem"
"$generator" completions fish >"$stage/completions/tandem.fish"
"$generator" completions powershell >"$stage/completions/tandem.ps1"
"$generator" completions elvish >"$stage/completions/tandem.elv"
chmod -R u=rwX,go=rX "$stage"

# The archive and the Debian package have the extension in them.
if wants archive || wants deb || wants vsix || wants platform-vsix; then . scripts/package/vsix.sh; fi
if wants archive; then
    case $target in *windows*) archive=$dist/$name.zip ;; *) archive=$dist/$name.tar.gz ;; esac
    python3 scripts/package/archive.py pack "$stage" "$archive"
    made "$archive"
fi
if wants deb; then . scripts/package/deb.sh; fi
if wants sbom; then
    python3 scripts/package/sbom.py binary --target "$target" --features "$features" --binary "$stage/tandem$exe" \
        --out "$dist/$name.cdx.json"
    made "$dist/$name.cdx.json"
fi
if wants neovim; then . scripts/package/neovim.sh; fi
python3 scripts/package/archive.py sums "$dist"
made "$dist/SHA256SUMS"
