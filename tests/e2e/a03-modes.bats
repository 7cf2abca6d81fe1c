#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What each mode may do to the destination, what becomes of rows that are gone, and what stops a run.
load lib

story_setup() {
	connection crm sqlite "path: $T/crm.db"
	connection copy sqlite "path: $T/copy.db"
	db crm "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT);
		INSERT INTO people VALUES (1, 'Ann'), (2, 'Bo'), (3, 'Cy')"
	db copy "CREATE TABLE contacts (id INTEGER PRIMARY KEY, name TEXT, gone_at TEXT)"
}

# write_sync MODE [LINE...]
write_sync() {
	sync_file people <<-END
		source: {connection: crm, table: people}
		destination: {connection: copy, table: contacts, disabled_at: gone_at}
		key: ${key:-id}
		mode: $1
		map: {id: id, name: ${name:-name}}
		$(shift; printf '%s\n' "$@")
	END
}

# One row is changed, one is gone, one is new.
change() {
	db crm "UPDATE people SET name = 'Bob' WHERE id = 2; DELETE FROM people WHERE id = 3;
		INSERT INTO people VALUES (4, 'Di')"
}

contacts() { db copy "SELECT group_concat(id || ' ' || name, ', ') FROM (SELECT * FROM contacts ORDER BY id)"; }

@test "upsert creates and updates, and leaves what is gone" {
	write_sync upsert
	once people
	change
	run -0 once people
	is "3 extracted, 1 created, 1 updated, 1 unchanged" "$(summary)"
	is "1 Ann, 2 Bob, 3 Cy, 4 Di" "$(contacts)"
}

@test "insert only creates" {
	write_sync insert
	once people
	change
	run -0 once people
	is "3 extracted, 1 created, 1 unchanged, 1 skipped" "$(summary)"
	is "1 Ann, 2 Bo, 3 Cy, 4 Di" "$(contacts)"
}

@test "update only changes what the destination has" {
	db copy "INSERT INTO contacts (id, name) VALUES (1, 'Anna'), (3, 'Cy')"
	write_sync update
	run -0 once people
	is "3 extracted, 1 updated, 1 unchanged, 1 skipped" "$(summary)"
	is "1 Ann, 3 Cy" "$(contacts)"
	db copy "INSERT INTO contacts (id, name) VALUES (2, 'Bobo')"
	run -0 once people
	is "3 extracted, 1 updated, 2 unchanged" "$(summary)"
	is "1 Ann, 2 Bo, 3 Cy" "$(contacts)"
}

@test "mirror creates, updates and deletes, but only what it has written" {
	db copy "INSERT INTO contacts (id, name) VALUES (9, 'not ours')"
	write_sync mirror
	once people
	change
	run -0 once people
	is "3 extracted, 1 created, 1 updated, 1 deleted, 1 unchanged" "$(summary)"
	is "1 Ann, 2 Bob, 4 Di, 9 not ours" "$(contacts)"
}

@test "append sends each key once, ever: not when it changes, not when it comes back" {
	write_sync append
	run -0 once people
	is "3 extracted, 3 created" "$(summary)"
	change
	run -0 once people
	is "1 Ann, 2 Bo, 3 Cy, 4 Di" "$(contacts)"
	db crm "INSERT INTO people VALUES (3, 'Cyd')"
	db copy "DELETE FROM contacts WHERE id = 1"
	run -0 once people --full
	is "2 Bo, 3 Cy, 4 Di" "$(contacts)"
}

@test "missing: disable marks what is gone once, and clears the mark when it is there again" {
	write_sync mirror "policy: {missing: disable}"
	once people
	db crm "DELETE FROM people WHERE id = 3"
	run -0 once people
	is "2 extracted, 1 disabled, 2 unchanged" "$(summary)"
	is 3 "$(db copy "SELECT id FROM contacts WHERE gone_at GLOB '20??-??-??T??:??:??*'")"
	run -0 once people
	is "2 extracted, 2 unchanged" "$(summary)"
	db crm "INSERT INTO people VALUES (3, 'Cy')"
	run -0 once people
	is "3 extracted, 1 updated, 2 unchanged" "$(summary)"
	is 0 "$(db copy "SELECT count(*) FROM contacts WHERE gone_at IS NOT NULL")"
}

