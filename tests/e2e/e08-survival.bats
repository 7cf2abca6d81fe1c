#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# One table of hard rows meets every peer: ten megabytes, NULL everywhere, odd texts, numbers and times at
# their limits. Then the peers are hard: wrong addresses, wrong words, nothing at all, other columns than
# yesterday, a server that is shot. HACKING.md has the whole table of who survives what, and where it is shown.
load lib
load faults
load postgres

story_setup() {
	connection here sqlite "path: $T/here.db"
	db here "CREATE TABLE hard (id INTEGER PRIMARY KEY, word TEXT, big INTEGER, amount TEXT, at TEXT);
		INSERT INTO hard (id) VALUES (1);
		INSERT INTO hard VALUES
			(2, '🚢 e' || char(769) || char(65279, 9, 10, 13, 34, 39, 92), 9223372036854775807, '12345678901234567890.123456789', '1969-12-31T23:59:59.999999Z'),
			(3, replace(hex(zeroblob(5000000)), '0', 'x'), -9223372036854775808, '-0.000000001', '2038-01-19T03:14:08Z'),
			(4, '', 0, '0', '0001-01-01T00:00:00Z'), (5, ' ', 9007199254740993, '100', '9999-12-31T23:59:59.999999Z'),
			(6, 'a' || char(0) || 'b', 6, '6', '1970-01-01T00:00:00Z'), (7, CAST(x'61ff62' AS TEXT), 7, '7', '1970-01-01T00:00:00Z')"
	db here "CREATE TABLE copy (id INTEGER PRIMARY KEY, word TEXT, big INTEGER, amount TEXT, at TEXT)"
}

# sync_to DESTINATION MAP [WHERE], sync_back SOURCE MAP: the syncs 'to' and 'back'
sync_to() {
	sync_file to <<-END
		source: {connection: here, query: "SELECT * FROM hard ${3-}"}
		destination: $1
		key: id
		map: {$2}
	END
}

sync_back() {
	sync_file back <<-END
		source: $1
		destination: {connection: here, table: copy}
		key: id
		map: {$2}
	END
}

# same COLUMNS ID...: these rows have come back as they were.
same() {
	local columns=$1 column ids
	shift
	ids=$(IFS=, && echo "$*")
	for column in ${columns//,/ }; do
		is "" "$(db here "SELECT a.id, substr(quote(a.$column), 1, 80), substr(quote(b.$column), 1, 80) FROM hard a
			LEFT JOIN copy b USING (id) WHERE a.id IN ($ids) AND (a.$column IS NOT b.$column OR b.id IS NULL)")" "$column" || return
	done
}

# last_errors RUN: the row errors of a run without a daemon.
last_errors() {
	start_ferryd
	errors "$1"
	stop_ferryd
}

@test "hard rows into PostgreSQL and back: what it cannot hold is refused by name, all else is as it was" {
	postgres_start
	connection_pg warehouse
	pg "CREATE TABLE hard (id bigint PRIMARY KEY, word text, big bigint, amount numeric, at timestamptz)"
	sync_to "{connection: warehouse, table: hard}" "id: id, word: word, big: big, amount: amount, at: at"
	run -2 once to
	is "7 extracted, 5 created, 2 failed" "$(summary)"
	run -0 last_errors 1
	has "6|character_not_in_repertoire|word|"
	has "7|INVALID_RECORD|word|the text is not valid UTF-8"
	sync_back "{connection: warehouse, table: hard}" "id: id, word: word, big: big, amount: amount, at: at"
	run -0 once back
	is "5 extracted, 5 created" "$(summary)"
	same id,word,big,amount,at 1 2 3 4 5
	run -0 once back
	is "5 extracted, 5 unchanged" "$(summary)"
}

@test "hard rows to an API and back" {
	start_standin http '{}' --key id --
	connection api http "url: $address" "timeout: 20s"
	sync_to "{connection: api, upsert: {method: POST, path: /ingest, body: '{\"records\": {{records}}}'}, batch: 10, idempotent: true}" \
		"id: id, word: word, big: big, amount: amount, at: at"
	run -2 once to
	is "7 extracted, 6 created, 1 failed" "$(summary)"
	run -0 last_errors 1
	has "7|INVALID_RECORD|word|the text is not valid UTF-8"
	sync_back "{connection: api, path: /contacts, records: /data, columns: 'id, word, big, amount, at'}" \
		"id: id, word: word, big: big, amount: amount, at: at"
	run -0 once back
	is "6 extracted, 6 created" "$(summary)"
	same id,word,big,amount,at 1 2 3 4 5 6
	run -0 once back
	is "6 extracted, 6 unchanged" "$(summary)"
}

@test "hard rows to Lago: a NUL, which Lago fails at, is an error of its row" {
	start_lago "$(jq -n '{billable_metrics: [{name: "kWh", code: "kwh", aggregation_type: "count_agg"}]}')"
	connection_lago "timeout: 20s" "retries: 0"
	sync_to "{connection: lago, resource: customers}" "external_id: \"'c' || id\", name: word, legal_number: amount"
	run -2 once to
	is "7 extracted, 4 created, 3 failed" "$(summary)"
	run -0 last_errors 1
	has "3|INVALID_RECORD|name|10000000 characters are too many (at most 255)"
	has "6|INVALID_RECORD|name|has a NUL character in it, which Lago cannot store"
	has "7|INVALID_RECORD|name|the text is not valid UTF-8"
	is "$(db here "SELECT json_group_array(json_array(word, amount)) FROM hard WHERE id IN (1, 2, 4, 5)")" \
		"$(standin lago state | jq -c '[.customers | sort_by(.external_id)[] | [.name, .legal_number]]')"

	rm -r "$T/state"		# another destination now
	sync_to "{connection: lago, resource: events, billable_metric: kwh}" "transaction_id: \"'e' || id\",
		external_subscription_id: \"'s'\", code: \"'kwh'\", timestamp: 1767225600, properties.word: word, properties.big: big, properties.amount: amount"
	sed -i 's/^key: id/key: id\nmode: append/' "$T/etc/syncs.d/to.yaml"
	run -2 once to
	is "7 extracted, 5 created, 2 failed" "$(summary)"
	# numbers go out as text, with every digit
	is '10000000 "-9223372036854775808" "-0.000000001"' "$(standin lago state |
		jq -r '.events[] | select(.transaction_id == "e3") | .properties | "\(.word | length) \(.big | tojson) \(.amount | tojson)"')"
}

