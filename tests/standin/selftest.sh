#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Checks the stand-ins themselves: every trap they copy, every fault they can play, and that
# their counts are right. A stand-in that is wrong would make every other test wrong.

set -u -o pipefail

bin=${top_builddir:-.}/tests/standin
dir=$(mktemp -d)
checks=0 failures=0
pids=()

finish() {
	for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null; done
	wait
	rm -rf "$dir"
}
trap finish EXIT

for tool in curl jq; do
	command -v "$tool" >/dev/null || { echo "SKIP: no $tool"; exit 77; }
done

# start NAME OPTION...: runs a stand-in and sets port
start() {
	local name=$1
	shift
	rm -f "$dir/port"
	"$bin/$name" --listen 127.0.0.1:0 --port-file "$dir/port" "$@" >"$dir/$name.out" 2>&1 &
	pids+=($!)
	for _ in $(seq 200); do
		[ -s "$dir/port" ] && { port=$(cat "$dir/port"); return; }
		sleep 0.02
	done
	echo "$name does not start:"
	cat "$dir/$name.out"
	exit 1
}

# call METHOD PATH [BODY [CURL-OPTION...]]: sets status, body, rc; headers are in $dir/headers
call() {
	local method=$1 path=$2 data=${3-}
	shift $(($# > 3 ? 3 : $#))
	local args=(-s -S -o "$dir/body" -D "$dir/headers" -w '%{http_code}' -X "$method" -g)
	[ -n "$data" ] && args+=(-H 'Content-Type: application/json' --data-binary "$data")
	: >"$dir/body"
	status=$(curl "${args[@]}" "${auth[@]}" --path-as-is "$@" "http://127.0.0.1:$port$path" \
		2>/dev/null)
	rc=$?
	body=$(<"$dir/body")
}

# is WHAT EXPECTED ACTUAL
is() {
	checks=$((checks + 1))
	[ "$2" = "$3" ] && return
	failures=$((failures + 1))
	printf 'FAIL: %s\n  expected: %s\n  actual:   %s\n' "$1" "$2" "$3"
}

# answers WHAT STATUS [JQ-FILTER EXPECTED]
answers() {
	is "$1: status" "$2" "$status"
	[ $# -gt 2 ] && is "$1: body" "$4" "$(jq -c "$3" <<<"$body" 2>&1)"
}

fault() { call POST /_standin/faults "[$1]"; is "fault $1 accepted" 200 "$status"; }
count() { curl -s "http://127.0.0.1:$port/_standin/counts" | jq -c "$1"; }
clear_log() { call DELETE /_standin/log; }

events() { # events FROM TO: a batch of tx-FROM .. tx-TO
	jq -nc --argjson a "$1" --argjson b "$2" '{events: [range($a; $b + 1) | {
		transaction_id: "tx-\(.)", external_subscription_id: "sub", code: "kwh",
		timestamp: 1741219251, properties: {value: "1.234"}}]}'
}

# ---- Lago -----------------------------------------------------------------------------

auth=(-H 'Authorization: Bearer key-1')
start lago-standin --api-key key-1 --threads 2
C=/api/v1/customers B=/api/v1/events/batch

call GET /health
answers "health" 200 .message '"Success"'
auth=(-H 'Authorization: Bearer wrong')
call GET $C
answers "wrong key" 401 . '{"status":401,"error":"Unauthorized"}'
auth=(-H 'Authorization: Bearer key-1')
call GET /api/v1/nonsense
answers "unknown route" 404 .code '"resource_not_found"'

call POST $C '{"name":"x"}'
answers "wrapper missing" 400 .error \
	'"BadRequest: param is missing or the value is empty or invalid: customer"'
call POST $C '{"customer":'
answers "malformed" 400
call POST $C '{"customer":{"name":"x"}}'
answers "external_id" 422 . '{"status":422,"error":"Unprocessable Entity","code":"validation_errors","error_details":{"external_id":["value_is_mandatory"]}}'
call POST $C '{"customer":{"external_id":"a","email":"bad","country":"XX","currency":"EURO"}}'
answers "validations" 422 .error_details '{"email":["invalid_email_format"],"country":["not_a_valid_country_code"],"currency":["value_is_invalid"]}'
call POST $C "{\"customer\":{\"external_id\":\"a\",\"name\":\"$(printf 'é%.0s' {1..256})\"}}"
answers "long name" 422 .error_details.name '["value_is_too_long"]'
call POST $C '{"customer":{"external_id":"a","name":"A","country":"de","nmae":"typo"}}'
answers "create" 200 '.customer|[.name,.country,.nmae]' '["A","DE",null]'
id=$(jq -r .customer.lago_id <<<"$body")
call POST $C '{"customer":{"external_id":"a","email":"a@b.co, c@d.org","country":null}}'
answers "update assigns what is present" 200 '.customer|[.name,.email,.country,.lago_id]' \
	"[\"A\",\"a@b.co, c@d.org\",null,\"$id\"]"
call POST $C '{"customer":{"external_id":"a.b"}}'
call POST $C '{"customer":{"external_id":"x/y"}}'
call GET $C/a.b
answers "a dot cuts the id" 200 .customer.external_id '"a"'
call GET $C/a%2Eb
answers "an encoded dot does not" 200 .customer.external_id '"a.b"'
call GET $C/x%2Fy
answers "an encoded slash" 200 .customer.external_id '"x/y"'
call GET $C/j.doe@example.com
answers "two dots match no route" 404 .code '"resource_not_found"'

