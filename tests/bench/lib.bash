# SPDX-License-Identifier: Apache-2.0
# lib.bash - what everything here that measures needs: a folder of its own, a configuration, runs of
# ferry. Knows nothing of what is measured.
#
#   $dir         the folder; conf/, state/, plugins/; all of it is removed at the end
#   $build       the build tree; $src the source tree; $tools the programs built for measuring
#   $dir/out     what the last run of ferry said; $dir/log how it went
# shellcheck shell=bash disable=SC2034,SC2154 # who sources it uses what stands here

export LC_ALL=C TZ=UTC
src=${top_srcdir:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
build=${top_builddir:-$src}
[ -x "$build/daemon/ferryd" ] || build=$src/build
tools=$build/tests/bench/tools

# fail WHAT: with what the last program that ran has said
fail()
{
	local file
	for file in "${dir:-}/log" "${dir:-}/out"; do
		[ ! -s "$file" ] || tail -n 20 "$file" >&2
	done
	echo "bench: $*" >&2
	exit 1
}

say()
{
	echo "bench: $*" >&2
}

# need PROGRAM...
need()
{
	local program
	for program in "$@"; do
		command -v "$program" >/dev/null || fail "$program is missing"
	done
}

# ------------------------------------------------------------------------- beginning and end

# Everything is started as a child of this shell and noted here, so that nothing outlives it.
children=()

clean_up()
{
	local status=$? pid
	trap - EXIT INT TERM HUP
	for pid in ${children[@]+"${children[@]}"}; do
		kill -KILL "$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
	done
	if declare -F postgres_stop >/dev/null; then
		postgres_stop
	fi
	cd / && rm -rf "$dir"
	exit "$status"
}

begin()
{
	local so
	[ -x "$build/daemon/ferryd" ] || fail "$build/daemon/ferryd is missing: build the tree first"
	make -s -C "$build" bench-tools >/dev/null || fail 'the tools cannot be built'
	dir=$(mktemp -d "${TMPDIR:-/var/tmp}/ferry-bench.XXXXXX")
	trap clean_up EXIT
	trap 'exit 130' INT TERM HUP
	# a server that runs as another user has a folder in here
	chmod 711 "$dir"
	mkdir -p "$dir/conf/connections.d" "$dir/conf/syncs.d" "$dir/state" "$dir/plugins"
	chmod go-w "$dir/plugins" "$tools/.libs" "$tools/.libs/bench.so"
	for so in "$build"/plugins/all/*.so "$tools/.libs/bench.so"; do
		ln -s "$(readlink -f "$so")" "$dir/plugins/"
	done
	connection bench 'family: bench'
}

# -------------------------------------------------------------------------- configuration

# connection NAME SETTING...
connection()
{
	local name=$1
	shift
	printf 'connections:\n  %s: {%s}\n' "$name" "$(join ', ' "$@")" >"$dir/conf/connections.d/$name.yaml"
}

# sync_file NAME LINE...: all that follows 'sync:' and 'schedule:'
sync_file()
{
	local name=$1
	shift
	printf '%s\n' "sync: $name" 'schedule: manual' "$@" >"$dir/conf/syncs.d/$name.yaml"
}

# join SEPARATOR TEXT...
join()
{
	local separator=$1 text=$2
	shift 2
	[ $# -eq 0 ] || text+=$(printf "$separator%s" "$@")
	echo "$text"
}

# plain NAME...: a map of columns by their own names
plain()
{
	printf 'map: {%s}\n' "$(join ', ' "${@/%/:}" | sed -E 's/([a-z0-9_]+):/\1: \1/g')"
}

# forget [SYNC...]: nothing was ever sent; without a name, by no sync
forget()
{
	local sync
	[ $# -gt 0 ] || rm -rf "$dir/state"
	for sync in "$@"; do
		rm -rf "$dir/state/snapshots/$sync"
	done
	mkdir -p "$dir/state"
}

# -------------------------------------------------------------------------------- running it

# ferry SYNC [OPTION...]: one run
ferry()
{
	"$build/daemon/ferryd" --config "$dir/conf" --state "$dir/state" --socket "$dir/ferry.sock" \
		--plugins "$dir/plugins" --worker "${worker:-$build/daemon/ferry-worker}" --once "$@" \
		>"$dir/out" 2>"$dir/log"
}

# said TEXT...: a run that did not do what is measured must not be counted
said()
{
	local text
	for text in "$@"; do
		grep -qE "(^| )$text(,|\$)" "$dir/out" || fail "the run did not say '$text'"
	done
}
