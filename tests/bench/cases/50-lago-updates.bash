# SPDX-License-Identifier: Apache-2.0
# lago-updates: every customer changed, one request each, eight at a time. What is compared is requests
# a second, from the first to the last that the endpoint sees.
# shellcheck shell=bash disable=SC2016,SC2034,SC2154

if ! command -v wrk >/dev/null; then
	leave_out 'wrk is missing'
	return
fi
n=$(rows 200000)
lanes=8

customers()
{
	sync_file customers 'key: id' "source: {connection: bench, rows: $n, columns: 6, changed: $1}" \
		'destination: {connection: lago, resource: customers}' \
		"map: {external_id: email, name: name, country: country, legal_number: visits}"
}

# Just as ferry writes them.
make_bodies()
{
	awk -v n="$n" 'BEGIN {
		split("DE FR US GB NL", countries)
		for (i = 0; i < n; i++)
			printf "{\"customer\":{\"external_id\":\"user%011d@example.com\",\"name\":\"Person Number %011d\"," \
				"\"country\":\"%s\",\"legal_number\":\"%d\"}}\n", i, i, countries[i % 5 + 1], i % 1000
	}' >"$dir/bodies"
}

# The last request that the stand-in got from ferry must be one of those bodies.
same_bodies()
{
	control log | jq -r '.[-1].body' >"$dir/out"
	grep -qxF -f "$dir/out" "$dir/bodies" || fail 'ferry sends other bodies'
}

make_script()
{
	cat >"$dir/post.lua" <<-LUA
		wrk.method = "POST"
		wrk.headers["Content-Type"] = "application/json"
		wrk.headers["Authorization"] = "Bearer key"
		local bodies, i = {}, 0
		for line in io.lines("$dir/bodies") do bodies[#bodies + 1] = line end
		request = function()
			i = i % #bodies + 1
			return wrk.format(nil, nil, nil, bodies[i])
		end
	LUA
}

# A request for each customer, and none was refused.
all_taken()
{
	received '"\(.writes) \(.by_status | keys | join(" "))"' "$n 200" 'writes and statuses'
}

update()
{
	changed=$((100 - changed))
	customers "$changed"
	count_anew
	paced ferry run whole customers
	said "$n updated"
	all_taken
}

send()
{
	count_anew
	"$tools/send" "$address/api/v1/customers" "$dir/bodies" "$lanes" 'Content-Type: application/json' \
		'Authorization: Bearer key' >"$dir/out" || fail 'the loop failed'
	all_taken
	awk '{ printf "%.0f 0\n", $1 / $2 }' "$dir/out" >>"$dir/m/loop"
}

hammer()
{
	count_anew
	wrk -t 2 -c "$lanes" -d 5s -s "$dir/post.lua" "$address/api/v1/customers" >"$dir/out" 2>&1 || fail 'wrk failed'
	! grep -q 'Non-2xx' "$dir/out" || fail 'wrk got refusals'
	awk '/^Requests\/sec/ { printf "%.0f 0\n", $2 }' "$dir/out" >>"$dir/m/wrk"
}

standin_start lago --api-key key
connection lago 'family: lago' "url: $address" 'api_key: key' "rate_limit: {lanes: $lanes}"
changed=0
customers 0
quietly ferry customers
said "$n created"
make_bodies
same_bodies
make_script
for ((i = 0; i < (rounds + 1) / 2; i++)); do
	hammer
	update
	send
done

echo "$(thousands "$n") customers updated in the Lago stand-in, one request each, $lanes at a time; requests a second," \
	'from the first to the last that the stand-in has seen.'
echo
echo '| who sends | median | range | of the baseline | bar | |'
echo '| --- | --- | --- | --- | --- | --- |'
pace 'baseline: wrk, the same bodies' wrk
pace 'baseline: a bare loop around libcurl, the same bodies' loop
pace 'ferry, compared with wrk' ferry wrk 'at least' 0.5
pace 'ferry, compared with the loop' ferry loop 'at least' 0.85
facts_begin
fact 'ferry, the whole run: read, compared, planned, sent, noted' "$(rate "$n" whole)" 'updates a second'
fact 'processor time of the worker' "$(calc "$(of whole median 2) / $n * 1e6" %.1f)" 'us an update'
standin_stop
rm "$dir/bodies"
