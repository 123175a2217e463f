#!/usr/bin/env bash
# Definitions and CPU time of three tools on the same files:
#
#     benches/index/peers.sh LANGUAGE EXTENSIONS DIRECTORY        (benches/index/peers.sh rust rs ~/src/ripgrep)
#
# LANGUAGE is Tandem's name; EXTENSIONS are separated by commas. TANDEM, CTAGS and TREE_SITTER name the programs where they
# are not on the path; tree-sitter needs its parsers configured (`tree-sitter init-config`) and compiled once before.
# Prints a line of a table: files, then definitions and CPU seconds of Tandem, ctags and `tree-sitter tags`.
set -euo pipefail

language=$1 extensions=$2 directory=$3
tandem=${TANDEM:-tandem} ctags=${CTAGS:-ctags} tree_sitter=${TREE_SITTER:-tree-sitter}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/files" "$scratch/cache"

# A copy of these files alone, so that nobody is measured on what the others leave out.
pattern=$(printf '%s' "$extensions" | sed 's/,/\\|/g')
(cd "$directory" && find . -type f -regex ".*\.\($pattern\)" -not -path '*/.git/*' -print0) |
    (cd "$directory" && xargs -0 -r cp --parents -t "$scratch/files")
find "$scratch/files" -type f | sort > "$scratch/list"

# cpu OUTPUT COMMAND …: user and system seconds of a command.
cpu() {
    local output=$1
    shift
    local TIMEFORMAT='%U %S'
    { time "$@" > "$output" 2> /dev/null; } 2>&1 | awk '{ printf "%.2f", $1 + $2 }'
}

tandem_cpu=$(XDG_CACHE_HOME=$scratch/cache cpu "$scratch/tandem" \
    "$tandem" index --folder "$scratch/files" --json --wait 600)
tandem_found=$(jq --arg language "$language" '.index.languages[$language].definitions // 0' "$scratch/tandem")

ctags_cpu=$(cpu "$scratch/ctags" "$ctags" -R -f - "$scratch/files")
ctags_found=$(grep -vc '^!_' "$scratch/ctags" || true)

if "$tree_sitter" tags "$(head -1 "$scratch/list")" > /dev/null 2>&1; then
    tree_sitter_cpu=$(cpu "$scratch/tree-sitter" "$tree_sitter" tags --paths "$scratch/list")
    tree_sitter_found=$(grep -c '[[:space:]]def[[:space:]]' "$scratch/tree-sitter" || true)
else
    tree_sitter_cpu=- tree_sitter_found=-
fi

echo "| $language | $(wc -l < "$scratch/list") | $tandem_found | $tandem_cpu | $ctags_found | $ctags_cpu | $tree_sitter_found | $tree_sitter_cpu |"
