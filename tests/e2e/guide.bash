# SPDX-License-Identifier: Apache-2.0
# Does what a guide of doc/ tells its reader to do, in order, and writes the guide anew with what was printed.
#
#   ```sh      commands; a block without a language after it is what they print
#   ```yaml    a file, when its first line is a comment with its path
#   others     are passed over
#
# Folders of a system stand for ones in $T: see guide_paths. sudo and systemctl do what they would do there.
# shellcheck shell=bash disable=SC2154 # T and the programs are those of lib.bash

# Where the guide's folders are here, and back.
guide_paths=("/etc/ferry:$T/etc" "/var/lib/ferry:$T/state")

guide_here() {
	local text=$1 pair
	for pair in "${guide_paths[@]}"; do
		text=${text//"${pair%%:*}"/"${pair#*:}"}
	done
	printf '%s\n' "$text"
}

guide_there() {
	local text=$1 pair
	for pair in "${guide_paths[@]}"; do
		text=${text//"${pair#*:}"/"${pair%%:*}"}
	done
	printf '%s\n' "$text"
}

# sudo and systemctl for those who are neither root nor have a systemd; ferryctl and ferryd of the build.
guide_programs() {
	mkdir -p "$T/bin"
	cat >"$T/bin/sudo" <<-'END'
		#!/bin/sh
		[ "$1" != -u ] || shift 2
		exec "$@"
	END
	cat >"$T/bin/systemctl" <<-END
		#!/bin/sh
		case "\$*" in
		"start ferryd") : >"$T/started" ;;
		"reload ferryd") exec ferryctl reload >/dev/null ;;
		*) echo "what is systemctl \$*?" >&2; exit 1 ;;
		esac
	END
	cat >"$T/bin/ferryctl" <<-END
		#!/bin/sh
		[ "\$*" != check ] || exec "$ferryctl" check "$T/etc"
		exec "$ferryctl" "\$@"
	END
	chmod +x "$T/bin"/*
}

guide_run() {
	local printed
	# what fails is shown, not fatal: a guide may tell of mistakes
	printed=$(PATH=$T/bin:$PATH bash -c "$(guide_here "$1")" 2>&1 3>&-)
	if [ -e "$T/started" ]; then
		rm "$T/started"
		start_ferryd
		# whoever asked for a block's output is in another shell
		echo "$ferryd_pid" >"$T/ferryd.pid"
		# what came after the start of the daemon had nobody to ask
		printed=$(PATH=$T/bin:$PATH bash -c "$(guide_here "$(sed 1d <<<"$1")")" 2>&1 3>&-)
	fi
	guide_there "$printed"
}

# play GUIDE: as it would look with what was printed now
play() {
	local line language='' block='' printed='' open=''
	guide_programs
	while IFS= read -r line; do
		if [ -z "$open" ] && [[ $line == '```'* ]]; then
			open=1 language=${line#'```'} block=
			printf '%s\n' "$line"
		elif [ "$open" ] && [ "$line" = '```' ]; then
			open=
			case $language in
			sh) printed=$(guide_run "${block%$'\n'}") ;;
			yaml) guide_file "${block%$'\n'}" ;;
			'') [ -z "$printed" ] || printf '%s\n' "$printed" ;;
			esac
			[ "$language" = '' ] || printf '%s' "$block"
			printf '%s\n' "$line"
		elif [ "$open" ]; then
			block+=$line$'\n'
		else
			printf '%s\n' "$line"
		fi
	done <"$1"
}

# A block that names its file is that file.
guide_file() {
	local path=${1%%$'\n'*}
	[[ $path == '# /'* ]] || return 0
	guide_here "${1#*$'\n'}" >"$(guide_here "${path#\# }")"
}

# What differs from one run of the guide to the next: times, spans, who asked, so the width of columns; and which
# states and phases of a run are too short to be seen.
guide_sorted_out() {
	sed -E 's/20[0-9]{2}-[0-9]{2}-[0-9]{2}[ T][0-9:.]+Z?/TIME/g; s/\b[0-9]{2}:[0-9]{2}(:[0-9]{2})?\b/TIME/g
		s/just now|[0-9]+ (s|min) ago/AGO/; s/\b[0-9.]+ ?(ms|s|min|m)\b/SPAN/g; s/[─━-]{3,}/--/g; s/[█▓▒░▏▎▍▌▋▊▉]+/BAR/g; s/ +/ /g; s/ $//
		s/\b[0-9.]+ (B|KiB|kB|MB|MiB)\b/SIZE/g; s/SQLite [0-9.]+/SQLite N/; s/uid [0-9]+( \([^)]*\))?/uid/
		/^(run [0-9]+|[a-z]+ [a-z_]+) (queued|running)$/d; /^phases$/,/^$/d' "$1"
}
