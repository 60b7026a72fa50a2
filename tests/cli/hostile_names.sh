# Goal:   names that customers and files bring along break neither messages nor features.
# Method: names that look like templates, markup, mail headers or novels, through three channels; then
#         attributes named like features, in Chinese and with blanks, and a bad delimiter.
. "$CASES/tiny_shop.bash"
cat >wanliu.yaml <<'YAML'
version: 1
name: shop
language: zh
messages: {attributes: [name], values: {brand: 万流, unsubscribe_url: "https://x.example/u", link: "https://x.example/l"}}
YAML
line() {
    printf '{"user":"u-1","as_of":"2025-03-14T00:00:00Z","p_churn":0.8,"tier":"high","reasons":[],'
    printf '"top_code":"price","attributes":{"name":%s,"email":"a@b.example"}}\n' "$1"
}
long=$(printf '%0200d' 1)
for name in '"王芳"' '"{{user.email}}"' '"<b>x</b>"' '"a\nBcc: b@c.example"' '"a\u0000b"' "\"$long\"" '["x"]' null 42; do
    echo "== ${name:0:24}"
    for channel in email push sms; do
        line "$name" | wanliu template render --channel "$channel" >m.jsonl 2>&1 || cat m.jsonl
        grep -oE '"user\.name":"[^"]*"' m.jsonl | cut -c1-60
        grep -qE 'a@b.example|\{\{' m.jsonl && echo "$channel: what must not be there"
        grep -oE '.{4}b.{4}x[^，]*' <(sed -n 's/.*"body":"\(.*\)","facts".*/\1/p' m.jsonl) | sed "s/^/$channel: /"
    done
done
echo "== attributes"
shop_config >wanliu.yaml
shop_events >log.csv
wanliu -q ingest --source log log.csv || exit 1
printf 'user,known_at,等级,a b,2nd\nu001,2024-01-05,金,1,x\nu002,2024-01-05,银,2,y\n' >p.csv
wanliu -q ingest --source people p.csv || exit 1
wanliu config check >/dev/null 2>&1 && echo "names of any kind are fine"
wanliu -q features list --json | grep -cE '"name":"(等级|a b|2nd|[a-z_0-9]*等级[a-z_0-9]*)"'
printf 'user,known_at,any_count_7d\nu001,2024-01-05,1\n' | wanliu -q ingest --source people - || exit 1
run "an attribute named like a feature" wanliu config check
sed -i 's/^model:/features: {library: standard, attributes: [等级]}\nmodel:/' wanliu.yaml
wanliu -q config check && echo "a list without it is fine"
tr , ';' <log.csv >semicolons.csv
run "another delimiter" wanliu ingest --source log semicolons.csv
