#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Schedules: when runs start by themselves, why then, and what persons may do about it.
load lib

story_setup() {
	connection crm sqlite "path: $T/crm.db" "busy_timeout: 60s"
	connection copy sqlite "path: $T/copy.db" "busy_timeout: 60s"
	db crm "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO people VALUES (1, 'Ann')"
	db copy "CREATE TABLE contacts (id INTEGER PRIMARY KEY, name TEXT)"
}

# people_sync NAME SCHEDULE [MORE...]
people_sync() {
	local name=$1 schedule=$2
	shift 2
	sync_file "$name" <<-END
		schedule: $schedule
		source: {connection: crm, table: people}
		destination: {connection: copy, table: contacts}
		key: id
		map: {id: id, name: name}
		$(printf '%s\n' "$@")
	END
}

# schedule SYNC FILTER: of what the API tells of its schedule
schedule() { field "/syncs/$1" ".schedule | $2"; }

# runs_of SYNC [FILTER]: how many completed, or what the filter finds
runs_of() { field "/syncs/$1/runs?status=completed" "${2-.pagination.total}"; }

# seconds TIME: since the epoch
seconds() { date -d "$1" +%s; }

@test "every mistake in a schedule is told where it is" {
	people_sync a '{cron: "61 * * * *"}'
	people_sync b '{cron: "0 3 * * *", timezone: Europe/Berln}'
	people_sync c '{every: 1h, cron: "0 3 * * *"}'
	people_sync d '{after: e}'
	people_sync e '{after: d}'
	people_sync f '{after: peple}'
	people_sync g '{cron: "0 0 31 2 *"}'
	people_sync h '{adaptive: {idle: often}}'
	people_sync i '{every: 8d}'
	sed -i 's/table: people/table: people, lookback: 7d/' "$T/etc/syncs.d/i.yaml"
	run -1 "${ferryd:?}" --config "$T/etc" --plugins "$build/plugins" --check
	has "syncs.d/a.yaml:2:18: 'cron': '61 * * * *': the minute 61 is out of range (0 to 59)"
	has "syncs.d/b.yaml:2:41: 'timezone': this machine knows no time zone 'Europe/Berln'"
	has "syncs.d/c.yaml:2:23: 'cron' cannot stand beside 'every'"
	has "syncs.d/d.yaml:2:19: 'after': the sync follows itself and would never run: d after e after d"
	has "syncs.d/f.yaml:2:19: unknown sync 'peple'"
	has "syncs.d/g.yaml:2:18: 'cron': '0 0 31 2 *': there is no such date in any year"
	has "syncs.d/h.yaml:2:29: 'idle': 'often' is neither a duration such as 15m nor a cron pattern"
	has "syncs.d/i.yaml:3:52: 'lookback': 7d is shorter than the longest time between two runs by the schedule (8d)"
}

@test "why a sync runs next is told" {
	people_sync nightly '{cron: "30 2 * * *", timezone: Europe/Berlin}'
	people_sync follower '{after: nightly}'
	people_sync byhand manual
	start_ferryd
	is "cron 30 2 * * * in Europe/Berlin" "$(schedule nightly .text)"
	is "cron 30 2 * * * in Europe/Berlin" "$(schedule nightly .reason)"
	is 02:30 "$(TZ=Europe/Berlin date -d "$(schedule nightly .next_run_at)" +%H:%M)"
	is "$(schedule nightly .next_run_at)" "$(field /syncs/nightly .next_run_at)"
	is "null when a run of nightly has completed" "$(schedule follower '"\(.next_run_at) \(.reason)"')"
	is "null on request only" "$(schedule byhand '"\(.next_run_at) \(.reason)"')"
	run -0 ctl syncs
	has "cron 30 2 * * * in Europe/Berlin"
	has "when a run of nightly has completed"
	is 0 "$(field /runs .pagination.total)"
}

@test "cron: at the full minute, once" {
	people_sync minutely '{cron: "* * * * *"}'
	# not so near to the next one that it comes while this is still looking
	wait_for '[ $(date +%-S) -lt 50 ]' 12
	start_ferryd
	# not before: a sync that was just configured has missed nothing
	next=$(schedule minutely .next_run_at)
	is 0 "$(field /runs .pagination.total)"
	wait_for "[ \$(runs_of minutely) -ge 1 ]" 65
	is 1 "$(runs_of minutely)"
	is schedule "$(field /runs/1 .trigger)"
	is "$(seconds "$next")" "$(seconds "$(field /runs/1 .queued_at)")"
	is $(($(seconds "$next") + 60)) "$(seconds "$(schedule minutely .next_run_at)")"
}

