# SPDX-License-Identifier: Apache-2.0
# series: how the cost of a run grows with columns and with changes.
# shellcheck shell=bash disable=SC2016,SC2034,SC2154

n=$(rows 1000000)
names=(id email name country amount visits created note)

# all COLUMNS: their names, as the source gives them
all()
{
	local i names=(id)
	for ((i = 1; i < $1; i++)); do
		local kind=$(((i - 1) % 7)) round=$(((i - 1) / 7))
		local kinds=(email name country amount visits created note)
		names+=("${kinds[kind]}$([ $round = 0 ] || echo $((round + 1)))")
	done
	plain "${names[@]}"
}

line()
{
	echo "| $1 | $(spent "$2") | $(calc "$(of "$2" median 2) * 1e9 / $n" %.0f) ns |"
}

series_sync()
{
	sync_file "$1" 'snapshot: full' 'key: id' 'destination: {connection: bench}' \
		"source: {connection: bench, rows: $n, columns: $2, changed: $3}" "$(all "$2")"
}

for columns in 2 8 32; do
	series_sync "columns-$columns" "$columns" 0
	quietly ferry "columns-$columns"
done
for ((i = 0; i < (rounds + 1) / 2; i++)); do
	for columns in 2 8 32; do
		run "columns-$columns" "columns-$columns"
		said "$n unchanged"
	done
done
for ((i = 0; i < (rounds + 1) / 2; i++)); do
	for percent in 0 1 10 100; do
		series_sync columns-8 8 "$percent"
		run "changes-$percent" columns-8
		said "$((n * percent / 100)) updated"
		series_sync columns-8 8 0
		quietly ferry columns-8
	done
done

echo "$(thousands "$n") made-up rows to a destination that takes everything at once, \`snapshot: full\`."
echo
echo '| columns, nothing changed | median | range | CPU | CPU for a row |'
echo '| --- | --- | --- | --- | --- |'
for columns in 2 8 32; do
	line "$columns" "columns-$columns"
done
echo
echo '| changes, 8 columns | median | range | CPU | CPU for a row |'
echo '| --- | --- | --- | --- | --- |'
for percent in 0 1 10 100; do
	line "$percent %" "changes-$percent"
done
