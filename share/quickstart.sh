#!/bin/sh
# From a fresh Debian 12 to running training jobs, without an AWS account:
# installs what is missing, builds sagetop, invents a season of basketball box
# scores, starts the local engine, launches twelve real XGBoost training jobs on it
# and opens the dashboard. It can be run again: what is done is not done twice, and
# another twelve jobs start.
#
#   sh share/quickstart.sh [--no-tui]
#
# Without a terminal, or with --no-tui, it waits for the jobs and prints them. One
# of the twelve fails on purpose: a word stands where a number belongs in its data.
#
# SAGETOP_BUILD_DIR           use the programs of this folder and build nothing
# SAGETOP_QUICKSTART_DIVIDE   a tenth of the training with 10, for a test
# SAGETOP_QUICKSTART_DIR      where to build and put the data (default: build-quickstart)
set -u

tui=yes
[ -t 0 ] && [ -t 1 ] || tui=
for word in "$@"; do
	case $word in
	--no-tui) tui= ;;
	-h | --help) sed -n '2,/^set -u/{/^set -u/d;s/^# \{0,1\}//;p;}' "$0"; exit 0 ;;
	*) echo "quickstart.sh: unknown option $word: there is --no-tui" >&2; exit 2 ;;
	esac
done

cd "$(dirname "$0")/.." || exit 1
top=$PWD
work=${SAGETOP_QUICKSTART_DIR:-$top/build-quickstart}
mkdir -p "$work" && work=$(cd "$work" && pwd) || {
	echo "quickstart.sh: cannot write here; set SAGETOP_QUICKSTART_DIR to a folder of yours" >&2
	exit 1
}
bin=${SAGETOP_BUILD_DIR:-$work/build}
log=$work/quickstart.log
: >"$log"

step_n=0
step() { # what is happening; the command's output goes to the log
	step_n=$((step_n + 1))
	printf '[%d/6] %s ... ' "$step_n" "$1"
	step_started=$(date +%s)
}
done_step() {
	step_took=$(($(date +%s) - step_started))
	if [ "$step_took" -gt 1 ]; then echo "${1:-done} (${step_took}s)"; else echo "${1:-done}"; fi
}
fail() { # what to do
	echo failed
	tail -n 15 "$log" | sed 's/^/   | /' >&2
	echo "quickstart.sh: $1 (the whole output: $log)" >&2
	exit 1
}

step 'packages'
if [ -z "${SAGETOP_BUILD_DIR:-}" ]; then
	. "$top/share/packages.sh"
	# shellcheck disable=SC2086,SC2154
	packages_install $packages_build $packages_parquet >>"$log" 2>&1 || fail 'packages are missing: see the lines above'
fi
done_step

step 'build (a minute or two the first time)'
if [ -z "${SAGETOP_BUILD_DIR:-}" ]; then
	if [ ! -x configure ] || [ configure.ac -nt configure ] || [ Makefile.am -nt Makefile.in ]; then
		./autogen.sh >>"$log" 2>&1 || fail 'autogen.sh failed'
	fi
	# Where the tree is configured in place, configure refuses another build folder:
	# build from a copy of its sources.
	source=$top
	if [ -f config.status ]; then
		source=$work/source
		make distdir distdir="$source" >>"$log" 2>&1 ||
			fail 'the sources could not be copied; make distclean, and run this again'
	fi
	mkdir -p "$bin"
	if [ ! -f "$bin/Makefile" ]; then
		(cd "$bin" && "$source/configure" --quiet CFLAGS="${CFLAGS--O2 -g}") >>"$log" 2>&1 ||
			fail "configure failed; if a library is named above, install it and run this again"
	fi
	make -C "$bin" -j"$(nproc)" >>"$log" 2>&1 || fail "the build failed; remove $bin and run this again"
fi
sagetop=$bin/sagetop
"$sagetop" --version >>"$log" 2>&1 || fail "$sagetop does not run"
done_step

data=$work/season
step 'sample data: a season of box scores'
if [ ! -f "$data/columns.txt" ]; then
	sh share/make-sample-data --seed 7 "$data" >>"$log" 2>&1 || fail "the sample data could not be made"
fi
done_step "$(($(wc -l <"$data/boxscores.csv") - 1)) lines, $(find "$data/players" -mindepth 1 -maxdepth 1 -type d | wc -l) players"

step 'local engine'
"$sagetop" local start >>"$log" 2>&1 || fail 'the local engine did not start'
done_step "$("$sagetop" local status --format tsv | cut -f2)"

step 'upload'
"$sagetop" --local upload "$data" s3://sagetop-sample/season/ >>"$log" 2>&1 || fail 'the upload failed'
done_step "$(find "$data" -name '*.csv' | wc -l) files to s3://sagetop-sample/season/"