M='{"customer":{"external_id":"m","metadata":[{"key":"k","value":"v","display_in_invoice":true}]}}'
call POST $C "$M"
answers "metadata" 200 '.customer.metadata|length' 1
mid=$(jq -r '.customer.metadata[0].lago_id' <<<"$body")
call POST $C "$M"
answers "metadata again without id" 422 .error_details '{"key":["value_already_exist"]}'
call POST $C "{\"customer\":{\"external_id\":\"m\",\"metadata\":[{\"id\":\"$mid\",\"key\":\"k\",\"value\":\"w\"}]}}"
answers "metadata with id" 200 '.customer.metadata|map([.key,.value])' '[["k","w"]]'
call POST $C "{\"customer\":{\"external_id\":\"m\",\"metadata\":[{\"key\":\"other\",\"value\":\"w\"}]}}"
answers "metadata is replaced" 200 '.customer.metadata|map(.key)' '["other"]'
call DELETE $C/m
answers "delete" 200 .customer.external_id '"m"'
call DELETE $C/m
answers "delete again" 404 .code '"customer_not_found"'

call POST /_standin/seed '{"generate":{"customers":250}}'
call GET "$C?page=3&per_page=100"
answers "page" 200 '[(.customers|length),.meta]' \
	'[53,{"current_page":3,"next_page":null,"prev_page":2,"total_pages":3,"total_count":253}]'
call GET "$C?external_id=cust-000007"
answers "filter by external_id" 200 '.customers|map(.external_id)' '["cust-000007"]'
call GET "$C?per_page=2"
answers "newest first" 200 '.customers|map(.external_id)' '["cust-000250","cust-000249"]'
call GET /api/v1/wallets
answers "empty list" 200 .meta \
	'{"current_page":0,"next_page":null,"prev_page":null,"total_pages":0,"total_count":0}'

K='{"billable_metric":{"name":"kWh","code":"kwh","aggregation_type":"sum_agg"'
call POST /api/v1/billable_metrics "$K}}"
answers "metric needs a field" 422 .error_details '{"field_name":["value_is_mandatory"]}'
call POST /api/v1/billable_metrics "$K,\"field_name\":\"value\"}}"
answers "metric" 200 '.billable_metric|[.code,.field_name]' '["kwh","value"]'
kwh=$(jq -r .billable_metric.lago_id <<<"$body")
call POST /api/v1/billable_metrics "$K,\"field_name\":\"value\"}}"
answers "metric twice" 422 .error_details '{"code":["value_already_exist"]}'
plan() { jq -nc --arg c "$1" --argjson a "$2" --arg m "$3" '{plan:{name:$c,code:$c,interval:"monthly",
	amount_cents:$a,amount_currency:"EUR",pay_in_advance:false,
	charges:[{billable_metric_id:$m,charge_model:"standard",properties:{amount:"0.3"}}]}}'; }
call POST /api/v1/plans "$(plan ev 1000 nothing)"
answers "plan with unknown metric" 404 .code '"billable_metrics_not_found"'
call POST /api/v1/plans "$(plan ev 1000 "$kwh")"
answers "plan" 200 '.plan.charges|map(.billable_metric_code)' '["kwh"]'
call POST /api/v1/plans "$(plan big 2000 "$kwh")"
call POST /api/v1/plans "$(plan small 500 "$kwh")"
call PUT /api/v1/billable_metrics/kwh '{"billable_metric":{"name":"n","field_name":"kwh"}}'
answers "metric in use keeps its field" 200 '.billable_metric|[.name,.field_name]' '["n","value"]'

sub() { echo "{\"subscription\":{\"external_customer_id\":\"$1\",\"plan_code\":\"$2\",\"external_id\":\"$3\"${4-}}}"; }
S=/api/v1/subscriptions
call POST $S "$(sub nobody ev ' s1 ')"
answers "subscription, id stripped" 200 '.subscription|[.external_id,.status,.plan.code]' \
	'["s1","active","ev"]'
sid=$(jq -r .subscription.lago_id <<<"$body")
call GET $C/nobody
answers "its customer is made" 200 .customer.name null
call POST $S "$(sub nobody ev s1 ',"name":"new"')"
answers "same plan changes nothing" 200 '.subscription|[.lago_id,.name]' "[\"$sid\",null]"
call POST $S "$(sub a ev s1)"
answers "taken by another customer" 422 .error_details '{"external_id":["value_already_exist"]}'
call POST $S "$(sub nobody none s9)"
answers "unknown plan" 404 .code '"plan_not_found"'
call POST $S "$(sub nobody small s1)"
answers "downgrade waits" 200 '.subscription|[.lago_id,.plan_code,.next_plan_code]' \
	"[\"$sid\",\"ev\",\"small\"]"
call POST $S "$(sub nobody big s1)"
answers "upgrade is a new row" 200 '.subscription|[.lago_id != "'"$sid"'",.plan_code,.status]' \
	'[true,"big","active"]'
call GET "$S?external_id=s1"
answers "list: active only" 200 '.subscriptions|map(.status)' '["active"]'
call GET "$S?external_id=s1&status[]=active&status[]=terminated&status[]=pending"
answers "list: by status" 200 '.subscriptions|map(.status)|sort' \
	'["active","pending","terminated"]'
call DELETE $S/s1
answers "terminate" 200 .subscription.status '"terminated"'
call GET $S/s1
answers "terminated is not found" 404 .code '"subscription_not_found"'
call GET "$S/s1?status=terminated"
answers "unless asked for" 200 .subscription.status '"terminated"'

