# SPDX-License-Identifier: Apache-2.0
# What the stories about decisions share, on top of lib.bash: a destination that gives its records ids
# of its own and can be asked for a list (fixtures/shelf.c), and words about problems.
# shellcheck shell=bash disable=SC2154 # lib.bash sets them

# shelf_plugins: $plugins is a folder with all connectors and the shelf.
shelf_plugins() {
	plugins=$T/plugins
	(umask 022 && mkdir "$plugins")
	ln -s "$build"/plugins/all/*.so "$plugins/"
	${CC:-cc} -std=gnu11 -O1 -shared -fPIC -Wall -I "$src/include" -o "$plugins/shelf.so" \
		"$BATS_TEST_DIRNAME/fixtures/shelf.c"
	chmod go-w "$plugins/shelf.so"
}

# shelf RECORD...: what is on it from now on, "s1 name=Ann email=ann@x.org" each.
shelf() {
	printf '%s\n' "$@" | tr ' ' '\t' >"$T/shelf"
	rm -f "$T/shelf.log"
}

# on_shelf: what is there, one a line, as `shelf` takes it.
on_shelf() { sort -V "$T/shelf" | tr '\t' ' '; }

# written: which rows were written since the last time it was asked: "create s3, update s1".
written() {
	[ ! -e "$T/shelf.log" ] || sort -V "$T/shelf.log" | paste -sd, | sed 's/,/, /g'
	rm -f "$T/shelf.log"
}

# change_sync NAME SED-SCRIPT
change_sync() {
	sed -i "$2" "$T/etc/syncs.d/$1.yaml"
	post /reload >/dev/null
}

# problems [QUERY]: one a line, "key|group|code"; open ones unless the query says otherwise.
problems() { field "/problems?per_page=100${1:+&$1}" '.data[] | "\(.key)|\(.group)|\(.code)"' | sort -V; }

# problem_of KEY [QUERY]: the number of its problem.
problem_of() { field "/problems?per_page=100${2:+&$2}" ".data[] | select(.key == \"$1\") | .id"; }

# candidates KEY: what its record could be over there.
candidates() { field "/problems/$(problem_of "$1")" '[.candidates[].dest_id] | sort | join(" ")'; }

# audit: the newest entries, "who action target: result" one a line.
audit() { field /audit '.data[] | "\(.who) \(.action) \(.target): \(.result)"'; }
