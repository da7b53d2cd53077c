# Bad training data ends the job as Failed, with file, line and column in the reason.
. "$SAGETOP_SRC/tests/e2e/lib.sh"
[ -x "$bin/sagetop-local" ] && [ -x "$bin/sagetop-trainer" ] || tap_skip_all 'built without engine or trainer'

example=$SAGETOP_SRC/share/examples/player.yaml
mkdir -p "$work/data/good" "$work/data/text" "$work/data/ragged" "$work/data/nothing" "$work/data/narrow" "$work/data/label"
row=0
while [ $row -lt 40 ]; do
	row=$((row + 1))
	echo "$((row % 7)).5,$row,$((row * row % 11)),0.25"
done >"$work/data/good/data.csv"
sed '17s/,0\.25/,soon/' "$work/data/good/data.csv" >"$work/data/text/data.csv"
sed '23s/$/,1,2/' "$work/data/good/data.csv" >"$work/data/ragged/data.csv"
: >"$work/data/nothing/data.csv"
cut -d, -f1-3 "$work/data/good/data.csv" >"$work/data/narrow/data.csv"
sed '9s/^[^,]*/,/;9s/^,,/,/' "$work/data/good/data.csv" >"$work/data/label/data.csv"
sagetop local start --port 0
sagetop --local upload "$work/data" s3://bad/

launch() { # job train-set validation-set change...
	job=$1 train=$2 validation=$3
	shift 3
	sagetop --local launch "$example" --name "$job" --set HyperParameters.num_round=5 \
		--set OutputDataConfig.S3OutputPath=s3://bad/output/ \
		--set "InputDataConfig.0.DataSource.S3DataSource.S3Uri=s3://bad/$train/" \
		--set "InputDataConfig.1.DataSource.S3DataSource.S3Uri=s3://bad/$validation/" "$@"
	[ "$status" -eq 0 ] || tap_not_ok "launch of $job" "$errors"
}
launch good good good
launch text text good
launch ragged ragged good
launch nothing nothing good
launch narrow good narrow
launch label label good
launch validation good text
launch channel good good --set InputDataConfig.0.ChannelName=training
launch absent good good --set 'InputDataConfig=[{"ChannelName": "validation", "ContentType": "text/csv", "DataSource":
	{"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bad/good/"}}}]'
launch parameter good good --set HyperParameters.max_dept=3
launch range good good --set HyperParameters.eta=1.5
sagetop --local wait good text ragged nothing narrow label validation channel absent parameter range --timeout 600s
tap_equal 'wait with failed jobs' 3 "$status"
reasons=$out
reason() { # job regex what
	line=$(printf '%s\n' "$reasons" | grep "^$1	")
	tap_match "$3" "^$1	Failed	.*$2" "$line"
}
tap_match 'good data trains' '^good	Completed	' "$reasons"
reason text 'train/data\.csv.*17.*column 4.*soon' 'a text cell: file, line, column and the text'
reason ragged 'train/data\.csv.*23' 'a ragged row: file and line'
reason nothing 'train' 'an empty file names its channel'
reason narrow 'validation.*column|column.*validation' 'fewer columns in validation'
reason label 'train/data\.csv.*9.*' 'a row without a label'
reason validation 'validation/data\.csv.*17.*column 4' 'a text cell in the validation channel'
reason channel 'channel.*training' 'a channel of another name'
reason absent 'train' 'a missing channel'
reason parameter 'max_dept.*max_depth' 'an unknown hyperparameter, nearest suggested'
reason range 'eta.*1\.5' 'a hyperparameter out of range'
for job in text ragged nothing narrow label validation channel absent parameter range; do
	sagetop --local job $job --json
	/usr/bin/python3 -c 'import json, sys
j = json.load(open(sys.argv[1]))
r = j["FailureReason"]
sys.exit(not (r.startswith(("ClientError", "AlgorithmError")) and "\n" not in r and len(r) <= 1024))' "$work/out" ||
		tap_not_ok "the reason of $job is one line with its class first" "$out"
done
tap_ok 'every reason is one line'
sagetop --local logs text --errors
tap_match 'the log says the same' 'data\.csv.*17' "$out"
tap_done
