#!/bin/sh
# Plays simulated worlds with fresh seeds for so many seconds (an hour): simulate.sh [SECONDS]. SIMULATION_SEED=… plays that one again.
# The first world that breaks a promise ends it, with its seed and the smallest world that breaks one too.
set -eu
cd "$(dirname "$0")/../.."
SIMULATION_SECONDS=${1:-3600}
export SIMULATION_SECONDS
exec swift test --no-parallel --filter SimulationTests/promises
