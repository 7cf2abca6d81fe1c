#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What is installed is enough to run, and its one header is enough to write a connector.
load lib

story_setup() {
	install_once
	ferryd=$(installed ferryd)
	ferryctl=$(installed ferryctl)
	plugins=$(dirname "$(installed sqlite.so)")
	export FERRY_WORKER
	FERRY_WORKER=$(installed ferry-worker)
	db crm "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO people VALUES (1, 'Ann'), (2, 'Bo')"
	db copy "CREATE TABLE contacts (id INTEGER PRIMARY KEY, name TEXT)"
	connection crm sqlite "path: $T/crm.db"
	connection copy sqlite "path: $T/copy.db"
	sync_file people <<-END
		source: {connection: crm, table: people}
		destination: {connection: copy, table: contacts}
		key: id
		map: {id: id, name: name}
	END
}

@test "everything that is needed is installed, and no test or example connector" {
	for file in ferryd ferryctl ferry-worker connector.h sqlite.so lago-customers.so lago-events.so steve-tags.so \
		steve-transactions.so ferryctl.1; do
		installed "$file"
	done
	run find "$root" -name 'skeleton*' -o -name '*standin*' -o -name 'test-*' -o -name 'fuzz-*'
	is "" "$output"
}

@test "each program, file of the configuration and connector has its manual page" {
	local page so
	for page in ferryctl.1 ferryd.8 ferry.yaml.5 ferry-connections.5 ferry-syncs.5 ferry-connector.7; do
		is "man${page##*.}/$page" "$(installed "$page" | sed 's|.*/\(man[1-8]/\)|\1|')"
	done
	for so in "$plugins"/*.so; do
		installed "ferry-$(basename "$so" .so).5"
	done
	is "" "$(find "$root" -name '*.tmp')"
}

@test "the installed programs run a sync" {
	run -0 "$ferryd" --config "$T/etc" --state "$T/state" --plugins "$plugins" --once people
	is "2 extracted, 2 created" "$(summary)"
	start_ferryd --plugins "$plugins"
	run -0 ctl run people --wait
	has "2 extracted, 2 unchanged"
	is "$plugins" "$(field /status .plugin_dir)"
}

@test "a connector that was built against the installed header alone is loaded and runs" {
	mkdir "$T/plugins"
	cp "$plugins"/*.so "$T/plugins/"
	cp "${src:?}/plugins/skeleton/skeleton.c" "$T/mine.c"
	include=$(dirname "$(dirname "$(installed connector.h)")")
	(cd "$T" && ${CC:-cc} -std=gnu11 -Wall -Wextra -Werror -shared -fPIC -I "$include" -o plugins/skeleton.so mine.c)
	chmod go-w "$T/plugins" "$T/plugins/skeleton.so"
	printf 'id\tname\n1\tAnn\n2\tBo\n3\tCy\n' >"$T/people.txt"
	connection text skeleton "path: $T/people.txt"
	sync_file from-text <<-END
		source: {connection: text}
		destination: {connection: copy, table: contacts}
		key: id
		map: {id: CAST(id AS INTEGER), name: name}
	END
	start_ferryd --plugins "$T/plugins"
	is completed "$(run_sync from-text)"
	is "created 3" "$(rows 1)"
	is "Ann,Bo,Cy" "$(db copy "SELECT group_concat(name) FROM (SELECT name FROM contacts ORDER BY id)")"
	run -0 ctl connectors skeleton
}

# printed NAME.c: a program of the guide for writers of connectors, as the guide prints it
printed() {
	sed -n "/^\/\* $1 /,/^\`\`\`/p" "$src/doc/writing-a-connector.md" | sed '/^```/d' >"$T/$1"
	[ -s "$T/$1" ]
}

@test "the guide's connector and its test need nothing but the installed header" {
	include=$(dirname "$(dirname "$(installed connector.h)")")
	printed countdown.c
	printed countdown-test.c
	(cd "$T" && ${CC:-cc} -std=gnu11 -Wall -Wextra -Werror -I "$include" -o test countdown-test.c countdown.c)
	run -0 --separate-stderr "$T/test"
	is ok "$output"
}

@test "a connector that others may write is refused, and so is what is no connector" {
	mkdir "$T/plugins"
	cp "$plugins/sqlite.so" "$T/plugins/"
	chmod 666 "$T/plugins/sqlite.so"
	chmod go-w "$T/plugins"
	run -1 "$ferryd" --config "$T/etc" --check --plugins "$T/plugins"
	has "sqlite"
	chmod 644 "$T/plugins/sqlite.so"
	run -0 "$ferryd" --config "$T/etc" --check --plugins "$T/plugins"
	echo "no ELF" >"$T/plugins/sqlite.so"
	run -1 "$ferryd" --config "$T/etc" --check --plugins "$T/plugins"
	has "sqlite"
}

@test "uninstall leaves nothing behind" {
	cp -a "$root" "$T/root"
	make_quietly uninstall DESTDIR="$T/root"
	is "" "$(find "$T/root" -type f)"
}
