#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The API over TCP: off until it is asked for, with tokens only, and what strangers cannot do to it.
load lib

story_setup() {
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
	port=$(free_port)
}

free_port() {
	local port
	while port=$((20000 + RANDOM % 12000)); do
		(exec 4<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
	done
	echo "$port"
}

# listen ['KEY: VALUE'...]: in ferry.yaml, on 127.0.0.1
listen() {
	settings listen: "  address: 127.0.0.1:$port"
	[ $# -eq 0 ] || printf '  %s\n' "$@" >>"$T/etc/ferry.yaml"
}

# a daemon that listens, with a token for each role
start_listening() {
	settings "max_concurrent_runs: 4"
	start_ferryd
	viewer=$(ctl token create grafana --role viewer)
	admin=$(ctl token create deploy --role admin --expires 1d)
	listen "$@"
	ctl reload
}

# tcp TOKEN PATH [OPTION OF CURL...]: the body of the answer
tcp() {
	local token=$1 path=$2
	shift 2
	curl -sS --max-time 20 -H "Authorization: Bearer $token" "http://127.0.0.1:$port/api/v1$path" "$@" 3>&-
}

# tcp_status TOKEN PATH [OPTION OF CURL...]
tcp_status() { tcp "$@" -o "$T/answer" -w '%{http_code}'; }

@test "it listens where it was told to, and nowhere else" {
	start_ferryd
	run ! curl -s --max-time 5 "http://127.0.0.1:$port/"
	settings "listen: {address: \"0.0.0.0:$port\"}"
	run -1 ctl reload
	has "ferry.yaml:1:19: 'address': 0.0.0.0:$port can be reached by others"
	has "say 'tls_proxy: true'"
	settings "listen: {address: \"localhost:$port\"}"
	run -1 check
	has "ferry.yaml:1:19: 'address': 'localhost:$port' is no IP address with a port"
	settings "listen: {address: \"127.0.0.1:$port\", hosts: [\"*\", a.example]}"
	run -1 check
	has "ferry.yaml:1:46: 'hosts': '*' is no host"
	settings "listen: {address: \"0.0.0.0:$port\", tls_proxy: true}"
	run -1 check
	has "so 'hosts' must say under which names clients ask"
	is 0 "$(field /audit '[.data[] | select(.action == "reload" and (.result | startswith("refused") | not))] | length')"
}

@test "without a token it does not start, and says how one is made" {
	start_ferryd
	listen
	run -1 ctl reload
	has "ferry.yaml:2:12: 'listen': there is no token yet"
	has "ferryctl token create NAME --role viewer"
	stop_ferryd
	run -1 timeout 20 "${ferryd:?}" --config "$T/etc" --state "$T/state" --socket "$FERRY_SOCKET"
	has "ferry.yaml:2:12: 'listen': there is no token yet"
	[ ! -S "$FERRY_SOCKET" ]
	# nor is one run by hand hindered by it
	run -0 once people
	settings "max_concurrent_runs: 4"
	start_ferryd
	run -0 ctl token create grafana --role viewer
	listen
	run -0 ctl reload
	kill_ferryd
	start_ferryd
	is 401 "$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/healthz")"
}

@test "a token is shown once; by its role it reads or changes; the audit names it" {
	start_listening
	[[ $viewer =~ ^ferry_[0-9a-f]{64}$ ]]
	is 401 "$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/api/v1/status")"
	is 401 "$(tcp_status "${viewer%?}0x" /status)"
	is 200 "$(tcp_status "$viewer" /status)"
	is 403 "$(tcp_status "$viewer" /syncs/people/trigger -X POST)"
	has "It takes a token with the role admin" "$(jq -r .error.hint "$T/answer")"
	is 415 "$(tcp_status "$admin" /syncs/people/trigger -d '{}')"
	is 202 "$(tcp_status "$admin" /syncs/people/trigger --json '{}')"
	is completed "$(wait_run 1)"
	is "token deploy (127.0.0.1) trigger people run 1" \
		"$(field /audit?action=trigger '.data[0] | "\(.who) \(.action) \(.target) \(.result)"')"
	is "token grafana (127.0.0.1)" "$(field /audit?action=trigger '.data[1].who')"
	run -0 ctl token list
	has "grafana"
	has "deploy"
	has_not "$viewer"
	run -0 ctl audit --actor grafana
	has "refused: DENIED: POST /api/v1/syncs/people/trigger is not for token grafana (127.0.0.1)"
	has_not "deploy"
	run -0 ctl audit --action create --json
	is 2 "$(jq .pagination.total <<<"$output")"
	run -3 ctl audit --from yesterday
	run -3 ctl token create grafana
	has "--role is missing"
	run -1 ctl token create grafana --role viewer
	has "there is a token 'grafana' already"
}

