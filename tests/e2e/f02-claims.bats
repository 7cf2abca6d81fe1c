#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A record over there belongs to one key: what leads to one that is taken waits for a person.
load lib
load decisions

story_setup() {
	shelf_plugins
	connection crm sqlite "path: $T/crm.db"
	connection shelf shelf
	db crm "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, number TEXT);
		INSERT INTO people VALUES (1, 'Ann', 'N1'), (2, 'Bo', 'N2'), (3, 'Cy', 'N3')"
	sync_file people <<-END
		source: {connection: crm, table: people}
		destination: {connection: shelf, path: $T/shelf}
		key: id
		mode: mirror
		map: {name: name, number: number}
		match: {tier: strong, on: number}
	END
	sed -i 's/^match: \(.*\)/match: [\1]/' "$T/etc/syncs.d/people.yaml"
	shelf "s1 name=Anna number=N1" "s2 name=Bob number=N2"
	start_ferryd --plugins "$plugins"
}

@test "two new keys that lead to one record: neither is sent, the others are" {
	db crm "UPDATE people SET number = 'N1' WHERE id = 3"
	is completed "$(run_sync people)"
	is "updated 1, conflicts 2" "$(rows 1)"
	is "1|conflict|TARGET_CLAIMED_TWICE
2|update|MATCHED_STRONG
3|conflict|TARGET_CLAIMED_TWICE" "$(plan 1)"
	is "update s2" "$(written)"
	is "1|conflict|TARGET_CLAIMED_TWICE
3|conflict|TARGET_CLAIMED_TWICE" "$(problems)"
	is "s1" "$(candidates 3)"
	run -0 ctl problems "$(problem_of 3)"
	has "--create"

	# one of them is somebody else after all
	run -0 ctl resolve "$(problem_of 3)" --create
	is completed "$(run_sync people)"
	is "created 1, updated 1, unchanged 1" "$(rows 2)"
	is "create s3, update s1" "$(written)"
	is "" "$(problems)"
	is completed "$(run_sync people)"
	is "unchanged 3" "$(rows 3)"
}

@test "a new key that leads to the record of a key that was delivered: it waits, that one goes on" {
	run_sync people
	is "created 1, updated 2" "$(rows 1)"
	db crm "INSERT INTO people VALUES (4, 'Di', 'N2'); UPDATE people SET name = 'Boris' WHERE id = 2"
	written >/dev/null
	is completed "$(run_sync people)"
	is "updated 1, unchanged 2, conflicts 1" "$(rows 2)"
	is "update s2" "$(written)"
	is "4|conflict|TARGET_CLAIMED_TWICE" "$(problems)"
}

@test "a key that was renamed at the source: its record is not deleted" {
	run_sync people
	db crm "UPDATE people SET id = 9 WHERE id = 1"
	written >/dev/null
	is completed "$(run_sync people)"
	is "unchanged 2, conflicts 2" "$(rows 2)"
	is "" "$(written)"
	is "s1 name=Ann number=N1
s2 name=Bo number=N2
s3 name=Cy number=N3" "$(on_shelf)"
	is "1|conflict|TARGET_CLAIMED_TWICE
9|conflict|TARGET_CLAIMED_TWICE" "$(problems)"

	# renamed back, all is well
	db crm "UPDATE people SET id = 1 WHERE id = 9"
	is completed "$(run_sync people)"
	is "unchanged 3" "$(rows 3)"
	is "" "$(problems)"
	is "1 VALID
9 GONE" "$(field '/problems?status=cleared' '.data[] | "\(.key) \(.close_reason)"' | sort)"
}

@test "a renamed key whose record a person hands over: the old key lets go of it" {
	run_sync people
	db crm "UPDATE people SET id = 9, name = 'Anne' WHERE id = 1"
	written >/dev/null
	run_sync people
	is "s1" "$(candidates 9)"
	run -0 ctl resolve "$(problem_of 9)" --link s1
	is completed "$(run_sync people)"
	is "update s1" "$(written)"
	is "s1 name=Anne number=N1" "$(on_shelf | head -1)"
	is "" "$(problems)"
	is completed "$(run_sync people)"
	is "unchanged 3" "$(rows 4)"
}
