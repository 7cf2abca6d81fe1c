#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SteVe answers badly while it is read: nothing is written to Lago. While a tag is written: the next run
# finds out what became of it.
load lib
load faults

SESSIONS="GET /api/v1/transactions"

story_setup() {
	start_lago '{"billable_metrics": [{"name": "kWh", "code": "kwh", "aggregation_type": "sum_agg", "field_name": "value"}]}'
	start_steve "$(jq -n '(now | floor) as $now | def at(h): $now - h * 3600 | todate; {
		tags: [range(1; 4) | {idTag: "TAG\(.)", maxActiveTransactionCount: 1, note: "note \(.)"}],
		transactions: [range(1; 21) | {id: ., ocppIdTag: "TAG\(. % 3 + 1)", chargeBoxId: "CB", connectorId: 1,
			startValue: "\(. * 1000)", startTimestamp: at(100 - .), stopValue: "\(. * 1000 + 500)",
			stopTimestamp: at(99 - .), stopReason: "Local", stopEventActor: "station"}]}')"
	connection_lago
	connection_steve "retry_base: 10ms" "timeout: 1s" "retries: 2" "rate_limit: {lanes: 1}"
	sync_file sessions <<-END
		source: {connection: steve, resource: transactions, lookback: 30d}
		destination: {connection: lago, resource: events, billable_metric: kwh, field_name: value}
		key: id
		mode: append
		map:
		  transaction_id: "'steve-' || id"
		  external_subscription_id: "'sub-' || ocppIdTag"
		  code: "'kwh'"
		  timestamp: unixepoch(stopTimestamp)
		  properties.value: "printf('%d.%03d', (stop_wh - start_wh) / 1000, (stop_wh - start_wh) % 1000)"
	END
	connection from sqlite "path: $T/from.db"
	db from "CREATE TABLE cards (id_tag TEXT PRIMARY KEY, most INTEGER);
		INSERT INTO cards VALUES ('TAG1', 5), ('TAG2', 5), ('TAG3', 5)"
	sync_file tags <<-END
		source: {connection: from, table: cards}
		destination: {connection: steve, resource: tags}
		key: id_tag
		mode: update
		map: {idTag: id_tag, maxActiveTransactionCount: most}
	END
	start_ferryd
}

# reading FAULT CODE [STAGE]: the run fails with this code, and Lago is not written to.
reading() {
	echo "-- $1"
	fault steve "{\"route\": \"$SESSIONS\", $1}"
	forget lago
	forget steve
	run_sync sessions || return
	failed_with "$run_id" "$2" "${3-extract}" || return
	is 0 "$(writes lago)" "writes to Lago" || return
	[ "$(hits steve | awk '{ n += $2 } END { print n }')" -ge 1 ] || { echo "the fault did not strike"; return 1; }
	no_faults steve
}

in_the_end_all_are_there() {
	run_sync sessions
	completed_clean "$run_id" || return
	is "20 20 10.000" "$(held lago events '"\(.count) \(.distinct_transaction_ids) \(.sum_value)"')" || return
	forget lago
	run_sync sessions
	completed_clean "$run_id" || return
	is 0 "$(writes lago)"
}

@test "sessions that cannot be read: nothing is written to Lago, each cause has its name" {
	reading '"kind": "expired_key", "times": -1' AUTH
	is 1 "$(counts steve ".by_route[\"$SESSIONS\"]")" "requests with a password that is refused"
	has_not "$STEVE_PASSWORD" "$(api "/runs/$run_id")$(logs "$run_id")$(cat "$T/ferryd.log")"
	reading '"kind": "500", "times": -1' UNAVAILABLE
	is 3 "$(counts steve ".by_route[\"$SESSIONS\"]")" "attempts"
	reading '"kind": "429", "times": -1' RATE_LIMIT
	reading '"kind": "cut_before", "times": -1' NETWORK
	reading '"kind": "invalid_json", "times": 1' PROTOCOL
	reading '"kind": "html", "times": 1' PROTOCOL
	in_the_end_all_are_there
}

