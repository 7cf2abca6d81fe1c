#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A thousand reloads while clients ask and runs are under way: no request is lost, no run is lost, and
# the daemon is as small afterwards as it was before.
load lib

story_setup() {
	connection shop sqlite "path: $T/shop.db" "busy_timeout: 60s"
	connection copy sqlite "path: $T/copy.db" "busy_timeout: 60s"
	db shop "CREATE TABLE orders (id INTEGER PRIMARY KEY, total TEXT); INSERT INTO orders VALUES (1, '1.10')"
	db copy "CREATE TABLE bills (id INTEGER PRIMARY KEY, total TEXT)"
	write_sync bills total
	start_ferryd
}

# write_sync NAME EXPRESSION
write_sync() {
	sync_file "$1" <<-END
		source: {connection: shop, table: orders}
		destination: {connection: copy, table: bills}
		key: id
		map: {id: id, total: $2}
	END
}

# Asks for one thing after the other as long as $T/go is there; each answer that is none is a line in $T/lost.
# The breaks leave the machine to who reloads.
asking() {
	local path code
	while [ -e "$T/go" ]; do
		for path in /status /syncs /runs /syncs/bills /connections; do
			code=$(http_status "$path" 2>&1)
			[ "$code" = 200 ] || echo "GET $path: $code" >>"$T/lost"
			sleep 0.02
		done
	done
}

# An order more, and a run for it, again and again. Who asks for a run gets one: 202.
ordering() {
	local n=1 answer
	while [ -e "$T/go" ]; do
		n=$((n + 1))
		db shop "INSERT INTO orders VALUES ($n, '$n.50')"
		answer=$(post /syncs/bills/trigger 2>&1)
		jq -er .run_id <<<"$answer" >>"$T/asked" || echo "POST trigger: $answer" >>"$T/lost"
		sleep 0.05
	done
}

resident() { awk '/^(Private_Dirty|Swap):/ { n += $2 } END { print n }' "/proc/$ferryd_pid/smaps_rollup"; }
open_files() { ls "/proc/$ferryd_pid/fd" | wc -l; }

# reload_many N: every tenth is a bad one; others put a sync in or take it out.
reload_many() {
	local i code
	for ((i = 1; i <= $1; i++)); do
		case $((i % 10)) in
		0) write_sync extra 'upper(' ;;
		*[13579]) write_sync extra total ;;
		*) rm -f "$T/etc/syncs.d/extra.yaml" ;;
		esac
		code=$(http_status /reload -X POST)
		case $((i % 10)) in
		0) is 422 "$code" "reload $i" || return 1 ;;
		*) is 200 "$code" "reload $i" || return 1 ;;
		esac
	done
}

@test "a thousand reloads under load lose no request and no run" {
	local n=1000 run files memory
	if sanitized; then
		n=100
	fi
	touch "$T/go"
	reload_many 20
	files=$(open_files) memory=$(resident)
	asking 3>&- & children+=($!)
	asking 3>&- & children+=($!)
	ordering 3>&- & children+=($!)
	reload_many "$n"
	rm "$T/go"
	wait "${children[@]}"
	children=()
	[ ! -s "$T/lost" ] || { sort "$T/lost" | uniq -c | head; return 1; }

	# nine of ten were taken, after the 18 of before
	is $((1 + (n + 20) * 9 / 10)) "$(field /status .generation.number)"
	# each run that was promised is there and has ended well
	[ "$(wc -l <"$T/asked")" -ge 10 ]
	for run in $(sort -nu "$T/asked"); do
		is completed "$(wait_run "$run" 60)" "run $run"
	done
	is completed "$(run_sync bills)"
	is "$(db shop 'SELECT id, total FROM orders ORDER BY id')" "$(db copy 'SELECT id, total FROM bills ORDER BY id')"
	is 0 "$(field '/runs?status=failed' .pagination.total)"

	wait_for "[ \$(open_files) -le $((files + 2)) ]" || { ls -l "/proc/$ferryd_pid/fd"; return 1; }
	sanitized || [ "$(resident)" -le $((memory + 4096)) ] || { echo "$memory KiB before, $(resident) KiB after"; return 1; }
}

@test "many who reload at the same moment get the same answer from few checks" {
	local i
	for i in $(seq 50); do
		http_status /reload -X POST >"$T/answer.$i" &
	done
	wait $(jobs -p | grep -vx "$ferryd_pid")
	is 50 "$(cat "$T"/answer.* | grep -o 200 | wc -l)"
	[ "$(field /status .generation.number)" -lt 52 ]
}

@test "a client that leaves while its reload is being checked harms nobody" {
	local i
	for i in $(seq 20); do
		timeout 0.01 curl -sS --unix-socket "$FERRY_SOCKET" -X POST http://localhost/api/v1/reload || :
	done
	is 200 "$(http_status /reload -X POST)"
	is completed "$(run_sync bills)"
}

@test "a connector's new file is picked up by a reload, and a missing one refuses it" {
	mkdir "$T/plugins"
	cp -L "$build"/plugins/all/sqlite.so "$T/plugins/"
	stop_ferryd
	start_ferryd --plugins "$T/plugins"
	connection orders file "dir: $T"
	run -1 ctl reload
	has "connector"
	is completed "$(run_sync bills)"
	cp -L "$build"/plugins/all/file.so "$T/plugins/"
	run -0 ctl reload
	is 1 "$(field /connectors '[.data[] | select(.name == "file")] | length')"
	rm "$T/plugins/file.so"
	run -1 ctl reload
	is completed "$(run_sync bills)"
}

@test "a connection that a sync uses cannot be taken away; unused it can" {
	mv "$T/etc/connections.d/copy.yaml" "$T/"
	run -1 ctl reload
	has "$T/etc/syncs.d/bills.yaml:3:27: "
	is completed "$(run_sync bills)"
	mv "$T/copy.yaml" "$T/etc/connections.d/"
	connection idle sqlite "path: $T/idle.db"
	run -0 ctl reload
	rm "$T/etc/connections.d/idle.yaml"
	run -0 ctl reload
}
