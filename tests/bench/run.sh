#!/bin/sh
# `make bench`: run every benchmark here and print one table.
#
#   run.sh [NAME...]     only those whose file name contains one of the words
#
# A benchmark is an executable tests/bench/bench_*.sh, bench_*.py or a program
# bench_* of the build folder. It finds the programs in $SAGETOP_BUILD, the sources
# in $SAGETOP_SRC, and prints one line for each figure, its fields separated by
# tabs:
#
#   bench  WHAT  OURS  UNIT  [PEER  THEIRS  [AIM]]
#
# OURS and THEIRS are medians of the same run on the same machine; smaller is
# better unless UNIT ends in "/s". PEER names who is compared with, AIM what is
# hoped for ("< 50"). Other lines are remarks. A benchmark that cannot run here says
# so and exits with 77. bench.sh has helpers for the shell.
set -u
here=$(cd "$(dirname "$0")" && pwd)
: "${SAGETOP_SRC:=$(cd "$here/../.." && pwd)}" "${SAGETOP_BUILD:=$SAGETOP_SRC/build}"
export SAGETOP_SRC SAGETOP_BUILD
result=$(mktemp)
trap 'rm -f "$result"' EXIT

wanted() {
	[ "$#" -gt 1 ] || return 0
	file=$(basename "$1")
	shift
	for word in "$@"; do
		case $file in *"$word"*) return 0 ;; esac
	done
	return 1
}

status=0
for bench in "$here"/bench_*.sh "$here"/bench_*.py "$SAGETOP_BUILD"/tests/bench/bench_*; do
	case $bench in *.o | *.a | *.log | *.trs) continue ;; esac
	[ -f "$bench" ] && wanted "$bench" "$@" || continue
	echo "-- $(basename "$bench")" >&2
	case $bench in
	*.sh) sh "$bench" ;;
	*.py) /usr/bin/python3 "$bench" ;;
	*) [ -x "$bench" ] && "$bench" ;;
	esac >"$result.one"
	code=$?
	grep -v '^bench	' "$result.one" >&2
	grep '^bench	' "$result.one" >>"$result"
	rm -f "$result.one"
	case $code in
	0) ;;
	77) echo "   skipped" >&2 ;;
	*) echo "   failed with status $code" >&2; status=1 ;;
	esac
done

echo "$(nproc) processors, $(uname -m), $(date -u +%Y-%m-%d); medians; ratio above 1: we are better by that factor"
awk -F'\t' '
	function number(x) { return x == "" ? "-" : x + 0 >= 100 ? sprintf("%.0f", x) : x + 0 >= 1 ? sprintf("%.2f", x) : sprintf("%.4f", x) }
	BEGIN { format = "%-52s %10s %-8s  %-22s %10s  %-8s %s\n"; printf format, "WHAT", "OURS", "UNIT", "PEER", "THEIRS", "RATIO", "AIM" }
	{
		ratio = "-"
		if ($6 + 0 > 0 && $3 + 0 > 0) ratio = sprintf("%.2fx", $4 ~ /\/s$/ ? $3 / $6 : $6 / $3)
		printf format, $2, number($3), $4, $5 == "" ? "-" : $5, number($6), ratio, $7
	}' "$result"
exit $status