clear_log
call POST $B "$(events 1 100)"
answers "batch of 100" 200 '.events|length' 100
call POST $B "$(events 1 101)"
answers "batch of 101" 422 .error_details '{"events":["too_many_events"]}'
call POST $B '{"events":[]}'
answers "empty batch" 422 .error_details '{"events":["no_events"]}'
call POST $B "$(events 99 102)"
answers "duplicates, by index" 422 .error_details \
	'{"0":{"transaction_id":["value_already_exist"]},"1":{"transaction_id":["value_already_exist"]}}'
call POST $B '{"events":[{"transaction_id":"tx-1","code":"c","external_subscription_id":"sub"},{"code":"c","timestamp":"2026-01-01T00:00:00Z"},{}]}'
answers "fields before duplicates" 422 .error_details \
	'{"1":{"transaction_id":["value_is_mandatory"],"timestamp":["invalid_format"]},"2":{"transaction_id":["value_is_mandatory"],"code":["value_is_mandatory"]}}'
call POST $B '{"events":[{"transaction_id":"n","code":"c","external_subscription_id":"s1"},{"transaction_id":"n","code":"c","external_subscription_id":"s2"}]}'
answers "false duplicate across subscriptions" 422 '.error_details|keys' '["1"]'
X='{"transaction_id":"e","code":"c","properties":{"__expression_error":""}}'
call POST $B "{\"events\":[$X]}"
answers "expression in a batch" 422 .error_details \
	'{"0":"expression_evaluation_failed: Variable: b not found"}'
call POST /api/v1/events "{\"event\":$X}"
answers "expression alone" 422 '.error_details|type' '"string"'
call GET "/_standin/state/events?summary=1"
answers "atomic, summed" 200 . '{"count":100,"distinct_transaction_ids":100,"sum_value":"123.400"}'
is "counts of batches" \
	'[8,8,0,100,{"POST /api/v1/events":1,"POST /api/v1/events/batch":7},{"200":1,"422":7}]' \
	"$(count '[.total,.writes,.reads,.rows_written,(.by_route|to_entries|sort_by(.key)|from_entries),.by_status]')"
call GET /_standin/log
answers "log" 200 '[.[0]|.method,.path,.status,.fault,.rows]' \
	"[\"POST\",\"$B\",200,null,100]"
is "log keeps 4 KB of the body" true "$(jq -c '.[0].bytes > 4096 and (.[0].body|length) == 4096' <<<"$body")"
call GET /_standin/log?since="$(jq '.[-2].n' <<<"$body")"
answers "log since" 200 'length' 1
call POST /api/v1/events '{"event":{"transaction_id":"t/1","code":"c","external_subscription_id":"o","timestamp":"1741219251.590","properties":{"value":0.10,"n":12345678901234567}}}'
answers "numbers stay as sent" 200 '.event|[.timestamp,.lago_customer_id]' \
	'["2025-03-06T00:00:51.590Z",null]'
is "numbers stay as sent: text" 1 "$(grep -c '"value":0.10,"n":12345678901234567' "$dir/body")"
call GET /api/v1/events/t%2F1
answers "event by id" 200 .event.transaction_id '"t/1"'
call GET "/api/v1/events?external_subscription_id=sub&per_page=2"
answers "events filtered" 200 '[.meta.total_count,.events[0].transaction_id]' '[100,"tx-1"]'
call GET "/api/v1/events?timestamp_from=soon"
answers "bad date" 422 .error_details '{"timestamp_from":["invalid_date"]}'
call POST /api/v1/events '{"event":{"transaction_id":"t/1","code":"c","external_subscription_id":"o"}}'
answers "duplicate alone" 422 .error_details '{"transaction_id":["value_already_exist"]}'

call POST /_standin/seed '{"invoices":[{"lago_id":"i1","external_customer_id":"a","fees":[1],"issuing_date":"2026-02-28","total_amount_cents":123},{"lago_id":"i2","external_customer_id":"a","status":"draft"}],"wallets":[{"lago_id":"w1","external_customer_id":"a"}]}'
call GET /api/v1/invoices
answers "invoices have no fees in lists" 200 '.invoices|map([.lago_id,.fees,.customer.external_id])' \
	'[["i1",null,"a"],["i2",null,"a"]]'
call GET /api/v1/invoices/i1
answers "one invoice has" 200 '.invoice|[.fees,.total_amount_cents]' '[[1],123]'
call GET "/api/v1/wallets?external_customer_id=nope"
answers "wallets of nobody" 404 .code '"customer_not_found"'
call DELETE /_standin/state/wallets/w1
call GET /api/v1/wallets
answers "a row can vanish" 200 .meta.total_count 0
call GET "$C?account_type[]=bad"
answers "a filter's error is nested" 422 '.error_details.account_type["0"][0]' \
	'"must be one of: customer, partner"'
call GET "$C?currencies[]=EUR&external_id=cust-000007"
answers "customers by currency" 200 '.customers|map(.external_id)' '["cust-000007"]'

# -- plans, written

P=/api/v1/plans
one_charge() { echo "{\"plan\":{\"charges\":[{$1\"billable_metric_id\":\"$kwh\",\"charge_model\":\"standard\",\"properties\":{\"amount\":$2}}]}}"; }
call POST $P "$(plan own 700 "$kwh")"
answers "fixed charges in a single answer" 200 .plan.fixed_charges '[]'
cid=$(jq -r '.plan.charges[0].lago_id' <<<"$body")
call GET $P
answers "and not in a list" 200 '.plans|map(has("fixed_charges"))|any' false
call POST $P "$(plan own 700 "$kwh")"
answers "plan twice" 422 .error_details '{"code":["value_already_exist"]}'
call PUT $P/nope '{"plan":{"name":"n"}}'
answers "PUT of no plan" 404 .code '"plan_not_found"'
call PUT $P/own '{"plan":{"name":"n"}}'
answers "absent charges stay" 200 '.plan|[.name,.charges[0].lago_id == "'"$cid"'"]' '["n",true]'
call PUT $P/own "$(one_charge "\"id\":\"$cid\"," '"0.4"')"
answers "a charge with its id stays itself" 200 '.plan.charges|map([.lago_id == "'"$cid"'",.properties.amount])' \
	'[[true,"0.4"]]'
