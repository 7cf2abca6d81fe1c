#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Every fault of SteVe and Lago in every segment of the EV-charging preset: the segment it strikes fails
# in the right stage with the right code and a hint, the others do their work, and the next run repairs it.
load lib
load postgres
load faults

tags='[{idTag: "CARD-ANNA", maxActiveTransactionCount: 1}, {idTag: "CARD-LOST", maxActiveTransactionCount: 1}]'
cards="INSERT INTO ev_cards VALUES ('CARD-ANNA', NULL, 'anna', 'sub-anna', TRUE), ('CARD-LOST', NULL, 'anna', 'sub-anna', FALSE)"

# local_sql SQL: in the operator's database, whichever it is.
local_sql() { if [ -n "${PG-}" ]; then pg "$1"; else db local "$1"; fi; }

# Something for each segment to do that writes: one more session, and the card switched over.
something_new() {
	sessions=$((sessions + 1))
	ev_session "session($sessions; \"CARD-ANNA\"; 0; $((sessions * 1000)); hours(5); hours(4))"
	local_sql "UPDATE ev_cards SET is_active = NOT is_active WHERE id_tag = 'CARD-LOST'"
}

expected_code() { # KIND
	case $1 in
	429) echo RATE_LIMIT ;;
	500) echo UNAVAILABLE ;;
	hang) echo TIMEOUT ;;
	cut_after_write | cut_before) echo NETWORK ;;
	invalid_json | html) echo PROTOCOL ;;
	expired_key) echo AUTH ;;
	esac
}

# strike PEER ROUTES KIND "SEGMENT/STAGE..." [AFTER]: the run with the fault, from the request after so
# many on, and the run after it. ROUTES: one, or several with commas between.
strike() {
	local peer=$1 route=$2 kind=$3 where=$4 said one routes
	something_new
	IFS=, read -ra routes <<<"$route"
	for one in "${routes[@]}"; do
		fault "$peer" "{\"route\": \"$one\", \"kind\": \"$kind\", \"after\": ${5-0}, \"times\": -1}"
	done
	run_sync ev-charging
	no_faults "$peer"
	is completed "$run_status" "$kind at $route"
	is "$where" "$(failed_stages "$run_id" | paste -sd ' ')" "stages that fail for $kind at $route"
	said=$(field "/runs/$run_id" '[.segments[] | select(.error != null and .error != {}) |
		"\(.error.code) \(if (.error.hint // "") == "" then "no hint" else "hint" end) \(if .error.message == "" then "no message" else "message" end)"] | unique | join(", ")')
	is "$(expected_code "$kind") hint message" "$said" "what the segment says of $kind at $route"
	run_sync ev-charging
	is "completed " "$run_status $(failed_stages "$run_id")" "the run after $kind at $route"
	repaired "$kind at $route"
}

# repaired WHAT: every session is billed once, the card is as it should be, the copies are there.
repaired() {
	local wanted
	wanted=$(for ((i = 1; i <= sessions; i++)); do printf 'steve_tx_%d_final sub-anna %d.000\n' $i $i; done | sort)
	is "$wanted" "$(ev_billed)" "events after $1"
	is "$(local_sql "SELECT CASE WHEN is_active THEN -1 ELSE 0 END FROM ev_cards WHERE id_tag = 'CARD-LOST'")" \
		"$(standin steve state | jq '.tags[] | select(.idTag == "CARD-LOST").maxActiveTransactionCount')" "the card after $1"
	is "$sessions" "$(local_sql "SELECT count(event_id) FROM charging_sessions")" "sessions with their event after $1"
	is "1 1 1 1" "$(local_sql "SELECT (SELECT count(*) FROM lago_billable_metrics WHERE deleted_at IS NULL) || ' ' ||
		(SELECT count(*) FROM lago_plans WHERE deleted_at IS NULL) || ' ' ||
		(SELECT count(*) FROM lago_invoices WHERE deleted_at IS NULL) || ' ' ||
		(SELECT count(*) FROM lago_wallets WHERE deleted_at IS NULL)")" "copies after $1"
}

preset() {
	sessions=0
	ev_preset '[]' "$tags" "$cards"
	standin lago seed -X POST -d '{"wallets": [{"lago_id": "w1", "external_customer_id": "anna", "currency": "EUR"}],
		"invoices": [{"lago_id": "i1", "external_customer_id": "anna", "number": "A-1", "currency": "EUR"}]}' >/dev/null
	sed -i 's/^    family: \(steve\|lago\).*/&\n    retries: 0\n    timeout: 600ms/' "$T/etc/connections.d/ev-charging.yaml"
	post /reload >/dev/null
	something_new
	ev_run
	repaired "the first run"
}

kinds="429 500 hang cut_after_write invalid_json expired_key"

@test "SteVe's lists: cards, and sessions for billing and for the ledger" {
	preset
	for kind in $kinds; do
		# which also tells whether SteVe is there at all
		strike steve "GET /api/v1/ocppTags" $kind \
			"tag-linking/validate_setup transactions/validate_setup charging-sessions/validate_setup"
		strike steve "GET /api/v1/transactions" $kind "transactions/extract charging-sessions/extract"
	done
}

@test "SteVe's cards being written" {
	preset
	for kind in $kinds; do
		strike steve "PUT /api/v1/ocppTags/{ocppTagPk}" $kind "tag-linking/apply"
	done
}

@test "Lago's billable metric, which guards the events, and the events themselves" {
	preset
	for kind in $kinds; do
		strike lago "GET /api/v1/billable_metrics/{code}" $kind "transactions/validate_setup"
		strike lago "POST /api/v1/events/batch" $kind "transactions/apply"
	done
}

@test "Lago's lists, each its own segment" {
	preset
	local resource routes='' stages=''
	for resource in billable_metrics plans customers subscriptions invoices wallets; do
		strike lago "GET /api/v1/$resource" cut_after_write "lago-${resource/_/-}/extract" 1
		routes=$routes,"GET /api/v1/$resource"
		stages="$stages lago-${resource/_/-}/extract"
	done
	for kind in $kinds; do
		strike lago "${routes#,}" $kind "${stages# }" 1
	done
	strike lago "GET /api/v1/wallets" expired_key "lago-wallets/validate_setup"
}

@test "the operator's database on PostgreSQL: the same, and nothing is written twice" {
	postgres_start
	preset
	strike steve "GET /api/v1/transactions" hang "transactions/extract charging-sessions/extract"
	strike steve "PUT /api/v1/ocppTags/{ocppTagPk}" cut_after_write "tag-linking/apply"
	strike lago "POST /api/v1/events/batch" cut_after_write "transactions/apply"
	strike lago "GET /api/v1/customers" invalid_json "lago-customers/extract" 1
	ev_run
	is "0 0 0" "$(field "/runs/$run_id" '"\(.rows_created) \(.rows_updated) \(.rows_deleted)"')" "rows written by a run with nothing new"
}

@test "the operator's database fails: what needs it says so, the rest goes on, and the next run catches up" {
	postgres_start
	preset
	something_new
	postgres_down
	run_sync ev-charging
	is completed "$run_status"
	has "tag-linking/extract" "$(failed_stages "$run_id")"
	is "CONNECT" "$(field "/runs/$run_id" '[.segments[].error.code // empty] | unique | join(" ")')"
	postgres_up
	ev_run
	is "" "$(failed_stages "$run_id")"
	repaired "a database that was away"
}
