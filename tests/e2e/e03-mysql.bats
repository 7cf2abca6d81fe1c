#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# MariaDB at both ends: from it into SQLite and back, what it refuses, and a server that is down.
load lib
load faults
load mysql

story_setup() {
	mysql_start
	connection_my shop
	connection crm sqlite "path: $T/crm.db"
	my "CREATE TABLE customers (id int unsigned PRIMARY KEY, name varchar(50), balance decimal(12,2), since timestamp(6) NULL,
			big bigint unsigned, note longtext);
		INSERT INTO customers VALUES (1, 'Ann', 12.50, '2026-01-01 00:00:00', 18446744073709551615, 'a\0b'),
			(2, 'Bo 🚢', NULL, NULL, NULL, NULL), (3, 'Cy', -0.01, '2037-07-20 20:17:40.5', 0, '')"
	db crm "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, balance TEXT, since TEXT, big TEXT, note TEXT)"
}

out_of_mysql() {
	sync_file out <<-END
		source: {connection: shop, table: customers}
		destination: {connection: crm, table: people}
		key: id
		mode: mirror
		map: {id: id, name: name, balance: balance, since: since, big: big, note: note}
	END
}

into_mysql() {
	my "CREATE TABLE contacts (id int PRIMARY KEY, name varchar(50) NOT NULL, balance decimal(10,2) CHECK (balance < 1000),
		email varchar(50) UNIQUE, seen timestamp DEFAULT current_timestamp)"
	db crm "INSERT INTO people (id, name, balance, note) VALUES (1, 'Ann', '12.50', 'ann@x'), (2, 'Bo 🚢', NULL, NULL), (3, 'Cy', '-0.01', 'cy@x')"
	sync_file into <<-END
		source: {connection: crm, table: people}
		destination: {connection: shop, table: contacts}
		key: id
		mode: mirror
		map: {id: id, name: name, balance: balance, email: note}
	END
}

people() { db crm "SELECT id || ' ' || name FROM people ORDER BY id" | paste -sd,; }
contacts() { my "SELECT CONCAT(id, ' ', name) FROM contacts ORDER BY id" | paste -sd,; }

@test "out of MariaDB: all values arrive, and a second run finds nothing to do" {
	out_of_mysql
	run -0 check
	run -0 once out
	is "3 extracted, 3 created" "$(summary)"
	is '1|Ann|12.50|2026-01-01T00:00:00Z|18446744073709551615|610062' "$(db crm "SELECT id, name, balance, since, big, hex(note) FROM people WHERE id = 1")"
	is '2|Bo 🚢||||' "$(db crm "SELECT * FROM people WHERE id = 2")"
	is '3|Cy|-0.01|2037-07-20T20:17:40.500000Z|0|' "$(db crm "SELECT * FROM people WHERE id = 3")"
	run -0 once out
	is "3 extracted, 3 unchanged" "$(summary)"
}

@test "one change is one update, a row that is gone is deleted, a column that is new may be mapped" {
	out_of_mysql
	once out
	my "UPDATE customers SET name = 'Bob' WHERE id = 2; DELETE FROM customers WHERE id = 3"
	run -0 once out
	is "2 extracted, 1 updated, 1 deleted, 1 unchanged" "$(summary)"
	is "1 Ann,2 Bob" "$(people)"
	my "ALTER TABLE customers ADD city varchar(20) DEFAULT 'Ulm', MODIFY id bigint"
	run -0 once out
	is "2 extracted, 2 unchanged" "$(summary)"
	sed -i 's/note: note/note: city/' "$T/etc/syncs.d/out.yaml"
	run -0 once out
	is "2 extracted, 2 updated" "$(summary)"
	my "ALTER TABLE customers DROP name"
	run -1 once out
	has "name"
	is "1 Ann,2 Bob" "$(people)"
}

@test "into MariaDB: created, updated, deleted; columns that are not mapped stay" {
	into_mysql
	run -0 once into
	is "3 extracted, 3 created" "$(summary)"
	is "1 Ann,2 Bo 🚢,3 Cy" "$(contacts)"
	my "UPDATE contacts SET seen = '2020-01-01 00:00:00'"
	db crm "UPDATE people SET name = 'Bob' WHERE id = 2; DELETE FROM people WHERE id = 3"
	run -0 once into
	is "2 extracted, 1 updated, 1 deleted, 1 unchanged" "$(summary)"
	is "1 Ann,2 Bob" "$(contacts)"
	is "2020-01-01 00:00:00" "$(my "SELECT seen FROM contacts WHERE id = 2")"
	run -0 once into
	is "2 extracted, 2 unchanged" "$(summary)"
}

