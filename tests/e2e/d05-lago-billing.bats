#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A whole billing set-up in one sync: metrics, plans, customers, subscriptions, wallets and one-off
# invoices go to Lago once, are changed when they change, and nothing is made twice, whatever dies.
load lib
load faults

story_setup() {
	start_lago '{"add_ons": [{"code": "setup", "name": "Setup", "amount_cents": 2500}, {"code": "card", "name": "Card", "amount_cents": 900}]}'
	connection_lago "retry_base: 10ms" "timeout: 2s" "retries: 1" "rate_limit: {lanes: 1}"
	connection from sqlite "path: $T/from.db"
	db from <<-'END'
		CREATE TABLE metrics (code TEXT PRIMARY KEY, name TEXT, field TEXT);
		CREATE TABLE plans (code TEXT PRIMARY KEY, name TEXT, cents INTEGER, price TEXT);
		CREATE TABLE customers (id TEXT PRIMARY KEY, name TEXT);
		CREATE TABLE subscriptions (id TEXT PRIMARY KEY, customer TEXT, plan TEXT);
		CREATE TABLE wallets (customer TEXT, code TEXT, name TEXT, rate TEXT, currency TEXT, credits TEXT, PRIMARY KEY (customer, code));
		CREATE TABLE orders (id INTEGER PRIMARY KEY, customer TEXT, lines TEXT);
		INSERT INTO metrics VALUES ('kwh', 'Energy', 'value'), ('idle', 'Idle time', 'minutes');
		INSERT INTO plans VALUES ('ev', 'EV', 0, '0.39'), ('fleet', 'Fleet', 9900, '0.29');
		INSERT INTO customers VALUES ('anna', 'Anna'), ('a.b', 'A. B.'), ('acme', 'Acme');
		INSERT INTO subscriptions VALUES ('s1', 'anna', 'ev'), ('s2', 'acme', 'fleet');
		INSERT INTO wallets VALUES ('anna', 'main', 'Main', '1', 'EUR', '50'), ('a.b', 'main', 'Main', '0.50', 'EUR', '20.5'),
			('acme', 'main', 'Main', '1', 'EUR', NULL), ('acme', 'extra', 'Extra', '2', 'EUR', '10');
		INSERT INTO orders VALUES (1, 'anna', '[{"add_on_code": "card"}]'),
			(2, 'acme', '[{"add_on_code": "setup"}, {"add_on_code": "card", "units": 12.5, "unit_amount_cents": 800}]');
	END
	billing_sync
	start_ferryd
}

billing_sync() {
	sync_file billing <<-'END'
		segments:
		  - name: metrics
		    source: {connection: from, table: metrics}
		    destination: {connection: lago, resource: billable_metrics}
		    key: code
		    map: {code: code, name: name, aggregation_type: "'sum_agg'", field_name: field}
		  - name: plans
		    source: {connection: from, table: plans}
		    destination: {connection: lago, resource: plans}
		    key: code
		    map:
		      code: code
		      name: name
		      interval: "'monthly'"
		      amount_cents: cents
		      amount_currency: "'EUR'"
		      pay_in_advance: "false"
		      charges: >
		        json_array(json_object('code', 'energy', 'billable_metric_code', 'kwh', 'charge_model', 'standard',
		          'properties', json_object('amount', price)))
		  - name: customers
		    source: {connection: from, table: customers}
		    destination: {connection: lago, resource: customers}
		    key: id
		    map: {external_id: id, name: name, currency: "'EUR'"}
		  - name: subscriptions
		    source: {connection: from, table: subscriptions}
		    destination: {connection: lago, resource: subscriptions}
		    key: id
		    map: {external_id: id, external_customer_id: customer, plan_code: plan}
		  - name: wallets
		    source: {connection: from, table: wallets}
		    destination: {connection: lago, resource: wallets}
		    key: [customer, code]
		    mode: mirror
		    policy: {missing: delete}
		    map:
		      external_customer_id: customer
		      code: code
		      name: name
		      rate_amount: rate
		      currency: currency
		      granted_credits: credits
		      metadata.from: "'shop'"
		  - name: invoices
		    source: {connection: from, table: orders}
		    destination: {connection: lago, resource: invoices}
		    key: id
		    mode: append
		    map:
		      purchase_order_number: "'order-' || id"
		      external_customer_id: customer
		      fees: lines
		      currency: "'EUR'"
	END
}

