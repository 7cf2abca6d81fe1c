#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A destination that has half of the customers already, under ids of its own: they are found by rules,
# what is only likely waits for a person, and nobody is made twice.
load lib
load decisions

story_setup() {
	shelf_plugins
	connection crm sqlite "path: $T/crm.db"
	connection shelf shelf
	db crm "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, email TEXT, number TEXT);
		INSERT INTO people VALUES (1, 'Ann', 'Ann@x.org', NULL), (2, 'Bo', 'bo@x.org', NULL), (3, 'Cy', 'cy@x.org', 'N3'),
			(4, 'Di', 'di@x.org', 'N4'), (5, 'Ed', 'ed@x.org', NULL), (6, 'Flo', NULL, NULL)"
	sync_file people <<-END
		source: {connection: crm, table: people}
		destination: {connection: shelf, path: $T/shelf}
		key: id
		map: {name: name, email: lower(email), number: number}
		match:
		  - {tier: strong, on: number}
		  - {tier: medium, on: lower(email)}
	END
	# Ann, Bo, Ed and a stranger without an address are likely the same, Cy is for sure
	shelf "s1 name=Anna email=ANN@x.org" "s2 name=Bob email=bo@x.org" "s3 name=Cyd email=old@x.org number=N3" \
		"s4 name=Edgar email=ed@x.org" "s5 name=Stranger"
	start_ferryd --plugins "$plugins"
}

@test "what is sure is updated, what is likely waits, what is not there is created" {
	is completed "$(run_sync people)"
	is "created 2, updated 1, conflicts 3" "$(rows 1)"
	is "1|conflict|MEDIUM_MATCH_REQUIRES_REVIEW
2|conflict|MEDIUM_MATCH_REQUIRES_REVIEW
3|update|MATCHED_STRONG
4|create|NEW_IN_SOURCE
5|conflict|MEDIUM_MATCH_REQUIRES_REVIEW
6|create|NEW_IN_SOURCE" "$(plan 1)"
	is "create s6, create s7, update s3" "$(written)"
	is "s1 name=Anna email=ANN@x.org
s2 name=Bob email=bo@x.org
s3 name=Cy email=cy@x.org number=N3
s4 name=Edgar email=ed@x.org
s5 name=Stranger
s6 name=Di email=di@x.org number=N4
s7 name=Flo" "$(on_shelf)"
	is "1|review_required|MEDIUM_MATCH_REQUIRES_REVIEW
2|review_required|MEDIUM_MATCH_REQUIRES_REVIEW
5|review_required|MEDIUM_MATCH_REQUIRES_REVIEW" "$(problems)"
	is "s1" "$(candidates 1)"
	run -0 ctl problems "$(problem_of 1)"
	has "review_required  MEDIUM_MATCH_REQUIRES_REVIEW"
	has '"Ann"'
	has '"Anna"'
	has "ferryctl resolve $(problem_of 1) --link s1"
	run -0 ctl plan last --diff --key 3
	has '- name:  "Cyd"'
	has '+ name:  "Cy"'
	run -0 ctl show last
	has "3 opened, 0 cleared; 3 problems wait for a person"
	has "ferryctl problems --sync people"
}

@test "a person links, creates and leaves alone; the next run does so, and then there is nothing to do" {
	run_sync people
	written >/dev/null
	run -0 ctl resolve "$(problem_of 1)" --link s1
	run -0 ctl resolve "$(problem_of 2)" --create
	run -0 ctl resolve "$(problem_of 5)" --ignore --until 30d
	is "" "$(problems)"

	is completed "$(run_sync people)"
	is "created 1, updated 1, unchanged 3, skipped 1" "$(rows 2)"
	is "1|update|LINKED_BY_PERSON
2|create|CREATED_BY_PERSON
5|skip|IGNORED_BY_PERSON" "$(plan 2)"
	is "create s8, update s1" "$(written)"
	is "s1 name=Ann email=ann@x.org
s2 name=Bob email=bo@x.org
s3 name=Cy email=cy@x.org number=N3
s4 name=Edgar email=ed@x.org
s5 name=Stranger
s6 name=Di email=di@x.org number=N4
s7 name=Flo
s8 name=Bo email=bo@x.org" "$(on_shelf)"
	is "1 carried_out
2 carried_out" "$(field '/problems?status=resolved' '.data[] | "\(.key) carried_out"' | sort)"
	run -0 ctl problems "$(problem_of 1 status=resolved)"
	has "carried out by run 2"

	is completed "$(run_sync people)"
	is "unchanged 5, skipped 1" "$(rows 3)"
	is "" "$(written)"
	is "5|review_required|MEDIUM_MATCH_REQUIRES_REVIEW" "$(problems status=ignored)"

	# the audit knows who said what
	is "link s1
create
ignore" "$(field /audit '.data[] | select(.action == "resolve") | .result' | sed 's/ until.*//' | tac)"
	is "uid $(id -u) ($(id -un))" "$(field /audit '[.data[] | select(.action == "resolve") | .who] | unique | .[]')"

	# from now on the link counts, whatever changes
	db crm "UPDATE people SET email = 'anne@y.org' WHERE id = 1"
	is completed "$(run_sync people)"
	is "updated 1, unchanged 4, skipped 1" "$(rows 4)"
	is "update s1" "$(written)"
	run -0 ctl history people 1
	has "run 4"
	has "LINKED_BY_PERSON"
	has "MEDIUM_MATCH_REQUIRES_REVIEW"
}

