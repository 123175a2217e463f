# Part of scripts/package/check.sh: the Debian package, installed into a scratch root without being root.
# shellcheck shell=sh disable=SC2154

# dpkg itself, on a root of its own. What it depends on is the system's, so that is not asked for here.
install_into() {
    mkdir -p "$2/var/lib/dpkg/info" "$2/var/lib/dpkg/updates" "$2/var/lib/dpkg/triggers"
    : >"$2/var/lib/dpkg/status"
    dpkg --root="$2" --force-not-root --force-bad-path --force-depends --log=/dev/null --install "$1" >"$work/dpkg.log" 2>&1
}

for deb in "$dist"/*.deb; do
    [ -f "$deb" ] || continue
    base=$(basename "$deb")
    if ! need dpkg-deb; then
        skip_check "$base: there is no dpkg-deb"
        continue
    fi
    package=$(dpkg-deb --field "$deb" Package)
    [ "$(dpkg-deb --field "$deb" Version)" = "$version-1" ] || die "$base is not of version $version"
    tree=$work/installed
    rm -rf "$tree"
    mkdir "$tree"
    if [ "$(dpkg-deb --field "$deb" Architecture)" = "$(dpkg --print-architecture)" ] && install_into "$deb" "$tree"; then
        dpkg --root="$tree" --verify "$package" || die "$base: what is installed is not what its md5sums say"
        how="installs with dpkg"
    else
        dpkg-deb --extract "$deb" "$tree"
        how="unpacks"
    fi
    dpkg-deb --control "$deb" "$work/control"
    (cd "$tree" && md5sum --quiet --check "$work/control/md5sums") || die "$base: its md5sums are wrong"
    listed=$(wc -l <"$work/control/md5sums" | tr -d ' ')
    present=$(dpkg-deb --fsys-tarfile "$deb" | tar -t | grep -vc '/$')
    [ "$listed" = "$present" ] || die "$base: md5sums lists $listed files of $present"
    rm -rf "$work/control"
    owners=$(dpkg-deb --fsys-tarfile "$deb" | tar --numeric-owner -tv | awk '{print $2}' | sort -u)
    [ "$owners" = 0/0 ] || die "$base: files belong to $owners"
    share=$tree/usr/share
    for file in "$share/doc/$package/copyright" "$share/doc/$package/changelog.Debian.gz" "$share/doc/$package/THIRD-PARTY.txt.gz" \
        "$share/man/man1/tandem.1.gz"; do
        [ -s "$file" ] || die "$base lacks ${file#"$tree"}"
    done
    if [ "$(dpkg-deb --field "$deb" Architecture)" = "$(dpkg --print-architecture)" ]; then
        [ "$(version_of "$tree/usr/bin/tandem")" = "tandem $version" ] || die "$base: its program does not run"
        ok "$base $how and runs"
    else
        skip_check "running $base: it is for another architecture"
    fi
    if need readelf; then
        # The list and dpkg-shlibdeps name the same packages, or one of them is wrong.
        plain() { tr ',' '\n' | sed 's/ *(.*//; s/^ *//' | LC_ALL=C sort | tr '\n' ' '; }
        said=$(dpkg-deb --field "$deb" Depends | plain)
        [ "$said" = "$(python3 scripts/package/libraries.py "$tree/usr/bin/tandem" | plain)" ] || die "$base depends on $said"
        ok "$base depends on $said"
    fi
    check_extension "$share/tandem" "$base"
    check_manual "$share/man/man1"
    check_completions "$share/bash-completion/completions/tandem" "$share/zsh/vendor-completions/_tandem" \
        "$share/fish/vendor_completions.d/tandem.fish"
    if need lintian; then
        as_user lintian --allow-root --fail-on error,warning "$deb" >"$work/lintian.log" 2>&1 ||
            { cat "$work/lintian.log" >&2; die "lintian complains of $base"; }
        ok "lintian has no error and no warning for $base"
    else
        skip_check "lintian: it is not installed"
    fi
    rm -rf "$tree"
done
