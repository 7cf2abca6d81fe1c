# SPDX-License-Identifier: Apache-2.0
# postgres.bash - a PostgreSQL server of our own, reached by a socket in our folder only, and the
# tables that are measured. Sourced after lib.bash.
#
#   $postgres_lacks   why there can be no server, when postgres_is_here says so
# shellcheck shell=bash disable=SC2154

postgres_lacks=
postgres_running=
postgres_bin=

# Is there a server's program, and a connector?
postgres_is_here()
{
	local found
	found=$(find /usr/lib/postgresql/*/bin -name initdb 2>/dev/null | sort -V | tail -n 1)
	postgres_bin=${found%/initdb}
	if [ -z "$found" ]; then
		postgres_lacks='there is no server here (package postgresql)'
	elif [ ! -e "$build/plugins/all/postgres.so" ]; then
		postgres_lacks='this build has no such connector'
	fi
	[ -z "$postgres_lacks" ]
}

# The server refuses to run as root.
as_server()
{
	if [ "$(id -u)" = 0 ]; then
		setpriv --reuid nobody --regid nogroup --clear-groups -- "$@"
	else
		"$@"
	fi
}

# The settings of a small server of its own: what it keeps is kept as safely as by default.
postgres_start()
{
	[ -z "$postgres_running" ] || return 0
	mkdir "$dir/postgres"
	[ "$(id -u)" != 0 ] || chown nobody:nogroup "$dir/postgres"
	as_server "$postgres_bin/initdb" -D "$dir/postgres/data" -U bench --auth trust --encoding UTF8 --locale C.UTF-8 \
		>"$dir/log" 2>&1 || fail 'initdb failed'
	cat >>"$dir/postgres/data/postgresql.conf" <<-CONF
		listen_addresses = ''
		unix_socket_directories = '$dir/postgres'
		shared_buffers = 1GB
		work_mem = 64MB
		maintenance_work_mem = 256MB
		wal_level = minimal
		max_wal_senders = 0
		max_wal_size = 8GB
		checkpoint_timeout = 30min
		autovacuum = off
	CONF
	postgres_running=yes
	as_server "$postgres_bin/pg_ctl" -D "$dir/postgres/data" -l "$dir/postgres/log" -w start >"$dir/log" 2>&1 ||
		fail 'the PostgreSQL server does not start'
	connection postgres 'family: postgres' "dsn: \"host=$dir/postgres user=bench dbname=postgres\""
}

postgres_stop()
{
	[ -n "$postgres_running" ] || return 0
	as_server "$postgres_bin/pg_ctl" -D "$dir/postgres/data" -m immediate stop >/dev/null 2>&1 || :
}

# sql STATEMENT...: unaligned rows on standard output
sql()
{
	local args=() statement
	for statement in "$@"; do
		args+=(-c "$statement")
	done
	psql -X -q -A -t -v ON_ERROR_STOP=1 -h "$dir/postgres" -U bench -d postgres "${args[@]}"
}

postgres_version()
{
	sql 'SHOW server_version' | cut -d' ' -f1
}

# postgres_table NAME ROWS: eight columns, some 130 bytes a row, ready to be read
postgres_table()
{
	sql "CREATE TABLE $1 AS SELECT i AS id, 'user' || i || '@example.com' AS email,
			'Person Number ' || (i * 7919 % 1000003) AS name,
			(ARRAY['DE', 'FR', 'US', 'GB', 'NL'])[1 + i % 5]::char(2) AS country,
			((i * 37 % 100000) / 100.0)::numeric(12,2) AS amount, (i % 977)::int AS visits,
			timestamptz '2023-11-14 22:13:20+00' + i * interval '13 s' AS created,
			CASE WHEN i % 10 <> 0 THEN 'note ' || repeat('x', (20 + i % 40)::int) END AS note
		FROM generate_series(1::bigint, $2::bigint) AS i" \
		"ALTER TABLE $1 ADD PRIMARY KEY (id)"
	postgres_settle "$1"
}

# As a table that has been there for a while.
postgres_settle()
{
	sql "VACUUM (FREEZE, ANALYZE) $1"
}
