#!/bin/sh
# Makes wanliu_v1.db, the golden store of schema version 1 and segment version 1, by wanliu 0.1.0.
# A later version must still read it: make a new file for a new version, never this one again.
# usage: make_v1.sh PATH_OF_WANLIU
set -e
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
cat > "$folder/wanliu.yaml" <<'Y'
version: 1
name: golden
sources:
  - {name: app, format: segment, properties: {item: properties.item}}
Y
"$1" -C "$folder" ingest "$here/calls.ndjson"
cp "$folder/wanliu.db" "$here/wanliu_v1.db"
rm -r "$folder"