@test "hard rows out of Lago" {
	start_lago "$(jq -n '{customers: [{external_id: "1"}, {external_id: "2", name: "🚢 e\u0301", legal_number: "12345678901234567890.123456789"},
		{external_id: "3", address_line1: ("x" * 10000000)}]}')"
	connection_lago "timeout: 20s"
	sync_back "{connection: lago, resource: customers}" "id: CAST(external_id AS INTEGER), word: \"coalesce(name, address_line1)\", amount: legal_number"
	sed -i 's/^key: id/key: external_id/' "$T/etc/syncs.d/back.yaml"
	run -0 once back
	is 3 "$(held lago customers)"
	is "3 extracted, 3 created" "$(summary)"
	is "1|||
2|12345678901234567890.123456789|4|F09F9AA2
3||10000000|78787878" "$(db here "SELECT id, amount, length(word), substr(hex(word), 1, 8) FROM copy ORDER BY id")"
	run -0 once back
	is "3 extracted, 3 unchanged" "$(summary)"
}

@test "hard rows out of SteVe" {
	start_steve "$(jq -n '{tags: [
		{idTag: "1"}, {idTag: "2", note: "🚢 e\u0301\ufeff\t\n\"\\", maxActiveTransactionCount: 2147483647, expiryDate: "1969-12-31T23:59:59.999Z"},
		{idTag: "3", note: ("x" * 10000000), maxActiveTransactionCount: -2147483648, expiryDate: "2038-01-19T03:14:08Z"},
		{idTag: "4", note: " ", expiryDate: "9999-12-31T23:59:59Z"}]}')"
	connection_steve "timeout: 20s"
	sync_back "{connection: steve, resource: tags}" "id: CAST(idTag AS INTEGER), word: note, big: maxActiveTransactionCount, at: expiryDate"
	sed -i 's/^key: id/key: idTag/' "$T/etc/syncs.d/back.yaml"
	run -0 once back
	is "4 extracted, 4 created" "$(summary)"
	is "1|NULL||
