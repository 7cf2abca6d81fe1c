# SPDX-License-Identifier: Apache-2.0
# http.bash - endpoints that count what they are sent (the stand-ins of tests/standin), and how fast
# requests come in there. Sourced after lib.bash and measure.bash.
# shellcheck shell=bash disable=SC2034,SC2154

# standin_start NAME [OPTION...]: lago-standin and so on; then $address is where it is
standin_start()
{
	local name=$1 port=$dir/$1.port
	shift
	rm -f "$port"
	"$build/tests/standin/$name-standin" --listen 127.0.0.1:0 --port-file "$port" --die-with-parent --log-size 1 "$@" \
		>"$dir/log" 2>&1 &
	standin_pid=$!
	children+=("$standin_pid")
	until [ -s "$port" ]; do
		kill -0 "$standin_pid" 2>/dev/null || fail "the stand-in $name does not start"
		sleep 0.02
	done
	standin_port=$(cat "$port")
	address=http://127.0.0.1:$standin_port
}

standin_stop()
{
	kill -KILL "$standin_pid"
	wait "$standin_pid" 2>/dev/null || :
	unset 'children[-1]'
}

# control PATH [OPTION OF CURL...]: of the stand-in, below /_standin/
control()
{
	local path=$1
	shift
	curl -sS -f --max-time 60 "$address/_standin/$path" "$@" || fail "the stand-in does not answer to $path"
}

# counted [FILTER]: requests since the last count_anew, by a filter of jq
counted()
{
	control counts | jq -r "${1-.writes}"
}

count_anew()
{
	control log -X DELETE >/dev/null
}

# received FILTER NUMBER WHAT: the endpoint has got just as much
received()
{
	local found
	found=$(counted "$1")
	[ "$found" = "$2" ] || fail "the endpoint got $found $3 instead of $2"
}

# What the endpoint has counted so far, twenty times a second: "time writes". Without any process
# of its own, since those would take time from what is measured.
sample()
{
	local line length body
	exec 7<>"/dev/tcp/127.0.0.1/$standin_port" 8<> <(:)
	while printf 'GET /_standin/counts HTTP/1.1\r\nHost: localhost\r\n\r\n' >&7; do
		while IFS= read -r line <&7 && [ "$line" != $'\r' ]; do
			[[ ${line,,} != content-length:* ]] || length=${line//[^0-9]/}
		done
		IFS= read -r -N "$length" body <&7 || break
		[[ $body =~ \"writes\":([0-9]+) ]] && echo "$EPOCHREALTIME ${BASH_REMATCH[1]}"
		read -r -t 0.05 <&8 || :
	done
}

# paced NAME COMMAND...: runs it; $dir/m/NAME gets "requests a second", from the first to the last
# that the endpoint has seen, and a zero
paced()
{
	local name=$1 sampler
	shift
	sample >"$dir/samples" &
	sampler=$!
	children+=("$sampler")
	"$@"
	sleep 0.1
	kill "$sampler"
	wait "$sampler" 2>/dev/null || :
	unset 'children[-1]'
	awk '
	{ last = $2; t[NR] = $1; n[NR] = $2 }
	END {
		for (i = 1; i <= NR && n[i] == n[1]; i++);
		for (j = NR; j > i && n[j - 1] == last; j--);
		if (j <= i)
			exit 1
		printf "%.0f 0\n", (n[j] - n[i]) / (t[j] - t[i])
	}' "$dir/samples" >>"$dir/m/$name" || fail "too few requests to tell their rate"
}
