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

# moment MIN MAX: sets $moment to a random number of seconds between so many milliseconds. It sets a
# variable because a subshell would not advance the random numbers.
moment() {
	local ms=$(($1 + RANDOM % ($2 - $1 + 1)))
	printf -v moment '%d.%03d' $((ms / 1000)) $((ms % 1000))
}