@test "what is there already is found, and only what differs is written" {
	into_mysql
	my "INSERT INTO contacts (id, name, balance, email) VALUES (1, 'Ann', 12.5, 'ann@x'), (2, 'Bobo', NULL, NULL)"
	run -0 once into
	is "3 extracted, 1 created, 1 updated, 1 unchanged" "$(summary)"
	run -0 once into --verify
	is "3 extracted, 3 unchanged" "$(summary)"
}

@test "a row the table refuses is the only one that is not written, and is named" {
	into_mysql
	db crm "WITH RECURSIVE n(i) AS (SELECT 4 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
		INSERT INTO people (id, name, balance, note) SELECT i, 'n' || i, i % 900, i || '@x' FROM n;
		UPDATE people SET balance = 5000 WHERE id = 700; UPDATE people SET name = NULL WHERE id = 1500;
		UPDATE people SET balance = 'a lot' WHERE id = 900; UPDATE people SET note = 'ANN@X' WHERE id = 1000;
		UPDATE people SET name = CAST(x'ff41' AS TEXT) WHERE id = 1200"
	run -2 once into
	is "2000 extracted, 1995 created, 5 failed" "$(summary)"
	is 1995 "$(my "SELECT COUNT(*) FROM contacts")"
	is "1|Ann" "$(my "SELECT id, name FROM contacts WHERE email = 'ann@x'")"
	start_ferryd
	run -0 errors 1
	has '700|ER_CONSTRAINT_FAILED|balance|'
	has '900|ER_TRUNCATED_WRONG_VALUE_FOR_FIELD|balance|'
	has "1000|ER_DUP_ENTRY|email|Duplicate entry 'ANN@X'"
	has '1200|INVALID_RECORD|name|'
	has '1500|ER_BAD_NULL_ERROR|name|'
	# repaired at the source, they arrive
	db crm "UPDATE people SET balance = 5, name = 'ok', note = id WHERE id IN (700, 900, 1000, 1200, 1500)"
	run_sync into
	is "created 5, unchanged 1995" "$(rows "$run_id")"
}

@test "rows that are gone are marked, and unmarked when they come back" {
	into_mysql
	my "ALTER TABLE contacts ADD gone_at datetime(3)"
	sed -i 's/table: contacts}/table: contacts, disabled_at: gone_at}/; $a policy: {missing: disable}' "$T/etc/syncs.d/into.yaml"
	once into
	db crm "DELETE FROM people WHERE id = 3"
	run -0 once into
	is "2 extracted, 1 disabled, 2 unchanged" "$(summary)"
	is "3" "$(my "SELECT id FROM contacts WHERE gone_at > NOW() - INTERVAL 1 MINUTE")"
	db crm "INSERT INTO people (id, name) VALUES (3, 'Cy again')"
	run -0 once into
	is "3|Cy again" "$(my "SELECT id, name FROM contacts WHERE id = 3 AND gone_at IS NULL")"
}

@test "a table that is missing is made, with types of the source" {
	my "CREATE TABLE numbers (id bigint PRIMARY KEY, n decimal(20,8), t datetime(6), b blob, j json); INSERT INTO numbers VALUES
		(9223372036854775807, 0.00000001, '1969-07-20 20:17:40.000001', x'00ff', '[1]'), (-9223372036854775808, -1, NULL, NULL, NULL)"
	sync_file copy <<-END
		source: {connection: shop, table: numbers}
		destination: {connection: shop, table: copies, create: true}
		key: id
		mode: mirror
		map: {id: id, n: n, t: t, b: b, j: j}
	END
	run -0 once copy
	is "2 extracted, 2 created" "$(summary)"
	is "0" "$(my "SELECT COUNT(*) FROM numbers a LEFT JOIN copies b ON a.id = b.id AND a.n = b.n AND a.t <=> b.t AND a.b <=> b.b AND a.j <=> b.j WHERE b.id IS NULL")"
	is "bigint,decimal,datetime,longblob,longtext" "$(my "SELECT data_type FROM information_schema.columns WHERE table_name = 'copies' ORDER BY ordinal_position" | paste -sd,)"
	run -0 once copy --verify
	is "2 extracted, 2 unchanged" "$(summary)"
}

@test "a server that is down: the run fails in its first stage, and the next one makes up for it" {
	into_mysql
	once into
	start_ferryd
	mysql_down
	db crm "UPDATE people SET name = 'Bob' WHERE id = 2"
	run_sync into
	is failed "$run_status"
	failed_with "$run_id" CONNECT validate_setup
	mysql_up
	run_sync into
	is completed "$run_status"
	is "updated 1, unchanged 2" "$(rows "$run_id")"
	is "1 Ann,2 Bob,3 Cy" "$(contacts)"
}

