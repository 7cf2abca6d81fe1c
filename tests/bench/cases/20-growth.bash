# SPDX-License-Identifier: Apache-2.0
# growth: a run without changes over more and more rows: time must grow as they do, memory not at all.
# shellcheck shell=bash disable=SC2016,SC2034,SC2154

sizes=("$(rows 1000000)" "$(rows 5000000)" "$(rows 20000000)")

# further FROM TO: nanoseconds that one row more costs, on the way from one size to a larger one
further()
{
	calc "($(median "same-$2") - $(median "same-$1")) / ($2 - $1) * 1e9" %.0f
}

for n in "${sizes[@]}"; do
	sync_file "growth-$n" 'snapshot: hash' 'key: id' "source: {connection: bench, rows: $n}" \
		'destination: {connection: bench}' "$(plain id email name country amount visits created note)"
	quietly ferry "growth-$n"
	said "$n created"
	rm -rf "$dir/state/plans"
done
for ((i = 0; i < rounds; i++)); do
	for n in "${sizes[@]}"; do
		run "same-$n" "growth-$n"
		said "$n unchanged"
	done
done

echo 'Made-up rows of 8 columns, nothing changed.'
echo
echo '| rows | median | range | CPU | a million rows | memory | of the snapshot in memory |'
echo '| --- | --- | --- | --- | --- | --- | --- |'
for n in "${sizes[@]}"; do
	look "same-$n" "growth-$n"
	echo "| $(thousands "$n") | $(spent "same-$n") | $(calc "$(median "same-$n") * 1000000 / $n") s |" \
		"$(own "same-$n") MiB | $(mapped "same-$n") MiB |"
done
early=$(further "${sizes[0]}" "${sizes[1]}")
late=$(further "${sizes[1]}" "${sizes[2]}")
facts_begin
fact "time for a further row, up to $(thousands "${sizes[1]}")" "$early" ns
fact "time for a further row, from there to $(thousands "${sizes[2]}")" "$late" ns 'at most' "$(calc "$early * 1.1" %.0f)"
fact 'memory at the largest size' "$(own "same-${sizes[2]}")" MiB 'at most' 48
fact 'memory at the largest size, beyond that at the smallest' \
	"$(calc "$(own "same-${sizes[2]}") - $(own "same-${sizes[0]}")" %.1f)" MiB 'at most' 1