state() { standin lago state | jq -r "$1"; }
segments() { field "/runs/$run_id" '[.segments[] | select(.status != "success") | "\(.name) \(.status)"] | join(", ")'; }

# What Lago holds, as it must be: each once.
wallets() { state '[.wallets[] | select(.status == "active") | "\(.external_customer_id)/\(.code) \(.name) \(.credits_balance)"] | sort | join(", ")'; }
invoices() { state '[.invoices[] | "\(.purchase_order_number) \(.customer.external_id) \(.total_amount_cents)"] | sort | join(", ")'; }
all_wallets="a.b/main Main 20.5, acme/extra Extra 10.0, acme/main Main 0.0, anna/main Main 50.0"
all_invoices="order-1 anna 900, order-2 acme 12500"

# run: the sync, which completes without a row error
run() {
	run_sync billing || return
	completed_clean "$run_id" || { errors "$run_id"; return 1; }
	is "" "$(segments)" "segments that are not well"
}

# Nothing is left to do, and nothing is there twice.
at_rest() {
	forget lago
	run || return
	is 0 "$(writes lago)" "writes of a run that has nothing to do" || return
	is "$all_wallets" "$(wallets)" || return
	is "$all_invoices" "$(invoices)"
}

@test "a preview writes nothing, the first run makes everything, the second writes nothing" {
	forget lago
	preview=$(trigger billing '{"preview": true}')
	is preview_ready "$(wait_run "$preview")"
	is 0 "$(writes lago)"
	run
	is "created 15" "$(rows "$run_id")"
	is "idle, kwh" "$(state '[.billable_metrics[].code] | sort | join(", ")')"
	is "ev energy 0.39, fleet energy 0.29" \
		"$(state '[.plans[] | "\(.code) \(.charges[0].code) \(.charges[0].properties.amount)"] | sort | join(", ")')"
	is "s1 anna ev, s2 acme fleet" \
		"$(state '[.subscriptions[] | "\(.external_id) \(.external_customer_id) \(.plan_code)"] | sort | join(", ")')"
	is "$all_wallets" "$(wallets)"
	is "$all_invoices" "$(invoices)"
	at_rest
	# nor when all is looked at again, over there
	forget lago
	run_id=$(trigger billing '{"verify": true}')
	is completed "$(wait_run "$run_id")"
	is 0 "$(writes lago)" "writes of a run that verifies"
}

@test "the snapshot is lost: everything is found again over there, and nothing is made or given twice" {
	run
	stop_ferryd
	rm -rf "$T/state/snapshots"
	start_ferryd
	at_rest
}

@test "answers that are lost after the write: the next run finds what was made" {
	# a wallet is sent again in the same run, and Lago says that its code is taken
	fault lago '{"route": "POST /api/v1/wallets", "kind": "cut_after_write", "times": 1}'
	fault lago '{"route": "POST /api/v1/invoices", "kind": "cut_after_write", "times": 1}'
	run_sync billing
	is "invoices error" "$(segments)" "an invoice is never asked for twice in one run"
	no_faults lago
	run
	has "an earlier run left rows in doubt: 1 had been delivered" "$(logs "$run_id")"
	at_rest
	is 6 "$(state '[.wallets, .invoices | length] | add')" "wallets and invoices that were ever made"
	is 3 "$(state '.wallet_transactions | length')" "credits that were ever given"
}

@test "killed while Lago makes a wallet, and again at an invoice: nothing is doubled, nothing is lost" {
	for kind in wallets invoices; do
		fault lago "{\"route\": \"POST /api/v1/$kind\", \"kind\": \"slow\", \"delay_ms\": 1500, \"times\": 1}"
		run_id=$(trigger billing)
		wait_for "hits lago | grep -qx 'slow 1'" 20
		kill_ferryd
		# what was under way still lands
		wait_for "[ \$(held lago $kind) = 1 ]"
		no_faults lago
		start_ferryd
	done
	run
	has "an earlier run left rows in doubt: 1 had been delivered" "$(logs "$run_id")"
	at_rest
	is 6 "$(state '[.wallets, .invoices | length] | add')" "wallets and invoices that were ever made"
	is 3 "$(state '.wallet_transactions | length')" "credits that were ever given"
}

