#!/bin/bash
# realdata.sh [SET...] - figures on public data sets, one JSON line each, made by the public
# commands. Two kinds of sets: examples/<set>/files with a wanliu.yaml beside it (one line for each
# source and file; ingest and evaluate; beside it perhaps "sequences", a line of options for each
# evaluation more), and examples/<set>/text (labelled texts; text train):
#   need FILE              of the data
#   make OUT KIND FILE..   by tools/text_sets.py, for odd forms
#   simulate               the texts of a simulated site, made here
#   keywords LANGUAGE REASON..   what tells leavers' texts apart; these reasons should come first
#   train OPTION...        DATA/ and WORK/ stand for the two folders
#   bert OPTION...         the same from the BERT folder that $WANLIU_BERT_BASE names (minutes); without
#                          one it is a line with "skipped"
# The data are looked for in ../shared/data (or $WL_DATA); a set that is not there is a line with
# "missing":true.
set -euo pipefail
cd "$(dirname "$0")/.."
wanliu=$PWD/build/release/bin/wanliu
data=$(realpath -m "${WL_DATA:-../shared/data}")
if [ $# -gt 0 ]; then
    sets=$*
else
    sets=$(for file in examples/*/files examples/*/text; do basename "$(dirname "$file")"; done)
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
code=0
any_missing=

# needs SET: the data files of a set, one a line.
needs() {
    if [ -f "examples/$1/files" ]; then
        cut -d ' ' -f 2 "examples/$1/files"
    else
        sed -n 's/^need //p' "examples/$1/text"
    fi
}

run_files() {
    cp "examples/$1/wanliu.yaml" "$work/$1/"
    while read -r source file; do
        "$wanliu" -C "$work/$1" -q ingest --source "$source" "$data/$file" >/dev/null
    done <"examples/$1/files"
    "$wanliu" -C "$work/$1" -q evaluate --json || code=1
    [ ! -f "examples/$1/sequences" ] || while read -r options; do
        # shellcheck disable=SC2086
        "$wanliu" -C "$work/$1" -q evaluate --json $options || code=1
    done <"examples/$1/sequences"
}

# run_keywords SET LANGUAGE REASON...: the reasons that tell leavers' texts apart, and how many of these
# are among the first six with an interval above "no difference".
run_keywords() {
    local set=$1 language=$2 found=0 reason
    shift 2
    "$wanliu" -q --json text keywords "$work/$set/texts.csv" --label is_churner --value 1 --texts "$language" |
        awk '/^{"reason":/ && ++n <= 6' >"$work/$set/reasons"
    for reason in "$@"; do
        if grep -q "^{\"reason\":\"$reason\",.*\"interval\":\[[0-9]" "$work/$set/reasons"; then
            found=$((found + 1))
        fi
    done
    sed "s/^{/{\"set\":\"$set\",\"language\":\"$language\",/" "$work/$set/reasons"
    printf '{"set":"%s","language":"%s","metric":"planted_reasons_found","value":%d,"of":%d}\n' \
        "$set" "$language" $found $#
    [ $found -eq $# ] || code=1
}

# run_bert SET OPTION...: fine-tune the folder that the environment names, if any.
run_bert() {
    local set=$1
    shift
    if [ ! -d "${WANLIU_BERT_BASE:-}" ]; then
        echo "{\"set\":\"$set\",\"model\":\"bert\",\"skipped\":\"WANLIU_BERT_BASE names no folder\"}"
        return
    fi
    "$wanliu" -C "$work/$set" -q text train "$@" --model bert --base "$WANLIU_BERT_BASE" --name bert --set "$set" \
        --no-model --json || code=1
}

run_text() {
    local set=$1 verb rest
    while read -r verb rest; do
        rest=${rest//DATA\//$data/}
        rest=${rest//WORK\//$work/$set/}
        # shellcheck disable=SC2086
        case $verb in
        need) ;;
        make) tools/text_sets.py ${rest#* } >"$work/$set/${rest%% *}" ;;
        simulate) "$wanliu" -q simulate --out "$work/$set" ;;
        keywords) run_keywords "$set" $rest ;;
        bert) run_bert "$set" $rest ;;
        train) "$wanliu" -C "$work/$set" -q text train $rest --set "$set" --no-model --json || code=1 ;;
        *) echo "realdata: examples/$set/text: no such verb: $verb" >&2 && exit 2 ;;
        esac
    done <"examples/$set/text"
}

for set in $sets; do
    if [ ! -f "examples/$set/files" ] && [ ! -f "examples/$set/text" ]; then
        there=$(cd examples && echo */files */text | sed -E 's,/(files|text),,g')
        echo "realdata: no set $set; there are: $there" >&2
        exit 2
    fi
    missing=
    for file in $(needs "$set"); do
        [ -e "$data/$file" ] || missing=1
    done
    if [ -n "$missing" ]; then
        echo "{\"set\":\"$set\",\"missing\":true}"
        any_missing=1
        continue
    fi
    mkdir -p "$work/$set"
    if [ -f "examples/$set/files" ]; then
        run_files "$set"
    else
        run_text "$set"
    fi
    rm -rf "${work:?}/$set"
done
[ -z "$any_missing" ] ||
    echo "realdata: sets are looked for in $data, by the names in examples/SET/files and examples/SET/text" >&2
exit $code
