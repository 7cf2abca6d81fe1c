#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A table of every type travels from PostgreSQL to MariaDB, SQLite, CSV and JSON lines. In the end psql
# reads the files by itself, and every value must be the one it was.
load lib
load faults
load postgres

ROWS=100000

story_setup() {
	[ -e "$build/plugins/all/file.so" ] || skip "ferry is built without the file connector"
	postgres_start
	connection_pg warehouse
	connection crm sqlite "path: $T/crm.db"
	mkdir "$T/files"
	connection files file "dir: $T/files"
}

# Each column has its limits, what is odd about its type, and NULL, over and over.
origin() {
	pg "$(sed "s/ROWS/$ROWS/" <<-'END'
		CREATE TABLE origin (id bigint PRIMARY KEY, small smallint, big bigint, amount numeric(38,10), note text,
			raw bytea, flag boolean, at timestamptz, day date, doc jsonb, tag uuid);
		INSERT INTO origin SELECT
			CASE i WHEN 1 THEN -9223372036854775808 WHEN 2 THEN 9223372036854775807 ELSE i - 50000 END,
			CASE i % 5 WHEN 0 THEN -32768 WHEN 1 THEN 32767 WHEN 2 THEN NULL ELSE i % 1000 END,
			CASE i % 7 WHEN 0 THEN -9223372036854775808 WHEN 1 THEN 9223372036854775807 WHEN 2 THEN NULL
				WHEN 3 THEN 9007199254740993 ELSE i * 92233720368547 END,
			CASE i % 8 WHEN 0 THEN 9999999999999999999999999999.9999999999 WHEN 1 THEN -9999999999999999999999999999.9999999999
				WHEN 2 THEN 0.0000000001 WHEN 3 THEN NULL WHEN 4 THEN 0 WHEN 5 THEN -0.1 ELSE i * 1.0000000001 END,
			CASE WHEN i % 17 = 16 THEN NULL ELSE (ARRAY['', ' ', 'plain', 'a,b;c', 'say "hi"', E'two\r\nlines', E'tab\there',
				'\N \ \n', 'NULL', '=1+1', 'Grüße', '🚢 U+1F6A2', 'e' || chr(769), 'שלום', chr(65279) || 'bom', chr(1) || chr(127)])
				[i % 16 + 1] || CASE WHEN i % 3 = 0 THEN '' ELSE i::text END END,
			CASE i % 5 WHEN 0 THEN '' WHEN 1 THEN '\x00ff0a0d22275c'::bytea WHEN 2 THEN NULL ELSE decode(md5(i::text), 'hex') END,
			CASE i % 3 WHEN 0 THEN true WHEN 1 THEN false END,
			CASE i % 6 WHEN 0 THEN '1583-01-01 00:00:00.000001Z' WHEN 1 THEN '9999-12-31 23:59:59.999999Z'
				WHEN 2 THEN '1969-12-31 23:59:59.999999Z' WHEN 3 THEN '2038-01-19 03:14:08Z' WHEN 4 THEN NULL
				ELSE 'epoch'::timestamptz + i * interval '12345.678901 seconds' END,
			CASE i % 4 WHEN 0 THEN '1583-01-01' WHEN 1 THEN '9999-12-31' WHEN 2 THEN NULL ELSE date '1900-01-01' + i END,
			CASE i % 6 WHEN 0 THEN '{}' WHEN 1 THEN '[1, 12345678901234567890.0123456789, null]' WHEN 2 THEN NULL
				WHEN 3 THEN '"a \"text\""' ELSE jsonb_build_object('i', i, 'deep', jsonb_build_array(true, 'Ü🚢', E'\n')) END,
			CASE WHEN i % 4 > 0 THEN md5(i::text)::uuid END
		FROM generate_series(1, ROWS) i
	END
	)"
}

map='map: {id: id, small: small, big: big, amount: amount, note: note, raw: raw, flag: flag, at: at, day: day, doc: doc, tag: tag}'

# leg NAME SOURCE DESTINATION: all of it, once, and nothing is left to do.
leg() {
	sync_file "$1" <<-END
		source: $2
		destination: $3
		key: id
		mode: mirror
		$map
	END
	run -0 once "$1"
	is "$ROWS extracted, $ROWS created" "$(summary)" "$1"
}

# A server of one's own below a temporary folder; it refuses to be root, as PostgreSQL does.
mariadb_start() {
	local as=()
	command -v mariadbd >/dev/null || return 1
	MY=$(mktemp -d "${TMPDIR:-/tmp}/ferry-my-XXXXXX")
	chmod 777 "$MY"
	[ "$(id -u)" != 0 ] || as=(setpriv --reuid=nobody "--regid=$(id -g nobody)" --clear-groups)
	(cd "$MY" && export TMPDIR=$MY && "${as[@]}" mariadb-install-db --no-defaults --auth-root-authentication-method=normal \
		--skip-test-db --datadir="$MY/data") >"$T/mariadb-install.log" 2>&1
	(cd "$MY" && export TMPDIR=$MY && exec "${as[@]}" mariadbd --no-defaults --datadir="$MY/data" --socket="$MY/s" --skip-networking \
		--pid-file="$MY/pid" --max-allowed-packet=64M) >"$T/mariadb.log" 2>&1 3>&- &
	children+=($!)
	wait_for "mariadb -uroot -S '$MY/s' -e 'SELECT 1' || ! kill -0 $!" 30
	my "CREATE DATABASE polaris CHARACTER SET utf8mb4"
}