2|'$(printf '\360\237\232\242 e\314\201')|2147483647|1969-12-31T23:59:59.999000Z
3|'xxxx|-2147483648|2038-01-19T03:14:08Z
4|' '||9999-12-31T23:59:59Z" "$(db here "SELECT id, substr(quote(word), 1, 5), NULLIF(big, 1), at FROM copy ORDER BY id")"
	is 10000000 "$(db here "SELECT length(word) FROM copy WHERE id = 3")"
	run -0 once back
	is "4 extracted, 4 unchanged" "$(summary)"
}

# fails CODE [TEXT]: the sync 'back' ends in its first stage, and nothing has been read.
fails() {
	run -1 once back
	has "$1: " "$output$(tail -n 3 "$T/once.log")" || return
	has "in stage validate_setup" || return
	has "${2-}" "$output$(tail -n 3 "$T/once.log")" || return
	is 0 "$(db here "SELECT count(*) FROM copy")"
}

@test "nobody there, a wrong word, a wrong place: told in the first stage, whoever the peer is" {
	sync_back "{connection: peer, table: hard}" "id: id"
	connection peer sqlite "path: $T/nowhere.db"
	fails CONFIG "there is no such file"
	connection peer sqlite "path: $T/etc/syncs.d/back.yaml"
	fails CONFIG "is not an SQLite database"

	start_lago
	start_steve
	start_standin http '{}' --
	local elsewhere=$address
	sync_back "{connection: peer, resource: customers}" "id: external_id"
	sed -i 's/^key: id/key: external_id/' "$T/etc/syncs.d/back.yaml"
	connection peer lago "url: http://127.0.0.1:1" "api_key: $LAGO_API_KEY" "retries: 0"
	fails CONNECT
	connection peer lago "url: $lago" "api_key: wrong-word" "retries: 0"
	fails AUTH
	connection peer lago "url: $elsewhere" "api_key: $LAGO_API_KEY" "retries: 0"
	fails PROTOCOL "404"

	sync_back "{connection: peer, resource: tags}" "id: idTag"
	sed -i 's/^key: id/key: idTag/' "$T/etc/syncs.d/back.yaml"
	connection peer steve "url: http://127.0.0.1:1" "username: ferry" "password: test-word" "retries: 0"
	fails CONNECT
	connection peer steve "url: $steve/steve" "username: ferry" "password: wrong-word" "retries: 0"
	fails AUTH
	connection peer steve "url: $elsewhere" "username: ferry" "password: test-word" "retries: 0"
	fails PROTOCOL "404"

	start_standin http '{}' --token sesame --
	sync_back "{connection: peer, path: /contacts, records: /data, columns: id}" "id: id"
	connection peer http "url: http://127.0.0.1:1" "check: /ping" "retries: 0"
	fails CONNECT
	connection peer http "url: $address" "check: /ping" "auth: {type: bearer, token: wrong-word}" "retries: 0"
	fails AUTH
	connection peer http "url: $address" "check: /pong" "auth: {type: bearer, token: sesame}" "retries: 0"
	fails PROTOCOL "404"
	has_not wrong-word "$(cat "$T/once.log")"
}

