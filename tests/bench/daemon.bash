# SPDX-License-Identifier: Apache-2.0
# daemon.bash - a daemon to be looked at from outside: started, stopped, weighed.
# shellcheck shell=bash disable=SC2034,SC2154 # it stands on lib.bash

# daemon_start: $dir/m/ready gets the seconds until it says that it is ready.
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

# idle_syncs N: that many, which never run by themselves
idle_syncs()
{
	local i
	rm -f "$dir"/conf/syncs.d/*
	for ((i = 1; i <= $1; i++)); do
		sync_file "idle-$i" 'key: id' 'source: {connection: bench, rows: 10}' 'destination: {connection: bench}' \
			"$(plain id email name country amount visits created note)"
	done
}

# KiB that it shares with nobody and that are no pages of a file
daemon_memory()
{
	awk '/^(Private_Dirty|Swap):/ { n += $2 } END { print n + 0 }' "/proc/$daemon/smaps_rollup"
}

# the seconds of CPU it has taken since it began
daemon_cpu()
{
	local stat
	read -r -a stat <"/proc/$daemon/stat"
	calc "(${stat[13]} + ${stat[14]}) / $(getconf CLK_TCK)"
}
