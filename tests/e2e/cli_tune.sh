# sagetop tune: a search from one command, on the engine with the real trainer.
. "$SAGETOP_SRC/tests/e2e/lib.sh"
for program in sagetop-local sagetop-trainer; do
	[ -x "$bin/$program" ] || tap_skip_all "built without $program"
done
bucket=s3://sagemaker-us-east-1-000000000000
mkdir -p "$work/data"
# Points of played games by salary, place, start and the day: a part of a season, where it is at hand.
games=$SAGETOP_TEST_DATA/nba-gamelogs-2017-18.csv.gz
if [ -n "$SAGETOP_TEST_DATA" ] && [ -e "$games" ]; then
	zcat "$games" | awk -F, -v FILE="$work/data/" 'NR > 1 && $9 && n < 800 {
		print $27 "," $28 "," $7 "," $30 "," $1 % 100 >(FILE (n++ % 4 ? "train" : "validation") ".csv") }'
else
	awk -v FILE="$work/data/" 'BEGIN { srand(3); for (i = 0; i < 600; i++) { a = rand(); b = rand(); c = rand()
	print a * a * 3 + (b > 0.5 ? c : -c) + (rand() - 0.5) / 5 "," a "," b "," c >(FILE (i % 4 ? "train" : "validation") ".csv") } }'
