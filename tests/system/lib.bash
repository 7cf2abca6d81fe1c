# SPDX-License-Identifier: Apache-2.0
# A Debian of our own with a real systemd: made once, booted in a container, asked from outside. Knows
# nothing of ferry.
#
#   $work    a folder for the time of the test      $root   the container's files
# shellcheck shell=bash disable=SC2154 # work and root are the caller's

# skip WHY: there is nothing to be tested here.
skip() {
	echo "skipped: $*"
	exit 77
}

needs_container() {
	local program
	[ "$(id -u)" = 0 ] || skip "only root can boot a container"
	for program in systemd-nspawn mmdebstrap nsenter dpkg-deb; do
		command -v $program >/dev/null || skip "$program is missing: contrib/packages system"
	done
	mkdir "$(cgroups | head -1)" 2>/dev/null || skip "no cgroup can be made here"
}

# The folders of our own cgroup, in each hierarchy that systemd uses; the container's go below.
cgroups() {
	local top
	for top in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd; do
		[ -f $top/cgroup.procs ] && echo "$top/ferry-test-$$"
	done
}

# make_root PACKAGES: $root from an image that has those packages; kept in $FERRY_SYSTEM_IMAGES, if that is set.
make_root() {
	local images=${FERRY_SYSTEM_IMAGES:-$work} image
	image=$images/bookworm-$(sha256sum <<<"$1" | cut -c1-12).tar
	if [ ! -s "$image" ]; then
		mkdir -p "$images"
		mmdebstrap --quiet --format=tar --variant=minbase --include="$1" bookworm "$image.part" >"$work/image.log" 2>&1 ||
			{ cat "$work/image.log"; return 1; }
		mv "$image.part" "$image"
	fi
	mkdir "$root" && tar -xf "$image" -C "$root"
}

boot() {
	local folder end=$((SECONDS + 60))
	(
		# --keep-unit: the container's own groups are made below the one of who starts it
		for folder in $(cgroups); do
			mkdir -p "$folder"
			echo $BASHPID >"$folder/cgroup.procs"
		done
		exec setsid systemd-nspawn -q -D "$root" -M "ferry-test-$$" --register=no --keep-unit --private-network \
			--console=pipe --link-journal=no --kill-signal=SIGRTMIN+3 -b systemd.log_target=journal
	) </dev/null >"$work/console" 2>&1 &
	nspawn=$!
	until leader=$(pgrep -P $nspawn -x systemd) && [[ $(inside systemctl is-system-running 2>/dev/null) =~ running|degraded ]]; do
		if [ $SECONDS -gt $end ] || ! kill -0 $nspawn 2>/dev/null; then
			cat "$work/console"
			return 1
		fi
		sleep 0.05
	done
}

# inside COMMAND...: in the container, as root, with nobody at the keyboard.
inside() { nsenter -t "$leader" -a env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 "$@" </dev/null; }

shut_down() {
	local folder
	if [ -n "${nspawn-}" ]; then
		kill -KILL "$nspawn" ${leader:+"$leader"} 2>/dev/null
		wait "$nspawn" 2>/dev/null
	fi
	# the innermost first; the last processes may still be on their way out
	for folder in $(cgroups); do
		for _ in $(seq 50); do
			find "$folder" -depth -type d -exec rmdir {} + 2>/dev/null
			[ -d "$folder" ] || break
			sleep 0.05
		done
	done
	umount -R "$root" 2>/dev/null
	rm -rf "$work"
}

# ----------------------------------------------------------------------------- points

passed=0
failed=0

# point NAME COMMAND...: one line, and what the command has said when it fails.
point() {
	local name=$1
	shift
	# not as a condition: set -e would say nothing there
	(set -e; "$@") >"$work/out" 2>&1
	if [ $? = 0 ]; then # shellcheck disable=SC2181
		passed=$((passed + 1))
		echo "ok      $name"
	else
		failed=$((failed + 1))
		echo "FAILED  $name"
		sed 's/^/          /' "$work/out"
		return 1
	fi
}

# wait_for 'CONDITION' [SECONDS]
wait_for() {
	local end=$((SECONDS + ${2:-10}))
	until eval "$1" >/dev/null 2>&1; do
		[ $SECONDS -le $end ] || { echo "not within ${2:-10} s: $1"; return 1; }
		sleep 0.05
	done
}

# is EXPECTED FOUND
is() { [ "$1" = "$2" ] || { printf 'expected: %s\nfound:    %s\n' "$1" "$2"; return 1; }; }
# has TEXT IN
has() { [[ $2 == *"$1"* ]] || { printf 'expected somewhere: %s\nin: %s\n' "$1" "$2"; return 1; }; }
has_not() { [[ $2 != *"$1"* ]] || { printf 'not expected: %s\nin: %s\n' "$1" "$2"; return 1; }; }
fails() { ! "$@" || { echo "did not fail: $*"; return 1; }; }
