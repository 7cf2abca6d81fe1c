# SPDX-License-Identifier: Apache-2.0
# What the stories of this folder share: a folder of their own, a daemon, stand-ins for the peers,
# and words to ask about them. Knows nothing of what a story is about.
#
#   $T        a fresh folder for each test: etc/ (configuration), state/, ferry.sock, ferryd.log
#   $build    the build tree;  $src  the source tree
#   $ferryd   the daemon's program;  $ferryctl  the client's
#   $lago     address of the Lago stand-in;  $steve  that of the SteVe stand-in
#
# Nothing sleeps for a fixed time: wait_for polls a condition and fails, naming it, when time is up.
# shellcheck shell=bash disable=SC2034,SC2154 # stories use what stands here

bats_require_minimum_version 1.5.0

src=${top_srcdir:-$(cd "$BATS_TEST_DIRNAME/../.." && pwd)}
build=${top_builddir:-$PWD}
src=$(cd "$src" && pwd)
build=$(cd "$build" && pwd)

# Was this build told to look for errors in memory? Then how much memory it takes says nothing.
sanitized() { grep -q __asan_init "$build/daemon/ferry-worker"; }

# ---------------------------------------------------------------- before and after each test

setup() {
	local program
	for program in jq curl sqlite3; do
		command -v $program >/dev/null || { echo "$program is missing: apt install $program"; return 1; }
	done
	T=$(mktemp -d "${TMPDIR:-/tmp}/ferry-XXXXXX")
	mkdir -p "$T/etc/connections.d" "$T/etc/syncs.d"
	ferryd=$build/daemon/ferryd
	ferryctl=$build/ctl/ferryctl
	ferryd_pid=
	children=()
	export FERRY_SOCKET=$T/ferry.sock LAGO_API_KEY=test-key STEVE_USER=ferry STEVE_PASSWORD=test-word
	# answers read the same wherever the tests run
	export LC_ALL=C.UTF-8 TZ=UTC NO_COLOR=1
	unset COLUMNS STATE_DIRECTORY FERRY_WORKER
	if declare -F story_setup >/dev/null; then
		story_setup
	fi
}

teardown() {
	local pid
	[ -n "${T:-}" ] || return 0
	# SIGKILL: nothing that a test started may outlive it, hung or not
	for pid in $ferryd_pid ${children[@]+"${children[@]}"}; do
		kill -KILL "$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
	done
	if [ -z "${BATS_TEST_COMPLETED:-}" ]; then
		show_files
	fi
	chmod -R u+rwX "$T" 2>/dev/null || :
	rm -rf "$T"
}

# What a person would look at first after a failure.
show_files() {
	local file
	for file in "$T"/etc/ferry.yaml "$T"/etc/*/*.yaml "$T"/*.log; do
		[ -s "$file" ] || continue
		echo "--- ${file#"$T"/}"
		tail -n 60 "$file"
	done
}

# ----------------------------------------------------------------------- saying what must be

# is EXPECTED FOUND [WHAT]: both are the same text.
is() {
	[ "$1" = "$2" ] && return 0
	printf '%sexpected: %s\nfound:    %s\n' "${3:+$3: }" "$1" "$2"
	return 1
}

# has TEXT [IN]: IN (without it, the output of the last `run`) holds TEXT.
has() {
	local in=${2-$output}
	[[ $in == *"$1"* ]] && return 0
	printf 'expected somewhere: %s\nin:\n%s\n' "$1" "$in"
	return 1
}

has_not() {
	local in=${2-$output}
	[[ $in != *"$1"* ]] && return 0
	printf 'not expected: %s\nin:\n%s\n' "$1" "$in"
	return 1
}

# wait_for 'CONDITION' [SECONDS]: until the shell condition holds; 10 s at most when nothing is said.
wait_for() {
	local end=$((SECONDS + ${2:-10}))
	until eval "$1" >/dev/null 2>&1; do
		if [ $SECONDS -gt "$end" ]; then
			echo "not within ${2:-10} s: $1"
			return 1
		fi
		sleep 0.02
	done
}

# checksum FILE...: of what they hold; changes when one of them does.
checksum() { cat "$@" | sha256sum | cut -d' ' -f1; }

# --------------------------------------------------------------------------- configuration

# connection NAME FAMILY ['KEY: VALUE'...]
connection() {
	local name=$1 family=$2
	shift 2
	{
		printf 'connections:\n  %s:\n    family: %s\n' "$name" "$family"
		[ $# -eq 0 ] || printf '    %s\n' "$@"
	} >"$T/etc/connections.d/$name.yaml"
}

# Connections to what start_lago and start_steve have started; further settings as arguments.
connection_lago() { connection lago lago "url: $lago" "api_key: $LAGO_API_KEY" "$@"; }
connection_steve() {
	connection steve steve "url: $steve/steve" "username: $STEVE_USER" "password: $STEVE_PASSWORD" "$@"
}

# sync_file NAME <<END: the body of syncs.d/NAME.yaml; the line 'sync: NAME' is written here.
sync_file() {
	{
		echo "sync: $1"
		cat
	} >"$T/etc/syncs.d/$1.yaml"
}

# settings 'KEY: VALUE'...: ferry.yaml
settings() { printf '%s\n' "$@" >"$T/etc/ferry.yaml"; }

# db FILE SQL...: in a database file; a bare name NAME is $T/NAME.db.
db() {
	local file=$1
	shift
	case $file in
	*/*) ;;
	*) file=$T/$file.db ;;
	esac
	sqlite3 -batch -bail -cmd '.timeout 10000' "$file" "$@"
}

