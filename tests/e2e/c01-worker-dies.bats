#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A connector that crashes, hangs or takes all memory costs its own run and nothing else: the daemon
# answers, other syncs run, and the run says what happened and where.
load lib
load faults

story_setup() {
	rogue_plugins
	connection rogue rogue
	connection from sqlite "path: $T/from.db"
	connection to sqlite "path: $T/to.db"
	db from "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO people VALUES (1, 'Ann'), (2, 'Bo')"
	db to "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE rows (id INTEGER PRIMARY KEY, name TEXT)"
	sync_file good <<-END
		source: {connection: from, table: people}
		destination: {connection: to, table: people}
		key: id
		mode: mirror
		map: {id: id, name: name}
	END
}

# Sanitizers take signals for themselves and need more memory than any limit.
plain_worker() { ! sanitized || skip "built with a sanitizer"; }

# bad_source OPTIONS: the sync "bad" reads from a connector that does this.
bad_source() {
	sync_file bad <<-END
		source: {connection: rogue, $1}
		destination: {connection: to, table: rows}
		key: id
		map: {id: id, name: name}
	END
}

# bad_destination OPTIONS: the sync "bad" writes to one.
bad_destination() {
	sync_file bad <<-END
		source: {connection: rogue, rows: 500}
		destination: {connection: rogue, $1}
		key: id
		map: {id: id, name: name}
	END
}

start() { start_ferryd --plugins "$plugins"; }

# A good sync runs from beginning to end, and the daemon is the same one as before.
others_go_on() {
	local name=name-$RANDOM
	db from "UPDATE people SET name = '$name' WHERE id = 1"
	run_sync good
	is completed "$run_status" "the good sync" || return
	is "$name" "$(db to "SELECT name FROM people WHERE id = 1")" || return
	kill -0 "$ferryd_pid"
}

@test "a source that segfaults: the run fails in extract and names the signal" {
	plain_worker
	bad_source "does: segfault, after: 250"
	start
	run_sync bad
	failed_with "$run_id" WORKER_DIED extract
	has SIGSEGV "$(message_of "$run_id")"
	has "stage extract of segment 'main'" "$(message_of "$run_id")"
	is 0 "$(db to "SELECT count(*) FROM rows")" "rows written by a run that crashed while it planned"
	others_go_on
}

@test "a connector that aborts or leaves is told apart by signal and status" {
	plain_worker
	bad_source "does: abort, at: validate_setup"
	start
	run_sync bad
	failed_with "$run_id" WORKER_DIED validate_setup
	has SIGABRT "$(message_of "$run_id")"
	bad_source "does: leave, after: 250"
	post /reload
	run_sync bad
	failed_with "$run_id" WORKER_DIED extract
	has "left with status 0 before its run was done" "$(message_of "$run_id")"
	others_go_on
}

@test "a destination that segfaults: the run fails in apply, what was acknowledged stays known" {
	plain_worker
	bad_destination "does: segfault, at: apply, after: 200"
	start
	run_sync bad
	failed_with "$run_id" WORKER_DIED apply
	has SIGSEGV "$(message_of "$run_id")"
	# the stages before it stay as they were
	is "validate_setup completed, extract completed, canonicalize completed, reconcile completed, decide completed, apply failed, finalize skipped" \
		"$(field "/runs/$run_id" '[.segments[0].stages[] | "\(.name) \(.status)"] | join(", ")')"
	others_go_on
}

@test "a destination that crashes while it is asked about new keys: the run fails in reconcile" {
	bad_destination "does: segfault, at: lookup"
	start
	run_sync bad
	failed_with "$run_id" WORKER_DIED reconcile
}

@test "a connector that loops for ever is ended after heartbeat_timeout; meanwhile all else goes on" {
	settings "heartbeat_timeout: 1s"
	bad_source "does: loop, after: 250"
	start
	bad=$(trigger bad)
	wait_stage "$bad" extract
	prompt_answers
	others_go_on
	is failed "$(wait_run "$bad")"
	failed_with "$bad" HUNG extract
	has "no sign of life for 1 s" "$(message_of "$bad")"
	others_go_on
	# and it is gone indeed
	is "" "$(worker_pids)" "workers left over"
}

@test "a destination that hangs in apply is ended too" {
	settings "heartbeat_timeout: 1s"
	bad_destination "does: deadlock, at: apply, after: 100"
	start
	bad=$(trigger bad)
	wait_stage "$bad" apply
	prompt_answers
	is failed "$(wait_run "$bad")"
	failed_with "$bad" HUNG apply
	is "" "$(worker_pids)" "workers left over"
}

@test "a heartbeat_timeout shorter than the engine's own pauses ends no healthy run" {
	settings "heartbeat_timeout: 1s"
	start_lago '{}'
	connection_lago
	sync_file slow <<-END
		source: {connection: from, table: people}
		destination: {connection: lago, resource: customers}
		key: id
		map: {external_id: "'c' || id", name: name}
	END
	start
	fault lago '{"route": "POST /api/v1/customers", "kind": "slow", "delay_ms": 2500, "times": 1}'
	# the look-up while planning waits as well
	fault lago '{"route": "GET /api/v1/customers", "kind": "slow", "delay_ms": 2500, "times": 1}'
	run_sync slow
	is completed "$run_status"
	is 2 "$(held lago customers)"
	is "slow 1
slow 1" "$(hits lago)"
}

@test "a connector that takes all memory meets the limit, and is told so" {
	plain_worker
	settings "memory_limit: 64MiB"
	bad_source "does: eat, after: 250"
	start
	bad=$(trigger bad)
	prompt_answers
	is failed "$(wait_run "$bad")"
	failed_with "$bad" NOMEM extract
	has "the rogue has eaten all memory" "$(message_of "$bad")"
	has memory_limit "$(field "/runs/$bad" .error.hint)"
	others_go_on
}

@test "rows broader than the memory limit: MEMORY_LIMIT, named with the setting that raises it" {
	plain_worker
	settings "memory_limit: 64MiB"
	bad_source "does: broad_rows, rows: 300"
	start
	run_sync bad
	is MEMORY_LIMIT "$(code_of "$run_id")"
	is 1 "$(failed_stages "$run_id" | wc -l)"
	has memory_limit "$(field "/runs/$run_id" .error.hint)"
	is 0 "$(db to "SELECT count(*) FROM rows")"
	others_go_on
}

@test "a crash costs the run, not the sync: with a mended connector it completes" {
	bad_source "does: segfault, after: 250"
	start
	run_sync bad
	is failed "$run_status"
	bad_source "does: nothing"
	post /reload
	run_sync bad
	is completed "$run_status"
	is 1000 "$(db to "SELECT count(*) FROM rows")"
}
