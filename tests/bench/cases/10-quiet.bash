# SPDX-License-Identifier: Apache-2.0
# quiet: rows of PostgreSQL of which nothing or little has changed, the run that happens most often.
# shellcheck shell=bash disable=SC2016,SC2034,SC2154

if ! postgres_is_here; then
	leave_out "$postgres_lacks"
	return
fi
n=$(rows 5000000)
columns=(id email name country amount visits created note)

quiet_sync()
{
	sync_file "quiet-$1" "snapshot: $1" 'key: id' 'destination: {connection: bench}' \
		'source: {connection: postgres, query: "SELECT * FROM t"}' "$(plain "${columns[@]}")"
}

copy_out()
{
	sql 'COPY (SELECT * FROM t ORDER BY id) TO STDOUT (FORMAT binary)' >/dev/null
}

except()
{
	sql 'SELECT * FROM t EXCEPT SELECT * FROM kept' >"$dir/out"
}

unchanged()
{
	run "$1" "$2"
	said "$n unchanged" '0 updated'
}

changed()
{
	run changed "quiet-$1" --preview
	said "$((n / 100)) updated" "$((n - n / 100)) unchanged"
}

planned()
{
	forget quiet-hash
	run planned quiet-hash --preview
	said "$n created"
}

postgres_start
postgres_table t "$n"
sql "CREATE TABLE kept AS SELECT * FROM t"
postgres_settle kept
quiet_sync hash
quiet_sync full
copy_out			# into the cache
for ((i = 0; i < (rounds + 1) / 2; i++)); do
	planned
	timed copy_for_plan copy_out
done
for kind in hash full; do
	quietly ferry "quiet-$kind"
	said "$n created"
done
for ((i = 0; i < rounds; i++)); do
	timed copy copy_out
	unchanged hash quiet-hash
	timed copy_again copy_out
	unchanged full quiet-full
done
look hash quiet-hash
for ((i = 0; i < (rounds + 1) / 2; i++)); do
	timed except except
	unchanged hash_beside_except quiet-hash
done
sql 'UPDATE t SET visits = visits + 1 WHERE id % 100 = 0'
postgres_settle t
for ((i = 0; i < rounds; i++)); do
	timed copy_changed copy_out
	changed hash
done
look changed quiet-hash --preview
entry=$(calc "$(du -sb "$dir/state/snapshots/quiet-hash" | cut -f1) / $n" %.1f)

echo "$(thousands "$n") rows of PostgreSQL, 8 columns, $(($(sql "SELECT pg_relation_size('t')") / n)) bytes each."
echo
times_begin 'work'
baseline 'baseline: `COPY ... ORDER BY id` by psql to /dev/null' copy copy_again
against 'run, nothing changed, `snapshot: hash`' hash copy 'at most' 1.15
against 'run, nothing changed, `snapshot: full`' full copy 'at most' 1.25
baseline 'baseline: the same COPY, after 1 % was updated' copy_changed
against 'preview, 1 % changed' changed copy_changed 'at most' 1.25
baseline 'baseline: the same COPY, beside first plans' copy_for_plan
against 'first load planned (preview), no snapshot yet' planned copy_for_plan 'at most' 2
baseline 'baseline: PostgreSQL compares, `SELECT ... EXCEPT SELECT ...`' except
against 'run, nothing changed' hash_beside_except except 'at most' 0.6
facts_begin
fact 'rows a second of processor time, nothing changed' "$(calc "$n / $(of hash median 2)" %.0f)" rows 'at least' 800000
fact 'memory of the worker, nothing changed' "$(own hash)" MiB 'at most' 48
fact 'memory of the worker, 1 % changed' "$(own changed)" MiB
fact 'snapshot on disk, `hash`, for a row with its key of 8 bytes' "$entry" bytes 'at most' 56
