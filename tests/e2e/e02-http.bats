#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Any JSON API without a line of C: a table goes to one in batches, faults are named and repaired by the
# next run, and records are read from one page by page.
load lib
load faults

INGEST="POST /ingest"

story_setup() {
	export HTTP_TOKEN=test-token-of-the-api
	start_standin http '{}' --key id --token "$HTTP_TOKEN" --
	http=$address
	connection api http "url: $http" 'auth: {type: bearer, token: "${env:HTTP_TOKEN}"}' 'headers: {X-Tenant: "7"}' \
		"check: /ping" "retry_base: 10ms" "timeout: 1s" "retries: 1" "rate_limit: {lanes: 1}"
	connection from sqlite "path: $T/from.db"
	db from "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, amount TEXT, born TEXT);
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 25)
		INSERT INTO people SELECT i, 'name \"' || i || '\"', i || '.50', '2001-02-03' FROM n"
	sync_file people <<-'END'
		source: {connection: from, table: people}
		destination:
		  connection: api
		  upsert: {method: POST, path: /ingest, body: '{"records": {{records}}}'}
		  delete: {method: POST, path: /ingest/delete, body: '{{records}}', each: '{{key}}'}
		  batch: 10
		  idempotent: true
		key: id
		mode: mirror
		map: {id: id, name: name, money.amount: amount, money.currency: "'EUR'"}
	END
	start_ferryd
}

# change_sync SED-SCRIPT
change_sync() {
	sed -i "$1" "$T/etc/syncs.d/people.yaml"
	post /reload >/dev/null
}

# The API holds what the table has.
in_the_end_all_are_there() {
	local want have
	want=$(db from "SELECT id || '|' || name || '|' || amount FROM people ORDER BY id")
	have=$(standin http state | jq -r '.records | sort_by(.id)[] | "\(.id)|\(.name)|\(.money.amount)"')
	is "$want" "$have"
}

# once_more: a run without a row error, after which all are there, and one more that has nothing to do.
once_more() {
	run_sync people
	completed_clean "$run_id" || { message_of "$run_id"; errors "$run_id"; return 1; }
	in_the_end_all_are_there || return
	forget http
	run_sync people
	completed_clean "$run_id" || return
	is 0 "$(writes http)" "writes of a run that has nothing to do"
}

@test "a table goes to the API in batches; a second run sends nothing, a change is one record" {
	run_sync people
	completed_clean "$run_id"
	is "created 25" "$(rows "$run_id")"
	is 3 "$(counts http ".by_route[\"$INGEST\"]")" "requests"
	is '{"records": [{"id":1,"name":"name \"1\"","money":{"amount":"1.50","currency":"EUR"}},' \
		"$(standin http log | jq -r '[.[] | select(.path == "/ingest")][0].body' | head -c 85)"
	in_the_end_all_are_there

	forget http
	run_sync people
	is "unchanged 25" "$(rows "$run_id")"
	is 0 "$(writes http)"

	db from "UPDATE people SET amount = '99.95' WHERE id = 7; DELETE FROM people WHERE id IN (3, 4)"
	forget http
	run_sync people
	completed_clean "$run_id"
	is "updated 1, deleted 2, unchanged 22" "$(rows "$run_id")"
	is '[["3","4"]]' "$(standin http log | jq -c '[.[] | select(.path == "/ingest/delete") | .body | fromjson]')"
	is "1 2" "$(counts http '.operations | "\(.updated) \(.deleted)"')"
	in_the_end_all_are_there
	has_not "$HTTP_TOKEN" "$(cat "$T/ferryd.log")$(api "/runs/$run_id")$(logs "$run_id")"
}

@test "a bad record is found in its batch, the others are there" {
	standin http refuse -X POST -f -d '{"field": "name", "value": "name \"13\""}' >/dev/null
	run_sync people
	is "completed 1" "$(field "/runs/$run_id" '"\(.status) \(.row_errors)"')"
	has "13|REJECTED|" "$(errors "$run_id")"
	is 24 "$(held http records)"
	standin http refuse -X DELETE >/dev/null
	once_more
}

