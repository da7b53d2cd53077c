# launch --grid and clone --grid on real jobs of the real engine: how many, how they are called, that none
# is launched twice however often the sweep is asked for, and what is left of one whose sagetop was killed.
. "$SAGETOP_SRC/tests/e2e/lib.sh"
[ -x "$bin/sagetop-local" ] || tap_skip_all 'built without the local engine'
[ -x "$bin/sagetop-trainer" ] || tap_skip_all 'built without the trainer'

example=$SAGETOP_SRC/share/examples/player.yaml
sh "$SAGETOP_SRC/share/make-sample-data" --teams 4 --days 60 "$work/season"
sagetop local start --port 0
tap_equal 'the engine starts' 0 "$status"
url=$(printf '%s\n' "$out" | cut -f2)
sagetop --local upload "$work/season/pools" s3://sagetop-sample/season/pools/
tap_equal 'data' 0 "$status"
sweep() { # ARG...: of short jobs
	sagetop --local launch "$example" --set HyperParameters.num_round=3 "$@"
}

# what is refused costs nothing
fails 2 'eta: there is an empty value' 'an empty value' -- --local launch "$example" --grid eta=0.1,,0.2
fails 2 'above the last' 'a range that ends before it begins' -- --local launch "$example" --grid max_depth=8..4
fails 2 'eta is given twice' 'an axis twice' -- --local launch "$example" --grid eta=0.1 --grid eta=0.2
fails 2 'more than 1000 jobs' 'too many' -- --local launch "$example" --grid max_depth=1..2000
fails 2 'the names of the jobs are made of the other values' 'their names' -- --local launch "$example" --grid TrainingJobName=a,b
fails 1 'ResourceConfig.Nothing' 'a member that there is not' -- --local launch "$example" --grid ResourceConfig.Nothing=1,2
fails 2 'grid' 'where no grid is taken' -- --local jobs --grid eta=1

sweep --name dry --grid 'eta=0.1,0.3 max_depth=4..6:2' --dry-run
tap_equal 'a dry run has a row for each job' 'NAME	eta	max_depth
dry-eta-0-1-max-depth-4	0.1	4
dry-eta-0-1-max-depth-6	0.1	6
dry-eta-0-3-max-depth-4	0.3	4
dry-eta-0-3-max-depth-6	0.3	6' "$out"
tap_match 'says how many' '^dry: 4 jobs$' "$errors"
sweep --name dry --grid eta=0.1,0.3 --dry-run --json
tap_equal 'and as JSON the requests' 'dry-eta-0-1 0.1 dry dry-eta-0-3 0.3 dry' "$(/usr/bin/python3 -c '
import json, sys
for r in json.load(open(sys.argv[1])):
    tags = {t["Key"]: t["Value"] for t in r["Tags"]}
    print(r["TrainingJobName"], r["HyperParameters"]["eta"], tags["sagetop:sweep"], end=" ")' "$work/out" | sed 's/ $//')"
sweep --name t --grid 'ResourceConfig.InstanceType=ml.m5.large,ml.m5.xlarge eta=0.1,0.3' --dry-run --json
tap_equal 'a grid of instance types' 't-InstanceType-ml-m5-large-eta-0-1 ml.m5.large t-InstanceType-ml-m5-large-eta-0-3 ml.m5.large t-InstanceType-ml-m5-xlarge-eta-0-1 ml.m5.xlarge t-InstanceType-ml-m5-xlarge-eta-0-3 ml.m5.xlarge' \
	"$(/usr/bin/python3 -c '
import json, sys
for r in json.load(open(sys.argv[1])):
    print(r["TrainingJobName"], r["ResourceConfig"]["InstanceType"], end=" ")' "$work/out" | sed 's/ $//')"
sagetop --local jobs --columns name --no-header
tap_empty 'and nothing was sent' "$out"
AWS_ACCESS_KEY_ID=nobody AWS_SECRET_ACCESS_KEY=wrong AWS_REGION=us-east-1 \
	timeout 60 "$bin/sagetop" --endpoint-url "$url" launch "$example" --name dry --grid eta=0.1,0.3 --yes \
	>"$work/out" 2>"$work/err" </dev/null
tap_equal 'credentials that are not good end it' 5 "$?"
tap_match 'before anything is queued' '^dry: 2 jobs, about .* at most ' "$(cat "$work/err")"
tap_empty 'and nothing is said to be launched' "$(cat "$work/out")"

# a sweep, and the same once more
sweep --name s --grid eta=0.1,0.3 --grid max_depth=2..3
tap_equal 'a sweep' '0 s-eta-0-1-max-depth-2	launched s-eta-0-1-max-depth-3	launched s-eta-0-3-max-depth-2	launched s-eta-0-3-max-depth-3	launched' \
	"$status $(sort "$work/out" | tr '\n' ' ' | sed 's/ $//')"
