#!/bin/sh
# An outage of the receiver of webhooks: outage.sh [--minutes M] [--waiting N], by default ten minutes with 60,000 webhooks waiting.
# Prints what they cost meanwhile (processor, memory, requests, commits), and how soon all are delivered once it is back.
# USERSYNC_BINARY names an existing release binary.
set -eu
CDPATH= cd "$(dirname "$0")/../.."
. Tests/Benchmark/prepare.sh
say "Holding an outage"
exec python3 Tests/Benchmark/deliveries.py --usersync "$USERSYNC_BINARY" --work "$work" "$@"
