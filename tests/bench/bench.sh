#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# bench.sh - what ferry costs, against what the same work costs without it. Each file in cases/ is one
# comparison: it makes its data, runs both sides in turn, makes sure that each run has done its work,
# and prints a table that says which bars are met.
#
#   tests/bench/bench.sh [--write] [--quick] [--scale N] [--rounds N] [CASE...]
#
#   CASE        only these, by the names of their files without number and ending; --list shows them
#   --scale N   1/N of the rows; --quick is --scale 20 --rounds 3, for trying a change
#   --rounds N  how often each side runs (5); the median counts
#   --write     put the tables into doc/performance.md, those of the cases that ran
#
# Needs a built tree in $top_builddir, some 10 GiB in $TMPDIR (/var/tmp), and a quiet machine.
# shellcheck disable=SC1090,SC1091,SC2034,SC2119,SC2154 # what is not here stands in the files that are sourced
set -eu
here=$(dirname "$0")
. "$here/lib.bash"
. "$here/measure.bash"
. "$here/postgres.bash"
. "$here/http.bash"

scale=1 rounds=5 write='' cases=()

case_file()
{
	local file
	for file in "$here"/cases/??-"$1".bash; do
		[ -e "$file" ] || fail "there is no case '$1'"
		echo "$file"
	done
}

list_cases()
{
	basename -a -s .bash "$here"/cases/*.bash | cut -d- -f2-
}

while [ $# -gt 0 ]; do
	case $1 in
	--write) write=yes ;;
	--quick) scale=20 rounds=3 ;;
	--scale) scale=$2; shift ;;
	--rounds) rounds=$2; shift ;;
	--list) list_cases; exit 0 ;;
	-*) sed -n '3,/^# shellcheck/{/^# shellcheck/!s/^# \{0,1\}//p}' "$0" >&2; exit 3 ;;
	*) cases+=("$1") ;;
	esac
	shift
done
[ ${#cases[@]} -gt 0 ] || mapfile -t cases < <(list_cases)

# rows N: that many, or fewer at a smaller scale
rows()
{
	echo $(($1 / scale))
}

# A case calls this when it cannot be run here.
leave_out()
{
	echo "Left out: $*."
}

machine()
{
	echo "$(awk -F': ' '/^model name/ { print $2; exit }' /proc/cpuinfo), $(nproc) cores," \
		"$(awk '/^MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo)," \
		"Linux $(uname -r | cut -d- -f1); $("$build/daemon/ferryd" --version)," \
		"$("${CC:-cc}" --version | head -n 1), SQLite $(sqlite3 --version | cut -d' ' -f1)," \
		"$(curl --version | sed -n '1s/^curl \([^ ]*\).*/libcurl \1/p')${postgres_running:+, PostgreSQL $(postgres_version)};" \
		"$(date -u +%F)." \
		"$([ "$scale" = 1 ] || echo "1/$scale of the rows.") Median of $rounds runs, taken in turn."
}

# put NAME FILE: between the lines "<!-- bench:begin NAME -->" and "<!-- bench:end NAME -->"
put()
{
	local doc=$src/doc/performance.md
	[ "$(grep -c "^<!-- bench:\(begin\|end\) $1 -->$" "$doc")" -eq 2 ] || fail "$doc has no place for '$1'"
	awk -v report="$2" -v name="$1" '
	$0 == "<!-- bench:end " name " -->" { print ""; skip = 0 }
	!skip { print }
	$0 == "<!-- bench:begin " name " -->" {
		print ""
		while ((getline line < report) > 0)
			print line
		skip = 1
	}' "$doc" >"$dir/doc"
	cat "$dir/doc" >"$doc"
}

need sqlite3 curl awk
for case_name in "${cases[@]}"; do
	case_file "$case_name" >/dev/null
done
begin
mkdir "$dir/report"
for case_name in "${cases[@]}"; do
	started=$SECONDS
	say "$case_name"
	measure_begin
	forget
	printf '\n### %s\n\n' "$case_name"
	. "$(case_file "$case_name")" >"$dir/report/$case_name"
	cat "$dir/report/$case_name"
	say "$case_name: $((SECONDS - started)) s"
done
machine >"$dir/report/machine"
echo
cat "$dir/report/machine"
if [ -n "$write" ]; then
	for report in "$dir"/report/*; do
		put "$(basename "$report")" "$report"
	done
fi
echo "$bars_met bars met, ${#bars_missed[@]} missed; $SECONDS s"
[ ${#bars_missed[@]} -eq 0 ] || printf 'missed: %s\n' "${bars_missed[@]}"
