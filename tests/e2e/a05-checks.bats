#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# ferryd --check says everything that is wrong, where it is, and what was meant.
load lib

story_setup() {
	connection crm sqlite "path: $T/crm.db"
	sync_file good <<-END
		source: {connection: crm, table: people}
		destination: {connection: crm, table: contacts}
		key: id
		map: {id: id}
	END
}

# The whole output, without the folder.
mistakes_are() { is "$1" "${output//$T\/etc\//}"; }

@test "a good configuration: exit 0, nothing but one line" {
	run -0 check
	is "configuration is good: 1 connection, 1 sync" "$output"
}

@test "all mistakes of several files at once: file, line, column, and what was meant" {
	connection other sqlite "path: $T/other.db" "timeout: 30"
	sync_file typos <<-END
		source: {connection: cmr, table: people}
		destinaton: {connection: crm, table: copy}
		key: id
		mode: upsrt
		schedule: {every: 15min}
		map: {id: id}
	END
	run -1 check
	mistakes_are "connections.d/other.yaml:5:14: 'timeout': '30' is no duration (a whole number with a unit: ms, s, m, h, d or w; 1ms to 1h)
syncs.d/typos.yaml:1:7: 'destination' is missing (where they go: connection, resource and the connector's own settings)
syncs.d/typos.yaml:2:22: unknown connection 'cmr' (did you mean 'crm'?)
syncs.d/typos.yaml:3:1: unknown key 'destinaton' (did you mean 'destination'?)
syncs.d/typos.yaml:5:7: 'mode' cannot be 'upsrt' (did you mean 'upsert'? allowed: upsert, insert, update, mirror, append)
syncs.d/typos.yaml:6:19: 'every': '15min' is no duration (a whole number with a unit: ms, s, m, h, d or w; 1s to 366d)"
}

@test "what only connectors know: unknown, missing and wrong settings, a connector that is not there" {
	connection pathless sqlite
	connection typo sqlite "pth: $T/x.db" "path: $T/x.db" "busy_timeout: soon"
	connection nowhere sqllite "path: $T/x.db"
	for name in pathless typo nowhere; do
		sync_file "$name" <<-END
			source: {connection: $name, table: people}
			destination: {connection: crm, tabel: contacts}
			key: id
			map: {id: id}
		END
	done
	run -1 check
	has "connections.d/pathless.yaml:2:3: a connection of family sqlite needs 'path'"
	has "connections.d/typo.yaml:4:5: unknown setting 'pth'"
	has "did you mean 'path'?"
	has "connections.d/typo.yaml:6:19: "
	has "syncs.d/nowhere.yaml:2:1: there is no connector 'sqllite'"
	has "Did you mean 'sqlite'?"
	has "syncs.d/typo.yaml:3:1: sqlite as a destination needs 'table'"
	has "syncs.d/typo.yaml:3:32: unknown setting 'tabel' for sqlite as a destination (did you mean 'table'?)"
}

@test "SQL expressions that cannot be read, all of them" {
	sync_file sql <<-END
		source: {connection: crm, table: people}
		destination: {connection: crm, table: contacts}
		key: id
		where: name ==== 1
		map:
		  id: id
		  name: lower(trim(name)
		skip: [{when: "1 +", reason: NEVER}]
	END
	run -1 check
	mistakes_are "syncs.d/sql.yaml:5:8: expression 'name ==== 1': near \"==\": syntax error
syncs.d/sql.yaml:8:9: expression 'lower(trim(name)': incomplete input
syncs.d/sql.yaml:9:15: expression '1 +': near \")\": syntax error"
}

@test "what would be forgotten or read differently is refused, not guessed" {
	settings "memory_limit: 64MB" "max_concurrent_runs: 010" "heartbeat_timeout:" "stop_timeout: 10s" "stop_timeout: 20s"
	run -1 check
	has "ferry.yaml:1:15: "
	has "ferry.yaml:2:22: "
	has "ferry.yaml:3:"
	has "ferry.yaml:5:1: "
	rm "$T/etc/ferry.yaml"
	mv "$T/etc/syncs.d/good.yaml" "$T/etc/syncs.d/forgotten.yml"
	run -1 check
	has "syncs.d/forgotten.yml: is not read (rename it to end in .yaml)"
}

@test "a secret is never part of what is printed" {
	export SECRET_WORD=tr0ub4dor
	connection lago lago "url: http://127.0.0.1:1" "api_key: \${env:SECRET_WORD}" "api_kye: ${SECRET_WORD}x"
	sync_file secret <<-END
		source: {connection: lago, resource: customers}
		destination: {connection: crm, table: contacts}
		key: external_id
		map: {id: external_id}
	END
	run -1 check
	has "unknown setting 'api_kye'"
	has_not tr0ub4dor
}

@test "ten thousand levels and a bomb of aliases are refused at once" {
	printf '%*s' 10000 '' | tr ' ' '[' >"$T/etc/syncs.d/deep.yaml"
	{
		echo 'a: &a [x, x, x, x, x, x, x, x, x, x]'
		previous=a
		for name in b c d e f g h i j k l; do
			echo "$name: &$name [*$previous, *$previous, *$previous, *$previous, *$previous, *$previous, *$previous, *$previous]"
			previous=$name
		done
	} >"$T/etc/syncs.d/bomb.yaml"
	run -1 timeout 1 "${ferryd:?}" --config "$T/etc" --check
	has "syncs.d/deep.yaml:1:65: nested too deeply (at most 64 levels)"
	has "syncs.d/bomb.yaml:1:4: anchors are not accepted"
}

@test "a configuration with a mistake starts nothing" {
	sync_file bad <<<"key: id"
	run -1 once good
	run -1 start_ferryd
	has "syncs.d/bad.yaml:1:7: 'source' is missing" "$(cat "$T/ferryd.log")"
	has "syncs.d/bad.yaml:1:7: 'source' is missing" "$(cat "$T/once.log")"
}

@test "ferryctl check is the same" {
	run -0 ctl check "$T/etc"
	has "configuration is good"
	sync_file bad <<<"key: id"
	run -1 ctl check "$T/etc"
	has "syncs.d/bad.yaml:1:7: 'source' is missing"
}

@test "a run that nobody has checked before: an unknown setting fails it at its place, and nothing is read" {
	connection a sqlite "path: $T/a.db"
	db a "CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1)"
	sync_file s <<-'END'
		source: {connection: a, table: t}
		destination: {connection: a, table: u, create: true, lanes: 4}
		key: id
		map: {id: id}
	END
	run -1 once s
	has "CONFIG: segment main: validate_setup: "
	has "syncs.d/s.yaml:3:"
	has "unknown setting 'lanes' for sqlite as a destination"
}

@test "lookups of segments and statistics: what cannot be meant is told at its place" {
	connection a sqlite "path: $T/a.db"
	sync_file s <<-'END'
		segments:
		  - name: one
		    source: {connection: a, table: t}
		    destination: {connection: a, table: u}
		    lookups:
		      later: {segment: two, key: key}
		      both: {segment: one, connection: a, table: t}
		      none: {key: id}
		    key: id
		    map: {id: id}
		    statistics:
		      title: Numbers
		      counts:
		        same: {of: unchanged, when: id > 3}
		        odd: {of: everything}
		  - name: two
		    source: {connection: a, table: t}
		    destination: {connection: a, table: v}
		    lookups:
		      earlier: {segment: one, key: key}
		    key: id
		    map: {id: id}
	END
	run -1 check
	has "syncs.d/s.yaml:7:24: there is no segment 'two' with records before this one"
	has "lookup 'both' needs either 'connection' or 'segment'"
	has "lookup 'none' needs either 'connection' or 'segment'"
	has "'when' cannot be asked of these records"
	has "'everything'"
	has_not "earlier"
}