@test "an empty result is no failure, and takes nothing away that is not to be taken" {
	db here "DELETE FROM hard; INSERT INTO copy (id) VALUES (1)"
	empty() {
		run -0 once back
		is "0 extracted" "$(summary)" || return
		is 1 "$(db here "SELECT count(*) FROM copy")" || return
		rm -r "$T/state"
	}
	sync_back "{connection: here, table: hard}" "id: id"
	empty
	start_standin http '{}' --key id --
	connection api http "url: $address"
	sync_back "{connection: api, path: /contacts, records: /data, columns: id}" "id: id"
	empty
	start_lago
	connection_lago
	sync_back "{connection: lago, resource: customers}" "id: external_id"
	sed -i 's/^key: id/key: external_id/' "$T/etc/syncs.d/back.yaml"
	empty
	start_steve
	connection_steve
	local resource key
	for resource in tags/idTag "transactions, lookback: 30d/id"; do
		key=${resource#*/}
		sync_back "{connection: steve, resource: ${resource%/*}}" "id: $key"
		sed -i "s/^key: id/key: $key/" "$T/etc/syncs.d/back.yaml"
		empty
	done
	postgres_start
	connection_pg warehouse
	pg "CREATE TABLE hard (id bigint PRIMARY KEY)"
	sync_back "{connection: warehouse, table: hard}" "id: id"
	empty
}

@test "other columns than at the last run: a new one makes no difference, a missing one is missed by name" {
	postgres_start
	connection_pg warehouse
	pg "CREATE TABLE hard (id bigint PRIMARY KEY, word text); INSERT INTO hard VALUES (1, 'one'), (2, 'two')"
	db here "DELETE FROM hard; INSERT INTO hard (id, word) VALUES (1, 'one'), (2, 'two')"
	local peer
	for peer in warehouse here; do
		change() { if [ $peer = here ]; then db here "$1"; else pg "$1"; fi; }
		sync_back "{connection: $peer, table: hard}" "id: id, word: word"
		run -0 once back
		is "2 extracted, 2 created" "$(summary)"
		change "ALTER TABLE hard ADD COLUMN extra text DEFAULT 'x'"
		run -0 once back
		is "2 extracted, 2 unchanged" "$(summary)"
		change "ALTER TABLE hard RENAME COLUMN word TO term"
		run -1 once back
		has "word" "$output$(tail -n 1 "$T/once.log")"
		is "one,two" "$(db here "SELECT word FROM copy ORDER BY id" | paste -sd,)"
		change "ALTER TABLE hard RENAME COLUMN term TO word"
		run -0 once back
		is "2 extracted, 2 unchanged" "$(summary)"
		db here "DELETE FROM copy"
		rm -r "$T/state"
	done
	# into a table that lost a column
	sync_to "{connection: warehouse, table: hard}" "id: id, word: word"
	run -0 once to
	pg "ALTER TABLE hard DROP COLUMN word"
	db here "UPDATE hard SET word = 'new'"
	run -1 once to
	has "SETUP: " "$(tail -n 1 "$T/once.log")"
	has "no column to write for 'word'" "$(tail -n 1 "$T/once.log")"

	# an API's records have what they have; a member that is nowhere is no column
	start_standin http '{}' --key id --
	connection api http "url: $address"
	post_record() { curl -sS -f -o /dev/null -H 'Content-Type: application/json' -d "$1" "$address/contacts"; }
	post_record '{"id": 1, "word": "one"}'
	sync_back "{connection: api, path: /contacts, records: /data}" "id: id, word: word"
	run -0 once back
	is "1 extracted, 1 created" "$(summary)"
	post_record '{"id": 2, "word": "two", "extra": {"a": [1]}}'
	run -0 once back
	is "2 extracted, 1 created, 1 unchanged" "$(summary)"
	curl -sS -o /dev/null -X DELETE "$address/contacts/1"
	curl -sS -o /dev/null -X DELETE "$address/contacts/2"
	post_record '{"id": 1, "term": "one"}'
	run -1 once back
	has "word" "$output$(tail -n 1 "$T/once.log")"
	is "one,two" "$(db here "SELECT word FROM copy ORDER BY id" | paste -sd,)"
}

@test "a PostgreSQL that is shot while it is read has changed nothing; one shot while it is written has every row once" {
	postgres_start
	connection_pg warehouse "retries: 0"
	pg "CREATE TABLE hard (id bigint PRIMARY KEY, word text); INSERT INTO hard SELECT i, repeat('x', 1000) FROM generate_series(1, 4000) i"
	sync_back "{connection: warehouse, query: \"SELECT id, word, CASE id % 50 WHEN 0 THEN pg_sleep(0.1)::text END AS slow FROM hard\"}" "id: id, word: word"
	start_ferryd
	run_id=$(trigger back)
	wait_for '[ "$(sql "SELECT count(*) FROM pg_stat_activity WHERE application_name = '"'ferry'"' AND wait_event = '"'PgSleep'"'")" = 1 ]'
	shoot() {
		kill -KILL "$pg_pid"
		wait "$pg_pid" || :
		# its children follow, and it would not start beside them
		wait_for "! pgrep -f '$PG/data'"
	}
	shoot
	wait_run "$run_id"
	is failed "$(field "/runs/$run_id" .status)"
	is extract "$(field "/runs/$run_id" .error.stage)"
	is 0 "$(db here "SELECT count(*) FROM copy")"
	postgres_up

	db here "DELETE FROM hard; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300) INSERT INTO hard (id, word) SELECT i, 'w' || i FROM n"
	pg "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN PERFORM pg_sleep(0.05); RETURN new; END \$\$;
		CREATE TABLE goal (id bigint PRIMARY KEY, word text); CREATE TRIGGER slow BEFORE INSERT ON goal FOR EACH ROW EXECUTE FUNCTION slow()"
	sync_to "{connection: warehouse, table: goal, batch: 20}" "id: id, word: word"
	post /reload >/dev/null
	run_id=$(trigger to)
	wait_for '[ "$(pg "SELECT count(*) FROM goal")" -ge 20 ]' 20
	shoot
	wait_run "$run_id"
	is failed "$(field "/runs/$run_id" .status)"
	is apply "$(field "/runs/$run_id" .error.stage)"
	postgres_up
	pg "DROP TRIGGER slow ON goal"
	[ "$(pg "SELECT count(*) FROM goal")" -lt 300 ]
	run_sync to
	completed_clean "$run_id"
	is "300 300" "$(pg "SELECT count(*), count(DISTINCT word) FROM goal" | tr '|' ' ')"
	run_sync to
	is "unchanged 300" "$(rows "$run_id")"
}

@test "a run that is shot while it writes a file: SQLite takes the half batch back, and the next run has every row once" {
	# batches are of 5000 rows; the trigger makes each take a while
	db here "DELETE FROM hard; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000) INSERT INTO hard (id, word) SELECT i, 'w' || i FROM n;
		CREATE TRIGGER slow AFTER INSERT ON copy BEGIN SELECT count(*) FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) SELECT i FROM n); END"
	sync_to "{connection: here, table: copy}" "id: id, word: word"
	start_ferryd
	run_id=$(trigger to)
	wait_for '[ "$(db here "SELECT count(*) FROM copy")" -ge 5000 ]' 30
	kill -KILL $(worker_pids)
	wait_run "$run_id"
	is "failed WORKER_DIED apply" "$(field "/runs/$run_id" '"\(.status) \(.error.code) \(.error.stage)"')"
	is 0 "$(db here "SELECT count(*) % 5000 FROM copy")"
	db here "DROP TRIGGER slow"
	run_sync to
	completed_clean "$run_id"
	is "12000|12000" "$(db here "SELECT count(*), count(DISTINCT word) FROM copy")"
	run_sync to
	is "unchanged 12000" "$(rows "$run_id")"
}

