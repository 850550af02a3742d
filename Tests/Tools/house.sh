#!/bin/sh
# Counts what the sources cost a reader: sh Tests/Tools/house.sh [--check]. Prints files, lines and the longest file and function of
# each target, the files and changes of task on the way of one user, and the files that the common changes touch. The last two are
# lists in the pages (TheWayOfOneUser, Contributing); each file and function that they name has to exist. --check only checks.
set -eu
CDPATH= cd "$(dirname "$0")/../.."
exec "${USERSYNC_PYTHON:-python3}" Tests/Tools/house.py "$@"