call PUT $P/own "$(one_charge "" '"0.4"')"
answers "without it it is made anew" 200 '.plan.charges|map(.lago_id == "'"$cid"'")' '[false]'
call PUT $P/own "$(one_charge "" 0.4)"
answers "an amount that is a number" 422 .error_details '{"properties":["invalid_amount"]}'
call PUT $P/own '{"plan":{"charges":[{"billable_metric_id":"x","charge_model":"standard"}]}}'
answers "a charge of no metric" 404 .code '"billable_metrics_not_found"'
call PUT $P/own '{"plan":{"interval":"yearly","bill_charges_monthly":true}}'
answers "billed monthly" 200 .plan.bill_charges_monthly true
call PUT $P/own '{"plan":{"description":"d"}}'
answers "a PUT without the interval forgets that" 200 '.plan|[.interval,.bill_charges_monthly]' \
	'["yearly",null]'
call PUT $P/big '{"plan":{"name":"B","amount_cents":2100,"interval":"weekly","amount_currency":"USD","pay_in_advance":true,"trial_period":5}}'
answers "a plan in use changes little" 200 \
	'.plan|[.name,.amount_cents,.interval,.amount_currency,.pay_in_advance]' \
	'["B",2100,"monthly","EUR",false]'

call GET $P/own/charges
answers "charges" 200 '[(.charges|map(.code)),.meta.total_count]' '[["kwh"],1]'
call PUT $P/own/charges/kwh '{"charge":{"properties":{"amount":"0.5"},"invoice_display_name":"I"}}'
answers "one charge changed" 200 '.charge|[.properties.amount,.invoice_display_name]' '["0.5","I"]'
charge() { echo "{\"charge\":{\"billable_metric_id\":\"$kwh\",\"code\":\"$1\",\"charge_model\":\"$2\",\"properties\":$3}}"; }
call POST $P/own/charges "$(charge kwh standard '{"amount":"1"}')"
answers "a code of the plan's own" 422 .error_details '{"code":["value_already_exist"]}'
call POST $P/own/charges "$(charge pack package '{"amount":"1","package_size":0,"free_units":0}')"
answers "package" 422 .error_details '{"properties":["invalid_package_size"]}'
call POST $P/own/charges "$(charge grad graduated '{}')"
answers "no ranges" 422 .error_details '{"properties":["missing_graduated_ranges"]}'
R1='{"from_value":0,"to_value":10,"per_unit_amount":"1","flat_amount":"0"}'
call POST $P/own/charges "$(charge grad graduated "{\"graduated_ranges\":[$R1]}")"
answers "ranges that end" 422 .error_details '{"properties":["invalid_graduated_ranges"]}'
call POST $P/own/charges "$(charge grad graduated "{\"graduated_ranges\":[$R1,{\"from_value\":11,\"to_value\":null,\"per_unit_amount\":\"1\",\"flat_amount\":\"0\"}]}")"
answers "ranges" 200 .charge.code '"grad"'
call PUT $P/own/charges/grad "$(charge grad sum '{}')"
answers "no such model" 422 .error_details '{"charge_model":["value_is_invalid"]}'
call DELETE $P/own/charges/grad
answers "one charge goes" 200 .charge.code '"grad"'
call GET $P/own/charges/grad
answers "it is gone" 404 .code '"charge_not_found"'
call GET $P/nope/charges
answers "charges of no plan" 404 .code '"plan_not_found"'
call PUT $P/ev/charges/kwh '{"charge":{"charge_model":"package","properties":{"amount":"0.9"}}}'
answers "nor does a charge in use" 200 '.charge|[.charge_model,.properties.amount]' \
	'["standard","0.9"]'
call DELETE $P/own
answers "a plan is marked" 200 .plan.pending_deletion true
call GET $P/own
answers "and stays" 200 .plan.pending_deletion true
call POST /_standin/jobs
call GET $P/own
answers "until the job has run" 404 .code '"plan_not_found"'
call POST /api/v1/billable_metrics '{"billable_metric":{"name":"w","code":"w","field_name":"f","aggregation_type":"weighted_sum_agg","weighted_interval":"days"}}'
answers "weighted interval" 422 .error_details '{"weighted_interval":["value_is_invalid"]}'
call POST /api/v1/billable_metrics '{"billable_metric":{"name":"w","code":"w","aggregation_type":"custom_agg"}}'
answers "custom aggregation" 403 .code '"feature_unavailable"'

# -- wallets

W=/api/v1/wallets
wallet() { echo "{\"wallet\":{\"external_customer_id\":\"$1\",\"rate_amount\":\"1\",\"currency\":\"EUR\"${2-}}}"; }
call POST $W "$(wallet nope)"
answers "wallet of nobody" 422 .error_details '{"customer":["customer_not_found"]}'
call POST $W '{"wallet":{"external_customer_id":"a","currency":"EUR","rate_amount":1,"paid_credits":5}}'
answers "numbers for decimals" 422 .error_details \
	'{"rate_amount":["invalid_amount"],"paid_credits":["invalid_paid_credits","invalid_amount"]}'
