# Goal:   text reasons counts what was known, in both languages and as JSON, with tiers and value where
#         there is a model; a workspace's taxonomy extends the built-in one and is checked; scores,
#         explanations and messages answer what was said before what behaviour suggests.
# Method: the tiny shop with texts of known content; the same table from a file; a faulty taxonomy.
. "$CASES/tiny_shop.bash"
shop_config "" "" "messages: {channel: push, values: {brand: Shop}}
gates: {min_rows: 40, min_per_class: 10}" |
    sed 's/^churn:/  - {name: words, kind: texts, format: csv, user: user, time: time, text: text, channel: channel, label: label}\n&/' >wanliu.yaml
shop_events >log.csv
{
    echo "user,time,text,channel,label"
    for i in 010 012 014 016; do echo "u$i,2024-01-20,物流太慢了，等了一周,feedback,"; done
    for i in 020 022 024 026 028 030 032 034 036 038 040 042; do
        echo "u$i,2024-02-10,\"Nice shop, thank you\",feedback,"
        echo "u$i,2024-03-10,\"Way too expensive, call me on 13812345678\",feedback,"
    done
    echo "u044,2024-03-11,停车太贵，没有停车位,feedback,"
    echo "u010,2024-03-12,bye,cancel,quality"
    echo "u046,2024-03-12,bye,cancel,quantum foam"
    echo "u048,2024-04-05,too many ads,feedback,"
} >words.csv
wanliu -q ingest --source log log.csv || exit 1
wanliu -q ingest --source words words.csv || exit 1
echo "== no model yet" && wanliu -q text reasons --as-of 2024-03-20 | head -3
wanliu -q train --json >/dev/null || exit 1
figures() { # what changes with the model
    sed -E 's/(tiers:).*/\1 .../; s/(风险等级：).*/\1…/; s/(value at risk: )[0-9.,]+/\1N/; s/(风险价值：)[0-9.,]+/\1N/'
}
echo "== en" && wanliu -q text reasons --as-of 2024-03-20 | figures
echo "== zh" && wanliu -q --lang zh text reasons --as-of 2024-03-20 | figures
echo "== json" && wanliu -q --json text reasons --as-of 2024-03-20 |
    sed -E 's/"tiers":\{[^}]*\}/"tiers":{...}/; s/"value_at_risk":[0-9.]+/"value_at_risk":N/'
mkdir taxonomy
cat >taxonomy/reasons.yaml <<YAML
version: 1
labels:
- {id: parking, zh: 停车, en: parking, rules: [{any: [停车, parking]}]}
YAML
echo "== parking is unmapped" && wanliu -q text reasons --as-of 2024-03-20 | grep -i -A1 parking
echo "== a file" && cut -d, -f3 words.csv | grep -v text >lines.txt && wanliu --now 2024-05-01 text reasons lines.txt | grep -v '^  '
wanliu -q score --as-of 2024-03-20 >s.jsonl
echo "== said" && grep -E '"u0(10|20|44|46|48)"' s.jsonl | sed -E 's/^.*"user":"([^"]*)".*("said":\{[^}]*\}).*$/\1 \2/; /said/!s/.*"user":"([^"]*)".*/\1/'
echo "== messages" && wanliu -q explain s.jsonl | wanliu -q template render | grep -E '"u0(10|20|46)"' |
    sed -E 's/^.*"user":"([^"]*)".*"reason":"([^"]*)","reason_source":"([^"]*)".*$/\1 \2 \3/' | sed -E 's/(u046) .* /\1 ... /'
sed -i 's/labels:/labels:\n- {id: price, answer: prise}/' taxonomy/reasons.yaml
run "a code that does not exist" wanliu config check
sed -i 's/answer: prise/anser: price/' taxonomy/reasons.yaml
run "a key that does not exist" wanliu config check
