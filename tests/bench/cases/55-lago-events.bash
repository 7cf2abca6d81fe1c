# SPDX-License-Identifier: Apache-2.0
# lago-events: new usage events in batches of a hundred. What is compared is events a second, from the
# first to the last batch that the endpoint sees.
# shellcheck shell=bash disable=SC2016,SC2034,SC2154

n=$(rows 2000000)
lanes=4

# Just as ferry writes them.
make_bodies()
{
	awk -v n="$n" 'BEGIN {
		split("DE FR US GB NL", countries)
		for (i = 0; i < n; i++) {
			row = i % 1000
			printf "%s{\"transaction_id\":\"user%011d@example.com\",\"external_subscription_id\":\"%s\"," \
				"\"code\":\"energy\",\"timestamp\":%d,\"properties\":{\"wh\":\"%d.%02d\"}}%s",
				i % 100 ? "," : "{\"events\":[", i, countries[i % 5 + 1], 1700000000 + i * 13,
				row * 7 + 1, row % 99 + 1, i % 100 == 99 || i == n - 1 ? "]}\n" : ""
		}
	}' >"$dir/bodies"
}

# The last request that the stand-in got from ferry, as far as it keeps it, must begin one of those.
same_bodies()
{
	control log | jq -r '.[-1].body[:4000]' >"$dir/out"
	cut -b -4000 "$dir/bodies" | grep -qxF -f "$dir/out" || fail 'ferry sends other bodies'
}

empty()
{
	control state -X DELETE >/dev/null
	control seed -d '{"billable_metrics": [{"billable_metric": {"name": "energy", "code": "energy",
		"aggregation_type": "sum_agg", "field_name": "wh"}}]}' >/dev/null
	count_anew
}

# Each event once, in so many requests, and none was refused.
all_there()
{
	received '"\(.writes) \(.by_status | keys | join(" "))"' "$(((n + 99) / 100)) 200" 'writes and statuses'
	[ "$(control 'state/events?summary=1' | jq .distinct_transaction_ids)" = "$n" ] || fail 'not all events are there'
}

deliver()
{
	empty
	forget events
	paced ferry run whole events
	said "$n created"
	all_there
}

send()
{
	empty
	"$tools/send" "$address/api/v1/events/batch" "$dir/bodies" "$lanes" 'Content-Type: application/json' \
		'Authorization: Bearer key' >"$dir/out" || fail 'the loop failed'
	all_there
	awk '{ printf "%.0f 0\n", $1 / $2 }' "$dir/out" >>"$dir/m/loop"
}

standin_start lago --api-key key
connection lago 'family: lago' "url: $address" 'api_key: key' "rate_limit: {lanes: $lanes}"
sync_file events 'key: id' 'snapshot: hash' 'mode: append' "source: {connection: bench, rows: $n}" \
	'destination: {connection: lago, resource: events}' \
	"map: {transaction_id: email, external_subscription_id: country, code: \"'energy'\", timestamp: created," \
	'  properties.wh: amount}'
make_bodies
for ((i = 0; i < (rounds + 1) / 2; i++)); do
	deliver
	[ "$i" != 0 ] || same_bodies
	send
done

echo "$(thousands "$n") usage events to the Lago stand-in, 100 in a request, $lanes requests at a time; requests a" \
	'second, from the first to the last that the stand-in has seen.'
echo
echo '| who sends | median | range | of the baseline | bar | |'
echo '| --- | --- | --- | --- | --- | --- |'
pace 'baseline: a bare loop around libcurl, the same bodies' loop
pace 'ferry' ferry loop 'at least' 0.8
facts_begin
fact 'ferry, the whole run: read, planned, sent, noted' "$(rate "$n" whole)" 'events a second'
fact 'processor time of the worker' "$(calc "$(of whole median 2) / $n * 1e6" %.2f)" 'us an event'
standin_stop
rm "$dir/bodies"
