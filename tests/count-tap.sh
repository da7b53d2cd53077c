#!/bin/sh
# Add up the TAP lines of the logs below the given build folders and print the
# closing line "N passed, N failed, N skipped". A test program that died without
# a failing line counts as one failure; one that skipped whole as one skip.
find "$@" -path '*tests/*' -name '*.trs' | sort | while read -r trs; do
	log=${trs%.trs}.log
	result=$(sed -n 's/^:global-test-result: //p' "$trs")
	[ -n "$result" ] || result=$(sed -n 's/^:test-result: //p' "$trs" | head -n 1)
	awk -v result="${result%% *}" '
		/^(not )?ok [0-9]+.*# SKIP/ { skipped++; next }
		/^ok [0-9]+/ { passed++; next }
		/^not ok [0-9]+/ { failed++; next }
		END {
			if (result == "SKIP" && !passed && !failed && !skipped) skipped = 1
			if (result == "PASS" && !passed && !failed && !skipped) passed = 1
			if (result != "PASS" && result != "SKIP" && !failed) failed = 1
			print passed + 0, failed + 0, skipped + 0
		}' "$log"
done | awk '{ p += $1; f += $2; s += $3 } END {
	printf "%d passed, %d failed, %d skipped\n", p, f, s; exit f > 0 }'
