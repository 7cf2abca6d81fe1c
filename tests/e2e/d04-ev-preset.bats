#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The EV-charging preset as a whole: cards, sessions and copies of what Lago has in one sync, and what
# goes wrong in one of its segments leaves the others alone.
load lib
load faults

sessions='[session(1; "CARD-ANNA"; 10000; 28450; hours(72); hours(70)), session(2; "DRIVER-1"; 1000; 22768; hours(40); hours(33)),
	session(3; "FLEET"; 100; 1100; hours(26); hours(25)), session(4; "CARD-NEW"; 200; 5200; hours(20); hours(18)),
	session(5; "CARD-ANNA"; 28450; 28450; hours(10); hours(9)), session(6; "CARD-ANNA"; 28450; null; hours(1); null)]'
tags='[{idTag: "FLEET", maxActiveTransactionCount: -1, note: "Fleet"}, {idTag: "CARD-ANNA", maxActiveTransactionCount: 1},
	{idTag: "DRIVER-1", parentIdTag: "FLEET", maxActiveTransactionCount: 0}, {idTag: "CARD-NEW", maxActiveTransactionCount: -1},
	{idTag: "CARD-LOST", maxActiveTransactionCount: 1}, {idTag: "CARD-STRAY", maxActiveTransactionCount: 1}]'
cards="INSERT INTO ev_cards VALUES ('CARD-ANNA', NULL, 'anna', 'sub-anna', 1), ('FLEET', NULL, 'fleet', 'sub-fleet', 1),
	('driver-1', 'FLEET', 'fleet', 'sub-fleet', 1), ('CARD-NEW', NULL, NULL, NULL, 1), ('CARD-LOST', NULL, 'anna', 'sub-anna', 0)"

billed="steve_tx_1_final sub-anna 18.450
steve_tx_2_final sub-fleet 21.768
steve_tx_3_final sub-fleet 1.000"

# tags_now: who may charge, "TAG count" in one line.
tags_now() {
	standin steve state | jq -r '[.tags | sort_by(.idTag)[] | "\(.idTag) \(.maxActiveTransactionCount)"] | join(", ")'
}
tags_right="CARD-ANNA -1, CARD-LOST 0, CARD-NEW -1, CARD-STRAY 0, DRIVER-1 -1, FLEET -1"

# troubled: the segments that did not simply succeed, "NAME STATUS, ..."
troubled() {
	field "/runs/$run_id" '[.segments[] | select(.status != "success") | "\(.name) \(.status)"] | join(", ")'
}
all_writes() { echo $(($(writes lago) + $(writes steve))); }
forget_all() { forget lago; forget steve; }

# copies: Lago's customers in the local database, and which of them are gone over there.
copies() {
	db local "SELECT group_concat(t, ', ') FROM (SELECT external_id || CASE WHEN deleted_at IS NULL THEN '' ELSE ' gone' END AS t
		FROM lago_customers ORDER BY t)"
}

@test "preview, promote, and a second run that sends nothing" {
	ev_preset "$sessions" "$tags" "$cards"
	forget_all
	preview=$(trigger ev-charging '{"preview": true}')
	is preview_ready "$(wait_run "$preview")"
	is 0 "$(all_writes)"
	is "" "$(copies)"
	run_id=$(post "/runs/$preview/promote" | jq -er .run_id)
	is completed "$(wait_run "$run_id")"
	is "$billed" "$(ev_billed)"
	is "$tags_right" "$(tags_now)"
	is "anna, fleet" "$(copies)"
	is Fleet "$(standin steve state | jq -r '.tags[] | select(.idTag == "FLEET") | .note')" "the note, which is not mapped"
	forget_all
	ev_run
	is 0 "$(all_writes)"
	is "" "$(troubled)"
	is "tag-linking transactions charging-sessions lago-billable-metrics lago-plans lago-customers lago-subscriptions lago-invoices lago-wallets local-emails local-reconcile" \
		"$(field "/runs/$run_id" '[.segments[].name] | join(" ")')"
	is "0 0" "$(field "/runs/$run_id" '"\(.rows_created) \(.rows_updated)"')" "rows written by the second run"
	is "steve_tx_1_final sub-anna 18.450, steve_tx_2_final sub-fleet 21.768, steve_tx_3_final sub-fleet 1.000" "$(db local \
		"SELECT group_concat(t, ', ') FROM (SELECT event_id || ' ' || external_subscription_id || ' ' || billed_kwh AS t
		FROM charging_sessions WHERE event_id IS NOT NULL ORDER BY transaction_pk)")"
	is "4|5000|, 5|0|" "$(db local "SELECT group_concat(t, ', ') FROM (SELECT transaction_pk || '|' || energy_wh || '|' || coalesce(event_id, '') AS t
		FROM charging_sessions WHERE event_id IS NULL ORDER BY transaction_pk)")" "sessions that were not billed"
}

