#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# examples.sh - what documents show can be typed: each command and option of ferryctl and ferryd that they mention is
# there, and their YAML has no key, choice or form that the configuration does not know. Needs a build.
set -u
src=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
build=$(cd "${top_builddir:-.}" && pwd)
ferryctl=$build/ctl/ferryctl ferryd=$build/daemon/ferryd
[ -x "$ferryctl" ] && [ -x "$ferryd" ] || { echo "skipped: nothing is built"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$src" || exit 1
mapfile -t documents < <(find README.md HACKING.md doc plugins conf -name '*.md' | LC_ALL=C sort)

# ---- commands

# Code of a document, spans and blocks, as "line text"; comments of shells and YAML are none.
code()
{
	awk '
	/^ *```/ { block = !block; next }
	block { sub(/(^| )# .*/, ""); print FNR, $0; next }
	{
		n = split($0, part, "`")
		for (i = 2; i <= n; i += 2)
			print FNR, part[i]
	}' "$1"
}

# "line program command options..." for each time one is called; what comes after a pipe is another program.
calls()
{
	code "$1" | sed -E 's/\$\(//g; s/[|;&)>].*//' | awk '{
		for (i = 2; i < NF; i++)
			# behind an option it is what that option is about: journalctl -u ferryd
			if ($(i - 1) !~ /^-/ && ($i == "ferryctl" && $(i + 1) ~ /^[a-z]+$/ ||
						 $i == "ferryd" && $(i + 1) ~ /^--/)) {
				out = $1 " " $i
				for (k = i + 1; k <= NF && $k !~ /^ferry(ctl|d)$/; k++)
					if (k == i + 1 && $i == "ferryctl" || $k ~ /^\[?--[a-z]/) {
						word = $k
						gsub(/\[|\]|[.,]|=.*/, "", word)
						out = out " " word
					}
				print out
			}
	}'
}

declare -A commands options
while IFS=$'\t' read -r command _; do
	[[ $command == -* ]] || commands[$command]=1
done < <("$ferryctl" complete '')
commands[complete]=1
# COMMAND: its options, with blanks around each
options_of()
{
	[ "${options[$1]-}" ] || options[$1]=" $("$ferryctl" complete "$1" -- | cut -f1 | tr -d '=' | tr '\n' ' ')"
	printf '%s' "${options[$1]}"
}
options[ferryd]=" $("$ferryd" --help | grep -oE -- '--[a-z-]+' | tr '\n' ' ')"

mentions()
{
	local document line program words command called word
	for document in "${documents[@]}"; do
		while read -r line program words; do
			read -ra words <<<"$words"
			command=ferryd called=ferryd
			if [ "$program" = ferryctl ]; then
				command=${words[0]} called="ferryctl ${words[0]}"
				words=("${words[@]:1}")
				if [ -z "${commands[$command]-}" ]; then
					echo "$document:$line: there is no '$called'"
					continue
				fi
			fi
			options_of "$command" >/dev/null
			for word in ${words[@]+"${words[@]}"}; do
				[[ ${options[$command]} == *" $word "* ]] || echo "$document:$line: '$called' has no $word"
			done
		done < <(calls "$document")
	done
}

# ---- YAML

# Each block of YAML as a file of its own: LINE.yaml, behind as many empty lines as stand before it. One with a mistake
# that is meant has a line "<!-- a mistake on purpose -->" before it.
blocks()
{
	awk -v folder="$2" '
	/^<!-- a mistake on purpose -->/ { passed = FNR + 1 }
	/^ *```yaml/ && FNR != passed { file = folder "/" FNR ".yaml"; cut = match($0, /`/) - 1; for (i = 0; i < FNR; i++) print "" >file; next }
	/^ *```/ { if (file) close(file); file = ""; next }
	file { print substr($0, cut + 1) >file }' "$1"
}

# What a kind of file has to say of a block: unknown keys and words, and what is no YAML. What a fragment leaves out is
# no mistake here, nor are connections that other files would have.
mistakes()
{
	local kind=$1 block=$2 etc=$work/etc
	rm -rf "$etc"
	mkdir -p "$etc/connections.d" "$etc/syncs.d"
	case $kind in
	settings) cp "$block" "$etc/ferry.yaml" ;;
	connections) cp "$block" "$etc/connections.d/x.yaml" ;;
	sync) cp "$block" "$etc/syncs.d/x.yaml" ;;
	setting) awk 'NR == 1 { $0 = "connections:" } NR == 2 { $0 = "  x:" } NR > 2 { $0 = "    " $0 } { print }' "$block" \
		>"$etc/connections.d/x.yaml" ;;
	esac
	"$ferryd" --config "$etc" --check 2>&1 |
		grep -E "unknown key|cannot be '|is not accepted|is no |is neither|not understood|YAML|expected|must be (a|an|one) " |
		grep -vE "unknown connection" | sed 's/^[^:]*://'
}

configuration()
{
	local document block kinds kind told first
	for document in "${documents[@]}"; do
		mkdir -p "$work/blocks"
		blocks "$document" "$work/blocks"
		for block in "$work"/blocks/*.yaml; do
			[ -e "$block" ] || continue
			if grep -q '^connections:' "$block"; then
				kinds=connections
			elif grep -qE '^(sync|segments|source|destination|key|map|schedule):' "$block"; then
				kinds=sync
			else
				# a setting of a connector stands in its own manual
				kinds='sync settings'
				[[ $document != plugins/* ]] || kinds+=' setting'
			fi
			first=
			for kind in $kinds; do
				told=$(mistakes "$kind" "$block")
				first=${first:-$told}
				[ "$told" ] || break
			done
			[ -z "$told" ] || sed "s|^|$document:|" <<<"$first"
		done
		rm -r "$work/blocks"
	done
}

breaches=$(mentions; configuration)
[ -z "$breaches" ] && exit 0
printf '%s\n' "$breaches"
exit 1
