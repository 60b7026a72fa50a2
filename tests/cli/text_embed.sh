# text embed: a vector per text, as numbers, JSON or a file of NumPy; refusals. The last digits of a
# vector depend on the processor, so two are shown.
cp -r "$CASES"/../golden/nn/bert_folder/* .
two() { awk '{for (i = 1; i <= NF; i++) printf "%.2f%s", $i, i < NF ? " " : "\n"}'; }
printf 'I want to leave!\n\n退款, 不想了\n' >in.txt
wanliu text embed --base classes in.txt | two
wanliu text embed --base classes --pool cls in.txt | two
wanliu text embed --base classes --pool pooled --raw --number bf16 in.txt | wc -w
wanliu text embed --json --base encoder in.txt | sed 's/[0-9]*\.[0-9]*/N/g'
printf 'id,note\n1,good\n2,"bad, price"\n' >in.csv
wanliu text embed --base old --text note -o out.npy in.csv
head -c 70 out.npy | tail -c 60; echo; wc -c <out.npy
wanliu --quiet text embed --base old --text note -o out.f32 in.csv
tail -c 64 out.npy | cmp - out.f32 && echo same
for arguments in "" "--base nowhere" "--base old --pool max" "--base old --number f16" \
    "--base old --max-tokens 1"; do
    wanliu text embed $arguments in.txt
    echo "exit $?"
done
