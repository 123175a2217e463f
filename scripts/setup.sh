#!/bin/sh
# Makes sure that llama.cpp can be built: a C++ compiler, cmake, ninja (or make) and libclang.
#
# What is missing is installed with apt-get as root (or where sudo asks for no password), else taken from PyPI into
# target/tools, which belongs to this clone alone. The environment that the build needs goes to target/tools/env.sh.
# Run again it only looks. Set TANDEM_NO_APT=1 to leave the system alone.
set -eu

cd "$(dirname "$0")/.."
tools=${CARGO_TARGET_DIR:-target}/tools
mkdir -p "$tools"
tools=$(cd "$tools" && pwd)
python=$tools/python

say() { printf 'setup: %s\n' "$*" >&2; }
have() { command -v "$1" >/dev/null 2>&1; }

# The wheels that an earlier run fetched count as installed.
[ -d "$python" ] && PATH=$python/cmake/data/bin:$python/bin:$PATH

find_cargo() {
    if ! have cargo && [ -x "${CARGO_HOME:-$HOME/.cargo}/bin/cargo" ]; then
        PATH=${CARGO_HOME:-$HOME/.cargo}/bin:$PATH
    fi
    have cargo
}

# 1.90 or newer: edition 2024, and what tree-sitter asks for.
cargo_is_new_enough() {
    minor=$(cargo --version 2>/dev/null | sed -n 's/^cargo 1\.\([0-9]*\)\..*/\1/p')
    [ -n "$minor" ] && [ "$minor" -ge 90 ]
}

# The directory that holds libclang, where bindgen will look for it.
find_libclang() {
    for directory in "${LIBCLANG_PATH:-}" "$python/clang/native" \
        $(llvm-config --libdir 2>/dev/null || true) \
        /usr/lib/llvm-*/lib /usr/lib/*-linux-gnu* /usr/lib64/llvm*/lib* /usr/lib64 /usr/lib /usr/local/lib \
        /opt/homebrew/opt/llvm/lib /usr/local/opt/llvm/lib \
        /Library/Developer/CommandLineTools/usr/lib \
        /Applications/Xcode.app/Contents/Developer/Toolchains/XcodeDefault.xctoolchain/usr/lib; do
        [ -n "$directory" ] || continue
        for file in "$directory"/libclang.so "$directory"/libclang-*.so* "$directory"/libclang.so.* "$directory"/libclang.dylib; do
            if [ -e "$file" ]; then
                printf '%s\n' "$directory"
                return 0
            fi
        done
    done
    return 1
}

# libclang finds stddef.h and the like beside itself, unless it came alone.
libclang_has_headers() {
    for header in "$1"/clang/*/include/stddef.h "$1"/../lib/clang/*/include/stddef.h \
        "$1"/../lib*/clang/*/include/stddef.h /usr/lib/clang/*/include/stddef.h \
        /usr/lib/llvm-*/lib/clang/*/include/stddef.h; do
        case $1 in "$python"/*) return 1 ;; esac
        [ -e "$header" ] && return 0
    done
    return 1
}

# Sets `missing` to the words for people, `packages` to Debian's names.
look() {
    missing= packages=
    have cc && have c++ || { missing="$missing a-C++-compiler" packages="$packages g++"; }
    have cmake || { missing="$missing cmake" packages="$packages cmake"; }
    have ninja || { missing="$missing ninja" packages="$packages ninja-build"; }
    libclang=$(find_libclang) || { libclang= missing="$missing libclang" packages="$packages libclang-dev"; }
    missing=${missing# }
}

install_with_apt() {
    have apt-get && [ -z "${TANDEM_NO_APT:-}" ] || return 1
    as_root=
    if [ "$(id -u)" != 0 ]; then
        have sudo && sudo -n true 2>/dev/null || return 1
        as_root="sudo -n"
    fi
    say "installing with apt-get:$packages"
    install="$as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 -qq -y --no-install-recommends install"
    # A fresh machine has no package lists yet, and old lists name packages that are gone.
    # shellcheck disable=SC2086
    $install $packages >"$tools/apt.log" 2>&1 && return 0
    # shellcheck disable=SC2086
    { $as_root apt-get -o DPkg::Lock::Timeout=120 -qq update && $install $packages; } >>"$tools/apt.log" 2>&1 && return 0
    say "apt-get did not manage; its last words:"
    tail -n 5 "$tools/apt.log" >&2
    return 1
}

# pip as it is configured on this machine. --target touches nothing outside this clone.
install_from_pypi() {
    [ "$(uname -s)" = Linux ] || return 1
    case $missing in a-C++-compiler) return 1 ;; esac
    if ! have python3; then
        say "no python3, so no private copies from PyPI"
        return 1
    fi
    pip="python3 -m pip"
    if ! $pip --version >/dev/null 2>&1; then
        # Without pip a virtual environment may still bring one.
        if ! python3 -m venv "$tools/venv" >/dev/null 2>&1; then
            rm -rf "$tools/venv"
            say "python3 has neither pip nor venv, so no private copies from PyPI (apt: python3-pip or python3-venv)"
            return 1
        fi
        pip="$tools/venv/bin/python -m pip"
    fi
    say "putting private copies of cmake, ninja and libclang from PyPI into $python (about 55 MB to fetch)"
    $pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
        --upgrade --target "$python" -r scripts/build-tools.txt || return 1
    PATH=$python/cmake/data/bin:$python/bin:$PATH
}

explain() {
    cat >&2 <<'TEXT'
setup: please install these, then run the command again:
         Debian, Ubuntu    apt-get install g++ cmake ninja-build libclang-dev
         Fedora            dnf install gcc-c++ cmake ninja-build clang-devel
         Arch              pacman -S --needed base-devel cmake ninja clang
         openSUSE          zypper install gcc-c++ cmake ninja clang-devel
         Alpine            apk add build-base cmake ninja clang-dev linux-headers
         macOS             xcode-select --install && brew install cmake ninja llvm
         Windows           winget install Kitware.CMake Ninja-build.Ninja LLVM.LLVM and Visual Studio's C++ build tools,
                           then: cargo run -- demo, cargo test
       Or build without llama.cpp, with the lookup engine alone: make demo FEATURES=--no-default-features
TEXT
}

# The tests of a team's ledger start a PostgreSQL server of their own; without one they are skipped and say so. On people's
# machines nothing is installed for that, in continuous integration it is.
look_for_postgres() {
    for initdb in "$(command -v initdb || true)" /usr/lib/postgresql/*/bin/initdb; do
        [ -x "$initdb" ] && return 0
    done
    return 1
}

