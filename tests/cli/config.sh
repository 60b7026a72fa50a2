# Goal:   a mistake in wanliu.yaml is one line that names line, column, key and what was expected; exit 4.
# Method: a good file, then one planted mistake at a time, each found by config check.
good() {
    cat <<'YAML'
version: 1
name: shop
language: en
sources:
  - name: log
    kind: events
    format: csv
    user: user
    time: time
    event: event
features:
  library: standard
churn:
  kind: inactivity
  events: [Order]
  horizon: 30d
  lead: 72h
dates:
  train: [2024-01-01, 2024-02-01]
  test: [2024-03-10]
split: {kind: time}
model: {algorithm: xgboost, trees: 20, depth: 3, rate: 0.1}
baselines:
  - {name: rule, algorithm: rule}
tiers: {from: probability, edges: [90, 60, 30, 10]}
messages: {channel: push, values: {brand: Shop}}
YAML
}
check() { # NAME SED-SCRIPT
    good | sed "$2" >wanliu.yaml
    echo "== $1"
    wanliu config check 2>&1 | sed "s|^[0-9]* features|N features|"
    echo "exit ${PIPESTATUS[0]}"
}
check "good" ''
check "unknown key at the top" 's/^tiers:/teirs:/'
check "unknown key in a source" 's/^    user: user/    usr: user/'
check "unknown key in churn" 's/horizon: 30d/horizont: 30d/'
check "unknown key in the model" 's/depth: 3/dept: 3/'
check "unknown key in a baseline" 's/name: rule, alg/nam: rule, alg/'
check "unknown key in dates" 's/^  test:/  tset:/'
check "unknown key in messages" 's/channel: push/chanel: push/'
check "unknown key in features" 's/library: standard/libary: standard/'
check "indentation" 's/^  events: \[Order\]/   events: [Order]/'
check "tab" 's/^  kind: inactivity/\tkind: inactivity/'
check "open bracket" 's/\[Order\]/[Order/'
check "key twice" 's/^language: en/name: again/'
check "text for a number" 's/trees: 20/trees: many/'
check "a list for a map" 's/^split: .*/split: [time]/'
check "a map for a list" 's/^  - {name: rule, algorithm: rule}/  name: rule/'
check "number out of range" 's/depth: 3/depth: 99/'
check "negative" 's/trees: 20/trees: -1/'
check "unknown churn kind" 's/inactivity/inactive/'
check "unknown algorithm" 's/xgboost/xgbost/'
check "unknown source kind" 's/kind: events/kind: event/'
check "unknown format" 's/format: csv/format: cvs/'
check "no such span" 's/30d/30 moons/'
check "no such day" 's/2024-03-10/2024-02-30/'
check "version 9" 's/^version: 1/version: 9/'
check "no version" '/^version/d'
check "tiers that overlap" 's/\[90, 60, 30, 10\]/[60, 90, 30, 10]/'
check "tiers of one edge" 's/\[90, 60, 30, 10\]/[90]/'
check "random split without a why" 's/{kind: time}/{kind: kfold, folds: 5}/'
check "test before train" 's/2024-03-10/2023-12-01/'
check "test inside the horizon of train" 's/2024-03-10/2024-02-10/'
check "no events" 's/^  events: \[Order\]/  events: []/'
check "unknown library" 's/library: standard/library: standart/'
check "unknown channel" 's/channel: push/channel: fax/'
check "language" 's/^language: en/language: fr/'
check "source without a user" '/^    user: user/d'
check "empty" 'd'
good | sed 's/^tiers:/teirs:/' >wanliu.yaml
for command in "ingest x.csv" label train evaluate score explain "template render"; do
    echo "== $command"
    # shellcheck disable=SC2086
    wanliu $command 2>&1
    echo "exit ${PIPESTATUS[0]}"
done
rm wanliu.yaml
echo "== none"
wanliu config check 2>&1
echo "exit $?"
wanliu -C nowhere config check 2>&1
echo "exit $?"
