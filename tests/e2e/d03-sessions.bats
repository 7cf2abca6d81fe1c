#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Charging sessions that do not come in one piece: long ones, such without a subscription, without
# energy, with a meter that is wrong. Each is billed exactly once, when it can be.
load lib
load faults

cards="INSERT INTO ev_cards (id_tag, external_customer_id, external_subscription_id) VALUES ('ANNA', 'anna', 'sub-anna')"

# asked_again ID: SteVe was asked for this session by its number since the last forget.
asked_again() {
	standin steve log | jq -e --arg pk "$1" \
		'[(.log? // .)[] | select((.query // "") | test("transactionPk=" + $pk + "(&|$)"))] | length > 0' >/dev/null
}

@test "a session that began before the lookback and stops now is billed once" {
	ev_preset '[session(1; "ANNA"; 1000; null; days(40); null)]' '[{idTag: "ANNA", maxActiveTransactionCount: -1}]' "$cards"
	ev_run
	is "" "$(ev_billed)"
	is "SESSION_OPEN 1" "$(ev_reasons transactions)"
	ev_session 'session(1; "ANNA"; 1000; 8500; days(40); hours(0))'
	ev_run
	is "steve_tx_1_final sub-anna 7.500" "$(ev_billed)"
	forget lago
	ev_run
	ev_run
	is 0 "$(writes lago)"
	is "steve_tx_1_final sub-anna 7.500" "$(ev_billed)"
}

@test "a session without a subscription waits, and is billed when there is one, though it left the window" {
	ev_preset '[session(1; "NEW"; 1000; 3500; days(20); days(20)), session(2; "ANNA"; 0; 1000; hours(3); hours(2))]' \
		'[{idTag: "ANNA", maxActiveTransactionCount: -1}, {idTag: "NEW", maxActiveTransactionCount: -1}]' "$cards"
	ev_run
	is "steve_tx_2_final sub-anna 1.000" "$(ev_billed)"
	is "LOOKUP_MISSING 1, NEW_IN_SOURCE 1" "$(ev_reasons transactions)"
	# as if days had passed: it began before all that is read now
	ev_change 's/lookback: 30d/lookback: 2d/'
	forget steve
	ev_run
	asked_again 1
	is "LOOKUP_MISSING 1" "$(ev_reasons transactions | sed 's/, UNCHANGED.*//')"
	is "steve_tx_2_final sub-anna 1.000" "$(ev_billed)"
	db local "INSERT INTO ev_cards (id_tag, external_customer_id, external_subscription_id) VALUES ('new', 'fleet', 'sub-fleet')"
	ev_run
	is "steve_tx_1_final sub-fleet 2.500
steve_tx_2_final sub-anna 1.000" "$(ev_billed)"
	# it waits no longer
	forget steve
	forget lago
	ev_run
	run ! asked_again 1
	is 0 "$(writes lago)"
}

@test "a session without energy is skipped for good" {
	ev_preset '[session(1; "ANNA"; 5000; 5000; days(20); days(20))]' '[{idTag: "ANNA", maxActiveTransactionCount: -1}]' "$cards"
	ev_run
	is "NO_ENERGY 1" "$(ev_reasons transactions)"
	ev_change 's/lookback: 30d/lookback: 2d/'
	forget steve
	ev_run
	is "" "$(ev_reasons transactions)"
	run ! asked_again 1
	is "" "$(ev_billed)"
}

@test "a meter that ran backwards is a row error, and the session is billed once it is corrected" {
	ev_preset '[session(1; "ANNA"; 5000; 4000; days(20); days(20)), session(2; "ANNA"; 4000; 6000; days(1); days(1)),
		session(3; "ANNA"; 1; "12.5"; days(1); days(1))]' '[{idTag: "ANNA", maxActiveTransactionCount: -1}]' "$cards"
	ev_run
	is "steve_tx_2_final sub-anna 2.000" "$(ev_billed)"
	is "1|INVALID_RECORD|properties.value|the meter ran backwards
3|INVALID_RECORD|properties.value|the meter value at the stop is not a whole number of Wh" "$(errors "$run_id" | sort)"
	is warning "$(field "/runs/$run_id" '.segments[] | select(.name == "transactions") | .status')"
	ev_change 's/lookback: 30d/lookback: 2d/'
	ev_run
	is 2 "$(field "/runs/$run_id" .row_errors)"
	ev_session 'session(1; "ANNA"; 5000; 5400; days(20); days(20))'
	ev_session 'session(3; "ANNA"; 1; 13; days(1); days(1))'
	ev_run
	is 0 "$(field "/runs/$run_id" .row_errors)"
	is "steve_tx_1_final sub-anna 0.400
steve_tx_2_final sub-anna 2.000
steve_tx_3_final sub-anna 0.012" "$(ev_billed)"
	forget lago
	ev_run
	is 0 "$(writes lago)"
}

