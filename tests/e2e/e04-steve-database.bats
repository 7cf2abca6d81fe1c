#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SteVe's own database as a source, in both generations of its tables: cards, finished sessions, stops that come
# twice or never, and idTags in other letters.
load lib
load faults
load mysql

preset=$src/conf/presets/ev-charging/steve-database

story_setup() {
	mysql_start --character-set-server=utf8mb3 --collation-server=utf8mb3_unicode_ci
	connection local sqlite "path: $T/local.db"
}

# steve_tables old|new: the tables as SteVe has them, in the database stevedb, with what every test begins with.
steve_tables() {
	local place="evse" pk="evse_pk" id="evse_id" more=", topology_source enum('ocpp1', 'ocpp2') NOT NULL DEFAULT 'ocpp1'"
	if [ "$1" = old ]; then
		place="connector" pk="connector_pk" id="connector_id" more=""
	fi
	sql "CREATE DATABASE stevedb CHARACTER SET utf8mb3 COLLATE utf8mb3_unicode_ci"
	steve "CREATE TABLE charge_box (charge_box_pk int AUTO_INCREMENT PRIMARY KEY, charge_box_id varchar(255) NOT NULL UNIQUE, auth_password varchar(500));
		CREATE TABLE $place ($pk int unsigned AUTO_INCREMENT PRIMARY KEY, charge_box_id varchar(255) NOT NULL, $id int NOT NULL $more,
			FOREIGN KEY (charge_box_id) REFERENCES charge_box (charge_box_id) ON DELETE CASCADE);
		CREATE TABLE ocpp_tag (ocpp_tag_pk int AUTO_INCREMENT PRIMARY KEY, id_tag varchar(255) NOT NULL UNIQUE, parent_id_tag varchar(255) NULL,
			expiry_date timestamp(6) NULL, max_active_transaction_count int NOT NULL DEFAULT 1, note mediumtext NULL,
			FOREIGN KEY (parent_id_tag) REFERENCES ocpp_tag (id_tag));
		CREATE TABLE transaction_start (transaction_pk int unsigned AUTO_INCREMENT PRIMARY KEY,
			event_timestamp timestamp(6) NOT NULL DEFAULT current_timestamp(6), $pk int unsigned NOT NULL, id_tag varchar(255) NOT NULL,
			start_timestamp timestamp(6) NULL, start_value varchar(255) NULL,
			FOREIGN KEY ($pk) REFERENCES $place ($pk) ON DELETE CASCADE, FOREIGN KEY (id_tag) REFERENCES ocpp_tag (id_tag) ON DELETE CASCADE);
		CREATE TABLE transaction_stop (transaction_pk int unsigned NOT NULL, event_timestamp timestamp(6) NOT NULL DEFAULT current_timestamp(6),
			event_actor enum('station', 'manual') NULL, stop_timestamp timestamp(6) NOT NULL, stop_value varchar(255) NOT NULL,
			stop_reason varchar(255) NULL, PRIMARY KEY (transaction_pk, event_timestamp),
			FOREIGN KEY (transaction_pk) REFERENCES transaction_start (transaction_pk) ON DELETE CASCADE);
		INSERT INTO charge_box VALUES (1, 'CB-1', 'a secret hash'), (2, 'CB-2', NULL);
		INSERT INTO $place ($pk, charge_box_id, $id) VALUES (11, 'CB-1', 1), (12, 'CB-1', 2), (21, 'CB-2', 1);
		INSERT INTO ocpp_tag (ocpp_tag_pk, id_tag, parent_id_tag, expiry_date, max_active_transaction_count, note) VALUES
			(1, 'FLEET', NULL, NULL, -1, 'über all'), (2, 'Anna', 'fleet', '2027-01-01 00:00:00', 1, NULL), (3, 'BOB', NULL, NULL, 0, NULL);
		INSERT INTO transaction_start VALUES
			(100, '2026-01-01 10:00:00', 11, 'ANNA', '2026-01-01 10:00:00.5', '1000'), (101, '2026-01-01 11:00:00', 12, 'anna', '2026-01-01 11:00:00', '3000.5'),
			(102, '2026-01-01 12:00:00', 21, 'FLEET', '2026-01-01 12:00:00', '0'), (103, '2026-01-01 13:00:00', 21, 'fleet', '2026-01-01 13:00:00', '77');
		INSERT INTO transaction_stop VALUES
			(100, '2026-01-01 10:30:00', 'station', '2026-01-01 10:30:00', '8500', 'EVDisconnected'),
			(101, '2026-01-01 11:30:00', 'station', '2026-01-01 11:30:00', '4000', NULL),
			(102, '2026-01-01 12:30:00', 'station', '2026-01-01 12:30:00', '10', 'Local'),
			(102, '2026-01-01 12:30:00.000001', 'station', '2026-01-01 12:31:00', '20', 'Local')"
	sql "GRANT SELECT ON stevedb.ocpp_tag TO ferry; GRANT SELECT ON stevedb.transaction_start TO ferry;
		GRANT SELECT ON stevedb.transaction_stop TO ferry; GRANT SELECT ON stevedb.$place TO ferry;
		GRANT SELECT (charge_box_pk, charge_box_id) ON stevedb.charge_box TO ferry"
	connection steve-database mysql "socket: $MY/socket" "database: stevedb" "user: ferry" "password: right-word"
	cp "$preset/$2.yaml" "$T/etc/syncs.d/"
}

