# Goal:   wanliu inspect shows what was known of a customer at a moment: timeline, interests, topics, mood;
#         no telephone number; the degraded reader says so.
# Method: two customers written by hand; a text that arrives late; a text model that is not there.
cat >wanliu.yaml <<'YAML'
version: 1
name: shop
sources:
  - {name: log, kind: events, format: csv, user: user, time: time, event: event, value: value,
     properties: {category: category}}
  - {name: chats, kind: texts, format: csv, user: user, time: time, received: received, text: text}
YAML
cat >log.csv <<'CSV'
user,time,event,value,category
ann,2024-02-01,Order Completed,10,tea
ann,2024-02-01,Order Completed,4,tea
ann,2024-02-20,Order Completed,7,cup
bob,2024-02-20,Order Completed,9,cup
CSV
cat >chats.csv <<'CSV'
user,time,received,text
ann,2024-02-21,2024-02-21,"太贵了，我要退订，电话13912345678"
ann,2024-02-22,2024-03-09,"late: I love it"
CSV
wanliu -q ingest -s log log.csv && wanliu -q ingest -s chats chats.csv || exit 1
wanliu inspect --user ann --as-of 2024-03-01
wanliu --lang zh inspect --user ann --as-of 2024-03-01
wanliu --json inspect --user ann --as-of 2024-03-01 --lines 1
wanliu inspect --user bob --lines 1
wanliu inspect --user cat
wanliu inspect
echo 'texts: {intent: gone, moood: rules}' >>wanliu.yaml
wanliu inspect --user bob
sed -i 's/, moood: rules//' wanliu.yaml
wanliu inspect --user ann --as-of 2024-03-01 --lines 1
