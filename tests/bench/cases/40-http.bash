# SPDX-License-Identifier: Apache-2.0
# http: a table of SQLite kept the same at an HTTP endpoint, in batches of a thousand, against what a
# shell does with sqlite3, split and curl. All three steps in turn: everything, nothing, a little.
# shellcheck shell=bash disable=SC2016,SC2034,SC2154

if [ ! -e "$build/plugins/all/http.so" ]; then
	leave_out 'this build has no such connector'
	return
fi
n=$(rows 1000000)
gone=$(rows 20000)
gone=$((gone > 1000 ? 1000 : gone))
updated=$((n / 100))

make_table()
{
	sqlite3 "$dir/first.db" <<-SQL
		CREATE TABLE t (id INTEGER PRIMARY KEY, email TEXT, name TEXT, country TEXT, amount REAL,
			visits INTEGER, created TEXT, note TEXT);
		WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < $n)
		INSERT INTO t SELECT i, 'user' || i || '@example.com', 'Person Number ' || (i * 7919 % 1000003),
			substr('DEFRUSGBNL', 1 + 2 * (i % 5), 2), (i * 37 % 100000) / 100.0, i % 977,
			strftime('%Y-%m-%dT%H:%M:%SZ', 1700000000 + i * 13, 'unixepoch'),
			CASE WHEN i % 10 = 0 THEN NULL ELSE printf('note %.*c', 20 + i % 40, 'x') END FROM n;
	SQL
}

# One row in a hundred is changed, and a thousand others are not there any more.
change_table()
{
	sqlite3 "$dir/source.db" "UPDATE t SET visits = visits + 1 WHERE id % 100 = 0" \
		"DELETE FROM t WHERE id IN (SELECT id FROM t WHERE id % 20 = 1 LIMIT $gone)"
}

# Both sides begin with the same table and an endpoint that has nothing.
begin_anew()
{
	cp "$dir/first.db" "$dir/source.db"
	rm -rf "$dir/kept.db" "$dir/batches"
	sqlite3 "$dir/kept.db" 'CREATE TABLE t (id INTEGER PRIMARY KEY, email, name, country, amount, visits, created, note)'
	control state -X DELETE >/dev/null
	forget contacts
}

# ------------------------------------------------------------------------------ the pipeline

# What differs from the copy of what was sent last: U and the record, or D and its id.
differences()
{
	local columns=(email name country amount visits created note) column object="'id', coalesce(s.id, k.id)" differs=
	for column in "${columns[@]}"; do
		object+=", '$column', s.$column"
		differs+=" OR s.$column IS NOT k.$column"
	done
	sqlite3 "$dir/kept.db" "ATTACH '$dir/source.db' AS source" \
		"SELECT CASE WHEN s.id IS NULL THEN 'D' ELSE 'U' END || json_object($object)
		FROM source.t AS s FULL JOIN main.t AS k ON k.id = s.id
		WHERE k.id IS NULL OR s.id IS NULL$differs"
}

# post PATH FILE...: one curl for each batch, as most would write it; all in one with $one_curl
post()
{
	local path=$1 file
	shift
	[ -e "$1" ] || return 0
	if [ -n "$one_curl" ]; then
		for file in "$@"; do
			printf '%s\n' next "url = $address$path" 'header = "Content-Type: application/x-ndjson"' \
				"data-binary = @$file" 'output = /dev/null'
		done | sed 1d >"$dir/requests"
		curl -sS -f -K "$dir/requests"
		return
	fi
	for file in "$@"; do
		curl -sS -f -o "$dir/answer" -H 'Content-Type: application/x-ndjson' --data-binary "@$file" "$address$path" ||
			return
	done
}

pipeline()
{
	rm -rf "$dir/batches"
	mkdir "$dir/batches"
	differences >"$dir/differences"
	sed -n 's/^U//p' "$dir/differences" | split -a 4 -l 1000 - "$dir/batches/up."
	sed -n 's/^D//p' "$dir/differences" | split -a 4 -l 1000 - "$dir/batches/gone."
	post /ingest "$dir"/batches/up.*
	post /ingest/delete "$dir"/batches/gone.*
	[ ! -s "$dir/differences" ] || sqlite3 "$dir/source.db" ".backup $dir/kept.db"
}

# --------------------------------------------------------------------------------- both sides

# happened CREATED UPDATED DELETED: at the endpoint, just that and nothing else
happened()
{
	received '.operations | "\(.created) \(.updated) \(.deleted) \(.unchanged + .absent + .refused)"' "$1 $2 $3 0" \
		'creates, updates, deletes and others'
}

by_pipeline()
{
	count_anew
	timed "pipeline-$1" pipeline
}

by_ferry()
{
	count_anew
	run "ferry-$1" contacts
}

# three SIDE: the three steps, and what must have come of each
three()
{
	begin_anew
	"$1" first
	happened "$n" 0 0
	"$1" same
	happened 0 0 0
	received .writes 0 writes
	change_table
	"$1" changed
	happened 0 "$updated" "$gone"
}

make_table
standin_start http --key id
connection web 'family: http' "url: $address"
connection table 'family: sqlite' "path: $dir/source.db"
sync_file contacts 'source: {connection: table, table: t}' 'key: id' 'mode: mirror' 'snapshot: hash' \
	'destination:' '  connection: web' '  batch: 1000' '  batch_format: ndjson' '  idempotent: true' \
	'  upsert: {path: /ingest, method: POST}' \
	"  delete: {path: /ingest/delete, method: POST, body: '{{records}}', each: '{\"id\": \"{{key}}\"}'}" \
	"$(plain id email name country amount visits created note)"
one_curl=
for ((i = 0; i < (rounds + 1) / 2; i++)); do
	three by_pipeline
	three by_ferry
done
begin_anew
one_curl=yes
timed pipeline-one pipeline
begin_anew
look first contacts
said "$n created"

echo "$(thousands "$n") rows of SQLite, 8 columns, to an HTTP endpoint, 1,000 in a request."
echo
times_begin 'work'
baseline 'baseline: pipeline, everything for the first time' pipeline-first
against 'ferry, everything for the first time' ferry-first pipeline-first 'at most' 0.35
against 'the pipeline with one `curl` for all requests' pipeline-one pipeline-first
baseline 'baseline: pipeline, nothing changed' pipeline-same
against 'ferry, nothing changed' ferry-same pipeline-same 'at most' 0.55
baseline "baseline: pipeline, 1 % changed, $(thousands "$gone") deleted" pipeline-changed
against "ferry, 1 % changed, $(thousands "$gone") deleted" ferry-changed pipeline-changed 'at most' 0.5
facts_begin
fact 'memory of the worker, everything for the first time' "$(own first)" MiB
standin_stop
rm -rf "$dir"/*.db "$dir/batches" "$dir/differences"
