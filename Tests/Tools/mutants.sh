#!/bin/sh
# Deliberate faults, and whether the suites see them: sh Tests/Tools/mutants.sh [--check] [NAME...]
# Each fault of mutants.list is built in a copy of the sources (.build-mutants), the suites that must see it are run, and it is killed
# or survives. --check only looks whether each text that is to be replaced stands where it is said to, once. Names (or beginnings of
# them) choose some. The first build takes as long as any first build, each fault some minutes: all of them about two hours. Ends
# with a status other than 0 where a fault survives or cannot be made.
set -eu
cd "$(dirname "$0")/../.."
exec "${USERSYNC_PYTHON:-python3}" Tests/Tools/mutants.py "$@"
