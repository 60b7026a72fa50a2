#!/bin/bash
# build.sh PRESET [target...] - configure and build without noise; a failure shows what went wrong.
set -eu
preset=$1
shift
log=build/$preset.log
mkdir -p build
build() {
    [ -f "build/$preset/build.ninja" ] || cmake --preset "$preset" || return 1
    cmake --build --preset "$preset" ${1:+--target "$@"}
}
if ! build "$@" >"$log" 2>&1; then
    grep -E -A4 'error|Error|FAILED|undefined reference' "$log" |
        grep -v '^/usr/bin/' | head -n 40 >&2
    echo "build: $preset failed, see $log" >&2
    exit 1
fi
