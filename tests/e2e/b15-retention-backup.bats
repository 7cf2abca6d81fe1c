#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What is old goes and what is needed stays; a backup is made while runs write, and put back; and what
# was delivered after it was made is not delivered twice.
load lib
load decisions

story_setup() {
	connection crm sqlite "path: $T/crm.db"
	connection copy sqlite "path: $T/copy.db"
	db crm "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO people VALUES (1, 'Ann'), (2, 'Bo')"
	db copy "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT)"
	sync_file people <<-END
		source: {connection: crm, table: people}
		destination: {connection: copy, table: people}
		key: id
		mode: mirror
		map: {id: id, name: name}
	END
}

copied() { db copy "SELECT id || ' ' || name FROM people ORDER BY id" | paste -sd, | sed 's/,/, /g'; }

# restore [OPTION...]: the backup, into the state that is there
restore() { "$ferryd" --config "$T/etc" --state "$T/state" --restore "$T/backup" "$@" 3>&-; }

runs() { field "/syncs/people/runs?per_page=100" '[.data[].id] | tojson'; }

# kind NAME: how many of it are past their time
kind() { field /retention ".kinds[] | select(.kind == \"$1\") | .items"; }

# ------------------------------------------------------------------------------- retention

@test "retention by count: what would go is told, then goes, with logs and plan; the latest stay" {
	settings "retention: {runs: {count: 10}, plans: {count: 5}}"
	start_ferryd
	for _ in {1..8}; do run_sync people >/dev/null; done
	is preview_ready "$(run_sync people '{"preview": true}')"
	for _ in {1..6}; do run_sync people >/dev/null; done
	is 15 "$(field /runs .pagination.total)"
	is 5 "$(kind runs)"
	run -0 ctl retention
	has "goes within the hour"
	is 15 "$(field /runs .pagination.total)"
	run -0 ctl retention --now
	has "was past its time is gone"
	is '[15,14,13,12,11,10,9,8,7,6]' "$(runs)"
	is NOT_FOUND "$(field /runs/5 .error.code)"
	is NOT_FOUND "$(field /runs/5/logs .error.code)"
	is "11 12 13 14 15" "$(find "$T/state/plans" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort -n | paste -sd' ')"
	is 0 "$(kind runs)"
	is "retention started" "$(field /audit '.data[0] | "\(.action) \(.result)"')"
}

@test "a sync's own rules; what nobody knows any more goes, what is no longer configured is only listed" {
	sed -i '1a retention: {runs: {count: 12}}' "$T/etc/syncs.d/people.yaml"
	settings "retention: {runs: {count: 10}}"
	start_ferryd
	for _ in {1..13}; do run_sync people >/dev/null; done
	mkdir "$T/state/plans/777"
	echo x >"$T/state/plans/777/data.mdb"
	run -0 ctl retention --now
	is 12 "$(field /runs .pagination.total)"
	[ ! -e "$T/state/plans/777" ]
	rm "$T/etc/syncs.d/people.yaml"
	run -0 ctl reload
	run -0 ctl retention --now
	is 10 "$(field /runs .pagination.total)"
	has "no longer configured"
	has "people"
	[ -e "$T/state/snapshots/people/main/data.mdb" ]
}

@test "a folder that cannot be emptied is said, and stops nothing else" {
	[ "$(id -u)" != 0 ] || skip "root may remove anything"
	settings "retention: {runs: {count: 10}, plans: {count: 2}}"
	start_ferryd
	for _ in {1..4}; do run_sync people >/dev/null; done
	mkdir -p "$T/state/plans/777/own"
	run -0 ctl retention --now
	has "777 cannot be removed"
	has "777 cannot be removed" "$(field /healthz '.checks.retention.message')"
}

# ---------------------------------------------------------------------------------- backup

