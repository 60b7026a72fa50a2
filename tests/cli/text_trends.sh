# Goal:   a planted surge of complaints is shown with begin, size and masked texts; shuffled days of
#         the flat time before it stay within the budget of false alarms; alerts of the same workspace carry text and level under
#         one trace, with the rule baseline marked degraded.
# Method: 100 days of texts made by a counter, four times as many complaints about ads on ten of them.
cat >wanliu.yaml <<'YAML'
version: 1
name: site
sources:
  - {name: texts, kind: texts, format: csv, user: user, time: time, text: text, channel: channel}
alerts: {cooldown: 3d}
YAML
{
    echo "user,time,channel,text"
    for day in $(seq 0 99); do
        date=$(date -u -d "2025-01-01 + $day days" +%F)
        n=$((2 + day % 3))
        [ "$day" -ge 80 ] && [ "$day" -lt 90 ] && n=$((n * 4))
        for k in $(seq 1 "$n"); do
            echo "u$(((day * 7 + k) % 50)),${date}T08:0$((k % 10)):00Z,feedback,too many ads and it is terrible $k"
        done
        echo "u$((day % 50)),${date}T09:00:00Z,feedback,great price and I love it $day"
    done
    echo "ann,2025-04-10T10:00:00Z,ticket,I want to cancel my subscription. Call me on 13812345678"
} >texts.csv
wanliu -q ingest texts.csv || exit 1
wanliu text trends 2>&1
echo "exit $?"
wanliu -q --lang zh text trends | head -3
wanliu -q --json text trends | grep -o '"topic":"ads".*"windows"' | cut -c1-90
wanliu -q --json text trends --to 2025-03-20 --shuffle 20 | grep shuffles | head -1 |
    sed 's/.*"windows":\([0-9]*\),"false_alarms":\([0-9]*\),"allowed":\([0-9.]*\).*/\1 \2 \3/' |
    awk '{ print ($2 <= $3 + 3 * sqrt($3) + 1) ? "false alarms within the budget" : "too many: " $0 }'
wanliu text trends --to 2024-01-01 2>&1
echo "exit $?"
wanliu --json alerts --to 2025-04-11 2>/dev/null | grep '"user":"ann"' |
    grep -o '"reason":"cancel","source":"text"\|\[[a-z]*\]\|"degraded":[a-z]*' | sort -u
