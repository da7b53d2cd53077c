# Every command on real jobs of the real engine, and every documented exit status.
. "$SAGETOP_SRC/tests/e2e/lib.sh"
[ -x "$bin/sagetop-local" ] || tap_skip_all 'built without the local engine'
[ -x "$bin/sagetop-trainer" ] || tap_skip_all 'built without the trainer'

example=$SAGETOP_SRC/share/examples/player.yaml
sh "$SAGETOP_SRC/share/make-sample-data" --teams 4 --days 60 "$work/season"
sagetop local start --port 0
tap_equal 'the engine starts' 0 "$status"
sagetop --local upload "$work/season/pools" s3://sagetop-sample/season/pools/
tap_match 'upload names what it sent' '^s3://sagetop-sample/season/pools/league/train/data.csv$' "$out"
fails 1 'no-such-file' 'uploading nothing' -- --local upload "$work/no-such-file" s3://b/
fails 1 's3://' 'uploading to no bucket' -- --local upload "$work/season" nowhere

# launch
sagetop --local launch "$example" --name good-1 --set HyperParameters.num_round=30
tap_equal 'launch' '0 good-1	launched' "$status $out"
sagetop --local launch "$example" --name broken-1 \
	--set InputDataConfig.0.DataSource.S3DataSource.S3Uri=s3://sagetop-sample/season/pools/broken/train/
tap_equal 'launch of a job that will fail' 0 "$status"
fails 1 'good-1' 'a name that is taken' -- --local launch "$example" --name good-1
sagetop --local launch "$example" --name dry --dry-run --set HyperParameters.eta=0.5
tap_match 'a dry run prints what it would send' '"eta": "0.5"' "$out"
fails 4 'dry' 'and sends nothing' -- --local job dry
sagetop --local launch - --name piped --dry-run
tap_equal 'an empty specification is refused' 1 "$status"

# wait
sagetop --local wait good-1 --timeout 600s
tap_match 'wait for a good job' '^good-1	Completed	' "$out"
tap_equal 'exits with 0' 0 "$status"
sagetop --local wait good-1 broken-1 --timeout 600s
tap_equal 'wait with a failed job exits with 3' 3 "$status"
tap_match 'and says why' '^broken-1	Failed	.*train.*data\.csv.*25' "$out"
sagetop --local wait broken-1 good-1 --any --timeout 600s
tap_equal 'wait for any of them ends with that one, and its exit status' '3 broken-1 1' \
	"$status $(cut -f1 "$work/out" | tr '\n' ' ')$(wc -l <"$work/out")"
sagetop --local wait good-1 broken-1 --any --json
tap_equal 'which is in JSON alone as well' '0 good-1' "$status $(/usr/bin/python3 -c '
import json, sys
(j,) = json.load(open(sys.argv[1]))
print(j["name"])' "$work/out" 2>&1)"
fails 2 '--any or --all' 'any and all' -- --local wait good-1 broken-1 --any --all
fails 4 'good-2.*did you mean.*good-1' 'wait for an unknown job, nearest suggested' -- --local wait good-2

# files
sagetop --local files good-1 --no-header
tap_match 'what the job stored, with its size' '^output/model[.]tar[.]gz	[0-9]+	' "$out"
sagetop --local files good-1 model.tar.gz
tap_match 'an archive shows its members' ' [kM]?B  [^ ]+  xgboost-model$' "$out"
tap_match 'and what they come to' '^[0-9]+ files, [0-9.]+ kB unpacked$' "$out"
mkdir "$work/here"
sagetop --local files good-1 model.tar.gz --out "$work/here"
tap_equal 'it is downloaded into a folder' "0 $work/here/model.tar.gz" "$status $out"
tap_match 'whole' 'xgboost-model' "$(tar -tzf "$work/here/model.tar.gz" 2>&1)"
echo mine >"$work/here/model.tar.gz"
fails 1 'there already: --yes replaces it' 'a file that is there is left alone' -- --local files good-1 model.tar.gz -o "$work/here"
tap_equal 'as it was' mine "$(cat "$work/here/model.tar.gz")"
sagetop --local files good-1 output/model.tar.gz -o "$work/here/model.tar.gz" --yes
tap_match 'with --yes it is replaced' 'xgboost-model' "$(tar -tzf "$work/here/model.tar.gz" 2>&1)"
tap_equal 'nothing else is left there' model.tar.gz "$(ls -A "$work/here")"
fails 2 'which file' 'a folder alone says nothing' -- --local files good-1 -o "$work/here"

