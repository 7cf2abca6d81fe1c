#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# bench.sh - what a run costs, as a multiple of the least that reading the same rows can cost: the
# sqlite3 shell printing the table in key order to /dev/null, measured in the same minutes.
#
#   tests/bench/bench.sh [--write] [--rows N] [--runs N]
#
# --write puts the table into doc/performance.md, unless the noise is above 10 %. Needs a built tree in
# $top_builddir and, in $TMPDIR, about 150 bytes of disk for each row three times over.
set -eu
export LC_ALL=C

here=$(cd "$(dirname "$0")/../.." && pwd)
source_dir=${top_srcdir:-$here}
build=${top_builddir:-$here}
rows=1000000 runs=5 write=

while [ $# -gt 0 ]; do
	case $1 in
	--write) write=yes ;;
	--rows) rows=$2; shift ;;
	--runs) runs=$2; shift ;;
	*) sed -n '3,/^$/s/^#\{1,\} \{0,1\}//p' "$0" | head -n 9 >&2; exit 3 ;;
	esac
	shift
done

ferryd=$build/daemon/ferryd
plugins=$build/plugins/all
for program in "$ferryd" "$plugins/sqlite.so" sqlite3; do
	[ -e "$program" ] || command -v "$program" >/dev/null || {
		echo "bench: $program is missing: build the tree first" >&2
		exit 1
	}
done

dir=$(mktemp -d "${TMPDIR:-/var/tmp}/ferry-bench.XXXXXX")
trap 'rm -rf "$dir"' EXIT
mkdir -p "$dir/conf/connections.d" "$dir/conf/syncs.d" "$dir/state"

make_table()
{
	sqlite3 "$dir/source.db" <<-SQL
		CREATE TABLE t (id INTEGER PRIMARY KEY, email TEXT, name TEXT, country TEXT, amount REAL,
			visits INTEGER, created TEXT, note TEXT);
		WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < $rows)
		INSERT INTO t SELECT i, 'user' || i || '@example.com', 'Person Number ' || (i * 7919 % 1000003),
			substr('DEFRUSGBNL', 1 + 2 * (i % 5), 2), (i * 37 % 100000) / 100.0, i % 977,
			strftime('%Y-%m-%dT%H:%M:%SZ', 1700000000 + i * 13, 'unixepoch'),
			CASE WHEN i % 10 = 0 THEN NULL ELSE printf('note %.*c', 20 + i % 40, 'x') END FROM n;
	SQL
}

make_config()
{
	cat >"$dir/conf/connections.d/bench.yaml" <<-YAML
		connections:
		  here: {family: sqlite, path: $dir/source.db}
		  there: {family: sqlite, path: $dir/copy.db}
	YAML
	cat >"$dir/conf/syncs.d/copy.yaml" <<-YAML
		sync: copy
		schedule: manual
		source: {connection: here, table: t}
		key: id
		destination: {connection: there, table: t, create: true}
		mode: mirror
		map: {id: id, email: email, name: name, country: country, amount: amount, visits: visits,
		      created: created, note: note}
	YAML
}

baseline()
{
	sqlite3 "$dir/source.db" 'SELECT * FROM t ORDER BY id' >/dev/null
}

ferry()
{
	"$ferryd" --config "$dir/conf" --state "$dir/state" --socket "$dir/ferry.sock" \
		--plugins "$plugins" --once copy >"$dir/out" 2>"$dir/log"
}

# A run that did not do what is measured must not be counted.
expect()
{
	grep -q "$1" "$dir/out" && return
	echo "bench: the run did not say '$1':" >&2
	cat "$dir/log" "$dir/out" >&2
	exit 1
}

# measure NAME COMMAND...: append "wall cpu" in seconds to the file NAME
measure()
{
	local name=$1 TIMEFORMAT='%R %U %S' spent
	shift
	spent=$({ time "$@" >&3 2>&4; } 3>&1 4>&2 2>&1) || { cat "$dir/log" "$dir/out" >&2; exit 1; }
	awk '{ print $1, $2 + $3 }' <<<"$spent" >>"$dir/$name"
}

# column NAME COLUMN WHAT: median, least or most of what was measured
column()
{
	cut -d' ' -f"$2" "$dir/$1" | sort -n | awk -v what="$3" '
	{ v[NR] = $1 }
	END {
		i = what == "least" ? 1 : what == "most" ? NR : int((NR + 1) / 2)
		m = what == "median" && NR % 2 == 0 ? (v[i] + v[i + 1]) / 2 : v[i]
		printf "%.3f\n", m
	}'
}