fi
cat >"$work/job.json" <<END
{"TrainingJobName": "tiny", "RoleArn": "arn:aws:iam::000000000000:role/x",
 "AlgorithmSpecification": {"TrainingImage": "sagetop-trainer:1", "TrainingInputMode": "File"},
 "HyperParameters": {"objective": "reg:squarederror", "num_round": "20", "eta": "0.3", "seed": "7"},
 "InputDataConfig": [
  {"ChannelName": "train", "ContentType": "text/csv",
   "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "$bucket/t/train.csv"}}},
  {"ChannelName": "validation", "ContentType": "text/csv",
   "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "$bucket/t/validation.csv"}}}],
 "OutputDataConfig": {"S3OutputPath": "$bucket/out/"},
 "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
 "StoppingCondition": {"MaxRuntimeInSeconds": 3600}}
END
run "$bin/sagetop" local start --port 0
sagetop --local upload "$work/data/train.csv" "$work/data/validation.csv" $bucket/t/
sagetop --local launch "$work/job.json"
sagetop --local wait tiny --timeout 120s
tap_match 'the job to start from' 'tiny.Completed' "$out"

# --- what is said before it is sent ---------------------------------------------------
sagetop --local tune tiny max_depth=3..6 eta=0.01..0.2:log booster=gbtree,dart n=7 parallel=2 objective=validation:rmse --name dry --dry-run
printf '%s' "$out" >"$work/dry.json"
tap_equal 'the request of words' 'Bayesian 7 2 Minimize 3-6 Logarithmic gbtree,dart 20 7' "$(/usr/bin/python3 - "$work/dry.json" <<'END'
import json, sys
r = json.load(open(sys.argv[1]))
c, d = r["HyperParameterTuningJobConfig"], r["TrainingJobDefinition"]
p = c["ParameterRanges"]
i, k, w = p["IntegerParameterRanges"][0], p["ContinuousParameterRanges"][0], p["CategoricalParameterRanges"][0]
assert not {"eta", "max_depth", "booster"} & set(d["StaticHyperParameters"]), d
n = c["ResourceLimits"]
print(c["Strategy"], n["MaxNumberOfTrainingJobs"], n["MaxParallelTrainingJobs"], c["HyperParameterTuningJobObjective"]["Type"],
      i["MinValue"] + "-" + i["MaxValue"], k["ScalingType"], ",".join(w["Values"]),
      d["StaticHyperParameters"]["num_round"], d["StaticHyperParameters"]["seed"])
END
)"
tap_match 'and its size' 'dry: 7 training jobs, 2 at a time' "$errors"
bad() {
	regex=$1
	shift
	fails "$code" "$regex" "refused: $*" -- --local tune tiny "$@"
}
code=2
bad 'objective=METRIC is missing' max_depth=3..6 n=3
bad 'say goal=min or goal=max' max_depth=3..6 n=3 objective=validation:own
bad 'a scaling is linear' eta=1..2:cubic n=3 objective=validation:rmse
bad 'whole number from 1' eta=1..2 n=none objective=validation:rmse
bad 'has the form' max_depth n=3
code=1
bad 'is above the greatest' eta=2..1 n=3 objective=validation:rmse
bad 'begins above 0' eta=0..1:log n=3 objective=validation:rmse
bad 'nothing is tuned' eta=0.1 n=3 objective=validation:rmse
bad 'is not said \(n=20\)' eta=0.1..0.2 objective=validation:rmse
fails 4 "no training job 'absent'" 'a job that is not there' -- --local tune absent eta=0.1..0.2 n=3 objective=validation:rmse
fails 5 'read-only forbids it' 'read-only' -- --local tune tiny eta=0.1..0.2 n=3 objective=validation:rmse --read-only

# --- priced and asked about, as on AWS ---------------------------------------------------
endpoint=$("$bin/sagetop" --local local status --json | sed -n 's/.*"endpoint": "\([^"]*\)".*/\1/p')
eval "$("$bin/sagetop" local env)"
sagetop --endpoint-url "$endpoint" tune tiny eta=0.1..0.2 n=4 objective=validation:rmse --name asked
tap_match 'without a terminal nobody is asked' 'say --yes' "$status $errors"
tap_match 'what it can cost at most is said' 'asked: 4 training jobs, 1 at a time, at most \$[0-9.]+ \(\$[0-9.]+ each; prices of 20[0-9-]+, us-east-1\)' "$errors"

# --- one command, unattended ---------------------------------------------------------------
sagetop --local tune tiny max_depth=3..10 eta=0.01..0.2:log num_round=100..500 n=20 parallel=5 objective=validation:rmse \
	random_seed=1 --name search --wait --timeout 120s
tap_match 'twenty jobs, five at a time, and the best' \
	'tuning-job/search.launched search.Completed.* search-0[0-9][0-9]-[0-9a-f]{8}.validation:rmse.[0-9]+\.[0-9]+.max_depth=[0-9]+.num_round=[0-9]+.eta=0\.[0-9]+' \
	"$(printf '%s' "$out" | tr '\n' ' ')"
sagetop --local list tuning-child/search --limit 100
tap_equal 'all twenty are there' 20 "$(printf '%s\n' "$out" | grep -c '^search-')"
sagetop --local tune tiny max_depth=3..10 eta=0.01..0.2:log num_round=100..500 n=2 objective=validation:rmse from=search \
	--name more --wait --timeout 120s
tap_match 'more of them by warm start' 'more-00[12]-' "$out"
sagetop --local tune tuning-job/more eta=0.05..0.1 num_round=12 --name still-more --dry-run
printf '%s' "$out" >"$work/more.json"
tap_equal 'a search is gone on with by its name: itself its parent, and what the words change' \
	"more IdenticalDataAndAlgorithm 2 ['max_depth'] [('eta', '0.05', '0.1')] 12 Minimize" "$(/usr/bin/python3 - "$work/more.json" <<'END'
import json, sys
r = json.load(open(sys.argv[1]))
c, d, w = r["HyperParameterTuningJobConfig"], r["TrainingJobDefinition"], r["WarmStartConfig"]
p, fixed = c["ParameterRanges"], d["StaticHyperParameters"]
assert "_tuning_objective_metric" not in fixed and "eta" not in fixed, fixed
print(w["ParentHyperParameterTuningJobs"][0]["HyperParameterTuningJobName"], w["WarmStartType"],
      c["ResourceLimits"]["MaxNumberOfTrainingJobs"], [x["Name"] for x in p["IntegerParameterRanges"]],
      [(x["Name"], x["MinValue"], x["MaxValue"]) for x in p["ContinuousParameterRanges"]], fixed["num_round"],
      c["HyperParameterTuningJobObjective"]["Type"])
END
)"
sagetop --local tune tuning-job/more n=1 --wait --timeout 120s
tap_match 'and it runs, under a name of its own' 'more-[0-9]{6}-[0-9]{6}-001-' "$status $out"

# --- Hyperband, whose resource are the trainer's rounds -------------------------------------
# No child ends by itself: what stops one at a rung or at the last round is the search.
sagetop --local tune tiny max_depth=2..6 eta=0.0001..0.5:log num_round=100000 n=9 parallel=3 strategy=hyperband resource=3..27 \
	random_seed=2 objective=validation:rmse --name band --wait --timeout 120s
tap_match 'a search by Hyperband' 'band.Completed' "$status $out"
sagetop --local list tuning-child/band --columns name,status,objective_status --no-header --format tsv
tap_equal 'it stops all of its children, and each has its value' 9 "$(printf '%s\n' "$out" | grep -c '	Stopped	Succeeded$')"
for child in $(printf '%s\n' "$out" | cut -f 1); do
	sagetop --local job "$child" --json
	printf '%s\n' "$out" | grep -o 'at epoch [0-9]* its objective is not in the better third (Hyperband)\|the 27 epochs of MaxResource (Hyperband)' |
		sort -u
done >"$work/reasons"
tap_equal 'and each of them says why' 9 "$(grep -c . "$work/reasons")"
tap_match 'some at a rung, some with all their rounds' 'better third.*27 epochs|27 epochs.*better third' "$(tr '\n' ' ' <"$work/reasons")"
sagetop --local tune tuning-job/nothing n=1
tap_match 'one that is not there' "no tuning job 'nothing'" "$errors"
sagetop --local tune endpoint/x n=1
tap_match 'what cannot be tuned' 'endpoints are not tuned' "$errors"
sagetop --local tune "$work/dry.json" --name from-file --wait --timeout 120s
tap_match 'and from a file' 'from-file-00' "$status $out"
tap_done
