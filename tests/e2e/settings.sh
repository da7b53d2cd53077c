# config.yaml through the whole program: what it sets takes effect, options go before
# it, what is wrong in it is said and does not stand in the way.
. "$SAGETOP_SRC/tests/e2e/lib.sh"
[ -x "$bin/sagetop-local" ] && [ -x "$bin/sagetop-trainer" ] || tap_skip_all 'built without engine or trainer'
file=$work/config/sagetop/config.yaml
mkdir -p "$work/config/sagetop"
settings() { printf '%s\n' "$@" >"$file"; }
"$bin/sagetop" local start --port 0 >/dev/null
cat >"$work/spec.yaml" <<'END'
TrainingJobName: set-one
AlgorithmSpecification: {TrainingImage: sagetop-trainer, TrainingInputMode: File}
RoleArn: arn:aws:iam::000000000000:role/local
HyperParameters: {objective: "reg:squarederror", num_round: "1"}
OutputDataConfig: {S3OutputPath: s3://sagetop-sample/out/}
ResourceConfig: {InstanceType: ml.m5.large, InstanceCount: 1, VolumeSizeInGB: 1}
StoppingCondition: {MaxRuntimeInSeconds: 60}
END
sagetop --local launch "$work/spec.yaml"
tap_equal 'a job to look at' 0 "$status"
sagetop --local wait set-one # it fails, having no data: of no matter here

sagetop config
tap_equal 'without a file all is well' 0 "$status"
tap_match 'and the defaults are in force' '^refresh	5s	default$' "$out"
settings 'refresh: 10s' 'columns: name,instance' 'sort: name'
sagetop config
tap_match 'a value has its place' "^refresh	10s	$file:1$" "$out"
sagetop config refresh
tap_equal 'one value alone' 10s "$out"
fails 4 'refesh: there is no such setting; did you mean refresh\?' 'an unknown key' -- config refesh
sagetop config --json
tap_match 'as JSON' '"value": "10s"' "$out"
run sh -c 'PATH="$1:$PATH"; "$1/sagetop" --complete settings' sh "$bin"
tap_match 'names for completion' '^log-poll$' "$out"

sagetop --local jobs --format tsv
tap_equal 'the columns are those of the file' 'NAME	INSTANCE' "$(printf '%s\n' "$out" | head -n 1 | tr a-z A-Z)"
sagetop --local jobs --columns status --format tsv --no-header
tap_equal 'an option goes before them' Failed "$out"

settings 'read-only: true'
fails 5 "stop changes something and read-only forbids it \($file:1\)" 'read-only by the file' -- --local stop set-one
settings 'profiles:' '  prod:' '    read-only: true'
fails 5 'read-only' 'read-only of a profile' -- --profile prod stop set-one
run env AWS_PROFILE=prod "$bin/sagetop" config read-only
tap_equal 'the profile of the environment counts' true "$out"
run env AWS_PROFILE=prod "$bin/sagetop" --local config read-only
tap_equal 'no profile counts for the local engine' false "$out"

settings 'ascii: true' 'refesh: 5s' 'theme: nice' 'columns: name'
sagetop --local jobs --no-header
tap_equal 'a broken key does not stand in the way' '0 set-one' "$status $out"
tap_equal 'each is one warning' 2 "$(printf '%s\n' "$errors" | wc -l)"
tap_match 'with file, line and key' "^sagetop: $file:2: refesh: there is no such setting; did you mean refresh\?$" "$errors"
tap_match 'and what its value may be' "$file:3: theme: needs one of: usual basic contrast" "$errors"
settings 'refresh: 5s' 'keys:' '  list.down: n' '  jobs.nope: q' 'ascii: true'
sagetop --local jobs --no-header --columns name
tap_equal 'below keys: an entry does not stand in the way either' '0 set-one' "$status $out"
tap_match 'a key that another has: the line of that entry' "^sagetop: $file:3: keys: list.down: n is " "$errors"
tap_match 'a name that is none: the same' "^sagetop: $file:4: keys: jobs.nope: nothing is called so" "$errors"
settings 'ascii: true' 'refesh: 5s' 'theme: nice' 'columns: name'
sagetop config ascii
tap_equal 'config says so by its status' '1 true' "$status $out"
dashboard() { TERM=xterm-256color SAGETOP_EXIT_AFTER_PAINT=1 script -qec "stty rows 30 cols 140; $bin/sagetop --local" /dev/null </dev/null; }
screen=$(dashboard)
tap_match 'the dashboard says how many mistakes there are' '2 mistakes in the settings' "$screen"
settings 'columns: name,volume' 'sort: name'
screen=$(dashboard)
tap_match 'the dashboard has the columns of the file' 'VOLUME' "$screen"
tap_match 'and its order' 'by name' "$screen"
tap_empty 'in place of its own' "$(printf '%s' "$screen" | grep -o INSTANCE)"
settings 'rates: {Serch: 2}'
sagetop --local jobs --no-header
tap_match 'an operation that is not called has its place' "^sagetop: $file:1: rates: Serch: sagetop calls no such operation; did you mean Search\?$" "$errors"

settings 'time-zone: local'
created=$(TZ=Asia/Tokyo "$bin/sagetop" --local job set-one --format table | grep -i '^created')
tap_match 'people read local time' '\+09:00' "$created"
created=$(TZ=Asia/Tokyo "$bin/sagetop" --local job set-one --format tsv | grep -i '^created')
tap_match 'programs do not' 'Z$' "$created"

paint() { TERM=xterm-256color SAGETOP_EXIT_AFTER_PAINT=1 script -qec "$bin/sagetop --local $1" /dev/null </dev/null | od -c; }
settings 'theme: usual'
tap_match 'the usual theme has 256 colours' '3   8   ;   5' "$(paint)"
settings 'theme: basic'
tap_empty 'the basic one has not' "$(paint | grep '3   8   ;   5')"
tap_match 'but the terminal has its own' '033   \[   3' "$(paint)"
settings 'theme: light'
tap_match 'the light one has darker ones' '3   8   ;   5   ;   2   5   m' "$(paint | tr -d '\n')"
settings 'theme: mono'
tap_empty 'mono has none' "$(paint | grep '033   \[   3[0-9]')"
settings 'color: never'
tap_empty 'none at all' "$(paint | grep '033   \[   3')"
settings 'ascii: true'
tap_empty 'nothing but ASCII' "$(TERM=xterm-256color SAGETOP_EXIT_AFTER_PAINT=1 script -qec "$bin/sagetop --local" /dev/null </dev/null |
	LC_ALL=C grep -a '[^ -~[:cntrl:]]')"
tap_done
