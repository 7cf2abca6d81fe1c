# SPDX-License-Identifier: Apache-2.0
# expressions: ten columns mapped as they are, and five of them by expressions.
# shellcheck shell=bash disable=SC2016,SC2034,SC2154

n=$(rows 2000000)
source="source: {connection: bench, rows: $n, columns: 10}"

sync_file plain 'snapshot: hash' 'key: id' "$source" 'destination: {connection: bench}' \
	"$(plain id email name country amount visits created note email2 name2)"
sync_file computed 'snapshot: hash' 'key: id' "$source" 'destination: {connection: bench}' \
	'map: {id: id, email: lower(trim(email)), name: upper(name), country: country, amount: amount,' \
	'  visits: visits + 1, created: created, note: "coalesce(note, '"''"')", email2: email2, name2: "name2 || '"'-'"' || country"}'
for sync in plain computed; do
	quietly ferry $sync
	said "$n created"
done
for ((i = 0; i < rounds; i++)); do
	for sync in plain computed; do
		run $sync $sync
		said "$n unchanged"
	done
	run plain_again plain
done

echo "$(thousands "$n") made-up rows of 10 columns, nothing changed."
echo
times_begin 'map'
baseline 'baseline: ten plain columns' plain plain_again
against 'five plain columns, five expressions' computed plain 'at most' 2