@test "one that was left alone for a while comes back when its time is over" {
	run_sync people
	post "/problems/$(problem_of 5)/resolve" "{\"action\": \"ignore\", \"until\": \"$(date -u -d '+2 seconds' +%FT%TZ)\"}" >/dev/null
	run_sync people
	is "5|review_required|MEDIUM_MATCH_REQUIRES_REVIEW" "$(problems status=ignored)"
	wait_for '[ "$(run_sync people)" = completed ] && [[ $(problems) = *5\|* ]]'
	is "" "$(problems status=ignored)"
}

@test "two people with one address: a person says who it is, nobody else waits for it" {
	shelf "s1 name=Anna email=ann@x.org" "s2 name=Ann email=ann@x.org"
	run_sync people
	is "created 5, conflicts 1" "$(rows 1)"
	is "1|ambiguous_match|AMBIGUOUS_MATCH" "$(problems)"
	is "s1 s2" "$(candidates 1)"
	run -0 ctl problems "$(problem_of 1)"
	has "--link s1"
	has "--link s2"
	run -0 ctl resolve "$(problem_of 1)" --link s2
	written >/dev/null
	run_sync people
	is "unchanged 6" "$(rows 2)" "it is there as it should be: only the link is kept"
	is "" "$(written)"
	is "1 2" "$(field '/problems?status=resolved' '.data[] | "\(.key) \(.resolution.carried_out_run)"')"
	db crm "UPDATE people SET name = 'Anne' WHERE id = 1"
	run_sync people
	is "update s2" "$(written)"
	is "s1 name=Anna email=ann@x.org" "$(on_shelf | head -1)"
}

@test "policies: a likely match for a sure one, or for none; what is there or ambiguous is left alone" {
	change_sync people '$a policy: {medium: update}'
	run_sync people
	is "created 2, updated 4" "$(rows 1)"
	is "create s6, create s7, update s1, update s2, update s3, update s4" "$(written)"
	is "" "$(problems)"
}

@test "policy medium: create makes a second one, policy strong and ambiguous: skip leave alone" {
	change_sync people '$a policy: {medium: create, strong: skip, ambiguous: skip}'
	shelf "s1 name=Anna email=ann@x.org" "s3 name=Cyd number=N3" "s4 name=Di email=di@x.org number=N4" "s5 name=Dia number=N4"
	run_sync people
	is "created 4, skipped 2" "$(rows 1)"
	is "1|create|NEW_IN_SOURCE
2|create|NEW_IN_SOURCE
3|skip|STRONG_MATCH_POLICY_SKIP
4|skip|AMBIGUOUS_POLICY_SKIP
5|create|NEW_IN_SOURCE
6|create|NEW_IN_SOURCE" "$(plan 1)"
}

@test "policy none: skip adopts what it finds and makes nothing" {
	change_sync people '$a policy: {medium: update, none: skip}'
	run_sync people
	is "updated 4, skipped 2" "$(rows 1)"
	is "update s1, update s2, update s3, update s4" "$(written)"
}

@test "a destination that cannot list cannot keep such rules, and nothing is written" {
	change_sync people 's/path:/lists: false, path:/'
	is failed "$(run_sync people)"
	is CONFIG "$(field /runs/1 .error.code)"
	has "cannot list its records" "$(field /runs/1 .error.message)"
	is "" "$(written)"
}

@test "records that wait for a person: completed, but not with every row: exit 2, in both ways" {
	run -2 ctl run people --wait
	has "completed"
	stop_ferryd
	run -2 once people --plugins "${plugins:?}"
	has "3 conflicts"
	# nobody waits any more
	db crm "DELETE FROM people WHERE id IN (1, 2, 5)"
	run -0 once people --plugins "$plugins"
}
