# text keywords: contrast of two groups with masked quotes, weights of one, wrong options, no texts.
{
    echo 'id,text,left'
    for i in 1 2 3 4 5 6; do
        echo "$i,The app loads too slow! Call me at 13812345678,yes"
        echo "1$i,Nice app with a fair price,no"
        echo "2$i,Nice app I watch daily,no"
    done
} >in.csv
wanliu text keywords in.csv --label left --value yes --lang en
wanliu text keywords in.csv --method tfidf --top 3 --examples 0 --lang zh
wanliu text keywords in.csv --label left --value yes --json --quiet --top 1
wanliu text keywords in.csv --method textrank --label left --value yes --examples 0 --json --top 2
wanliu text keywords in.csv --label left
echo "exit $?"
wanliu text keywords in.csv --method best
echo "exit $?"
wanliu text keywords in.csv --method contrast
echo "exit $?"
wanliu text keywords in.csv --label left --value maybe
echo "exit $?"
: >empty.txt
wanliu text keywords empty.txt
echo "exit $?"
wanliu text keywords nowhere.txt
echo "exit $?"
wanliu text keywords in.csv --each --top 2 | head -2
wanliu text keywords in.csv --each --method textrank --top 2 --json | head -1
wanliu text keywords in.csv --each --label left --value yes
echo "exit $?"
