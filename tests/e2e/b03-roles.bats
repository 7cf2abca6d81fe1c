#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Who may look and who may change things, by who is at the other end of the socket.
load lib

story_setup() {
	[ "$(id -u)" = 0 ] || skip "only root can be somebody else"
	command -v setpriv >/dev/null || skip "setpriv is missing: apt install util-linux"
	connection crm sqlite "path: $T/crm.db"
	connection copy sqlite "path: $T/copy.db"
	db crm "CREATE TABLE people (id INTEGER PRIMARY KEY); INSERT INTO people VALUES (1)"
	db copy "CREATE TABLE contacts (id INTEGER PRIMARY KEY)"
	sync_file people <<-END
		source: {connection: crm, table: people}
		destination: {connection: copy, table: contacts}
		key: id
		map: {id: id}
	END
	chmod 755 "$T"
}

# as UID GID COMMAND...: somebody who is in no other group. Numbers need no entry in /etc/passwd.
as() {
	local uid=$1 gid=$2
	shift 2
	setpriv --reuid="$uid" --regid="$gid" --clear-groups "$@" 3>&-
}

# asks UID GID PATH [OPTION OF CURL...]: the status of the answer, and the code when it is an error
asks() {
	local uid=$1 gid=$2 path=$3 answer
	shift 3
	answer=$(as "$uid" "$gid" curl -sS -w '\n%{http_code}' --unix-socket "$FERRY_SOCKET" "http://localhost/api/v1$path" "$@")
	echo "${answer##*$'\n'}$(jq -r '.error.code // empty | " \(.)"' <<<"${answer%$'\n'*}")"
}

@test "somebody else may look, and may not change anything" {
	start_ferryd
	run_sync people
	for path in /status /syncs /syncs/people /syncs/people/runs /runs /runs/1 /runs/1/errors /runs/1/logs /runs/1/plan /connectors /audit; do
		is 200 "$(asks 4242 4242 $path)" "GET $path"
	done
	for path in /syncs/people/trigger /runs/1/retry /runs/1/cancel /runs/1/promote /reload; do
		is "403 DENIED" "$(asks 4242 4242 $path -X POST)" "POST $path"
	done
	is 1 "$(field /runs .pagination.total)"
}

@test "ferryctl says so: exit 1, and who may" {
	start_ferryd
	run -1 as 4242 4242 "${ferryctl:?}" run people
	has "is not for uid 4242"
	has "Only root and members of the group ferry-admin may change things."
	run -0 as 4242 4242 "$ferryctl" status
}

@test "nobody, as the kernel calls those it cannot name, may not even look" {
	start_ferryd
	is "403 DENIED" "$(asks 65534 65534 /status)"
	is "403 DENIED" "$(asks 65534 65534 /runs -X POST)"
	is "403 DENIED" "$(asks 65534 65534 /syncs/people/trigger -X POST)"
}

@test "members of the admin group may change things, and are named in the audit" {
	group=$(getent group adm | cut -d: -f1,3)
	[ "$group" ] || skip "there is no group adm here"
	settings "admin_group: ${group%:*}"
	start_ferryd
	admin_gid=${group#*:}
	is 202 "$(asks 4242 "$admin_gid" /syncs/people/trigger -X POST)"
	is completed "$(wait_run 1)"
	run -0 setpriv --reuid=4242 --regid=4242 --groups "$admin_gid" "$ferryctl" run people
	is completed "$(wait_run 2)"
	is "uid 4242
uid 4242" "$(field /audit '.data[].who')"
	is "403 DENIED" "$(asks 4242 4242 /syncs/people/trigger -X POST)"
	has "refused: DENIED" "$(field /audit '.data[0].result')"
}

@test "the state is the daemon's alone" {
	start_ferryd
	run_sync people
	is "" "$(find "$T/state" -perm /077)" "what others may read"
	run ! as 4242 4242 ls "$T/state/"
}
