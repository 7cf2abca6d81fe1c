#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# manuals.sh - the manual pages of a build: as good as mandoc and man can tell, found by apropos, dated by the
# release, and what they refer to is there.
set -u
shopt -s nullglob
src=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
cd "${top_builddir:-.}" || exit 1

# FILE: as `name(section)`
page_name()
{
	local base=${1##*/}
	echo "${base%.*}(${base##*.})"
}

# Every page there could be, with any choice of connectors.
known()
{
	local file
	for file in "$src"/doc/man/*.md "$src"/plugins/*/ferry-*.md; do
		sed -n '1s/^# //p' "$file"
	done
	echo 'ferryctl(1)'
}

formats()
{
	mandoc -T lint -W warning "$1" 2>&1
	MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 "$1" 2>&1 >/dev/null | sed "s|^|$1: |"
	lexgrog "$1" >/dev/null 2>&1 || echo "$1: apropos finds no NAME - DESCRIPTION"
}

refers()
{
	local name
	# without fonts and the guards against line breaks
	sed 's/\\f.//g; s/\\%//g; s/^\.Xr \([a-z.-]*\) \([0-9]\).*/\1(\2)/' "$1" |
		grep -oE 'ferry[a-z0-9._-]*\([1-8]\)' | sort -u | while read -r name; do
		known | grep -qxF "$name" || echo "$1: there is no $name"
	done
	grep -qiE '^\.S[Hh] "?SEE ALSO' "$1" || echo "$1: has no SEE ALSO"
}

# ferryd(8) has each option that the program says it has; ferryctl(1) is filled in by ferryctl.
options()
{
	local option
	[ -x daemon/ferryd ] || return 0
	for option in $(daemon/ferryd --help | grep -oE -- '--[a-z-]+' | sort -u); do
		sed 's/\\-/-/g; s/\\%//g' doc/man/ferryd.8 | grep -qE -- "^\\\\fB$option( |\\\\)|, \\\\fB$option\\\\" ||
			echo "doc/man/ferryd.8: says nothing of $option"
	done
}

pages=(doc/man/*.[1-8] plugins/*/ferry-*.5)
[ ${#pages[@]} -ge 6 ] || { echo "only ${#pages[@]} manual pages were made"; exit 1; }
looked=yes
for program in mandoc man lexgrog; do
	command -v $program >/dev/null || looked=$program
done
date=$(sed -n 's/^RELEASE_DATE = //p' Makefile)
breaches=$(
	for page in "${pages[@]}" doc/ferryctl.1; do
		[ "$looked" != yes ] || formats "$page"
		refers "$page"
	done
	for page in "${pages[@]}"; do
		grep -q "^\.TH [A-Z].* [1-8] \"$date\" " "$page" || echo "$page: is not of $date"
		[ "$(sed -n '1s/^# //p' "$src/${page%.5}.md" "$src/$page.md" 2>/dev/null)" = "$(page_name "$page")" ] ||
			echo "$page: has another title than its file"
	done
	[ "$(LC_ALL=C date -d "$(sed -n 's/^\.Dd //p' doc/ferryctl.1)" +%F)" = "$date" ] || echo "doc/ferryctl.1: is not of $date"
	options
)
if [ -n "$breaches" ]; then
	printf '%s\n' "$breaches"
	exit 1
fi
[ "$looked" = yes ] || { echo "skipped: their form, as $looked is not installed"; exit 77; }
