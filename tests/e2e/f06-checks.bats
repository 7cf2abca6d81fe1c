#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Segments that only ask, and what the failure of one segment means for the others.
load lib
load decisions

story_setup() {
	connection crm sqlite "path: $T/crm.db"
	connection copy sqlite "path: $T/copy.db"
	db crm "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, boss INTEGER);
		INSERT INTO people VALUES (1, 'Ann', NULL), (2, 'Bo', 1), (3, 'Cy', 9), (4, 'Di', 8)"
	db copy "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE bosses (id INTEGER PRIMARY KEY)"
}

# one sync: checks, people that depends on them, bosses that does not
office() {
	sync_file office <<-END
		segments:
		  - name: before
		    checks:
		      - name: bosses
		        connection: crm
		        query: SELECT id, boss FROM people WHERE boss NOT IN (SELECT id FROM people)
		        message: the boss is nobody
		      - name: names
		        connection: crm
		        query: SELECT id FROM people WHERE length(name) < 3
		        message: a short name
		        severity: warning
		  - name: people
		    depends_on: before
		    source: {connection: crm, table: ${1:-people}}
		    destination: {connection: copy, table: people}
		    key: id
		    map: {id: id, name: name}
		  - name: bosses
		    source: {connection: crm, query: SELECT DISTINCT boss AS id FROM people WHERE boss IS NOT NULL}
		    destination: {connection: copy, table: bosses}
		    key: id
		    map: {id: id}
		  - name: after
		    depends_on: people
		    checks:
		      - {name: lost, connection: copy, query: SELECT id FROM bosses WHERE id NOT IN (SELECT id FROM people), message: lost}
	END
}

segments() { field "/runs/$1" '[.segments[] | "\(.name) \(.status)"] | join(", ")'; }

@test "each row of a check is a problem, or a warning in the log, and what depends on it still runs" {
	office
	start_ferryd
	is completed "$(run_sync office)"
	is "before warning, people success, bosses success, after warning" "$(segments 1)"
	is "bosses/3|check_failed|CHECK_FAILED
bosses/4|check_failed|CHECK_FAILED
lost/8|check_failed|CHECK_FAILED
lost/9|check_failed|CHECK_FAILED" "$(problems)"
	has "the boss is nobody: id=3, boss=9" "$(field /problems '.data[].message')"
	has "check 'names': a short name: id=2" "$(field '/runs/1/logs?per_page=100' '.data[] | select(.level == "warn" or .level == "warning") | .message')"
	is 4 "$(db copy "SELECT count(*) FROM people")"
	run -0 ctl problems --segment before
	has "bosses/3"
	has_not "lost/8"
	run -0 ctl show 1
	has "before"

	# mended, it is over
	db crm "UPDATE people SET boss = 1 WHERE id = 3"
	is completed "$(run_sync office)"
	has_not "bosses/3" "$(problems)"
	has "bosses/4|" "$(problems)"
	is "GONE" "$(field '/problems?status=cleared' '.data[] | select(.key == "bosses/3") | .close_reason')"
}

@test "what a person leaves alone is not asked about again" {
	office
	start_ferryd
	run_sync office
	run -0 ctl resolve "$(problem_of bosses/3)" --ignore
	is completed "$(run_sync office)"
	has_not "bosses/3" "$(problems)"
	is "bosses/3" "$(field '/problems?status=ignored' '.data[].key')"
}

@test "a segment that fails stops those that depend on it, and no other" {
	office nowhere
	start_ferryd
	is completed "$(run_sync office)"
	is "before warning, people error, bosses success, after skipped" "$(segments 1)"
	is "depends on people, which did not succeed" "$(field /runs/1 '.segments[3].reason')"
	is CONFIG "$(field /runs/1 '.segments[1].error.code')"
	is 3 "$(db copy "SELECT count(*) FROM bosses")"
	run -2 ctl run office --wait
	run -0 ctl show last
	has "depends on people, which did not succeed"
}

@test "a required segment that fails fails the run, and the others are done all the same" {
	office nowhere
	sed -i 's/^    depends_on: before/&\n    required: true/' "$T/etc/syncs.d/office.yaml"
	start_ferryd
	is failed "$(run_sync office)"
	is "before warning, people error, bosses success, after skipped" "$(segments 1)"
	is "CONFIG people" "$(field /runs/1 '"\(.error.code) \(.error.segment)"')"
}

@test "a check that cannot be asked is an error, and its problems stay as they are" {
	office
	start_ferryd
	run_sync office
	before=$(problems)
	sed -i 's/FROM people WHERE boss NOT/FROM nowhere WHERE boss NOT/' "$T/etc/syncs.d/office.yaml"
	post /reload >/dev/null
	is completed "$(run_sync office)"
	is "before error, people skipped, bosses success, after skipped" "$(segments 2)"
	is "$before" "$(problems)"
}
