#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The guides that are made of commands: what they tell to do works, and prints what they say.
load lib

story_setup() {
	# shellcheck source=tests/e2e/guide.bash
	. "${src:?}/tests/e2e/guide.bash"
	mkdir -p "$T/state"
}

# as_told NAME: the guide doc/NAME.md. To write it anew after a change of what is printed, name a folder in FERRY_GUIDES.
as_told() {
	play "$src/doc/$1.md" >"$T/played.md" || :
	[ ! -s "$T/ferryd.pid" ] || ferryd_pid=$(cat "$T/ferryd.pid")
	[ -z "${FERRY_GUIDES:-}" ] || cp "$T/played.md" "$FERRY_GUIDES/$1.md"
	guide_sorted_out "$src/doc/$1.md" >"$T/told"
	guide_sorted_out "$T/played.md" >"$T/printed"
	run diff -u "$T/told" "$T/printed"
	is "" "$output" "what the guide tells (-) and what was printed (+)"
}

@test "a first sync" { as_told first-sync; }

@test "reading a failed run" { as_told failed-runs; }
