#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Problems, as a person meets them: listed, looked at, answered; the answer outlives the daemon and is
# given to the next run. The worker is one that only says what the test has it say.
load lib

story_setup() {
	export FERRY_WORKER=$build/tests/unit/fixtures/fake-worker
	[ -x "$FERRY_WORKER" ] || skip "the worker that only talks was not built (cmocka is missing)"
	connection crm sqlite "path: $T/crm.db"
	sync_file people-script <<-END
		source: {connection: crm, table: people}
		destination: {connection: crm, table: contacts}
		key: id
		map: {id: id}
	END
	start_ferryd
}

# says [LINE...]: what the next run says
says() {
	: >"$T/state/script"
	[ $# -eq 0 ] || printf '%s\n' "$@" >"$T/state/script"
}

# report FORM KEY GROUP: a problem with two candidates
report() {
	jq -nc --arg form "$1" --arg key "$2" --arg group "$3" '{type: "problem", segment: "main", form: $form, key: $key,
		group: $group, code: ($group | ascii_upcase), severity: "error", message: "it is not clear",
		fields: {name: "Ann", email: "ann@x.org"}, candidates: [
			{dest_id: "cus_1", fields: {name: "Ann", email: "ann@y.org"}},
			{dest_id: "cus_2", fields: {name: "Anna", email: "ann@x.org"}}]}'
}

told() { jq -c "$1" "$T/state/job"; }

@test "a problem is listed, shown beside its candidates, and answered" {
	says "$(report aa01 42 ambiguous_match)" "$(report aa02 43 invalid_record)"
	is completed "$(run_sync people-script)"
	run -0 ctl problems
	has "ambiguous_match"
	has "43"
	run -0 ctl problems --group ambiguous_match --json
	is 1 "$(jq .pagination.total <<<"$output")"
	run -0 ctl problems 1
	has "the record"
	has "cus_2"
	has "ferryctl resolve 1 --link cus_1"
	run -0 ctl resolve 1 --link cus_1
	has "the next run does so"
	run -0 ctl problems
	has_not "ambiguous_match"
	run -0 ctl show last
	has "ferryctl problems --sync people-script"
}

@test "the answer outlives the daemon and is given until it is carried out" {
	says "$(report aa01 42 ambiguous_match)" "$(report aa02 43 invalid_record)"
	run_sync people-script
	ctl resolve 1 --link cus_2
	kill_ferryd
	start_ferryd
	says
	is completed "$(run_sync people-script)"
	is '[{"segment":"main","form":"aa01","action":"link","dest_id":"cus_2"}]' "$(told .rulings)"
	is '[{"segment":"main","forms":["aa02"]}]' "$(told .open)"
	says '{"type":"ruled","segment":"main","form":"aa01"}' '{"type":"clear","segment":"main","form":"aa02","reason":"VALID"}'
	run_sync people-script
	says
	run_sync people-script
	is '[]' "$(told .rulings)"
	is '[]' "$(told .open)"
	is "resolved 3" "$(field /problems/1 '"\(.status) \(.resolution.carried_out_run)"')"
	is "cleared VALID" "$(field /problems/2 '"\(.status) \(.close_reason)"')"
	run -1 ctl resolve 1 --retry
	has "run 3 has carried out 'link'"
}

@test "what is ignored is quiet until it is taken back" {
	says "$(report aa01 42 ambiguous_match)"
	run_sync people-script
	run -0 ctl resolve 1 --ignore --until 30d
	run_sync people-script
	is ignored "$(field /problems/1 .status)"
	is ignore "$(told .rulings[0].action | tr -d '"')"
	run -0 ctl problems
	has "no problem waits for a person"
	ctl resolve 1 --reopen
	is open "$(field /problems/1 .status)"
	run -3 ctl resolve 1
	run -3 ctl resolve 1 --link
	run -3 ctl resolve 99 --retry
}

@test "many are answered at once" {
	says "$(report aa01 1 rejected)" "$(report aa02 2 rejected)" "$(report aa03 3 ambiguous_match)"
	run_sync people-script
	run -0 ctl resolve --sync people-script --group rejected --retry
	has "2 problems"
	is 1 "$(field /problems .pagination.total)"
	is 2 "$(field '/problems?status=resolved' .pagination.total)"
	is "resolve" "$(field /audit .data[0].action)"
}

@test "a run that a guard has stopped is promoted only by a word of its own" {
	says '{"type":"done","status":"failed","at":1,"row_errors":0,"error":{"code":"GUARD","message":"9 deletes are too many"}}'
	is failed "$(run_sync people-script)"
	run -1 ctl promote 1
	has "9 deletes are too many"
	has "ferryctl promote 1 --override-guard"
	run -0 ctl promote 1 --override-guard --wait
	is "promote true 1" "$(field /runs/2 '"\(.trigger) \(.override_guard) \(.promote_of)"')"
	has "9 deletes are too many" "$(field /audit .data[0].result)"
}

@test "a run that only extracts is no run of its sync" {
	says
	run_sync people-script
	is completed "$(run_sync people-script '{"extract_only": true, "limit": 3}')"
	is "true 3" "$(told '"\(.extract_only) \(.limit)"' | tr -d '"')"
	is 1 "$(field /syncs/people-script .last_run.id)"
	run -3 ctl run people-script --limit 3
	run -1 ctl promote 2
}
