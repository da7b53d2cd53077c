#compdef sagetop
# zsh completion for sagetop. Made by `make docs` from the program's own tables.

_sagetop_words() {
	local -a words_found
	words_found=(${(f)"$(sagetop --complete $1 2>/dev/null)"})
	compset -P '*,'
	compadd ${@[2,-1]} -a words_found
}

_sagetop() {
	local context state line curcontext=$curcontext
	local -a everywhere commands
	everywhere=( \
		'--local[use the local engine, and start it where none runs]' \
		'--profile=[profile of the shared AWS files (default\: $AWS_PROFILE)]:NAME: _sagetop_words profiles' \
		'--region=[AWS region (default\: $AWS_REGION, then the profile'\''s)]:REGION: _sagetop_words regions' \
		'--scope=[several profiles and regions as one\: a/us-east-1,b/eu-west-1; a profile alone is in its own region, a region alone is of the profile in force; the commands that begin something, and those about one account (launch, tune, process, deploy, transform, invoke, launches, upload, image, estimate, monitor, backtest, prices, config, doctor), take one]:LIST: _sagetop_words scopes' \
		'--endpoint-url=[send every request there instead of to AWS]:URL: ' \
		'--json[print JSON, the same as --format json]' \
		'--format=[table (aligned), tsv or json; default\: table on a terminal, tsv in a pipe]:FORMAT:(table tsv json)' \
		'--no-header[leave out the line of column titles]' \
		'--read-only[refuse to launch, clone, tune, process, deploy, transform, invoke, stop, delete, upload and push]' \
		'--no-color[no colours (also\: $NO_COLOR)]' \
		'--ascii[draw with ASCII characters only]' \
		'--time-zone=[clock of the times that are shown, utc or local (that of $TZ); in JSON and in tables for programs they stay UTC (default\: the setting time-zone, utc)]:ZONE:(utc local)' \
		'--debug=[append diagnostics and a line per request to FILE (- is standard error)]:FILE:_files' \
		'--help[print help, of one command where one is named, and exit]' \
		'--version[print the version and exit]' \
	)
	commands=( \
		'jobs:list training jobs; words filter them (status\:failed inst\:g5 cost>5 age<2h)' \
		'list:list the things of a kind (processing, endpoints ...); without one, how many there are of each' \
		'show:show one thing of any kind in detail; KIND/NAME does it too' \
		'job:show one job in detail' \
		'compare:put jobs, or things of another kind by KIND/NAME, beside each other\: what differs, or --all' \
		'failures:count why jobs failed, what differs from job to job masked, with what to try; words filter them' \
		'logs:print the log of a job, or of another thing by KIND/NAME; of several merged by time' \
		'metrics:chart the metrics of a job, or of another thing by KIND/NAME, or print their values; of several a table of the last values, or the best' \
		'report:write jobs as one page of HTML (-o)\: table, sums, hyperparameters that differ, charts, ends of logs; words that are not names filter them' \
		'open:print the address of a job'\''s page in the web console, or of another thing'\''s by KIND/NAME; on a terminal open it as well, by $BROWSER or xdg-open' \
		'files:list what a job stored in S3 (NAME of a training job, or processing-job/NAME), what a transform job (transform-job/NAME) read and made, or what an endpoint (endpoint/NAME) captured; or print the first lines of one, of an archive its members; with --out download it' \
		'launch:create a job from a JSON or YAML specification (- is standard input)' \
		'launches:list what was launched from here, the newest first, and what of it waits in the queue; a name prints its specification as JSON; --discard and --send are about what waits' \
		'estimate:what a specification, or a model for each of --entities, will take and cost' \
		'clone:create a job like another, with changes; of several, or of those that words filter, each with the same ones, named by the suffix --name' \
		'tune:search for hyperparameters by many training jobs\: max_depth=3..10 eta=0.01..0.2\:log n=20 parallel=5 objective=validation\:rmse; tuning-job/NAME goes on with one' \
		'process:run a script over data as a processing job; what begins with - stands behind --' \
		'deploy:serve a model\: of a training job, tuning-job/NAME, model/NAME or an archive, or many\: the archives below a prefix (invoke --model); what it costs an hour and a month is said before' \
		'transform:predict files in bulk, as a batch transform job\: --input and --output say where they lie; the price an hour is said before' \
		'invoke:send a file to an endpoint and print its answer; with --repeat measure it under load' \
		'stop:stop jobs, or things of other kinds by KIND/NAME' \
		'delete:delete things of any kind; with --all an endpoint'\''s configuration and models too' \
		'wait:wait until jobs, or things by KIND/NAME, have ended; exit status 3 where one failed' \
		'upload:copy files and folders to S3; one that fails is named, and the others go on' \
		'image:push the trainer'\''s image to ECR, with skopeo or buildah' \
		'advise:what the jobs of the last 30 days could cost less by, and idle endpoints; words filter the jobs' \
		'monitor:hold data against a baseline\: types, missing values, domains, drift, in Model Monitor'\''s format' \
		'backtest:judge predictions of the past against doing nothing; sagetop-backtest(5)' \
		'cost:print what was spent in a period, by day, kind, prefix, tag ...; words filter what is counted' \
		'prices:print the price table, with the date and source of every price; update asks AWS for all prices of a region' \
		'config:print the settings in force and where each comes from' \
		'doctor:check clock, credentials, region and permissions' \
		'local:start, stop or look at the local engine; env prints what the AWS CLI and SDKs need (eval it)' \
		'help:print help' \
	)
	_arguments -C $everywhere '1: :->command' '*:: :->argument' && return
	case $state in
	command) _describe command commands ;;
	argument)
		case $line[1] in
		jobs) _arguments $everywhere \
			'--columns=[columns to print, separated by commas; of jobs and list +NAME adds to the usual ones]:LIST: _sagetop_words columns' \
			'--sort=[order by a column; -COLUMN is descending (default\: -created)]:COLUMN: _sagetop_words columns' \
			'--group=[a row for each group of jobs, with what it has spent and will have\: prefix, tag\:KEY, type, status, user, backtest, parent, sweep, profile or region]:GROUP:(prefix tag\: type status user backtest parent sweep profile region)' \
			'--watch[stay\: on a terminal the table in place, in a pipe a line for each change of a job (time, name, from, to)]' \
			'--interval=[with --watch\: how often the service is asked for changes and the table is printed again, from 1s to 1h (default\: the setting refresh, 5s)]:TIME: ' \
			'--limit=[at most N rows; with --watch in a pipe it ends after N changes]:N: ' \
			'--csv[as CSV]' \
			'*: : _sagetop_words columns -S \:' ;;
		list) _arguments $everywhere \
			'--columns=[columns to print, separated by commas; of jobs and list +NAME adds to the usual ones]:LIST: _sagetop_words columns' \
			'--sort=[order by a column; -COLUMN is descending (default\: -created)]:COLUMN: _sagetop_words columns' \
			'--limit=[at most N rows]:N: ' \
			'--csv[as CSV]' \
			'*: : _sagetop_words kinds' ;;
		show) _arguments $everywhere \
			'*: : _sagetop_words kinds' ;;
		job) _arguments $everywhere \
			'*: : _sagetop_words jobs' ;;
		compare) _arguments $everywhere \
			'--all[also the rows that do not differ]' \
			'--csv[as CSV]' \
			'*: : _sagetop_words jobs' ;;
		failures) _arguments $everywhere \
			'--columns=[columns to print, separated by commas; of jobs and list +NAME adds to the usual ones]:LIST: _sagetop_words columns' \
			'--limit=[at most N rows]:N: ' \
			'--csv[as CSV]' \
			'*: : _sagetop_words columns -S \:' ;;
		logs) _arguments $everywhere \
			'--limit=[the last N lines, then with -f what comes; 0\: only what comes]:N: ' \
			'--follow[print new lines as they come, until the job ends]' \
			'--live[follow by CloudWatch'\''s live tail\: sooner, but billed by the minute (with -f)]' \
			'--since=[only lines of the last 15m, 2h, 1w ... or since a time (2026-11-21T05\:48, or 15\:00 of the last day; UTC)]:WHEN: ' \
			'--errors[only lines that report an error]' \
			'*--grep=[only lines that match (PCRE2); given again, that match all of them]:REGEX: ' \
			'*--not=[only lines that do not match; may be given again]:REGEX: ' \
			'--prefix=[put the instance before each line\: auto (where there are several; not with -f in a pipe), always or never]:WHEN:(auto always never)' \
			'--times[put the time before each line (of which clock\: --time-zone)]' \
			'--elapsed[put before each line how long after the first one it came]' \
			'--histogram[print how many lines, errors and warnings there were over time, not the lines]' \
			'*: : _sagetop_words jobs' ;;
		metrics) _arguments $everywhere \
			'--chart[draw a chart even in a pipe]' \
			'--values[print the values even on a terminal]' \
			'*--metric=[only this metric; may be given again]:NAME: ' \
			'--best[the best value of each metric and its step, of several jobs the best of all marked, where it is known which way is better]' \
			'--csv[as CSV]' \
			'*: : _sagetop_words jobs' ;;
		report) _arguments $everywhere \
			'--limit=[the last N lines of the log of each (default\: 20)]:N: ' \
			'--out=[the page (- is standard output)]:DIR|FILE:_files' \
			'*: : ' ;;
		open) _arguments $everywhere \
			'*: : _sagetop_words jobs' ;;
		files) _arguments $everywhere \
			'--columns=[columns to print, separated by commas; of jobs and list +NAME adds to the usual ones]:LIST: _sagetop_words columns' \
			'--yes[do not ask]' \
			'--out=[download the file, as this one or into this folder, which is there; asks before it replaces one]:DIR|FILE:_files' \
			'*: : _sagetop_words kinds' ;;
		launch) _arguments $everywhere \
			'*--set=[change a member\: HyperParameters.eta=0.1, InputDataConfig.0.InputMode=FastFile]:PATH=VALUE: ' \
			'*--grid=[a job for each combination of these hyperparameters\: eta=0.1,0.3 max_depth=4..8; ranges are of whole numbers, 4..8\:2 is every second; may be given again]:NAME=VALUES: ' \
			'--name=[name of the new job]:NAME: ' \
			'--dry-run[print what would be sent and what it can cost; send nothing]' \
			'--yes[do not ask]' \
			'--force[launch even where a hard budget would be broken]' \
			'*: :_files' ;;
		launches) _arguments $everywhere \
			'--columns=[columns to print, separated by commas; of jobs and list +NAME adds to the usual ones]:LIST: _sagetop_words columns' \
			'--limit=[at most N rows]:N: ' \
			'--discard[take back what waits of these sweeps or jobs\: it is not sent any more]' \
			'--send[send what waits of these sweeps now, and stay until each job was launched or refused]' \
			'--csv[as CSV]' \
			'*: : ' ;;
		estimate) _arguments $everywhere \
			'*--set=[change a member\: HyperParameters.eta=0.1, InputDataConfig.0.InputMode=FastFile]:PATH=VALUE: ' \
			'--name=[name of the new job]:NAME: ' \
			'--minutes=[minutes that a job is billed for which trains one model (default\: 5)]:N: ' \
			'--rate=[dollars an hour of an instance; backtest plan, and with --spot\: what spot costs (default\: what spot saved so far, else 70 % of the price on demand)]:USD: ' \
			'--quota=[instances that the account may have at a time (default\: as many as run at a time)]:N: ' \
			'--entities=[entities that each get a model, in every cycle]:N: ' \
			'--cycles=[so many cycles (default\: 1)]:N: ' \
			'--pack=[entities that one job trains (default\: 1)]:N: ' \
			'--concurrency=[jobs at a time (default\: 10)]:N: ' \
			'--type=[instance type; --instance-type does it too]:TYPE: _sagetop_words types' \
			'--spot[on managed spot]' \
			'--max-run=[when a job is stopped at the latest, for what it can cost at most (default\: 1d, the service'\''s)]:TIME: ' \
			'--compare[the specification on every type that has a price, the cheapest first]' \
			'*: :_files' ;;
		clone) _arguments $everywhere \
			'*--set=[change a member\: HyperParameters.eta=0.1, InputDataConfig.0.InputMode=FastFile]:PATH=VALUE: ' \
			'*--grid=[a job for each combination of these hyperparameters\: eta=0.1,0.3 max_depth=4..8; ranges are of whole numbers, 4..8\:2 is every second; may be given again]:NAME=VALUES: ' \
			'--name=[name of the new job]:NAME: ' \
			'--dry-run[print what would be sent and what it can cost; send nothing]' \
			'--yes[do not ask]' \
			'--force[launch even where a hard budget would be broken]' \
			'*: : _sagetop_words jobs' ;;
		tune) _arguments $everywhere \
			'--name=[name of the new job]:NAME: ' \
			'--dry-run[print what would be sent and what it can cost; send nothing]' \
			'--yes[do not ask]' \
			'--wait[stay until it has ended, and print the best; exit status 3 where it failed]' \
			'--timeout=[give up after 90s, 15m, 2h ...]:TIME: ' \
			'--force[launch even where a hard budget would be broken]' \
			'*: :_files' ;;
		process) _arguments $everywhere \
			'*--set=[change a member\: HyperParameters.eta=0.1, InputDataConfig.0.InputMode=FastFile]:PATH=VALUE: ' \
			'--name=[name of the new job]:NAME: ' \
			'--dry-run[print what would be sent and what it can cost; send nothing]' \
			'--yes[do not ask]' \
			'*--input=[data at /opt/ml/processing/input/NAME\: s3\://BUCKET/PREFIX, or a file or folder, which is uploaded]:[NAME=]SOURCE: ' \
			'*--output=[what lies in /opt/ml/processing/output/NAME at the end is stored, NAME alone\: under the job'\''s name]:NAME[=s3://...]|s3://...: ' \
			'--image-uri=[image that runs the script (--local\: any); --image does it too]:IMAGE: ' \
			'--role=[role of the job (--local\: any)]:ARN: ' \
			'--count=[instances (default\: 1)]:N: ' \
			'--type=[instance type (default\: ml.m5.large); --instance-type does it too]:TYPE: _sagetop_words types' \
			'--to=[s3\://BUCKET/PREFIX for script, inputs and outputs]:DAY|PLACE: ' \
			'--force[launch even where a hard budget would be broken]' \
			'*: :_files' ;;
		deploy) _arguments $everywhere \
			'--name=[name of the endpoint (default\: the model'\''s)]:NAME: ' \
			'--dry-run[print what would be sent and what it can cost; send nothing]' \
			'--yes[do not ask]' \
			'--wait[stay until it serves; exit status 3 where it failed]' \
			'--timeout=[give up after 90s, 15m, 2h ...]:TIME: ' \
			'--image-uri=[image that serves (default\: the one that trained); --image does it too]:IMAGE: ' \
			'--role=[role of the model (default\: the job'\''s)]:ARN: ' \
			'--count=[instances (default\: 1; with --update\: as they are)]:N: ' \
			'--type=[instance type (default\: ml.m5.large); --instance-type does it too]:TYPE: _sagetop_words types' \
			'--to=[with --async\: s3\://BUCKET/PREFIX under which answers and failures lie]:DAY|PLACE: ' \
			'--force[launch even where a hard budget would be broken]' \
			'--update[change what an endpoint that is there serves, without a break; its instances and weights stay]' \
			'--canary=[with --update\: so much of the traffic goes to the new instances first, all of it after --bake]:PERCENT: ' \
			'--linear=[with --update\: so much more of the traffic goes to the new instances at each step]:PERCENT: ' \
			'--rolling=[with --update\: so much of the instances is replaced at a time]:PERCENT: ' \
			'--bake=[with --update\: wait so long behind each step, and before the old instances end (default\: 5m with --canary, --linear, --rolling and --alarm, else none)]:TIME: ' \
			'*--alarm=[with --update\: where this CloudWatch alarm rings meanwhile, all goes back; may be given again]:NAME: ' \
			'--serverless=[without instances\: so many MB, so many requests at a time (2048,5)]:MEMORY,CONCURRENCY: ' \
			'--async[calls wait in a queue and their answers are stored under --to]' \
			'--variant=[with --update\: the variant that is changed]:NAME: ' \
			'*: : ' ;;
		transform) _arguments $everywhere \
			'*--set=[change a member\: HyperParameters.eta=0.1, InputDataConfig.0.InputMode=FastFile]:PATH=VALUE: ' \
			'--name=[name of the new job]:NAME: ' \
			'--dry-run[print what would be sent and what it can cost; send nothing]' \
			'--yes[do not ask]' \
			'--wait[stay until it has ended; exit status 3 where it failed]' \
			'--timeout=[give up after 90s, 15m, 2h ...]:TIME: ' \
			'*--input=[the files that are predicted\: s3\://BUCKET/PREFIX, or a file or folder, which is uploaded; without NAME]:[NAME=]SOURCE: ' \
			'*--output=[where FILE.out goes (default\: output/ under the job'\''s name)]:NAME[=s3://...]|s3://...: ' \
			'--image-uri=[image that serves (default\: the one that trained); --image does it too]:IMAGE: ' \
			'--role=[role of the model (default\: the job'\''s)]:ARN: ' \
			'--count=[instances (default\: 1)]:N: ' \
			'--type=[instance type (default\: ml.m5.large); --instance-type does it too]:TYPE: _sagetop_words types' \
			'--to=[s3\://BUCKET/PREFIX for script, inputs and outputs]:DAY|PLACE: ' \
			'--force[launch even where a hard budget would be broken]' \
			'--content-type=[what the body, or the input, is (default\: by the file'\''s name, else text/csv)]:TYPE: ' \
			'--accept=[what the answer shall be (default\: as the model likes)]:TYPE: ' \
			'--split=[what of a file is a record\: None (the whole), Line, RecordIO or TFRecord (default\: Line of text/csv, text/libsvm and application/jsonlines, else None)]:HOW:(None Line RecordIO TFRecord)' \
			'--strategy=[MultiRecord\: as many records in a request as fit (default where files are split), or SingleRecord]:HOW:(MultiRecord SingleRecord)' \
			'--input-filter=[what of a record the model gets\: '\''$\[1\:\]'\'' leaves out the first column]:JSONPATH: ' \
			'--output-filter=[what is written of each answer, with --join of record and answer\: '\''$\[0,-1\]'\'']:JSONPATH: ' \
			'--join[write each record with its prediction behind it]' \
			'*: : ' ;;
		invoke) _arguments $everywhere \
			'--timeout=[give up after 90s, 15m, 2h ...]:TIME: ' \
			'--to=[with --async\: s3\://BUCKET/PREFIX for the input (default\: beside the answers)]:DAY|PLACE: ' \
			'--async[of an endpoint whose calls wait in a queue\: FILE may be s3\://BUCKET/KEY, and the answer is printed once it is stored]' \
			'--variant=[the variant that answers]:NAME: ' \
			'--model=[the model that answers, of an endpoint of many models]:FILE: ' \
			'--content-type=[what the body, or the input, is (default\: by the file'\''s name, else text/csv)]:TYPE: ' \
			'--accept=[what the answer shall be (default\: as the model likes)]:TYPE: ' \
			'--repeat=[call so many times and print latencies, calls a second, errors and what that costs instead of the answer]:N: ' \
			'--parallel=[of --repeat so many at a time, at most 16 (default\: 1)]:P: ' \
			'*: : ' ;;
		stop) _arguments $everywhere \
			'*: : _sagetop_words jobs' ;;
		delete) _arguments $everywhere \
			'--all[with an endpoint its configuration and models, where nothing else has them]' \
			'--yes[do not ask]' \
			'*: : _sagetop_words kinds' ;;
		wait) _arguments $everywhere \
			'--all[until every one has ended (the default)]' \
			'--any[until one of them has ended; only that one is told, and the exit status is its own]' \
			'--timeout=[give up after 90s, 15m, 2h ...]:TIME: ' \
			'*: : _sagetop_words jobs' ;;
		upload) _arguments $everywhere \
			'*: :_files' ;;
		image) _arguments $everywhere \
			'--repository=[repository in ECR (default\: sagetop-trainer); made where it is missing]:NAME: ' \
			'--tag=[tag of the image there (default\: the version of sagetop)]:TAG: ' \
			'*: : ' ;;
		advise) _arguments $everywhere \
			'*: : ' ;;
		monitor) _arguments $everywhere \
			'--out=[folder for the files that are written; made where it is missing]:DIR|FILE:_files' \
			'--header=[whether the first line of a CSV names its columns, yes or no (default\: where none of its fields is a number or empty)]:WHEN:(yes no)' \
			'--baseline=[check\: the folder that monitor baseline wrote, or the service]:NAME|DIR: ' \
			'*: :{_values verb baseline check; _files}' ;;
		backtest) _arguments $everywhere \
			'--limit=[check\: so many slates are looked at (default\: 6)]:N: ' \
			'--name=[name of the run]:NAME: ' \
			'--yes[do not ask]' \
			'--csv[of a report a row for each column of each group, as CSV (--format tsv\: the same with tabs)]' \
			'--html=[write the report as one self-contained page with charts as well]:FILE:_files' \
			'--slate=[predict\: rows to be predicted, CSV with the columns that are known before]:FILE:_files' \
			'--baseline=[headline baseline of a predictions.csv without a specification (default\: season_mean)]:NAME|DIR: ' \
			'--minutes=[minutes that a job is billed for which trains one model (default\: 5)]:N: ' \
			'--rate=[dollars an hour of an instance; backtest plan, and with --spot\: what spot costs (default\: what spot saved so far, else 70 % of the price on demand)]:USD: ' \
			'--quota=[instances that the account may have at a time (default\: as many as run at a time)]:N: ' \
			'--failed[retry\: the packs that failed]' \
			'--to=[promote\: a folder or s3\://BUCKET/PREFIX (default\: promoted/ in the run'\''s folder)]:DAY|PLACE: ' \
			'--force[launch even where a hard budget would be broken]' \
			'*: : _sagetop_words backtests' ;;
		cost) _arguments $everywhere \
			'--yes[do not ask]' \
			'--csv[as CSV]' \
			'--html=[write the report as one self-contained page with charts as well]:FILE:_files' \
			'--days=[the last N days, today among them (default\: 30)]:N: ' \
			'--from=[from the beginning of that day (2026-11-01), or a time; days are those of the time zone of the settings]:DAY: ' \
			'--to=[up to the beginning of that day, which is not in it (default\: now)]:DAY|PLACE: ' \
			'--by=[day (default), week, month, kind, prefix, tag\:KEY, type, status, user, backtest, parent, sweep, component, profile, region, scope (PROFILE/REGION) or name]:GROUP:(day week month kind prefix tag\: type status user backtest parent component profile region scope name)' \
			'--top=[the first N rows; the others as one]:N: ' \
			'--md[as Markdown, for a pull request]' \
			'--now[what runs now instead\: what it cost so far, costs an hour and in the end, and what bills while it does no work]' \
			'--explorer[ask Cost Explorer as well, for $0.01 a call, and show where it differs by usage type; asks first]' \
			'--check[hold what is spent against the budgets of the settings; exit status 8 where a share is reached, 9 where one is used up]' \
			'*: : ' ;;
		prices) _arguments $everywhere \
			'--columns=[columns to print, separated by commas; of jobs and list +NAME adds to the usual ones]:LIST: _sagetop_words columns' \
			'--limit=[at most N rows]:N: ' \
			'--csv[as CSV]' \
			'--bulk=[update\: read the prices from an offer file of the price list, index.json or index.csv (- is standard input)]:FILE|URL:_files' \
			'*: : _sagetop_words types' ;;
		config) _arguments $everywhere \
			'*: : _sagetop_words settings' ;;
		doctor) _arguments $everywhere \
			'*: : ' ;;
		local) _arguments $everywhere \
			'--timeout=[give up after 90s, 15m, 2h ...]:TIME: ' \
			'--port=[port of the engine (default 4670; 0 picks a free one)]:N: ' \
			'*: :(start stop status env)' ;;
		help) _arguments $everywhere \
			'*: : _sagetop_words commands' ;;
		esac ;;
	esac
}

_sagetop "$@"
