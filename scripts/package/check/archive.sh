# Part of scripts/package/check.sh: the archives of the program, with its manual and its completions.
# shellcheck shell=sh disable=SC2154

check_manual() {
    if ! need groff; then
        skip_check "manual pages: there is no groff"
        return 0
    fi
    for page in "$1"/*.1*; do
        case $page in *.gz) gzip -dc "$page" ;; *) cat "$page" ;; esac >"$work/page"
        groff -man -Tutf8 -ww "$work/page" >"$work/page.txt" 2>"$work/page.log"
        [ ! -s "$work/page.log" ] || { cat "$work/page.log" >&2; die "$page has warnings"; }
        grep -q TANDEM "$work/page.txt" || die "$page renders to nothing"
    done
    ok "$(find "$1" -name '*.1*' | wc -l | tr -d ' ') manual pages render without a warning"
}

# $1 to $3: the scripts of bash, zsh and fish.
check_completions() {
    if need bash; then
        # shellcheck disable=SC2016
        found=$(as_user bash -c 'source "$1" && complete -p tandem >/dev/null && COMP_WORDS=(tandem dem) COMP_CWORD=1 &&
            _tandem tandem dem tandem && echo "${COMPREPLY[*]}"' bash "$1") || die "$1 is no script of bash's"
        [ "$found" = demo ] || die "bash completes tandem dem to \"$found\""
        ok "bash completes"
    else
        skip_check "completion in bash: there is no bash"
    fi
    if need zsh; then as_user zsh -n "$2" || die "$2 is no script of zsh's"; ok "zsh reads its script"; else skip_check "completion in zsh: there is no zsh"; fi
    if need fish; then
        # shellcheck disable=SC2016
        found=$(as_user fish -c 'source $argv[1]; complete --do-complete "tandem dem"' "$3") || die "$3 is no script of fish's"
        case $found in demo*) ok "fish completes" ;; *) die "fish completes tandem dem to \"$found\"" ;; esac
    else
        skip_check "completion in fish: there is no fish"
    fi
}

# $1: the folder that has to have the extension that lies beside the packages, $2: of what.
check_extension() {
    vsix=tandem-vscode-$version.vsix
    [ -f "$dist/$vsix" ] || return 0
    cmp "$dist/$vsix" "$1/$vsix" >&2 || die "$2 has not the extension in it that was packed"
    ok "$2 has the extension in it"
}

# $1: the unpacked folder, $2: its program. Backends are code: they are taken from beside the program and from nowhere else.
check_backends() {
    [ "$(find "$1/backends" -type f | wc -l | tr -d ' ')" -gt 1 ] || die "$1 has no choice of backends"
    mkdir "$work/elsewhere" "$work/other"
    # Another user: the one before has an engine's process that still has its own.
    chmod 700 "$work/other"
    mv "$1/backends" "$work/elsewhere/"
    cp "$work/elsewhere/backends/"* "$work/elsewhere/"
    (cd "$work/elsewhere" && as_user HOME="$work/other" XDG_RUNTIME_DIR="$work/other" \
        GGML_BACKEND_PATH="$work/elsewhere/libggml-cpu-x64.so" "$2" doctor >"$work/doctor.log" 2>&1) &&
        { cat "$work/doctor.log" >&2; die "the program takes backends from the working directory"; }
    grep -q 'the folder .backends. is missing' "$work/doctor.log" || { cat "$work/doctor.log" >&2; die "it does not say what is missing"; }
    mv "$work/elsewhere/backends" "$1/"
    rm -rf "$work/elsewhere" "$work/other"
    ok "backends come from beside the program alone"
}

for archive in "$dist"/tandem-"$version"-*.tar.gz "$dist"/tandem-"$version"-*.zip; do
    [ -f "$archive" ] || continue
    base=$(basename "$archive")
    name=${base%.tar.gz}
    name=${name%.zip}
    into=$work/unpacked
    rm -rf "$into"
    mkdir "$into"
    case $archive in
    *.zip) python3 -m zipfile -e "$archive" "$into" ;;
    *) tar -xzf "$archive" -C "$into" ;;
    esac
    tree=$into/$name
    [ "$(ls "$into")" = "$name" ] || die "$base does not unpack into one folder $name"
    program=$tree/tandem
    [ -f "$program" ] || program=$tree/tandem.exe
    for file in "$program" "$tree/README.md" "$tree/LICENSE-MIT" "$tree/LICENSE-APACHE" "$tree/THIRD-PARTY.txt" \
        "$tree/completions/tandem.bash" "$tree/completions/tandem.ps1" "$tree/completions/tandem.elv" "$tree/man/man1/tandem.1"; do
        [ -s "$file" ] || die "$base lacks ${file#"$tree"/}"
    done
    if grep -nE '\]\((docs|editors|models|LICENSE|ARCHITECTURE|tests)' "$tree/README.md" >&2; then
        die "$base: its README leads to files that are not in it"
    fi
    if runs_here "$name"; then
        chmod +x "$program"
        [ "$(version_of "$program")" = "tandem $version" ] || die "$base: its program does not run"
        printf 'def packed_function():\n    pass\n' >"$work/user/sample.py"
        (cd "$work/user" && as_user "$program" outline sample.py) | grep -q packed_function ||
            die "$base: its program does not know a Python function"
        as_user "$program" doctor >"$work/doctor.log" 2>&1 || { cat "$work/doctor.log" >&2; die "$base: something is broken"; }
        # The card is there where the model is built in; then doctor loads it and tries it.
        if [ -f "$tree/MODEL_CARD.md" ] && ! grep -q 'known holes filled' "$work/doctor.log"; then
            cat "$work/doctor.log" >&2
            die "$base: its starter model was not tried"
        fi
        ok "$base unpacks and runs: $(tail -n 1 "$work/doctor.log")"
        if [ -d "$tree/backends" ]; then check_backends "$tree" "$program"; fi
    else
        skip_check "running $base: it is for another system"
    fi
    check_extension "$tree/share/tandem" "$base"
    check_manual "$tree/man/man1"
    check_completions "$tree/completions/tandem.bash" "$tree/completions/_tandem" "$tree/completions/tandem.fish"
done