# jobs
sagetop --local jobs --sort name --columns name,status,instance,hp.num_round,tag.project --no-header
tap_equal 'jobs in a pipe' "broken-1	Failed	ml.m5.large	200	sample-season
good-1	Completed	ml.m5.large	30	sample-season" "$out"
sagetop --local jobs status:failed --columns name --no-header
tap_equal 'a filter word' broken-1 "$out"
sagetop --local jobs '!status:failed' good --columns name --no-header
tap_equal 'two filter words' good-1 "$out"
sagetop --local jobs --sort -name --columns name --no-header --limit 1
tap_equal 'descending, with a limit' good-1 "$out"
sagetop --local jobs --sort cost --columns name,cost,billable --no-header
tap_match 'costs are numbers in a pipe' '^good-1	0\.[0-9]{6}	[0-9]+$' "$out"
sagetop --local jobs --format table --columns name,status,instance
tap_match 'and aligned where asked' '^good-1    Completed  ml.m5.large$' "$out"
sagetop --local jobs --json good-1
tap_equal 'jobs as JSON' 'good-1 Completed 30 sample-season' "$(/usr/bin/python3 -c '
import json, sys
(j,) = json.load(open(sys.argv[1]))
assert j["cost_usd"] > 0 and j["started"].endswith("Z") and j["billable_seconds"] >= 1
print(j["name"], j["status"], j["hyperparameters"]["num_round"], j["tags"]["project"])' "$work/out" 2>&1)"
sagetop --local jobs --sort name --columns name,status,hp.num_round,reason,tag.Absent --csv
tap_equal 'jobs as CSV' 'name status hp.num_round reason tag.Absent;broken-1 Failed 200 True;good-1 Completed 30 False' "$(/usr/bin/python3 -c '
import csv, sys
head, *rows = csv.reader(open(sys.argv[1], newline=""))
print(";".join([" ".join(head)] + [" ".join(r[:3] + [str("data.csv" in r[3])]) for r in rows]))' "$work/out" 2>&1)"
sagetop --local jobs good --csv --no-header --columns name,cost
tap_match 'without the titles' '^good-1,0\.[0-9]{6}$' "$out"
sagetop --local list training-jobs good --csv --columns name,status
tap_equal 'and of any kind' 'name,status
good-1,Completed' "$out"
fails 2 '--csv or --json' 'CSV and JSON' -- --local jobs --csv --json
fails 2 'did you mean "status"' 'sort by an unknown column' -- --local jobs --sort statsu
fails 2 'stauts.*status' 'a filter on an unknown column' -- --local jobs stauts:failed
sagetop --local jobs nosuch --no-header
tap_equal 'no match is no failure' 0 "$status"
tap_match 'but is said' '^sagetop: none of 2 jobs matches "nosuch"$' "$errors"
sagetop --local wait good-1
tap_match 'a wait in a pipe tells seconds and dollars' '^good-1	Completed	[0-9]+	0\.[0-9]{6}	' "$out"
sagetop --local cost --by prefix --no-header
tap_match 'so do costs' '^good	0\.[0-9]{6}	[0-9.]+	[0-9.]+	1	' "$out"

# failures
sagetop --local failures --no-header
tap_match 'failures are counted by their masked cause' "^1	0\.[0-9]{6}	20[^	]*Z	broken-1	.*line ‹n›.*" "$out"
tap_match 'with what to try' '	data\.csv line [0-9]+( column [0-9]+)?$' "$out"
sagetop --local failures --columns newest,jobs
tap_equal 'in columns that are chosen' '0 NEWEST JOBS broken-1 1' "$status $(echo $out)"
sagetop --local failures --columns Try,jobs --csv
tap_match 'of CSV as well' '^try,jobs.data\.csv line' "$(echo $out)"
fails 2 "no column 'status': jobs, cost, last, newest, cause, try" 'and none that there is not' -- --local failures --columns status
sagetop --local failures --json
tap_equal 'and as JSON' 'data' "$(/usr/bin/python3 -c '
import json, sys
(f,) = json.load(open(sys.argv[1]))
assert "data.csv line" in f["diagnosis"]["words"] and f["diagnosis"]["try"].startswith("mend data.csv")
print(f["diagnosis"]["cause"])' "$work/out" 2>&1)"
sagetop --local job broken-1
tap_match 'the job says it below its reason' '^Try	mend data\.csv line' "$out"
sagetop --local job broken-1 --json
tap_equal 'and in JSON beside what the service says' 'Failed data True' "$(/usr/bin/python3 -c '
import json, sys
j = json.load(open(sys.argv[1]))
print(j["TrainingJobStatus"], j["diagnosis"]["cause"], "data.csv" in j["FailureReason"])' "$work/out" 2>&1)"
sagetop --local job good-1 --json
tap_equal 'a job that did well has none' 'False' "$(/usr/bin/python3 -c '
import json, sys
print("diagnosis" in json.load(open(sys.argv[1])))' "$work/out" 2>&1)"

