/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wallet transactions of the Lago stand-in. The same request twice tops up twice; only metadata
 * tells one from another. What is paid for stays pending, since nobody pays here.
 */
#include "lago-standin.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const __int128 nano = 1000000000;

static const char blank_transaction[] =
	"{\"lago_id\":null,\"lago_wallet_id\":null,\"lago_invoice_id\":null,"
	"\"lago_credit_note_id\":null,\"lago_voided_invoice_id\":null,\"status\":\"settled\","
	"\"source\":\"manual\",\"transaction_status\":null,\"transaction_type\":null,"
	"\"amount\":\"0.0\",\"credit_amount\":\"0.0\","
	"\"invoice_requires_successful_payment\":false,\"metadata\":[],"
	"\"remaining_amount_cents\":null,\"remaining_credit_amount\":null,\"priority\":50,"
	"\"settled_at\":null,\"failed_at\":null,\"created_at\":null,\"name\":null,"
	"\"applied_invoice_custom_sections\":[],\"payment_method\":null,"
	"\"purchase_order_number\":null}";

static const struct {
	const char *member, *status, *kind, *type;
	int sign;
} kinds[] = {
	{"paid_credits", "pending", "purchased", "inbound", 0},
	{"granted_credits", "settled", "granted", "inbound", 1},
	{"voided_credits", "settled", "voided", "outbound", -1},
};

static const char *const members[] = {"paid_credits", "granted_credits", "voided_credits"};

static const struct lago_field fields[] = {
	{"name", LAGO_TEXT, 0, NULL},
	{"invoice_requires_successful_payment", LAGO_BOOL, 0, NULL},
	{"priority", LAGO_INT, 0, NULL},
	{"metadata", LAGO_ARRAY, 0, NULL},
	{"purchase_order_number", LAGO_TEXT, 0, NULL},
};

void lago_format_decimal(__int128 value, char out[64])
{
	bool negative = value < 0;
	unsigned __int128 n = (unsigned __int128)(negative ? -value : value);
	unsigned long long whole = (unsigned long long)(n / nano);
	unsigned long long part = (unsigned long long)(n % nano);
	int len = snprintf(out, 64, "%s%llu.%09llu", negative ? "-" : "", whole, part);

	while (out[len - 1] == '0' && out[len - 2] != '.')
		out[--len] = '\0';
}

static __int128 decimal_of(struct json_object *o, const char *key)
{
	__int128 value = 0;

	return lago_decimal(json_member(o, key), &value) ? value : 0;
}

/* Credits are floored to five decimals. */
static __int128 credits_of(struct json_object *in, const char *key)
{
	__int128 value = decimal_of(in, key);

	return value - value % (nano / 100000);
}

void lago_check_credits(struct json_object *in, const char *const *names, size_t n,
			struct json_object *details)
{
	for (size_t i = 0; i < n; i++) {
		struct json_object *v = json_member(in, names[i]);
		__int128 value;
		char code[64];

		if (!v || lago_decimal(v, &value))
			continue;
		snprintf(code, sizeof(code), "invalid_%s", names[i]);
		lago_detail(details, names[i], code);
		lago_detail(details, names[i], "invalid_amount");
	}
}

/* -- booking ------------------------------------- */

static void set_decimal(struct json_object *o, const char *key, __int128 value)
{
	char text[64];

	lago_format_decimal(value, text);
	lago_set_text(o, key, text);
}

static void move_balance(struct json_object *wallet, __int128 credits)
{
	__int128 balance = decimal_of(wallet, "credits_balance") + credits;
	__int128 cents = balance * decimal_of(wallet, "rate_amount") / nano / (nano / 100);

	set_decimal(wallet, "credits_balance", balance);
	set_decimal(wallet, "credits_ongoing_balance", balance);
	json_object_object_add(wallet, "balance_cents", json_object_new_int64((int64_t)cents));
	json_object_object_add(wallet, "ongoing_balance_cents",
			       json_object_new_int64((int64_t)cents));
}

static struct json_object *new_transaction(struct lago *l, size_t kind, struct json_object *wallet,
					   struct json_object *in, __int128 credits)
{
	struct json_object *o = json_constant(blank_transaction);

