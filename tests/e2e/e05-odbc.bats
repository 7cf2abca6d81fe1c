#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Databases by their ODBC drivers alone: out of PostgreSQL into an SQLite file and back, a MariaDB that
# mirrors, what a table refuses, and what is wrong with a connection.
load lib
load faults
load postgres

story_setup() {
	[ -e "$build/plugins/all/odbc.so" ] || skip "the odbc connector is not built: apt install unixodbc-dev"
	postgres_start
	connection_odbc warehouse "$(driver psqlodbcw.so odbc-postgresql);Servername=$PG;Port=5432;Database=polaris;UID=ferry"
	connection_odbc crm "$(driver libsqlite3odbc.so libsqliteodbc);Database=$T/crm.db"
	db crm "CREATE TABLE settings (name TEXT)"
	pg "CREATE TABLE customers (id int PRIMARY KEY, name text, balance numeric(12,2), since timestamptz, active boolean, photo bytea);
		INSERT INTO customers VALUES (1, 'Ann', 12.50, '2026-01-01T01:00:00+01', true, '\x00ff'),
			(2, 'Bo 🚢', NULL, NULL, NULL, NULL), (3, 'Cy', -0.01, '1969-07-20T20:17:40Z', false, '')"
}

# driver FILE PACKAGE: the beginning of a connection string; the story is skipped where it is not there.
driver() {
	local found
	found=$(compgen -G "/usr/lib/*/odbc/$1" | head -n 1) || :
	echo "Driver=${found:-$1}"
}

# connection_odbc NAME STRING ['KEY: VALUE'...]
connection_odbc() {
	local name=$1 string=$2
	shift 2
	[ -e "${string:7:$(expr index "$string" \; - 8)}" ] || skip "an ODBC driver is missing: ${string%%;*}"
	connection "$name" odbc "connection: \"$string\"" "$@"
}

out() {
	sync_file out <<-END
		source: {connection: warehouse, table: customers}
		destination: {connection: crm, table: people, create: true}
		key: id
		mode: mirror
		map: {id: id, name: name, balance: balance, since: since, active: active, photo: photo}
	END
}

back() {
	pg "CREATE TABLE again (LIKE customers INCLUDING ALL)"
	sync_file back <<-END
		source: {connection: crm, table: people}
		destination: {connection: warehouse, table: again}
		key: id
		mode: mirror
		map: {id: id, name: name, balance: balance, since: since, active: active, photo: photo}
	END
}

differences() {
	pg "SELECT count(*) FROM ((TABLE customers EXCEPT TABLE again) UNION ALL (TABLE again EXCEPT TABLE customers)) d"
}

@test "out of PostgreSQL into SQLite and back: nothing is different, and a second run finds nothing to do" {
	out
	back
	run -0 check
	run -0 once out
	is "3 extracted, 3 created" "$(summary)"
	is "1|Ann|12.50|2026-01-01T00:00:00Z|1|00FF" "$(db crm "SELECT id, name, balance, since, active, hex(photo) FROM people WHERE id = 1")"
	run -0 once back
	is "3 extracted, 3 created" "$(summary)"
	is 0 "$(differences)"
	for name in out back; do
		run -0 once $name
		is "3 extracted, 3 unchanged" "$(summary)" $name
	done
	# and what is over there is found to be the same
	run -0 once out --verify
	is "3 extracted, 3 unchanged" "$(summary)"
	run -0 once back --full
	is 0 "$(differences)"
}

@test "what changes travels, what goes is deleted" {
	out
	back
	once out
	once back
	pg "UPDATE customers SET name = 'Bob', balance = 7 WHERE id = 2; DELETE FROM customers WHERE id = 3; INSERT INTO customers (id) VALUES (4)"
	run -0 once out
	is "3 extracted, 1 created, 1 updated, 1 deleted, 1 unchanged" "$(summary)"
	run -0 once back
	is "3 extracted, 1 created, 1 updated, 1 deleted, 1 unchanged" "$(summary)"
	is 0 "$(differences)"
}

