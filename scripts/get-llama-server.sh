#!/bin/sh
# Puts llama.cpp's own server (Debian's llama.cpp-tools) into a cache directory outside the clone, for `make test-servers` and
# benches/http.
#
# As get-editors.sh does: packages of a newer suite than the system's, fetched and verified by apt with a state of its own and
# unpacked there. Nothing is installed, no root is needed, the system's packages are not touched.
#
# Prints the path of the program. A llama-server that is on the search path already is taken as it is. Exit status 3, with a line
# that says why, where it cannot be had here: no apt, no Debian mirror, no network.
#
#   TANDEM_LLAMA_SERVER    the directory (default: tandem-llama-server in the user's cache directory)
#   TANDEM_DEBIAN_MIRROR   a Debian mirror, where the system is not Debian or has none
#   TANDEM_DEBIAN_SUITE    default: forky
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=scripts/debian-packages.sh
. "$here/debian-packages.sh"
suite=${TANDEM_DEBIAN_SUITE:-forky}
place=${TANDEM_LLAMA_SERVER:-${XDG_CACHE_HOME:-$HOME/.cache}/tandem-llama-server}

if found=$(command -v llama-server 2>/dev/null); then
    printf '%s\n' "$found"
    exit 0
fi
if "$place/bin/llama-server" --version >/dev/null 2>&1; then
    printf '%s\n' "$place/bin/llama-server"
    exit 0
fi

debian_look || cannot "$debian_problem"
begin_beside "$place" bin/llama-server TANDEM_LLAMA_SERVER
mkdir -p "$work/tree/root" "$work/tree/bin"

say "fetching llama.cpp-tools from $debian_mirror ($suite), about 30 MB, into $place"
debian_fetch "$work/apt" "$suite" llama.cpp-tools || { cat "$work/apt/log" >&2; cannot "$debian_problem"; }
for package in "$work"/apt/archives/*.deb; do
    dpkg-deb --extract "$package" "$work/tree/root"
done

# ggml looks for its backends beside the program that was started, and that is the loader.
for library in "$work/tree/root"/usr/lib/*/ggml/backends*/*.so; do
    directory=${library%/ggml/*}
    ln -s "${library#"$directory/"}" "$directory/${library##*/}"
done

cat >"$work/tree/bin/llama-server" <<'END'
#!/bin/sh
# Starts the server of ../root through the loader and the libraries that came with it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=${here%/bin}/root
for loader in "$root"/usr/lib/*/ld-linux*.so.* "$root"/usr/lib64/ld-linux*.so.*; do
    [ -x "$loader" ] && break
done
libraries=$(dirname "$loader")
exec "$loader" --library-path "$libraries:$libraries/llama" "$root/usr/bin/llama-server" "$@"
END
chmod +x "$work/tree/bin/llama-server"

"$work/tree/bin/llama-server" --version >/dev/null 2>&1 ||
    { say "the packages of $suite were unpacked, but llama-server does not run here"; exit 1; }
rm -rf "$place"
mv "$work/tree" "$place"
say "$("$place/bin/llama-server" --version 2>&1 | grep -m 1 version || true)"
printf '%s\n' "$place/bin/llama-server"
