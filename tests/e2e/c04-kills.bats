#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Whatever dies at whatever moment, nothing is lost and nothing is doubled: workers are killed twenty
# times and the daemon ten times at random moments of live runs; in the end every row is there once.
# FERRY_TEST_SEED repeats the moments of an earlier run.
load lib
load faults

WORKER_KILLS=20
DAEMON_KILLS=10

story_setup() {
	connection from sqlite "path: $T/from.db"
	db from "CREATE TABLE numbers (id INTEGER PRIMARY KEY, name TEXT, wh INTEGER);
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
		INSERT INTO numbers SELECT i, 'Customer ' || i, 1000 + 37 * i % 5000 FROM n"
	settings "log_lines_max: 100000"
}

# The one worker's pid, once it is there.
worker_of_run() {
	wait_for '[ -n "$(worker_pids)" ]' 5 || return
	worker_pids | tr -d ' '
}

# live_run SYNC LONGEST: starts a run and comes back at a random moment of it, within LONGEST ms of its
# start or, every other time, of its first write; sets $run_id and $worker.
live_run() {
	run_id=$(trigger "$1") || return
	worker=$(worker_of_run) || return
	if ((run_id % 2)); then
		wait_stage "$run_id" apply 30 || return
	fi
	moment 20 "$2"
	sleep "$moment"
	local at
	at=$(field "/runs/$run_id" '"\(.status) \([.segments[].stages[] | select(.status == "running") | .name] | first)"') || return
	is running "${at% *}" "run $run_id after $moment s" || return
	kill -0 "$worker" || { echo "run $run_id has no worker $worker"; return 1; }
	struck[${at#* }]=$((${struck[${at#* }]-0} + 1))
}

# died CODE WORD: the run has failed with this code and word, in exactly one stage.
died() {
	local words end=$((SECONDS + 10))
	while words=$(field "/runs/$run_id" '"\(.status) \(.error.code) \([.segments[].stages[] |
		select(.status == "failed")] | length) \(.error.message)"') && [[ $words = running* ]]; do
		[ $SECONDS -le $end ] || break
		sleep 0.02
	done
	[[ $words = "failed $1 1 "*"$2"* ]] || { echo "run $run_id: $words"; return 1; }
}

kill_a_worker() {
	live_run "$@" || return
	kill -KILL "$worker" || return
	died WORKER_DIED SIGKILL
}

kill_the_daemon() {
	live_run "$@" || return
	# only the daemon is killed: its worker follows by itself
	kill_ferryd || return
	start_ferryd || return
	died DAEMON_DIED "while this run was running"
}

# strike SYNC WORKERS DAEMONS LONGEST: so many kills in random order, each within LONGEST ms.
strike() {
	local workers=$2 daemons=$3
	declare -gA struck=()
	while ((workers + daemons)); do
		if ((RANDOM % (workers + daemons) < workers)); then
			kill_a_worker "$1" "$4" || return
			workers=$((workers - 1))
		else
			kill_the_daemon "$1" "$4" || return
			daemons=$((daemons - 1))
		fi
	done
	echo "killed in: $(declare -p struck)"
}

# settled: how many rows the runs found delivered that an earlier one had been sending when it died.
settled() {
	local run sum=0 n
	for ((run = 1; run <= run_id; run++)); do
		n=$(logs "$run" | sed -n 's/.*left rows in doubt: \([0-9]*\) had been delivered.*/\1/p')
		sum=$((sum + ${n:-0}))
	done
	echo $sum
}

@test "20000 events: worker killed 20 times, daemon 10 times, each event is there once" {
	seed_random
	start_lago '{"billable_metrics": [{"name": "kWh", "code": "kwh", "aggregation_type": "sum_agg", "field_name": "value"}]}'
	connection_lago "retry_base: 50ms" "rate_limit: {lanes: 2}"
	sync_file load <<-END
		source: {connection: from, table: numbers}
		destination: {connection: lago, resource: events, billable_metric: kwh, field_name: value}
		key: id
		mode: append
		map:
		  transaction_id: "'number-' || id"
		  external_subscription_id: "'sub-' || (id % 100)"
		  code: "'kwh'"
		  timestamp: 1767225600 + id
		  properties.value: "printf('%d.%03d', wh / 1000, wh % 1000)"
	END
	# 200 requests, two at a time: a run takes 40 s at least, a kill comes long before
	fault lago '{"route": "POST /api/v1/events/batch", "kind": "slow", "delay_ms": 400, "times": -1}'
	start_ferryd
	strike load $WORKER_KILLS $DAEMON_KILLS 400
	# at one moment: requests that were under way at the last kill still land
	read -r halfway distinct <<<"$(held lago events '"\(.count) \(.distinct_transaction_ids)"')"
	echo "held after the last kill: $halfway"
	# the kills met runs that were writing, and left work to do
	[ "$halfway" -ge 1000 ]
	[ "$halfway" -lt 20000 ]
	is "$halfway" "$distinct"
	[ "${struck[apply]-0}" -ge 5 ]
	no_faults lago
	run_sync load 60
	is completed "$run_status"
	is 0 "$(field "/runs/$run_id" .row_errors)"
	is "20000 20000" "$(held lago events '"\(.count) \(.distinct_transaction_ids)"')"
	is "$(db from "SELECT printf('%d.%03d', sum(wh) / 1000, sum(wh) % 1000) FROM numbers")" \
		"$(held lago events .sum_value)" "the sum of all values"
	is "$(counts lago .rows_written)" 20000 "events that were ever stored"
	forget lago
	run_sync load
	is completed "$run_status"
	is "unchanged 20000" "$(rows "$run_id")"
	is 0 "$(writes lago)"
	# the kills did leave rows in doubt, and asking was what told that they had arrived
	settled=$(settled)
	echo "rows in doubt that had been delivered: $settled"
	[ "$settled" -gt 0 ]
}

@test "5000 customers: worker killed 20 times, daemon 10 times, each customer is there once" {
	seed_random
	start_lago '{}'
	connection_lago "retry_base: 50ms" "rate_limit: {lanes: 2}"
	sync_file load <<-END
		source: {connection: from, query: "SELECT id, name FROM numbers WHERE id <= 5000 ORDER BY id"}
		destination: {connection: lago, resource: customers}
		key: id
		map: {external_id: "'c' || id", name: name}
	END
	# two at a time: a run takes 25 s at least
	fault lago '{"route": "POST /api/v1/customers", "kind": "slow", "delay_ms": 10, "times": -1}'
	start_ferryd
	strike load $WORKER_KILLS $DAEMON_KILLS 300
	halfway=$(held lago customers)
	echo "held after the last kill: $halfway"
	[ "$halfway" -ge 50 ]
	[ "$halfway" -lt 5000 ]
	[ "${struck[apply]-0}" -ge 5 ]
	no_faults lago
	run_sync load 60
	is completed "$run_status"
	is 0 "$(field "/runs/$run_id" .row_errors)"
	is 5000 "$(held lago customers)"
	is "5000 5000" "$(standin lago state | jq -r '[.customers[] | [.external_id, .name]] | "\(length) \(unique | length)"')"
	forget lago
	run_sync load
	is completed "$run_status"
	is "unchanged 5000" "$(rows "$run_id")"
	is 0 "$(writes lago)"
	# the kills did leave rows in doubt, and asking was what told that they had arrived
	settled=$(settled)
	echo "rows in doubt that had been delivered: $settled"
	[ "$settled" -gt 0 ]
}
