#!/bin/sh
# Fuzzes the readers of bodies, moments, addresses, stored rows, settings, .env and CSV files, queries, webhook addresses,
# Retry-After, Prefer and traces, in one process: sh Tests/Tools/fuzz.sh [SECONDS], by default 600. The properties checked are in Support/Properties of
# the tests. Starts from Tests/Fuzz/Corpus, which the tests replay. On a finding it exits with a status other than 0 and prints
# where the input that shows it is.
set -eu
CDPATH= cd "$(dirname "$0")/../.."
seconds=${1:-600}
case $seconds in '' | *[!0-9]*) echo "usage: sh Tests/Tools/fuzz.sh [SECONDS]" >&2; exit 2 ;; esac
command -v swiftc >/dev/null || { echo "The Swift toolchain (6.2 or later) is missing: https://www.swift.org/install" >&2; exit 1; }

build=.build-fuzz
fuzzer=$build/fuzzer
found=$build/found
mkdir -p "$found"
echo "Building the fuzzer (about a minute)"
# One module, so that the fuzzer sees and instruments all of it; a module that imports itself causes warnings.
find Sources/SyncModel Sources/Settings Tests/*/Support/Properties Tests/Fuzz -name '*.swift' ! -name SettingsSource.swift ! -name SettingsFile.swift ! -name YAMLFile.swift >"$build/sources"
cat >>"$build/sources" <<'END'
Tests/TestSupport/Hold.swift
Tests/TestSupport/SeededGenerator.swift
Sources/Webhooks/Delivery/StringProtocol+Trimming.swift
Sources/Webhooks/Addresses/AddressPolicy.swift
Sources/Webhooks/Addresses/IPAddress+Scope.swift
Sources/Webhooks/Delivery/RetryAfter.swift
Sources/SyncServer/HTTP/QueryParameters.swift
Sources/SyncServer/Intake/PreferHeader.swift
Sources/SyncServer/Channel/Reading/FieldSyntax.swift
Sources/SyncClient/ClientFailure.swift
Sources/SyncClient/Submission/CSVReader.swift
END
swiftc -O -wmo -gline-tables-only -parse-as-library -sanitize=fuzzer,address -swift-version 6 \
    -enable-upcoming-feature InternalImportsByDefault -suppress-warnings \
    -module-name SyncModel -package-name usersync "@$build/sources" -o "$fuzzer" 2>"$build/log" ||
    { cat "$build/log" >&2; exit 1; }

# What the fuzzer learns is kept in a scratch folder.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM
cp Tests/Fuzz/Corpus/* "$scratch"
echo "Fuzzing for $seconds seconds"
# libFuzzer reports a crash itself.
export ASAN_OPTIONS=detect_leaks=0 SWIFT_BACKTRACE=enable=no
if "$fuzzer" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=1024 -max_len=8192 \
    -dict=Tests/Fuzz/json.dict -print_final_stats=1 -artifact_prefix="$found/" "$scratch"; then
    echo "Nothing found"
else
    status=$?
    echo "Found something. The input is the newest file in $found; to see it again: $fuzzer $found/NAME" >&2
    exit "$status"
fi
