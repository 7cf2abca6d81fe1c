#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# ferryctl doctor: a healthy installation is told so; each fault that is made here is found and named,
# with what to do about it. The clock and the groups are the machine's, not ours.
load lib

# doctor STATUS CHECK: the findings of one check, one a line: "status what -> todo"
doctor() {
	ctl doctor --json >"$T/doctor.json" || :
	jq -er --arg c "$1" '.checks[] | select(.check == $c) | "\(.status) \(.what) -> \(.todo // "")"' "$T/doctor.json"
}

# The checks of the last one that are not well, but for those of the machine.
unwell() {
	jq -r '[.checks[] | select(.status != "ok" and .check != "clock" and .check != "access").check]
		| unique | join(" ")' "$T/doctor.json"
}

# found CHECK LEVEL WHAT TODO, and nothing besides
found() {
	run -0 doctor "$1"
	has "$2 " || return
	has "$3" || return
	has "$4" || return
	is "$1" "$(unwell)" "what is not well"
}

# A sync that works, run once.
healthy() {
	connection from sqlite "path: $T/from.db"
	connection to sqlite "path: $T/to.db"
	db from "CREATE TABLE people (id INTEGER PRIMARY KEY)"
	sync_file people <<-'END'
		schedule: {every: 1h}
		source: {connection: from, table: people}
		destination: {connection: to, table: people, create: true}
		key: id
		map: {id: id}
	END
	db to "CREATE TABLE other (id INTEGER PRIMARY KEY)"
	start_ferryd "$@"
	wait_for "[ \"\$(field /syncs/people .last_run.status)\" = completed ]"
}

@test "all is well" {
	healthy
	run -0 doctor connections
	has "ok 2 of 2 work"
	is "" "$(unwell)"
	for check in daemon configuration connectors state disk limits syncs problems; do
		is ok "$(jq -r --arg c $check '.checks[] | select(.check == $c).status' "$T/doctor.json")" $check
	done
	# for people: a line for each, and the worst decides
	run ctl doctor
	has "configuration is good: 2 connections, 1 sync"
	[ "$status" -eq 0 ] || [ "$status" -eq 2 ]
}

@test "no daemon: what can be seen without one" {
	run -1 ctl doctor
	has "no daemon answers at $FERRY_SOCKET"
	has "systemctl status ferryd"
}

@test "a password that is wrong, a server that is away" {
	start_standin http '{}' --token sesame --
	connection with http "url: ${address:?}" "check: /contacts" "auth: {type: bearer, token: sesame}"
	healthy
	run -0 doctor connections
	is "" "$(unwell)"
	connection with http "url: $address" "check: /contacts" "auth: {type: bearer, token: rice}"
	run -0 ctl reload
	found connections fault "'with' does not work: AUTH" ""
	has_not rice
	connection with http "url: http://127.0.0.1:1" "check: /contacts" "auth: {type: bearer, token: rice}"
	run -0 ctl reload
	found connections fault "'with' does not work: CONNECT" "address"
	run -1 ctl doctor
}

@test "credentials: not there, not readable, readable by everybody" {
	echo secret-word >"$T/key"
	chmod 600 "$T/key"
	connection api lago "url: http://127.0.0.1:1" "api_key: \${file:$T/key}"
	healthy
	wait_for "doctor credentials"
	run -0 doctor credentials
	has "ok 1, each"
	chmod 644 "$T/key"
	run -0 doctor credentials
	has "warning connection 'api': everybody may read $T/key (mode 0644)"
	has "chmod o= $T/key"
	rm "$T/key"
	run -0 doctor credentials
	has "fault connection 'api': \${file:$T/key} is not there"
	mkdir "$T/key"
	run -0 doctor credentials
	has "fault connection 'api': the daemon cannot read $T/key"
	rmdir "$T/key"
	# shellcheck disable=SC2016 # it is ferry's reference
	connection api lago "url: http://127.0.0.1:1" 'api_key: ${credential:lago-key}'
	run -0 ctl reload
	run -0 doctor credentials
	has "fault connection 'api': \${credential:lago-key} is not there"
	has "LoadCredential=lago-key:"
	run ctl doctor
	has_not secret-word
}