# a reason that is only an exit code: the log says why
sagetop --local launch "$example" --name bare-1 --set 'AlgorithmSpecification.ContainerEntrypoint=["sh", "-c", "echo KeyError: price; exit 5"]'
sagetop --local wait bare-1 --timeout 600s
sagetop --local job bare-1
tap_match 'a bare exit code is told by what the log says' "^Diagnosis	The script failed: KeyError: price\.$" "$out"
tap_match 'and how the log is read' '^Remedy	sagetop logs bare-1 -n 50$' "$out"
sagetop --local delete bare-1 --yes
sagetop --local failures good --json
tap_equal 'none among the good' '[]' "$out"
fails 2 'stauts.*status' 'of a filter that is none' -- --local failures stauts:failed

# compare
sagetop --local compare good-1 broken-1 --no-header
tap_match 'compare has a row for what differs' '^hp.num_round	30	200$' "$out"
tap_match 'and for what one of them lacks' '^reason		.*data\.csv' "$out"
tap_empty 'but none for what does not' "$(printf '%s\n' "$out" | grep '^instance	')"
sagetop --local compare good-1 broken-1 --no-header --all
tap_match 'unless all is wanted' '^instance	ml.m5.large	ml.m5.large$' "$out"
sagetop --local compare good-1 broken-1 --csv
tap_match 'as CSV' '^row,good-1,broken-1$' "$out"
sagetop --local compare good-1 broken-1 --json
tap_equal 'and as JSON' 'good-1 broken-1 30 200' "$(/usr/bin/python3 -c '
import json, sys
c = json.load(open(sys.argv[1]))
(r,) = [r for r in c["rows"] if r["row"] == "hp.num_round"]
assert r["differs"] is True and r["best"] is None
print(*c["names"], *r["values"])' "$work/out" 2>&1)"
fails 4 'good-2.*did you mean.*good-1' 'with an unknown one, nearest suggested' -- --local compare good-1 good-2
fails 2 'one kind' 'of two kinds' -- --local compare good-1 endpoint/x

# job
sagetop --local job broken-1 --format table
tap_match 'the page of a failed job' '^Reason +.*data\.csv' "$out"
tap_match 'has its history' '^History +.*Starting' "$out"
sagetop --local job good-1
tap_match 'and of a good one its cost' '^Cost	(\$0\.[0-9]+|<\$0.001) billed: [0-9]+ s x \$0\.115/h, price of 20' "$out"
tap_match 'and its parameters' 'num_round=30' "$out"
sagetop --local job good-1 --json
tap_equal 'as JSON it is the reply of the service' 'good-1 Completed' "$(/usr/bin/python3 -c '
import json, sys
j = json.load(open(sys.argv[1]))
print(j["TrainingJobName"], j["TrainingJobStatus"])' "$work/out" 2>&1)"
fails 4 'good-2.*did you mean.*good-1' 'an unknown job, nearest suggested' -- --local job good-2

# logs
sagetop --local logs good-1
tap_equal 'logs have a line for every round' 30 "$(printf '%s\n' "$out" | grep -c '^\[[0-9]*\].*validation-rmse:')"
sagetop --local logs good-1 --limit 1 --grep 'rmse' --times
tap_match 'the last match with its time' '^20[0-9-]*T[0-9:.]*Z \[29\]' "$out"
sagetop --local logs good-1 --since 2000-01-01 --json --limit 1
tap_match 'a line as JSON' '^\{"time": ?"20.*"stream": ?"good-1/algo-1-[0-9]+", ?"text": ?"' "$out"
sagetop --local logs good-1 --since 2100-01-01
tap_empty 'nothing since the future' "$out"
sagetop --local logs broken-1 --errors
tap_match 'the error of a failed job' 'data\.csv' "$out"
fails 4 'nobody' 'logs of an unknown job' -- --local logs nobody-knows-this

