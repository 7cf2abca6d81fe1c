#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A source that gives some of its rows and then fails: not one of them has been written, and nothing
# that it did not give counts as gone.
load lib
load faults

# halfway OPTIONS: the sync "half" reads from a connector that does this, into the connection "to".
halfway() {
	connection rogue rogue
	sync_file half <<-END
		source: {connection: rogue, rows: 1000, $1}
		destination: {connection: to, $2}
		key: id
		mode: mirror
		map: {$3: id, name: name}
	END
}

sqlite_destination() {
	connection to sqlite "path: $T/to.db"
	db to "CREATE TABLE rows (id INTEGER PRIMARY KEY, name TEXT)"
}

@test "half the rows, then an error: no request writes to Lago" {
	rogue_plugins
	start_lago '{}'
	connection to lago "url: $lago" "api_key: $LAGO_API_KEY"
	halfway "does: fail, after: 500" "resource: customers" external_id
	sed -i 's/external_id: id/external_id: "printf('"'c%d'"', id)"/' "$T/etc/syncs.d/half.yaml"
	start_ferryd --plugins "$plugins"
	run_sync half
	failed_with "$run_id" PROTOCOL extract
	has "the rogue stops after 500 rows" "$(message_of "$run_id")"
	# it did come so far
	is 500 "$(field "/runs/$run_id" .rows_extracted)"
	is 0 "$(writes lago)"
	is 0 "$(held lago customers)"
	# and when the source is whole again, all of it arrives
	sed -i 's/does: fail/does: nothing/' "$T/etc/syncs.d/half.yaml"
	post /reload
	run_sync half
	is completed "$run_status"
	is 1000 "$(held lago customers)"
}

@test "into a file that has the rows already: it is not touched, and nothing counts as gone" {
	rogue_plugins
	sqlite_destination
	halfway "does: nothing" "table: rows" id
	start_ferryd --plugins "$plugins"
	run_sync half
	is completed "$run_status"
	is 1000 "$(db to "SELECT count(*) FROM rows")"
	before=$(checksum "$T/to.db")
	for deed in fail segfault; do
		sed -i "s/does: [a-z]*/does: $deed, after: 500/; s/\(after: 500\), after: 500/\1/" "$T/etc/syncs.d/half.yaml"
		post /reload
		run_sync half
		is failed "$run_status" "a source that does $deed"
		is "main/extract" "$(failed_stages "$run_id")"
		is "$before" "$(checksum "$T/to.db")" "the destination's file"
	done
	sed -i "s/does: segfault, after: 500/does: nothing/" "$T/etc/syncs.d/half.yaml"
	post /reload
	run_sync half
	is completed "$run_status"
	is "unchanged 1000" "$(rows "$run_id")"
	is "$before" "$(checksum "$T/to.db")" "the destination's file"
}

@test "a query that fails at its 5000th row" {
	sqlite_destination
	connection from sqlite "path: $T/from.db"
	db from "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT);
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
		INSERT INTO people SELECT i, CASE i WHEN 5000 THEN 'not JSON' ELSE json_object('name', 'n' || i) END FROM n"
	sync_file half <<-END
		source: {connection: from, query: "SELECT id, json_extract(name, '\$.name') AS name FROM people"}
		destination: {connection: to, table: rows}
		key: id
		mode: mirror
		map: {id: id, name: name}
	END
	before=$(checksum "$T/to.db")
	run -1 once half
	has "malformed JSON"
	has "in stage extract of segment 'main'"
	is "$before" "$(checksum "$T/to.db")" "the destination's file"
	db from "UPDATE people SET name = json_object('name', 'n5000') WHERE id = 5000"
	run -0 once half
	is "10000 extracted, 10000 created" "$(summary)"
	is "10000 10000" "$(db to "SELECT count(*) || ' ' || count(DISTINCT name) FROM rows")"
}