call POST $W "$(wallet a ',"code":"main","granted_credits":"10.5","paid_credits":"3","applies_to":{"fee_types":["charge"],"billable_metric_codes":["kwh"]},"rate":1')"
answers "credits arrive later" 200 '.wallet|[.credits_balance,.status,.applies_to.billable_metric_codes]' \
	'["0.0","active",["kwh"]]'
wid=$(jq -r .wallet.lago_id <<<"$body")
call GET $W/$wid
answers "granted ones at once" 200 '.wallet|[.credits_balance,.balance_cents]' '["10.5",1050]'
call POST $W "$(wallet a ',"code":"main"')"
answers "wallet twice" 422 .error_details '{"code":["value_already_exist"]}'
call GET $C/a/wallets/main
answers "by the codes" 200 .wallet.lago_id "\"$wid\""
call GET $C/x/wallets/main
answers "customer of the path" 404 .code '"customer_not_found"'
call GET $C/a.b/wallets/main
answers "a dot within the path" 404 .code '"resource_not_found"'
call GET $C/a%2Eb/wallets/main
answers "encoded" 404 .code '"wallet_not_found"'
call PUT $W/$wid '{"wallet":{"name":"N","rate_amount":"7","currency":"USD"}}'
answers "PUT empties the targets, keeps rate and currency" 200 \
	'.wallet|[.name,.rate_amount,.currency,.applies_to.fee_types,.applies_to.billable_metric_codes]' \
	'["N","1.0","EUR",["charge"],[]]'
call PUT $C/a/wallets/main '{"wallet":{"priority":51,"expiration_at":"2020-01-01T00:00:00Z","metadata":{"a":1}}}'
answers "wallet checks" 422 .error_details \
	'{"priority":["value_is_out_of_range"],"expiration_at":["invalid_date"],"metadata":"invalid_key_value_pair"}'
call PUT $W/$wid '{"wallet":{"applies_to":{"billable_metric_codes":["none"]}}}'
answers "unknown target" 404 .code '"billable_metrics_not_found"'
for i in 2 3 4 5 6; do call POST $W "$(wallet a ',"name":"More"')"; done
answers "a code of its own" 200 .wallet.code '"more_5"'
call POST $W "$(wallet a)"
answers "six at most" 422 .error_details '{"customer":["wallet_limit_reached"]}'
call GET "$W?external_customer_id=a&per_page=2"
answers "wallets, newest first" 200 '[.meta.total_count,(.wallets|map(.code))]' '[6,["more_5","more_4"]]'

T=/api/v1/wallet_transactions
top_up='{"wallet_transaction":{"wallet_id":"'$wid'","granted_credits":"2","voided_credits":"0.5","metadata":[{"key":"etl","value":"k1"}]}}'
call POST $T "$top_up"
answers "top-up" 200 '.wallet_transactions|map([.transaction_status,.status,.transaction_type,.credit_amount])' \
	'[["granted","settled","inbound","2.0"],["voided","settled","outbound","0.5"]]'
call POST $T "$top_up"
call GET $W/$wid
answers "again, and it is there twice" 200 .wallet.credits_balance '"13.5"'
call GET "$W/$wid/wallet_transactions?metadata[etl]=k1&transaction_status=granted"
answers "found by metadata" 200 .meta.total_count 2
call GET "$W/$wid/wallet_transactions?status=pending"
answers "what is paid for waits" 200 '.wallet_transactions|map(.transaction_status)' '["purchased"]'
tid=$(jq -r '.wallet_transactions[0].lago_id' <<<"$body")
call GET "$W/$wid/wallet_transactions?status=nonsense"
answers "a bad filter is ignored" 200 .meta.total_count 6
call GET $T/$tid
answers "one transaction" 200 .wallet_transaction.credit_amount '"3.0"'
call POST $T '{"wallet_transaction":{"wallet_id":"'$wid'","voided_credits":"99"}}'
answers "more than there is" 422 .error_details '{"voided_credits":["insufficient_credits"]}'
call POST $T '{"wallet_transaction":{"wallet_id":"x","granted_credits":"1"}}'
answers "no wallet" 422 .error_details '{"wallet_id":["wallet_not_found"]}'
call POST $T "$(jq -nc --arg w "$wid" '{wallet_transaction:{wallet_id:$w,granted_credits:"1",metadata:[range(16)|{key:"k\(.)",value:"v"}]}}')"
answers "an error that is a text" 422 .error_details '{"metadata":"too_many_keys"}'
call DELETE $W/$wid
answers "a wallet ends" 200 .wallet.status '"terminated"'
call DELETE $W/$wid
answers "again" 200 .wallet.status '"terminated"'
call PUT $W/$wid '{"wallet":{"name":"x"}}'
answers "a terminated wallet" 422 .error_details '{"wallet_id":["wallet_is_terminated"]}'
call POST $T "$top_up"
answers "gets no credits" 422 .error_details '{"wallet_id":["wallet_is_terminated"]}'
call POST $W "$(wallet a ',"code":"main"')"
answers "its code is free" 200 '.wallet.lago_id != "'$wid'"' true

# -- invoices, written

