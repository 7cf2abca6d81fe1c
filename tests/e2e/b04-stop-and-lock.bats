#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Starting, stopping and dying: one daemon to a state, a graceful end, and nothing forgotten after a bad one.
load lib

story_setup() {
	connection crm sqlite "path: $T/crm.db" "busy_timeout: 60s"
	connection copy sqlite "path: $T/copy.db" "busy_timeout: 60s"
	db crm "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO people VALUES (1, 'Ann')"
	db copy "CREATE TABLE contacts (id INTEGER PRIMARY KEY, name TEXT)"
	write_sync manual
}

# write_sync SCHEDULE
write_sync() {
	sync_file people <<-END
		schedule: $1
		source: {connection: crm, table: people}
		destination: {connection: copy, table: contacts}
		key: id
		map: {id: id, name: name}
	END
}

@test "SIGTERM: exit 0, and the socket is gone" {
	start_ferryd
	stop_ferryd
	[ ! -e "$FERRY_SOCKET" ]
	run -4 ctl status
}

@test "SIGINT, as from the keyboard, is the same" {
	start_ferryd
	stop_ferryd INT
}

@test "a second daemon on the same state is refused, and the first goes on" {
	start_ferryd
	run -1 "${ferryd:?}" --config "$T/etc" --state "$T/state" --socket "$T/other.sock"
	has LOCKED
	run -1 once people
	has LOCKED "$(cat "$T/once.log")"
	is completed "$(run_sync people)"
}

@test "a second daemon on the same socket is refused, and the first goes on" {
	start_ferryd
	run -1 "${ferryd:?}" --config "$T/etc" --state "$T/other" --socket "$FERRY_SOCKET"
	has LOCKED
	is completed "$(run_sync people)"
}

@test "a socket and a lock that a dead daemon has left are no hindrance" {
	start_ferryd
	kill_ferryd
	[ -S "$FERRY_SOCKET" ]
	start_ferryd
	is completed "$(run_sync people)"
}

@test "SIGTERM during a run: the run is told, ends, and its end is in the journal" {
	slow_sync slow
	start_ferryd
	run=$(trigger slow)
	wait_stage "$run" extract
	stop_ferryd
	start_ferryd
	is "cancelled CANCELLED" "$(field "/runs/$run" '"\(.status) \(.error.code)"')"
	run -0 worker_pids
	is "" "$output"
}

@test "every: the daemon starts the runs itself, one interval after the end of the last" {
	write_sync "{every: 1s}"
	start_ferryd
	wait_for "[ \$(field '/runs?status=completed' .pagination.total) -ge 3 ]" 15
	is '["startup","schedule","schedule"]' "$(field /runs '[.data[].trigger] | reverse | .[:3] | tojson')"
	is 1 "$(db copy "SELECT count(*) FROM contacts")"
	pause=$(($(date -d "$(field /runs/3 .started_at)" +%s%3N) - $(date -d "$(field /runs/2 .completed_at)" +%s%3N)))
	[ $pause -ge 990 ] && [ $pause -lt 5000 ]
	[[ $(field /syncs/people .next_run_at) == 20*Z ]]
}

@test "kill -9 during a run: after the restart it has failed with DAEMON_DIED, and the next run does its work" {
	hold copy
	start_ferryd
	run=$(trigger people)
	wait_for "[ \$(field /runs/$run .status) = running ]"
	kill_ferryd
	release
	start_ferryd
	is "failed DAEMON_DIED" "$(field "/runs/$run" '"\(.status) \(.error.code)"')"
	is false "$(field "/runs/$run" '.completed_at == null')"
	is completed "$(run_sync people)"
	is 1 "$(db copy "SELECT count(*) FROM contacts")"
}

@test "what was queued when the daemon was killed is not lost without a word" {
	hold copy
	start_ferryd
	run=$(trigger people)
	wait_for "[ \$(field /runs/$run .status) = running ]"
	next=$(trigger people)
	kill_ferryd
	release
	start_ferryd
	is "failed DAEMON_DIED" "$(field "/runs/$next" '"\(.status) \(.error.code)"')"
	is 2 "$(field '/runs?status=failed' .pagination.total)"
}
