# sagetop local: one engine, however it is started.
. "$SAGETOP_SRC/tests/e2e/lib.sh"
[ -x "$bin/sagetop-local" ] || tap_skip_all 'built without the local engine'

sagetop local status
tap_equal 'no engine at first' '1 not running' "$status $out"
sagetop local stop
tap_equal 'stopping none is fine' '0 not running' "$status $out"

# Two starters at once end with one engine.
"$bin/sagetop" local start --port 0 >"$work/one" 2>&1 &
one=$!
"$bin/sagetop" local start --port 0 >"$work/two" 2>&1 &
two=$!
wait $one
one_status=$?
wait $two
two_status=$?
tap_equal 'both starters succeed' '0 0' "$one_status $two_status"
tap_equal 'they found the same engine' "$(cut -f2,3 "$work/one")" "$(cut -f2,3 "$work/two")"
tap_equal 'one of them started it' 'already running started' \
	"$(cat "$work/one" "$work/two" | cut -f1 | sort | tr '\n' ' ' | sed 's/ $//')"

sagetop local status --json
pid=$(printf '%s' "$out" | sed -n 's/.*"pid": \([0-9]*\).*/\1/p')
tap_match 'status as JSON' '"running": true' "$out"
tap_match 'it listens on loopback' '"endpoint": "http://127\.0\.0\.1:[0-9]+"' "$out"
fails 1 'runs already at' 'another port is refused while it runs' -- local start --port 1
sagetop --local jobs --format json
tap_equal 'and --local uses it' '0 []' "$status $out"

# Whose engine it is: a secret that only its user can read.
file=$XDG_STATE_HOME/sagetop/local/engine.json
tap_equal 'engine.json is its user'"'"'s alone' 600 "$(stat -c %a "$file")"
secret=$(sed -n 's/.*"secret": "\([^"]*\)".*/\1/p' "$file")
tap_match 'with a secret of its own' '^[0-9a-f]{32}$' "$secret"
sagetop local env
tap_match 'local env prints it for the AWS CLI and SDKs' "export AWS_SECRET_ACCESS_KEY=$secret" "$out"
tap_match 'with the endpoint' 'export AWS_ENDPOINT_URL=http://127\.0\.0\.1:[0-9]+' "$out"
(
	eval "$out"
	"$bin/sagetop" jobs --format json >"$work/with-env" 2>&1
	AWS_SECRET_ACCESS_KEY=local "$bin/sagetop" jobs >"$work/guessed" 2>&1
	echo $? >"$work/guessed-status"
)
tap_equal 'which is enough' '[]' "$(cat "$work/with-env")"
tap_equal 'the key that everybody knows is refused' 5 "$(cat "$work/guessed-status")"
sagetop local env --json
tap_match 'as JSON too' "\"AWS_SECRET_ACCESS_KEY\": \"$secret\"" "$out"
{ "$bin/sagetop" local status && "$bin/sagetop" --local --debug - jobs; } >"$work/said" 2>&1
tap_empty 'and nothing else says it' "$(grep -F "$secret" "$work/said")"

sagetop local stop
tap_equal 'it stops' '0 stopped' "$status $out"
# A container's first process may not collect it: then a dead one without words remains.
tap_empty 'and its process is gone' "$(tr -d '\0' <"/proc/$pid/cmdline" 2>/dev/null)"

# A file that a dead engine left, its number now another process's.
sleep 1000 &
sleeper=$!
mkdir -p "$XDG_STATE_HOME/sagetop/local"
printf '{"pid": %d, "endpoint": "http://127.0.0.1:1", "started": "2026-01-01T00:00:00Z"}' $sleeper \
	>"$XDG_STATE_HOME/sagetop/local/engine.json"
sagetop local stop
tap_equal 'a stale file is no engine' 'not running' "$out"
if kill -0 $sleeper 2>/dev/null; then tap_ok 'and the stranger lives'; else tap_not_ok 'and the stranger lives'; fi
kill $sleeper
echo 'not json' >"$XDG_STATE_HOME/sagetop/local/engine.json"
sagetop local status
tap_equal 'a broken file is no engine' '1 not running' "$status $out"

# --local starts one by itself.
sagetop --local jobs
tap_equal '--local starts an engine' 0 "$status"
sagetop local status
tap_equal 'which goes on running' 0 "$status"
tap_match 'with the same secret' "\"$secret\"" "$(cat "$file")"
sagetop local stop

# A port that is taken: one line, and no engine.
/usr/bin/python3 -c 'import socket, sys, time
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(); print(s.getsockname()[1], flush=True); time.sleep(1000)' >"$work/port" &
holder=$!
tap_until 120 test -s "$work/port"
fails 1 'ended at once' 'a taken port is an error' -- local start --port "$(cat "$work/port")"
kill $holder
tap_done
