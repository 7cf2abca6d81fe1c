#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# check-manual.sh - the manual page knows every command and option that ferryctl knows, and no other
# command. What ferryctl knows is asked of itself.
set -eu
ferryctl=${top_builddir:-.}/ctl/ferryctl
manual=${top_srcdir:-.}/doc/ferryctl.1
table=$("$ferryctl" help --commands)
status=0

fail()
{
	echo "$manual: $1" >&2
	status=1
}

commands=$(printf '%s\n' "$table" | cut -f1)
for command in $commands; do
	grep -Eq "^\.It Cm $command( |\$)" "$manual" || fail "command '$command' is missing"
done
# shellcheck disable=SC2013
for command in $(sed -n 's/^\.It Cm \([a-z][a-z]*\).*/\1/p' "$manual"); do
	printf '%s\n' "$commands" | grep -qx "$command" || fail "there is no command '$command'"
done
for option in $(printf '%s\n' "$table" | cut -f3 | tr ' ' '\n' | tr -d '=' | sort -u); do
	grep -Eq "^\.It (Fl [a-z] , )?Fl -${option#--}( |\$)" "$manual" || fail "option '$option' is missing"
done
for variable in FERRY_SOCKET NO_COLOR COLUMNS; do
	grep -q "^\.It Ev $variable" "$manual" || fail "environment variable '$variable' is missing"
done
exit $status
