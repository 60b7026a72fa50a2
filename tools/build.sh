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
[ -f "build/$preset/build.ninja" ] || echo "build: compiling $preset for the first time" >&2
if ! build "$@" >"$log" 2>&1; then
    grep -E -A4 ' error: |Error|undefined reference|Killed' "$log" | grep -v '^\[' | head -n 60 >&2
    echo "build: $preset failed, see $log" >&2
    exit 1
fi
