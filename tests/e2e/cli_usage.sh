# The command line without any service: help, versions, wrong words, the tables.
. "$SAGETOP_SRC/tests/e2e/lib.sh"

sagetop --version
tap_match 'version' '^sagetop [0-9]+\.[0-9]+' "$out"
sagetop --help
tap_equal 'help succeeds' 0 "$status"
tap_match 'help names a command' 'launch SPEC' "$out"
tap_empty 'help fits 80 columns' "$(printf '%s\n' "$out" | awk 'length > 80')"
sagetop help logs
tap_match 'help of a command' '--follow' "$out"
sagetop logs --help
tap_match 'and by --help' '--grep REGEX' "$out"

for command in $(sed -n 's/^COMMAND([A-Z]*, *"\([a-z]*\)".*/\1/p' "$SAGETOP_SRC/src/app/commands.def"); do
	sagetop $command --help
	tap_match "$command has help" "^usage: sagetop $command" "$out"
done

fails 2 'unknown option --colums: did you mean --columns\?' 'unknown option, nearest suggested' -- jobs --colums name
fails 2 'unknown option --zzzzzz: sagetop --help' 'unknown option, none near' -- --zzzzzz
fails 2 'unknown option -x' 'unknown letter' -- -x
fails 2 'unknown command "jbos": did you mean "jobs"\?' 'unknown command, nearest suggested' -- jbos
fails 2 'unknown command "jbos": did you mean "jobs"\?' 'and by help' -- help jbos
fails 2 'unknown column "statsu": did you mean "status"\?' 'unknown column, nearest suggested' -- jobs --columns name,statsu
fails 2 '--follow does not go with sagetop jobs' 'an option of another command' -- --follow jobs
fails 2 'needs a value' 'an option without its value' -- jobs --columns
fails 2 '--json takes no value' 'a flag with a value' -- jobs --json=1
fails 2 'whole number' 'a number that is none' -- jobs --limit x
fails 2 'whole number' 'a negative number' -- jobs --limit -5
fails 2 '90s, 15m' 'a time that is none' -- wait x --timeout soon
fails 2 'logs needs more' 'too few arguments' -- logs
fails 2 '"b" is too much' 'too many arguments' -- job a b
fails 2 'table, tsv or json' 'unknown format' -- jobs --format xml
fails 2 'exclude each other' 'contradicting options' -- --local --endpoint-url http://127.0.0.1:1 jobs
fails 2 'start, stop, status or env.*did you mean start' 'unknown verb of local' -- local strat
fails 2 'sagetop jobs' 'the dashboard without a terminal names jobs' --
fails 5 'read-only' 'stop under --read-only' -- stop x --read-only
fails 5 'read-only' 'launch under --read-only' -- --read-only launch x.yaml
fails 5 'read-only' 'clone under --read-only' -- clone x --read-only
fails 5 'read-only' 'upload under --read-only' -- upload x s3://b/ --read-only
fails 2 '--since needs' 'since without a time' -- logs x --since yesterday
fails 2 '--grep' 'a pattern that does not compile' -- logs x --grep '('
fails 1 'debug|no-such-folder' 'a debug file that cannot be opened' -- --debug /no-such-folder/x jobs

"$bin/sagetop" --help >/dev/full 2>"$work/err"
tap_equal 'a full disk is an error' 1 $?
tap_match 'and is named' 'standard output.*No space' "$(cat "$work/err")"
{ "$bin/sagetop" --help; echo $? >"$work/status"; } 2>"$work/err" | head -n 1 >/dev/null
tap_empty 'a closed pipe is silent' "$(cat "$work/err")"
out=$({ ulimit -f 0 # in pipes alone: the shell would die of it as well
	XDG_CACHE_HOME=$work/no-room XDG_STATE_HOME=$work/no-room "$bin/sagetop" prices ml.m5.xlarge; } 2>&1 | cat)
tap_match 'files that may not grow do without the cache' 'ml.m5.xlarge.*Training' "$out"

sagetop prices ml.m5.xlarge --region us-east-1 --format tsv --no-header
tap_match 'prices of a type' 'ml.m5.xlarge	us-east-1	Training	0\.23' "$out"
sagetop prices m5 --json
tap_match 'prices as JSON' '"usd_per_hour": 0\.' "$out"
fails 4 'did you mean ml.m5.xlarge' 'an unknown type, nearest suggested' -- prices ml.m5.xlrge
fails 4 'no price known for ml.m5.xlarge in mars-1' 'an unknown region' -- prices ml.m5.xlarge --region mars-1

sagetop --complete columns
tap_match 'columns for completion' '^objective$' "$out"
run sh "$SAGETOP_SRC/man/update-docs.sh" --check "$bin/sagetop" "$SAGETOP_SRC"
tap_empty 'manual and completions agree with the tables' "$out$errors"
run bash -n "$SAGETOP_SRC/share/completions/sagetop.bash"
tap_equal 'the bash completion parses' 0 "$status"
for shell in zsh fish; do
	if command -v $shell >/dev/null; then
		run $shell -n "$SAGETOP_SRC/share/completions/sagetop.$shell"
		tap_equal "the $shell completion parses" 0 "$status"
	else
		tap_skip "the $shell completion parses" "no $shell"
	fi
done
words=$(PATH="$bin:$PATH" bash -c '. "$SAGETOP_SRC/share/completions/sagetop.bash"
	COMP_WORDS=(sagetop jobs --co) COMP_CWORD=2; _sagetop; echo "${COMPREPLY[@]}"')
tap_equal 'bash completes an option' '--columns' "$words"
words=$(PATH="$bin:$PATH" bash -c '. "$SAGETOP_SRC/share/completions/sagetop.bash"
	COMP_WORDS=(sagetop --local l) COMP_CWORD=2; _sagetop; echo "${COMPREPLY[@]}"')
tap_equal 'bash completes a command' 'list logs launch launches local' "$words"
completed() { # words of a line, the last one under the cursor: what bash offers
	PATH="$bin:$PATH" bash -c '. "$SAGETOP_SRC/share/completions/sagetop.bash"
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _sagetop 2>/dev/null; echo "${COMPREPLY[*]}"' bash "$@"
}
tap_equal 'bash completes behind a comma' 'name,objective' "$(completed sagetop jobs --columns name,obj)"
tap_equal 'a grouping' 'status' "$(completed sagetop cost --by sta)"
tap_equal 'a region' 'us-east-1 us-east-2' "$(completed sagetop --region us-e)"
tap_equal 'a command to be explained' 'failures files' "$(completed sagetop help f)"
tap_equal 'a filter word' 'objective:' "$(completed sagetop jobs obj)"
if command -v mandoc >/dev/null; then
	for page in "$SAGETOP_SRC"/man/*.[158]; do
		tap_empty "$(basename "$page") is well formed" "$(mandoc -Tlint -W warning "$page" 2>&1)"
	done
else
	tap_skip 'manual pages are well formed' 'no mandoc'
fi
tap_done
