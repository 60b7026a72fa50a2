# text normalize: the text as it is compared; as JSON language, sentences and terms with their places
# in the raw line; a dictionary that is asked for must be there. English needs none.
printf 'ＶＩＰ　会员\342\200\213费…\n\nDon’t PAY 1,299.50!  Mail a@b.cn :)\r\n\377x\n' >in.txt
wanliu text normalize in.txt
printf 'Don’t PAY 1,299.50!  Mail a@b.cn :)\n' | wanliu --quiet --json text normalize
wanliu text normalize --json --dict nowhere.wldict in.txt
echo "exit $?"
