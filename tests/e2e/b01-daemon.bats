#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The daemon and its HTTP interface, as any program with curl sees it.
load lib

story_setup() {
	connection crm sqlite "path: $T/crm.db" "busy_timeout: 60s"
	connection copy sqlite "path: $T/copy.db"
	db crm "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT);
		INSERT INTO people VALUES (1, 'Ann'), (2, 'Bo'), (3, NULL)"
	db copy "CREATE TABLE contacts (id INTEGER PRIMARY KEY, name TEXT NOT NULL)"
	sync_file people <<-END
		source: {connection: crm, table: people}
		destination: {connection: copy, table: contacts}
		key: id
		map: {id: id, name: name}
	END
	start_ferryd
}

@test "status and health" {
	is "${ferryd_pid:?}" "$(field /status .pid)"
	is '{"syncs":1,"runs":{"running":0,"queued":0,"hung":0},"stopping":false,"reload_error":null}' \
		"$(field /status '{syncs, runs, stopping, reload_error} | tojson')"
	is "$T/state" "$(field /status .state_dir)"
	is 200 "$(http_status /healthz)"
	is ok "$(field /healthz .status)"
	run -0 ctl status
	has "ferryd"
}

@test "the list of syncs, and one of them" {
	is '{"page":1,"per_page":20,"total":1}' "$(field /syncs '.pagination | tojson')"
	is '{"id":"people","last_run":null,"next_run_at":null}' "$(field /syncs/people '{id, last_run, next_run_at} | tojson')"
	is '{"kind":"manual","text":"manual","paused":false,"next_run_at":null,"reason":"on request only"}' \
		"$(field /syncs/people '.schedule | tojson')"
	is '{"connection":"crm","resource":null}' "$(field /syncs/people '.segments[0].source | tojson')"
}

@test "a trigger is answered with 202 and the run's number" {
	run -0 api /syncs/people/trigger -X POST -w '\n%{http_code}'
	is '{"run_id":1,"status":"queued","coalesced":false}
202' "$output"
	is completed "$(wait_run 1)"
	is "created 2, failed 1" "$(rows 1)"
}

@test "the run list has the documented shape" {
	run_sync people
	is '["data","pagination"]' "$(field /syncs/people/runs 'keys | tojson')"
	is '{"page":1,"per_page":20,"total":1}' "$(field /syncs/people/runs '.pagination | tojson')"
	is '{"id":1,"sync_id":"people","status":"completed","trigger":"api","rows_processed":3,"rows_created":2,"rows_updated":0,"rows_deleted":0,"rows_failed":1,"rows_skipped":0,"rows_unchanged":0}' \
		"$(field /syncs/people/runs '.data[0] | {id, sync_id, status, trigger, rows_processed, rows_created, rows_updated,
			rows_deleted, rows_failed, rows_skipped, rows_unchanged} | tojson')"
	time='^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z$'
	[[ $(field /runs/1 .started_at) =~ $time ]]
	[[ $(field /runs/1 .completed_at) =~ $time ]]
	is '["change_detection","destination_writes","finalization","query"]' "$(field /runs/1 '.phases | keys | tojson')"
	is number "$(field /runs/1 '.duration_seconds | type')"
}

@test "a run's detail: segments, stages in their order, decisions with reasons" {
	run_sync people
	is '["main"]' "$(field /runs/1 '[.segments[].name] | tojson')"
	is '["validate_setup","extract","canonicalize","reconcile","decide","apply","finalize"]' \
		"$(field /runs/1 '[.segments[0].stages[].name] | tojson')"
	is '["completed"]' "$(field /runs/1 '[.segments[0].stages[].status] | unique | tojson')"
	is 3 "$(field /runs/1 .summary.decisions.create)"
	is 3 "$(field /runs/1 .summary.reasons.NEW_IN_SOURCE)"
	is null "$(field /runs/1 .error)"
}

@test "a run's row errors, log lines and plan" {
	run_sync people
	is "3|CONSTRAINT_NOTNULL|name|NOT NULL constraint failed: contacts.name" "$(errors 1)"
	is "3|create|NEW_IN_SOURCE" "$(plan 1 | tail -1)"
	run -0 ctl errors 1
	has CONSTRAINT_NOTNULL
	db crm "DROP TABLE people"
	is failed "$(run_sync people)"
	is "main error" "$(field /runs/2/logs '.data[0] | "\(.segment) \(.level)"')"
	is 0 "$(field '/runs/2/logs?segment=other' .pagination.total)"
	run -0 ctl logs 2
	has "no such table: people"
	run -0 ctl show 2
	has "no such table: people"
}

@test "the page size is 20 when nothing is said, and never above 100" {
	db crm "WITH RECURSIVE n(i) AS (SELECT 4 UNION ALL SELECT i + 1 FROM n WHERE i < 150)
		INSERT INTO people SELECT i, 'n' || i FROM n"
	run_sync people
	is "20 20 150" "$(field /runs/1/plan '"\(.data | length) \(.pagination.per_page) \(.pagination.total)"')"
	is "100 100 150" "$(field '/runs/1/plan?per_page=1000' '"\(.data | length) \(.pagination.per_page) \(.pagination.total)"')"
	is "50 2" "$(field '/runs/1/plan?per_page=100&page=2' '"\(.data | length) \(.pagination.page)"')"
	is "0 150" "$(field '/runs/1/plan?page=99' '"\(.data | length) \(.pagination.total)"')"
	is 400 "$(http_status '/runs/1/plan?per_page=0')"
	is 400 "$(http_status '/runs/1/plan?page=0')"
	is 400 "$(http_status '/runs/1/plan?page=two')"
}

