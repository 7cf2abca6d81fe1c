#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Health and trends: how well syncs are, what their days come to, what goes on right now.
load lib

story_setup() {
	connection crm sqlite "path: $T/crm.db" "busy_timeout: 60s"
	connection copy sqlite "path: $T/copy.db" "busy_timeout: 60s"
	db crm "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT)" \
		"INSERT INTO people VALUES (1, 'Ann'), (2, 'Bob'), (3, NULL)"
	db copy "CREATE TABLE contacts (id INTEGER PRIMARY KEY, name TEXT)"
}

# people_sync NAME [MORE...]
people_sync() {
	local name=$1
	shift
	sync_file "$name" <<-END
		source: {connection: crm, table: people}
		destination: {connection: copy, table: contacts}
		key: id
		map: {id: id, name: name}
		$(printf '%s\n' "$@")
	END
}

# health SYNC: "score band success error_trend latency freshness"
health() {
	field "/syncs/$1/health" \
		'[.score, .band, .parts.success.points, .parts.error_trend.points, .parts.latency.points, .parts.freshness.points] | join(" ")'
}

# counted [SYNC]: "completed with_errors failed cancelled previews" of 24 h, the same as of 30 d
counted() {
	local of='[.[] | .runs | [.completed, .completed_with_errors, .failed, .cancelled, .previews] | join(" ")] | unique | join(" or ")'
	if [ $# -gt 0 ]; then
		field "/syncs/$1/trends" ".totals | $of"
	else
		field /health/syncs ".totals | $of"
	fi
}

@test "a sync fails, is critical, recovers, and is told apart from the others all the while" {
	people_sync good
	people_sync ill
	people_sync idle
	start_ferryd
	is " unknown 0 0 0 0" "$(health good)"
	is completed "$(run_sync good)"
	is completed "$(run_sync ill)"
	is "100 healthy 40 20 20 20" "$(health ill)"
	# one of two that fails is no half health
	db crm "ALTER TABLE people RENAME TO away"
	is failed "$(run_sync ill)"
	is "60 degraded 0 20 20 20" "$(health ill)"
	is failed "$(run_sync ill)"
	is failed "$(run_sync ill)"
	run -0 ctl health
	is "3 syncs: 1 healthy, 1 degraded, 1 unknown" "${lines[0]}"
	# the worst first, those of which nothing is known last
	[[ ${lines[2]} =~ ^ill\ +60\ .*\ degraded\ +1\ of\ 4\ runs\ today\ completed$ ]]
	[[ ${lines[3]} =~ ^good\ +100\ .*\ healthy ]]
	[[ ${lines[4]} =~ ^idle\ .*unknown\ +no\ run\ has\ ended\ yet$ ]]
	run -0 ctl health --limit 1
	has "ill"
	has "2 more, none of them worse"
	run -0 ctl health ill
	is "ill  degraded  60 of 100" "${lines[0]}"
	has "1 of 4 runs today completed"
	has "last completed"
	has "runs on request only"
	# and recovers with each run that completes
	db crm "ALTER TABLE away RENAME TO people"
	for _ in 1 2 3 4 5 6 7 8; do
		is completed "$(run_sync ill)"
	done
	is "80 healthy 20 20 20 20" "$(health ill)"
	is "9 0 3 0 0" "$(counted ill)"
	is "10 0 3 0 0" "$(counted)"
	# a sync that has only ever failed is critical
	sync_file lost <<-'END'
		source: {connection: crm, table: nowhere}
		destination: {connection: copy, table: contacts}
		key: id
		map: {id: id}
	END
	run -0 ctl reload
	is failed "$(run_sync lost)"
	is "0 critical 0 0 0 0" "$(health lost)"
	run -3 ctl health nobody
	run -3 ctl trends nobody
}

@test "rows that fail are told apart from runs that fail, and previews from both" {
	people_sync people "reject: [{when: name IS NULL, message: it has no name}]"
	start_ferryd
	is preview_ready "$(run_sync people '{"preview": true}')"
	is "0 0 0 0 1" "$(counted people)"
	is " unknown 0 0 0 0" "$(health people)"
	is completed "$(run_sync people)"
	is "0 1 0 0 1" "$(counted people)"
	# a third of all rows, and nothing to compare it with
	is "80 healthy 40 0 20 20" "$(health people)"
	is "1 of 3 rows today failed; nothing to compare it with yet" \
		"$(field /syncs/people/health .parts.error_trend.why)"
	is "3 2 0 1 0.333333" "$(field /syncs/people/trends '.totals["7d"] | "\(.rows_processed) \(.rows_created) \(.rows_updated) \(.rows_failed) \(.error_rate)"')"
	is completed "$(run_sync people)"
	is "6 2 2 2" "$(field /syncs/people/trends '.days[-1] | "\(.rows_processed) \(.rows_created) \(.rows_unchanged) \(.rows_failed)"')"
	run -0 ctl trends people --days 3
	is "people  the last 3 days, by UTC" "${lines[0]}"
	has "33.33 %"
	has "2 runs, 6 rows, 2 row errors"
	is 3 "$(field '/syncs/people/trends?days=3' '.days | length')"
	is "$(date -u +%F)" "$(field '/syncs/people/trends?days=3' '.days[-1].day')"
	is 400 "$(http_status '/syncs/people/trends?days=0')"
	is 400 "$(http_status '/syncs/people/trends?days=367')"
	is 404 "$(http_status /syncs/nobody/trends)"
}

@test "runs are counted once, whenever the daemon is killed" {
	people_sync people
	slow_sync slow
	start_ferryd
	is completed "$(run_sync people)"
	for _ in 1 2 3; do
		run=$(trigger slow)
		wait_stage "$run" extract
		kill_ferryd
		start_ferryd
		is failed "$(wait_run "$run")"
	done
	is "0 0 3 0 0" "$(counted slow)"
	is "1 0 3 0 0" "$(counted)"
	kill_ferryd
	start_ferryd
	is "1 0 3 0 0" "$(counted)"
	# one taken out of the configuration still tells how it was
	rm "$T/etc/syncs.d/slow.yaml"
	run -0 ctl reload
	is "0 0 3 0 0" "$(counted slow)"
	is 404 "$(http_status /syncs/slow/health)"
}

@test "healthz: each check says what it has found, and the worst of them decides" {
	people_sync people
	slow_sync slow
	settings "heartbeat_timeout: 4s"
	start_ferryd
	is '["daemon","journal","disk","configuration","scheduler","runs","notifications","retention"] ok' \
		"$(field /healthz '"\(.checks | keys_unsorted | tojson) \(.status)"')"
	is 0 "$(field /healthz '[.checks[] | select(.status != "ok" or (.message | length) < 5)] | length')"
	# a worker that gives no sign of life
	run=$(trigger slow)
	wait_stage "$run" extract
	for pid in $(worker_pids); do kill -STOP "$pid"; done
	wait_for '[ "$(field /healthz .status)" = degraded ]'
	is "degraded 1 of 1 running runs give no sign of life" "$(field /healthz '.checks.runs | "\(.status) \(.message)"')"
	is 200 "$(http_status /healthz)"
	is failed "$(wait_run "$run")"
	is ok "$(field /healthz .status)"
	# a configuration that is not taken
	echo "nonsense: 1" >>"$T/etc/syncs.d/people.yaml"
	run -1 ctl reload
	is "degraded degraded" "$(field /healthz '"\(.status) \(.checks.configuration.status)"')"
	has "generation 1 stays in force" "$(field /healthz .checks.configuration.message)"
}

@test "top: one picture where there is no terminal" {
	people_sync often "schedule: {every: 1h}"
	people_sync seldom "schedule: {every: 2h}"
	people_sync manual "schedule: manual"
	slow_sync slow
	start_ferryd
	wait_for '[ "$(field "/runs?status=completed" .pagination.total)" = 2 ]'
	is often,seldom,manual,slow "$(field '/syncs?sort=next_run_at' '[.data[].id] | join(",")')"
	is 400 "$(http_status '/syncs?sort=size')"
	db crm "DROP TABLE people"
	is failed "$(run_sync manual)"
	run=$(trigger slow)
	wait_stage "$run" extract
	trigger slow
	run -0 ctl top
	has "4 syncs  1 running  1 queued"
	[[ $output =~ running$'\n'\ +RUN\ .*STAGE.*$'\n'\ +$run\ +slow\  ]]
	[[ $output =~ queued$'\n'.*slow ]]
	[[ $output =~ failed\ last$'\n'.*manual.*no\ such\ table ]]
	[[ $output =~ next$'\n'.*often.*in\ .*$'\n'.*seldom.*in\  ]]
	is "slow slow manual often" "$(ctl top --json | jq -r '[.running[0], .queued[0], .failed[0] | .sync_id] + [.next[0].id] | join(" ")')"
}

@test "top: a terminal is left as it was found" {
	command -v script >/dev/null || skip "script is missing: apt install bsdutils"
	people_sync people
	start_ferryd
	mkfifo "$T/keys"
	# the shell behind it tells how the terminal is afterwards; Ctrl-C is typed as a person would
	for key in q $'\x03'; do
		rm -f "$T/screen"
		TERM=xterm script -qefc "'$ferryctl' top; echo ended \$?; stty -a" "$T/screen" <"$T/keys" >/dev/null 3>&- &
		children+=($!)
		exec 9>"$T/keys"
		wait_for "grep -q 'ferryd .*up' '$T/screen'"
		printf '%s' "$key" >&9
		wait_for "grep -q 'ended 0' '$T/screen'"
		exec 9>&-
		wait "${children[-1]}" || :
		unset 'children[-1]'
		run -0 cat "$T/screen"
		has $'\e[?1049h\e[?25l'
		has $'\e[?25h\e[?1049l'
		[[ $output =~ [[:space:]]icanon[[:space:]] ]]
		[[ $output =~ [[:space:]]echo[[:space:]] ]]
	done
}