@test "a server that dies while it is read has changed nothing" {
	out_of_mysql
	my "INSERT INTO customers (id, name, note) SELECT seq + 3, 'n', REPEAT('x', 2000) FROM seq_1_to_4000"
	sed -i "s/table: customers/query: \"SELECT *, IF(id % 50, 0, SLEEP(0.1)) AS slow FROM customers\"/" "$T/etc/syncs.d/out.yaml"
	start_ferryd
	run_id=$(trigger out)
	wait_for 'grep -q . <(my "SELECT id FROM information_schema.processlist WHERE user = \"ferry\" AND state = \"User sleep\"")' 20
	kill -KILL "$my_pid"
	wait_run "$run_id"
	is failed "$(field "/runs/$run_id" .status)"
	is 0 "$(db crm "SELECT count(*) FROM people")"
	mysql_up
	sed -i 's/, IF(id % 50, 0, SLEEP(0.1)) AS slow//' "$T/etc/syncs.d/out.yaml"
	stop_ferryd
	run -0 once out
	is 4003 "$(db crm "SELECT count(*) FROM people")"
}

@test "what is wrong with a setup is said before anything is read" {
	into_mysql
	my "ALTER TABLE contacts RENAME COLUMN name TO title"
	run -1 once into
	has "in stage validate_setup"
	has "SETUP: "
	has "no column to write for 'name'"
	my "ALTER TABLE contacts RENAME COLUMN title TO name, ENGINE=MyISAM"
	run -1 once into
	has "engine MyISAM, which has no transactions"
	my "ALTER TABLE contacts ENGINE=InnoDB"
	sql "REVOKE ALL ON polaris.* FROM ferry; GRANT SELECT ON polaris.* TO ferry"
	run -1 once into
	has "FORBIDDEN: "
	has "INSERT, UPDATE command denied to user 'ferry'"
	connection_my shop "tls_mode: maybe"
	run check
	has "tls_mode: 'maybe' is not one of disabled, preferred, required, verify"
	connection_my shop "host: localhost"
	run check
	has "give either 'host' or 'socket', not both"
}

@test "a password is never shown" {
	into_mysql
	connection shop mysql "socket: $MY/socket" "database: polaris" "user: ferry" "password: wrong-word"
	run -1 once into
	has "AUTH: "
	has_not "wrong-word"
	has_not "wrong-word" "$(cat "$T/once.log")"
	export PW=right-word
	connection shop mysql "socket: $MY/socket" "database: polaris" "user: ferry" 'password: ${env:PW}'
	run -0 once into
	is "3 extracted, 3 created" "$(summary)"
	has_not "right-word" "$(cat "$T/once.log")"
}

# certificate NAME HOST: signed by $MY/ca.pem
certificate() {
	openssl req -newkey rsa:2048 -nodes -keyout "$MY/$1.key" -out "$MY/$1.csr" -subj "/CN=$2" 2>/dev/null
	openssl x509 -req -in "$MY/$1.csr" -CA "$MY/ca.pem" -CAkey "$MY/ca.key" -CAcreateserial -days 2 -out "$MY/$1.pem" \
		-extfile <(echo "subjectAltName=DNS:$2") 2>/dev/null
}

@test "TLS: a server is believed only with a certificate of its own name, by whom we trust" {
	command -v openssl >/dev/null || skip "openssl is missing: apt install openssl"
	local port=$((20000 + RANDOM % 20000)) tls
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$MY/ca.key" -out "$MY/ca.pem" -days 2 -subj /CN=ours 2>/dev/null
	certificate right localhost
	certificate other elsewhere
	chmod 644 "$MY"/*.key
	into_mysql
	over_tls() {
		connection shop mysql "host: localhost" "port: $port" "database: polaris" "user: ferry" "password: right-word" "$@"
	}
	mysql_down
	mysql_up --skip-networking=0 --bind-address=127.0.0.1 --port=$port --ssl-cert="$MY/right.pem" --ssl-key="$MY/right.key"
	over_tls "tls: {ca: $MY/ca.pem}"
	run -0 once into
	is "3 extracted, 3 created" "$(summary)"
	over_tls "tls_mode: verify"
	run -1 once into
	has "CONNECT: "
	over_tls "tls: {verify: false}"
	run -0 once into
	mysql_down
	mysql_up --skip-networking=0 --bind-address=127.0.0.1 --port=$port --ssl-cert="$MY/other.pem" --ssl-key="$MY/other.key"
	over_tls "tls: {ca: $MY/ca.pem}"
	run -1 once into
	has "CONNECT: "
	has "TLS"
	mysql_down
	mysql_up --skip-networking=0 --bind-address=127.0.0.1 --port=$port
	for tls in "tls: {ca: $MY/ca.pem}" "tls_mode: required"; do
		over_tls "$tls"
		run -1 once into
		has "TLS"
	done
	over_tls
	run -0 once into
}
