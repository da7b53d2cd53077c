# sagetop process: a script over data as a processing job on the engine.
. "$SAGETOP_SRC/tests/e2e/lib.sh"
[ -x "$bin/sagetop-local" ] || tap_skip_all 'built without the local engine'
unshare -rm true 2>/dev/null || tap_skip_all 'no mount namespaces here'
sagetop local start --port 0

mkdir "$work/data"
echo hello >"$work/data/a.txt"
cat >"$work/double.py" <<'PY'
import sys
print("args", sys.argv[1:])
open("/opt/ml/processing/output/twice/a.txt", "w").write(open("/opt/ml/processing/input/data/a.txt").read() * 2)
PY
sagetop --local process "$work/double.py" --input data="$work/data" --output twice --name one -- --share 0.5
tap_equal 'a script is launched' '0 processing-job/one	launched' "$status $out"
sagetop --local wait processing-job/one
tap_match 'wait knows it' '^one	Completed' "$out"
sagetop --local logs processing-job/one
tap_equal 'so does logs, which has not seen it before' "args ['--share', '0.5']" "$out"
eval "$("$bin/sagetop" local env)"
if command -v aws >/dev/null; then
	run env PATH=/usr/bin:/bin aws --endpoint-url "$AWS_ENDPOINT_URL" s3 cp s3://sagemaker-us-east-1-000000000000/one/output/twice/a.txt -
	tap_equal 'the output is under its name' 'hello hello' "$(printf '%s' "$out" | tr '\n' ' ' | sed 's/ $//')"
fi
sagetop --local process "$work/double.py" --input data="$work/data" --dry-run --name two --count 2 --set StoppingCondition.MaxRuntimeInSeconds=60
tap_match 'a dry run shows the request' '"InstanceCount": 2' "$out"
tap_match 'with its changes' '"MaxRuntimeInSeconds": 60' "$out"
printf '%s' "$out" >"$work/spec.json"
sagetop --local process "$work/spec.json" --dry-run --set Environment.SEED=5 --set StoppingCondition=null
tap_match 'a variable is a text' '"SEED": "5"' "$out"
tap_equal 'null takes a member out' '' "$(printf '%s' "$out" | grep StoppingCondition)"
sagetop --local process "$work/double.py" --output o --dry-run --name two --to s3://bucket/under//
tap_match 'what comes out lies below --to, whose last slashes do not count' '"S3Uri": "s3://bucket/under/two/output/o"' "$out"
tap_match 'so does what is uploaded' '"S3Uri": "s3://bucket/under/two/input/code"' "$out"
sagetop --local process "$work/spec.json" --name three
tap_equal 'a specification is one too' '0 processing-job/three	launched' "$status $out"
sagetop --local wait processing-job/three
tap_equal 'what it names is not there: it fails' 3 "$status"
fails 4 'no such script' 'a script that is not there' -- --local process "$work/none.py"
fails 2 'say NAME=SOURCE' 'an input without a source' -- --local process "$work/double.py" --input data
fails 2 'NAME=s3://' 'an output elsewhere' -- --local process "$work/double.py" --output o=/tmp/x
fails 1 'cannot read' 'an input that is not there' -- --local process "$work/double.py" --input d="$work/nowhere"
fails 1 'AppSpecification' 'another specification' -- --local process "$SAGETOP_SRC/share/examples/player.yaml"
fails 2 'a specification has its own' 'another image for a specification' -- --local process "$work/spec.json" --image-uri x
unset AWS_ENDPOINT_URL
fails 2 'needs --image-uri' 'an account wants to know more' -- --region us-east-1 process "$work/double.py"
tap_done
