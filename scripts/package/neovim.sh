# Part of scripts/package.sh: the Neovim plugin as an archive, with what Neovim reads of editors/neovim and the licences.
# shellcheck shell=sh disable=SC2154

plugin=$work/tandem.nvim-$version
mkdir -p "$plugin"
{ git ls-files -- editors/neovim 2>/dev/null || find editors/neovim -type f; } | while read -r file; do
    [ -f "$file" ] || continue
    inside=${file#editors/neovim/}
    # Its makers' tools stay here.
    case $inside in
    after/* | autoload/* | doc/* | ftplugin/* | lsp/* | lua/* | plugin/* | queries/* | README.md) ;;
    *) continue ;;
    esac
    mkdir -p "$plugin/$(dirname "$inside")"
    case $inside in
    *.md) python3 scripts/package/readme.py "$version" "$file" >"$plugin/$inside" ;;
    *) cp "$file" "$plugin/$inside" ;;
    esac
done
cp LICENSE-MIT LICENSE-APACHE "$plugin/"
if [ -d "$plugin/lua" ]; then
    chmod -R u=rwX,go=rX "$plugin"
    python3 scripts/package/archive.py pack "$plugin" "$dist/tandem.nvim-$version.tar.gz"
    made "$dist/tandem.nvim-$version.tar.gz"
else
    skip "the Neovim plugin: editors/neovim holds no lua/"
fi
