#!/bin/sh
# make analyze: clang's static analyser over every source file, as many at a time as there
# are processors. What it reports is mended, or its invariant is asserted where it holds;
# status 1 where there is a report.
#
#   analyze.sh FLAGS... -- FILES...
#
# CLANG names another clang. ANALYZE_NODES is how much of a function's paths it looks at
# (clang's own limit is 225,000). The checkers are clang's own choice: core, unix, deadcode,
# security and nullability.
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
clang=${CLANG:-clang}
nodes=${ANALYZE_NODES:+-Xclang -analyzer-config -Xclang max-nodes=$ANALYZE_NODES}
command -v "$clang" >/dev/null || {
	echo "analyze: no $clang here; on Debian: apt-get install clang" >&2
	exit 1
}
flags=
while [ "$#" -gt 0 ] && [ "$1" != -- ]; do
	# The quotes of -DNAME='"text"' must live through the shell below.
	flags="$flags '$1'"
	shift
done
shift
found=$(mktemp)
trap 'rm -f "$found"' EXIT
printf '%s\n' "$@" | grep '\.c$' | sort -u |
	TOP=$top CLANG=$clang NODES=$nodes FLAGS=$flags xargs -P "$(nproc)" -n 1 sh -c '
		cd "$TOP" && eval "\"\$CLANG\" --analyze \$NODES --analyzer-output text -I\"\$TOP/src\" -I\"\$TOP\" -std=gnu11 -fms-extensions -D_GNU_SOURCE $FLAGS \"\$1\"" 2>&1' sh >"$found"
cat "$found"
reports=$(grep -cE ': (warning|error|fatal error): |^[^ ]*error:' "$found")
echo "analyze: $reports reports in $(printf '%s\n' "$@" | grep -c '\.c$') files"
[ "$reports" -eq 0 ]
