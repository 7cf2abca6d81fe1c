# SPDX-License-Identifier: Apache-2.0
# lanes: how requests a second grow with the requests that may be under way at once, to an endpoint
# that answers at once and to one that takes ten milliseconds.
# shellcheck shell=bash disable=SC2016,SC2034,SC2154

near=$(rows 40000)
far=1000

# lanes_sync ROWS CHANGED LANES
lanes_sync()
{
	connection lago 'family: lago' "url: $address" 'api_key: key' "rate_limit: {lanes: $3}"
	sync_file "lanes-$1" 'key: id' "source: {connection: bench, rows: $1, columns: 6, changed: $2}" \
		'destination: {connection: lago, resource: customers}' \
		'map: {external_id: email, name: name, country: country, legal_number: visits}'
}

# update NAME ROWS LANES: every row, whatever was there before
update()
{
	changed=$((100 - changed))
	lanes_sync "$2" "$changed" "$3"
	count_anew
	paced "$1-$3" ferry "lanes-$2"
	said "$2 updated"
	received .writes "$2" writes
}

standin_start lago --api-key key
for n in "$far" "$near"; do
	lanes_sync "$n" 0 8
	quietly ferry "lanes-$n"
	said "$n extracted"
done
changed=0
for ((i = 0; i < 2; i++)); do
	for lanes in 1 2 4 8; do
		update near "$near" "$lanes"
	done
done
control faults -d '[{"route": "POST /api/v1/customers", "kind": "slow", "times": -1, "delay_ms": 10}]' >/dev/null
for lanes in 1 2 4 8; do
	update far "$far" "$lanes"
done

echo 'Customers updated in the Lago stand-in, one request each; requests a second.'
echo
echo '| lanes | it answers at once | it takes 10 ms |'
echo '| --- | --- | --- |'
for lanes in 1 2 4 8; do
	echo "| $lanes | $(thousands "$(calc "$(median "near-$lanes")" %.0f)") |" \
		"$(thousands "$(calc "$(median "far-$lanes")" %.0f)") |"
done
standin_stop
