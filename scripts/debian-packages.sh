# What the scripts share that put programs out of Debian packages into a cache directory: what they say, their scratch folder, and
# apt with a state of its own.
#
# Nothing is installed, no root is needed, the system's packages are not touched. The mirror is the one that the system's apt
# uses; apt verifies what it fetches against Debian's own keys. Proxies and certificates stay as the system has them.
# Sourced; the script that does so may set TANDEM_DEBIAN_MIRROR where the system is not Debian.
# shellcheck shell=sh disable=SC2034

say() { printf '%s: %s\n' "$(basename "$0" .sh)" "$*" >&2; }
# What cannot be done here is no error of the caller's: it goes on without.
cannot() { say "$*"; exit 3; }
have() { command -v "$1" >/dev/null 2>&1; }

# Sets $work to a scratch folder beside $1, so that a finished tree in it takes $1's place by a rename; gone at the end, however that
# comes. An older set of ours makes way: it has the file $2. A directory that is anything else does not.
begin_beside() {
    if [ -e "$1" ] && ! [ -e "$1/$2" ] && ! rmdir "$1" 2>/dev/null; then
        say "$1 holds other files; remove it, or name another place ($3)"
        exit 1
    fi
    mkdir -p "$(dirname "$1")"
    work=$(mktemp -d "$1.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    trap 'exit 1' INT TERM HUP
}

debian_keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# Fails, and sets debian_problem, where packages cannot be had. Sets debian_mirror, and debian_security where the system names one.
debian_look() {
    for program in apt-get dpkg-deb; do
        have "$program" || { debian_problem="no $program: this is not Debian or Ubuntu"; return 1; }
    done
    # The system's own configuration, asked without root and without reading its files.
    mirrors=$(apt-get -o Debug::NoLocking=1 --print-uris update 2>/dev/null |
        sed -n "s|^'\(.*/debian[a-z-]*\)/dists/.*|\1|p" | sort -u)
    debian_mirror=${TANDEM_DEBIAN_MIRROR:-$(printf '%s\n' "$mirrors" | grep '/debian$' | head -n 1)}
    debian_security=$(printf '%s\n' "$mirrors" | grep 'debian-security$' | head -n 1)
    [ -n "$debian_mirror" ] || { debian_problem="apt's sources name no Debian mirror; set TANDEM_DEBIAN_MIRROR"; return 1; }
    [ -r "$debian_keyring" ] || { debian_problem="no $debian_keyring: install debian-archive-keyring"; return 1; }
}

# The system's own suite on Debian, whose programs run with its C library; elsewhere one that is old enough for most.
debian_suite_of_system() {
    # shellcheck source=/dev/null
    (. /etc/os-release && [ "$ID" = debian ] && echo "${VERSION_CODENAME:-bookworm}") || echo bookworm
}

# Fetches packages and all that they depend on into $1/archives; of a failure debian_problem and $1/log tell.
#   debian_fetch FOLDER SUITE PACKAGE...     with debian_updates=yes the suite's security updates count, too
# A testing suite's Release file is sometimes past its date; the signature is checked all the same.
debian_fetch() {
    folder=$1 suite=$2
    shift 2
    mkdir -p "$folder/lists/partial" "$folder/archives/partial"
    : >"$folder/status"
    printf 'deb [signed-by=%s target=Packages] %s %s main\n' "$debian_keyring" "$debian_mirror" "$suite" >"$folder/sources.list"
    if [ -n "${debian_updates:-}" ] && [ -n "$debian_security" ]; then
        printf 'deb [signed-by=%s target=Packages] %s %s-security main\n' \
            "$debian_keyring" "$debian_security" "$suite" >>"$folder/sources.list"
    fi
    # Read last, so that it wins over the system's.
    cat >"$folder/conf" <<END
Dir::State "$folder";
Dir::State::lists "$folder/lists";
Dir::State::status "$folder/status";
Dir::Cache "$folder";
Dir::Cache::archives "$folder/archives";
Dir::Etc::sourcelist "$folder/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Acquire::Check-Valid-Until "false";
Acquire::Languages "none";
Acquire::Retries "2";
Acquire::http::Timeout "30";
APT::Update::Error-Mode "any";
APT::Install-Recommends "false";
APT::Sandbox::User "";
Debug::NoLocking "true";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Install-Pkgs;
#clear DPkg::Post-Invoke;
END
    apt-get -c "$folder/conf" -qq update >"$folder/log" 2>&1 ||
        { debian_problem="cannot read $suite at $debian_mirror: no network?"; return 1; }
    apt-get -c "$folder/conf" -qq -y --download-only install "$@" >"$folder/log" 2>&1 ||
        { debian_problem="cannot fetch the packages from $debian_mirror"; return 1; }
}
