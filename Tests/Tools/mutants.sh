#!/bin/sh
# Deliberate faults, and whether the suites see them: sh Tests/Tools/mutants.sh [--check] [--times N] [NAME...]
# All faults of mutants.list are built into one copy of the sources (.build-mutants), each behind a switch that the environment sets.
# With none on, the suites have to be green; then one after the other is on while the suites that must see it run, and it is killed or
# survives. It says how: by an assertion (or an error a test did not expect), or by a crash or a time limit, which say little.
# --check only looks whether each text that is to be replaced stands where it is said to, once. --times runs each fault so often, for
# those that are killed by chance. Names (or beginnings of them) choose some. The first build takes as long as any first build, the
# faults some seconds each. Ends with a status other than 0 where a fault is not killed by an assertion each time.
set -eu
cd "$(dirname "$0")/../.."
exec "${USERSYNC_PYTHON:-python3}" Tests/Tools/mutants.py "$@"
