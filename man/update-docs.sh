#!/bin/sh
# Write what is made from the program's tables: the generated part of the manual,
# the completions and the IAM policies. `make docs` runs this; with --check nothing is written and
# the exit status says whether all is up to date.
#
#   update-docs.sh [--check] SAGETOP SOURCE_FOLDER [SAGETOP-TRAINER]
set -eu
check=
if [ "$1" = --check ]; then
	check=yes
	shift
fi
sagetop=$1 top=$2 trainer=${3-}
temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT

"$sagetop" --dump-docs man >"$temp/section"
fill() { # page: the part between its marks becomes the section
	awk -v section="$temp/section" '
		index($0, "begin made by make docs") { print; while ((getline line < section) > 0) print line; skip = 1; next }
		index($0, "end made by make docs") { skip = 0 }
		!skip { print }' "$1"
}
fill "$top/man/sagetop.1" >"$temp/sagetop.1"
"$sagetop" --dump-docs config >"$temp/section"
fill "$top/man/sagetop-config.5" >"$temp/sagetop-config.5"
"$sagetop" --dump-docs backtest >"$temp/section"
fill "$top/man/sagetop-backtest.5" >"$temp/sagetop-backtest.5"
if [ -x "$trainer" ]; then
	"$trainer" hyperparameters --mdoc >"$temp/section"
	fill "$top/man/sagetop-trainer.1" >"$temp/sagetop-trainer.1"
fi
for shell in bash zsh fish; do
	"$sagetop" --dump-docs $shell >"$temp/sagetop.$shell"
done
for policy in iam-policy iam-policy-read-only; do
	"$sagetop" --dump-docs $policy >"$temp/$policy.json"
done

status=0
put() { # made file
	cmp -s "$1" "$2" && return 0
	if [ -n "$check" ]; then
		echo "$2 is not what the program's tables say: run make docs"
		diff -u "$2" "$1" | head -n 20 || true
		status=1
	else
		cp "$1" "$2"
		echo "wrote $2"
	fi
}
put "$temp/sagetop.1" "$top/man/sagetop.1"
put "$temp/sagetop-config.5" "$top/man/sagetop-config.5"
put "$temp/sagetop-backtest.5" "$top/man/sagetop-backtest.5"
[ ! -f "$temp/sagetop-trainer.1" ] || put "$temp/sagetop-trainer.1" "$top/man/sagetop-trainer.1"
for shell in bash zsh fish; do
	put "$temp/sagetop.$shell" "$top/share/completions/sagetop.$shell"
done
for policy in iam-policy iam-policy-read-only; do
	put "$temp/$policy.json" "$top/share/$policy.json"
done
exit $status
