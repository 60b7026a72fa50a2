# Goal:   a command that only reads leaves a workspace without records as it was, and says what to run.
# Method: every such command in a workspace with nothing but its configuration; then a look at the folder.
. "$CASES/tiny_shop.bash"
shop_config >wanliu.yaml
run "score" wanliu score
run "explain" wanliu explain </dev/null
run "report" wanliu report
run "label" wanliu label
run "features build" wanliu features build
run "features get" wanliu features get --user u001
run "features diff" wanliu features diff
run "train" wanliu train
run "features list needs none" wanliu -q features list | tail -1
run "config check needs none" wanliu config check
run "template lint needs none" wanliu template lint
run "template render of nothing" wanliu template render </dev/null
run "model list" wanliu model list
echo "== what is there"
ls