@test "after: a run follows each completed run of the other sync, and no preview" {
	people_sync first manual
	people_sync second '{after: first}'
	people_sync third '{after: second}'
	start_ferryd
	is completed "$(run_sync first)"
	wait_for "[ \$(runs_of third) = 1 ]"
	is "schedule after first" "$(runs_of second '.data[0] | "\(.trigger) \(.source_name)"')"
	is preview_ready "$(run_sync first '{"preview": true}')"
	db crm "DROP TABLE people"
	is failed "$(run_sync first)"
	is "1 1" "$(runs_of second) $(runs_of third)"
}

@test "after: what completed last is still followed when the daemon was killed in between" {
	people_sync first manual
	people_sync second '{after: first}'
	start_ferryd
	run -0 ctl pause second
	is completed "$(run_sync first)"
	kill_ferryd
	start_ferryd
	is 0 "$(runs_of second)"
	run -0 ctl resume second
	wait_for "[ \$(runs_of second) = 1 ]"
	stop_ferryd
	start_ferryd
	is "null when a run of first has completed" "$(schedule second '"\(.next_run_at) \(.reason)"')"
}

@test "pause: nothing starts by itself, across restarts, until it is resumed; asked for it runs" {
	people_sync people '{every: 1s}'
	start_ferryd
	wait_for "[ \$(runs_of people) -ge 1 ]"
	run -0 ctl pause people
	has "people is paused"
	wait_for "[ \$(field /status '.runs.running + .runs.queued') = 0 ]"
	before=$(runs_of people)
	kill_ferryd
	start_ferryd
	is "true null uid $(id -u) ($(id -un))" "$(schedule people '"\(.paused) \(.next_run_at) \(.paused_by)"')"
	has "paused by uid $(id -u)" "$(schedule people .reason)"
	run -0 ctl syncs
	has "paused"
	is completed "$(run_sync people)"
	sleep 1.5
	is $((before + 1)) "$(runs_of people)"
	run -0 ctl resume people
	has "people is not paused"
	wait_for "[ \$(runs_of people) -ge $((before + 2)) ]"
	is '["resume resumed","trigger run '$((before + 1))'","pause paused"]' \
		"$(field /audit '[.data[:3][] | "\(.action) \(.result)"] | tojson')"
	run -3 ctl pause pepole
}

@test "catch_up: what was due while the daemon was down runs at its start, unless it shall not" {
	people_sync willing '{every: 2s}'
	people_sync patient '{every: 2s, catch_up: false}'
	start_ferryd
	wait_for "[ \$(runs_of patient) -ge 1 ]"
	wait_for "[ \$(field /status .runs.running) = 0 ]"
	stop_ferryd
	sleep 2.2
	start_ferryd
	has "after the end of the last run" "$(schedule patient .reason)"
	wait_for "[ \"\$(field /syncs/willing/runs '.data[0].trigger')\" = startup ]"
	wait_for "[ \"\$(field /syncs/patient/runs '.data[0].trigger')\" = schedule ]"
	is 0 "$(field /syncs/patient/runs '[.data[] | select(.trigger == "startup")] | length')"
}

