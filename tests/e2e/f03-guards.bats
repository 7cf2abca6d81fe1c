#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Limits that stop a run before it writes, what can be read of it then, and who may have it carried
# out all the same.
load lib
load decisions

story_setup() {
	connection crm sqlite "path: $T/crm.db"
	connection copy sqlite "path: $T/copy.db"
	db crm "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT)"
	db copy "CREATE TABLE contacts (id INTEGER PRIMARY KEY, name TEXT NOT NULL, gone_at TEXT)"
}

# people N: the source has so many rows.
people() {
	db crm "DELETE FROM people; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
		INSERT INTO people SELECT i, 'name ' || i FROM n"
}

# mirror [LINE...]: the sync, and a daemon for it
mirror() {
	sync_file people <<-END
		source: {connection: crm, table: people}
		destination: {connection: copy, table: contacts, disabled_at: gone_at}
		key: id
		mode: mirror
		map: {id: id, name: "nullif(name, '')"}
		$(printf '%s\n' "$@")
	END
	start_ferryd
}

contacts() { db copy "SELECT count(*) FROM contacts"; }

# stopped RUN WORDS: by a guard, with these words; nothing was written.
stopped() {
	is "failed GUARD" "$(field "/runs/$1" '"\(.status) \(.error.code)"')" || return
	has "$2" "$(field "/runs/$1" .error.message)" || return
	is 0 "$(field "/runs/$1" .segments[0].counters.requests)" "requests"
}

@test "a source that suddenly gives 3 of 10,000: nothing is deleted, and the plan can be read" {
	people 10000
	mirror
	is completed "$(run_sync people)"
	is 10000 "$(contacts)"
	db crm "DELETE FROM people WHERE id > 3"
	is failed "$(run_sync people)"
	stopped 2 "9997 deletes of 10000 records are more than the default guard allows (10%)"
	is 10000 "$(contacts)"
	run -0 ctl show 2
	has GUARD
	has "ferryctl promote 2 --override-guard"
	run -0 ctl plan 2 --decision delete --limit 2
	has "- delete   4  MISSING_UPSTREAM_DELETED"
	is 9997 "$(field "/runs/2/plan?decision=delete" .pagination.total)"

	run -1 ctl promote 2
	has "run 2 was stopped by a guard"
	has "9997 deletes of 10000 records"
	is 10000 "$(contacts)"

	run -0 ctl promote 2 --override-guard --wait
	is "deleted 9997, unchanged 3" "$(rows 3)"
	is 3 "$(contacts)"
	has "over its guards" "$(audit)"
	has "9997 deletes of 10000 records" "$(audit)"
	has "uid $(id -u)" "$(audit)"
	is completed "$(run_sync people)"
	is "unchanged 3" "$(rows 4)"
	run -1 ctl promote 2 --override-guard
	has "promoted already, by run 3"
}

@test "what the source gives again is not deleted by the next run" {
	people 100
	mirror
	run_sync people
	db crm "DELETE FROM people"
	is failed "$(run_sync people)"
	stopped 2 "the source is empty"
	people 100
	is completed "$(run_sync people)"
	is "unchanged 100" "$(rows 3)"
	is 100 "$(contacts)"
}

@test "a reader may not override a guard" {
	people 100
	mirror
	run_sync people
	db crm "DELETE FROM people"
	run_sync people
	chmod 755 "$T"
	command -v setpriv >/dev/null || skip "setpriv is missing: apt install util-linux"
	[ "$(id -u)" = 0 ] || skip "only root can become somebody else"
	chmod 666 "$FERRY_SOCKET"
	run -1 setpriv --reuid 65534 --clear-groups "$ferryctl" promote 2 --override-guard
	has "may change"
	is 100 "$(contacts)"
}

@test "min_rows: a source that gives fewer is not believed" {
	people 100
	mirror "guards: {min_rows: 90, max_deletes: 100%}"
	run_sync people
	people 89
	run_sync people
	stopped 2 "the source gave 89 rows, fewer than min_rows asks for (90)"
	is 100 "$(contacts)"
	people 90
	is completed "$(run_sync people)"
	is "deleted 10, unchanged 90" "$(rows 3)"
}

@test "max_errors: too many invalid rows" {
	people 100
	mirror "reject: [{when: name IS NULL, message: a name is missing}]" "guards: {max_errors: 5%}"
	run_sync people
	db crm "UPDATE people SET name = NULL WHERE id <= 6; UPDATE people SET name = 'new' WHERE id = 7"
	run_sync people
	stopped 2 "6 invalid rows of 100 rows are more than max_errors allows (5%)"
	is 0 "$(db copy "SELECT count(*) FROM contacts WHERE name = 'new'")"
	is 6 "$(field /problems .pagination.total)"
	db crm "UPDATE people SET name = 'name' WHERE id = 1"
	is completed "$(run_sync people)"
	is "updated 2, unchanged 93, failed 5" "$(rows 3)"
	is 5 "$(field /problems .pagination.total)"
}

@test "max_disables and max_changes" {
	people 100
	mirror "policy: {missing: disable}" "guards: {max_disables: 3, max_changes: 120}"
	run_sync people
	db crm "DELETE FROM people WHERE id <= 4"
	run_sync people
	stopped 2 "4 disables of 100 records are more than max_disables allows (3)"
	db crm "INSERT INTO people VALUES (4, 'name 4')"
	is completed "$(run_sync people)"
	is "disabled 3, unchanged 97" "$(rows 3)"
	people 250
	run_sync people
	stopped 4 "153 changes of"
	run -0 ctl promote 4 --override-guard --wait
	is "created 150, updated 3, unchanged 97" "$(rows 5)"
}

@test "a preview that a guard would stop says so, and a plan that is not the latest is refused" {
	people 100
	mirror
	run_sync people
	people 50
	is failed "$(run_sync people '{"preview": true}')"
	stopped 2 "50 deletes"
	people 40
	run_sync people
	stopped 3 "60 deletes"
	run -1 ctl promote 2 --override-guard
	has "run 2 is not the latest"
	is 100 "$(contacts)"
	run -0 ctl promote 3 --override-guard --wait
	is 40 "$(contacts)"
}

@test "what a guard has stopped cannot be carried out once the source has recovered" {
	people 100
	mirror
	run_sync people
	db crm "DELETE FROM people WHERE id > 3"
	is failed "$(run_sync people)"
	people 100
	is completed "$(run_sync people)"
	run -1 ctl promote 2 --override-guard
	has "run 2 was stopped by a guard, and run 3 has completed since"
	is 100 "$(contacts)"
}
