#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Whoever wants to know what goes on need not ask again and again: events come by themselves, and a
# monitoring system finds the numbers of it.
load lib

story_setup() {
	connection crm sqlite "path: $T/crm.db" "busy_timeout: 60s"
	connection copy sqlite "path: $T/copy.db"
	db crm "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO people VALUES (1, 'Ann'), (2, 'Bo'), (3, NULL)"
	db copy "CREATE TABLE contacts (id INTEGER PRIMARY KEY, name TEXT NOT NULL)"
	people people
	people others
	start_ferryd
}

people() {
	sync_file "$1" <<-END
		source: {connection: crm, table: people}
		destination: {connection: copy, table: contacts}
		key: id
		map: {id: id, name: name}
	END
}

# follow FILE [QUERY] [OPTION OF CURL...]: in the background; what comes goes into $T/FILE.
follow() {
	local file=$T/$1 query=${2-}
	shift $(($# > 2 ? 2 : $#))
	curl -sSN --max-time 60 --unix-socket "$FERRY_SOCKET" "http://localhost/api/v1/events$query" "$@" >"$file" 2>&1 3>&- &
	children+=($!)
	wait_for "grep -q ^id: '$file'"
}

# news FILE: the kinds of events in it, in their order
news() { sed -n 's/^event: //p' "$T/$1" | uniq | paste -sd' '; }

# data FILE KIND FILTER: what jq finds in the data of the events of that kind
data() { awk -v kind="$2" '$1 == "event:" {hit = $2 == kind} $1 == "data:" && hit' "$T/$1" | sed 's/^data: //' | jq -r "$3"; }

metrics() { curl -sS --unix-socket "$FERRY_SOCKET" http://localhost/metrics 3>&-; }

last_id() { sed -n 's/^id: //p' "$T/$1" | tail -n 1; }

@test "a run from its beginning to its end" {
	follow all
	run_sync people
	wait_for "grep -q run.ended '$T/all'"
	is "run.queued run.started run.stage" "$(news all | cut -d' ' -f1-3)"
	is "1 people api" "$(data all run.queued '"\(.run_id) \(.sync_id) \(.trigger)"')"
	is "extract completed 3 rows" "$(data all run.stage 'select(.stage == "extract" and .status == "completed") | "\(.stage) \(.status) \(.summary)"')"
	is "3 extracted, 2 created, 1 failed" "$(data all run.log .message)"
	is 1 "$(data all run.row_errors .row_errors)"
	is "completed 3 1" "$(data all run.ended '"\(.status) \(.rows_processed) \(.row_errors)"')"
}

@test "only what was asked for: a run, a sync, kinds of events" {
	follow one "?sync=others"
	follow ends "?types=run.ended,config"
	run_sync people
	run_sync others
	ctl reload
	wait_for "grep -q config.reloaded '$T/ends'"
	is "" "$(grep -c '"sync_id":"people"' "$T/one" | grep -v '^0$')"
	is "run.ended config.reloaded" "$(news ends)"
	is "people others" "$(data ends run.ended .sync_id | paste -sd' ')"
	is 400 "$(http_status '/events?types=run.edned')"
	is 404 "$(http_status '/events?sync=nobody')"
}

@test "schedules, problems and reloads are news too" {
	sync_file people <<-END
		schedule: {every: 1h}
		source: {connection: crm, table: people}
		destination: {connection: copy, table: contacts}
		key: id
		map: {id: id, name: name}
		reject: [{when: name is null, message: nameless}]
	END
	follow news "?types=sync,problem,config"
	ctl reload
	wait_for "grep -q config.reloaded '$T/news'"
	wait_for "grep -q problem.opened '$T/news'" 20
	is "3 nameless" "$(data news problem.opened '"\(.key) \(.message)"')"
	ctl pause people
	ctl resume people
	ctl resolve 1 --ignore
	echo "sync: people" >"$T/etc/syncs.d/again.yaml"
	ctl reload || :
	wait_for "grep -q config.refused '$T/news'"
	is "true false" "$(data news sync.paused .paused) $(data news sync.resumed .paused)"
	is ignored "$(data news problem.closed .change)"
	is 2 "$(data news config.refused .generation)"
}

@test "who was away gets what was missed; after a restart there is a reset" {
	follow first
	run_sync people
	wait_for "grep -q run.ended '$T/first'"
	kill "${children[-1]}"
	seen=$(last_id first)
	run_sync others
	follow second "" -H "Last-Event-ID: $seen"
	wait_for "grep -q run.ended '$T/second'"
	is "others" "$(data second run.queued .sync_id)"
	has_not '"sync_id":"people"' "$(cat "$T/second")"
	has_not reset "$(news second)"
	stop_ferryd
	start_ferryd
	follow third "" -H "Last-Event-ID: $seen"
	is reset "$(news third)"
}

@test "the daemon's end is told, and the stream ends as it should" {
	follow last
	stop_ferryd
	wait "${children[-1]}"
	is daemon.stopping "$(news last)"
}

@test "many clients that take nothing hold nobody up and take no memory" {
	sync_file people <<-END
		source: {connection: crm, query: "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) SELECT i AS id FROM n"}
		destination: {connection: copy, table: contacts}
		key: id
		map: {id: id, name: "'n' || id"}
		reject: [{when: "id > 0", message: "this one is not wanted, and that is said of each of them"}]
	END
	ctl reload
	for i in $(seq 20); do
		follow "deaf$i" "" --limit-rate 1
	done
	before=$(awk '/^Rss/ {print $2}' "/proc/$ferryd_pid/smaps_rollup")
	is completed "$(run_sync people)"
	after=$(awk '/^Rss/ {print $2}' "/proc/$ferryd_pid/smaps_rollup")
	sanitized || [ $((after - before)) -lt 8192 ] || { echo "from $before to $after KiB"; return 1; }
	is 200 "$(http_status /status)"
}

@test "ferryctl events: lines for people, JSON for programs, and the end of a run" {
	slow_sync slow
	ctl reload
	run=$(trigger slow)
	wait_stage "$run" extract
	"$ferryctl" events --run "$run" >"$T/people" 3>&- &
	one=$!
	"$ferryctl" events --json --types run.ended >"$T/json" 3>&- &
	children+=("$one" "$!")
	wait_for "metrics | grep -qx 'ferry_event_clients 2'"
	ctl cancel "$run"
	wait_for "! kill -0 $one"
	has "slow #$run cancelled" "$(cat "$T/people")"
	wait_for "[ -s '$T/json' ]"
	is "run.ended slow" "$(jq -r '"\(.event) \(.data.sync_id)"' "$T/json")"
	run -1 ctl events --run "$run"
	has "has ended already"
	run -3 ctl events --types nothing
	has "there are no events 'nothing'"
}

@test "the numbers for monitoring are in order" {
	run_sync people
	stop_ferryd
	start_ferryd
	run_sync people
	metrics >"$T/metrics"
	has 'ferry_runs_total{sync="people",status="completed"} 1' "$(cat "$T/metrics")"
	has 'ferry_rows_total{sync="people",kind="unchanged"} 2' "$(cat "$T/metrics")"
	has 'ferry_last_run_row_errors{sync="people"} 1' "$(cat "$T/metrics")"
	run -0 curl -sS -o /dev/null -w '%{content_type}' -H 'Accept: application/openmetrics-text' \
		--unix-socket "$FERRY_SOCKET" http://localhost/metrics
	is "application/openmetrics-text; version=1.0.0; charset=utf-8" "$output"
	command -v promtool >/dev/null || skip "promtool is missing: apt install prometheus"
	run -0 promtool check metrics <"$T/metrics"
	is "" "$output"
}
