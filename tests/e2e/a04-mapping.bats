#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# From a row to a record: expressions, filters, rules, lookups, and values that arrive as they left.
load lib

story_setup() {
	connection crm sqlite "path: $T/crm.db"
	connection copy sqlite "path: $T/copy.db"
}

# Each column's type and value, by the destination's own account.
cells() { db copy "SELECT group_concat(typeof(v) || ' ' || quote(v), ', ') FROM (SELECT v FROM target ORDER BY id)"; }

@test "fields are SQL expressions over the source's columns" {
	db crm "CREATE TABLE people (id INTEGER PRIMARY KEY, email, first, last, born);
		INSERT INTO people VALUES (1, ' Ann@Example.ORG ', 'Ann', 'Lee', '1990-05-01'), (2, NULL, 'Bo', NULL, NULL)"
	sync_file people <<-'END'
		source: {connection: crm, query: "SELECT * FROM people"}
		destination: {connection: copy, table: target, create: true}
		key: id
		map:
		  id: id
		  email: lower(trim(email))
		  name: first || coalesce(' ' || last, '')
		  year: CAST(strftime('%Y', born) AS INTEGER)
		  kind: "'person'"
		  whole: src."first"
	END
	run -0 once people
	is "1|ann@example.org|Ann Lee|1990|person|Ann
2||Bo||person|Bo" "$(db copy "SELECT id, email, name, year, kind, whole FROM target ORDER BY id")"
	is "null" "$(db copy "SELECT typeof(email) FROM target WHERE id = 2")" "an expression over NULL"
}

@test "where: leaves rows out, and a row that no longer fits is gone from a mirror" {
	db crm "CREATE TABLE people (id INTEGER PRIMARY KEY, v, active);
		INSERT INTO people VALUES (1, 'Ann', 1), (2, 'Bo', 0), (3, 'Cy', NULL), (4, 'Di', 1)"
	sync_file people <<-'END'
		source: {connection: crm, table: people}
		destination: {connection: copy, table: target, create: true}
		key: id
		mode: mirror
		where: active
		map: {id: id, v: v}
	END
	run -0 once people
	is "4 extracted, 2 created, 2 skipped" "$(summary)"
	is "text 'Ann', text 'Di'" "$(cells)"
	db crm "UPDATE people SET active = 0 WHERE id = 1"
	run -0 once people
	is "4 extracted, 1 deleted, 1 unchanged, 3 skipped" "$(summary)"
	is "text 'Di'" "$(cells)"
}

@test "skip: and reject: give their reasons; a skipped row is taken up when the rule no longer holds" {
	db crm "CREATE TABLE people (id INTEGER PRIMARY KEY, v, country);
		INSERT INTO people VALUES (1, 'Ann', 'DE'), (2, NULL, 'DE'), (3, 'Cy', 'Germany')"
	sync_file people <<-'END'
		source: {connection: crm, table: people}
		destination: {connection: copy, table: target, create: true}
		key: id
		map: {id: id, v: v, country: country}
		skip: [{when: v IS NULL, reason: NO_NAME_YET}]
		reject: [{when: length(country) != 2, message: the country is no two-letter code, field: country}]
	END
	run -2 once people
	is "3 extracted, 1 created, 1 skipped, 1 failed" "$(summary)"
	db crm "UPDATE people SET v = 'Bo' WHERE id = 2; UPDATE people SET country = 'DE' WHERE id = 3"
	start_ferryd
	is "3|INVALID_RECORD|country|the country is no two-letter code" "$(errors 1)"
	is "1|create|NEW_IN_SOURCE
2|skip|NO_NAME_YET
3|skip|INVALID_RECORD" "$(plan 1)"
	is completed "$(run_sync people)"
	is "created 2, unchanged 1" "$(rows 2)"
	is "text 'Ann', text 'Bo', text 'Cy'" "$(cells)"
}

@test "a lookup is a table that expressions can ask" {
	db crm "CREATE TABLE cards (id INTEGER PRIMARY KEY, owner); CREATE TABLE owners (name, city);
		INSERT INTO cards VALUES (1, 'ann'), (2, 'bo'), (3, 'nobody');
		INSERT INTO owners VALUES ('ann', 'Aachen'), ('bo', 'Bonn')"
	sync_file cards <<-'END'
		source: {connection: crm, table: cards}
		destination: {connection: copy, table: target, create: true}
		lookups:
		  owners: {connection: crm, query: "SELECT name, city FROM owners", key: name}
		key: id
		map: {id: id, v: (SELECT city FROM owners WHERE owners.name = src.owner)}
		skip: [{when: "NOT EXISTS (SELECT 1 FROM owners WHERE owners.name = src.owner)", reason: LOOKUP_MISSING}]
	END
	run -0 once cards
	is "3 extracted, 2 created, 1 skipped" "$(summary)"
	is "text 'Aachen', text 'Bonn'" "$(cells)"
	db crm "UPDATE owners SET city = 'Berlin' WHERE name = 'bo'; INSERT INTO owners VALUES ('nobody', 'Nowhere')"
	run -0 once cards
	is "3 extracted, 1 created, 1 updated, 1 unchanged" "$(summary)"
	is "text 'Aachen', text 'Berlin', text 'Nowhere'" "$(cells)"
}

