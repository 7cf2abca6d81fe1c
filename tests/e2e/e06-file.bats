#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Files at both ends: CSV into a database, a database into JSON lines and CSV; what is refused and where;
# a run that is killed, a disk that is full, and files that change.
load lib
load faults

story_setup() {
	[ -e "$build/plugins/all/file.so" ] || skip "ferry is built without the file connector"
	mkdir "$T/in" "$T/out"
	connection in file "dir: $T/in"
	connection out file "dir: $T/out"
	connection crm sqlite "path: $T/crm.db"
}

# put NAME: standard input as a file, renamed into place as a good producer does.
put() { cat >"$T/in/.$1.part" && mv "$T/in/.$1.part" "$T/in/$1"; }

out() { cat "$T/out/$1"; }
# What is in the folder, with what begins with a dot.
beside() { find "$T/out" -mindepth 1 -printf '%f\n' | sort | paste -sd' '; }

into_database() {
	db crm "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, balance TEXT, since TEXT)"
	sync_file in <<-END
		source: {connection: in, name: people.csv, types: {id: int, since: time}, $*}
		destination: {connection: crm, table: people}
		key: id
		mode: mirror
		map: {id: id, name: name, balance: balance, since: since}
	END
}

out_of_database() {
	db crm "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, balance TEXT)"
	sync_file out <<-END
		source: {connection: crm, table: people}
		destination: {connection: out, name: $1}
		key: id
		mode: ${2-mirror}
		map: {id: id, name: name, balance: balance}
	END
}

@test "CSV into a database: all values arrive, a second run finds nothing to do, changes are found" {
	into_database
	printf 'id,name,balance,since\r\n2,"Bo ""B"", jr 🚢",,\r\n1,Ann,12.50,1969-07-20T20:17:40.000001Z\r\n3,"","-0.01",2038-01-19 03:14:08\r\n' | put people.csv
	run -0 check
	run -0 once in
	is "3 extracted, 3 created" "$(summary)"
	is '1|Ann|12.50|1969-07-20T20:17:40.000001Z
2|Bo "B", jr 🚢||
3||-0.01|2038-01-19T03:14:08Z' "$(db crm "SELECT * FROM people ORDER BY id")"
	# nothing between the delimiters is NULL, quotes with nothing between them are empty text
	is "1|0" "$(db crm "SELECT (SELECT balance IS NULL FROM people WHERE id = 2), (SELECT name IS NULL FROM people WHERE id = 3)")"
	run -0 once in
	is "3 extracted, 3 unchanged" "$(summary)"
	printf 'id,name,balance,since\n1,Anna,12.50,1969-07-20T20:17:40.000001Z\n3,"","-0.01",2038-01-19T03:14:08Z' | put people.csv
	run -0 once in
	is "2 extracted, 1 updated, 1 deleted, 1 unchanged" "$(summary)"
}

@test "a file that is wrong ends the run before anything is written, and the line is named" {
	into_database
	printf 'id,name,balance,since\n1,Ann,1,\n2,Bo,2\n' | put people.csv
	run -1 once in
	has "DATA: "
	has "people.csv:3: 3 fields instead of 4"
	is 0 "$(db crm "SELECT count(*) FROM people")"
	printf 'id,name,balance,since\n1,A\xe4n,1,\n' | put people.csv
	run -1 once in
	has "people.csv:2: not UTF-8"
	printf 'id,name,balance,since\n1,Ann,1,yesterday\n' | put people.csv
	run -1 once in
	has "people.csv:2: column 'since' is no date or time"
	# an empty or missing file is not one without rows
	printf 'id,name,balance,since\n1,Ann,1,\n' | put people.csv
	once in
	: >"$T/in/people.csv"
	run -1 once in
	has "the file is empty: not even a header is there"
	rm "$T/in/people.csv"
	run -1 once in
	has "in stage validate_setup"
	has "there is no such file"
	is 1 "$(db crm "SELECT count(*) FROM people")"
	# a column the key needs is gone
	printf 'nr,name,balance,since\n' | put people.csv
	run -1 once in
	has "has no column 'id', which the key needs"
}

@test "columns come and go: one more makes no difference, one that is needed is missed by name" {
	into_database
	printf 'id,name,balance,since\n1,Ann,1,\n' | put people.csv
	once in
	printf 'note,since,balance,name,id\nnew,,1,Ann,1\n' | put people.csv
	run -0 once in
	is "1 extracted, 1 unchanged" "$(summary)"
	printf 'id,name,since\n1,Ann,\n' | put people.csv
	run -1 once in
	has "no such column: balance"
	is "1|Ann|1" "$(db crm "SELECT id, name, balance FROM people")"
	# a header and no rows: a table that is empty now, of which the guards have their opinion
	printf 'id,name,balance,since\n' | put people.csv
	run -1 once in
	has "GUARD: "
	has "the source is empty"
}

