#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Secrets are planted wherever one can be given, and every server that gets one sends it back in its
# answer. None of them may turn up anywhere: not in an answer, a log, a metric, a notification, the store,
# nor in the command line of a process.
load lib

story_setup() {
	command -v python3 >/dev/null || skip "python3 is missing: apt install python3"
	planted=()
	mkdir "$T/credentials"
	export CREDENTIALS_DIRECTORY=$T/credentials
	confused 422
	write_connections
	settings 'notifications:' \
		"  chat: {slack: \"$confused/services/$(plant slack)\", allow_addresses: [127.0.0.1]}" \
		"  hook: {webhook: \"$confused/hook\", secret: \"$(plant hook)\", previous_secret: \"$(plant old-hook)\", allow_addresses: [127.0.0.1]}"
	db local "CREATE TABLE people (id TEXT PRIMARY KEY, name TEXT, born TEXT);
		INSERT INTO people VALUES ('p1', 'Ann', '$(plant field)'), ('p2', 'Bob', 'x')"
	local connection
	for connection in "${remote[@]}"; do
		write_sync "$connection"
	done
}

# confused STATUS: a server whose answers repeat what it was sent
confused() {
	rm -f "$T/port"
	python3 "$src/tests/e2e/fixtures/echo.py" "$T/port" "$T/received" "$1" >>"$T/echo.log" 2>&1 3>&- &
	children+=($!)
	wait_for "[ -s '$T/port' ]"
	confused=http://127.0.0.1:$(cat "$T/port")
}

# plant NAME [IN-FRONT]: a new secret; also a credential, a file and a variable of that name.
plant() {
	local secret="${2-}planted.$1.$RANDOM$RANDOM"
	# as it is, and as it stands in addresses and forms
	printf '%s\n%s\n' "$secret" "$(jq -rn --arg s "$secret" '$s | @uri')" >>"$T/secrets"
	echo "${secret//./%2E}" >>"$T/secrets"
	printf '%s' "$secret" >"$T/credentials/$1"
	echo "$secret"
}

write_connections() {
	local env
	plant lago-credential >/dev/null
	plant lago-file >/dev/null
	env=$(plant steve-env)
	export PLANTED=$env
	connection local sqlite "path: $T/local.db"
	connection lago1 lago "url: $confused" 'api_key: ${credential:lago-credential}'
	connection lago2 lago "url: $confused" "api_key: \${file:$T/credentials/lago-file}"
	connection lago3 lago "url: $confused" "api_key: $(plant lago-literal)"
	connection steve1 steve "url: $confused/steve" "username: ferry" 'password: ${env:PLANTED}'
	connection steve2 steve "url: $confused/steve" "username: ferry" "password: $(plant steve-literal)"
	connection http1 http "url: $confused" "auth: {type: bearer, token: $(plant bearer)}"
	connection http2 http "url: $confused" "auth: {type: basic, user: ferry, password: $(plant basic)}"
	connection http3 http "url: $confused" "auth: {type: header, header: X-Api-Key, token: $(plant header)}"
	connection http4 http "url: $confused" "auth: {type: query, parameter: key, token: '$(plant query 'a+b/c&')'}"
	connection http5 http "url: $confused" \
		"auth: {type: oauth2, token_url: $confused/token, client_id: ferry, client_secret: $(plant client), style: body}"
	connection http6 http "url: $confused" "headers: {X-Tenant: $(plant tenant)}"
	connection steve3 steve "url: $confused/steve" "api_key: $(plant steve-key)"
	connection pg1 postgres "dsn: 'host=127.0.0.1 port=1 user=ferry'" "password: $(plant pg)"
	connection my1 mysql "host: 127.0.0.1" "port: 1" "user: ferry" "password: '$(plant my 'q"b\')'" "database: x"
	connection odbc1 odbc "connection: 'Driver=None;UID=ferry'" "secrets: 'PWD=$(plant pwd)'"
	connection odbc2 odbc "connection: 'Driver=None;UID=ferry'" "password: $(plant odbc)"
	remote=(lago1 lago2 lago3 steve1 steve2 steve3 http1 http2 http3 http4 http5 http6 pg1 my1 odbc1 odbc2)
}

# write_sync CONNECTION: sends the people there
write_sync() {
	local destination
	case $1 in
	lago*) destination="resource: customers" map="{external_id: id, name: name, legal_number: born}" ;;
	steve*) destination="resource: tags" map="{idTag: id, note: born}" ;;
	http*) destination="upsert: {path: /c, body: '{{record}}'}" map="{id: id, name: name, born: born}" ;;
	*) destination="table: people" map="{id: id, name: name, born: born}" ;;
	esac
	local field=${map##*, }
	sync_file "to-$1" <<-END
		source: {connection: local, table: people}
		destination: {connection: $1, $destination}
		key: id
		map: $map
		sensitive: [${field%%:*}]
		notify: {on: [failed, completed, problems_opened]}
	END
}