@test "a wallet is renamed, keeps what it applies to, and gets no new credits" {
	run
	id=$(state '.wallets[] | select(.external_customer_id == "anna").lago_id')
	curl -sf -X PUT "$lago/api/v1/wallets/$id" -H "Authorization: Bearer $LAGO_API_KEY" -H 'Content-Type: application/json' \
		-d '{"wallet": {"applies_to": {"fee_types": ["charge"], "billable_metric_codes": ["kwh"]}, "metadata": {"theirs": "t"}}}' >/dev/null
	db from "UPDATE wallets SET name = 'Purse', credits = '70' WHERE customer = 'anna'"
	forget lago
	run
	is "updated 1" "$(rows "$run_id" | sed 's/, unchanged.*//')"
	is 1 "$(writes lago)"
	is "Purse 50.0 charge kwh t shop" "$(state '.wallets[] | select(.external_customer_id == "anna")
		| "\(.name) \(.credits_balance) \(.applies_to.fee_types[0]) \(.applies_to.billable_metric_codes[0]) \(.metadata.theirs) \(.metadata.from)"')"
	all_wallets=${all_wallets/anna\/main Main/anna\/main Purse}
	at_rest
}

@test "rate and currency of a wallet cannot be changed: a row error, and the wallet stays as it is" {
	run
	db from "UPDATE wallets SET rate = '2', name = 'Dear' WHERE customer = 'anna'"
	forget lago
	run_sync billing
	is completed "$run_status"
	is "anna/main|not_editable|rate_amount" "$(errors "$run_id" | cut -d'|' -f1-3)"
	is 0 "$(writes lago)"
	is "$all_wallets" "$(wallets)"
}

@test "a wallet that is gone is terminated; when it comes back it is a new one" {
	run
	db from "CREATE TABLE gone AS SELECT * FROM wallets WHERE code = 'extra'; DELETE FROM wallets WHERE code = 'extra'"
	run
	is "deleted 1" "$(rows "$run_id" | sed 's/, unchanged.*//')"
	is terminated "$(state '.wallets[] | select(.code == "extra").status')"
	db from "INSERT INTO wallets SELECT * FROM gone"
	run
	is "active terminated" "$(state '[.wallets[] | select(.code == "extra").status] | sort | join(" ")')"
	at_rest
}

@test "what Lago refuses is told row by row, in words that help" {
	db from "INSERT INTO wallets SELECT 'acme', 'w' || value, 'W', '1', 'EUR', NULL FROM json_each('[1,2,3,4,5]');
		INSERT INTO wallets VALUES ('nobody', 'main', 'Main', '1', 'EUR', NULL);
		INSERT INTO orders VALUES (3, 'anna', '[{\"add_on_code\": \"none\"}]'), (4, 'anna', '[{\"add_on_code\": \"card\", \"prize\": 1}]')"
	run_sync billing
	is completed "$run_status"
	errors "$run_id" >"$T/errors.log"
	is "3|add_on_not_found|fees 4|INVALID_RECORD|fees acme/w5|wallet_limit_reached|external_customer_id nobody/main|customer_not_found|external_customer_id" \
		"$(cut -d'|' -f1-3 "$T/errors.log" | sort | xargs)"
	has "active wallets as Lago allows (6)" "$(cat "$T/errors.log")"
	has "load customers first" "$(cat "$T/errors.log")"
	has "'prize' is no member of a fee" "$(cat "$T/errors.log")"
	is "$all_invoices" "$(invoices)"
}

@test "wallets are topped up, each time once, also when the answer is lost" {
	run
	db from "CREATE TABLE top_ups (id INTEGER PRIMARY KEY, customer TEXT, credits TEXT);
		INSERT INTO top_ups VALUES (1, 'anna', '10'), (2, 'a.b', '0.5'), (3, 'anna', '2.25'), (4, 'nobody', '1')"
	sync_file top-ups <<-'END'
		source: {connection: from, table: top_ups}
		destination: {connection: lago, resource: wallet_transactions}
		key: id
		mode: append
		map: {transaction_key: "'top-up-' || id", external_customer_id: customer, wallet_code: "'main'", granted_credits: credits}
	END
	post /reload >/dev/null
	fault lago '{"route": "POST /api/v1/wallet_transactions", "kind": "cut_after_write", "after": 1}'
	run_sync top-ups
	failed_with "$run_id" NETWORK apply
	run_sync top-ups
	is completed "$run_status"
	has "an earlier run left rows in doubt: 1 had been delivered" "$(logs "$run_id")"
	is "4|wallet_not_found|wallet_code" "$(errors "$run_id" | cut -d'|' -f1-3)"
	is "a.b/main Main 21.0, acme/extra Extra 10.0, acme/main Main 0.0, anna/main Main 62.25" "$(wallets)"
	# not even without any memory of it
	stop_ferryd
	rm -rf "$T/state/snapshots"
	start_ferryd
	forget lago
	run_sync top-ups
	is 0 "$(writes lago)"
	is "a.b/main Main 21.0, acme/extra Extra 10.0, acme/main Main 0.0, anna/main Main 62.25" "$(wallets)"
}

