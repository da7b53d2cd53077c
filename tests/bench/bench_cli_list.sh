# 500 jobs with all their details on the local engine: sagetop against the AWS CLI.
. "${SAGETOP_SRC:?}/tests/bench/bench.sh"
aws=/usr/bin/aws
[ -x "$aws" ] || { echo 'no AWS CLI (apt-get install awscli)'; exit 77; }
[ -x "$bench_bin/sagetop-local" ] || { echo 'built without the local engine'; exit 77; }
jobs=500

mkdir -p "$XDG_STATE_HOME"
"$bench_bin/sagetop-local" --open --port 0 --simulate $jobs --simulate-hours 1 --speed 36000 --foreground >"$bench_work/engine.log" 2>&1 &
engine=$!
endpoint() { "$bench_bin/sagetop" local status --format tsv 2>/dev/null | cut -sf2; }
tries=0
until [ -n "$(endpoint)" ] || [ $tries -ge 100 ]; do sleep 0.1; tries=$((tries + 1)); done
endpoint=$(endpoint)
[ -n "$endpoint" ] || { cat "$bench_work/engine.log"; kill $engine; exit 1; }
export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local AWS_DEFAULT_REGION=us-east-1 AWS_REGION=us-east-1 AWS_PAGER=
ended() { [ "$("$bench_bin/sagetop" --local jobs status:inprogress --no-header --columns name | wc -l)" -eq 0 ]; }
tries=0
until ended || [ $tries -ge 300 ]; do sleep 0.2; tries=$((tries + 1)); done
count=$("$bench_bin/sagetop" --local jobs --no-header --columns name | wc -l)
[ "$count" -eq $jobs ] || { echo "the engine shows $count jobs, not $jobs"; exit 1; }

calls() { # how many requests a run makes
	rm -f "$bench_work/debug"
	"$bench_bin/sagetop" --local jobs --json --debug "$bench_work/debug" >/dev/null
	grep -c 'status 200' "$bench_work/debug"
}
cold() { rm -rf "$XDG_CACHE_HOME" && "$bench_bin/sagetop" --local jobs --json; }
warm() { "$bench_bin/sagetop" --local jobs --json; }
search() { "$aws" --endpoint-url "$endpoint" sagemaker search --resource TrainingJob --page-size 100; }
list() { "$aws" --endpoint-url "$endpoint" sagemaker list-training-jobs --page-size 100; }
one=$("$bench_bin/sagetop" --local jobs --no-header --columns name --limit 1)
describe() { "$aws" --endpoint-url "$endpoint" sagemaker describe-training-job --training-job-name "$one"; }

rm -rf "$XDG_CACHE_HOME"
cold_calls=$(calls)
warm_calls=$(calls)
cold_ms=$(bench_time_ms 9 cold)
warm_ms=$(bench_time_ms 9 warm)
search_ms=$(bench_time_ms 5 search) || { echo 'aws search fails'; exit 1; }
list_ms=$(bench_time_ms 5 list) || exit 1
describe_ms=$(bench_time_ms 5 describe) || exit 1
all_ms=$(awk "BEGIN { print $list_ms + $jobs * $describe_ms }")
echo "calls: $cold_calls on the first run, $warm_calls on the next; the AWS CLI makes 5 with search, 505 with list and describe"
echo "list and describe: $list_ms ms + $jobs x $describe_ms ms (median of 5), not run 500 times"
bench_line "500 jobs in full, empty cache" "$cold_ms" ms 'aws search' "$search_ms"
bench_line "500 jobs in full, empty cache" "$cold_ms" ms 'aws list + describe' "$all_ms"
bench_line "500 jobs in full, second look" "$warm_ms" ms 'aws search' "$search_ms"
bench_line "calls for 500 jobs in full" "$cold_calls" calls 'aws list + describe' 505
kill $engine
wait $engine 2>/dev/null
