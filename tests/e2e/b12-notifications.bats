#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Notifications: who is told what when a sync fails and recovers; that nothing is lost when the daemon dies
# or a receiver is down; that a flapping sync does not flood, and that no secret is told to anybody.
load lib

SECRET=hook-secret-0815

story_setup() {
	start_standin hook '{}' --
	hook=$address
	connection local sqlite "path: $T/local.db"
	db local "CREATE TABLE target (id INTEGER PRIMARY KEY)"
	cat >"$T/sendmail" <<-END
		#!/bin/sh
		cat >>"$T/mail"
		echo >>"$T/mail"
	END
	chmod +x "$T/sendmail"
	sync_file copy <<-'END'
		source: {connection: local, table: source}
		destination: {connection: local, table: target}
		key: id
		map: {id: id}
	END
}

# While its table is not there the sync fails.
break_it() { db local "DROP TABLE IF EXISTS source"; }
repair_it() { db local "CREATE TABLE IF NOT EXISTS source (id INTEGER PRIMARY KEY)"; }

# targets 'LINE'...: slack, hook and mail at the receiver, then more lines of ferry.yaml.
targets() {
	settings 'notifications:' \
		"  slack: {slack: \"$hook/slack/key-4711-long-enough\", allow_addresses: 127.0.0.1, retry_base: 1s}" \
		"  hook: {webhook: $hook/hook, secret: $SECRET, allow_addresses: 127.0.0.0/8, retry_base: 1s}" \
		"  mail: {email: ops@example.com, from: ferry@example.com, sendmail: $T/sendmail}" "$@"
}

# received PATH [FILTER]: how many messages came there, or what jq finds in their list.
received() { standin hook state | jq -r "[.received[] | select(.path == \"$1\")] | ${2-length}"; }
# told STATUS: how many notifications have it.
told() { field "/notifications?status=$1&per_page=100" .pagination.total; }
wait_told() { wait_for "[ \"\$(told $1)\" = $2 ]"; }

# signature SECRET N: what the N-th message to the webhook must be signed with.
signature() {
	local t
	t=$(received /hook ".[$2].signature" | sed 's/^t=\([0-9]*\),.*/\1/')
	[ $(($(date +%s) - t)) -lt 300 ] || echo "it is old: $t"
	received /hook ".[$2].body" >"$T/body"
	truncate -s -1 "$T/body"	# jq ends the line
	{ printf '%s.' "$t"; cat "$T/body"; } | openssl dgst -sha256 -hmac "$1" -r | cut -d' ' -f1
}

@test "a failing sync is told once to each target, and so is its recovery" {
	break_it
	targets 'notify: {on: [failed, recovered]}'
	start_ferryd
	is failed "$(run_sync copy)"
	wait_told delivered 3
	is failed "$(run_sync copy)"
	repair_it
	is completed "$(run_sync copy)"
	wait_told delivered 6
	is completed "$(run_sync copy)"
	is 0 "$(told pending)"
	is "2 2" "$(received /slack/key-4711-long-enough) $(received /hook)"
	has "copy failed (run 1)" "$(received /slack/key-4711-long-enough '.[0].body | fromjson.text')"
	has "copy has recovered (run 3)" "$(received /slack/key-4711-long-enough '.[1].body | fromjson.text')"
	is "failed 1 CONFIG 1, recovered 3 null 0" \
		"$(received /hook '[.[].body | fromjson | "\(.event) \(.run.id) \(.error.code) \(.failures.consecutive)"] | join(", ")')"
	is 2 "$(grep -c '^Subject:' "$T/mail")"
	has "Subject: ferry: copy failed (run 1)" "$(cat "$T/mail")"
	has "Subject: ferry: copy has recovered (run 3)" "$(cat "$T/mail")"
	has "Next: ferryctl show 1" "$(cat "$T/mail")"
	run -0 ctl notifications --status delivered
	has recovered
}

@test "a webhook is signed, with two secrets while one replaces the other" {
	command -v openssl >/dev/null || skip "openssl is missing: apt install openssl"
	break_it
	targets 'notify: {to: hook}'
	start_ferryd
	is failed "$(run_sync copy)"
	wait_told delivered 1
	has ",v1=$(signature $SECRET 0)" "$(received /hook '.[0].signature')"
	targets 'notify: {to: hook}'
	sed -i "s/secret: $SECRET/secret: the-new-one, previous_secret: $SECRET/" "$T/etc/ferry.yaml"
	run -0 ctl reload
	run -0 ctl notify-test hook
	has ",v1=$(signature the-new-one 1),v1=$(signature $SECRET 1)" "$(received /hook '.[1].signature')"
}

@test "a receiver that is down gets it later, once and in order" {
	break_it
	targets 'notify: {on: [failed, recovered], to: hook}'
	fault hook '{"route": "POST /hook", "kind": "500", "times": 1}'
	start_ferryd
	is failed "$(run_sync copy)"
	wait_told pending 1
	repair_it
	is completed "$(run_sync copy)"
	wait_told delivered 2
	is "failed recovered" "$(received /hook '[.[].body | fromjson.event] | join(" ")')"
	is 3 "$(counts hook '.by_route["POST /hook"]')"
	is "2 1" "$(field '/notifications' '[.data | sort_by(.id)[].attempts] | join(" ")')"
}

