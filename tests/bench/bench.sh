# bench.sh - sourced by benchmarks in the shell.

bench_work=$(mktemp -d)
bench_bin=${SAGETOP_BUILD:?}
export XDG_CACHE_HOME="$bench_work/cache" XDG_STATE_HOME="$bench_work/state" XDG_CONFIG_HOME="$bench_work/config"
export AWS_EC2_METADATA_DISABLED=true AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
unset AWS_PROFILE
bench_cleanup() {
	"$bench_bin/sagetop" local stop >/dev/null 2>&1
	rm -rf "$bench_work"
}
trap bench_cleanup EXIT
trap 'exit 130' INT TERM

bench_now_us() { # a monotonic enough clock: microseconds
	echo $(($(date +%s%N) / 1000))
}

# bench_time_ms RUNS COMMAND...: the median wall time of a command in ms.
bench_time_ms() {
	bench_runs=$1
	shift
	bench_i=0
	while [ "$bench_i" -lt "$bench_runs" ]; do
		bench_from=$(bench_now_us)
		"$@" >/dev/null 2>&1 || return 1
		echo $(($(bench_now_us) - bench_from))
		bench_i=$((bench_i + 1))
	done | sort -n | awk '{ v[NR] = $1 } END { print (NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2) / 1000 }'
}

bench_line() { # what ours unit [peer theirs [aim]]
	printf 'bench\t%s\t%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "${4-}" "${5-}" "${6-}"
}
