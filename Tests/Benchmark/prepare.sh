# Sourced by the scripts in Tests/Tools that measure, after they have changed to the project's folder. Installs what they need, and
# builds a release (USERSYNC_BINARY, unless that names one) and the limits, in $work.

. deploy/prepare.sh
work=$PWD/.build-benchmark
mkdir -p "$work"
missing=
command -v gcc >/dev/null || missing="$missing gcc libc6-dev"
command -v wrk >/dev/null || missing="$missing wrk"
command -v python3 >/dev/null || missing="$missing python3"
[ -z "$missing" ] || install_packages $missing
if [ -z "${USERSYNC_BINARY:-}" ]; then
    say "Building a release (some minutes the first time)"
    build="-c release --product usersync --static-swift-stdlib --scratch-path .build-release"
    swift build $build
    USERSYNC_BINARY=$(swift build $build --show-bin-path)/usersync
fi
for limit in upsert acknowledge; do
    gcc -O2 -Wall -o "$work/$limit" "Tests/Benchmark/limits/$limit.c" -lsqlite3
done
export PYTHONDONTWRITEBYTECODE=1
