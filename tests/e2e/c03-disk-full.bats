#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The disk under the state directory runs full in the middle of a large first load: the run fails and
# names the path, the daemon goes on, and with more space the next run completes the load.
load lib
load faults

ROWS=20000

story_setup() {
	mkdir "$T/state"
	if ! mount -t tmpfs -o size=4m ferry-test "$T/state" 2>"$T/mount.log"; then
		skip "a small file system can be mounted by root only: $(cat "$T/mount.log")"
	fi
	connection from sqlite "path: $T/from.db"
	connection to sqlite "path: $T/to.db"
	db from "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT);
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $ROWS)
		INSERT INTO people SELECT i, printf('%0300d', i) FROM n"
	# no key: a row that is written twice would be seen
	db to "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT);
		CREATE TABLE log (id INTEGER);
		CREATE TRIGGER t AFTER INSERT ON people BEGIN INSERT INTO log VALUES (new.id); END"
	sync_file load <<-END
		source: {connection: from, table: people}
		destination: {connection: to, table: people}
		key: id
		mode: insert
		map: {id: id, name: name}
	END
}

# teardown of lib.bash removes $T, which cannot be while it is mounted.
eval "lib_$(declare -f teardown)"
teardown() {
	if [ -n "$ferryd_pid" ]; then
		kill_ferryd
	fi
	! mountpoint -q "$T/state" || umount "$T/state"
	lib_teardown
}

resize() { mount -o remount,size="$1" "$T/state"; }

whole() {
	is "$ROWS $ROWS 1 $ROWS" \
		"$(db to "SELECT count(*) || ' ' || count(DISTINCT id) || ' ' || min(id) || ' ' || max(id) FROM people")" || return
	is "$ROWS $ROWS" "$(db to "SELECT count(*) || ' ' || count(DISTINCT id) FROM log")" "inserts"
}

# full STAGE...: the run failed for the full disk, in one of these stages, and names the path.
full() {
	is failed "$run_status" || return
	is DISK_FULL "$(code_of "$run_id")" || return
	has "$T/state" "$(message_of "$run_id")" || return
	has "disk is full" "$(message_of "$run_id")" || return
	has "space" "$(field "/runs/$run_id" .error.hint)" || return
	is 1 "$(failed_stages "$run_id" | wc -l)" "number of failed stages" || return
	has "$(failed_stages "$run_id")" "$*"
}

@test "full while planning: nothing is written; with more space all of it is" {
	start_ferryd
	run_sync load 60
	full main/extract main/decide
	is 0 "$(db to "SELECT count(*) FROM people")"
	resize 64m
	run_sync load 60
	is completed "$run_status"
	whole
}

@test "full in the middle of apply: what was acknowledged counts, and the rest follows" {
	resize 12m
	start_ferryd
	run_sync load 60
	full main/apply
	has_been=$(db to "SELECT count(*) FROM people")
	[ "$has_been" -gt 0 ]
	[ "$has_been" -lt $ROWS ]
	# a run that could not even be written down is not begun
	run api /syncs/load/trigger -X POST -H 'Content-Type: application/json' -d '{}'
	is DISK_FULL "$(jq -r .error.code <<<"$output")"
	has "$T/state/journal" "$(jq -r .error.message <<<"$output")"
	is "$has_been" "$(db to "SELECT count(*) FROM people")"
	resize 64m
	run_sync load 60
	is completed "$run_status"
	whole
	run_sync load 60
	is "unchanged $ROWS" "$(rows "$run_id")"
}

@test "full before a run begins: the daemon says so, and goes on by itself when there is space" {
	start_ferryd
	! head -c 4m /dev/zero 2>/dev/null >"$T/state/ballast" || false
	is 507 "$(http_status /syncs/load/trigger -X POST -H 'Content-Type: application/json' -d '{}')"
	is 503 "$(http_status /healthz)"
	has "disk is full" "$(field /status .journal_error.message)"
	has "disk is full" "$(cat "$T/ferryd.log")"
	is 0 "$(db to "SELECT count(*) FROM people")"
	rm "$T/state/ballast"
	resize 64m
	# it tries again without being asked
	wait_for '[ "$(http_status /healthz)" = 200 ]'
	run_sync load 60
	is completed "$run_status"
	whole
}
