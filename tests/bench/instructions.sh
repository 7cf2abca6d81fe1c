#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# instructions.sh - how many machine instructions one unchanged row costs, counted by valgrind, which
# gives the same number on a busy machine. The worker runs over two sizes of the same table; the
# difference between the two, divided by the difference in rows, leaves out what a run costs anyway.
#
#   tests/bench/instructions.sh [--limit N] [--keep FOLDER]
#
# Fails when a row costs more than the limit, which is the engine's: reading PostgreSQL's protocol, libpq's
# part and the connector's, may cost as much again. --keep leaves callgrind's files in FOLDER, for
# callgrind_annotate and kcachegrind. Rows come from a source that costs next to nothing, and from
# PostgreSQL where there is a server.
# shellcheck disable=SC1091,SC2119,SC2154 # what is not here stands in the files that are sourced
set -eu
. "$(dirname "$0")/lib.bash"
. "$(dirname "$0")/postgres.bash"

limit=1500 reading=1500 keep=
few=20000 many=60000
columns=(id email name country amount visits created note)

while [ $# -gt 0 ]; do
	case $1 in
	--limit) limit=$2; shift ;;
	--keep) keep=$2; shift ;;
	*) sed -n '3,/^# shellcheck/{/^# shellcheck/!s/^# \{0,1\}//p}' "$0" >&2; exit 3 ;;
	esac
	shift
done

# The worker under valgrind, in place of the worker. It answers to ferryd all the same.
make_worker()
{
	cat >"$dir/counted" <<-SH
		#!/bin/sh
		exec valgrind --tool=callgrind --callgrind-out-file="\$BENCH_CALLGRIND" --quiet "$build/daemon/ferry-worker"
	SH
	chmod +x "$dir/counted"
}

# self FILE: "instructions function" of each function, without what it calls
self()
{
	callgrind_annotate --auto=no --threshold=100 "$1" | awk '
	/PROGRAM TOTALS/ { gsub(",", "", $1); print $1, "TOTAL" }
	/^ *[0-9,]+ \( *[0-9.]+%\)  / {
		n = $1
		gsub(",", "", n)
		sub(/^ *[0-9,]+ \( *[0-9.]+%\)  /, "")
		object = match($0, / \[[^]]*\]$/) ? substr($0, RSTART + 2, RLENGTH - 3) : ""
		sub(/ \[[^]]*\]$/, "")
		sub(/^.*:/, "")
		sub(/^.*\//, "", object)
		# without debugging symbols there are only addresses
		if (/^0x/)
			$0 = object " " $0
		print n, $0
	}'
}

# per_row FEW MANY: instructions of one row by function, most first; the first line is the total
per_row()
{
	awk -v rows=$((many - few)) '
	{ n = $1; sub(/^[0-9]+ /, ""); sum[$0] += FNR == NR ? -n : n }
	END { for (f in sum) printf "%.0f %s\n", sum[f] / rows, f }
	' <(self "$1") <(self "$2") | sort -k1,1nr -k2
}

# count NAME ROWS: one unchanged run, counted; the run before it sends everything
count()
{
	local name=$1 rows=$2
	forget
	ferry "$name" || fail "the first run of $name failed"
	said "$rows created"
	worker=$dir/counted BENCH_CALLGRIND=$dir/$name.$rows ferry "$name" || fail "the counted run of $name failed"
	said "$rows unchanged"
	[ -z "$keep" ] || cp "$dir/$name.$rows" "$keep/"
}

# gate NAME TITLE LIMIT: print what a row costs; false when it is too much
gate()
{
	local name=$1 title=$2 limit=$3 total verdict=ok
	count "$name-$few" "$few"
	count "$name-$many" "$many"
	per_row "$dir/$name-$few.$few" "$dir/$name-$many.$many" >"$dir/$name.costs"
	total=$(sed -n 's/ TOTAL$//p' "$dir/$name.costs")
	[ "$total" -gt 0 ] || fail 'valgrind has counted nothing'
	[ "$total" -le "$limit" ] || verdict="MISSED"
	echo "$title: $total instructions for an unchanged row; at most $limit: $verdict"
	grep -v ' TOTAL$' "$dir/$name.costs" | head -n 15 | sed -E 's/^([0-9]+) /\t\1\t/'
	[ "$verdict" = ok ]
}

need valgrind callgrind_annotate
[ -z "$keep" ] || mkdir -p "$keep"
begin
make_worker
status=0

for rows in "$few" "$many"; do
	sync_file "made-up-$rows" 'snapshot: hash' 'key: id' "source: {connection: bench, rows: $rows}" \
		'destination: {connection: bench}' "$(plain "${columns[@]}")"
done
gate made-up 'made-up rows' "$limit" || status=1

if postgres_is_here; then
	postgres_start
	postgres_table t "$many"
	for rows in "$few" "$many"; do
		sync_file "postgres-$rows" 'snapshot: hash' 'key: id' 'destination: {connection: bench}' \
			"source: {connection: postgres, query: \"SELECT * FROM t WHERE id <= $rows\"}" \
			"$(plain "${columns[@]}")"
	done
	gate postgres 'rows of PostgreSQL' $((limit + reading)) || status=1
else
	echo "rows of PostgreSQL: left out, $postgres_lacks"
fi
exit $status
