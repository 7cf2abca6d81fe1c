#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A Lago that has half of the customers already, under external ids that somebody else gave them: its list
# is read once, likely ones wait for a person, and no customer is made twice.
load lib
load decisions

story_setup() {
	start_lago '{"customers": [
		{"external_id": "web-1", "name": "Ann Adams", "email": "ANN@x.org"}, {"external_id": "web-2", "name": "Bo", "email": "bo@x.org"},
		{"external_id": "web-3", "name": "Cy", "email": "cy@x.org"}, {"external_id": "web-4", "name": "Cyrus", "email": "cy@x.org"},
		{"external_id": "6", "name": "Flo", "email": "flo@old.org"}, {"external_id": "web-5", "name": "nobody of ours"}]}'
	connection_lago "retry_base: 10ms"
	connection crm sqlite "path: $T/crm.db"
	db crm "CREATE TABLE people (id TEXT PRIMARY KEY, name TEXT, email TEXT);
		INSERT INTO people VALUES ('1', 'Ann', 'ann@x.org'), ('2', 'Bo', 'bo@x.org'), ('3', 'Cy', 'cy@x.org'),
			('4', 'Di', 'di@x.org'), ('5', 'Ed', NULL), ('6', 'Flo', 'flo@x.org')"
	sync_file people <<-END
		source: {connection: crm, table: people}
		destination: {connection: lago, resource: customers}
		key: id
		map: {external_id: id, name: name, email: email}
		match:
		  - {tier: strong, on: external_id}
		  - {tier: medium, on: lower(email)}
	END
	start_ferryd
	forget lago
}

# customers: what Lago holds, "ID NAME EMAIL" one a line
customers() { standin lago state | jq -r '.customers | sort_by(.external_id)[] | "\(.external_id) \(.name) \(.email)"'; }

was="web-1 Ann Adams ANN@x.org
web-2 Bo bo@x.org
web-3 Cy cy@x.org
web-4 Cyrus cy@x.org
web-5 nobody of ours null"

@test "who is there under his id is updated, who is likely there waits, who is new is created" {
	is completed "$(run_sync people)"
	is "created 2, updated 1, conflicts 3" "$(rows 1)"
	is "1|review_required|MEDIUM_MATCH_REQUIRES_REVIEW
2|review_required|MEDIUM_MATCH_REQUIRES_REVIEW
3|ambiguous_match|AMBIGUOUS_MATCH" "$(problems)"
	is "web-1" "$(candidates 1)"
	is "web-3 web-4" "$(candidates 3)"
	is "4 Di di@x.org
5 Ed null
6 Flo flo@x.org
$was" "$(customers)"
	is 3 "$(writes lago)"
	is "list 6 1" "$(field /runs/1 '.segments[0].stages[] | select(.name == "reconcile") | .metrics |
		"\(.matched_by) \(.listed) \(.list_requests)"')"
	run -0 ctl problems "$(problem_of 1)"
	has '"Ann Adams"'
	has "--link web-1"
}

@test "a person links, creates and leaves alone; after that there is nothing to do, nobody is there twice" {
	run_sync people
	run -0 ctl resolve "$(problem_of 1)" --link web-1
	run -0 ctl resolve "$(problem_of 2)" --ignore --until 30d
	run -0 ctl resolve "$(problem_of 3)" --create
	forget lago
	is completed "$(run_sync people)"
	is "created 1, updated 1, unchanged 3, skipped 1" "$(rows 2)"
	is "1|update|LINKED_BY_PERSON
2|skip|IGNORED_BY_PERSON
3|create|CREATED_BY_PERSON" "$(plan 2)"
	is 2 "$(writes lago)"
	# the linked one keeps the name it has in Lago
	is "3 Cy cy@x.org
4 Di di@x.org
5 Ed null
6 Flo flo@x.org
web-1 Ann ann@x.org
$(sed 1d <<<"$was")" "$(customers)"
	forget lago
	is completed "$(run_sync people)"
	is "unchanged 5, skipped 1" "$(rows 3)"
	is 0 "$(writes lago)"

	# and so it stays, also when somebody looks
	db crm "UPDATE people SET name = 'Anne' WHERE id = '1'"
	is completed "$(run_sync people)"
	is "updated 1, unchanged 4, skipped 1" "$(rows 4)"
	is "web-1 Anne" "$(customers | grep -o "^web-1 [A-Z][a-z]*")"
	is completed "$(run_sync people '{"verify": true}')"
	is "unchanged 5, skipped 1" "$(rows 5)"
	is 9 "$(held lago customers)"
}

@test "a linked one that Lago refuses again and again is not sent any more, until it changes" {
	settings "quarantine_after: 2"
	post /reload >/dev/null
	run_sync people
	run -0 ctl resolve "$(problem_of 1)" --link web-1
	fault lago '{"route": "POST /api/v1/customers", "kind": "reject_value", "field": "name", "value": "Ann", "code": "value_is_odd"}'
	run_sync people
	run_sync people
	has "1|quarantined|QUARANTINED" "$(problems)"
	forget lago
	is completed "$(run_sync people)"
	is 0 "$(writes lago)"
	has "1|quarantined|QUARANTINED" "$(problems)"
	run -0 ctl problems "$(problem_of 1)"
	has "value_is_odd"
	db crm "UPDATE people SET name = 'Anne' WHERE id = '1'"
	# it was never delivered, so who it is has to be said again
	is completed "$(run_sync people)"
	has "1|review_required|MEDIUM_MATCH_REQUIRES_REVIEW" "$(problems)"
	run -0 ctl resolve "$(problem_of 1)" --link web-1
	is completed "$(run_sync people)"
	is "" "$(problems | grep '^1|' || :)"
	is "web-1 Anne" "$(customers | grep -o "^web-1 [A-Z][a-z]*")"
}

@test "a link to somebody who is not there changes nothing: it is asked again" {
	run_sync people
	run -0 ctl resolve "$(problem_of 1)" --link web-77
	forget lago
	is completed "$(run_sync people)"
	is 0 "$(writes lago)"
	is "1|review_required|MEDIUM_MATCH_REQUIRES_REVIEW
2|review_required|MEDIUM_MATCH_REQUIRES_REVIEW
3|ambiguous_match|AMBIGUOUS_MATCH" "$(problems)"
	is "web-1" "$(candidates 1)"
	has "key '1' is to be linked with 'web-77', which is not there" "$(field /runs/2/logs '.data[].message')"
}
