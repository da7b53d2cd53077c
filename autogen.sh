#!/bin/sh
# Make configure and Makefile.in from configure.ac and Makefile.am.
set -e
cd "$(dirname "$0")"
for tool in autoreconf automake pkg-config; do
	command -v "$tool" >/dev/null || {
		echo "autogen.sh: $tool is missing. On Debian: apt-get install autoconf automake pkg-config" >&2
		exit 1
	}
done
mkdir -p build-aux m4
exec autoreconf --install --force