# hold NAME: lock the database file $T/NAME.db until release; who reads or writes it has to wait.
hold() {
	mkfifo "$T/hold"
	sqlite3 "$T/$1.db" <"$T/hold" >"$T/held" 2>&1 3>&- &
	children+=($!)
	exec 9>"$T/hold"
	echo "BEGIN EXCLUSIVE; SELECT 'held';" >&9
	wait_for "grep -qx held '$T/held'"
}

release() {
	exec 9>&-
	rm "$T/hold"
	wait "${children[-1]}"
	unset 'children[-1]'
}

# slow_sync NAME: a sync whose run goes on extracting until it is cancelled.
slow_sync() {
	connection slow sqlite "path: $T/slow.db"
	db slow "CREATE TABLE IF NOT EXISTS target (id INTEGER PRIMARY KEY)"
	sync_file "$1" <<-'END'
		source:
		  connection: slow
		  query: SELECT count(*) AS id FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n)
		destination: {connection: slow, table: target}
		key: id
		map: {id: id}
	END
}

# -------------------------------------------------------------------------------- the daemon

# start_ferryd [ARGUMENT...]: and wait until it answers. Its log: $T/ferryd.log
start_ferryd() {
	# 3 belongs to bats, which would wait for whoever has it
	"$ferryd" --config "$T/etc" --state "$T/state" --socket "$FERRY_SOCKET" "$@" >>"$T/ferryd.log" 2>&1 3>&- &
	ferryd_pid=$!
	wait_for "[ -S '$FERRY_SOCKET' ] && api /status || ! kill -0 $ferryd_pid" 20
	kill -0 $ferryd_pid
}

# stop_ferryd [SIGNAL]: SIGTERM when nothing is said; returns the daemon's exit status.
stop_ferryd() {
	local pid=$ferryd_pid
	kill -"${1:-TERM}" "$pid"
	ferryd_pid=
	wait "$pid"
}

# As a power cut: daemon and workers are gone at once.
kill_ferryd() {
	local worker workers
	workers=$(worker_pids)
	stop_ferryd KILL 2>/dev/null || :
	# they follow their daemon by themselves; who must reap them then may take its time
	for worker in $workers; do
		wait_for "! grep -q '^State:[[:space:]]*[^ZX[:space:]]' /proc/$worker/status"
	done
}

# The processes of runs under way.
worker_pids() { cat "/proc/$ferryd_pid/task/"*/children 2>/dev/null || :; }

ctl() { "$ferryctl" "$@" 3>&-; }

# once SYNC [OPTION...]: one run in the foreground; its summary, and $T/once.log what it said on the way.
once() {
	"$ferryd" --config "$T/etc" --state "$T/state" --once "$@" 2>>"$T/once.log" 3>&-
}

# check [OPTION...]: of the configuration
check() { "$ferryd" --config "$T/etc" --check "$@" 2>&1 3>&-; }

# summary [TEXT]: what happened to the rows by the output of `once`, without the zeros:
# "3 extracted, 1 updated, 2 unchanged"
summary() {
	sed -n 's/^plan: //; /^[0-9]* extracted, /{s/, 0 [a-z]*//g; p}' <<<"${1-$output}"
}

# ------------------------------------------------------------------------------------ its API

# api PATH [OPTION OF CURL...]: the body of the answer. /status stands for /api/v1/status.
api() {
	local path=$1
	shift
	[ "$path" = /healthz ] || path=/api/v1${path#/api/v1}
	curl -sS --max-time 30 --unix-socket "$FERRY_SOCKET" "http://localhost$path" "$@" 3>&-
}

# post PATH [JSON]: likewise.
post() { api "$1" -X POST -H 'Content-Type: application/json' -d "${2-{\}}"; }

# http_status PATH [OPTION OF CURL...]: just the number.
http_status() {
	local path=$1
	shift
	api "$path" -o /dev/null -w '%{http_code}' "$@"
}

# field PATH FILTER: what jq finds in an answer.
field() { api "$1" | jq -r "$2"; }

# trigger SYNC [JSON]: starts a run; its number.
trigger() { post "/syncs/$1/trigger" "${2-{\}}" | jq -er .run_id; }

# wait_run RUN [SECONDS]: until it has ended; its status.
wait_run() {
	local status end=$((SECONDS + ${2:-30}))
	while status=$(field "/runs/$1" .status); do
		case $status in
		queued | running) ;;
		*)
			echo "$status"
			return 0
			;;
		esac
		if [ $SECONDS -gt "$end" ]; then
			echo "run $1 is still $status after ${2:-30} s" >&2
			return 1
		fi
		sleep 0.02
	done
	return 1
}

