#!/bin/sh
# The soak: a mixed load on a release build, by default for 30 minutes, with a kill about once a minute. Prints the figures every ten
# seconds, then what became of everything acknowledged, and draws the figures over time (.build/soak.svg). FAULT_SEED repeats a run.
set -eu
CDPATH= cd "$(dirname "$0")/../.."
. deploy/prepare.sh
FAULTS_SOAK=${1:-30}
say "Building a release of the server, and the tests"
swift build -c release --product usersync
swift build --build-tests
USERSYNC_BINARY=$(swift build -c release --show-bin-path)/usersync
SOAK_CHART=$PWD/.build/soak.svg
export FAULTS_SOAK USERSYNC_BINARY SOAK_CHART
say "A mixed load for $FAULTS_SOAK minutes"
exec swift test --skip-build --no-parallel --filter 'FaultTests.Soak/'
