# Goal:   wanliu train killed with -9 leaves whole versions only, and aliases that can be read.
# Method: kills spread over the run, then kills at the moment something new stands in models/; after each
#         kill every version listed must score, and the champion too; a last undisturbed run gives the
#         bytes of a model that was never disturbed.
. "$CASES/../../cli/tiny_shop.bash"
for name in calm killed; do
    mkdir "$name"
    shop_config | sed 's/logistic/xgboost, trees: 40, depth: 3, rate: 0.3/' >"$name/wanliu.yaml"
done
shop_events >log.csv
wanliu -q -C calm ingest --source log log.csv && cp calm/wanliu.db killed/ || exit 1
started=$(date +%s%N)
wanliu -q -C calm train >/dev/null || exit 1
took_us=$((($(date +%s%N) - started) / 1000))
check() { # NAME: everything that is listed can be used
    wanliu -q -C killed model list --json >list.jsonl 2>err.txt ||
        { echo "$1: models cannot be listed:"; cat err.txt; }
    sed -nE 's/.*"version":([0-9]+).*/\1/p' list.jsonl | while read -r version; do
        wanliu -q -C killed score --model "$version" --no-values >/dev/null || echo "$1: version $version is broken"
    done
    wanliu -q -C killed score --no-values >/dev/null || echo "$1: the champion does not score"
    for folder in killed/models/churn/[0-9]*/; do
        [ ! -d "$folder" ] || [ -s "$folder/model.wlm" ] && [ -s "$folder/manifest.json" ] ||
            [ ! -d "$folder" ] || echo "$1: $folder is half a version"
    done
}
files() { find killed/models 2>/dev/null | wc -l; }
n_met=0
stop() { # PID
    kill -9 "$1" 2>/dev/null
    wait "$1" 2>/dev/null
    [ $? = 137 ] && n_met=$((n_met + 1))
}
for share in 25 60 90 100; do
    wanliu -q -C killed train >/dev/null 2>&1 &
    sleep "$(printf '%d.%06d' $((took_us * share / 100 / 1000000)) $((took_us * share / 100 % 1000000)))"
    stop $! 2>/dev/null
    check "after $share %"
done
for ((i = 0; i < 4; i++)); do
    before=$(files)
    wanliu -q -C killed train >/dev/null 2>&1 &
    pid=$!
    while [ "$(files)" = "$before" ] && kill -0 "$pid" 2>/dev/null; do :; done
    stop "$pid" 2>/dev/null
    check "while saving, $i"
done
[ "$n_met" -ge 1 ] || echo "none of 8 kills met a run at work"
wanliu -q -C killed train >/dev/null || exit 1
check "in the end"
find killed/models/churn -name '.new-*' # the run that came through has cleared away
version=$(sed 's/[^0-9]//g' killed/models/churn/aliases.json)
cmp calm/models/churn/1/model.wlm "killed/models/churn/$version/model.wlm" && echo "the model is the same"
find killed/models/churn -mindepth 1 -maxdepth 1 ! -name '*.tmp.*' -printf '%f\n' | grep -vE '^[0-9]+$' | sort
