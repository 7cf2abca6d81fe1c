#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Nothing is changed that was not shown: a preview makes the plan, its promotion carries out that plan.
load lib

story_setup() {
	connection crm sqlite "path: $T/crm.db"
	connection copy sqlite "path: $T/copy.db"
	db crm "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT);
		INSERT INTO people VALUES (1, 'Ann'), (2, 'Bo'), (3, 'Cy')"
	db copy "CREATE TABLE contacts (id INTEGER PRIMARY KEY, name TEXT)"
	write_sync "name"
	start_ferryd
	run_sync people
	# what the preview has to find: one of each, and one that stays as it is
	db crm "UPDATE people SET name = 'Bob' WHERE id = 2; DELETE FROM people WHERE id = 3;
		INSERT INTO people VALUES (4, 'Di')"
}

write_sync() {
	sync_file people <<-END
		source: {connection: crm, table: people}
		destination: {connection: copy, table: contacts}
		key: id
		mode: mirror
		map: {id: id, name: $1}
	END
}

preview() { run_sync people '{"preview": true}'; }
contacts() { db copy "SELECT group_concat(id || ' ' || name, ', ') FROM (SELECT * FROM contacts ORDER BY id)"; }

@test "a preview writes nothing" {
	before=$(checksum "$T/copy.db")
	is preview_ready "$(preview)"
	is "created 1, updated 1, deleted 1, unchanged 1" "$(rows 2)" "what would be done"
	is 0 "$(field /runs/2 .segments[0].done)" "actions sent"
	is "$before" "$(checksum "$T/copy.db")" "the destination's file"
}

@test "the plan shows every decision with its reason" {
	preview
	run -0 plan 2
	is "2|update|FIELDS_CHANGED
3|delete|MISSING_UPSTREAM_DELETED
4|create|NEW_IN_SOURCE" "$output"
}

@test "the plan shows what a field was and what it becomes" {
	preview
	is '{"name":"name","before":"Bo","after":"Bob","changed":true}' \
		"$(field '/runs/2/plan?decision=update' '.data[0].fields[] | select(.name == "name") | tojson')"
	run -0 ctl plan 2 --diff
	has Bob
	has FIELDS_CHANGED
}

@test "the plan can be asked for one decision, one key, one segment" {
	preview
	is 1 "$(field '/runs/2/plan?decision=delete' .pagination.total)"
	is 4 "$(field '/runs/2/plan?key=4' '.data[].key')"
	is 3 "$(field '/runs/2/plan?segment=main' .pagination.total)"
	is 0 "$(field '/runs/2/plan?segment=other' .pagination.total)"
	is 400 "$(http_status '/runs/2/plan?decision=destroy')"
}

@test "the promotion carries out exactly that plan, even though the source has changed meanwhile" {
	preview
	db crm "UPDATE people SET name = 'Robert' WHERE id = 2; INSERT INTO people VALUES (5, 'Ed')"
	is completed "$(promote 2)"
	is "1 Ann, 2 Bob, 4 Di" "$(contacts)"
	is "created 1, updated 1, deleted 1, unchanged 1" "$(rows 3)"
	is "promote 2" "$(field /runs/3 '"\(.trigger) \(.promote_of)"')"
}

@test "the run after it brings what has changed meanwhile" {
	preview
	db crm "UPDATE people SET name = 'Robert' WHERE id = 2"
	is completed "$(promote 2)"
	is completed "$(run_sync people)"
	is "updated 1, unchanged 2" "$(rows 4)"
	is "1 Ann, 2 Robert, 4 Di" "$(contacts)"
}

@test "a plan cannot be promoted twice" {
	preview
	is completed "$(promote 2)"
	is STATE "$(promote 2)"
	run -1 ctl promote 2
	has "run 2 was promoted already, by run 3"
}

@test "only a preview can be promoted, and of several only the last one" {
	run -1 ctl promote 1
	has "only a preview that is ready can be promoted"
	preview
	preview
	run -1 ctl promote 2
	has "run 2 is not the latest preview of 'people': that is run 3"
	is completed "$(promote 3)"
}

@test "after another run the plan is stale, and nothing is written" {
	preview
	run_sync people
	before=$(checksum "$T/copy.db")
	is failed "$(promote 2)"
	is PLAN_STALE "$(field /runs/4 .error.code)"
	is "$before" "$(checksum "$T/copy.db")" "the destination's file"
}

@test "after a change of the definition the plan is stale, and nothing is written" {
	preview
	before=$(checksum "$T/copy.db")
	write_sync "upper(name)"
	ctl reload
	is failed "$(promote 2)"
	is PLAN_STALE "$(field /runs/3 .error.code)"
	has "the definition has changed" "$(field /runs/3 .error.message)"
	is "$before" "$(checksum "$T/copy.db")" "the destination's file"
}

@test "the same by ferryctl, which waits and shows what to do next" {
	run -0 ctl run people --preview --wait
	has "ferryctl promote 2"
	run -0 ctl promote 2 --wait
	has "run 3  people"
	is "1 Ann, 2 Bob, 4 Di" "$(contacts)"
}

@test "the same without a daemon" {
	stop_ferryd
	run -0 once people --preview
	is "3 extracted, 1 created, 1 updated, 1 deleted, 1 unchanged" "$(summary)"
	is "1 Ann, 2 Bo, 3 Cy" "$(contacts)"
	run -0 once people --promote 2
	is "1 Ann, 2 Bob, 4 Di" "$(contacts)"
}

@test "plans of older runs are removed, the latest stay" {
	echo "keep_plans: 2" >"$T/etc/ferry.yaml"
	ctl reload
	for _ in 1 2 3; do run_sync people; done
	is "3 4" "$(cd "$T/state/plans" && echo *)" "plans on disk"
	is 404 "$(curl -s -o /dev/null -w '%{http_code}' --unix-socket "$FERRY_SOCKET" "http://localhost/api/v1/runs/1/plan")"
}
