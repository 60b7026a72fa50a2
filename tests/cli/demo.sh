# Goal:   wanliu demo walks the whole journey and leaves what it names; nothing in it needs excuses; a
#         folder of somebody's own is refused untouched.
# Method: 4500 customers, about the fewest of whom enough leave to be judged; then a folder with a file.
wanliu demo --users 4500 -C shown 2>said.txt
echo "exit $?"
grep -c '^\$ wanliu' said.txt
grep -E 'in the future|^wanliu: ' said.txt
for file in evaluation.txt scores.jsonl reasons.jsonl messages.jsonl reports/report.html; do
    [ -s "shown/$file" ] || echo "no $file"
done
mkdir own && echo mine >own/wanliu.yaml
wanliu demo --users 4500 -C own
echo "exit $?, and still $(cat own/wanliu.yaml)"
