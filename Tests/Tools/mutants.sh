#!/bin/sh
# Tests the tests with deliberate faults: sh Tests/Tools/mutants.sh [--check] [--times N] [NAME...]
# All faults of mutants.list are built into one copy of the sources (.build-mutants), each behind a switch that the environment sets.
# With none on, the suites must be green; then each is turned on in turn while the suites that must see it run, and it is killed or
# survives. The report says how it was killed: by an assertion (or an unexpected error), or by a crash or time limit, which prove little.
# --check only checks that each text to be replaced occurs exactly once where the list says. --times runs each fault that often, for
# those that are killed by chance. Names (or prefixes of them) select faults. The first build takes as long as any first build, each
# fault a few seconds. Exits with a status other than 0 unless every fault is killed by an assertion each time.
set -eu
CDPATH= cd "$(dirname "$0")/../.."
exec "${USERSYNC_PYTHON:-python3}" Tests/Tools/mutants.py "$@"
