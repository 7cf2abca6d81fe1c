# SPDX-License-Identifier: Apache-2.0
# What the stories about crashes and faults share, on top of lib.bash: connectors that misbehave,
# random moments, and questions about runs that failed.
# shellcheck shell=bash disable=SC2154 # lib.bash sets them

# rogue_plugins: $plugins is a folder with all connectors and the one that misbehaves.
rogue_plugins() {
	plugins=$T/plugins
	(umask 022 && mkdir "$plugins")
	ln -s "$build"/plugins/all/*.so "$plugins/"
	${CC:-cc} -std=gnu11 -O1 -shared -fPIC -Wall -I "$src/include" -o "$plugins/rogue.so" \
		"$BATS_TEST_DIRNAME/fixtures/rogue.c"
	chmod go-w "$plugins/rogue.so"
}

# The code of a run's error, and of its own words.
code_of() { field "/runs/$1" .error.code; }
message_of() { field "/runs/$1" .error.message; }

# failed_stages RUN: all stages that failed, as "segment/stage", one a line.
failed_stages() {
	field "/runs/$1" '.segments[] | .name as $s | .stages[] | select(.status == "failed") | "\($s)/\(.name)"'
}

# failed_with RUN CODE STAGE [SEGMENT]: it failed with this, in exactly this stage, and says what to do.
failed_with() {
	local words
	words=$(field "/runs/$1" '"\(.status) \(.error.code) in \(.error.segment)/\(.error.stage), \(
		if (.error.hint // "") == "" then "without" else "with" end) a hint, failed: \(
		[.segments[] | .name as $s | .stages[] | select(.status == "failed") | "\($s)/\(.name)"] | join(" "))"') || return
	is "failed $2 in ${4-main}/$3, with a hint, failed: ${4-main}/$3" "$words" "run $1"
}

# completed_clean RUN: without a row error.
completed_clean() { is "completed 0" "$(field "/runs/$1" '"\(.status) \(.row_errors)"')" "run $1"; }

# run_sync SYNC [SECONDS]: a run from beginning to end; sets $run_id and $run_status.
run_sync() {
	local end=$((SECONDS + ${2:-30}))
	run_id=$(trigger "$1") || return
	while run_status=$(field "/runs/$run_id" .status) && [[ $run_status = queued || $run_status = running ]]; do
		[ $SECONDS -le $end ] || { echo "run $run_id of $1 has not ended after ${2:-30} s"; return 1; }
		sleep 0.02
	done
}

# logs RUN: what its log says, one line each: level|message
logs() { field "/runs/$1/logs?per_page=100" '.data[] | "\(.level)|\(.message)"'; }

# hits lago|steve: how often each fault struck, "kind hits" one a line.
hits() { standin "$1" faults | jq -r '(.faults? // .)[] | "\(.kind) \(.hits)"'; }

# latency PATH N: milliseconds of N answers, sorted, one a line.
latency() {
	local i
	for ((i = 0; i < $2; i++)); do
		curl -sS -o /dev/null --max-time 10 -w '%{time_total}\n' --unix-socket "$FERRY_SOCKET" \
			"http://localhost/api/v1$1" 3>&-
	done | awk '{ printf "%d\n", $1 * 1000 }' | sort -n
}

# prompt_answers: the daemon answers within 100 ms, as seen by the middle one of 11 answers; the
# slowest of them may have met a busy machine.
prompt_answers() {
	local times middle
	times=$(latency /status 11)
	middle=$(sed -n 6p <<<"$times")
	[ "$middle" -lt 100 ] || { echo "answers took, in ms: $(tr '\n' ' ' <<<"$times")"; return 1; }
}

# seed_random: from $FERRY_TEST_SEED, else another one each time; it is printed with a failure.
seed_random() {
	seed=${FERRY_TEST_SEED:-$((RANDOM * 32768 + RANDOM))}
	RANDOM=$seed
	echo "seed: $seed (FERRY_TEST_SEED=$seed repeats it)"
}

# shellcheck disable=SC2034 # for the stories
# moment MIN MAX: sets $moment to a random number of seconds between so many milliseconds. It sets a
# variable because a subshell would not advance the random numbers.
moment() {
	local ms=$(($1 + RANDOM % ($2 - $1 + 1)))
	printf -v moment '%d.%03d' $((ms / 1000)) $((ms % 1000))
}

# ev_preset SESSIONS TAGS [CARDS-SQL]: the EV-charging preset as it is, between stand-ins. SESSIONS and
# TAGS are jq programs for lists; hours(N) and days(N) there are so long ago, session(ID; TAG; FROM; TO;
# STARTED; STOPPED) is one session with meter values in Wh, TO and STOPPED null while it is open.
ev_preset() {
	start_lago '{
		"billable_metrics": [{"name": "EV", "code": "ev_charging_kwh", "aggregation_type": "sum_agg", "field_name": "value"}],
		"plans": [{"name": "EV", "code": "ev", "interval": "monthly", "amount_cents": 0, "amount_currency": "EUR",
			"pay_in_advance": false, "charges": [{"billable_metric_code": "ev_charging_kwh",
			"charge_model": "standard", "properties": {"amount": "0.39"}}]}],
		"customers": [{"external_id": "anna", "name": "Anna"}, {"external_id": "fleet", "name": "Fleet"}],
		"subscriptions": [{"external_customer_id": "anna", "plan_code": "ev", "external_id": "sub-anna"},
			{"external_customer_id": "fleet", "plan_code": "ev", "external_id": "sub-fleet"}]}'
	start_steve "$(jq -n "$ev_words {transactions: $1, tags: $2}")"
	local preset=$src/conf/presets/ev-charging
	if [ -n "${PG-}" ]; then
		psql -h "$PG" -U ferry -d polaris -v ON_ERROR_STOP=1 -q -f "$preset/postgresql/schema.sql" 3>&-
		[ -z "${3-}" ] || pg "$3"
		export EV_DATABASE="host=$PG dbname=polaris user=ferry"
		cp "$preset/postgresql/local.yaml" "$T/etc/connections.d/"
	else
		db local <"$preset/sqlite/schema.sql"
		[ -z "${3-}" ] || db local "$3"
		export EV_DATABASE=$T/local.db
		cp "$preset/sqlite/local.yaml" "$T/etc/connections.d/"
	fi
	export LAGO_URL=$lago STEVE_URL=$steve/steve
	cp "$preset"/connections.d/* "$T/etc/connections.d/"
	cp "$preset"/syncs.d/* "$T/etc/syncs.d/"
	ev_change 's/^schedule:.*/schedule: manual/'
	start_ferryd
}