# The most private memory, in KiB, that any process started by $1 held, looked at every 10 ms.
watch_memory()
{
	local peak=0 now pid pids
	while kill -0 "$1" 2>/dev/null; do
		read -ra pids <"/proc/$1/task/$1/children" || true
		for pid in "${pids[@]}"; do
			now=$(awk '/^Private_/ { n += $2 } END { print n + 0 }' "/proc/$pid/smaps_rollup" 2>/dev/null || echo 0)
			[ "${now:-0}" -gt "$peak" ] && peak=$now
		done
		sleep 0.01
	done
	echo "$peak"
}

# One run of its own, so that looking does not slow what is timed.
memory()
{
	ferry &
	watch_memory $!
	wait $!
}

ratio()
{
	awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f\n", (b > 0) ? a / b : 0 }'
}

# row TITLE NAME: one line of the table, against the baseline
row()
{
	printf '| %s | %.2f s | %.2f..%.2f s | %s | %s |\n' "$1" "$(column "$2" 1 median)" \
		"$(column "$2" 1 least)" "$(column "$2" 1 most)" \
		"$(ratio "$(column "$2" 1 median)" "$(column baseline 1 median)")" \
		"$(ratio "$(column "$2" 2 median)" "$(column baseline 2 median)")"
}

mib()
{
	awk -v k="$1" 'BEGIN { printf "%.1f MiB\n", k / 1024 }'
}

change_some()
{
	sqlite3 "$dir/source.db" "UPDATE t SET visits = visits + 1 WHERE id % 100 = 0"
}

report()
{
	echo "$rows rows of 8 columns, $(($(stat -c %s "$dir/source.db") / rows)) bytes each; $runs runs, taken in turn;" \
		"$(awk -F': ' '/^model name/ { print $2; exit }' /proc/cpuinfo), $(nproc) cores;" \
		"SQLite $(sqlite3 --version | cut -d' ' -f1); $(date -u +%F)."
	echo
	echo '| what | median | range | time, x baseline | CPU, x baseline |'
	echo '| --- | --- | --- | --- | --- |'
	row 'baseline: sqlite3 prints the table' baseline
	row 'the baseline again (noise)' again
	row 'run, nothing changed' same
	row 'run, 1 % of the rows changed' changed
	row 'first run, all rows written' first
	echo
	echo "Most private memory of the worker: $(mib "$memory_same") when nothing changed," \
		"$(mib "$memory_first") in a first run."
}

# Put the report between the markers of doc/performance.md.
write_report()
{
	local doc=$source_dir/doc/performance.md
	if [ "$(grep -c '^<!-- bench:\(begin\|end\) -->$' "$doc")" -ne 2 ]; then
		echo "bench: $doc has no lines <!-- bench:begin --> and <!-- bench:end -->" >&2
		exit 1
	fi
	local noise
	noise=$(ratio "$(column again 1 median)" "$(column baseline 1 median)")
	if ! awk -v n="$noise" 'BEGIN { exit !(n > 0.9 && n < 1.1) }'; then
		echo "bench: the baseline is $noise times itself: too noisy, not written" >&2
		exit 1
	fi
	awk -v report="$dir/report" '
	/^<!-- bench:end -->$/ { print ""; skip = 0 }
	!skip { print }
	/^<!-- bench:begin -->$/ { print ""; while ((getline line < report) > 0) print line; skip = 1 }
	' "$doc" >"$dir/doc" && cat "$dir/doc" >"$doc"
}

echo "bench: making $rows rows in $dir" >&2
make_table
make_config
echo 'bench: first runs' >&2
memory_first=$(memory)
expect " $rows created"
rm -rf "$dir/state" "$dir/copy.db"
mkdir "$dir/state"
measure first ferry
expect " $rows created"
baseline				# into the page cache
for i in $(seq "$runs"); do
	echo "bench: round $i of $runs" >&2
	measure baseline baseline
	measure same ferry
	expect " $rows unchanged"
	measure again baseline
	change_some
	measure changed ferry
	expect " $((rows / 100)) updated"
done
memory_same=$(memory)
expect " $rows unchanged"
report | tee "$dir/report"
[ -z "$write" ] || write_report
