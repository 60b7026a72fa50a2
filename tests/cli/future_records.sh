# Goal:   one record with a wrong date in the future does not move the moment that scores speak of.
# Method: a shop; then one event of 2099 more; scores and report without --as-of, before, at and after it.
. "$CASES/tiny_shop.bash"
shop_config >wanliu.yaml
shop_events >log.csv
printf 'user,time,event,value\nu001,2099-06-01,Order Completed,1\n' >future.csv
wanliu -q ingest --source log log.csv
score() { # NAME ARGUMENTS...: the date of the first score, and what was said first
    echo "== $1"
    shift
    wanliu --now 2024-05-01 "$@" score --no-values >scores.txt 2>said.txt
    head -1 scores.txt | grep -o '"as_of":"[^"]*"'
    head -1 said.txt
}
score "all is past" --lang en
wanliu -q ingest --source log future.csv
score "one event of 2099" --lang en
score "in Chinese" --lang zh
echo "== the day after it"
wanliu -q --now 2099-06-02 score --no-values >scores.txt
head -1 scores.txt | grep -o '"as_of":"[^"]*"'
echo "== asked for"
wanliu --now 2024-05-01 score --as-of 2024-04-09 --no-values 2>&1 >/dev/null
echo "== report"
wanliu --now 2024-05-01 report --out page.html 2>&1