@test "an answer that tells of each record: bad ones are refused without narrowing" {
	change_sync 's|path: /ingest,|path: "/ingest?results=1",|; s|batch: 10|batch: 10\n  results: {path: /results, id: /id, status: /status, error: /error/message, code: /error/code}|'
	standin http refuse -X POST -f -d '{"field": "name", "value": "name \"13\""}' >/dev/null
	run_sync people
	is "created 24, failed 1" "$(rows "$run_id")"
	has "13|value_is_invalid|" "$(errors "$run_id")"
	is 3 "$(counts http ".by_route[\"$INGEST\"]")" "requests"
	standin http refuse -X DELETE >/dev/null
	once_more
}

# writing FAULT CODE: the run fails with this while it writes; the next one repairs it.
writing() {
	echo "-- $1"
	db from "UPDATE people SET amount = amount || '1'"
	fault http "{\"route\": \"$INGEST\", $1}"
	run_sync people || return
	failed_with "$run_id" "$2" apply || return
	[ "$(hits http | awk '{ n += $2 } END { print n }')" -ge 1 ] || { echo "the fault did not strike"; return 1; }
	no_faults http
	once_more
}

@test "faults while writing: the run ends with the cause, the next one repairs it" {
	writing '"kind": "500", "times": -1, "after": 1' UNAVAILABLE
	writing '"kind": "500_after", "times": -1, "after": 1' UNAVAILABLE
	writing '"kind": "429", "times": -1' RATE_LIMIT
	writing '"kind": "expired_key", "times": -1' AUTH
	writing '"kind": "cut_before", "times": -1' NETWORK
	writing '"kind": "cut_after_write", "times": -1, "after": 2' NETWORK
	writing '"kind": "hang", "times": -1' TIMEOUT
}

@test "an answer that should tell of each record and is none: nothing counts as done" {
	change_sync 's|path: /ingest,|path: "/ingest?results=1",|; s|batch: 10|batch: 10\n  results: {path: /results, id: /id, status: /status}|'
	writing '"kind": "invalid_json", "times": 1' PROTOCOL
	writing '"kind": "html", "times": 1' PROTOCOL
}

@test "what passes by itself is waited for" {
	fault http "{\"route\": \"$INGEST\", \"kind\": \"500\", \"times\": 1}"
	fault http "{\"route\": \"$INGEST\", \"kind\": \"cut_after_write\", \"times\": 1, \"after\": 3}"
	once_more
	is "500 1
cut_after_write 1" "$(hits http)"
}

@test "the API is unreachable, or refuses the credentials: told before anything is read" {
	fault http '{"route": "GET /ping", "kind": "expired_key", "times": -1}'
	run_sync people
	failed_with "$run_id" AUTH validate_setup
	no_faults http
	kill -KILL "$standin_pid"
	run_sync people
	failed_with "$run_id" CONNECT validate_setup
}

# Single requests, none of which may be sent twice.
single_requests() {
	sync_file people <<-'END'
		source: {connection: from, table: people}
		destination:
		  connection: api
		  create: {path: /contacts, body: '{"contact": {{record}}}', id: /contact/id}
		  update: {path: '/contacts/{{id}}', method: PATCH}
		  delete: {path: '/contacts/{{id}}'}
		  lookup: {path: '/contacts/{{key}}', record: /contact, id: /id}
		key: id
		mode: mirror
		map: {id: id, name: name, money.amount: amount, money.currency: "'EUR'"}
	END
	db from "DELETE FROM people WHERE id > 4"
	post /reload >/dev/null
}

@test "one request for each record: a create without an answer is settled by looking" {
	single_requests
	fault http '{"route": "POST /contacts", "kind": "cut_after_write", "times": 1, "after": 1}'
	run_sync people
	failed_with "$run_id" NETWORK apply
	has "in doubt" "$(logs "$run_id")"
	is 2 "$(held http records)"
	no_faults http
	forget http
	run_sync people
	completed_clean "$run_id"
	has "1 had been delivered" "$(logs "$run_id")"
	is "created 2, unchanged 2" "$(rows "$run_id")"
	is 2 "$(writes http)"
	in_the_end_all_are_there

	db from "UPDATE people SET name = 'other' WHERE id = 1; DELETE FROM people WHERE id = 2"
	forget http
	run_sync people
	is "updated 1, deleted 1, unchanged 2" "$(rows "$run_id")"
	is '["DELETE /contacts/2","PATCH /contacts/1"]' \
		"$(standin http log | jq -c '[.[] | select(.method != "GET") | "\(.method) \(.path)"] | sort')"
	in_the_end_all_are_there
}

