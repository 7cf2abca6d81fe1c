#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What can be seen without or before anything is done: records as the source gives them, a plan in full,
# a record's whole story; and plans that have gone stale.
load lib
load decisions

story_setup() {
	shelf_plugins
	connection crm sqlite "path: $T/crm.db"
	connection shelf shelf
	db crm "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, email TEXT);
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12)
		INSERT INTO people SELECT i, 'name ' || i, NULL FROM n"
	: >"$T/shelf"
	sync_file people <<-END
		source: {connection: crm, table: people}
		destination: {connection: shelf, path: $T/shelf}
		key: id
		mode: mirror
		map: {name: name, email: email}
		reject: [{when: "name = 'bad'", message: bad name, field: name}]
	END
	start_ferryd --plugins "$plugins"
}

@test "extract only: some records as they are, and it is as if there had been no run" {
	run_sync people
	db crm "UPDATE people SET name = 'bad' WHERE id = 1"
	before=$(api /syncs/people | jq -S .last_run)
	run -0 ctl run people --extract-only --limit 5 --wait
	has "name 2"
	has "name 5"
	has_not "name 6"
	run -0 ctl records last --json
	is 5 "$(jq '.data | length' <<<"$output")"
	is '{"id":1,"name":"bad","email":null}' "$(jq -c '.data[0].record' <<<"$output")"
	is "" "$(problems)"
	is "true 5" "$(field /runs/2 '"\(.extract_only) \(.limit)"')"
	is "$before" "$(api /syncs/people | jq -S .last_run)"
	is 12 "$(wc -l <"$T/shelf")"
	run -1 ctl promote 2
	is completed "$(run_sync people)"
	is "unchanged 11, failed 1" "$(rows 3)"
}

@test "a source that gives only part of what it has: nothing is deleted, and the run says so" {
	shelf "s1 name=Ann" "s2 name=Bo" "s3 name=Cy"
	connection copy sqlite "path: $T/copy.db"
	db copy "CREATE TABLE contacts (id TEXT PRIMARY KEY, name TEXT)"
	sync_file back <<-END
		source: {connection: shelf, path: $T/shelf}
		destination: {connection: copy, table: contacts}
		key: id
		mode: mirror
		map: {id: id, name: name}
	END
	post /reload >/dev/null
	is completed "$(run_sync back)"
	change_sync back 's/path: \([^}]*\)}/path: \1, most: 2}/'
	db copy "UPDATE contacts SET name = name"
	shelf "s2 name=Bob" "s3 name=Cy" "s4 name=Di"
	is completed "$(run_sync back)"
	is "updated 1, unchanged 1, skipped 1" "$(rows 2)"
	is "s1|skip|EXTRACT_TRUNCATED
s2|update|FIELDS_CHANGED" "$(plan 2)"
	is "s1 Ann, s2 Bob, s3 Cy" "$(db copy "SELECT group_concat(id || ' ' || name, ', ') FROM (SELECT * FROM contacts ORDER BY id)")"
	is warning "$(field /runs/2 .segments[0].status)"
	has "the shelf gives no more at once" "$(field /runs/2/logs '.data[].message')"
	is true "$(field /runs/2 '.segments[0].stages[] | select(.name == "extract") | .metrics.truncated')"
	run -0 ctl show 2
	has "cut short"

	# whole again, what is gone goes
	change_sync back 's/, most: 2//'
	is completed "$(run_sync back)"
	is "created 1, deleted 1, unchanged 2" "$(rows 3)"
}

@test "a plan that was made before the definition or the snapshot changed is refused" {
	is preview_ready "$(run_sync people '{"preview": true}')"
	change_sync people 's/name: name/name: upper(name)/'
	run -1 ctl promote 1 --wait
	has PLAN_STALE
	has "the definition has changed since run 1 made this plan"
	is "" "$(written)"

	is preview_ready "$(run_sync people '{"preview": true}')"
	run_sync people
	db crm "UPDATE people SET name = 'x' WHERE id = 1"
	is preview_ready "$(run_sync people '{"preview": true}')"
	run_sync people
	written >/dev/null
	last=$(field '/runs?status=preview_ready' '.data[0].id')
	run -1 ctl promote "$last" --wait
	has "the snapshot has changed since run $last made this plan"
	is "" "$(written)"
}

@test "a plan says in full what will become of what" {
	run_sync people
	db crm "UPDATE people SET email = 'a@x.org' WHERE id = 1; DELETE FROM people WHERE id = 2;
		INSERT INTO people VALUES (13, 'new', NULL)"
	written >/dev/null
	is preview_ready "$(run_sync people '{"preview": true}')"
	run -0 ctl plan last --diff
	is '~ update   1  FIELDS_CHANGED  strong  → s1
    - email: null
    + email: "a@x.org"
- delete   2  MISSING_UPSTREAM_DELETED  strong  → s2
    - name:  "name 2"
+ create   13  NEW_IN_SOURCE
    + name:  "new"' "$(grep '^[-+~ ] ' <<<"$output")"
	is "" "$(written)"
	run -0 ctl promote last:people --wait
	is "create s13, delete s2, update s1" "$(written)"
}

@test "the story of a record: made, changed, refused, gone" {
	run_sync people
	db crm "UPDATE people SET name = 'Bo' WHERE id = 2"
	run_sync people
	change_sync people 's/path: \([^}]*\)}/path: \1, refuses: Bob}/'
	db crm "UPDATE people SET name = 'Bob' WHERE id = 2"
	run_sync people
	db crm "UPDATE people SET name = 'bad' WHERE id = 2"
	run_sync people
	db crm "DELETE FROM people WHERE id = 2"
	run_sync people
	is "5 delete MISSING_UPSTREAM_DELETED done
4 skip INVALID_RECORD -
3 update FIELDS_CHANGED rejected
2 update FIELDS_CHANGED done
1 create NEW_IN_SOURCE done" "$(field '/syncs/people/history?key=2' \
		'.data[] | .run_id as $r | .decisions[] | "\($r) \(.decision) \(.reason) \(.outcome.ack // "-")"')"
	run -0 ctl history people 2
	has "NAME_NOT_WANTED"
	has "the shelf takes nobody of that name"
	has '- name: "name 2"'
	has '+ name: "Bo"'
	has "INVALID_RECORD name: bad name"
	run -0 ctl history people 99
	has "no decision for that key"
	run -0 ctl explain QUARANTINED
	has "Refused in so many runs"
}
