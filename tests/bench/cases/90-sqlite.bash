# SPDX-License-Identifier: Apache-2.0
# sqlite: a table copied from one SQLite file to another in mode mirror, against the sqlite3 shell
# printing it.
# shellcheck shell=bash disable=SC2016,SC2034,SC2154

n=$(rows 1000000)

make_table()
{
	sqlite3 "$dir/source.db" <<-SQL
		CREATE TABLE t (id INTEGER PRIMARY KEY, email TEXT, name TEXT, country TEXT, amount REAL,
			visits INTEGER, created TEXT, note TEXT);
		WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < $n)
		INSERT INTO t SELECT i, 'user' || i || '@example.com', 'Person Number ' || (i * 7919 % 1000003),
			substr('DEFRUSGBNL', 1 + 2 * (i % 5), 2), (i * 37 % 100000) / 100.0, i % 977,
			strftime('%Y-%m-%dT%H:%M:%SZ', 1700000000 + i * 13, 'unixepoch'),
			CASE WHEN i % 10 = 0 THEN NULL ELSE printf('note %.*c', 20 + i % 40, 'x') END FROM n;
	SQL
}

print_table()
{
	sqlite3 "$dir/source.db" 'SELECT * FROM t ORDER BY id' >/dev/null
}

make_table
connection here 'family: sqlite' "path: $dir/source.db"
connection there 'family: sqlite' "path: $dir/copy.db"
sync_file copy 'source: {connection: here, table: t}' 'key: id' 'mode: mirror' \
	'destination: {connection: there, table: t, create: true}' \
	"$(plain id email name country amount visits created note)"
run first copy
said "$n created"
for ((i = 0; i < rounds; i++)); do
	timed print print_table
	run same copy
	said "$n unchanged"
	timed print_again print_table
	sqlite3 "$dir/source.db" 'UPDATE t SET visits = visits + 1 WHERE id % 100 = 0'
	run changed copy
	said "$((n / 100)) updated"
done
look same copy
[ "$(sqlite3 "$dir/copy.db" 'SELECT count(*), sum(visits) FROM t')" = \
	"$(sqlite3 "$dir/source.db" 'SELECT count(*), sum(visits) FROM t')" ] || fail 'the copy is not the same'

echo "$(thousands "$n") rows of SQLite, 8 columns, $(($(stat -c %s "$dir/source.db") / n)) bytes each, to another SQLite file."
echo
times_begin 'work'
baseline 'baseline: the sqlite3 shell prints the table to /dev/null' print print_again
against 'run, nothing changed' same print
against 'run, 1 % changed' changed print
against 'first run, everything written' first print
facts_begin
fact 'memory of the worker, nothing changed' "$(own same)" MiB
rm -f "$dir/source.db" "$dir/copy.db"
