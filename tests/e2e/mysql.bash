# SPDX-License-Identifier: Apache-2.0
# A MariaDB server of the test's own: fresh files below a temporary folder, reached through a Unix socket
# there and, for TLS, a port of 127.0.0.1; gone with the test. MariaDB refuses to be root, so root starts
# it as nobody. Sourced after lib.bash; the story's setup begins with mysql_start.
#
#   $MY       the server's folder, with its socket
# shellcheck shell=bash disable=SC2034,SC2154 # lib.bash has the other half

# as_mysql PROGRAM ARGUMENT...: takes the place of this shell.
as_mysql() {
	cd "$MY" || exit
	# where it would remove the temporary files of other servers when it begins
	export TMPDIR=$MY
	if [ "$(id -u)" = 0 ]; then
		exec setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups "$@"
	else
		exec "$@"
	fi
}

# The files are made once for all tests of a story, and copied for each. Arguments go to the server.
mysql_start() {
	local program
	for program in mariadbd mariadb-install-db; do
		command -v $program >/dev/null || skip "MariaDB is missing: apt install mariadb-server"
	done
	command -v mariadb >/dev/null || skip "mariadb is missing: apt install mariadb-client"
	[ "$(id -u)" != 0 ] || command -v setpriv >/dev/null || skip "MariaDB refuses to be root, and setpriv is missing"
	[ -e "$build/plugins/all/mysql.so" ] || skip "the mysql connector is not built: apt install libmariadb-dev"
	MY=$(mktemp -d "${TMPDIR:-/tmp}/ferry-my-XXXXXX")
	chmod 777 "$MY"
	local model=$BATS_FILE_TMPDIR/files
	if [ ! -d "$model" ]; then
		(as_mysql mariadb-install-db --no-defaults --auth-root-authentication-method=normal \
			--skip-test-db --datadir="$MY/data") >"$T/install.log" 2>&1 || { cat "$T/install.log"; return 1; }
		cp -a "$MY/data" "$model"
	else
		cp -a "$model" "$MY/data"
	fi
	mysql_up "$@"
	sql "CREATE USER ferry IDENTIFIED BY 'right-word'; CREATE DATABASE polaris CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
		GRANT ALL ON polaris.* TO ferry"
}

# mysql_up, mysql_down: the server runs, or not; its data stay.
mysql_up() {
	(as_mysql mariadbd --no-defaults --datadir="$MY/data" --socket="$MY/socket" --pid-file="$MY/pid" \
		--skip-networking --innodb-buffer-pool-size=64M --innodb-flush-method=nosync "$@") \
		>>"$T/mariadb.log" 2>&1 3>&- &
	my_pid=$!
	children+=("$my_pid")
	wait_for "mariadb --no-defaults -S '$MY/socket' -u root -e 'SELECT 1' || ! kill -0 $my_pid" 20
	kill -0 "$my_pid"
}

mysql_down() {
	kill -TERM "$my_pid"
	wait "$my_pid" || :
}

# sql SQL: as root; my SQL: as root in the database polaris. Columns are parted by |.
sql() { mariadb --no-defaults --default-character-set=utf8mb4 -S "$MY/socket" -u root -N -B -e "$1" 3>&- | tr '\t' '|'; }
my() { sql "USE polaris; SET SESSION time_zone = '+00:00'; $1"; }

# connection_my NAME ['KEY: VALUE'...]
connection_my() {
	local name=$1
	shift
	connection "$name" mysql "socket: $MY/socket" "database: polaris" "user: ferry" "password: right-word" "$@"
}

eval "before_mysql_$(declare -f teardown)"
teardown() {
	before_mysql_teardown
	[ -z "${MY:-}" ] || rm -rf "$MY"
}