# The four players with the most fantasy points a game: one model each.
stars=$(awk -F, 'NR > 1 { sum[$2] += $NF; n[$2]++ }
	END { for (p in sum) if (n[p] > 40) printf "%.6f %s\n", sum[p] / n[p], p }' "$data/boxscores.csv" |
	sort -rn | head -n 4 | cut -d' ' -f2)
# shellcheck disable=SC2086
set -- $stars
run=$(date +%m%d-%H%M%S)
names=

# Twelve jobs share this machine: one thread each, or they spin against each other.
launch() { # name example set change...
	job=dfs-$run-$1 example=$2 from=s3://sagetop-sample/season/$3
	shift 3
	changes='--set HyperParameters.nthread=1'
	for change in "$@"; do
		changes="$changes --set $change"
	done
	# shellcheck disable=SC2086
	"$sagetop" --local launch "share/examples/$example.yaml" --name "$job" \
		--set "InputDataConfig.0.DataSource.S3DataSource.S3Uri=$from/train/" \
		--set "InputDataConfig.1.DataSource.S3DataSource.S3Uri=$from/validation/" \
		$changes >>"$log" 2>&1 || fail "launching $job failed"
	names="$names $job"
}
hp() { # name=value...: hyperparameters as --set words
	for pair in "$@"; do
		case $pair in num_round=*) pair=num_round=$((${pair#*=} / ${SAGETOP_QUICKSTART_DIVIDE:-1})) ;; esac
		printf 'HyperParameters.%s ' "$pair"
	done
}

step 'launch 12 training jobs'
# shellcheck disable=SC2046
{
	launch "$1" player "players/$1" $(hp num_round=300 max_depth=2 eta=0.03)
	launch league player pools/league $(hp num_round=4000 max_depth=6 eta=0.002) ResourceConfig.InstanceType=ml.m5.4xlarge
	launch broken player pools/broken
	launch "$2" player "players/$2" $(hp num_round=400 max_depth=3 eta=0.02)
	launch guards player pools/guards $(hp num_round=2000 max_depth=4 eta=0.004)
	launch league-spot player-spot pools/league $(hp num_round=2000) "CheckpointConfig.S3Uri=s3://sagetop-sample/checkpoints/$run/"
	launch forwards player pools/forwards $(hp num_round=2000 max_depth=3 eta=0.005)
	launch last60 player pools/last60 $(hp num_round=2000 max_depth=5 eta=0.004 gamma=1) ResourceConfig.InstanceType=ml.m5.xlarge
	launch centers player pools/centers $(hp num_round=1500 max_depth=3 eta=0.005)
	launch last30 player pools/last30 $(hp num_round=1500 max_depth=4 eta=0.005)
	launch "$3" player "players/$3" $(hp num_round=500 max_depth=3 eta=0.02 subsample=0.6)
	launch "$4" player "players/$4" $(hp num_round=300 max_depth=4 eta=0.03 min_child_weight=8)
}
done_step

tell_path() { # the programs are nowhere in PATH yet
	printf '\nIn this shell, so that it finds sagetop:\n  export PATH=%s:$PATH\n' "$bin"
	printf 'To install them: make -C %s install, as root\n' "$bin"
}

echo
if [ -n "$tui" ]; then
	"$sagetop" --local
	ended=$?
	tell_path
	exit $ended
fi

echo "Waiting for the jobs of this run ..."
# shellcheck disable=SC2086
"$sagetop" --local wait $names --timeout 30m >>"$log" 2>&1
waited=$?
# One of them fails by design: status 3 is the good end.
if [ $waited -ne 3 ]; then
	[ $waited -ne 130 ] || exit 130
	echo "quickstart.sh: waiting ended with status $waited; expected was 3, one failed job (see $log)" >&2
	exit 1
fi
best=dfs-$run-league
cat <<END

== Jobs =====================================================================
END
"$sagetop" --local jobs "^dfs-$run-" --format table --sort name || exit 1
cat <<END

== The last log lines of $best
END
"$sagetop" --local logs "$best" --limit 8 || exit 1
cat <<END

== Its metrics
END
"$sagetop" --local metrics "$best" --chart --metric train:rmse --metric validation:rmse || exit 1
cat <<END

== Costs (what the same seconds cost on AWS in us-east-1; here they cost nothing)
END
"$sagetop" --local jobs "^dfs-$run-" --format tsv --no-header --columns name,instance,billable,cost | awk -F'\t' '
	{ printf "%-34s %-14s %6d s  %s\n", $1, $2, $3, $4 == "" ? "?" : sprintf("$%.5f", $4); s += $3; c += $4 }
	END { printf "%-34s %-14s %6d s  $%.5f\n", "all", "", s, c }'
cat <<END

Next:  sagetop --local                       the dashboard
       sagetop --local job dfs-$run-broken   why one failed
       sagetop local stop                    end the engine
END
tell_path
