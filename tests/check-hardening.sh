# What configure turned on against misuse of the programs, read from the programs.
. "${SAGETOP_SRC:?}/tests/tap.sh"
bin=${SAGETOP_BUILD:?}
command -v readelf >/dev/null || tap_skip_all 'no readelf'
flags=$(sed -n 's/^HARDEN_CFLAGS = *//p' "$bin/Makefile")
[ -n "$flags" ] || tap_skip_all 'configured with --disable-hardening'

# Nobody notices when configure stops finding what every compiler here has.
case $(uname -m) in x86_64) expected='stack-protector-strong stack-clash cf-protection PIE' ;; *) expected='stack-protector-strong PIE' ;; esac
for word in $expected; do
	tap_match "configure has found $word" "$word" "$flags"
done
asan=$(grep -ac __asan_init "$bin/sagetop")
optimises=$(sed -n 's/^CFLAGS = //p' "$bin/Makefile" | grep -c -- '-O[123s]')
[ "$asan" -gt 0 ] || [ "$optimises" -eq 0 ] || tap_match 'configure has found FORTIFY_SOURCE' 'FORTIFY_SOURCE=[23]' "$flags"

for program in sagetop sagetop-local sagetop-trainer; do
	[ -x "$bin/$program" ] || continue
	tap_match "$program is position independent" 'Type: +DYN' "$(readelf -hW "$bin/$program")"
	tap_match "$program has its tables made read-only" 'GNU_RELRO' "$(readelf -lW "$bin/$program")"
	tap_match "$program binds at once" 'BIND_NOW|Flags: .*NOW' "$(readelf -dW "$bin/$program")"
	imports=$(readelf -sW --dyn-syms "$bin/$program")
	tap_match "$program guards its stack" '__stack_chk_fail' "$imports"
	case $flags in *FORTIFY*) tap_match "$program checks its copies" '__(memcpy|snprintf|vsnprintf|fprintf)_chk' "$imports" ;; esac
	stack=$(readelf -lW "$bin/$program" | grep GNU_STACK)
	tap_match "$program executes nothing on its stack" 'RW +0x' "$stack"
done
# The C library's start files of some systems are not marked: look at what we compiled.
case $flags in *cf-protection*)
	unmarked=$(for library in "$bin"/lib*.a; do
		readelf -nW "$library" | awk '/^File:/ { if (file != "" && !marked) print file; file = $2; marked = 0 } /IBT/ { marked = 1 }
			END { if (!marked) print file }'
	done)
	tap_empty 'every object marks where jumps may land' "$unmarked" ;;
esac
tap_done
