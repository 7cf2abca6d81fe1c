#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The manual of each connector against what the connector itself says: settings, defaults, fields, modes.
load lib

story_setup() {
	start_ferryd
	api /connectors >"$T/connectors.json"
}

# manual CONNECTOR: where it is
manual() { find "${src:?}/plugins" -name "ferry-$1.md"; }

# every FILTER: one line for each, "connector|..."
every() { jq -r ".data[] | .name as \$connector | $1" "$T/connectors.json"; }

# names TEXT FILE: the manual has it in code, as it is; of one within a map, both its parts, or the map with .*
names() {
	local text=${1%.\*}
	grep -qE "\`([^\`]*[^\`a-z_])?${text//./\\.}([^a-z_\`][^\`]*)?\`" "$2" && return
	[[ $text == *.* ]] || return
	grep -qF "\`${text%%.*}.*\`" "$2" || { names "${text%%.*}" "$2" && names "${text#*.}" "$2"; }
}

# told CONNECTOR TEXT: by its manual, or by that of another connector which this one refers to
told() {
	local file other
	file=$(manual "$1")
	names "$2" "$file" && return
	for other in $(grep -oE 'ferry-[a-z_-]+\(5\)' "$file" | sort -u); do
		file=$(manual "$(sed 's/^ferry-//; s/(5)$//' <<<"$other")")
		[ "$file" ] && names "$2" "$file" && return
	done
	echo "ferry-$1(5) says nothing of $2"
}

# none OF-THESE: fails and shows them
none() { is "" "$1"; }

@test "every connector has a manual" {
	local name
	is "$(find "$src/plugins" -name 'ferry-*.md' | wc -l)" "$(every '$connector' | wc -l)"
	for name in $(every '$connector'); do
		is "# ferry-$name(5)" "$(head -1 "$(manual "$name")")"
	done
}

@test "every setting is in its manual, with its default" {
	none "$(every '(.connection_options, .source_options, .destination_options)[]? | "\($connector) \(.name)"' |
		while read -r name option; do told "$name" "$option" || :; done)"
	none "$(every '(.connection_options, .source_options, .destination_options)[]?
		| "\($connector)|\(.name)|\(if .required then "required" elif .default == "false" then "" else .default // "" end)"' |
		while IFS='|' read -r name option must; do
			# source and destination may each have one of that name
			terms=$(grep -E "^\`$option\` \(" "$(manual "$name")") || continue
			[[ $terms == *"$must"* ]] || echo "ferry-$name(5): $terms should say $must"
		done)"
}

@test "every field is in its manual" {
	none "$(every '.fields[]? | "\($connector) \(.name)"' | while read -r name field; do told "$name" "$field" || :; done)"
}

@test "no manual has a setting that its connector does not know" {
	jq -r '.data[] | .family as $f | (.connection_options, .source_options, .destination_options)[]? | "\($f) \(.name)"' \
		"$T/connectors.json" | sort -u >"$T/known"
	none "$(every '"\($connector) \(.family)"' | while read -r name family; do
		# the terms of a list, under headings of settings
		awk '/^## /{on = /SETTINGS|SOURCE|DESTINATION/} on' "$(manual "$name")" |
			grep -E '^`[a-z][a-z_.A-Z]*`.* \((text|integer|boolean|duration|size|choice|whole number|pointer)' |
			sed -E 's/ \(.*//' | grep -oE '`[^`]+`' | tr -d '`' | while read -r term; do
			case $term in
			timeout | connect_timeout | retries | retry_base | rate_limit* | tls*) continue ;;
			esac
			grep -qxF "$family $term" "$T/known" || grep -qxF "$family ${term%.*}.*" "$T/known" ||
				echo "ferry-$name(5) has a setting $term that is none"
		done
	done)"
}
