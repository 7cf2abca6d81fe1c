#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Lago answers badly, late or not at all while rows are applied: what can pass by itself is waited for,
# anything else ends the run with its cause, the next run repairs it, and no event is stored twice.
load lib
load faults

EVENTS="POST /api/v1/events/batch"
CUSTOMERS="POST /api/v1/customers"

story_setup() {
	start_lago '{"billable_metrics": [{"name": "kWh", "code": "kwh", "aggregation_type": "sum_agg", "field_name": "value"}]}'
	connection_lago "retry_base: 10ms" "timeout: 1s" "retries: 2" "rate_limit: {lanes: 1}"
	connection from sqlite "path: $T/from.db"
	db from "CREATE TABLE numbers (id INTEGER PRIMARY KEY, name TEXT)"
	total=0
	sync_file events <<-END
		source: {connection: from, table: numbers}
		destination: {connection: lago, resource: events, billable_metric: kwh, field_name: value}
		key: id
		mode: append
		map:
		  transaction_id: "'number-' || id"
		  external_subscription_id: "'sub'"
		  code: "'kwh'"
		  timestamp: 1767225600 + id
		  properties.value: id
	END
	sync_file customers <<-END
		source: {connection: from, table: numbers}
		destination: {connection: lago, resource: customers}
		key: id
		map: {external_id: "'c' || id", name: name}
	END
	start_ferryd
}

# more N: so many new rows at the source.
more() {
	db from "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
		INSERT INTO numbers (name) SELECT 'name ' || i FROM n"
	total=$((total + $1))
}

# whole: Lago holds each row of the source once.
whole() {
	if [ "$sync" = events ]; then
		is "$total $total $((total * (total + 1) / 2)).000" \
			"$(held lago events '"\(.count) \(.distinct_transaction_ids) \(.sum_value)"')" "events"
	else
		is "$total $total" "$(standin lago state | jq -r '[.customers[].external_id] | "\(length) \(unique | length)"')" \
			"customers"
	fi
}

# struck N: the fault has struck at least (with "=": exactly) so many times.
struck() {
	local hits
	hits=$(hits lago | awk '{ n += $2 } END { print n }')
	[ "$hits" "$1" "$2" ] || { echo "the fault struck $hits times, not $1 $2"; return 1; }
}

# round FAULT OUTCOME: new rows are sent while Lago has this fault (kind and settings, as JSON without
# braces). OUTCOME: completed, or the code the run fails with in apply; then a run without the fault.
round() {
	echo "-- $sync: $1"
	more "$rows_each"
	fault lago "{\"route\": \"$route\", $1}"
	run_sync "$sync" || return
	faulty_run=$run_id
	struck -ge 1 || return
	no_faults lago
	if [ "$2" != completed ]; then
		failed_with "$run_id" "$2" apply || return
		run_sync "$sync" || return
	fi
	completed_clean "$run_id" || return
	whole
}

# After all rounds: no event was even tried to be stored twice (a customer sent again is the same
# customer), and there is nothing left to send.
nothing_left_to_do() {
	[ "$sync" = customers ] || is "$total" "$(counts lago .rows_written)" "events that were ever stored" || return
	forget lago
	run_sync "$sync" || return
	is "unchanged $total" "$(rows "$run_id")" || return
	is 0 "$(writes lago)"
}

# lasted RUN SECONDS: it took at least so long.
lasted() {
	field "/runs/$1" .duration_seconds | awk -v least="$2" '{ exit !($1 >= least) }' ||
		{ echo "run $1 took only $(field "/runs/$1" .duration_seconds) s"; return 1; }
}

use() {
	sync=$1
	if [ "$1" = events ]; then
		route=$EVENTS rows_each=150
	else
		route=$CUSTOMERS rows_each=40
	fi
}

all_transient() {
	round '"kind": "429", "times": 2' completed || return
	round '"kind": "500", "times": 2' completed || return
	round '"kind": "500", "status": 503, "times": 1, "after": 1' completed || return
	round '"kind": "500_after", "times": 2' completed || return
	round '"kind": "slow", "delay_ms": 300, "times": 1' completed || return
	round '"kind": "cut_before", "times": 2' completed || return
	round '"kind": "cut_after_write", "times": 2' completed || return
}

all_lasting() {
	round '"kind": "429", "times": -1' RATE_LIMIT || return
	round '"kind": "500", "times": -1' UNAVAILABLE || return
	round '"kind": "500", "status": 503, "times": -1, "after": 1' UNAVAILABLE || return
	round '"kind": "500_after", "times": -1' UNAVAILABLE || return
	has "an earlier run left rows in doubt" "$(logs "$run_id")" || return
	round '"kind": "cut_before", "times": -1' NETWORK || return
	round '"kind": "cut_after_write", "times": -1' NETWORK || return
	has "an earlier run left rows in doubt" "$(logs "$run_id")" || return
}

