#!/bin/sh
# Puts what a build with Vulkan needs into a cache directory outside the clone, and a software device to try it on: headers,
# loader, shader compiler, and Mesa's lavapipe, which computes on the processor.
#
# Where the system has all of that, it is used as it is. Otherwise they are Debian packages, unpacked and not installed: no
# root is needed. The headers are those of a newer suite, because llama.cpp wants newer ones than Debian 12 has; what runs
# is of the system's own suite, because it runs with the system's C library.
#
# Prints the directory, which has
#   env.sh                  for the build: sets VULKAN_SDK (nothing where the system's headers are new enough)
#   bin/with-software-gpu   starts a command that sees the software device, and no other
#   include lib bin/glslc share/cmake    as the vendor's kit has them
# Exit status 3, with a line that says why, where this cannot be done here.
#
#   get-vulkan.sh           the system's shader compiler, or its suite's: enough for tests, fewest shaders to compile
#   get-vulkan.sh newest    the newer suite's, which knows the matrix and dot product extensions that make GPUs fast: for releases
#
#   TANDEM_VULKAN          the directory (default: tandem-vulkan, or tandem-vulkan-newest, in the user's cache directory)
#   TANDEM_DEBIAN_MIRROR   a Debian mirror, where the system is not Debian or has none
#   TANDEM_VULKAN_SUITE    the newer suite; default: forky
#   TANDEM_VULKAN_OWN=1    do not use what the system has
set -eu

here=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=scripts/debian-packages.sh
. "$here/debian-packages.sh"
newer=${TANDEM_VULKAN_SUITE:-forky}
compiler=${1:-}
case $compiler in
'') name=tandem-vulkan ;;
newest) name=tandem-vulkan-newest ;;
*)
    echo "get-vulkan: nothing is known of $compiler" >&2
    exit 2
    ;;
esac
place=${TANDEM_VULKAN:-${XDG_CACHE_HOME:-$HOME/.cache}/$name}

say() { printf 'get-vulkan: %s\n' "$*" >&2; }
cannot() { say "$*"; exit 3; }
have() { command -v "$1" >/dev/null 2>&1; }

# What is there counts if this script made it, its compiler runs, and a device answers.
works() {
    # shellcheck source=/dev/null
    cat "$here/gpu/get-vulkan.sh" "$here/debian-packages.sh" | cmp -s - "$1/made-from" &&
        (. "$1/env.sh" && PATH=${VULKAN_SDK:-/usr}/bin:$PATH && glslc --version) >/dev/null 2>&1 &&
        "$1/bin/with-software-gpu" "$1/bin/vulkaninfo" --summary 2>/dev/null | grep -q llvmpipe
}

if works "$place"; then
    printf '%s\n' "$place"
    exit 0
fi
[ "$(uname -s)" = Linux ] || cannot "$(uname -s): the vendor's kit has headers and compiler; set VULKAN_SDK to it. There is no software device"
# An older set of ours makes way; a directory that is anything else does not.
if [ -e "$place" ] && ! [ -f "$place/made-from" ] && ! rmdir "$place" 2>/dev/null; then
    say "$place holds other files; remove it or set TANDEM_VULKAN"
    exit 1
fi

mkdir -p "$(dirname "$place")"
work=$(mktemp -d "$place.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP
tree=$work/tree
mkdir -p "$tree/bin" "$tree/lib"

# Starts a command on the device that $1 describes, with the libraries of $2.
write_runner() {
    cat >"$tree/bin/with-software-gpu" <<END
#!/bin/sh
# Starts a command that sees Mesa's software device, which llama.cpp hides unless it is asked for by its number.
here=\$(cd "\$(dirname "\$0")/.." && pwd)
export VK_DRIVER_FILES="$1" VK_ICD_FILENAMES="$1" GGML_VK_VISIBLE_DEVICES=0
export MESA_SHADER_CACHE_DIR="\$here/shaders"
. "\$here/driver.env"
$2
exec "\$@"
END
    chmod +x "$tree/bin/with-software-gpu"
    echo "# What llama.cpp must leave to this driver." >"$tree/driver.env"
}

# The names that llama.cpp uses of the headers and that older ones lack.
headers_are_new() {
    have c++ || return 1
    printf '#include <vulkan/vulkan.hpp>\nvk::LayerSettingEXT one; vk::LayerSettingsCreateInfoEXT all;\n' >"$work/probe.cpp"
    c++ -std=c++17 -fsyntax-only "$work/probe.cpp" >/dev/null 2>&1
}

system_has_all() {
    [ -z "${TANDEM_VULKAN_OWN:-}" ] && [ -z "$compiler" ] && have glslc && have vulkaninfo && headers_are_new || return 1
    for file in /usr/share/cmake/SPIRV-Headers/SPIRV-HeadersConfig.cmake /usr/lib*/cmake/SPIRV-Headers/SPIRV-HeadersConfig.cmake; do
        if [ -f "$file" ]; then
            for driver in /usr/share/vulkan/icd.d/lvp_icd*.json; do [ -f "$driver" ] && return 0; done
        fi
    done
    return 1
}

from_system() {
    say "the system has Vulkan's headers, compiler and software device"
    echo "# The system's headers are new enough." >"$tree/env.sh"
    write_runner "$driver" ""
    ln -s "$(command -v vulkaninfo)" "$tree/bin/vulkaninfo"
}

# $1: a folder of archives, $2: where to. Without the C and C++ libraries, where the system's are to be used.
unpack() {
    mkdir -p "$2"
    for package in "$1"/archives/*.deb; do
        case ${3:-}${package##*/} in
        systemlibc6_* | systemlibstdc++6_* | systemlibgcc-s1_*) ;;
        *) dpkg-deb --extract "$package" "$2" ;;
        esac
    done
}

