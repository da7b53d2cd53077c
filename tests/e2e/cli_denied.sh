# An account that may look but not search or stop: what still works, and what doctor says.
. "$SAGETOP_SRC/tests/e2e/lib.sh"
[ -x "$bin/sagetop-local" ] && [ -x "$bin/sagetop-trainer" ] || tap_skip_all 'built without engine or trainer'

"$bin/sagetop-local" --port 0 --foreground --deny 'sagemaker:Search,sagemaker:StopTrainingJob,sagemaker:ListTags' \
	>"$work/engine.log" 2>&1 &
engine=$!
running() { "$bin/sagetop" local status >/dev/null; }
if tap_until 300 running; then tap_ok 'an engine that denies'; else tap_not_ok 'an engine that denies' "$(cat "$work/engine.log")"; fi

sh "$SAGETOP_SRC/share/make-sample-data" --teams 4 --days 60 "$work/season"
sagetop --local upload "$work/season/pools" s3://sagetop-sample/season/pools/
sagetop --local launch "$SAGETOP_SRC/share/examples/player.yaml" --name seen --set HyperParameters.num_round=5
tap_equal 'a launch is allowed' 0 "$status"
sagetop --local wait seen --timeout 600s
tap_equal 'a wait does without Search' 0 "$status"
sagetop --local jobs --columns name,status,instance,hp.num_round --no-header
tap_equal 'and so does the table, in full' 'seen	Completed	ml.m5.large	5' "$out"
fails 5 'StopTrainingJob' 'a denied call has its exit status' -- --local stop seen

sagetop --local doctor
tap_equal 'doctor finds what is missing' 5 "$status"
tap_match 'Search' '^sagemaker:Search	FAILED	denied' "$out"
tap_match 'and says how to allow it' '"sagemaker:Search"' "$out"
sagetop --local doctor --json
tap_equal 'all three, and no more' 'sagemaker:ListTags sagemaker:Search sagemaker:StopTrainingJob' "$(/usr/bin/python3 -c '
import json, sys
policy = json.load(open(sys.argv[1]))["missing_policy"]
print(*sorted(a for s in policy["Statement"] for a in s["Action"]))' "$work/out" 2>&1)"

sagetop local stop --timeout 120s
tap_equal 'the engine stops' 0 "$status"
wait $engine
tap_done
