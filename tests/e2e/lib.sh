# lib.sh - sourced by the command line's tests: own folders, own engine, nothing
# left behind.
. "${SAGETOP_SRC:?}/tests/tap.sh"

bin=${SAGETOP_BUILD:?}
work=$(mktemp -d "${TMPDIR:-/tmp}/sagetop-e2e-XXXXXX")
export XDG_CACHE_HOME="$work/cache" XDG_STATE_HOME="$work/state" XDG_CONFIG_HOME="$work/config" HOME="$work"
export LC_ALL=C.UTF-8 AWS_EC2_METADATA_DISABLED=true
unset AWS_PROFILE AWS_REGION AWS_DEFAULT_REGION AWS_ENDPOINT_URL AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY \
	AWS_SESSION_TOKEN AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE NO_COLOR SAGETOP_DEBUG 2>/dev/null

e2e_cleanup() {
	"$bin/sagetop" local stop --timeout 120s >/dev/null 2>&1
	# shellcheck disable=SC2086
	[ -z "${sleeper-}${holder-}${follower-}" ] || kill ${sleeper-} ${holder-} ${follower-} 2>/dev/null
	rm -rf "$work"
}
trap e2e_cleanup EXIT
trap 'exit 130' INT TERM

sagetop() {
	run "$bin/sagetop" "$@"
}

# fails STATUS REGEX WHAT -- ARGS...: exits so, with one line on standard error
# that matches, and nothing on standard output.
fails() {
	f_status=$1 f_regex=$2 f_what=$3
	shift 4
	sagetop "$@"
	if [ "$status" -ne "$f_status" ]; then
		tap_not_ok "$f_what" "status $status, not $f_status: $errors"
	elif [ "$(wc -l <"$work/err")" -ne 1 ]; then
		tap_not_ok "$f_what" "not one line of error: $errors"
	elif ! grep -Eq "^sagetop: .*($f_regex)" "$work/err"; then
		tap_not_ok "$f_what" "no match of /$f_regex/ in: $errors"
	elif [ -s "$work/out" ]; then
		tap_not_ok "$f_what" "standard output: $out"
	else
		tap_ok "$f_what"
	fi
}
