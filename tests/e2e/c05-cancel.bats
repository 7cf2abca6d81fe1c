#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A run is cancelled, or its daemon stopped, in the middle of apply: what is under way is finished, what
# was acknowledged stays known, nothing is in doubt, and the next run delivers the rest.
load lib
load faults

story_setup() {
	start_lago '{}'
	connection_lago "rate_limit: {lanes: 2}"
	connection from sqlite "path: $T/from.db"
	db from "CREATE TABLE numbers (id INTEGER PRIMARY KEY);
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) INSERT INTO numbers SELECT i FROM n"
	sync_file load <<-END
		source: {connection: from, table: numbers}
		destination: {connection: lago, resource: events}
		key: id
		mode: append
		map:
		  transaction_id: "'number-' || id"
		  external_subscription_id: "'sub'"
		  code: "'kwh'"
		  timestamp: 1767225600 + id
		  properties.value: id
	END
	fault lago '{"route": "POST /api/v1/events/batch", "kind": "slow", "delay_ms": 100, "times": -1}'
	start_ferryd
}

# begin: a run that has delivered something and has more to do; sets $run_id.
begin() {
	run_id=$(trigger load)
	wait_for '[ "$(held lago events)" -ge 200 ]'
	is running "$(field "/runs/$run_id" .status)"
}

# what_stayed: the cancelled run knows of all that Lago holds, and says what is left.
what_stayed() {
	local held
	held=$(held lago events)
	[ "$held" -ge 200 ] && [ "$held" -lt 3000 ] || { echo "held: $held"; return 1; }
	is "$held" "$(field "/runs/$run_id" .rows_created)" "rows the run knows to be delivered" || return
	is $((3000 - held)) "$(field "/runs/$run_id" '.segments[0].counters.undone')" "rows left undone" || return
	has_not "in doubt" "$(logs "$run_id")"
}

# rest: the next run delivers what is left, sends nothing twice and finds nothing to settle.
rest() {
	local held
	held=$(held lago events)
	no_faults lago
	forget lago
	run_sync load
	is completed "$run_status" || return
	is "created $((3000 - held)), unchanged $held" "$(rows "$run_id")" || return
	is $((3000 - held)) "$(counts lago .rows_written)" "events stored by the second run" || return
	is $(((3000 - held + 99) / 100)) "$(writes lago)" "requests of the second run" || return
	is "3000 3000 4501500.000" "$(held lago events '"\(.count) \(.distinct_transaction_ids) \(.sum_value)"')" || return
	has_not "in doubt" "$(logs "$run_id")"
}

@test "cancelled in the middle of apply" {
	begin
	post "/runs/$run_id/cancel"
	is cancelled "$(wait_run "$run_id" 5)"
	is CANCELLED "$(code_of "$run_id")"
	has "cancelled by" "$(message_of "$run_id")"
	what_stayed
	rest
}

@test "cancelled while a request hangs: the run ends soon, and the row in doubt is settled" {
	begin
	no_faults lago
	fault lago '{"route": "POST /api/v1/events/batch", "kind": "slow", "delay_ms": 20000, "times": -1}'
	wait_for '[ "$(standin lago faults | jq "(.faults? // .)[0].hits")" -ge 2 ]'
	post "/runs/$run_id/cancel"
	# an answer under way gets five seconds
	is cancelled "$(wait_run "$run_id" 10)"
	has "rows are in doubt" "$(logs "$run_id")"
	no_faults lago
	run_sync load
	is completed "$run_status"
	has "an earlier run left rows in doubt" "$(logs "$run_id")"
	is "3000 3000 4501500.000" "$(held lago events '"\(.count) \(.distinct_transaction_ids) \(.sum_value)"')"
}

@test "the daemon is stopped in the middle of apply: it ends within the batch" {
	begin
	stop_ferryd TERM
	start_ferryd
	is cancelled "$(field "/runs/$run_id" .status)"
	has "the daemon was stopped" "$(message_of "$run_id")"
	what_stayed
	rest
}

@test "cancelled before it wrote anything: nothing is written" {
	fault lago '{"route": "GET /health", "kind": "slow", "delay_ms": 2000, "times": 1}'
	run_id=$(trigger load)
	wait_stage "$run_id" validate_setup
	post "/runs/$run_id/cancel"
	is cancelled "$(wait_run "$run_id" 5)"
	is 0 "$(writes lago)"
	is 0 "$(held lago events)"
	is "slow 1" "$(hits lago | tail -1)"
	no_faults lago
	run_sync load
	is "3000 3000" "$(held lago events '"\(.count) \(.distinct_transaction_ids)"')"
}
