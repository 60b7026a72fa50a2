# Goal:   alerts from a file of signals: the table, JSON lines, replay and order change nothing; people
#         acknowledge and resolve in a workspace; wrong lines and settings are one clear line.
# Method: a few signals of each kind, shuffled and doubled; a workspace of three lines; one damaged line
#         or setting at a time.
run() { # NAME COMMAND...
    echo "== $1"
    shift
    "$@" 2>&1
    echo "exit $?"
}
cat >s.ndjson <<'NDJSON'
{"user":"ann","time":"2025-03-01T09:58:00Z","kind":"churn","level":0.95,"value":300}
{"user":"ann","time":"2025-03-01T10:00:00Z","kind":"intent","reason":"cancel","level":0.93,"trace":"m1","text":"too many ads, I quit"}
{"user":"bo","time":"2025-03-01T10:05:00Z","kind":"intent","reason":"how_to","level":0.99,"trace":"m2"}
{"user":"cai","time":"2025-03-01T10:06:00Z","kind":"activity","level":5.1,"observed":0,"baseline":4.2}
{"user":"cai","time":"2025-03-01T10:07:00Z","kind":"intent","reason":"complaint","level":0.7,"unsure":true}
NDJSON
run "table" wanliu alerts s.ndjson
run "zh" wanliu --lang zh alerts s.ndjson
wanliu -q --json alerts s.ndjson >a.jsonl
tac s.ndjson >r.ndjson
wanliu -q --json alerts r.ndjson | cmp a.jsonl - && echo "order: the same"
cat s.ndjson r.ndjson | wanliu -q --json alerts - | cmp a.jsonl - && echo "twice: the same"
wc -l <a.jsonl
id=$(sed -n 's/{"alert":"\([0-9a-f]*\)","user":"ann".*/\1/p' a.jsonl)
run "no workspace" wanliu alerts --ack "$id" s.ndjson
printf 'version: 1\nname: shop\nalerts: {cooldown: 3d, teams: [{name: desk, capacity: 1}]}\n' >wanliu.yaml
run "config" wanliu config check
run "no such alert" wanliu alerts --ack 0123456789abcdef s.ndjson
run "acknowledged" wanliu alerts --ack "$id" --by li s.ndjson
run "one place a day" wanliu alerts --to 2025-03-01T12:00 s.ndjson
run "resolved" wanliu alerts --resolve "$id" s.ndjson
run "gone from the list" wanliu -q alerts s.ndjson
run "replay shows it" wanliu -q alerts --replay s.ndjson
cat alerts.ndjson
bad() { # NAME LINE
    echo "$2" >bad.ndjson
    run "$1" wanliu alerts bad.ndjson
}
bad "no level" '{"user":"a","time":"2025-03-01","kind":"churn"}'
bad "level" '{"user":"a","time":"2025-03-01","kind":"churn","level":2}'
bad "kind" '{"user":"a","time":"2025-03-01","kind":"chrun","level":1}'
bad "time" '{"user":"a","time":"2025-02-30","kind":"churn","level":1}'
bad "json" '{"user"'
sed -i 's/cooldown/coldown/' wanliu.yaml
run "setting" wanliu config check