@test "a file that nobody but root may read" {
	[ "$(id -u)" -ne 0 ] || skip "root may read every file"
	echo secret-word >"$T/key"
	chmod 0 "$T/key"
	connection api lago "url: http://127.0.0.1:1" "api_key: \${file:$T/key}"
	healthy
	run -0 doctor credentials
	has "fault connection 'api': the daemon cannot read $T/key"
}

@test "a mistake in the configuration, before and after a reload was refused" {
	healthy
	echo 'nonsense: 1' >>"$T/etc/syncs.d/people.yaml"
	found configuration fault "syncs.d/people.yaml:" "ferryctl reload"
	has "generation 1 stays in force"
	run -1 ctl reload
	run -0 ctl status
	has "the last one failed"
	sed -i '$d' "$T/etc/syncs.d/people.yaml"
	found configuration warning "the last reload was refused" "ferryctl reload"
	run -0 ctl reload
	run -0 doctor configuration
	is "" "$(unwell)"
}

@test "a connector of an older interface" {
	command -v cc >/dev/null || skip "cc is missing: apt install gcc"
	cp -rL "${build:?}/plugins/all" "$T/plugins"
	healthy --plugins "$T/plugins"
	run -0 doctor connectors
	is "" "$(unwell)"
	cat >"$T/old.c" <<-'END'
		#include <ferry/connector.h>
		const struct ferry_connector ferry_connector = {.abi = {0, 9, sizeof(struct ferry_connector)}, .name = "old"};
	END
	cc -shared -fPIC -I"${src:?}/include" -o "$T/plugins/old.so" "$T/old.c"
	found connectors fault "is built for interface 0.9" "build 'old' for this version"
}

@test "a run that hangs" {
	settings "heartbeat_timeout: 20s"
	healthy
	slow_sync endless
	run -0 ctl reload
	run_id=$(trigger endless)
	wait_stage "$run_id" extract
	for pid in $(worker_pids); do kill -STOP "$pid"; done
	wait_for "doctor runs" 15
	run -0 doctor runs
	has "fault 1 of 1 running runs give no sign of life"
	has "ferryctl cancel"
	for pid in $(worker_pids); do kill -KILL "$pid"; done
}

@test "a sync that fails, one that is paused, one that nothing starts" {
	healthy
	sync_file broken <<-'END'
		source: {connection: from, table: nowhere}
		destination: {connection: to, table: people}
		key: id
		map: {id: id}
	END
	run -0 ctl reload
	found syncs warning "'broken' never ran" "ferryctl run broken"
	run -1 ctl run broken --wait
	found syncs fault "the last run of 'broken' failed" "ferryctl show 2"
	rm "$T/etc/syncs.d/broken.yaml"
	run -0 ctl reload
	run -0 ctl pause people
	found syncs warning "'people' is paused by" "ferryctl resume people"
	run -0 ctl resume people
	run -0 doctor syncs
	is "" "$(unwell)"
}

@test "a state folder that others may look into" {
	healthy
	chmod 755 "$T/state"
	found state warning "others may look into $T/state (mode 0755)" "chmod 0700 $T/state"
}

@test "a disk that is nearly full" {
	mkdir "$T/state"
	mount -t tmpfs -o size=40m,mode=700 ferry-test "$T/state" 2>"$T/mount.log" ||
		skip "a small file system can be mounted by root only: $(cat "$T/mount.log")"
	healthy
	run -0 doctor disk
	umount -l "$T/state"
	has "warning "
	has "of 40 MiB are left in $T/state"
	has "free some space"
}

@test "twenty syncs and connections: side by side, so it takes a fraction of one after the other" {
	start_standin http '{}' --token sesame --
	# shellcheck disable=SC2034 # fault finds the address there
	http=$address
	for i in {1..20}; do
		connection "c$i" http "url: $address" "check: /contacts" "auth: {type: bearer, token: sesame}"
		sync_file "s$i" <<-END
			source: {connection: from, table: people}
			destination: {connection: to, table: t$i, create: true}
			key: id
			map: {id: id}
		END
	done
	healthy
	fault http '{"route":"*","kind":"slow","delay_ms":300,"times":-1}'
	start=$(date +%s%N)
	run -0 ctl test
	serial=$((($(date +%s%N) - start) / 1000000))
	start=$(date +%s%N)
	run -0 doctor connections
	took=$((($(date +%s%N) - start) / 1000000))
	echo "one after the other $serial ms, doctor $took ms"
	has "22 of 22 work"
	[ "$took" -lt $((serial / 2)) ]
}