steve() { sql "USE stevedb; SET SESSION time_zone = '+00:00'; $1"; }

sessions() {
	db local "SELECT id, chargeBoxId, connectorId, ocppIdTag, startTimestamp, stopTimestamp, stopReason, stopEventActor, startValue, stopValue, energy_wh
		FROM steve_sessions ORDER BY id"
}

tags() { db local "SELECT idTag, parentIdTag, inTransaction, blocked, expiryDate, maxActiveTransactionCount, activeTransactionCount, note FROM steve_tags ORDER BY ocppTagPk"; }

reads_everything() {
	run -0 check
	run -0 once steve-database
	# the card has one spelling; of several stops the last one counts; what never stopped is not finished
	is "100|CB-1|1|Anna|2026-01-01T10:00:00.500000Z|2026-01-01T10:30:00Z|EVDisconnected|station|1000|8500|7500
101|CB-1|2|Anna|2026-01-01T11:00:00Z|2026-01-01T11:30:00Z||station|3000.5|4000|
102|CB-2|1|FLEET|2026-01-01T12:00:00Z|2026-01-01T12:31:00Z|Local|station|0|20|20" "$(sessions)"
	is "FLEET||1|0||-1|1|über all
Anna|FLEET|0|0|2027-01-01T00:00:00Z|1|0|
BOB||0|1||0|0|" "$(tags)"
	run -0 once steve-database
	is "6 extracted, 6 unchanged" "$(summary)"
}

follows_changes() {
	once steve-database
	# stopped by hand, a day later
	steve "INSERT INTO transaction_stop VALUES (100, '2026-01-02 09:00:00', 'manual', '2026-01-01 10:20:00', '8000', 'by hand');
		INSERT INTO transaction_stop VALUES (103, '2026-01-02 09:00:00', 'station', '2026-01-01 14:00:00', '1077', NULL);
		UPDATE ocpp_tag SET max_active_transaction_count = 5 WHERE id_tag = 'bob'"
	run -0 once steve-database
	is "7 extracted, 1 created, 3 updated, 3 unchanged" "$(summary)"
	is "100|2026-01-01T10:20:00Z|manual|7000
103|2026-01-01T14:00:00Z|station|1000" "$(db local "SELECT id, stopTimestamp, stopEventActor, energy_wh FROM steve_sessions WHERE id IN (100, 103) ORDER BY id")"
	is "FLEET|0|0
BOB|0|5" "$(db local "SELECT idTag, CASE idTag WHEN 'FLEET' THEN inTransaction ELSE blocked END, CASE idTag WHEN 'FLEET' THEN activeTransactionCount
		ELSE maxActiveTransactionCount END FROM steve_tags WHERE idTag <> 'Anna' ORDER BY ocppTagPk")"
	run -0 once steve-database
	is "7 extracted, 7 unchanged" "$(summary)"
}

@test "up to 3.12: cards and finished sessions are read" {
	steve_tables old up-to-3.12
	reads_everything
}

@test "up to 3.12: later stops and changed cards are noticed" {
	steve_tables old up-to-3.12
	follows_changes
}

@test "from 3.13 on: cards and finished sessions are read, those of OCPP 2 are not" {
	steve_tables new from-3.13
	steve "INSERT INTO evse (evse_pk, charge_box_id, evse_id, topology_source) VALUES (31, 'CB-2', 1, 'ocpp2');
		INSERT INTO transaction_start VALUES (200, '2026-01-01 10:00:00', 31, 'bob', '2026-01-01 10:00:00', '0');
		INSERT INTO transaction_stop VALUES (200, '2026-01-01 10:30:00', 'station', '2026-01-01 10:30:00', '5', NULL)"
	reads_everything
}

@test "from 3.13 on: later stops and changed cards are noticed" {
	steve_tables new from-3.13
	follows_changes
}

@test "the tables of the other generation are named, and nothing is touched" {
	steve_tables new from-3.13
	once steve-database
	cp "$preset/up-to-3.12.yaml" "$T/etc/syncs.d/from-3.13.yaml"
	# the cards are the same in both; the sessions are not
	run -2 once steve-database
	has "sessions: validate_setup failed" "$(cat "$T/once.log")"
	has "connector" "$(cat "$T/once.log")"
	is 3 "$(db local "SELECT count(*) FROM steve_sessions")"
}
