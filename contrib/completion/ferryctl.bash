# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2207
# bash completion for ferryctl. Commands and options are asked of the program itself, so that this
# file never falls behind it: "help --commands" prints name, arguments and options, between tabs.

# The first column of a list, for names of syncs and connectors and for run numbers.
_ferryctl_names()
{
	ferryctl "${socket[@]}" "$@" 2>/dev/null | awk 'NR > 1 && !/^(page |.ferryctl )/ {print $1}'
}

_ferryctl_words()
{
	case $1 in
	SYNC) _ferryctl_names syncs --limit 100 ;;
	RUN) echo last; _ferryctl_names runs ;;
	NAME) _ferryctl_names connectors ;;
	CONNECTION) _ferryctl_names connections --limit 100 ;;
	CODE) ferryctl explain | awk '/^  / {print $1}' ;;
	COMMAND) cut -f1 <<<"$table" ;;
	ID) _ferryctl_names problems ;;
	TIER) echo active idle dormant ;;
	esac
}

_ferryctl_value()
{
	case $1 in
	--status)
		if [[ $command == problems ]]; then
			echo open ignored resolved cleared all
		else
			echo queued running preview_ready completed failed cancelled
		fi ;;
	--sync) _ferryctl_names syncs --limit 100 ;;
	-d|--decision) echo create update delete disable skip conflict ;;
	esac
}

_ferryctl()
{
	local cur prev words cword split command row args options socket=() table i n=0
	_init_completion -s -n : || return
	table=$(ferryctl help --commands 2>/dev/null) || return
	for ((i = 1; i < cword; i++)); do
		case ${words[i]} in
		--socket) socket=(--socket "${words[++i]}") ;;
		-n|-s|-d|-k|-g|--limit|--page|--status|--segment|--decision|--key|--sync|--group|--link|--until|--before)
			((i++)) ;;
		-*) ;;
		*)
			if [[ -n $command ]]; then ((n++)); else command=${words[i]}; fi ;;
		esac
	done
	case $prev in
	--socket) _filedir; return ;;
	--status|--sync|-d|--decision) COMPREPLY=($(compgen -W "$(_ferryctl_value "$prev")" -- "$cur")); return ;;
	-n|-s|-k|-g|--limit|--page|--segment|--key|--group|--link|--until|--before) return ;;
	esac
	row=$(awk -F '\t' -v c="$command" '$1 == c' <<<"$table")
	args=$(cut -f2 <<<"$row")
	options=$(cut -f3 <<<"$row")
	if [[ $cur == -* ]]; then
		[[ -n $row ]] || options='--socket= --json --no-color --help'
		COMPREPLY=($(compgen -W "${options//=/}" -- "$cur"))
	elif [[ -z $command ]]; then
		COMPREPLY=($(compgen -W "$(cut -f1 <<<"$table")" -- "$cur"))
	elif [[ $args == *DIR* ]]; then
		_filedir -d
	else
		args=${args//[][]/}
		args=$(cut -d ' ' -f $((n + 1)) <<<"$args ")
		COMPREPLY=($(compgen -W "$(_ferryctl_words "$args")" -- "$cur"))
		__ltrim_colon_completions "$cur"
	fi
} && complete -F _ferryctl ferryctl