sagetop --local logs good-1 broken-1 --times
tap_match 'several logs have the name before each line' '^20[0-9-]*T[0-9:.]*Z good-1 \[29\]' "$out"
tap_match 'of both' '^20[0-9-]*T[0-9:.]*Z broken-1 .*data\.csv' "$out"
tap_equal 'and are merged by time' "$(printf '%s\n' "$out" | cut -c1-24 | sort)" "$(printf '%s\n' "$out" | cut -c1-24)"
sagetop --local logs good-1 broken-1 --prefix never --limit 3
tap_equal 'the last lines of both together' 3 "$(printf '%s\n' "$out" | wc -l)"
sagetop --local logs good-1 broken-1 --json
tap_equal 'each line as JSON says whose it is' 'broken-1 good-1 ' \
	"$(printf '%s\n' "$out" | sed 's/.*"name": *"\([^"]*\)".*/\1/' | sort -u | tr '\n' ' ')"
timeout 60 "$bin/sagetop" --local logs good-1 broken-1 -f >"$work/out" 2>"$work/err" </dev/null
tap_equal 'following ends with the last of them' '0 30' "$? $(grep -c '^good-1 \[[0-9]*\]' "$work/out")"
fails 4 'nobody' 'one of several is unknown' -- --local logs good-1 nobody-knows-this

# metrics
sagetop --local metrics good-1 --metric validation:rmse --no-header
tap_equal 'the values of a metric' 30 "$(printf '%s\n' "$out" | grep -c '^validation:rmse	[0-9]*	20')"
sagetop --local metrics good-1 --chart --metric validation:rmse
tap_match 'a chart in text' 'validation:rmse' "$out"
sagetop --local metrics good-1 --chart --ascii --metric validation:rmse
tap_empty 'in ASCII on demand' "$(printf '%s\n' "$out" | LC_ALL=C grep -P '[^\x00-\x7f]')"
sagetop --local metrics good-1 --json
tap_match 'metrics as JSON' '"name": "validation:rmse"' "$out"
sagetop --local metrics good-1 --csv -m validation:rmse
tap_match 'the values as CSV' '^validation:rmse,29,20[0-9T:.-]*Z,[0-9.]+$' "$out"
last=$(printf '%s\n' "$out" | tail -n 1 | cut -d, -f4)
sagetop --local metrics good-1 broken-1 --csv -m train:rmse -m validation:rmse
tap_equal 'of several a row each, with the last values' "name,train:rmse,validation:rmse;good-1,$last;broken-1," \
	"$(sed 's/^\([gb][^,]*\),[^,]*,/\1,/' "$work/out" | tr '\n' ';' | sed 's/;$//')"
sagetop --local metrics good-1 good-1 --best --no-header -m validation:rmse
tap_match 'the best of one job has no star' "^validation:rmse	good-1	[0-9.]+	[0-9]+	$last	\$" "$out"
fails 2 'several are a table' 'a chart of several' -- --local metrics good-1 broken-1 --chart
fails 4 'none of them has a metric.*did you mean validation:rmse' 'a metric that none has' -- \
	--local metrics good-1 good-1 -m validation:rsme
fails 4 'did you mean validation:rmse' 'an unknown metric, nearest suggested' -- --local metrics good-1 --metric validation:rsme

"$bin/sagetop" --complete jobs >"$work/out"
tap_equal 'job names for completion, from the cache' 'broken-1 good-1' "$(tr '\n' ' ' <"$work/out" | sed 's/ $//')"
sagetop --local logs good-1 --grep '\[29\]'
tap_match 'tabs of metric lines are tabs again' '^\[29\]	train-rmse:[0-9.]+	validation-rmse:[0-9.]+$' "$out"

sagetop --local logs good-1 --grep 'rmse' --grep '\[2' --not '\[2[1-9]\]' --not '\[20'
tap_equal 'patterns add up, those that must not match as well' '[2]' "$(printf '%s\n' "$out" | cut -f1)"
fails 2 'not' 'a second pattern that does not compile' -- --local logs good-1 --not x --not '('

zoned() { TZ=Asia/Kolkata "$bin/sagetop" --local logs good-1 --times -n 1 "$@" | cut -d' ' -f1; }
tap_match 'times are UTC' 'Z$' "$(zoned)"
tap_match 'or those of the local clock, where that is asked for' '\+05:30$' "$(zoned --time-zone local)"
mkdir -p "$XDG_CONFIG_HOME/sagetop"
echo 'time-zone: local' >"$XDG_CONFIG_HOME/sagetop/config.yaml"
tap_match 'which goes before the settings' 'Z$' "$(zoned --format table --time-zone utc)"
tap_match 'that people have' '\+05:30$' "$(zoned --format table)"
rm "$XDG_CONFIG_HOME/sagetop/config.yaml"
fails 2 'time-zone: needs one of: utc local' 'another zone' -- --local logs good-1 --times --time-zone mars

# clone, stop, follow
"$bin/sagetop" --local jobs --watch --interval 1s good >"$work/watched" 2>"$work/watch.err" &
holder=$!
"$bin/sagetop" --local jobs --watch status:failed --json >"$work/failed" 2>&1 &
sleeper=$!
tap_until 60 test -s "$work/watched"
sagetop --local clone good-1 --name good-2 --set HyperParameters.num_round=200000 --set HyperParameters.max_depth=9
tap_equal 'clone' '0 good-2	launched' "$status $out"
tap_match 'shows the difference' 'num_round' "$errors"
sagetop --local clone good-1 --name good-3 --dry-run
tap_match 'a dry clone' '"TrainingJobName": "good-3"' "$out"
fails 4 'nobody' 'clone of an unknown job' -- --local clone nobody-knows-this
training() { "$bin/sagetop" --local logs good-2 2>/dev/null | grep -q '^\[[0-9]'; }
if tap_until 300 training; then tap_ok 'the clone trains'; else tap_not_ok 'the clone trains'; fi
"$bin/sagetop" --local logs good-2 -f >"$work/followed" 2>"$work/follow.err" &
follower=$!
tap_until 120 test -e "$work/followed"
followed() { [ "$(wc -l <"$work/followed")" -gt 20 ]; }
if tap_until 300 followed; then tap_ok 'logs -f prints lines'; else tap_not_ok 'logs -f prints lines'; fi
before=$(wc -l <"$work/followed")
grew() { [ "$(wc -l <"$work/followed")" -gt "$before" ]; }
if tap_until 300 grew; then tap_ok 'and more as they come'; else tap_not_ok 'and more as they come'; fi
kill -INT $follower
wait $follower
tap_equal 'an interrupt ends it with 130' 130 $?
tap_empty 'and without a word' "$(cat "$work/follow.err")"
tap_empty 'no line was printed twice' "$(sort "$work/followed" | uniq -d | head -n 3)"
"$bin/sagetop" --local logs good-2 -f --live >"$work/followed" 2>"$work/follow.err" &
follower=$!
if tap_until 300 followed; then tap_ok 'logs -f --live prints lines'; else tap_not_ok 'logs -f --live prints lines'; fi
live() { grep -q 'live tail is open' "$work/follow.err"; }
tap_until 300 live
kill -INT $follower
wait $follower
tap_match 'and says what that cost' 'live tail for [0-9]+ min, about' "$(cat "$work/follow.err")"
tap_empty 'no line was printed twice by both ways' "$(sort "$work/followed" | uniq -d | head -n 3)"
fails 2 'goes with -f' '--live alone' -- --local logs good-2 --live
sagetop --local wait good-2 good-1 --any --timeout 600s
tap_match 'wait for any does not wait for the one that runs' '^good-1	Completed' "$out"
tap_empty 'nor tell of it' "$(printf '%s\n' "$out" | grep good-2)"
sagetop --local wait good-2 --timeout 1s
tap_equal 'a wait that gives up exits with 1' 1 "$status"
tap_match 'and says so' 'gave up waiting: the job still runs' "$errors"
"$bin/sagetop" --local logs good-2 -f >"$work/followed" 2>&1 &
follower=$!
sagetop --local stop nobody-knows-this good-2
tap_match 'stop tries every name' '^good-2	stopping$' "$out"
tap_equal 'an unknown one exits with 4' 4 "$status"
tap_match 'and is named' 'nobody-knows-this' "$errors"
fails 1 'good-1' 'an ended job cannot be stopped' -- --local stop good-1
sagetop --local wait good-2 --timeout 600s
tap_match 'it has stopped' '^good-2	Stopped	' "$out"
gone() { ! kill -0 $follower 2>/dev/null; }
if tap_until 300 gone; then tap_ok 'logs -f ends with the job'; else tap_not_ok 'logs -f ends with the job'; kill $follower; fi
wait $follower
tap_equal 'with status 0' 0 $?

watched() { grep -q '^20[0-9T:.-]*Z	good-2	[A-Z][a-zA-Z]*	Stopped$' "$work/watched"; }
if tap_until 120 watched; then tap_ok 'jobs --watch saw it stop'; else tap_not_ok 'jobs --watch saw it stop' "$(cat "$work/watched")"; fi
tap_match 'and come' '^20[0-9T:.-]*Z	good-2		[A-Z]' "$(cat "$work/watched")"
kill -INT $holder $sleeper
wait $holder
tap_equal 'an interrupt ends it with 130, without a word' '130 ' "$? $(cat "$work/watch.err")"
wait $sleeper
tap_empty 'what the filter leaves out is not told' "$(cat "$work/failed")"
holder='' sleeper=''
/usr/bin/python3 - "$bin/sagetop" --local jobs --watch good >"$work/out" 2>&1 <<'PY'
import os, pty, signal, sys

pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
text = b""
while text.count(b"\x1b[H") < 2 or text.count(b"good-1") < 2:
    text += os.read(fd, 65536)
os.write(fd, b"\x03")
try:
    while os.read(fd, 65536):
        pass
except OSError:
    pass
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), text.split(b"\x1b[H")[2].count(b"NAME"))
PY
tap_equal 'on a terminal it paints in place until ctrl-C' '130 1' "$(cat "$work/out")"
fails 2 'goes with --watch' 'an interval of nothing' -- --local jobs --interval 5s
fails 2 'interval: .*1s' 'an interval beyond its limits' -- --local jobs --watch --interval 2h
fails 2 '--watch or --group' 'groups are not watched' -- --local jobs --watch --group prefix
sagetop --local metrics good-1 good-2 --best --json -m validation:rmse -m train:rmse
tap_equal 'of several the best of all is known, by what each metric means' ok "$(/usr/bin/python3 -c '
import json, sys
rows = json.load(open(sys.argv[1]))
assert len(rows) == 4 and not any("points" in r for r in rows), rows
for metric in ("train:rmse", "validation:rmse"):
    two = [r for r in rows if r["name"] == metric]
    least = min(r["best"] for r in two)
    assert {r["thing"] for r in two} == {"good-1", "good-2"} and least > 0, two
    assert [r["top"] for r in two] == [r["best"] == least for r in two], two