# nowhere WHAT FILE...: no secret is in there
nowhere() {
	local what=$1
	shift
	if grep -aFl -f "$T/secrets" "$@" >"$T/found"; then
		echo "in $what:"
		grep -aFho -f "$T/secrets" "$@" | sort | uniq -c
		cat "$T/found"
		return 1
	fi
}

# Everything that can be asked, with every run, sync and connection there is.
ask_everything() {
	local path route name id
	field /openapi.json '.paths | to_entries[] | select(.value.get) | .key' | while read -r route; do
		case $route in
		*events) continue ;;
		esac
		for name in $(field '/syncs?per_page=100' '.data[].id'); do
			for id in $(field "/syncs/$name/runs" '.data[].id'); do
				path=${route//\{s\}/$name}
				path=${path//\{name\}/${name#to-}}
				path=${path//\{id\}/$id}
				curl -sS --max-time 30 --unix-socket "$FERRY_SOCKET" "http://localhost$path" 3>&-
				[ "$path" != "$route" ] || break 2
			done
		done
	done
}

@test "twenty planted secrets turn up nowhere" {
	local sync run name
	[ "$(ls "$T/credentials" | wc -l)" -ge 20 ]
	run check
	is 0 "$status" "$output"
	nowhere "what --check says" <(echo "$output")
	start_ferryd
	token=$(ctl token create planted --role viewer --json | jq -er .token)
	echo "$token" >>"$T/secrets"
	is 0 "$(grep -c "^$" "$T/secrets")"
	for name in "${remote[@]}"; do
		ctl test "$name" >>"$T/said" 2>&1 || :
		run=$(trigger "to-$name" '{"preview": true}') && wait_run "$run" 60 >/dev/null
		run=$(trigger "to-$name") && wait_run "$run" 60 >/dev/null
		for cmd in show logs errors plan; do
			ctl $cmd "$run" >>"$T/said" 2>&1 || :
		done
		tr '\0' '\n' <"/proc/$ferryd_pid/cmdline" >>"$T/cmdlines"
	done
	# they were really sent, and came back
	for name in lago-credential lago-file lago-literal bearer header tenant client slack; do
		grep -aq "planted\(.\|%2E\)$name\(.\|%2E\)" "$T/received" || { echo "$name was never sent"; return 1; }
	done
	wait_for '[ "$(grep -c "^POST /hook" "$T/received")" -ge 5 ]' 30

	for name in problems notifications health doctor audit status syncs runs connections; do
		ctl $name >>"$T/said" 2>&1 || :
	done
	ctl notifications --test chat >>"$T/said" 2>&1 || :
	nowhere "what ferryctl says" "$T/said"
	ask_everything >"$T/answers"
	[ "$(wc -c <"$T/answers")" -gt 100000 ]
	nowhere "the API's answers" "$T/answers"
	api /metrics >"$T/metrics" || :
	curl -sS --unix-socket "$FERRY_SOCKET" http://localhost/metrics >"$T/metrics"
	nowhere "the metrics" "$T/metrics"
	nowhere "the log" "$T/ferryd.log"
	nowhere "the command lines" "$T/cmdlines"
	# what was told, without the address and the signature it was told with
	grep -a '^{' "$T/received" | grep -a '"event"' >"$T/told"
	[ -s "$T/told" ]
	nowhere "the notifications" "$T/told"
	stop_ferryd
	nowhere "the store" $(find "$T/state/journal" "$T/state/notifications" -type f 2>/dev/null)
	nowhere "the log of the end" "$T/ferryd.log"
}

@test "snapshots and plans hold the records' values, and nothing of the connections" {
	start_ferryd
	for name in "${remote[@]}"; do
		run=$(trigger "to-$name") && wait_run "$run" 60 >/dev/null
	done
	stop_ferryd
	grep -v "planted.*field" "$T/secrets" >"$T/secrets.new"
	mv "$T/secrets.new" "$T/secrets"
	nowhere "snapshots and plans" $(find "$T/state" -type f)
}

@test "a password where settings are shown is refused, and not shown" {
	rm "$T"/etc/*.d/*
	plant dsn >/dev/null
	connection pg postgres "dsn: 'host=127.0.0.1 password=$(cat "$T/credentials/dsn")'"
	connection uri postgres "dsn: 'postgresql://ferry:$(plant uri)@127.0.0.1/x'"
	connection driver odbc "connection: 'Driver=None;PWD=$(plant pwd)'"
	connection local sqlite "path: $T/local.db"
	for name in pg uri driver; do
		write_sync $name
	done
	run check
	is 1 "$status"
	has "connections.d/pg.yaml:4:10: "
	has "connections.d/uri.yaml:4:10: "
	has "connections.d/driver.yaml:4:17: "
	nowhere "what --check says" <(echo "$output")
}