# statistics SEGMENT: its numbers in the last run, "TITLE: NAME N, ..."
statistics() {
	field "/runs/$run_id" ".segments[] | select(.name == \"$1\").statistics |
		\"\\(.title): \\(.counts | to_entries | map(\"\\(.key) \\(.value)\") | join(\", \"))\""
}

@test "the numbers an operator reads: cards switched on and off, sessions and events, in a preview too" {
	ev_preset "$sessions" "$tags" "$cards"
	run_id=$(trigger ev-charging '{"preview": true}')
	is preview_ready "$(wait_run "$run_id")"
	is "EV card linking: activated 2, deactivated 2, unchanged 2" "$(statistics tag-linking)"
	is "Charging sessions: sessions_processed 6, events_created 3" "$(statistics transactions)"
	ev_run
	is "EV card linking: activated 2, deactivated 2, unchanged 2" "$(statistics tag-linking)"
	is "Charging sessions: sessions_processed 6, events_created 3" "$(statistics transactions)"
	ev_run
	is "EV card linking: activated 0, deactivated 0, unchanged 6" "$(statistics tag-linking)"
	is "Charging sessions: sessions_processed 6, events_created 0" "$(statistics transactions)"
	run -0 ctl show "$run_id"
	has "EV card linking    activated 0"
}

@test "local reconcile: unknown subscriptions are problems, a missing address is filled in, another one is only counted" {
	ev_preset "$sessions" "$tags" "$cards; INSERT INTO ev_cards VALUES ('CARD-GONE', NULL, 'nobody', 'sub-gone', 1);
		INSERT INTO ev_customers VALUES ('anna', 'Anna', ''), ('fleet', 'Fleet', 'Office@Fleet.example'), ('other', 'Other', NULL)"
	standin lago seed -X POST -d '{"customers": [{"external_id": "anna", "email": "anna@example.com"},
		{"external_id": "fleet", "email": "billing@fleet.example"}]}' >/dev/null
	ev_run
	is "anna@example.com|Office@Fleet.example|" "$(db local "SELECT group_concat(coalesce(email, ''), '|')
		FROM (SELECT email FROM ev_customers ORDER BY external_customer_id)")"
	is "E-mail addresses: emails_filled_in 1" "$(statistics local-emails)"
	is "local-reconcile: unknown-subscription 1, inactive-subscription 0, unknown-customer 1, email-drift 1" \
		"$(statistics local-reconcile)"
	is "local-reconcile warning" "$(troubled)"
	has "CARD-GONE" "$(api '/problems?group=check_failed' | jq -r '.data[].message')"
	# cleared by hand, filled in again; what is there is left
	db local "UPDATE ev_customers SET email = NULL WHERE external_customer_id = 'anna';
		UPDATE ev_cards SET is_active = 0 WHERE id_tag = 'CARD-GONE'"
	ev_run
	is "anna@example.com|Office@Fleet.example|" "$(db local "SELECT group_concat(coalesce(email, ''), '|')
		FROM (SELECT email FROM ev_customers ORDER BY external_customer_id)")"
	is 0 "$(api '/problems?group=check_failed' | jq .pagination.total)" "problems that no longer hold"
}

