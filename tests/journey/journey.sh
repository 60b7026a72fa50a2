#!/usr/bin/env bash
# Goal:   the whole journey of a small company through the public commands: same seed, same bytes, for 1
#         and 2 threads, without the simulator's truth; contributions add up; every customer gets a tier,
#         reasons in both languages and a message in the right one that gives no id away.
# Method: two runs, one beside the other, compared file by file; then the lines of one are checked with
#         awk and grep. Each checker first meets a planted fault and has to see it.
#   usage: journey.sh WANLIU SOURCE-FOLDER
set -u
PATH="$(dirname "$(realpath "$1")"):$PATH"
source=$(realpath "$2")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
export LC_ALL=C.UTF-8
n_failed=0
fail() {
    echo "FAILED: $*"
    n_failed=$((n_failed + 1))
}

config() { # the video workspace with dates, gates and tiers that 600 customers and 84 days can fill
    sed -e 's/{from: 2025-02-01, to: 2025-02-22, every: 7d}/[2025-02-01, 2025-02-15]/' \
        -e 's/test: \[2025-03-13\]/test: [2025-03-07]/' -e 's/trees: 150/trees: 25/' \
        -e 's/edges: .*\]}/edges: [96.5, 94, 88, 70]}/' \
        "$source/share/workspaces/video.yaml"
    echo "gates: {min_rows: 200, min_per_class: 20}"
}

walk() { # FOLDER THREADS SEED WITH-TRUTH
    local dir=$1 go="wanliu -q -C $1 --threads $2 --seed $3 --now 2025-04-01"
    mkdir "$dir" && config >"$dir/wanliu.yaml" || return 1
    $go simulate --users 600 --days 84 --out data || return 1
    [ "$4" = yes ] || rm "$dir/data/truth.ndjson"
    $go config check || return 1
    $go ingest --json --source events "$dir/data/events.ndjson" >"$dir/ingest.json" || return 1
    $go ingest --json --source customers "$dir/data/customers.csv" >>"$dir/ingest.json" || return 1
    $go label >"$dir/labels.jsonl" || return 1
    $go features build --as-of 2025-03-07 >"$dir/rows.jsonl" || return 1
    $go train --json >"$dir/train.jsonl" || return 1
    $go evaluate --json >"$dir/evaluate.jsonl" || return 1
    $go features diff --json --as-of 2025-03-07,2025-03-20 >"$dir/diff.jsonl" || return 1
    $go score >"$dir/scores.jsonl" || return 1
    $go explain "$dir/scores.jsonl" >"$dir/reasons.jsonl" || return 1
    $go template render --language en "$dir/reasons.jsonl" >"$dir/en.jsonl" || return 1
    $go template render --language zh --channel sms "$dir/reasons.jsonl" >"$dir/zh.jsonl" || return 1
    $go report --out "$dir/report.html"
}

# ---- checkers: each prints what is wrong, and nothing when all is well ----

additivity() { # base + contributions + rest = margin, within 1e-6
    awk '{
        sum = number("base") + number("rest"); line = $0
        while (match(line, /"contribution":[-0-9.e+]+/)) {
            sum += substr(line, RSTART + 15, RLENGTH - 15); line = substr(line, RSTART + RLENGTH)
        }
        off = sum - number("margin")
        if (off > 1e-6 || off < -1e-6) print "line " NR " is off by " off
    }
    function number(key) { return match($0, "\"" key "\":[-0-9.e+]+") ? substr($0, RSTART + length(key) + 3) + 0 : 1e9 }' "$1"
}
tiers() { grep -nvE '"tier":"(very_low|low|medium|high|very_high)"' "$1"; }
reasons() { grep -nvE '"reasons":\[\{"feature":"[^"]+","contribution":[^,]+,.*"zh":"[^"]*[^ -~"][^"]*","en":"[^"]+"' "$1"; }
bodies() { sed -nE 's/.*"body":"(([^"\\]|\\.)*)".*/\1/p' "$1"; }
ids() { bodies "$1" | grep -nE 'u[0-9]{6}'; }
holes() { grep -nE '\{\{|\}\}|null,"facts"' "$1"; }
english() { bodies "$1" | grep -nP '[\x{3400}-\x{9fff}]'; }
chinese() { bodies "$1" | grep -nvP '[\x{3400}-\x{9fff}]'; }
clean() { # CHECKER FILE PLANT: PLANT is a sed script that spoils a copy
    local found
    sed "$3" "$2" >planted.jsonl
    [ -n "$("$1" planted.jsonl)" ] || fail "the checker $1 does not see a planted fault"
    found=$("$1" "$2")
    [ -z "$found" ] || fail "$1: $(basename "$2"): $(head -3 <<<"$found" | cut -c1-300)"
}
keys_documented() { # every key that was printed stands in the page on records
    cat "$@" | grep -oE '"[A-Za-z_0-9]+":' | tr -d '":' | sort -u | while read -r key; do
        grep -qF "\`$key\`" "$source/docs/formats/records.md" || echo "$key"
    done
}

