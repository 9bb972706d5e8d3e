# What ./run and ./test share: saying what happens, installing what is missing, one clear sentence when it fails.
# Sourced by them, from the top of the project, with `set -Eeuo pipefail`; $program is the name to speak under.
#
# SPDX-License-Identifier: Apache-2.0

PROGRAM_PACKAGES=(build-essential meson ninja-build pkg-config python3 libpq-dev libssl-dev zlib1g-dev
                  postgresql-common postgresql-15 postgresql-client-15 ca-certificates curl)

say() { printf '%s: %s\n' "$program" "$*" >&2; }
die() { say "$*"; exit 3; }

# logged LOG WHAT COMMAND...: its output goes to the log; if it fails, the log's end is shown and one sentence says what.
logged() {
    local log=$1 what=$2
    shift 2
    "$@" >"$log" 2>&1 </dev/null && return
    tail -n 25 "$log" >&2
    die "$what failed, its last words are above (all of them: $log)"
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

missing_packages() {
    local installed package
    installed=" $(dpkg-query -W -f='${Package} ${db:Status-Status},' "$@" 2>/dev/null | tr ',' '\n' |
                  sed -n 's/ installed$//p' | tr '\n' ' ')"
    for package; do
        case $installed in *" $package "*) ;; *) echo "$package" ;; esac
    done
}

apt_install() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
        -o DPkg::Lock::Timeout=300 "$@"
}

# Keelson starts its own servers: the package must not start a stray one. A choice somebody made in that file stays.
no_stray_cluster() {
    local conf=/etc/postgresql-common/createcluster.conf
    grep -qs '^[[:space:]]*create_main_cluster' "$conf" && return
    say "telling postgresql-common not to create a cluster of its own ($conf)"
    echo 'create_main_cluster = false' | as_root tee -a "$conf" >/dev/null
}

# install PACKAGE...: nothing is called when all of them are there.
install() {
    local missing log
    missing=$(missing_packages "$@")
    [ -n "$missing" ] || return 0
    # shellcheck disable=SC2086  # a list of words
    set -- $missing
    command -v apt-get >/dev/null || die "this is no Debian: please install what corresponds to: $*"
    [ "$(id -u)" = 0 ] || command -v sudo >/dev/null || die "please install as root (there is no sudo): apt-get install $*"
    log=$(mktemp "${TMPDIR:-/tmp}/keelson-apt.XXXXXX")
    say "installing with apt: $*"
    [ "$(id -u)" = 0 ] || sudo -v || die "installing needs root, and sudo refused"
    logged "$log" "apt-get update" as_root apt-get update -q -o DPkg::Lock::Timeout=300
    case " $* " in
    *" postgresql-15 "*)
        logged "$log" "installing postgresql-common" apt_install postgresql-common
        no_stray_cluster
        ;;
    esac
    logged "$log" "installing packages" apt_install "$@"
    rm -f "$log"
}

# build DIR [MESON OPTION...]: configure once, then let ninja find out what changed.
build() {
    local dir=$1
    shift
    mkdir -p "$dir" 2>/dev/null && [ -w "$dir" ] || die "cannot write to $PWD/$dir: run as the user who owns it"
    if [ ! -f "$dir/build.ninja" ]; then
        say "configuring $dir"
        logged "$dir/configure.log" "configuring $dir" meson setup "$dir" "$@"
    fi
    say "building $dir"
    logged "$dir/build.log" "building $dir" ninja -C "$dir"
}
