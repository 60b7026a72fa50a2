#!/bin/bash
# check.sh PART... - run parts of the full check, each closing with one line, then the total.
#   dev asan tsan  build with that preset and run all tests
#   fuzz           search with each fuzz target for a few seconds (clang)
#   tidy           layers and style (tools/tidy.py), then clang-tidy and clang's warnings
#   format         clang-format finds nothing to change
set -u
passed=0 failed=0 skipped=0

count() { # count "word: 3 passed, 1 failed, 2 skipped"
    echo "$1"
    set -- $(echo "$1" | tr -cd '0-9 ')
    passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + ${3:-0}))
}

judge() { # judge WORD COMMAND... - one check that either passes or fails
    local word=$1
    shift
    if "$@"; then count "$word: 1 passed, 0 failed"; else count "$word: 0 passed, 1 failed"; fi
}

tests_of() { # tests_of PRESET TARGET [ctest option...]
    local preset=$1 target=$2
    shift 2
    if tools/build.sh "$preset" $target; then
        count "$(tools/test.sh "$preset" "$preset:" "$@")"
    else
        count "$preset: 0 passed, 1 failed"
    fi
}

for part in "$@"; do
    case $part in
    dev | asan | tsan) tests_of "$part" all ;;
    fuzz) tests_of fuzz fuzz/all -L fuzz ;;
    tidy)
        judge layers /usr/bin/env python3 tools/tidy.py
        judge tidy tools/build.sh tidy
        ;;
    format) judge format clang-format-14 --dry-run -Werror $(find bench fuzz include src tests -name '*.[ch]') ;;
    *) echo "check: no part called $part" >&2; exit 2 ;;
    esac
done
echo "$passed passed, $failed failed$([ "$skipped" -eq 0 ] || echo ", $skipped skipped")"
[ "$failed" -eq 0 ]
