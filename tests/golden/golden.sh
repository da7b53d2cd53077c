#!/bin/sh
# Screens as text: every *.golden file of this folder. UPDATE_GOLDEN=1 rewrites them.
here=$(dirname "$0")
LC_ALL=C.UTF-8 TZ=UTC
export LC_ALL TZ
exec "${SAGETOP_BUILD:-.}/tests/golden/golden" "$here"/*.golden
