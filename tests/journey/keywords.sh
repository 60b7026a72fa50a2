#!/usr/bin/env bash
# Goal:   what leavers of the simulated video site say comes back as the reasons that were planted, in
#         Chinese and in English, each with an interval that leaves out "no difference"; words that
#         both groups use do not come first.
# Method: a corpus of 6,000 customers, read by the public command. A planted fault, labels of other
#         lines, must take the reasons' marks away.
#   usage: keywords.sh WANLIU
set -eu
wanliu=$(realpath "$1")
[ -f "$(dirname "$wanliu")/zh.wldict" ] || { echo "skipped: no Chinese dictionary" >&2; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
"$wanliu" simulate --users 6000 --days 75 --share-zh 0.6 --out data --quiet

# reasons LANGUAGE FILE - "id low" of the reasons, first one first.
reasons()
{
    "$wanliu" text keywords "$2" --label is_churner --value 1 --texts "$1" --json --quiet |
        sed -n 's/^{"reason":"\([a-z_]*\)","rank":.*"interval":\[\([-0-9.e]*\),.*/\1 \2/p'
}

# expect LANGUAGE REASON... - these are among the first six, with an interval above 0.
expect()
{
    reasons "$1" data/texts.csv | head -6 >found
    for reason in "${@:2}"; do
        awk -v r="$reason" '$1 == r && $2 > 0 { ok = 1 } END { exit !ok }' found ||
            { echo "$1: $reason is not among the first reasons:"; cat found; exit 1; }
    done
}

expect zh ads performance content price
expect en ads performance content

# The first keyword of leavers names a reason; frequent words of both groups stay behind.
first=$("$wanliu" text keywords data/texts.csv --label is_churner --value 1 --texts zh --json --quiet --top 1 | head -1)
case $first in
*'"keyword":"广告"'*) ;;
*) echo "the first keyword is $first"; exit 1 ;;
esac

# The planted fault: labels from 997 lines further, so far that a user's own texts do not keep theirs.
awk 'NR == 1 { print; next } { line[NR - 2] = $0; n = NR - 1 }
    END { for (i = 0; i < n; i++) { other = line[(i + 997) % n]
        print substr(line[i], 1, length(line[i]) - 1) substr(other, length(other)) } }' \
    data/texts.csv >data/moved.csv
n=$(reasons zh data/moved.csv | awk '$2 > 0.3' | wc -l)
[ "$n" -eq 0 ] || { echo "$n reasons are marked although the labels are wrong"; exit 1; }