# broken PEER ROUTE: reading through that route ends with each of these causes, and what is there stays.
broken() {
	local cause
	for cause in hang:TIMEOUT cut_in_answer:NETWORK cut_before:NETWORK invalid_json:PROTOCOL; do
		echo "-- $1 ${cause%:*}"
		fault "$1" "{\"route\": \"$2\", \"kind\": \"${cause%:*}\", \"times\": -1${3-}}"
		run -1 once back
		has " ${cause#*:}: " "$(tail -n 1 "$T/once.log")" || return
		has "in stage extract" || return
		is 0 "$(db here "SELECT count(*) FROM copy")" || return
		[ "$(hits "$1" | awk '{ n += $2 } END { print n }')" -ge 1 ] || { echo "the fault did not strike"; return 1; }
		no_faults "$1"
	done
	run -0 once back
	is 3 "$(db here "SELECT count(*) FROM copy")"
	db here "DELETE FROM copy"
	rm -r "$T/state"
}

@test "an answer that never comes, one that breaks off, one that is half: nothing is written, and the next run has it all" {
	local patience=("timeout: 300ms" "retries: 0")
	start_standin http '{"generate": 3}' --key id --
	http=$address
	connection api http "url: $http" "${patience[@]}"
	sync_back "{connection: api, path: /contacts, records: /data, columns: 'id, name'}" "id: \"CAST(substr(id, 2) AS INTEGER)\", word: name"
	broken http "GET /contacts"
	start_lago '{"customers": [{"external_id": "1"}, {"external_id": "2"}, {"external_id": "3"}]}'
	connection_lago "${patience[@]}"
	sync_back "{connection: lago, resource: customers}" "id: CAST(external_id AS INTEGER), word: name"
	sed -i 's/^key: id/key: external_id/' "$T/etc/syncs.d/back.yaml"
	# the first one is the look whether Lago is there
	broken lago "GET /api/v1/customers" ', "after": 1'
	start_steve '{"tags": [{"idTag": "1"}, {"idTag": "2"}, {"idTag": "3"}]}'
	connection_steve "${patience[@]}"
	sync_back "{connection: steve, resource: tags}" "id: CAST(idTag AS INTEGER), word: note"
	sed -i 's/^key: id/key: idTag/' "$T/etc/syncs.d/back.yaml"
	broken steve "GET /api/v1/ocppTags" ', "after": 1'
}

