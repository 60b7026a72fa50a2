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
# GPT-2: what script train writes is what merging its adapters gives.
wanliu -q script corpus --language en | head -60 >scripts.txt
wanliu -q script train --new --vocab-size 300 --shape 1x16x2 --epochs 1 --threads 1 --out gpt scripts.txt >/dev/null
script() { wanliu script train --base gpt --epochs 1 --threads 1 "$@" scripts.txt 2>&1 | grep -E "LoRA|adapters saved|wanliu:"; }
run "scripts" script --lora r=4 --targets c_attn,o_proj --adapter-out gpt-ad --out writer
run "merge a GPT-2" wanliu lora merge --base gpt --adapter gpt-ad -o gpt-merged
cmp gpt-merged/model.safetensors writer/model.safetensors && echo "the same weights"
run "export what was trained" wanliu lora export gpt-ad --architecture gpt2 --out trained.gguf
run "no such layer of GPT-2" script --lora r=4 --targets query --out no
run "a tied head cannot be kept apart" script --lora r=4 --unfreeze embeddings --adapter-out no --out no2
run "adapters of a new model" wanliu script train --new --lora r=4 --out no scripts.txt
[ ! -e no ] && [ ! -e ad.gguf ]
