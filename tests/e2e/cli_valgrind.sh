# No command leaks or reads what it must not: a run of each under valgrind.
. "$SAGETOP_SRC/tests/e2e/lib.sh"
command -v valgrind >/dev/null || tap_skip_all 'no valgrind'
[ -x "$bin/sagetop-local" ] && [ -x "$bin/sagetop-trainer" ] || tap_skip_all 'built without engine or trainer'
if grep -aq __asan_init "$bin/sagetop"; then tap_skip_all 'valgrind and AddressSanitizer exclude each other'; fi

example=$SAGETOP_SRC/share/examples/player.yaml
sh "$SAGETOP_SRC/share/make-sample-data" --teams 4 --days 60 "$work/season"
sagetop local start --port 0
sagetop --local upload "$work/season/pools" s3://sagetop-sample/season/pools/

clean() { # STATUS WHAT ARGS...
	c_status=$1 c_what=$2
	shift 2
	run valgrind --quiet --error-exitcode=99 --leak-check=full --show-leak-kinds=definite,indirect,possible \
		--errors-for-leak-kinds=definite,indirect,possible --num-callers=20 \
		--suppressions="$SAGETOP_SRC/tests/e2e/valgrind.supp" "$bin/sagetop" "$@"
	if [ "$status" -eq "$c_status" ]; then tap_ok "$c_what"; else tap_not_ok "$c_what" "status $status: $errors"; fi
}
clean 0 help --help
clean 2 'a wrong option' jobs --colums
clean 0 prices prices m5 --json
clean 0 'an empty table' --local jobs
clean 0 launch --local launch "$example" --name leak-1 --set HyperParameters.num_round=10
clean 0 wait --local wait leak-1 --timeout 600s
clean 0 jobs --local jobs --columns name,hp.eta,cost --sort -cost
clean 0 'jobs as JSON' --local jobs --json
clean 0 job --local job leak-1
clean 0 'job as JSON' --local job leak-1 --json
clean 4 'an unknown job' --local job leak-2
clean 0 logs --local logs leak-1 --grep rmse
clean 0 'logs -f of an ended job' --local logs leak-1 -f
clean 0 metrics --local metrics leak-1
clean 0 chart --local metrics leak-1 --chart
clean 0 'a dry clone' --local clone leak-1 --name leak-3 --dry-run --set HyperParameters.eta=0.2
clean 1 'a bad specification' --local launch "$SAGETOP_SRC/README.md"
clean 0 doctor --local doctor
clean 0 upload --local upload "$work/season/columns.txt" s3://sagetop-sample/x/
AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b clean 6 'no connection' --endpoint-url http://127.0.0.1:1 --region us-east-1 jobs
tap_done
