# The AWS CLI drives the local engine with nothing but --endpoint-url and dummy
# keys: real jobs, their logs and metrics, S3 transfers in parts.
. "$SAGETOP_SRC/tests/interop/engine.sh"

cli=/usr/bin/aws
[ -x "$cli" ] || tap_skip_all 'no AWS CLI'
[ -x "$bin/sagetop-trainer" ] || tap_skip_all 'built without the trainer'
"$cli" --version >/dev/null 2>&1 || tap_skip_all "$cli does not start"

# aws ARGUMENTS...: of the loaded CLI, as `run`; its words and keys go by a file.
aws() {
	printf '%s\0' "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" "$work/out" "$work/err" \
		--endpoint-url "$endpoint" --output json "$@" >"$work/words"
	echo "$work/words" >"$work/requests"
	read -r status <"$work/answers"
	out=$(cat "$work/out")
	errors=$(cat "$work/err")
}
# field EXPRESSION: of the JSON in $out, as text.
field() {
	printf '%s' "$out" | /usr/bin/python3 -c "import json, sys; d = json.load(sys.stdin); print($1)" 2>&1
}
succeeds() { # what
	if [ "$status" -eq 0 ]; then tap_ok "$1"; else tap_not_ok "$1" "status $status: $errors"; fi
}

mkfifo "$work/requests" "$work/answers"
/usr/bin/python3 "$SAGETOP_SRC/tests/interop/aws_cli_forked.py" "$work/requests" "$work/answers" &
engine_start --slots 2 --stop-timeout 20s

# --- S3: 20 MB both ways, in parts --------------------------------------------------
awk 'BEGIN { srand(5); for (i = 0; i < 120; i++) { x = rand(); y = rand(); print 3 * x - y + rand() / 9 "," x "," y } }' \
	>"$work/train.csv"
awk 'BEGIN { srand(6); for (i = 0; i < 40; i++) { x = rand(); y = rand(); print 3 * x - y + rand() / 9 "," x "," y } }' \
	>"$work/validation.csv"
head -c 20971520 /dev/urandom >"$work/big"
aws s3 mb s3://interop
succeeds 's3 mb'
aws s3 cp "$work/big" s3://interop/folder/big.bin --no-progress
succeeds 's3 cp of 20 MB up'
aws s3 cp s3://interop/folder/big.bin "$work/back" --no-progress
succeeds 's3 cp of it down'
run cmp "$work/big" "$work/back"
tap_equal 'identical' '0 ' "$status $out$errors"
aws s3api head-object --bucket interop --key folder/big.bin
tap_equal 'it went up in parts, and has its size' '20971520 True' "$(field 'd["ContentLength"], "-" in d["ETag"]' | tr -d '(),')"
aws s3 cp "$work/train.csv" s3://interop/data/train/train.csv --no-progress
aws s3 cp "$work/validation.csv" s3://interop/data/validation/validation.csv --no-progress
aws s3 ls --recursive s3://interop/data/
tap_equal 's3 ls' 'data/train/train.csv
data/validation/validation.csv' "$(printf '%s\n' "$out" | awk '{ print $4 }')"

head -c 5242880 "$work/big" >"$work/part1"
tail -c +5242881 "$work/big" | head -c 1000 >"$work/part2"
aws s3api create-multipart-upload --bucket interop --key 'parts/a b+ü.bin'
upload=$(field 'd["UploadId"]')
aws s3api upload-part --bucket interop --key 'parts/a b+ü.bin' --upload-id "$upload" --part-number 1 --body "$work/part1"
etag1=$(field 'd["ETag"]')
aws s3api upload-part --bucket interop --key 'parts/a b+ü.bin' --upload-id "$upload" --part-number 2 --body "$work/part2"
etag2=$(field 'd["ETag"]')
aws s3api list-parts --bucket interop --key 'parts/a b+ü.bin' --upload-id "$upload"
tap_equal 's3api list-parts' '[(1, 5242880), (2, 1000)]' "$(field '[(p["PartNumber"], p["Size"]) for p in d["Parts"]]')"
aws s3api complete-multipart-upload --bucket interop --key 'parts/a b+ü.bin' --upload-id "$upload" \
	--multipart-upload "{\"Parts\":[{\"PartNumber\":1,\"ETag\":\"deadbeef\"},{\"PartNumber\":2,\"ETag\":$etag2}]}"
tap_match 'a wrong ETag is no part' 'InvalidPart' "$errors"
printf '{"Parts":[{"PartNumber":1,"ETag":"%s"},{"PartNumber":2,"ETag":"%s"}]}' \
	"$(echo "$etag1" | sed 's/"/\\"/g')" "$(echo "$etag2" | sed 's/"/\\"/g')" >"$work/parts.json"
