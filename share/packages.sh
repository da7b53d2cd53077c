# packages.sh - sourced by quickstart.sh and tests/run.sh: which Debian packages
# are needed for what, and how a missing one is installed.

packages_build="gcc libc6-dev make autoconf automake pkg-config
	libcurl4-openssl-dev libssl-dev libjansson-dev libyaml-dev libexpat1-dev
	libsqlite3-dev libncurses-dev libpcre2-dev libmicrohttpd-dev
	libarchive-dev zlib1g-dev liblapack-dev libxgboost-dev ca-certificates"
packages_parquet="libsnappy-dev libzstd-dev"
packages_test="$packages_parquet ccache clang clang-format libcmocka-dev tmux valgrind
	awscli python3-boto3 python3-xgboost python3-numpy python3-sklearn mandoc xz-utils zstd
	runc buildah skopeo iproute2 procps curl wrk zsh fish"

# Those of the named packages that are missing.
packages_missing() {
	for package in "$@"; do
		dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || printf ' %s' "$package"
	done
}

# Install those of the named packages that are missing; says nothing and does
# nothing where none is. Uses sudo only where we are not root.
packages_install() {
	missing=$(packages_missing "$@")
	[ -n "$missing" ] || return 0
	if ! command -v apt-get >/dev/null; then
		echo "missing, and no apt-get here to install them with:$missing" >&2
		return 1
	fi
	as_root=
	if [ "$(id -u)" -ne 0 ]; then
		if ! command -v sudo >/dev/null; then
			echo "as root, please: apt-get install$missing" >&2
			return 1
		fi
		as_root=sudo
	fi
	echo "installing:$missing"
	packages_log=$(mktemp)
	# shellcheck disable=SC2086
	{
		$as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update &&
			$as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Dpkg::Use-Pty=0 \
				install --no-install-recommends $missing
	} >"$packages_log" 2>&1 </dev/null || {
		tail -n 20 "$packages_log" >&2
		rm -f "$packages_log"
		echo "the packages could not be installed; try: apt-get install$missing" >&2
		return 1
	}
	rm -f "$packages_log"
}
