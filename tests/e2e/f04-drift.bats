#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Somebody edits a customer in Lago by hand: verify sees it field by field, and by policy it waits for a
# person or is put right; a field that is empty over there is filled in.
load lib
load decisions

story_setup() {
	start_lago
	connection_lago "retry_base: 10ms"
	connection crm sqlite "path: $T/crm.db"
	db crm "CREATE TABLE people (id TEXT PRIMARY KEY, name TEXT, email TEXT, city TEXT);
		INSERT INTO people VALUES ('ann', 'Ann', 'ann@x.org', 'Rome'), ('bo', 'Bo', 'bo@x.org', 'Oslo'), ('cy', 'Cy', 'cy@x.org', NULL)"
	sync_file people <<-END
		source: {connection: crm, table: people}
		destination: {connection: lago, resource: customers}
		key: id
		map: {external_id: id, name: name, email: email, city: city}
		verify: true
	END
	start_ferryd
	run_sync people
	forget lago
}

# edit JSON: by hand, in Lago
edit() { standin lago seed -X POST -f -d "{\"customers\": [$1]}" >/dev/null; }

# in_lago ID FIELD
in_lago() { standin lago state | jq -r ".customers[] | select(.external_id == \"$1\") | .$2"; }

@test "what was changed over there waits for a person, field by field, and nothing is overwritten" {
	edit '{"external_id": "ann", "name": "Anna", "city": "Pisa"}'
	is completed "$(run_sync people)"
	is "unchanged 2, conflicts 1" "$(rows 2)"
	is 0 "$(writes lago)"
	is "ann|conflict|DRIFTED" "$(problems)"
	run -0 ctl problems "$(problem_of ann)"
	has '"Ann"'
	has '"Anna"'
	has '"Rome"'
	has '"Pisa"'
	run -0 ctl plan last --diff
	has "! conflict ann  DRIFTED"
	has '- name: "Anna"'
	has '+ name: "Ann"'
	has_not "email"
	is Anna "$(in_lago ann name)"

	# a change at the source does not overwrite it either
	db crm "UPDATE people SET email = 'ann@y.org' WHERE id = 'ann'"
	is completed "$(run_sync people)"
	is "unchanged 2, conflicts 1" "$(rows 3)"
	is 0 "$(writes lago)"
	is 1 "$(field /problems .pagination.total)"

	# put right by hand, it is over, and the change arrives
	edit '{"external_id": "ann", "name": "Ann", "city": "Rome"}'
	is completed "$(run_sync people)"
	is "updated 1, unchanged 2" "$(rows 4)"
	is "" "$(problems)"
	is "ann@y.org" "$(in_lago ann email)"
}

@test "without verify nobody looks, with --verify once" {
	change_sync people '/verify/d'
	edit '{"external_id": "ann", "name": "Anna"}'
	is completed "$(run_sync people)"
	is "unchanged 3" "$(rows 2)"
	run -2 ctl run people --verify --wait
	is "unchanged 2, conflicts 1" "$(rows 3)"
}

@test "policy conflict: overwrite puts it right, once" {
	change_sync people '$a policy: {conflict: overwrite}'
	edit '{"external_id": "ann", "name": "Anna"}'
	is completed "$(run_sync people)"
	is "updated 1, unchanged 2" "$(rows 2)"
	is "ann|update|DRIFTED" "$(plan 2)"
	is Ann "$(in_lago ann name)"
	is 1 "$(writes lago)"
	is "" "$(problems)"
	is completed "$(run_sync people)"
	is "unchanged 3" "$(rows 3)"
}

@test "a field that is empty over there is filled in, whatever the policy" {
	edit '{"external_id": "bo", "city": null, "email": ""}'
	is completed "$(run_sync people)"
	is "updated 1, unchanged 2" "$(rows 2)"
	is "bo|update|DRIFTED" "$(plan 2)"
	is "Oslo bo@x.org" "$(in_lago bo city) $(in_lago bo email)"
	is "" "$(problems)"
}

@test "one that is gone over there is made again" {
	standin lago state/customers/cy -X DELETE >/dev/null
	is completed "$(run_sync people)"
	is "created 1, unchanged 2" "$(rows 2)"
	is "cy|create|DRIFTED" "$(plan 2)"
	is 3 "$(held lago customers)"
}

@test "a person has it left alone, and takes that back" {
	edit '{"external_id": "ann", "name": "Anna"}'
	run_sync people
	run -0 ctl resolve "$(problem_of ann)" --ignore
	is completed "$(run_sync people)"
	is "unchanged 2, skipped 1" "$(rows 3)"
	is "ann|skip|IGNORED_BY_PERSON" "$(plan 3)"
	is 0 "$(writes lago)"
	run -0 ctl resolve "$(problem_of ann status=ignored)" --reopen
	is completed "$(run_sync people)"
	is "ann|conflict|DRIFTED" "$(problems)"
}
