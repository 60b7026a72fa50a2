# Goal:   a damaged workspace says what is damaged and never scores in silence with something else.
# Method: one good workspace; each time a fresh copy with one thing broken: the store, the model, its
#         manifest, the aliases; then output that cannot be written, and dates with and without a zone.
. "$CASES/tiny_shop.bash"
mkdir good
shop_config | sed 's/^name: shop/&\nutc_offset: "+08:00"/' >good/wanliu.yaml
shop_events >log.csv
wanliu -q -C good ingest --source log log.csv && wanliu -q -C good train >/dev/null || exit 1
try() { # NAME COMMAND-THAT-BREAKS-IT
    rm -rf shop
    cp -r good shop
    (cd shop && eval "$2")
    echo "== $1"
    wanliu -q -C shop score --no-values 2>&1 >scores.txt
    echo "exit $?, $(wc -l <scores.txt) scores, $(grep -c '"degraded":true' scores.txt) degraded"
}
try "nothing" true
try "no models at all" 'rm -r models'
try "only what a killed training left" 'rm -r models/churn/1 models/churn/aliases.json; mkdir models/churn/.new-abc'
try "no aliases: the newest version" 'rm models/churn/aliases.json'
try "a changed model" 'printf XX | dd of=models/churn/1/model.wlm bs=1 seek=100 conv=notrunc 2>/dev/null'
try "half a model" 'truncate -s 100 models/churn/1/model.wlm'
try "no model file" 'rm models/churn/1/model.wlm'
try "no manifest" 'rm models/churn/1/manifest.json'
try "a manifest of nothing" 'echo "{}" >models/churn/1/manifest.json'
try "an alias of nothing" 'echo "{\"champion\":7}" >models/churn/aliases.json'
try "aliases that are no JSON" 'echo champion >models/churn/aliases.json'
try "half a store" 'truncate -s 9000 wanliu.db; rm -f wanliu.db-*' | sed 's/damaged: .*/damaged: .../'
try "no store" 'echo nothing >wanliu.db'
try "an empty store" ': >wanliu.db; rm -f wanliu.db-*'
echo "== no room"
wanliu -q -C good score 2>&1 >/dev/full
echo "exit $?"
echo "== a date without a zone is one of the workspace"
wanliu -q -C good score --as-of 2024-03-20 >plain.txt
wanliu -q -C good score --as-of 2024-03-20T00:00:00+08:00 | cmp plain.txt - && echo "the same"
wanliu -q -C good label --as-of 2024-03-02 >labels.txt
head -1 labels.txt | cut -d, -f2
wanliu -q -C good features build --as-of 2024-03-02 >rows.txt
head -1 rows.txt | cut -d, -f2
wanliu simulate --start 2025-02-30 2>&1
echo "exit $?"