@test "sessions of which the second page fails: what the first one gave is not written either" {
	# the second window of start times, and the open sessions
	sed -i 's/lookback: 30d/lookback: 30d, window: 20d/' "$T/etc/syncs.d/sessions.yaml"
	post /reload
	reading '"kind": "500", "times": -1, "after": 1' UNAVAILABLE
	reading '"kind": "invalid_json", "times": 1, "after": 2' PROTOCOL
	in_the_end_all_are_there
}

@test "sessions that hang: the connection's timeout ends each attempt" {
	sed -i 's/retries: 2/retries: 1/' "$T/etc/connections.d/steve.yaml"
	post /reload
	reading '"kind": "hang", "times": -1' TIMEOUT
	is 2 "$(counts steve ".by_route[\"$SESSIONS\"]")" "attempts"
	in_the_end_all_are_there
}

@test "what passes by itself is waited for while reading too" {
	fault steve "{\"route\": \"$SESSIONS\", \"kind\": \"500\", \"times\": 2}"
	fault steve "{\"route\": \"$SESSIONS\", \"kind\": \"cut_before\", \"times\": 1, \"after\": 3}"
	in_the_end_all_are_there
	is "500 2
cut_before 1" "$(hits steve)"
}

@test "sessions whose answer breaks off in the middle are asked for again, and none is billed twice" {
	fault steve "{\"route\": \"$SESSIONS\", \"kind\": \"cut_in_answer\", \"times\": 2}"
	run_sync sessions
	completed_clean "$run_id"
	has "broke off after" "$(logs "$run_id")"
	is "cut_in_answer 2" "$(hits steve)"
	in_the_end_all_are_there
	no_faults steve
	# for ever, it is a failure that says so
	post /reload
	reading '"kind": "cut_in_answer", "times": -1' NETWORK
}

@test "a SteVe up to 3.7: a key in a header instead of user and password, and times without zone" {
	kill "$steve_pid"
	start_standin steve '{}' --version 3.7 --api-key old-key --api-key-header X-CHARGE -- "$(cat "$T/steve.seed")"
	steve=$address
	key="api_key: old-key"
	old() { connection steve steve "url: $steve/steve" "$@"; }
	old "$key" "api_key_header: X-CHARGE"
	db from "UPDATE cards SET most = 0 WHERE id_tag = 'TAG2'"
	post /reload
	in_the_end_all_are_there
	run_sync tags
	completed_clean "$run_id"
	is "updated 3" "$(rows "$run_id")"
	is 0 "$(standin steve state | jq '.tags[] | select(.idTag == "TAG2") | .maxActiveTransactionCount')"
	# the wrong header, and the credentials of a later version
	old "$key"
	post /reload
	run_sync sessions
	failed_with "$run_id" AUTH validate_setup
	has webapi.key "$(field "/runs/$run_id" .error.hint)"
	old "username: $STEVE_USER" "password: $STEVE_PASSWORD"
	post /reload
	run_sync sessions
	failed_with "$run_id" AUTH validate_setup
	has api_password "$(field "/runs/$run_id" .error.hint)"
	has "10 minutes" "$(field "/runs/$run_id" .error.hint)"
}

@test "testing the connection goes step by step, and says at which one it fails" {
	try() { "$ferryctl" --json test steve | jq -r '.steps[] | "\(.name) \(.status)"'; }
	is "settings ok
address ok
credentials ok
version ok
permissions ok" "$(try)"
	connection steve steve "url: $steve/charging" "username: $STEVE_USER" "password: $STEVE_PASSWORD"
	post /reload
	run -1 "$ferryctl" test steve
	has "context path"
	connection steve steve "url: $steve/steve" "username: $STEVE_USER" "password: not-this-one"
	post /reload
	run -1 "$ferryctl" test steve
	has api_password
	has_not not-this-one
}

