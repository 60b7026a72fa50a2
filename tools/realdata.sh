#!/bin/bash
# realdata.sh [SET...] - figures on public data sets, one JSON line each, made by the public
# commands with examples/<set>/wanliu.yaml. The data are looked for in ../shared/data (or $WL_DATA);
# a set that is not there is a line with "missing":true. examples/<set>/files names the files of
# each source.
set -euo pipefail
cd "$(dirname "$0")/.."
wanliu=$PWD/build/release/bin/wanliu
data=$(realpath -m "${WL_DATA:-../shared/data}")
if [ $# -gt 0 ]; then
    sets=$*
else
    sets=$(for folder in examples/*/files; do basename "$(dirname "$folder")"; done)
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
code=0
any_missing=
for set in $sets; do
    if [ ! -f "examples/$set/files" ]; then
        there=$(cd examples && echo */files | sed 's,/files,,g')
        echo "realdata: no set $set; there are: $there" >&2
        exit 2
    fi
    missing=
    while read -r _ file; do
        [ -e "$data/$file" ] || missing=1
    done <"examples/$set/files"
    if [ -n "$missing" ]; then
        echo "{\"set\":\"$set\",\"missing\":true}"
        any_missing=1
        continue
    fi
    mkdir "$work/$set"
    cp "examples/$set/wanliu.yaml" "$work/$set/"
    while read -r source file; do
        "$wanliu" -C "$work/$set" -q ingest --source "$source" "$data/$file" >/dev/null
    done <"examples/$set/files"
    "$wanliu" -C "$work/$set" -q evaluate --json || code=1
done
[ -z "$any_missing" ] ||
    echo "realdata: sets are looked for in $data, by the names in examples/SET/files" >&2
exit $code
