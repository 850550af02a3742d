#!/bin/sh
# Compares the directory with the plain rules (Tests/UserDirectoryConformance/Order), on random requests cut, padded, sorted, committed and
# ordered in random ways: sh Tests/Tools/order.sh [RUNS], by default 2000. A failure prints its seed and the smallest request that
# shows it; PROPERTY_SEED=… repeats it.
set -eu
CDPATH= cd "$(dirname "$0")/../.."
export PROPERTY_RUNS="${1:-2000}"
case $PROPERTY_RUNS in '' | *[!0-9]*) echo "usage: sh Tests/Tools/order.sh [RUNS]" >&2; exit 2 ;; esac
exec sh deploy/test.sh --filter CutAndOrderTests
