#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What is installed for systemd is something that systemd understands.
load lib

story_setup() {
	install_once
	unit=$(installed ferryd.service)
}

@test "the unit starts the installed daemon, and reloads by the installed client" {
	is "ExecStart=${ferryd:?}" "$(sed "s,=/,=$root/," "$unit" | grep ^ExecStart= | sed "s,$(installed ferryd),$ferryd,")"
	has "$(basename "${ferryctl:?}") reload" "$(grep ^ExecReload= "$unit")"
	run ! grep -n "@[a-z]*@" "$unit"
}

@test "systemd-analyze verify has nothing to say" {
	command -v systemd-analyze >/dev/null || skip "systemd-analyze is missing: apt install systemd"
	# it looks whether the programs are there
	sed "s,^\(Exec[A-Za-z]*\)=/,\1=$root/," "$unit" >"$T/ferryd.service"
	cp "$(installed ferryd.socket)" "$T/"
	run -0 systemd-analyze verify --man=no "$T/ferryd.service" "$T/ferryd.socket"
	is "" "$output"
}

@test "the unit is as confined as it says" {
	command -v systemd-analyze >/dev/null || skip "systemd-analyze is missing: apt install systemd"
	sed "s,^\(Exec[A-Za-z]*\)=/,\1=$root/," "$unit" >"$T/ferryd.service"
	run systemd-analyze security --offline=true --threshold=12 "$T/ferryd.service"
	echo "$output"
	has "Overall exposure level"
	is 0 "$status"
}

@test "the user and the group that the unit needs are made by sysusers.d" {
	sysusers=$(find "$root" -path '*/sysusers.d/*' -type f -exec cat {} +)
	user=$(sed -n 's/^User=//p' "$unit")
	grep -q "^u $user " <<<"$sysusers"
	grep -q "^g ferry-admin " <<<"$sysusers"
}