from_packages() {
    debian_look || cannot "$debian_problem"
    own=$(debian_suite_of_system)
    say "fetching Vulkan's headers ($newer), compiler, loader and software driver ($own) from $debian_mirror, about 75 MB, into $place"
    newer_packages="libvulkan-dev spirv-headers"
    [ -z "$compiler" ] || newer_packages="$newer_packages glslc"
    # The names are words.
    # shellcheck disable=SC2086
    debian_fetch "$work/newer" "$newer" $newer_packages || { cat "$work/newer/log" >&2; cannot "$debian_problem"; }
    debian_fetch "$work/own" "$own" glslc libvulkan1 mesa-vulkan-drivers vulkan-tools ||
        { cat "$work/own/log" >&2; cannot "$debian_problem"; }
    unpack "$work/newer" "$work/new-root"
    unpack "$work/own" "$work/root" system

    mkdir -p "$tree/share/cmake"
    cp -R "$work/new-root/usr/include" "$tree/include"
    cp -R "$work/new-root/usr/share/cmake/SPIRV-Headers" "$tree/share/cmake/"

    # Of all that the packages bring, what these four load: the dynamic linker says it.
    root=$work/root
    libraries=$(find "$root" -name '*.so.*' -exec dirname {} + | sort -u | tr '\n' ':')
    driver=$(find "$root/usr/lib" -name 'libvulkan_lvp.so' | head -n 1)
    [ -n "$driver" ] || cannot "mesa-vulkan-drivers of $own has no software driver for this architecture"
    loader=$(find "$root/usr/lib" -name 'libvulkan.so.1' | head -n 1)
    for object in "$driver" "$loader" "$root/usr/bin/glslc" "$root/usr/bin/vulkaninfo"; do
        LD_LIBRARY_PATH=$libraries ldd "$object"
    done | sed -n "s|.*=> \($root/[^ ]*\) .*|\1|p" | sort -u >"$work/needed"
    while read -r library; do cp -L "$library" "$tree/lib/"; done <"$work/needed"
    cp -L "$driver" "$loader" "$tree/lib/"
    ln -s libvulkan.so.1 "$tree/lib/libvulkan.so"
    mkdir "$tree/programs"
    cp "$root/usr/bin/glslc" "$root/usr/bin/vulkaninfo" "$tree/programs/"
    printf '{"file_format_version": "1.0.0", "ICD": {"library_path": "./lib/libvulkan_lvp.so", "api_version": "1.3.0"}}\n' \
        >"$tree/driver.json"

    cat >"$tree/bin/glslc" <<'END'
#!/bin/sh
# The shader compiler with the libraries that came with it.
here=$(cd "$(dirname "$0")/.." && pwd)
LD_LIBRARY_PATH=$here/lib exec "$here/programs/glslc" "$@"
END
    if [ -n "$compiler" ]; then
        # It is newer than the system's C library, so it brings its own.
        cp -R "$work/new-root" "$tree/newest"
        rm -rf "$tree/newest/usr/include" "$tree/newest/usr/share"
        cat >"$tree/bin/glslc" <<'END'
#!/bin/sh
# The newer suite's shader compiler, through the loader and the libraries that came with it.
root=$(cd "$(dirname "$0")/../newest" && pwd)
for loader in "$root"/usr/lib/*/ld-linux*.so.* "$root"/usr/lib64/ld-linux*.so.*; do
    [ -x "$loader" ] && break
done
exec "$loader" --library-path "$(dirname "$loader"):$(echo "$root"/usr/lib/*-linux-gnu*)" "$root/usr/bin/glslc" "$@"
END
    fi
    ln -s ../programs/vulkaninfo "$tree/bin/vulkaninfo"
    chmod +x "$tree/bin/glslc"
    echo "export VULKAN_SDK=\"$place\"" >"$tree/env.sh"
    # The dollar is for the runner.
    # shellcheck disable=SC2016
    write_runner '$here/driver.json' 'export LD_LIBRARY_PATH="$here/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"'
}

if system_has_all; then from_system; else from_packages; fi
cat "$here/gpu/get-vulkan.sh" "$here/debian-packages.sh" >"$tree/made-from"
"$tree/bin/with-software-gpu" "$tree/bin/vulkaninfo" --summary >"$work/summary" 2>&1 ||
    { tail -n 5 "$work/summary" >&2; cannot "the software driver does not run here: its C library is newer than the system's, perhaps"; }
# Where llama.cpp fuses operations, the device of Mesa 22 crashes in a thread of its own.
if grep -q 'driverInfo.*Mesa 22\.' "$work/summary"; then
    echo 'export GGML_VK_DISABLE_FUSION=1' >>"$tree/driver.env"
fi
grep -q llvmpipe "$work/summary" || { cat "$work/summary" >&2; cannot "the software driver shows no device"; }
rm -rf "$place"
mv "$tree" "$place"
say "$(sed -n 's/^[[:space:]]*driverInfo *= *//p' "$work/summary" | head -n 1), $("${place}/bin/glslc" --version 2>/dev/null | head -n 1 || glslc --version | head -n 1)"
works "$place" || { say "the set was made, but its compiler does not run here"; exit 1; }
printf '%s\n' "$place"
