# Goal:   score, explain and template render pass lines to each other, say the same for any number of
#         threads, and refuse lines that cannot be: one message with file and line, exit 4.
# Method: one model of the tiny shop; the pipe; then one damaged line among good ones at a time.
. "$CASES/tiny_shop.bash"
shop_config "" "" "messages: {channel: push, values: {brand: Shop}}
gates: {min_rows: 40, min_per_class: 10}" | sed 's/logistic/xgboost, trees: 10, depth: 2, rate: 0.3/' >wanliu.yaml
shop_events >log.csv
wanliu -q ingest --source log log.csv || exit 1
wanliu -q --threads 1 train --json >train1.jsonl || exit 1
wanliu -q --threads 2 train --json >train2.jsonl || exit 1
cmp train1.jsonl train2.jsonl && cmp models/churn/1/model.wlm models/churn/2/model.wlm &&
    echo "training: 1 and 2 threads agree"
wanliu -q --threads 1 score --as-of 2024-03-20 >s.jsonl || exit 1
wanliu -q --threads 2 score --as-of 2024-03-20 | cmp s.jsonl - && echo "scores: 1 and 2 threads agree"
wanliu -q --threads 1 explain s.jsonl >e.jsonl || exit 1
wanliu -q --threads 2 explain <s.jsonl | cmp e.jsonl - && echo "reasons: 1 and 2 threads agree"
wanliu -q --threads 2 explain - <s.jsonl | cmp e.jsonl - && echo "reasons: - is standard input"
wanliu template render e.jsonl >m.jsonl || exit 1
wanliu -q score --as-of 2024-03-20 | wanliu explain | wanliu template render | cmp m.jsonl - &&
    echo "messages: the pipe agrees"
wc -l <m.jsonl
wanliu --lang zh score --as-of 2024-03-20 2>&1 >/dev/null | sed 's/ *[0-9]*$//'
wanliu -q explain /dev/null && echo "no lines, no words"
run "score of another model" wanliu -q explain --model 9 s.jsonl
plain() { # what changes with the feature library or the figures of a model
    sed -E 's/column [0-9]+/column N/; s/[0-9]+ (values|features)/N \1/g; s/expected [0-9a-f]{12}/expected HASH/'
}
damage() { # NAME SED-SCRIPT: line 3 of the scores is damaged
    sed "3{$2}" s.jsonl >bad.jsonl
    run "$1" wanliu explain bad.jsonl | plain | sed 's/^{.*/{...}/'
}
damage "half a line" 's/,"degraded".*//'
damage "not JSON" 's/.*/score this/'
damage "a list" 's/.*/[1,2]/'
damage "p_churn NaN" 's/"p_churn":[^,]*/"p_churn":NaN/'
damage "p_churn null" 's/"p_churn":[^,]*/"p_churn":null/'
damage "p_churn 1.5" 's/"p_churn":[^,]*/"p_churn":1.5/'
damage "no tier" 's/"tier":"[^"]*",//'
damage "a tier of its own" 's/"tier":"[^"]*"/"tier":"huge"/'
damage "no such day" 's/"as_of":"[^"]*"/"as_of":"2024-02-31"/'
damage "no values" 's/,"schema".*/}/'
damage "another feature set" 's/"schema":"[^"]*"/"schema":"0123456789ab"/'
damage "a value too few" 's/,[^,]*\]}$/]}/'
damage "a value too many" 's/\]}$/,1]}/'
damage "text for a number" 's/"values":\[[^,]*/"values":["many"/'
damage "a value beyond all bounds" 's/"values":\[[^,]*/"values":[1e999/'
damage "bytes that are no text" 's/"user":"/&\xff/'
damage "a key twice" 's/^{/{"user":"x",/'
run "lines without values" sh -c 'wanliu -q score --no-values --as-of 2024-03-20 | wanliu explain'
run "no such file" wanliu explain nowhere.jsonl
run "scores into render" wanliu template render s.jsonl
run "words into render" sh -c 'echo words | wanliu template render' | plain
run "the other way round" wanliu explain m.jsonl