print("ok")' "$work/out" 2>&1)"
sagetop --local metrics good-1 good-2 --best --format table -m validation:rmse
tap_equal 'and has a star' 1 "$(printf '%s\n' "$out" | grep -c '^validation:rmse  good-[12] .* \*$')"

# Bad specifications name file, line and member.
sed 's/InstanceCount: 1/InstanceCount: many/' "$example" >"$work/bad.yaml"
line=$(grep -n 'many' "$work/bad.yaml" | cut -d: -f1)
fails 1 "bad\.yaml:$line: .*InstanceCount" 'a wrong type names file, line and member' -- --local launch "$work/bad.yaml"
sed 's/InstanceType/InstanceTyp/' "$example" >"$work/bad.yaml"
line=$(grep -n 'InstanceTyp:' "$work/bad.yaml" | cut -d: -f1)
fails 1 "bad\.yaml:$line: .*InstanceTyp\b.*InstanceType" 'an unknown member, nearest suggested' -- --local launch "$work/bad.yaml"
grep -v RoleArn "$example" >"$work/bad.yaml"
fails 1 'bad\.yaml.*RoleArn' 'a missing member' -- --local launch "$work/bad.yaml"
sed 's/^TrainingJobName:.*/TrainingJobName: bad_name/' "$example" >"$work/bad.yaml"
line=$(grep -n 'bad_name' "$work/bad.yaml" | cut -d: -f1)
fails 1 "bad\.yaml:$line: .*TrainingJobName" 'a bad name' -- --local launch "$work/bad.yaml"
printf '{"TrainingJobName": "x",\n "RoleArn": }\n' >"$work/bad.json"
fails 1 'bad\.json:2' 'broken JSON names the line' -- --local launch "$work/bad.json"
fails 4 'no-such.yaml' 'a file that is not there' -- --local launch "$work/no-such.yaml"
fails 1 'HyperParametrs.*HyperParameters' '--set of an unknown member' -- --local launch "$example" --set HyperParametrs.x=1
fails 2 'NoEquals' '--set without a value' -- --local launch "$example" --set NoEquals

