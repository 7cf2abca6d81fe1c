#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A price list in a database becomes Lago's: metrics, plans with their charges, customers, subscriptions, in
# that order, in one sync. A second run writes nothing, a new price touches one charge, and who has gone from
# the list has no subscription any more.
load lib

story_setup() {
	start_lago '{}'
	connection_lago "retry_base: 10ms"
	connection shop sqlite "path: $T/shop.db"
	db shop "CREATE TABLE metrics (code TEXT PRIMARY KEY, name TEXT, kind TEXT, field TEXT);
		INSERT INTO metrics VALUES ('kwh', 'Energy', 'sum_agg', 'value'), ('sessions', 'Sessions', 'count_agg', NULL);
		CREATE TABLE plans (code TEXT PRIMARY KEY, name TEXT, cents INT, price TEXT);
		INSERT INTO plans VALUES ('basic', 'Basic', 0, '0.59'), ('gold', 'Gold', 990, '0.39');
		CREATE TABLE people (id TEXT PRIMARY KEY, name TEXT, plan TEXT);
		INSERT INTO people VALUES ('ann', 'Ann', 'basic'), ('b.o', 'Bo', 'gold'), ('cy', 'Cy', 'basic')"
	sync_file catalog <<-'END'
		schedule: manual
		segments:
		  - name: metrics
		    source: {connection: shop, table: metrics}
		    key: code
		    destination: {connection: lago, resource: billable_metrics}
		    map: {code: code, name: name, aggregation_type: kind, field_name: field}
		  - name: plans
		    source: {connection: shop, table: plans}
		    key: code
		    destination: {connection: lago, resource: plans}
		    map:
		      code: code
		      name: name
		      interval: "'monthly'"
		      amount_cents: cents
		      amount_currency: "'EUR'"
		      pay_in_advance: "false"
		      charges: >-
		        json_array(json_object('code', 'energy', 'billable_metric_code', 'kwh', 'charge_model', 'standard',
		        'properties', json_object('amount', price)))
		  - name: customers
		    source: {connection: shop, table: people}
		    key: id
		    destination: {connection: lago, resource: customers}
		    map: {external_id: id, name: name}
		  - name: subscriptions
		    source: {connection: shop, table: people}
		    key: id
		    destination: {connection: lago, resource: subscriptions, on_termination_invoice: skip}
		    mode: mirror
		    policy: {missing: disable}
		    map: {external_id: "'sub-' || id", external_customer_id: id, plan_code: plan, name: name}
	END
	start_ferryd
	forget lago
}

# held_plans: "CODE CENTS: CHARGE PRICE ID" one a line
held_plans() {
	standin lago state | jq -r '.plans | sort_by(.code)[] | "\(.code) \(.amount_cents): \([.charges[] |
		"\(.code) \(.properties.amount) \(.lago_id)"] | join(", "))"'
}
# subscribed: "ID PLAN STATUS" one a line
subscribed() {
	standin lago state | jq -r '.subscriptions | sort_by(.external_id, .created_at, .status)[] |
		"\(.external_id) \(.plan_code) \(.status)"' | sort
}

@test "a price list is loaded in order, and loaded again without a single write" {
	is completed "$(run_sync catalog)"
	is "created 10" "$(rows 1)"
	is "kwh sessions" "$(standin lago state | jq -r '[.billable_metrics[].code] | sort | join(" ")')"
	is "basic 0: energy 0.59
gold 990: energy 0.39" "$(held_plans | sed 's/ [0-9a-f-]*$//')"
	is "sub-ann basic active
sub-b.o gold active
sub-cy basic active" "$(subscribed)"
	forget lago
	is completed "$(run_sync catalog)"
	is 0 "$(writes lago)"
}

@test "a state that is lost is found again: all of it is matched, nothing is written" {
	is completed "$(run_sync catalog)"
	stop_ferryd
	rm -r "$T/state"
	start_ferryd
	forget lago
	is completed "$(run_sync catalog)"
	is 0 "$(writes lago)"
	is "unchanged 10" "$(rows 1)"
}

