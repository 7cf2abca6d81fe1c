#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Records that are invalid, refused again and again, or in doubt: each waits alone, says why, and goes
# on when it was repaired or a person says so.
load lib
load decisions

story_setup() {
	shelf_plugins
	connection crm sqlite "path: $T/crm.db"
	connection shelf shelf
	db crm "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, email TEXT, pin TEXT);
		INSERT INTO people VALUES (1, 'Ann', 'ann@x.org', '1111'), (2, 'Bo', 'bo@x.org', '2222'), (3, 'Cy', 'cy@x.org', '3333')"
	shelf
	: >"$T/shelf"
	settings "quarantine_after: 3"
	use ""
}

# use SETTINGS [LINE...]: of the destination, and more of the sync
use() {
	sync_file people <<-END
		source: {connection: crm, table: people}
		destination: {connection: shelf, path: $T/shelf$1}
		key: id
		mode: mirror
		map: {name: name, email: email, pin: pin}
		$(shift; printf '%s\n' "$@")
	END
	[ -n "$ferryd_pid" ] || start_ferryd --plugins "$plugins"
	post /reload >/dev/null
}

@test "a text that is no UTF-8: the row is named, whatever its bytes, and the run goes on" {
	db crm "UPDATE people SET name = CAST(x'61ff62' AS TEXT) WHERE id = 2"
	is completed "$(run_sync people)"
	is "created 2, failed 1" "$(rows 1)"
	is "2|INVALID_RECORD|name|the text is not valid UTF-8" "$(errors 1 | sed 's/invalid_record/INVALID_RECORD/')"
	db crm "UPDATE people SET name = 'Bo' WHERE id = 2"
	is completed "$(run_sync people)"
	is "created 1, unchanged 2" "$(rows 2)"
}

@test "a row that becomes invalid is a problem until it is repaired, and keeps its record" {
	is completed "$(run_sync people)"
	db crm "UPDATE people SET name = '' WHERE id = 2; UPDATE people SET name = hex(zeroblob(30)) WHERE id = 3"
	written >/dev/null
	is completed "$(run_sync people)"
	is "unchanged 1, failed 2" "$(rows 2)"
	is "" "$(written)"
	is "2|missing_required_field|INVALID_RECORD
3|invalid_record|INVALID_RECORD" "$(problems)"
	run -0 ctl problems "$(problem_of 2)"
	has "field name"
	has "it is required and empty"

	# a second run says the same of the same problem
	run_sync people
	is "2 2" "$(field /problems '[.data[].times | tostring] | join(" ")')"

	# from one kind of bad to another: still one problem
	db crm "UPDATE people SET name = hex(zeroblob(30)) WHERE id = 2; UPDATE people SET name = 'Cyd' WHERE id = 3"
	is completed "$(run_sync people)"
	is "2|invalid_record|INVALID_RECORD" "$(problems)"
	is "update s3" "$(written)"
	db crm "UPDATE people SET name = 'Bo' WHERE id = 2"
	is completed "$(run_sync people)"
	is "unchanged 3" "$(rows 5)"
	is "" "$(problems)"
	is "VALID VALID" "$(field '/problems?status=cleared' '[.data[].close_reason] | join(" ")')"
	run -0 ctl problems "$(problem_of 2 status=cleared)"
	has "opened"
	has "moved"
	has "cleared"
	is 3 "$(field '/audit' '[.data[] | select(.action == "trigger")] | length | if . > 3 then 3 else . end')"
}

@test "an invalid row that goes away takes its problem along" {
	db crm "UPDATE people SET name = NULL WHERE id = 2"
	run_sync people
	is "2|missing_required_field|INVALID_RECORD" "$(problems)"
	db crm "DELETE FROM people WHERE id = 2"
	is completed "$(run_sync people)"
	is "" "$(problems)"
	is "GONE" "$(field '/problems?status=cleared' '.data[].close_reason')"
}

@test "refused in three runs: no longer sent, shown with request and answer, and tried again by a person's word" {
	use ", refuses: Bo"
	for run in 1 2 3; do
		is completed "$(run_sync people)"
		is "2|NAME_NOT_WANTED|name|the shelf takes nobody of that name" "$(errors $run)"
	done
	is "unchanged 2, failed 1" "$(rows 3)"
	is "create s1, create s2" "$(written)"
	is "2|quarantined|QUARANTINED" "$(problems)"

	# not sent again, the others go on
	db crm "UPDATE people SET email = 'ann@y.org' WHERE id = 1"
	is completed "$(run_sync people)"
	is "updated 1, unchanged 1, conflicts 1" "$(rows 4)"
	is "" "$(errors 4)"
	id=$(problem_of 2)
	run -0 ctl problems "$id"
	has "the shelf takes nobody of that name"
	has '"decision":"create"'
	has '"name":"Bo"'
	has '********'
	has_not 2222
	has "ferryctl resolve $id --retry"

	# a person says so: it is sent, and refused, and counts anew
	run -0 ctl resolve "$id" --retry
	is completed "$(run_sync people)"
	is "2|NAME_NOT_WANTED|name|the shelf takes nobody of that name" "$(errors 5)"
	is "" "$(problems)"
	use ""
	is completed "$(run_sync people)"
	is "created 1, unchanged 2" "$(rows 6)"
	is completed "$(run_sync people)"
	is "unchanged 3" "$(rows 7)"
}