I=/api/v1/invoices
call POST /_standin/seed '{"add_ons":[{"code":"setup","name":"Setup","amount_cents":500}]}'
invoice() { echo "{\"invoice\":{\"external_customer_id\":\"$1\",\"currency\":\"EUR\",\"fees\":$2,\"purchase_order_number\":\"po-1\"}}"; }
call POST $I "$(invoice nope '[]')"
answers "invoice of nobody" 404 .code '"customer_not_found"'
call POST $I "$(invoice a '[]')"
answers "no fees" 404 .code '"fees_not_found"'
call POST $I "$(invoice a '[{"add_on_code":"none"}]')"
answers "no add-on" 404 .code '"add_on_not_found"'
call POST $I "$(invoice a '[{"add_on_code":"setup"},{"add_on_code":"setup","unit_amount_cents":150,"units":"2.5"}]')"
answers "one-off invoice" 200 '.invoice|[.invoice_type,.status,.total_amount_cents,(.fees|map(.amount_cents))]' \
	'["one_off","finalized",875,[500,375]]'
iid=$(jq -r .invoice.lago_id <<<"$body")
call POST $I "$(invoice a '[{"add_on_code":"setup"}]')"
call GET "$I?purchase_order_number=po-1"
answers "again, and it is there twice" 200 .meta.total_count 2
call GET "$I?statuses[]=draft&statuses[]=voided"
answers "invoices by status" 200 '.invoices|map(.lago_id)' '["i2"]'
IM='{"invoice":{"payment_status":"succeeded","metadata":[{"key":"k","value":"v"}]}}'
call PUT $I/$iid "$IM"
answers "paid, with metadata" 200 '.invoice|[.payment_status,(.metadata|map(.key))]' '["succeeded",["k"]]'
call PUT $I/$iid "$IM"
answers "metadata again without id" 422 .error_details '{"key":["value_already_exist"]}'
call GET "$I?metadata[k]=v"
answers "invoices by metadata" 200 '.invoices|map(.lago_id == "'$iid'")' '[true]'
call PUT $I/$iid '{"invoice":{"payment_status":"paid"}}'
answers "no such payment status" 422 .error_details '{"payment_status":["value_is_invalid"]}'
call PUT $I/i2 '{"invoice":{"payment_status":"succeeded"}}'
answers "draft" 405 . '{"status":405,"error":"Method Not Allowed","code":"payment_status_update_on_draft_invoice"}'
call PUT $I/i2 '{"invoice":{"metadata":[]}}'
answers "draft, metadata" 405 .code '"metadata_on_draft_invoice"'
call POST $I/i2/void
answers "a draft cannot be void" 405 .code '"not_voidable"'
call POST $I/$iid/void
answers "void" 200 .invoice.status '"voided"'
call POST $I/$iid/void
answers "once" 405 .code '"not_voidable"'
call PUT $I/$iid '{"invoice":{"payment_status":"failed"}}'
answers "a void one is left alone" 405 .code '"update_on_voided_invoice"'
call DELETE $I/i1
answers "only drafts are deleted" 405 .code '"not_deletable"'
call DELETE $I/i2
call GET "$C/a/invoices?amount_to=600"
answers "a customer's invoices" 200 '.invoices|map(.total_amount_cents)|sort' '[123,500]'
call DELETE $C/a
call GET $W
answers "a customer takes the wallets along" 200 '.wallets|map(.status)|unique' '["terminated"]'

# ---- faults ---------------------------------------------------------------------------

call POST /_standin/faults '[{"route":"POST /api/v1/event","kind":"500"}]'
answers "a fault for no route is refused" 400
clear_log
one() { events "$1" "$1"; }
fault '{"route":"POST /api/v1/events/batch","kind":"429","after":1,"retry_after":2,"reset":7}'
call POST $B "$(one 201)"; answers "after: not yet" 200
call POST $B "$(one 202)"; answers "429" 429
is "429 headers" "2 0 7" "$(tr -d '\r' <"$dir/headers" | awk '
	tolower($1) ~ /^(retry-after|x-ratelimit-(remaining|reset)):/ {printf "%s%s", s, $2; s=" "}')"
call POST $B "$(one 202)"; answers "429 once" 200
fault '{"route":"*","kind":"429"}'
call POST $B "$(one 203)"; answers "bare 429" 429
is "429 without headers" 0 "$(grep -ci 'retry-after\|ratelimit' "$dir/headers")"
fault '{"route":"POST /api/v1/events/batch","kind":"500","times":2}'
call POST $B "$(one 203)"; answers "500" 500
call POST $B "$(one 203)"; answers "500 twice" 500
is "500 is no JSON" 1 "$(grep -c '<html>' "$dir/body")"
fault '{"route":"*","kind":"500_after"}'
call POST $B "$(one 204)"; answers "500_after" 500
call POST $B "$(one 204)"; answers "500_after did it" 422
fault '{"route":"*","kind":"cut_before"}'
call POST $B "$(one 205)"; is "cut_before" 52 "$rc"
fault '{"route":"*","kind":"cut_after_write"}'
call POST $B "$(one 205)"; is "cut_after_write" 52 "$rc"
call POST $B "$(one 205)"; answers "cut_after_write did it, cut_before did not" 422
fault '{"route":"*","kind":"invalid_json"}'
call POST $B "$(one 206)"; answers "invalid_json" 200
is "invalid_json is none" no "$(jq . <<<"$body" >/dev/null 2>&1 && echo yes || echo no)"
fault '{"route":"*","kind":"expired_key"}'
call POST $B "$(one 207)"; answers "expired_key" 401 .error '"Unauthorized"'
fault '{"route":"*","kind":"html"}'
call POST $B "$(one 207)"; answers "html" 200
is "html is" 1 "$(grep -ci '^content-type: text/html' "$dir/headers")"
fault '{"route":"*","kind":"slow","delay_ms":300}'
before=$(date +%s%N)
call POST $B "$(one 208)"; answers "slow" 200
is "slow is slow" true "$([ $((($(date +%s%N) - before) / 1000000)) -ge 300 ] && echo true)"
fault '{"route":"*","kind":"hang"}'
call POST $B "$(one 209)" -m 0.3; is "hang" 28 "$rc"
call POST $B "$(one 209)"; answers "hang did nothing" 200
fault '{"route":"POST /api/v1/customers","kind":"reject_value","field":"email","value":"bad@x","code":"invalid_email_format"}'
call POST $C '{"customer":{"external_id":"r","email":"good@x.org"}}'; answers "not rejected" 200
call POST $C '{"customer":{"external_id":"r","email":"bad@x"}}'
answers "rejected" 422 .error_details '{"email":["invalid_email_format"]}'
fault '{"route":"POST /api/v1/events/batch","kind":"reject_value","field":"value","value":"9"}'
call POST $B '{"events":[{"transaction_id":"q1","code":"c"},{"transaction_id":"q2","code":"c","properties":{"value":"9"}}]}'
answers "rejected property" 422 .error_details '{"1":{"value":["value_is_invalid"]}}'
call GET /_standin/faults
answers "hits of faults" 200 'map(.hits)' '[1,1,2,1,1,1,1,1,1,1,1,1,1]'
call GET /_standin/log
is "the log names faults" '["429","429","500","500","500_after","cut_before","cut_after_write","invalid_json","expired_key","html","slow","hang","reject_value","reject_value"]' \
	"$(jq -c 'map(.fault|select(.))' <<<"$body")"
