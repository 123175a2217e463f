# Part of scripts/package.sh: the extension for VS Code, once for all systems and once with this binary inside. The one for
# all systems goes into the tree of the program, too, where `tandem setup vscode` looks for it.
#
# editors/vscode makes the vsix; here it gets the licences of the program in it, and an order and a time that do not change
# from run to run. The network is used to install what package-lock.json names, and only where that is missing.
# shellcheck shell=sh disable=SC2154

extension=editors/vscode

vsix_target() {
    case $target in
    x86_64-unknown-linux-gnu) echo linux-x64 ;;
    aarch64-unknown-linux-gnu) echo linux-arm64 ;;
    x86_64-unknown-linux-musl) echo alpine-x64 ;;
    aarch64-unknown-linux-musl) echo alpine-arm64 ;;
    x86_64-apple-darwin) echo darwin-x64 ;;
    aarch64-apple-darwin) echo darwin-arm64 ;;
    x86_64-pc-windows-*) echo win32-x64 ;;
    aarch64-pc-windows-*) echo win32-arm64 ;;
    esac
}

# Says why there can be none here. What is wrong with the list of packages, or with a package, is no reason to leave one out.
vsix_problem() {
    if ! [ -f "$extension/package.json" ]; then
        echo "there is no $extension"
    elif ! need npm || ! need node; then
        echo "there is no npm"
    else
        status=0
        node "$extension/scripts/install.mjs" >"$work/npm.log" 2>&1 || status=$?
        case $status in
        0) ;;
        3) echo "npm cannot fetch what package-lock.json names: $(grep -m 1 'npm' "$work/npm.log" || true)" ;;
        *) cat "$work/npm.log" >&2; die "what package-lock.json names cannot be installed" ;;
        esac
    fi
}

# One vsix: its file in dist, then options for the extension's own script. With a program go its licences.
one_vsix() {
    out=$1
    shift
    (cd "$extension" && npm run --silent package -- "$@" --out "$work/made.vsix") >"$work/vsix.log" 2>&1 ||
        { cat "$work/vsix.log" >&2; die "the extension cannot be packed"; }
    if [ $# -gt 0 ]; then set -- "$stage/THIRD-PARTY.txt"; fi
    python3 scripts/package/archive.py vsix "$work/made.vsix" "$out" "$@"
}

# The one for all systems: without a program, which is then found on PATH or named in the settings.
universal_vsix() {
    universal=tandem-vscode-$version.vsix
    mkdir -p "$stage/share/tandem"
    one_vsix "$stage/share/tandem/$universal"
    chmod -R u=rwX,go=rX "$stage/share"
    wants vsix || return 0
    cp "$stage/share/tandem/$universal" "$dist/$universal"
    made "$dist/$universal"
    if wants sbom; then
        python3 scripts/package/sbom.py extension --lock "$lock" --vsix "$dist/$universal" \
            --out "$dist/tandem-vscode-$version.cdx.json"
        made "$dist/tandem-vscode-$version.cdx.json"
    fi
}

platform_vsix() {
    platform=$(vsix_target)
    if [ -z "$platform" ]; then
        skip "vsix with the binary: VS Code has no name for $target"
        return 0
    fi
    out=$dist/tandem-vscode-$version-$platform$variant.vsix
    one_vsix "$out" --target "$platform" --binary "$stage/tandem$exe"
    made "$out"
}

lock=$extension/package-lock.json
problem=$(vsix_problem) || exit 1
if [ -n "$problem" ]; then
    skip "vsix: $problem"
else
    if wants vsix || wants archive || wants deb; then universal_vsix; fi
    if wants platform-vsix; then platform_vsix; fi
fi
