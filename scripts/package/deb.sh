# Part of scripts/package.sh: the Debian package, by dpkg-deb alone, without root.
# shellcheck shell=sh disable=SC2154

deb_architecture() {
    case $target in
    x86_64-unknown-linux-gnu) echo amd64 ;;
    aarch64-unknown-linux-gnu) echo arm64 ;;
    armv7-unknown-linux-gnueabihf) echo armhf ;;
    i686-unknown-linux-gnu) echo i386 ;;
    powerpc64le-unknown-linux-gnu) echo ppc64el ;;
    riscv64gc-unknown-linux-gnu) echo riscv64 ;;
    s390x-unknown-linux-gnu) echo s390x ;;
    esac
}

# The packages whose libraries the binary loads: asked of dpkg-shlibdeps where it knows this architecture, else read from
# the binary and looked up in a list.
deb_depends() {
    if need dpkg-shlibdeps && [ "$(dpkg --print-architecture)" = "$architecture" ]; then
        mkdir -p "$work/shlibdeps/debian"
        printf 'Source: tandem\n\nPackage: tandem\nArchitecture: any\n' >"$work/shlibdeps/debian/control"
        found=$(cd "$work/shlibdeps" && dpkg-shlibdeps -O -e"$stage/tandem" 2>"$work/shlibdeps.log" |
            sed -n 's/^shlibs:Depends=//p')
        [ -z "$found" ] || { printf '%s\n' "$found"; return 0; }
        say "dpkg-shlibdeps does not manage ($(tail -n 1 "$work/shlibdeps.log")); the libraries are looked up"
    fi
    python3 scripts/package/libraries.py "$stage/tandem"
}

architecture=$(deb_architecture)
if [ -z "$architecture" ]; then
    case $target in *linux*) skip "deb: Debian has no architecture for $target" ;; esac
elif ! need dpkg-deb; then
    skip "deb: there is no dpkg-deb"
else
    package=tandem$variant
    tree=$work/deb
    share=$tree/usr/share
    doc=$share/doc/$package
    mkdir -p "$tree/DEBIAN" "$tree/usr/bin" "$doc" "$share/man/man1" "$share/lintian/overrides" \
        "$share/bash-completion/completions" "$share/zsh/vendor-completions" "$share/fish/vendor_completions.d"
    cp "$stage/tandem" "$tree/usr/bin/tandem"
    cp "$stage/man/man1/"*.1 "$share/man/man1/"
    cp "$stage/completions/tandem.bash" "$share/bash-completion/completions/tandem"
    cp "$stage/completions/_tandem" "$share/zsh/vendor-completions/_tandem"
    cp "$stage/completions/tandem.fish" "$share/fish/vendor_completions.d/tandem.fish"
    cp "$stage/README.md" "$stage/THIRD-PARTY.txt" "$doc/"
    if [ -f "$stage/MODEL_CARD.md" ]; then cp "$stage/MODEL_CARD.md" "$doc/"; fi
    if [ -d "$stage/share/tandem" ]; then cp -R "$stage/share/tandem" "$share/"; fi
    depends=$(deb_depends)
    [ -n "$depends" ] || die "cannot tell which libraries $binary needs"
    sed -e "s/@PACKAGE@/$package/" scripts/package/deb/lintian-overrides >"$share/lintian/overrides/$package"
    python3 scripts/package/deb/describe.py --package "$package" --version "$version" --architecture "$architecture" \
        --depends "$depends" --tree "$tree" --features "$features"
    find "$tree" -type d -exec chmod 755 {} +
    find "$tree" -type f -exec chmod 644 {} +
    chmod 755 "$tree/usr/bin/tandem"
    find "$tree" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
    deb=$dist/${package}_$version-1_$architecture.deb
    # More than one thread cuts the data into blocks that differ from machine to machine.
    DPKG_DEB_THREADS_MAX=1 dpkg-deb --root-owner-group -Zxz "-z$TANDEM_PACKAGE_LEVEL" --build "$tree" "$deb" >"$work/deb.log" 2>&1 ||
        { cat "$work/deb.log" >&2; die "dpkg-deb cannot build the package"; }
    made "$deb"
fi
