# Sourced by the scripts here and in Tests/Tools after they have changed to the project's folder. Installs what a machine with only
# the Swift toolchain lacks: the headers of SQLite and zlib, from Debian's or Ubuntu's packages.

say() { printf '\033[1m%s\033[0m\n' "$*"; }

# Runs apt-get as root, by sudo if need be.
apt_get() {
    if [ "$(id -u)" = 0 ]; then root=; else root=sudo; fi
    $root env DEBIAN_FRONTEND=noninteractive apt-get -o Acquire::Retries=5 -qq "$@" >/dev/null
}

# Ends the script, naming what is missing ($*), if nothing can be installed here.
expect_apt_get() {
    if ! command -v apt-get >/dev/null; then
        echo "Missing: $*. There is no apt-get here: install it as your system does, and start again." >&2
        exit 1
    fi
    if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
        echo "Missing: $*. There is no sudo here: install it as root (apt-get install $*), and start again." >&2
        exit 1
    fi
}

install_packages() {
    expect_apt_get "$@"
    say "Installing $*"
    apt_get update
    apt_get install -y --no-install-recommends "$@"
}

if ! command -v swift >/dev/null; then
    echo "The Swift toolchain (6.2 or later) is missing: https://www.swift.org/install" >&2
    exit 1
fi
missing=
if [ "$(uname -s)" = Linux ]; then
    [ -e /usr/include/sqlite3.h ] || missing="$missing libsqlite3-dev"
    [ -e /usr/include/zlib.h ] || missing="$missing zlib1g-dev"
fi
[ -z "$missing" ] || install_packages $missing
