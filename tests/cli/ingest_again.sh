# Goal:   a file may come twice, shuffled, compressed, in two parts or through a pipe, and what is known
#         is the same; bad rows are written down without what the customer said.
# Method: the same rows on several ways into workspaces of their own; scores, which show every feature,
#         must be equal byte for byte.
config() {
    cat <<'YAML'
version: 1
name: shop
sources:
  - {name: log, kind: events, format: csv, user: user, time: time, event: event, value: value, received: got}
  - {name: tickets, kind: texts, format: csv, user: user, time: time, text: text}
  - {name: calls, kind: events, format: segment}
YAML
}
rows() {
    for ((i = 0; i < 400; i++)); do
        printf 'u%02d,2024-01-%02d 10:%02d:00,2024-01-%02d 11:00:00,Order Completed,%d.25\n' \
            "$((i * 7 % 30))" "$((i % 28 + 1))" "$((i % 60))" "$((i % 28 + 1))" "$i"
    done
}
head="user,time,got,event,value"
way() { # NAME COMMAND...: scores of a workspace of its own
    name=$1
    shift
    mkdir "$name"
    config >"$name/wanliu.yaml"
    "$@" || echo "$name: ingest failed"
    wanliu -q -C "$name" score --as-of 2024-01-29 >"$name.jsonl" || echo "$name: score failed"
    cmp plain.jsonl "$name.jsonl" && echo "$name: the same"
}
through_pipe() { wanliu -q -C pipe ingest --source log - <all.csv; }
twice() { wanliu -q -C twice ingest --source log all.csv all.csv && wanliu -q -C twice ingest -s log all.csv; }
parts() { wanliu -q -C parts ingest -s log late.csv && wanliu -q -C parts ingest -s log early.csv.gz; }
{ echo "$head"; rows; } >all.csv
{ echo "$head"; rows | sort -t, -k5 -r; } >shuffled.csv
{ echo "$head"; rows | head -250; } | gzip -n >early.csv.gz
{ echo "$head"; rows | tail -n +200; } >late.csv
way plain wanliu -q -C plain ingest --source log all.csv
way shuffled wanliu -q -C shuffled ingest -s log shuffled.csv
way pipe through_pipe
way twice twice
way parts parts
sed 's/$/\r/' all.csv >crlf.csv
way crlf wanliu -q -C crlf ingest -s log crlf.csv
wc -l <plain.jsonl
echo "== twice, in numbers"
wanliu -C plain --json ingest -s log all.csv
echo "== several sources and none named"
wanliu -C plain ingest all.csv 2>&1
echo "exit $?"
echo "== too many bad rows"
cat >tickets.csv <<'CSV'
user,time,text
ann,2024-01-02,ok
bob@example.com,soon,my card number is 4111
,2024-01-02,private words
CSV
wanliu -C plain ingest --source tickets tickets.csv 2>&1
echo "exit $?"
cat plain/rejects.jsonl
grep -E 'bob|4111|private' plain/rejects.jsonl && echo "the rejects file tells too much"
echo "== the same in Chinese, and allowed"
wanliu --lang zh -C plain ingest --source tickets --max-rejects 80 --rejects bad.jsonl tickets.csv 2>&1
echo "exit $?"
wc -l <bad.jsonl
echo "== segment lines"
cat >calls.ndjson <<'JSON'
{"type":"track","userId":"ann","event":"Order","timestamp":"2024-01-02T00:00:00Z","messageId":"1"}
{"type":"track","userId":"ann","event":"Order","timestamp":"2024-01-02T00:00:00Z","messageId":"1"}
{"type":"track","userId":"ann","event":"Order","timestamp":"2024-01-02T00:00:00Z"
[1]
{"type":"track","userId":7,"event":"Order","timestamp":"2024-01-02T00:00:00Z","messageId":"2"}
{"type":"alias","userId":"ann","previousId":"x"}
{"type":"track","userId":"ann","event":"Order","timestamp":"2024-01-02T00:00:00Z","messageId":"3","properties":{"value":1e400}}
JSON
wanliu -C plain --json ingest -s calls --max-rejects 100 --rejects calls.jsonl calls.ndjson
echo "exit $?"
cat calls.jsonl
