# SPDX-License-Identifier: Apache-2.0
# daemon: what the supervisor takes while it has nothing to do, how soon it is there, and how soon it
# answers when it remembers very much.
# shellcheck shell=bash disable=SC2016,SC2034,SC2154
. "$here/daemon.bash"

# weigh N: memory, CPU and start of a daemon with N idle syncs; $used is the CPU in percent of a core
weigh()
{
	local before
	idle_syncs "$1"
	rm -f "$dir/m/idle" "$dir/m/ready"
	for ((i = 0; i < rounds; i++)); do
		forget
		daemon_start
		[ "$(curl -sS --unix-socket "$dir/ferry.sock" http://localhost/api/v1/status | jq .syncs)" = "$1" ] ||
			fail "the daemon does not have $1 syncs"
		sleep 1
		daemon_memory >>"$dir/m/idle"
		if [ "$i" = 0 ]; then
			before=$(daemon_cpu)
			sleep 20
			used=$(calc "($(daemon_cpu) - $before) / 20 * 100")
		fi
		daemon_stop
	done
}

echo 'Syncs of which none is running. CPU is of 20 s, in percent of one core.'
facts_begin
weigh 100
fact '100 syncs: memory' "$(calc "$(median idle) / 1024" %.1f)" MiB 'at most' 8
fact '100 syncs: from its start to ready' "$(calc "$(median ready) * 1000" %.1f)" ms 'at most' 50
weigh 1000
fact '1,000 syncs: memory' "$(calc "$(median idle) / 1024" %.1f)" MiB 'at most' 16
fact '1,000 syncs: CPU' "$used" % 'at most' 0.1
fact '1,000 syncs: from its start to ready' "$(calc "$(median ready) * 1000" %.1f)" ms 'at most' 300

# The same daemon with a long memory. One run is made for its document, which all have then.
runs=$(rows 1000000)
forget
ferry idle-1
daemon_start
curl -sS --unix-socket "$dir/ferry.sock" http://localhost/api/v1/runs/1 >"$dir/document"
daemon_stop
forget
"$tools/fill" "$dir/state" "$runs" 1000 <"$dir/document" || fail 'the journal cannot be filled'
rm -f "$dir/m/ready"
for ((i = 0; i < rounds; i++)); do
	daemon_start
	[ "$i" = $((rounds - 1)) ] || daemon_stop
done
year=$(date -u -d "-$((runs * 30 / 2)) seconds" +%F)
"$tools/ask" "$dir/ferry.sock" 1000 /api/v1/runs '/api/v1/runs?per_page=100' "/api/v1/runs?per_page=100&page=$((runs / 200))" \
	'/api/v1/runs?status=failed' "/api/v1/runs?from=$year" /api/v1/syncs/idle-7/runs \
	'/api/v1/syncs/idle-7/runs?status=failed' "/api/v1/runs/$((runs / 2))" '/api/v1/syncs?per_page=100' \
	/api/v1/status >"$dir/answers" || fail 'it does not answer'
daemon_stop

echo
echo "The same with $(thousands "$runs") runs in the journal; each question is asked a thousand times."
facts_begin
fact 'from its start to ready' "$(calc "$(median ready) * 1000" %.1f)" ms 'at most' 300
while read -r _ p99 _ path; do
	fact "99th percentile of \`GET $path\`" "$p99" ms 'at most' 10
done <"$dir/answers"
rm -f "$dir"/conf/syncs.d/*
forget
