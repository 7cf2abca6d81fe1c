#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A new configuration is taken as a whole or not at all, and never under a run's feet.
load lib

story_setup() {
	connection crm sqlite "path: $T/crm.db" "busy_timeout: 60s"
	connection copy sqlite "path: $T/copy.db"
	db crm "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO people VALUES (1, 'Ann')"
	db copy "CREATE TABLE contacts (id INTEGER PRIMARY KEY, name TEXT)"
	write_sync people name
	start_ferryd
}

# write_sync NAME EXPRESSION
write_sync() {
	sync_file "$1" <<-END
		source: {connection: crm, table: people}
		destination: {connection: copy, table: contacts}
		key: id
		map: {id: id, name: $2}
	END
}

name() { db copy "SELECT name FROM contacts"; }

@test "a good reload: the new syncs are there, the number of the generation grows" {
	is 1 "$(field /status .generation.number)"
	write_sync more name
	run -0 ctl reload
	is "2 2" "$(field /status '"\(.generation.number) \(.syncs)"')"
	is '["more","people"]' "$(field /syncs '[.data[].id] | sort | tojson')"
	is completed "$(run_sync more)"
}

@test "a reload says which files it has found changed, and the status which files are in force" {
	before=$(field /status .generation.fingerprint)
	write_sync people "upper(name)"
	write_sync more name
	run -0 ctl reload
	is "generation 2 is in force
  added    $T/etc/syncs.d/more.yaml
  changed  $T/etc/syncs.d/people.yaml" "$output"
	[ "$(field /status .generation.fingerprint)" != "$before" ]
	write_sync people name
	rm "$T/etc/syncs.d/more.yaml"
	is "changed people.yaml, removed more.yaml" \
		"$(post /reload | jq -r '[.changes[] | "\(.change) \(.file | sub(".*/"; ""))"] | sort | join(", ")')"
	is "$before" "$(field /status .generation.fingerprint)"
	run -0 ctl reload
	has "no file has changed"
}

@test "a bad reload: exit 1, all mistakes with their places, and everything goes on as before" {
	write_sync people "upper(name"
	run -1 ctl reload
	has "$T/etc/syncs.d/people.yaml:5:21: expression 'upper(name': incomplete input"
	sync_file more <<<"mode: upsrt"
	sync_file most <<<"mode: upsrt"
	run -1 ctl reload
	has "$T/etc/syncs.d/more.yaml:2:7: "
	has "$T/etc/syncs.d/most.yaml:2:7: "
	rm "$T/etc/syncs.d/more.yaml" "$T/etc/syncs.d/most.yaml"
	is 1 "$(field /status .generation.number)"
	is completed "$(run_sync people)"
	is Ann "$(name)"
}

@test "a bad reload by the API: 422 with a list of the mistakes" {
	sync_file people <<<"mode: upsrt"
	run -0 api /reload -X POST -w '\n%{http_code}'
	is 422 "${lines[1]}"
	is '{"file":"syncs.d/people.yaml","line":2,"column":7}' \
		"$(jq -c '.error.issues[] | select(.text | contains("upsrt")) | {file, line, column}' <<<"${lines[0]//$T\/etc\//}")"
}

@test "a bad reload is seen in the health until a good one" {
	sync_file people <<<"mode: upsrt"
	run -1 ctl reload
	is "200 degraded" "$(http_status /healthz) $(field /healthz .status)"
	has "1 mistake" "$(field /status .reload_error.message)" || has "mistakes" "$(field /status .reload_error.message)"
	write_sync people name
	ctl reload
	is ok "$(field /healthz .status)"
	is null "$(field /status .reload_error)"
}

@test "SIGHUP reloads, too" {
	write_sync more name
	kill -HUP "${ferryd_pid:?}"
	wait_for "[ \$(field /status .syncs) = 2 ]"
}

@test "a run under way keeps the definition it has started with; the next one has the new" {
	hold crm
	run=$(trigger people)
	wait_stage "$run" validate_setup
	write_sync people "upper(name)"
	ctl reload
	next=$(trigger people)
	release
	is completed "$(wait_run "$run")"
	is completed "$(wait_run "$next")"
	is "created 1" "$(rows "$run")"
	is "updated 1" "$(rows "$next")"
	is '{"name":"name","before":"Ann","after":"ANN","changed":true}' \
		"$(field "/runs/$next/plan" '.data[0].fields[] | select(.name == "name") | tojson')"
	is ANN "$(name)"
}

@test "a sync that is no longer configured ends its run, keeps its runs, and cannot be started" {
	hold crm
	run=$(trigger people)
	wait_stage "$run" validate_setup
	rm "$T/etc/syncs.d/people.yaml"
	ctl reload
	is 404 "$(http_status /syncs/people)"
	is 404 "$(http_status /syncs/people/trigger -X POST)"
	release
	is completed "$(wait_run "$run")"
	is Ann "$(name)"
	is 1 "$(field /syncs/people/runs .pagination.total)"
	is STATE "$(post "/runs/$run/retry" | jq -r .error.code)"
}
