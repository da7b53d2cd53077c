#!/bin/sh
# Build the trainer's container image from a built tree, from scratch: the program,
# the shared libraries that it needs, certificates, an account that is not root.
# There is no shell and no package in it.
#
#   build.sh PROGRAM OUTPUT.tar [NAME[:TAG]]   an OCI archive, with buildah (or podman)
#   build.sh --root PROGRAM FOLDER             only lay out the root file system
#
# Neither a daemon nor privileges beyond those of the build's own user are needed:
# nothing is run inside the image. SAGETOP_IMAGE_STORE names the folder for
# buildah's storage (default: a temporary one, removed at the end).
set -eu

user=1000

fail() {
	echo "image: $1" >&2
	exit 1
}

# The libraries that the dynamic linker would load for a program or a library, one
# path a line.
closure() {
	ldd "$1" | awk '/=> not found/ { exit 1 } $2 == "=>" { print $3 } $1 ~ /^\// { print $1 }'
}

# Those of the program, with those that it opens itself when it needs them.
libraries() {
	(
		closure "$1" || exit 1
		for soname in $("$1" --libraries); do
			path=$(${CC:-cc} -print-file-name="$soname")
			[ -f "$path" ] || exit 1
			echo "$path"
			closure "$path" || exit 1
		done
	) >"$work/closure" || return 1
	sort -u "$work/closure"
}

# libmicrohttpd is linked with GnuTLS for the TLS that a server may ask of it. This one
# never does: it speaks plain HTTP behind SageMaker's own endpoint. A stand-in with the
# symbols that libmicrohttpd names, each of which reports failure, takes the place of
# GnuTLS and of the seven libraries behind it: 6.6 MB, and their advisories.
tls_stand_in() { # library-that-needs-it output
	soname=$(readelf -d "$1" | sed -n 's/.*NEEDED.*\[\(libgnutls\.so\.[0-9]*\)\].*/\1/p')
	[ -n "$soname" ] || return 1
	readelf -W --dyn-syms "$1" | awk '$7 == "UND" && $8 ~ /^gnutls_/ { sub(/ .*/, "", $8); print $8 }' | sort -u >"$work/symbols"
	[ -s "$work/symbols" ] || return 1
	sed 's/@.*//; s/.*/int &(void);\nint &(void)\n{\n\treturn -1;\n}/' "$work/symbols" >"$work/tls.c"
	sed 's/.*@//' "$work/symbols" | sort -u | while read -r node; do
		echo "$node {"
		sed -n "s/^\([^@]*\)@$node\$/\t\1;/p" "$work/symbols"
		echo "};"
	done >"$work/tls.map"
	${CC:-cc} -Os -shared -fPIC -s -nostdlib -Wl,-soname,"$soname" -Wl,--version-script="$work/tls.map" -o "$2/$soname" \
		"$work/tls.c"
}

# Lay out the root file system of PROGRAM in FOLDER.
lay_out() { # program folder
	lib=$2/lib
	mkdir -p "$2/usr/bin" "$lib" "$2/etc/ssl/certs" "$2/opt/ml" "$2/tmp" "$2/lib64"
	cp "$1" "$2/usr/bin/sagetop-trainer"
	strip --strip-unneeded "$2/usr/bin/sagetop-trainer"
	libraries "$2/usr/bin/sagetop-trainer" >"$work/libraries" || fail "$1 lacks a library"
	microhttpd=$(grep /libmicrohttpd "$work/libraries" || true)
	if [ -n "$microhttpd" ] && tls_stand_in "$microhttpd" "$lib"; then
		# what is needed when GnuTLS is not: the closure with the stand-in in its place
		LD_LIBRARY_PATH=$lib libraries "$2/usr/bin/sagetop-trainer" >"$work/libraries"
	fi
	while read -r library; do
		case $library in
		"$lib"/*) ;;
		*/ld-linux*) cp -L "$library" "$2/lib64/" ;;
		*) cp -L "$library" "$lib/" ;;
		esac
	done <"$work/libraries"
	chmod 755 "$lib"/*
	# built as root or not, the owner of the files is root
	[ ! -r /etc/ssl/certs/ca-certificates.crt ] || cp -L /etc/ssl/certs/ca-certificates.crt "$2/etc/ssl/certs/"
	printf 'root:x:0:0:root:/:/nonexistent\nsagetop:x:%s:%s:sagetop:/tmp:/nonexistent\n' $user $user >"$2/etc/passwd"
	printf 'root:x:0:\nsagetop:x:%s:\n' $user >"$2/etc/group"
	chmod 1777 "$2/tmp"
	chown $user:$user "$2/opt/ml" 2>/dev/null || true
}

work=$(mktemp -d)
store=${SAGETOP_IMAGE_STORE:-$work/store}
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

if [ "${1-}" = --root ]; then
	[ $# -eq 3 ] || fail "usage: build.sh --root PROGRAM FOLDER"
	lay_out "$2" "$3"
	exit 0
fi
[ $# -ge 2 ] || fail "usage: build.sh PROGRAM OUTPUT.tar [NAME[:TAG]]"
program=$1 output=$2 name=${3:-sagetop-trainer:latest}
[ -x "$program" ] || fail "$program is not built"
command -v buildah >/dev/null || fail "buildah is needed: apt-get install buildah"

mkdir "$work/root"
lay_out "$program" "$work/root"
# vfs and chroot: they work inside a container too, where overlay and user name spaces
# may not. The layer's times are those of the sources, so that the same tree gives
# the same image.
epoch=${SOURCE_DATE_EPOCH:-0}
find "$work/root" -exec touch -h -d "@$epoch" {} +
export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot
run() {
	buildah --root "$store/root" --runroot "$store/run" "$@"
}
container=$(run from scratch)
run copy --quiet "$container" "$work/root" / >/dev/null
# the folders' own modes and owners, which copying a tree into / leaves at the default
run config --entrypoint '["/usr/bin/sagetop-trainer"]' --cmd --help --user $user:$user --workingdir /tmp \
	--stop-signal SIGTERM --env PATH=/usr/bin --env SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
	--label org.opencontainers.image.title=sagetop-trainer \
	--label com.amazonaws.sagemaker.capabilities.accept-bind-to-port=true "$container"
rm -f "$output"
run commit --quiet --disable-compression=false --format oci --timestamp "$epoch" "$container" "oci-archive:$output:$name" >/dev/null
run rm "$container" >/dev/null
unpacked=$(du -sb "$work/root" | cut -f1)
packed=$(stat -c %s "$output")
awk -v name="$name" -v output="$output" -v p="$packed" -v u="$unpacked" 'BEGIN {
	printf "%s: %s, %.1f MB to pull, %.1f MB unpacked\n", output, name, p / 1e6, u / 1e6 }'
