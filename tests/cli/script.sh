# Goal:   script corpus, train, generate and tokens work together: a model learns a few lines and writes
#         them again, keeps slots and templates, is linted with exit 3, and says what it refuses.
# Method: the library's corpus counted; five made lines learnt by heart by a tiny model (numbers that
#         depend on the machine are masked); then one mistake at a time.
run() {
    echo "== $1"
    shift
    "$@" 2>&1
    echo "exit $?"
}
masked() {
    sed -E 's/[0-9]+\.[0-9]+/N/g'
}
run "corpus" wanliu script corpus --out all.txt --held-out held.txt
cut -d ' ' -f 1 all.txt held.txt | sort -u | wc -l
grep -c '{{#' all.txt
run "one language and channel" wanliu -q script corpus --language zh --channel sms | head -3
run "no such channel" wanliu script corpus --channel fax
cat >few.txt <<'END'
[price] Hi {{user.name}}, a quieter plan is waiting for you.
[bugs] Sorry {{user.name}}, it is mended now.
[价格敏感] {{user.name}}您好，为您准备了{{offer.name}}。
[故障] {{user.name}}您好，问题已经修好了。
[VIP] Come back today: 50% off, for free.
END
tiny="--new --vocab-size 300 --shape 2x32x4 --positions 96 --epochs 200 --rate 5e-3 --share 0 --precision f32"
# shellcheck disable=SC2086
run "train" wanliu script train $tiny --out writer --log log.ndjson few.txt | masked
ls writer
tail -1 log.ndjson | grep -o '"epoch":200'
run "generate" wanliu script generate --model writer --attributes price
run "generate in Chinese, told in Chinese" wanliu --lang zh script generate --model writer -a 价格敏感
run "for machines" wanliu script generate --model writer -a 故障 --json |
    sed -E 's/"(log_p|score)":-?[0-9.e-]+/"\1":N/g'
run "a promise: the linter says no" wanliu script generate --model writer -a VIP
run "beams" wanliu -q script generate --model writer -a bugs --beams 4 --n-best 2 | head -2
run "drawn, twice the same" true
wanliu -q script generate --model writer -a price --top-p 0.9 --temperature 1.5 --n-best 3 --seed 7 >one.txt 2>&1
OMP_NUM_THREADS=2 wanliu -q --threads 2 script generate --model writer -a price --top-p 0.9 --temperature 1.5 \
    --n-best 3 --seed 7 >two.txt 2>&1
cmp one.txt two.txt && echo same
run "slots that must be there" wanliu -q script generate --model writer -a price \
    --slots '{{user.name}},{{offer.name}}' --json | grep -o '{{[a-z.]*}}' | sort -u
run "a template" wanliu -q script generate --model writer -a price --template 'Hi {{user.name}}, ___ Bye.' --max 60
run "a stop" wanliu -q script generate --model writer -a price --stop 'plan,xyz'
run "an attribute it never saw" wanliu script generate --model writer -a 'lottery winner'
run "a slot that is none" wanliu script generate --model writer -a price --slots name
run "no room for the template" wanliu script generate --model writer -a price --template 'a long fixed text' --max 3
run "two kinds at once" wanliu script generate --model writer -a price --beams 2 --top-k 3
run "no model" wanliu script generate -a price
run "no such model" wanliu script generate --model nowhere -a price
run "no attributes" wanliu script generate --model writer
echo '{' >writer/config.json
run "a damaged folder" wanliu script generate --model writer -a price
# shellcheck disable=SC2086
run "taken" wanliu script train $tiny --out writer few.txt
run "neither new nor base" wanliu script train --out other few.txt
printf '[price] a\n[lottery winner] b\nno brackets\n' >bad.txt
# shellcheck disable=SC2086
run "too many bad lines" wanliu script train $tiny --out other bad.txt
printf 'lottery winner\n' >allow.txt
printf '[lottery winner] b\n' >allowed.txt
run "a list of one's own" wanliu -q script train --new --vocab-size 260 --shape 1x16x2 --positions 32 --epochs 1 \
    --share 0 --allow allow.txt --out other allowed.txt | masked
run "tokens of a model" wanliu script tokens --model other few.txt
run "cut" wanliu -q script tokens --model other --cut 3 few.txt | head -1
run "tokens of what" wanliu script tokens few.txt
