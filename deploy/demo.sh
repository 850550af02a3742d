#!/bin/sh
# The main job on the embedded default: installs what is missing, builds, and shows a sync happening.
# Arguments go to `usersync demo`; --keep leaves the server running to be looked at.
set -eu
cd "$(dirname "$0")/.."
. deploy/prepare.sh
say "Building (the first time takes 4 to 8 minutes)"
swift build --product usersync
exec .build/debug/usersync demo "$@"
