#!/bin/sh
# Counts the instructions per user with valgrind's callgrind: read from a request's body, and applied to the directory as a new, a
# changed and an unchanged user. Fails if a count differs by more than 10 % from the stored one, in either direction;
# `sh Tests/Tools/instructions.sh --store` stores the counts. Takes half a minute, and 2 to 3 minutes more for the first build.
set -eu
CDPATH= cd "$(dirname "$0")/../.."
. deploy/prepare.sh
case ${1:-} in
    '' | --store) ;;
    *)
        echo "usage: sh Tests/Tools/instructions.sh [--store]" >&2
        exit 2
        ;;
esac
command -v valgrind >/dev/null || install_packages valgrind

stored=Tests/InstructionCounts/Figures/$(uname -m).txt
if [ ! -e "$stored" ] && [ "${1:-}" != --store ]; then
    echo "No figures are stored for this kind of processor ($(uname -m)): sh Tests/Tools/instructions.sh --store" >&2
    exit 1
fi
tools="$(swift --version 2>/dev/null | sed -n 's/.*\(Swift version [0-9.]*\).*/\1/p'), SQLite $(
    preprocess '#include <sqlite3.h>' SQLITE_VERSION | tail -1 | tr -d '"'), $(
    getconf GNU_LIBC_VERSION), $(valgrind --version)"

say "Building a release of what is counted"
swift build -c release --product InstructionCounts
program=$(swift build -c release --show-bin-path)/InstructionCounts
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM

# glibc picks its variant of memcpy and the like by processor: use the oldest, which every processor has.
export GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX_Fast_Unaligned_Load,-AVX2,-BMI2,-ERMS,-MOVBE,-SSSE3
export SWIFT_DETERMINISTIC_HASHING=1

# The instructions of one run of the program, over all threads.
count() {
    valgrind --tool=callgrind --callgrind-out-file="$scratch/profile" "$program" "$@" >"$scratch/log" 2>&1 || {
        cat "$scratch/log" >&2
        exit 1
    }
    awk '$1 == "totals:" { print $2 }' "$scratch/profile"
}

# Prints the counts for a number of users, out of a number of known ones. Applying includes reading, which is subtracted.
count_all() {
    for kind in create update unchanged; do
        "$program" body $kind "$1" >"$scratch/$kind"
        read=$(count read "$scratch/$kind")
        [ $kind != create ] || echo "read $read"
        rm -f "$scratch/database"
        [ $kind = create ] || cp "$scratch/known" "$scratch/database"
        applied=$(count apply ${kind%d}d "$scratch/$kind" "$scratch/database")
        echo "$kind $((applied - read))"
    done
}

say "Counting with 1,000 and with 5,000 users; the difference is what 4,000 take"
"$program" body create 5000 >"$scratch/create"
"$program" apply created "$scratch/create" "$scratch/known"
count_all 1000 >"$scratch/few"
count_all 5000 >"$scratch/many"
awk 'NR == FNR { few[$1] = $2; next } { printf "%s %.0f\n", $1, ($2 - few[$1]) / 4000 }' \
    "$scratch/few" "$scratch/many" >"$scratch/counted"

if [ "${1:-}" = --store ]; then
    {
        echo "# Instructions a user takes, as counted and stored by: sh Tests/Tools/instructions.sh --store"
        echo "# With $tools."
        echo "# Others of these move the counts without a change of ours; the processor should not, within an architecture."
        cat "$scratch/counted"
    } >"$stored"
    say "Stored in $stored"
    cat "$scratch/counted"
    exit
fi
awk '
    FILENAME == ARGV[1] && $1 !~ /^#/ { stored[$1] = $2 }
    FILENAME == ARGV[1] { next }
    FNR == 1 { printf "%-10s %20s %10s %7s\n", "scenario", "instructions a user", "stored", "ratio" }
    !stored[$1] { print $1 ": nothing is stored, see --store"; failed = 1; next }
    {
        ratio = $2 / stored[$1]
        verdict = ratio > 1.1 ? "worse: find what made it dearer; if it is meant, store it with --store" : \
            ratio < 0.9 ? "better: store it with --store" : ""
        printf "%-10s %20d %10d %7.3f  %s\n", $1, $2, stored[$1], ratio, verdict
        if (verdict != "") failed = 1
    }
    END { exit failed }' "$stored" "$scratch/counted" || {
    sed -n 's/^# With/The stored figures were counted with/p' "$stored" >&2
    echo "These were counted with $tools." >&2
    exit 1
}
