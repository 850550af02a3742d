#!/bin/sh
# All tests under a sanitizer: sh Tests/Tools/sanitize.sh thread|address [filter]. Builds into .build-thread or .build-address (10 to
# 20 minutes the first time). What the sanitizer finds, in the tests or in a server that they start, is printed at the end and fails
# the run.
set -eu
CDPATH= cd "$(dirname "$0")/../.."
. deploy/prepare.sh
sanitizer=${1:-}
case $sanitizer in
    thread | address) ;;
    *)
        echo "usage: sh Tests/Tools/sanitize.sh thread|address [filter]" >&2
        exit 2
        ;;
esac
folder=.build-$sanitizer
mkdir -p "$folder"
rm -f "$folder"/finding.*
export TSAN_OPTIONS="log_path=$PWD/$folder/finding halt_on_error=0 history_size=4"
# No search for leaks at exit: the sanitizer cannot see references in the spare bits of enums (soak.sh watches memory).
# Tests/FaultDisk is preloaded, and so comes before the sanitizer. Little freed memory is kept, since some tests limit memory use.
export ASAN_OPTIONS="log_path=$PWD/$folder/finding:detect_leaks=0:verify_asan_link_order=0:quarantine_size_mb=4"
if [ "$sanitizer" = thread ]; then
    clang -O1 -fPIC -shared -o "$folder/tsan-mutex.so" Tests/Tools/tsan-mutex.c
    export LD_PRELOAD="$PWD/$folder/tsan-mutex.so"
fi
status=0
sh deploy/test.sh --sanitize "$sanitizer" --scratch-path "$folder" ${2:+--filter "$2"} || status=$?
for finding in "$folder"/finding.*; do
    [ -e "$finding" ] || continue
    say "$finding"
    cat "$finding"
    status=1
done
exit $status