ev_words='
	def hours(h): now - h * 3600 | floor | todate;
	def days(d): hours(24 * d);
	def wh(v): if v == null then null else v | tostring end;
	def session(id; tag; from; to; began; ended): {
		id: id, ocppIdTag: tag, chargeBoxId: "CP-1", connectorId: 1, startValue: wh(from), startTimestamp: began,
		stopValue: wh(to), stopTimestamp: ended, stopReason: (if ended == null then null else "Local" end),
		stopEventActor: (if ended == null then null else "station" end)};'

# ev_change SED-SCRIPT: in the preset's sync; for a daemon that runs, with a reload.
ev_change() {
	sed -i "$1" "$T/etc/syncs.d/ev-charging.yaml"
	[ -z "$ferryd_pid" ] || post /reload >/dev/null
}

# ev_session JQ: one session as it is now, changed in place or made.
ev_session() { standin steve transactions -X POST -f -d "$(jq -n "$ev_words $1")" >/dev/null; }

# ev_run: one run of the preset, which completes; sets $run_id.
ev_run() {
	run_sync ev-charging
	is completed "$run_status" "run $run_id: $(message_of "$run_id")"
}

# ev_billed: what Lago holds, as "transaction subscription value", sorted, one a line.
ev_billed() {
	standin lago state | jq -r '[.events[] | "\(.transaction_id) \(.external_subscription_id) \(.properties.value)"] | sort[]'
}

# ev_reasons SEGMENT: why rows were skipped or written in the last run: "REASON N, ..."
ev_reasons() {
	field "/runs/$run_id" ".segments[] | select(.name == \"$1\") | .reasons | to_entries | sort_by(.key)
		| map(\"\\(.key) \\(.value)\") | join(\", \")"
}
