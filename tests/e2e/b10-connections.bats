#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Does a connection work? ferryctl test says what was looked at, what it showed, and what failed; and
# what a connector can tell from the settings alone is told by the check of the configuration.
load lib

# steps NAME: "STEP STATUS, ..." of the last test, from its JSON in $output.
steps() { jq -r '[.steps[] | "\(.name) \(.status)"] | join(", ")' <<<"$output"; }

@test "connections and who uses them" {
	connection local sqlite "path: $T/local.db"
	connection spare sqlite "path: $T/spare.db"
	db local "CREATE TABLE a (id INTEGER PRIMARY KEY)"
	sync_file copy <<-'END'
		source: {connection: local, table: a}
		key: id
		destination: {connection: local, table: b, create: true}
		map: {id: id}
	END
	start_ferryd
	run -0 ctl connections
	has "local       sqlite  copy"
	has "spare       sqlite"
	is '["copy"]' "$(field /connections '.data[] | select(.name == "local").used_by | tojson')"
}

@test "a database file: what is there, what may be done, and what is missing" {
	connection good sqlite "path: $T/good.db"
	connection new sqlite "path: $T/new.db"
	connection nowhere sqlite "path: $T/no/such/folder/x.db"
	connection text sqlite "path: $T/text.db"
	db good "CREATE TABLE a (id INTEGER PRIMARY KEY)"
	printf 'this is no database, and long enough to be looked at as one: %0500d\n' 0 >"$T/text.db"
	start_ferryd
	run -0 ctl test good
	has "good  works"
	has "tables and views: 1"
	run -0 ctl test new --json
	is "settings ok, address warning" "$(steps)"
	run -1 ctl test nowhere --json
	is "settings ok, address failed" "$(steps)"
	is CONNECT "$(jq -r .error.code <<<"$output")"
	run -1 ctl test text --json
	is CONFIG "$(jq -r .error.code <<<"$output")"
	# all of them: the exit status says that one does not work
	run -1 ctl test
	has "good  works"
	has "nowhere  does not work"
	run -3 ctl test nothing
	has "there is no connection 'nothing'"
}

@test "Lago and SteVe: address, credentials, version, permissions" {
	start_lago
	start_steve
	connection_lago
	connection bad-key lago "url: $lago" "api_key: wrong"
	connection_steve
	connection bad-password steve "url: $steve/steve" "username: $STEVE_USER" "password: wrong"
	connection bad-path steve "url: $steve/other" "username: $STEVE_USER" "password: $STEVE_PASSWORD"
	connection away lago "url: http://127.0.0.1:1" "api_key: x"
	start_ferryd
	run -0 ctl test lago --json
	is true "$(jq .ok <<<"$output")"
	has "may read customers"
	run -1 ctl test bad-key --json
	is "credentials failed" "$(jq -r '.steps[-1] | "\(.name) \(.status)"' <<<"$output")"
	is AUTH "$(jq -r .error.code <<<"$output")"
	has_not wrong
	run -0 ctl test steve
	has "steve  works"
	run -1 ctl test bad-password
	has "AUTH"
	has "api_password"
	run -1 ctl test bad-path
	has "context path"
	run -1 ctl test away --json
	is "address failed" "$(jq -r '.steps[-1] | "\(.name) \(.status)"' <<<"$output")"
	is CONNECT "$(jq -r .error.code <<<"$output")"
	# every test is in the audit, and viewers may not make one
	is 6 "$(field '/audit?per_page=100' '[.data[] | select(.action == "test")] | length')"
}

@test "any JSON API: with a path to check, and without" {
	start_standin http '{}' --token sesame --
	connection with http "url: $address" "check: /contacts" "auth: {type: bearer, token: sesame}"
	connection without http "url: $address" "auth: {type: bearer, token: sesame}"
	connection wrong http "url: $address" "check: /contacts" "auth: {type: bearer, token: rice}"
	start_ferryd
	run -0 ctl test with
	has "accepted"
	run -0 ctl test without --json
	is warning "$(jq -r '.steps[-1].status' <<<"$output")"
	run -1 ctl test wrong --json
	is "credentials failed" "$(jq -r '.steps[-1] | "\(.name) \(.status)"' <<<"$output")"
	has_not rice
}

@test "what can be told from the settings is told by the check, at its line" {
	connection local sqlite "path: $T/local.db"
	connection api http "url: https://api.example.com"
	sync_file both <<-'END'
		source: {connection: local, table: a, query: SELECT 1}
		key: id
		destination: {connection: local, table: b}
		map: {id: id}
	END
	sync_file template <<-'END'
		source: {connection: local, table: a}
		key: id
		destination:
		  connection: api
		  create: {method: POST, path: "/contacts/{{nothing}}"}
		map: {id: id}
	END
	run -1 check
	has "syncs.d/both.yaml:2:"
	has "either 'query' or 'table'"
	has "syncs.d/template.yaml:6:"
	has "nothing"
	# a reference is not read for that
	connection api http 'url: ${env:NOT_SET}' 'auth: {type: bearer, token: "${env:NOT_SET}"}'
	sync_file template <<-'END'
		source: {connection: local, table: a}
		key: id
		destination:
		  connection: api
		  create: {method: POST, path: "/contacts"}
		mode: append
		map: {id: id}
	END
	sync_file both <<-'END'
		source: {connection: local, table: a}
		key: id
		destination: {connection: local, table: b}
		map: {id: id}
	END
	run -0 check
}

@test "connectors NAME: roles, modes, settings, fields with what they want, limits" {
	start_ferryd
	run -0 ctl connectors lago-customers
	has "external_id"
	has "identifier"
	has "can delete"
	has "to a page of its list"
	run -0 ctl connectors steve-transactions
	has "reads recent records only"
	for name in $(field /connectors '.data[].name'); do
		is null "$(field "/connectors/$name" .error)" "connector $name"
		is true "$(field "/connectors/$name" '.summary != "" and (.roles | length) > 0')" "connector $name"
	done
}
