# engine.sh - sourced by the shell tests that drive the local engine with another
# program: an engine of their own on a free port, dummy keys, nothing left behind.
. "${SAGETOP_SRC:?}/tests/tap.sh"

bin=${SAGETOP_BUILD:?}
[ -x "$bin/sagetop-local" ] || tap_skip_all 'built without the local engine'
work=$(mktemp -d "${TMPDIR:-/tmp}/sagetop-interop-XXXXXX")
export XDG_CACHE_HOME="$work/cache" XDG_STATE_HOME="$work/state" XDG_CONFIG_HOME="$work/config" HOME="$work"
export LC_ALL=C.UTF-8 TZ=UTC AWS_EC2_METADATA_DISABLED=true
unset AWS_PROFILE AWS_REGION AWS_ENDPOINT_URL AWS_SESSION_TOKEN AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE \
	AWS_CA_BUNDLE SAGETOP_TRAINER http_proxy https_proxy HTTP_PROXY HTTPS_PROXY 2>/dev/null
export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local AWS_DEFAULT_REGION=us-east-1
engine_pid=

engine_ready() {
	[ -s "$work/engine/engine.json" ] || ! kill -0 "$engine_pid" 2>/dev/null
}

# engine_start [OPTION...]: sets $endpoint.
engine_start() {
	rm -f "$work/engine/engine.json"
	"$bin/sagetop-local" --port 0 --open --state "$work/engine" "$@" >"$work/engine.log" 2>&1 &
	engine_pid=$!
	tap_until 120 engine_ready
	endpoint=$(sed -n 's/.*"endpoint": *"\([^"]*\)".*/\1/p' "$work/engine/engine.json" 2>/dev/null)
	[ -n "$endpoint" ] || {
		echo "Bail out! sagetop-local does not start: $(cat "$work/engine.log")"
		exit 1
	}
}

engine_stop() {
	[ -n "$engine_pid" ] || return 0
	kill "$engine_pid" 2>/dev/null
	wait "$engine_pid" 2>/dev/null
	engine_status=$?
	engine_pid=
}

engine_cleanup() {
	engine_stop
	rm -rf "$work"
}
trap engine_cleanup EXIT
trap 'exit 130' INT TERM
