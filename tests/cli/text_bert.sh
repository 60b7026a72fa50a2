# Goal:   a BERT folder is fine-tuned, judged beside the linear classifier, kept, and used by every
#         command that uses text models; it is written as a folder that learns again; what does not fit
#         is refused in one line.
# Method: an encoder of 8 channels from tests/golden and made texts of three kinds that its few words
#         tell apart; the run log and MLflow's folder are looked at; then one mistake at a time.
base=$CASES/../golden/nn/bert_folder/encoder
run() {
    echo "== $1"
    shift
    "$@" 2>&1
    echo "exit $?"
}
awk 'BEGIN {
    split("good bad price", key); split("happy leaves asks", label); split("i want to stay not leave", filler)
    print "body,mood"
    for (i = 0; i < 360; i++) {
        s = (s * 16807 + 42) % 2147483647; k = int(s / 1000) % 3 + 1
        text = ""
        for (w = 0; w < 4; w++) { s = (s * 16807 + 42) % 2147483647; text = text filler[int(s / 1000) % 6 + 1] " " }
        print text key[k] "," label[k]
    }
}' >texts.csv
learn() {
    wanliu -q --threads 1 text train texts.csv --text body --label mood --quick --model bert --base "$base" \
        --preset minilm --lr 1e-2 --epochs 30 --batch 16 "$@"
}
run "learns" learn --name mood --positive leaves --json --want accuracy=0.9 --run-log log.ndjson --mlflow runs |
    grep -o '"model":"[a-z_]*","metric":"\(accuracy\|accuracy_gain_of_model\)"\|^exit.*'
grep -c '^{"update":' log.ndjson
grep -c '^{"epoch":' log.ndjson
cat runs/*/*/params/batch && echo
ls runs/*/*/metrics | tr '\n' ' ' && echo
cut -d' ' -f3 runs/*/*/metrics/valid_loss | tail -1
ls models/mood/1
echo "== in words"
learn --no-model --epochs 1 | grep -E '^(linear|accuracy over linear)' | sed 's/0\.[0-9]*/N/g'
wanliu -q --lang zh --threads 1 text train texts.csv --text body --label mood --quick --base "$base" --epochs 1 --no-model |
    grep -c '相比线性分类器'
echo "== classify, by one thread and by two, and after the folder was written and read"
printf 'i want to leave bad\nstay good\nprice\nqqq\n' >new.txt
wanliu -q text classify mood new.txt | cut -f1 | sed -n 1p # of the others rounding decides
wanliu -q --threads 1 --json text classify mood new.txt >one
wanliu -q --threads 2 --json text classify mood new.txt | cmp one - && echo same
wanliu -q text evaluate mood texts.csv --text body --label mood --json | grep -c '"metric":"accuracy"'
wanliu -q --json score --text "want to leave bad" --text-model mood | grep -c '"tier":"[a-z_]*"'
run "why" wanliu -q text classify mood new.txt --why
wanliu -q text export mood -o folder && ls folder
run "export onto something" wanliu -q text export mood -o folder
run "a folder of ours learns" wanliu -q text train texts.csv --text body --label mood --quick --base folder \
    --preset minilm --lr 1e-2 --epochs 30 --no-model --json --want accuracy=0.9 | tail -1
echo "== several labels"
awk -F, 'NR > 1 {printf "{\"body\":\"%s\",\"mood\":[\"%s\"]}\n", $1, $2}' texts.csv >texts.ndjson
wanliu -q text train texts.ndjson --text body --label mood --quick --base "$base" --preset minilm --lr 1e-2 \
    --epochs 20 --batch 16 --no-model --json | grep -c '"metric":"accuracy"'
echo "== resume"
learn --name whole >/dev/null
learn --name first --checkpoint broken.wlck >/dev/null
learn --name again --checkpoint broken.wlck --resume >/dev/null
cmp models/whole/1/text.wlt models/again/1/text.wlt && echo same
run "resume with another rate" learn --lr 1e-3 --checkpoint broken.wlck --resume
run "resume from nothing" learn --resume
echo "== no base: a network of its own"
wanliu --threads 1 text train texts.csv --text body --label mood --quick --model bert --epochs 1 --no-model \
    2>&1 >/dev/null | grep -o 'a small network starts from nothing'
run "no such base" wanliu text train texts.csv --text body --label mood --quick --base nowhere
run "no such model" wanliu text train texts.csv --model gpt
run "no such preset" learn --preset large
run "rate without a network" wanliu text train texts.csv --lr 1e-3
run "warm-up of nothing" learn --warmup soon
run "export of a linear one" sh -c "wanliu -q text train texts.csv --text body --label mood --quick --name plain >/dev/null && wanliu text export plain -o x"
run "export without a place" wanliu text export mood
