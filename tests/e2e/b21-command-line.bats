#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The command line itself: the shells complete commands, options, words and names, each by its own script;
# mistakes are answered with what may have been meant; tables fit, and JSON can be read.
load lib

story_setup() {
	for name in customers cards; do
		sync_file $name <<-'END'
			source: {connection: local, table: a}
			destination: {connection: local, table: b}
			key: id
			map: {id: id}
		END
	done
	connection local sqlite "path: $T/local.db"
	mkdir "$T/bin"
	ln -s "${ferryctl:?}" "$T/bin/ferryctl"
	PATH=$T/bin:$PATH
	scripts=${src:?}/contrib/completion
	start_ferryd
}

# completes SHELL: what it makes of a line; SHELL LINE prints the words, sorted, on one line.
completes() {
	is "syncs" "$($1 'ferryctl sync')"
	is "--status" "$($1 'ferryctl runs --stat')"
	is "completed" "$($1 'ferryctl runs --status comp')"
	is "cards customers" "$($1 'ferryctl run c')"
	is "customers" "$($1 'ferryctl problems --sync cu')"
	is "local" "$($1 'ferryctl test l')"
	is "NEW_IN_SOURCE" "$($1 'ferryctl explain NEW_IN')"
	is "active" "$($1 'ferryctl pin cards a')"
	is "" "$($1 'ferryctl nonsense x')"
}

in_bash() {
	# shellcheck disable=SC2016 # the other bash expands it
	bash --norc -c 'compopt() { :; }
		source "$1/ferryctl.bash"
		COMP_LINE=$2 COMP_POINT=${#2}
		_ferryctl
		printf "%s\n" "${COMPREPLY[@]}"' _ "$scripts" "$1" | sort | xargs
}

in_fish() {
	fish --no-config -c "source $scripts/ferryctl.fish; complete -C '$1'" 2>"$T/fish.err" | cut -f1 | sort | xargs
}

# zsh completes at a terminal only: what it inserts or lists is taken from the words it was given.
in_zsh() {
	# shellcheck disable=SC2016 # zsh expands it
	zsh -f -c '
		words=(${=2}) CURRENT=$#words PREFIX=$words[-1]
		compadd() { shift 4; local w; for w in ${(P)1}; do [[ $w == $PREFIX* ]] && print -r -- $w; done }
		_files() { print files }
		source $1/_ferryctl' _ "$scripts" "$1" | sort | xargs
}

@test "bash" {
	completes in_bash
	# readline takes ':' and '=' for ends of words
	is "customers" "$(in_bash 'ferryctl show last:cu')"
	is "customers" "$(in_bash 'ferryctl problems --sync=cu')"
}

@test "zsh" {
	command -v zsh >/dev/null || skip "zsh is missing: apt install zsh"
	completes in_zsh
	is "last:cards last:customers" "$(in_zsh 'ferryctl show last:c')"
	# and at a terminal, with all of its machinery
	cat >"$T/type.zsh" <<-'END'
		zmodload zsh/zpty
		zpty z zsh -f -i
		zpty -w z "fpath=($1 \$fpath); autoload -Uz compinit; compinit -u -D; PS1=; show() { print -r -- \"<<\$BUFFER>>\" }; zle -N show; bindkey '^X^Y' show; print ready-\$((1 + 1))"
		zpty -r -m z line '*ready-2*'
		zpty -w -n z $'ferryctl problems --sync cu\t'
		zpty -w -n z $'\x18\x19'
		zpty -r -m z line '*<<*>>*'
		print -r -- ${${line##*<<}%%>>*}
		zpty -d z
	END
	run -0 timeout 20 zsh -f "$T/type.zsh" "$scripts"
	has "ferryctl problems --sync customers"
}

@test "fish" {
	command -v fish >/dev/null || skip "fish is missing: apt install fish"
	completes in_fish
}

@test "no daemon: completion of names is silent, of everything else as ever" {
	stop_ferryd
	is "syncs" "$(in_bash 'ferryctl sync')"
	is "" "$(in_bash 'ferryctl run c')"
	run -0 --separate-stderr ctl complete run c
	is "" "$output${stderr-}"
}

@test "the manual page is filled in, and nothing in it is wrong to mandoc" {
	manual=${build:?}/doc/ferryctl.1
	grep -q '^\.It Cm doctor$' "$manual"
	grep -q '^\.It 4$' "$manual"
	run -1 grep -n '^@' "$manual"
	command -v mandoc >/dev/null || skip "mandoc is missing: apt install mandoc"
	run -0 bash -c "mandoc -T lint -W warning '$manual' || :"
	is "" "$output"
}

@test "without a command: how it stands, or how to begin" {
	run -0 ctl
	has "ferryd "
	has "ferryctl help"
	run -0 --separate-stderr ctl --json
	is 2 "$(jq .syncs <<<"$output")"
	stop_ferryd
	run -4 ctl
	has "no daemon answers"
	has "systemctl start ferryd"
}

@test "did you mean" {
	run -3 ctl run custmers
	has "did you mean 'customers'?"
	run -3 ctl runs --status fialed
	has "did you mean 'failed'?"
	run -3 ctl runs custmers
	has "did you mean 'customers'?"
	run -3 ctl show last:crads
	has "did you mean 'cards'?"
	run -3 ctl run --wiat cards
	has "did you mean '--wait'?"
}

@test "the JSON of every command that only looks can be read" {
	run -0 ctl run cards --wait --json || :
	for command in status syncs runs connectors connections problems doctor explain version health "trends cards" audit \
		notifications "token list" retention schema check "check $T/etc" "show 1" "logs 1" \
		"errors 1" "plan 1" "help" "help run"; do
		# shellcheck disable=SC2086 # a command and its argument
		run --separate-stderr ctl $command --json
		jq -es 'length > 0 and all(type == "object")' <<<"$output" >/dev/null || { echo "$command: $output"; return 1; }
	done
	# what is refused is an object, too
	run -3 --separate-stderr ctl show 99 --json
	is NOT_FOUND "$(jq -r .error.code <<<"$output")"
	run -3 --separate-stderr ctl nonsense --json
	is USAGE "$(jq -r .error.code <<<"$output")"
}

@test "tables fit 80, 60 and 40 columns" {
	for columns in 80 60 40; do
		for command in status syncs runs connectors connections help "help run" explain doctor problems health "trends cards" \
			audit retention; do
			# shellcheck disable=SC2086 # a command and its argument
			COLUMNS=$columns run ctl $command
			# a command that is to be copied is not taken apart
			wide=$(sed '/^examples$/,$d' <<<"$output" | while IFS= read -r line; do
				[ ${#line} -le $columns ] || echo "$line"
			done)
			is "" "$wide" "$command in $columns columns"
		done
	done
	# colour is for terminals
	unset NO_COLOR
	run -0 ctl syncs
	has_not $'\e'
}