# Credentials and networks.
export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
fails 5 '[Tt]ried' 'no credentials: which sources were tried' -- jobs --region us-east-1
endpoint=$("$bin/sagetop" local status --format tsv | cut -f2)
export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=wrong AWS_REGION=us-east-1
fails 5 'Signature|signature|credential' 'a wrong secret' -- --endpoint-url "$endpoint" jobs
eval "$("$bin/sagetop" local env)"
unset AWS_ENDPOINT_URL
sagetop --endpoint-url "$endpoint" jobs --columns name --no-header good-1
tap_equal '--endpoint-url with keys of the environment' good-1 "$out"

# open
fails 1 'local engine has no page' 'what runs here has no page of the web console' -- --local open good-1
sagetop --endpoint-url "$endpoint" open good-1 broken-1
tap_equal 'the addresses of two jobs' 'https://us-east-1.console.aws.amazon.com/sagemaker/home?region=us-east-1#/jobs/good-1
https://us-east-1.console.aws.amazon.com/sagemaker/home?region=us-east-1#/jobs/broken-1' "$out"
sagetop --endpoint-url "$endpoint" open good-1 --json
tap_equal 'as JSON' 'training-job good-1 #/jobs/good-1' "$(/usr/bin/python3 -c '
import json, sys
(p,) = json.load(open(sys.argv[1]))
print(p["kind"], p["name"], p["url"][p["url"].index("#"):])' "$work/out" 2>&1)"
fails 4 'good-9.*did you mean.*good-1' 'nothing is opened for a slip' -- --endpoint-url "$endpoint" open good-9
printf '#!/bin/sh\nprintf "%%s\\n" "$*" >"$0.part" && mv "$0.part" "$0.said"\n' >"$work/browser"
chmod +x "$work/browser"
BROWSER="$work/browser --new-tab" /usr/bin/python3 -c 'import pty, sys; pty.spawn(sys.argv[1:])' \
	"$bin/sagetop" --endpoint-url "$endpoint" open good-1 >"$work/out" 2>&1 </dev/null