@test "numbers, texts and bytes arrive to the last digit" {
	db crm "CREATE TABLE source (id INTEGER PRIMARY KEY, v);
		INSERT INTO source VALUES (1, 9223372036854775807), (2, -9223372036854775808), (3, '0.1'),
		(4, '12345678901234567.125'), (5, 'Zürich 🚗'), (6, x'00ff10'), (7, ''), (8, NULL), (9, '007'),
		(10, 'tab	quote '' line
break')"
	db copy "CREATE TABLE target (id INTEGER PRIMARY KEY, v)"
	sync_file values <<-'END'
		source: {connection: crm, table: source}
		destination: {connection: copy, table: target}
		key: id
		map: {id: id, v: v}
	END
	run -0 once values
	is "10 extracted, 10 created" "$(summary)"
	is "$(db crm "SELECT id, typeof(v), quote(v) FROM source ORDER BY id")" \
		"$(db copy "SELECT id, typeof(v), quote(v) FROM target ORDER BY id")"
	run -0 once values
	is "10 extracted, 10 unchanged" "$(summary)"
}

@test "a fraction keeps its digits, and a column that would lose some refuses the row" {
	db crm "CREATE TABLE source (id INTEGER PRIMARY KEY, v); INSERT INTO source VALUES (1, 0.1), (2, 2.5e-7)"
	db copy "CREATE TABLE target (id INTEGER PRIMARY KEY, v TEXT)"
	sync_file values <<-'END'
		source: {connection: crm, table: source}
		destination: {connection: copy, table: target}
		key: id
		map: {id: id, v: v}
	END
	run -0 once values
	is "text '0.1', text '0.00000025'" "$(cells)"
	db copy "CREATE TABLE lossy (id INTEGER PRIMARY KEY, v NUMERIC)"
	db crm "DELETE FROM source; INSERT INTO source VALUES (1, '12345678901234567.125'), (2, '0.5')"
	sed -i 's/table: target/table: lossy/' "$T/etc/syncs.d/values.yaml"
	rm -r "$T/state"
	run once values
	is 2 "$status"
	is "2 extracted, 1 created, 1 failed" "$(summary)"
	is "2|0.5" "$(db copy "SELECT id, v FROM lossy")"
}

@test "a key of several parts, one of them text" {
	db crm "CREATE TABLE usage (account, day, kwh);
		INSERT INTO usage VALUES ('a', 1, 5), ('a', 2, 6), ('ab', 1, 7), ('b', 1, 8)"
	db copy "CREATE TABLE daily (account, day, kwh, PRIMARY KEY (account, day))"
	sync_file usage <<-'END'
		source: {connection: crm, table: usage}
		destination: {connection: copy, table: daily, key: "account, day"}
		key: [account, day]
		mode: mirror
		map: {account: account, day: day, kwh: kwh}
	END
	run -0 once usage
	db crm "UPDATE usage SET kwh = 60 WHERE account = 'a' AND day = 2; DELETE FROM usage WHERE account = 'ab'"
	run -0 once usage
	is "3 extracted, 1 updated, 1 deleted, 2 unchanged" "$(summary)"
	is "a|1|5
a|2|60
b|1|8" "$(db copy "SELECT * FROM daily ORDER BY 1, 2")"
}

@test "ignore_changes: a change of that field alone is no change" {
	db crm "CREATE TABLE people (id INTEGER PRIMARY KEY, v, seen); INSERT INTO people VALUES (1, 'Ann', 1)"
	sync_file people <<-'END'
		source: {connection: crm, table: people}
		destination: {connection: copy, table: target, create: true}
		key: id
		map: {id: id, v: v, seen: seen}
		ignore_changes: seen
	END
	once people
	db crm "UPDATE people SET seen = 2"
	run -0 once people
	is "1 extracted, 1 unchanged" "$(summary)"
	db crm "UPDATE people SET v = 'Anna'"
	run -0 once people
	is "1 extracted, 1 updated" "$(summary)"
	is "Anna|2" "$(db copy "SELECT v, seen FROM target")"
}

@test "a statistic that cannot be worked out is said once, and costs no record" {
	db crm "CREATE TABLE people (id INTEGER PRIMARY KEY, v);
		INSERT INTO people VALUES (1, '{\"x\": 1}'), (2, 'no JSON'), (3, 'nor this'), (4, '{\"x\": 2}')"
	sync_file people <<-'END'
		source: {connection: crm, table: people}
		destination: {connection: copy, table: target, create: true}
		key: id
		map: {id: id, v: v}
		statistics:
		  counts:
		    large: {of: created, when: "json_extract(v, '$.x') > 1"}
		    all: {of: created}
	END
	start_ferryd
	id=$(trigger people '{"preview": true}')
	is preview_ready "$(wait_run "$id")"
	is '{"large":1,"all":4}' "$(field "/runs/$id" '.segments[0].statistics.counts | tojson')"
	id=$(trigger people)
	is completed "$(wait_run "$id")"
	is '{"large":1,"all":4}' "$(field "/runs/$id" '.segments[0].statistics.counts | tojson')"
	is 1 "$(field "/runs/$id/logs?per_page=100" '[.data[] | select(.message | startswith("statistics: a record was not counted"))] | length')"
	is 4 "$(db copy "SELECT count(*) FROM target")"
	id=$(trigger people)
	is completed "$(wait_run "$id")"
	is 4 "$(field "/runs/$id" .rows_unchanged)"
}