# run_sync SYNC [JSON]: a run from beginning to end; its status.
run_sync() {
	local run
	run=$(trigger "$@") && wait_run "$run"
}

# promote RUN: the plan of a preview, likewise; when it is refused, the error's code.
promote() {
	local answer run
	answer=$(post "/runs/$1/promote")
	run=$(jq -r '.run_id // empty' <<<"$answer")
	if [ "$run" ]; then
		wait_run "$run"
	else
		jq -r .error.code <<<"$answer"
	fi
}

# wait_stage RUN STAGE [SECONDS]: until that stage is under way in some segment.
wait_stage() {
	wait_for "field /runs/$1 '.segments[].stages[] | select(.name == \"$2\") | .status' | grep -qx running" "${3:-10}"
}

# rows RUN: what became of its rows, without the zeros: "created 3, unchanged 2". Unlike `summary`
# from the API, so also for a run that was not in the foreground.
rows() {
	field "/runs/$1" '[["created", .rows_created], ["updated", .rows_updated], ["deleted", .rows_deleted],
		["disabled", .rows_disabled], ["unchanged", .rows_unchanged], ["skipped", .rows_skipped],
		["conflicts", .rows_conflicts], ["failed", .rows_failed]]
		| map(select(.[1] != 0) | "\(.[0]) \(.[1])") | join(", ")'
}

# errors RUN: its row errors, one a line: key|code|field|message
errors() { field "/runs/$1/errors?per_page=100" '.data[] | "\(.key)|\(.code)|\(.field)|\(.message)"'; }

# plan RUN: what was decided, one a line: key|decision|reason
plan() { field "/runs/$1/plan?per_page=100" '.data[] | "\(.key)|\(.decision)|\(.reason)"'; }

# --------------------------------------------------------------------------------- stand-ins

# start_lago [SEED-JSON] [OPTION...]: then $lago is its address, $lago_pid its process.
start_lago() {
	start_standin lago '{}' --api-key "$LAGO_API_KEY" -- "$@"
	lago=$address
	lago_pid=$standin_pid
}

# start_steve [SEED-JSON] [OPTION...]
start_steve() {
	start_standin steve '{}' --user "$STEVE_USER" --password "$STEVE_PASSWORD" -- "$@"
	steve=$address
	steve_pid=$standin_pid
}

# start_standin NAME NO-SEED OPTION... -- [SEED-JSON] [OPTION...]
start_standin() {
	local name=$1 seed=$2 options=()
	shift 2
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	case ${1-} in
	'' | -*) ;;
	*)
		seed=$1
		shift
		;;
	esac
	printf '%s\n' "$seed" >"$T/$name.seed"
	rm -f "$T/$name.port"
	"$build/tests/standin/$name-standin" --listen 127.0.0.1:0 --port-file "$T/$name.port" --die-with-parent \
		--seed "$T/$name.seed" "${options[@]}" "$@" >>"$T/$name.log" 2>&1 3>&- &
	standin_pid=$!
	children+=("$standin_pid")
	wait_for "[ -s '$T/$name.port' ] || ! kill -0 $standin_pid"
	address=http://127.0.0.1:$(cat "$T/$name.port")
}

# standin lago|steve PATH [OPTION OF CURL...]: the control of a stand-in; PATH is below /_standin/.
standin() {
	local -n its_address=$1
	local path=$2
	shift 2
	curl -sS --max-time 30 "$its_address/_standin/$path" "$@" 3>&-
}

# counts lago|steve [FILTER]: requests since the start or the last forget.
counts() { standin "$1" counts | jq -r "${2-.}"; }
writes() { counts "$1" .writes; }

# forget lago|steve: counts from zero again.
forget() { standin "$1" log -X DELETE >/dev/null; }

# held lago|steve COLLECTION [FILTER]: how many it holds; with a filter, what jq finds in the summary.
held() { standin "$1" "state/$2?summary=1" | jq -r "${3-.count}"; }

# fault lago|steve JSON: one fault, as tests/standin/README.md has them.
fault() { standin "$1" faults -X POST -d "[$2]" -f >/dev/null; }
no_faults() { standin "$1" faults -X DELETE >/dev/null; }

# -------------------------------------------------------------------------------- installing

make_quietly() {
	# the make that runs the tests has nothing to say to this one
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s -C "$build" "$@" >"$T/make.out" 2>&1 3>&- ||
		{ cat "$T/make.out"; return 1; }
}

# install_once: as `make install` does, into $root: once for all tests of a file, which leave it as it is.
install_once() {
	command -v make >/dev/null || skip "make is missing: apt install make"
	root=$BATS_FILE_TMPDIR/root
	# without `all`, which would renew the plugin folder under the feet of other tests
	[ -d "$root" ] || make_quietly install-exec install-data DESTDIR="$root"
}

# installed NAME: the only file of that name below $root
installed() {
	local found
	found=$(find "$root" -name "$1" -type f)
	if [ -z "$found" ] || [ "$(wc -l <<<"$found")" != 1 ]; then
		echo "not just one $1 is installed: $found" >&2
		return 1
	fi
	echo "$found"
}