@test "a quarantined row that changes at the source is sent without a word" {
	use ", refuses: Bo"
	for run in 1 2 3 4; do run_sync people; done
	is "2|quarantined|QUARANTINED" "$(problems)"
	db crm "UPDATE people SET name = 'Boris' WHERE id = 2"
	is completed "$(run_sync people)"
	is "created 1, unchanged 2" "$(rows 5)"
	is "" "$(problems)"
}

# dies: the worker dies after the next row was written, before it has said so.
dies() {
	touch "$T/shelf.die"
	is failed "$(run_sync people)"
	is WORKER_DIED "$(field "/runs/$1" .error.code)"
}

@test "a destination that can neither be asked nor be sent a row twice: in doubt, until a person says what is so" {
	use ", answers: false, lists: false"
	dies 1
	is "create s1" "$(written)"
	is completed "$(run_sync people)"
	# what was under way with it is as much in doubt
	is "1|in_doubt|IN_DOUBT
2|in_doubt|IN_DOUBT
3|in_doubt|IN_DOUBT" "$(problems)"
	is "conflicts 3" "$(rows 2)"
	is "" "$(written)"
	run -0 ctl problems "$(problem_of 2)"
	has "ferryctl resolve $(problem_of 2) --retry"
	has "--link"

	# Ann is there, Bo and Cy are not
	run -0 ctl resolve "$(problem_of 1)" --link s1
	run -0 ctl resolve "$(problem_of 2)" --retry
	run -0 ctl resolve "$(problem_of 3)" --retry
	is completed "$(run_sync people)"
	is "created 2, updated 1" "$(rows 3)"
	is "create s2, create s3, update s1" "$(written)"
	is "" "$(problems)"
	is 3 "$(field '/problems?status=resolved' '[.data[] | select(.resolution.carried_out_run == 3)] | length')"
	is completed "$(run_sync people)"
	is "unchanged 3" "$(rows 4)"
	is "s1 name=Ann email=ann@x.org pin=1111
s2 name=Bo email=bo@x.org pin=2222
s3 name=Cy email=cy@x.org pin=3333" "$(on_shelf)"
}

@test "a destination that can be asked: what was in doubt is settled, nothing is sent twice" {
	run_sync people
	db crm "UPDATE people SET email = 'new@x.org'"
	written >/dev/null
	dies 2
	is completed "$(run_sync people)"
	is "" "$(problems)"
	is 3 "$(grep -c new@x.org "$T/shelf")"
	is completed "$(run_sync people)"
	is "unchanged 3" "$(rows 4)"
}

@test "fields that are sensitive are sent, and shown nowhere" {
	use ", refuses: Bo" "sensitive: [name, email]"
	db crm "UPDATE people SET name = hex(zeroblob(30)) WHERE id = 3"
	for run in 1 2 3; do is completed "$(run_sync people)"; done
	has "name=Ann email=ann@x.org" "$(on_shelf)"
	is "2|quarantined|QUARANTINED
3|invalid_record|INVALID_RECORD" "$(problems)"
	is "********" "$(field "/runs/1/plan?key=1" '.data[0].fields[] | select(.name == "email") | .after')"
	{
		curl -sf --unix-socket "$T/ferry.sock" http://x/api/v1/runs/3
		for what in runs/1/plan runs/3/plan runs/1/errors runs/3/errors runs/3/logs problems "problems/$(problem_of 2)" \
			"problems/$(problem_of 3)" "syncs/people/history?key=1" "syncs/people/history?key=2"; do
			curl -sf --unix-socket "$T/ferry.sock" "http://x/api/v1/$what"
		done
		ctl plan 1 --diff
	} >"$T/shown"
	has '"key":"2"' "$(cat "$T/shown")"
	has_not "@x.org" "$(cat "$T/shown")"
	has_not '"Ann"' "$(cat "$T/shown")"
	has_not 00000000 "$(cat "$T/shown")"
}