names=$(cut -f1 "$work/out")
# shellcheck disable=SC2086
sagetop --local wait $names --timeout 600s
tap_equal 'whose jobs complete' 0 "$status"
sagetop --local jobs --sort name --columns name,status,hp.eta,hp.max_depth,tag.sagetop:sweep --no-header
four='s-eta-0-1-max-depth-2	Completed	0.1	2	s
s-eta-0-1-max-depth-3	Completed	0.1	3	s
s-eta-0-3-max-depth-2	Completed	0.3	2	s
s-eta-0-3-max-depth-3	Completed	0.3	3	s'
tap_equal 'each with its values and the tag of the sweep' "$four" "$out"
sagetop --local jobs --group tag:sagetop:sweep --no-header
tap_match 'by which they are a group' '^s	4	' "$out"

sweep --name s --grid 'max_depth=3,2 eta=0.3,0.1'
tap_equal 'the same grid again, in another order' '0 4' "$status $(grep -c '	launched before$' "$work/out")"
sweep --name s --grid 'max_depth=2,3 eta=0.1,0.3,0.9'
tap_equal 'with one more value only what is new' '0 4 2' \
	"$status $(grep -c '	launched before$' "$work/out") $(grep -c 'eta-0-9-.*	launched$' "$work/out")"
sweep --name s --grid 'eta=0.1,0.7 max_depth=2' --set HyperParameters.num_round=4
tap_equal 'other jobs of a name that is taken are refused, the rest goes on' \
	'1 s-eta-0-1-max-depth-2	refused s-eta-0-7-max-depth-2	launched' \
	"$status $(sort "$work/out" | tr '\n' ' ' | sed 's/ $//')"
tap_match 'which is said' '^sagetop: s-eta-0-1-max-depth-2 was not launched: there is a training job named' "$errors"
tap_match 'and counted' '^sagetop: 1 of the 2 jobs of s were not launched' "$errors"
sagetop --local jobs --columns name --no-header
tap_equal 'no job is there twice' 7 "$(printf '%s\n' "$out" | sort -u | wc -l)"

# a clone
sagetop --local clone s-eta-0-1-max-depth-2 --name c --grid lambda=1,2 --json
tap_equal 'the clones of a job' '0 c-lambda-1 launched c-lambda-2 launched' "$status $(/usr/bin/python3 -c '
import json, sys
print(*[w for r in sorted(json.load(open(sys.argv[1])), key=lambda r: r["name"]) for w in (r["name"], r["result"])])' "$work/out")"
tap_match 'say what is new' 'lambda is new among the hyperparameters' "$errors"
sagetop --local clone c-lambda-1 --grid lambda=0.6 --dry-run
tap_match 'without a name they are called after the job' '^c-lambda-1-lambda-0-6	0.6$' "$out"

# clones of several, each with the same change
sagetop --local clone s-eta-0-1-max-depth-2 s-eta-0-3-max-depth-3 --name more --set HyperParameters.num_round=2 --dry-run
tap_equal 'clones of several jobs' '0 NAME	CLONE OF s-eta-0-1-max-depth-2-more	s-eta-0-1-max-depth-2 s-eta-0-3-max-depth-3-more	s-eta-0-3-max-depth-3' \
	"$status $(tr '\n' ' ' <"$work/out" | sed 's/ $//')"
sagetop --local clone 'hp.eta:0.3' tag.sagetop:sweep=s --name more --set HyperParameters.num_round=2
tap_equal 'of those that a filter lets through' '0 s-eta-0-3-max-depth-2-more	launched s-eta-0-3-max-depth-3-more	launched' \
	"$status $(sort "$work/out" | tr '\n' ' ' | sed 's/ $//')"
sagetop --local jobs tag.sagetop:sweep=more --sort name --columns name,hp.eta,hp.max_depth,hp.num_round --no-header
tap_equal 'each is its own job but for the change' 's-eta-0-3-max-depth-2-more	0.3	2	2
s-eta-0-3-max-depth-3-more	0.3	3	2' "$out"
sagetop --local clone s-eta-0-3-max-depth-2 s-eta-0-3-max-depth-3 --name more --set HyperParameters.num_round=2
tap_match 'what is there already is counted' 'more: 2 of its jobs are there already: none of them is made twice$' "$errors"
tap_equal 'the same again launches none twice' '0 2' "$status $(grep -c '	launched before$' "$work/out")"
sagetop --local clone s-eta-0-3-max-depth-2 s-eta-0-3-max-depth-3 --name same --set HyperParameters.max_depth=3 --dry-run
tap_match 'one that has the value already is told' '1 of the 2 have already what is to be changed' "$errors"
fails 2 'a sweep of one job: these are 2' 'no grid of several' -- --local clone s-eta-0-3-max-depth-2 s-eta-0-3-max-depth-3 --grid eta=1,2
fails 4 "nobody" 'one that there is not' -- --local clone s-eta-0-3-max-depth-2 nobody --dry-run
fails 4 'no job matches "hp.eta:77"' 'a filter that lets none through' -- --local clone hp.eta:77 --dry-run