aws s3api complete-multipart-upload --bucket interop --key 'parts/a b+ü.bin' --upload-id "$upload" \
	--multipart-upload "file://$work/parts.json"
succeeds 's3api complete-multipart-upload'
run "$cli" --endpoint-url "$endpoint" s3 presign 's3://interop/parts/a b+ü.bin' --expires-in 300
url=$out
curl -s -o "$work/presigned" "$url"
cat "$work/part1" "$work/part2" >"$work/both"
run cmp "$work/both" "$work/presigned"
tap_equal 'a presigned URL serves the object whole' '0 ' "$status $out$errors"
tap_match 'a presigned URL that was altered does not' '<Code>SignatureDoesNotMatch</Code>' \
	"$(curl -s "$(printf '%s' "$url" | sed 's/X-Amz-Expires=300/X-Amz-Expires=301/')")"
aws s3 rm --recursive s3://interop/parts/
succeeds 's3 rm'

# --- keys ----------------------------------------------------------------------------------
aws sts get-caller-identity
tap_equal 'sts get-caller-identity' '000000000000' "$(field 'd["Account"]')"
AWS_SECRET_ACCESS_KEY=wrong aws sagemaker list-training-jobs
tap_match 'a wrong secret: SageMaker' 'InvalidSignatureException' "$errors"
AWS_SECRET_ACCESS_KEY=wrong aws sts get-caller-identity
tap_match 'a wrong secret: STS' 'SignatureDoesNotMatch' "$errors"
AWS_SECRET_ACCESS_KEY=wrong aws s3 ls s3://interop/
tap_match 'a wrong secret: S3' 'SignatureDoesNotMatch' "$errors"
AWS_ACCESS_KEY_ID=nobody aws sagemaker list-training-jobs
tap_match 'an unknown key' 'UnrecognizedClientException' "$errors"
AWS_ACCESS_KEY_ID=nobody aws s3 ls s3://interop/
tap_match 'an unknown key: S3' 'InvalidAccessKeyId' "$errors"

# --- jobs --------------------------------------------------------------------------------
job_spec() { # name rounds
	cat >"$work/spec.json" <<-END
		{"TrainingJobName": "$1", "RoleArn": "arn:aws:iam::000000000000:role/interop",
		 "AlgorithmSpecification": {"TrainingImage": "sagetop-trainer", "TrainingInputMode": "File",
		  "MetricDefinitions": [{"Name": "validation:rmse", "Regex": "validation-rmse:([0-9.]+)"}]},
		 "HyperParameters": {"objective": "reg:squarederror", "num_round": "$2", "seed": "3"},
		 "InputDataConfig": [
		  {"ChannelName": "train", "ContentType": "text/csv", "DataSource": {"S3DataSource":
		   {"S3DataType": "S3Prefix", "S3Uri": "s3://interop/data/train/"}}},
		  {"ChannelName": "validation", "ContentType": "text/csv", "DataSource": {"S3DataSource":
		   {"S3DataType": "S3Prefix", "S3Uri": "s3://interop/data/validation/"}}}],
		 "OutputDataConfig": {"S3OutputPath": "s3://interop/output/"},
		 "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
		 "StoppingCondition": {"MaxRuntimeInSeconds": 600},
		 "Tags": [{"Key": "project", "Value": "interop"}, {"Key": "round", "Value": "$2"}]}
	END
}
launch() { # name rounds
	job_spec "$1" "$2"
	aws sagemaker create-training-job --cli-input-json "file://$work/spec.json"
}

# The CLI's waiters ask every two minutes: they get a job that is at its end, or nearly.
over() {
	aws sagemaker describe-training-job --training-job-name "$1"
	case $(field 'd["TrainingJobStatus"]') in Completed | Failed | Stopped) return 0 ;; esac
	return 1
}

launch first 30
tap_equal 'create-training-job' 'arn:aws:sagemaker:us-east-1:000000000000:training-job/first' "$(field 'd["TrainingJobArn"]')"
arn=$(field 'd["TrainingJobArn"]')
launch first 30
tap_match 'the same name again' 'ResourceInUse' "$errors"
launch second 40
launch endless 100000000
succeeds 'create-training-job of a long one'
tap_until 240 over first
aws sagemaker wait training-job-completed-or-stopped --training-job-name first
succeeds 'wait training-job-completed-or-stopped'
aws sagemaker describe-training-job --training-job-name first
tap_equal 'describe-training-job' 'Completed Completed s3://interop/output/first/output/model.tar.gz' \
	"$(field 'd["TrainingJobStatus"], d["SecondaryStatus"], d["ModelArtifacts"]["S3ModelArtifacts"]' | tr -d "'(),")"
tap_equal 'it went through the stages in order' 'Starting Downloading Training Uploading Completed' \
	"$(field '*[t["Status"] for t in d["SecondaryStatusTransitions"]]')"