is "no answer is status 0" 3 "$(count '.by_status["0"]')"
is "rows written" 8 "$(count .rows_written)"
call DELETE /_standin/faults
call GET /_standin/faults; answers "faults cleared" 200 . '[]'
call DELETE /_standin/state
call GET /_standin/state; answers "state emptied" 200 '[.customers,.events]' '[[],[]]'
fault '{"route":"*","kind":"hang"}'
curl -s -m 20 "${auth[@]}" "http://127.0.0.1:$port$C" & hung=$!
sleep 0.2
kill "${pids[0]}"
wait "${pids[0]}"; is "ends on SIGTERM, a request hanging" 0 $?
wait $hung; is "which is cut" 52 $?

start lago-standin --store clickhouse
auth=()
call POST /api/v1/events '{"event":{"transaction_id":"t","code":"c","timestamp":1,"properties":{"value":"1"}}}'
answers "clickhouse" 200 '.event|[.lago_id,.created_at]' '[null,null]'
call POST /api/v1/events '{"event":{"transaction_id":"t","code":"c","timestamp":1,"properties":{"value":"2"}}}'
call POST /api/v1/events '{"event":{"transaction_id":"t","code":"c","properties":{"value":"4"}}}'
call GET /_standin/state/events?summary=1
answers "latest replaces, without a timestamp twice" 200 . \
	'{"count":2,"distinct_transaction_ids":1,"sum_value":"6.000"}'

start lago-standin --rate-limit 2
call GET $C
is "limits are counted down" "2 1 1" "$(tr -d '\r' <"$dir/headers" | awk '
	tolower($1) ~ /^x-ratelimit-/ {printf "%s%s", s, $2; s=" "}')"
for _ in 1 2 3 4 5 6; do call GET $C; [ "$status" = 429 ] && break; done
answers "and kept" 429

# ---- SteVe ----------------------------------------------------------------------------

start steve-standin --user u --password p:w
T=/steve/api/v1/ocppTags R=/steve/api/v1/transactions
call GET $T
answers "no credentials" 401 '[.status,.error,.path]' \
	"[401,\"Unauthorized\",\"http://127.0.0.1:$port$T\"]"
is "no WWW-Authenticate" 0 "$(grep -ci www-authenticate "$dir/headers")"
call GET /other/api/v1/ocppTags
answers "outside the context path" 404
is "a page" "<html>" "${body:0:6}"
auth=(-u u:p:w)
call POST /_standin/seed '{"generate":{"transactions":100,"tags":10,"start":"2026-01-01T00:00:00Z","step_seconds":60,"open":2}}'
call GET $R
answers "transactions, newest first" 200 \
	'[length,.[0].id,.[99].id,.[0].stopTimestamp,.[99].startValue,.[99].stopValue]' \
	'[100,100,1,null,"0","5000"]'
call GET "$R?periodType=FROM_TO&from=2026-01-01T00:10:00Z&to=2026-01-01T00:20:00Z"
answers "FROM_TO includes both ends" 200 'map(.id)|[length,max,min]' '[11,21,11]'
call GET "$R?periodType=FROM_TO&from=2026-01-01T00:10:00%2B00:00&to=2026-01-01T00:10:00Z"
answers "to must be after from" 400 .message '"Error understanding the request"'
call GET "$R?periodType=FROM_TO&from=2026-01-01T00:10:00Z"
answers "both ends needed" 400
call GET "$R?from=2026-01-01T00:10:00Z"
answers "from alone is ignored" 200 length 100
call GET "$R?type=ACTIVE"
answers "ACTIVE" 200 'map(.id)' '[100,99]'
call GET "$R?type=active"
answers "unknown type" 400
call GET "$R?transactionPk=3&transactionPk=7&transactionPk=3&transactionPk=999"
answers "several keys" 200 'map(.id)' '[7,3]'
call GET "$R?ocppIdTag=tag000001&ocppIdTag=TAG000002&chargeBoxId=CB-001"
answers "by tag and box" 200 'map(.ocppIdTag)|unique' '["TAG000001"]'
call GET $R/5
answers "one transaction" 200 '[.transaction.id,.values]' '[5,[]]'
call GET $R/500
answers "no transaction" 404 .message "\"There is no transaction with id '500'\""
call GET $R/x
answers "no number" 400
call PATCH $R/100/stop
answers "stop" 200
is "stop has no body" "" "$body"
call GET $R/100
answers "stopped by hand" 200 '.transaction|[.stopEventActor,.stopTimestamp != null]' \
	'["manual",true]'

