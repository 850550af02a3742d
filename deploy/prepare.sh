# Sourced by the scripts here and in Tests/Tools after they have changed to the project's folder. Installs what a machine with only
# the Swift toolchain lacks: the headers of SQLite, zlib and libpq, from Debian's or Ubuntu's packages.

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

# What the compiler's preprocessor makes of lines of C: the toolchain's compiler, for the build asks it too. Debian has the header of
# libpq in a folder of its own, where Sources/CLibPQ looks as well.
preprocess() {
    for compiler in clang cc gcc; do
        command -v "$compiler" >/dev/null || continue
        printf '%s\n' "$@" | "$compiler" -E -P -I/usr/include/postgresql -x c - 2>/dev/null
        return
    done
    echo "A C compiler is missing; the Swift toolchain has one: clang" >&2
    exit 1
}

if ! command -v swift >/dev/null; then
    echo "The Swift toolchain (6.2 or later) is missing: https://www.swift.org/install" >&2
    exit 1
fi
headers= packages=
need() {
    preprocess "#include <$1>" >/dev/null || { headers="$headers $1"; packages="$packages $2"; }
}
if [ "$(uname -s)" = Linux ]; then
    need sqlite3.h libsqlite3-dev
    need zlib.h zlib1g-dev
    need libpq-fe.h libpq-dev
fi
if [ -n "$packages" ]; then
    echo "The compiler does not find:$headers" >&2
    install_packages $packages
fi