@test "rows in order need no memory, and a lie is found out" {
	into_database "sorted: true"
	printf 'id,name,balance,since\n1,a,,\n2,b,,\n10,c,,\n' | put people.csv
	run -0 once in
	is "3 extracted, 3 created" "$(summary)"
	printf 'id,name,balance,since\n1,a,,\n10,c,,\n2,b,,\n' | put people.csv
	run -1 once in
	has "ORDER: "
	is 3 "$(db crm "SELECT count(*) FROM people")"
}

@test "several files as one, and one that must not be named" {
	db crm "CREATE TABLE events (id TEXT PRIMARY KEY, kwh TEXT)"
	sync_file events <<-END
		source: {connection: in, name: "sessions-*.jsonl"}
		destination: {connection: crm, table: events}
		key: id
		mode: append
		map: {id: id, kwh: kwh}
	END
	printf '{"id":"a","kwh":7.250}\n{"id":"b","kwh":18446744073709551616}\n' | put sessions-1.jsonl
	printf '{"kwh":null,"id":"c"}\n' | put sessions-2.jsonl
	run -0 once events
	is "3 extracted, 3 created" "$(summary)"
	is 'a|7.250
b|18446744073709551616
c|' "$(db crm "SELECT * FROM events ORDER BY id")"
	sed -i 's|sessions-\*.jsonl|../in/x.jsonl|' "$T/etc/syncs.d/events.yaml"
	run -1 check
	has "has a slash: it must be the name of a file in the connection's folder"
}

@test "out of a database: created, updated, deleted, and nothing is left beside the file" {
	out_of_database people.jsonl
	db crm "INSERT INTO people VALUES (1, 'Ann', '12.50'), (2, 'Bo ' || char(10) || '\"B\"', NULL), (3, '', '-0.01')"
	run -0 once out --preview
	is "" "$(beside)"
	run -0 once out
	is "3 extracted, 3 created" "$(summary)"
	is '{"id":1,"name":"Ann","balance":"12.50"}
{"id":2,"name":"Bo \n\"B\"","balance":null}
{"id":3,"name":"","balance":"-0.01"}' "$(out people.jsonl)"
	before=$(stat -c '%i %Y' "$T/out/people.jsonl")
	run -0 once out
	is "3 extracted, 3 unchanged" "$(summary)"
	is "$before" "$(stat -c '%i %Y' "$T/out/people.jsonl")" # not even touched
	db crm "UPDATE people SET name = 'Bob' WHERE id = 2; DELETE FROM people WHERE id = 1; INSERT INTO people VALUES (4, 'Di', 0)"
	run -0 once out
	is "3 extracted, 1 created, 1 updated, 1 deleted, 1 unchanged" "$(summary)"
	is '{"id":2,"name":"Bob","balance":null}
{"id":3,"name":"","balance":"-0.01"}
{"id":4,"name":"Di","balance":"0"}' "$(out people.jsonl)"
	run -0 once out --verify
	is "3 extracted, 3 unchanged" "$(summary)"
	is "people.jsonl" "$(beside)"
	# somebody else's hand is seen, and put right on demand
	sed -i 's/Bob/Rob/' "$T/out/people.jsonl"
	sed -i 's/^map:/policy: {conflict: overwrite}\nmap:/' "$T/etc/syncs.d/out.yaml"
	run -0 once out --verify
	is "3 extracted, 1 updated, 2 unchanged" "$(summary)"
	has '"name":"Bob"' "$(out people.jsonl)"
}

@test "what is there already is found; columns that are not mapped stay; who is gone is marked" {
	out_of_database people.csv
	sed -i 's/name: people.csv/name: people.csv, disabled_at: gone/; s/^map:/policy: {missing: disable}\nmap:/' "$T/etc/syncs.d/out.yaml"
	printf 'id,note,name,balance,gone\n1,"kept, too",Ann,12.50,\n2,x,Bobo,,\n' >"$T/out/people.csv"
	chmod 604 "$T/out/people.csv"
	db crm "INSERT INTO people VALUES (1, 'Ann', '12.50'), (2, 'Bo', NULL), (3, 'NULL', '')"
	run -0 once out
	is "3 extracted, 1 created, 1 updated, 1 unchanged" "$(summary)"
	is 'id,note,name,balance,gone
1,"kept, too",Ann,12.50,
2,x,Bo,,
3,,NULL,"",' "$(out people.csv)"
	db crm "DELETE FROM people WHERE id = 1"
	run -0 once out
	is "2 extracted, 1 disabled, 2 unchanged" "$(summary)"
	out people.csv | grep -q '^1,"kept, too",Ann,12.50,20..-..-..T..:..:..'
	db crm "INSERT INTO people VALUES (1, 'Ann', '12.50')"
	run -0 once out
	out people.csv | grep -qx '1,"kept, too",Ann,12.50,'
	is 604 "$(stat -c %a "$T/out/people.csv")"
}

