#!/bin/sh
# make fuzz: every fuzz target under libFuzzer with AddressSanitizer and
# UndefinedBehaviorSanitizer, built by clang in a folder of its own. New inputs
# and crashes stay in $FUZZ_WORK; a crash ends the run with status 1.
#
#   FUZZ=ini,xml_reply    only these targets      (default: all)
#   FUZZ_SECONDS=600      how long each one runs
#   FUZZ_WORK=folder      where to build and keep (default: build-fuzz)
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
work=${FUZZ_WORK:-$top/build-fuzz}
seconds=${FUZZ_SECONDS:-600}
checks=undefined,float-cast-overflow
flags="-fsanitize=fuzzer-no-link,address,$checks -fno-sanitize-recover=$checks"

mkdir -p "$work"
work=$(cd "$work" && pwd)
cd "$work"
[ -f Makefile ] || "$top/configure" --quiet CC="${CC:-clang}" CFLAGS="-O1 -g $flags" LDFLAGS='-fsanitize=address,undefined'
if [ -n "${FUZZ:-}" ]; then
	targets=$(printf '%s\n' "$FUZZ" | tr ',' ' ')
else
	targets=$(cd "$top/tests/fuzz" && ls fuzz_*.c | sed 's/^fuzz_//; s/\.c$//')
fi

status=0
for target in $targets; do
	name=fuzz_$target
	# The bounded program's own objects, with libFuzzer's main for that of libtests.a.
	make -s "tests/fuzz/$name" >build.log 2>&1 || {
		tail -n 20 build.log
		exit 1
	}
	link=$(make -n -W "$top/tests/fuzz/$name.c" "tests/fuzz/$name" V=1 | sed -n "s/.* -o tests\/fuzz\/$name \(.*\)/\1/p" |
		tr ' ' '\n' | grep -v libtests | tr '\n' ' ')
	# shellcheck disable=SC2086
	clang -fsanitize=fuzzer,address,undefined -o "libfuzzer_$target" $link
	mkdir -p "found/$target" "crashes/$target"
	echo "$target: $seconds s"
	"./libfuzzer_$target" -max_total_time="$seconds" -rss_limit_mb=4096 -timeout=20 -print_final_stats=1 \
		-verbosity=0 -artifact_prefix="crashes/$target/" "found/$target" "$top/tests/fuzz/corpus/$target" \
		>"$target.log" 2>&1 || {
		status=1
		echo "  CRASH: see $work/$target.log and crashes/$target"
	}
	sed -n 's/^stat::number_of_executed_units: */  executions /p; s/^stat::peak_rss_mb: */  peak MB /p' "$target.log"
done
exit $status
