#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The API is as its OpenAPI document says it is: each route is asked, for what goes well and what does
# not, and each answer is held against the document.
load lib

story_setup() {
	python3 -c 'import jsonschema' 2>/dev/null || skip "python3-jsonschema is missing: apt install python3-jsonschema"
	connection crm sqlite "path: $T/crm.db" "busy_timeout: 60s"
	connection copy sqlite "path: $T/copy.db"
	db crm "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO people VALUES (1, 'Ann'), (2, 'Bo'), (3, NULL)"
	db copy "CREATE TABLE contacts (id INTEGER PRIMARY KEY, name TEXT NOT NULL)"
	people people "schedule: {adaptive: {}, catch_up: false}"
	people broken "schedule: {every: 366d, catch_up: false}" nobody
	# a target nobody listens at: what is told to it waits
	settings "notifications: {ops: {webhook: 'http://127.0.0.1:9/', secret: '0123456789abcdef0123456789abcdef', allow_addresses: [127.0.0.1]}}" \
		"notify: {on: [failed, completed]}"
	start_ferryd
}

# people NAME MORE [TABLE]
people() {
	sync_file "$1" <<-END
		$2
		source: {connection: crm, table: ${3-people}}
		destination: {connection: copy, table: contacts}
		key: id
		map: {id: id, name: name}
		where: name is null or name <> 'Eve'
		reject: [{when: name = 'Mallory', message: not this one, field: name}]
	END
}

conform() { "$src/tests/e2e/conform.py" "$FERRY_SOCKET" 3>&-; }

@test "every route answers as it is described" {
	db crm "INSERT INTO people VALUES (4, 'Mallory')"
	is preview_ready "$(run_sync people '{"preview": true, "verify": true}')"
	is completed "$(promote 1)"
	is failed "$(run_sync broken)"
	is completed "$(run_sync people '{"extract_only": true, "limit": 2}')"
	hold crm
	trigger people
	wait_stage 5 validate_setup
	trigger people
	run conform <<-END
		GET /healthz 200
		GET /metrics 200
		GET /openapi.json 200
		GET /schema/syncs 200
		GET /status 200
		GET /doctor 200
		GET /syncs 200
		GET /syncs?sort=next_run_at&per_page=1 200
		GET /syncs/people 200
		GET /syncs/people/runs?status=completed&from=2020-01-01&to=2100-01-01 200
		GET /syncs/people/history?key=3 200
		GET /syncs/people/health 200
		GET /syncs/people/trends?days=3 200
		GET /health/syncs 200
		GET /runs 200
		GET /runs?sync=people&per_page=2&page=2 200
		GET /runs/1 200
		GET /runs/2 200
		GET /runs/3 200
		GET /runs/4 200
		GET /runs/5 200
		GET /runs/6 200
		GET /runs/2/errors 200
		GET /runs/3/logs?segment=main 200
		GET /runs/1/plan 200
		GET /runs/2/plan?decision=create 200
		GET /runs/4/records 200
		GET /problems?status=all 200
		GET /problems/1 200
		GET /events 200
		GET /connectors 200
		GET /connectors/lago-customers 200
		GET /connectors/sqlite 200
		GET /connections 200
		GET /retention 200
		GET /notifications 200
		GET /notifications/targets 200
		GET /errors/AUTH 200
		GET /reasons/NEW_IN_SOURCE 200
		GET /audit 200
		GET /audit?action=trigger&per_page=1 200
		GET /tokens 200
		POST /runs/6/cancel 202
		POST /runs/3/retry 202
		POST /runs/1/promote 409 {"override_guard": true}
		POST /syncs/people/trigger 202 {"preview": true}
		POST /syncs/people/pause 200 {}
		POST /syncs/people/resume 200
		POST /syncs/people/pin 200 {"tier": "idle", "hours": 2}
		GET /syncs/people 200
		POST /syncs/people/unpin 200
		POST /problems/1/resolve 200 {"action": "ignore", "until": "3d"}
		GET /problems/1 200
		POST /problems/resolve 200 {"sync": "people", "action": "retry"}
		POST /connections/copy/test 200
		POST /notifications/ops/test 200
		POST /retention 200 {"dry_run": true}
		POST /backup 200 {"dir": "$T/copy-of-state"}
		POST /tokens/create 201 {"name": "watcher", "role": "viewer", "expires": "1d"}
		GET /tokens 200
		POST /tokens/watcher/revoke 200 {}
		POST /reload 200
	END
	# what could be promoted was, so there the refusal is all there is to be seen
	is "POST /api/v1/runs/{id}/promote: was never answered well" "$output"
	release
}

@test "every refusal is an error as it is described" {
	echo 'sync: people' >"$T/etc/syncs.d/wrong.yaml"
	run conform <<-'END'
		GET /nothing 404
		GET /syncs/nobody 404
		GET /syncs/nobody/runs 404
		GET /syncs/people/history 400
		GET /syncs/people/trends?days=0 400
		GET /syncs?sort=name 400
		GET /runs/99 404
		GET /runs/99/plan 404
		GET /runs?status=done 400
		GET /runs?page=0 400
		GET /problems/99 404
		GET /problems?status=some 400
		GET /connectors/nothing 404
		GET /errors/NOTHING 404
		GET /reasons/NOTHING 404
		GET /schema/nothing 404
		GET /events?types=nothing 400
		GET /events?sync=nobody 404
		GET /events?run=first 400
		POST /syncs/nobody/trigger 404 {}
		POST /syncs/people/trigger 400 {"previw": true}
		POST /syncs/people/trigger 400 {"preview":
		POST /syncs/people/pin 400 {"tier": "fast", "hours": 1}
		POST /syncs/broken/unpin 409 {}
		POST /runs/99/cancel 404
		POST /problems/99/resolve 404 {"action": "retry"}
		POST /connections/nothing/test 404
		POST /tokens/create 400 {}
		POST /backup 400 {}
		POST /reload 422
	END
	run grep -v "was never answered well" <<<"$output"
	is "GET /api/v1/nothing: is in no route" "$output"
}

@test "the manual's table has every call" {
	api /openapi.json | jq -r '.paths | to_entries[] | .key as $path | .value | to_entries[] |
		"| `\(.key | ascii_upcase) \($path)` | \(.value["x-role"]) | \(.value.summary) |"' >"$T/calls"
	sed -n '/^## All calls/,$ { /^| `/p }' "$src/doc/api.md" >"$T/told"
	run -0 diff "$T/told" "$T/calls"
}
