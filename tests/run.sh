#!/bin/sh
# Build and test everything, from a clean checkout of Debian 12 with git only:
# installs what is missing, builds with gcc and clang (warnings are errors), runs
# every test, runs them again under AddressSanitizer and UndefinedBehaviorSanitizer,
# and checks that the release tarball builds. Ends with the counts of all tests.
#
# Tests wait for much of their time. What only computes (the analyser, clang, the tarball)
# runs beside them, when nobody else wants a processor: `run.sh beside`, started from here.
#
# SAGETOP_TEST_VECTORS, SAGETOP_TEST_DATA and SAGETOP_TEST_MODELS name folders
# with reference data; tests that need them skip, saying so, where they are unset.
set -u
cd "$(dirname "$0")/.." || exit 1
top=$PWD
. share/packages.sh

work=${SAGETOP_TEST_WORK:-$top/build-test}
jobs=$(nproc)
started=${SAGETOP_TEST_STARTED:-$(date +%s)}
export LC_ALL=C.UTF-8 SAGETOP_TEST_WORK="$work" SAGETOP_TEST_STARTED="$started"

# One compiler cache for all builds of this run: the tarball's build is the same sources with
# the same flags as the first one. What nobody compiles again goes by it only where it is kept.
export CCACHE_DIR="${CCACHE_DIR:-$work/ccache}"
if [ "$CCACHE_DIR" = "$work/ccache" ]; then once=; else once='ccache '; fi

say() {
	printf '== %4ds  %s\n' $(($(date +%s) - started)) "$1"
}

failed() { # name
	echo "  $1" >>"$work/failed"
}

# step NAME COMMAND...: quiet unless it fails.
step() {
	step_name=$1
	shift
	say "$step_name"
	mkdir -p "$work/logs"
	step_log="$work/logs/$(printf '%s' "$step_name" | tr -c 'a-zA-Z0-9' '-').log"
	if ! "$@" >"$step_log" 2>&1 </dev/null; then
		failed "$step_name"
		echo "   failed; the end of $step_log:"
		tail -n 40 "$step_log" | sed 's/^/   | /'
		return 1
	fi
}

# By a relative path, since compilers are called with it: distcheck and the folders here
# lie two below their sources, so the compiler cache knows one's files from the other's.
configure_in() { # folder, configure arguments...
	folder=$work/$1
	shift
	mkdir -p "$folder" && (cd "$folder" && "$(realpath --relative-to=. "$top")/configure" --quiet --enable-werror "$@")
}

# A log is born when its test starts, its .trs is written when it ends.
slowest_in() {
	find "$work/$1/tests" -name '*.trs' | while read -r trs; do
		born=$(stat -c %W "${trs%.trs}.log") ended=$(stat -c %Y "$trs")
		[ "$born" -gt 0 ] && echo "$((ended - born)) s ${trs#"$work/$1/"}"
	done | sort -rn | head -n 8 | sed 's/\.trs$//; s/^/   took: /'
}

# Run the tests of a build folder and show which failed. Many wait for time-outs and for
# other programs more than they compute: three for each processor.
check_in() {
	say "tests in $1"
	make -C "$work/$1" -j$((jobs * 3)) -k check >"$work/logs/check-$1.log" 2>&1 </dev/null || {
		failed "tests in $1"
		grep -hE '^(FAIL|ERROR|make.*Error)' "$work/logs/check-$1.log" | sort -u | sed 's/^/   /'
		find "$work/$1/tests" -name '*.log' -exec grep -l '^\(not ok\|FAIL\|ERROR\)' {} + 2>/dev/null |
			while read -r log; do
				echo "   --- $log"
				grep -n -A12 '^not ok' "$log" | grep -v '# SKIP' | head -n 40 | sed 's/^/   | /'
				tail -n 15 "$log" | sed 's/^/   | /'
			done
	}
	slowest_in "$1"
	find "$work/$1/tests" -name '*.log' -exec grep -h '# SKIP' {} + | sed 's/^[^#]*- /   skipped: /' | sort | uniq -c |
		sed 's/^ *1 //' | head -n 40
}

# The analyser is one test of the sums; with fewer nodes it takes half the time and sees
# nearly as much.
analyze_in() {
	mkdir -p "$work/analyze/tests"
	if step 'static analysis' env ANALYZE_NODES=100000 make -C "$work/$1" analyze; then
		echo 'ok 1 - clang has nothing to report' >"$work/analyze/tests/analyze.log"
		echo ':test-result: PASS' >"$work/analyze/tests/analyze.trs"
	else
		echo 'not ok 1 - clang has nothing to report' >"$work/analyze/tests/analyze.log"
		echo ':test-result: FAIL' >"$work/analyze/tests/analyze.trs"
	fi
}

# Says itself what failed.
beside() {
	analyze_in gcc
	step 'configure with clang' configure_in clang CC="${once}clang" CFLAGS='-O0' &&
		step 'build with clang' make -C "$work/clang" -j"$jobs" all &&
		step 'build tests with clang' make -C "$work/clang" -j"$jobs" check TESTS=

	step 'configure the console alone' configure_in console --without-trainer --without-local CC='ccache gcc' CFLAGS='-O2' &&
		step 'build the console alone' make -C "$work/console" -j"$jobs" all &&
		# The tests run elsewhere; here the tarball has to build, install and clean up.
		step 'distcheck' make -C "$work/console" -j"$jobs" distcheck \
			DISTCHECK_CONFIGURE_FLAGS="--enable-werror CC='ccache gcc' CFLAGS=-O2" TESTS=tests/unit/test_base
}

# Of one session with the tests, since a scheduler may weigh sessions before it asks who is
# nice; by timeout, which ends all that it has started when it is ended.
beside_start() {
	nice -n 19 timeout 0 sh tests/run.sh beside >"$work/logs/beside.log" 2>&1 </dev/null &
	beside_pid=$!
	trap 'kill "$beside_pid" 2>/dev/null' EXIT
	trap 'exit 130' INT TERM
}

beside_end() {
	say 'what runs beside'
	wait "$beside_pid" || failed 'what runs beside'
	trap - EXIT
	cat "$work/logs/beside.log"
}

finish() {
	say 'done'
	sh tests/count-tap.sh "$work" >"$work/counts"
	counted=$?
	if [ -s "$work/failed" ]; then
		echo 'failed:'
		cat "$work/failed"
	fi
	cat "$work/counts"
	[ $counted -eq 0 ] && [ ! -s "$work/failed" ]
	exit
}

if [ "${1-}" = beside ]; then
	beside
	exit 0
fi
say 'packages'
# shellcheck disable=SC2086
packages_install $packages_build $packages_test || exit 1
command -v npm >/dev/null || packages_install nodejs npm || exit 1

rm -rf "$work"
mkdir -p "$work/logs"
step 'autogen' ./autogen.sh || finish

step 'configure with gcc' configure_in gcc CC='ccache gcc' CFLAGS='-O2' || finish
step 'build with gcc' make -C "$work/gcc" -j"$jobs" all || finish
beside_start
check_in gcc

step 'configure with sanitizers' configure_in asan --enable-sanitizers CC="${once}gcc" CFLAGS='-O1 -g1' || finish
step 'build with sanitizers' make -C "$work/asan" -j"$jobs" all &&
	check_in asan
beside_end
finish
