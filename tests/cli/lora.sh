# Goal:   adapters are trained in place of a model, saved for PEFT, looked at, merged into their base and
#         refused as GGUF when a head was trained with them; mistakes are one line with the right code.
# Method: a BERT of two layers (tests/golden/nn/bert_folder/encoder) on made texts of two intents.
base=$CASES/../golden/nn/bert_folder/encoder
run() {
    echo "== $1"
    shift
    "$@" 2>&1 | sed "s|$CASES|CASES|g"
    echo "exit ${PIPESTATUS[0]}"
}
awk 'BEGIN {
    print "body,intent"
    for (i = 0; i < 120; i++) {
        printf "%s %d,%s\n", i % 2 ? "please refund my order" : "how do i change the plan", i, i % 2
    }
}' >texts.csv
train() {
    wanliu text train texts.csv --text body --label intent --base "$base" --epochs 1 --batch 16 --no-model --quick \
        --threads 1 "$@"
}
adapters() { train "$@" 2>&1 | grep -E "LoRA|adapters saved"; }
run "train" adapters --lora r=2,alpha=4,dropout=0.05 --targets query,v_proj --unfreeze head --adapter-out ad
run "embeddings learn, too" adapters --lora r=2,rslora --unfreeze embeddings
run "info" wanliu lora info ad
run "info for a program" wanliu lora info ad --json
run "merge" wanliu lora merge --base "$base" --adapter ad -o merged
run "what a merged folder holds" ls merged
run "merged already" wanliu lora merge --base "$base" --adapter ad -o merged
run "a head has no place in GGUF" wanliu lora export ad --architecture gpt2 --out ad.gguf
run "GGUF of a GPT-2 adapter" wanliu lora export "$CASES/../golden/nn/peft_gpt" --architecture gpt2 --out gpt.gguf
run "an adapter of another model" wanliu lora merge --base "$base" --adapter "$CASES/../golden/nn/peft_gpt" -o no
run "no such layer" train --lora default --targets c_attn
run "no such part" train --lora default --unfreeze wte
run "no such setting" train --lora rank=4
run "targets alone" train --targets query
run "adapters of a linear model" wanliu text train texts.csv --text body --label intent --lora default
run "merge without a base" wanliu lora merge --adapter ad -o no
[ ! -e no ] && [ ! -e ad.gguf ]
