# Goal:   a version is put in charge and taken back by one command each, for churn and text models, with
#         who, when and why in the history; what cannot be moved is refused and moves nothing.
# Method: two versions of a text model and of a churn model; moves at fixed times; then one mistake at a
#         time, after which the history must be as long as before.
. "$CASES/tiny_shop.bash"
shop_config >wanliu.yaml
shop_events >log.csv
awk 'BEGIN {
    print "text,label"
    for (i = 0; i < 60; i++) print (i % 2 ? "please refund my order " : "love this show ") i "," (i % 2 ? "refund" : "praise")
}' >texts.csv
at() { # DAY WORDS...
    local day=$1
    shift
    wanliu --now "2025-01-$day" "$@"
}
wanliu -q ingest --source log log.csv || exit 1
at 01 -q text train texts.csv --quick --name mood --json >/dev/null || exit 1
at 02 -q text train texts.csv --quick --name mood --json >/dev/null || exit 1
at 01 -q train --json >/dev/null || exit 1
at 02 -q train --json >/dev/null || exit 1
run "back to the first" at 03 model rollback mood --reason "wrong on refunds" --author ann
run "nothing before it" at 04 model rollback mood --reason again
run "the second again" at 05 model promote mood 2 --reason "fixed by hand" --author bo
run "beside it, for machines" at 06 --json model promote mood 1 --alias shadow --reason 对比
run "history" wanliu model history mood
run "历史" wanliu --lang zh model history mood
run "for machines" wanliu --json model history mood
run "in charge on the fourth" wanliu model history mood --at 2025-01-04
run "in charge last year" wanliu model history mood --at 2024-01-01
run "churn, back" at 07 model rollback churn --reason "scores jumped"
run "churn is scored by the first" sh -c 'wanliu -q --json model list | grep -o "\"model\":\"churn\",\"version\":.,\"aliases\":\"[a-z]*\""'
wc -l <models/mood/history.ndjson
run "no reason" wanliu model promote mood 1
run "an empty reason" wanliu model rollback mood --reason " "
run "no such version" wanliu model promote mood 9 --reason x
run "no version" wanliu model promote mood second --reason x
run "no such alias" wanliu model promote mood 1 --alias boss --reason x
run "no such alias back" wanliu model rollback mood --alias boss --reason x
run "a name nearly right" wanliu model promote moood 1 --reason x
run "a name nearly right, back" wanliu model rollback moood --reason x
run "history of nobody" wanliu model history moood
run "a name that is a path" wanliu model history ../mood
run "no name" wanliu model history
run "a day that is none" wanliu model history mood --at 2025-02-31
wc -l <models/mood/history.ndjson
echo "{" >>models/mood/history.ndjson
run "a damaged history" wanliu model rollback mood --reason x
cat models/mood/aliases.json
