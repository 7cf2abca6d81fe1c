#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# PostgreSQL at both ends: from it into SQLite and back, what it refuses, and a server that is down.
load lib
load faults
load postgres

story_setup() {
	postgres_start
	connection_pg warehouse
	connection crm sqlite "path: $T/crm.db"
	pg "CREATE TABLE customers (id int PRIMARY KEY, name text, balance numeric(12,2), since timestamptz, tags text[]);
		INSERT INTO customers VALUES (1, 'Ann', 12.50, '2026-01-01T01:00:00+01', '{a,b}'),
			(2, 'Bo 🚢', NULL, NULL, NULL), (3, 'Cy', -0.01, '1969-07-20T20:17:40Z', '{}')"
	db crm "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, balance TEXT, since TEXT, tags TEXT)"
}

out_of_postgres() {
	sync_file out <<-END
		source: {connection: warehouse, table: customers}
		destination: {connection: crm, table: people}
		key: id
		mode: mirror
		map: {id: id, name: name, balance: balance, since: since, tags: tags}
	END
}

into_postgres() {
	pg "CREATE TABLE contacts (id int PRIMARY KEY, name text NOT NULL, balance numeric CHECK (balance < 1000), seen timestamptz DEFAULT now())"
	db crm "INSERT INTO people (id, name, balance) VALUES (1, 'Ann', '12.50'), (2, 'Bo', NULL), (3, 'Cy', '-0.01')"
	sync_file into <<-END
		source: {connection: crm, table: people}
		destination: {connection: warehouse, table: contacts}
		key: id
		mode: mirror
		map: {id: id, name: name, balance: balance}
	END
}

people() { db crm "SELECT id || ' ' || name FROM people ORDER BY id" | paste -sd,; }
contacts() { pg "SELECT id || ' ' || name FROM contacts ORDER BY id" | paste -sd,; }

@test "out of PostgreSQL: all values arrive, and a second run finds nothing to do" {
	out_of_postgres
	run -0 check
	run -0 once out
	is "3 extracted, 3 created" "$(summary)"
	is '1|Ann|12.50|2026-01-01T00:00:00Z|["a","b"]' "$(db crm "SELECT * FROM people WHERE id = 1")"
	is '2|Bo 🚢|||' "$(db crm "SELECT * FROM people WHERE id = 2")"
	is '3|Cy|-0.01|1969-07-20T20:17:40Z|[]' "$(db crm "SELECT * FROM people WHERE id = 3")"
	run -0 once out
	is "3 extracted, 3 unchanged" "$(summary)"
}

@test "one change is one update, a row that is gone is deleted" {
	out_of_postgres
	once out
	pg "UPDATE customers SET name = 'Bob' WHERE id = 2; DELETE FROM customers WHERE id = 3"
	run -0 once out
	is "2 extracted, 1 updated, 1 deleted, 1 unchanged" "$(summary)"
	is "1 Ann,2 Bob" "$(people)"
}

@test "into PostgreSQL: created, updated, deleted; columns that are not mapped stay" {
	into_postgres
	run -0 once into
	is "3 extracted, 3 created" "$(summary)"
	is "1 Ann,2 Bo,3 Cy" "$(contacts)"
	before=$(pg "SELECT seen FROM contacts WHERE id = 2")
	db crm "UPDATE people SET name = 'Bob' WHERE id = 2; DELETE FROM people WHERE id = 3"
	run -0 once into
	is "2 extracted, 1 updated, 1 deleted, 1 unchanged" "$(summary)"
	is "1 Ann,2 Bob" "$(contacts)"
	is "$before" "$(pg "SELECT seen FROM contacts WHERE id = 2")"
	run -0 once into
	is "2 extracted, 2 unchanged" "$(summary)"
}

@test "what is there already is found, and only what differs is written" {
	into_postgres
	pg "INSERT INTO contacts VALUES (1, 'Ann', 12.5), (2, 'Bobo', NULL)"
	run -0 once into
	is "3 extracted, 1 created, 1 updated, 1 unchanged" "$(summary)"
	run -0 once into --verify
	is "3 extracted, 3 unchanged" "$(summary)"
}

