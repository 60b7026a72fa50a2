# Goal:   text train finds what is planted, keeps a version, says when nothing was learned, and refuses
#         bad files in one line with the right exit code.
# Method: a made file of three intents, in CSV and NDJSON; then the same with labels that have nothing
#         to do with the texts; then one mistake at a time.
run() {
    echo "== $1"
    shift
    "$@" 2>&1
    echo "exit $?"
}
# texts of three intents, each with a number of its own; $1 = 1 shuffles the labels
planted() {
    awk -v shuffled="$1" 'BEGIN {
        split("please refund my order|i want my money back|return the payment for", a, "|")
        split("how do i change the plan|where can i see my bill|how can i set the limit", b, "|")
        split("love this show|great service thank you|you are wonderful", c, "|")
        print "body,intent"
        for (i = 0; i < 240; i++) {
            k = i % 10 < 5 ? 0 : i % 10 < 8 ? 1 : 2
            text = k == 0 ? a[i % 3 + 1] : k == 1 ? b[i % 3 + 1] : c[i % 3 + 1]
            s = (s * 16807 + 42) % 2147483647
            m = int(s / 1000) % 10
            k = shuffled ? (m < 5 ? 0 : m < 8 ? 1 : 2) : k
            printf "%s %d x%d,%s\n", text, i, i * i % 97, k == 0 ? "refund" : k == 1 ? "how-to" : "praise"
        }
    }'
}
figures() {
    grep -E '"metric":"(accuracy|majority_accuracy|accuracy_gain_of_model)"' |
        sed -E 's/("(value|low|high)":-?[0-9]\.[0-9])[0-9]*/\1/g'
}
planted 0 >good.csv
planted 1 >shuffled.csv
run "planted" wanliu -q text train good.csv --text body --label intent --name intent --quick --json \
    --set planted --want accuracy=0.95 | figures
ls models/intent models/intent/1
grep -o '"alias":"champion","from":0,"to":1' models/intent/history.ndjson
awk -F, 'NR > 1 {printf "{\"body\":\"%s\",\"intent\":[\"%s\"]}\n", $1, $2}' good.csv >good.ndjson
run "several labels, from NDJSON" wanliu -q text train good.ndjson --text body --label intent --quick \
    --no-model --json --set many | figures | head -1
echo "== labels that have nothing to do with the texts"
wanliu -q text train shuffled.csv --text body --label intent --quick --no-model --set shuffled >report.txt
grep -E '^(accuracy over majority|macro F1 over majority)' report.txt | sed 's/: .*),/: ... ),/'
wanliu --lang zh -q text train shuffled.csv --text body --label intent --quick --no-model |
    grep -c '区间包含 0，不能说明模型更好'
run "not good enough" wanliu -q text train shuffled.csv --text body --label intent --quick --no-model \
    --want accuracy=0.9 --json | tail -2 | sed 's/is 0\.[0-9]*/is N/'
run "by groups of the intent" wanliu -q text train good.csv --text body --label intent --group intent \
    --quick --no-model | tail -2
run "no such column" wanliu text train good.csv --text body --label intnet
run "no such file" wanliu text train nowhere.csv
run "no file" wanliu text train
printf 'text,label\none,a\ntwo,a\nthree,a\n' >one.csv
run "one label only" wanliu text train one.csv
printf 'text,label\n,a\n  ,b\n' >empty.csv
run "empty texts" wanliu text train empty.csv
printf 'text,label\none thing,a\ntwo things,a\nother stuff,b\nmore stuff,b\n' >tiny.csv
run "two texts a label" wanliu text train tiny.csv
run "no such none" wanliu text train good.csv --text body --label intent --none oos
run "holdout of everything" wanliu text train good.csv --holdout 100%
run "a figure that is none" wanliu text train good.csv --want acuracy=1
run "for a figure that is none" wanliu text train good.csv --for f1
run "a balance that is none" wanliu text train good.csv --text body --label intent --parameters balance=2
echo "== for macro F1"
wanliu -q text train good.csv --text body --label intent --for macro_f1 --quick --no-model | grep -E '^(chosen|parameters)'
wanliu -q --lang zh text train good.csv --text body --label intent --quick --no-model | grep -E '^优化目标'
run "a name that is none" wanliu -q text train good.csv --text body --label intent --quick --name "a/b" | tail -2
echo "== classify"
printf 'text,id\nwhere is my bill,1\nrefund my money,2\n,3\n' >new.csv
digits() {
    sed -E 's/([01]\.[0-9])[0-9]*/\1/g'
}
printf 'i want a refund please\n\nlove it thank you\n' | wanliu text classify intent | digits | cut -f 1
run "classify, CSV for machines" wanliu text classify intent new.csv --text text --json |
    sed -E 's/,"(p|p_second)":[0-9.e-]+//g; s/"second":"[a-z-]*",//'
printf 'well i want my money back now\n' >back.txt
run "classify with the words that spoke for it" wanliu -q text classify intent back.txt --why | cut -f 1,6
run "evaluate on the same texts" wanliu -q text evaluate intent good.csv --text body --label intent --json \
    --set again | figures | head -2
printf 'text,label\nrefund me,refund\nhello,greet\nlove it,praise\n' >other.csv
run "labels the model does not know" wanliu text evaluate intent other.csv --json | grep -v metric
run "a name nearly right" wanliu text classify intnt new.csv
run "no name" wanliu text classify
run "text score without a model" wanliu score --text "bye"
run "text score by a model of something else" wanliu score --text "bye" --text-model intent
wanliu -q text train good.csv --text body --label intent --quick --name text_churn --positive refund >report.txt
run "text score" wanliu score --text "please refund my money" | sed -E 's/0\.9[0-9]*|[0-9.]+ %/N/'
run "a churn model is no text model" wanliu -q text train good.csv --text body --label intent --quick \
    --name text_churn --positive bye
printf 'version: 1\nname: x\nlanguage: en\n' >wanliu.yaml
run "both kinds of models are listed" wanliu --now 2025-01-01 model list | cut -c 1-56