	lago_stamp(l, o);
	lago_set_text(o, "lago_wallet_id", json_member_text(wallet, "lago_id"));
	lago_set_text(o, "status", kinds[kind].status);
	lago_set_text(o, "transaction_status", kinds[kind].kind);
	lago_set_text(o, "transaction_type", kinds[kind].type);
	lago_assign(o, in, fields, COUNT(fields), NULL);
	if (!json_member(o, "metadata"))
		json_object_object_add(o, "metadata", json_object_new_array());
	set_decimal(o, "credit_amount", credits);
	set_decimal(o, "amount", credits * decimal_of(wallet, "rate_amount") / nano);
	if (kinds[kind].sign)
		lago_set_now(o, "settled_at");
	return o;
}

void lago_transactions_book(struct lago *l, struct lago_row *row, struct json_object *in,
			    struct json_object *out)
{
	struct json_object *wallet = lago_row_parse(row);

	for (size_t i = 0; i < COUNT(kinds); i++) {
		__int128 credits = credits_of(in, kinds[i].member);

		if (!credits)
			continue;
		struct json_object *o = new_transaction(l, i, wallet, in, credits);

		lago_table_add(&l->transactions, json_member_text(o, "lago_id"), o);
		move_balance(wallet, credits * kinds[i].sign);
		if (out)
			json_object_array_add(out, json_object_get(o));
		json_object_put(o);
	}
	lago_row_set(row, wallet);
	json_object_put(wallet);
}

/* -- requests ------------------------------------- */

static void check(const struct lago_row *row, struct json_object *in, struct json_object *details)
{
	const char *wrong = lago_metadata_pairs_wrong(json_member(in, "metadata"));

	lago_check_credits(in, members, COUNT(members), details);
	if (wrong)
		json_object_object_add(details, "metadata", json_object_new_string(wrong));
	if (!row) {
		lago_detail(details, "wallet_id", "wallet_not_found");
		return;
	}
	struct json_object *wallet = lago_row_parse(row);

	if (!lago_text_is(json_member(wallet, "status"), "active"))
		lago_detail(details, "wallet_id", "wallet_is_terminated");
	if (credits_of(in, "voided_credits") > decimal_of(wallet, "credits_balance"))
		lago_detail(details, "voided_credits", "insufficient_credits");
	json_object_put(wallet);
}

void lago_transaction_post(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct lago *l = state;
	struct json_object *in = lago_unwrap(req, "wallet_transaction", reply);

	if (!in)
		return;
	struct lago_row *row = lago_table_find(&l->wallets, json_member_text(in, "wallet_id"));
	struct json_object *details = json_object_new_object();

	lago_refuse(req, in, details);
	check(row, in, details);
	if (lago_has_details(details)) {
		lago_invalid(details, reply);
		return;
	}
	json_object_put(details);
	struct json_object *made = json_object_new_array();

	lago_transactions_book(l, row, in, made);
	reply->written = json_object_array_length(made);
	lago_reply_json("wallet_transactions", made, reply);
	json_object_put(made);
}

struct asked {
	const struct standin_request *req;
	const char *wallet;
};

/* A filter of a value that is none is ignored. */
static bool fits(const struct standin_request *req, struct json_object *o, const char *name,
		 const char *words)
{
	const char *want = standin_query(req, name);
	struct json_object *wanted = want ? json_object_new_string(want) : NULL;
	bool ok = !wanted || !lago_one_of(wanted, words) ||
		  lago_text_is(json_member(o, name), want);

	json_object_put(wanted);
	return ok;
}

static bool listed(const struct lago_row *row, const void *arg)
{
	const struct asked *asked = arg;
	struct json_object *o = lago_row_parse(row);
	bool is = lago_text_is(json_member(o, "lago_wallet_id"), asked->wallet) &&
		  fits(asked->req, o, "status", "pending settled failed") &&
		  fits(asked->req, o, "transaction_status", "purchased granted voided invoiced") &&
		  fits(asked->req, o, "transaction_type", "inbound outbound") &&
		  lago_metadata_fits(asked->req, json_member(o, "metadata"));

	json_object_put(o);
	return is;
}

void lago_transaction_list(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct lago *l = state;
	struct asked asked = {req, req->param};

	if (lago_table_find(&l->wallets, req->param))
		lago_list(&l->transactions, req, listed, &asked, NULL, reply);
	else
		lago_not_found("wallet", reply);
}

void lago_transaction_get(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct lago *l = state;
	const struct lago_row *row = lago_table_find(&l->transactions, req->param);

	if (row)
		lago_reply_row(&l->transactions, row, reply);
	else
		lago_not_found("wallet_transaction", reply);
}