walk one 1 42 yes || fail "the journey stops"
walk two 2 42 no || fail "the journey with two threads and without the truth stops"
[ "$n_failed" = 0 ] || exit 1
for file in data/events.ndjson data/customers.csv labels.jsonl rows.jsonl train.jsonl evaluate.jsonl \
    models/churn/1/model.wlm models/churn/1/manifest.json models/churn/history.ndjson \
    report.html scores.jsonl reasons.jsonl en.jsonl zh.jsonl; do
    [ -s "one/$file" ] || fail "$file is empty"
    cmp "one/$file" "two/$file" || fail "$file differs between two runs of one seed"
done
cmp one/train.jsonl one/evaluate.jsonl || fail "evaluate says something else than train"
wanliu -q simulate --users 600 --days 84 --seed 43 --out other
cmp -s one/data/events.ndjson other/events.ndjson && fail "another seed gives the same company"

n=$(wc -l <one/scores.jsonl)
[ "$n" -gt 300 ] || fail "only $n customers were scored"
for tier in very_low low medium high very_high; do
    grep -q "\"tier\":\"$tier\"" one/scores.jsonl || fail "nobody is in the tier $tier"
done
for file in reasons en zh; do
    [ "$(wc -l <"one/$file.jsonl")" = "$n" ] || fail "$file.jsonl does not hold $n lines"
done
clean additivity one/reasons.jsonl '5s/"rest":/"rest":1/'
clean tiers one/scores.jsonl '7s/"tier":"[a-z_]*",//'
clean tiers one/reasons.jsonl '7s/"tier":"[a-z_]*"/"tier":"none"/'
clean reasons one/reasons.jsonl '9s/"reasons":\[.*\],"schema/"reasons":[],"schema/'
clean reasons one/reasons.jsonl '9s/"zh":"[^"]*"/"zh":""/g'
for language in en zh; do
    clean holes one/$language.jsonl '3s/"body":"/&{{brand}}/'
    clean ids one/$language.jsonl '3s/"body":"/&u000123 /'
done
clean english one/en.jsonl '3s/"body":"/&你好/'
clean chinese one/zh.jsonl '3s/"body":"[^"]*"/"body":"hello"/'
{
    cat one/*.jsonl one/ingest.json
    wanliu -q -C one --json features list
    wanliu -q -C one --json model list
    wanliu -q -C one --json template coverage
    wanliu -q -C one --json report
    sed 's/min_rows: 200/min_rows: 20000/' one/wanliu.yaml >two/wanliu.yaml
    wanliu -q -C two --json evaluate --force # with a warning
    wanliu -q -C one --json simulate --users 100 --days 20 --out small
    printf 'user,known_at,plan\nu1,soon,free\n' | wanliu -q -C one ingest -s customers --max-rejects 100 -
    cat one/rejects.jsonl
    rm -r two/models && wanliu -q -C two score # degraded
    printf 'version: 1\ntemplates:\n- {id: x, version: 1, tiers: [high], reasons: [price], ' >bad.yaml
    printf 'channels: [sms], language: zh, body: "限时3天！"}\n' >>bad.yaml
    wanliu -q --json template lint bad.yaml 2>lint.txt
} >printed.jsonl
for kind in formula sha256 en_sms churn_monthly user_sha256 why found warning report; do
    grep -q "\"$kind\":" printed.jsonl || fail "no record with the key $kind was printed"
done
undocumented=$(keys_documented printed.jsonl)
[ -z "$undocumented" ] || fail "keys that docs/formats/records.md does not name: $(tr '\n' ' ' <<<"$undocumented")"
echo '{"surprise":1}' >planted.jsonl
[ -n "$(keys_documented planted.jsonl)" ] || fail "an undocumented key goes unseen"
grep -qE '(src|href)="https?:' one/report.html && fail "the report needs a network"
grep -lE 'truth' one/*.jsonl && fail "the truth was read"
[ "$n_failed" = 0 ] && echo "journey: $n customers, $(grep -c '"tier":"\(very_\)\?high"' one/scores.jsonl) at high risk"
exit $((n_failed > 0))
