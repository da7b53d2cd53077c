#!/bin/sh
# Hold the dependency direction: which part may include whose headers, and who
# alone may touch a library. TAP.
cd "${SAGETOP_SRC:-$(dirname "$0")/..}" || exit 1
. tests/tap.sh

# part, allowed header prefixes, folder (find arguments)
check_part() {
	part=$1 allowed=$2
	shift 2
	bad=$(find "$@" -name '*.[ch]' -exec grep -Hn '^#include "' {} + |
		grep -Ev "#include \"($allowed)" || :)
	tap_empty "$part includes only $allowed" "$bad"
}
check_part base 'base/' src/base
check_part model 'base/|model/' src/model
check_part store 'base/|model/|store/' src/store
check_part aws 'base/|model/|aws/[a-z0-9_]+\.(h|def)' aws -maxdepth 1
check_part sync 'base/|model/|store/|aws/[a-z0-9_]+\.h|sync/' src/sync
check_part tui 'base/|model/|tui/' tui
check_part tuner 'base/|tuner/' tuner

# Rooms inside a part, from the ground: each sees itself and those before it.
check_floors() {
	top=$1 below=$2
	shift 2
	for floor in "$@"; do
		below="$below|$top/$floor/"
		check_part "$top/$floor" "$below" "$top/$floor"
	done
	check_part "$top" "$below" "$top" -maxdepth 1
	bad=$(find "$top" -mindepth 1 -maxdepth 1 -type d | grep -vE "/($(echo "$@" | tr ' ' '|'))\$" || :)
	tap_empty "every room of $top has its floor" "$bad"
}
# What several parts use of aws without its client: data and pure functions.
bad=$(grep -Hn '^#include "' aws/shape.h aws/shapes_training_job.c | grep -v '"\(aws/shape\|base/str\)\.h"' || :)
tap_empty 'the shapes of requests are data alone' "$bad"
bad=$(grep -Hn '^#include' aws/op_row.h aws/operations_s3.def || :)
tap_empty 'rows of operations are data alone' "$bad"
check_floors trainer 'base/' read panel settings library grow hosts fit forecast models serve job
check_floors aws/local 'base/|tuner/|aws/(sigv4|sigv4_verify|eventstream|xml|shape|op_row)\.h|aws/operations_s3\.def' core wire kept running services front

# what, pattern of the header, files that may include it
check_library() {
	what=$1 header=$2 allowed=$3
	bad=$(grep -rnE "^#include <($header)" src aws tui trainer tuner --include='*.[ch]' | grep -Ev "^($allowed)" || :)
	tap_empty "$what only in $allowed" "$bad"
}
check_library libcurl 'curl/' 'aws/http[a-z_]*\.[ch]'
check_library curses '(n?cursesw?/)?n?curses|term\.h' 'tui/term\.c'
check_library SQLite 'sqlite3' 'src/store/|aws/local/core/state\.[ch]'
check_library XGBoost 'xgboost/' 'trainer/library/booster[a-z_]*\.[ch]'
check_library libmicrohttpd 'microhttpd' 'aws/local/front/server\.c|trainer/serve/'
check_library expat 'expat' 'aws/xml\.c'
# jansson stays at the edges: model and tui hold plain data.
bad=$(grep -rnE 'include "base/(json|yaml)\.h"|jansson' src/model tui --include='*.[ch]' || :)
tap_empty 'no JSON in model and tui' "$bad"
tap_done
