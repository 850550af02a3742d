#!/bin/sh
# All tests: installs what they need, builds, runs them. Arguments go to `swift test`, e.g. --filter BatchCutterTests.
. "$(dirname "$0")/prepare.sh"
# Two checks are made by others' code: the webhook's signature, and the OpenAPI document.
python=${USERSYNC_PYTHON:-python3}
needed='import standardwebhooks, openapi_spec_validator, jsonschema, rfc3339_validator'
if ! "$python" -c "$needed" 2>/dev/null; then
    python=.build/test-python/bin/python
    if ! "$python" -c "$needed" 2>/dev/null; then
        say "Installing the Python packages that two of the tests check with"
        python3 -c 'import ensurepip' 2>/dev/null || install_packages python3 python3-venv
        mkdir -p .build
        python3 -m venv .build/test-python
        .build/test-python/bin/pip install -q standardwebhooks openapi-spec-validator jsonschema rfc3339-validator
    fi
fi
case $python in */*) python=$(cd "$(dirname "$python")" && pwd)/$(basename "$python") ;; esac
export USERSYNC_PYTHON="$python"
say "Building (4 to 8 minutes the first time) and testing (5 to 10 minutes)"
# One at a time: what a test measures is not what its neighbours do to the machine.
exec swift test --no-parallel "$@"
