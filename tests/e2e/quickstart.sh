# The quickstart without a terminal, twice in a row, with the programs built here.
. "$SAGETOP_SRC/tests/e2e/lib.sh"
[ -x "$bin/sagetop-local" ] && [ -x "$bin/sagetop-trainer" ] || tap_skip_all 'built without engine or trainer'

export SAGETOP_QUICKSTART_DIVIDE=10 SAGETOP_BUILD_DIR="$bin" SAGETOP_QUICKSTART_DIR="$work/quick"
"$bin/sagetop" local start --port 0 >/dev/null
for round in first second; do
	run sh "$SAGETOP_SRC/share/quickstart.sh" --no-tui
	tap_equal "the $round run succeeds" 0 "$status"
	[ "$status" -eq 0 ] || printf '%s\n%s\n' "$out" "$errors" | sed 's/^/# /'
	table=$(printf '%s\n' "$out" | sed -n '/== Jobs/,/^$/p' | grep '^dfs-')
	tap_equal "the $round run shows 12 jobs" 12 "$(printf '%s\n' "$table" | wc -l)"
	tap_equal "11 of them completed" 11 "$(printf '%s\n' "$table" | grep -c ' Completed ')"
	tap_match 'one failed on purpose, and says where' 'broken +Failed .*data\.csv.*25' "$table"
	tap_match 'one log is shown' '\[399\].*validation-rmse:[0-9.]+' "$out"
	tap_match 'one chart' 'validation:rmse' "$(printf '%s\n' "$out" | sed -n '/== Its metrics/,/== Costs/p')"
	tap_match 'and what all cost' '^all +[0-9]+ s +\$0\.[0-9]+' "$out"
done
sagetop --local jobs dfs- --columns name --no-header
tap_equal 'both runs are in the table' 24 "$(printf '%s\n' "$out" | wc -l)"
sagetop --local jobs dfs- spot:yes --columns name --no-header
tap_equal 'with a spot job each' 2 "$(printf '%s\n' "$out" | wc -l)"
run sh "$SAGETOP_SRC/share/quickstart.sh" --no-gui
tap_equal 'an unknown option is refused' 2 "$status"

# The sample data does not depend on the machine.
sh "$SAGETOP_SRC/share/make-sample-data" --seed 7 --teams 4 --days 60 "$work/a"
sh "$SAGETOP_SRC/share/make-sample-data" --seed 7 --teams 4 --days 60 "$work/b"
sh "$SAGETOP_SRC/share/make-sample-data" --seed 8 --teams 4 --days 60 "$work/c"
tap_equal 'the same seed gives the same files' "$(cd "$work/a" && find . -type f | sort | xargs cat | sha256sum)" \
	"$(cd "$work/b" && find . -type f | sort | xargs cat | sha256sum)"
tap_equal 'the box scores of seed 7' 8233c14d2c3d192d "$(sha256sum <"$work/a/boxscores.csv" | cut -c1-16)"
if cmp -s "$work/a/boxscores.csv" "$work/c/boxscores.csv"; then tap_not_ok 'another seed gives others'; else tap_ok 'another seed gives others'; fi
for word in '--seed x' '--teams 2' '--days 1' '' 'a b'; do
	run sh "$SAGETOP_SRC/share/make-sample-data" $word
	tap_equal "make-sample-data refuses \"$word\"" 2 "$status"
done
tap_empty 'every training row has as many cells as columns.txt says' "$(awk -F, -v n="$(grep -c '^ *[0-9]' "$work/a/columns.txt")" \
	'NF != n { print FILENAME ": " FNR ": " NF; exit }' "$work"/a/p*/*/*/data.csv)"
tap_done
