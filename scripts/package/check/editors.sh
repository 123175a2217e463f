# Part of scripts/package/check.sh: the extension for VS Code and the Neovim plugin.
# shellcheck shell=sh disable=SC2154

# Bytes of a vsix without a program.
most_bytes=600000

for vsix in "$dist"/tandem-vscode-"$version"*.vsix; do
    [ -f "$vsix" ] || continue
    base=$(basename "$vsix")
    rm -rf "$work/vsix"
    mkdir "$work/vsix"
    python3 -m zipfile -e "$vsix" "$work/vsix"
    inside=$work/vsix/extension
    for file in package.json README.md LICENSE.md NOTICES.md; do
        # vsce writes some names in small letters.
        find "$inside" -maxdepth 1 -iname "$file" -size +0 | grep -q . || die "$base lacks $file"
    done
    main=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1], encoding="utf-8"))["main"])' "$inside/package.json")
    [ -s "$inside/$main" ] || [ -s "$inside/$main.js" ] || die "$base lacks its own main file, $main"
    programs=$(find "$inside/bin" -type f 2>/dev/null || true)
    case $base in
    "tandem-vscode-$version.vsix")
        [ -z "$programs" ] || die "$base has a program in it"
        [ "$(wc -c <"$vsix")" -le $most_bytes ] || die "$base is larger than $most_bytes bytes"
        ok "$base is whole, and $(wc -c <"$vsix" | tr -d ' ') bytes"
        ;;
    *)
        [ -n "$programs" ] || die "$base has no program in it"
        [ -s "$inside/THIRD-PARTY.txt" ] || die "$base lacks the licences of what is in its program"
        # Python's unzip drops permissions; what the archive says counts.
        python3 -c '
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as packed:
    modes = [info.external_attr >> 16 & 0o777 for info in packed.infolist() if "/bin/" in info.filename]
sys.exit(modes != [0o755])' "$vsix" || die "$base: its program is not executable"
        chmod +x "$programs"
        if [ "$(version_of "$programs")" = "tandem $version" ]; then
            ok "$base has a program that runs"
        else
            case $base in
            *"$(uname -s | tr '[:upper:]' '[:lower:]')"*) die "$base: its program does not run" ;;
            *) skip_check "running the program of $base: it is for another system" ;;
            esac
        fi
        ;;
    esac
done

find_nvim() {
    for nvim in "$(command -v nvim || true)" "${TANDEM_EDITORS:-${XDG_CACHE_HOME:-$HOME/.cache}/tandem-editors}/bin/nvim"; do
        if [ -x "$nvim" ] && "$nvim" --version | head -n 1 | grep -qE 'v(0\.1[2-9]|0\.[2-9]|[1-9])'; then
            printf '%s\n' "$nvim"
            return 0
        fi
    done
    return 1
}

plugin=$dist/tandem.nvim-$version.tar.gz
if [ -f "$plugin" ]; then
    # As a package of Neovim's own: nothing but unpacked where it looks.
    place=$work/user/.local/share/nvim/site/pack/tandem/start
    mkdir -p "$place"
    tar -xzf "$plugin" -C "$place"
    tree=$place/tandem.nvim-$version
    for file in LICENSE-MIT LICENSE-APACHE README.md doc/tandem.txt; do
        [ -s "$tree/$file" ] || die "the Neovim plugin lacks $file"
    done
    if nvim=$(find_nvim); then
        as_user "$nvim" --headless -i NONE -n "+lua assert(type(require('tandem').setup) == 'function')" +helptags\ ALL \
            '+lua assert(vim.fn.getcompletion("tandem", "help")[1], "no help")' +qa >"$work/nvim.log" 2>&1 || true
        [ ! -s "$work/nvim.log" ] || { cat "$work/nvim.log" >&2; die "the Neovim plugin does not load"; }
        ok "$(basename "$plugin") loads in Neovim as it is unpacked, with its help"
    else
        skip_check "loading the Neovim plugin: there is no Neovim 0.12 (scripts/get-editors.sh fetches one)"
    fi
fi