all_nonsense() {
	round '"kind": "invalid_json", "times": 1' PROTOCOL || return
	has "an earlier run left rows in doubt" "$(logs "$run_id")" || return
	round '"kind": "html", "times": 1' PROTOCOL || return
	# what proves nothing is not sent again in the same run
	is 1 "$(hits_of_faulty_run)" "requests to a peer that talks nonsense" || return
}

hits_of_faulty_run() { field "/runs/$faulty_run" .segments[0].counters.requests; }

@test "events: what passes by itself is waited for" {
	use events
	all_transient
	nothing_left_to_do
}

@test "events: what does not pass ends the run with its cause, and the next run repairs it" {
	use events
	all_lasting
	# so many attempts as the connection says, and no other batch is tried
	is 3 "$(hits_of_faulty_run)"
	nothing_left_to_do
}

@test "events: answers that are none" {
	use events
	all_nonsense
	nothing_left_to_do
}

@test "customers: what passes by itself is waited for" {
	use customers
	all_transient
	nothing_left_to_do
}

@test "customers: what does not pass ends the run with its cause, and the next run repairs it" {
	use customers
	all_lasting
	nothing_left_to_do
}

@test "customers: answers that are none" {
	use customers
	all_nonsense
	nothing_left_to_do
}

@test "told to wait, by Retry-After or X-RateLimit-Reset, it waits that long" {
	use events
	round '"kind": "429", "times": 1, "retry_after": 1' completed
	lasted "$faulty_run" 1
	round '"kind": "429", "times": 1, "reset": 1' completed
	lasted "$faulty_run" 1
	use customers
	total=0
	db from "DELETE FROM numbers"
	round '"kind": "429", "times": 1, "retry_after": 1' completed
	lasted "$faulty_run" 1
}

@test "a request that hangs ends with the connection's timeout" {
	use events
	round '"kind": "hang", "times": 1' completed
	lasted "$faulty_run" 1
	sed -i 's/retries: 2/retries: 1/' "$T/etc/connections.d/lago.yaml"
	post /reload
	round '"kind": "hang", "times": -1' TIMEOUT
	lasted "$faulty_run" 2
	nothing_left_to_do
}

@test "an expired key ends the run at once, in whatever stage it is met" {
	use events
	round '"kind": "expired_key", "times": -1' AUTH
	is 1 "$(hits_of_faulty_run)" "requests with a key that is refused"
	has credentials "$(field "/runs/$faulty_run" .error.hint)"
	forget lago
	fault lago '{"route": "*", "kind": "expired_key", "times": -1}'
	run_sync events
	failed_with "$run_id" AUTH validate_setup
	is 1 "$(counts lago .total)" "requests with a key that is refused"
	# the key is nowhere in what ferry says
	has_not "$LAGO_API_KEY" "$(api "/runs/$run_id")$(logs "$run_id")$(cat "$T/ferryd.log")"
}

@test "one bad event in a hundred: it is a row error, the 99 others arrive in the same run" {
	use events
	more 100
	fault lago "{\"route\": \"$EVENTS\", \"kind\": \"reject_value\", \"field\": \"value\", \"value\": \"57\", \"code\": \"value_is_odd\"}"
	forget lago
	run_sync events
	is completed "$run_status"
	struck -ge 1
	is "57|value_is_odd|properties.value|" "$(errors "$run_id" | sed 's/|[^|]*$/|/; s/|value|/|properties.value|/')"
	is "created 99, failed 1" "$(rows "$run_id")"
	is 99 "$(held lago events)"
	# ceil(log2 100) + 1 more than the one it takes
	[ "$(writes lago)" -le 9 ]
	is 99 "$(counts lago .rows_written)"
	# it is tried again, and alone
	forget lago
	run_sync events
	is "unchanged 99, failed 1" "$(rows "$run_id")"
	is 1 "$(writes lago)"
	no_faults lago
	run_sync events
	is "created 1, unchanged 99" "$(rows "$run_id")"
	whole
}

@test "one bad customer: it is a row error with field and code, the others arrive" {
	use customers
	more 100
	fault lago "{\"route\": \"$CUSTOMERS\", \"kind\": \"reject_value\", \"field\": \"name\", \"value\": \"name 57\", \"code\": \"value_is_odd\"}"
	forget lago
	run_sync customers
	is completed "$run_status"
	struck = 1
	is "57|value_is_odd|name|" "$(errors "$run_id" | sed 's/|[^|]*$/|/')"
	is "created 99, failed 1" "$(rows "$run_id")"
	is 99 "$(held lago customers)"
	is 100 "$(writes lago)"
	no_faults lago
	run_sync customers
	is "created 1, unchanged 99" "$(rows "$run_id")"
	whole
}