@test "without a way to look, a create without an answer stays in doubt and is never sent twice" {
	single_requests
	change_sync '/^  lookup:/d'
	fault http '{"route": "POST /contacts", "kind": "cut_after_write", "times": 1}'
	run_sync people
	failed_with "$run_id" NETWORK apply
	forget http
	run_sync people
	has "1 stay in doubt" "$(logs "$run_id")"
	is "created 3, conflicts 1" "$(rows "$run_id")"
	is 4 "$(held http records)"
	is '[201,201,201]' "$(standin http log | jq -c '[.[] | select(.method == "POST") | .status]')"
}

# A list of 250 records in pages of 100.
start_list() {
	start_standin http '{"generate": 250}' --key external_id --oauth me:word-of-the-client -- "$@"
	http=$address
	connection api http "url: $http" "retry_base: 10ms" "retries: 1" \
		'auth: {type: oauth2, token_url: /oauth/token, client_id: me, client_secret: "${env:CLIENT_SECRET}"}'
	sync_file list <<-'END'
		source:
		  connection: api
		  path: /contacts
		  records: /data
		  query: {limit: "100"}
		  pagination: {type: cursor, next: /meta/next}
		  columns: {id: /external_id, name: /name, amount: /amount, all: ""}
		destination: {connection: from, table: contacts}
		key: id
		mode: mirror
		map: {id: id, name: name, amount: amount}
	END
	db from "CREATE TABLE contacts (id TEXT PRIMARY KEY, name TEXT, amount TEXT)"
	post /reload >/dev/null
}

# list_is N: so many contacts are in the table.
list_is() { is "$1" "$(db from "SELECT count(*) FROM contacts")" "contacts"; }

@test "a list is read by cursor, with a token that is fetched and renewed" {
	export CLIENT_SECRET=word-of-the-client
	stop_ferryd
	start_ferryd
	start_list
	run_sync list
	completed_clean "$run_id" || { message_of "$run_id"; return 1; }
	is 3 "$(counts http '.by_route["GET /contacts"]')" "pages"
	is 1 "$(counts http '.by_route["POST /oauth/token"]')" "tokens"
	list_is 250
	is "k000007|name 7|7.50" "$(db from "SELECT id, name, amount FROM contacts WHERE id = 'k000007'")"

	# withdrawn while the list is read
	fault http '{"route": "GET /contacts", "kind": "expired_key", "times": 1, "after": 1}'
	forget http
	run_sync list
	completed_clean "$run_id"
	is "unchanged 250" "$(rows "$run_id")"
	is 2 "$(counts http '.by_route["POST /oauth/token"]')" "tokens"
	has_not "$CLIENT_SECRET" "$(cat "$T/ferryd.log")$(api "/runs/$run_id")$(logs "$run_id")"
}

@test "a list that breaks off or turns in a circle changes nothing; other pages read the same" {
	export CLIENT_SECRET=word-of-the-client
	stop_ferryd
	start_ferryd
	start_list
	fault http '{"route": "GET /contacts", "kind": "500", "times": -1, "after": 2}'
	run_sync list
	failed_with "$run_id" UNAVAILABLE extract
	list_is 0
	no_faults http
	fault http '{"route": "GET /contacts", "kind": "invalid_json", "times": 1, "after": 1}'
	run_sync list
	failed_with "$run_id" PROTOCOL extract
	list_is 0
	no_faults http

	sed -i 's/query: .*/query: {limit: "100", stuck: "1"}/' "$T/etc/syncs.d/list.yaml"
	post /reload >/dev/null
	run_sync list
	failed_with "$run_id" PROTOCOL extract
	has "followed by one that was there before" "$(message_of "$run_id")"
	list_is 0

	local pagination
	for pagination in '{type: cursor, next: /meta/next}' '{type: next_url, next: /links/next}' \
		'{type: page, size_parameter: per_page, size: 60}' '{type: page, last: /meta/last}' \
		'{type: offset, total: /meta/total}'; do
		echo "-- $pagination"
		sed -i "s|query: .*|query: {}|; s|pagination: .*|pagination: $pagination|" "$T/etc/syncs.d/list.yaml"
		post /reload >/dev/null
		run_sync list
		completed_clean "$run_id" || { message_of "$run_id"; return 1; }
		list_is 250
	done
	is "unchanged 250" "$(rows "$run_id")"
}