# ----------------------------------------------------------------- invoices that are there

payments() {
	run
	db from "CREATE TABLE payments (invoice TEXT PRIMARY KEY, state TEXT, note TEXT)"
	sync_file payments <<-'END'
		source: {connection: from, table: payments}
		destination: {connection: lago, resource: invoices}
		key: invoice
		mode: update
		policy: {missing: disable}
		guards: {max_deletes: 100%}
		map: {lago_id: invoice, payment_status: state, metadata.booked: note}
	END
	post /reload >/dev/null
	first=$(state '.invoices[] | select(.purchase_order_number == "order-1").lago_id')
	second=$(state '.invoices[] | select(.purchase_order_number == "order-2").lago_id')
}

@test "invoices are paid and marked, once; a draft is not, and it is said why" {
	payments
	standin lago seed -X POST -d '{"invoices": [{"lago_id": "draft-1", "status": "draft", "external_customer_id": "anna"}]}' >/dev/null
	db from "INSERT INTO payments VALUES ('$first', 'succeeded', 'b-1'), ('$second', 'pending', 'b-2'), ('draft-1', 'succeeded', NULL)"
	forget lago
	run_sync payments
	is completed "$run_status"
	is "draft-1|payment_status_update_on_draft_invoice|payment_status" "$(errors "$run_id" | cut -d'|' -f1-3)"
	has "Lago has to finalize it first" "$(errors "$run_id")"
	is "succeeded b-1, pending b-2" "$(state '[.invoices | sort_by(.purchase_order_number)[] | select(.metadata[0])
		| "\(.payment_status) \(.metadata[0].value)"] | join(", ")')"
	db from "DELETE FROM payments WHERE invoice = 'draft-1'; UPDATE payments SET note = 'b-3' WHERE invoice = '$second'"
	run_sync payments
	completed_clean "$run_id"
	is "b-3" "$(state ".invoices[] | select(.lago_id == \"$second\").metadata | map(.value) | join(\" \")")"
	forget lago
	run_sync payments
	is 0 "$(writes lago)"
}

@test "an invoice whose row is gone is voided, once" {
	payments
	db from "INSERT INTO payments VALUES ('$first', 'pending', 'b-1'), ('$second', 'pending', 'b-2')"
	run_sync payments
	completed_clean "$run_id"
	db from "DELETE FROM payments WHERE invoice = '$first'"
	run_sync payments
	completed_clean "$run_id"
	is "voided finalized" "$(state '[.invoices | sort_by(.purchase_order_number)[].status] | join(" ")')"
	forget lago
	run_sync payments
	is 0 "$(writes lago)"
	# nothing revives it, and it is said
	db from "INSERT INTO payments VALUES ('$first', 'succeeded', 'b-1')"
	run_sync payments
	is "$first|update_on_voided_invoice|status" "$(errors "$run_id" | cut -d'|' -f1-3)"
}

@test "one mapping makes invoices or changes them: a mixture does not pass the check" {
	stop_ferryd
	sync_file mixed <<-'END'
		source: {connection: from, table: orders}
		destination: {connection: lago, resource: invoices}
		key: id
		mode: append
		map: {purchase_order_number: id, external_customer_id: customer, fees: lines, payment_status: "'succeeded'"}
	END
	sync_file nameless <<-'END'
		source: {connection: from, table: wallets}
		destination: {connection: lago, resource: wallets}
		key: customer
		map: {external_customer_id: customer, name: name}
	END
	sync_file worthless <<-'END'
		source: {connection: from, table: wallets}
		destination: {connection: lago, resource: wallets}
		key: [customer, code]
		map: {external_customer_id: customer, code: code}
	END
	checked=$(check) && return 1
	has "payment_status is for invoices that are there" "$checked"
	has "lago-wallets needs these fields in 'map': 'code'" "$checked"
	has "'rate_amount' and 'currency'" "$checked"
}
