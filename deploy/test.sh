#!/bin/sh
# All tests: installs what they need, builds, checks a running server with third-party tools, runs the tests. Arguments are passed to
# `swift test`, e.g. --filter BatchCutterTests; the third-party tools run only without arguments.
set -eu
CDPATH= cd "$(dirname "$0")/.."
. deploy/prepare.sh
# Third-party code checks the webhook's signature, the OpenAPI document and the metrics.
python=${USERSYNC_PYTHON:-python3}
needed='import standardwebhooks, openapi_spec_validator, jsonschema, rfc3339_validator, schemathesis'
if ! "$python" -c "$needed" 2>/dev/null; then
    python=.build/test-python/bin/python
    if ! "$python" -c "$needed" 2>/dev/null; then
        say "Installing the Python packages that some tests use"
        python3 -c 'import ensurepip' 2>/dev/null || install_packages python3 python3-venv
        mkdir -p .build
        python3 -m venv .build/test-python
        # Pinned: what a newer version finds is dealt with when the pin is raised.
        "$python" -m pip install -q --retries 10 --timeout 60 standardwebhooks==1.1.0 \
            openapi-spec-validator==0.9.0 jsonschema==4.26.0 rfc3339-validator==0.1.4 schemathesis==4.32.5 \
            hypothesis==6.170.17 jsonschema-rs==0.60.3
    fi
fi
case $python in */*) python=$(CDPATH= cd "$(dirname "$python")" && pwd)/$(basename "$python") ;; esac
export USERSYNC_PYTHON="$python"
# Makes the certificates of the tests over TLS.
command -v openssl >/dev/null || install_packages openssl
# Tests start a PostgreSQL server of their own. The package would make and start one too, unless this file says that it must not.
if ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 && ! command -v initdb >/dev/null; then
    expect_apt_get postgresql
    if [ "$(id -u)" = 0 ]; then root=; else root=sudo; fi
    clusters=/etc/postgresql-common/createcluster.conf
    [ -e "$clusters" ] || {
        $root mkdir -p /etc/postgresql-common
        echo 'create_main_cluster = false' | $root tee "$clusters" >/dev/null
        restored=$clusters.dpkg-dist
    }
    install_packages -o Dpkg::Options::=--force-confold postgresql
    # Whoever installs another version later finds the file as the package has it.
    [ ! -e "${restored:-}" ] || $root mv "$restored" "$clusters"
fi
if [ ! -x /usr/sbin/pgbouncer ]; then
    # Unpacked, not installed: the package would start it.
    export USERSYNC_PGBOUNCER="$PWD/.build/pgbouncer"
    [ -x "$USERSYNC_PGBOUNCER/usr/sbin/pgbouncer" ] || (
        say "Downloading PgBouncer, which stands before PostgreSQL in some tests"
        mkdir -p "$USERSYNC_PGBOUNCER"
        cd "$USERSYNC_PGBOUNCER"
        unpack() {
            libraries=$(apt-cache depends pgbouncer | sed -n 's/.* Depends: \(libc-ares[^ ]*\|libevent[^ ]*\)$/\1/p')
            [ -n "$libraries" ] && apt-get -o Acquire::Retries=5 download -qq pgbouncer $libraries
        }
        unpack 2>/dev/null || {
            expect_apt_get pgbouncer
            apt_get update
            unpack
        }
        for package in *.deb; do dpkg-deb -x "$package" .; done
        rm ./*.deb
    )
fi
export USERSYNC_REQUIRE_POSTGRESQL=1
if [ -z "${PROMTOOL:-}" ] && ! command -v promtool >/dev/null && [ ! -x .build/promtool/usr/bin/promtool ]; then
    say "Downloading promtool, which checks the metrics"
    # Unpacked, not installed: the package would start Prometheus.
    mkdir -p .build/promtool
    cd .build/promtool
    rm -f prometheus_*.deb
    apt-get -o Acquire::Retries=5 download -qq prometheus 2>/dev/null || {
        expect_apt_get prometheus
        apt_get update
        apt-get -o Acquire::Retries=5 download -qq prometheus
    }
    dpkg-deb -x prometheus_*.deb .
    rm prometheus_*.deb
    cd ../..
fi
[ ! -x .build/promtool/usr/bin/promtool ] || export PROMTOOL="$PWD/.build/promtool/usr/bin/promtool"
say "Building (4 to 8 minutes the first time) and testing (6 to 12 minutes)"
# The network may fail briefly.
for pause in 15 60 0; do swift package resolve && break || sleep "$pause"; done
# An import of what a target does not name in Package.swift is an error: the arrows between our targets are a rule.
swift build --build-tests --explicit-target-dependency-import-check error
if [ $# = 0 ]; then
    say "Checking with schemathesis, promtool and the reference library of Standard Webhooks"
    "$python" Tests/Tools/foreign.py .build/debug/usersync
fi
# One at a time: no test's measurements are disturbed by another test's load.
# Removed first, so that a killed run does not report the status of an earlier one.
rm -f .build/test.status
{
    status=0
    swift test --no-parallel "$@" || status=$?
    echo "$status" > .build/test.status
} 2>&1 | tee .build/test.log
status=$(cat .build/test.status)
if [ "$status" != 0 ]; then
    say "Failures (full output: .build/test.log)"
    grep -a -A 3 '✘ .*\(recorded an issue\|failed after\)\|^error: ' .build/test.log | cut -c 1-2000 || true
    grep -a 'Test run with' .build/test.log | tail -1 || {
        say "The run was interrupted"
        tail -80 .build/test.log | cut -c 1-2000
    }
fi
exit "$status"