@test "an API that takes records and never answers: each record is there once in the end" {
	start_standin http '{}' --key id --
	http=$address
	connection api http "url: $http" "timeout: 300ms" "retries: 0" "rate_limit: {lanes: 1}"
	sync_to "{connection: api, upsert: {method: POST, path: /ingest, body: '{\"records\": {{records}}}'}, batch: 2, idempotent: true}" \
		"id: id, big: big, amount: amount"
	local kind
	for kind in '"slow", "delay_ms": 2000' '"hang"' '"cut_after_write"'; do
		fault http "{\"route\": \"POST /ingest\", \"kind\": $kind, \"times\": -1, \"after\": 1}"
		run -1 once to
		has "in stage apply"
		[ "$(hits http | awk '{ n += $2 } END { print n }')" -ge 1 ]
		no_faults http
		run -0 once to
		is 7 "$(held http records)"
		is 7 "$(standin http state | jq '[.records[].id] | unique | length')"
		run -0 once to
		is "7 extracted, 7 unchanged" "$(summary)"
		db here "UPDATE hard SET amount = amount || '1', big = coalesce(big, 0) % 1000 + 1"
	done
}

# authority NAME; certificate NAME HOST AUTHORITY: files in $T.
authority() {
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$T/$1.key" -out "$T/$1.pem" -days 2 -subj "/CN=$1" 2>/dev/null
}

certificate() {
	openssl req -newkey rsa:2048 -nodes -keyout "$T/$1.key" -out "$T/$1.csr" -subj "/CN=$2" 2>/dev/null
	openssl x509 -req -in "$T/$1.csr" -CA "$T/$3.pem" -CAkey "$T/$3.key" -CAcreateserial -days 2 -out "$T/$1.pem" \
		-extfile <(echo "subjectAltName=DNS:$2") 2>/dev/null
}

# serve CERTIFICATE [OPTION...]: an API over TLS at $port that has the list 'contacts'
serve() {
	local name=$1
	shift
	if [ -n "${tls_pid-}" ]; then
		kill "$tls_pid"
		wait "$tls_pid" || :
	fi
	(cd "$T/www" && exec openssl s_server -accept "127.0.0.1:$port" -cert "$T/$name.pem" -key "$T/$name.key" -WWW "$@") \
		>>"$T/s_server.log" 2>&1 3>&- &
	tls_pid=$!
	children+=("$tls_pid")
	wait_for "(exec 8<>/dev/tcp/127.0.0.1/$port)"
}

@test "TLS: whatever speaks HTTP believes only a certificate of the right name, by whom we trust, and shows its own" {
	command -v openssl >/dev/null || skip "openssl is missing: apt install openssl"
	port=$((20000 + RANDOM % 20000))
	authority ours
	authority theirs
	certificate right localhost ours
	certificate other elsewhere ours
	certificate client ferry ours
	mkdir "$T/www"
	echo '{"data": [{"id": 1, "word": "one"}]}' >"$T/www/contacts"
	sync_back "{connection: api, path: /contacts, records: /data}" "id: id, word: word"
	over_tls() { connection api http "url: https://localhost:$port" "retries: 0" "timeout: 5s" "$@"; }
	refused() {
		run -1 once back
		has " $1: " "$(tail -n 1 "$T/once.log")" || return
		has "$2" "$(tail -n 1 "$T/once.log")" || return
		is 0 "$(db here "SELECT count(*) FROM copy")"
	}
	serve right
	over_tls
	refused CONFIG "certificate"
	over_tls "tls: {ca: $T/theirs.pem}"
	refused CONFIG "certificate"
	serve other
	over_tls "tls: {ca: $T/ours.pem}"
	refused CONFIG "localhost"
	serve right -Verify 1 -verify_return_error -CAfile "$T/ours.pem"
	run -1 once back
	serve right
	run -0 once back
	is "1 extracted, 1 created" "$(summary)"
	over_tls "tls: {verify: false}"
	run -0 once back
	serve right -Verify 1 -verify_return_error -CAfile "$T/ours.pem"
	over_tls "tls: {ca: $T/ours.pem, cert: $T/client.pem, key: $T/client.key}"
	run -0 once back
	is "1 extracted, 1 unchanged" "$(summary)"
}
