#!/bin/sh
# Shows usersync at work with its embedded database: installs what is missing, builds, and runs a sync.
# Arguments are passed to `usersync demo`; --keep leaves the server running.
set -eu
CDPATH= cd "$(dirname "$0")/.."
. deploy/prepare.sh
say "Building (the first time takes 4 to 8 minutes)"
swift build --product usersync
exec .build/debug/usersync demo "$@"
