#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# floors.sh - who may include whom, and a few habits the sources keep. Prints every breach as
# "file:line: what is wrong" and fails if there was one.
#
# The floors of daemon/: base < wire < model < conf, store < plug < pipeline, supervise < api < mains.
set -u
cd "${top_srcdir:-$(dirname "$0")/../..}" || exit 1

# Sources that are there: a folder may be missing from a small tree.
sources()
{
	local dirs=() dir
	for dir in "${@:2}"; do
		[ -d "$dir" ] && dirs+=("$dir")
	done
	[ ${#dirs[@]} -eq 0 ] || find "${dirs[@]}" -type f -regextype posix-extended -regex ".*\.($1)" | LC_ALL=C sort
}

# check PROGRAM: run awk over the files named on standard input.
check()
{
	local files
	mapfile -t files
	[ ${#files[@]} -eq 0 ] || awk "$1" "${files[@]}"
}

# All includes as "file:line: kind name", kind being " for our own headers and < for those of others.
includes()
{
	check '/^[ \t]*#[ \t]*include[ \t]*["<]/ {
		match($0, /["<][^">]*/)
		print FILENAME ":" FNR ": " substr($0, RSTART, 1) " " substr($0, RSTART + 1, RLENGTH - 1)
	}'
}

daemon_includes()
{
	sources 'c|h' daemon | includes | awk '
	BEGIN {
		n = split("base 0 wire 1 model 2 conf 3 store 3 plug 4 pipeline 5 supervise 5 api 6", f, " ")
		for (i = 1; i < n; i += 2)
			floor[f[i]] = f[i + 1]
	}
	$2 == "\"" {
		split($1, place, ":")
		m = split(place[1], path, "/")
		own = m == 2 ? "" : path[2]		# "" are the mains
		split($3, to, "/")
		if ($3 ~ /\.\./ || (own != "" && ($3 !~ /\// || !(to[1] in floor)))) {
			print $1 " \"" $3 "\" must be written \"folder/file.h\", from daemon/"
			next
		}
		if (own == "" || own == to[1])
			next
		if (!(own in floor))
			print $1 " the folder daemon/" own " has no floor"
		else if (floor[to[1]] > floor[own])
			print $1 " " own " must not include " $3 ", which is above it"
		else if (floor[to[1]] == floor[own])
			print $1 " " own " and " to[1] " must not know of each other"
	}'
}

# The C library, the kernel, and our own public header: all else is somebody else's library.
third_party()
{
	awk '
	BEGIN {
		n = split("alloca assert byteswap complex ctype dirent dlfcn elf endian err errno execinfo " \
			"fcntl features fenv float fnmatch ftw getopt glob grp iconv ifaddrs inttypes " \
			"langinfo libgen limits link linux locale malloc math mntent netdb nl_types poll " \
			"pthread pwd regex sched semaphore setjmp signal spawn stdalign stdarg " \
			"stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string strings sysexits syslog " \
			"termios threads time uchar ucontext unistd utime wchar wctype wordexp", names, " ")
		for (i = 1; i <= n; i++)
			libc[names[i] ".h"] = 1
	}
	$2 == "<" && !($3 in libc) && $3 !~ /^(sys|linux|net|netinet|arpa|asm|bits)\// &&
		$3 != "ferry/connector.h"'
}

libraries()
{
	sources 'c|h' daemon ctl include | includes | third_party | awk '
	$1 !~ /^daemon\/wire\/[^\/]*\.c:/ {
		print $1 " <" $3 "> belongs into one file of daemon/wire/"
		next
	}
	seen[$3]++ {
		print $1 " <" $3 "> is included in " first[$3] " already, and may be in one .c only"
		next
	}
	{ first[$3] = $1; sub(/:.*/, "", first[$3]) }'
}

# A connector knows connector.h and what stands in plugins/.
plugin_includes()
{
	sources 'c|h' plugins | includes | awk '
	$2 == "\"" && ($3 ~ /\.\./ ||
		$3 ~ /^(base|wire|model|conf|store|plug|pipeline|supervise|api|daemon|ctl)\//) {
		print $1 " a connector must not include \"" $3 "\""
	}'
}

ctl_includes()
{
	sources 'c|h' ctl | includes | awk '
	$2 == "\"" && ($3 ~ /\.\./ || ($3 ~ /\// &&
		$3 !~ /^(ctl\/|base\/|model\/|wire\/(http|json|hash)\.h$)/)) {
		print $1 " ferryctl must not include \"" $3 "\""
	}'
}

sources_as_headers()
{
	sources 'c|h' daemon ctl plugins include tests | includes | awk '
	$3 ~ /\.c$/ { print $1 " a .c must not be included" }'
}

# Functions with a better one beside them. A word in a comment or a text is not followed by "(".
banned()
{
	sources 'c|h' daemon ctl plugins include tests | check '
	{
		line = " " $0
		while (match(line, /[^A-Za-z0-9_](strcpy|strcat|sprintf|vsprintf|gets|strtok|atoi|atol|atof|alloca)[ \t]*\(/)) {
			name = substr(line, RSTART + 1, RLENGTH - 2)
			sub(/[ \t]+$/, "", name)
			print FILENAME ":" FNR ": " name " is not used here"
			line = substr(line, RSTART + RLENGTH)
		}
	}'
}

texts()
{
	sources 'c|h|sh|bash|bats|mk|am|ac|md|yaml|js|css|html|sql|service|conf' \
		daemon ctl plugins include tests conf contrib console doc
	find . -maxdepth 1 -type f \( -name '*.md' -o -name Makefile.am -o -name configure.ac \)
}

trailing_blanks()
{
	texts | check '/[ \t\r]$/ { print FILENAME ":" FNR ": blanks at the end of the line" }'
}

too_long()
{
	sources 'c|h|sh|bats|js|css|html' daemon ctl plugins include tests console | check '
	FNR == 701 { print FILENAME ":701: longer than 700 lines: split it" }'
}

license()
{
	sources 'c|h|sh|mk|bats' daemon ctl plugins include tests conf contrib doc | check '
	FNR == 1 { missing = 1 }
	FNR <= 2 && /SPDX-License-Identifier: Apache-2\.0/ { missing = 0 }
	FNR == 2 && missing { print FILENAME ":1: the SPDX line is missing" }'
}

breaches=$(daemon_includes; libraries; plugin_includes; ctl_includes; sources_as_headers; banned
	trailing_blanks; too_long; license)
[ -z "$breaches" ] && exit 0
printf '%s\n' "$breaches"
exit 1
