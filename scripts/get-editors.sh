#!/bin/sh
# Puts Neovim (0.12 or newer), Helix and tmux into a cache directory outside the clone, for tests/editors; with the argument
# `emacs` Emacs without a window system, and lsp-mode, into one of their own, with `kakoune` Kakoune.
#
# They are Debian packages of a newer suite than the system's, fetched and verified by apt with a state of its own and
# unpacked there: nothing is installed, no root is needed, the system's packages are not touched. They run through the
# C library that came with them, because the system's may be older. The mirror is the one that the system's apt uses.
#
# Prints the directory that holds bin/nvim, bin/hx and bin/tmux, or bin/emacs, or bin/kak. Exit status 3, with a line that says why, where this
# cannot be done here: no apt, no Debian mirror, no network.
#
#   TANDEM_EDITORS         the directory (default: tandem-editors in the user's cache directory)
#   TANDEM_EMACS, TANDEM_KAKOUNE   the same for these (default: tandem-emacs and tandem-kakoune there)
#   TANDEM_DEBIAN_MIRROR   a Debian mirror, where the system is not Debian or has none
#   TANDEM_DEBIAN_SUITE    default: forky
set -eu

# shellcheck source=scripts/debian-packages.sh
. "$(dirname "$0")/debian-packages.sh"
suite=${TANDEM_DEBIAN_SUITE:-forky}
cache=${XDG_CACHE_HOME:-$HOME/.cache}
case ${1:-} in
'') variable=TANDEM_EDITORS place=${TANDEM_EDITORS:-$cache/tandem-editors} packages="neovim hx tmux" programs="nvim hx tmux" size=40 ;;
kakoune) variable=TANDEM_KAKOUNE place=${TANDEM_KAKOUNE:-$cache/tandem-kakoune} packages=kakoune programs=kak size=5 ;;
emacs) variable=TANDEM_EMACS place=${TANDEM_EMACS:-$cache/tandem-emacs} packages="emacs-nox elpa-lsp-mode" programs=emacs size=115 ;;
*)
    say "nothing is known of $1"
    exit 2
    ;;
esac

works() {
    for program in $programs; do
        option=--version
        case $program in
        tmux) option=-V ;;
        kak) option=-version ;;
        esac
        "$1/bin/$program" "$option" >/dev/null 2>&1 || return 1
    done
}

if works "$place"; then
    printf '%s\n' "$place"
    exit 0
fi

debian_look || cannot "$debian_problem"
begin_beside "$place" bin/run "$variable"
mkdir -p "$work/tree/root" "$work/tree/bin"

say "fetching $packages from $debian_mirror ($suite), about $size MB, into $place"
# The names are words.
# shellcheck disable=SC2086
debian_fetch "$work/apt" "$suite" $packages || { cat "$work/apt/log" >&2; cannot "$debian_problem"; }

for package in "$work"/apt/archives/*.deb; do
    case ${package##*/} in
    # The compiler that Emacs is linked to brings what only building needs.
    binutils* | libgcc-*-dev* | libc6-dev* | libc-dev* | linux-libc-dev* | lib?san* | libhwasan*) ;;
    *) dpkg-deb --extract "$package" "$work/tree/root" ;;
    esac
done

cat >"$work/tree/bin/run" <<'END'
#!/bin/sh
# Starts a program of ../root through the loader and the libraries that came with it. What it starts itself gets the
# system's, because the path is an argument and not a variable.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=${here%/bin}/root
name=${0##*/}
for loader in "$root"/usr/lib/*/ld-linux*.so.* "$root"/usr/lib64/ld-linux*.so.*; do
    [ -x "$loader" ] && break
done
program=$root/usr/bin/$name
case $name in
nvim)
    # Neovim's own tree-sitter parsers lie where the package's root would be.
    export VIMRUNTIME="$root/usr/share/nvim/runtime"
    set -- --cmd "set runtimepath+=$root/usr/lib/nvim" "$@"
    ;;
hx)
    export HELIX_RUNTIME="$root/usr/lib/hx/runtime"
    program=$root/usr/lib/hx/hx
    ;;
emacs)
    # It looks for its files where the package's root would be, and its compiler would start it without this loader.
    program=$root/usr/bin/emacs-nox
    lisp=$(echo "$root"/usr/share/emacs/[0-9]*/lisp)
    EMACSDATA=${lisp%/lisp}/etc
    EMACSDOC=$EMACSDATA
    EMACSLOADPATH=$(find "$lisp" "$root"/usr/share/emacs/site-lisp/elpa-src -type d ! -name obsolete | tr '\n' ':')
    EMACSLOADPATH=${EMACSLOADPATH%:}
    export EMACSDATA EMACSDOC EMACSLOADPATH
    set -- --dump-file "$(echo "$root"/usr/libexec/emacs/*/*/emacs-*.pdmp)" \
        --eval '(setq native-comp-jit-compilation nil native-comp-enable-subr-trampolines nil)' "$@"
    ;;
esac
exec "$loader" --library-path "$(dirname "$loader")" "$program" "$@"
END
chmod +x "$work/tree/bin/run"
for name in $programs; do ln -s run "$work/tree/bin/$name"; done

works "$work/tree" || { say "the packages of $suite were unpacked, but their programs do not run here"; exit 1; }
rm -rf "$place"
mv "$work/tree" "$place"
if [ -z "${1:-}" ]; then
    say "$("$place/bin/nvim" --version | head -n 1), $("$place/bin/hx" --version), $("$place/bin/tmux" -V)"
else
    say "$packages"
fi
printf '%s\n' "$place"
