# SPDX-License-Identifier: Apache-2.0
# postgres-upsert: rows that PostgreSQL does not have, or has otherwise, against the fastest way that
# PostgreSQL itself offers: COPY into a staging table and one INSERT ... ON CONFLICT.
# shellcheck shell=bash disable=SC2016,SC2034,SC2154

if ! postgres_is_here; then
	leave_out "$postgres_lacks"
	return
fi
n=$(rows 1000000)
columns='id, email, name, country, amount, visits, created, note'
types='id bigint PRIMARY KEY, email text, name text, country text, amount numeric, visits int, created timestamptz, note text'

# Every second row is there, with other values; as it would be before either side begins.
refill()
{
	sql "TRUNCATE target" "INSERT INTO target SELECT * FROM before" 'CHECKPOINT'
	postgres_settle target
}

# What is in the table now must be what was to be written.
filled()
{
	[ "$(sql 'SELECT count(*), sum(visits) FROM target')" = "$(sql 'SELECT count(*), sum(visits) FROM after')" ] ||
		fail 'the table does not hold what was written'
}

stage_and_insert()
{
	sql 'CREATE UNLOGGED TABLE staging (LIKE target)' "\\copy staging FROM '$dir/rows.copy' (FORMAT binary)" \
		"INSERT INTO target SELECT * FROM staging ON CONFLICT (id) DO UPDATE SET
			($columns) = ROW(excluded.*)" 'DROP TABLE staging'
}

postgres_start
# ferry fills the table once: that is what both sides must end with
sync_file upsert 'snapshot: hash' 'key: id' "source: {connection: bench, rows: $n}" \
	'destination: {connection: postgres, table: target}' "$(plain id email name country amount visits created note)"
sql "CREATE TABLE target ($types)"
quietly ferry upsert
said "$n created"
sql 'CREATE TABLE after AS SELECT * FROM target' \
	'CREATE TABLE before AS SELECT id, email, name, country, amount, visits + 1000, created, note FROM target WHERE id % 2 = 0'
sql "COPY (SELECT $columns FROM after ORDER BY id) TO STDOUT (FORMAT binary)" >"$dir/rows.copy"
for ((i = 0; i < rounds; i++)); do
	refill
	timed stage stage_and_insert
	filled
	refill
	forget upsert
	run ferry upsert
	said "$n extracted" '0 unchanged' '0 failed'
	filled
done
refill
forget upsert
look ferry upsert
said "$n extracted" '0 unchanged'

echo "$(thousands "$n") rows into a table of PostgreSQL that has every second of them, with other values."
echo
times_begin 'work'
baseline 'baseline: `COPY` into an unlogged staging table, `INSERT ... ON CONFLICT DO UPDATE`' stage
against 'ferry: read, looked up, planned, written, noted' ferry stage 'at most' 1.5
facts_begin
fact 'ferry writes' "$(rate "$n" ferry)" 'rows a second'
fact 'memory of the worker' "$(own ferry)" MiB
sql 'DROP TABLE target, before, after'
rm "$dir/rows.copy"
