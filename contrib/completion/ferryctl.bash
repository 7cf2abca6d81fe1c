# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# bash completion for ferryctl, which says itself what may come next: "ferryctl complete WORD...".

_ferryctl()
{
	local line=${COMP_LINE:0:COMP_POINT} word last
	local -a words
	read -ra words <<<"$line"
	if [[ $line == *[[:space:]] ]]; then words+=(""); fi
	last=${words[-1]}
	COMPREPLY=()
	while IFS= read -r word; do
		case $word in
		:files) mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "${last#--*=}"); compopt -o filenames ;;
		:folders) mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -d -- "$last"); compopt -o filenames ;;
		*)
			# readline takes ':' and '=' for ends of words
			word=${word%%$'\t'*}
			COMPREPLY+=("${word#"${last%"${last##*[:=]}"}"}")
			[[ $word != *: ]] || compopt -o nospace ;;
		esac
	done < <("${words[0]}" complete "${words[@]:1}" 2>/dev/null)
} && complete -F _ferryctl ferryctl
