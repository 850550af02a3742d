#!/bin/sh
# Runs simulated worlds with fresh seeds: simulate.sh [SECONDS], by default an hour. SIMULATION_SEED=… repeats one.
# Stops at the first world that breaks a promise, and prints its seed and the smallest world that breaks one too.
set -eu
CDPATH= cd "$(dirname "$0")/../.."
SIMULATION_SECONDS=${1:-3600}
export SIMULATION_SECONDS
exec swift test --no-parallel --filter SimulationTests/promises
