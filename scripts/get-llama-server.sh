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

suite=${TANDEM_DEBIAN_SUITE:-forky}
place=${TANDEM_LLAMA_SERVER:-${XDG_CACHE_HOME:-$HOME/.cache}/tandem-llama-server}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

say() { printf 'get-llama-server: %s\n' "$*" >&2; }
cannot() { say "$*"; exit 3; }

if found=$(command -v llama-server 2>/dev/null); then
    printf '%s\n' "$found"
    exit 0
fi
if "$place/bin/llama-server" --version >/dev/null 2>&1; then
    printf '%s\n' "$place/bin/llama-server"
    exit 0
fi

# An older one of ours makes way; a directory that is anything else does not.
if [ -e "$place" ] && ! [ -x "$place/bin/llama-server" ] && ! rmdir "$place" 2>/dev/null; then
    say "$place holds other files; remove it, or name another place"
    exit 1
fi
for program in apt-get dpkg-deb; do
    command -v "$program" >/dev/null 2>&1 || cannot "no $program: this is not Debian or Ubuntu"
done

# The system's own configuration, asked without root and without reading its files.
mirror=${TANDEM_DEBIAN_MIRROR:-$(apt-get -o Debug::NoLocking=1 --print-uris update 2>/dev/null |
    sed -n "s|^'\(.*/debian\)/dists/.*|\1|p" | head -n 1)}
[ -n "$mirror" ] || cannot "apt's sources name no Debian mirror; set TANDEM_DEBIAN_MIRROR"
[ -r "$keyring" ] || cannot "no $keyring: install debian-archive-keyring"

mkdir -p "$(dirname "$place")"
work=$(mktemp -d "$place.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP
mkdir -p "$work/apt/lists/partial" "$work/apt/archives/partial" "$work/tree/root" "$work/tree/bin"
: >"$work/apt/status"
printf 'deb [signed-by=%s target=Packages] %s %s main\n' "$keyring" "$mirror" "$suite" >"$work/apt/sources.list"

# Read last, so that it wins over the system's; proxies and certificates stay as the system has them. A testing suite's
# Release file is sometimes past its date; the signature is checked all the same.
cat >"$work/apt/conf" <<END
Dir::State "$work/apt";
Dir::State::lists "$work/apt/lists";
Dir::State::status "$work/apt/status";
Dir::Cache "$work/apt";
Dir::Cache::archives "$work/apt/archives";
Dir::Etc::sourcelist "$work/apt/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Acquire::Check-Valid-Until "false";
Acquire::Languages "none";
Acquire::Retries "2";
Acquire::http::Timeout "30";
APT::Update::Error-Mode "any";
APT::Install-Recommends "false";
APT::Sandbox::User "";
Debug::NoLocking "true";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Install-Pkgs;
#clear DPkg::Post-Invoke;
END

say "fetching llama.cpp-tools from $mirror ($suite), about 30 MB, into $place"
apt-get -c "$work/apt/conf" -qq update >"$work/log" 2>&1 ||
    { cat "$work/log" >&2; cannot "cannot read $suite at $mirror: no network?"; }
apt-get -c "$work/apt/conf" -qq -y --download-only install llama.cpp-tools >"$work/log" 2>&1 ||
    { cat "$work/log" >&2; cannot "cannot fetch the packages from $mirror"; }
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
