#!/bin/bash
# run.sh [name] - run the benchmarks built in build/release/bench, or the one named; JSON lines on
# stdout and nothing else.
set -eu
folder=build/release/bench
name=${1:-}
found=0
for program in "$folder"/bench_*; do
    [ -f "$program" ] && [ -x "$program" ] || continue
    [ -z "$name" ] || [ "$(basename "$program")" = "bench_${name#bench_}" ] || continue
    found=1
    "$program" | grep '^{' || { echo "bench: $(basename "$program") gave no line" >&2; exit 1; }
done
if [ $found -eq 0 ]; then
    echo "bench: no benchmark${name:+ called $name} in $folder" >&2
    exit 1
fi
