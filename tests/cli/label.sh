# Goal:   wanliu label follows the declared churn, from a file to JSON lines, and names mistakes.
# Method: four customers whose fate is known; two dates, one of which the data does not close; then a
#         cancel definition on the same log, a wrong event name, and no dates.
cat >wanliu.yaml <<'YAML'
version: 1
name: shop
sources:
  - {name: log, kind: events, format: csv, user: user, time: time, event: event}
churn: {kind: inactivity, events: [Order], horizon: 30d}
dates: {test: [2024-03-01]}
YAML
cat >log.csv <<'CSV'
user,time,event
ann,2024-02-20,Order
ann,2024-03-10,Order
bob,2024-02-20,Order
cat,2024-03-20,Order
bob,2024-03-12,Cancel
dan,2024-02-20,Order
dan,2024-03-02,Cancel
ann,2024-04-30,Visit
CSV
wanliu -q ingest log.csv || exit 1
wanliu label
wanliu -q label --as-of 2024-03-01,2024-04-20 | grep 2024-04
sed -i 's/^churn:.*/churn: {kind: cancel, events: [Cancel], horizon: 30d}/' wanliu.yaml
wanliu --lang zh label
sed -i 's/Cancel/Cancle/' wanliu.yaml
wanliu label
echo "exit $?"
sed -i '/^dates/d' wanliu.yaml
wanliu label
