# text pretrain: an encoder of one's own from a vocabulary, then on from that folder; figures differ
# with the processor and are left out. Refusals before anything is trained.
printf '%s\n' '[PAD]' '[UNK]' '[CLS]' '[SEP]' '[MASK]' good bad price to leave stay '##s' 退 款 >vocab.txt
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo "good price, stay $i"; echo "退款 leaves to $i"; done >in.txt
blank() { sed -E 's/[0-9]+(\.[0-9]+)?/N/g'; }
wanliu text pretrain --vocab vocab.txt --epochs 2 --holdout 0.3 --run-log own.ndjson in.txt -o own >out.txt 2>err.txt
echo "exit $?"
blank <err.txt
sed -n 's/ .*//p' out.txt | tr '\n' ' '; echo
ls own own.checkpoint
sed 's/:.*//' own.ndjson | uniq -c | blank
wanliu text pretrain --json --quiet --base own --epochs 1 --number bf16 in.txt -o again | blank
wanliu --quiet text embed --base again in.txt | wc -l
# A vocabulary learnt from the texts: the special pieces, characters by frequency, joined pieces.
wanliu --quiet text pretrain --pieces 40 --epochs 1 in.txt -o learnt >out.txt
tr '\n' ' ' <learnt/vocab.txt; echo
for arguments in "-o new" "--vocab vocab.txt" "--vocab vocab.txt -o own" "--vocab vocab.txt --base own -o new" "--vocab vocab.txt --pieces 50 -o new" \
    "--base own --cased -o new" "--vocab vocab.txt --shape huge -o new" "--vocab in.txt -o new" \
    "--vocab vocab.txt --rate 0 -o new" "--vocab vocab.txt --holdout 0.5 --epochs 0 -o new"; do
    wanliu text pretrain $arguments in.txt
    echo "exit $?"
done
wanliu text pretrain --vocab vocab.txt -o new </dev/null
echo "exit $?"
ls new 2>&1