@test "what is billed stays billed: a later change in SteVe sends nothing, and is shown in each run" {
	ev_preset '[session(1; "ANNA"; 0; 1000; hours(5); hours(4)), session(2; "ANNA"; 0; 2000; hours(3); hours(2))]' \
		'[{idTag: "ANNA", maxActiveTransactionCount: -1}]' "$cards"
	ev_run
	# somebody stops the first one by hand, after the station had: the later stop counts in SteVe
	ev_session '(session(1; "ANNA"; 0; 9000; hours(5); hours(1)) | .stopEventActor = "manual")'
	forget lago
	ev_run
	is 0 "$(writes lago)"
	is "CHANGED_AFTER_DELIVERY 1" "$(ev_reasons transactions)"
	ev_run
	is "CHANGED_AFTER_DELIVERY 1" "$(ev_reasons transactions)"
	is "1 1" "$(api '/problems?group=changed_after_delivery' | jq -r '"\(.pagination.total) \(.data[0].key)"')" "the problem it makes"
	ev_session 'session(1; "ANNA"; 0; 0; hours(5); hours(4))'
	ev_run
	# another subscription from now on is no change of what was billed
	db local "UPDATE ev_cards SET external_subscription_id = 'sub-fleet'"
	ev_run
	is 0 "$(writes lago)"
	is 0 "$(api '/problems?group=changed_after_delivery' | jq .pagination.total)" "problems, now that a rule passes the first one over"
	is "steve_tx_1_final sub-anna 1.000
steve_tx_2_final sub-anna 2.000" "$(ev_billed)"
}

@test "customer ids with dots reach the right customer" {
	start_lago '{"customers": [{"external_id": "a", "name": "just a"}]}'
	connection_lago
	connection from sqlite "path: $T/from.db"
	db from "CREATE TABLE people (id TEXT PRIMARY KEY, name TEXT, color TEXT);
		INSERT INTO people VALUES ('a.b', 'a dot b', 'red'), ('a.b.c', 'two dots', 'green'), ('a/b', 'slash', 'blue')"
	sync_file people <<-END
		source: {connection: from, table: people}
		destination: {connection: lago, resource: customers}
		key: id
		mode: mirror
		map: {external_id: id, name: name, metadata.color: color}
	END
	start_ferryd
	names() { standin lago state | jq -r '[.customers[] | "\(.external_id)=\(.name)"] | sort | join(", ")'; }
	run_sync people
	completed_clean "$run_id"
	is "a.b.c=two dots, a.b=a dot b, a/b=slash, a=just a" "$(names)"
	db from "UPDATE people SET name = 'changed', color = 'black' WHERE id = 'a.b'; DELETE FROM people WHERE id = 'a/b'"
	run_sync people
	completed_clean "$run_id"
	is "deleted 1, unchanged 1, updated 1" "$(rows "$run_id" | tr , '\n' | sed 's/^ //' | sort | paste -sd, | sed 's/,/, /g')"
	is "a.b.c=two dots, a.b=changed, a=just a" "$(names)"
	# the one whose id is the part before the dot has nothing of it
	is "[]" "$(standin lago state | jq -c '.customers[] | select(.external_id == "a") | .metadata // []')"
	# a state that is lost is built again by asking for each of them by the right address
	stop_ferryd
	rm -r "$T/state"
	start_ferryd
	forget lago
	run_sync people
	completed_clean "$run_id"
	is "unchanged 2" "$(rows "$run_id")"
	is 0 "$(writes lago)"
}

@test "before 3.11 SteVe looks at the first of several ids only: the sessions are asked for one by one" {
	start_steve "$(jq -n "$ev_words {transactions: [range(1; 4) | session(.; \"ANNA\"; 0; null; days(40); null)]}")" \
		--version 3.10
	connection_steve
	connection local sqlite "path: $T/local.db"
	db local 'CREATE TABLE sessions (id INTEGER PRIMARY KEY, wh INTEGER)'
	sync_file copy <<-END
		source: {connection: steve, resource: transactions, lookback: 10d}
		destination: {connection: local, table: sessions}
		key: id
		mode: upsert
		skip: [{when: "stopTimestamp IS NULL", reason: SESSION_OPEN}]
		map: {id: id, wh: stop_wh - start_wh}
	END
	start_ferryd
	run_sync copy
	is "" "$(db local 'SELECT * FROM sessions')"
	ev_session '[range(1; 4) | session(.; "ANNA"; 0; . * 1000; days(40); hours(1))]'
	forget steve
	run_sync copy
	completed_clean "$run_id"
	is "1|1000
2|2000
3|3000" "$(db local 'SELECT * FROM sessions ORDER BY id')"
	asked_again 2
	asked_again 3
	# and no more, now that they are there
	forget steve
	run_sync copy
	run ! asked_again 2
}

@test "200,000 sessions in one answer of 60 MB are read in little memory" {
	start_steve '{"generate": {"transactions": 200000, "tags": 200, "step_seconds": 10}}'
	connection_steve
	connection local sqlite "path: $T/local.db"
	db local 'CREATE TABLE sessions (id INTEGER PRIMARY KEY, card TEXT, wh INTEGER)'
	sync_file copy <<-END
		source: {connection: steve, resource: transactions, lookback: 3660d, window: 3660d}
		destination: {connection: local, table: sessions}
		key: id
		mode: upsert
		map: {id: id, card: ocppIdTag, wh: stop_wh - start_wh}
	END
	settings "memory_limit: 96MiB"
	start_ferryd
	run_sync copy 120
	completed_clean "$run_id"
	is 200000 "$(db local 'SELECT count(*) FROM sessions')"
	metric() { field "/runs/$run_id" ".segments[0].stages[] | select(.name == \"extract\") | .metrics.$1"; }
	[ "$(metric bytes)" -gt 55000000 ] || { echo "the answer was no test: $(metric bytes) bytes"; return 1; }
	sanitized || [ "$(metric memory_peak_mb)" -lt 48 ] || { echo "the worker took $(metric memory_peak_mb) MB"; return 1; }
}
