# A field is one row: sagetop-more is this program with one row more in the table of
# job_fields.c, and the field is everywhere.
. "$SAGETOP_SRC/tests/e2e/lib.sh"
[ -x "$bin/sagetop-local" ] || tap_skip_all 'built without the local engine'
[ -x "$bin/sagetop-trainer" ] || tap_skip_all 'built without the trainer'

more=$bin/tests/e2e/sagetop_more
example=$SAGETOP_SRC/share/examples/player.yaml
sh "$SAGETOP_SRC/share/make-sample-data" --teams 4 --days 60 "$work/season"
sagetop local start --port 0
sagetop --local upload "$work/season/pools" s3://sagetop-sample/season/pools/
tap_equal 'the engine has data' 0 "$status"
sagetop --local launch "$example" --name one
sagetop --local launch "$example" --name three --set ResourceConfig.InstanceCount=3
tap_equal 'two jobs' 0 "$status"

run "$more" --local jobs --sort -twice --columns name,twice
tap_equal 'a column and an order' "NAME	TWICE
three	6
one	2" "$out"
run "$more" --local jobs 'twice>4' --columns name --no-header
tap_equal 'a word of the filter' three "$out"
run "$more" --local jobs double=2 --columns name --no-header
tap_equal 'by its other name' one "$out"
run "$more" --local jobs --no-header three
tap_match 'a usual column' '	6(	|$)' "$out"
run "$more" --local jobs three --json
tap_match 'a member of JSON' '"twice_as_many": 6' "$out"
run "$more" --local jobs --columns name,twise
tap_match 'a suggestion' 'did you mean "twice"' "$errors"
run "$more" --complete columns
tap_match 'a completion' '^twice$' "$out"
run "$more" --dump-docs man
tap_match 'a line of the manual' '^instances, twice' "$out"

if command -v tmux >/dev/null; then
	screen() { tmux -L "add-field-$$" "$@"; }
	# shellcheck disable=SC2016
	screen -f /dev/null new-session -d -x 120 -y 20 "exec '$more' --local"
	shown=
	for _ in $(seq 300); do
		shown=$(screen capture-pane -p 2>/dev/null)
		case $shown in *three*) break ;; esac
		sleep 0.1
	done
	tap_match 'a column of the screen' ' BOTH$' "$shown"
	screen send-keys Z
	for _ in $(seq 100); do
		shown=$(screen capture-pane -p 2>/dev/null)
		case $shown in *'by both'*) break ;; esac
		sleep 0.1
	done
	tap_match 'sorted by its key' 'by both' "$shown"
	screen kill-server 2>/dev/null
else
	tap_skip 'a column of the screen' 'no tmux here'
fi
tap_done