@test "--check refuses what cannot go well with SteVe, at its place" {
	connection steve steve "url: ftp://x/steve" "username: a:b" "password: x"
	sed -i 's/^key: id$/key: chargeBoxId/' "$T/etc/syncs.d/sessions.yaml"
	sed -i 's/^mode: update$/mode: mirror/' "$T/etc/syncs.d/tags.yaml"
	run -1 "$ferryd" --config "$T/etc" --check
	has "steve.yaml:4:10: connection 'steve': url: it must begin with https:// or http://"
	has "steve.yaml:5:15: connection 'steve': username: a colon"
	has 'steve-transactions needs `key: id`'
	has "steve-tags cannot delete (allowed: ignore, disable)"
}

@test "SteVe is unreachable: the run fails with CONNECT before anything is read from Lago's side" {
	kill -KILL "$steve_pid"
	run_sync sessions
	failed_with "$run_id" CONNECT validate_setup
	is 0 "$(writes lago)"
}

# tags_are N: all tags hold so many sessions at once, and the notes are as they were.
tags_are() {
	is "TAG1 $1 note 1, TAG2 $1 note 2, TAG3 $1 note 3" "$(standin steve state |
		jq -r '[.tags | sort_by(.idTag)[] | "\(.idTag) \(.maxActiveTransactionCount) \(.note)"] | join(", ")')"
}

@test "a PUT without an answer: looking at the tag tells that it arrived, and it is not sent again" {
	fault steve '{"route": "PUT /api/v1/ocppTags/{ocppTagPk}", "kind": "cut_after_write", "times": -1}'
	forget steve
	run_sync tags
	completed_clean "$run_id"
	is "updated 3" "$(rows "$run_id")"
	is 3 "$(writes steve)"
	is "cut_after_write 3" "$(hits steve)"
	tags_are 5
}

@test "a tag whose PUT got no answer before the run ended is settled by the next run" {
	sed -i 's/retries: 2/retries: 0/' "$T/etc/connections.d/steve.yaml"
	post /reload
	fault steve '{"route": "PUT /api/v1/ocppTags/{ocppTagPk}", "kind": "cut_after_write", "times": -1}'
	forget steve
	run_sync tags
	failed_with "$run_id" NETWORK apply
	has "in doubt" "$(logs "$run_id")"
	is 1 "$(standin steve state | jq '[.tags[] | select(.maxActiveTransactionCount == 5)] | length')" "tags written"
	no_faults steve
	forget steve
	run_sync tags
	completed_clean "$run_id"
	has "an earlier run left rows in doubt: 1 had been delivered" "$(logs "$run_id")"
	is "updated 2, unchanged 1" "$(rows "$run_id")"
	is 2 "$(writes steve)"
	tags_are 5
	forget steve
	run_sync tags
	is "unchanged 3" "$(rows "$run_id")"
	is 0 "$(writes steve)"
}

@test "tags while SteVe fails: the run ends with the cause, the next one repairs it" {
	most=5
	for fault in '"kind": "500", "times": -1|UNAVAILABLE' '"kind": "expired_key", "times": -1|AUTH' \
		'"kind": "invalid_json", "times": 1|PROTOCOL' '"kind": "html", "times": 1|PROTOCOL'; do
		echo "-- $fault"
		most=$((most + 1))
		db from "UPDATE cards SET most = $most"
		fault steve "{\"route\": \"PUT /api/v1/ocppTags/{ocppTagPk}\", ${fault%|*}}"
		run_sync tags
		failed_with "$run_id" "${fault#*|}" apply
		[ "$(hits steve | cut -d' ' -f2)" -ge 1 ]
		no_faults steve
		run_sync tags
		completed_clean "$run_id"
		tags_are $most
	done
}

@test "what passes by itself is waited for while writing too" {
	fault steve '{"route": "PUT /api/v1/ocppTags/{ocppTagPk}", "kind": "500", "times": 1}'
	fault steve '{"route": "PUT /api/v1/ocppTags/{ocppTagPk}", "kind": "cut_after_write", "times": 1, "after": 1}'
	run_sync tags
	completed_clean "$run_id"
	is "500 1
cut_after_write 1" "$(hits steve)"
	tags_are 5
}
