# Sourced by the scripts here and in Tests/Tools after they have changed to the project's folder. Installs what a machine with only
# the Swift toolchain lacks: the headers of SQLite and zlib, from Debian's or Ubuntu's packages.

say() { printf '\033[1m%s\033[0m\n' "$*"; }

install_packages() {
    say "Installing $*"
    if [ "$(id -u)" = 0 ]; then root=; else root=sudo; fi
    $root apt-get -o Acquire::Retries=5 update -qq
    DEBIAN_FRONTEND=noninteractive $root apt-get -o Acquire::Retries=5 install -y -qq --no-install-recommends "$@" >/dev/null
}

if ! command -v swift >/dev/null; then
    echo "The Swift toolchain (6.2 or later) is missing: https://www.swift.org/install" >&2
    exit 1
fi
missing=
[ -e /usr/include/sqlite3.h ] || missing="$missing libsqlite3-dev"
[ -e /usr/include/zlib.h ] || missing="$missing zlib1g-dev"
[ -z "$missing" ] || install_packages $missing
