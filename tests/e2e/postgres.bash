# SPDX-License-Identifier: Apache-2.0
# A PostgreSQL server of the test's own: a fresh cluster below a temporary folder, reached through a
# Unix socket there, gone with the test. PostgreSQL refuses to be root, so root starts it as nobody.
# Sourced after lib.bash; the story's setup begins with postgres_start.
#
#   $PG       the server's folder, which is also the socket's
# shellcheck shell=bash disable=SC2034,SC2120,SC2154 # lib.bash has the other half, stories the arguments

postgres_programs() {
	local dirs
	if [ -n "${PG_BINDIR:-}" ]; then
		echo "$PG_BINDIR"
		return
	fi
	dirs=(/usr/lib/postgresql/*/bin)
	[ -x "${dirs[-1]}/initdb" ] && echo "${dirs[-1]}"
}

# as_nobody PROGRAM ARGUMENT...: takes the place of this shell.
as_nobody() {
	cd "$PG" || exit
	if [ "$(id -u)" = 0 ]; then
		exec setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups "$@"
	else
		exec "$@"
	fi
}

# The cluster is made once for all tests of a file, and copied for each.
postgres_start() {
	pg_bin=$(postgres_programs) || skip "PostgreSQL is missing: apt install postgresql"
	command -v psql >/dev/null || skip "psql is missing: apt install postgresql-client"
	[ "$(id -u)" != 0 ] || command -v setpriv >/dev/null || skip "PostgreSQL refuses to be root, and setpriv is missing"
	PG=$(mktemp -d "${TMPDIR:-/tmp}/ferry-pg-XXXXXX")
	chmod 777 "$PG"
	local model=$BATS_FILE_TMPDIR/cluster
	if [ ! -d "$model" ]; then
		(as_nobody "$pg_bin/initdb" -D "$PG/data" -U postgres -A trust -E UTF8 --locale=C -N) \
			>"$T/initdb.log" 2>&1 || { cat "$T/initdb.log"; return 1; }
		cp -a "$PG/data" "$model"
	else
		cp -a "$model" "$PG/data"
	fi
	postgres_up
	sql "CREATE ROLE ferry LOGIN"
	sql "CREATE DATABASE polaris OWNER ferry"
}

# postgres_up [ARGUMENT...], postgres_down: the server runs, or not; its data stay.
postgres_up() {
	(as_nobody "$pg_bin/postgres" -D "$PG/data" -k "$PG" -c listen_addresses= -c fsync=off "$@") \
		>>"$T/postgres.log" 2>&1 3>&- &
	pg_pid=$!
	children+=("$pg_pid")
	wait_for "psql -h '$PG' -U postgres -Atc 'SELECT 1' || ! kill -0 $pg_pid" 20
	kill -0 "$pg_pid"
}

postgres_down() {
	kill -INT "$pg_pid"
	wait "$pg_pid" || :
}

# sql SQL: as the superuser in its own database; pg SQL: as ferry in the database polaris.
sql() { psql -h "$PG" -U postgres -d postgres -v ON_ERROR_STOP=1 -qAtc "$1" 3>&-; }
pg() { psql -h "$PG" -U ferry -d polaris -v ON_ERROR_STOP=1 -qAtc "$1" 3>&-; }

# connection_pg NAME ['KEY: VALUE'...]
connection_pg() {
	local name=$1
	shift
	connection "$name" postgres "dsn: \"host=$PG dbname=polaris user=ferry\"" "$@"
}

eval "before_postgres_$(declare -f teardown)"
teardown() {
	before_postgres_teardown
	[ -z "${PG:-}" ] || rm -rf "$PG"
}
