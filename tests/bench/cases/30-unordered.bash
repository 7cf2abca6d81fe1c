# SPDX-License-Identifier: Apache-2.0
# unordered: a source that gives its rows in no order: each row is looked up in the snapshot.
# shellcheck shell=bash disable=SC2016,SC2034,SC2154

if ! postgres_is_here; then
	leave_out "$postgres_lacks"
	return
fi
n=$(rows 5000000)

copy_out()
{
	sql 'COPY (SELECT * FROM shuffled) TO STDOUT (FORMAT binary)' >/dev/null
}

postgres_start
sql 'SELECT 1 FROM t LIMIT 1' >/dev/null 2>&1 || postgres_table t "$n"
sql 'DROP TABLE IF EXISTS kept' 'CREATE TABLE shuffled AS SELECT * FROM t ORDER BY hashint8(id), id'
postgres_settle shuffled
sync_file unordered 'snapshot: hash' 'key: id' 'destination: {connection: bench}' \
	'source: {connection: postgres, query: "SELECT * FROM shuffled", ordered: false}' \
	"$(plain id email name country amount visits created note)"
quietly ferry unordered
said "$n created"
for ((i = 0; i < rounds; i++)); do
	timed copy copy_out
	run same unordered
	said "$n unchanged"
	timed copy_again copy_out
done
look same unordered
room=$(calc "64 + $n / 8 / 1048576" %.1f)

echo "$(thousands "$n") rows of PostgreSQL in random order, 8 columns, nothing changed."
echo
times_begin 'work'
baseline 'baseline: `COPY` without an order by psql to /dev/null' copy copy_again
against 'run, `ordered: false`, nothing changed' same copy 'at most' 1.6
facts_begin
fact 'memory of the worker' "$(own same)" MiB 'at most' "$room"
fact 'of the snapshot in memory' "$(mapped same)" MiB