@test "a new price writes the one charge, which keeps its id" {
	is completed "$(run_sync catalog)"
	before=$(held_plans)
	db shop "UPDATE plans SET price = '0.61' WHERE code = 'basic'"
	forget lago
	is completed "$(run_sync catalog)"
	is 1 "$(writes lago)"
	is "${before/0.59/0.61}" "$(held_plans)"
}

@test "a dearer plan counts at once, a cheaper one at the end of the period, and both are told" {
	is completed "$(run_sync catalog)"
	db shop "UPDATE people SET plan = CASE plan WHEN 'gold' THEN 'basic' ELSE 'gold' END WHERE id IN ('ann', 'b.o')"
	is completed "$(run_sync catalog)"
	is "sub-ann basic terminated
sub-ann gold active
sub-b.o basic pending
sub-b.o gold active
sub-cy basic active" "$(subscribed)"
	run -0 ctl logs 2
	has "an upgrade: plan 'basic' has ended"
	has "a downgrade: plan 'gold' goes on until"
	forget lago
	is completed "$(run_sync catalog)"
	is 0 "$(writes lago)"
}

@test "who has gone from the list has no subscription any more, and gets a new one when he is back" {
	is completed "$(run_sync catalog)"
	db shop "DELETE FROM people WHERE id = 'b.o'"
	is completed "$(run_sync catalog)"
	is "sub-ann basic active
sub-b.o gold terminated
sub-cy basic active" "$(subscribed)"
	db shop "INSERT INTO people VALUES ('b.o', 'Bo', 'basic')"
	is completed "$(run_sync catalog)"
	is "sub-ann basic active
sub-b.o basic active
sub-b.o gold terminated
sub-cy basic active" "$(subscribed)"
}

@test "a metric in use keeps its field, and that is told" {
	is completed "$(run_sync catalog)"
	db shop "UPDATE metrics SET field = 'energy' WHERE code = 'kwh'"
	is completed "$(run_sync catalog)"
	run -0 ctl logs 2
	has "did not keep 'field_name'"
	is value "$(standin lago state | jq -r '.billable_metrics[] | select(.code == "kwh").field_name')"
}

# Each kind of write is done once without its answer getting through: what it did is found, not done again.
@test "answers that are lost double nothing" {
	local route
	for route in "POST /api/v1/billable_metrics" "POST /api/v1/plans" "POST /api/v1/customers" "POST /api/v1/subscriptions"; do
		fault lago '{"route": "'"$route"'", "kind": "cut_after_write", "times": 1}'
		fault lago '{"route": "'"$route"'", "kind": "500_after", "after": 1, "times": 1}'
	done
	is completed "$(run_sync catalog)"
	is "created 10" "$(rows 1)"
	is "basic 0: energy 0.59
gold 990: energy 0.39" "$(held_plans | sed 's/ [0-9a-f-]*$//')"
	is "sub-ann basic active
sub-b.o gold active
sub-cy basic active" "$(subscribed)"
	db shop "UPDATE plans SET price = '0.' || cents || '1', name = name || '!'; UPDATE people SET plan = 'gold'"
	for route in "PUT /api/v1/plans/{code}" "PUT /api/v1/plans/{code}/charges/{charge_code}" "POST /api/v1/subscriptions"; do
		fault lago '{"route": "'"$route"'", "kind": "cut_in_answer", "times": 1}'
	done
	is completed "$(run_sync catalog)"
	is "basic 0: energy 0.01
gold 990: energy 0.9901" "$(held_plans | sed 's/ [0-9a-f-]*$//')"
	is "sub-ann basic terminated
sub-ann gold active
sub-b.o gold active
sub-cy basic terminated
sub-cy gold active" "$(subscribed)"
	forget lago
	no_faults lago
	is completed "$(run_sync catalog)"
	is 0 "$(writes lago)"
}

@test "what Lago would do badly is refused before anything runs" {
	sed -i 's/mode: mirror/mode: upsert/; s/missing: disable/missing: ignore/; 0,/key: code/s//mode: mirror\n    key: code/' "$T/etc/syncs.d/catalog.yaml"
	run -1 "$ferryd" --check --config "$T/etc"
	has "mode mirror is not supported by lago-billable_metrics"
}