@test "a row the table refuses is the only one that is not written, and is named" {
	into_postgres
	db crm "WITH RECURSIVE n(i) AS (SELECT 4 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
		INSERT INTO people (id, name, balance) SELECT i, 'n' || i, i % 900 FROM n;
		UPDATE people SET balance = 5000 WHERE id = 700; UPDATE people SET name = NULL WHERE id = 1500;
		UPDATE people SET balance = 'a lot' WHERE id = 900"
	run -2 once into
	is "2000 extracted, 1997 created, 3 failed" "$(summary)"
	is 1997 "$(pg "SELECT count(*) FROM contacts")"
	start_ferryd
	run -0 errors 1
	has '700|check_violation|'
	has '900|invalid_text_representation|balance|invalid input syntax for type numeric: "a lot"'
	has '1500|not_null_violation|name|'
	# repaired at the source, they arrive
	db crm "UPDATE people SET balance = 5, name = 'ok' WHERE id IN (700, 900, 1500)"
	run_sync into
	is "created 3, unchanged 1997" "$(rows "$run_id")"
}

@test "a server that is down: the run fails in its first stage, and the next one makes up for it" {
	into_postgres
	once into
	start_ferryd
	postgres_down
	db crm "UPDATE people SET name = 'Bob' WHERE id = 2"
	run_sync into
	is failed "$run_status"
	is CONNECT "$(field "/runs/$run_id" .error.code)"
	is main/validate_setup "$(field "/runs/$run_id" '.segments[] | .name as $s | .stages[] | select(.status == "failed") | "\($s)/\(.name)"')"
	has "No such file or directory" "$(field "/runs/$run_id" .error.message)"
	[ -n "$(field "/runs/$run_id" '.error.hint // empty')" ]
	postgres_up
	run_sync into
	is completed "$run_status"
	is "updated 1, unchanged 2" "$(rows "$run_id")"
	is "1 Ann,2 Bob,3 Cy" "$(contacts)"
}

@test "what is wrong with a setup is said before anything is read" {
	into_postgres
	pg "ALTER TABLE contacts RENAME name TO title"
	run -1 once into
	has "in stage validate_setup"
	has "SETUP: "
	has "no column to write for 'name'"
	pg "ALTER TABLE contacts RENAME title TO name; ALTER TABLE contacts OWNER TO ferry"
	sql "ALTER DATABASE polaris OWNER TO postgres"
	psql -h "$PG" -U postgres -d polaris -qc "ALTER TABLE contacts OWNER TO postgres; GRANT SELECT ON contacts TO ferry"
	run -1 once into
	has "FORBIDDEN: "
	has "user 'ferry' has no right to INSERT, UPDATE, DELETE on table public.contacts"
	connection_pg warehouse "sslmode: maybe"
	run check
	has "sslmode: 'maybe' is not one of disable, allow, prefer"
}

@test "a password is never shown, and one in the dsn is refused" {
	into_postgres
	sql "ALTER ROLE ferry PASSWORD 'hunter2'"
	sed -i '1ilocal all ferry scram-sha-256' "$PG/data/pg_hba.conf"
	sql "SELECT pg_reload_conf()" >/dev/null
	export PGPASSWORD=hunter2 PW=hunter2
	wait_for "! PGPASSWORD=wrong psql -h '$PG' -U ferry -d polaris -c 'SELECT 1'"
	unset PGPASSWORD
	connection_pg warehouse "password: wrong-word"
	run -1 once into
	has "AUTH: "
	has_not "wrong-word"
	has_not "wrong-word" "$(cat "$T/once.log")"
	connection_pg warehouse 'password: ${env:PW}'
	run -0 once into
	is "3 extracted, 3 created" "$(summary)"
	has_not "hunter2" "$(cat "$T/once.log")"
	for dsn in "host=$PG dbname=polaris user=ferry password=hunter2" "host=$PG password='x y' hunter2"; do
		connection warehouse postgres "dsn: \"$dsn\""
		run -1 check
		has "connections.d/warehouse.yaml:4:"
		has "'dsn' "
		has_not "hunter2"
		run -1 once into
		has_not "hunter2"
	done
}

