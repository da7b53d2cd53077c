# sagetop deploy, transform, invoke and delete --all: a model served from one command, on the engine with the
# real trainer's server, and with a server of our own that fails when it is told to.
. "$SAGETOP_SRC/tests/e2e/lib.sh"
for program in sagetop-local sagetop-trainer; do
	[ -x "$bin/$program" ] || tap_skip_all "built without $program"
done
bucket=s3://sagemaker-us-east-1-000000000000
awk 'BEGIN { srand(3); for (i = 0; i < 400; i++) { a = rand(); b = rand(); print 3 * a - b "," a "," b } }' >"$work/train.csv"
printf '0.9,0.1\n0.1,0.9\n' >"$work/rows.csv"
cat >"$work/job.json" <<END
{"TrainingJobName": "tiny", "RoleArn": "arn:aws:iam::000000000000:role/x",
 "AlgorithmSpecification": {"TrainingImage": "sagetop-trainer:1", "TrainingInputMode": "File"},
 "HyperParameters": {"objective": "reg:squarederror", "num_round": "30", "seed": "7"},
 "InputDataConfig": [{"ChannelName": "train", "ContentType": "text/csv",
   "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "$bucket/t/train.csv"}}}],
 "OutputDataConfig": {"S3OutputPath": "$bucket/out/"},
 "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
 "StoppingCondition": {"MaxRuntimeInSeconds": 3600}}
END
cat >"$work/serve" <<'END'
#!/usr/bin/python3
import http.server, os, signal
port = int(os.environ["SAGEMAKER_BIND_TO_PORT"])
class H(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "application/x-own")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_GET(self):
        self.answer(200, b"")
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if body == b"error":
            return self.answer(500, b"it broke")
        self.answer(200, b"\0\xff" + self.headers["Content-Type"].encode() + b"\0" + body)
    def log_message(self, *a):
        pass
signal.signal(signal.SIGTERM, lambda *a: os._exit(0))
http.server.ThreadingHTTPServer(("127.0.0.1", port), H).serve_forever()
END
chmod +x "$work/serve"
mkdir -p "$work/config/sagetop"
printf 'deployment-minute: 1s\nimages:\n  own:\n    folder: %s\n' "$work" >"$work/config/sagetop/local.yaml"
one_line() {
	printf '%s' "$1" | tr '\n\t' '| '
}
member() { # member FILTER: of the JSON in $out
	printf '%s' "$out" | /usr/bin/python3 -c "import json, sys; print($1)" 2>&1
}
run "$bin/sagetop" local start --port 0
sagetop --local upload "$work/train.csv" $bucket/t/
sagetop --local launch "$work/job.json"
sagetop --local wait tiny --timeout 120s
tap_match 'the job to serve' 'tiny.Completed' "$out"

# --- before anything is sent -----------------------------------------------------------
sagetop --local deploy tiny --instance-type ml.c5.large --count 2 --dry-run
tap_equal 'a dry run shows the three requests' 'sagetop-trainer:1 tiny ml.c5.large 2 AllTraffic tiny' \
	"$(member '(lambda d: " ".join([d["CreateModel"]["PrimaryContainer"]["Image"], d["CreateModel"]["ModelName"], *(lambda v: [v["InstanceType"], str(v["InitialInstanceCount"]), v["VariantName"]])(d["CreateEndpointConfig"]["ProductionVariants"][0]), d["CreateEndpoint"]["EndpointName"]]))(json.load(sys.stdin))')"
fails 4 "no training job 'absent'" 'neither job nor model' -- --local deploy absent
fails 2 'needs --name NAME' 'an artefact without a name' -- --local deploy $bucket/out/tiny/output/model.tar.gz
fails 2 'say MEMORY,CONCURRENCY' 'serverless without its numbers' -- --local deploy tiny --serverless 2048
fails 2 'memory is 1024' 'serverless of no such size' -- --local deploy tiny --serverless 1500,1
fails 2 'no instances' 'serverless with instances' -- --local deploy tiny --serverless 2048,5 --count 2
fails 2 'not served' 'what cannot be served' -- --local deploy endpoint/x
fails 4 'leave out --update' 'an update of nothing' -- --local deploy tiny --update
fails 5 'read-only forbids it' 'read-only' -- --local deploy tiny --read-only
sagetop --local transform tiny --input "$work/rows.csv" --join --output-filter '$[0,-1]' --set Environment.N=1 --dry-run
tap_equal 'nor does one in bulk, which shows its requests' 'tiny tiny text/csv Line MultiRecord text/csv Input 1' \
	"$(member '(lambda m, t: " ".join([m["ModelName"], t["ModelName"], t["TransformInput"]["ContentType"], t["TransformInput"]["SplitType"], t["BatchStrategy"], t["TransformOutput"]["Accept"], t["DataProcessing"]["JoinSource"], t["Environment"]["N"]]))(*json.load(sys.stdin).values())')"
fails 2 'say --input s3://' 'nothing to predict' -- --local transform tiny
fails 2 'a transform job has one' 'two inputs' -- --local transform tiny --input s3://b/i --input s3://b/j
fails 2 'say None, Line, RecordIO or TFRecord' 'an unknown split' -- --local transform tiny --input s3://b/i --split words
fails 5 'read-only forbids it' 'predictions read-only' -- --local transform tiny --input s3://b/i --read-only
endpoint=$("$bin/sagetop" --local local status --json | sed -n 's/.*"endpoint": "\([^"]*\)".*/\1/p')
eval "$("$bin/sagetop" local env)"
sagetop --endpoint-url "$endpoint" deploy tiny --type ml.c5.xlarge --count 2
tap_match 'without a terminal nobody is asked' '^2 .*say --yes' "$status $(one_line "$errors")"
tap_match 'the price stands there' 'tiny: tiny on 2 x ml.c5.xlarge, \$0\.408 an hour, \$29[78][0-9.]* a month until it is deleted \(prices of 20[0-9-]+, us-east-1\)' "$errors"
printf 'budgets:\n  kind:endpoints: 0.001/day hard\n' >"$work/config/sagetop/config.yaml"
sagetop --endpoint-url "$endpoint" deploy tiny --type ml.c5.4xlarge --count 4 --yes
tap_match 'a hard budget holds, to the end of its day' 'would break the budget kind:endpoints .* it can cost \$[0-9.]+ until its end' "$errors"
sagetop --endpoint-url "$endpoint" transform tiny --input s3://b/i/ --output s3://b/o --type ml.c5.xlarge --count 2
tap_match 'what predicts in bulk is priced while it runs, and asked about' \
	'^2 tiny-[0-9]{8}-[0-9]{6}: tiny over s3://b/i/ on 2 x ml.c5.xlarge, \$0\.408 an hour while it runs \(prices of 20[0-9-]+, us-east-1\).*say --yes' "$status $(one_line "$errors")"
printf 'budgets:\n  kind:transform-jobs: 0.001/day hard\n' >"$work/config/sagetop/config.yaml"
sagetop --endpoint-url "$endpoint" transform tiny --input s3://b/i/ --output s3://b/o --type ml.c5.xlarge --count 100 --yes
tap_match 'and held to its budget' 'would break the budget kind:transform-jobs .* it can cost \$[0-9.]+ until its end' "$errors"
sagetop --endpoint-url "$endpoint" deploy tiny --serverless 2048,5
tap_match 'serverless costs by the second, and nobody knows how much' \
	'^2 tiny: tiny on 2048 MB without servers, 5 at a time, \$\? a second of use .*say --yes' "$status $(one_line "$errors")"
printf 'own-rates:\n  ml.serverless.2048/Hosting: 0.144\n' >"$work/config/sagetop/config.yaml"
sagetop --endpoint-url "$endpoint" deploy tiny --serverless 2048,5
tap_match 'but who tells it' ', \$0\.00004 a second of use' "$errors"
rm "$work/config/sagetop/config.yaml"
sagetop --endpoint-url "$endpoint" transform tiny --input "$work/rows.csv" --output s3://b/o
tap_match 'in an account a file needs a place' '^2 .*is uploaded before: say --to' "$status $(one_line "$errors")"
unset AWS_ENDPOINT_URL AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_REGION AWS_DEFAULT_REGION
sagetop --local list models
tap_equal 'nothing was made so far' '' "$(printf '%s' "$out" | sed 1d)"
run "$bin/sagetop" local stop
"$bin/sagetop-local" --port 0 --deny sagemaker:CreateEndpoint --state "$XDG_STATE_HOME/sagetop/local" >/dev/null 2>&1 &
engine=$!
tap_until 10 test -s "$XDG_STATE_HOME/sagetop/local/engine.json"
sagetop --local deploy tiny --serverless 2048,5
tap_match 'what may not be made is said' '^5 .*not authorized to perform: sagemaker:CreateEndpoint' "$status $(one_line "$errors")"
tap_match 'what was made before is named with the way to remove it' 'sagetop delete endpoint-config/tiny-[0-9a-f]{8} model/tiny' "$errors"
config=$(printf '%s' "$out" | sed -n 's/^\(endpoint-config[^	]*\).*/\1/p')
sagetop --local delete "$config" model/tiny --yes
tap_match 'and it does' "$config deleted\|model/tiny deleted" "$(one_line "$out")"
kill "$engine"
wait "$engine"
run "$bin/sagetop" local start --port 0
sagetop --local deploy tiny --name less --serverless 2048,5 --wait --timeout 60s
sagetop --local invoke less "$work/rows.csv"
tap_match 'a serverless endpoint answers' '^0 [0-9.-]+' "$status $(one_line "$out")"
sagetop --local delete endpoint/less --all --yes

# --- deployed, and once only -------------------------------------------------------------
sagetop --local deploy tiny --type ml.c5.xlarge --wait --timeout 60s
tap_match 'model, configuration and endpoint are made and in service' \
	'^0 model/tiny created\|endpoint-config/tiny-[0-9a-f]{8} created\|endpoint/tiny creating\|tiny InService' "$status $(one_line "$out")"
sagetop --local deploy tiny --instance-type ml.c5.xlarge
tap_equal 'a repetition makes nothing' '0 endpoint/tiny	unchanged' "$status $out"
fails 1 'tiny is there and serves otherwise: --update' 'other machines for what is there' -- --local deploy tiny --type ml.c5.large
fails 1 'Variant none not found' 'an unknown variant' -- --local invoke tiny "$work/rows.csv" --variant none

sagetop --local invoke tiny "$work/rows.csv"
first=$out
tap_equal 'a row each' 2 "$(printf '%s\n' "$out" | tr ',' '\n' | grep -c '^-\{0,1\}[0-9]')"
tap_match 'the latency is said' '^200, [0-9.]+ ms, AllTraffic, [0-9]+ bytes of text/csv' "$errors"
sagetop --local invoke endpoint/tiny "$work/rows.csv" --content-type image/png
tap_match 'what the server does not take' '^1 .*415.*sagetop logs endpoint/tiny' "$status $(one_line "$errors")"
head -c 6291457 /dev/zero >"$work/big"
fails 1 'more than the 6291456 bytes' 'a body that no call takes' -- --local invoke tiny "$work/big"
fails 4 "no endpoint 'tinny' .*did you mean 'tiny'" 'an endpoint that is not there' -- --local invoke tinny "$work/rows.csv"
fails 2 'parallel goes with --repeat' 'parallel alone' -- --local invoke tiny "$work/rows.csv" --parallel 2
sagetop --local invoke tiny "$work/rows.csv" --repeat 200 --parallel 4 --json
tap_equal 'under load: calls, failures, order of the percentiles, price' '200 0 True 1 x ml.c5.xlarge True' \
	"$(member '(lambda d: "%d %d %s %s %s" % (d["calls"], d["failed"], 0 < d["p50_ms"] <= d["p90_ms"] <= d["p99_ms"] <= d["longest_ms"], d["instances"], abs(d["usd_per_million_calls"] - d["usd_per_hour"] / 3600 / d["answers_per_second"] * 1e6) < 1e-3))(json.load(sys.stdin))')"

# CloudWatch is told of calls a little later.
deadline=$(($(date +%s) + 30))
while :; do
	sagetop --local list endpoints 'calls>=200' --no-header --columns name,calls,errors,p50,p95,idle
	[ -n "$out" ] || [ "$(date +%s)" -ge "$deadline" ] && break
done
tap_match 'the list tells what CloudWatch counted: calls a minute, failures, latency, and that it is not idle' \
	'^tiny	20[0-9]([.][0-9]*)?	[01]	[0-9.]+	[0-9.]+	[0-9]+$' "$out"
sagetop --local show endpoint/tiny
tap_match 'and so does its page' 'Calls, 15 min	20[0-9] a minute, [01] failed, p50 [0-9.]+[*]? ms, p95 [0-9.]+[*]? ms.*Last call	[0-9hms]+ ago at most' "$(printf '%s' "$out" | tr '\n' ' ')"

# The form of the dashboard, in a real terminal.
if command -v tmux >/dev/null; then
	in_tmux() {
		tmux -S "$work/tmux" -f /dev/null "$@"
	}
	see() { # see WORD: the screen, once it has that word
		deadline=$(($(date +%s) + 30))
		while :; do
			out=$(in_tmux capture-pane -p -t t)
			printf '%s' "$out" | grep -q "$1" && return
			[ "$(date +%s)" -lt "$deadline" ] || return
		done
	}
	in_tmux new-session -d -x 80 -y 24 -s t "$bin/sagetop --local"
	see running
	in_tmux send-keys -t t -l ':show endpoint/tiny' \; send-keys -t t Enter
	see 'i invoke'
	in_tmux send-keys -t t i
	see 'Content type'
	in_tmux send-keys -t t Tab \; send-keys -t t -l 0.9,0.1 \; send-keys -t t Enter
	see 'bytes of text'
	tap_match 'the form tells the answer and its latency' '200, [0-9.]+ ms, AllTraffic, [0-9]+ bytes of text/csv *[|] *[|] *-?[0-9.]+' "$(one_line "$out")"
	in_tmux send-keys -t t Tab Tab Tab Tab Tab C-u \; send-keys -t t -l 20 \; send-keys -t t Tab C-u \; send-keys -t t -l 4 \; send-keys -t t Enter
	see 'for a million'
	tap_match 'and what many calls take and cost' '20 in [0-9.]+ s, 4 at a time.*p50 [0-9.]+ ms.*failed *0.*for a million calls' "$(one_line "$out")"
	in_tmux kill-server
fi

# --- many models below a prefix -------------------------------------------------------------
fails 2 'endpoints have them' 'many models in bulk' -- --local transform $bucket/out/tiny/output/ --name many --input "$work/rows.csv"
sagetop --local deploy $bucket/out/tiny/output/ --name many --type ml.c5.large --wait --timeout 60s
sagetop --local invoke many "$work/rows.csv" --model model.tar.gz
tap_equal 'of many models the one that is named answers' "0 $first" "$status $out"
fails 1 'TargetModel must say which one' 'none is named' -- --local invoke many "$work/rows.csv"
fails 1 'Failed to download model data from .*/none.tar.gz' 'one that is not there' -- --local invoke many "$work/rows.csv" --model none.tar.gz
sagetop --local delete endpoint/many --all --yes

# --- asynchronous -------------------------------------------------------------------------
fails 2 'serverless or --async' 'both at a time' -- --local deploy tiny --name queue --serverless 2048,5 --async
fails 2 'goes with --async' 'a place for answers that are not stored' -- --local deploy tiny --name queue --to s3://b/x
fails 1 'tiny is not asynchronous' 'a queue where there is none' -- --local invoke tiny "$work/rows.csv" --async
fails 2 'goes without --repeat' 'a queue under load' -- --local invoke tiny "$work/rows.csv" --async --repeat 3
sagetop --local deploy model/tiny --name queue --async --type ml.c5.large --wait --timeout 60s
tap_match 'a queue is deployed' '^0 .*endpoint/queue creating\|queue InService' "$status $(one_line "$out")"
sagetop --local invoke queue "$work/rows.csv" --async --timeout 60s
tap_equal 'its answer is the same' "0 $first" "$status $out"
tap_match 'and where it lies is said' "is queued: $bucket/queue/answers/.*[.]out.*[0-9.]+ ms, [0-9]+ bytes" "$(one_line "$errors")"
sagetop --local invoke queue $bucket/t/train.csv --async --timeout 60s --content-type image/png
tap_match 'its failure is the exit status' '^3 .*failed: .*415' "$status $(one_line "$errors")"
fails 1 'queue is asynchronous .*say --async' 'it answers nothing at once' -- --local invoke queue "$work/rows.csv"
sagetop --local delete endpoint/queue --all --yes

# --- in bulk ------------------------------------------------------------------------------
sagetop --local transform tiny --input "$work/rows.csv" --name bulk --instance-type ml.c5.large --wait --timeout 60s --json
tap_equal 'a file is predicted in bulk by the model that is there' 'launched tiny Completed' \
	"$(printf '[%s]' "$out" | sed 's/^}$/},/' | /usr/bin/python3 -c 'import json, sys; a, b = json.load(sys.stdin); print(a["result"], a["model"], b[0]["status"])' 2>&1)"
sagetop --local files transform-job/bulk --no-header
tap_match 'its files, with what was made of each' '^rows[^	]*[.]csv	16	[^	]+	[0-9]+	$' "$out"
file=${out%%	*}
sagetop --local show transform-job/bulk
tap_match 'how far it came' 'Progress	1 of 1 files, 16 B of 16 B' "$out"
sagetop --local files transform-job/bulk "$file"
tap_match 'and the first lines of it' '^0 -?[0-9.]+[|]-?[0-9.]+$' "$status $(one_line "$out")"
fails 4 "has no file nothing" 'a file that is not there' -- --local files transform-job/bulk nothing
fails 2 'transform-job/NAME and endpoint/NAME' 'files of what has none' -- --local files model/tiny
fails 4 'captures no calls' 'an endpoint that captures nothing' -- --local files endpoint/tiny
fails 1 'the transform job bulk is there already' 'and not twice by one name' -- --local transform tiny --input "$work/rows.csv" --name bulk
sagetop --local transform tiny --input $bucket/none/ --name empty --wait --timeout 60s
tap_match 'one that fails says where its log is' '^3 .*empty Failed.*sagetop logs transform-job/empty' "$status $(one_line "$out$errors")"

# --- another model, by a new configuration ------------------------------------------------
tar -C "$work" -czf "$work/model.tar.gz" rows.csv
sagetop --local upload "$work/model.tar.gz" $bucket/m/
sagetop --local deploy $bucket/m/model.tar.gz --image own --name mine --dry-run
sagetop --local deploy model/tiny --name tiny --update --count 2 --wait --timeout 60s
tap_match 'more instances by an update' '^0 endpoint-config/tiny-[0-9a-f]{8} created\|endpoint/tiny updating\|tiny InService' "$status $(one_line "$out")"
sagetop --local show endpoint/tiny --json
tap_match 'serve' '"CurrentInstanceCount": 2' "$out"
run env XDG_CACHE_HOME="$work/none" "$bin/sagetop" --local list endpoints --no-header --columns name,variants,instances,rate,month
tap_equal 'the list tells instances and price, by a configuration that was not known' 'tiny	AllTraffic	2	0.408000	297.840000' "$out"
sagetop --local deploy model/tiny --name tiny --update
tap_equal 'an update that changes nothing is none' '0 endpoint/tiny	unchanged' "$status $out"
sagetop --local invoke tiny "$work/rows.csv"
tap_equal 'the answer is the same' "$first" "$out"
sagetop --local deploy $bucket/m/model.tar.gz --image own --name mine --wait --timeout 60s
tap_match 'an artefact with a server of its own' 'endpoint/mine creating\|mine InService' "$(one_line "$out")"
printf 'a\0b\377' >"$work/bytes.bin"
"$bin/sagetop" --local invoke mine "$work/bytes.bin" --content-type x/y >"$work/answer" 2>/dev/null
{ printf '\0\377x/y\0' && cat "$work/bytes.bin"; } | cmp - "$work/answer"
tap_equal 'bytes come back as they are' 0 $?
printf error >"$work/error"
fails 1 'server error \(500\).*it broke.*sagetop logs endpoint/mine' 'a model that fails' -- --local invoke mine "$work/error"
sagetop --local invoke mine "$work/error" --repeat 7 --parallel 3
tap_match 'failures are counted by their text' '^3 .*failed[ 	]+7.*7 x .*it broke' "$status $(one_line "$out")"
sagetop --local upload "$work/model.tar.gz" $bucket/m/other/
fails 2 'go with --update' 'a canary of a new endpoint' -- --local deploy model/tiny --name fresh --canary 10
fails 2 'one way' 'two ways at a time' -- --local deploy $bucket/m/other/model.tar.gz --image own --name mine --update --canary 10 --linear 10
fails 2 '10 to 50 per cent' 'steps that are too small' -- --local deploy $bucket/m/other/model.tar.gz --image own --name mine --update --linear 5
sagetop --local deploy $bucket/m/other/model.tar.gz --image own --name mine --update --alarm none
tap_match 'an alarm that is not there' '^4 .*Could not find the alarm "none" of AutoRollbackConfiguration' "$status $(one_line "$errors")"
sagetop --local deploy $bucket/m/other/model.tar.gz --image own --name mine --update --canary 50 --bake 2s --wait --timeout 60s
tap_match 'a canary first: its plan is said, and then it serves' \
	'^0 .*mine InService.*mine: 50% of the traffic for 2s, then all; 2s later the old instances end; its waits take 4s' "$status $(one_line "$out$errors")"
sagetop --local show endpoint/mine --json
tap_match 'by the way that was asked for' '"Type": "CANARY"' "$out"
sagetop --local deploy $bucket/m/none.tar.gz --image own --name mine --update --wait --timeout 60s
tap_match 'an update that cannot serve is rolled back, with the reason' '^3 .*mine was rolled back.*Could not find model data' "$status $(one_line "$errors")"
sagetop --local deploy $bucket/m/none.tar.gz --image own --name bad --wait --timeout 60s
tap_match 'an endpoint that cannot serve fails' '^3 .*bad Failed.*Could not find model data' "$status $(one_line "$out")"
fails 1 'bad is Failed and answers nothing' 'and answers nothing' -- --local invoke bad "$work/rows.csv"
fails 1 'only a deletion mends' 'nor is it deployed again' -- --local deploy $bucket/m/none.tar.gz --image own --name bad

# --- deleted in order ----------------------------------------------------------------------
sagetop --local deploy model/tiny --name other --type ml.c5.large
sagetop --local wait endpoint/other --timeout 60s
fails 2 'goes with endpoints' '--all of a model' -- --local delete model/tiny --all --yes
sagetop --local delete endpoint other --all --yes
tap_match 'what others have is kept and said' \
	'^0 endpoint/other deleted\|endpoint-config/other-[0-9a-f]{8} deleted\|model/tiny kept: endpoint-config/tiny-[0-9a-f]{8} has it too$' "$status $(one_line "$out")"
sagetop --local delete endpoint/tiny --all --yes
tap_match 'also by an older configuration' 'model/tiny	kept: endpoint-config/tiny-[0-9a-f]{8} has it too' "$out"
older=$(printf '%s' "$out" | sed -n 's/.*kept: \(.*\) has it too/\1/p')
sagetop --local delete "$older" --all --yes
tap_equal 'with its last configuration a model goes' "$older deleted|model/tiny deleted" "$(one_line "$out")"
sagetop --local delete endpoint/mine endpoint/bad --all --yes
sagetop --local list endpoints --no-header
tap_equal 'no endpoint is left' '' "$out"
tap_done
