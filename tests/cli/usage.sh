# Goal:   wrong usage gives one clear line on stderr, nothing on stdout, and exit 2.
for words in "chek" "config" "config chekc" "help --jsn" "help --seed" "help --seed x" \
    "config check extra" "help --threads 0" "help --lang fr" "help --json=1" "-x" "help nonsense"; do
    # shellcheck disable=SC2086
    wanliu $words
    echo "exit $?"
done
wanliu config check
echo "exit $?"
wanliu config --help
