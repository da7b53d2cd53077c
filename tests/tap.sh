# tap.sh - sourced by shell tests: counts and prints TAP. End with tap_done.
tap_n=0
tap_failed=0

tap_ok() { # what
	tap_n=$((tap_n + 1))
	echo "ok $tap_n - $1"
}

tap_not_ok() { # what [details]
	tap_n=$((tap_n + 1))
	tap_failed=$((tap_failed + 1))
	echo "not ok $tap_n - $1"
	[ -z "${2-}" ] || printf '%s\n' "$2" | sed 's/^/#   /'
}

tap_skip() { # what why
	tap_n=$((tap_n + 1))
	echo "ok $tap_n - $1 # SKIP $2"
}

tap_skip_all() { # why
	echo "1..0 # SKIP $1"
	exit 77
}

tap_empty() { # what text: passes where text is empty
	if [ -z "$2" ]; then tap_ok "$1"; else tap_not_ok "$1" "$2"; fi
}

tap_equal() { # what expected got
	if [ "$2" = "$3" ]; then tap_ok "$1"; else tap_not_ok "$1" "expected: $2
got: $3"; fi
}

tap_match() { # what extended-regex text
	if printf '%s\n' "$3" | grep -Eq -- "$2"; then tap_ok "$1"; else tap_not_ok "$1" "no match of /$2/ in: $3"; fi
}

# Wait for a condition, not for time: tap_until SECONDS COMMAND...
tap_until() {
	tap_deadline=$(($(date +%s) + $1))
	shift
	until "$@"; do
		[ "$(date +%s)" -lt "$tap_deadline" ] || return 1
		sleep 0.1
	done
}

# run COMMAND...: sets $out, $errors and $status. $work is a folder.
run() {
	"$@" >"$work/out" 2>"$work/err" </dev/null
	status=$?
	out=$(cat "$work/out")
	errors=$(cat "$work/err")
}

tap_done() {
	echo "1..$tap_n"
	[ "$tap_failed" -eq 0 ] || exit 1
	exit 0
}