@test "a token ends at its time, and at once when it is revoked" {
	start_listening
	brief=$(ctl token create brief --role viewer --expires 2s)
	is 200 "$(tcp_status "$brief" /status)"
	wait_for '[ $(tcp_status "$brief" /status) = 401 ]'
	has "the token 'brief' has expired" "$(jq -r .error.message "$T/answer")"
	# what is open is cut as well
	curl -sN -D "$T/head" -H "Authorization: Bearer $viewer" "http://127.0.0.1:$port/api/v1/events" >"$T/events" 2>&1 3>&- &
	children+=($!)
	wait_for "grep -q '200 OK' '$T/head'"
	run -0 ctl token revoke grafana
	has "the token 'grafana' is no longer good"
	is 401 "$(tcp_status "$viewer" /status)"
	wait_for "! kill -0 ${children[-1]}"
	is 200 "$(tcp_status "$admin" /status)"
	kill_ferryd
	start_ferryd
	is 401 "$(tcp_status "$viewer" /status)"
	is 200 "$(tcp_status "$admin" /status)"
	run -0 ctl token revoke brief
	run -0 ctl token revoke deploy
	has "That was the last one."
	run -3 ctl token revoke deploy
}

@test "reload opens, moves and closes it; the socket does not notice" {
	start_listening
	is 200 "$(tcp_status "$viewer" /status)"
	# a call to the socket that is under way all the time
	curl -sN -D "$T/head" --unix-socket "$FERRY_SOCKET" http://localhost/api/v1/events >"$T/events" 2>&1 3>&- &
	watcher=$!
	children+=("$watcher")
	wait_for "grep -q '200 OK' '$T/head'"
	old=$port
	port=$(free_port)
	listen
	run -0 ctl reload
	is 200 "$(tcp_status "$viewer" /status)"
	run ! curl -s --max-time 5 "http://127.0.0.1:$old/"
	# the reload itself may come in by what it changes
	listen "connections: 10"
	is 200 "$(tcp_status "$admin" /reload -X POST)"
	is 200 "$(tcp_status "$viewer" /status)"
	listen "hosts: [ferry.example.com]"
	run -0 ctl reload
	is 200 "$(tcp_status "$viewer" /status -H 'Host: ferry.example.com')"
	is 421 "$(tcp_status "$viewer" /status -H 'Host: other.example.com')"
	settings "max_concurrent_runs: 4"
	run -0 ctl reload
	run ! curl -s --max-time 5 "http://127.0.0.1:$port/"
	kill -0 $watcher
}

@test "an address that somebody else has is a mistake with its place; the listener before stays" {
	start_listening
	mine=$port
	mkdir "$T/etc2"
	port=$(free_port)
	"$ferryd" --config "$T/etc2" --state "$T/state2" --socket "$T/second" >"$T/second.log" 2>&1 3>&- &
	children+=($!)
	wait_for "[ -S '$T/second' ]"
	"$ferryctl" --socket "$T/second" token create other --role viewer >/dev/null 3>&-
	echo "listen: {address: \"127.0.0.1:$port\"}" >"$T/etc2/ferry.yaml"
	"$ferryctl" --socket "$T/second" reload 3>&-
	listen
	run -1 ctl reload
	has "ferry.yaml:2:12: 'address': 127.0.0.1:$port: cannot listen"
	has "Address already in use"
	port=$mine
	is 200 "$(tcp_status "$viewer" /status)"
}

@test "who is slow is cut, and 200 at once are served" {
	start_listening "request_timeout: 1s" "connections_per_peer: 250"
	exec 5<>"/dev/tcp/127.0.0.1/$port"
	printf 'GET /api/v1/status HT' >&5
	is "" "$(timeout 10 cat <&5 || echo late)"
	exec 5>&-
	for _ in $(seq 200); do
		echo "url = http://127.0.0.1:$port/api/v1/status"
		echo "output = /dev/null"
	done >"$T/many"
	curl -sS --max-time 30 --parallel --parallel-immediate --parallel-max 200 -H "Authorization: Bearer $viewer" \
		-w '%{http_code}\n' -K "$T/many" 3>&- | sort | uniq -c >"$T/counts"
	is "200 200" "$(awk '{print $1, $2}' "$T/counts")"
	is 200 "$(tcp_status "$viewer" /status)"
}

@test "a token is nowhere: not in the state folder, not in the log, not in any answer but one" {
	start_listening
	is 200 "$(tcp_status "$viewer" /status)"
	is 202 "$(tcp_status "$admin" /syncs/people/trigger --json '{}')"
	wait_run 1
	is 401 "$(tcp_status "${viewer}x" /status)"
	ctl audit >"$T/ctl.out"
	ctl token list --json >>"$T/ctl.out"
	stop_ferryd
	for token in "$viewer" "$admin"; do
		run ! grep -raF "${token#ferry_}" "$T/state" "$T/ferryd.log" "$T/ctl.out"
	done
}