tap_until 60 test -e "$work/browser.said"
tap_match 'on a terminal the browser gets the address' '^--new-tab https://us-east-1\..*#/jobs/good-1$' \
	"$(cat "$work/browser.said")"
tap_match 'which is printed as well' '^https://us-east-1\..*#/jobs/good-1' "$(cat "$work/out")"
rm -f "$work/browser.said"
BROWSER="$work/browser" sagetop --endpoint-url "$endpoint" open good-1
tap_equal 'but in a pipe none is started' '0 no' "$status $([ -e "$work/browser.said" ] && echo yes || echo no)"

fails 6 '127\.0\.0\.1' 'nobody listens' -- --endpoint-url http://127.0.0.1:1 jobs

# doctor
sagetop --local doctor
tap_equal 'doctor finds the engine healthy' 0 "$status"
tap_match 'it tried Search' '^sagemaker:Search	ok' "$out"
sagetop --local doctor --json
tap_match 'doctor as JSON' '"missing_policy": null' "$out"

# A damaged cache is moved aside and rebuilt from the service.
for db in "$XDG_CACHE_HOME"/sagetop/*.db; do
	[ -f "$db" ] && printf 'this is not a database, and long enough to be looked at twice' >"$db"
done
rm -f "$XDG_CACHE_HOME"/sagetop/*-wal "$XDG_CACHE_HOME"/sagetop/*-shm
sagetop --local jobs --columns name --no-header good-1
tap_equal 'after damage the jobs are there again' '0 good-1' "$status $out"
tap_match 'with a notice' 'damaged|moved' "$errors"

sagetop local stop --timeout 120s
tap_equal 'the engine stops' 0 "$status"
tap_done