call GET "$T?idTag=tag000001"
answers "tag by id, without case" 200 'map([.ocppTagPk,.idTag,.blocked,.inTransaction])' \
	'[[1,"TAG000001",false,false]]'
call GET "$T?inTransaction=TRUE"
answers "tags in transaction" 200 'map(.idTag)' '["TAG000009"]'
call POST $T '{"idTag":"NEW","maxActiveTransactionCount":0,"note":"n","unknown":1}'
answers "tag made" 201 '[.ocppTagPk,.blocked,.note,.userPk]' '[11,true,"n",null]'
call POST $T '{"idTag":"new"}'
answers "tag exists" 422 .message "\"The idTag 'new' exists already.\""
call POST $T '{"idTag":"N2","parentIdTag":"NOPE"}'
answers "unknown parent on POST" 422
call GET "$T?blocked=TRUE"
answers "blocked" 200 'map(.idTag)' '["NEW"]'
call PUT $T/11 '{"idTag":"RENAMED"}'
answers "PUT replaces all but the id" 200 '[.idTag,.maxActiveTransactionCount,.blocked,.note]' \
	'["NEW",1,false,null]'
call PUT $T/11 '{"idTag":"NEW","parentIdTag":"NOPE"}'
answers "unknown parent on PUT" 500
call PUT $T/11 '{"idTag":"NEW","expiryDate":"2020-01-01T00:00:00Z"}'
answers "expiry in the past" 400 .message '"Error understanding the request"'
call POST $T '{"idTag":"with blank"}'
answers "bad idTag" 400
call POST $T '{"idTag":'
answers "malformed JSON" 500 .status 500
call PUT $T/11 '{"idTag":"NEW","parentIdTag":"TAG000001","expiryDate":"2999-01-01T00:00:00+01:00"}'
answers "parent and expiry" 200 '[.parentOcppTagPk,.expiryDate]' '[1,"2998-12-31T23:00:00.000Z"]'
call DELETE $T/1
answers "a parent cannot go" 500
call DELETE $T/2
answers "a tag goes" 200 .idTag '"TAG000002"'
call GET "$R?ocppIdTag=TAG000002"
answers "with its transactions" 200 length 0
call GET $T/2
answers "gone" 404 .message '"Could not find this ocppTag"'

call POST /_standin/transactions '{"id":99,"stopTimestamp":"2026-01-02T00:00:00Z","stopValue":"123"}'
answers "a test can stop one" 200 '.[0]|[.id,.stopValue]' '[99,"123"]'
call POST /_standin/transactions '[{"ocppIdTag":"OTHER","startValue":"7"},{"ocppIdTag":"OTHER"}]'
answers "or begin some" 200 'map(.id)' '[101,102]'
call POST /_standin/tags '{"idTag":"NEW","note":"edited"}'
answers "or edit a tag in place" 200 '.[0]|[.ocppTagPk,.note,.parentIdTag]' '[11,"edited","TAG000001"]'
call DELETE /_standin/transactions/101
call GET "$T?idTag=OTHER"
answers "or take one away" 200 '.[0].activeTransactionCount' 1
fault '{"route":"GET /api/v1/transactions","kind":"expired_key"}'
call GET $R; answers "expired key" 401
is "counts by template" '{"GET /api/v1/transactions/{transactionPk}":4,"PATCH /api/v1/transactions/{transactionPk}/stop":1}' \
	"$(count '.by_route|with_entries(select(.key|test("Pk}.*$") and test("transactions")))')"

start steve-standin --version 3.10 --context-path /
auth=()
call POST /_standin/seed '{"generate":{"transactions":5,"tags":1}}'
call GET "/api/v1/transactions?transactionPk=3&transactionPk=4"
answers "before 3.11 the first key alone" 200 'map(.id)' '[3]'
call GET /api/v1/transactions/3
answers "before 3.12 no single transaction" 404
fault '{"route":"GET /api/v1/transactions","kind":"cut_in_answer"}'
call GET /api/v1/transactions
is "cut in the answer" 18 "$rc"
is "half of it came" '[{"id":5,' "${body:0:9}"

start steve-standin --version 3.7 --api-key k1 --api-key-header X-KEY --user u --password p
call GET $T
answers "up to 3.7 a key" 401
auth=(-u u:p)
call GET $T
answers "and no user" 401
auth=(-H 'x-key: k1')
call GET $T
answers "in a header that has its own name" 200
call GET "$R?periodType=FROM_TO&from=2026-01-01T00:10:00.000&to=2026-01-01T00:20:00"
answers "and times without zone" 200
call GET "$R?periodType=FROM_TO&from=2026-01-01T00:10:00Z&to=2026-01-01T00:20:00Z"
answers "but none with one" 400
call GET "$R?type=STOPPED"
answers "STOPPED came with 3.8" 400
call POST $T '{"idTag":"A","expiryDate":"2999-01-01T00:00:00.000"}'
answers "an expiry without zone" 201
start steve-standin --version 3.8 --api-key k1 --user u --password p
call GET $T
answers "from 3.8 on the key is nothing" 401
auth=()

for i in 1 2 3 4; do
	kill -INT "${pids[$i]}"
	wait "${pids[$i]}"
	is "clean exit $i" 0 $?
done

echo "$checks checks, $failures failed"
[ "$failures" = 0 ]
