#!/bin/sh
# One meaning, one name: no public function or variable is defined in two parts. TAP.
. "${SAGETOP_SRC:-$(dirname "$0")/..}/tests/tap.sh"
cd "${SAGETOP_BUILD:-.}" || exit 1

set -- lib*.a
[ -e "$1" ] || tap_skip_all 'nothing is built here'
names=$(for part in "$@"; do
	nm --defined-only "$part" 2>/dev/null | awk '$2 ~ /^[TDRB]$/ && $3 !~ /^_/ { print $3 }' | sort -u
done)
tap_empty 'every public name is defined in one part' "$(echo "$names" | sort | uniq -d)"
tap_match 'and a known one is among them' '^resource_new$' "$names"
tap_done