@test "what is not there is 404, a wrong method 405, and every error has the same shape" {
	is 404 "$(http_status /runs/99)"
	is 404 "$(http_status /runs/first)"
	is 404 "$(http_status /runs/-1)"
	is 404 "$(http_status /runs/99999999999999999999)"
	is 404 "$(http_status /runs/99/plan)"
	is 404 "$(http_status /syncs/pepole)"
	is 404 "$(http_status /syncs/pepole/runs)"
	is 404 "$(http_status /syncs/pepole/trigger -X POST)"
	is 404 "$(http_status /nothing)"
	is 405 "$(http_status /syncs/people/trigger)"
	is 405 "$(http_status /status -X DELETE)"
	is '{"error":["code","hint","message"]}' "$(field /runs/99 'map_values(keys) | tojson')"
	is NOT_FOUND "$(field /runs/99 .error.code)"
}

@test "a trigger with a word that is not understood starts nothing" {
	is 400 "$(http_status /syncs/people/trigger -X POST -d '{"previw": true}')"
	is 400 "$(http_status /syncs/people/trigger -X POST -d '{"preview": "yes"}')"
	is 400 "$(http_status /syncs/people/trigger -X POST -d '{"preview": ')"
	is 400 "$(http_status /syncs/people/trigger -X POST -d '[]')"
	is 0 "$(field /runs .pagination.total)"
}

@test "runs are listed newest first, and can be filtered" {
	run_sync people
	run_sync people '{"preview": true}'
	is "[2,1]" "$(field /runs '[.data[].id] | tojson')"
	is "[2]" "$(field '/runs?status=preview_ready' '[.data[].id] | tojson')"
	is "[1]" "$(field '/runs?per_page=1&page=2' '[.data[].id] | tojson')"
	is "[]" "$(field '/syncs/people/runs?to=2000-01-01' '[.data[].id] | tojson')"
	is "[2,1]" "$(field '/syncs/people/runs?from=2000-01-01' '[.data[].id] | tojson')"
	is 400 "$(http_status '/runs?status=done')"
}

@test "ferryctl run --wait shows the run and ends with its outcome" {
	run -2 ctl run people --wait
	has "3 extracted, 2 created, 1 failed"
	has "completed with 1 error"
	has "ferryctl errors 1"
	db crm "DROP TABLE people"
	run -1 ctl run people --wait
	has "no such table: people"
}

@test "triggers that come while one is queued are that one; with other wishes they are refused" {
	hold crm
	is 1 "$(trigger people)"
	wait_stage 1 validate_setup
	is 2 "$(trigger people)"
	is '{"run_id":2,"status":"queued","coalesced":true}' "$(post /syncs/people/trigger)"
	is BUSY "$(post /syncs/people/trigger '{"preview": true}' | jq -r .error.code)"
	release
	is completed "$(wait_run 2)"
	is 2 "$(field /runs .pagination.total)"
}

@test "a retry is a new run that names the old one, which stays as it was" {
	run_sync people
	before=$(api /runs/1)
	db crm "UPDATE people SET name = 'Cy' WHERE id = 3"
	is '{"run_id":2,"status":"queued","coalesced":false}' "$(post /runs/1/retry)"
	is completed "$(wait_run 2)"
	is "retry 1 created 1, unchanged 2" "$(field /runs/2 '"\(.trigger) \(.retry_of)"') $(rows 2)"
	is "$before" "$(api /runs/1)"
}

@test "a run under way is cancelled, and so is one that waits" {
	slow_sync slow
	ctl reload
	run=$(trigger slow)
	wait_stage "$run" extract
	next=$(trigger slow)
	is STATE "$(post "/runs/$run/retry" | jq -r .error.code)"
	run -0 ctl cancel "$next"
	is cancelled "$(wait_run "$next")"
	run -0 ctl cancel "$run"
	is cancelled "$(wait_run "$run")"
	is CANCELLED "$(field "/runs/$run" .error.code)"
	run -1 ctl cancel "$run"
	has "has ended already: it is cancelled"
	is 0 "$(field /status .runs.running)"
}

@test "after a restart the runs are still there, and numbers go on" {
	run_sync people
	run_sync people
	before=$(api /runs)
	stop_ferryd
	start_ferryd
	is "$before" "$(api /runs)"
	is 3 "$(trigger people)"
	is completed "$(wait_run 3)"
	is "unchanged 2, failed 1" "$(rows 3)"
}

@test "changes are in the audit, reads are not" {
	api /runs >/dev/null
	run_sync people
	is 1 "$(field /audit .pagination.total)"
	is "trigger people" "$(field /audit '.data[0] | "\(.action) \(.target)"')"
	has "uid $(id -u)" "$(field /audit '.data[0].who')"
}
