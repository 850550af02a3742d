#!/bin/sh
# The full fault suite: breaks the server in every way it must survive, counts what became of the users it had acknowledged, and
# prints the table. Takes about an hour; every test run (deploy/test.sh) includes a bounded form of it. FAULT_SEED repeats a run.
set -eu
CDPATH= cd "$(dirname "$0")/../.."
. deploy/prepare.sh
mkdir -p .build
FAULT_REPORT=$PWD/.build/faults.tsv
printf 'fault\ttries\tacknowledged\tapplied\tlost\ttwice\twebhooks missing\trows wrong\n' >"$FAULT_REPORT"
export FAULT_REPORT FAULTS=full
say "Building, then breaking things"
status=0
swift test --no-parallel --filter "${1:-FaultTests\..*Faults}" || status=$?
say "What was acknowledged, and what became of it"
column -t -s "$(printf '\t')" "$FAULT_REPORT" 2>/dev/null || cat "$FAULT_REPORT"
exit $status
