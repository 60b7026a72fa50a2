# Goal:   models of event sequences by the public commands: trained, kept, scored and explained like
#         every other; the model that is kept scores what was judged; the same seed gives the same
#         model file for any number of threads; beside boosted trees and with them; what is refused.
# Method: a tiny shop whose leavers are known. Figures differ between processors, so sums and equal
#         bytes are compared, not digits.
. "$CASES/tiny_shop.bash"
shop_config "" "" "gates: {min_rows: 40, min_per_class: 10}
baselines: [{name: recency, feature: order_days_since_last}]" | sed 's/{algorithm: logistic}/{algorithm: logistic, epochs: 4, hidden: 16}/' >wanliu.yaml
shop_events >log.csv
wanliu -q ingest --source log log.csv || exit 1
for model in lstm gru cnn transformer; do
    echo "== $model"
    wanliu -q --threads 1 train --model $model --json --run-log epochs.ndjson >figures.ndjson
    echo "exit $?"
    grep -o "\"model\":\"[a-z]*\",\"metric\":\"auc\"" figures.ndjson
    cmp epochs.ndjson <(grep '"epoch":' figures.ndjson) && [ -s epochs.ndjson ] && echo "epochs"
    wanliu -q --threads 1 score --as-of 2024-03-01 >scores.ndjson
    wanliu -q --threads 3 score --as-of 2024-03-01 | cmp - scores.ndjson && echo "scores"
    wanliu -q --threads 3 train --model $model >page.txt && echo "again"
done
set -- models/churn/*/
for ((v = 1; v < 8; v += 2)); do
    cmp "models/churn/$v/model.wlm" "models/churn/$((v + 1))/model.wlm" && echo "version $v is version $((v + 1))"
done
echo "== explained: base and contribution are the margin, nothing is left over"
wanliu -q explain scores.ndjson |
    sed -E 's/.*"margin":([-0-9.e]+),"base":([-0-9.e]+),"rest":([-0-9.e]+).*"contribution":([-0-9.e]+).*/\1 \2 \3 \4/' |
    awk '{ d = $1 - $2 - $4; if (d > 1e-9 || d < -1e-9 || $3 != 0) bad++ } END { print NR " customers, " bad + 0 " off" }'
head -1 scores.ndjson | wanliu -q explain | grep -o '"feature":"sequence_churn"\|"en":"[^:"]*'
echo "== the report"
wanliu -q report && grep -c 'id="chart-epochs-t"' reports/report.html
echo "== with boosted trees"
wanliu -q train --sequence cnn --json >figures.ndjson
grep -o '"model":"\(no_sequence\|sequence_only\)","metric":"auc_gain_of_model"' figures.ndjson
grep -o 'what the order of events adds: AUC' figures.ndjson
wanliu -q score --as-of 2024-03-01 | grep -c '"p_churn"'
run "no such model" wanliu train --model lstmm
run "no such model of sequences" wanliu evaluate --sequence rule
sed -i 's/baselines: .*/baselines: [{name: other, algorithm: gru}]/' wanliu.yaml
run "two models of sequences" wanliu train --model lstm
run "a model of sequences that only a baseline wants" wanliu -q evaluate --json | grep -o '"model":"other","metric":"auc"\|^exit.*'
sed -i 's/hidden: 16/hidden: 16, events: 0/' wanliu.yaml
run "no events" wanliu train
