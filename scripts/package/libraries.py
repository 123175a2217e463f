"""Prints the Debian packages of the shared libraries that a program loads, as a Depends field, without Debian's tools.

    libraries.py PROGRAM

For where dpkg-shlibdeps is not there, or not for this architecture. Reads what `readelf` says. A library that is not in
the list is an error: a package that lacks a dependency installs and then does not start.
"""

import re
import subprocess
import sys

# The C library's parts are one package.
PACKAGES = {
    "libc.so.6": "libc6",
    "libm.so.6": "libc6",
    "libdl.so.2": "libc6",
    "libpthread.so.0": "libc6",
    "librt.so.1": "libc6",
    "ld-linux-x86-64.so.2": "libc6",
    "ld-linux-aarch64.so.1": "libc6",
    "ld-linux-armhf.so.3": "libc6",
    "libgcc_s.so.1": "libgcc-s1",
    "libstdc++.so.6": "libstdc++6",
    "libgomp.so.1": "libgomp1",
    "libvulkan.so.1": "libvulkan1",
}

# Since which version of GCC, whose number the package has, there is a version of libstdc++'s symbols (GCC's manual, ABI policy).
GLIBCXX = [((3, 4, 33), "14"), ((3, 4, 32), "13.1"), ((3, 4, 31), "13.1"), ((3, 4, 30), "12"), ((3, 4, 29), "11"), ((3, 4, 28), "9.3"),
           ((3, 4, 26), "9"), ((3, 4, 25), "8"), ((3, 4, 22), "6"), ((3, 4, 21), "5.2")]


def numbers(text):
    return tuple(int(part) for part in text.split("."))


def depends(dynamic, versions):
    """The field, from what `readelf --dynamic` and `readelf --version-info` print."""
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic)
    unknown = [library for library in needed if library not in PACKAGES]
    if unknown:
        raise SystemExit(f"package: no Debian package is known for {', '.join(unknown)} (scripts/package/libraries.py)")
    least = {}
    glibc = [numbers(version) for version in re.findall(r"\bGLIBC_(\d+(?:\.\d+)+)", versions)]
    if glibc:
        least["libc6"] = ".".join(map(str, max(glibc)))
    glibcxx = [numbers(version) for version in re.findall(r"\bGLIBCXX_(\d+(?:\.\d+)+)", versions)]
    if glibcxx:
        newest = max(glibcxx)
        known = [package for symbols, package in GLIBCXX if symbols <= newest]
        if newest > GLIBCXX[0][0]:
            raise SystemExit(f"package: GLIBCXX_{'.'.join(map(str, newest))} is newer than scripts/package/libraries.py knows")
        if known:
            least["libstdc++6"] = known[0]
    packages = sorted({PACKAGES[library] for library in needed})
    return ", ".join(f"{name} (>= {least[name]})" if name in least else name for name in packages)


def readelf(option, program):
    return subprocess.run(["readelf", "--wide", option, program], check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    print(depends(readelf("--dynamic", sys.argv[1]), readelf("--version-info", sys.argv[1])))