@test "the daemon is killed before it was sent: the next one sends it" {
	break_it
	targets 'notify: {to: hook}'
	fault hook '{"route": "POST /hook", "kind": "hang", "times": 1}'
	start_ferryd
	is failed "$(run_sync copy)"
	wait_for '[ "$(counts hook .total)" -ge 1 ] || [ "$(told pending)" = 1 ]'
	kill_ferryd
	no_faults hook
	start_ferryd
	wait_told delivered 1
	is 1 "$(received /hook)"
	# a run that died with the daemon has failed, and that is told too
	kill_ferryd
	slow_sync slow
	start_ferryd
	trigger slow >/dev/null
	wait_for '[ "$(field /syncs/slow .running)" != null ]'
	kill_ferryd
	start_ferryd
	wait_told delivered 2
	is "slow DAEMON_DIED" "$(received /hook '.[1].body | fromjson | "\(.sync) \(.error.code)"')"
}

@test "a flapping sync does not flood" {
	targets 'notify: {on: [failed, recovered], to: hook, repeat_after: 1m}'
	start_ferryd
	for _ in 1 2 3 4 5; do
		break_it
		is failed "$(run_sync copy)"
		repair_it
		is completed "$(run_sync copy)"
	done
	wait_told delivered 2
	is 0 "$(told pending)"
	is 2 "$(received /hook)"
}

@test "one run in the foreground tells it too, before it ends" {
	break_it
	targets 'notify: {to: [hook, mail]}'
	run -1 once copy
	is 1 "$(received /hook)"
	is 1 "$(grep -c '^Subject:' "$T/mail")"
}

@test "a test message says how it went" {
	targets
	cat >>"$T/etc/ferry.yaml" <<-END
		  shut: {webhook: "http://localhost:${hook##*:}/hook", secret: $SECRET, allow_addresses: 10.0.0.0/8}
		  moved: {webhook: $hook/moved, secret: $SECRET, allow_addresses: 127.0.0.1}
		  nobody: {email: ops@example.com, from: ferry@example.com, sendmail: /nowhere/sendmail}
	END
	start_ferryd
	run -0 ctl notify-test slack
	has "slack (slack)  accepted"
	run -0 ctl notify-test hook --json
	is "true 200" "$(jq -r '"\(.ok) \(.http_status)"' <<<"$output")"
	run -0 ctl notify-test mail
	run -1 ctl notify-test shut
	has FORBIDDEN
	has loopback
	has allow_addresses
	run -1 ctl notify-test moved
	has "redirect (302), which is not followed"
	run -1 ctl notify-test nobody
	has "cannot start /nowhere/sendmail"
	run -3 ctl notify-test pigeon
	is "test test" "$(received /hook '[.[].body | fromjson.event] | join(" ")') $(received /slack/key-4711-long-enough 'if length == 1 then "test" else length end')"
	is 6 "$(field '/audit?per_page=100' '[.data[] | select(.action == "notify-test")] | length')"
	is "hook,mail,moved,nobody,shut,slack" "$(field /notifications/targets '[.data[].name] | sort | join(",")')"
	is 0 "$(told delivered)"
}

@test "secrets are told to nobody" {
	start_standin http '{}' --token planted-token-1 --
	connection api http "url: $address" "auth: {type: bearer, token: '\${env:API_TOKEN}'}"
	export API_TOKEN=planted-token-1
	# the source's error repeats what it was asked, as databases do
	sync_file copy <<-'END'
		source: {connection: local, query: "SELECT id FROM [planted-token-1 and key-4711-long-enough and hook-secret-0815]"}
		destination: {connection: local, table: target}
		key: id
		map: {id: id}
	END
	targets
	fault hook '{"route": "POST /hook", "kind": "500", "times": 1}'
	start_ferryd
	is failed "$(run_sync copy)"
	wait_told delivered 3
	run -0 ctl notify-test slack
	standin hook state | jq -r '.received[].body' | cat - "$T/mail" >"$T/all"
	has "no such table" "$(cat "$T/all")"
	has "********" "$(cat "$T/all")"
	for secret in planted-token-1 key-4711-long-enough "$SECRET"; do
		has_not "$secret" "$(cat "$T/all")"
	done
	# nor is a target's own to who looks at how it went, in the list or in the log
	fault hook '{"route": "*", "kind": "500", "times": -1}'
	run -1 ctl notify-test slack
	has_not key-4711-long-enough
	run -1 ctl notify-test slack --json
	has_not key-4711-long-enough
	how=$(ctl notifications; ctl notifications --json | jq 'del(.data[].message)'; grep notification "$T/ferryd.log")
	has "status 500" "$how"
	has_not "$SECRET" "$how"
	has_not key-4711-long-enough "$how"
}

@test "mistakes in it are told at their place" {
	targets 'notify: {on: [faild], to: [hok]}'
	run -1 check
	has "ferry.yaml:5:15: 'on' cannot be 'faild' (did you mean 'failed'?"
	has "ferry.yaml:5:28: unknown target 'hok' (did you mean 'hook'?)"
	has_not "$SECRET"
}
