#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The simplest sync there is, between two SQLite files, run in the foreground.
load lib

story_setup() {
	connection crm sqlite "path: $T/crm.db"
	connection copy sqlite "path: $T/copy.db"
	db crm "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT);
		INSERT INTO people VALUES (1, 'Ann'), (2, 'Bo'), (3, 'Cy')"
	db copy "CREATE TABLE contacts (id INTEGER PRIMARY KEY, name TEXT NOT NULL)"
	sync_file people <<-END
		source: {connection: crm, table: people}
		destination: {connection: copy, table: contacts}
		key: id
		mode: mirror
		map: {id: id, name: name}
	END
}

contacts() { db copy "SELECT group_concat(id || ' ' || name, ', ') FROM (SELECT * FROM contacts ORDER BY id)"; }

@test "the configuration is good" {
	run -0 check
	has "configuration is good: 2 connections, 1 sync"
}

@test "the first run creates all rows, and its summary says so" {
	run -0 once people
	is "3 extracted, 3 created" "$(summary)"
	has "run 1 of people: completed after"
	is "1 Ann, 2 Bo, 3 Cy" "$(contacts)"
}

@test "the second run finds nothing to do and asks the destination nothing" {
	once people
	before=$(checksum "$T/copy.db")
	run -0 once people
	is "3 extracted, 3 unchanged" "$(summary)"
	is "$before" "$(checksum "$T/copy.db")" "the destination's file"
	start_ferryd
	is 1 "$(field /runs/1 .segments[0].counters.requests)" "requests of the first run"
	is 0 "$(field /runs/2 .segments[0].counters.requests)" "requests of the second run"
}

@test "one changed row is one update, and no other row is written" {
	once people
	db copy "CREATE TABLE seen (id); CREATE TRIGGER t AFTER UPDATE ON contacts BEGIN INSERT INTO seen VALUES (new.id); END"
	db crm "UPDATE people SET name = 'Bob' WHERE id = 2"
	run -0 once people
	is "3 extracted, 1 updated, 2 unchanged" "$(summary)"
	is "1 Ann, 2 Bob, 3 Cy" "$(contacts)"
	is 2 "$(db copy "SELECT id FROM seen")"
}

@test "one deleted row is one delete" {
	once people
	db crm "DELETE FROM people WHERE id = 3"
	run -0 once people
	is "2 extracted, 1 deleted, 2 unchanged" "$(summary)"
	is "1 Ann, 2 Bo" "$(contacts)"
}

@test "an emptied state is built again from the destination, without a duplicate" {
	once people
	rm -r "$T/state"
	run -0 once people
	is "1 Ann, 2 Bo, 3 Cy" "$(contacts)"
	run -0 once people
	is "3 extracted, 3 unchanged" "$(summary)"
}

@test "a row the destination refuses: exit 2, the others are written, and the row is named" {
	db crm "UPDATE people SET name = NULL WHERE id = 2"
	run -2 once people
	is "3 extracted, 2 created, 1 failed" "$(summary)"
	has "run 1 of people: completed with 1 row error after"
	is "1 Ann, 3 Cy" "$(contacts)"
	start_ferryd
	is 1 "$(field /runs/1/errors .pagination.total)"
	run -0 errors 1
	is "2|CONSTRAINT_NOTNULL|name|NOT NULL constraint failed: contacts.name" "$output"
}

@test "the refused row is tried again in each run, and arrives once it was repaired at the source" {
	db crm "UPDATE people SET name = NULL WHERE id = 2"
	run -2 once people
	run -2 once people
	is "3 extracted, 2 unchanged, 1 failed" "$(summary)"
	db crm "UPDATE people SET name = 'Bo' WHERE id = 2"
	run -0 once people
	is "3 extracted, 1 created, 2 unchanged" "$(summary)"
	is "1 Ann, 2 Bo, 3 Cy" "$(contacts)"
}

@test "a run that cannot be done: exit 1, with code, stage and what to do" {
	db crm "DROP TABLE people"
	run -1 once people
	has "run 1 of people: failed"
	has "in stage validate_setup of segment 'main'"
	has "CONFIG: "
	has "no such table: people"
}

@test "a sync that does not exist: exit 3, named" {
	run -3 --separate-stderr once pepole
	has "there is no sync 'pepole'" "$(cat "$T/once.log")"
}

@test "large rows: thousands of 20 kB, and one of 10 MB, within the memory a worker may have" {
	settings "memory_limit: 192MiB"
	db crm "DROP TABLE people; CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, email TEXT);
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
		INSERT INTO people SELECT i, hex(randomblob(10000)), 'x' FROM n;
		INSERT INTO people VALUES (3001, hex(zeroblob(5 * 1024 * 1024)), 'y')"
	run -0 once people
	is "3001 extracted, 3001 created" "$(summary)"
	is "3001|70485760" "$(db copy "SELECT count(*) || '|' || sum(length(name)) FROM contacts")"
	run -0 once people
	is "3001 extracted, 3001 unchanged" "$(summary)"
}