@test "a row the file cannot hold is the only one that is not written, and is named" {
	out_of_database people.csv upsert
	db crm "INSERT INTO people VALUES (1, 'Ann', 1), (3, 'a' || char(0) || 'b', 3), (4, 'Di', 4)"
	start_ferryd
	run_sync out
	is "created 2, failed 1" "$(rows "$run_id")"
	run -0 errors "$run_id"
	has '3|NUL_BYTE|name|'
	is 'id,name,balance
1,Ann,1
4,Di,4' "$(out people.csv)"
}

@test "a row of ten megabytes goes through, both ways" {
	out_of_database people.jsonl
	db crm "INSERT INTO people VALUES (1, replace(hex(zeroblob(5000000)), '00', 'xy') || char(10), 1)"
	run -0 once out
	db crm "CREATE TABLE back (id INTEGER PRIMARY KEY, name TEXT)"
	sync_file back <<-END
		source: {connection: out, name: people.jsonl}
		destination: {connection: crm, table: back}
		key: id
		map: {id: id, name: name}
	END
	run -0 once back
	is "1|10000001" "$(db crm "SELECT people.name = back.name, length(back.name) FROM people JOIN back USING (id)")"
}

@test "killed again and again in the middle of a load: the file is whole all the time, and complete in the end" {
	local lines
	seed_random
	ROWS=20000
	out_of_database people.csv
	sed -i 's/name: people.csv/name: people.csv, batch: 500/' "$T/etc/syncs.d/out.yaml"
	db crm "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $ROWS)
		INSERT INTO people SELECT i, 'a \"name\", ' || i, i % 7 FROM n"
	for _ in 1 2 3 4 5 6; do
		start_ferryd
		trigger out
		moment 100 900
		sleep "$moment"
		kill_ferryd
		rm -f "$FERRY_SOCKET"
		# old or new, never a half: a header, whole lines, each key once
		if [ -e "$T/out/people.csv" ]; then
			is "id,name,balance" "$(head -1 "$T/out/people.csv")"
			lines=$(sed 1d "$T/out/people.csv" | grep -cE '^[0-9]+,"a ""name"", [0-9]+",[0-6]$')
			is "$lines" "$(sed 1d "$T/out/people.csv" | wc -l)"
			is "$lines" "$(sed 1d "$T/out/people.csv" | cut -d, -f1 | sort -u | wc -l)"
		fi
	done
	start_ferryd
	run_sync out 60
	completed_clean "$run_id"
	is "$ROWS $ROWS" "$(sed 1d "$T/out/people.csv" | cut -d, -f1 | sort -n | uniq | awk 'END { print NR, $0 }')"
	is "$((ROWS + 1))" "$(wc -l <"$T/out/people.csv")"
	is "people.csv" "$(beside)"
	run_sync out
	is "unchanged $ROWS" "$(rows "$run_id")"
}

@test "the disk is full: the run fails and says so, the file stays as it was, and room is all it takes" {
	mount -t tmpfs -o size=1m ferry-test "$T/out" 2>"$T/mount.log" ||
		skip "a small file system can be mounted by root only: $(cat "$T/mount.log")"
	out_of_database people.csv
	db crm "INSERT INTO people VALUES (0, 'first', 0)"
	run -0 once out
	db crm "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
		INSERT INTO people SELECT i, printf('%0300d', i), 0 FROM n"
	connection out file "dir: $T/out" "retries: 0"
	run -1 once out
	has "No space left on device"
	is "id,name,balance
0,first,0" "$(out people.csv)"
	mount -o remount,size=16m "$T/out"
	run -0 once out
	is 5002 "$(wc -l <"$T/out/people.csv")"
	is "people.csv" "$(beside)"
}

eval "lib_$(declare -f teardown)"
teardown() {
	[ -z "${T-}" ] || ! mountpoint -q "$T/out" || umount -l "$T/out"
	lib_teardown
}

@test "ferryctl test tells what the folder is good for" {
	start_ferryd
	run -0 ctl test out
	has "$T/out"
	has "files can be read and written"
	rmdir "$T/out"
	run ctl test out
	[ "$status" != 0 ]
	has "cannot open the folder"
}
