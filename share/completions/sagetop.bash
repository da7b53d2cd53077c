# bash completion for sagetop. Made by `make docs` from the program's own tables.
# Of a list with commas what stands behind the last one is completed.
_sagetop_words()
{
	local before=

	[[ $cur != *,* ]] || before=${cur%,*},
	COMPREPLY=($(compgen -P "$before" -W "$1" -- "${cur##*,}"))
}

# Jobs are those of the profile and region, or of the engine, that the line names.
_sagetop_jobs()
{
	local i kind=jobs profile= region=

	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--local) kind=local-jobs ;;
		--profile) kind=account-jobs profile=${COMP_WORDS[i+1]} ;;
		--region) kind=account-jobs region=${COMP_WORDS[i+1]} ;;
		esac
	done
	env ${profile:+AWS_PROFILE="$profile"} ${region:+AWS_REGION="$region"} sagetop --complete $kind 2>/dev/null
}

_sagetop()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} cmd= word own=

	case $prev in
	--profile) _sagetop_words "$(sagetop --complete profiles 2>/dev/null)"; return ;;
	--region) _sagetop_words "$(sagetop --complete regions 2>/dev/null)"; return ;;
	--scope) _sagetop_words "$(sagetop --complete scopes 2>/dev/null)"; return ;;
	--endpoint-url) return ;;
	--format) _sagetop_words 'table tsv json'; return ;;
	--time-zone) _sagetop_words 'utc local'; return ;;
	--debug) COMPREPLY=($(compgen -f -- "$cur")); return ;;
	--columns | -c) _sagetop_words "$(sagetop --complete columns 2>/dev/null)"; return ;;
	--sort | -s) _sagetop_words "$(sagetop --complete columns 2>/dev/null)"; return ;;
	--group) _sagetop_words 'prefix tag: type status user backtest parent sweep profile region'; return ;;
	--interval) return ;;
	--limit | -n) return ;;
	--since) return ;;
	--grep) return ;;
	--not) return ;;
	--prefix) _sagetop_words 'auto always never'; return ;;
	--metric | -m) return ;;
	--set) return ;;
	--grid) return ;;
	--name) return ;;
	--timeout) return ;;
	--port) return ;;
	--input) return ;;
	--output) return ;;
	--image-uri) return ;;
	--role) return ;;
	--count) return ;;
	--repository) return ;;
	--tag) return ;;
	--html) COMPREPLY=($(compgen -f -- "$cur")); return ;;
	--slate) COMPREPLY=($(compgen -f -- "$cur")); return ;;
	--out | -o) COMPREPLY=($(compgen -f -- "$cur")); return ;;
	--header) _sagetop_words 'yes no'; return ;;
	--baseline) return ;;
	--minutes) return ;;
	--rate) return ;;
	--quota) return ;;
	--entities) return ;;
	--cycles) return ;;
	--pack) return ;;
	--concurrency) return ;;
	--type) _sagetop_words "$(sagetop --complete types 2>/dev/null)"; return ;;
	--max-run) return ;;
	--bulk) COMPREPLY=($(compgen -f -- "$cur")); return ;;
	--days) return ;;
	--from) return ;;
	--to) return ;;
	--by) _sagetop_words 'day week month kind prefix tag: type status user backtest parent component profile region scope name'; return ;;
	--top) return ;;
	--canary) return ;;
	--linear) return ;;
	--rolling) return ;;
	--bake) return ;;
	--alarm) return ;;
	--serverless) return ;;
	--variant) return ;;
	--model) return ;;
	--content-type) return ;;
	--accept) return ;;
	--split) _sagetop_words 'None Line RecordIO TFRecord'; return ;;
	--strategy) _sagetop_words 'MultiRecord SingleRecord'; return ;;
	--input-filter) return ;;
	--output-filter) return ;;
	--repeat) return ;;
	--parallel) return ;;
	esac
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		case $word in
		jobs | list | show | job | compare | failures | logs | metrics | report | open | files | launch | launches | estimate | clone | tune | process | deploy | transform | invoke | stop | delete | wait | upload | image | advise | monitor | backtest | cost | prices | config | doctor | local | help) cmd=$word; break ;;
		esac
	done
	case $cmd in
	jobs) own='--columns --sort --group --watch --interval --limit --csv' ;;
	list) own='--columns --sort --limit --csv' ;;
	show) own='' ;;
	job) own='' ;;
	compare) own='--all --csv' ;;
	failures) own='--columns --limit --csv' ;;
	logs) own='--limit --follow --live --since --errors --grep --not --prefix --times --elapsed --histogram' ;;
	metrics) own='--chart --values --metric --best --csv' ;;
	report) own='--limit --out' ;;
	open) own='' ;;
	files) own='--columns --yes --out' ;;
	launch) own='--set --grid --name --dry-run --yes --force' ;;
	launches) own='--columns --limit --discard --send --csv' ;;
	estimate) own='--set --name --minutes --rate --quota --entities --cycles --pack --concurrency --type --spot --max-run --compare' ;;
	clone) own='--set --grid --name --dry-run --yes --force' ;;
	tune) own='--name --dry-run --yes --wait --timeout --force' ;;
	process) own='--set --name --dry-run --yes --input --output --image-uri --role --count --type --to --force' ;;
	deploy) own='--name --dry-run --yes --wait --timeout --image-uri --role --count --type --to --force --update --canary --linear --rolling --bake --alarm --serverless --async --variant' ;;
	transform) own='--set --name --dry-run --yes --wait --timeout --input --output --image-uri --role --count --type --to --force --content-type --accept --split --strategy --input-filter --output-filter --join' ;;
	invoke) own='--timeout --to --async --variant --model --content-type --accept --repeat --parallel' ;;
	stop) own='' ;;
	delete) own='--all --yes' ;;
	wait) own='--all --any --timeout' ;;
	upload) own='' ;;
	image) own='--repository --tag' ;;
	advise) own='' ;;
	monitor) own='--out --header --baseline' ;;
	backtest) own='--limit --name --yes --csv --html --slate --baseline --minutes --rate --quota --failed --to --force' ;;
	cost) own='--yes --csv --html --days --from --to --by --top --md --now --explorer --check' ;;
	prices) own='--columns --limit --csv --bulk' ;;
	config) own='' ;;
	doctor) own='' ;;
	local) own='--timeout --port' ;;
	help) own='' ;;
	esac
	if [[ $cur == -* ]]; then
		COMPREPLY=($(compgen -W "$own --local --profile --region --scope --endpoint-url --json --format --no-header --read-only --no-color --ascii --time-zone --debug --help --version" -- "$cur"))
		return
	fi
	case $cmd in
	'') COMPREPLY=($(compgen -W 'jobs list show job compare failures logs metrics report open files launch launches estimate clone tune process deploy transform invoke stop delete wait upload image advise monitor backtest cost prices config doctor local help' -- "$cur")) ;;
	job | compare | logs | metrics | open | clone | stop | wait) COMPREPLY=($(compgen -W "$(_sagetop_jobs)" -- "$cur")) ;;
	help) COMPREPLY=($(compgen -W "$(sagetop --complete commands 2>/dev/null)" -- "$cur")) ;;
	jobs|failures) COMPREPLY=($(compgen -S : -W "$(sagetop --complete columns 2>/dev/null)" -- "$cur"))
		compopt -o nospace ;;
	local) COMPREPLY=($(compgen -W 'start stop status env' -- "$cur")) ;;
	monitor) COMPREPLY=($(compgen -W 'baseline check analyze' -f -- "$cur")) ;;
	list|show|delete) COMPREPLY=($(compgen -W "$(sagetop --complete kinds 2>/dev/null)" -- "$cur")) ;;
	config) COMPREPLY=($(compgen -W "$(sagetop --complete settings 2>/dev/null)" -- "$cur")) ;;
	prices) COMPREPLY=($(compgen -W "$(sagetop --complete types 2>/dev/null)" -- "$cur")) ;;
	backtest) COMPREPLY=($(compgen -W "$(sagetop --complete backtests 2>/dev/null)" -f -- "$cur")) ;;
	launch | estimate | tune | process | upload) COMPREPLY=($(compgen -f -- "$cur")) ;;
	esac
}
complete -o filenames -F _sagetop sagetop
