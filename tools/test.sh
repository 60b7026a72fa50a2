#!/bin/bash
# test.sh PRESET [word: [ctest option...]] - run the tests of a build; shows only what failed or was
# skipped, and closes with one line "N passed, N failed[, N skipped]", the word in front when one is
# given.
set -u
preset=$1
word=${2:-}
shift $(($# > 1 ? 2 : 1))
log=build/$preset.tests
ctest --preset "$preset" --output-on-failure --no-tests=error "$@" >"$log" 2>&1
code=$?
# One line for each test, "3/9 Test #3: unit/test_x ....   Passed"; what neither passed nor was
# skipped has failed.
total=$(grep -cE '^ *[0-9]+/[0-9]+ Test +#' "$log")
passed=$(grep -cE '^ *[0-9]+/[0-9]+ Test +#.* Passed ' "$log")
skipped=$(grep -cE '^ *[0-9]+/[0-9]+ Test +#.*\*\*\*Skipped' "$log")
failed=$((total - passed - skipped))
if [ "$code" -ne 0 ] || [ "$failed" -ne 0 ]; then
    grep -vE ' Passed |^ *Start |^Test project|sec\*proc|^$' "$log" | head -n 100 >&2
    [ "$failed" -ne 0 ] || failed=1 # ctest itself failed
fi
# A test that is skipped says why in its own output.
awk '/ Test: / { name = $NF } /^skipped: / { print name " " $0 }' \
    "build/$preset/Testing/Temporary/LastTest.log" >&2
[ "$skipped" -eq 0 ] && more="" || more=", $skipped skipped"
echo "${word:+$word }$passed passed, $failed failed$more"
[ "$failed" -eq 0 ]