tap_equal 'and has its final metric' 'validation:rmse' "$(field 'd["FinalMetricDataList"][0]["MetricName"]')"
tap_match 'and its billable seconds' '^[1-9][0-9]*$' "$(field 'd["BillableTimeInSeconds"]')"
aws s3 cp s3://interop/output/first/output/model.tar.gz "$work/model.tar.gz" --no-progress
tap_equal 'model.tar.gz holds the model' 'xgboost-model' "$(tar -tzf "$work/model.tar.gz" 2>&1 | sed 's,^\./,,' | grep '^xgboost-model$')"
aws sagemaker describe-training-job --training-job-name nobody
tap_match 'describe of an unknown job' 'ResourceNotFound|Requested resource not found' "$errors"

aws sagemaker list-training-jobs --max-results 2 --sort-by Name --sort-order Ascending --no-paginate
tap_equal 'list: the first page' 'endless first True' "$(field '*[s["TrainingJobName"] for s in d["TrainingJobSummaries"]], "NextToken" in d')"
token=$(field 'd["NextToken"]')
aws sagemaker list-training-jobs --max-results 2 --sort-by Name --sort-order Ascending --no-paginate --next-token "$token"
tap_equal 'list: the second' 'second False' "$(field '*[s["TrainingJobName"] for s in d["TrainingJobSummaries"]], "NextToken" in d')"
aws sagemaker list-training-jobs --page-size 1
tap_equal 'list: three pages of one' 'endless first second' "$(field '*sorted(s["TrainingJobName"] for s in d["TrainingJobSummaries"])')"

aws sagemaker stop-training-job --training-job-name endless
succeeds 'stop-training-job'
tap_until 240 over endless
aws sagemaker wait training-job-completed-or-stopped --training-job-name endless
succeeds 'wait for the stopped one'
aws sagemaker describe-training-job --training-job-name endless
tap_equal 'it is Stopped' 'Stopped Stopped' "$(field 'd["TrainingJobStatus"], d["SecondaryStatus"]' | tr -d "'(),")"
aws sagemaker stop-training-job --training-job-name endless
tap_match 'stopping it again is refused' 'ValidationException' "$errors"

aws sagemaker list-tags --resource-arn "$arn"
tap_equal 'list-tags' "[('project', 'interop'), ('round', '30')]" "$(field 'sorted((t["Key"], t["Value"]) for t in d["Tags"])')"
aws sagemaker search --resource TrainingJob --search-expression '{"Filters": [
	{"Name": "Tags.project", "Operator": "Equals", "Value": "interop"},
	{"Name": "HyperParameters.num_round", "Operator": "LessThan", "Value": "35"}]}'
tap_equal 'search' "['first']" "$(field '[r["TrainingJob"]["TrainingJobName"] for r in d["Results"]]')"
aws sagemaker search --resource TrainingJob --sort-by CreationTime --sort-order Descending --max-items 2
tap_equal 'search, sorted, two items' "['endless', 'second']" "$(field '[r["TrainingJob"]["TrainingJobName"] for r in d["Results"]]')"
job_spec Bad_Name 3
aws sagemaker create-training-job --cli-input-json "file://$work/spec.json"
tap_match 'a bad name' "ValidationException.*Value 'Bad_Name' at 'trainingJobName' failed to satisfy constraint" "$errors"

# --- logs and metrics ---------------------------------------------------------------
group=/aws/sagemaker/TrainingJobs
aws logs describe-log-streams --log-group-name $group --log-stream-name-prefix first/
stream=$(field 'd["logStreams"][0]["logStreamName"]')
tap_match 'describe-log-streams' '^first/algo-1-[0-9]+$' "$stream"
aws logs get-log-events --log-group-name $group --log-stream-name "$stream" --start-from-head
tap_equal 'get-log-events: a line for each round' 30 "$(field 'sum("validation-rmse:" in e["message"] for e in d["events"])')"
token=$(field 'd["nextForwardToken"]')
aws logs get-log-events --log-group-name $group --log-stream-name "$stream" --start-from-head --next-token "$token"
tap_equal 'and at the end the token stays' "0 $token" "$(field 'len(d["events"]), d["nextForwardToken"]' | tr -d "'(),")"
aws logs filter-log-events --log-group-name $group --log-stream-name-prefix first/ --filter-pattern '"[29]"'
tap_equal 'filter-log-events' 1 "$(field 'len(d["events"])')"
run "$cli" --endpoint-url "$endpoint" logs tail $group --log-stream-name-prefix first/ --since 1h --format short
tap_equal 'logs tail' 30 "$(printf '%s\n' "$out" | grep -c 'validation-rmse:')"