# killed between its requests: the next one goes on, and nothing is there twice
"$bin/sagetop" --local launch "$example" --name k --set HyperParameters.num_round=2 --set HyperParameters.nthread=1 \
	--grid seed=1..40 >"$work/killed" 2>/dev/null </dev/null &
sleeper=$!
says_one() { [ -s "$1" ]; }
tap_until 120 says_one "$work/killed"
kill -9 "$sleeper"
wait "$sleeper" 2>/dev/null
sleeper=
sagetop --local launch "$example" --name k --set HyperParameters.num_round=2 --set HyperParameters.nthread=1 --grid seed=1..40
tap_equal 'what a killed sagetop left is launched by the next' '0 40' "$status $(grep -c '	launched' "$work/out")"
sagetop --local jobs name:k-seed --columns name --no-header
tap_equal 'once each' '40 40' "$(printf '%s\n' "$out" | wc -l) $(printf '%s\n' "$out" | sort -u | wc -l)"

# where the account's quota ends the rest waits; interrupted, it stays queued, and that is said
sagetop local stop --timeout 120s
"$bin/sagetop-local" --port 0 --strict --quotas ml.m5.large=2 --foreground >"$work/engine" 2>&1 &
holder=$!
tap_until 60 says_one "$work/engine"
nothing_runs() { [ -z "$("$bin/sagetop" --local jobs status:inprogress --columns name --no-header)" ]; }
tap_until 120 nothing_runs
"$bin/sagetop" --local launch "$example" --name q --set HyperParameters.num_round=200000 --grid seed=1..5 \
	>"$work/interrupted" 2>"$work/said" </dev/null &
sleeper=$!
two_and_the_rest_waits() { # none of it is under way
	[ "$(wc -l <"$work/interrupted")" -eq 2 ] && grep -q 'jobs wait' "$work/said" &&
		"$bin/sagetop" --local launches | grep -q '^q	3 of 5 queued	'
}
if tap_until 120 two_and_the_rest_waits; then tap_ok 'what is above the quota waits'; else tap_not_ok 'what is above the quota waits' "$(cat "$work/said")"; fi
tap_match 'and says for what' '^sagetop: [345] of 5 jobs wait: .*ml.m5.large' "$(cat "$work/said")"
kill -TERM "$sleeper"
wait "$sleeper"
interrupted=$?
sleeper=
tap_equal 'an interrupted sweep ends' 143 "$interrupted"
tap_match 'and says what stays' '^sagetop: 3 of 5 jobs stay queued: ' "$(cat "$work/said")"
sagetop --local jobs name:q-seed --columns name --no-header
tap_equal 'of which nothing was sent' 2 "$(printf '%s\n' "$out" | wc -l)"
runs=$out

# what waits is listed, in the way of another sweep of its name, and taken back or sent
sagetop --local launches
tap_match 'what waits is listed' '^q	3 of 5 queued	5	' "$out"
tap_match 'with the reason' 'ml.m5.large' "$(printf '%s\n' "$out" | grep '^q	')"
sagetop --local launches q
tap_equal 'a name prints what was asked for' 200000 "$(/usr/bin/python3 -c '
import json, sys
print(json.load(open(sys.argv[1]))["HyperParameters"]["num_round"])' "$work/out")"
sagetop --local launch "$example" --name q --grid seed=9
tap_match 'other values under its name are refused, with what to do' \
	'^sagetop: 3 other jobs of an earlier sweep q wait still: .*--send q sends them, --discard q takes them back' "$errors"
fails 2 'which' 'nothing named to take back' -- --local launches --discard
fails 4 'nothing waits under the name nobody' 'what does not wait' -- --local launches --discard nobody
fails 4 'nothing waits of a sweep k' 'nothing to send' -- --local launches --send k
sagetop --local launches --discard q-seed-5
tap_equal 'one job is taken back' '0 q-seed-5	1 taken back' "$status $out"
# shellcheck disable=SC2086
sagetop --local stop $runs
tap_equal 'what runs can be stopped' 0 "$status"
"$bin/sagetop" --local launches --send q >"$work/sent" 2>"$work/said" </dev/null &
sleeper=$!
all_but_one_are_there() { [ "$("$bin/sagetop" --local jobs name:q-seed --columns name --no-header | wc -l)" -eq 4 ]; }
if tap_until 180 all_but_one_are_there; then tap_ok 'the others are sent'; else tap_not_ok 'the others are sent' "$(cat "$work/said")"; fi
wait "$sleeper"
tap_equal 'and counted with what was taken back' '1 q	4 launched	1 refused' "$? $(cat "$work/sent")"
sleeper=
sagetop --local jobs name:q-seed --columns name --no-header
# shellcheck disable=SC2086
sagetop --local stop $out
sagetop --local launches --limit 1
tap_match 'which the list says' '^q	1 of 5 refused	5	' "$out"
tap_done
