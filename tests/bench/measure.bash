# SPDX-License-Identifier: Apache-2.0
# measure.bash - time, processor time and memory of what is run, and the tables they are shown in.
# Sourced after lib.bash.
#
# A measured thing has a name; $dir/m/NAME gets one line "seconds cpu-seconds" for each run. A table
# row compares the medians of two names and says whether the bar is met.
# shellcheck shell=bash disable=SC2034,SC2154

bars_met=0
bars_missed=()

# ------------------------------------------------------------------------------ measuring

measure_begin()
{
	mkdir -p "$dir/m"
	rm -f "$dir"/m/*
}

# timed NAME COMMAND...: its time and what it and its children have used
timed()
{
	local name=$1 TIMEFORMAT='%R %U %S' spent
	shift
	spent=$({ time "$@" >&3 2>&4; } 3>&1 4>&2 2>&1) || fail "failed: $*"
	awk '{ print $1, $2 + $3 }' <<<"${spent##*$'\n'}" >>"$dir/m/$name"
}

# run NAME SYNC [OPTION...]: one run of ferry; the processor time is the worker's
run()
{
	local name=$1 start=$EPOCHREALTIME end
	shift
	: >"$dir/usage"
	worker=$tools/observe BENCH_WORKER=$build/daemon/ferry-worker BENCH_USAGE=$dir/usage \
		ferry "$@" || fail "the run of $1 failed"
	end=$EPOCHREALTIME
	awk -v a="$start" -v b="$end" '{ printf "%.3f %s\n", b - a, $1 }' "$dir/usage" >>"$dir/m/$name"
}

# look NAME SYNC [OPTION...]: the same, looking at the worker's memory all the while and not at the
# clock; $dir/m/NAME.memory gets "own mapped" in KiB
look()
{
	local name=$1
	shift
	: >"$dir/usage"
	worker=$tools/observe BENCH_WORKER=$build/daemon/ferry-worker BENCH_USAGE=$dir/usage BENCH_WATCH=10 \
		ferry "$@" || fail "the run of $1 failed"
	awk '{ print $2, $3 }' "$dir/usage" >"$dir/m/$name.memory"
}

# quietly COMMAND...: its output is kept for when it fails
quietly()
{
	"$@" >"$dir/out" 2>"$dir/log" || fail "failed: $*"
}

# ------------------------------------------------------------------------------ arithmetic

# of NAME WHAT [COLUMN]: median, least or most of what was measured; the seconds, unless COLUMN is 2
of()
{
	cut -d' ' -f"${3:-1}" "$dir/m/$1" | sort -n | awk -v what="$2" '
	{ v[NR] = $1 }
	END {
		i = what == "least" ? 1 : what == "most" ? NR : int((NR + 1) / 2)
		m = what == "median" && NR % 2 == 0 ? (v[i] + v[i + 1]) / 2 : v[i]
		printf "%.3f\n", m
	}'
}

median()
{
	of "$1" median
}

# calc EXPRESSION [FORMAT]: of awk
calc()
{
	awk "BEGIN { x = $1; printf \"${2:-%.2f}\\n\", x }"
}

# ratio NAME BASELINE: of their medians
ratio()
{
	calc "$(median "$1") / $(median "$2")"
}

# rate COUNT NAME: how many a second
rate()
{
	calc "$1 / $(median "$2")" %.0f
}

# thousands NUMBER: 1234567 as 1,234,567
thousands()
{
	sed -E ':a; s/^([0-9]+)([0-9]{3})/\1,\2/; ta' <<<"$1"
}

# --------------------------------------------------------------------------------- tables

# verdict NUMBER 'at most'|'at least' BAR: "ok" or "MISSED"; at --quick's size nothing is judged
verdict()
{
	local bar=$3 met=0
	if [ "$2" = 'at most' ]; then
		met=$(calc "$1 <= $bar" %d)
	else
		met=$(calc "$1 >= $bar" %d)
	fi
	if [ "$met" = 1 ]; then
		echo ok
	else
		echo MISSED
	fi
}

# judge TITLE NUMBER 'at most'|'at least' BAR [UNIT]: sets $judged to "at most BAR | ok"
judge()
{
	local word
	word=$(verdict "$2" "$3" "$4")
	judged="$3 $4${5:+ $5} | $word"
	if [ "$word" = ok ]; then
		bars_met=$((bars_met + 1))
	else
		bars_missed+=("$case_name: $1")
	fi
}

# A table of times. The first row is what everything is compared with.
times_begin()
{
	echo "| $1 | median | range | CPU | x baseline | bar | |"
	echo '| --- | --- | --- | --- | --- | --- | --- |'
}

# spent NAME: median | range | CPU
spent()
{
	printf '%s s | %s..%s s | %s s' "$(median "$1")" "$(of "$1" least)" "$(of "$1" most)" \
		"$(calc "$(of "$1" median 2)")"
}

# baseline TITLE NAME [NAME-OF-ANOTHER-RUN-OF-THE-SAME]: the second one shows the noise
baseline()
{
	echo "| $1 | $(spent "$2") | 1.00 | | |"
	if [ $# -gt 2 ]; then
		echo "| the same again (noise) | $(spent "$3") | $(ratio "$3" "$2") | | |"
	fi
}

# against TITLE NAME BASELINE ['at most' BAR]
against()
{
	local judged=' | '
	if [ $# -gt 3 ]; then
		judge "$1" "$(ratio "$2" "$3")" "$4" "$5" x
	fi
	echo "| $1 | $(spent "$2") | $(ratio "$2" "$3") | $judged |"
}

# pace TITLE NAME [BASELINE 'at least' BAR]: of requests a second
pace()
{
	local judged=' | ' ratio=
	if [ $# -gt 2 ]; then
		ratio=$(ratio "$2" "$3")
		judge "$1" "$ratio" "$4" "$5" x
	fi
	echo "| $1 | $(thousands "$(calc "$(median "$2")" %.0f)") |" \
		"$(calc "$(of "$2" least)" %.0f)..$(calc "$(of "$2" most)" %.0f) | $ratio | $judged |"
}

# A table of facts.
facts_begin()
{
	echo
	echo '| what | measured | bar | |'
	echo '| --- | --- | --- | --- |'
}

# fact TITLE NUMBER UNIT ['at most'|'at least' BAR]
fact()
{
	local judged=' | ' shown=$2
	if [ $# -gt 3 ]; then
		judge "$1" "$2" "$4" "$5" "$3"
	fi
	[[ $shown == *.* ]] || shown=$(thousands "$shown")
	echo "| $1 | $shown $3 | $judged |"
}

# own NAME, mapped NAME: the most memory, in MiB, that `look` has seen
own()
{
	calc "$(cut -d' ' -f1 "$dir/m/$1.memory") / 1024" %.1f
}

mapped()
{
	calc "$(cut -d' ' -f2 "$dir/m/$1.memory") / 1024" %.1f
}
