# text segment: what is missing is said clearly; a file that is no dictionary is refused.
echo 我 | wanliu text segment --dict nowhere.wldict
echo "exit $?"
printf 'WLDICT' >short.wldict
echo 我 | wanliu text segment --dict short.wldict
echo "exit $?"
