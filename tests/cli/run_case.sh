#!/usr/bin/env bash
# Run one command-line case: NAME.sh in an empty folder, then compare with NAME.stdout, NAME.stderr and
# NAME.exit beside it. A missing .stdout or .stderr means that nothing may be printed there.
#   usage: run_case.sh WANLIU CASE.sh        UPDATE=1 writes what was seen instead of comparing.
set -u
wanliu=$(realpath "$1")
script=$(realpath "$2")
base=${script%.sh}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C.UTF-8 PATH="$(dirname "$wanliu"):$PATH" CASES="$(dirname "$script")"
unset LANG LC_MESSAGES
# Threads of small networks wait for each other by spinning: cases run side by side, one thread each.
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"
mkdir "$work/run"
(cd "$work/run" && bash "$script" >"$work/stdout" 2>"$work/stderr" </dev/null)
echo $? >"$work/exit"
if [ "${UPDATE:-}" = 1 ]; then
    for kind in stdout stderr exit; do
        rm -f "$base.$kind"
        [ ! -s "$work/$kind" ] || cp "$work/$kind" "$base.$kind"
    done
    exit 0
fi
failed=0
for kind in stdout stderr exit; do
    want=$base.$kind
    [ -f "$want" ] || want=/dev/null
    if ! diff -u "$want" "$work/$kind" >"$work/diff"; then
        echo "$(basename "$base"): $kind differs from what is expected:"
        head -40 "$work/diff"
        failed=1
    fi
done
exit $failed