@test "a metric that adds up another field: its segment fails with SETUP before any event, the others go on" {
	ev_preset "$sessions" "$tags" "$cards"
	standin lago state/billable_metrics/ev_charging_kwh -X DELETE >/dev/null
	standin lago state/plans/ev -X DELETE >/dev/null
	standin lago seed -X POST -d '{"billable_metrics":
		[{"name": "EV", "code": "ev_charging_kwh", "aggregation_type": "sum_agg", "field_name": "energy"}]}' >/dev/null
	forget_all
	run_sync ev-charging
	is completed "$run_status"
	is "transactions error" "$(troubled)"
	is "transactions/validate_setup" "$(failed_stages "$run_id")"
	is "SETUP true" "$(field "/runs/$run_id" '.segments[] | select(.name == "transactions").error |
		"\(.code) \(.hint != null and .hint != "")"')"
	has "'energy', not 'value': events would bill nothing" \
		"$(field "/runs/$run_id" '.segments[] | select(.name == "transactions").error.message')"
	is 0 "$(writes lago)"
	is "" "$(ev_billed)"
	is "$tags_right" "$(tags_now)"
	is "anna, fleet" "$(copies)"
	# put right, all sessions are billed that waited
	standin lago seed -X POST -d '{"billable_metrics":
		[{"name": "EV", "code": "ev_charging_kwh", "aggregation_type": "sum_agg", "field_name": "value"}]}' >/dev/null
	ev_run
	is "" "$(troubled)"
	is "$billed" "$(ev_billed)"
}

@test "a circle of parents ends, and everyone in it charges if one of them may" {
	# the circle can be in either database: SteVe knows parents of tags, the local one of cards
	ev_preset '[]' '[{idTag: "A", parentIdTag: "B", maxActiveTransactionCount: 1}, {idTag: "B", parentIdTag: "A", maxActiveTransactionCount: 1},
		{idTag: "C", maxActiveTransactionCount: 1}, {idTag: "D", maxActiveTransactionCount: 1},
		{idTag: "E", parentIdTag: "E", maxActiveTransactionCount: 1}]' \
		"INSERT INTO ev_cards VALUES ('C', 'D', NULL, NULL, 0), ('D', 'C', NULL, NULL, 0)"
	ev_run
	is "A 0, B 0, C 0, D 0, E 0" "$(tags_now)"
	db local "UPDATE ev_cards SET is_active = 1 WHERE id_tag = 'D'; INSERT INTO ev_cards VALUES ('b', NULL, NULL, NULL, 1)"
	ev_run
	is "A -1, B -1, C -1, D -1, E 0" "$(tags_now)"
}

@test "a card edited by hand in SteVe is put right by the next run, and what is not mapped is left" {
	ev_preset "$sessions" "$tags" "$cards"
	ev_run
	is "$tags_right" "$(tags_now)"
	standin steve tags -X POST -f -d '[{"idTag": "CARD-LOST", "maxActiveTransactionCount": 1},
		{"idTag": "CARD-ANNA", "note": "by hand"}]' >/dev/null
	forget_all
	ev_run
	is "$tags_right" "$(tags_now)"
	is 1 "$(all_writes)" "writes that put it right"
	is "by hand" "$(standin steve state | jq -r '.tags[] | select(.idTag == "CARD-ANNA") | .note')"
	has DRIFTED "$(ev_reasons tag-linking)"
	forget_all
	ev_run
	is 0 "$(all_writes)"
}