@test "MariaDB mirrors it, and only what differs is written" {
	load mysql
	mysql_start
	connection_odbc shop "$(driver libmaodbc.so odbc-mariadb);SOCKET=$MY/socket;DATABASE=polaris;UID=ferry" "password: right-word"
	sync_file mirror <<-END
		source: {connection: warehouse, query: "SELECT id, name, balance, since FROM customers"}
		destination: {connection: shop, table: people, create: true}
		key: id
		mode: mirror
		map: {id: id, name: name, balance: balance, since: since}
	END
	pg "INSERT INTO customers SELECT i, 'n' || i, i / 4.0, '2026-01-01' FROM generate_series(4, 3000) i"
	run -0 once mirror
	is "3000 extracted, 3000 created" "$(summary)"
	is "3000|1|1|2" "$(my "SELECT count(*), sum(since < '2000-01-01'), sum(name = 'Bo 🚢'), sum(balance = 12.5) FROM people")"
	run -0 once mirror
	is "3000 extracted, 3000 unchanged" "$(summary)"
	pg "UPDATE customers SET name = 'Bob' WHERE id = 2; DELETE FROM customers WHERE id > 2900"
	run -0 once mirror
	is "2900 extracted, 1 updated, 100 deleted, 2899 unchanged" "$(summary)"
	is "2900|Bob" "$(my "SELECT count(*), (SELECT name FROM people WHERE id = 2) FROM people")"
	# all over again: only what somebody else has changed differs
	my "UPDATE people SET name = 'Anna' WHERE id = 1"
	run -0 once mirror --full
	is "Ann" "$(my "SELECT name FROM people WHERE id = 1")"
}

@test "a row the table refuses is the only one that is not written, and is named" {
	pg "CREATE TABLE strict (id int PRIMARY KEY, name text NOT NULL, balance numeric(12,2) CHECK (balance < 1000))"
	db crm "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, balance TEXT);
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500)
		INSERT INTO people SELECT i, 'n' || i, i % 900 FROM n;
		UPDATE people SET balance = 5000 WHERE id = 700; UPDATE people SET name = NULL WHERE id = 1400;
		UPDATE people SET balance = 'a lot' WHERE id = 900"
	sync_file into <<-END
		source: {connection: crm, table: people}
		destination: {connection: warehouse, table: strict}
		key: id
		mode: mirror
		map: {id: id, name: name, balance: balance}
	END
	run -2 once into
	is "1500 extracted, 1497 created, 3 failed" "$(summary)"
	is 1497 "$(pg "SELECT count(*) FROM strict")"
	start_ferryd
	run -0 errors 1
	has '700|check_violation|'
	has '900|invalid_text_representation|balance|'
	has '1400|not_null_violation|name|'
	db crm "UPDATE people SET balance = 5, name = 'ok' WHERE id IN (700, 900, 1400)"
	run_sync into
	is "created 3, unchanged 1497" "$(rows "$run_id")"
}

@test "a server that is down: the run fails in its first stage, and the next one makes up for it" {
	out
	once out
	start_ferryd
	postgres_down
	run_sync out
	is failed "$run_status"
	is CONNECT "$(field "/runs/$run_id" .error.code)"
	is main/validate_setup "$(field "/runs/$run_id" '.segments[] | .name as $s | .stages[] | select(.status == "failed") | "\($s)/\(.name)"')"
	postgres_up
	pg "UPDATE customers SET name = 'Bob' WHERE id = 2"
	run_sync out
	is completed "$run_status"
	is "updated 1, unchanged 2" "$(rows "$run_id")"
}

@test "a connection is tested; a wrong one is named, and no password is ever shown" {
	out
	sql "ALTER ROLE ferry PASSWORD 'hunter2'"
	sed -i '1ilocal all ferry scram-sha-256' "$PG/data/pg_hba.conf"
	sql "SELECT pg_reload_conf()" >/dev/null
	wait_for "! PGPASSWORD=wrong psql -h '$PG' -U ferry -d polaris -c 'SELECT 1'"
	string="$(driver psqlodbcw.so odbc-postgresql);Servername=$PG;Port=5432;Database=polaris;UID=ferry"
	export PW=hunter2
	connection_odbc warehouse "$string" "password: wrong-word"
	run -1 once out
	has "AUTH: "
	has_not wrong-word
	start_ferryd
	run -1 ctl test warehouse
	has AUTH
	has_not wrong-word
	connection_odbc warehouse "$string" 'password: ${env:PW}'
	run -0 ctl reload
	run -0 ctl test warehouse
	has "warehouse  works"
	has "PostgreSQL"
	has_not hunter2 "$(cat "$T"/*.log)"
	stop_ferryd
	connection_odbc warehouse "$string;PWD=hunter2"
	run -1 check
	has "move it to the setting 'password'"
	has_not hunter2
	connection warehouse odbc "connection: \"Driver=/nowhere/driver.so;Server=x\""
	run -1 once out
	has "CONFIG: "
	has "/nowhere/driver.so"
}