@test "adaptive: each run tells in its last segment which tier it leads to" {
	people_sync people '{adaptive: {active: 1s, idle: 1h, dormant: "0 3 * * 0", demote_after: 2}}'
	start_ferryd
	# one row is written: active; then two quiet ones: idle
	wait_for "[ \$(runs_of people) = 3 ]" 15
	is '["main","scheduling"]' "$(field /runs/1 '[.segments[].name] | tojson')"
	is "success idle active 1 row written false" \
		"$(field /runs/1 '.segments[-1] | "\(.status) \(.statistics | "\(.from) \(.to) \(.reason) \(.pinned)")"')"
	is "active active nothing has happened: 1 of 2 quiet runs in a row" \
		"$(field /runs/2 '.segments[-1].statistics | "\(.from) \(.to) \(.reason)"')"
	is "active idle nothing has happened in 2 runs in a row" \
		"$(field /runs/3 '.segments[-1].statistics | "\(.from) \(.to) \(.reason)"')"
	is "adaptive idle idle: 1h after the end of the last run" "$(schedule people '"\(.kind) \(.tier) \(.reason)"')"
	is "$(schedule people .next_run_at)" "$(field /runs/3 '.segments[-1].statistics.next_run_at')"
	run -0 ctl show 3
	has scheduling
	run -0 ctl logs 3 --segment scheduling
	has "active -> idle: nothing has happened in 2 runs in a row"
	has "next run 20"
	# it is asked for, so something is going on; and a restart forgets nothing
	is completed "$(run_sync people)"
	is active "$(schedule people .tier)"
	kill_ferryd
	start_ferryd
	is active "$(schedule people .tier)"
}

@test "adaptive: a failed run holds the tier" {
	people_sync people '{adaptive: {active: 1s, idle: 1s, demote_after: 1}}'
	db crm "ALTER TABLE people RENAME TO away"
	start_ferryd
	wait_for "[ \$(field '/runs?status=failed' .pagination.total) -ge 2 ]"
	is "idle idle the run failed, so nothing is known: the tier is held" \
		"$(field /runs/2 '.segments[-1].statistics | "\(.from) \(.to) \(.reason)"')"
	is "extract main" "$(field /runs/2 '"\(.error.stage) \(.error.segment)"' | sed 's/validate_setup/extract/')"
}

@test "pin: a tier is held whatever runs find, until it ends or is taken back" {
	people_sync people '{adaptive: {active: 1s, idle: 1h}}'
	people_sync plain '{every: 1h}'
	start_ferryd
	run -0 ctl pin people dormant 24
	has "people is pinned to dormant until "
	wait_for "[ \$(field /status .runs.running) = 0 ] && [ \$(field /status .runs.queued) = 0 ]"
	is dormant "$(schedule people .tier)"
	[[ $(schedule people .pinned_until) == 20*Z ]]
	is completed "$(run_sync people)"
	is "dormant dormant true" "$(field "/syncs/people/runs" '.data[0].segments[-1].statistics | "\(.from) \(.to) \(.pinned)"')"
	is Sun "$(date -d "$(schedule people .next_run_at)" +%a)"
	kill_ferryd
	start_ferryd
	is dormant "$(schedule people .tier)"
	run -0 ctl unpin people
	is null "$(schedule people .pinned_until)"
	is 400 "$(http_status /syncs/people/pin -X POST -d '{"tier": "active", "hours": 337}')"
	is 400 "$(http_status /syncs/people/pin -X POST -d '{"tier": "active"}')"
	is 400 "$(http_status /syncs/people/pin -X POST -d '{"tier": "actve", "hours": 1}')"
	is 400 "$(http_status /syncs/people/pin -X POST -d '{"hours": 1}')"
	is STATE "$(post /syncs/plain/pin '{"tier": "active", "hours": 1}' | jq -r .error.code)"
	is "unpin pin" "$(field /audit '[.data[] | select(.result | startswith("refused") | not) | select(.action | endswith("pin")) | .action] | join(" ")')"
}

@test "retry: a run that failed for a transient reason is tried again, so often and no more" {
	# one sync holds the source for itself, so the other one cannot read it
	connection crm sqlite "path: $T/crm.db" "busy_timeout: 1ms" "retries: 0"
	people_sync people manual "retry: {attempts: 2, wait: 1s}"
	start_ferryd
	hold crm
	first=$(trigger people)
	is failed "$(wait_run "$first")"
	code=$(field "/runs/$first" .error.code)
	is true "$(field "/errors/$code" .transient)"
	has "retry 1 of 2, of run $first" "$(schedule people .reason)"
	wait_for "[ \$(field '/runs?status=failed' .pagination.total) = 3 ]"
	is '["api null","retry 1","retry 2"]' "$(field /runs '[.data[] | "\(.trigger) \(.retry_of)"] | reverse | tojson')"
	sleep 1.5
	is 3 "$(field /runs .pagination.total)"
	is "on request only" "$(schedule people .reason)"
	release
}
