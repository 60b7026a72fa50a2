# text mask: quotes in the text's language, tokens for programs, places as JSON.
printf '我的电话是１３８１２３４５６７８，ＶＩＰ费299元\n\nMail me: a.b@example.com, it cost $20\r\n' >in.txt
wanliu text mask in.txt
wanliu --lang zh text mask --tokens in.txt
wanliu --quiet --json text mask <in.txt
wanliu text mask nowhere.txt
echo "exit $?"
# A table is read by its column, whatever the command.
printf 'id,said\n1,"13812345678, please"\n2,\n' >in.csv
wanliu text mask in.csv --text said
wanliu text mask in.csv --text sad
echo "exit $?"
