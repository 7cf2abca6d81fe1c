# SPDX-License-Identifier: Apache-2.0
# daemon: what the supervisor takes while it has nothing to do, and how soon it is there.
# shellcheck shell=bash disable=SC2016,SC2034,SC2154

# Start it; $dir/m/ready gets the seconds until it says that it is ready.
daemon_start()
{
	local start=$EPOCHREALTIME line
	exec 6< <(exec "$build/daemon/ferryd" --config "$dir/conf" --state "$dir/state" --socket "$dir/ferry.sock" \
		--plugins "$dir/plugins" 2>&1)
	daemon=$!
	children+=("$daemon")
	while IFS= read -r line <&6 && [[ $line != *ready:* ]]; do
		:
	done
	awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.4f 0\n", b - a }' >>"$dir/m/ready"
	[ "$(curl -sS --unix-socket "$dir/ferry.sock" 'http://localhost/api/v1/syncs?per_page=100' | jq '.data | length')" = \
		100 ] || fail 'the daemon does not have a hundred syncs'
}

daemon_stop()
{
	kill "$daemon"
	while kill -0 "$daemon" 2>/dev/null; do
		sleep 0.01
	done
	unset 'children[-1]'
	exec 6<&-
}

# KiB that it shares with nobody
daemon_memory()
{
	awk '/^(Private_Dirty|Private_Clean|Swap):/ { n += $2 } END { print n + 0 }' "/proc/$daemon/smaps_rollup"
}

rm -f "$dir"/conf/syncs.d/*
for i in $(seq 100); do
	sync_file "idle-$i" 'key: id' 'source: {connection: bench, rows: 10}' 'destination: {connection: bench}' \
		"$(plain id email name country amount visits created note)"
done
for ((i = 0; i < rounds; i++)); do
	daemon_start
	sleep 1
	daemon_memory >>"$dir/m/idle"
	daemon_stop
done

echo '100 syncs, none of them running.'
facts_begin
fact 'memory of the daemon' "$(calc "$(median idle) / 1024" %.1f)" MiB 'at most' 8
fact 'from its start to ready' "$(calc "$(median ready) * 1000" %.1f)" ms 'at most' 50
rm -f "$dir"/conf/syncs.d/*
