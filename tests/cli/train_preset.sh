# Goal:   the LSTM preset on a table, as a person would type it: figures with intervals, a line for
#         each epoch, eight steps of one number; and what is refused.
# Method: 2,400 made-up customers, two yes/no columns and four numbers; leaving follows them. Numbers
#         of the training itself differ between processors, so only their form is compared.
awk 'function r() { s = s * 16807 % 2147483647; return s / 2147483647 }
BEGIN {
    s = 7
    print "user_id,active,monthly,age,logins,spend,tickets,churn"
    for (i = 1; i <= 2400; i++) {
        active = r() < 0.6; monthly = r() < 0.5; logins = int(r() * 60)
        x = -0.4 - 1.5 * active + 0.9 * monthly + (30 - logins) / 15 + r() * 2 - 1
        printf "u%d,%s,%s,%d,%d,%.2f,%d,%d\n", i, active ? "yes" : "no", monthly ? "yes" : "no",
            18 + int(r() * 50), logins, r() * 900, int(r() * 5), r() < 1 / (1 + exp(-x))
    }
}' >user_data.csv
echo "== figures"
wanliu --threads 1 train --preset lstm user_data.csv --json --run-log epochs.ndjson >one.json 2>said
cat said
grep -c '"metric"' one.json
grep -o '"metric":"\(auc\|precision\|recall\|f1\)",' one.json | sort -u
grep -o '"model":"lstm","metric":"auc","value":0\.' one.json
echo "== epochs"
wc -l <epochs.ndjson
head -10 one.json | cmp - epochs.ndjson && echo same
sed -n 10p epochs.ndjson | sed -E 's/[0-9]\.[0-9]+/N/g'
echo "== any number of threads"
wanliu --threads 3 -q train --preset lstm user_data.csv --json | cmp - one.json && echo same
echo "== gru, cnn"
wanliu -q train --preset gru user_data.csv --json | grep -o '"model":"gru","metric":"auc","value":0\.'
wanliu -q train --preset cnn user_data.csv --json | grep -o '"model":"cnn","metric":"auc","value":0\.'
echo "== refused"
refused() { wanliu -q "$@" 2>&1 >/dev/null; echo "exit $?"; }
refused train --preset bert user_data.csv
refused train --preset lstm
refused train user_data.csv
refused train --preset lstm user_data.csv --label left
sed 's/churn/gone/' user_data.csv >unnamed.csv
refused train --preset lstm unnamed.csv
head -200 user_data.csv >few.csv
refused train --preset lstm few.csv
printf 'a,churn\n1,maybe\n' >odd.csv
refused train --preset lstm odd.csv
printf 'a,churn\n1\n' >short.csv
refused train --preset lstm short.csv
printf 'churn\n1\n' >alone.csv
refused train --preset lstm alone.csv
