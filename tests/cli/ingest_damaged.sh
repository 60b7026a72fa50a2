# Goal:   a file that is not what it should be stops with one clear line and the right exit code, and a
#         row that is not what it should be costs that row only.
# Method: damaged containers (gzip, binary, empty, header only), then damaged rows, one kind at a time.
cat >wanliu.yaml <<'YAML'
version: 1
name: shop
sources:
  - {name: log, kind: events, format: csv, user: user, time: time, event: event, value: value}
YAML
run() {
    echo "== $1"
    shift
    "$@" 2>&1
    echo "exit $?"
}
# (rows) good ones, so that one bad row among them stays under the share of 1 %
rows() {
    echo "user,time,event,value"
    for ((i = 0; i < $1; i++)); do
        printf 'u%03d,2024-01-%02d 10:%02d:00,Order,%d.50\n' "$((i % 40))" "$((i % 28 + 1))" "$((i % 60))" "$i"
    done
}
one() { # NAME ROW: the bad row stands on line 202
    rm -rf rejects.jsonl wanliu.db*
    rows 200 >one.csv
    printf '%b\n' "$2" >>one.csv
    run "$1" wanliu -q ingest one.csv
    [ ! -f rejects.jsonl ] || cat rejects.jsonl
}
rows 200 >good.csv
gzip -n -k good.csv
head -c 900 good.csv.gz >cut.csv.gz
{ head -c 400 good.csv.gz; printf 'XXXXXXXXXXXXXXXXXXXXXXXXXXXXXX'; tail -c +431 good.csv.gz; } >bent.csv.gz
: >empty.csv
head -1 good.csv >header.csv
printf 'MZ\0\001\002\003\377\376\0\n\0\0\0\n' >binary.csv
printf 'user,time,Event,value\nann,2024-01-01,Order,1\n' >column.csv
run "gzip" wanliu ingest good.csv.gz
run "the same as plain text" wanliu ingest good.csv
run "truncated gzip" wanliu ingest cut.csv.gz
run "corrupted gzip" wanliu ingest bent.csv.gz
run "empty" wanliu ingest empty.csv
run "header only" wanliu ingest header.csv
run "binary" wanliu ingest binary.csv
run "missing column" wanliu ingest column.csv
run "no such file" wanliu ingest nowhere/good.csv
run "a folder" wanliu ingest .
run "unknown source" wanliu ingest --source lgo good.csv
run "unknown option" wanliu ingest --sauce log good.csv
run "no file" wanliu ingest
one "no such day" 'eve,2024-02-30,Order,1'
one "no such month" 'eve,2024-13-01,Order,1'
one "no time" 'eve,,Order,1'
one "words for a time" 'eve,yesterday,Order,1'
one "year 0" 'eve,0000-01-01,Order,1'
one "NaN" 'eve,2024-01-01,Order,NaN'
one "infinity" 'eve,2024-01-01,Order,-inf'
one "huge" 'eve,2024-01-01,Order,1e300'
one "words for a number" 'eve,2024-01-01,Order,my secret'
one "no user" ',2024-01-01,Order,1'
one "no event" 'eve,2024-01-01,,1'
one "too few cells" 'eve,2024-01-01'
one "too many cells" 'eve,2024-01-01,Order,1,2'
one "open quote" '"eve,2024-01-01,Order,1'
one "not UTF-8" 'ev\0377e,2024-01-01,Order,1'
one "NUL byte" 'e\0000ve,2024-01-01,Order,1'
