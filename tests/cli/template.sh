# Goal:   lint, render and coverage say the right thing on stdout, stderr and with their exit code.
cat >wanliu.yaml <<'Y'
version: 1
name: shop
language: zh
utc_offset: "+08:00"
messages: {channel: sms, attributes: [name], values: {brand: 万流}}
offers:
  - id: p
    kind: pause
    name: {zh: 暂停一个月, en: a one-month pause}
    terms: {zh: 随时恢复, en: Come back whenever you like.}
    cost_minor: 0
    valid_days: 14
    tiers: [high]
Y
cat >reasons.jsonl <<'J'
{"user":"u-1","as_of":"2025-03-14T00:00:00Z","p_churn":0.8,"tier":"high","reasons":[],"top_code":"price"}
{"user":"u-2","as_of":"2025-03-14T00:00:00Z","p_churn":0.2,"tier":"low","reasons":[],"attributes":{"name":"Li"}}
J
cat >bad.yaml <<'Y'
version: 1
templates:
- id: bad
  version: 1
  tiers: [high]
  reasons: [price]
  channels: [sms]
  language: zh
  body: |
    我们注意到您好久没来，
    现在享七折，限时3天！
Y
wanliu template lint; echo "exit $?"
wanliu template lint bad.yaml; echo "exit $?"
wanliu --lang zh template lint bad.yaml; echo "exit $?"
wanliu template render <reasons.jsonl; echo "exit $?"
wanliu template render --language en --channel push reasons.jsonl; echo "exit $?"
wanliu template render --channel email reasons.jsonl; echo "exit $?"
wanliu template render --channel fax reasons.jsonl; echo "exit $?"
echo '{"user":1}' | wanliu template render; echo "exit $?"
wanliu template coverage >coverage.txt
echo "exit $?"
head -3 coverage.txt
mkdir templates && cp bad.yaml templates/ && wanliu template lint --quiet | wc -l
sed -i 's/七折/{{七折/' templates/bad.yaml
wanliu template lint --json --quiet >lint.txt 2>/dev/null
head -1 lint.txt
