#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# docs.sh - what is written about the code is there and leads somewhere: every error and reason code
# is in doc/codes.md, which is what doc/codes.sh prints once ferryctl is built, every relative link of
# a .md file has a target, every document can be reached from README.md by links, every shell script parses.
set -u
cd "${top_srcdir:-$(dirname "$0")/../..}" || exit 1

# Markdown and scripts of the project, whatever else a build has left around.
ours()
{
	local dir dirs=()
	for dir in conf console contrib ctl daemon doc include plugins tests .ci; do
		[ -d "$dir" ] && dirs+=("$dir")
	done
	{
		find . -maxdepth 1 -type f -name "$1"
		[ ${#dirs[@]} -eq 0 ] || find "${dirs[@]}" -type f -name "$1"
	} | sed 's|^\./||' | LC_ALL=C sort
}

# Codes as they stand in the tables: [FERRY_E_AUTH] = {"AUTH", ... and {"NEW_IN_SOURCE", "...
table_codes()
{
	sed -n 's/^[[:blank:]]*\[FERRY_E_[A-Z_]*\] = {"\([A-Z_]*\)".*/\1/p' daemon/base/error.c
	sed -n 's/^[[:blank:]]*{"\([A-Z_]*\)", ".*/\1/p' daemon/model/decision.c
}

codes()
{
	local code n=0
	[ -f doc/codes.md ] || { echo "doc/codes.md: is missing"; return; }
	while read -r code; do
		n=$((n + 1))
		grep -qw -- "$code" doc/codes.md || echo "doc/codes.md:1: says nothing of $code"
	done < <(table_codes)
	# a table that this script cannot read any more must not pass
	[ "$n" -ge 40 ] || echo "tests/lint/docs.sh:1: found only $n codes in error.c and decision.c"
}

# The page is made, not written: word for word, where there is a ferryctl to make it.
printed()
{
	local ferryctl=${top_builddir:-.}/ctl/ferryctl
	[ -f doc/codes.sh ] && [ -x "$ferryctl" ] && command -v jq >/dev/null || return 0
	bash doc/codes.sh "$ferryctl" | cmp -s - doc/codes.md ||
		echo "doc/codes.md:1: is not what doc/codes.sh prints"
}

# Links outside code as "line target".
links()
{
	awk '
	/^[ \t]*(```|~~~)/ { code = !code; next }
	code { next }
	{
		line = $0
		gsub(/`[^`]*`/, "", line)
		while (match(line, /\]\([^) ]+/)) {
			print FNR, substr(line, RSTART + 2, RLENGTH - 2)
			line = substr(line, RSTART + RLENGTH)
		}
	}' "$1"
}

# The anchors a renderer makes of headings.
anchors()
{
	awk '
	/^[ \t]*(```|~~~)/ { code = !code; next }
	!code && /^#+ / {
		sub(/^#+ +/, "")
		s = tolower($0)
		gsub(/[^a-z0-9 _-]/, "", s)
		gsub(/ /, "-", s)
		print s (seen[s]++ ? "-" seen[s] - 1 : "")
	}' "$1"
}

dead_links()
{
	local file line target path anchor
	while read -r file; do
		while read -r line target; do
			case $target in
			[a-z]*:*) continue ;;
			esac
			path=${target%%#*} anchor=
			[ "$path" != "$target" ] && anchor=${target#*#}
			case $path in
			'') path=$file ;;
			/*) path=.$path ;;
			*) path=$(dirname "$file")/$path ;;
			esac
			path=${path#./}
			if [ ! -e "$path" ]; then
				echo "$file:$line: there is no $target"
			elif [ -n "$anchor" ] && [[ $path == *.md ]] && ! anchors "$path" | grep -qxF -- "$anchor"; then
				echo "$file:$line: $path has no heading for #$anchor"
			fi
		done < <(links "$file")
	done < <(ours '*.md')
}

# What links lead to, beginning with README.md, against what there is. Manual pages are found by man.
unreachable()
{
	local seen=' README.md ' todo=(README.md) file target path
	while [ ${#todo[@]} -gt 0 ]; do
		file=${todo[0]}
		todo=("${todo[@]:1}")
		while read -r _ target; do
			path=${target%%#*}
			[[ $path == *.md && $path != [a-z]*:* ]] || continue
			path=$(realpath -m --relative-to=. "$(dirname "$file")/$path")
			[[ $seen == *" $path "* || ! -f $path ]] && continue
			seen+="$path "
			todo+=("$path")
		done < <(links "$file")
	done
	while read -r file; do
		[[ $seen == *" $file "* || $file == doc/man/* ]] || echo "$file:1: no link leads here from README.md"
	done < <(ours '*.md')
}

scripts()
{
	local file scripts
	mapfile -t scripts < <(ours '*.sh'; ours '*.bash')
	for file in "${scripts[@]}"; do
		bash -n "$file" 2>&1
	done
	if command -v shellcheck >/dev/null && [ ${#scripts[@]} -gt 0 ]; then
		# SC2034: a library of functions sets variables for who sources it
		shellcheck --severity=warning --exclude=SC2034 --format=gcc "${scripts[@]}"
	fi
}

breaches=$(codes; printed; dead_links; unreachable; scripts)
[ -z "$breaches" ] && exit 0
printf '%s\n' "$breaches"
exit 1