# authority NAME, certificate NAME HOST AUTHORITY: files of the server's user, whose keys nobody else may read.
authority() {
	(umask 077 && as_nobody openssl req -x509 -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.pem" -days 2 -subj "/CN=$1" 2>/dev/null)
}

certificate() {
	(umask 077 && as_nobody openssl req -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.csr" -subj "/CN=$2" 2>/dev/null)
	(umask 077 && as_nobody openssl x509 -req -in "$1.csr" -CA "$3.pem" -CAkey "$3.key" -CAcreateserial -days 2 -out "$1.pem" 2>/dev/null)
}

@test "TLS: a server is believed only with a certificate of its own name, by whom we trust; ferry shows its own" {
	command -v openssl >/dev/null || skip "openssl is missing: apt install openssl"
	local port=$((20000 + RANDOM % 20000)) tls
	authority ours
	authority theirs
	certificate right localhost ours
	certificate other elsewhere ours
	certificate client ferry ours
	certificate stranger somebody ours
	into_postgres
	over_tls() {
		connection warehouse postgres "dsn: \"host=localhost hostaddr=127.0.0.1 port=$port dbname=polaris user=ferry\"" \
			"retries: 0" "$@"
	}
	serve() {
		postgres_down
		postgres_up -c listen_addresses=127.0.0.1 -c port=$port -c ssl=on -c ssl_cert_file="$PG/$1.pem" \
			-c ssl_key_file="$PG/$1.key" -c ssl_ca_file="$PG/ours.pem"
	}
	refused() {
		run -1 once into
		has "$1: " || return
		has "in stage validate_setup" || return
		has "$2"
	}
	export PGPORT=$port		# for psql
	serve right
	over_tls "tls: {ca: $PG/ours.pem}"
	run -0 once into
	is "3 extracted, 3 created" "$(summary)"
	over_tls "tls: {ca: $PG/theirs.pem}"
	refused CONNECT "certificate verify failed"
	over_tls "tls: {verify: true}"
	refused CONNECT ""
	over_tls "tls: {verify: false}"
	run -0 once into
	# its own settings come first
	over_tls "tls: {ca: $PG/theirs.pem}" "sslrootcert: $PG/ours.pem"
	run -0 once into

	sed -i '1ihostssl all ferry 127.0.0.1/32 cert' "$PG/data/pg_hba.conf"
	serve other
	over_tls "tls: {ca: $PG/ours.pem, cert: $PG/client.pem, key: $PG/client.key}"
	refused CONNECT 'does not match host name "localhost"'
	serve right
	run -0 once into
	over_tls "tls: {ca: $PG/ours.pem}"
	refused AUTH "certificate"
	over_tls "tls: {ca: $PG/ours.pem, cert: $PG/stranger.pem, key: $PG/stranger.key}"
	refused AUTH "certificate authentication failed"
	over_tls "tls: {ca: $PG/ours.pem, cert: $PG/client.pem, key: $PG/client.key}"
	start_ferryd
	run -0 ctl test warehouse
	has "TLSv1"
	has_not "not checked"
	stop_ferryd

	sed -i 1d "$PG/data/pg_hba.conf"
	postgres_down
	postgres_up -c listen_addresses=127.0.0.1 -c port=$port
	over_tls "tls: {verify: false}"
	refused CONNECT "does not support SSL"
	over_tls
	run -0 once into
	is "3 extracted, 3 unchanged" "$(summary)"
}

@test "a server that answers no more: the connection's own timeouts end the wait" {
	into_postgres
	connection_pg warehouse "timeout: 300ms" "retries: 0"
	psql -h "$PG" -U ferry -d polaris -qc "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN PERFORM pg_sleep(20); RETURN new; END \$\$;
		CREATE TRIGGER slow BEFORE INSERT ON contacts FOR EACH ROW EXECUTE FUNCTION slow()"
	run -1 once into
	has "TIMEOUT: "
	is 0 "$(pg "SELECT count(*) FROM contacts")"
	pg "DROP TRIGGER slow ON contacts"
	run -0 once into
	is "3 extracted, 3 created" "$(summary)"
	# one that takes the connection and says nothing
	kill -STOP "$pg_pid"
	connection_pg warehouse "connect_timeout: 300ms" "retries: 0"
	run -1 once into
	kill -CONT "$pg_pid"
	has "CONNECT: "
	has "no connection within 300 ms"
}
