# Goal:   parser, help, man page and completion speak of the same commands and options.
# Method: every command named in the overview answers --help with exit 0 in both languages, prints an
#         example, and every option of that help is in the man page and in both completions.
wanliu man >man.txt || exit 1
wanliu completion bash >bash.txt && bash -n bash.txt || exit 1
wanliu completion fish >fish.txt || exit 1
wanliu completion zsh >/dev/null || exit 1
wanliu completion tcsh 2>/dev/null && echo "tcsh is not offered"
wanliu --help | sed -n 's/^  \([a-z]\+\( [a-z]\+\)\?\)  .*/\1/p' >names.txt
[ "$(wc -l <names.txt)" -ge 3 ] || echo "the overview lists too few commands"
while read -r name; do
    # shellcheck disable=SC2086
    wanliu $name --help >help.txt || echo "$name: --help failed"
    # shellcheck disable=SC2086
    wanliu --lang zh $name --help | grep -q '例子' || echo "$name: no Chinese help"
    grep -q '^example:' help.txt || echo "$name: no example"
    grep -q "^  .*wanliu " help.txt || echo "$name: the example does not call wanliu"
    grep -qF "SS wanliu $name" man.txt || echo "$name: not in the man page"
    sed -n 's/^  .*--\([a-z-]\+\).*/\1/p' help.txt | while read -r option; do
        roff=${option//-/\\\\-}
        grep -qF -- "\\-\\-${roff//\\\\/\\}" man.txt || echo "$name --$option: not in the man page"
        grep -qF -- "--$option" bash.txt || echo "$name --$option: not completed in bash"
        grep -qF -- "-l $option" fish.txt || echo "$name --$option: not completed in fish"
    done
done <names.txt
