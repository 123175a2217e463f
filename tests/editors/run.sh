#!/bin/sh
# Drives real editors against Tandem: tests/editors/run.sh [path to tandem]
#
# Neovim and Helix; with EDITOR_TEST_VSCODE=1 VS Code, too, as code-server in a Chromium from scripts/get-code-server.sh.
# The editors come from scripts/get-editors.sh. Where they cannot be had, this says SKIPPED and succeeds;
# TANDEM_EDITORS_REQUIRED=1 makes that a failure. Needs Linux: it looks into /proc for processes left behind.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
tandem=${1:-${CARGO_TARGET_DIR:-$repository/target}/debug/tandem}
[ -x "$tandem" ] || { echo "tests/editors: no $tandem; build it first (cargo build) or name another" >&2; exit 2; }

status=0
editors=$("$repository/scripts/get-editors.sh") || status=$?
if [ "$status" -eq 3 ] && [ -z "${TANDEM_EDITORS_REQUIRED:-}" ]; then
    echo "SKIPPED all: the editors cannot be had on this machine (the line above says why)"
    echo "0 passed, 0 failed"
    exit 0
elif [ "$status" -ne 0 ]; then
    echo "FAILED to get the editors"
    echo "0 passed, 1 failed"
    exit 1
fi

neovim="nvim nvim_model question plugin_units plugin_double plugin_answers plugin plugin_commands plugin_start"
neovim="$neovim plugin_questions setup_neovim"
helix="helix helix_question helix_faults"
# Others by EDITOR_TEST_MORE: Emacs is 115 MB to fetch.
drivers=${EDITOR_TEST_DRIVERS-$neovim $helix ${EDITOR_TEST_MORE:-}}
# Before the variables that steer it are taken out of the environment.
more() {
    case " $drivers " in
    *" $1 "*) "$repository/scripts/get-editors.sh" "$1" || echo "$1 cannot be had (the line above says why)" >&2 ;;
    esac
}
emacs=$(more emacs)
kakoune=$(more kakoune)
# Found before the user's variables are put away.
vscode=
if [ -n "${EDITOR_TEST_VSCODE:-}" ]; then
    status=0
    vscode=$("$repository/scripts/get-code-server.sh") || status=$?
    export EDITOR_TEST_CODE_SERVER="$vscode"
fi

# Short, because sockets lie below it and their paths are bounded.
scratch=$(mktemp -d /tmp/tandem-editors.XXXXXX)
finish() {
    # What a failed case left running.
    for socket in "$scratch"/*.tmux; do
        [ ! -S "$socket" ] || "$editors/bin/tmux" -S "$socket" kill-server 2>/dev/null || true
    done
    if [ -n "${EDITOR_TEST_KEEP:-}" ]; then echo "kept $scratch"; else rm -rf "$scratch"; fi
}
trap finish EXIT
trap 'exit 1' INT TERM HUP
mkdir -p "$scratch/bin"
ln -s "$(realpath "$tandem")" "$scratch/bin/tandem"

export EDITOR_TEST_SCRATCH="$scratch" EDITOR_TEST_REPOSITORY="$repository" EDITOR_TEST_BINARY="$tandem" \
    EDITOR_TEST_EDITORS="$editors" EDITOR_TEST_EMACS="$emacs" EDITOR_TEST_KAKOUNE="$kakoune"
# The provider's double lies beside the binary's examples.
export EDITOR_TEST_DOUBLE="${EDITOR_TEST_DOUBLE:-$(dirname "$tandem")/examples/provider_double}"
# The user's own settings are not what is tested.
unset XDG_CONFIG_DIRS NVIM_APPNAME VIMINIT TMUX NVIM
required=${TANDEM_EDITORS_REQUIRED:-}
for variable in $(env | sed -n "s,^\(TANDEM_[A-Z_]*\)=.*,\1,p"); do unset "$variable"; done

: >"$scratch/report"
# A driver that hangs or dies counts as one failure more.
run_driver() {
    file=$1
    shift
    echo "-- $file"
    { timeout "${EDITOR_TEST_TIMEOUT:-300}" "$@" "$here/$file" 2>&1 && echo 0 >"$scratch/status" || echo $? >"$scratch/status"; } | tee "$scratch/lines"
    cat "$scratch/lines" >>"$scratch/report"
    if [ "$(cat "$scratch/status")" -ne 0 ] && ! grep -q '^FAILED ' "$scratch/lines"; then
        echo "FAILED the driver itself ($file)" | tee -a "$scratch/report"
    fi
}
for driver in $drivers; do
    run_driver "$driver.lua" "$editors/bin/nvim" -l
done
if [ -n "${EDITOR_TEST_VSCODE:-}" ]; then
    if [ -z "$vscode" ] && [ "$status" -eq 3 ]; then
        echo "SKIPPED VS Code: it cannot be had on this machine (a line above says why)" | tee -a "$scratch/report"
    elif [ -z "$vscode" ]; then
        echo "FAILED to get VS Code" | tee -a "$scratch/report"
    elif ! EDITOR_TEST_VSIX=$("$vscode/bin/node" "$here/vscode/vsix.mjs" "$scratch"); then
        echo "FAILED to make the extension's package" | tee -a "$scratch/report"
    else
        export EDITOR_TEST_VSIX
        for driver in ${EDITOR_TEST_VSCODE_DRIVERS-completion questions failures model}; do
            run_driver "vscode/$driver.mjs" "$vscode/bin/node"
        done
    fi
fi
passed=$(grep -c '^ok ' "$scratch/report" || true)
failed=$(grep -c '^FAILED ' "$scratch/report" || true)
# What is required is not skipped.
if [ -n "$required" ]; then
    skipped=$(grep -c '^SKIPPED ' "$scratch/report" || true)
    failed=$((failed + skipped))
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