my() { mariadb --no-defaults -uroot -S "$MY/s" -N -B -e "$1" 3>&-; }

eval "before_mariadb_$(declare -f teardown)"
teardown() {
	before_mariadb_teardown
	[ -z "${MY:-}" ] || rm -rf "$MY"
}

# Sets $from: where SQLite takes the rows from. Without MariaDB that leg is left out, and said so.
through_mariadb() {
	from="{connection: warehouse, table: origin}"
	if ! command -v mariadbd >/dev/null; then
		echo "# the leg through MariaDB is skipped: apt install mariadb-server" >&3
		return
	fi
	if [ ! -e "$build/plugins/all/mysql.so" ]; then
		echo "# the leg through MariaDB is skipped: ferry is built without the mysql connector" >&3
		return
	fi
	mariadb_start
	connection mariadb mysql "socket: $MY/s" "user: root" "database: polaris"
	my "CREATE TABLE polaris.copy (id bigint PRIMARY KEY, small smallint, big bigint, amount decimal(38,10),
		note longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, raw longblob, flag boolean, at datetime(6), day date,
		doc json, tag char(36))"
	leg to-mariadb "$from" "{connection: mariadb, table: copy}"
	from="{connection: mariadb, table: copy}"
}

@test "$ROWS rows of every type come out of PostgreSQL, MariaDB, SQLite, CSV and JSON lines as they were" {
	origin
	through_mariadb
	db crm "CREATE TABLE copy (id INTEGER PRIMARY KEY, small INTEGER, big INTEGER, amount TEXT, note TEXT, raw BLOB, flag INTEGER,
		at TEXT, day TEXT, doc TEXT, tag TEXT)"
	leg to-sqlite "$from" "{connection: crm, table: copy}"
	leg to-csv "{connection: crm, table: copy}" "{connection: files, name: copy.csv}"
	leg to-jsonl "{connection: files, name: copy.csv, types: {id: int, small: int, big: int, amount: decimal, flag: int}}" \
		"{connection: files, name: copy.jsonl}"

	# CSV as psql reads it: NULL is what stands unquoted and empty, for it as well
	pg "CREATE TABLE csv (id bigint, small smallint, big bigint, amount numeric(38,10), note text, raw text, flag int,
		at timestamptz, day timestamptz, doc jsonb, tag uuid)"
	pg "\\copy csv FROM '$T/files/copy.csv' (FORMAT csv, HEADER)"
	# and JSON lines: each line is one text to it, without quotes or delimiters
	pg "CREATE TABLE lines (j jsonb)"
	pg "\\copy lines FROM '$T/files/copy.jsonl' (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')"
	pg "CREATE VIEW jsonl AS SELECT (j->>'id')::bigint id, (j->>'small')::smallint small, (j->>'big')::bigint big,
			(j->>'amount')::numeric(38,10) amount, j->>'note' note, j->>'raw' raw, (j->>'flag')::int flag,
			(j->>'at')::timestamptz at, (j->>'day')::timestamptz AS day, (j->>'doc')::jsonb doc, (j->>'tag')::uuid tag FROM lines"
	for copy in csv jsonl; do
		is "$ROWS|$ROWS" "$(pg "SELECT count(*), count(DISTINCT id) FROM $copy")" "$copy"
		is "" "$(pg "SELECT o, c FROM origin o LEFT JOIN $copy c USING (id)
			WHERE (o.id, o.small, o.big, o.amount, o.note, o.raw, o.flag::int, o.at, o.day, o.doc, o.tag) IS DISTINCT FROM
			(c.id, c.small, c.big, c.amount, c.note, decode(c.raw, 'hex'), c.flag, c.at, (c.day AT TIME ZONE 'UTC')::date, c.doc, c.tag)
			LIMIT 5")" "rows of $copy that differ"
	done
}

@test "one change travels the whole way, and nothing else is written" {
	ROWS=1000
	origin
	db crm "CREATE TABLE copy (id INTEGER PRIMARY KEY, small INTEGER, big INTEGER, amount TEXT, note TEXT, raw BLOB, flag INTEGER,
		at TEXT, day TEXT, doc TEXT, tag TEXT)"
	leg to-sqlite "{connection: warehouse, table: origin}" "{connection: crm, table: copy}"
	leg to-jsonl "{connection: crm, table: copy}" "{connection: files, name: copy.jsonl}"
	pg "UPDATE origin SET note = 'changed' WHERE id = 7 - 50000; DELETE FROM origin WHERE id = 8 - 50000"
	for leg in to-sqlite to-jsonl; do
		run -0 once $leg
		is "999 extracted, 1 updated, 1 deleted, 998 unchanged" "$(summary)" "$leg"
		run -0 once $leg
		is "999 extracted, 999 unchanged" "$(summary)" "$leg"
	done
	is changed "$(jq -r 'select(.id == -49993) | .note' "$T/files/copy.jsonl")"
}