now=$(date +%s)
cat >"$work/queries.json" <<-END
	[{"Id": "rmse", "MetricStat": {"Metric": {"Namespace": "$group", "MetricName": "validation:rmse",
	  "Dimensions": [{"Name": "TrainingJobName", "Value": "first"}]}, "Period": 60, "Stat": "Minimum"}},
	 {"Id": "cpu", "MetricStat": {"Metric": {"Namespace": "$group", "MetricName": "CPUUtilization",
	  "Dimensions": [{"Name": "Host", "Value": "endless/algo-1"}]}, "Period": 60, "Stat": "Average"}}]
END
aws cloudwatch get-metric-data --metric-data-queries "file://$work/queries.json" \
	--start-time $((now - 3600)) --end-time $((now + 60))
tap_equal 'get-metric-data: the objective metric' 'Complete True' \
	"$(field '*[(r["StatusCode"], 0 < r["Values"][0] < 2) for r in d["MetricDataResults"] if r["Id"] == "rmse"][0]')"
tap_equal 'and the processor' 'Complete True' \
	"$(field '*[(r["StatusCode"], r["Values"][0] > 0) for r in d["MetricDataResults"] if r["Id"] == "cpu"][0]')"

# --- tail --follow while a job runs -------------------------------------------------------
followed() {
	grep -q 'third/algo-1.*validation-rmse:' "$work/follow"
}
"$cli" --endpoint-url "$endpoint" logs tail $group --follow --since 1m --log-stream-name-prefix third/ \
	>"$work/follow" 2>&1 &
follow_pid=$!
launch third 100000000
if tap_until 240 followed; then
	tap_ok 'logs tail --follow shows lines of a job that runs'
else
	tap_not_ok 'logs tail --follow shows lines of a job that runs' "$(tail -5 "$work/follow")"
fi
kill $follow_pid
wait $follow_pid 2>/dev/null
aws sagemaker stop-training-job --training-job-name third
tap_until 240 over third
aws sagemaker wait training-job-completed-or-stopped --training-job-name third
succeeds 'and ends when it is stopped'

# --- other kinds ------------------------------------------------------------------------
aws sagemaker create-model --model-name Mine --primary-container Image=i,ModelDataUrl=s3://b/m.tar.gz \
	--execution-role-arn arn:aws:iam::000000000000:role/cli --tags Key=a,Value=b
tap_equal 'create-model' 'arn:aws:sagemaker:us-east-1:000000000000:model/mine' "$(field 'd["ModelArn"]')"
aws sagemaker describe-model --model-name Mine
tap_equal 'describe-model' 'Mine i' "$(field '*[d["ModelName"], d["PrimaryContainer"]["Image"]]')"
aws sagemaker list-models --name-contains MIN --sort-by Name
tap_equal 'list-models' "['Mine']" "$(field '[m["ModelName"] for m in d["Models"]]')"
aws sagemaker describe-endpoint --endpoint-name nothing
tap_match 'an endpoint that is not there' 'ValidationException.*Could not find endpoint "arn:.*:endpoint/nothing"' "$errors"
aws sagemaker delete-model --model-name Mine
succeeds 'delete-model'
aws scheduler create-schedule --name nightly --schedule-expression 'cron(0 3 * * ? *)' \
	--flexible-time-window Mode=OFF \
	--target Arn=arn:aws:scheduler:::aws-sdk:sagemaker:createTrainingJob,RoleArn=arn:aws:iam::000000000000:role/cli
tap_equal 'create-schedule' 'arn:aws:scheduler:us-east-1:000000000000:schedule/default/nightly' \
	"$(field 'd["ScheduleArn"]')"
aws scheduler list-schedules --name-prefix night
tap_equal 'list-schedules' 'nightly ENABLED' "$(field '*[d["Schedules"][0][k] for k in ("Name", "State")]')"
aws scheduler get-schedule --name none
tap_match 'a schedule that is not there' 'ResourceNotFoundException' "$errors"
aws cloudwatch put-metric-alarm --alarm-name idle --namespace AWS/SageMaker --metric-name Invocations \
	--statistic Sum --period 3600 --evaluation-periods 24 --threshold 0 \
	--comparison-operator LessThanOrEqualToThreshold --dimensions Name=EndpointName,Value=e
succeeds 'put-metric-alarm'
aws cloudwatch describe-alarms --alarm-names idle
tap_equal 'describe-alarms' 'INSUFFICIENT_DATA e' \
	"$(field '*[(a["StateValue"], a["Dimensions"][0]["Value"]) for a in d["MetricAlarms"]][0]')"
aws iam list-roles
tap_match 'a Query service that is not served' 'UnknownOperationException' "$errors"

echo >"$work/requests"
engine_stop
tap_equal 'the engine ends cleanly' 0 "$engine_status"
tap_empty 'and had nothing to say' "$(cat "$work/engine.log")"
tap_done