write_environment() {
    {
        echo "# Written by scripts/setup.sh. For cargo by hand: . $tools/env.sh"
        echo "export PATH=\"$(dirname "$(command -v cargo)"):\$PATH\""
        if [ -d "$python" ]; then
            # Behind the system's own tools, where it has them.
            echo "export PATH=\"\$PATH:$python/cmake/data/bin:$python/bin\""
        fi
        if [ -n "$libclang" ]; then
            case $libclang in "$python"/* | /opt/homebrew/* | /usr/local/opt/*) echo "export LIBCLANG_PATH=\"$libclang\"" ;; esac
            if ! libclang_has_headers "$libclang" && have gcc; then
                echo "export BINDGEN_EXTRA_CLANG_ARGS=\"-I$(gcc -print-file-name=include)\""
            fi
        fi
        have ninja || echo "export CMAKE_GENERATOR=\"Unix Makefiles\""
    } >"$tools/env.sh.new"
    # The file's time stays when nothing changed.
    cmp -s "$tools/env.sh.new" "$tools/env.sh" && rm "$tools/env.sh.new" || mv "$tools/env.sh.new" "$tools/env.sh"
}

if ! find_cargo; then
    say "there is no cargo. Rust comes from https://rustup.rs (as yourself, no root needed)"
    exit 1
fi
if ! cargo_is_new_enough; then
    say "$(cargo --version 2>&1 | head -n 1) is too old, Tandem needs Rust 1.90: rustup update, or https://rustup.rs"
    exit 1
fi

look
if [ -n "$missing" ] && [ "${1:-}" != --without-llama ]; then
    say "missing: $missing (llama.cpp is built with them)"
    install_with_apt && look || true
    [ -n "$missing" ] && install_from_pypi && look || true
    # Everything but ninja is needed; without it make builds llama.cpp, too.
    case $missing in
    "") say "everything is there" ;;
    ninja) have make && say "going on with make instead of ninja" ;;
    *)
        say "still missing: $missing"
        explain
        exit 1
        ;;
    esac
fi
if [ "${CI:-}" = true ] && ! look_for_postgres; then
    packages=" postgresql" && install_with_apt || say "no PostgreSQL: the tests that start a server are skipped"
fi
# The same for a software GPU.
if [ "${CI:-}" = true ] && [ "${1:-}" != --without-llama ] && ! have vulkaninfo; then
    packages=" libvulkan-dev glslc spirv-headers mesa-vulkan-drivers vulkan-tools" && install_with_apt ||
        say "no Vulkan of the system's: scripts/gpu/get-vulkan.sh looks for another"
fi
write_environment
