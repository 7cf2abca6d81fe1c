#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What ferryctl can tell without a daemon, what it tells about connectors, and its exit codes.
load lib

@test "explain lists all codes, and each has an explanation" {
	run -0 --separate-stderr ctl explain --json
	codes=$(jq -r '.. | .code? // empty' <<<"$output")
	[ "$(wc -l <<<"$codes")" -ge 60 ]
	for code in GUARD PLAN_STALE DAEMON_DIED FIELDS_CHANGED MISSING_UPSTREAM_DELETED; do
		grep -qx "$code" <<<"$codes"
	done
	for code in $codes; do
		run -0 ctl explain "$code"
		has "$code"
		[ "${#output}" -gt $((${#code} + 20)) ]
	done
}

@test "explain of a code that does not exist: exit 3, and what was meant" {
	run -3 ctl explain PLAN_STAEL
	has "PLAN_STALE"
}

@test "without a daemon: exit 4, and what to do" {
	for command in status syncs runs "show 1" "logs 1" "errors 1" "plan 1" "run people" "promote 1" "retry 1" "cancel 1" reload connectors; do
		# shellcheck disable=SC2086 # a command and its argument
		run -4 ctl $command
		has "no daemon answers at $FERRY_SOCKET"
		has "is ferryd running?"
	done
}

@test "a wrong command line: exit 3" {
	run -4 ctl
	run -3 ctl stauts
	has "status"
	run -3 ctl show
	run -3 ctl show 1 2
	run -3 ctl runs --limt 3
	run -3 ctl runs --limit many
	run -3 "${ferryd:?}" --nonsense
	run -3 "$ferryd" --preview
	run -3 "$ferryd" --check --once people
}

@test "help and version need nothing" {
	run -0 ctl help
	has "explain"
	run -0 ctl help run
	has "--preview"
	run -0 ctl version
	run -0 "${ferryd:?}" --help
	has "--once SYNC"
	run -0 "$ferryd" --version
}

@test "what is not there: exit 3" {
	start_ferryd
	run -3 ctl show 99
	run -3 ctl run people
	has "there is no sync 'people'"
	run -3 ctl connectors nothing
	run -3 ctl show last
}

@test "connectors lists what is in the plugin folder" {
	start_ferryd
	is "$(cd "$build/plugins/all" && printf '%s\n' *.so | sed 's/\.so$//' | sort | jq -R . | jq -sc .)" \
		"$(field /connectors '[.data[].name] | sort | tojson')"
	run -0 ctl connectors
	has lago-customers
	run -0 ctl connectors sqlite
	has busy_timeout
	has disabled_at
}

@test "--json prints the daemon's answer, errors too" {
	start_ferryd
	run -0 ctl syncs --json
	is "0" "$(jq .pagination.total <<<"$output")"
	run -3 --separate-stderr ctl show 99 --json
	is NOT_FOUND "$(jq -r .error.code <<<"$output")"
}