@test "policy none: skip creates nothing" {
	db copy "INSERT INTO contacts (id, name) VALUES (1, 'Anna')"
	write_sync upsert "policy: {none: skip}"
	run -0 once people
	is "3 extracted, 1 updated, 2 skipped" "$(summary)"
	is "1 Ann" "$(contacts)"
}

@test "guard: an empty source stops a mirror, and nothing is deleted" {
	write_sync mirror
	once people
	db crm "DELETE FROM people"
	run -1 once people
	has "GUARD: "
	has "the source is empty"
	is "1 Ann, 2 Bo, 3 Cy" "$(contacts)"
}

@test "guard: an empty source stops missing: disable in mode upsert, too" {
	write_sync upsert "policy: {missing: disable}"
	once people
	db crm "DELETE FROM people"
	run -1 once people
	has "GUARD: "
	is 0 "$(db copy "SELECT count(*) FROM contacts WHERE gone_at IS NOT NULL")"
}

@test "guard: ten deletes pass, eleven of a hundred do not, unless guards: allow it" {
	write_sync mirror
	db crm "DELETE FROM people; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)
		INSERT INTO people SELECT i, 'name' || i FROM n"
	once people
	db crm "DELETE FROM people WHERE id <= 11"
	run -1 once people
	has "GUARD: "
	has "11 deletes of 100 records"
	is 100 "$(db copy "SELECT count(*) FROM contacts")"
	db crm "INSERT INTO people VALUES (11, 'name11')"
	run -0 once people
	is "90 extracted, 10 deleted, 90 unchanged" "$(summary)"
	db crm "DELETE FROM people WHERE id <= 30"
	write_sync mirror "guards: {max_deletes: 50%}"
	run -0 once people
	is "70 extracted, 20 deleted, 70 unchanged" "$(summary)"
}

@test "guard: max_changes stops before the first write" {
	write_sync upsert "guards: {max_changes: 2}"
	run -1 once people
	has "GUARD: "
	is 0 "$(db copy "SELECT count(*) FROM contacts")"
}

@test "duplicate keys are row errors, and the first row counts" {
	db crm "DROP TABLE people; CREATE TABLE people (id, name);
		INSERT INTO people VALUES (1, 'Ann'), (2, 'Bo'), (2, 'Bobo'), (3, 'Cy')"
	write_sync upsert
	run -2 once people
	is "4 extracted, 3 created, 1 failed" "$(summary)"
	is "1 Ann, 2 Bo, 3 Cy" "$(contacts)"
	start_ferryd
	run -0 errors 1
	is "2|DUPLICATE_KEY|null|the key occurs more than once in the source" "$output"
}

@test "a source that gives no order comes to the same results" {
	key='"id + 0"' # an expression: the source cannot be asked for its order
	db crm "DROP TABLE people; CREATE TABLE people (id, name);
		INSERT INTO people VALUES (10, 'Jo'), (3, 'Cy'), (2, 'Bo'), (1, 'Ann'), (2, 'Bobo')"
	write_sync mirror
	run -2 once people
	is "5 extracted, 4 created, 1 failed" "$(summary)"
	is "1 Ann, 2 Bo, 3 Cy, 10 Jo" "$(contacts)"
	db crm "DELETE FROM people WHERE name = 'Bobo'"
	change
	run -0 once people
	is "4 extracted, 1 created, 1 updated, 1 deleted, 2 unchanged" "$(summary)"
	is "1 Ann, 2 Bob, 4 Di, 10 Jo" "$(contacts)"
	run -0 once people
	is "4 extracted, 4 unchanged" "$(summary)"
}

@test "a row that has become invalid is not a row that is gone" {
	# abs() of this number is an error of SQL at run time
	name='"iif(name = char(33), abs(-9223372036854775808), name)"'
	for key in id '"id + 0"'; do
		rm -rf "$T/state"
		db crm "UPDATE people SET name = 'Bo' WHERE id = 2"
		write_sync mirror
		run -0 once people
		db crm "UPDATE people SET name = '!' WHERE id = 2"
		run -2 once people
		has_not "1 deleted" "$(summary)"
		is "1 Ann, 2 Bo, 3 Cy" "$(contacts)" "key: $key"
	done
}