@test "a backup while it runs, put back elsewhere: the same runs, and nothing to do" {
	start_ferryd
	is completed "$(run_sync people)"
	run -0 ctl backup "$T/backup"
	has "backup $T/backup"
	is 700 "$(stat -c %a "$T/backup")"
	cmp "$T/etc/syncs.d/people.yaml" "$T/backup/config/syncs.d/people.yaml"
	is "backup completed, backup started" "$(field /audit '[.data[:2][] | "\(.action) \(.result)"] | join(", ")')"
	# into the same folder again it is refused, with the reason
	run -3 ctl backup "$T/backup" || [ "$status" != 0 ]
	has "is not empty"
	run ! ctl backup "$T/no/such/place"
	has "folder above it"
	is USAGE "$(post /backup '{"dir": "relative"}' | jq -r .error.code)"
	stop_ferryd
	mv "$T/state" "$T/lost"
	run -0 restore
	has "as it was at 20"
	start_ferryd
	is '[1]' "$(runs)"
	is "restore $T/backup" "$(field /audit '.data[0] | "\(.action) \(.target)"')"
	is completed "$(run_sync people)"
	is "unchanged 2" "$(rows 2)"
	has "compared and is believed again" "$(field /runs/2/logs '[.data[].message] | tojson')"
	run -0 "$ferryd" --state "$T/state" --verify-store
	has " 0 damaged"
}

@test "what was delivered after the backup is not delivered twice: every row is right" {
	start_ferryd
	is completed "$(run_sync people)"
	run -0 ctl backup "$T/backup"
	# afterwards: one is new, one changes there and back, one goes
	db crm "INSERT INTO people VALUES (3, 'Cy'), (4, 'Di'); UPDATE people SET name = 'Anna' WHERE id = 1"
	is completed "$(run_sync people)"
	db crm "DELETE FROM people WHERE id = 2; UPDATE people SET name = 'Cyd' WHERE id = 3"
	is completed "$(run_sync people)"
	is "1 Anna, 3 Cyd, 4 Di" "$(copied)"
	stop_ferryd
	run ! restore
	has "holds a state already"
	run -0 restore --force
	has "what was there is now in $T/state/before-restore-20"
	# what the snapshot believes of Ann is what the source says again, and not what is there
	db crm "UPDATE people SET name = 'Ann' WHERE id = 1"
	start_ferryd
	is completed "$(run_sync people)"
	is "1 Ann, 3 Cyd, 4 Di" "$(copied)"
	is completed "$(run_sync people)"
	is "unchanged 3" "$(rows "$(field /runs '.data[0].id')")"
}

@test "events: those sent after the backup are refused as doubles, each is there once" {
	start_lago '{"billable_metrics": [{"name": "kWh", "code": "kwh", "aggregation_type": "sum_agg", "field_name": "value"}]}'
	connection_lago
	sync_file events <<-END
		source: {connection: crm, table: people}
		destination: {connection: lago, resource: events, billable_metric: kwh, field_name: value}
		key: id
		mode: append
		map:
		  transaction_id: "'number-' || id"
		  external_subscription_id: "'sub'"
		  code: "'kwh'"
		  timestamp: 1767225600 + id
		  properties.value: id
	END
	start_ferryd
	is completed "$(run_sync events)"
	run -0 ctl backup "$T/backup"
	db crm "INSERT INTO people VALUES (3, 'Cy'), (4, 'Di')"
	is completed "$(run_sync events)"
	kill_ferryd
	run -0 restore --force
	db crm "INSERT INTO people VALUES (5, 'Ed')"
	start_ferryd
	is completed "$(run_sync events)"
	is "5 5 15.000" "$(held lago events '"\(.count) \(.distinct_transaction_ids) \(.sum_value)"')"
	is completed "$(run_sync events)"
	is "unchanged 5" "$(rows "$(field /runs '.data[0].id')")"
}

