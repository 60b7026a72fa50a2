# Goal:   no text, however broken, crashes or hangs a text command: it ends with a result or with one
#         clear line.
# Method: every "text" command of the overview on every hostile file, plain and as JSON, from a file and
#         from standard input, with a model trained on good texts where one is needed. Exit 0 to 4,
#         words on stderr that start with "wanliu:", JSON that parses. Nothing is printed here then.
python3 - <<'PYTHON'
import random
rng = random.Random(42)
def put(name, data):
    open(name, "wb").write(data)
put("empty", b"")
put("newlines", b"\n\r\n\n\r")
put("crlf", "好评\r\nbad service\r\n\r\n".encode())
put("nul", b"a\0b \0\0\n\0\n")
put("random", rng.randbytes(20000))
put("lines", b"\n".join(rng.randbytes(60) for _ in range(300)))
put("surrogates", b"a\xed\xa0\x80b\xed\xb0\x80\n\xed\xa0\xbd\xed\xb8\x80\n")
put("overlong", b"\xc0\xaf\xe0\x80\xaf\xf0\x80\x80\xaf\xf8\x88\x80\x80\x80\xfe\xff\n")
put("cut", "会员太贵".encode()[:-1] + b"\n\xf0\x9f\x98\n")
put("four", "😀👍🏽👨‍👩‍👧𠀀𠀁🇨🇳\U0010ffff\n".encode() * 50)
put("bidi", "\u202eabc\u202c \u2066x\u2069 \u200f退款\u200b\u00ad\ufeff\n".encode() * 50)
put("marks", ("e" + "\u0301\u0323" * 50000 + "\n").encode())
put("quotes", b'text,label\n"never closed,1\n"a""b",2\n' + b'"' * 999 + b"\n")
put("json", b'{"text":"\\ud800","label":"a"}\n{"text":5}\n{\n[[[[\n{"text":"x","label":null}\n')
put("big", ("会员太贵, cancel now! 13812345678 " * 250000).encode()[:10000000])
put("words", b"a " * 500000)
put("digits", b"1" * 1000000)
put("ats", b"@a.b" * 250000)
rows = ["text,label"] + ["会员费太贵了 %d,price" % i for i in range(30)]
rows += ["the app crashes %d,bug" % i for i in range(30)]
put("good.csv", "\n".join(rows).encode() + b"\n")
PYTHON
wanliu --quiet text train --quick --name good good.csv >train.txt 2>&1 || cat train.txt
check() { # what, exit code
    if [ "$2" -gt 4 ]; then
        echo "$1: exit $2"
    elif [ "$2" -ne 0 ] && ! grep -q '^wanliu: ' err; then
        echo "$1: exit $2 without a word"
    fi
    [ "$(wc -l <err)" -le 5 ] || echo "$1: $(wc -l <err) lines of words"
}
files="empty newlines crlf nul random lines surrogates overlong cut four bidi marks quotes json words
    digits ats big"
wanliu --help | sed -n 's/^  text \([a-z]\+\)  .*/\1/p' >commands.txt
[ "$(wc -l <commands.txt)" -ge 4 ] || echo "the overview lists too few text commands"
while read -r name; do
    model=""
    options=""
    case $name in
    classify | evaluate) model=good ;;
    train) options="--quick --no-model" ;;
    esac
    for file in $files; do
        # shellcheck disable=SC2086
        timeout 60 wanliu -q text "$name" $options $model "$file" >out 2>err
        check "$name $file" $?
        [ "$file" != big ] || continue
        # shellcheck disable=SC2086
        timeout 60 wanliu -q --json text "$name" $options $model - <"$file" >out 2>err
        check "$name --json <$file" $?
        sed "s/^/$name $file /" out >>all.json
    done
done <commands.txt
python3 - <<'PYTHON'
import json
for line in open("all.json", encoding="utf-8"):
    command, file, text = line.split(" ", 2)
    try:
        json.loads(text)
    except ValueError as error:
        print(command, file, error)
PYTHON
