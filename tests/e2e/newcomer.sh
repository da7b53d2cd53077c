# A fresh tree as somebody finds it who has just tried ./configure in it: quickstart
# builds it all the same, and its programs find what lies in share, from any folder and
# without a variable. So does what is installed, wherever that was moved.
. "$SAGETOP_SRC/tests/e2e/lib.sh"
if grep -aq __asan_init "$bin/sagetop"; then tap_skip_all 'the tree is built without sanitizers'; fi
[ -x "$bin/sagetop-local" ] && [ -x "$bin/sagetop-trainer" ] || tap_skip_all 'built without engine or trainer'
. "$SAGETOP_SRC/share/packages.sh"
# shellcheck disable=SC2086,SC2154
missing=$(packages_missing $packages_build)
[ -z "$missing" ] || tap_skip_all "packages are missing:$missing"
unset SAGETOP_SHARE SAGETOP_BUILD_DIR SAGETOP_QUICKSTART_DIR MAKEFLAGS MAKELEVEL MFLAGS

# By the compiler of this build, which has another path to each source, so that no cache knows it.
# How fast its programs are is not asked: unoptimised ones are built sooner.
CC=$(sed -n 's/^CC = \(ccache \)*//p' "$bin/Makefile") CFLAGS=-O0
export CC CFLAGS SAGETOP_QUICKSTART_DIVIDE=40
fresh=$(mktemp -d "$bin/newcomer-XXXXXX")
trap 'e2e_cleanup; rm -rf "$fresh"' EXIT

run make -C "$bin" distdir distdir="$fresh/tree"
tap_equal 'the sources are copied' 0 "$status"
run sh -c 'cd "$1/tree" && ./configure --quiet --without-trainer --without-local' sh "$fresh"
tap_equal 'somebody configures them in place' 0 "$status"
tap_match 'the summary says which tests will skip' 'tests that will skip, for want of a package:' "$out"
"$bin/sagetop" local start --port 0 >/dev/null
run sh "$fresh/tree/share/quickstart.sh" --no-tui
tap_equal 'quickstart builds and runs all the same' 0 "$status"
[ "$status" -eq 0 ] || printf '%s\n%s\n' "$out" "$errors" | sed 's/^/# /'

cd / || exit 1
built=$fresh/tree/build-quickstart/build/sagetop
run "$built" --local jobs status:completed --columns name,cost --no-header
tap_equal 'its program shows 11 costs, run from another folder' 11 \
	"$(printf '%s\n' "$out" | awk -F'\t' '$2 > 0' | wc -l)"
screen=$(TERM=xterm-256color SAGETOP_EXIT_AFTER_PAINT=1 script -qec "$built --local" /dev/null </dev/null)
tap_match 'so does its dashboard' '[$]0[.]0' "$screen"
run env -i "$built" prices ml.m5.xlarge
tap_match 'and its prices' 'ml\.m5\.xlarge.*us-east-1.*Training' "$out"

run make -C "$bin" install prefix="$fresh/one"
mv "$fresh/one" "$fresh/two"
run env -i "$fresh/two/bin/sagetop" prices ml.m5.xlarge
tap_match 'a moved installation finds its own' 'ml\.m5\.xlarge.*us-east-1.*Training' "$out"
rm "$fresh/two/share/sagetop/prices.csv"
run env -i "$fresh/two/bin/sagetop" prices ml.m5.xlarge
tap_match 'and nobody else'"'"'s' 'prices\.csv was not found' "$errors"
tap_done
