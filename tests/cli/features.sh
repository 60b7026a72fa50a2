# Goal:   wanliu features lists, builds and shows what wanliu.yaml declares, and batch equals stream.
# Method: three customers whose features are known by hand, one of them back-filled after the date.
cat >wanliu.yaml <<'YAML'
version: 1
name: shop
sources:
  - {name: log, kind: events, format: csv, user: user, time: time, received: received, event: event,
     value: amount, message_id: id, properties: {item: item}}
features:
  library: none
  signals:
    - {name: order, events: [Order Completed], zh: 订单, en: orders, value_zh: 金额, value_en: amount,
       unit_zh: 元, unit_en: yuan, code: spend_down}
  sets:
    - {signal: order, aggregates: [count, sum, distinct(item)], windows: [30d, all]}
    - {signal: order, aggregates: [days_since_last]}
YAML
cat >log.csv <<'CSV'
id,user,time,received,event,amount,item
1,ann,2024-02-10,2024-02-10,Order Completed,10.50,tea
2,ann,2024-01-01,2024-01-01,Order Completed,4,tea
3,bob,2024-02-20,2024-03-05,Order Completed,99,cup
4,bob,2024-02-28,2024-02-28,Visit,,
5,cat,2024-03-20,2024-03-20,Order Completed,1,tea
CSV
wanliu -q ingest log.csv || exit 1
wanliu features list
wanliu --lang zh features list >list.txt
head -1 list.txt
wanliu --json features list | tail -1
wanliu features build --as-of 2024-03-01,2024-03-10 --format csv
wanliu -q features build --as-of 2024-03-01
wanliu features get --user bob --as-of 2024-03-10
wanliu --json features get --user ann --as-of 2024-03-01
wanliu --json -q features diff --as-of 2024-03-01,2024-03-10,2024-04-01 | sed 's/,"state_bytes.*//'
wanliu features get --user cat --as-of 2024-03-01
echo "exit $?"
sed -i 's/days_since_last/days_since_lst/' wanliu.yaml
wanliu features list