@test "a blocked card: one write; its sessions of before stay billed" {
	ev_preset "$sessions" "$tags" "$cards"
	ev_run
	db local "UPDATE ev_cards SET is_active = 0 WHERE id_tag = 'CARD-ANNA'"
	forget_all
	ev_run
	is 1 "$(all_writes)"
	is "${tags_right/CARD-ANNA -1/CARD-ANNA 0}" "$(tags_now)"
	is "$billed" "$(ev_billed)"
}

@test "a customer that is deleted in Lago keeps its copy, marked; when it comes back the mark goes" {
	ev_preset "$sessions" "$tags" "$cards"
	ev_run
	is "anna, fleet" "$(copies)"
	standin lago state/customers/anna -X DELETE >/dev/null
	ev_run
	is "anna gone, fleet" "$(copies)"
	is 1 "$(field "/runs/$run_id" .rows_disabled)"
	marked=$(db local "SELECT deleted_at FROM lago_customers WHERE external_id = 'anna'")
	ev_run
	is "anna gone, fleet" "$(copies)"
	is "$marked" "$(db local "SELECT deleted_at FROM lago_customers WHERE external_id = 'anna'")" "when it was first missed"
	# the same one again, with the same lago_id: a Lago restored from a backup
	kill -KILL "$lago_pid"
	wait "$lago_pid" || :
	start_lago "$(cat "$T/lago.seed")" --listen "${lago#http://}"
	ev_run
	is "anna, fleet" "$(copies)"
	has REAPPEARED "$(ev_reasons lago-customers)"
	ev_run
	is "anna, fleet" "$(copies)"
}

@test "a customer made anew in Lago under the same id is another one: both copies are kept apart" {
	ev_preset "$sessions" "$tags" "$cards"
	ev_run
	standin lago state/customers/anna -X DELETE >/dev/null
	standin lago seed -X POST -d '{"customers": [{"external_id": "anna", "name": "Anna again"}]}' >/dev/null
	ev_run
	is "anna, anna gone, fleet" "$(copies)"
	is "Anna again" "$(db local "SELECT name FROM lago_customers WHERE external_id = 'anna' AND deleted_at IS NULL")"
}

@test "Lago is down: the cards are linked nevertheless, and the sessions are billed when it is back" {
	ev_preset "$sessions" "$tags" "$cards"
	fault lago '{"route": "*", "kind": "500", "status": 503, "times": -1}'
	sed -i 's/family: lago/family: lago\n    retries: 0/' "$T/etc/connections.d/ev-charging.yaml"
	post /reload
	run_sync ev-charging
	is "transactions error, lago-billable-metrics error, lago-plans error, lago-customers error, lago-subscriptions error, lago-invoices error, lago-wallets error, local-reconcile warning" \
		"$(troubled)"
	is "$tags_right" "$(tags_now)"
	is "" "$(copies)"
	no_faults lago
	ev_run
	is "$billed" "$(ev_billed)"
	is "anna, fleet" "$(copies)"
	is "" "$(troubled)"
}

@test "an event refused after the preview: the ledger says so from the next run on" {
	ev_preset "$sessions" "$tags" "$cards"
	preview=$(trigger ev-charging '{"preview": true}')
	is preview_ready "$(wait_run "$preview")"
	fault lago '{"route": "POST /api/v1/events/batch", "kind": "reject_value", "field": "transaction_id", "value": "steve_tx_1_final"}'
	run_id=$(post "/runs/$preview/promote" | jq -er .run_id)
	is completed "$(wait_run "$run_id")"
	is 1 "$(field "/runs/$run_id" .rows_failed)"
	has_not "steve_tx_1_final" "$(ev_billed)"
	run_sync ev-charging
	is "steve_tx_2_final, steve_tx_3_final" "$(db local "SELECT group_concat(e, ', ') FROM (SELECT event_id AS e
		FROM charging_sessions WHERE event_id IS NOT NULL ORDER BY transaction_pk)")"
	no_faults lago
	ev_run
	ev_run
	is "$billed" "$(ev_billed)"
	is 3 "$(db local "SELECT count(event_id) FROM charging_sessions")"
}
