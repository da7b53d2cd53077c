# The examples of the manual, as they stand there, on the local engine.
. "$SAGETOP_SRC/tests/e2e/lib.sh"
[ -x "$bin/sagetop-local" ] && [ -x "$bin/sagetop-trainer" ] || tap_skip_all 'built without engine or trainer'

sh "$SAGETOP_SRC/share/make-sample-data" --teams 4 --days 60 "$work/season"
sagetop local start --port 0
sagetop --local upload "$work/season/pools" s3://sagetop-sample/season/pools/
sagetop --local launch "$SAGETOP_SRC/share/examples/player.yaml" --name nba-7 --set HyperParameters.num_round=20 \
	--set Tags.0.Value=nba
sagetop --local launch "$SAGETOP_SRC/share/examples/player.yaml" --name nba-6 --set HyperParameters.eta=7
sagetop --local wait nba-6 nba-7 --timeout 600s
tap_equal 'the jobs that the examples speak of' 3 "$status"

# Of the rows that they were trained on, without what is predicted.
cd "$work" || exit 1
find "$work/season/pools" -name '*.csv' | sort | head -1 | xargs head -2 | tail -1 | cut -d, -f2- >rows.csv

# `sagetop` in an example is ours, on the engine.
mkdir "$work/bin"
printf '#!/bin/sh\nexec "%s" --local "$@"\n' "$bin/sagetop" >"$work/bin/sagetop"
chmod +x "$work/bin/sagetop"
# The files that they name.
mkdir "$work/here"
awk 'BEGIN { print "x,y"; for (i = 0; i < 300; i++) print i % 17 "," i / 300 }' >"$work/here/train.csv"
awk 'BEGIN { print "x,y"; for (i = 0; i < 300; i++) print i % 17 "," i / 100 }' >"$work/here/today.csv"
# .Dl lines: mdoc's escapes back to characters.
sed -n 's/^\.Dl \$ //p' "$SAGETOP_SRC/man/sagetop.1" | sed "s/\\\\(aq/'/g; s/\\\\-/-/g; s/\\\\e/\\\\/g" >"$work/examples"
tap_equal 'the manual has examples' yes "$([ "$(wc -l <"$work/examples")" -ge 5 ] && echo yes)"
while IFS= read -r example; do
	case $example in
	'sagetop --local') tap_skip "$example" 'the dashboard has its own tests'; continue ;;
	esac
	(cd "$work/here" && PATH="$work/bin:$PATH" sh -c "$example") >"$work/out" 2>"$work/err" </dev/null
	status=$?
	if [ $status -eq 0 ] && [ -s "$work/out" ]; then
		tap_ok "$example"
	else
		tap_not_ok "$example" "status $status: $(cat "$work/out" "$work/err")"
	fi
done <"$work/examples"
tap_done