@test "a destination that can neither be asked nor tell a double: new rows are held back until a person decides" {
	shelf_plugins
	connection shelf shelf
	sync_file people <<-END
		source: {connection: crm, table: people}
		destination: {connection: shelf, path: $T/shelf, answers: false, lists: false}
		key: id
		map: {name: name}
	END
	start_ferryd --plugins "$plugins"
	is completed "$(run_sync people)"
	run -0 ctl backup "$T/backup"
	db crm "INSERT INTO people VALUES (3, 'Cy')"
	is completed "$(run_sync people)"
	stop_ferryd
	run -0 restore --force
	db crm "INSERT INTO people VALUES (4, 'Di')"
	start_ferryd --plugins "$plugins"
	is completed "$(run_sync people)"
	is "3|in_doubt|IN_DOUBT
4|in_doubt|IN_DOUBT" "$(problems)"
	is 3 "$(on_shelf | wc -l)"
	# Cy is there, Di is not
	run -0 ctl resolve "$(problem_of 3)" --link s3
	run -0 ctl resolve "$(problem_of 4)" --retry
	is completed "$(run_sync people)"
	is "s1 name=Ann
s2 name=Bo
s3 name=Cy
s4 name=Di" "$(on_shelf)"
	is "" "$(problems)"
	db crm "INSERT INTO people VALUES (5, 'Ed')"
	is completed "$(run_sync people)"
	is 5 "$(on_shelf | wc -l)"
}

@test "a plan made before the backup and promoted after it cannot be promoted again" {
	start_ferryd
	is preview_ready "$(run_sync people '{"preview": true}')"
	run -0 ctl backup "$T/backup"
	is completed "$(promote 1)"
	stop_ferryd
	run -0 restore --force
	start_ferryd
	is failed "$(promote 1)"
	is PLAN_STALE "$(field '/runs' '.data[0].error.code')"
	is completed "$(run_sync people)"
	is "1 Ann, 2 Bo" "$(copied)"
}

@test "a backup that runs are writing into: it can be put back, and the next run makes all right" {
	db crm "WITH RECURSIVE n(i) AS (SELECT 3 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
		INSERT INTO people SELECT i, 'name ' || i FROM n"
	start_ferryd
	run=$(trigger people)
	run -0 ctl backup "$T/backup"
	is completed "$(wait_run "$run")"
	stop_ferryd
	run -0 restore --force
	start_ferryd
	is completed "$(run_sync people)"
	is "3000 3000" "$(db copy "SELECT count(*) || ' ' || count(DISTINCT name) FROM people")"
}

@test "what is damaged, not finished or newer is refused, and the state stays as it is" {
	start_ferryd
	is completed "$(run_sync people)"
	run -0 ctl backup "$T/backup"
	run ! restore --force
	has "held by the process"
	stop_ferryd
	before=$(checksum "$T/state/journal/data.mdb")
	cp -r "$T/backup" "$T/good"
	# one bit
	file=$T/backup/snapshots/people/main/data.mdb
	printf '\xff' | dd of="$file" bs=1 seek=$(($(stat -c %s "$file") - 100)) conv=notrunc status=none
	run ! restore --force
	has "is not as it was when the backup was made"
	rm "$T/backup/manifest.json"
	run ! restore --force
	has "it is no backup, or was not finished"
	rm -r "$T/backup" && cp -r "$T/good" "$T/backup"
	sed -i 's/"ferry_backup":1/"ferry_backup":2/' "$T/backup/manifest.json"
	run ! restore --force
	has "STORE_VERSION"
	is "$before" "$(checksum "$T/state/journal/data.mdb")"
	[ ! -e "$T/state/restoring" ] && [ ! -e "$T/state/restored" ]
}

@test "a restore that was broken off after its decision is finished by the daemon's start" {
	start_ferryd
	is completed "$(run_sync people)"
	run -0 ctl backup "$T/backup"
	is completed "$(run_sync people)"
	stop_ferryd
	run -0 restore --force
	# as if it had been killed between two moves
	mkdir "$T/state/restored"
	mv "$T/state/journal" "$T/state/plans" "$T/state/restored"
	echo before-restore-x >"$T/state/restored/aside"
	start_ferryd
	is '[1]' "$(runs)"
	[ ! -e "$T/state/restored" ]
}
